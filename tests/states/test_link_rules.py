"""The life of a socket: dialling, proving, rotating, retiring, ending."""

from __future__ import annotations

import pytest

from harness import frames
from harness.in_phase import acknowledged, connecting, idle, proving, reconnecting, streaming
from harness.lifecycle import Bench
from rejoinder.states.continuation import NewLink
from rejoinder.states.effects import Close, Dial, Ping, Send
from rejoinder.states.events import DialFailed, Opened, Pong, Preconnect
from rejoinder.states.link_rules import backoff
from rejoinder.states.phases import LinkPhase, ResponsePhase
from rejoinder.states.profiles import AZURE, OPENAI, XAI, Deadlines, Policy, Profile
from rejoinder.states.session import Session
from rejoinder.states.verdicts import Cause, OutcomeKind


def cause_of(bench: Bench, request: int = 1) -> Cause | None:
    failure = bench.outcomes[request].failure
    return None if failure is None else failure.cause


def message_of(bench: Bench, request: int = 1) -> str:
    failure = bench.outcomes[request].failure
    return "" if failure is None else failure.message


# -- dialling ------------------------------------------------------------------------------------------------------------------


@pytest.mark.original("C8:test_connect_resets_state")
def test_request_dials_and_what_opens_is_ready() -> None:
    bench = connecting()
    dialled = bench.all(Dial)
    bench.opened()

    assert [Dial(1)] == dialled
    assert LinkPhase.OPEN == bench.link(1)
    assert [None] == list(bench.session.links[1].lanes)


def test_link_can_be_dialled_before_it_is_needed() -> None:
    bench = Bench(AZURE)
    bench.feed(Preconnect())
    bench.feed(Preconnect())
    bench.opened()
    bench.ask()

    assert [Dial(1)] == bench.all(Dial)
    assert 1 == bench.last(Send).link


def test_dial_that_fails_is_tried_again_after_a_pause_until_the_attempts_are_spent() -> None:
    bench = connecting()
    start = bench.now
    dialled = [start]
    for _ in range(2):
        bench.refused(503)
        due = bench.session.next_deadline()
        assert due is not None
        bench.wait(due - bench.now)
        dialled.append(bench.now)
    bench.refused(503)

    assert [0, 0.5, 1.5] == [instant - start for instant in dialled]
    assert [Dial(1)] * 3 == bench.all(Dial)
    assert Cause.DIAL is cause_of(bench)
    assert LinkPhase.FAILED == bench.link(1)


@pytest.mark.parametrize(
    "attempts, jitter, pause", [(1, 1, 0.5), (1, 0, 0.375), (2, 1, 1), (3, 0.5, 1.75), (5, 1, 8), (9, 1, 8), (0, 1, 0.5)]
)
def test_pause_doubles_up_to_its_limit_with_jitter(attempts: int, jitter: float, pause: float) -> None:
    assert pause == backoff(Session(AZURE), attempts, jitter)


def test_pause_is_never_shorter_than_the_server_asks() -> None:
    assert 3 == backoff(Session(AZURE), 1, 1, 3)
    assert 8 == backoff(Session(AZURE), 9, 1, 3)


def test_pause_has_its_limit_after_any_number_of_attempts() -> None:
    assert 8 == backoff(Session(AZURE), 2000, 1)


def test_pause_that_the_server_asks_for_is_kept_if_there_is_time_for_it() -> None:
    bench = connecting()
    bench.refused(429, retry_after=4, jitter=0)
    bench.wait(3.9)
    before = len(bench.all(Dial))
    bench.wait(0.1)

    assert (1, 2) == (before, len(bench.all(Dial)))


def test_pause_that_outlasts_the_connect_deadline_fails_now() -> None:
    bench = connecting()
    bench.refused(429, retry_after=60)

    assert Cause.DIAL is cause_of(bench)
    verdict = bench.outcomes[1].verdict
    assert verdict is not None
    assert 60 == verdict.retry_after


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_refusal_that_does_not_pass_fails_at_once(status: int) -> None:
    bench = connecting()
    bench.refused(status)

    assert Cause.DIAL is cause_of(bench)
    assert 1 == len(bench.all(Dial))


def test_fault_that_cannot_pass_by_itself_fails_at_once() -> None:
    bench = connecting()
    bench.feed(DialFailed(1, "The certificate is not trusted.", permanent=True))

    assert "The certificate is not trusted. Check" in message_of(bench)


