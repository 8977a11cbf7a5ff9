"""Proxies on loopback, by hand: they do what is asked, and note what they were asked.

Rules of this file
* Each is a handler for ``harness.loopback.listen``. A tunnel is a wire: every byte, both ways.
* Whatever name they are asked for, they connect to loopback: tests ask for names that no name server knows.
"""

from __future__ import annotations

from base64 import b64decode
from typing import final

import attrs
import trio

from harness.loopback import forward, read_head

__all__ = ["ConnectProxy", "SocksProxy"]

USERNAME_PASSWORD = 2


@final
@attrs.define(eq=False)
class ConnectProxy:
    """An HTTP proxy that takes CONNECT. Call it: it is a handler."""

    credentials: str | None = None
    """``user:password`` that it wants."""
    asked: list[str] = attrs.field(factory=list[str])
    """Where it was asked to connect to, as it was asked."""

    async def __call__(self, stream: trio.SocketStream) -> None:
        """Serve one client."""
        head = (await read_head(stream)).decode()
        method, target, _ = head.split(" ", 2)
        headers = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if line)
        lowered = {name.lower(): value for name, value in headers.items()}
        assert "CONNECT" == method
        assert target == lowered["host"]
        self.asked.append(target)
        scheme, _, given = lowered.get("proxy-authorization", " ").partition(" ")
        if self.credentials is not None and ("Basic", self.credentials) != (scheme, b64decode(given).decode()):
            await stream.send_all(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            return
        await stream.send_all(b"HTTP/1.1 200 Connection established\r\nVia: 1.1 proxy\r\n\r\n")
        await forward(int(target.rpartition(":")[2]))(stream)


@final
@attrs.define(eq=False)
class SocksProxy:
    """A SOCKS 5 proxy (RFC 1928). Call it: it is a handler."""

    credentials: str | None = None
    """``user:password`` that it wants."""
    asked: list[str] = attrs.field(factory=list[str])
    """Where it was asked to connect to."""
    bound: bytes = b"\x01\x7f\x00\x00\x01\x00\x07"
    """The address in its answer, with its type and port."""

    async def __call__(self, stream: trio.SocketStream) -> None:
        """Serve one client."""
        _, count = await receive(stream, 2)
        methods = await receive(stream, count)
        if self.credentials is None:
            await stream.send_all(b"\x05\x00")
        elif USERNAME_PASSWORD not in methods:
            await stream.send_all(b"\x05\xff")
            return
        else:
            await stream.send_all(b"\x05\x02")
            _, size = await receive(stream, 2)
            username = await receive(stream, size)
            (size,) = await receive(stream, 1)
            password = await receive(stream, size)
            if (username + b":" + password).decode() != self.credentials:
                await stream.send_all(b"\x01\x01")
                return
            await stream.send_all(b"\x01\x00")
        kind = (await receive(stream, 4))[3]
        if kind == 3:
            (size,) = await receive(stream, 1)
            host = (await receive(stream, size)).decode()
        else:
            host = (await receive(stream, 4 if kind == 1 else 16)).hex()
        port = int.from_bytes(await receive(stream, 2), "big")
        self.asked.append(f"{host}:{port}")
        whole = b"\x05\x00\x00" + self.bound
        # In two pieces, as a network may.
        for piece in (whole[:2], whole[2:]):
            await stream.send_all(piece)
            await trio.lowlevel.checkpoint()
        await forward(port)(stream)


async def receive(stream: trio.SocketStream, size: int) -> bytes:
    """Exactly so many bytes; fewer at the end of the stream."""
    data = b""
    while len(data) < size and (more := await stream.receive_some(size - len(data))):
        data += more
    return data
