"""Words that a caller adds to its running response: what becomes of them, and of the response, whatever the server does."""

from __future__ import annotations

import pytest

from harness import frames
from harness.in_phase import acknowledged, awaiting_created, awaiting_successor, failing, paused, streaming
from harness.lifecycle import Bench
from rejoinder.states.continuation import Steered as SteeredReason
from rejoinder.states.effects import Finish, SendSteer, Settled, Steered
from rejoinder.states.events import Steer
from rejoinder.states.phases import RequestPhase, ResponsePhase
from rejoinder.states.profiles import AZURE
from rejoinder.states.stream_events import StreamEvent
from rejoinder.states.verdicts import Cause, OutcomeKind, SteerStatus


def steered(*, accepted: bool = True) -> Bench:
    """Words were sent to a response that streams, and queued by the server."""
    bench = streaming()
    bench.steer(1)
    if accepted:
        bench.receive(frames.steer("accepted", sequence=3))
    return bench


# -- what goes out -----------------------------------------------------------------------------------------------------------


def test_words_go_out_at_once_and_name_the_response() -> None:
    bench = streaming()
    bench.steer(1)

    assert [SendSteer(1, 1, 1, "resp_1")] == bench.all(SendSteer)
    assert [] == bench.said_of(1)


def test_words_before_created_wait_for_the_id_and_go_out_in_order() -> None:
    bench = awaiting_created()
    bench.steer(1)
    bench.steer(1)
    before = bench.all(SendSteer)
    bench.created(1)

    assert [] == before
    assert [SendSteer(1, 1, 1, "resp_1"), SendSteer(1, 1, 2, "resp_1")] == bench.all(SendSteer)


def test_words_of_a_request_that_waits_go_out_with_its_response() -> None:
    bench = Bench(AZURE)
    bench.ask()
    bench.steer(1)
    bench.opened()
    bench.created(1)

    assert [SendSteer(1, 1, 1, "resp_1")] == bench.all(SendSteer)


def test_words_of_a_request_that_pauses_go_out_with_its_response() -> None:
    bench = paused()
    bench.steer(1)
    bench.wait(5.0)
    bench.created(1)

    assert [SendSteer(1, 1, 1, bench.voices[1].response)] == bench.all(SendSteer)


def test_words_that_come_too_late_are_told_so() -> None:
    bench = streaming()
    bench.complete(1)
    bench.steer(1)

    (told,) = bench.all(Steered)
    assert (1, 1, SteerStatus.FAILED) == (told.request, told.steer, told.status)
    assert told.failure is not None
    assert Cause.STEERING == told.failure.cause


def test_a_request_that_never_was_is_no_fault() -> None:
    bench = Bench(AZURE)
    bench.feed(Steer(7, 1))

    assert [SteerStatus.FAILED] == bench.said_of(1)


def test_a_response_that_fails_takes_no_words() -> None:
    bench = failing()
    bench.steer(1)

    assert [SteerStatus.FAILED] == bench.said_of(1)
    assert [] == bench.all(SendSteer)


# -- what the server says of it ------------------------------------------------------------------------------------------------


def test_accepted_then_incomplete_then_a_successor_that_nobody_created() -> None:
    """The whole story of the steering guide."""
    bench = steered()
    bench.receive(frames.terminal("incomplete", sequence=4, incomplete_details={"reason": "steered"}))
    between = bench.phase(1), bench.request(1), list(bench.said_of(1))
    bench.receive(frames.created("resp_2", previous="resp_1"))
    bench.receive(frames.item_added("item_2", sequence=1))
    bench.receive(frames.delta(" again", item="item_2", sequence=2))
    bench.receive(frames.completed("resp_2", output=[frames.message(" again", "item_2")], sequence=3))

    assert (ResponsePhase.AWAITING_SUCCESSOR, RequestPhase.SENT, ["accepted"]) == between
    assert ["accepted", "applied"] == bench.said_of(1)
    assert "Hello again" == bench.text(1)
    assert [OutcomeKind.COMPLETED] == [outcome.kind for outcome in bench.outcomes.values()]
    response = bench.outcomes[1].response
    assert response is not None
    assert "resp_2" == response["id"]
    assert ResponsePhase.IDLE == bench.phase(1)
    assert [] == bench.notes


