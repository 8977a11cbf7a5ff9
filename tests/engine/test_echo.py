"""What of a response goes back: everything, but for what no server takes back."""

from __future__ import annotations

from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rejoinder.engine import Result
from rejoinder.engine.echo import CALLS, echo_of, heard_of, is_whole, text_of
from rejoinder.states.continuation import Continuation, RequestContent, Reuse, decide

Item = dict[str, Any]

THOUGHT: Final[Item] = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "x"}
LOST_THOUGHT: Final[Item] = {"type": "reasoning", "id": "rs_1", "summary": []}
SEARCH: Final[Item] = {"type": "web_search_call", "id": "ws_1", "status": "searching"}


def said(text: str, status: str = "completed") -> Item:
    return {
        "type": "message",
        "id": "msg_1",
        "status": status,
        "role": "assistant",
        "content": [{"type": "output_text", "text": text, "annotations": []}],
    }


def call(arguments: str = "{}", **fields: Any) -> Item:  # noqa: ANN401 - the wire's
    return {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "weather", "arguments": arguments, **fields}


def echo(*output: Item, status: str = "completed", store: bool = False) -> list[Any]:
    return echo_of(Result("resp_1", status, output, None, response={"store": store}))


@pytest.mark.parametrize(
    "item",
    [
        said("One. \n"),
        said(""),
        {"type": "message", "role": "assistant", "content": [{"type": "refusal", "refusal": "I cannot."}]},
        call(),
        call(status="completed"),
        SEARCH,
        {"type": "compaction", "id": "cmp_1", "encrypted_content": "y"},
        {"type": "something_new"},
        {},
    ],
)
def test_what_completed_goes_back_as_it_came(item: Item) -> None:
    assert [item] == echo(item)


def test_readable_reasoning_goes_back_with_what_follows_it() -> None:
    assert [THOUGHT, said("Hi")] == echo(THOUGHT, said("Hi"))


@pytest.mark.original("C2:test_reasoning_without_encrypted_content_not_persisted")
def test_reasoning_that_nobody_can_read_is_left_out_and_the_ids_that_ask_for_it() -> None:
    message = {name: value for name, value in said("Hi").items() if name != "id"}
    calling = {name: value for name, value in call().items() if name != "id"}

    assert [SEARCH, message, calling] == echo(LOST_THOUGHT, SEARCH, said("Hi"), call())
    # One that cannot be read makes the others useless.
    assert [message] == echo(THOUGHT, LOST_THOUGHT, said("Hi"))


@pytest.mark.original("C3:test_reasoning_without_encrypted_content_omits_field")
def test_reasoning_of_a_stored_response_is_known_by_its_id() -> None:
    assert [LOST_THOUGHT, said("Hi")] == echo(LOST_THOUGHT, said("Hi"), store=True)


@pytest.mark.parametrize("status", ["completed", "incomplete"])
def test_reasoning_that_nothing_follows_is_left_out(status: str) -> None:
    assert [said("Hi")] == echo(said("Hi"), THOUGHT, THOUGHT, status=status)


@pytest.mark.parametrize("content", [[], None, "", [{"type": "output_text", "text": ""}]])
def test_an_incomplete_message_in_which_nothing_was_said_is_left_out(content: Any) -> None:  # noqa: ANN401
    assert [] == echo({**said(""), "content": content}, status="incomplete")


@pytest.mark.parametrize("content", ["Hi", [{"type": "output_text", "text": "Hi"}], [{"type": "new"}], ["odd"]])
def test_an_incomplete_message_in_which_something_was_said_is_kept(content: Any) -> None:  # noqa: ANN401
    item = {**said(""), "content": content}

    assert [item] == echo(item, status="incomplete")


@pytest.mark.parametrize(
    "item, status, whole",
    [
        (call(status="completed"), "incomplete", True),
        (call("{}"), "incomplete", True),
        (call('{"pl', status="incomplete"), "incomplete", False),
        (call('{"pl', status="in_progress"), "completed", False),
        (call('{"pl'), "incomplete", False),
        (call("[]"), "incomplete", False),
        (call("{}", arguments_of="nobody"), "incomplete", True),
        ({"type": "custom_tool_call", "call_id": "call_1", "name": "sql", "input": "SEL"}, "incomplete", False),
        ({"type": "custom_tool_call", "call_id": "call_1", "name": "sql", "input": "SELECT"}, "completed", True),
        (said("One", "incomplete"), "incomplete", True),
    ],
)
def test_which_calls_are_whole(item: Item, status: str, whole: bool) -> None:  # noqa: FBT001
    assert whole is is_whole(item, status)
    assert ([item] if whole else []) == echo(item, status=status)


# -- what was heard ------------------------------------------------------------------------------------------------------------

HEARD: Final[Item] = {"type": "message", "role": "assistant", "content": "One, "}


