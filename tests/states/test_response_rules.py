"""What happens on a lane while a caller listens: from the create to the outcome."""

from __future__ import annotations

import pytest

from harness import frames
from harness.frames import assistant, message, reasoning, user
from harness.in_phase import acknowledged, awaiting_created, doubted, failing, streaming
from harness.lifecycle import Bench
from rejoinder.states.continuation import Evicted, LaneDirty, NoPrevious, Replayed, Reuse
from rejoinder.states.effects import Close, Deliver, Dial, Finish, Note, Send
from rejoinder.states.events import Unsendable
from rejoinder.states.phases import LinkPhase, RequestPhase, ResponsePhase
from rejoinder.states.profiles import AZURE, AfterCancel, Policy
from rejoinder.states.verdicts import Cause, OutcomeKind, Verdict


def replied(policy: Policy | None = None) -> Bench:
    """A create went out that continues an answered request."""
    bench = Bench(AZURE, policy)
    bench.ask()
    bench.opened()
    bench.answer(1)
    bench.reply(1)
    return bench


def failure_of(bench: Bench, request: int) -> tuple[OutcomeKind, Cause | None]:
    """How a request ended, and why."""
    outcome = bench.outcomes[request]
    return outcome.kind, None if outcome.failure is None else outcome.failure.cause


def verdict_of(bench: Bench, request: int) -> Verdict:
    verdict = bench.outcomes[request].verdict
    assert verdict is not None
    return verdict


# -- the first answer --------------------------------------------------------------------------------------------------------


@pytest.mark.original("B089")
def test_created_is_delivered_and_names_the_response() -> None:
    bench = awaiting_created()
    bench.created(1)

    assert ["response.created"] == [frame.type for frame in bench.delivered[1]]
    assert "resp_1" == bench.lane(1).response_id
    assert RequestPhase.SENT == bench.request(1)


@pytest.mark.original("B064", "C8:test_stable_connection_resets_quick_failure_counter")
def test_created_shows_that_a_dial_served() -> None:
    bench = Bench(AZURE)
    bench.ask()
    bench.refused(503)
    bench.wait(1)
    bench.opened()

    assert 2 == bench.session.links[1].attempts

    bench.created(1)

    assert 0 == bench.session.links[1].attempts


def test_cache_miss_is_sent_in_full_at_once_on_the_same_socket() -> None:
    bench = replied()
    bench.receive(frames.error("previous_response_not_found", status=400))
    again = bench.all(Send)[-1]

    assert Reuse("resp_1", (), 2) == bench.all(Send)[1].decision
    assert (1, 2) == (again.link, again.request)
    assert Replayed(Cause.CACHE_MISS) == bench.reason(2)
    assert 1 == len(bench.all(Dial))


def test_cache_miss_of_a_request_that_was_sent_in_full_is_its_failure() -> None:
    bench = replied()
    bench.receive(frames.error("previous_response_not_found", status=400))
    bench.receive(frames.error("previous_response_not_found", status=400))

    assert (OutcomeKind.FAILED, Cause.REJECTED) == failure_of(bench, 2)
    assert (Cause.CACHE_MISS,) == verdict_of(bench, 2).replays


def test_rejected_create_fails_and_its_lane_goes_on_without_a_continuation() -> None:
    bench = replied()
    bench.receive(frames.error("invalid_prompt", status=400))
    bench.reply(1)

    assert (OutcomeKind.FAILED, Cause.REJECTED) == failure_of(bench, 2)
    assert Verdict("awaiting_created", sent=True, acknowledged=False, output_begun=False, replay_safe=True) == verdict_of(bench, 2)
    assert Evicted() == bench.reason(3)


@pytest.mark.parametrize(
    "headers, pause", [(None, 0.5), ({"retry-after": "3"}, 3.0), ({"retry-after-ms": "40"}, 0.04), ({"retry-after": "0"}, 0.0)]
)
def test_rejection_that_passes_is_sent_again_after_the_pause_asked_for(headers: dict[str, str] | None, pause: float) -> None:
    bench = awaiting_created()
    rejected = bench.now
    bench.receive(frames.error("server_error", status=503, headers=headers))
    while len(bench.all(Send)) == 1:
        due = bench.session.next_deadline()
        assert due is not None
        bench.wait(due - bench.now)

    assert pause == pytest.approx(bench.now - rejected)
    assert Replayed(Cause.REJECTED) == bench.reason(1)
    assert "Replay" in bench.notes


