# /// script
# requires-python = ">=3.11"
# dependencies = ["openai[realtime]>=3.54,<4"]
#
# [tool.uv]
# exclude-newer = "2026-11-28T00:00:00Z"
# ///
"""The official SDK's blocking WebSocket client: a tool call, an interruption, and the next turn on a fresh lane of the same socket.

``python openai_sdk_lanes.py http://127.0.0.1:PORT/v1`` writes one JSON object.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from conversation import AFTER, CLOCK, HEARD, MODEL, QUESTION, STORY, clock, said
from openai import OpenAI
from openai.lib.responses_websocket import ResponsesWebSocketLimits, ResponsesWebSocketSession

CALLS = [
    "OpenAI.responses.connect",
    "ResponsesWebSocketSession.lane",
    "ResponsesWebSocketLane.send",
    "ResponsesWebSocketLane.recv",
    "ResponsesWebSocketLane.get_final_response",
]


def create(items: list[dict[str, Any]], previous: str | None) -> dict[str, Any]:
    """A ``response.create``."""
    body = {"type": "response.create", "model": MODEL, "input": items, "tools": [CLOCK]}
    return body if previous is None else {**body, "previous_response_id": previous}


def main(base_url: str) -> None:
    """The conversation, on two lanes of one socket."""
    client = OpenAI(api_key="test-key", base_url=base_url, websocket_base_url=base_url.replace("http", "ws", 1))
    answers: list[str] = []
    size = 1024 * 1024
    limits = ResponsesWebSocketLimits(
        max_lanes=8, max_events_per_lane=128, max_events=512, max_bytes_per_lane=size, max_bytes=size, max_response_bytes=None
    )
    with client.responses.connect() as connection, ResponsesWebSocketSession(connection, limits=limits) as session:
        lane = session.lane("first")
        lane.send(create([{"role": "user", "content": QUESTION}], None))
        asked = lane.get_final_response(timeout=30)
        call = asked.output[-1]
        output = {"type": "function_call_output", "call_id": call.call_id, "output": clock(**json.loads(call.arguments))}
        lane.send(create([output], asked.id))
        told = lane.get_final_response(timeout=30)
        answers.append(told.output_text)

        lane.send(create([{"role": "user", "content": STORY}], told.id))
        story = ""
        while story != HEARD:
            event = lane.recv(timeout=30)
            story += event.delta if event.type == "response.output_text.delta" else ""
        answers.append(story)
        lane.close()  # the server tells on; whoever listened does not

        fresh = session.lane("second")
        fresh.send(create([{"role": "user", "content": AFTER}], told.id))
        answers.append(fresh.get_final_response(timeout=30).output_text)
    json.dump(said("openai[realtime]", CALLS, answers), sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1])
