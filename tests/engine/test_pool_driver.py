"""What callers, observers and the server see of a pool: who waits for what, which link takes it, what is counted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs
import pytest
import trio
import trio.testing

from harness.loopback import tasks
from harness.over_http import open_over_http
from harness.pair import KEY, Pair, open_pair
from rejoinder.engine import (
    Asked,
    ConnectionFailed,
    Conversation,
    DeadlineExceeded,
    Deadlines,
    Endpoint,
    Finished,
    Interrupted,
    Observation,
    Policy,
    RecordingFailed,
    Response,
    ResponseCancelled,
    Sent,
    SessionClosed,
    Settings,
    SteerStatus,
    Wait,
    open_pool,
)
from rejoinder.engine.pool_driver import PoolDriver
from rejoinder.engine.recorder import VARIABLE
from rejoinder.states.profiles import AZURE as SERIAL
from rejoinder.states.profiles import OPENAI
from rejoinder.states.verdicts import Cause
from rejoinder.testing import AZURE, Answer, LinkPlan, ModelServer, Received, Stall, Text
from rejoinder.testing.server_faults import ServerFaults
from rejoinder.testing.simulator import serve

SLOW = LinkPlan(handshake_delay=0.3, latency=0.01)


def paced(received: Received) -> Answer:
    """Says what it heard, in two seconds; to "stall" it says nothing more."""
    if received.text == "stall":
        return Answer([Text("one", interval=0.1), Stall()])
    return Answer([Text(f"heard {received.text}", interval=1.0)])


def files_in(folder: Path) -> dict[str, str]:
    """The texts of all files, by name."""
    return {path.name: path.read_text("ascii") for path in folder.iterdir()}


def by_link(pair: Pair) -> list[tuple[int, str]]:
    """The connection and the last words of each create."""
    return [(entry.connection, entry.body["input"][-1]["content"]) for entry in pair.log("in") if entry.type == "response.create"]


# -- interruptions ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("spares, waited", [(1, 0.0), (0, 0.3)])
async def test_after_an_interruption_a_spare_link_saves_the_handshake(
    spares: int, waited: float, autojump_clock: trio.testing.MockClock
) -> None:
    async with open_pair(ModelServer(AZURE, paced), pool={"size": 2, "spares": spares}, default=SLOW) as pair:
        conversation = Conversation("stall")
        async with pair.session.respond(conversation) as response:
            await pair.deltas(response, 1)
            await trio.sleep(1.0)
        conversation.user("go on")
        async with pair.session.respond(conversation) as response:
            text = await response.text()
        timings = response.timings

    assert "heard go on" == text
    assert waited == pytest.approx(timings.queued)
    assert timings.dial == timings.queued
    assert [0, 1] == [connection for connection, _ in by_link(pair)]


async def test_over_a_socket_too_the_next_request_needs_no_handshake(loopback_clock: trio.testing.MockClock) -> None:
    async with (
        serve(ModelServer(AZURE, paced), key=KEY) as simulator,
        open_pool(Endpoint(simulator.url, KEY, profile=SERIAL), size=2) as session,
    ):
        async with session.respond("stall") as response:
            async for _ in response.text_deltas():
                break
            await trio.sleep(1.0)
            upgrades = len(simulator.upgrades)
        async with session.respond("go on") as response:
            text = await response.text()
        after = len(simulator.upgrades)

    assert "heard go on" == text
    assert (2, 2) == (upgrades, after)
    assert 0.0 == response.timings.queued


async def test_a_pool_of_one_hedges_as_a_session_does(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(ModelServer(AZURE, paced), pool={"size": 1}, default=SLOW) as pair:
        async with pair.session.respond("stall") as response:
            await pair.deltas(response, 1)
        async with pair.session.respond("go on") as response:
            await response.text()

    assert 0.25 + 0.3 == pytest.approx(response.timings.queued)


# -- waiting ---------------------------------------------------------------------------------------------------------------------


async def test_when_all_links_are_in_use_requests_wait_in_order(autojump_clock: trio.testing.MockClock) -> None:
    ended: list[tuple[float, str]] = []

    async def ask(pair: Pair, word: str) -> None:
        text = await pair.ask(word)
        ended.append((trio.current_time(), text))

    async with open_pair(ModelServer(AZURE, paced), pool={"size": 2, "spares": 0}) as pair, trio.open_nursery() as nursery:
        for word in ("a", "b", "c", "d", "e"):
            nursery.start_soon(ask, pair, word)
            await trio.testing.wait_all_tasks_blocked()
        state = pair.session.state
        statistics = pair.session.statistics()

    assert {3: Wait.TURN, 4: Wait.TURN, 5: Wait.TURN} == {
        number: request.waits_for for number, request in state.requests.items() if request.waits_for is not None
    }
    assert ["sent", "sent", "waiting", "waiting", "waiting"] == list(statistics.requests.values())
    assert ["heard a", "heard b", "heard c", "heard d", "heard e"] == [text for _, text in sorted(ended)]
    assert [2.0, 2.0, 4.0, 4.0, 6.0] == [at for at, _ in sorted(ended)]


async def test_one_that_waits_can_be_cancelled_and_nothing_is_sent(autojump_clock: trio.testing.MockClock) -> None:
    async with (
        open_pair(ModelServer(AZURE, paced), pool={"size": 1}) as pair,
        pair.session.respond("one") as first,
        pair.session.respond("two") as second,
        pair.session.respond("three") as third,
    ):
        second.cancel()
        second.cancel()
        texts = [await first.text(), await third.text()]
        with pytest.raises(ResponseCancelled):
            await second.result()

    assert ["heard one", "heard three"] == texts
    assert [(0, "one"), (0, "three")] == by_link(pair)
    assert ["cancelled", "completed", "completed"] == [seen.outcome.kind for seen in pair.seen if isinstance(seen, Finished)]


async def test_an_observer_may_cancel_what_is_only_asked_for_and_nothing_leaves(
    autojump_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[Response] = []
    ask = PoolDriver.ask

    def hold(driver: PoolDriver, response: Response, *, warm_up: bool) -> None:
        held.append(response)
        ask(driver, response, warm_up=warm_up)

    def leave(observation: Observation) -> None:
        if isinstance(observation, Asked):
            held[0].cancel()

    monkeypatch.setattr(PoolDriver, "ask", hold)
    async with open_pair(ModelServer(AZURE, paced), pool={"size": 1}) as pair:
        pair.session.observe(leave)
        async with pair.session.respond("one") as response:
            await trio.sleep(1)

    assert "cancelled" == response.status
    assert [] == by_link(pair)


async def test_an_observer_may_close_the_session_at_once_and_nothing_leaves(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(ModelServer(AZURE, paced), pool={"size": 1}) as pair:
        pair.session.observe(lambda observation: pair.session.close() if isinstance(observation, Asked) else None)
        with pytest.raises(Interrupted) as caught:
            await pair.ask("one")

    assert caught.value.failure is not None
    assert Cause.CLOSED is caught.value.failure.cause
    assert [] == by_link(pair)


async def test_it_does_not_wait_for_ever(autojump_clock: trio.testing.MockClock) -> None:
    policy = Policy(deadlines=Deadlines(queue=5.0))
    async with (
        open_pair(ModelServer(AZURE, paced), policy=policy, pool={"size": 1}) as pair,
        pair.session.respond("stall") as first,
        pair.session.respond("waits") as second,
    ):
        await pair.deltas(first, 1)
        with pytest.raises(DeadlineExceeded, match=r"within 5 s: every link of the pool was in use\. .*size=") as caught:
            await second.text()
        waited = trio.current_time()
        first.cancel()
        assert 1 == pair.session.statistics().outcomes["interrupted"]

    assert 5.0 == waited
    assert (5.0, 0.0) == (second.timings.queued, second.timings.dial)
    assert caught.value.verdict is not None
    assert (False, True) == (caught.value.verdict.sent, caught.value.verdict.replay_safe)


async def test_leaving_ends_what_runs_and_what_waits(autojump_clock: trio.testing.MockClock) -> None:
    ends: list[Interrupted] = []

    async def listen(pair: Pair, word: str) -> None:
        with pytest.raises(Interrupted) as caught:
            await pair.ask(word)
        ends.append(caught.value)

    async with trio.open_nursery() as nursery:
        async with open_pair(ModelServer(AZURE, paced), pool={"size": 2}) as pair:
            for _ in range(4):
                nursery.start_soon(listen, pair, "stall")
            await trio.sleep(1.0)
        left = trio.current_time()

    assert 1.0 == left
    assert [Cause.CLOSED] * 4 == [end.failure.cause for end in ends if end.failure is not None]
    with pytest.raises(SessionClosed):
        await pair.ask("Late")


async def test_no_task_outlives_the_pool_or_a_link_that_is_retired(autojump_clock: trio.testing.MockClock) -> None:
    before = tasks()
    async with open_pair(ModelServer(AZURE, paced), pool={"size": 3, "spares": 0, "idle_limit": 60.0}) as pair:
        await pair.ask("one")
        alone = len(tasks())
        async with trio.open_nursery() as nursery:
            for _ in range(3):
                nursery.start_soon(pair.ask, "more")
        wide = len(tasks())
        await trio.sleep(100.0)
        narrow = len(tasks())
        statistics = pair.session.statistics()

    assert before == tasks()
    assert alone == narrow < wide
    assert {1: "open"} == statistics.links
    assert (4, 4) == (statistics.creates, statistics.outcomes["completed"])
    assert sum(link.ended is not None for link in pair.network.links) == 3


# -- dials -----------------------------------------------------------------------------------------------------------------------


async def test_a_server_that_cannot_be_reached_is_told_as_a_session_tells_it(autojump_clock: trio.testing.MockClock) -> None:
    plan = LinkPlan(unreachable=True)
    async with open_pair(ModelServer(AZURE, paced), policy=Policy(dial_attempts=1), plans=[plan], pool={"size": 2}) as pair:
        with pytest.raises(ConnectionFailed):
            await pair.ask("one")
        assert "heard two" == await pair.ask("two")


async def test_a_further_link_that_cannot_be_had_fails_nobody(autojump_clock: trio.testing.MockClock) -> None:
    plans = [LinkPlan(), *(LinkPlan(refuse_status=503) for _ in range(9))]
    async with open_pair(ModelServer(AZURE, paced), plans=plans, pool={"size": 3, "spares": 0}) as pair:
        with trio.fail_after(60):
            async with trio.open_nursery() as nursery:
                first = pair.session.respond("one")
                async with first as running:
                    await pair.deltas(running, 1)
                    for _ in range(3):
                        nursery.start_soon(pair.ask, "more")
                    await running.text()

    assert {0} == {connection for connection, _ in by_link(pair)}
    assert {"completed": 4} == pair.session.statistics().outcomes


async def test_preconnect_dials_the_first_and_the_spare_ones(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(ModelServer(AZURE), settings=Settings(preconnect=True), pool={"size": 4, "spares": 2}) as pair:
        await trio.sleep(1.0)
        links = dict(pair.session.statistics().links)

    assert {1: "open", 1_000_001: "open"} == links


# -- figures and observers -------------------------------------------------------------------------------------------------------


async def test_numbers_of_requests_are_unique_and_links_are_numbered_apart(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(ModelServer(AZURE, paced), pool={"size": 3, "spares": 0}) as pair:
        async with trio.open_nursery() as nursery:
            for word in "abc":
                nursery.start_soon(pair.ask, word)
        state = pair.session.state

    assert [1, 2, 3] == [seen.request for seen in pair.seen if isinstance(seen, Asked)]
    sent = sorted((seen.request, seen.link) for seen in pair.seen if isinstance(seen, Sent))
    assert [(1, 1), (2, 1_000_001), (3, 2_000_001)] == sent
    assert [1, 1_000_001, 2_000_001] == [link.number for link in state.links.values()] == list(state.links)


async def test_a_trace_is_refused_with_what_to_do(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(ModelServer(AZURE), pool={"size": 2}) as pair:
        with pytest.raises(RecordingFailed, match=r"each member of a pool has a lifecycle of its own.* REJOINDER_TRACE"):
            pair.session.record(tmp_path / "trace.jsonl")

    assert {} == files_in(tmp_path)


async def test_each_member_is_recorded_if_the_environment_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, autojump_clock: trio.testing.MockClock
) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "trace.jsonl"))
    async with open_pair(ModelServer(AZURE, paced), pool={"size": 2, "spares": 0, "idle_limit": 10.0}) as pair:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(pair.ask, "a")
            nursery.start_soon(pair.ask, "b")
        await trio.sleep(20.0)

    assert ["trace-2.jsonl", "trace.jsonl"] == sorted(files_in(tmp_path))
    assert all(text.count("Shutdown") == 1 for text in files_in(tmp_path).values())


# -- steering --------------------------------------------------------------------------------------------------------------------

NARROW = attrs.evolve(OPENAI, in_flight=1)
"""Steering, and one response at a time."""


def open_narrow() -> Any:  # noqa: ANN401 - a context manager
    return open_pair(ModelServer(answer=paced), client=NARROW, pool={"size": 1})


async def test_words_wait_with_the_request_they_are_for(autojump_clock: trio.testing.MockClock) -> None:
    async with open_narrow() as pair, pair.session.respond("one") as first, pair.session.respond("two") as second:
        steering = second.steer("Shorter, please.")
        before = steering.status
        await first.text()
        await second.text()

    assert (SteerStatus.QUEUED, SteerStatus.APPLIED) == (before, steering.status)


async def test_words_for_a_request_that_never_left_fail(autojump_clock: trio.testing.MockClock) -> None:
    async with open_narrow() as pair, pair.session.respond("one") as first, pair.session.respond("two") as second:
        steering = second.steer("Shorter, please.")
        second.cancel()
        late = second.steer("Still there?")
        during = first.steer("Shorter.")
        await first.text()

    assert [SteerStatus.FAILED, SteerStatus.FAILED] == [steering.status, late.status]
    assert SteerStatus.APPLIED is during.status


# -- over HTTP where there is no socket ------------------------------------------------------------------------------------------


async def test_what_the_socket_cannot_serve_goes_over_http(loopback_clock: trio.testing.MockClock) -> None:
    server = ModelServer(faults=ServerFaults(refuse_status=426))
    async with open_over_http(server, transport="auto", sticky=True, pool={"size": 2, "spares": 1}) as both:
        texts = [await both.ask(word) for word in ("one", "two")]
        statistics = both.session.statistics()

    assert ["You said: one", "You said: two"] == texts
    assert 1 == len(both.simulator.upgrades)
    assert 2 == statistics.counts["HandedOver"]
    assert {100_001} == {seen.link for seen in both.seen if isinstance(seen, Sent)}
    assert {100_001} <= set(statistics.links)
