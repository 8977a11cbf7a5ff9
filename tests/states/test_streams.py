"""Where each response has a stream of its own (HTTP): what a lane is then, what ends it, and what is tried again."""

from __future__ import annotations

import attrs
import pytest

from harness import frames
from harness.lifecycle import Bench
from rejoinder.states.continuation import CallerChain, Disabled, Full, Replayed, Stateless
from rejoinder.states.effects import Close, Dial, EndStream, Ping, Send, SendCancel, Withdraw
from rejoinder.states.events import Lost, Opened, Pong, StreamEnded, StreamFailed, Unsendable
from rejoinder.states.phases import LinkPhase, RequestPhase, ResponsePhase
from rejoinder.states.profiles import AZURE, HTTP, CancelPolicy, Deadlines, Policy, ReplayPolicy
from rejoinder.states.stream_events import StreamEvent
from rejoinder.states.verdicts import Cause, OutcomeKind


def opened(policy: Policy | None = None, requests: int = 1, *, limit: int = 100) -> Bench:
    """Requests whose creates are on their way."""
    bench = Bench(attrs.evolve(HTTP, in_flight=limit, names=limit), policy)
    for number in range(requests):
        bench.ask(f"question {number}")
    bench.opened()
    return bench


def begun(policy: Policy | None = None) -> Bench:
    """A response that has said something."""
    bench = opened(policy)
    bench.created(1)
    bench.speak(1, "Hello")
    return bench


# -- lanes -------------------------------------------------------------------------------------------------------------------


def test_requests_run_at_once_without_any_proof() -> None:
    bench = opened(requests=3)

    assert [1, 2, 3] == [send.request for send in bench.all(Send)]
    assert ["lane-1", "lane-2", "lane-3"] == [send.lane for send in bench.all(Send)]


def test_no_more_at_a_time_than_allowed_and_the_next_takes_the_free_lane() -> None:
    bench = opened(requests=3, limit=2)

    assert RequestPhase.WAITING == bench.request(3)
    bench.answer(1)
    assert "lane-1" == bench.last(Send).lane
    assert 3 == bench.last(Send).request


@pytest.mark.original("B079", "B150")
def test_every_request_says_everything() -> None:
    bench = begun()
    bench.complete(1)
    second = bench.reply(1)
    third = bench.ask("alone", previous_response_id="resp_9")

    assert Stateless() == bench.reason(second)
    assert CallerChain() == bench.reason(third)
    bench.answer(third)
    assert Stateless() == bench.reason(bench.reply(third))


def test_reuse_that_is_switched_off_says_so() -> None:
    assert Disabled() == opened(Policy(reuse=False)).reason(1)


def test_a_stream_is_ended_in_peace_after_its_terminal_and_before_the_next_create() -> None:
    bench = opened(requests=3, limit=2)
    bench.created(1)
    effects = bench.complete(1)
    kinds = [type(effect) for effect in effects]

    assert EndStream(1, "lane-1", abandoned=False) in effects
    assert kinds.index(EndStream) < kinds.index(Send)


def test_no_age_and_no_deadline_of_its_own() -> None:
    bench = begun()
    bench.complete(1)

    assert bench.session.next_deadline() is None
    assert LinkPhase.OPEN == bench.link(1)


def test_an_idle_link_is_asked_for_a_sign_of_life_like_any_other() -> None:
    bench = begun()
    bench.complete(1)
    bench.wait(31)
    bench.ask("again")

    assert LinkPhase.PROVING == bench.link(1)
    assert Ping(1) == bench.last(Ping)
    bench.feed(Pong(1))
    assert 2 == bench.last(Send).request


# -- ends --------------------------------------------------------------------------------------------------------------------


def test_a_stream_that_ends_before_its_terminal_interrupts_with_what_came() -> None:
    bench = begun()
    bench.feed(StreamEnded(1, "lane-1", "the connection broke"))
    outcome = bench.outcomes[1]

    assert OutcomeKind.INTERRUPTED == outcome.kind
    assert outcome.failure is not None
    assert Cause.LOST == outcome.failure.cause
    assert outcome.failure.message.startswith("The stream ended before the answer was complete (the connection broke).")
    assert outcome.verdict is not None
    assert outcome.verdict.output_begun
    assert ResponsePhase.IDLE == bench.phase(1)


