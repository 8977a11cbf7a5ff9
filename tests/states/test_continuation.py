"""The cache rule: what may be continued, and why everything else is sent in full."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import frames
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
from rejoinder.states.frozen_json import freeze_object
from rejoinder.states.item_history import ItemHistory

Items = list[dict[str, Any]]

REFUSAL: Final = {
    "type": "message",
    "id": "msg_1",
    "role": "assistant",
    "content": [{"type": "refusal", "refusal": "I cannot."}],
}
REFUSED: Final = {"role": "assistant", "content": [{"type": "refusal", "refusal": "I cannot."}]}


def decided(items: Items, output: Items, then: Items) -> Decision:
    """What the rule says when ``items`` were answered with ``output`` and the next request is ``items`` and ``then``."""
    previous = Continuation("resp_1", RequestContent(frozen_copy(items)).items, output)
    return decide(previous, RequestContent(frozen_copy([*items, *then])))


def rest(decision: Decision) -> Items:
    """The new items of a decision to reuse."""
    assert isinstance(decision, Reuse), decision
    return [dict(item) for item in decision.items]


# -- the prefix --------------------------------------------------------------------------------------------------------------


def test_the_new_items_alone_are_sent_after_an_unchanged_beginning() -> None:
    decision = decided([user("Hi")], [message("Hello")], [assistant("Hello"), user("Go on")])

    assert Reuse("resp_1", [user("Go on")], 2) == decision
    assert [user("Go on")] == rest(decision)


def test_the_order_of_keys_in_an_item_does_not_matter() -> None:
    previous = Continuation("resp_1", [{"role": "user", "content": "Hi"}], [message("Hello")])
    items = [{"content": "Hi", "role": "user"}, assistant("Hello"), user("Go on")]

    assert [user("Go on")] == rest(decide(previous, RequestContent(items)))


@pytest.mark.parametrize(
    "items, index",
    [
        ([user("Hey"), user("there"), assistant("Hello"), user("Go on")], 0),
        ([user("Hi"), user("you"), assistant("Hello"), user("Go on")], 1),
        ([user("Hi")], 1),
        ([], 0),
    ],
)
def test_a_changed_or_shorter_beginning_is_sent_in_full(items: Items, index: int) -> None:
    previous = Continuation("resp_1", [user("Hi"), user("there")], [message("Hello")])

    assert Full(PrefixChanged(index)) == decide(previous, RequestContent(items))


def test_nothing_new_is_sent_in_full() -> None:
    assert Full(Shorter()) == decided([user("Hi")], [message("Hello")], [assistant("Hello")])
    assert Full(Shorter()) == decided([user("Hi")], [], [])


def test_an_item_that_its_owner_changed_in_place_is_caught() -> None:
    conversation = [user("Hi")]
    previous = Continuation("resp_1", RequestContent(frozen_copy(conversation)).items, [message("Hello")])
    conversation[0]["content"] = "Something else"
    conversation += [assistant("Hello"), user("Go on")]

    assert Full(PrefixChanged(0)) == decide(previous, RequestContent(frozen_copy(conversation)))


def test_a_list_that_its_owner_changed_in_place_is_caught() -> None:
    conversation = [user("Hi"), user("there")]
    previous = Continuation("resp_1", RequestContent(frozen_copy(conversation)).items, [message("Hello")])
    del conversation[0]
    conversation += [assistant("Hello"), user("Go on")]

    assert Full(PrefixChanged(0)) == decide(previous, RequestContent(frozen_copy(conversation)))


# -- the output --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "output, echo",
    [
        pytest.param([message("Hello")], [assistant("Hello")], id="a message by role and text"),
        pytest.param([message("Hello")], [message("Hello", "other_id")], id="a message in the server's own form"),
        pytest.param(
            [message("Hello")],
            [{"role": "assistant", "content": [{"type": "output_text", "text": "He"}, {"type": "output_text", "text": "llo"}]}],
            id="a message in other parts",
        ),
        pytest.param([REFUSAL], [REFUSED], id="a refusal by its text (13b)"),
        pytest.param(
            [call()], [{"type": "function_call", "call_id": "call_1", "arguments": "{ }"}, call_output()], id="a call by id"
        ),
        pytest.param(
            [message("Look"), call()], [assistant("Look"), call(item="fc_9"), call_output()], id="words and one call (13e)"
        ),
        pytest.param(
            [call("call_1"), call("call_2")],
            [call("call_1"), call_output("call_1"), call("call_2"), call_output("call_2")],
            id="two parallel calls, echoed call, result, call, result (13d)",
        ),
        pytest.param(
            [call("call_1"), call("call_2")],
            [call("call_2"), call("call_1"), call_output("call_2"), call_output("call_1")],
            id="two parallel calls in another order",
        ),
        pytest.param([reasoning(), message("Hello")], [assistant("Hello")], id="reasoning that is not echoed (13)"),
        pytest.param([reasoning(), message("Hello")], [reasoning(), assistant("Hello")], id="reasoning by its id"),
        pytest.param([reasoning("rs_1"), call()], [call(), call_output()], id="a call with reasoning that is not echoed"),
        pytest.param([{"type": "web_search_call", "id": "ws_1"}], [], id="a hosted tool call that is not echoed"),
        pytest.param([], [], id="no output"),
    ],
)
def test_output_is_recognised(output: Items, echo: Items) -> None:
    decision = decided([user("Hi")], output, [*echo, user("Go on")])
    outputs = [item for item in echo if item.get("type") == "function_call_output"]

    assert [*outputs, user("Go on")] == rest(decision)
    assert Reuse("resp_1", (), 1 + len(echo) - len(outputs)) == decision


@pytest.mark.parametrize(
    "output, echo, index",
    [
        pytest.param([message("Hello")], [user("Hello")], 0, id="another role"),
        pytest.param([message("Hello")], [assistant("Hullo")], 0, id="other words"),
        pytest.param([message("Hello ")], [assistant("Hello")], 0, id="white space that was trimmed"),
        pytest.param([REFUSAL], [assistant("I cannot.")], 0, id="a refusal told as an answer"),
        pytest.param([message("I cannot.")], [REFUSED], 0, id="an answer told as a refusal"),
        pytest.param([message("Hello")], [], 0, id="an answer that is not echoed"),
        pytest.param([call("call_1")], [call("call_9"), call_output("call_9")], 0, id="another call"),
        pytest.param([call(name="weather")], [call(name="time"), call_output()], 0, id="the call of another function"),
        pytest.param([message("Look"), call()], [assistant("Look")], 1, id="fewer items than there were"),
        pytest.param([message("One"), message("Two", "item_2")], [assistant("Two"), assistant("One")], 0, id="another order"),
        pytest.param([reasoning("rs_1"), message("Hi")], [reasoning("rs_9"), assistant("Hi")], 0, id="reasoning by another id"),
        pytest.param([{"type": "brand_new", "id": "x_1"}], [{"type": "brand_new", "id": "x_2"}], 0, id="an unknown kind"),
        pytest.param([{"type": "brand_new"}], [{"type": "brand_new"}], 0, id="an unknown kind without an id"),
        pytest.param([{"type": "message", "role": "assistant", "content": 1}], [assistant("1")], 0, id="content of a kind unknown"),
        pytest.param(
            [{"type": "message", "role": "assistant", "content": ["Hi"]}], [assistant("Hi")], 0, id="parts of a kind unknown"
        ),
    ],
)
def test_other_output_is_sent_in_full(output: Items, echo: Items, index: int) -> None:
    assert Full(OutputMismatch(index)) == decided([user("Hi")], output, [*echo, user("Go on")])


def test_new_reasoning_after_a_new_question_is_no_echo() -> None:
    then = [assistant("Hello"), user("Go on"), reasoning("rs_9")]

    assert [user("Go on"), reasoning("rs_9")] == rest(decided([user("Hi")], [reasoning(), message("Hello")], then))


@pytest.mark.parametrize(
    "echo, pending",
    [
        ([call("call_1"), call("call_2")], ("call_1", "call_2")),
        ([call("call_1"), call_output("call_1"), call("call_2")], ("call_2",)),
        ([call("call_1"), call("call_2"), call_output("call_9")], ("call_1", "call_2")),
    ],
)
def test_calls_that_are_not_answered_are_sent_in_full(echo: Items, pending: tuple[str, ...]) -> None:
    output = [call("call_1"), call("call_2")]

    assert Full(PendingToolCalls(pending)) == decided([user("Hi")], output, [*echo, user("Go on")])


def test_custom_tool_calls_follow_the_same_rule() -> None:
    output: Items = [{"type": "custom_tool_call", "id": "ct_1", "call_id": "call_1", "name": "sql", "input": "SELECT"}]
    answer = {"type": "custom_tool_call_output", "call_id": "call_1", "output": "1"}

    assert [answer] == rest(decided([user("Hi")], output, [*output, answer]))
    assert Full(PendingToolCalls(("call_1",))) == decided([user("Hi")], output, [*output, user("Go on")])


# -- whatever is said, nothing is lost ---------------------------------------------------------------------------------------

WORDS: Final = st.sampled_from(["", "Hi", "Hello", "Go on"])
CALL_IDS: Final = st.sampled_from(["call_1", "call_2", "call_3"])
OUTPUTS: Final = st.one_of(
    st.builds(message, WORDS),
    st.builds(call, CALL_IDS, st.sampled_from(["weather", "time"])),
    st.builds(reasoning, st.sampled_from(["rs_1", "rs_2"])),
)
INPUTS: Final = st.one_of(st.builds(user, WORDS), st.builds(assistant, WORDS), st.builds(call_output, CALL_IDS), OUTPUTS)


@st.composite
def turns(draw: st.DrawFn) -> tuple[Items, Items, Items]:
    """A request, its output, and what the next request adds: often an echo of the output, sometimes not quite."""
    items = draw(st.lists(INPUTS, max_size=3))
    output = draw(st.lists(OUTPUTS, max_size=4))
    echo: Items = []
    for item in output:
        if draw(st.booleans()) or item["type"] == "message":
            echo.append(item)
        if item["type"] == "function_call" and draw(st.booleans()):
            echo.append(call_output(item["call_id"]))
    then = draw(st.one_of(st.just(echo), st.lists(INPUTS, max_size=4)))
    return items, output, [*then, *draw(st.lists(INPUTS, max_size=3))]


def echoes(item: dict[str, Any], output: dict[str, Any]) -> bool:
    """Whether a caller's item says what an output item says, told apart by what the server would lose."""
    if item.get("type", "message") != output["type"]:
        return False
    if output["type"] == "message":
        return item["role"] == "assistant" and words(item) == words(output)
    if output["type"] == "function_call":
        return (item["call_id"], item["name"]) == (output["call_id"], output["name"])
    return bool(item["id"] == output["id"])


