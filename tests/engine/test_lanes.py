"""Lanes under load: sixteen responses at once, many turns, interruptions; over memory with thousands of events, and over a socket.

What the server saw is the judge: how many responses it had in flight, how many names it was given, who heard what.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterable

import attrs
import pytest
import trio
import trio.testing

from harness.pair import KEY, Pair, open_pair
from rejoinder.engine import (
    Conversation,
    DeadlineExceeded,
    Deadlines,
    Endpoint,
    Interrupted,
    Policy,
    Session,
    Settings,
    Wait,
    open_pool,
    open_session,
)
from rejoinder.states.profiles import OPENAI
from rejoinder.testing import Answer, CancelMode, LinkPlan, LogEntry, ModelServer, Received, Text
from rejoinder.testing.simulator import serve

TERMINALS = frozenset({"response.completed", "response.failed", "response.incomplete"})
IN_FLIGHT, NAMES = OPENAI.in_flight, OPENAI.names


@attrs.define(eq=False)
class Seen:
    """What a server saw on one connection."""

    running: set[str] = attrs.field(factory=set[str])
    most: int = 0
    names: set[str] = attrs.field(factory=set[str])
    errors: list[str] = attrs.field(factory=list[str])
    beside: int = 0
    """Creates that came while a response whose cancel had come still ran."""
    cancelled: set[str] = attrs.field(factory=set[str])


def seen_by(log: Iterable[LogEntry]) -> list[Seen]:
    """What there was on each connection: from each create to its terminal, by lane."""
    connections: defaultdict[int, Seen] = defaultdict(Seen)
    lanes: dict[str, str] = {}
    for entry in log:
        seen = connections[entry.connection]
        if entry.direction == "in" and entry.type == "response.create":
            lane = entry.body["stream_id"]
            seen.names.add(lane)
            seen.running.add(lane)
            seen.most = max(seen.most, len(seen.running))
            seen.beside += bool(seen.cancelled & seen.running)
        elif entry.direction == "in":
            seen.cancelled.add(lanes[entry.body["response_id"]])
        elif entry.type == "response.created":
            lanes[entry.body["response"]["id"]] = entry.body["stream_id"]
        elif entry.type in TERMINALS:
            seen.running.discard(entry.body["stream_id"])
            seen.cancelled.discard(entry.body["stream_id"])
        elif entry.type == "error":
            seen.errors.append(entry.body["error"]["code"])
    return [seen for number, seen in connections.items() if number >= 0]


def echo(received: Received) -> Answer:
    """Repeats the last words, a second after another."""
    return Answer([Text(f"<{received.text}>", pieces=[f"<{received.text}", ">"], interval=1.0)])


async def talk(session: Session, name: str, chance: random.Random, turns: int, heard: Counter[str]) -> None:
    """Many turns of one conversation, some of them interrupted; every word has to be this one's own."""
    conversation = Conversation()
    for turn in range(turns):
        words = f"{name} {turn}"
        conversation.user(words)
        async with session.respond(conversation) as response:
            text = ""
            stop = chance.random() < 0.3
            async for piece in response.text_deltas():
                text += piece
                if stop:
                    break
        assert text == (f"<{words}" if stop else f"<{words}>")
        heard["stopped" if stop else "whole"] += 1
        await trio.sleep(chance.choice([0.0, 0.5, 3.0]))


# -- many turns ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", list(CancelMode), ids=lambda mode: mode.name.lower())
@pytest.mark.parametrize("talkers", [4, 16, 40], ids=lambda talkers: f"{talkers} at once")
async def test_bounds_hold_and_words_stay_apart_over_many_turns(
    talkers: int, mode: CancelMode, autojump_clock: trio.testing.MockClock
) -> None:
    heard: Counter[str] = Counter()
    server = ModelServer(answer=echo, cancel_mode=mode, cancel_delay=0.7)
    async with open_pair(server, default=LinkPlan(handshake_delay=0.2, latency=0.03)) as pair:
        async with trio.open_nursery() as nursery:
            for number in range(talkers):
                nursery.start_soon(talk, pair.session, f"t{number}", random.Random(number), 6, heard)
        await trio.sleep(30)
        statistics = pair.session.statistics()

    assert 6 * talkers == heard["whole"] + heard["stopped"]
    for seen in seen_by(server.log):
        assert seen.most <= IN_FLIGHT
        assert len(seen.names) <= NAMES
        assert set() == seen.running
        assert set(seen.errors) <= {"unknown_event_type"}
    # Where more talk than one link carries, whoever waits behind a cancelled response soon goes to a link of its own.
    assert any(seen.beside for seen in seen_by(server.log)) or talkers > IN_FLIGHT
    assert {"idle"} == set(statistics.lanes.values())
    assert statistics.reused > 0 or talkers > IN_FLIGHT
    assert "Illegal" not in pair.notes()


