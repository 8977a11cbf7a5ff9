"""Rows 13 to 13e, 14c and 01w of the original's measured scenarios, with a conversation: whatever the model says is continued.

Rule: what counts is what reached the server: the previous id, and the new items alone.
"""

from __future__ import annotations

from typing import Any, Final

import pytest
from trio.testing import MockClock

from harness.pair import Pair, open_pair, user
from rejoinder.engine import Conversation, ResponseRefused, Settings
from rejoinder.states.continuation import Full, LaneDirty, Reuse
from rejoinder.testing import (
    AZURE,
    GENERIC,
    OPENAI,
    Answer,
    Call,
    ModelServer,
    Reasoning,
    Refusal,
    ServerProfile,
    Text,
    scripted,
)

EACH: Final = pytest.mark.parametrize("profile", [OPENAI, AZURE, GENERIC], ids=lambda profile: profile.name)
WEATHER: Final = Call("weather", '{"place":"Ulm"}', "call_1")
TIME: Final = Call("time", "{}", "call_2")
THEN: Final = Answer([Text("Bye.")])


def server(profile: ServerProfile, *answers: Answer) -> ModelServer:
    return ModelServer(profile, scripted([*answers, THEN]))


def output(call_id: str, text: str) -> dict[str, Any]:
    return {"type": "function_call_output", "call_id": call_id, "output": text}


def assert_continued(pair: Pair, items: list[dict[str, Any]], saved: int) -> None:
    """The second create named the first response and held ``items`` alone."""
    first, second = pair.creates

    assert "previous_response_id" not in first
    assert ("resp_1", items) == (second["previous_response_id"], second["input"])
    assert Reuse("resp_1", (), saved) == pair.sent()[1].decision


@pytest.mark.row("01w")
@pytest.mark.original("B076")
@EACH
@pytest.mark.parametrize("text", ["One, two. \n", " One", "\n\n", ""])
async def test_row_01w_white_space_is_continued(profile: ServerProfile, text: str, autojump_clock: MockClock) -> None:
    conversation = Conversation("Count.")
    async with open_pair(server(profile, Answer([Text(text)]))) as pair:
        await pair.ask(conversation)
        conversation.user("Go on.")
        await pair.ask(conversation)

        assert_continued(pair, [user("Go on.")], 2)


@pytest.mark.row("13")
@pytest.mark.original("B076", "C2:test_summary_streamed_and_reasoning_item_persisted")
@EACH
async def test_row_13_reasoning_is_continued(profile: ServerProfile, autojump_clock: MockClock) -> None:
    conversation = Conversation("Why?")
    answer = Answer([Reasoning("I wonder.", encrypted="sealed"), Text("Because.")])
    async with open_pair(server(profile, answer), settings=Settings(model="gpt-5")) as pair:
        await pair.ask(conversation)
        conversation.user("Really?")
        await pair.ask(conversation)

        assert_continued(pair, [user("Really?")], 3)
        assert [["reasoning.encrypted_content"]] * 2 == [create["include"] for create in pair.creates]
    assert ("reasoning", "sealed") == (conversation.items[1]["type"], conversation.items[1]["encrypted_content"])


@pytest.mark.row("13")
@pytest.mark.original("B076")
@EACH
async def test_row_13_reasoning_that_nobody_can_read_is_continued_and_left_out_of_what_is_resent(
    profile: ServerProfile, autojump_clock: MockClock
) -> None:
    conversation = Conversation("Why?")
    async with open_pair(server(profile, Answer([Reasoning("I wonder."), Text("Because.")]))) as pair:
        await pair.ask(conversation)
        conversation.user("Really?")
        await pair.ask(conversation)

        assert_continued(pair, [user("Really?")], 2)
    assert ["user", "assistant", "user", "assistant"] == [item["role"] for item in conversation.items]