def words(item: dict[str, Any]) -> str:
    content = item["content"]
    return content if isinstance(content, str) else "".join(part["text"] for part in content)


@given(turns())
def test_what_is_left_out_is_what_the_server_has(turn: tuple[Items, Items, Items]) -> None:
    items, output, then = turn
    decision = decided(items, output, then)
    if not isinstance(decision, Reuse):
        return
    new = rest(decision)
    left_out = without(then, new)

    assert new
    assert len(items) + len(left_out) == decision.saved
    # Each item that is not sent is the echo of an output item of its own.
    remaining: Sequence[dict[str, Any]] = list(output)
    for item in left_out:
        match = next(candidate for candidate in remaining if echoes(item, candidate))
        remaining = [candidate for candidate in remaining if candidate is not match]
    # And of what a caller must echo, nothing is missing.
    assert {"reasoning"} >= {item["type"] for item in remaining}
    assert {item["call_id"] for item in output if item["type"] == "function_call"} <= {item.get("call_id") for item in new}


def without(then: Items, new: Items) -> Items:
    """Return what is left of ``then`` when ``new`` is taken from its end backwards; fails unless ``new`` is in order."""
    left: Items = []
    expected = list(new)
    for item in reversed(then):
        if expected and item == expected[-1]:
            expected.pop()
        else:
            left.append(item)

    assert expected == []
    return left[::-1]


