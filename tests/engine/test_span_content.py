"""Conversations as the conventions write them, for those who asked for content."""

import json
from typing import Any

import pytest

from rejoinder.engine.span_content import instructions_of, messages_of, tools_of


@pytest.mark.parametrize(
    "item, message",
    [
        ({"role": "user", "content": "Hi"}, {"role": "user", "parts": [{"type": "text", "content": "Hi"}]}),
        (
            {
                "type": "message",
                "role": "user",
                "content": [{"type": "input_text", "text": "Hi"}, {"type": "input_image", "image_url": "x"}],
            },
            {"role": "user", "parts": [{"type": "text", "content": "Hi"}, {"type": "input_image"}]},
        ),
        (
            {"type": "message", "content": [{"type": "output_text", "text": "Ho"}, {"type": "refusal", "refusal": "No"}, "odd"]},
            {
                "role": "assistant",
                "parts": [{"type": "text", "content": "Ho"}, {"type": "text", "content": "No"}, {"type": "unknown"}],
            },
        ),
        ({"role": "user", "content": None}, {"role": "user", "parts": []}),
        (
            {"type": "function_call", "call_id": "c", "name": "look", "arguments": "{}"},
            {"role": "assistant", "parts": [{"type": "tool_call", "id": "c", "name": "look", "arguments": "{}"}]},
        ),
        (
            {"type": "custom_tool_call", "call_id": "c", "name": "run", "input": "ls"},
            {"role": "assistant", "parts": [{"type": "tool_call", "id": "c", "name": "run", "arguments": "ls"}]},
        ),
        (
            {"type": "function_call_output", "call_id": "c", "output": "sunny"},
            {"role": "tool", "parts": [{"type": "tool_call_response", "id": "c", "response": "sunny"}]},
        ),
        ({"type": "reasoning", "encrypted_content": "secret"}, {"role": "assistant", "parts": [{"type": "reasoning"}]}),
    ],
)
def test_items_as_messages(item: dict[str, Any], message: dict[str, Any]) -> None:
    assert [message] == json.loads(messages_of([item]))


def test_instructions_and_tools() -> None:
    assert [{"type": "text", "content": "Be brief."}] == json.loads(instructions_of("Be brief."))
    assert [{"type": "function", "name": "look"}] == json.loads(tools_of(({"type": "function", "name": "look"},)))