def test_connect_deadline_covers_all_attempts() -> None:
    bench = connecting()
    bench.wait(4)
    bench.refused(503)
    bench.wait(5.9)
    before = dict(bench.outcomes)
    bench.wait(0.1)

    assert {} == before
    assert "within 10 s" in message_of(bench)
    assert [Close(1)] == bench.all(Close)


def test_next_request_dials_anew_after_everything_failed() -> None:
    bench = connecting()
    bench.refused(401)
    bench.ask()
    bench.refused(503)
    bench.wait(1)
    bench.opened()

    assert [Dial(1)] * 3 == bench.all(Dial)
    assert 2 == bench.last(Send).request


def test_news_of_links_that_are_over_is_counted() -> None:
    bench = Bench(AZURE)
    bench.feed(Opened(7))
    bench.feed(DialFailed(7, "It failed."))
    bench.feed(Pong(7))
    bench.lost(7)
    bench.receive(frames.delta(), 7)

    assert ["Late"] * 5 == bench.notes


# -- proving -------------------------------------------------------------------------------------------------------------------


def test_link_that_was_quiet_for_long_proves_itself_first() -> None:
    bench = idle()
    bench.wait(31)
    bench.ask()
    before = len(bench.all(Send))
    bench.feed(Pong(1))

    assert [Ping(1)] == bench.all(Ping)
    assert (1, 2) == (before, len(bench.all(Send)))
    assert LinkPhase.OPEN == bench.link(1)


def test_link_that_was_heard_lately_is_trusted() -> None:
    bench = idle()
    bench.wait(29.9)
    bench.ask()

    assert [] == bench.all(Ping)
    assert 2 == bench.last(Send).request


def test_pong_that_nobody_waits_for_counts_as_news() -> None:
    bench = idle()
    bench.wait(20)
    bench.feed(Pong(1))
    bench.wait(20)
    bench.ask()

    assert [] == bench.all(Ping)


def test_any_frame_proves_a_link() -> None:
    bench = proving()
    bench.receive(frames.keepalive())

    assert LinkPhase.OPEN == bench.link(1)
    assert 2 == bench.last(Send).request


def test_link_that_does_not_answer_a_ping_is_replaced_and_nothing_was_sent_into_it() -> None:
    bench = proving()
    bench.wait(20)
    bench.opened()

    assert "LinkSilent" in bench.notes
    assert [Dial(1), Dial(1)] == bench.all(Dial)
    assert [Close(1)] == bench.all(Close)
    assert [1, 2] == [send.request for send in bench.all(Send)]
    assert NewLink() == bench.reason(2)


def test_successor_that_opens_in_the_meantime_takes_over() -> None:
    bench = idle()
    bench.wait(3300)
    bench.ask()
    before = bench.link(1)
    bench.opened(2)

    assert LinkPhase.PROVING == before
    assert 2 == bench.last(Send).link
    assert bench.link(1) is None


# -- rotation ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("profile, after", [(OPENAI, 3300), (AZURE, 3300), (XAI, 1200)])
def test_successor_is_dialled_before_the_age_limit(profile: Profile, after: float) -> None:
    bench = Bench(profile)
    bench.feed(Preconnect())
    bench.opened()
    bench.wait(after - 0.1)
    before = len(bench.all(Dial))
    bench.wait(0.1)

    assert (1, 2) == (before, len(bench.all(Dial)))


def test_link_of_a_short_life_is_rotated_half_way() -> None:
    bench = Bench(AZURE, Policy(rotate_before=3000))
    bench.feed(Preconnect())
    bench.opened()

    assert bench.now + 1800 == bench.session.next_deadline()


def test_old_link_serves_until_its_successor_opens_and_ends_when_it_is_vacant() -> None:
    bench = Bench(AZURE, Policy(deadlines=Deadlines(created=4000)))
    bench.ask()
    bench.opened()
    bench.wait(3300)
    bench.created(1)
    bench.opened(2)
    bench.ask()
    new = bench.last(Send).link
    old = bench.link(1)
    bench.speak(1)
    bench.complete(1)

    assert (2, LinkPhase.RETIRING) == (new, old)
    assert OutcomeKind.COMPLETED == bench.outcomes[1].kind
    assert [Close(1)] == bench.all(Close)
    assert bench.link(1) is None