async def test_a_pool_keeps_its_links_and_what_they_remember_where_one_link_is_too_narrow(
    autojump_clock: trio.testing.MockClock,
) -> None:
    heard: Counter[str] = Counter()
    server = ModelServer(answer=echo, cancel_mode=CancelMode.IGNORE)
    async with open_pair(server, default=LinkPlan(handshake_delay=0.2, latency=0.03), pool={"size": 3}) as pair:
        async with trio.open_nursery() as nursery:
            for number in range(40):
                nursery.start_soon(talk, pair.session, f"t{number}", random.Random(number), 6, heard)
        statistics = pair.session.statistics()
    seen = seen_by(server.log)

    assert 6 * 40 == heard["whole"] + heard["stopped"]
    assert 3 == len(seen) == pair.network.dials
    assert all(each.most <= IN_FLIGHT and len(each.names) <= NAMES and each.errors == [] for each in seen)
    assert 0.3 < statistics.reuse_ratio


async def test_names_are_used_again_when_there_are_no_new_ones(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(ModelServer(answer=echo)) as pair:
        for number in range(100):
            assert f"<{number}>" == await pair.ask(str(number))
    (seen,) = seen_by(pair.server.log)

    assert NAMES == len(seen.names)
    assert [] == seen.errors


async def test_a_cancelled_lane_drains_while_its_successor_runs(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(ModelServer(answer=echo, cancel_mode=CancelMode.IGNORE)) as pair:
        await pair.ask("warm")
        async with pair.session.respond("long") as response:
            await pair.deltas(response, 1)
        stopped = trio.current_time()
        async with pair.session.respond("next") as response:
            await anext(response)
            phases = dict(pair.session.statistics().lanes)
            text = await response.text()
        begun = pair.times("response.create")[-1]

    assert "<next>" == text
    assert stopped == begun
    assert "draining" in phases.values()
    assert (0.0, 0.0) == (response.timings.queued, response.timings.drain)


# -- when they run out -----------------------------------------------------------------------------------------------------------


async def fill(pair: Pair, nursery: trio.Nursery, count: int, ended: list[tuple[float, str]]) -> None:
    """Ask ``count`` questions, one after another, and note when each was answered."""

    async def ask(word: str) -> None:
        text = await pair.ask(word)
        ended.append((trio.current_time(), text))

    for number in range(count):
        nursery.start_soon(ask, f"{number:02}")
        await trio.testing.wait_all_tasks_blocked()


async def test_the_seventeenth_waits_and_says_for_what(autojump_clock: trio.testing.MockClock) -> None:
    ended: list[tuple[float, str]] = []
    async with open_pair(ModelServer(answer=echo)) as pair:
        await pair.ask("warm")
        began = trio.current_time()
        async with trio.open_nursery() as nursery:
            await fill(pair, nursery, IN_FLIGHT, ended)
            async with pair.session.respond("one more") as response:
                state = pair.session.state.requests[response.number]
                text = await response.text()
            await fill(pair, nursery, 1, ended)

    assert "<one more>" == text
    assert (Wait.TURN, None) == (state.waits_for, state.link)
    assert (2.0, 0.0, 0.0) == (response.timings.queued, response.timings.drain, response.timings.dial)
    assert [began + 2.0] * IN_FLIGHT == [at for at, _ in sorted(ended)[:-1]]


async def test_those_that_wait_go_in_the_order_they_were_made(autojump_clock: trio.testing.MockClock) -> None:
    ended: list[tuple[float, str]] = []
    async with open_pair(ModelServer(answer=echo)) as pair:
        await pair.ask("warm")
        async with trio.open_nursery() as nursery:
            await fill(pair, nursery, 3 * IN_FLIGHT, ended)
    asked = [create["input"][-1]["content"] for create in pair.creates[1:]]
    (seen,) = seen_by(pair.server.log)

    assert sorted(asked) == asked
    assert [IN_FLIGHT] * 3 == [pair.times("response.create").count(at) for at in (2.0, 4.0, 6.0)]
    assert IN_FLIGHT == seen.most


async def test_who_waits_too_long_is_told_what_to_do(autojump_clock: trio.testing.MockClock) -> None:
    policy = Policy(deadlines=Deadlines(queue=1.5))
    async with open_pair(ModelServer(answer=echo), policy=policy) as pair:
        await pair.ask("warm")
        async with trio.open_nursery() as nursery:
            await fill(pair, nursery, IN_FLIGHT, [])
            with pytest.raises(DeadlineExceeded, match=r"1\.5 s, others were before it\. .* pool of links .*queue=") as caught:
                await pair.ask("one more")

    assert caught.value.verdict is not None
    assert (False, True) == (caught.value.verdict.sent, caught.value.verdict.replay_safe)
    assert IN_FLIGHT + 1 == len(pair.creates)


async def test_a_pool_takes_the_seventeenth_on_another_link(autojump_clock: trio.testing.MockClock) -> None:
    ended: list[tuple[float, str]] = []
    async with open_pair(ModelServer(answer=echo), pool={"size": 2}, default=LinkPlan(handshake_delay=0.25)) as pair:
        await pair.ask("warm")
        began = trio.current_time()
        async with trio.open_nursery() as nursery:
            await fill(pair, nursery, IN_FLIGHT + 4, ended)
    seen = seen_by(pair.server.log)

    assert [IN_FLIGHT, 4] == [each.most for each in seen]
    assert [began + 2.0] * IN_FLIGHT + [began + 2.25] * 4 == [at for at, _ in sorted(ended)]


# -- over a socket ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("links", [1, 2])
async def test_over_a_socket(links: int, loopback_clock: trio.testing.MockClock) -> None:
    heard: Counter[str] = Counter()
    server = ModelServer(answer=echo, cancel_mode=CancelMode.IGNORE)
    async with serve(server, key=KEY) as simulator:
        endpoint = Endpoint(simulator.url, KEY, profile=OPENAI)
        opened = open_session(endpoint, Settings()) if links == 1 else open_pool(endpoint, Settings(), size=links)
        async with opened as session, trio.open_nursery() as nursery:
            for number in range(24):
                nursery.start_soon(talk, session, f"t{number}", random.Random(number), 3, heard)
    seen = seen_by(server.log)

    assert 24 * 3 == heard["whole"] + heard["stopped"]
    assert links == len(simulator.upgrades) or links == 1
    assert all(each.most <= IN_FLIGHT and len(each.names) <= NAMES and each.errors == [] for each in seen)
    assert IN_FLIGHT == max(each.most for each in seen)
    assert any(each.beside for each in seen)


async def test_a_lost_socket_costs_each_caller_only_its_own_words(autojump_clock: trio.testing.MockClock) -> None:
    ends: Counter[str] = Counter()

    async def ask(pair: Pair, word: str) -> None:
        try:
            assert f"<{word}>" == await pair.ask(word)
            ends["whole"] += 1
        except Interrupted as interrupted:
            ends["interrupted"] += interrupted.partial.text in {f"<{word}", ""}

    plans = [LinkPlan(cut_after_received=200), LinkPlan()]
    async with open_pair(ModelServer(answer=echo), plans=plans) as pair:
        await pair.ask("warm")
        async with trio.open_nursery() as nursery:
            for number in range(40):
                nursery.start_soon(ask, pair, f"{number:02}")

    assert 40 == ends.total()
    assert ends["whole"] > ends["interrupted"] > 0
    assert all(seen.most <= IN_FLIGHT for seen in seen_by(pair.server.log))
