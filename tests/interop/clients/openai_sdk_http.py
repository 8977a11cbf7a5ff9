# /// script
# requires-python = ">=3.11"
# dependencies = ["openai>=3.54,<4"]
#
# [tool.uv]
# exclude-newer = "2026-11-28T00:00:00Z"
# ///
"""The official SDK over HTTP: run by tests/interop with the simulator's address.

``python openai_sdk_http.py http://127.0.0.1:PORT/v1`` writes one JSON object: what it saw of a streamed response, one in one piece,
a background response that is followed, left and taken up, the cancel endpoint, what is kept, and a refusal.
"""

from __future__ import annotations

import json
import sys

import openai
from conversation import said
from openai import OpenAI

CALLS = [
    "Responses.create",
    "Responses.retrieve",
    "Responses.delete",
    "Responses.cancel",
    "Responses.input_items.list",
    "Responses.input_tokens.count",
]


def main(base_url: str) -> None:
    """Everything that the simulator serves over HTTP, once."""
    client = OpenAI(api_key="test-key", base_url=base_url, max_retries=0)
    seen = said("openai", CALLS, [])

    events = list(client.responses.create(model="gpt-4.1", input="streamed", stream=True))
    seen["streamed"] = {
        "types": [event.type for event in events],
        "text": "".join(event.delta for event in events if event.type == "response.output_text.delta"),
        "final": events[-1].response.output_text,
    }

    whole = client.responses.create(model="gpt-4.1", input="in one piece")
    after = client.responses.create(model="gpt-4.1", input="and then", previous_response_id=whole.id)
    seen["whole"] = {"text": whole.output_text, "tokens": whole.usage.total_tokens, "after": after.output_text}
    items = client.responses.input_items.list(whole.id)
    seen["kept"] = {"text": client.responses.retrieve(whole.id).output_text, "items": len(items.data)}
    client.responses.delete(whole.id)
    try:
        client.responses.retrieve(whole.id)
    except openai.NotFoundError as error:
        seen["removed"] = error.status_code

    first: list[object] = []
    name = ""
    stream = client.responses.create(model="gpt-4.1", input="background", background=True, stream=True)
    for event in stream:
        first.append(event.sequence_number)
        name = name or event.response.id
        if len(first) == 4:
            stream.close()
            break
    rest = list(client.responses.retrieve(name, stream=True, starting_after=first[-1]))
    seen["background"] = {"numbers": first + [event.sequence_number for event in rest], "last": rest[-1].type}

    stuck = client.responses.create(model="gpt-4.1", input="never ends", background=True)
    seen["cancelled"] = [client.responses.cancel(stuck.id).status, client.responses.cancel(stuck.id).status]

    seen["counted"] = client.responses.input_tokens.count(model="gpt-4.1", input="Hello").input_tokens
    try:
        client.responses.create(model="gpt-4.1", input="refuse me")
    except openai.RateLimitError as error:
        seen["refused"] = {"code": error.code, "request_id": error.request_id, "after": error.response.headers["retry-after"]}
    json.dump(seen, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1])
