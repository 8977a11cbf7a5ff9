"""What happens on a lane when its caller has left: the caller is free at once, and the wire is settled behind its back."""

from __future__ import annotations

import pytest

from harness import frames
from harness.frames import user
from harness.in_phase import cancel_pending, draining, quarantined, streaming
from harness.lifecycle import Bench
from rejoinder.states.continuation import LaneDirty
from rejoinder.states.effects import Close, Dial, Finish, Moved, Note, Send, SendCancel, Withdraw
from rejoinder.states.events import Unsendable, Withdrawn
from rejoinder.states.phases import LinkPhase, RequestPhase, ResponsePhase
from rejoinder.states.profiles import AZURE, OPENAI, AfterCancel, CancelPolicy, Policy
from rejoinder.states.stream_events import StreamEvent
from rejoinder.states.verdicts import OutcomeKind


def proven(policy: Policy | None = None) -> Bench:
    """A link with lanes has answered request 1."""
    bench = Bench(OPENAI, policy)
    bench.ask()
    bench.opened()
    bench.answer(1)
    return bench


# -- the caller is free at once ----------------------------------------------------------------------------------------------


def test_caller_that_leaves_has_its_outcome_before_the_wire_is_told() -> None:
    bench = Bench(AZURE, Policy(signal=True))
    bench.ask()
    bench.opened()
    bench.created(1)
    effects = [effect for effect in bench.cancel(1) if not isinstance(effect, Moved)]

    assert [Finish, SendCancel] == [type(effect) for effect in effects]
    assert OutcomeKind.CANCELLED == bench.outcomes[1].kind
    assert bench.outcomes[1].failure is None


def test_caller_that_left_is_delivered_nothing_more() -> None:
    bench = draining()
    bench.speak(1, " stale")
    bench.complete(1)

    assert "Hello" == bench.text(1)


def test_cancelling_twice_and_after_the_end_costs_nothing() -> None:
    bench = draining()
    again = bench.cancel(1)
    bench.complete(1)
    late = bench.cancel(1)

    assert [] == list(again) == list(late)
    assert 2 == bench.session.counts["request ended Cancel"]


# -- before the response has an id -------------------------------------------------------------------------------------------


def test_create_that_did_not_leave_the_outbox_is_taken_back_with_its_continuation() -> None:
    bench = Bench(AZURE)
    bench.ask()
    bench.opened()
    bench.answer(1)
    bench.reply(1)
    bench.cancel(2)
    before = bench.phase(2)
    bench.feed(Withdrawn(1, 2, None))
    bench.reply(1)

    assert Withdraw(1, 2, None) == bench.last(Withdraw)
    assert ResponsePhase.CANCEL_PENDING == before
    assert "resp_1" == bench.continues(3)


def test_create_that_turns_out_too_large_leaves_the_wire_clean() -> None:
    bench = cancel_pending()
    bench.feed(Unsendable(1, 1, bench.lane(1).name, 20_000_000))

    assert ResponsePhase.IDLE == bench.phase(1)


def test_news_of_a_create_that_is_over_is_counted() -> None:
    bench = streaming()
    bench.complete(1)
    bench.feed(Withdrawn(1, 1, bench.lane(1).name))
    bench.feed(Withdrawn(9, 1, None))

    assert ["Late", "Late"] == bench.notes


@pytest.mark.parametrize("signal", [True, False])
def test_response_that_gets_its_id_late_is_cancelled_then(signal: bool) -> None:  # noqa: FBT001
    bench = Bench(AZURE, Policy(signal=signal))
    bench.ask()
    bench.opened()
    bench.cancel(1)
    before = bench.all(SendCancel)
    bench.created(1)

    assert [] == before
    assert ([SendCancel(1, "resp_1")] if signal else []) == bench.all(SendCancel)
    assert ResponsePhase.DRAINING == bench.phase(1)


