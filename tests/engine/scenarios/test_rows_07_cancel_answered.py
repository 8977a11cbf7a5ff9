"""Rows 07 to 07d of the original's measured scenarios: what a server may answer to a cancel, which nobody has documented.

Rule: an error that answers a cancel is nobody's failure, a cancel that is refused or ignored is nobody's wait, and one that is
answered late does not put every later turn off by one.
"""

from __future__ import annotations

from typing import Final

import pytest
import trio
from trio.testing import MockClock

from harness.dialogue import HEDGED, PROMPT, SLACK, Talk, open_talk, promised, shared_lanes, story
from rejoinder.engine import CancelPolicy, Policy
from rejoinder.states.classify import CLASSIFICATION, compile_classification
from rejoinder.states.triggers import ResponseEvent
from rejoinder.testing import AZURE, OPENAI, Answer, CancelMode, ModelServer, ServerProfile, Text, scripted

BOTH: Final = pytest.mark.parametrize("profile", [OPENAI, AZURE], ids=lambda profile: profile.name)
SIGNAL: Final = pytest.mark.parametrize("signal", [True, False], ids=["signal", "no_signal"])
POLICIES: Final = pytest.mark.parametrize("then", list(CancelPolicy))
STORY: Final = Answer([story("a", 60)])
"""What takes six seconds to tell."""
AT_ONCE: Final = Answer([Text("At once.")])
FINE: Final = Answer([Text("Fine.")])
HEARD: Final = "a0 a1 a2 "


@pytest.mark.row("07")
@pytest.mark.original("B108")
@BOTH
@SIGNAL
@pytest.mark.original("B108")
async def test_row_07_a_cancel_that_is_answered_by_an_error_only(
    *, signal: bool, profile: ServerProfile, autojump_clock: MockClock
) -> None:
    # The response falls silent without a terminal: after the cancel, or where none is sent, by itself.
    silent = Answer([story("a", 3)], terminal=None)
    server = ModelServer(
        profile, scripted([STORY if signal else silent, AT_ONCE, FINE]), CancelMode.ERROR, cancel_stream_goes_on=False
    )

    async with open_talk(server, Policy(signal=signal)) as talk:
        await talk.interrupt("Tell me a story.", deltas=3)
        left = trio.current_time()
        await talk.say("Stop.")
        await trio.sleep(6)
        await talk.say("Thank you.")

        assert [HEARD, "At once.", "Fine."] == talk.heard
        assert talk.waited("Stop.") <= promised(CancelPolicy.LANE, lanes=profile.lanes)
        assert talk.waited("Thank you.") <= PROMPT
        assert (["resp_1"] if signal else []) == [cancel["response_id"] for cancel in talk.pair.cancels]
        assert (1 if signal else 0) == talk.pair.notes().count("CancelRefused")
        # The drain ends with its deadline: a serial link goes with it, of a link with lanes only the lane.
        assert "DrainOverdue" in talk.pair.notes()
        if profile.lanes:
            assert 1 == talk.pair.network.dials
        else:
            assert left + 5.0 == pytest.approx(talk.left(0))


async def after_a_cancel(talk: Talk) -> None:
    """Interrupt a story at once by another turn, and take a third long after the story's end."""
    await talk.interrupt("Tell me a story.", deltas=3)
    await talk.say("Stop.")
    await trio.sleep(10)
    await talk.say("Thank you.")


def assert_kept_its_promise(talk: Talk, then: CancelPolicy, profile: ServerProfile) -> None:
    assert [HEARD, "At once.", "Fine."] == talk.heard
    assert talk.waited("Stop.") <= promised(then, lanes=profile.lanes)
    assert talk.waited("Thank you.") <= PROMPT
    assert [] == shared_lanes(talk.pair)


