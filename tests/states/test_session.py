"""The session as a whole: the stories that broke an earlier draft of the tables, and what no story may break.

``r`` is a request, ``L`` a link, in order of appearance; each story is as short as it was found.
"""

from __future__ import annotations

from collections.abc import Sequence

from harness import frames
from harness.in_phase import connecting, idle, streaming
from harness.lifecycle import Bench
from rejoinder.states.effects import Close, Deliver, Dial, Effect, Finish, Moved, Send, SendCancel, Withdraw
from rejoinder.states.events import Overflow, Received, Shutdown, Unsendable
from rejoinder.states.phases import LinkPhase, RequestPhase, ResponsePhase
from rejoinder.states.profiles import AZURE, GENERIC, OPENAI, CancelPolicy, Policy
from rejoinder.states.session import Session
from rejoinder.states.verdicts import Cause, OutcomeKind

SIGNALLING = Policy(signal=True)


def kinds(effects: Sequence[Effect]) -> list[type[Effect]]:
    """The types of effects, without the news for observers."""
    return [type(effect) for effect in effects if not isinstance(effect, Moved)]


# -- stories -------------------------------------------------------------------------------------------------------------------


def test_successor_that_cannot_be_dialled_ends_nothing_while_another_link_serves() -> None:
    """r0; r1; L0 open; cancel r0; hedge; the dial fails twice: r1 failed while L0 was draining normally."""
    bench = streaming()
    bench.ask()
    bench.cancel(1)
    bench.wait(0.25)
    bench.refused(503)
    bench.wait(1)
    bench.refused(401)
    before = bench.request(2)
    bench.complete(1)
    bench.answer(2)

    assert RequestPhase.WAITING == before
    assert OutcomeKind.COMPLETED == bench.outcomes[2].kind
    assert 1 == bench.session.counts["request waiting GaveUpOther"]


def test_hedge_and_drain_do_not_both_send_the_request() -> None:
    """r0; r1; L0 open; cancel r0; created; hedge r1; r0 ends; L1 open: with r1 kept in the lane's table, it went out twice."""
    bench = Bench(AZURE)
    bench.ask()
    bench.ask()
    bench.opened()
    bench.cancel(1)
    bench.created(1)
    bench.wait(0.25)
    bench.complete(1)
    bench.opened(2)

    assert [1, 2] == [send.request for send in bench.all(Send)]
    assert ["Late"] == bench.notes


def test_error_that_answers_an_old_cancel_is_not_blamed_on_the_next_request() -> None:
    """Cancel r0; r0 completes; r1 sent; the server refuses the cancel: r1 was blamed, and r2 got r1's words."""
    bench = Bench(AZURE, SIGNALLING)
    bench.ask()
    bench.opened()
    bench.created(1)
    bench.cancel(1)
    bench.complete(1)
    bench.ask()
    bench.receive(frames.error("invalid_request_error", status=400))
    doubted = bench.phase(2)
    bench.ask()
    bench.answer(2, "For two")
    bench.answer(3, "For three")

    assert ResponsePhase.DOUBTED == doubted
    assert ["For two", "For three"] == [bench.text(2), bench.text(3)]
    assert 0 == bench.session.links[1].debt


def test_as_many_errors_are_doubted_as_cancels_are_owed_an_answer() -> None:
    bench = Bench(AZURE, SIGNALLING)
    bench.ask()
    bench.opened()
    for request in (1, 2):
        bench.created(request)
        bench.cancel(request)
        bench.complete(request)
        bench.ask()
    debt = bench.session.links[1].debt
    bench.receive(frames.error())
    bench.receive(frames.error())
    twice = bench.phase(3)
    bench.receive(frames.error("invalid_prompt", status=400))

    assert 2 == debt
    assert ResponsePhase.DOUBTED == twice
    assert OutcomeKind.FAILED == bench.outcomes[3].kind


def test_late_answer_to_a_cancel_on_an_idle_lane_pays_the_debt() -> None:
    bench = Bench(AZURE, SIGNALLING)
    bench.ask()
    bench.opened()
    bench.created(1)
    bench.cancel(1)
    bench.complete(1)
    bench.receive(frames.error())
    bench.ask()
    bench.receive(frames.error("invalid_prompt", status=400))

    assert OutcomeKind.FAILED == bench.outcomes[2].kind


def test_link_that_refused_a_cancel_is_not_sent_another() -> None:
    bench = Bench(AZURE, SIGNALLING)
    bench.ask()
    bench.opened()
    bench.created(1)
    bench.cancel(1)
    bench.receive(frames.error("unknown_event"))
    bench.complete(1)
    bench.ask()
    bench.created(2)
    bench.cancel(2)

    assert [SendCancel(1, "resp_1")] == bench.all(SendCancel)
    assert ["CancelRefused"] == bench.notes