def test_successor_that_cannot_be_dialled_is_tried_again_later() -> None:
    bench = Bench(AZURE)
    bench.feed(Preconnect())
    bench.opened()
    bench.wait(3300)
    bench.refused(401)
    bench.wait(29.9)
    before = len(bench.all(Dial))
    bench.wait(0.1)

    assert (2, 3) == (before, len(bench.all(Dial)))
    assert LinkPhase.OPEN == bench.link(1)


def test_retiring_link_ends_at_the_turn_deadline_whoever_is_left() -> None:
    bench = streaming()
    bench.wait(1)
    bench.receive(frames.delta("!", sequence=9))
    for _ in range(35):
        bench.wait(100)
        bench.receive(frames.delta(".", sequence=None))
    bench.wait(100)

    assert Cause.TURN is cause_of(bench)
    assert [Close(1)] == bench.all(Close)


# -- the server's limit --------------------------------------------------------------------------------------------------------


def test_limit_sends_what_was_not_acknowledged_elsewhere_and_lets_the_rest_end() -> None:
    bench = Bench(OPENAI)
    bench.ask()
    bench.opened()
    bench.answer(1)
    for _ in range(3):
        bench.ask()
    bench.created(2)
    bench.created(3)
    bench.speak(3)
    bench.receive(frames.error("websocket_connection_limit_reached", status=400))
    bench.opened()
    bench.speak(3)
    bench.complete(3)
    bench.created(4)
    bench.lost(1)

    assert LinkPhase.OPEN == bench.link(2)
    assert [1, 2, 3, 4, 4, 2] == [send.request for send in bench.all(Send)]
    assert OutcomeKind.COMPLETED == bench.outcomes[3].kind


def test_limit_interrupts_what_may_not_be_sent_again() -> None:
    bench = Bench(AZURE)
    bench.ask(warm_up=True)
    bench.opened()
    bench.receive(frames.error("websocket_connection_limit_reached", status=400))

    assert (Cause.LIMIT, ResponsePhase.CANCEL_PENDING) == (cause_of(bench), bench.phase(1))
    assert LinkPhase.RETIRING == bench.link(1)


def test_limit_is_heard_again_while_retiring() -> None:
    bench = acknowledged()
    bench.receive(frames.error("websocket_connection_limit_reached", status=400))
    bench.receive(frames.error("websocket_connection_limit_reached", status=400))

    assert LinkPhase.RETIRING == bench.link(1)
    assert {} == bench.outcomes


# -- loss ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.original("B065")
def test_loss_of_an_idle_link_is_nothing_until_a_request_comes() -> None:
    bench = idle()
    bench.lost()
    before = bench.session.next_deadline()
    bench.ask()

    assert before is None
    assert [Dial(1), Dial(2)] == bench.all(Dial)


@pytest.mark.original("B066", "C8:test_connection_closed_error_triggers_reconnect")
def test_loss_under_a_request_that_may_be_sent_again_dials_at_once_if_the_link_had_served() -> None:
    bench = acknowledged()
    bench.lost()
    bench.wait(0)

    assert [Dial(1), Dial(1)] == bench.all(Dial)


def test_loss_before_anything_was_acknowledged_dials_after_a_pause() -> None:
    bench = connecting()
    bench.opened()
    bench.lost()
    bench.wait(0.4)
    before = len(bench.all(Dial))
    bench.wait(0.1)

    assert (1, 2) == (before, len(bench.all(Dial)))


def test_loss_beside_a_link_that_serves_needs_no_dial() -> None:
    bench = streaming()
    bench.cancel(1)
    bench.ask()
    bench.wait(0.25)
    bench.lost(1)
    bench.opened(2)

    assert [Dial(1), Dial(2)] == bench.all(Dial)
    assert [1, 2] == [send.link for send in bench.all(Send)]


def test_drop_of_a_link_that_waits_to_dial_is_silent() -> None:
    bench = reconnecting()
    link = bench.session.links[1]
    bench.cancel(1)
    bench.wait(0.5)
    bench.opened()

    assert LinkPhase.OPEN == link.phase


def test_pause_that_outlasts_the_connect_deadline_is_not_begun() -> None:
    bench = Bench(AZURE, Policy(deadlines=Deadlines(connect=0.4)))
    bench.ask()
    bench.feed(DialFailed(1, "Busy.", status=503))

    failure = bench.outcomes[1].failure
    assert failure is not None
    assert 503 == failure.status
