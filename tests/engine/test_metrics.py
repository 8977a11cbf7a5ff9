"""What a response took, figure by figure, on the virtual clock; and tokens, whatever a server leaves out."""

from __future__ import annotations

from contextlib import suppress
from typing import Literal

import pytest
import trio
import trio.testing

from harness.pair import message, open_pair, user
from rejoinder.engine import CancelPolicy, Finished, Interrupted, Policy, ResponseFailed, Timings, Usage
from rejoinder.engine.metrics import NO_USAGE, Stopwatch, usage_from
from rejoinder.states.snapshot import Wait
from rejoinder.testing import (
    AZURE,
    Answer,
    Call,
    CancelMode,
    ErrorFrame,
    LinkPlan,
    LoseConnection,
    ModelServer,
    Pause,
    Reasoning,
    Stall,
    Text,
    scripted,
)
from rejoinder.testing.script import Step

NETWORK = LinkPlan(handshake_delay=2.0, latency=0.5)
"""Two seconds for a handshake, half a second for each frame."""
PAUSED = Answer([Pause(3.0), Text("Hello there", interval=1.0)], created_after=1.0)
"""Created after 1 s, an item after 3 s more, a word each second after that."""


@pytest.mark.original("B115", "B117")
async def test_every_figure_of_a_first_response(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(ModelServer(answer=scripted([PAUSED])), default=NETWORK) as pair, pair.session.respond("Hi") as response:
        await response.text()
        await trio.sleep(10)

    expected = Timings(
        queued=2.0,
        drain=0.0,
        dial=2.0,
        pause=0.0,
        to_sent=2.0,
        to_created=4.0,
        to_first_output=7.0,
        to_first_text=8.0,
        total=9.0,
    )
    assert expected == response.timings
    assert (2.0, 5.0) == (response.timings.sent_to_created, response.timings.sent_to_first_output)


@pytest.mark.original("B116")
async def test_who_wants_the_first_of_a_session_takes_the_first(autojump_clock: trio.testing.MockClock) -> None:
    answers = [Answer([Text("one", interval=3.0)], created_after=1.0), Answer([Text("two")], created_after=2.0)]
    async with open_pair(ModelServer(AZURE, scripted(answers))) as pair:
        await pair.ask("one")
        await pair.ask("two")

    times = [seen.timings.to_first_output for seen in pair.seen if isinstance(seen, Finished)]
    assert [1.0, 2.0] == times


async def test_figures_grow_while_it_runs(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(ModelServer(answer=scripted([PAUSED])), default=NETWORK) as pair, pair.session.respond("Hi") as response:
        await trio.sleep(1)
        dialling = response.timings
        await trio.sleep(2)
        sent = response.timings
        await trio.sleep(2)
        created = response.timings

    assert (1.0, 1.0, 1.0) == (dialling.queued, dialling.dial, dialling.total)
    assert (None, None, None) == (dialling.to_sent, dialling.sent_to_created, dialling.sent_to_first_output)
    assert (2.0, 2.0, None) == (sent.queued, sent.to_sent, sent.to_created)
    assert (4.0, None, 5.0) == (created.to_created, created.to_first_output, created.total)


@pytest.mark.original("B117")
async def test_a_drain_is_a_figure_of_its_own(autojump_clock: trio.testing.MockClock) -> None:
    """The original hides up to 5 s of it in no figure at all."""
    server = ModelServer(AZURE, scripted([Answer([Text("a b c d e", interval=1.0)]), Answer([Text("next")])]))
    async with open_pair(server, policy=Policy(then=CancelPolicy.DRAIN)) as pair:
        async with pair.session.respond("one") as first:
            await pair.deltas(first, 1)
        async with pair.session.respond("two") as second:
            await second.text()

    timings = second.timings
    assert (4.0, 4.0, 0.0, 0.0) == (timings.queued, timings.drain, timings.dial, timings.pause)
    assert (4.0, 0.0) == (timings.to_sent, timings.sent_to_first_output)


@pytest.mark.original("B117")
async def test_a_drain_that_is_given_up_is_followed_by_a_dial_of_its_own(autojump_clock: trio.testing.MockClock) -> None:
    server = ModelServer(AZURE, scripted([Answer([Text("a"), Stall()]), Answer([Text("next")])]), CancelMode.IGNORE)
    async with open_pair(server, policy=Policy(then=CancelPolicy.DRAIN), default=LinkPlan(handshake_delay=2.0)) as pair:
        async with pair.session.respond("one") as first:
            await pair.deltas(first, 1)
        async with pair.session.respond("two") as second:
            await second.text()

    timings = second.timings
    assert (7.0, 5.0, 2.0) == (timings.queued, timings.drain, timings.dial)


async def test_a_reconnect_is_a_dial(autojump_clock: trio.testing.MockClock) -> None:
    server = ModelServer(AZURE, scripted([Answer([LoseConnection()]), Answer([Text("next")])]))
    plans = [LinkPlan(), LinkPlan(unreachable=True), LinkPlan(handshake_delay=1.0)]
    async with open_pair(server, plans=plans, policy=Policy(backoff_first=0.5)) as pair, pair.session.respond("Hi") as response:
        await response.text()

    timings = response.timings
    assert timings.dial == timings.queued == timings.total
    assert timings.dial > 1.0
    assert timings.to_sent == timings.to_created == timings.total


async def test_a_pause_that_the_server_asked_for_is_a_figure_of_its_own(autojump_clock: trio.testing.MockClock) -> None:
    busy = ErrorFrame(code="rate_limit_exceeded", status=429, headers={"retry-after": "7"})
    server = ModelServer(answer=scripted([Answer(reject=busy), Answer([Text("next")])]))
    async with open_pair(server) as pair, pair.session.respond("Hi") as response:
        await response.text()

    timings = response.timings
    assert (7.0, 7.0, 0.0, 0.0) == (timings.queued, timings.pause, timings.drain, timings.dial)
    assert 7.0 == timings.to_sent


async def test_others_that_are_listened_to_are_the_rest_of_the_queue(autojump_clock: trio.testing.MockClock) -> None:
    server = ModelServer(AZURE, scripted([Answer([Text("a b c", interval=1.0)]), Answer([Text("next")])]))
    async with open_pair(server) as pair, pair.session.respond("one") as first, pair.session.respond("two") as second:
        await first.text()
        await second.text()

    timings = second.timings
    assert (3.0, 0.0, 0.0, 0.0) == (timings.queued, timings.drain, timings.dial, timings.pause)


@pytest.mark.original("B118")
async def test_an_attempt_that_failed_leaves_no_figure_behind(autojump_clock: trio.testing.MockClock) -> None:
    """The original reports the time to the failure as if it were the time to the first token."""
    server = ModelServer(AZURE, scripted([Answer([Pause(3.0), LoseConnection()]), Answer([Text("next")], created_after=1.0)]))
    async with open_pair(server) as pair, pair.session.respond("Hi") as response:
        await trio.sleep(1.0)
        before = response.timings
        await response.text()

    after = response.timings
    assert (0.0, 0.0, None) == (before.to_sent, before.to_created, before.to_first_output)
    assert (3.0, 4.0, 4.0) == (after.to_sent, after.to_created, after.to_first_output)
    assert 1.0 == after.sent_to_first_output


@pytest.mark.original("B118")
async def test_a_failure_without_output_has_no_time_to_it(autojump_clock: trio.testing.MockClock) -> None:
    server = ModelServer(answer=scripted([Answer(reject=ErrorFrame(code="invalid_value"))]))
    async with open_pair(server) as pair, pair.session.respond("Hi") as response:
        with pytest.raises(ResponseFailed):
            await response.text()

    timings = response.timings
    assert (None, None, None) == (timings.to_created, timings.to_first_output, timings.to_first_text)


@pytest.mark.original("B119")
async def test_an_interruption_stops_all_times(autojump_clock: trio.testing.MockClock) -> None:
    server = ModelServer(AZURE, scripted([Answer([Text("a b c", interval=1.0)])]))
    async with open_pair(server) as pair:
        async with pair.session.respond("Hi") as response:
            await pair.deltas(response, 1)
            await trio.sleep(0.5)
        at_once = response.timings
        await trio.sleep(5)

    assert 1.5 == at_once.total
    assert at_once == response.timings


async def test_a_reconnect_in_the_midst_stops_no_time(autojump_clock: trio.testing.MockClock) -> None:
    """In the original a reconnect ends the time of the turn early."""
    server = ModelServer(AZURE, scripted([Answer([Pause(2.0), LoseConnection()]), Answer([Pause(3.0), Text("next")])]))
    async with open_pair(server) as pair, pair.session.respond("Hi") as response:
        await response.text()

    assert 5.0 == response.timings.total


@pytest.mark.original("B090", "B091")
async def test_the_first_item_of_any_type_is_the_first_output_and_text_is_told_apart(
    autojump_clock: trio.testing.MockClock,
) -> None:
    steps: list[Step] = [Pause(1.0), Reasoning("Hm", interval=1.0), Call("look", "{}", interval=1.0), Text("Done", interval=1.0)]
    async with (
        open_pair(ModelServer(AZURE, scripted([Answer(steps)]))) as pair,
        pair.session.respond("Hi") as response,
    ):
        await response.text()

    assert (1.0, 5.0) == (response.timings.to_first_output, response.timings.to_first_text)


async def test_a_response_of_calls_has_no_first_text(autojump_clock: trio.testing.MockClock) -> None:
    server = ModelServer(AZURE, scripted([Answer([Call("look", "{}")])]))
    async with open_pair(server) as pair, pair.session.respond("Hi") as response:
        await response.result()

    assert (0.0, None) == (response.timings.to_first_output, response.timings.to_first_text)


def test_an_empty_delta_is_no_text() -> None:
    assert not Stopwatch(0.0).is_complete


def test_a_wait_that_changes_is_parted() -> None:
    watch = Stopwatch(10.0)
    watch.waits(Wait.DRAIN, 10.0)
    watch.waits(Wait.DIAL, 13.0)
    watch.sent(14.0)
    watch.ended(20.0)

    timings = watch.read(99.0)
    assert (4.0, 3.0, 1.0, 10.0) == (timings.queued, timings.drain, timings.dial, timings.total)


# Tokens.


@pytest.mark.original("B093", "C1:test_token_usage_metrics")
def test_every_count_of_a_whole_usage() -> None:
    raw = {
        "input_tokens": 11,
        "input_tokens_details": {"cached_tokens": 7, "cache_write_tokens": 3},
        "output_tokens": 5,
        "output_tokens_details": {"reasoning_tokens": 2},
        "total_tokens": 16,
    }

    assert Usage(11, 5, 16, 7, 3, 2) == usage_from(raw)


@pytest.mark.original("B093")
@pytest.mark.parametrize(
    "raw, usage",
    [
        ({"input_tokens": 11, "output_tokens": 5, "total_tokens": 16}, Usage(11, 5, 16)),
        ({"input_tokens": 11, "input_tokens_details": None, "output_tokens_details": {}}, Usage(11)),
        ({"input_tokens_details": {"cached_tokens": 7}}, Usage(cached_tokens=7)),
        ({"input_tokens": "11", "output_tokens": -1, "total_tokens": True}, Usage()),
        ({"input_tokens": 1.5, "output_tokens_details": [2]}, Usage()),
        ({}, Usage()),
    ],
)
def test_what_a_server_leaves_out_is_zero(raw: object, usage: Usage) -> None:
    assert usage == usage_from(raw)


@pytest.mark.parametrize("raw", [None, 7, "16", [1]])
def test_no_usage_at_all_is_none(raw: object) -> None:
    assert usage_from(raw) is None


def test_usage_can_be_added() -> None:
    assert Usage(11, 22, 33, 44, 55, 66) == Usage(1, 2, 3, 4, 5, 6) + Usage(10, 20, 30, 40, 50, 60)
    assert Usage(1, 2, 3, 4, 5, 6) == NO_USAGE + Usage(1, 2, 3, 4, 5, 6)


@pytest.mark.original("B093")
async def test_tokens_and_the_raw_usage_of_a_response(autojump_clock: trio.testing.MockClock) -> None:
    raw = {"input_tokens": 11, "output_tokens": 5, "total_tokens": 16, "input_tokens_details": {"cached_tokens": 7}, "more": 1}
    server = ModelServer(answer=scripted([Answer([Text("Hi")], usage=raw)]))
    async with open_pair(server) as pair, pair.session.respond("Hi") as response:
        assert response.tokens is None
        result = await response.result()

    assert raw == response.usage
    assert Usage(11, 5, 16, 7) == response.tokens == result.tokens


@pytest.mark.original("B120")
@pytest.mark.parametrize("terminal", ["failed", "incomplete"])
async def test_tokens_of_a_response_that_did_not_complete(
    autojump_clock: trio.testing.MockClock, terminal: Literal["failed", "incomplete"]
) -> None:
    raw = {"input_tokens": 11, "output_tokens": 5, "total_tokens": 16}
    async with open_pair(ModelServer(answer=scripted([Answer([Text("Hi")], terminal=terminal, usage=raw)]))) as pair:
        async with pair.session.respond("Hi") as response:
            with suppress(ResponseFailed):
                await response.result()
        statistics = pair.session.statistics()

    assert Usage(11, 5, 16) == response.tokens == statistics.usage
    assert {terminal: 1} == statistics.outcomes


async def test_a_lost_response_has_no_tokens(autojump_clock: trio.testing.MockClock) -> None:
    server = ModelServer(answer=scripted([Answer([Text("Hi"), LoseConnection()])]))
    async with open_pair(server) as pair, pair.session.respond("Hi") as response:
        with pytest.raises(Interrupted):
            await response.result()

    assert response.tokens is None


async def test_the_tier_that_served_it(autojump_clock: trio.testing.MockClock) -> None:
    answer = Answer([Text("Hi")], fields={"service_tier": "flex"})
    async with open_pair(ModelServer(answer=scripted([answer, Answer([Text("Ho")], fields={"service_tier": None})]))) as pair:
        async with pair.session.respond("Hi", service_tier="priority") as response:
            assert response.partial.service_tier is None
            result = await response.result()
        async with pair.session.respond([user("Hi"), message("Hi"), user("Ho")]) as response:
            silent = await response.result()

    assert "flex" == result.service_tier
    assert silent.service_tier is None