def test_completed_may_be_followed_by_a_successor_as_well() -> None:
    bench = steered()
    bench.complete(1)
    bench.receive(frames.created("resp_2", previous="resp_1"))
    bench.receive(frames.completed("resp_2", sequence=1))

    assert ["accepted", "applied"] == bench.said_of(1)
    assert OutcomeKind.COMPLETED == bench.outcomes[1].kind


def test_what_does_not_say_that_it_continues_the_response_is_no_successor() -> None:
    bench = awaiting_successor()
    bench.receive(frames.created("resp_2"))

    assert (OutcomeKind.INCOMPLETE, ResponsePhase.DRAINING) == (bench.outcomes[1].kind, bench.phase(1))


def test_a_successor_can_be_steered_again() -> None:
    bench = awaiting_successor()
    bench.steer(1)
    held = len(bench.all(SendSteer))
    bench.receive(frames.created("resp_2", previous="resp_1"))
    bench.receive(frames.steer("accepted", "resp_2", name="steer_2", sequence=1))
    bench.receive(frames.terminal("incomplete", "resp_2", sequence=2))
    bench.receive(frames.created("resp_3", previous="resp_2"))
    bench.receive(frames.completed("resp_3", sequence=1))

    assert 1 == held
    assert SendSteer(1, 1, 2, "resp_2") == bench.last(SendSteer)
    assert (["accepted", "applied"], ["accepted", "applied"]) == (bench.said_of(1), bench.said_of(2))
    assert OutcomeKind.COMPLETED == bench.outcomes[1].kind


def test_pending_after_completed_is_the_end_and_can_be_continued() -> None:
    """The server waits for tool outputs; the next create brings them, and it puts the words in front."""
    bench = steered()
    call = frames.call()
    bench.complete(1, call)
    bench.receive(frames.steer("pending", reason="waiting_for_required_input", required_input=[{}]))
    answer = {"type": "function_call_output", "call_id": "call_1", "output": "sunny"}
    request = bench.ask_items([*bench.items[1], call, answer])

    assert ["accepted", "pending"] == bench.said_of(1)
    assert OutcomeKind.COMPLETED == bench.outcomes[1].kind
    assert "resp_1" == bench.continues(request)


@pytest.mark.parametrize(
    "code",
    [
        "response_not_found",
        "invalid_input",
        "steering_not_supported",
        "too_many_pending_steers",
        "response_already_completed",
        "response_not_active",
        "successor_creation_failed",
    ],
)
def test_failed_says_why_and_nothing_about_the_response(code: str) -> None:
    bench = steered(accepted=False)
    bench.receive(
        frames.steer("failed", name=None, sequence=3, error={"code": code, "type": "invalid_request_error", "message": "No."})
    )
    bench.complete(1)

    (told,) = bench.all(Steered)
    assert SteerStatus.FAILED == told.status
    assert told.failure is not None
    assert (code, "invalid_request_error", "No. Send them with the next request.") == (
        told.failure.code,
        told.failure.error_type,
        told.failure.message,
    )
    assert OutcomeKind.COMPLETED == bench.outcomes[1].kind


def test_failed_without_a_reason() -> None:
    bench = steered(accepted=False)
    bench.receive(frames.steer("failed", sequence=3, error={"code": 7}))

    failure = bench.last(Steered).failure
    assert failure is not None
    assert (None, None) == (failure.code, failure.error_type)
    assert failure.message.startswith("The server did not take the words and gave no reason.")


