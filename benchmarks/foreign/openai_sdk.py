"""The official SDK's WebSocket connection, ``client.responses.connect()``, with typed events as it hands them out."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from openai import AsyncOpenAI
from openai.resources.responses.responses import AsyncResponsesConnection

from benchmarks.clients.client import AsyncioClient
from benchmarks.clients.serving import serve_rounds


class SdkTalk:
    """A talk on one connection. The conversation is the caller's own: the whole list is sent each time."""

    def __init__(self, connection: AsyncResponsesConnection, history: Sequence[dict[str, Any]]) -> None:
        self._connection = connection
        self._items = [*history]

    async def say(self, text: str, hear: Callable[[str], object]) -> None:
        """Ask, hear the answer to the end, and keep it."""
        self._items.append({"role": "user", "content": text})
        await self._connection.response.create(model="gpt-4.1", store=False, input=self._items)
        async for event in self._connection:
            if event.type == "response.output_text.delta":
                hear(event.delta)
            elif event.type == "response.completed":
                self._items.append({"role": "assistant", "content": event.response.output_text})
                return

    async def interrupt(self, text: str, after: int) -> float:
        """Not measured of this contender: what an interruption is, its caller decides."""
        raise NotImplementedError


class OpenAISdk(AsyncioClient):
    """The contender."""

    name = "openai SDK, responses.connect()"
    settings = "compression off and no limit on sizes (its own defaults), a queue of 1,024 frames; the whole history each turn"
    packages = ("openai", "websockets", "pydantic")

    @asynccontextmanager
    async def talks(
        self, url: str, count: int = 1, *, history: Sequence[dict[str, Any]] = (), shared: bool = False
    ) -> AsyncGenerator[Sequence[SdkTalk]]:
        """Connect so many times."""
        del shared
        base = url.removesuffix("/responses")
        async with AsyncExitStack() as stack:
            client = await stack.enter_async_context(
                AsyncOpenAI(api_key="key", base_url=base.replace("ws", "http", 1), websocket_base_url=base)
            )
            options = {"max_queue": 1024}
            opened = [client.responses.connect(websocket_connection_options=options) for _ in range(count)]
            yield [SdkTalk(await stack.enter_async_context(each), history) for each in opened]


if __name__ == "__main__":
    serve_rounds(OpenAISdk())
