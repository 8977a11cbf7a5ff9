"""Rows 03 and 03b of the original's measured scenarios, and rows 06 and 06b: cancels while a response streams or drains.

Rule: the next turn waits for nobody longer than the cancel policy promises, and gets its own words only.
"""

from __future__ import annotations

from typing import Final

import pytest
import trio
from trio.testing import MockClock

from harness.dialogue import HEDGED, LATENCY, PROMPT, ROUND_TRIP, SLACK, open_talk, promised, shared_lanes, story
from harness.pair import message, user
from rejoinder.engine import CancelPolicy, Policy
from rejoinder.testing import AZURE, OPENAI, Answer, CancelMode, ModelServer, ServerProfile, Text, scripted

BOTH: Final = pytest.mark.parametrize("profile", [OPENAI, AZURE], ids=lambda profile: profile.name)
SIGNAL: Final = pytest.mark.parametrize("signal", [True, False], ids=["signal", "no_signal"])
POLICIES: Final = pytest.mark.parametrize("then", list(CancelPolicy))
STORY: Final = Answer([story("a")])
AT_ONCE: Final = Answer([Text("At once.")])
FINE: Final = Answer([Text("Fine.")])
HEARD: Final = "a0 a1 a2 "


@pytest.mark.row("03")
@pytest.mark.original("B103", "B107", "B111")
@pytest.mark.parametrize(
    "profile,signal,bound",
    [(OPENAI, True, PROMPT), (OPENAI, False, PROMPT), (AZURE, True, PROMPT), (AZURE, False, HEDGED)],
    ids=["lanes", "lanes-no_signal", "serial", "serial-no_signal"],
)
@pytest.mark.original("B103", "C1:test_cancellation_preserves_connection_and_sets_drain")
async def test_row_03_cancel_while_streaming(
    *, bound: float, signal: bool, profile: ServerProfile, autojump_clock: MockClock
) -> None:
    async with open_talk(ModelServer(profile, scripted([STORY, AT_ONCE])), Policy(signal=signal)) as talk:
        await talk.interrupt("Tell me a story.", deltas=3)
        left = trio.current_time()
        await trio.sleep(0.05)
        await talk.say("Stop.")

        assert [HEARD, "At once."] == talk.heard
        assert [user("Tell me a story."), message(HEARD), user("Stop.")] == talk.pair.creates[1]["input"]
        assert talk.waited("Stop.") <= bound + SLACK
        assert [] == shared_lanes(talk.pair)
        if signal:
            assert [{"type": "response.cancel", "response_id": "resp_1"}] == talk.pair.cancels
            assert left + LATENCY == pytest.approx(talk.said("response.cancel", "resp_1").at)
        else:
            assert [] == talk.pair.cancels


@pytest.mark.row("03")
@pytest.mark.original("B103", "B107", "B111")
@BOTH
async def test_row_03_a_caller_that_left_hears_nothing_more(profile: ServerProfile, autojump_clock: MockClock) -> None:
    async with (
        open_talk(ModelServer(profile, scripted([STORY]))) as talk,
        talk.pair.session.respond("Tell me a story.") as response,
    ):
        await talk.pair.deltas(response, 2)
        await trio.sleep(1.05)
        response.cancel()
        await trio.sleep(1.0)
        later = [event async for event in response]

        # What had come, read or not, is told; what came afterwards is not.
        assert [] == later
        assert "cancelled" == response.status
        assert "".join(f"a{number} " for number in range(12)) == response.partial.text


@pytest.mark.row("03b")
@pytest.mark.original("B112")
@BOTH
@POLICIES
async def test_row_03b_a_server_that_takes_long_to_stop_is_not_waited_for(
    then: CancelPolicy, profile: ServerProfile, autojump_clock: MockClock
) -> None:
    server = ModelServer(profile, scripted([STORY, AT_ONCE, FINE]), cancel_delay=1.5)

    async with open_talk(server, Policy(signal=True, then=then)) as talk:
        await talk.interrupt("Tell me a story.", deltas=3)
        await talk.say("Stop.")
        await trio.sleep(10)
        await talk.say("Thank you.")

        assert [HEARD, "At once.", "Fine."] == talk.heard
        # A drain ends with the terminal: what is promised then is the deadline, and what is waited for is the server.
        assert talk.waited("Stop.") <= min(promised(then, lanes=profile.lanes), 1.5 + ROUND_TRIP + PROMPT)
        assert talk.waited("Thank you.") <= PROMPT
        assert [] == shared_lanes(talk.pair)
        if then is not CancelPolicy.RETIRE:
            assert ["resp_1"] == [cancel["response_id"] for cancel in talk.pair.cancels]