def test_a_body_that_just_ends_says_so_without_a_reason() -> None:
    bench = begun()
    bench.feed(StreamEnded(1, "lane-1"))
    failure = bench.outcomes[1].failure

    assert failure is not None
    assert failure.message.startswith("The stream ended before the answer was complete. What came")


def test_a_stream_that_ends_before_any_output_is_asked_for_again_twice() -> None:
    bench = opened()
    for _ in range(2):
        bench.created(1)
        bench.feed(StreamEnded(1, "lane-1"))

    assert [Full(Replayed(Cause.LOST))] * 2 == [send.decision for send in bench.all(Send)[1:]]
    bench.feed(StreamEnded(1, "lane-1"))
    assert 3 == len(bench.all(Send))
    assert (Cause.LOST, Cause.LOST) == getattr(bench.outcomes[1].verdict, "replays", None)


def test_a_stream_that_ends_behind_a_fault_is_the_fault() -> None:
    bench = begun()
    bench.fault(1, "server_error")
    bench.feed(StreamEnded(1, "lane-1"))

    assert OutcomeKind.FAILED == bench.outcomes[1].kind
    assert "server_error" == getattr(bench.outcomes[1].failure, "code", None)


@pytest.mark.parametrize("event", [StreamEnded(1, "lane-1"), StreamFailed(1, "lane-1", "It failed.")])
@pytest.mark.parametrize("when", ["after the terminal", "on an unknown lane", "on a socket"])
def test_news_of_a_stream_that_is_over_is_counted_and_changes_nothing(event: StreamEnded | StreamFailed, when: str) -> None:
    bench = begun()
    if when == "after the terminal":
        bench.complete(1)
    elif when == "on an unknown lane":
        event = attrs.evolve(event, lane="lane-9")
    else:
        bench = Bench(AZURE)
        bench.ask("Hi")
        bench.opened()
        event = attrs.evolve(event, lane=None)
    before = dict(bench.outcomes)
    bench.feed(event)

    assert "Late" == bench.notes[-1]
    assert before == bench.outcomes


def test_news_of_a_link_that_is_gone() -> None:
    bench = begun()
    bench.feed(StreamEnded(9, "lane-1"))

    assert "Late" == bench.notes[-1]


# -- callers that leave ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("then", CancelPolicy)
def test_a_caller_that_leaves_ends_its_stream_and_its_lane_is_clean_at_once(then: CancelPolicy) -> None:
    bench = begun(Policy(then=then, signal=True))
    effects = bench.cancel(1)

    assert EndStream(1, "lane-1", abandoned=True) in effects
    assert ("response", "draining", "Lost", "idle") in bench.moves
    assert [] == bench.all(SendCancel)
    bench.ask("next")
    if then is CancelPolicy.RETIRE:
        bench.feed(Opened(bench.last(Dial).link))
    assert 2 == bench.last(Send).request


def test_a_caller_that_leaves_before_created_ends_its_stream_too() -> None:
    bench = opened()
    effects = bench.cancel(1)

    assert EndStream(1, "lane-1", abandoned=True) in effects
    assert [] == bench.all(Withdraw)
    assert ("response", "cancel_pending", "Lost", "idle") in bench.moves


@pytest.mark.parametrize(
    "phase, seconds",
    [("created", 30.0), ("first_output", 120.0), ("gap", 300.0)],
)
def test_silence_is_bounded_by_the_same_deadlines_and_ends_the_stream(phase: str, seconds: float) -> None:
    bench = opened(Policy(replay=ReplayPolicy.NEVER))
    if phase != "created":
        bench.created(1)
    if phase == "gap":
        bench.speak(1)
    bench.wait(seconds - 0.5)
    assert 1 not in bench.outcomes

    bench.wait(0.5)
    assert Cause.OVERDUE == getattr(bench.outcomes[1].failure, "cause", None)
    assert EndStream(1, "lane-1", abandoned=True) == bench.last(EndStream)
    assert ResponsePhase.IDLE == bench.phase(1)


def test_an_unacknowledged_request_that_is_overdue_is_asked_again_on_a_new_stream() -> None:
    bench = opened(Policy(deadlines=Deadlines(created=1)))
    effects = bench.wait(1)
    kinds = [type(effect) for effect in effects]

    assert kinds.index(EndStream) < kinds.index(Send)
    assert "lane-1" == bench.last(Send).lane


