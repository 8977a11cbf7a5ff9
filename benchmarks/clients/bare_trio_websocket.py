"""A bare loop on trio: trio-websocket and ``json.loads``, and nothing else."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import trio_websocket

from .bare import create_of
from .serving import serve_rounds
from .trio_client import TrioClient


class BareTalk:
    """A talk on one connection."""

    def __init__(self, connection: trio_websocket.WebSocketConnection) -> None:
        self._connection = connection

    async def say(self, text: str, hear: Callable[[str], object]) -> None:
        """Send a create, and hear its answer to the end."""
        connection = self._connection
        await connection.send_message(create_of(text))
        while True:
            event = json.loads(await connection.get_message())
            kind = event["type"]
            if kind == "response.output_text.delta":
                hear(event["delta"])
            elif kind == "response.completed":
                return

    async def interrupt(self, text: str, after: int) -> float:
        """Not measured of this contender."""
        raise NotImplementedError


class BareTrioWebSocket(TrioClient):
    """The contender."""

    name = "bare loop: trio, trio-websocket, json.loads"
    settings = "a queue of 256 frames, no limit on sizes, reads as large as trio makes them"
    packages = ("trio", "trio-websocket", "wsproto")

    @asynccontextmanager
    async def talks(
        self, url: str, count: int = 1, *, history: Sequence[dict[str, Any]] = (), shared: bool = False
    ) -> AsyncGenerator[Sequence[BareTalk]]:
        """Connect so many times."""
        del history, shared
        async with AsyncExitStack() as stack:
            opened = [
                trio_websocket.open_websocket_url(
                    url, message_queue_size=256, max_message_size=2**40, receive_buffer_size=None, disconnect_timeout=0.2
                )
                for _ in range(count)
            ]
            yield [BareTalk(await stack.enter_async_context(each)) for each in opened]


if __name__ == "__main__":
    serve_rounds(BareTrioWebSocket())