def test_late_answer_to_a_cancel_does_not_end_what_runs() -> None:
    bench = Bench(AZURE, SIGNALLING)
    bench.ask()
    bench.opened()
    bench.created(1)
    bench.cancel(1)
    bench.complete(1)
    bench.ask()
    bench.created(2)
    bench.receive(frames.error())
    bench.speak(2)
    bench.complete(2)

    assert OutcomeKind.COMPLETED == bench.outcomes[2].kind


def test_fault_does_not_put_two_responses_on_one_lane() -> None:
    """Finishing at the error itself, the next request went out before the terminal of the failing one."""
    bench = streaming()
    bench.ask("Two")
    bench.fault(1)
    before = len(bench.all(Send))
    bench.end(1, "failed")

    assert 1 == before
    assert 2 == bench.last(Send).request


def test_rejection_of_an_abandoned_create_costs_neither_seconds_nor_the_link() -> None:
    """Discarding it stalled for 5 s and threw a clean link away."""
    bench = Bench(AZURE)
    bench.ask()
    bench.opened()
    bench.cancel(1)
    bench.ask()
    bench.receive(frames.error("invalid_prompt", status=400))

    assert [(1, 1), (1, 2)] == [(send.link, send.request) for send in bench.all(Send)]


def test_error_while_a_cancel_is_owed_an_answer_does_not_make_the_wire_clean() -> None:
    """Calling it clean let the next request have the abandoned response's words."""
    bench = Bench(AZURE, SIGNALLING)
    bench.ask()
    bench.opened()
    bench.created(1)
    bench.cancel(1)
    bench.complete(1)
    bench.ask()
    bench.cancel(2)
    bench.ask()
    bench.receive(frames.error())
    bench.created(2)
    bench.speak(2, "For nobody")

    assert [1, 2] == [send.request for send in bench.all(Send)]
    assert [] == bench.delivered[3]


def test_terminal_for_nobody_does_not_hand_the_lane_to_the_next_request() -> None:
    """A terminal for nobody called the lane clean, and the next request got r0's words."""
    bench = Bench(AZURE)
    bench.ask()
    bench.opened()
    bench.cancel(1)
    bench.ask()
    bench.receive(frames.completed("resp_9"))
    bench.created(1)
    bench.speak(1, "For nobody")

    assert [1] == [send.request for send in bench.all(Send)]
    assert [] == bench.delivered[2]


def test_two_creates_are_never_out_on_a_link_that_has_not_echoed_a_lane() -> None:
    """Demoting the link at the first created was too late: two creates were out already."""
    bench = Bench(OPENAI)
    bench.ask()
    bench.ask()
    bench.opened()
    bench.receive(frames.created("resp_1"))
    bench.receive(frames.item_added())
    bench.receive(frames.delta("For one"))

    assert [1] == [send.request for send in bench.all(Send)]
    assert ["For one", ""] == [bench.text(1), bench.text(2)]


def test_stale_frame_whose_number_fits_is_told_by_its_item() -> None:
    """Sequence numbers start anew with each response and may coincide; the item was announced before this created."""
    bench = idle()
    bench.reply(1)
    bench.created(2)
    bench.receive(frames.delta("For one", item="item_1", sequence=1))
    bench.speak(2, "For two")

    assert "For two" == bench.text(2)
    assert ["StrayContent"] == bench.notes


def test_server_that_does_not_announce_items_is_understood_and_its_stale_items_are_not() -> None:
    bench = Bench(GENERIC)
    bench.ask()
    bench.opened()
    bench.created(1)
    bench.receive(frames.delta("Hello", item="item_1", sequence=1))
    bench.complete(1)
    bench.ask("Two")
    bench.created(2)
    bench.receive(frames.delta("stale", item="item_1", sequence=1))
    bench.receive(frames.delta("Hi", item="item_2", sequence=1))

    assert ["Hello", "Hi"] == [bench.text(1), bench.text(2)]


def test_new_item_after_a_gap_is_believed_only_where_nothing_stale_can_be() -> None:
    clean, tainted = idle(), idle()
    tainted.receive(frames.delta("late", sequence=9))
    for bench in (clean, tainted):
        bench.reply(1)
        bench.created(2)
        bench.receive(frames.item_added("item_9", sequence=5))

    assert (ResponsePhase.STREAMING, LinkPhase.RETIRING) == (clean.phase(2), clean.link(1))
    assert (ResponsePhase.ACKNOWLEDGED, LinkPhase.OPEN) == (tainted.phase(2), tainted.link(1))


def test_dial_that_was_given_up_does_not_touch_what_is_under_way() -> None:
    bench = streaming()
    bench.receive(frames.delta("!", sequence=9))
    bench.ask("Two")
    bench.refused(401)
    bench.receive(frames.completed(sequence=10), 1)

    assert OutcomeKind.INTERRUPTED == bench.outcomes[2].kind
    assert OutcomeKind.COMPLETED == bench.outcomes[1].kind


