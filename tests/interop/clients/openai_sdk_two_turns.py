# /// script
# requires-python = ">=3.11"
# dependencies = ["openai[realtime]>=3.54,<4"]
# ///
"""The official SDK's WebSocket client holds a two-turn conversation: run by tests/interop with the simulator's address.

``python openai_sdk_two_turns.py http://127.0.0.1:PORT/v1`` writes one JSON object: the texts, ids and event types it saw.
"""

from __future__ import annotations

import json
import sys

import openai
from openai import OpenAI


def main(base_url: str) -> None:
    """Two turns on one socket, the second continuing the first."""
    client = OpenAI(api_key="test-key", base_url=base_url, websocket_base_url=base_url.replace("http", "ws", 1))
    turns: list[dict[str, object]] = []
    with client.responses.connect() as connection:
        previous: str | None = None
        for text in ("first turn", "second turn"):
            create = {"model": "gpt-4.1", "input": [{"role": "user", "content": text}]}
            if previous is not None:
                create["previous_response_id"] = previous
            connection.response.create(**create)
            types: list[str] = []
            said = ""
            for event in connection:
                types.append(event.type)
                if event.type == "response.output_text.delta":
                    said += event.delta
                if event.type == "response.completed":
                    previous = event.response.id
                    turns.append({"text": said, "final": event.response.output_text, "id": previous, "types": types})
                    break
                if event.type in {"error", "response.failed", "response.incomplete"}:
                    raise SystemExit(f"unexpected {event}")
    json.dump({"version": openai.__version__, "turns": turns}, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1])
