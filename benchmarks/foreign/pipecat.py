"""Pipecat's own Responses service over WebSocket, in a small pipeline: service, listener, and the stock assistant aggregator."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

from loguru import logger
from pipecat.frames.frames import Frame, InterruptionFrame, LLMContextFrame, LLMFullResponseEndFrame, LLMTextFrame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import LLMContextAggregatorPair
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.services.openai.responses.llm import OpenAIResponsesLLMService

from benchmarks.clients.client import AsyncioClient
from benchmarks.clients.serving import serve_rounds

try:
    from pipecat.pipeline.worker import PipelineWorker as Task
    from pipecat.workers.runner import WorkerRunner as Runner
except ImportError:
    from pipecat.pipeline.runner import PipelineRunner as Runner
    from pipecat.pipeline.task import PipelineTask as Task


class Listener(FrameProcessor):
    """Hands pieces of text to whoever listens, and every frame on."""

    def __init__(self) -> None:
        super().__init__()
        self.hear: Callable[[str], object] = lambda _: None
        self.ended: Callable[[], object] = lambda: None

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Look at a frame, and hand it on."""
        await super().process_frame(frame, direction)
        if isinstance(frame, LLMTextFrame):
            self.hear(frame.text)
        elif isinstance(frame, LLMFullResponseEndFrame):
            self.ended()
        await self.push_frame(frame, direction)


class PipecatTalk:
    """A talk through one pipeline, its history in the pipeline's context."""

    def __init__(self, url: str, history: Sequence[dict[str, Any]], *, trimmed: bool) -> None:
        self._context = LLMContext([*history])
        self._listener = Listener()
        aggregators = LLMContextAggregatorPair(self._context)
        service = OpenAIResponsesLLMService(api_key="key", ws_url=url)
        pipeline = Pipeline([service, self._listener, aggregators.assistant()])
        left_out = {"enable_rtvi": False, "enable_turn_tracking": False} if trimmed else {}
        self.task = Task(pipeline, idle_timeout_secs=None, **left_out)

    async def say(self, text: str, hear: Callable[[str], object]) -> None:
        """Let the user say something, and hear the answer to the end."""
        heard = False
        over = asyncio.Event()

        def take(piece: str) -> None:
            nonlocal heard
            heard = True
            hear(piece)

        def end() -> None:
            # A turn that was interrupted announces its end late, before this one has said a word.
            if heard:
                over.set()

        self._listener.hear, self._listener.ended = take, end
        self._context.add_message({"role": "user", "content": text})
        await self.task.queue_frame(LLMContextFrame(self._context))
        await over.wait()
        while self._context.messages[-1]["role"] != "assistant":  # noqa: ASYNC110 - there is no event to wait for
            # What was said is in the context a moment later, and belongs to the turn.
            await asyncio.sleep(0)

    async def interrupt(self, text: str, after: int) -> float:
        """Interrupt the pipeline in the middle of the answer."""
        enough = asyncio.Event()
        heard = 0

        def count(_: str) -> None:
            nonlocal heard
            heard += 1
            if heard == after:
                enough.set()

        self._listener.hear = count
        self._context.add_message({"role": "user", "content": text})
        await self.task.queue_frame(LLMContextFrame(self._context))
        await enough.wait()
        instant = time.monotonic()
        await self.task.queue_frame(InterruptionFrame())
        return instant


class Pipecat(AsyncioClient):
    """The contender."""

    name = f"pipecat-ai {version('pipecat-ai')}"
    packages = ("pipecat-ai", "openai", "websockets")
    waits = True
    """Interruptions are waited out side by side: each may take seconds."""

    def __init__(self, *, trimmed: bool) -> None:
        self._trimmed = trimmed
        kept = "RTVI and turn tracking off" if trimmed else "the pipeline's own defaults (RTVI and turn tracking)"
        self.settings = f"service, listener, stock assistant aggregator; log sink removed; {kept}"

    @asynccontextmanager
    async def talks(
        self, url: str, count: int = 1, *, history: Sequence[dict[str, Any]] = (), shared: bool = False
    ) -> AsyncGenerator[Sequence[PipecatTalk]]:
        """Start so many pipelines."""
        del shared
        talks = [PipecatTalk(url, history, trimmed=self._trimmed) for _ in range(count)]
        running = [asyncio.create_task(_run(talk)) for talk in talks]
        try:
            yield talks
        finally:
            for talk in talks:
                await talk.task.cancel()
            await asyncio.gather(*running, return_exceptions=True)


async def _run(talk: PipecatTalk) -> None:
    runner = Runner(handle_sigint=False)
    if hasattr(runner, "add_workers"):
        await runner.add_workers(talk.task)
        await runner.run()
    else:
        await runner.run(talk.task)


if __name__ == "__main__":
    logger.remove()
    serve_rounds(Pipecat(**json.loads(sys.argv[1])))
