"""Links that go, and the ones that come after them: nobody is cut off, nobody waits in vain, nothing is dialled for nobody."""

from __future__ import annotations

import attrs

from harness.lifecycle import Bench
from rejoinder.states.effects import Close, Dial
from rejoinder.states.events import Pong
from rejoinder.states.phases import LinkPhase, RequestPhase
from rejoinder.states.profiles import AZURE, OPENAI, Deadlines, Policy
from rejoinder.states.verdicts import OutcomeKind


def retired(policy: Policy | None = None) -> Bench:
    """r1 and r2 speak on two lanes of a link that retires, because frames of r1 are missing."""
    bench = Bench(OPENAI, policy)
    bench.ask("a")
    bench.opened()
    bench.created(1)
    bench.speak(1)
    bench.ask("b")
    bench.created(2)
    bench.speak(2, "one ")
    bench.voices[1].next_sequence()
    bench.speak(1)
    bench.complete(1)
    return bench


# -- the retire deadline -----------------------------------------------------------------------------------------------------


def test_caller_whose_response_goes_on_speaking_is_not_cut_off() -> None:
    """r1 loses frames; its link retires; r2 on the next lane speaks for another 400 s: it was interrupted after 300."""
    bench = retired()
    before = bench.link(1)
    for _ in range(40):
        bench.wait(10)
        if 2 not in bench.outcomes:
            bench.speak(2, "more ")
    after = bench.link(1)
    if 2 not in bench.outcomes:
        bench.complete(2)

    assert (LinkPhase.RETIRING, LinkPhase.RETIRING) == (before, after)
    assert OutcomeKind.COMPLETED == bench.outcomes[2].kind
    assert "one " + 40 * "more " == bench.text(2)
    assert None is bench.link(1)


def test_link_that_nobody_listens_to_has_the_retire_deadline() -> None:
    bench = retired(Policy(deadlines=Deadlines(drain=2000.0)))
    for _ in range(35):
        bench.wait(10)
        if 2 not in bench.outcomes:
            bench.speak(2, "more ")
    before = bench.link(1)
    bench.cancel(2)
    bench.wait(0)

    assert LinkPhase.RETIRING == before
    assert OutcomeKind.CANCELLED == bench.outcomes[2].kind
    assert None is bench.link(1)
    assert [Close(1)] == bench.all(Close)


def test_listener_of_a_retiring_link_is_bounded_by_its_own_deadlines() -> None:
    """r2 falls silent: what ends it is the gap, long after the retire deadline, and then the link goes."""
    bench = retired(Policy(deadlines=Deadlines(gap=1000.0)))
    bench.wait(999)
    before = bench.link(1)
    bench.wait(2)
    bench.wait(5)
    failure = bench.outcomes[2].failure

    assert LinkPhase.RETIRING == before
    assert failure is not None
    assert "Deadlines(gap=…)" in failure.message
    assert None is bench.link(1)


# -- a link whose lanes are all given up -----------------------------------------------------------------------------------


def spent() -> Bench:
    """Both lanes that there can be are quarantined, r3 waits, and the dial of a successor is under way; pings are answered."""
    bench = Bench(attrs.evolve(OPENAI, in_flight=2, names=2))
    bench.ask("a")
    bench.opened()
    bench.created(1)
    bench.speak(1)
    bench.ask("b")
    bench.created(2)
    bench.speak(2)
    bench.cancel(1)
    bench.cancel(2)
    bench.wait(5)
    bench.ask("c")
    return bench


def test_successor_that_could_not_be_dialled_is_dialled_again() -> None:
    """Every lane is given up; the successor's dial is refused: r3 waited for ten minutes, and nothing was tried."""
    bench = spent()
    bench.wait(1)
    bench.refused(403)
    bench.feed(Pong(1))
    due = bench.session.next_deadline(), bench.session.links[1].successor_at
    dials = len(bench.all(Dial))
    bench.wait(29)
    again = len(bench.all(Dial))
    bench.opened()
    bench.answer(3, "For c")

    assert due[0] == due[1]
    assert (2, 3) == (dials, again)
    assert "For c" == bench.text(3)


def test_successor_is_dialled_now_and_then_and_not_without_pause() -> None:
    bench = spent()
    dials = [len(bench.all(Dial))]
    for _ in range(4):
        bench.refused(403)
        bench.feed(Pong(1))
        bench.wait(30)
        dials.append(len(bench.all(Dial)))

    assert [2, 3, 4, 5, 6] == dials
    assert RequestPhase.WAITING == bench.request(3)


# -- a link that does not answer a ping ------------------------------------------------------------------------------------


def idle(policy: Policy | None = None) -> Bench:
    """r1 was answered."""
    bench = Bench(AZURE, policy)
    bench.ask("a")
    bench.opened()
    bench.answer(1)
    return bench


def test_silent_link_that_nobody_wants_any_more_is_not_dialled_again() -> None:
    """r1 ends; 40 s; r2; a ping; r2 is cancelled; no pong: a link was dialled for nobody."""
    bench = idle()
    bench.wait(40)
    bench.ask("b")
    bench.cancel(2)
    before = bench.link(1)
    bench.wait(20)

    assert LinkPhase.PROVING == before
    assert {} == bench.session.links
    assert ("link", "proving", "Expired", "closed") in bench.moves
    assert [Dial(1)] == bench.all(Dial)


def test_silent_link_beside_a_dial_is_closed_and_not_dialled_again() -> None:
    """r1 ends; L2 is dialled because L1 is old; r2; L1 does not answer: both were dialled, and each replaced the other."""
    bench = idle(Policy(deadlines=Deadlines(ping=1.0)))
    due = bench.session.next_deadline()
    assert due is not None
    bench.wait(due - bench.now)
    bench.ask("b")
    before = bench.link(1), bench.link(2)
    bench.wait(1)
    bench.opened(2)
    bench.answer(2, "For b")

    assert (LinkPhase.PROVING, LinkPhase.CONNECTING) == before
    assert [Dial(1), Dial(2)] == bench.all(Dial)
    assert [2] == list(bench.session.links)
    assert "For b" == bench.text(2)


def test_silent_link_that_a_request_waits_for_is_dialled_anew_at_once() -> None:
    bench = idle()
    bench.wait(40)
    bench.ask("b")
    bench.wait(20)
    bench.opened(1)
    bench.answer(2, "For b")

    assert ("link", "proving", "ExpiredWanted", "reconnecting") in bench.moves
    assert [Dial(1), Dial(1)] == bench.all(Dial)
    assert "For b" == bench.text(2)