# -- what a server may put into its output -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "output",
    [
        pytest.param(["Hello"], id="a string for an item"),
        pytest.param([{"type": ["message"]}], id="a list for a type"),
        pytest.param([{"type": "function_call", "name": "weather"}], id="a call without an id"),
        pytest.param([{"type": "function_call", "call_id": ["call_1"]}], id="a list for the id of a call"),
    ],
)
def test_output_of_another_shape_is_no_reason_to_fail(output: list[Any]) -> None:
    previous = Continuation("resp_1", [user("Hi")], output)
    echo: Items = [item for item in output if isinstance(item, dict)]

    assert isinstance(decide(previous, RequestContent([user("Hi"), *echo, user("Go on")])), Full)


def test_a_frame_gives_the_output_that_is_compared() -> None:
    frame = frames.completed(output=[message("Hello")])
    previous = Continuation("resp_1", [user("Hi")], frame.raw["response"]["output"])

    assert [user("Go on")] == rest(decide(previous, RequestContent([user("Hi"), assistant("Hello"), user("Go on")])))


# -- histories, and inputs that begin anew -----------------------------------------------------------------------------------


def test_a_history_is_continued_by_its_lineage() -> None:
    asked = ItemHistory([freeze_object(user("Hi"))])
    previous = Continuation("resp_1", asked, [message("Hello")])
    grown = asked.grown([freeze_object(assistant("Hello")), freeze_object(user("Go on"))])

    assert [user("Go on")] == rest(decide(previous, RequestContent(grown)))


def test_a_history_without_the_lineage_is_compared_item_by_item() -> None:
    previous = Continuation("resp_1", ItemHistory([freeze_object(user("Hi"))]), [message("Hello")])
    same = ItemHistory([freeze_object(item) for item in (user("Hi"), assistant("Hello"), user("Go on"))])
    other = ItemHistory([freeze_object(item) for item in (user("Ho"), assistant("Hello"), user("Go on"))])

    assert [user("Go on")] == rest(decide(previous, RequestContent(same)))
    assert Full(PrefixChanged(0)) == decide(previous, RequestContent(other))


