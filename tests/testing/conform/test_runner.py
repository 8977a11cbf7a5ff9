"""A run ends in time, whatever the server does; what ends it early is said, and nothing that a server says brings it down."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any, cast

import attrs
import pytest
import trio
from trio.testing import MockClock

from rejoinder.engine.wire import HandshakeFailed
from rejoinder.testing import Answer, ErrorFrame, LinkPlan, MemoryNetwork, ModelServer
from rejoinder.testing.conform import ROWS, PlainRequestRefused, Row, Verdict, examine
from rejoinder.testing.memory_wire import memory_connector
from testing.conform.alterations import Alteration, obliging_server, report_on, target, verdicts


async def test_server_that_cannot_be_reached_is_the_callers_news(autojump_clock: MockClock) -> None:
    network = MemoryNetwork(obliging_server(), default=LinkPlan(unreachable=True))
    unreachable = attrs.evolve(target(network.server), connector=memory_connector(network))

    with pytest.raises(HandshakeFailed, match=r"No connection to 127\.0\.0\.1 port 1"):
        await examine(unreachable, ROWS)


async def test_dial_that_hangs_ends_with_the_timeout(autojump_clock: MockClock) -> None:
    network = MemoryNetwork(obliging_server(), default=LinkPlan(handshake_delay=float("inf")))
    hanging = attrs.evolve(target(network.server), connector=memory_connector(network), timeout=7.0)
    began = trio.current_time()

    with pytest.raises(HandshakeFailed, match=r"did not open a connection within 7 s"):
        await examine(hanging, ROWS)
    assert 7.0 == trio.current_time() - began


async def test_plain_request_that_is_refused_is_told_at_once(autojump_clock: MockClock) -> None:
    with pytest.raises(PlainRequestRefused, match=r"model_not_found \(The requested model 'gpt-4.1' does not exist\.\)"):
        await report_on(obliging_server(known_models=frozenset({"another"})))


async def test_silent_server_costs_one_timeout(autojump_clock: MockClock) -> None:
    report = await report_on(obliging_server("silent"))
    found = verdicts(report)

    assert 30.0 == report.seconds
    assert "The server did not answer a plain request within 30 s." == report.stopped
    assert not report.succeeded
    assert Verdict.BROKEN is found["created-first"]
    assert Verdict.UNDECIDED is found["ping"]


async def test_server_that_goes_away_ends_the_run_with_what_was_found(autojump_clock: MockClock) -> None:
    network = MemoryNetwork(obliging_server(), [LinkPlan(), LinkPlan()], default=LinkPlan(unreachable=True))
    leaving = attrs.evolve(target(network.server), connector=memory_connector(network))
    report = await examine(leaving, ROWS)
    found = verdicts(report)

    assert report.stopped.startswith("No connection to 127.0.0.1")
    assert not report.succeeded
    assert [row.name for row in ROWS] == [result.row.name for result in report.results]
    assert (Verdict.KEPT, Verdict.UNDECIDED, Verdict.UNDECIDED) == (found["stream-accepted"], found["continuation"], found["ping"])
    assert 3 == network.dials


async def test_conversation_is_held_once_for_all_its_rows(autojump_clock: MockClock) -> None:
    server = obliging_server()
    begun: list[Row] = []
    rows = [row for row in ROWS if row.name in {"created-first", "sequence", "continuation", "previous-echoed"}]
    await examine(target(server), rows, begun.append)

    assert rows == begun
    assert 3 == len(server.creates())


async def test_row_that_does_not_apply_sends_nothing(autojump_clock: MockClock) -> None:
    server = obliging_server(profile="azure")
    await report_on(server, "lane-limit")

    assert 1 == len(server.creates())  # the plain request


async def test_nothing_is_stored_on_the_server(autojump_clock: MockClock) -> None:
    server = obliging_server()
    await report_on(server)

    assert {False} == {body["store"] for body in server.creates()}


# -- servers that say anything at all ------------------------------------------------------------------------------------------

ODDITIES: list[Any] = [None, True, 0, -1, 1.5, "", "words", [], [[]], [None], {}, {"id": []}, [{"type": 3}], {"content": [3]}]


def mangling(seed: int) -> Alteration:
    """Put something odd in place of some values of each frame, or of the frame."""
    dice = random.Random(seed)

    def mangled(value: object, depth: int) -> object:
        if dice.random() < 0.03 * depth:
            return dice.choice(ODDITIES)
        if isinstance(value, dict):
            return {name: mangled(inner, depth + 1) for name, inner in cast("dict[str, object]", value).items()}
        if isinstance(value, list):
            return [mangled(inner, depth + 1) for inner in cast("list[object]", value)]
        return value

    def received(body: object) -> Sequence[object]:
        return [mangled(body, 0) for _ in range(dice.choice([0, 1, 1, 1, 1, 1, 1, 2]))]

    return Alteration(received=received)


@pytest.mark.parametrize("seed", range(25))
async def test_no_answer_brings_down_the_run(autojump_clock: MockClock, seed: int) -> None:
    seeds = iter(range(seed * 1000, seed * 1000 + 999))
    try:
        report = await report_on(obliging_server(), make=lambda: mangling(next(seeds)))
    except PlainRequestRefused:
        return

    assert [row.name for row in ROWS] == [result.row.name for result in report.results]


@pytest.mark.parametrize("after", range(1, 12))
async def test_no_loss_brings_down_the_run(autojump_clock: MockClock, after: int) -> None:
    report = await report_on(obliging_server(f"drop-after:{after}"))

    assert [row.name for row in ROWS] == [result.row.name for result in report.results]
    assert not report.succeeded


async def test_error_that_says_nothing_is_told_as_such(autojump_clock: MockClock) -> None:
    mute = ModelServer(answer=lambda _: Answer(reject=ErrorFrame(code=None, type=None, message="")))

    with pytest.raises(PlainRequestRefused, match=r"^no code$"):
        await report_on(mute)
