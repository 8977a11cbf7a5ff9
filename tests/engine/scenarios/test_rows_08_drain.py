"""Rows 08 and 08b of the original's measured scenarios, and row 25: a drain that does not end in time.

Rule: the drain deadline counts from the cancel, in all, and what it leaves behind is not clean. No serial connection, and no lane,
is used again while the abandoned response may still speak; so nobody hears its words, and nobody continues it.
"""

from __future__ import annotations

import math
from types import MappingProxyType
from typing import Final

import pytest
import trio
from trio.testing import MockClock

from harness.dialogue import DIAL, LATENCY, PROMPT, Talk, open_talk, promised, shared_lanes, story
from rejoinder.engine import CancelPolicy, Policy
from rejoinder.states.phases import ResponsePhase
from rejoinder.states.records import Lane
from rejoinder.states.session import RESPONSE_ROWS, Session
from rejoinder.states.steps import Step
from rejoinder.states.triggers import ResponseEvent
from rejoinder.testing import (
    AZURE,
    GENERIC,
    OPENAI,
    Answer,
    CancelMode,
    Event,
    ModelServer,
    Pause,
    ServerProfile,
    Text,
    scripted,
)
from rejoinder.testing.script import JsonObject, text_of

BOTH: Final = pytest.mark.parametrize("profile", [OPENAI, AZURE], ids=lambda profile: profile.name)
POLICIES: Final = pytest.mark.parametrize("then", list(CancelPolicy))
HEARD: Final = "a0 a1 a2 "
LATE: Final = 5.5
"""Seconds of silence after the cancel: the drain deadline has passed when the server speaks again."""

ORDERLY: Final = Answer([story("a", 3), Pause(LATE), story("STALE", 3)])
"""What is abandoned goes on with everything that tells whose it is."""
BARE: Final = Answer(
    [story("a", 3)],
    terminal=None,
    late=[
        Pause(LATE),
        *[Event({"type": "response.output_text.delta", "delta": f"STALE{n} ", "sequence_number": None}) for n in range(3)],
    ],
)
"""What is abandoned goes on with nothing but its lane, where there are lanes: these are deltas that could be anybody's."""
SHAPES: Final = pytest.mark.parametrize("abandoned", [ORDERLY, BARE], ids=["orderly", "bare"])
B_STORY: Final = Answer([story("b", 12)])
FINE: Final = Answer([Text("Fine.")])


async def after_an_endless_drain(profile: ServerProfile, then: CancelPolicy, abandoned: Answer) -> Talk:
    """Row 08: leave a server that ignores it and says nothing until the drain deadline is over; then two turns."""
    server = ModelServer(profile, scripted([abandoned, B_STORY, FINE]), CancelMode.IGNORE)

    async with open_talk(server, Policy(signal=True, then=then)) as talk:
        await talk.interrupt("Tell me a story.", deltas=3)
        await talk.say("Stop.")
        await trio.sleep(2)
        await talk.say("Thank you.")
        await trio.sleep(10)
        return talk


def assert_nothing_stale(talk: Talk, then: CancelPolicy, profile: ServerProfile) -> None:
    assert [HEARD, "".join(f"b{number} " for number in range(12)), "Fine."] == talk.heard
    assert talk.waited("Stop.") <= promised(then, lanes=profile.lanes)
    assert talk.waited("Thank you.") <= PROMPT
    assert [] == shared_lanes(talk.pair)


@pytest.mark.row("08")
@pytest.mark.original("B108")
@pytest.mark.parametrize("profile", [OPENAI, AZURE, GENERIC], ids=lambda profile: profile.name)
@POLICIES
@SHAPES
@pytest.mark.original("B108", "C1:test_drain_timeout_clears_state")
async def test_row_08_words_that_come_after_the_drain_deadline_are_nobodys(
    abandoned: Answer, then: CancelPolicy, profile: ServerProfile, autojump_clock: MockClock
) -> None:
    talk = await after_an_endless_drain(profile, then, abandoned)

    assert_nothing_stale(talk, then, profile)
    if profile.lanes and then is not CancelPolicy.RETIRE:
        # The other lanes live on: nothing was dialled for it.
        assert 1 == talk.pair.network.dials
    else:
        assert talk.left(0) <= talk.asked["Stop."] + 5.0 + LATENCY


@pytest.mark.row("08")
@pytest.mark.original("B108")
@pytest.mark.parametrize("profile", [AZURE, GENERIC], ids=lambda profile: profile.name)
async def test_row_08_a_turn_that_waits_for_the_drain_gets_a_new_connection_at_its_deadline(
    profile: ServerProfile, autojump_clock: MockClock
) -> None:
    talk = await after_an_endless_drain(profile, CancelPolicy.DRAIN, ORDERLY)

    assert 5.0 + DIAL + LATENCY == pytest.approx(talk.waited("Stop."))
    assert [0, 1, 1] == [entry.connection for entry in talk.pair.log("in") if entry.type == "response.create"]


