"""A WebSocket server by hand: frames as servers send them, well made or not, and a model server that speaks through them.

Rules of this file
* Frames are made from RFC 6455, 5.2, and by no library: what a test sends may be what no library would.
* The handlers are for ``harness.loopback.listen``, behind ``upgraded``.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from typing import Final

import trio

from harness.loopback import Handler, forward, upgraded
from rejoinder.testing import AZURE, ModelServer
from rejoinder.testing.outgoing import Message

__all__ = [
    "BINARY",
    "CLOSE",
    "MORE",
    "PING",
    "PONG",
    "TEXT",
    "Transform",
    "close_frame",
    "first_says",
    "frame",
    "read_frame",
    "speaking",
]

MORE, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
"""Opcodes."""
SHORT: Final = 126
"""The first size that is written behind the head, in two bytes."""
MEDIUM: Final = 2**16
"""The first size that is written in eight bytes."""

Transform = Callable[[str], Iterable[bytes]]
"""What is sent of a text, one write after another."""


def frame(opcode: int, data: bytes = b"", *, last: bool = True, reserved: int = 0) -> bytes:
    """A frame; ``reserved`` are the bits that mean nothing (0x40, 0x20, 0x10)."""
    head, size = bytes([(0x80 if last else 0) | reserved | opcode]), len(data)
    if size < SHORT:
        return head + bytes([size]) + data
    return head + (b"\x7e" + struct.pack("!H", size) if size < MEDIUM else b"\x7f" + struct.pack("!Q", size)) + data


def close_frame(code: int | None, reason: str = "") -> bytes:
    """A close frame; without a code it is empty."""
    return frame(CLOSE, b"" if code is None else struct.pack("!H", code) + reason.encode())


async def read_frame(stream: trio.SocketStream) -> tuple[int, bytes]:
    """One frame of a client: its opcode, and what it says. Raises ``EOFError`` at the end."""
    opcode, size = await _exactly(stream, 2)
    size &= 0x7F
    if size >= SHORT:
        size = int.from_bytes(await _exactly(stream, 2 if size == SHORT else 8), "big")
    mask = await _exactly(stream, 4)
    return opcode & 15, bytes(byte ^ mask[place % 4] for place, byte in enumerate(await _exactly(stream, size)))


def first_says(*writes: bytes, after: int) -> Handler:
    """The first client's create is answered by these bytes, and then by nothing; later clients come to the port ``after``."""

    async def say(stream: trio.SocketStream) -> None:
        await read_frame(stream)
        for data in writes:
            await stream.send_all(data)
        while await stream.receive_some():
            pass

    return first_then(upgraded(say), forward(after))


def first_then(first: Handler, then: Handler) -> Handler:
    """A handler that does one thing once, and another ever after."""
    left = [first]

    async def handler(stream: trio.SocketStream) -> None:
        await (left.pop() if left else then)(stream)

    return handler


def speaking(transform: Transform, server: ModelServer | None = None) -> Handler:
    """A model server whose words are sent as ``transform`` says; control frames of the client are left alone."""
    brain = ModelServer(AZURE) if server is None else server

    async def talk(stream: trio.SocketStream) -> None:
        connection = brain.connect(trio.current_time())
        try:
            while True:
                opcode, data = await read_frame(stream)
                if opcode == CLOSE:
                    await stream.send_all(frame(CLOSE, data))
                    return
                if opcode != TEXT:
                    continue
                brain.receive(connection, data.decode(), trio.current_time())
                for said in brain.poll(trio.current_time()):
                    assert isinstance(said, Message)
                    assert isinstance(said.data, str)
                    for each in transform(said.data):
                        await stream.send_all(each)
        except EOFError:
            brain.disconnect(connection, trio.current_time())

    return upgraded(talk)


async def _exactly(stream: trio.SocketStream, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = await stream.receive_some(size - len(data))
        if not more:
            raise EOFError
        data += more
    return data