@pytest.mark.parametrize(
    "output, left",
    [
        pytest.param([], [HEARD], id="nothing was kept"),
        pytest.param([said("One, two.")], [HEARD], id="one message"),
        pytest.param([said("One, "), said("two.")], [HEARD], id="two messages"),
        pytest.param([THOUGHT, said("One, two.")], [HEARD], id="a thought behind a message"),
        pytest.param([THOUGHT, said("One, two."), call()], [HEARD, call()], id="a call beside it"),
        pytest.param([said("One, two."), THOUGHT, call()], [HEARD, THOUGHT, call()], id="a thought behind a call"),
        pytest.param([SEARCH], [SEARCH, HEARD], id="no message"),
    ],
)
def test_what_was_heard_stands_in_place_of_what_was_said(output: list[Item], left: list[Item]) -> None:
    assert left == heard_of(output, "One, ")
    assert [item for item in left if item != HEARD] == heard_of(output, "")


def test_all_that_was_said() -> None:
    refusal = {"type": "message", "role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]}

    assert "One, two.No.Well" == text_of(
        [said("One, "), call(), said("two."), refusal, {**HEARD, "content": "Well"}, {**HEARD, "content": None}]
    )


# -- whatever the model says -----------------------------------------------------------------------------------------------------

TEXTS: Final = st.sampled_from(["", " ", "One. \n", "Hi", "\u00fc\ud800"])


def _message(texts: list[str], refusal: str | None) -> Item:
    parts: list[Item] = [{"type": "output_text", "text": text, "annotations": []} for text in texts]
    if refusal is not None:
        parts.append({"type": "refusal", "refusal": refusal})
    return {"type": "message", "id": "msg", "role": "assistant", "status": "completed", "content": parts}


def _thought(sealed: str | None) -> Item:
    return {"type": "reasoning", "summary": [], "encrypted_content": sealed}


def _call(kind: str) -> Item:
    return {"type": kind, "name": "tool", "arguments": "{}", "input": ""}


ITEMS: Final[st.SearchStrategy[Item]] = st.one_of(
    st.builds(_message, st.lists(TEXTS, max_size=2), st.none() | TEXTS),
    st.builds(_thought, st.sampled_from([None, "x"])),
    st.builds(_call, st.sampled_from(sorted(CALLS))),
    st.just(SEARCH),
    st.just({"type": "something_new"}),
)


@st.composite
def outputs(draw: st.DrawFn) -> list[Item]:
    """What a model may say: items of all kinds in any order, each with an id of its own."""
    items = [dict(item) for item in draw(st.lists(ITEMS, max_size=5))]
    for number, item in enumerate(items):
        item["id"] = f"item_{number}"
        if item["type"] in CALLS:
            item["call_id"] = f"call_{number}"
    return items


@given(outputs(), st.booleans(), st.randoms(use_true_random=False))
def test_whatever_completed_is_continued(output: list[Item], store: bool, chance: Any) -> None:  # noqa: ANN401, FBT001
    asked = [{"role": "user", "content": "Hi"}]
    answers = [
        {"type": f"{item['type']}_output", "call_id": item["call_id"], "output": ""} for item in output if item["type"] in CALLS
    ]
    chance.shuffle(answers)
    new = [*answers, {"role": "user", "content": "Go on"}]
    decision = decide(Continuation("resp_1", asked, output), RequestContent([*asked, *echo(*output, store=store), *new]))

    assert isinstance(decision, Reuse), decision
    assert new == list(decision.items)


SAID: Final = {
    text: {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": text}]} for text in ("one", "two")
}


def test_words_that_steered_it_stand_where_they_were_taken_up() -> None:
    first, second = SAID["one"], SAID["two"]
    words = [{"role": "user", "content": "Shorter."}, {"role": "user", "content": "Much."}]
    result = Result("resp_2", "completed", [first, second], None, steered=[(1, words[0]), (1, words[1])])

    assert [first, *words, second] == echo_of(result)
    assert "onetwo" == text_of(echo_of(result))
    assert [*words, {"type": "message", "role": "assistant", "content": "one"}] == heard_of([*words, first, second], "one")


def test_reasoning_before_words_that_steered_goes_with_what_followed_it_not_with_them() -> None:
    thought = {"type": "reasoning", "id": "rs_1", "encrypted_content": "x"}
    words = {"role": "user", "content": "Shorter."}
    result = Result("resp_2", "completed", [thought, SAID["two"]], None, steered=[(1, words)])

    assert [words, SAID["two"]] == echo_of(result)


@pytest.mark.parametrize("kind", [["x"], {"a": 1}, None, 7])
def test_an_item_whose_type_is_no_name_is_none_of_a_kind(kind: object) -> None:
    item = {"type": kind, "id": "i"}

    assert [item] == echo_of(Result("resp_1", "completed", [item], None))
    assert [] == Result("resp_1", "completed", [item], None).calls
    assert is_whole(item, "incomplete")