@pytest.mark.row("13b")
@pytest.mark.original("B076")
@EACH
async def test_row_13b_a_refusal_is_told_and_continued(profile: ServerProfile, autojump_clock: MockClock) -> None:
    conversation = Conversation("Do it.")
    async with open_pair(server(profile, Answer([Refusal("I cannot.")]))) as pair:
        with pytest.raises(ResponseRefused, match=r"The model declined: I cannot\."):
            await pair.ask(conversation)
        conversation.user("Why not?")
        await pair.ask(conversation)

        assert_continued(pair, [user("Why not?")], 2)


@pytest.mark.row("13c")
@pytest.mark.original("B076", "C1:test_function_call_sequence")
@EACH
async def test_row_13c_one_call_is_continued_with_its_output(profile: ServerProfile, autojump_clock: MockClock) -> None:
    conversation = Conversation("Weather?")
    async with open_pair(server(profile, Answer([WEATHER]))) as pair:
        await pair.ask(conversation)

        assert [("call_1", "weather", '{"place":"Ulm"}')] == [
            (call["call_id"], call["name"], call["arguments"]) for call in conversation.pending_calls
        ]
        conversation.add_tool_output("call_1", "sunny")
        await pair.ask(conversation)
        assert_continued(pair, [output("call_1", "sunny")], 2)


@pytest.mark.row("13d")
@pytest.mark.original("B076")
@EACH
@pytest.mark.parametrize("order", [["call_1", "call_2"], ["call_2", "call_1"]], ids=["in order", "as they finish"])
async def test_row_13d_parallel_calls_are_continued_in_any_order_of_results(
    profile: ServerProfile, order: list[str], autojump_clock: MockClock
) -> None:
    conversation = Conversation("Weather and time?")
    async with open_pair(server(profile, Answer([WEATHER, TIME]))) as pair:
        await pair.ask(conversation)
        for call_id in order:
            conversation.add_tool_output(call_id, call_id)
        await pair.ask(conversation)

        assert_continued(pair, [output(call_id, call_id) for call_id in order], 3)


@pytest.mark.row("13e")
@pytest.mark.original("B034")
@EACH
async def test_row_13e_text_beside_a_call_is_continued(profile: ServerProfile, autojump_clock: MockClock) -> None:
    conversation = Conversation("Weather?")
    async with open_pair(server(profile, Answer([Text("Let me see. "), WEATHER]))) as pair:
        await pair.ask(conversation)
        conversation.add_tool_output("call_1", "sunny")
        await pair.ask(conversation)

        assert_continued(pair, [output("call_1", "sunny")], 3)
        assert "Let me see. " == conversation.items[1]["content"][0]["text"]


@pytest.mark.row("14c")
@EACH
async def test_row_14c_half_a_call_is_neither_kept_nor_pending(profile: ServerProfile, autojump_clock: MockClock) -> None:
    conversation = Conversation("Weather?")
    half = Answer([Text("Let me see."), Call("weather", '{"place":"U', "call_1", cut=True)], terminal="incomplete")
    async with open_pair(server(profile, half)) as pair:
        await pair.ask(conversation)

        assert () == conversation.pending_calls
        conversation.user("And?")
        await pair.ask(conversation)
        assert ["user", "assistant", "user"] == [item["role"] for item in pair.creates[1]["input"]]
        assert Full(LaneDirty()) == pair.sent()[1].decision


@pytest.mark.row("16")
@pytest.mark.original("B073")
async def test_row_16_conversations_take_turns_and_each_is_continued(autojump_clock: MockClock) -> None:
    one, other = Conversation("One?"), Conversation("Two?")
    async with open_pair(ModelServer(OPENAI)) as pair:
        for turn in range(2):
            for conversation in (one, other):
                await pair.ask(conversation)
                conversation.user(f"And {turn}?")

        assert [None, None, "resp_1", "resp_2"] == [create.get("previous_response_id") for create in pair.creates]
        assert [1, 1, 1, 1] == [len(create["input"]) for create in pair.creates]
