"""Rows 02 to 02d of the original's measured scenarios: the caller leaves before ``response.created`` has come.

Rule: what is to be stopped has no name yet, so a cancel can only follow the ``created``. It names that response and no other,
whether or not another turn follows. With the signal off the server is told nothing, and nobody waits longer for that.
"""

from __future__ import annotations

from typing import Any, Final

import pytest
import trio
from trio.testing import MockClock

from harness.dialogue import HEDGED, LATENCY, PROMPT, ROUND_TRIP, SLACK, Talk, open_talk, shared_lanes, story
from rejoinder.engine import Policy
from rejoinder.testing import AZURE, OPENAI, Answer, ModelServer, ServerProfile, Text, scripted

BOTH: Final = pytest.mark.parametrize("profile", [OPENAI, AZURE], ids=lambda profile: profile.name)
SIGNAL: Final = pytest.mark.parametrize("signal", [True, False], ids=["signal", "no_signal"])
CREATED_AFTER: Final = pytest.mark.parametrize("created_after", [0.1, 3.0])
LEFT: Final = 0.06
"""Seconds after which the caller leaves: the create has reached the server, its ``created`` is not back."""
READY: Final = Answer([Text("Ready.")])
AT_ONCE: Final = Answer([Text("At once.")])


def late_story(created_after: float) -> Answer:
    return Answer([story("never")], created_after=created_after)


def cancel_of(response_id: str, *, signal: bool) -> list[dict[str, Any]]:
    return [{"type": "response.cancel", "response_id": response_id}] if signal else []


def assert_stopped_as_soon_as_named(talk: Talk, response_id: str) -> None:
    """The cancel answers the ``created``, and the server says nothing more but the terminal."""
    created, cancel = talk.said("response.created", response_id), talk.said("response.cancel", response_id)
    spoken = "".join(entry.body["delta"] for entry in talk.pair.log("out") if entry.type == "response.output_text.delta")

    assert ROUND_TRIP == pytest.approx(cancel.at - created.at)
    assert created.connection == cancel.connection
    assert cancel.at == talk.said("response.incomplete", response_id).at
    assert "never" not in spoken


@pytest.mark.row("02")
@pytest.mark.original("B103")
@BOTH
@SIGNAL
@CREATED_AFTER
@pytest.mark.original("B103", "C1:test_drain_handles_pending_cancel")
async def test_row_02_cancel_before_created_on_the_first_turn(
    *, created_after: float, signal: bool, profile: ServerProfile, autojump_clock: MockClock
) -> None:
    server = ModelServer(profile, scripted([late_story(created_after), AT_ONCE]))

    async with open_talk(server, Policy(signal=signal)) as talk:
        await talk.interrupt("Tell me a story.", after=LEFT)
        left = trio.current_time()
        await talk.say("Stop.")
        await trio.sleep(10)
        named = talk.said("response.created", "resp_1").at + LATENCY - left

        assert ["", "At once."] == talk.heard
        assert cancel_of("resp_1", signal=signal) == talk.pair.cancels
        # A link that has not shown its lanes counts as serial; the `created` shows them.
        assert talk.waited("Stop.") <= (min(named + LATENCY, HEDGED) if profile.lanes else HEDGED) + SLACK
        assert [] == shared_lanes(talk.pair)
        if signal:
            assert_stopped_as_soon_as_named(talk, "resp_1")


@pytest.mark.row("02b")
@pytest.mark.original("B104")
@BOTH
@SIGNAL
@CREATED_AFTER
@pytest.mark.original("B104")
async def test_row_02b_cancel_before_created_names_the_new_response(
    *, created_after: float, signal: bool, profile: ServerProfile, autojump_clock: MockClock
) -> None:
    server = ModelServer(profile, scripted([READY, late_story(created_after), AT_ONCE]))

    async with open_talk(server, Policy(signal=signal)) as talk:
        await talk.say("Ready?")
        await talk.interrupt("Tell me a story.", after=LEFT)
        await talk.say("Stop.")
        await trio.sleep(10)

        assert ["Ready.", "", "At once."] == talk.heard
        assert cancel_of("resp_2", signal=signal) == talk.pair.cancels
        assert talk.waited("Stop.") <= (PROMPT if profile.lanes else HEDGED) + SLACK
        assert [] == shared_lanes(talk.pair)
        if signal:
            assert_stopped_as_soon_as_named(talk, "resp_2")


@pytest.mark.row("02c")
@pytest.mark.original("B104")
@BOTH
@SIGNAL
@CREATED_AFTER
async def test_row_02c_a_silent_caller_still_stops_the_response_and_the_session_stops_at_once(
    *, created_after: float, signal: bool, profile: ServerProfile, autojump_clock: MockClock
) -> None:
    server = ModelServer(profile, scripted([READY, late_story(created_after)]))

    async with open_talk(server, Policy(signal=signal)) as talk:
        await talk.say("Ready?")
        await talk.interrupt("Tell me a story.", after=LEFT)
        left = trio.current_time()
        await trio.sleep(20)
        statistics = talk.pair.session.statistics()
        stopped = trio.current_time()

    assert cancel_of("resp_2", signal=signal) == talk.pair.cancels
    assert stopped == trio.current_time()
    # Nothing is left unread, so the closing handshake has nothing to wait for.
    read = [entry for entry in talk.pair.log("out") if entry.at < min(talk.left(0), stopped) - LATENCY + SLACK]
    assert len(read) == statistics.frames_received
    if signal:
        assert_stopped_as_soon_as_named(talk, "resp_2")
    elif not profile.lanes:
        # Nothing else tells this server: the drain deadline closes the connection.
        assert left + 5.0 == pytest.approx(talk.left(0))


@pytest.mark.row("02d")
@pytest.mark.original("B103", "B106")
@BOTH
@SIGNAL
@CREATED_AFTER
@pytest.mark.original("B106")
async def test_row_02d_a_silent_caller_stops_the_first_response_too(
    *, created_after: float, signal: bool, profile: ServerProfile, autojump_clock: MockClock
) -> None:
    async with open_talk(ModelServer(profile, scripted([late_story(created_after)])), Policy(signal=signal)) as talk:
        await talk.interrupt("Tell me a story.", after=LEFT)
        await trio.sleep(20)

        assert cancel_of("resp_1", signal=signal) == talk.pair.cancels
        assert 1 == len(talk.pair.creates)
        if signal:
            assert_stopped_as_soon_as_named(talk, "resp_1")