def test_a_terminal_waits_for_words_that_are_not_answered_and_ends_when_they_are_refused() -> None:
    """The words crossed the terminal: the server says that they came too late, and only then is the lane clean."""
    bench = steered(accepted=False)
    bench.complete(1)
    waiting = bench.phase(1)
    bench.receive(frames.steer("failed", name=None, error={"code": "response_already_completed"}))
    request = bench.reply(1)

    assert ResponsePhase.AWAITING_SUCCESSOR == waiting
    assert OutcomeKind.COMPLETED == bench.outcomes[1].kind
    assert "resp_1" == bench.continues(request)


def test_an_incomplete_response_whose_words_are_refused_ends_incomplete() -> None:
    bench = awaiting_successor()
    bench.receive(frames.steer("failed", error={"code": "successor_creation_failed"}))

    assert (["accepted", "failed"], OutcomeKind.INCOMPLETE) == (bench.said_of(1), bench.outcomes[1].kind)
    assert ResponsePhase.IDLE == bench.phase(1)


def test_answers_are_told_apart_by_name_and_else_by_age() -> None:
    bench = streaming()
    first, second, third = bench.steer(1), bench.steer(1), bench.steer(1)
    bench.receive(frames.steer("accepted", name="steer_a", sequence=3))
    bench.receive(frames.steer("accepted", name="steer_b", sequence=4))
    bench.receive(frames.steer("failed", name="steer_a", sequence=5))
    bench.receive(frames.steer("failed", name=None, sequence=6))

    assert ["accepted", "failed"] == bench.said_of(first)
    assert ["accepted"] == bench.said_of(second)
    assert ["failed"] == bench.said_of(third)


def test_one_of_two_that_is_refused_does_not_end_the_wait() -> None:
    bench = steered()
    bench.steer(1)
    bench.complete(1)
    bench.receive(frames.steer("failed", name=None, error={"code": "too_many_pending_steers"}))
    still = bench.phase(1)
    bench.receive(frames.created("resp_2", previous="resp_1"))

    assert ResponsePhase.AWAITING_SUCCESSOR == still
    assert (["accepted", "applied"], ["failed"]) == (bench.said_of(1), bench.said_of(2))


def test_words_that_the_successor_did_not_know_of_stay_open_and_are_answered_by_their_own_name() -> None:
    bench = steered()
    second = bench.steer(1)
    bench.complete(1)
    bench.receive(frames.created("resp_2", previous="resp_1"))
    before = list(bench.said_of(second))
    bench.receive(frames.steer("failed", name=None, sequence=9, error={"code": "response_already_completed"}))
    bench.receive(frames.completed("resp_2", sequence=1))

    assert ([], ["failed"]) == (before, bench.said_of(second))
    assert OutcomeKind.COMPLETED == bench.outcomes[1].kind


def test_words_that_are_accepted_after_the_terminal_are_applied_by_the_successor() -> None:
    bench = steered(accepted=False)
    bench.complete(1)
    bench.receive(frames.steer("accepted"))
    bench.receive(frames.created("resp_2", previous="resp_1"))

    assert ["accepted", "applied"] == bench.said_of(1)


@pytest.mark.parametrize(
    "stray",
    [
        frames.steer("accepted", "resp_9", sequence=3),
        frames.steer("accepted", name="steer_1", sequence=4),
        frames.steer("failed", "resp_9", name=None, sequence=4),
    ],
    ids=["another response", "accepted again", "a refusal for another"],
)
def test_news_about_nothing_of_ours_changes_nothing(stray: StreamEvent) -> None:
    bench = steered()
    bench.receive(stray)

    assert ["accepted"] == bench.said_of(1)
    assert 1 == bench.session.counts["response streaming StraySteer"]
    assert [] == bench.notes


def test_late_news_on_an_idle_lane_taints_nothing() -> None:
    bench = streaming()
    bench.complete(1)
    bench.receive(frames.steer("failed"))

    assert not bench.lane(1).tainted
    assert [] == bench.notes


# -- what can go wrong -------------------------------------------------------------------------------------------------------


