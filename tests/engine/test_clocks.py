"""Clocks that jump, and machines that sleep: the wall clock never matters, and a connection that died meanwhile is found out."""

from __future__ import annotations

import itertools
import math
import time

import pytest
import trio
import trio.testing

from harness.pair import Pair, open_pair
from rejoinder.engine import Policy, Settings
from rejoinder.testing import AZURE, Answer, LinkPlan, ModelServer, Text, scripted

HOUR = 3600.0
NETWORK = LinkPlan(handshake_delay=0.1, latency=0.1)
PLANS = [LinkPlan(refuse_status=503), NETWORK]
SLOW = Answer([Text("one two three", interval=1.0)])


async def talk() -> list[tuple[float, str]]:
    """A dial that fails first, an interruption with its drain, an idle link that has to prove itself; every frame with its time."""
    async with open_pair(ModelServer(AZURE, scripted([SLOW])), plans=PLANS, default=NETWORK) as pair:
        begun = trio.current_time()
        async with pair.session.respond("Tell") as response:
            await pair.deltas(response, 1)
        await pair.ask("Next")
        await trio.sleep(100.0)
        await pair.ask("Again")
    # The first pause is drawn by lot: what follows is told from the first create on.
    first = min(entry.at for entry in pair.log("in"))
    assert 0.3 < first - begun < 1.0
    return [(round(entry.at - first, 6), str(entry.type)) for entry in pair.server.log]


async def test_the_wall_clock_does_not_matter(monkeypatch: pytest.MonkeyPatch, autojump_clock: trio.testing.MockClock) -> None:
    undisturbed = await talk()
    jumps = itertools.cycle([0.0, 4e9, -86_400.0, 1e9, math.inf])
    monkeypatch.setattr(time, "time", lambda: next(jumps))
    disturbed = await talk()
    monkeypatch.undo()

    assert undisturbed[1:] == disturbed[1:]
    assert len(undisturbed) > 20


async def slept(pair: Pair, clock: trio.testing.MockClock, seconds: float) -> tuple[str, float]:
    """Sleep after a turn, then ask; what was answered, and after how long."""
    assert "You said: before" == await pair.ask("before")
    clock.jump(seconds)
    begun = trio.current_time()
    said = await pair.ask("after")
    return said, trio.current_time() - begun


async def test_a_link_that_survived_the_sleep_proves_itself_and_is_kept(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(ModelServer(AZURE), default=NETWORK) as pair:
        said, took = await slept(pair, autojump_clock, HOUR / 2)

    assert "You said: after" == said
    assert took <= 0.5
    assert 1 == pair.network.dials
    assert ("open", "Stale", "proving") in pair.moves("link")


async def test_a_link_that_died_in_the_sleep_costs_the_ping_deadline(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(ModelServer(AZURE), default=NETWORK) as pair:
        assert "You said: before" == await pair.ask("before")
        pair.network.links[0].freeze()
        autojump_clock.jump(HOUR / 2)
        begun = trio.current_time()
        assert "You said: after" == await pair.ask("after")
        took = trio.current_time() - begun

    assert 20.0 < took <= 21.0
    assert 2 == pair.network.dials
    assert ["before", "after"] == [create["input"][0]["content"] for create in pair.creates]


async def test_a_link_older_than_the_server_allows_is_replaced(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(ModelServer(AZURE), default=NETWORK) as pair:
        said, took = await slept(pair, autojump_clock, 2 * HOUR)

    assert "You said: after" == said
    assert took <= 2.0
    assert 2 == pair.network.dials


async def test_a_clock_that_stood_still_in_the_sleep_is_no_reason_to_trust_a_dead_link(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """On Linux the clock stands still meanwhile, so the link looks fresh: the pings find out."""
    async with open_pair(ModelServer(AZURE), default=NETWORK) as pair:
        assert "You said: before" == await pair.ask("before")
        pair.network.links[0].freeze()
        begun = trio.current_time()
        assert "You said: after" == await pair.ask("after")
        took = trio.current_time() - begun

    assert took <= 30.0 + 1.0
    assert 2 == pair.network.dials


async def test_who_cannot_wait_lets_every_idle_link_prove_itself(autojump_clock: trio.testing.MockClock) -> None:
    settings = Settings(policy=Policy(prove_after=0.0))
    async with open_pair(ModelServer(AZURE), default=NETWORK, settings=settings) as pair:
        assert "You said: before" == await pair.ask("before")
        await trio.sleep(1.0)
        pair.network.links[0].freeze()
        begun = trio.current_time()
        assert "You said: after" == await pair.ask("after")
        took = trio.current_time() - begun

    assert 20.0 < took <= 21.0
    assert ["before", "after"] == [create["input"][0]["content"] for create in pair.creates]