@pytest.mark.row("07b")
@BOTH
@POLICIES
async def test_row_07b_a_cancel_that_is_refused_is_not_waited_for(
    then: CancelPolicy, profile: ServerProfile, autojump_clock: MockClock
) -> None:
    server = ModelServer(profile, scripted([STORY, AT_ONCE, FINE]), CancelMode.ERROR, cancel_delay=0.05)

    async with open_talk(server, Policy(signal=True, then=then)) as talk:
        await after_a_cancel(talk)

        assert_kept_its_promise(talk, then, profile)


@pytest.mark.row("07c")
@BOTH
@POLICIES
@pytest.mark.original("B111")
async def test_row_07c_a_cancel_that_is_ignored_is_not_waited_for(
    then: CancelPolicy, profile: ServerProfile, autojump_clock: MockClock
) -> None:
    server = ModelServer(profile, scripted([STORY, AT_ONCE, FINE]), CancelMode.IGNORE)

    async with open_talk(server, Policy(signal=True, then=then)) as talk:
        await after_a_cancel(talk)

        assert_kept_its_promise(talk, then, profile)


async def answered_late(profile: ServerProfile, *, signal: bool, answered_after: float) -> Talk:
    """Row 07d: the server stops at once, and so long after the terminal answers the cancel by an error; then three turns."""
    answers = [STORY, Answer([story("b", 3)], created_after=0.1), FINE, Answer([Text("Goodbye.")])]
    server = ModelServer(
        profile, scripted(answers), CancelMode.LATE_ERROR, cancel_stream_goes_on=False, cancel_delay=answered_after
    )

    async with open_talk(server, Policy(signal=signal)) as talk:
        await talk.interrupt("Tell me a story.", deltas=3)
        await talk.say("Stop.")
        await talk.say("Thank you.")
        await trio.sleep(1.0)
        await talk.say("Goodbye.")
        return talk


def assert_unharmed(talk: Talk, profile: ServerProfile, *, signal: bool) -> None:
    assert [HEARD, "b0 b1 b2 ", "Fine.", "Goodbye."] == talk.heard
    assert talk.waited("Stop.") <= (PROMPT if profile.lanes or signal else HEDGED) + SLACK
    assert max(talk.waited("Thank you."), talk.waited("Goodbye.")) <= PROMPT
    assert (["resp_1"] if signal else []) == [cancel["response_id"] for cancel in talk.pair.cancels]
    assert [] == shared_lanes(talk.pair)


ANSWERED_AFTER: Final = pytest.mark.parametrize(
    "answered_after", [0.0, 0.06, 0.2, 1.0], ids=["at_once", "before_created", "while_streaming", "after_the_end"]
)


@pytest.mark.row("07d")
@BOTH
@SIGNAL
@ANSWERED_AFTER
async def test_row_07d_an_error_that_answers_the_cancel_after_the_terminal_harms_no_turn(
    *, answered_after: float, signal: bool, profile: ServerProfile, autojump_clock: MockClock
) -> None:
    talk = await answered_late(profile, signal=signal, answered_after=answered_after)

    assert_unharmed(talk, profile, signal=signal)
    assert (1 if signal else 0) == talk.pair.notes().count("CancelRefused")
    assert {"CancelRefused"} >= set(talk.pair.notes())


@pytest.mark.row("07d")
@BOTH
async def test_row_07d_fails_if_the_error_is_blamed_on_the_new_response(
    profile: ServerProfile, monkeypatch: pytest.MonkeyPatch, autojump_clock: MockClock
) -> None:
    # The original's fault: an error without a label belongs to whoever waits, whatever cancel is still owed an answer.
    blaming = compile_classification(tuple(row for row in CLASSIFICATION if row.event is not ResponseEvent.DOUBTFUL))
    monkeypatch.setattr("rejoinder.states.intake.CLASSIFIED", blaming)

    talk = await answered_late(profile, signal=True, answered_after=0.06)

    with pytest.raises(AssertionError, match=r"\(ResponseFailed\)"):
        assert_unharmed(talk, profile, signal=True)
