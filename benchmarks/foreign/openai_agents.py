"""The Responses model of openai-agents over its WebSocket, without the agent loop around it."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from typing import Any

from agents import ModelSettings, ModelTracing
from agents.models.openai_responses import OpenAIResponsesWSModel
from openai import AsyncOpenAI

from benchmarks.clients.client import AsyncioClient
from benchmarks.clients.serving import serve_rounds


class AgentsTalk:
    """A talk through one model. The conversation is the caller's own: the whole list is given each time."""

    def __init__(self, model: OpenAIResponsesWSModel, history: Sequence[dict[str, Any]]) -> None:
        self._model = model
        self._items = [*history]

    def _stream(self, text: str) -> AsyncIterator[Any]:
        self._items.append({"role": "user", "content": text})
        return self._model.stream_response(
            system_instructions=None,
            input=self._items,
            model_settings=ModelSettings(store=False),
            tools=[],
            output_schema=None,
            handoffs=[],
            tracing=ModelTracing.DISABLED,
            previous_response_id=None,
        )

    async def say(self, text: str, hear: Callable[[str], object]) -> None:
        """Ask, hear the answer to the end, and keep it."""
        async with aclosing(self._stream(text)) as events:
            async for event in events:
                if event.type == "response.output_text.delta":
                    hear(event.delta)
                elif event.type == "response.completed":
                    self._items.append({"role": "assistant", "content": event.response.output_text})

    async def interrupt(self, text: str, after: int) -> float:
        """Leave the stream in the middle of the answer."""
        async with aclosing(self._stream(text)) as events:
            async for event in events:
                after -= event.type == "response.output_text.delta"
                if not after:
                    break
            return time.monotonic()


class OpenAIAgents(AsyncioClient):
    """The contender."""

    name = "openai-agents, OpenAIResponsesWSModel"
    settings = "its own defaults (compression as the server likes, no limit on sizes), tracing off; the whole history each turn"
    packages = ("openai-agents", "openai", "websockets", "pydantic")

    @asynccontextmanager
    async def talks(
        self, url: str, count: int = 1, *, history: Sequence[dict[str, Any]] = (), shared: bool = False
    ) -> AsyncGenerator[Sequence[AgentsTalk]]:
        """Make so many models; each dials at its first turn."""
        del shared
        base = url.removesuffix("/responses")
        async with AsyncExitStack() as stack:
            client = await stack.enter_async_context(
                AsyncOpenAI(api_key="key", base_url=base.replace("ws", "http", 1), websocket_base_url=base)
            )
            models = [OpenAIResponsesWSModel("gpt-4.1", client) for _ in range(count)]
            for model in models:
                stack.push_async_callback(model.close)
            yield [AgentsTalk(model, history) for model in models]


if __name__ == "__main__":
    serve_rounds(OpenAIAgents())
