"""Servers on loopback that are no servers, and what of us is left when a test is over.

Rules of this file
* Port 0 and numeric addresses only: nothing here asks a name server, so no thread is needed and no time passes.
* What a client sent is kept, so that a test can wait for it and look at it.
"""

from __future__ import annotations

import base64
import hashlib
import socket
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Final, final

import attrs
import trio

__all__ = [
    "HOST",
    "Listener",
    "answer",
    "forward",
    "free_port",
    "http",
    "listen",
    "open_sockets",
    "own_tasks",
    "read_head",
    "reset",
    "tasks",
    "upgraded",
]

HOST: Final = "127.0.0.1"
MAGIC: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""What a WebSocket server appends to the client's key (RFC 6455, 1.3)."""

Handler = Callable[[trio.SocketStream], Awaitable[None]]


@final
@attrs.define(eq=False)
class Listener:
    """A running server that does whatever its handler does."""

    port: int
    """Where it listens."""
    handler: Handler
    """What it does with the next connection."""
    connections: int = 0
    """How many have come."""
    came: trio.Event = attrs.field(factory=trio.Event)
    """Set with the first of them."""

    @property
    def url(self) -> str:
        """The address for a client."""
        return f"ws://{HOST}:{self.port}/v1/responses"


async def listen(nursery: trio.Nursery, handler: Handler) -> Listener:
    """Serve in ``nursery``, one task per connection, until it is cancelled."""
    (listening,) = await trio.open_tcp_listeners(0, host=HOST)
    listener = Listener(int(listening.socket.getsockname()[1]), handler)

    async def serve(stream: trio.SocketStream) -> None:
        listener.connections += 1
        listener.came.set()
        async with stream:
            # The client may be quicker to leave.
            with suppress(trio.BrokenResourceError):
                await listener.handler(stream)

    nursery.start_soon(trio.serve_listeners, serve, [listening])
    return listener


async def read_head(stream: trio.SocketStream) -> bytes:
    """Read a request up to its empty line."""
    head = b""
    while b"\r\n\r\n" not in head:
        more = await stream.receive_some()
        if not more:
            break
        head += more
    return head


def answer(data: bytes, *, stay: bool = False, listen_first: bool = True) -> Handler:
    """A handler that answers any request with ``data`` and hangs up, or with ``stay`` stays silent until the client does."""

    async def handler(stream: trio.SocketStream) -> None:
        if listen_first:
            await read_head(stream)
        if data:
            await stream.send_all(data)
        while stay and await stream.receive_some():
            pass

    return handler


def upgraded(then: Handler, *headers: str) -> Handler:
    """A handler that agrees to the upgrade, as it should, and goes on with ``then``."""

    async def handler(stream: trio.SocketStream) -> None:
        head = await read_head(stream)
        keys = [line.partition(b": ")[2] for line in head.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key")]
        if not keys:
            return  # the client has hung up already
        accept = base64.b64encode(hashlib.sha1(keys[0] + MAGIC, usedforsecurity=False).digest()).decode()
        lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Accept: {accept}"]
        await stream.send_all("\r\n".join([*lines, *headers]).encode() + b"\r\n\r\n")
        await then(stream)

    return handler


def forward(port: int) -> Handler:
    """A handler that is a wire to another port: every byte, both ways."""

    async def handler(client: trio.SocketStream) -> None:
        async with await trio.open_tcp_stream(HOST, port) as server, trio.open_nursery() as nursery:

            async def pump(source: trio.SocketStream, sink: trio.SocketStream) -> None:
                # Either side may hang up, and in any way.
                with suppress(trio.BrokenResourceError):
                    async for data in source:
                        await sink.send_all(data)
                nursery.cancel_scope.cancel()

            nursery.start_soon(pump, client, server)
            nursery.start_soon(pump, server, client)

    return handler


async def reset(stream: trio.SocketStream) -> None:
    """A handler that reads the request and breaks the connection with a reset."""
    await read_head(stream)
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def http(status: int, *headers: str, body: bytes = b"") -> bytes:
    """An HTTP answer."""
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        return int(taken.getsockname()[1])


def open_sockets() -> frozenset[str]:
    """The sockets that this process holds, by name: what somebody else left may be collected at any moment, so counts deceive."""
    found: set[str] = set()
    for number in Path("/proc/self/fd").iterdir():
        # The one that lists the folder is gone by then.
        with suppress(FileNotFoundError):
            found.add(str(number.readlink()))
    return frozenset(name for name in found if name.startswith("socket:"))


def tasks() -> set[trio.lowlevel.Task]:
    """Every task of this run."""
    root = trio.lowlevel.current_root_task()
    return set() if root is None else _tasks_below(root)


def own_tasks(others: trio.Nursery) -> set[trio.lowlevel.Task]:
    """The task that asks, and all below it, but for those in the nursery of others: a server's."""
    return _tasks_below(trio.lowlevel.current_task(), others)


def _tasks_below(first: trio.lowlevel.Task, others: trio.Nursery | None = None) -> set[trio.lowlevel.Task]:
    found: set[trio.lowlevel.Task] = set()
    left = [first]
    while left:
        task = left.pop()
        found.add(task)
        left.extend(child for nursery in task.child_nurseries if nursery is not others for child in nursery.child_tasks)
    return found
