# /// script
# requires-python = ">=3.11"
# dependencies = ["pipecat-ai[openai]>=1.14,<2"]
#
# [tool.uv]
# exclude-newer = "2026-11-28T00:00:00Z"
# ///
"""Pipecat's own Responses service in a pipeline: a tool that the pipeline runs, an interruption, and the next turn, on one socket.

``python pipecat_service.py http://127.0.0.1:PORT/v1`` writes one JSON object.
"""

from __future__ import annotations

import asyncio
import json
import sys

from conversation import AFTER, CLOCK, HEARD, MODEL, QUESTION, STORY, clock, said
from loguru import logger
from pipecat.adapters.llm.schemas.function_schema import FunctionSchema
from pipecat.adapters.llm.schemas.tools_schema import ToolsSchema
from pipecat.frames.frames import (
    ErrorFrame,
    Frame,
    InterruptionWorkerFrame,
    LLMMessagesAppendFrame,
    LLMTextFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import AssistantTurnStoppedMessage, LLMContextAggregatorPair
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.services.llm_service import FunctionCallParams
from pipecat.services.openai.responses.llm import OpenAIResponsesLLMService
from pipecat.workers.runner import WorkerRunner

CALLS = [
    "OpenAIResponsesLLMService(ws_url=…)",
    "OpenAIResponsesLLMService.register_function",
    "LLMContextAggregatorPair",
    "LLMMessagesAppendFrame",
    "InterruptionWorkerFrame",
]


class Listener(FrameProcessor):
    """Stands behind the service and hears what it says."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.changed = asyncio.Event()

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Take note and pass on."""
        await super().process_frame(frame, direction)
        if isinstance(frame, LLMTextFrame):
            self.text += frame.text
            self.changed.set()
        await self.push_frame(frame, direction)

    async def until(self, end: str) -> None:
        """Wait until what was heard ends with ``end``."""
        while not self.text.endswith(end):
            self.changed.clear()
            await self.changed.wait()


async def main(base_url: str) -> None:
    """The conversation, in a pipeline."""
    logger.remove()
    errors: list[str] = []
    service = OpenAIResponsesLLMService(
        api_key="test-key",
        base_url=base_url,
        ws_url=base_url.replace("http", "ws", 1) + "/responses",
        settings=OpenAIResponsesLLMService.Settings(model=MODEL),
    )

    async def tell_time(params: FunctionCallParams) -> None:
        await params.result_callback(clock(**params.arguments))

    service.register_function("clock", tell_time)
    parameters = CLOCK["parameters"]
    schema = FunctionSchema("clock", CLOCK["description"], parameters["properties"], parameters["required"])
    context = LLMContext(tools=ToolsSchema(standard_tools=[schema]))
    aggregators = LLMContextAggregatorPair(context)
    listener = Listener()
    stages = [aggregators.user(), service, listener, aggregators.assistant()]
    worker = PipelineWorker(Pipeline(stages), enable_rtvi=False)
    started = asyncio.Event()

    @worker.event_handler("on_pipeline_started")
    async def on_started(_worker: PipelineWorker, _frame: Frame) -> None:
        started.set()

    @worker.event_handler("on_pipeline_error")
    async def on_error(_worker: PipelineWorker, frame: ErrorFrame) -> None:
        errors.append(frame.error)

    answers: asyncio.Queue[str] = asyncio.Queue()

    @aggregators.assistant().event_handler("on_assistant_turn_stopped")
    async def on_turn_stopped(_aggregator: object, message: AssistantTurnStoppedMessage) -> None:
        if message.content:
            await answers.put(message.content)

    async def ask(text: str) -> None:
        await worker.queue_frame(LLMMessagesAppendFrame(messages=[{"role": "user", "content": text}], run_llm=True))

    async def talk() -> list[str]:
        await started.wait()
        await ask(QUESTION)
        heard = [await answers.get()]  # and it is in the context now
        await ask(STORY)
        await listener.until(HEARD)
        await worker.queue_frame(InterruptionWorkerFrame())
        heard.append(await answers.get())
        await ask(AFTER)
        heard.append(await answers.get())
        await worker.stop_when_done()
        return heard

    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)
    _, heard = await asyncio.gather(runner.run(), talk())
    json.dump(said("pipecat-ai[openai]", CALLS, heard, errors=errors), sys.stdout)


if __name__ == "__main__":
    asyncio.run(asyncio.wait_for(main(sys.argv[1]), 60))
