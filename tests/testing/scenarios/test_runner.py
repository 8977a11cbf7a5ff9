"""Running and judging: what differs is told, whatever it is, and other runs are not touched by it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, Final

import attrs
import pytest
import trio
from trio.testing import MockClock

from rejoinder.engine import Endpoint, Session, Settings
from rejoinder.testing import Answer, Event, ServerFaults, Text
from rejoinder.testing.scenarios import Kind, Result, Scenario, Setting, run_all, run_scenario, select, settings_of
from rejoinder.testing.scenarios.acts import Ask, Begin, Converse, Idle
from rejoinder.testing.scenarios.records import Server
from rejoinder.testing.scenarios.runner import open_client
from rejoinder.testing.script import Pause, Stall

LANES: Final = Setting("trio-websocket", Kind.LANES)
SERIAL: Final = Setting("trio-websocket", Kind.SERIAL)


def scenario(name: str, **changes: Any) -> Scenario:  # noqa: ANN401 - fields of a scenario
    (found,) = select([name])
    return attrs.evolve(found, **changes)


def converse(name: str, **changes: Any) -> Converse:  # noqa: ANN401 - fields of the act
    """The first act of a scenario that calls functions, changed."""
    act = scenario(name).acts[0]
    assert isinstance(act, Converse)
    return attrs.evolve(act, **changes)


def frames(result: Result) -> list[str]:
    return [found for found in result.differences if found.startswith("frames")]


# -- as it should be -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["01", "02b", "03b", "04", "05b", "08", "09", "12", "13d", "16b", "19'", "22", "24", "http barge-in"]
)
async def test_what_is_right_is_right_on_every_kind(name: str, loopback_clock: MockClock) -> None:
    (chosen,) = select([name])
    results = await run_all([(chosen, setting) for setting in settings_of(chosen, ["trio-websocket"], list(Kind))])

    assert [()] * len(results) == [result.differences for result in results]


async def test_figures_are_told_of_a_run(loopback_clock: MockClock) -> None:
    result = await run_scenario(scenario("09d"), LANES)

    assert {"turn 1 ended", "handshakes"} == set(result.figures)
    assert (4, True) == (result.figures["handshakes"], 0.1 <= result.figures["turn 1 ended"] < 1.5)


# -- planted in the server ------------------------------------------------------------------------------------------------------


async def test_another_word_is_found(loopback_clock: MockClock) -> None:
    planted = scenario("01", server=Server([Answer([Text("Good morning.")]), Answer([Text("It is Wednesday.")])]))
    result = await run_scenario(planted, LANES)

    assert not result.right
    assert "turn 2 heard 'It is Wednesday.', not 'It is Tuesday.'" in result.differences
    assert "turn 3 heard 'You said: Thank you.', not 'Goodbye.'" in result.differences
    assert ["frames missing: 0 < lane-1: ", "frames not expected: 0 < lane-1: "] == [
        found.partition("created")[0] for found in frames(result)
    ]


async def test_a_word_too_few_or_too_many_is_found(loopback_clock: MockClock) -> None:
    fewer = scenario("01", server=Server([Answer([Text("Good")])]))
    more = scenario("01", server=Server([Answer([Text("Good morning."), Text(" Sir.")])]))

    assert "turn 1 heard 'Good', not 'Good morning.'" in (await run_scenario(fewer, LANES)).differences
    assert "turn 1 heard 'Good morning. Sir.', not 'Good morning.'" in (await run_scenario(more, LANES)).differences


async def test_a_frame_that_nobody_hears_is_found(loopback_clock: MockClock) -> None:
    answers = scenario("01").server.answers
    planted = Server([attrs.evolve(answers[0], late=[Event({"type": "codex.rate_limits"})]), *answers[1:]])
    result = await run_scenario(scenario("01", server=planted), LANES)

    assert list(result.differences) == frames(result)
    assert "completed resp_1, codex.rate_limits, created resp_2" in result.differences[1]


async def test_a_create_that_says_more_or_less_is_found(loopback_clock: MockClock) -> None:
    planted = scenario("01", settings=attrs.evolve(scenario("01").settings, temperature=0.5))
    result = await run_scenario(planted, SERIAL)

    assert "frames missing: 0 > create: user 'Good morning!'" in result.differences
    assert "frames not expected: 0 > create: user 'Good morning!'; temperature 0.5" in result.differences


async def test_a_miss_that_was_not_meant_is_found(loopback_clock: MockClock) -> None:
    answers = scenario("01").server.answers
    planted = scenario("01", server=Server(answers, faults=ServerFaults(forget_continuations=1)))
    result = await run_scenario(planted, LANES)

    assert [] == [found for found in result.differences if found.startswith("turn")]  # no caller noticed
    assert "frames not expected: 0 > create lane-1: user 'Good morning!', assistant 'Good morning.', user 'Which day is it?'" in (
        result.differences
    )


async def test_another_end_is_found(loopback_clock: MockClock) -> None:
    planted = scenario("14", server=Server([*scenario("14").server.answers[:1], Answer([Text("a0 a1 a2 ")])]))

    found = (await run_scenario(planted, LANES)).differences
    assert any(
        each.startswith("turn 2 ended with 'completed', not 'ResponseFailed (response failed, server_error, ") for each in found
    )


async def test_what_takes_too_long_is_found(loopback_clock: MockClock) -> None:
    late = scenario("09c", server=attrs.evolve(scenario("09c").server, handshakes=(0.0, 1.0)))
    slow = scenario("19d", acts=[converse("19d", within=0.1)])

    found = (await run_scenario(late, LANES)).differences
    assert ["turn 2 reached the server after 1.00 s, not within 0.75 s"] == list(found)
    assert "turn 1 ended after 0.30 s, not within 0.1 s" in (await run_scenario(slow, LANES)).differences


async def test_tokens_that_were_not_told_are_found(loopback_clock: MockClock) -> None:
    planted = scenario("01", acts=[Ask("Good morning!", "Good morning.", usage="1 in, 1 out")])

    assert any("tokens, not of 1 in, 1 out" in found for found in (await run_scenario(planted, LANES)).differences)


async def test_calls_that_became_something_else_are_found(loopback_clock: MockClock) -> None:
    planted = scenario("13c", acts=[converse("13c", told=["started call_a"], ran=["look_up y"])])
    found = (await run_scenario(planted, LANES)).differences

    assert ("turn 1 was told of calls: started call_a, finished call_a; not started call_a") in found
    assert "turn 1 ran look_up x; not look_up y" in found


# -- bounds ----------------------------------------------------------------------------------------------------------------------


async def test_a_run_is_cut_off_at_its_bound(loopback_clock: MockClock) -> None:
    endless = scenario("01", bound=2.0, server=Server([Answer([Stall()])]))
    result = await run_scenario(endless, LANES)

    assert "the run was not over after its bound of 2 s" in result.differences
    assert "turn 1 ended with 'not over', not 'completed'" in result.differences
    assert 2.0 == pytest.approx(result.happened.seconds, abs=0.2)


@asynccontextmanager
async def slow_to_leave(endpoint: Endpoint, settings: Settings, wire: str) -> AsyncGenerator[Session]:
    async with open_client(endpoint, settings, wire) as session:
        yield session
        await trio.sleep(1.5)


async def test_a_session_that_takes_long_to_close_is_found(loopback_clock: MockClock) -> None:
    result = await run_scenario(scenario("01"), LANES, slow_to_leave)

    assert ["closing the session took 1.50 s, and may take 1 s"] == list(result.differences)


@asynccontextmanager
async def raising(endpoint: Endpoint, settings: Settings, wire: str) -> AsyncGenerator[Session]:
    async with open_client(endpoint, settings, wire) as session:
        yield session
    raise RuntimeError("on the way out")


async def test_a_client_that_raises_is_wrong_and_ends_no_other_run(loopback_clock: MockClock) -> None:
    over: list[Result] = []
    results = await run_all([(scenario("01"), LANES), (scenario("01w"), SERIAL)], opener=raising, over=over.append)

    assert [("the client raised RuntimeError: on the way out",)] * 2 == [result.differences for result in results]
    assert {"01", "01w"} == {result.scenario.name for result in over}


async def test_no_more_run_at_once_than_are_allowed(loopback_clock: MockClock) -> None:
    waiting = scenario("01", acts=[Idle(1.0)], lanes="", bound=3.0)
    began = trio.current_time()
    await run_all([(waiting, LANES)] * 4, at_once=2)

    assert 2.0 <= trio.current_time() - began < 3.5


# -- what is run where -----------------------------------------------------------------------------------------------------------


def test_a_row_is_run_on_each_wire_against_each_kind_that_it_is_about() -> None:
    kinds = [Kind.LANES, Kind.SERIAL]

    assert [Setting(wire, kind) for wire in ("a", "b") for kind in kinds] == settings_of(scenario("01"), ["a", "b"], kinds)
    assert [Setting("a", Kind.LANES)] == settings_of(scenario("16"), ["a"], kinds)
    assert [] == settings_of(scenario("16"), ["a"], [Kind.SERIAL])
    assert [Setting("http", Kind.HTTP)] == settings_of(scenario("http ok"), ["a", "b"], [Kind.SERIAL])
    assert ["a, serial", "http"] == [str(Setting("a", Kind.SERIAL)), str(Setting("http", Kind.HTTP))]


async def test_a_turn_in_the_background_is_told_of_when_the_session_has_ended(loopback_clock: MockClock) -> None:
    closed = "Interrupted (session closed, not safe to repeat): The session was closed before the answer was complete."
    planted = scenario(
        "01",
        server=Server([Answer([Text("a ", ["a "]), Pause(9.0)])]),
        acts=[Begin(Ask("One", "a ", closed), deltas=1)],
        lanes="""
0 > create lane-1: user 'One'
0 < lane-1: created resp_1, in progress, item message, part, 'a ', text done, part done, item done
        """,
        figures=[],
    )

    assert () == (await run_scenario(planted, LANES)).differences
