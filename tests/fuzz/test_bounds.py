"""How long things may take, and that deadlines lead somewhere.

Promise 9: after a cancel the next request goes out at once on proven lanes; else within the hedge plus one dial, within one dial,
or within the drain deadline plus one dial, as the policy says, whatever the server does. And an engine that feeds ``Expired`` at
each ``next_deadline`` never spins, and disturbs nothing by being early.
"""

from __future__ import annotations

from typing import Final

from hypothesis import given, settings
from hypothesis.stateful import invariant, run_state_machine_as_test

from harness.lifecycle import snapshot
from rejoinder.states.effects import Note
from rejoinder.states.events import Cancel, Expired, Lost
from rejoinder.states.session import Session
from rejoinder.testing.fuzz.interruptions import INTERRUPTIONS, LATE, Interruption
from rejoinder.testing.fuzz.program import Program

EXPIRIES: Final = 25
"""Deadlines that a twin is taken through after each step."""
AT_ONE_INSTANT: Final = 4
"""How often ``Expired`` may be due again at the same instant: what was due led to something that is due at once."""


@settings(max_examples=5 * settings().max_examples)
@given(interruption=INTERRUPTIONS)
def test_next_request_goes_out_within_the_bound_of_its_policy(interruption: Interruption) -> None:
    measured = interruption.measure()

    assert measured is not None
    assert measured <= interruption.bound + LATE


class Watched(Program):
    """Programs in which a twin of the session is led astray after each step."""

    @invariant()
    def deadlines_lead_somewhere(self) -> None:
        """From any state: each expiry is in the future, or one of few at this instant."""
        if not hasattr(self, "pair"):
            return
        twin, now, repeated = self.pair.session.copy(), self.pair.now, 0
        for _ in range(EXPIRIES):
            due = twin.next_deadline()
            if due is None:
                break
            repeated = repeated + 1 if due <= now else 0
            assert repeated <= AT_ONE_INSTANT, f"at {now}, {due} is due for the {repeated}. time: {twin}"
            now = max(now, due)
            twin.feed(Expired(), now)

    @invariant()
    def expiring_early_does_nothing(self) -> None:
        if not hasattr(self, "pair"):
            return
        twin, now = self.pair.session.copy(), self.pair.now
        due = twin.next_deadline()
        if due is None or due > now:
            before = snapshot(twin)
            effects = [effect for effect in twin.feed(Expired(), now) if not isinstance(effect, Note)]

            assert [] == effects
            assert before == snapshot(twin)

    @invariant()
    def twins_go_their_own_ways(self) -> None:
        if not hasattr(self, "pair"):
            return
        session, now = self.pair.session, self.pair.now
        before, counted = snapshot(session), session.counts.copy()
        for disturb in (cancel_all, lose_all, expire_all):
            disturb(session.copy(), now)

        assert before == snapshot(session)
        assert counted == session.counts


def cancel_all(twin: Session, now: float) -> None:
    for request in list(twin.requests):
        twin.feed(Cancel(request), now)


def lose_all(twin: Session, now: float) -> None:
    for link in [link.number for link in twin.links.values() if link.lanes]:
        twin.feed(Lost(link), now)


def expire_all(twin: Session, now: float) -> None:
    for _ in range(EXPIRIES):
        now = max(now, twin.next_deadline() or now)
        twin.feed(Expired(), now)


def test_deadlines_and_twins_in_every_program() -> None:
    run_state_machine_as_test(Watched, settings=settings(max_examples=2 * settings().max_examples, stateful_step_count=40))
