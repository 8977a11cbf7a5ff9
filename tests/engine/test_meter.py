"""The counters of a session: exact bytes, reasons by name, tokens of everything that the server tells of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import pytest
import trio
import trio.testing

from harness import frames
from harness.hand_wire import HandNetwork
from harness.pair import KEY, Pair, message, open_pair, user
from rejoinder.engine import (
    CancelPolicy,
    Endpoint,
    Finished,
    Interrupted,
    Policy,
    ResponseFailed,
    Settled,
    Statistics,
    Usage,
    open_session,
)
from rejoinder.engine.meter import REMEMBERED, Meter
from rejoinder.engine.observations import Observation, Sent, TakenBack
from rejoinder.states.codec import encode_create
from rejoinder.states.continuation import Full, NoPrevious, Reuse
from rejoinder.states.profiles import AZURE as AZURE_PROFILE
from rejoinder.states.session import Session
from rejoinder.states.verdicts import Outcome, OutcomeKind
from rejoinder.testing import AZURE, Answer, CancelMode, LoseConnection, ModelServer, Pause, Stall, Text, scripted

USAGE = {"input_tokens": 11, "output_tokens": 5, "total_tokens": 16}
FIELDS = {"model": "gpt-4.1", "stream_id": "lane-1"}


def whole_size(items: Sequence[Mapping[str, Any]]) -> int:
    """Bytes of a create in full."""
    return len(encode_create({"model": "gpt-4.1", "store": False}, items, stream_id="lane-1").encode())


async def test_bytes_saved_are_those_of_the_items_that_were_not_sent(autojump_clock: trio.testing.MockClock) -> None:
    """Exactly: what a create in full would have been longer, less the name of the response it continues."""
    async with open_pair(ModelServer()) as pair:
        talk = [user("ein Wort für euch")]
        sizes: list[int] = []
        for turn in range(4):
            sizes.append(whole_size(talk))
            talk += [message(await pair.ask(talk)), user(f"Wörter {turn}")]
        statistics = pair.session.statistics()

    named = len('"previous_response_id":"resp_1",')
    assert (4, 3, 0.75) == (statistics.creates, statistics.reused, statistics.reuse_ratio)
    assert sum(sizes) + 3 * named == statistics.bytes_sent + statistics.bytes_saved


async def test_a_request_that_is_not_remembered_is_counted_all_the_same() -> None:
    meter, items = Meter(), [user("one"), message("1"), user("two")]
    sent = items[2:]
    size = len(encode_create(FIELDS, sent, previous_response_id="resp_1").encode())
    meter.create_sent(Sent(1, 1, None, Reuse("resp_1", sent, 2), 1, size), items, sent, lambda _: "")

    assert len('{"role":"user","content":"one"},{"role":"assistant","content":"1"},') == meter.read(Session()).bytes_saved


async def test_what_is_remembered_is_bounded_and_the_oldest_goes_first() -> None:
    meter = Meter()
    for number in range(REMEMBERED + 1):
        full = Sent(number, 1, None, Full(NoPrevious()), 1, 100)
        meter.create_sent(full, [user("one")], [user("one")], lambda _: "x" * 70)
        meter.ended(number, Outcome(OutcomeKind.COMPLETED, response={"id": f"resp_{number}"}), None)
    whole, sent = [user("one"), user("two")], [user("two")]
    for name in ("resp_0", "resp_1"):
        meter.create_sent(Sent(999, 1, None, Reuse(name, sent, 1), 1, 80), whole, sent, lambda _: "")

    # Of the first, the real size of the item; of the second, the size that its create had.
    one = len('{"role":"user","content":"one"},')
    assert one + (100 - 70 + 1) == meter.read(Session()).bytes_saved


async def test_full_sends_are_counted_by_the_name_of_the_reason(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(ModelServer()) as pair:
        await pair.ask("one")
        await pair.ask("two")
        await pair.ask("three")
        await pair.ask("four", previous_response_id="resp_1")
        statistics = pair.session.statistics()

    assert {"NoPrevious": 1, "PrefixChanged": 2, "CallerChain": 1} == statistics.full
    assert (4, 0, 0.0) == (statistics.creates, statistics.reused, statistics.reuse_ratio)


def test_before_the_first_create_nothing_was_reused() -> None:
    assert 0.0 == Statistics({}, {}, {}, 0, 0, 0, 0, 0, 0, {}).reuse_ratio


async def leave(pair: Pair, items: str) -> None:
    async with pair.session.respond(items) as response:
        await pair.deltas(response, 1)


@pytest.mark.original("B120", "B088")
async def test_what_a_cancelled_response_cost_is_told_when_its_terminal_comes(autojump_clock: trio.testing.MockClock) -> None:
    server = ModelServer(AZURE, scripted([Answer([Text("a b c", interval=1.0)], usage=USAGE)]), CancelMode.IGNORE)
    async with open_pair(server, policy=Policy(then=CancelPolicy.DRAIN)) as pair:
        await leave(pair, "Hi")
        before = pair.session.statistics()
        await trio.sleep(3)
        after = pair.session.statistics()

    assert ({"cancelled": 1}, {}, Usage()) == (before.outcomes, before.settled, before.usage)
    assert ({"cancelled": 1}, {"completed": 1}) == (after.outcomes, after.settled)
    assert Usage(11, 5, 16) == after.usage == after.abandoned_usage
    (finished,) = [seen for seen in pair.seen if isinstance(seen, Finished)]
    (settled,) = [seen for seen in pair.seen if isinstance(seen, Settled)]
    assert (1, OutcomeKind.CANCELLED, None) == (finished.request, finished.outcome.kind, finished.usage)
    assert Settled(1, "resp_1", OutcomeKind.COMPLETED, Usage(11, 5, 16), 2.0) == settled


async def test_an_end_without_a_count_is_counted_as_an_end(autojump_clock: trio.testing.MockClock) -> None:
    silent = Answer([Text("a b c", interval=1.0)], fields={"usage": None})
    async with open_pair(ModelServer(AZURE, scripted([silent]), CancelMode.IGNORE)) as pair:
        await leave(pair, "Hi")
        await trio.sleep(3)
        statistics = pair.session.statistics()

    assert ({"completed": 1}, Usage(), Usage()) == (statistics.settled, statistics.usage, statistics.abandoned_usage)
    assert [None] == [seen.usage for seen in pair.seen if isinstance(seen, Settled)]


@pytest.mark.original("B088")
async def test_a_request_that_was_sent_twice_shows_what_both_cost(autojump_clock: trio.testing.MockClock) -> None:
    """The first attempt is given up as overdue, and ends when the second is done: its number is that of the same request."""
    answers = [
        Answer([Text("warm")], usage=USAGE),
        Answer([Pause(130.0), Text("late")], usage={"input_tokens": 100}),
        Answer([Pause(20.0), Text("again")], usage={"input_tokens": 1000}),
    ]
    async with open_pair(ModelServer(answer=scripted(answers), cancel_mode=CancelMode.IGNORE)) as pair:
        await pair.ask("warm")
        assert "again" == await pair.ask("Hi")
        statistics = pair.session.statistics()

    assert 1111 == statistics.usage.input_tokens
    assert 100 == statistics.abandoned_usage.input_tokens
    assert [2] == [seen.request for seen in pair.seen if isinstance(seen, Settled)]
    assert 3 == statistics.creates


async def test_every_request_ends_in_one_counted_outcome(autojump_clock: trio.testing.MockClock) -> None:
    answers = [
        Answer([Text("well")]),
        Answer(terminal="failed"),
        Answer([Text("cut")], terminal="incomplete"),
        Answer([Text("half"), LoseConnection()]),
        Answer([Text("a"), Stall()]),
    ]
    async with open_pair(ModelServer(answer=scripted(answers))) as pair:
        for number in range(4):
            async with pair.session.respond(str(number)) as response:
                with suppress(ResponseFailed, Interrupted):
                    await response.result()
        await leave(pair, "4")
        statistics = pair.session.statistics()

    assert {"completed": 1, "failed": 1, "incomplete": 1, "interrupted": 1, "cancelled": 1} == statistics.outcomes


async def test_a_create_that_was_taken_back_is_as_if_it_had_not_been(autojump_clock: trio.testing.MockClock) -> None:
    network = HandNetwork()
    async with open_session(Endpoint("ws://localhost/", KEY, profile=AZURE_PROFILE), connector=network.connect) as session:
        async with session.respond("warm") as response:
            await trio.testing.wait_all_tasks_blocked()
            network.wires[0].say(frames.created(), frames.item_added(), frames.completed(output=[], sequence=2))
            await response.result()
        before = session.statistics()
        told: list[Observation] = []
        session.observe(told.append)
        async with session.respond("taken back"):
            pass
        after = session.statistics()

    assert 1 == len(network.wires[0].sent)
    assert [("Sent", 2), ("TakenBack", 2)] == [
        (type(each).__name__, each.request) for each in told if isinstance(each, Sent | TakenBack)
    ]
    for name in ("creates", "reused", "items_sent", "items_saved", "bytes_sent", "bytes_saved", "full"):
        assert getattr(before, name) == getattr(after, name)


async def test_requests_that_were_handed_over_are_not_kept() -> None:
    meter = Meter()
    content = [user("Hi")]
    for number in range(3):
        meter.create_sent(Sent(number, 1, None, Full(NoPrevious()), 1, 100), content, content, lambda _: "x" * 70)
        meter.handed_over(number)
        meter.handed_over(number)

    assert 3 == meter.read(Session()).creates
    held: Any = meter
    assert {} == held._asked  # noqa: SLF001 - nobody else can count them
