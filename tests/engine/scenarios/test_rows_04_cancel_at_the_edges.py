"""Rows 04 to 05b of the original's measured scenarios: cancels after the response has ended, and before it was sent.

Rule: nothing is on the wire then, so nothing is cancelled there, nothing is drained, and the next turn goes out at once.
"""

from __future__ import annotations

from typing import Final

import pytest
import trio
from trio.testing import MockClock

from harness.dialogue import LATENCY, NETWORK, PROMPT, Talk, open_talk, story
from harness.pair import message, user
from rejoinder.engine import Response
from rejoinder.states.continuation import Full, NoPrevious, Reuse
from rejoinder.testing import AZURE, OPENAI, Answer, Call, CancelMode, LinkPlan, ModelServer, ServerProfile, Text, scripted

BOTH: Final = pytest.mark.parametrize("profile", [OPENAI, AZURE], ids=lambda profile: profile.name)
CALLS: Final = Answer([Call("look_up", '{"day": "Tuesday"}', call_id="call_a")])
READY: Final = Answer([Text("Ready.")])
FINE: Final = Answer([Text("Fine.")])
CALL: Final = {"type": "function_call", "call_id": "call_a", "name": "look_up", "arguments": '{"day": "Tuesday"}'}
CANCELLED_TOOL: Final = {"type": "function_call_output", "call_id": "call_a", "output": "CANCELLED"}


def refusing(profile: ServerProfile, *answers: Answer) -> ModelServer:
    """A server that answers every cancel by an error, so that a needless one would be noticed."""
    return ModelServer(profile, scripted(answers), CancelMode.ERROR)


def assert_nothing_was_stopped(talk: Talk) -> None:
    assert [] == talk.pair.cancels
    assert [] == talk.pair.notes()
    assert 1 == talk.pair.network.dials
    assert not any("draining" in move or "cancel_pending" in move for move in talk.pair.moves("response"))


@pytest.mark.row("04")
@pytest.mark.original("B105")
@BOTH
async def test_row_04_cancel_while_a_tool_runs(profile: ServerProfile, autojump_clock: MockClock) -> None:
    async with open_talk(refusing(profile, CALLS, FINE)) as talk:
        await talk.say("What is on Tuesday?")
        talk.items.append(CALL)
        with trio.move_on_after(0.5):
            await trio.sleep_forever()  # the tool, which the user interrupts
        talk.items.append(CANCELLED_TOOL)
        await talk.say("Never mind.")

        assert ["", "Fine."] == talk.heard
        assert talk.waited("Never mind.") <= PROMPT
        assert [CANCELLED_TOOL, user("Never mind.")] == talk.pair.creates[1]["input"]
        assert [Full(NoPrevious()), Reuse("resp_1", (), 2)] == [sent.decision for sent in talk.pair.sent()]
        assert_nothing_was_stopped(talk)


@pytest.mark.row("04b")
@pytest.mark.original("B105")
@BOTH
async def test_row_04b_cancel_while_the_calls_are_being_started(profile: ServerProfile, autojump_clock: MockClock) -> None:
    started: list[str] = []

    async def start_calls(response: Response) -> None:
        async for event in response:
            if event.type == "response.output_item.done":
                await trio.sleep(1.0)  # whoever is told takes a second, and the rest of the response comes meanwhile
                started.append("call_a")

    async with open_talk(refusing(profile, CALLS, FINE)) as talk:
        with trio.move_on_after(0.5) as interruption:
            async with talk.pair.session.respond([user("What is on Tuesday?")]) as response:
                await start_calls(response)
        await talk.say("Never mind.")

        assert interruption.cancelled_caught
        assert [] == started
        assert {"Finished"} == {event for _, event, phase in talk.pair.moves("request") if phase == "ended"}
        assert ["Fine."] == talk.heard
        assert talk.waited("Never mind.") <= PROMPT
        assert_nothing_was_stopped(talk)


@pytest.mark.row("04c")
@pytest.mark.original("B105")
@BOTH
@pytest.mark.original("B105")
async def test_row_04c_cancel_after_the_end_while_it_is_being_reported(profile: ServerProfile, autojump_clock: MockClock) -> None:
    async with open_talk(refusing(profile, READY, FINE)) as talk:
        asked = trio.current_time()
        with trio.move_on_after(0.5) as interruption:
            async with talk.pair.session.respond([user("Ready?")]) as response:
                talk.items += [user("Ready?"), message(await response.text())]
                await trio.sleep(1.0)  # reports how long it took
        left = trio.current_time()
        await talk.say("Go.")

        assert interruption.cancelled_caught
        assert asked + 0.5 == left
        assert {"Finished"} == {event for _, event, phase in talk.pair.moves("request") if phase == "ended"}
        assert ["Fine."] == talk.heard
        assert talk.waited("Go.") <= PROMPT
        assert [user("Go.")] == talk.pair.creates[1]["input"]
        assert_nothing_was_stopped(talk)