def test_late_created_with_its_lane_proves_that_a_link_multiplexes() -> None:
    bench = Bench(OPENAI)
    bench.ask()
    bench.opened()
    bench.cancel(1)
    bench.created(1)

    assert bench.session.links[1].proven


def test_error_that_answers_an_abandoned_create_leaves_the_wire_clean_at_once() -> None:
    bench = cancel_pending()
    bench.ask()
    before = len(bench.all(Send))
    bench.receive(frames.error("invalid_prompt", status=400))

    assert 1 == before
    assert "AbandonedRejected" in bench.notes
    assert [1, 1] == [send.link for send in bench.all(Send)]
    assert 1 == len(bench.all(Dial))


def test_frames_for_nobody_do_not_make_a_lane_clean() -> None:
    bench = cancel_pending()
    for frame in (frames.completed("resp_9"), frames.delta("stale"), frames.unknown(), frames.garbage(), frames.keepalive()):
        bench.receive(frame)

    assert ResponsePhase.CANCEL_PENDING == bench.phase(1)
    assert ["ForeignTerminal", "StrayContent", "Other", "Garbage"] == bench.notes


def test_stranger_in_place_of_the_abandoned_retires_the_link() -> None:
    bench = Bench(AZURE)
    bench.ask()
    bench.opened()
    bench.answer(1)
    bench.reply(1)
    bench.cancel(2)
    bench.receive(frames.created("resp_9", previous="resp_8"))

    assert LinkPhase.RETIRING == bench.link(1)
    assert "resp_9" == bench.lane(2).response_id
    assert "ForeignCreated" in bench.notes


# -- draining ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["completed", "failed", "incomplete"])
@pytest.mark.original("B107", "C1:test_drain_discards_events_until_terminal")
def test_any_terminal_of_the_abandoned_response_ends_the_drain(kind: str) -> None:
    bench = draining()
    bench.end(1, kind)

    assert ResponsePhase.IDLE == bench.phase(1)
    assert bench.lane(1).tainted


@pytest.mark.original("B110")
def test_loss_ends_every_drain() -> None:
    for bench in (draining(), cancel_pending(), quarantined()):
        bench.lost()

        assert {} == bench.session.links


def test_drain_deadline_is_in_all_and_nothing_that_arrives_extends_it() -> None:
    bench = cancel_pending()
    cancelled = bench.now
    bench.wait(3)
    bench.created(1)
    while bench.link(1) is not None:
        bench.wait(0.5)
        if bench.link(1) is not None:
            bench.speak(1, "stale")
            bench.receive(frames.keepalive())
            bench.receive(frames.unknown())

    assert 5 == bench.now - cancelled
    assert "DrainOverdue" in bench.notes


def test_lane_that_does_not_drain_is_the_end_of_a_serial_link() -> None:
    bench = draining()
    bench.ask()
    bench.wait(0.2)
    bench.wait(4.8)

    assert Close(1) in bench.effects
    assert LinkPhase.CONNECTING == bench.link(2)


def test_lane_that_does_not_drain_is_out_of_use_on_a_link_that_multiplexes() -> None:
    bench = quarantined()
    bench.ask()

    assert LinkPhase.OPEN == bench.link(1)
    assert ["lane-1", "lane-2", "lane-3"] == [send.lane for send in bench.all(Send)]


def test_strangers_end_is_counted_once_and_retires_the_link_the_second_time() -> None:
    bench = draining()
    bench.receive(frames.completed("resp_9"))
    first = bench.link(1)
    bench.receive(frames.completed("resp_8"))

    assert LinkPhase.OPEN == first
    assert LinkPhase.RETIRING == bench.link(1)
    assert ["ForeignTerminal", "ForeignTerminalAgain"] == bench.notes
    assert ResponsePhase.DRAINING == bench.phase(1)


