# /// script
# requires-python = ">=3.11"
# dependencies = ["openai-agents>=0.24,<0.25", "websockets>=15,<17"]
#
# [tool.uv]
# exclude-newer = "2026-11-28T00:00:00Z"
# ///
"""The Agents SDK on its WebSocket model: a turn in which it runs a tool by itself, one that is cancelled, and the next.

``python openai_agents.py http://127.0.0.1:PORT/v1`` writes one JSON object.
"""

from __future__ import annotations

import asyncio
import json
import sys

from agents import Agent, function_tool, responses_websocket_session, set_tracing_disabled
from conversation import AFTER, HEARD, MODEL, QUESTION, STORY, clock, said

CALLS = [
    "responses_websocket_session",
    "ResponsesWebSocketSession.run_streamed",
    "RunResultStreaming.stream_events",
    "RunResultStreaming.cancel",
    "RunResultStreaming.to_input_list",
]


async def main(base_url: str) -> None:
    """The conversation, by an agent with one tool."""
    set_tracing_disabled(True)
    agent = Agent(name="Teller", instructions="Be brief.", model=MODEL, tools=[function_tool(clock)])
    answers: list[str] = []
    websocket_url = base_url.replace("http", "ws", 1)
    async with responses_websocket_session(api_key="test-key", base_url=base_url, websocket_base_url=websocket_url) as session:
        first = session.run_streamed(agent, QUESTION)
        async for _ in first.stream_events():
            pass
        answers.append(str(first.final_output))

        known = first.to_input_list()
        second = session.run_streamed(agent, [*known, {"role": "user", "content": STORY}])
        story = ""
        async for event in second.stream_events():
            if event.type == "raw_response_event" and event.data.type == "response.output_text.delta":
                story += event.data.delta
                if story == HEARD:
                    await asyncio.sleep(0.5)  # the same moment may be too early: its loop is at work on the frame
                    second.cancel()
        answers.append(story)

        third = session.run_streamed(agent, [*known, {"role": "user", "content": AFTER}])
        async for _ in third.stream_events():
            pass
        answers.append(str(third.final_output))
    json.dump(said("openai-agents", CALLS, answers), sys.stdout)


if __name__ == "__main__":
    asyncio.run(asyncio.wait_for(main(sys.argv[1]), 60))