@pytest.mark.row("05")
@pytest.mark.original("B105")
@BOTH
async def test_row_05_a_caller_that_is_cancelled_already_sends_nothing(profile: ServerProfile, autojump_clock: MockClock) -> None:
    async with open_talk(refusing(profile, READY, FINE)) as talk:
        await talk.say("Ready?")
        with trio.CancelScope() as interruption:
            interruption.cancel()
            async with talk.pair.session.respond([*talk.items, user("Never sent.")]):
                pytest.fail("nobody is there any more")
        await talk.say("Go.")

        assert interruption.cancelled_caught
        assert ["Ready.", "Fine."] == talk.heard
        assert talk.waited("Go.") <= PROMPT
        assert [[user("Ready?")], [user("Go.")]] == [create["input"] for create in talk.pair.creates]
        assert_nothing_was_stopped(talk)


@pytest.mark.row("05")
@pytest.mark.original("B105")
@BOTH
@pytest.mark.original("B105")
async def test_row_05_a_caller_that_leaves_at_once_takes_its_create_back(profile: ServerProfile, autojump_clock: MockClock) -> None:
    async with open_talk(refusing(profile, READY, FINE)) as talk:
        await talk.say("Ready?")
        async with talk.pair.session.respond([*talk.items, user("Never sent.")]) as response:
            pass
        await talk.say("Go.")

        assert "cancelled" == response.status
        assert ["Ready.", "Fine."] == talk.heard
        assert talk.waited("Go.") <= PROMPT
        # What was taken back cost nothing, not even the chain.
        assert [[user("Ready?")], [user("Go.")]] == [create["input"] for create in talk.pair.creates]
        assert ("cancel_pending", "Withdrawn", "idle") in talk.pair.moves("response")
        assert [] == talk.pair.cancels
        assert 1 == talk.pair.network.dials


@pytest.mark.row("05")
@pytest.mark.original("B105")
async def test_row_05_a_caller_that_leaves_the_queue_holds_nobody_up(autojump_clock: MockClock) -> None:
    long = Answer([story("a", 10)])

    async with open_talk(refusing(AZURE, long, FINE)) as talk, trio.open_nursery() as nursery:
        nursery.start_soon(talk.say, "Tell me a story.")
        await trio.sleep(0.5)
        with trio.move_on_after(0.4):
            await talk.pair.ask("Never sent.")
        asked = trio.current_time()
        heard = await talk.pair.ask("Go.")
        ended = talk.said("response.completed", "resp_1").at

        assert asked < ended
        assert ["".join(f"a{number} " for number in range(10))] == talk.heard
        assert "Fine." == heard
        assert ["Tell me a story.", "Go."] == [create["input"][-1]["content"] for create in talk.pair.creates]
        assert talk.entry("Go.").at - ended <= PROMPT
        assert_nothing_was_stopped(talk)


@pytest.mark.row("05b")
@pytest.mark.original("B110")
@BOTH
async def test_row_05b_cancel_while_dialling_leaves_the_dial_to_the_next_turn(
    profile: ServerProfile, autojump_clock: MockClock
) -> None:
    slow = LinkPlan(latency=LATENCY, handshake_delay=1.0)

    async with open_talk(refusing(profile, FINE), plans=[slow]) as talk:
        await talk.interrupt("Hello?", after=0.45)
        await talk.say("Are you there?")

        assert ["", "Fine."] == talk.heard
        assert 0.55 + LATENCY == pytest.approx(talk.waited("Are you there?"))
        assert 1 == len(talk.pair.creates)
        assert_nothing_was_stopped(talk)


@pytest.mark.row("05b")
@pytest.mark.original("B110")
@BOTH
async def test_row_05b_cancel_while_reconnecting_leaves_the_dial_to_the_next_turn(
    profile: ServerProfile, autojump_clock: MockClock
) -> None:
    slow = LinkPlan(latency=LATENCY, handshake_delay=1.0)

    async with open_talk(refusing(profile, READY, FINE), plans=[NETWORK, slow]) as talk:
        await talk.say("Ready?")
        talk.pair.network.links[0].cut()
        await trio.sleep(1.0)
        await talk.interrupt("Hello?", after=0.45)
        await talk.say("Are you there?")

        assert ["Ready.", "", "Fine."] == talk.heard
        assert 0.55 + LATENCY == pytest.approx(talk.waited("Are you there?"))
        assert [0, 1] == [entry.connection for entry in talk.pair.log("in")]
        assert 2 == talk.pair.network.dials
        assert [] == talk.pair.cancels