@pytest.mark.row("06")
@pytest.mark.original("B107")
async def test_row_06_cancel_while_draining_on_lanes(autojump_clock: MockClock) -> None:
    slow = Answer([Text("Never heard.")], created_after=0.5)

    async with open_talk(ModelServer(OPENAI, scripted([STORY, slow, FINE]), cancel_delay=0.6)) as talk:
        await talk.interrupt("Tell me a story.", deltas=3)
        await talk.interrupt("Stop.", after=0.1)
        await talk.say("Now!")

        assert [HEARD, "", "Fine."] == talk.heard
        assert talk.waited("Now!") <= PROMPT
        assert ["lane-1", "lane-2", "lane-3"] == [create["stream_id"] for create in talk.pair.creates]


@pytest.mark.row("06")
@pytest.mark.original("B107")
@pytest.mark.parametrize(
    "then,patience,dials",
    [(CancelPolicy.DRAIN, 0.1, 1), (CancelPolicy.HEDGE, 0.1, 2), (CancelPolicy.HEDGE, 0.27, 2)],
    ids=["drain", "before_the_hedge", "while_the_hedge_dials"],
)
async def test_row_06_cancel_while_draining_on_a_serial_link(
    dials: int, patience: float, then: CancelPolicy, autojump_clock: MockClock
) -> None:
    server = ModelServer(AZURE, scripted([STORY, FINE]), cancel_delay=0.6)

    async with open_talk(server, Policy(signal=True, then=then)) as talk:
        await talk.interrupt("Tell me a story.", deltas=3)
        left = trio.current_time()
        await talk.interrupt("Stop.", after=patience)
        await talk.say("Now!")

        # The turn that was cancelled in the queue never reached the server, and its dial served the next.
        assert [HEARD, "", "Fine."] == talk.heard
        assert ["Tell me a story.", "Now!"] == [create["input"][-1]["content"] for create in talk.pair.creates]
        assert dials == talk.pair.network.dials
        assert [] == shared_lanes(talk.pair)
        if then is CancelPolicy.DRAIN:
            assert left + 0.6 + 3 * LATENCY == pytest.approx(talk.entry("Now!").at)
        else:
            assert talk.waited("Now!") <= HEDGED + SLACK


@pytest.mark.row("06b")
@pytest.mark.original("B105")
@BOTH
@SIGNAL
@pytest.mark.parametrize("answered_after", [0.0, 0.1, 1.0], ids=["before_created", "after_created", "after_the_end"])
async def test_row_06b_a_cancel_that_crosses_completion_harms_nobody(
    *, answered_after: float, signal: bool, profile: ServerProfile, autojump_clock: MockClock
) -> None:
    answers = [STORY, Answer([Text("Too late.")], created_after=0.08), Answer([story("b", 3, 0.1)], created_after=0.05), FINE]

    async with open_talk(ModelServer(profile, scripted(answers)), Policy(signal=signal)) as talk:
        await talk.interrupt("Tell me a story.", deltas=3)
        await trio.sleep(0.1)
        # From here on the server answers cancels by errors that name nothing.
        talk.pair.server.cancel_mode = CancelMode.ERROR
        talk.pair.server.cancel_delay = answered_after
        await talk.interrupt("Stop.", after=0.05 if profile.lanes or signal else HEDGED + 0.05)
        await talk.say("Now!")
        await trio.sleep(1.0)
        await talk.say("Thank you.")

        assert [HEARD, "", "b0 b1 b2 ", "Fine."] == talk.heard
        assert (["resp_1", "resp_2"] if signal else []) == [cancel["response_id"] for cancel in talk.pair.cancels]
        assert talk.waited("Now!") <= PROMPT + (0 if profile.lanes else 0.08)
        assert talk.waited("Thank you.") <= PROMPT
        assert [] == shared_lanes(talk.pair)
        if signal:
            assert talk.said("response.completed", "resp_2").at < talk.said("response.cancel", "resp_2").at
            assert 1 == talk.pair.notes().count("CancelRefused")
            doubted = ("awaiting_created", "Doubtful", "doubted") in talk.pair.moves("response")
            assert (answered_after == 0.0) == doubted