def test_strangers_beginning_retires_the_link_at_once() -> None:
    """The terminal that was due called the lane clean, and the next request was sent where a stranger spoke."""
    bench = draining()
    bench.receive(frames.created("resp_8"))
    abandoned = bench.phase(1)
    bench.receive(frames.incomplete("resp_1", sequence=None))
    bench.ask()

    assert ResponsePhase.DRAINING == abandoned
    assert ["ForeignCreated"] == bench.notes
    assert [1] == [send.request for send in bench.all(Send)]
    assert 2 == len(bench.all(Dial))


@pytest.mark.parametrize("labelled", [False, True])
def test_answer_to_a_cancel_without_a_label_leaves_every_lane_owed_one(labelled: bool) -> None:  # noqa: FBT001
    """It was booked on the wrong lane: the answer on that lane's own cancel then refused the create that was sent there."""
    bench = proven()
    for request in (2, 3):
        bench.ask()
        bench.created(request)
    lanes = [bench.lane(2), bench.lane(3)]
    for request in (2, 3):
        bench.cancel(request)
    bench.receive(frames.error("unknown_event_type", lane=lanes[1].name if labelled else None))

    assert 1 == bench.session.links[1].debt
    assert ([1, 0] if labelled else [1, 1]) == [lane.owed for lane in lanes]

    bench.receive(frames.error("unknown_event_type"))

    assert [0, 0] == [lane.owed for lane in lanes]


def test_faults_and_unreadable_frames_of_the_abandoned_are_nobodys_failure() -> None:
    bench = draining()
    bench.receive(frames.error("server_error", sequence=3))
    bench.receive(frames.garbage())
    bench.receive(frames.created("resp_1"))

    assert ["Fault", "Garbage", "RepeatCreated"] == bench.notes
    assert ResponsePhase.DRAINING == bench.phase(1)


# -- quarantine --------------------------------------------------------------------------------------------------------------


def test_quarantined_lane_comes_back_with_its_terminal() -> None:
    bench = quarantined()
    bench.speak(2, "stale")
    bench.complete(2)

    assert ResponsePhase.IDLE == bench.phase(2)


def test_created_that_comes_after_all_names_what_to_wait_for_and_what_to_cancel() -> None:
    bench = proven()
    bench.ask()
    bench.wait(30)
    bench.created(2)
    late = bench.session.links[1].lanes["lane-2"]
    bench.receive(frames.created("resp_2", lane="lane-2"))
    response = late.response_id
    bench.receive(frames.completed("resp_2", lane="lane-2"))

    assert Note("LateCreated", 1, "lane-2", "after the lane was given up") in bench.effects
    assert SendCancel(1, "resp_2") in bench.effects
    assert "resp_2" == response
    assert ResponsePhase.IDLE == late.phase


def test_rejection_that_comes_after_all_brings_the_lane_back() -> None:
    bench = proven(Policy(signal=False))
    bench.ask()
    bench.cancel(2)
    bench.wait(5)
    before = bench.phase(2)
    bench.receive(frames.error("invalid_prompt", status=400, lane="lane-2"))

    assert ResponsePhase.QUARANTINED == before
    assert ResponsePhase.IDLE == bench.phase(2)


# -- a response that nobody asked for ----------------------------------------------------------------------------------------


def test_response_that_nobody_asked_for_occupies_the_lane_until_its_terminal() -> None:
    bench = streaming()
    bench.complete(1)
    bench.receive(frames.created("resp_9"))
    bench.reply(1)
    before = len(bench.all(Send))
    bench.receive(frames.delta("stranger", item="item_9", sequence=1))
    bench.receive(frames.completed("resp_9"))

    assert 1 == before
    assert "UnaskedCreated" in bench.notes
    assert 2 == len(bench.all(Send))
    assert LaneDirty() == bench.reason(2)
    assert [] == bench.delivered[2]


@pytest.mark.parametrize(
    "frame",
    [
        frames.delta("late", sequence=9),
        frames.completed("resp_1"),
        frames.unknown(),
        frames.created("resp_1", wire_type="response.in_progress"),
    ],
    ids=lambda frame: frame.type,
)
def test_frame_after_the_terminal_is_counted_and_remembered(frame: StreamEvent) -> None:
    bench = streaming()
    bench.complete(1)
    before = bench.lane(1).tainted
    bench.receive(frame)

    assert not before
    assert bench.lane(1).tainted
    assert 1 == len(bench.notes)


