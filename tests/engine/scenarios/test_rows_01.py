"""Rows 01 to 01w of the original's measured scenarios: a chat that nobody interrupts sends only what is new.

Rule: what counts is what reached the server, byte for byte, and how soon.
"""

from __future__ import annotations

import json
from typing import Any, Final

import pytest
from trio.testing import MockClock

from harness.dialogue import PROMPT, open_talk
from harness.pair import message, user
from rejoinder.engine import Sent
from rejoinder.states.continuation import Decision, Full, NoPrevious, OutputMismatch, Reuse
from rejoinder.testing import AZURE, GENERIC, OPENAI, Answer, ModelServer, ServerProfile, Text, scripted

SERVERS: Final = [OPENAI, AZURE, GENERIC]
REPLIES: Final = ["Good morning.", "It is Tuesday.", "Goodbye."]
BEHIND: Final = "One, two. \n"
"""A reply that ends in white space."""


def server_of(profile: ServerProfile, *replies: str) -> ModelServer:
    return ModelServer(profile, scripted([Answer([Text(reply)]) for reply in replies]))


def create(
    profile: ServerProfile, items: list[dict[str, Any]], previous: str | None = None, lane_name: str = "lane-1"
) -> dict[str, Any]:
    """The whole frame that is expected, and nothing more in it."""
    lane = {"stream_id": lane_name} if profile.lanes else {}
    named = {} if previous is None else {"previous_response_id": previous}
    return {"type": "response.create", "model": "gpt-4.1", "store": False, "input": items, **lane, **named}


def decisions(sent: list[Sent]) -> list[Decision]:
    return [each.decision for each in sent]


@pytest.mark.row("01")
@pytest.mark.original("B068", "C1:test_no_previous_state_sends_full_input", "C1:test_response_completed_stores_state")
@pytest.mark.parametrize("profile", SERVERS, ids=lambda profile: profile.name)
async def test_row_01_a_chat_continues_its_chain_from_the_second_turn(profile: ServerProfile, autojump_clock: MockClock) -> None:
    async with open_talk(server_of(profile, *REPLIES)) as talk:
        await talk.say("Good morning!")
        await talk.say("Which day is it?")
        await talk.say("Thank you.")

        assert REPLIES == talk.heard
        assert [
            create(profile, [user("Good morning!")]),
            create(profile, [user("Which day is it?")], "resp_1"),
            create(profile, [user("Thank you.")], "resp_2"),
        ] == talk.pair.client_frames()
        assert [Full(NoPrevious()), Reuse("resp_1", (), 2), Reuse("resp_2", (), 4)] == decisions(talk.pair.sent())
        assert max(talk.waited("Which day is it?"), talk.waited("Thank you.")) <= PROMPT
        assert 1 == talk.pair.network.dials
        assert [] == talk.pair.notes()


@pytest.mark.row("01L")
@pytest.mark.parametrize("profile", [OPENAI, AZURE], ids=lambda profile: profile.name)
@pytest.mark.parametrize("length", [50, 500, 5000])
async def test_row_01L_a_turn_costs_as_many_bytes_as_it_says(  # noqa: N802 - the row's own name
    length: int, profile: ServerProfile, autojump_clock: MockClock
) -> None:
    history = [message(f"Line {number}.") if number % 2 else user(f"Line {number}.") for number in range(length - 1)]

    async with open_talk(server_of(profile, *REPLIES)) as talk:
        talk.items.extend(history)
        await talk.say("Which day is it?")
        await talk.say("And tomorrow?")
        await talk.say("Thank you.")
        first, *later = talk.pair.sent()
        expected = [create(profile, [user("And tomorrow?")], "resp_1"), create(profile, [user("Thank you.")], "resp_2")]

        assert length == first.items
        assert length * 30 < first.size
        # The same for every length, and about the original's 145 bytes.
        assert expected == talk.pair.creates[1:]
        assert [len(json.dumps(frame, separators=(",", ":"))) for frame in expected] == [each.size for each in later]
        assert [each.size for each in later] == [len(entry.data) for entry in talk.pair.log("in")[1:]]
        assert max(each.size for each in later) < 175
        assert max(talk.waited("And tomorrow?"), talk.waited("Thank you.")) <= PROMPT


@pytest.mark.row("01w")
@pytest.mark.parametrize("profile", SERVERS, ids=lambda profile: profile.name)
async def test_row_01w_an_exact_echo_of_trailing_white_space_reuses(profile: ServerProfile, autojump_clock: MockClock) -> None:
    async with open_talk(server_of(profile, BEHIND, "Three.")) as talk:
        await talk.say("Count.")
        await talk.say("Go on.")

        assert [BEHIND, "Three."] == talk.heard
        assert create(profile, [user("Go on.")], "resp_1") == talk.pair.creates[1]
        assert [Full(NoPrevious()), Reuse("resp_1", (), 2)] == decisions(talk.pair.sent())


@pytest.mark.row("01w")
@pytest.mark.original("B072")
@pytest.mark.parametrize("profile", SERVERS, ids=lambda profile: profile.name)
async def test_row_01w_a_trimmed_echo_is_sent_in_full_and_says_why(profile: ServerProfile, autojump_clock: MockClock) -> None:
    async with open_talk(server_of(profile, BEHIND, "Three.")) as talk:
        await talk.say("Count.")
        talk.items[-1] = message(BEHIND.strip())
        await talk.say("Go on.")

        assert "Three." == talk.heard[1]
        assert create(profile, [user("Count."), message("One, two."), user("Go on.")], lane_name="lane-2") == talk.pair.creates[1]
        assert [Full(NoPrevious()), Full(OutputMismatch(0))] == decisions(talk.pair.sent())
        assert talk.waited("Go on.") <= PROMPT
