"""A request that comes after the end of the session has its outcome at once."""

from __future__ import annotations

from harness.lifecycle import Bench
from rejoinder.states.effects import Dial
from rejoinder.states.events import Shutdown
from rejoinder.states.profiles import AZURE
from rejoinder.states.verdicts import Cause, OutcomeKind


def test_request_after_the_end_waits_for_nothing() -> None:
    """It waited ten minutes for a link that nobody would dial."""
    bench = Bench(AZURE)
    bench.ask("a")
    bench.opened()
    bench.answer(1)
    bench.feed(Shutdown())
    bench.ask("b")
    outcome = bench.outcomes.get(2)

    assert outcome is not None
    assert OutcomeKind.INTERRUPTED == outcome.kind
    assert outcome.failure is not None
    assert Cause.CLOSED == outcome.failure.cause
    assert {} == bench.session.requests
    assert None is bench.session.next_deadline()
    assert [Dial(1)] == bench.all(Dial)
