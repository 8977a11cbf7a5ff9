# /// script
# requires-python = ">=3.11"
# dependencies = ["openai>=3.54,<4"]
#
# [tool.uv]
# exclude-newer = "2026-11-28T00:00:00Z"
# ///
"""The official SDK over HTTP: a tool call, an interruption by closing the stream, and the next turn.

``python openai_sdk_streams.py http://127.0.0.1:PORT/v1`` writes one JSON object.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from conversation import AFTER, CLOCK, HEARD, MODEL, QUESTION, STORY, clock, said
from openai import OpenAI, Stream
from openai.types.responses import ResponseStreamEvent

CALLS = ["OpenAI.responses.create(stream=True)", "Stream.__iter__", "Stream.close"]


def main(base_url: str) -> None:
    """The conversation, one request each."""
    client = OpenAI(api_key="test-key", base_url=base_url, max_retries=0, timeout=30)
    answers: list[str] = []

    def ask(item: dict[str, Any], previous: str | None) -> Stream[ResponseStreamEvent]:
        more = {} if previous is None else {"previous_response_id": previous}
        return client.responses.create(model=MODEL, input=[item], tools=[CLOCK], stream=True, **more)

    asked = list(ask({"role": "user", "content": QUESTION}, None))[-1].response
    call = asked.output[-1]
    output = {"type": "function_call_output", "call_id": call.call_id, "output": clock(**json.loads(call.arguments))}
    told = list(ask(output, asked.id))[-1].response
    answers.append(told.output_text)

    story = ""
    with ask({"role": "user", "content": STORY}, told.id) as stream:
        for event in stream:
            story += event.delta if event.type == "response.output_text.delta" else ""
            if story == HEARD:
                break
    answers.append(story)
    answers.append(list(ask({"role": "user", "content": AFTER}, told.id))[-1].response.output_text)
    json.dump(said("openai", CALLS, answers), sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1])
