"""Items come back as the messages they stand for, and as nothing less."""

from __future__ import annotations

from typing import Any, Final

import pytest

from rejoinder.engine import Conversation, ProviderItem, chat_messages, input_items

IMAGE: Final = "https://example.com/cat.png"
CHAT: Final[list[dict[str, Any]]] = [
    {"role": "developer", "content": "Be brief."},
    {"role": "user", "content": "Weather?"},
    {
        "role": "assistant",
        "content": "Let me see.",
        "tool_calls": [
            {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": "{}"}},
            {"id": "call_2", "type": "custom", "custom": {"name": "sql", "input": "SELECT"}},
        ],
    },
    {"role": "tool", "tool_call_id": "call_1", "content": "sunny"},
    {"role": "tool", "tool_call_id": "call_2", "content": [{"type": "text", "text": "one"}, {"type": "text", "text": "row"}]},
    {"role": "assistant", "content": None, "refusal": "I cannot."},
    {
        "role": "user",
        "content": [
            {"type": "text", "text": "And this?"},
            {"type": "image_url", "image_url": {"url": IMAGE, "detail": "low"}},
            {"type": "file", "file": {"file_id": "file_1"}},
            {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}},
        ],
    },
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": "call_3", "type": "function", "function": {"name": "a", "arguments": ""}}],
    },
]


def test_there_and_back() -> None:
    assert CHAT == chat_messages(input_items(CHAT))
    assert CHAT == Conversation(CHAT).messages


def test_an_answer_of_the_server_is_a_string() -> None:
    item: dict[str, Any] = {
        "type": "message",
        "id": "msg_1",
        "role": "assistant",
        "content": [{"type": "output_text", "text": "Hi", "annotations": []}],
    }

    assert [{"role": "assistant", "content": "Hi"}] == chat_messages([item])


def test_a_refusal_beside_text() -> None:
    parts = [{"type": "output_text", "text": "No."}, {"type": "refusal", "refusal": "I cannot."}]

    assert [{"role": "assistant", "content": "No.", "refusal": "I cannot."}] == chat_messages(
        [{"role": "assistant", "content": parts}]
    )


@pytest.mark.parametrize(
    "item",
    [
        {"type": "reasoning", "id": "rs_1", "summary": []},
        {"type": "message", "role": "narrator", "content": "Hi"},
        {"type": "function_call_output", "output": "sunny"},
    ],
)
def test_what_the_universal_form_cannot_say_is_this_apis_own(item: dict[str, Any]) -> None:
    assert [ProviderItem("openai_responses", item)] == chat_messages([item])


def test_a_call_behind_something_else_is_a_message_of_its_own() -> None:
    call = {"type": "function_call", "call_id": "call_1", "name": "a", "arguments": "{}"}
    thought: dict[str, Any] = {"type": "reasoning", "id": "rs_1", "summary": []}
    first, _, second = chat_messages([{"role": "assistant", "content": "Hi"}, thought, call])

    assert {"role": "assistant", "content": "Hi"} == first
    assert isinstance(second, dict)
    assert (None, 1) == (second["content"], len(second["tool_calls"]))


@pytest.mark.parametrize("part", ["odd", {"type": "input_image", "file_id": "file_1"}, {"type": "new"}])
def test_parts_that_have_no_other_form_stay(part: Any) -> None:  # noqa: ANN401
    assert [{"role": "user", "content": [part]}] == chat_messages([{"role": "user", "content": [part]}])
