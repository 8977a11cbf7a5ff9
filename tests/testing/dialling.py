"""A WebSocket client for tests that owns its socket.

trio-websocket leaves its socket open after a refused handshake and after an abrupt loss; here the stream is closed by
whoever dialled.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import trio
from trio_websocket import ConnectionClosed, WebSocketConnection, wrap_client_stream

from rejoinder.testing import Message


@asynccontextmanager
async def dial(url: str, headers: list[tuple[bytes, bytes]] | None = None) -> AsyncGenerator[WebSocketConnection]:
    """Open a WebSocket; it is gone, without a close handshake, when the block is left."""
    parts = urlsplit(url)
    stream = await trio.open_tcp_stream(parts.hostname or "", parts.port or 0)
    async with stream, trio.open_nursery() as nursery:
        with trio.fail_after(10.0):
            host = f"{parts.hostname}:{parts.port}"
            socket = await wrap_client_stream(nursery, stream, host, parts.path, extra_headers=headers)
        yield socket
        nursery.cancel_scope.cancel()


async def read_until(socket: WebSocketConnection, kind: str) -> list[str]:
    """The types of the events up to one of them."""
    seen: list[str] = []
    with trio.fail_after(10.0):
        while not seen or seen[-1] != kind:
            seen.append((Message(0, await socket.get_message()).type or "(raw)").removeprefix("response."))
    return seen


async def read_to_the_end(socket: WebSocketConnection) -> tuple[list[str], int]:
    """The types of the events until the connection is over, and the close code."""
    seen: list[str] = []
    with trio.fail_after(10.0):
        while True:
            try:
                seen.append((Message(0, await socket.get_message()).type or "(raw)").removeprefix("response."))
            except ConnectionClosed as closed:
                return seen, 0 if closed.reason is None else closed.reason.code
