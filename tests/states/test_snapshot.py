"""What a session looks like from outside, in every situation in which a request may wait."""

import pytest

from harness import frames
from harness.lifecycle import Bench
from rejoinder.states.phases import LinkPhase, RequestPhase, ResponsePhase
from rejoinder.states.profiles import AZURE, HTTP, OPENAI, CancelPolicy, Policy
from rejoinder.states.snapshot import LaneState, LinkState, RequestState, SessionState, Wait, snapshot, waits_for
from rejoinder.states.verdicts import Cause


def test_a_session_that_did_nothing() -> None:
    assert SessionState({}, {}, closing=False) == snapshot(Bench().session)


def test_everything_of_a_session_at_work() -> None:
    bench = Bench(OPENAI, now=100.0)
    first = bench.ask("Hi")
    bench.wait(1.0)
    bench.opened()
    bench.wait(1.0)
    bench.answer(first)
    second = bench.reply(first)
    bench.wait(1.0)
    bench.created(second)

    link = LinkState(
        number=1,
        phase=LinkPhase.OPEN,
        since=101.0,
        heard=103.0,
        attempts=0,
        proven=True,
        lanes=(LaneState("lane-1", ResponsePhase.ACKNOWLEDGED, 103.0, second, "resp_2", None),),
    )
    request = RequestState(
        number=second,
        phase=RequestPhase.SENT,
        since=102.0,
        asked=102.0,
        link=1,
        lane="lane-1",
        waits_for=None,
        replays=(),
    )
    assert SessionState({1: link}, {second: request}, closing=False) == snapshot(bench.session)


def test_a_lane_says_what_may_be_continued() -> None:
    bench = Bench()
    first = bench.ask("Hi")
    bench.opened()
    bench.answer(first)

    (lane,) = snapshot(bench.session).links[1].lanes
    assert ("resp_1", None, None) == (lane.continuable, lane.request, lane.response_id)


def wait_of(bench: Bench, request: int) -> Wait | None:
    return snapshot(bench.session).requests[request].waits_for


def test_without_a_link_a_request_waits_for_the_dial() -> None:
    bench = Bench()
    request = bench.ask()

    assert Wait.DIAL == wait_of(bench, request)
    bench.refused()
    assert Wait.DIAL == wait_of(bench, request)
    bench.wait(1.0)
    bench.opened()
    assert wait_of(bench, request) is None


def test_a_link_that_proves_itself_is_waited_for_as_a_dial() -> None:
    bench = Bench()
    first = bench.ask()
    bench.opened()
    bench.answer(first)
    bench.wait(40.0)
    second = bench.ask()

    assert LinkPhase.PROVING == bench.link(1)
    assert Wait.DIAL == wait_of(bench, second)


@pytest.mark.parametrize("acknowledged", [True, False])
def test_behind_an_abandoned_response_a_request_waits_for_the_drain(acknowledged: bool) -> None:  # noqa: FBT001
    bench = Bench(AZURE, Policy(then=CancelPolicy.DRAIN))
    first = bench.ask()
    bench.opened()
    if acknowledged:
        bench.created(first)
    bench.cancel(first)
    second, third = bench.ask(), bench.ask()

    assert [Wait.DRAIN, Wait.DRAIN] == [wait_of(bench, second), wait_of(bench, third)]


def test_behind_a_response_that_is_listened_to_a_request_waits_for_its_turn() -> None:
    bench = Bench(AZURE)
    first = bench.ask()
    bench.opened()
    bench.created(first)
    second = bench.ask()

    assert Wait.TURN == wait_of(bench, second) == waits_for(bench.session)


def test_a_refused_request_waits_for_its_pause_and_keeps_why() -> None:
    bench = Bench()
    request = bench.ask()
    bench.opened()
    bench.receive(frames.error("rate_limit_exceeded", status=429, lane="lane-1"))

    assert Wait.PAUSE == wait_of(bench, request)
    state = snapshot(bench.session).requests[request]
    assert (RequestPhase.PAUSED, None, None, (Cause.REJECTED,)) == (state.phase, state.link, state.lane, state.replays)


def test_the_states_of_two_transports_are_one() -> None:
    """The second's links have numbers of their own, and its requests name them."""
    one, two = Bench(AZURE), Bench(HTTP)
    one.ask("waits")
    two.requests = 1
    two.ask("waits too")
    two.opened()
    two.requests = 2
    two.ask("runs")
    both = snapshot(one.session).joined_with(snapshot(two.session), 1000)

    assert {1: "connecting", 1001: "open"} == {number: str(link.phase) for number, link in both.links.items()}
    assert {1: None, 2: 1001, 3: 1001} == {number: request.link for number, request in both.requests.items()}
    assert [1, 1001] == [link.number for link in both.links.values()]
    assert not both.closing
