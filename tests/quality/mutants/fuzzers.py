"""The fuzzers as detectors: random programs, and timed interruptions.

Rules of this file
* What is drawn follows from ``SEED`` alone; the clock only says when to stop. Settings as strange as a lack of time are never an
  excuse for a miss: a budget that is spent is said to be spent.
* A program counts as a hit if a promise is broken or anything is raised: nothing that a server does may be raised out of ``feed``.
* A story's length is the number of rules that the shortest program seen ran. It is shortened for ``shorten`` seconds after the hit.
"""

from __future__ import annotations

import contextlib
import sys
import time
from typing import Final, final

import attrs
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import HypothesisException
from hypothesis.reporting import with_reporter
from hypothesis.stateful import invariant, run_state_machine_as_test

from quality.mutants.hunt import OutOfTime, Story
from quality.mutants.mutant import Mutant
from rejoinder.states.effects import Moved
from rejoinder.states.trace import Fed
from rejoinder.testing.fuzz.interruptions import INTERRUPTIONS, LATE, Interruption
from rejoinder.testing.fuzz.program import Program

__all__ = ["ENDLESS", "SEED", "Clock", "Interruptions", "Programs", "line_of", "said", "silent"]

SEED: Final = 1
STEPS: Final = 40
"""Rules that a program runs at most."""
ENDLESS: Final = settings(
    max_examples=10**9,
    stateful_step_count=STEPS,
    phases=[Phase.generate, Phase.shrink],
    database=None,
    deadline=None,
    report_multiple_bugs=False,
    print_blob=False,
    # A fault may make any program slow, or empty: that is what is searched for.
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.filter_too_much,
        HealthCheck.large_base_example,
    ],
)
"""As many programs as there is time for."""


@final
@attrs.define(eq=False)
class Clock:
    """When a search ends: after its budget, or some seconds after its first hit."""

    budget: float
    shorten: float
    began: float = attrs.field(factory=time.process_time)
    best: Story | None = None
    hit: float = 0.0

    def check(self) -> None:
        """Raise ``OutOfTime`` if the time is up."""
        now = time.process_time()
        if now - self.began > self.budget if self.best is None else now - self.hit > self.shorten:
            raise OutOfTime

    def report(self, story: Story) -> None:
        """Take a story down if it is the first, or the shortest."""
        if self.best is None:
            self.hit = time.process_time()
        if self.best is None or story.steps < self.best.steps:
            self.best = attrs.evolve(story, seconds=self.hit - self.began)


@final
@attrs.frozen
class Programs:
    """Random programs: any order of callers' wishes, network events, server faults and time."""

    shorten: float = 0.0
    """Seconds for which a story is shortened."""
    name: str = "programs"

    def search(self, mutant: Mutant, budget_seconds: float) -> Story | None:
        """Run programs until one breaks a promise, or the budget is spent."""
        clock = Clock(budget_seconds, self.shorten)

        @seed(SEED)
        class Timed(Program):
            setups = mutant.setups

            def __init__(self) -> None:
                clock.check()
                super().__init__()
                self.steps = -1

            @invariant()
            def count(self) -> None:
                self.steps += 1

            def teardown(self) -> None:
                try:
                    super().teardown()
                finally:
                    self._tell(sys.exception())

            def _tell(self, failure: BaseException | None) -> None:
                if isinstance(failure, Exception) and not isinstance(failure, HypothesisException):
                    lines = tuple(map(line_of, self.pair.diary)) if hasattr(self, "pair") else ()
                    clock.report(Story(said(failure), self.steps + 1, lines))

        with contextlib.suppress(Exception, OutOfTime), with_reporter(silent):
            run_state_machine_as_test(Timed, settings=ENDLESS)
        return clock.best


@final
@attrs.frozen
class Interruptions:
    """Conversations that are broken off: the next request must be on the wire within the bound of its policy (promise 9)."""

    shorten: float = 0.0
    """Seconds for which a story is shortened."""
    name: str = "interruptions"

    def search(self, mutant: Mutant, budget_seconds: float) -> Story | None:
        """Time interruptions until one is late, or the budget is spent."""
        del mutant
        clock = Clock(budget_seconds, self.shorten)

        @seed(SEED)
        @ENDLESS
        @given(interruption=INTERRUPTIONS)
        def within_the_bound(interruption: Interruption) -> None:
            clock.check()
            try:
                _judge(interruption)
            except Exception as failure:
                clock.report(Story(said(failure), 1 + len(interruption.manners), (str(interruption),)))
                raise

        with contextlib.suppress(Exception, OutOfTime), with_reporter(silent):
            within_the_bound()
        return clock.best


def _judge(interruption: Interruption) -> None:
    measured = interruption.measure()
    assert measured is not None, "promise 9: never sent"
    assert measured <= interruption.bound + LATE, f"promise 9: sent after {measured:g} s, {interruption.bound:g} s are allowed"


def said(failure: Exception) -> str:
    """What a judge said, or what was raised."""
    words = str(failure).splitlines() or [""]
    return words[0] if isinstance(failure, AssertionError) else f"promise 7: {type(failure).__name__} was raised: {words[0]}"


def line_of(fed: Fed) -> str:
    """One line of a diary in words."""
    effects = ", ".join(str(effect) for effect in fed.effects if not isinstance(effect, Moved))
    return f"{fed.at:g} s: {fed.event} → {effects or 'nothing'}"


def silent(text: object) -> None:
    """Hear a report, and say nothing."""
    del text
