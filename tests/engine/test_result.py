"""What a response came to is collected while it streams, and the terminal has the last word where it has one."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from rejoinder.engine import Result
from rejoinder.engine.result import Collector
from rejoinder.states.codec import decode

MESSAGE: Mapping[str, Any] = {"type": "message", "role": "assistant", "id": "msg_1", "status": "in_progress", "content": []}
CALL: Mapping[str, Any] = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "look", "arguments": "{}"}


def take(collector: Collector, kind: str, **fields: object) -> None:
    collector.take(decode(json.dumps({"type": f"response.{kind}", **fields})))


def delta(collector: Collector, text: str, item: str = "msg_1", kind: str = "output_text") -> None:
    logprobs: dict[str, Any] = {"logprobs": []} if kind == "output_text" else {}
    take(collector, f"{kind}.delta", item_id=item, output_index=0, content_index=0, delta=text, sequence_number=1, **logprobs)


def added(collector: Collector, item: Mapping[str, Any], index: int = 0) -> None:
    take(collector, "output_item.added", item=item, output_index=index)


def done(collector: Collector, item: Mapping[str, Any], index: int = 0) -> None:
    take(collector, "output_item.done", item=item, output_index=index)


def spoken(text: str) -> Mapping[str, Any]:
    return {**MESSAGE, "status": "completed", "content": [{"type": "output_text", "text": text}]}


def test_nothing_came() -> None:
    assert Result(None, "in_progress", [], None) == Collector().result("in_progress")


def test_created_gives_the_id() -> None:
    collector = Collector()
    take(collector, "created", response={"id": "resp_1"})

    assert "resp_1" == collector.result("in_progress").id


def test_text_of_an_unfinished_message() -> None:
    collector = Collector()
    added(collector, MESSAGE)
    delta(collector, "Hel")
    delta(collector, "lo")
    result = collector.result("interrupted")

    assert [{**MESSAGE, "content": [{"type": "output_text", "text": "Hello"}]}] == result.output
    assert "Hello" == result.text


def test_a_refusal_that_is_unfinished() -> None:
    collector = Collector()
    added(collector, MESSAGE)
    delta(collector, "I won't", kind="refusal")
    result = collector.result("interrupted")

    assert ("", "I won't") == (result.text, result.refusal)


@pytest.mark.original("B092")
def test_a_finished_item_stands_for_its_pieces() -> None:
    collector = Collector()
    added(collector, MESSAGE)
    delta(collector, "Hel")
    delta(collector, "no", kind="refusal")
    done(collector, spoken("Hello"))

    assert [spoken("Hello")] == collector.result("interrupted").output


@pytest.mark.original("B091")
def test_items_in_their_order_finished_or_not() -> None:
    collector = Collector()
    done(collector, CALL)
    added(collector, MESSAGE, 1)
    delta(collector, "and")
    result = collector.result("interrupted")

    assert ["function_call", "message"] == [item["type"] for item in result.output]
    assert [CALL] == result.calls
    assert "and" == result.text


def test_text_of_an_item_that_was_never_announced() -> None:
    collector = Collector()
    delta(collector, "out of the blue", item="msg_9")

    assert [
        {
            "type": "message",
            "role": "assistant",
            "id": "msg_9",
            "status": "in_progress",
            "content": [{"type": "output_text", "text": "out of the blue"}],
        }
    ] == collector.result("interrupted").output


def test_items_without_an_id_are_told_by_their_place() -> None:
    collector = Collector()
    done(collector, {"type": "reasoning", "summary": []}, 0)
    done(collector, {"type": "reasoning", "summary": [1]}, 1)

    assert [[], [1]] == [item["summary"] for item in collector.result("interrupted").output]


def test_the_terminal_has_the_last_word() -> None:
    collector = Collector()
    done(collector, spoken("draft"))
    collector.terminal = {"id": "resp_1", "output": [spoken("final")], "usage": {"total_tokens": 3}}
    result = collector.result("completed")

    assert ("final", {"total_tokens": 3}, None) == (result.text, result.usage, result.incomplete_reason)
    assert result.response is collector.terminal


@pytest.mark.parametrize("terminal", [{}, {"output": []}, {"output": None}, {"output": "Hello"}, {"output": [1, None]}])
def test_a_terminal_without_output_leaves_what_was_collected(terminal: Mapping[str, Any]) -> None:
    collector = Collector()
    done(collector, spoken("Hello"))
    collector.terminal = terminal

    assert "Hello" == collector.result("completed").text


def test_what_is_no_item_in_the_output_of_a_terminal_is_left_out() -> None:
    collector = Collector()
    collector.terminal = {"output": [7, spoken("Hello"), "words"]}

    assert [spoken("Hello")] == collector.result("completed").output


def test_why_it_is_incomplete() -> None:
    collector = Collector()
    collector.terminal = {"incomplete_details": {"reason": "max_output_tokens"}}

    assert "max_output_tokens" == collector.result("incomplete").incomplete_reason


@pytest.mark.parametrize("terminal", [{"incomplete_details": "tokens", "usage": 7}, {"incomplete_details": None, "usage": None}])
def test_details_and_usage_of_another_kind_are_none(terminal: Mapping[str, Any]) -> None:
    collector = Collector()
    collector.terminal = terminal
    result = collector.result("incomplete")

    assert (None, None) == (result.incomplete_reason, result.usage)


@pytest.mark.parametrize(
    "content",
    [None, "Hello", [], ["Hello"], [{"type": "output_text", "text": None}], [{"type": "image", "text": "Hello"}]],
    ids=["none", "a string", "empty", "bare words", "null", "another kind"],
)
def test_content_without_text_parts(content: object) -> None:
    assert Result(None, "completed", [{"type": "message", "content": content}], None).text == ""


def test_text_is_that_of_all_messages() -> None:
    output = [spoken("one "), {"type": "reasoning", "content": [{"type": "output_text", "text": "hidden"}]}, spoken("two")]

    assert "one two" == Result(None, "completed", output, None).text


@pytest.mark.original("B092")
def test_calls_are_those_that_want_an_answer() -> None:
    custom = {**CALL, "type": "custom_tool_call"}
    output = [CALL, custom, {"type": "web_search_call"}, spoken("text")]

    assert [CALL, custom] == Result(None, "completed", output, None).calls


def test_the_repr_shows_no_payload() -> None:
    shown = repr(
        Result("resp_1", "completed", [spoken("secret words")], {"total_tokens": 3}, response={"output": ["secret words"]})
    )

    assert "Result(id='resp_1', status='completed', usage={'total_tokens': 3}, incomplete_reason=None, request_id=None)" == shown