# -- violations --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("frame", [frames.garbage(lane="lane-1"), frames.created("resp_other", lane="lane-1")])
def test_what_goes_wrong_on_one_stream_leaves_the_others_and_the_link_alone(frame: StreamEvent) -> None:
    bench = opened(requests=2)
    for number in (1, 2):
        bench.created(number)
        bench.speak(number)
    bench.receive(frame)

    assert OutcomeKind.INTERRUPTED == bench.outcomes[1].kind
    assert EndStream(1, "lane-1", abandoned=True) == bench.last(EndStream)
    assert LinkPhase.OPEN == bench.link(1)
    bench.complete(2)
    assert OutcomeKind.COMPLETED == bench.outcomes[2].kind


def test_a_missing_frame_is_named_and_retires_nothing() -> None:
    bench = begun()
    bench.voices[1].next_sequence()
    bench.speak(1, " again")

    assert "SequenceGap" in bench.notes
    assert LinkPhase.OPEN == bench.link(1)


# -- streams that cannot be opened -------------------------------------------------------------------------------------------


def test_a_stream_that_cannot_be_opened_is_tried_again_after_a_pause_that_doubles() -> None:
    bench = opened()
    bench.feed(StreamFailed(1, "lane-1", "No connection.", jitter=1.0))

    assert RequestPhase.PAUSED == bench.request(1)
    assert bench.now + 0.5 == bench.session.next_deadline()
    bench.wait(0.5)
    assert 2 == len(bench.all(Send))
    bench.feed(StreamFailed(1, "lane-1", "No connection.", jitter=0.0))
    assert bench.now + 0.75 == bench.session.next_deadline()


def test_after_three_attempts_it_is_told_that_there_is_no_connection() -> None:
    bench = opened()
    for _ in range(3):
        bench.feed(StreamFailed(1, "lane-1", "No connection to example.org port 443: refused."))
        bench.wait(1)
    outcome = bench.outcomes[1]

    assert 3 == len(bench.all(Send))
    assert (OutcomeKind.INTERRUPTED, Cause.DIAL) == (outcome.kind, getattr(outcome.failure, "cause", None))
    assert "refused. Check the server's address" in getattr(outcome.failure, "message", "")


def test_one_that_can_never_be_opened_is_not_tried_again_and_nothing_was_sent() -> None:
    bench = opened()
    bench.feed(StreamFailed(1, "lane-1", "The certificate is not trusted.", permanent=True))
    verdict = bench.outcomes[1].verdict

    assert 1 == len(bench.all(Send))
    assert verdict is not None
    assert not verdict.sent


def test_a_request_for_which_none_can_be_opened_and_that_may_not_be_replayed_ends() -> None:
    bench = opened(Policy(replay=ReplayPolicy.NEVER))
    bench.feed(StreamFailed(1, "lane-1", "No connection."))

    assert OutcomeKind.INTERRUPTED == bench.outcomes[1].kind


# -- refusals ----------------------------------------------------------------------------------------------------------------


@pytest.mark.original("B151")
def test_a_busy_server_is_asked_three_times_with_a_pause_that_doubles() -> None:
    bench = opened()
    pauses: list[float] = []
    for _ in range(2):
        bench.receive(frames.error(None, status=503, lane="lane-1"))
        due = bench.session.next_deadline()
        assert due is not None
        pauses.append(due - bench.now)
        bench.wait(pauses[-1])
    bench.receive(frames.error(None, status=503, lane="lane-1"))

    assert [0.5, 1.0] == pauses
    assert 3 == len(bench.all(Send))
    assert OutcomeKind.FAILED == bench.outcomes[1].kind


def test_other_profiles_still_send_once_more_for_each_cause() -> None:
    bench = Bench(AZURE)
    bench.ask("Hi")
    bench.opened()
    bench.receive(frames.error(None, status=503))
    bench.wait(0.5)
    bench.receive(frames.error(None, status=503))

    assert 2 == len(bench.all(Send))
    assert OutcomeKind.FAILED == bench.outcomes[1].kind


def test_a_request_that_is_too_large_ends() -> None:
    bench = opened()
    bench.feed(Unsendable(1, 1, "lane-1", 99))

    assert Cause.UNSENDABLE == getattr(bench.outcomes[1].failure, "cause", None)


def test_the_end_of_the_link_is_the_end_of_its_streams() -> None:
    bench = begun()
    bench.feed(Lost(1))

    assert OutcomeKind.INTERRUPTED == bench.outcomes[1].kind
    assert [] == bench.all(Close)
