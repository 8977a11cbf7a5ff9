"""What the original's own tests say about its chain, said of the cache rule; and where that chain gave up, the rule goes on."""

from __future__ import annotations

from typing import Any, Final

import pytest

from harness.frames import assistant, call, call_output, message, reasoning, user
from rejoinder.states.codec import frozen_copy
from rejoinder.states.continuation import (
    Continuation,
    Decision,
    Full,
    OutputMismatch,
    PendingToolCalls,
    PrefixChanged,
    RequestContent,
    Reuse,
    Shorter,
    decide,
)

Items = list[dict[str, Any]]

REFUSAL: Final[Items] = [
    {"type": "message", "id": "msg_1", "role": "assistant", "content": [{"type": "refusal", "refusal": "I cannot."}]}
]
UNKNOWN: Final[Items] = [{"type": "something_new", "id": "new_1"}]


def decided(asked: Items, output: Items, items: Items) -> Decision:
    """What the rule says when ``asked`` was answered with ``output`` and the whole next request is ``items``."""
    return decide(Continuation("resp_1", frozen_copy(asked), output), RequestContent(frozen_copy(items)))


def new_items(decision: Decision) -> list[Any]:
    assert isinstance(decision, Reuse), decision
    return list(decision.items)


# -- the beginning -----------------------------------------------------------------------------------------------------------


@pytest.mark.original("B068", "B069", "B071", "C1:test_same_input_same_hash", "C1:test_matching_prefix_sends_incremental")
def test_an_equal_beginning_is_continued_with_what_is_new() -> None:
    decision = decided([user("Hi")], [message("Hello")], [user("Hi"), assistant("Hello"), user("Go on")])

    assert Reuse("resp_1", [], 2) == decision
    assert [user("Go on")] == new_items(decision)


@pytest.mark.original("B069", "C1:test_different_input_different_hash", "C1:test_mismatched_prefix_sends_full")
def test_another_beginning_is_sent_in_full() -> None:
    assert Full(PrefixChanged(0)) == decided([user("Hi")], [message("Hello")], [user("Ho"), assistant("Hello"), user("Go on")])


@pytest.mark.original("C1:test_order_independent_keys")
def test_the_order_of_keys_says_nothing() -> None:
    turned = {"content": "Hi", "role": "user"}

    assert [user("Go on")] == new_items(decided([user("Hi")], [message("Hello")], [turned, assistant("Hello"), user("Go on")]))


@pytest.mark.original("B069", "C1:test_same_length_sends_full", "C1:test_too_few_items")
@pytest.mark.parametrize("items", [[user("Hi")], []])
def test_an_input_that_is_not_longer_is_sent_in_full(items: Items) -> None:
    assert isinstance(decided([user("Hi")], [message("Hello")], items), Full)


@pytest.mark.original("B077")
def test_a_tool_result_that_was_changed_later_is_sent_in_full() -> None:
    asked = [user("Hi"), call(), call_output("call_1", "IN_PROGRESS")]
    items = [user("Hi"), call(), call_output("call_1", "sunny"), assistant("Hello"), user("Go on")]

    assert Full(PrefixChanged(2)) == decided(asked, [message("Hello")], items)


# -- the output --------------------------------------------------------------------------------------------------------------


@pytest.mark.original("B070", "C1:test_text_message_matches_by_role")
def test_a_message_is_known_by_role_and_text() -> None:
    assert [user("Go on")] == new_items(decided([user("Hi")], [message("Hello")], [user("Hi"), assistant("Hello"), user("Go on")]))


@pytest.mark.original("B070", "C1:test_function_call_matches_by_call_id")
def test_a_call_is_known_by_its_call_id() -> None:
    echoed = {"type": "function_call", "call_id": "call_1", "name": "weather", "arguments": '{"other": 1}'}

    assert [call_output()] == new_items(decided([user("Hi")], [call()], [user("Hi"), echoed, call_output()]))