def test_hedge_that_pauses_between_two_dials_is_dropped_in_silence() -> None:
    bench = streaming()
    bench.cancel(1)
    bench.ask()
    bench.wait(0.25)
    bench.refused(503)
    before = bench.link(2)
    bench.complete(1)

    assert LinkPhase.RECONNECTING == before
    assert bench.link(2) is None
    assert [] == bench.all(Close)


def test_link_that_failed_is_forgotten_where_another_serves() -> None:
    bench = streaming()
    bench.cancel(1)
    bench.ask()
    bench.wait(0.25)
    bench.refused(401)

    assert [1] == list(bench.session.links)


# -- feeding -------------------------------------------------------------------------------------------------------------------


def test_effects_are_in_the_order_in_which_they_are_to_be_performed() -> None:
    bench = Bench(AZURE, Policy(then=CancelPolicy.RETIRE))
    bench.ask()
    asked = bench.effects.copy()
    opened = bench.opened()
    cancelled = bench.cancel(1)

    assert [Dial] == kinds(asked)
    assert [Send] == kinds(opened)
    assert [Finish, Withdraw, Close, Dial] == kinds(cancelled)


def test_terminal_is_delivered_before_the_outcome_and_the_next_request_follows() -> None:
    bench = streaming()
    bench.ask("Two")

    assert [Deliver, Finish, Send] == kinds(bench.complete(1))


def test_delta_on_the_short_way_changes_what_it_does_on_the_long_way() -> None:
    short, long = streaming(), streaming()
    for bench in (short, long):
        bench.wait(1)
    # A response that runs on a retiring link takes the long way.
    long.session.links[1].phase = LinkPhase.RETIRING
    for bench in (short, long):
        bench.speak(1, " there")
        bench.receive(frames.item_done(frames.message("Hello there", "item_1"), sequence=4))

    assert short.delivered[1] == long.delivered[1]
    ours, theirs = short.lane(1), long.lane(1)
    assert (ours.sequence, ours.heard, ours.output, ours.items) == (theirs.sequence, theirs.heard, theirs.output, theirs.items)


def test_delta_without_a_number_does_not_move_the_number() -> None:
    bench = streaming()
    bench.receive(frames.delta(" there", sequence=None))
    bench.receive(frames.delta("!", sequence=3))

    assert "Hello there!" == bench.text(1)
    assert [] == bench.notes


def test_unknown_requests_may_be_cancelled_and_overflow() -> None:
    bench = connecting()
    bench.cancel(9)
    bench.feed(Overflow(9))

    assert 2 == sum(times for name, times in bench.session.counts.items() if name.startswith("request ended"))


def test_session_shows_its_links_and_requests_and_nothing_of_what_they_say() -> None:
    bench = streaming()
    bench.ask("My secret")

    assert "<Session azure links [1:open] requests [1:sent, 2:waiting]>" == repr(bench.session)


def test_copy_goes_its_own_way() -> None:
    bench = streaming()
    copy = bench.session.copy()
    bench.complete(1)

    assert "<Session azure links [1:open] requests [1:sent]>" == repr(copy)
    assert [Deliver(1)] == list(copy.feed(Received(1, frames.delta(sequence=3)), bench.now))


def test_new_session_has_nothing_to_do() -> None:
    session = Session()

    assert OPENAI is session.profile
    assert session.next_deadline() is None


# -- faults --------------------------------------------------------------------------------------------------------------------


def test_shutdown_dials_nothing() -> None:
    bench = Bench(AZURE, Policy(then=CancelPolicy.RETIRE))
    bench.ask()
    bench.opened()
    bench.created(1)

    assert Dial not in kinds(bench.feed(Shutdown()))


def test_news_of_a_create_reaches_only_the_lane_that_it_is_on() -> None:
    bench = Bench(OPENAI, Policy(prove_after=1000.0))
    bench.ask()
    bench.opened()
    bench.answer(1)
    bench.reply(1)
    bench.wait(30)
    bench.feed(Unsendable(1, 2, "lane-2", 20_000_000))

    assert "Illegal" not in bench.notes
    failure = bench.outcomes[2].failure
    assert failure is not None
    assert (OutcomeKind.FAILED, Cause.UNSENDABLE) == (bench.outcomes[2].kind, failure.cause)


def test_answer_to_a_cancel_whose_lane_is_gone_settles_the_debt() -> None:
    bench = idle()
    bench.session.links[1].debt = 1
    bench.receive(frames.error())

    assert 0 == bench.session.links[1].debt
    assert [0] == [lane.owed for lane in bench.session.links[1].lanes.values()]
    assert "CancelRefused" in bench.notes
