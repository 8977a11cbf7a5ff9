"""Campaigns: they end when they should, tell each failure once and shrunk, go on behind it, and keep what failed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import count
from typing import Any, ClassVar

import attrs
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.database import InMemoryExampleDatabase
from hypothesis.stateful import run_state_machine_as_test

from rejoinder.states import Session
from rejoinder.states.effects import Effect
from rejoinder.states.events import Event
from rejoinder.states.trace import Trace, replay
from rejoinder.testing.fuzz import BrokenPromise, LifecycleProgram, campaign
from rejoinder.testing.fuzz.campaign import Campaign, CampaignError
from rejoinder.testing.fuzz.campaign_records import ENGINE, LIFECYCLE, Figures, Limits, Outcome, Target
from rejoinder.testing.fuzz.engine_program import EngineProgram
from rejoinder.testing.fuzz.example_database import DatabaseError
from rejoinder.testing.fuzz.program import Program
from rejoinder.testing.fuzz.setups import Setup
from testing.fuzz.handlers import DroppingProgram, HoldingProgram, RightProgram, TwiceWrongProgram

pytestmark = pytest.mark.long

FEW = Limits(programs=30)


def target(program: type[Program | EngineProgram]) -> Target:
    return Target(program.__name__, program)


def run(program: type[Program | EngineProgram], limits: Limits = FEW, **chosen: Any) -> Outcome:  # noqa: ANN401 - of a campaign
    return Campaign(target(program), limits, 1, **chosen).run()


def comparable(figures: Figures) -> Figures:
    return attrs.evolve(figures, seconds=0.0, processor_seconds=0.0)


# -- limits and figures --------------------------------------------------------------------------------------------------------


def test_right_handler_passes_and_everything_is_counted() -> None:
    outcome = run(RightProgram)
    figures = outcome.figures

    assert () == outcome.findings
    assert 30 == figures.programs
    assert figures.steps > 100
    assert figures.events > 100
    assert figures.rows == len(outcome.rows) > 30
    assert figures.pairs > 30
    assert not outcome.interrupted


@pytest.mark.parametrize("which", [LIFECYCLE, ENGINE], ids=lambda which: which.name)
def test_same_seed_does_the_same_and_another_does_not(which: Target) -> None:
    first, again, other = (Campaign(which, FEW, seed).run() for seed in (1, 1, 2))

    assert comparable(first.figures) == comparable(again.figures)
    assert first.rows == again.rows
    assert comparable(first.figures) != comparable(other.figures)


def test_steps_in_all_end_it_within_a_program() -> None:
    figures = run(RightProgram, Limits(steps=200), steps=20).figures

    assert 200 <= figures.steps < 221


def test_time_ends_it() -> None:
    ticks = count()

    figures = run(RightProgram, Limits(seconds=40.0), clock=lambda: float(next(ticks))).figures

    assert 1 <= figures.programs <= 20


def test_progress_is_told_now_and_then() -> None:
    ticks = count()
    told: list[Figures] = []

    run(RightProgram, progress=told.append, clock=lambda: next(ticks) / 100)

    assert 1 < len(told) < 30
    assert sorted(told, key=lambda figures: figures.programs) == told


def test_programs_are_watched_only_while_it_runs() -> None:
    assert RightProgram.watch is None
    run(RightProgram, Limits(programs=1))

    assert "watch" not in vars(RightProgram)
    assert Program.watch is None
    Campaign(LIFECYCLE, Limits(programs=1), 1).run()
    assert Program.watch is None


# -- failures ------------------------------------------------------------------------------------------------------------------


def test_two_bugs_are_two_findings_both_shrunk_and_told() -> None:
    outcome = run(TwiceWrongProgram, Limits(programs=300))
    raised, broken = sorted(outcome.findings, key=lambda finding: finding.promise or 0)

    assert ("KeyError: 'partial'", "KeyError", None) == (raised.what, raised.kind, raised.promise)
    assert raised.place.startswith("handlers.py:")
    assert 10 == broken.promise
    assert broken.what.startswith("promise 10: the handler has '' of request 1, and ")
    assert "r1 leaves → r1 ends: cancelled" in broken.story[-1]
    assert "ends: interrupted" in "\n".join(raised.story)
    assert any("state.ask(" in line for line in broken.program)
    for finding in outcome.findings:
        assert finding.shrunk
        assert len(finding.feds) <= 12
        assert finding.header is not None
        assert replay(Trace(finding.header, tuple(finding.feds))) is None


def test_campaign_goes_on_behind_a_failure_and_counts_it() -> None:
    outcome = run(DroppingProgram, Limits(programs=400))
    (finding,) = outcome.findings

    assert finding.seen > 1
    assert outcome.figures.programs >= 400


def test_engine_failure_has_a_plot_a_story_and_a_trace() -> None:
    outcome = run(HoldingProgram, Limits(programs=200))
    (finding,) = outcome.findings

    assert 10 == finding.promise
    assert "The plot, and what happened:" == finding.story[0]
    assert finding.program[0].startswith("Again: HoldingProgram.run(Plot(")
    assert finding.header is not None
    assert replay(Trace(finding.header, tuple(finding.feds))) is None


class ManyWays(LifecycleProgram):
    """Fails in another way each time."""

    ways = iter(range(10_000))

    def feed(self, handler: object, event: Event, now: float) -> Sequence[Effect]:
        raise type(f"Wrong{next(self.ways) % 40}", (Exception,), {})


def test_campaign_ends_where_there_are_more_failures_than_anybody_reads() -> None:
    outcome = run(ManyWays, Limits(programs=5000))

    assert outcome.exhausted
    assert len(outcome.findings) >= campaign.MOST_FINDINGS
    assert all(finding.what == finding.kind for finding in outcome.findings)


class FailsOnce(LifecycleProgram):
    """Fails at the first time, and never again."""

    times = 0

    def feed(self, handler: object, event: Event, now: float) -> Sequence[Effect]:
        type(self).times += 1
        if self.times == 1:
            raise RuntimeError("now and never again")
        return super().feed(handler, event, now)


def test_failure_that_does_not_repeat_itself_is_told_and_ends_nothing() -> None:
    outcome = run(FailsOnce, Limits(programs=250))
    (finding,) = outcome.findings

    assert "RuntimeError: now and never again" == finding.what
    assert not finding.shrunk
    assert outcome.figures.programs >= 250


class BrokenFactory(LifecycleProgram):
    def make_handler(self, session: Session) -> object:
        raise SystemExit("no handler today")


def test_handler_that_cannot_be_made_is_a_failure_without_a_trace() -> None:
    (finding,) = run(BrokenFactory).findings

    assert "SystemExit: no handler today" == finding.what
    assert () == tuple(finding.feds)


# -- interruptions and refusals ------------------------------------------------------------------------------------------------


class Impatient(DroppingProgram):
    """Somebody presses Ctrl-C soon after the first failure, while it is being shrunk."""

    error: ClassVar[BaseException] = KeyboardInterrupt()
    left = 5

    def judge(self) -> None:
        try:
            super().judge()
        except BrokenPromise:
            type(self).left -= 1
            if self.left <= 0:
                raise self.error from None
            raise


class ImpatientInAGroup(Impatient):
    error: ClassVar[BaseException] = BaseExceptionGroup("of a nursery", [KeyboardInterrupt()])
    left = 5


@pytest.mark.parametrize("program", [Impatient, ImpatientInAGroup])
def test_ctrl_c_ends_it_with_what_was_found_until_then(program: type[Program]) -> None:
    outcome = run(program, Limits(programs=5000))
    (finding,) = outcome.findings

    assert outcome.interrupted
    assert 10 == finding.promise
    assert not finding.shrunk
    assert finding.story


class WrongInAGroup(LifecycleProgram):
    def judge(self) -> None:
        raise ExceptionGroup("of a nursery", [ValueError("inside")])


def test_group_of_errors_is_a_failure_like_any_other() -> None:
    (finding,) = run(WrongInAGroup).findings

    assert "ExceptionGroup" == finding.kind


class Nothing(LifecycleProgram):
    setups: ClassVar[st.SearchStrategy[Setup]] = st.nothing()


class Refused(LifecycleProgram):
    setups = LifecycleProgram.setups.filter(lambda setup: setup.provider == "none such")


@pytest.mark.parametrize("program", [Nothing, Refused])
def test_programs_that_cannot_be_drawn_are_refused_in_words(program: type[Program]) -> None:
    with pytest.raises(CampaignError, match=r"\w+"):
        run(program)


# -- what is kept --------------------------------------------------------------------------------------------------------------


def test_what_failed_once_is_tried_first_by_everybody_who_shares_the_database() -> None:
    database = InMemoryExampleDatabase()
    first = run(DroppingProgram, Limits(programs=200), database=database)
    again = run(DroppingProgram, Limits(programs=1), database=database)

    assert first.findings[0].what == again.findings[0].what
    assert again.figures.programs < 5
    # pytest looks under the same key.
    with pytest.raises(BrokenPromise, match="promise 10"):
        run_state_machine_as_test(DroppingProgram, settings=settings(database=database, derandomize=False, max_examples=1))


def test_what_pytest_found_is_tried_first() -> None:
    database = InMemoryExampleDatabase()
    with pytest.raises(BrokenPromise, match="promise 10"):
        run_state_machine_as_test(DroppingProgram, settings=settings(database=database, derandomize=False, max_examples=1000))
    outcome = run(DroppingProgram, Limits(programs=1), database=database)

    assert 10 == outcome.findings[0].promise
    assert outcome.figures.programs < 5


def test_known_failure_stays_in_the_database_while_the_campaign_goes_on() -> None:
    database = InMemoryExampleDatabase()
    run(DroppingProgram, Limits(programs=200), database=database)
    again = run(DroppingProgram, Limits(programs=1), database=database)

    assert 1 == len(again.findings)


class Broken(InMemoryExampleDatabase):
    def fetch(self, key: bytes) -> Iterable[bytes]:
        raise ConnectionError("gone")


def test_database_that_fails_is_no_failure_of_a_program() -> None:
    with pytest.raises(DatabaseError, match="gone"):
        run(RightProgram, database=Broken())
