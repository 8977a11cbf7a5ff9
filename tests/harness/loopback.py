"""Servers on loopback that are no servers, and what of us is left when a test is over.

Rules of this file
* Port 0 and numeric addresses only: nothing here asks a name server, so no thread is needed and no time passes.
* What a client sent is kept, so that a test can wait for it and look at it.
"""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Final, final

import attrs
import trio

__all__ = ["HOST", "Listener", "answer", "free_port", "http", "listen", "open_sockets", "tasks"]

HOST: Final = "127.0.0.1"

Handler = Callable[[trio.SocketStream], Awaitable[None]]


@final
@attrs.define(eq=False)
class Listener:
    """A running server that does whatever its handler does."""

    port: int
    """Where it listens."""
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
    listener = Listener(int(listening.socket.getsockname()[1]))

    async def serve(stream: trio.SocketStream) -> None:
        listener.connections += 1
        listener.came.set()
        async with stream:
            # The client may be quicker to leave.
            with suppress(trio.BrokenResourceError):
                await handler(stream)

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
    """A handler that answers any request with ``data`` and hangs up, or with ``stay`` keeps the line open in silence."""

    async def handler(stream: trio.SocketStream) -> None:
        if listen_first:
            await read_head(stream)
        if data:
            await stream.send_all(data)
        if stay:
            await trio.sleep_forever()

    return handler


def http(status: int, *headers: str, body: bytes = b"") -> bytes:
    """An HTTP answer."""
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        return int(taken.getsockname()[1])


def open_sockets() -> int:
    """How many sockets this process holds."""
    count = 0
    for number in Path("/proc/self/fd").iterdir():
        # The one that lists the folder is gone by then.
        with suppress(FileNotFoundError):
            count += str(number.readlink()).startswith("socket:")
    return count


def tasks() -> set[trio.lowlevel.Task]:
    """Every task of this run."""
    root = trio.lowlevel.current_root_task()
    found: set[trio.lowlevel.Task] = set()
    left = [] if root is None else [root]
    while left:
        task = left.pop()
        found.add(task)
        left.extend(child for nursery in task.child_nurseries for child in nursery.child_tasks)
    return found