def test_errors_for_nobody_harm_nobody() -> None:
    bench = streaming()
    bench.complete(1)
    bench.receive(frames.error("server_error"))
    bench.receive(frames.garbage())
    bench.reply(1)

    assert ["Rejected", "Garbage"] == bench.notes
    assert "resp_1" == bench.continues(2)


# -- what may be continued afterwards ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("after_cancel, expected", [(AfterCancel.FULL, None), (AfterCancel.REUSE, "resp_1")], ids=["full", "reuse"])
def test_parent_of_an_abandoned_response_is_named_where_the_policy_tries_it(
    after_cancel: AfterCancel, expected: str | None
) -> None:
    bench = Bench(AZURE, Policy(after_cancel=after_cancel))
    bench.ask()
    bench.opened()
    bench.answer(1)
    bench.reply(1, "Stop")
    bench.created(2)
    bench.speak(2)
    bench.cancel(2)
    bench.receive(frames.incomplete("resp_2"))
    bench.reply(1, "Never mind")

    assert expected == bench.continues(3)
    assert ([user("Never mind")] if expected else bench.items[3]) == bench.new_items(3)
    assert (None if expected else LaneDirty()) == bench.reason(3)


def test_parent_of_an_abandoned_response_that_completed_is_the_latest_no_more() -> None:
    bench = Bench(AZURE, Policy(after_cancel=AfterCancel.REUSE))
    bench.ask()
    bench.opened()
    bench.answer(1)
    bench.reply(1, "Stop")
    bench.created(2)
    bench.cancel(2)
    bench.complete(2)
    bench.reply(1, "Never mind")

    assert bench.continues(3) is None
    assert LaneDirty() == bench.reason(3)


# -- cancel policies ---------------------------------------------------------------------------------------------------------


def test_drain_waits_for_the_terminal() -> None:
    bench = Bench(AZURE, Policy(then=CancelPolicy.DRAIN))
    bench.ask()
    bench.opened()
    bench.created(1)
    bench.cancel(1)
    bench.ask()
    bench.wait(4.9)
    before = len(bench.all(Send))
    bench.complete(1)

    assert 1 == before == len(bench.all(Dial))
    assert [1, 1] == [send.link for send in bench.all(Send)]


def test_retire_drops_the_socket_and_dials_at_once() -> None:
    bench = Bench(AZURE, Policy(then=CancelPolicy.RETIRE))
    bench.ask()
    bench.opened()
    bench.created(1)
    effects = [effect for effect in bench.cancel(1) if not isinstance(effect, Moved)]

    assert [Finish, Close, Dial] == [type(effect) for effect in effects]
    assert LinkPhase.CONNECTING == bench.link(2)


def test_retire_spares_a_socket_on_which_another_caller_is_live() -> None:
    bench = proven(Policy(then=CancelPolicy.RETIRE))
    bench.ask("One")
    bench.ask("Two")
    bench.created(2)
    bench.created(3)
    bench.cancel(2)
    bench.speak(3)
    before = bench.link(1), bench.link(2)
    bench.complete(3)
    bench.complete(2)

    assert (LinkPhase.RETIRING, LinkPhase.CONNECTING) == before
    assert OutcomeKind.COMPLETED == bench.outcomes[3].kind
    assert bench.link(1) is None


@pytest.mark.parametrize("then", [CancelPolicy.LANE, CancelPolicy.HEDGE, CancelPolicy.DRAIN])
def test_free_lane_is_taken_whatever_the_policy(then: CancelPolicy) -> None:
    bench = proven(Policy(then=then))
    bench.ask()
    bench.created(2)
    bench.cancel(2)
    bench.ask()

    assert RequestPhase.SENT == bench.request(3)
    assert [Dial(1)] == bench.all(Dial)