def call_the_lane_idle(session: Session, lane: Lane, step: Step) -> None:
    """The original's rule for the end of a drain: forget what was cancelled, keep the connection."""


@pytest.mark.row("08")
@pytest.mark.original("B108")
@pytest.mark.parametrize(
    "profile,abandoned,symptom",
    [(GENERIC, BARE, "STALE0"), (AZURE, ORDERLY, "connection 0")],
    ids=["stale_words", "shared_connection"],
)
async def test_row_08_fails_if_the_lane_is_called_idle_when_the_drain_deadline_passes(
    symptom: str, abandoned: Answer, profile: ServerProfile, monkeypatch: pytest.MonkeyPatch, autojump_clock: MockClock
) -> None:
    draining = {**RESPONSE_ROWS[ResponsePhase.DRAINING]}
    draining[ResponseEvent.EXPIRED] = (ResponsePhase.IDLE, call_the_lane_idle)
    planted = MappingProxyType({**RESPONSE_ROWS, ResponsePhase.DRAINING: MappingProxyType(draining)})
    monkeypatch.setattr("rejoinder.states.session.RESPONSE_ROWS", planted)

    talk = await after_an_endless_drain(profile, CancelPolicy.DRAIN, abandoned)

    with pytest.raises(AssertionError, match=symptom):
        assert_nothing_stale(talk, CancelPolicy.DRAIN, profile)


def contexts(talk: Talk) -> list[list[str]]:
    """For each create, the words that the server knows when it answers: what it continues, and what was sent."""
    known: dict[str, list[str]] = {}
    found: list[list[str]] = []
    for entry in talk.pair.server.log:
        if entry.type == "response.create":
            found.append([*known.get(entry.body.get("previous_response_id"), []), *map(words, entry.body["input"])])
        elif entry.type == "response.completed":
            known[entry.body["response"]["id"]] = [*found[-1], *map(words, entry.body["response"]["output"])]
    return found


def words(item: JsonObject) -> str:
    return text_of(item.get("content"))


@pytest.mark.row("08b")
@pytest.mark.original("B108")
@BOTH
@pytest.mark.parametrize("signal", [True, False], ids=["signal", "no_signal"])
@pytest.mark.original("B108")
async def test_row_08b_a_trickle_does_not_prolong_the_drain(
    *, signal: bool, profile: ServerProfile, autojump_clock: MockClock
) -> None:
    trickle = Answer([story("a", 3), story("STALE", 20, 3.0)])
    server = ModelServer(profile, scripted([trickle, FINE, FINE]), CancelMode.IGNORE)

    async with open_talk(server, Policy(signal=signal, then=CancelPolicy.DRAIN)) as talk:
        await talk.interrupt("Tell me a story.", deltas=3)
        left = trio.current_time()
        await talk.say("Stop.")
        await trio.sleep(30)

        assert [HEARD, "Fine."] == talk.heard
        assert talk.waited("Stop.") <= promised(CancelPolicy.DRAIN, lanes=profile.lanes)
        if profile.lanes:
            assert ("draining", "Expired", "quarantined") in talk.pair.moves("response")
            assert math.inf == talk.left(0)
        else:
            assert left + 5.0 == pytest.approx(talk.left(0))
            assert [] == [entry.at for entry in talk.pair.log("out", 0) if entry.at > left + 5.0]


@pytest.mark.row("25")
@BOTH
@POLICIES
@SHAPES
async def test_row_25_four_turns_later_both_sides_know_the_same_conversation(
    abandoned: Answer, then: CancelPolicy, profile: ServerProfile, autojump_clock: MockClock
) -> None:
    answers = [abandoned, B_STORY, FINE, Answer([Text("Goodbye.")])]
    server = ModelServer(profile, scripted(answers), CancelMode.IGNORE)

    async with open_talk(server, Policy(signal=True, then=then)) as talk:
        expected: list[list[str]] = []
        for turn in ("Tell me a story.", "Stop.", "Thank you.", "Goodbye."):
            expected.append([*(words(item) for item in talk.items), turn])
            await (talk.say(turn) if len(expected) > 1 else talk.interrupt(turn, deltas=3))
            await trio.sleep(2 if len(expected) == 2 else 0)
        named = [create.get("previous_response_id") for create in talk.pair.creates]

        assert [HEARD, "".join(f"b{number} " for number in range(12)), "Fine.", "Goodbye."] == talk.heard
        assert expected == contexts(talk)
        # What was cancelled is never continued; everything after it is.
        assert [None, None, "resp_2", "resp_3"] == named