def test_no_successor_in_time_leaves_what_the_terminal_said() -> None:
    bench = awaiting_successor()
    bench.wait(30.0)

    assert OutcomeKind.INCOMPLETE == bench.outcomes[1].kind
    assert ["accepted", "unknown"] == bench.said_of(1)
    assert "SuccessorOverdue" in bench.notes


def test_a_lost_connection_loses_the_words_and_not_the_answer() -> None:
    bench = steered()
    bench.complete(1)
    bench.lost()

    assert (OutcomeKind.COMPLETED, ["accepted", "unknown"]) == (bench.outcomes[1].kind, bench.said_of(1))


def test_a_loss_in_the_midst_interrupts_and_the_words_are_unknown() -> None:
    bench = steered()
    bench.lost()

    assert (OutcomeKind.INTERRUPTED, ["accepted", "unknown"]) == (bench.outcomes[1].kind, bench.said_of(1))


def test_a_replay_is_told_the_words_again() -> None:
    bench = acknowledged()
    bench.steer(1)
    bench.receive(frames.steer("accepted", sequence=1))
    bench.lost()
    bench.wait(0.5)
    bench.opened()
    bench.created(1)

    assert [SendSteer(1, 1, 1, "resp_1"), SendSteer(1, 1, 1, "resp_2")] == bench.all(SendSteer)


def test_what_is_past_the_terminal_is_never_sent_again() -> None:
    bench = awaiting_successor()
    bench.receive(frames.created("resp_2", previous="resp_1"))
    bench.lost()

    assert OutcomeKind.INTERRUPTED == bench.outcomes[1].kind
    verdict = bench.outcomes[1].verdict
    assert verdict is not None
    assert not verdict.replay_safe


def test_another_response_where_the_successor_is_due_retires_the_link() -> None:
    bench = awaiting_successor()
    bench.receive(frames.created("resp_9", previous="resp_8"))

    assert (OutcomeKind.INCOMPLETE, ["accepted", "unknown"]) == (bench.outcomes[1].kind, bench.said_of(1))
    assert ResponsePhase.DRAINING == bench.phase(1)
    assert "retiring" == bench.link(1)


def test_the_ended_response_created_once_more_is_no_successor() -> None:
    bench = awaiting_successor()
    bench.receive(frames.created("resp_1"))

    assert (OutcomeKind.INCOMPLETE, ResponsePhase.DRAINING) == (bench.outcomes[1].kind, bench.phase(1))


def test_an_unreadable_frame_may_have_been_the_successor() -> None:
    bench = awaiting_successor()
    bench.receive(frames.garbage())

    assert OutcomeKind.INCOMPLETE == bench.outcomes[1].kind
    assert "retiring" == bench.link(1)


def test_a_failed_response_has_no_successor() -> None:
    bench = steered()
    bench.end(1, "failed")

    assert (OutcomeKind.FAILED, ["accepted", "unknown"]) == (bench.outcomes[1].kind, bench.said_of(1))
    assert ResponsePhase.IDLE == bench.phase(1)


def test_behind_a_fault_the_lane_waits_for_the_successor_without_the_caller() -> None:
    bench = steered()
    bench.receive(frames.error("server_error", sequence=4))
    bench.receive(frames.terminal("incomplete", sequence=5))

    assert OutcomeKind.FAILED == bench.outcomes[1].kind
    assert ResponsePhase.SUCCESSOR_PENDING == bench.phase(1)


# -- the caller leaves ---------------------------------------------------------------------------------------------------------