def test_rejection_that_passes_is_sent_again_only_once() -> None:
    bench = awaiting_created()
    bench.receive(frames.error("server_error", status=503, headers={"retry-after": "0"}))
    bench.receive(frames.error("server_error", status=503, headers={"retry-after": "7"}))

    assert (OutcomeKind.FAILED, Cause.REJECTED) == failure_of(bench, 1)
    assert 7 == verdict_of(bench, 1).retry_after


def test_error_in_doubt_that_answers_the_create_for_certain_rejects_it() -> None:
    bench = doubted()
    bench.receive(frames.error("invalid_value", param="model", status=400))

    assert (OutcomeKind.FAILED, Cause.REJECTED) == failure_of(bench, 2)


def test_request_that_is_too_large_fails_unsent_and_costs_no_continuation() -> None:
    bench = replied()
    bench.feed(Unsendable(1, 2, bench.lane(2).name, 20_000_000))
    bench.reply(1)

    assert (OutcomeKind.FAILED, Cause.UNSENDABLE) == failure_of(bench, 2)
    assert not verdict_of(bench, 2).sent
    assert "20000000 bytes" in str(bench.outcomes[2].failure)
    assert "resp_1" == bench.continues(3)


def test_keepalive_acknowledges_nothing_and_is_not_delivered() -> None:
    bench = awaiting_created()
    bench.receive(frames.keepalive(sequence=0))
    bench.created(1)
    bench.receive(frames.keepalive(sequence=1))

    assert ["response.created"] == [frame.type for frame in bench.delivered[1]]


# -- a response that runs ----------------------------------------------------------------------------------------------------


def test_delta_in_a_stream_is_one_effect() -> None:
    bench = streaming()

    assert [Deliver(1)] == bench.speak(1, " there")
    assert "Hello there" == bench.text(1)


def test_progress_and_unknown_events_are_delivered_and_are_not_output() -> None:
    bench = acknowledged()
    bench.receive(frames.created(sequence=1, wire_type="response.in_progress"))
    bench.receive(frames.unknown(sequence=2))

    assert ["response.created", "response.in_progress", "response.brand_new"] == [frame.type for frame in bench.delivered[1]]
    assert ResponsePhase.ACKNOWLEDGED == bench.phase(1)


@pytest.mark.original("B099")
def test_missing_frames_are_named_and_the_link_retires_while_the_answer_goes_on() -> None:
    bench = streaming()
    bench.receive(frames.delta("!", sequence=9))
    bench.receive(frames.completed(sequence=10))

    assert "Hello!" == bench.text(1)
    assert (OutcomeKind.COMPLETED, None) == failure_of(bench, 1)
    assert "SequenceGap" in bench.notes
    assert [Close(1)] == bench.all(Close)


def test_output_that_begins_after_missing_frames_is_output() -> None:
    bench = acknowledged()
    bench.receive(frames.item_added(sequence=4))
    bench.lost()

    assert LinkPhase.RETIRING in [target for machine, _, _, target in bench.moves if machine == "link"]
    assert (OutcomeKind.INTERRUPTED, Cause.LOST) == failure_of(bench, 1)
    assert verdict_of(bench, 1).output_begun


def test_frame_that_comes_twice_is_delivered_once() -> None:
    bench = streaming()
    bench.receive(frames.delta("Hello", sequence=2))

    assert "Hello" == bench.text(1)
    assert "SequenceRepeated" in bench.notes
    assert LinkPhase.RETIRING == bench.link(1)


def test_late_frame_is_counted_not_delivered_and_remembered() -> None:
    bench = streaming()
    bench.receive(frames.delta("stale", item="item_0", sequence=8))

    assert "Hello" == bench.text(1)
    assert Note("StrayContent", 1, None, "'response.output_text.delta' in streaming") == bench.last(Note)
    assert bench.lane(1).tainted
    assert LinkPhase.OPEN == bench.link(1)


@pytest.mark.original("B093", "C1:test_response_completed_stores_state")
def test_completed_response_can_be_continued() -> None:
    bench = replied()
    bench.answer(2, "Sure")
    bench.reply(2)

    assert "resp_2" == bench.continues(3)
    assert [user("Go on")] == bench.new_items(3)
    assert bench.outcomes[2].response is not None


