"""A bare loop on asyncio: ``websockets`` and ``json.loads``, and nothing else. What whoever writes it by hand has."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from .bare import create_of
from .client import AsyncioClient
from .serving import serve_rounds


class BareTalk:
    """A talk on one connection; whoever interrupts throws that away and dials another."""

    def __init__(self, url: str, connection: ClientConnection, stack: AsyncExitStack) -> None:
        self._url = url
        self._connection = connection
        self._stack = stack

    async def say(self, text: str, hear: Callable[[str], object]) -> None:
        """Send a create, and hear its answer to the end."""
        connection = self._connection
        await connection.send(create_of(text))
        while True:
            event = json.loads(await connection.recv())
            kind = event["type"]
            if kind == "response.output_text.delta":
                hear(event["delta"])
            elif kind == "response.completed":
                return

    async def interrupt(self, text: str, after: int) -> float:
        """Drop the connection in the middle of an answer, and dial another: nothing else can tell the old words from the new."""
        connection = self._connection
        await connection.send(create_of(text))
        while after:
            after -= json.loads(await connection.recv())["type"] == "response.output_text.delta"
        instant = time.monotonic()
        connection.transport.abort()
        self._connection = await self._stack.enter_async_context(_connected(self._url))
        return instant


def _connected(url: str) -> connect:
    return connect(url, compression=None, max_size=None, max_queue=1024, close_timeout=0.2)


class BareAsyncio(AsyncioClient):
    """The contender."""

    name = "bare loop: asyncio, websockets, json.loads"
    settings = "compression off, no limit on sizes, a queue of 1,024 frames"
    packages = ("websockets",)

    @asynccontextmanager
    async def talks(
        self, url: str, count: int = 1, *, history: Sequence[dict[str, Any]] = (), shared: bool = False
    ) -> AsyncGenerator[Sequence[BareTalk]]:
        """Connect so many times."""
        del history, shared
        async with AsyncExitStack() as stack:
            yield [BareTalk(url, await stack.enter_async_context(_connected(url)), stack) for _ in range(count)]


if __name__ == "__main__":
    serve_rounds(BareAsyncio())