@pytest.mark.original("C1:test_mixed_output")
def test_a_message_and_a_call_in_order() -> None:
    items = [user("Hi"), assistant("Let me see."), call(), call_output()]

    assert [call_output()] == new_items(decided([user("Hi")], [message("Let me see."), call()], items))


@pytest.mark.original(
    "C1:test_role_mismatch",
    "C1:test_text_content_mismatch",
    "C1:test_call_id_mismatch",
    "C1:test_output_mismatch_sends_full_context",
)
@pytest.mark.parametrize(
    "output, echo",
    [
        pytest.param([message("Hello")], user("Hello"), id="role"),
        pytest.param([message("Hello")], assistant("Hallo"), id="text"),
        pytest.param([call("call_1")], call("call_2"), id="call id"),
    ],
)
def test_another_output_is_sent_in_full(output: Items, echo: dict[str, Any]) -> None:
    assert Full(OutputMismatch(0)) == decided([user("Hi")], output, [user("Hi"), echo, user("Go on")])


@pytest.mark.original("C1:test_empty_output_always_matches")
def test_no_output_asks_for_no_echo() -> None:
    assert [user("Go on")] == new_items(decided([user("Hi")], [], [user("Hi"), user("Go on")]))


@pytest.mark.original("C1:test_unknown_output_type_rejects")
def test_output_of_an_unknown_type_needs_no_echo_but_is_not_taken_for_another() -> None:
    assert [user("Go on")] == new_items(decided([user("Hi")], UNKNOWN, [user("Hi"), user("Go on")]))
    assert Full(OutputMismatch(0)) == decided([user("Hi")], UNKNOWN, [user("Hi"), {**UNKNOWN[0], "id": "new_2"}, user("Go on")])


@pytest.mark.original("C2:test_reasoning_matches_by_id")
def test_reasoning_is_known_by_its_id() -> None:
    items = [user("Hi"), reasoning("rs_1"), assistant("Hello"), user("Go on")]

    assert [user("Go on")] == new_items(decided([user("Hi")], [reasoning("rs_1"), message("Hello")], items))


@pytest.mark.original("C2:test_reasoning_id_mismatch_rejects")
def test_other_reasoning_is_sent_in_full() -> None:
    items = [user("Hi"), reasoning("rs_2"), assistant("Hello"), user("Go on")]

    assert Full(OutputMismatch(0)) == decided([user("Hi")], [reasoning("rs_1"), message("Hello")], items)


# -- where the original gave up ----------------------------------------------------------------------------------------------


@pytest.mark.original("B076")
@pytest.mark.parametrize(
    "output, echo, answer",
    [
        pytest.param(REFUSAL, REFUSAL, [], id="refusal"),
        pytest.param([reasoning(), message("Hello")], [assistant("Hello")], [], id="reasoning"),
        pytest.param(
            [call("call_1"), call("call_2")],
            [call("call_1"), call_output("call_1"), call("call_2"), call_output("call_2")],
            [call_output("call_1"), call_output("call_2")],
            id="parallel calls",
        ),
        pytest.param([message("One. \n")], [assistant("One. \n")], [], id="white space"),
    ],
)
def test_outputs_that_the_original_never_continued(output: Items, echo: Items, answer: Items) -> None:
    assert [*answer, user("Go on")] == new_items(decided([user("Hi")], output, [user("Hi"), *echo, user("Go on")]))


@pytest.mark.original("B071")
def test_nothing_new_is_sent_in_full_and_never_an_empty_input() -> None:
    assert Full(Shorter()) == decided([user("Hi")], [message("Hello")], [user("Hi"), assistant("Hello")])


@pytest.mark.original("B070")
def test_a_call_without_its_answer_is_sent_in_full() -> None:
    assert Full(PendingToolCalls(("call_1",))) == decided([user("Hi")], [call()], [user("Hi"), call(), user("Go on")])
