# /// script
# requires-python = ">=3.11"
# dependencies = ["openai[realtime]>=3.54,<4"]
#
# [tool.uv]
# exclude-newer = "2026-11-28T00:00:00Z"
# ///
"""The official SDK's async WebSocket client: a tool call, an interruption by closing the socket, the next turn on another one.

``python openai_sdk_async.py http://127.0.0.1:PORT/v1`` writes one JSON object.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from conversation import AFTER, CLOCK, HEARD, MODEL, QUESTION, STORY, clock, said
from openai import AsyncOpenAI
from openai.resources.responses.responses import AsyncResponsesConnection
from openai.types.responses import Response

CALLS = [
    "AsyncOpenAI.responses.connect",
    "AsyncResponsesConnection.response.create",
    "AsyncResponsesConnection.__aiter__",
    "AsyncResponsesConnection.close",
]


async def answer(connection: AsyncResponsesConnection, item: dict[str, Any], previous: str | None) -> Response:
    """Ask; the final response."""
    more = {} if previous is None else {"previous_response_id": previous}
    await connection.response.create(model=MODEL, input=[item], tools=[CLOCK], **more)
    async for event in connection:
        if event.type == "response.completed":
            return event.response
        if event.type in {"error", "response.failed", "response.incomplete"}:
            break
    raise SystemExit(f"unexpected {event}")


async def main(base_url: str) -> None:
    """The conversation, on two sockets: closing the first is how this client interrupts."""
    client = AsyncOpenAI(api_key="test-key", base_url=base_url, websocket_base_url=base_url.replace("http", "ws", 1))
    answers: list[str] = []
    async with client.responses.connect() as connection:
        asked = await answer(connection, {"role": "user", "content": QUESTION}, None)
        call = asked.output[-1]
        output = {"type": "function_call_output", "call_id": call.call_id, "output": clock(**json.loads(call.arguments))}
        told = await answer(connection, output, asked.id)
        answers.append(told.output_text)

        await connection.response.create(
            model=MODEL, input=[{"role": "user", "content": STORY}], tools=[CLOCK], previous_response_id=told.id
        )
        story = ""
        async for event in connection:
            story += event.delta if event.type == "response.output_text.delta" else ""
            if story == HEARD:
                break
        answers.append(story)
        await connection.close()
    async with client.responses.connect() as connection:
        after = await answer(connection, {"role": "user", "content": AFTER}, told.id)
        answers.append(after.output_text)
    json.dump(said("openai[realtime]", CALLS, answers), sys.stdout)


if __name__ == "__main__":
    asyncio.run(asyncio.wait_for(main(sys.argv[1]), 60))