def test_the_successor_of_an_abandoned_response_is_nobodys() -> None:
    """Were its terminal taken for the last word, the next request would get the successor's."""
    bench = steered()
    bench.cancel(1)
    after = bench.said_of(1)
    bench.ask("Next")
    bench.receive(frames.terminal("incomplete", sequence=4))
    waits = bench.request(2)
    bench.receive(frames.created("resp_2", previous="resp_1"))
    bench.receive(frames.item_added("item_9", sequence=1))
    bench.receive(frames.delta("stale", item="item_9", sequence=2))
    bench.receive(frames.completed("resp_2", sequence=3))

    assert ["accepted", "unknown"] == after
    assert RequestPhase.WAITING == waits
    assert RequestPhase.SENT == bench.request(2)
    assert "" == bench.text(2)


def test_leaving_while_the_successor_is_due() -> None:
    bench = awaiting_successor()
    bench.cancel(1)

    assert (OutcomeKind.CANCELLED, ResponsePhase.SUCCESSOR_PENDING) == (bench.outcomes[1].kind, bench.phase(1))
    bench.receive(frames.created("resp_2", previous="resp_1"))
    bench.receive(frames.completed("resp_2", sequence=1))
    assert ResponsePhase.IDLE == bench.phase(1)


def test_an_abandoned_response_without_a_successor_is_clean_once_that_is_known() -> None:
    bench = awaiting_successor()
    bench.cancel(1)
    bench.receive(frames.steer("failed"))

    assert ResponsePhase.IDLE == bench.phase(1)


def test_a_successor_that_never_comes_costs_the_drain_deadline() -> None:
    bench = awaiting_successor()
    bench.cancel(1)
    bench.wait(5.0)

    assert "DrainOverdue" in bench.notes


def test_held_words_of_a_caller_that_leaves_were_never_sent() -> None:
    bench = awaiting_created()
    bench.steer(1)
    bench.cancel(1)

    assert [SteerStatus.FAILED] == bench.said_of(1)
    assert [] == bench.all(SendSteer)


def test_a_quarantined_lane_stays_out_when_its_steered_response_ends() -> None:
    bench = Bench()
    bench.ask()
    bench.opened()
    bench.answer(1)
    bench.ask()
    bench.created(2)
    bench.steer(2)
    lane = bench.voices[2].lane
    bench.receive(frames.steer("accepted", "resp_2", lane=lane, sequence=1))
    bench.cancel(2)
    bench.wait(5.0)
    bench.receive(frames.terminal("incomplete", "resp_2", lane=lane, sequence=2))
    after = bench.phase(2)
    bench.receive(frames.created("resp_9", lane=lane, previous="resp_2"))

    late = bench.phase(2)
    bench.receive(frames.terminal("completed", "resp_9", lane=lane, sequence=1))

    # Only the successor's own end shows that nothing more comes.
    assert (ResponsePhase.QUARANTINED, ResponsePhase.QUARANTINED, ResponsePhase.IDLE) == (after, late, bench.phase(2))


def test_what_both_responses_cost_is_told() -> None:
    bench = steered()
    bench.cancel(1)
    bench.receive(frames.terminal("incomplete", sequence=4))
    bench.receive(frames.created("resp_2", previous="resp_1"))
    bench.receive(frames.completed("resp_2", sequence=1))

    assert ["resp_1", "resp_2"] == [told.response_id for told in bench.all(Settled)]


# -- what the next request may continue ------------------------------------------------------------------------------------------


def test_a_steered_answer_is_followed_by_a_request_in_full() -> None:
    """The words in between came by steering: what a caller gives cannot be compared with them."""
    bench = awaiting_successor()
    bench.receive(frames.created("resp_2", previous="resp_1"))
    bench.receive(frames.completed("resp_2", sequence=1))
    request = bench.reply(1)

    assert SteeredReason() == bench.reason(request)


def test_every_steering_ends_once() -> None:
    bench = steered()
    bench.steer(1)
    bench.complete(1)
    bench.cancel(1)
    bench.lost()

    final = {SteerStatus.APPLIED, SteerStatus.FAILED, SteerStatus.PENDING, SteerStatus.UNKNOWN}
    assert [1, 2] == sorted(told.steer for told in bench.all(Steered) if told.status in final)
    assert 1 == len(bench.all(Finish))
