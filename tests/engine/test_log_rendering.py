"""A conversation for the log shows who spoke, not what was said, and costs nothing where nobody reads it."""

from __future__ import annotations

import copy
import json
import logging
from collections.abc import Iterator
from typing import Any, Final

import pytest

from rejoinder.engine import Conversation, ProviderItem, audio_part, image_part, render_for_log

LONG: Final = "x" * 250
ITEMS: Final[list[dict[str, Any]]] = [
    {"role": "user", "content": "the secret"},
    {"role": "user", "content": [{"type": "text", "text": "the secret"}, image_part(b"\x89PNG\r\n\x1a\n")]},
    {"role": "user", "content": [audio_part(b"\0\0", sample_rate=8000)]},
    {"type": "function_call", "call_id": "call_1", "name": "weather", "arguments": '{"place": "the secret"}'},
    {"type": "function_call_output", "call_id": "call_1", "output": LONG},
    {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": LONG},
]


def redacted(items: Any, **options: bool) -> Any:  # noqa: ANN401
    return render_for_log(items, **options).redacted()


@pytest.mark.original("B046", "B048")
def test_what_was_said_is_told_by_its_length() -> None:
    assert [
        {"role": "user", "content": "(10 characters)"},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "(10 characters)"},
                {"type": "image_url", "image_url": {"url": "(data image/png, 34 characters)", "detail": "auto"}},
            ],
        },
        {"role": "user", "content": [{"type": "input_audio", "input_audio": {"data": "(data, 64 characters)", "format": "wav"}}]},
        {"type": "function_call", "call_id": "call_1", "name": "weather", "arguments": "(23 characters)"},
        {"type": "function_call_output", "call_id": "call_1", "output": "(250 characters)"},
        {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "(encrypted_content, 250 characters)"},
    ] == redacted(ITEMS)


@pytest.mark.original("B046", "C7:test_standard_messages_pass_through")
def test_texts_are_shown_where_they_are_asked_for() -> None:
    assert {"role": "user", "content": "the secret"} == redacted(ITEMS, texts=True)[0]
    assert '{"place": "the secret"}' == redacted(ITEMS, texts=True)[3]["arguments"]
    assert f"{'x' * 100}… (250 characters)" == redacted(ITEMS, texts=True)[4]["output"]


@pytest.mark.original("B046", "C7:test_reasoning_encrypted_content_is_elided")
def test_payloads_are_never_shown() -> None:
    shown = str(render_for_log(ITEMS, texts=True))

    assert "(encrypted_content, 250 characters)" in shown
    assert "(data image/png, 34 characters)" in shown
    assert "(data, 64 characters)" in shown


@pytest.mark.parametrize("url", ["data:;base64,AAAA", "data:,hello"])
def test_a_data_url_without_a_type(url: str) -> None:
    assert f"(data of no type, {len(url)} characters)" == redacted([{"image_url": url}], texts=True)[0]["image_url"]


@pytest.mark.original("C7:test_messages_for_logging_are_json_serializable")
def test_it_prints_as_json() -> None:
    rendering = render_for_log([*ITEMS, {"odd": b"bytes"}, ProviderItem("anthropic", {"text": "the secret"})])

    assert 8 == len(json.loads(str(rendering)))
    assert {"odd": "(bytes)"} == json.loads(str(rendering))[6]
    assert {"provider": "anthropic", "item": {"text": "(10 characters)"}} == json.loads(str(rendering))[7]
    assert str(rendering) == repr(rendering)


@pytest.mark.original("C7:test_context_not_mutated_by_elision")
def test_what_is_rendered_is_not_changed() -> None:
    before = copy.deepcopy(ITEMS)
    shown = redacted(ITEMS)
    shown[1]["content"].clear()

    assert before == ITEMS


@pytest.mark.original("C7:test_reasoning_without_encrypted_content_is_untouched")
@pytest.mark.parametrize(
    "item", [{"type": "reasoning", "id": "rs_1", "summary": []}, {"type": "reasoning", "encrypted_content": ""}]
)
def test_nothing_is_made_of_nothing(item: dict[str, Any]) -> None:
    assert [item] == redacted([item], texts=True)


@pytest.mark.original("B047")
def test_nothing_is_done_where_nobody_reads_it(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    read: list[str] = []

    def unread() -> Iterator[dict[str, Any]]:
        read.append("an item")
        yield {"role": "user", "content": "Hi"}

    logging.getLogger("rejoinder.tests").debug("context: %s", render_for_log(unread()))

    assert ([], "") == (read, caplog.text)
    logging.getLogger("rejoinder.tests").info("context: %s", render_for_log(unread()))
    assert ["an item"] == read


def test_a_conversation_is_shown_as_it_was() -> None:
    conversation = Conversation("Hi")
    rendering = render_for_log(conversation)
    conversation.user("Go on")

    assert '[{"role": "user", "content": "(2 characters)"}]' == str(rendering)