def test_finished_items_stand_in_for_a_terminal_without_output() -> None:
    bench = acknowledged()
    bench.receive(frames.item_done(reasoning(), sequence=1))
    bench.speak(1)
    # The item that is finished in the middle of the stream takes the short way through ``feed``.
    voice = bench.voices[1]
    bench.receive(frames.item_added("rs_1", sequence=voice.next_sequence()))
    bench.receive(frames.item_done(message("Hello"), sequence=voice.next_sequence()))
    bench.end(1, "completed")
    bench.reply(1)

    assert "resp_1" == bench.continues(2)


def test_failed_response_fails_in_the_servers_words() -> None:
    bench = streaming()
    bench.receive(frames.failed(sequence=3))
    bench.reply(1)

    assert (OutcomeKind.FAILED, Cause.FAILED) == failure_of(bench, 1)
    assert "The model broke." in str(bench.outcomes[1].failure)
    assert Verdict("streaming", sent=True, acknowledged=True, output_begun=True, replay_safe=False) == verdict_of(bench, 1)
    assert LaneDirty() == bench.reason(2)


def after_incomplete(policy: Policy) -> Bench:
    """A response was cut short, and the conversation goes on."""
    bench = replied(policy)
    bench.created(2)
    bench.speak(2, "cut sho")
    bench.end(2, "incomplete")
    bench.reply(2)
    return bench


def test_incomplete_response_is_an_outcome_of_its_own_and_leaves_no_continuation() -> None:
    bench = after_incomplete(Policy())

    assert (OutcomeKind.INCOMPLETE, None) == failure_of(bench, 2)
    assert bench.outcomes[2].verdict is None
    assert LaneDirty() == bench.reason(3)


def test_after_an_incomplete_response_its_parent_is_named_where_the_policy_tries_it() -> None:
    bench = after_incomplete(Policy(after_cancel=AfterCancel.REUSE))

    assert "resp_1" == bench.continues(3)
    assert [user("Go on"), assistant("cut sho"), user("Go on")] == bench.new_items(3)


# -- faults ------------------------------------------------------------------------------------------------------------------


def test_fault_ends_with_the_terminal_and_with_the_fault() -> None:
    bench = streaming()
    bench.fault(1, "server_is_overloaded")
    bench.speak(1, " (sorry)")
    before = len(bench.all(Finish))
    bench.end(1, "completed")

    assert 0 == before
    assert "Hello (sorry)" == bench.text(1)
    assert (OutcomeKind.FAILED, Cause.FAULT) == failure_of(bench, 1)
    failure = bench.outcomes[1].failure
    assert failure is not None
    assert "server_is_overloaded" == failure.code
    assert "response.completed" == bench.delivered[1][-1].type


def test_fault_without_a_terminal_ends_after_the_grace_and_the_link_retires() -> None:
    bench = failing()
    bench.wait(2)

    assert (OutcomeKind.FAILED, Cause.FAULT) == failure_of(bench, 1)
    assert [Close(1)] == bench.all(Close)


def test_fault_and_then_a_loss_ends_with_the_fault() -> None:
    bench = failing()
    bench.lost()

    assert (OutcomeKind.FAILED, Cause.FAULT) == failure_of(bench, 1)


def test_fault_and_then_a_stranger_ends_with_the_fault_and_the_link_retires() -> None:
    bench = failing()
    bench.receive(frames.created("resp_9"))

    assert (OutcomeKind.FAILED, Cause.FAULT) == failure_of(bench, 1)
    assert LinkPhase.RETIRING == bench.link(1)
    assert "resp_9" == bench.lane(1).response_id


def test_frames_are_missing_from_or_repeated_in_a_response_that_fails() -> None:
    bench = failing()
    bench.receive(frames.delta("?", sequence=9))
    bench.receive(frames.delta("?", sequence=9))
    bench.receive(frames.delta("stale", item="item_0", sequence=10))

    assert "Hello?" == bench.text(1)
    assert ["SequenceGap", "SequenceRepeated", "StrayContent"] == bench.notes


def test_output_after_a_fault_is_output() -> None:
    bench = acknowledged()
    bench.fault(1)
    bench.speak(1)
    bench.end(1, "failed")

    assert "Hello" == bench.text(1)
    assert verdict_of(bench, 1).output_begun
    assert not verdict_of(bench, 1).replay_safe


def test_first_request_has_nothing_to_continue() -> None:
    assert NoPrevious() == awaiting_created().reason(1)
