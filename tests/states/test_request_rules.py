"""How requests end, and what their callers are told."""

from __future__ import annotations

import pytest

from harness import frames
from harness.in_phase import acknowledged, awaiting_created, connecting, streaming
from harness.lifecycle import Bench
from rejoinder.states.effects import Dial, Finish, Send
from rejoinder.states.events import Overflow, Shutdown
from rejoinder.states.phases import LinkPhase, RequestPhase, ResponsePhase
from rejoinder.states.profiles import AZURE, Deadlines, Policy
from rejoinder.states.verdicts import Cause, Excess, Outcome, OutcomeKind, Verdict


def ending(bench: Bench, request: int = 1) -> tuple[OutcomeKind, Cause | None, Verdict | None]:
    outcome = bench.outcomes[request]
    return outcome.kind, None if outcome.failure is None else outcome.failure.cause, outcome.verdict


WAITING = Verdict("waiting", sent=False, acknowledged=False, output_begun=False, replay_safe=True)


def test_free_lane_is_what_sends() -> None:
    bench = connecting()
    before = bench.all(Send)
    bench.opened()

    assert [] == before
    assert [(1, 1, None)] == [(send.link, send.request, send.lane) for send in bench.all(Send)]
    assert RequestPhase.SENT == bench.request(1)


def test_request_that_waits_is_cancelled_without_a_trace_on_the_wire() -> None:
    bench = connecting()
    bench.cancel(1)
    bench.opened()

    assert (OutcomeKind.CANCELLED, None, WAITING) == ending(bench)
    assert [] == bench.all(Send)
    assert LinkPhase.OPEN == bench.link(1)


def test_request_that_waited_too_long_says_so_and_the_dial_goes_on() -> None:
    bench = Bench(AZURE, Policy(deadlines=Deadlines(queue=3)))
    bench.ask()
    bench.wait(3)

    assert (OutcomeKind.INTERRUPTED, Cause.QUEUE, WAITING) == ending(bench)
    assert "3 s" in str(bench.outcomes[1].failure)
    assert LinkPhase.CONNECTING == bench.link(1)


def test_turn_deadline_outlasts_every_gap() -> None:
    bench = Bench(AZURE, Policy(deadlines=Deadlines(turn=10)))
    bench.ask()
    bench.opened()
    bench.created(1)
    while 1 not in bench.outcomes:
        bench.speak(1, ".")
        bench.wait(3)

    verdict = Verdict("streaming", sent=True, acknowledged=True, output_begun=True, replay_safe=False)
    assert (OutcomeKind.INTERRUPTED, Cause.TURN, verdict) == ending(bench)
    assert "...." == bench.text(1)
    assert ResponsePhase.DRAINING == bench.phase(1)


def test_turn_deadline_counts_from_the_making_and_not_from_the_sending() -> None:
    bench = Bench(AZURE, Policy(deadlines=Deadlines(turn=10)))
    bench.ask()
    bench.wait(9)
    bench.opened()
    bench.wait(1)

    assert Cause.TURN is ending(bench)[1]


@pytest.mark.parametrize("phase", ["waiting", "awaiting_created", "streaming"])
def test_slow_consumer_costs_its_own_response(phase: str) -> None:
    bench = {"waiting": connecting, "awaiting_created": awaiting_created, "streaming": streaming}[phase]()
    bench.feed(Overflow(1))

    kind, cause, verdict = ending(bench)
    assert (OutcomeKind.INTERRUPTED, Cause.OVERFLOW) == (kind, cause)
    assert verdict is not None
    assert phase == verdict.stage
    assert (phase == "streaming") == verdict.output_begun


@pytest.mark.parametrize("phase", ["waiting", "awaiting_created", "streaming"])
def test_a_response_that_says_too_much_ends_as_such(phase: str) -> None:
    bench = {"waiting": connecting, "awaiting_created": awaiting_created, "streaming": streaming}[phase]()
    bench.feed(Overflow(1, Excess.OUTPUT))

    kind, cause, verdict = ending(bench)
    assert (OutcomeKind.INTERRUPTED, Cause.OUTPUT) == (kind, cause)
    assert verdict is not None
    assert phase == verdict.stage


def test_overflow_after_the_end_is_nothing() -> None:
    bench = streaming()
    bench.complete(1)

    assert [] == list(bench.feed(Overflow(1)))


def test_shutdown_ends_every_request_and_drops_every_link() -> None:
    bench = streaming()
    bench.ask("Two")
    bench.feed(Shutdown())

    closed = [ending(bench, request)[:2] for request in (1, 2)]
    assert [(OutcomeKind.INTERRUPTED, Cause.CLOSED)] * 2 == closed
    assert {} == bench.session.links
    assert {} == bench.session.requests
    assert bench.session.next_deadline() is None


def test_permanent_refusal_fails_the_request_with_status_and_advice() -> None:
    bench = connecting()
    bench.refused(401)

    kind, cause, verdict = ending(bench)
    assert (OutcomeKind.INTERRUPTED, Cause.DIAL) == (kind, cause)
    assert WAITING == verdict
    failure = bench.outcomes[1].failure
    assert failure is not None
    assert 401 == failure.status
    assert "Check the API key" in failure.message


def test_refusal_ends_all_that_wait() -> None:
    bench = connecting()
    bench.ask("Two")
    bench.refused(403)

    assert [Cause.DIAL, Cause.DIAL] == [ending(bench, request)[1] for request in (1, 2)]


def test_every_response_ends_its_request_once() -> None:
    bench = acknowledged()
    bench.complete(1)

    assert [Finish(1, Outcome(OutcomeKind.COMPLETED))] == bench.all(Finish)
    assert RequestPhase.ENDED == bench.request(1)


def test_replay_waits_its_turn_before_requests_that_came_later() -> None:
    bench = awaiting_created()
    bench.ask("Two")
    bench.receive(frames.error(status=503, headers={"retry-after": "0"}))
    bench.answer(1)

    assert [1, 1, 2] == [send.request for send in bench.all(Send)]


def test_hedge_is_dialled_once_for_each_wait() -> None:
    bench = streaming()
    bench.cancel(1)
    bench.ask()
    bench.wait(0.25)
    first = len(bench.all(Dial))
    bench.refused(401)
    bench.wait(4)

    assert 2 == first == len(bench.all(Dial))