def test_a_list_and_a_history_are_compared_item_by_item() -> None:
    previous = Continuation("resp_1", [user("Hi")], [message("Hello")])
    history = ItemHistory([freeze_object(item) for item in (user("Hi"), assistant("Hello"), user("Go on"))])

    assert [user("Go on")] == rest(decide(previous, RequestContent(history)))


COMPACTION: Final = {"type": "compaction", "id": "cmp_1", "encrypted_content": "all of it"}


def test_an_input_that_begins_anew_at_the_compaction_continues() -> None:
    output: Items = [message("before"), COMPACTION, message("Hello")]
    previous = Continuation("resp_1", [user("Hi"), user("Ho")], output)
    decision = decide(previous, RequestContent([COMPACTION, assistant("Hello"), user("Go on")]))

    assert Reuse("resp_1", [], 2) == decision
    assert [user("Go on")] == rest(decision)


def test_the_whole_conversation_continues_a_compaction_as_well() -> None:
    decision = decided([user("Hi")], [COMPACTION, message("Hello")], [COMPACTION, assistant("Hello"), user("Go on")])

    assert [user("Go on")] == rest(decision)


def test_what_follows_the_compaction_has_to_be_there() -> None:
    previous = Continuation("resp_1", [user("Hi")], [COMPACTION, message("Hello")])

    assert Full(OutputMismatch(1)) == decide(previous, RequestContent([COMPACTION, user("Go on")]))


@pytest.mark.parametrize("output", [[message("Hello")], [{**COMPACTION, "id": "cmp_2"}, message("Hello")]])
def test_a_compaction_that_the_previous_output_does_not_have_is_no_new_beginning(output: Items) -> None:
    previous = Continuation("resp_1", [user("Hi")], output)

    assert Full(PrefixChanged(0)) == decide(previous, RequestContent([COMPACTION, assistant("Hello"), user("Go on")]))


def test_a_compaction_that_the_previous_request_began_with_is_its_prefix() -> None:
    decision = decided([COMPACTION, user("Hi")], [message("Hello")], [assistant("Hello"), user("Go on")])

    assert [user("Go on")] == rest(decision)


COMPACTED: Items = [
    {"type": "function_call", "call_id": "call_0", "name": "weather", "arguments": "{}"},
    {"type": "compaction", "id": "cmp_1", "encrypted_content": "blob"},
    message("Hello"),
]
"""An output in the midst of which the server compacted all that was before."""


def test_new_items_may_begin_with_the_compaction_item() -> None:
    previous = Continuation("resp_1", [user("Hi"), user("there")], COMPACTED)
    then = [{"type": "compaction", "encrypted_content": "blob"}, assistant("Hello"), user("Go on")]
    decision = decide(previous, RequestContent(then))

    assert Reuse("resp_1", [], 2) == decision
    assert [user("Go on")] == rest(decision)


def test_what_is_behind_the_compaction_item_is_compared() -> None:
    previous = Continuation("resp_1", [user("Hi")], COMPACTED)
    then = [{"type": "compaction", "encrypted_content": "blob"}, assistant("Howdy"), user("Go on")]

    assert Full(OutputMismatch(2)) == decide(previous, RequestContent(then))


def test_a_call_behind_the_compaction_item_wants_its_answer() -> None:
    call = {"type": "function_call", "call_id": "call_1", "name": "weather", "arguments": "{}"}
    previous = Continuation("resp_1", [user("Hi")], [*COMPACTED, call])
    then = [{"type": "compaction", "encrypted_content": "blob"}, assistant("Hello"), call, user("Go on")]

    assert Full(PendingToolCalls(("call_1",))) == decide(previous, RequestContent(then))


@pytest.mark.parametrize(
    "first",
    [{"type": "compaction", "encrypted_content": "other"}, {"type": "compaction"}, user("Ho")],
    ids=["another", "empty", "none"],
)
def test_another_beginning_is_another_conversation(first: dict[str, Any]) -> None:
    previous = Continuation("resp_1", [user("Hi")], COMPACTED)

    assert Full(PrefixChanged(0)) == decide(previous, RequestContent([first, assistant("Hello"), user("Go on")]))


def test_the_whole_conversation_may_still_be_given() -> None:
    previous = Continuation("resp_1", [user("Hi")], COMPACTED)
    answer = {"type": "function_call_output", "call_id": "call_0", "output": "sunny"}
    decision = decide(previous, RequestContent([user("Hi"), *COMPACTED, answer, user("Go on")]))

    assert [answer, user("Go on")] == rest(decision)


def test_no_input_at_all_is_no_beginning() -> None:
    previous = Continuation("resp_1", [user("Hi")], COMPACTED)

    assert Full(PrefixChanged(0)) == decide(previous, RequestContent([]))
