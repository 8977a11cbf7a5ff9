"""A fuzz campaign: programs of one kind, batch after batch, until there were enough or time is up.

    campaign = Campaign(LIFECYCLE, Limits(seconds=60), seed=1)
    outcome = campaign.run()

Rules of this file
* Hypothesis draws, shrinks, and keeps what failed; a campaign counts, and decides when it is over. A batch is one run of the test
  that pytest runs, so what one of them finds is kept where the other looks first.
* A failure that is known is not looked for again: a program that meets it is counted, and taken to have passed. So a campaign goes
  on to find others.
* With the same seed and the same counts, and no database, a campaign does the same.
"""

from __future__ import annotations

import gc
import math
import random
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from functools import wraps
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, cast, final
from unittest.mock import patch

import attrs
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.database import ExampleDatabase
from hypothesis.errors import HypothesisException
from hypothesis.stateful import get_state_machine_test

from rejoinder.states.story import story
from rejoinder.states.trace import Header
from rejoinder.testing.fuzz.broken_promise import BrokenPromise
from rejoinder.testing.fuzz.campaign_records import Figures, Finding, Limits, Outcome, Target
from rejoinder.testing.fuzz.engine_program import EngineProgram, program_test
from rejoinder.testing.fuzz.example_database import DatabaseError, Kept
from rejoinder.testing.fuzz.failures import is_final
from rejoinder.testing.fuzz.interruption import Interruption, heeded
from rejoinder.testing.fuzz.watch import Failing, Watch

__all__ = ["Campaign", "CampaignError"]

BATCH: Final = 200
"""Programs of a batch: few enough to keep Hypothesis' memory of them small, enough for it to vary those it liked."""
MOST_FINDINGS: Final = 10
"""Distinct failures after which nobody reads on."""
INTERVAL: Final = 0.2
"""Seconds between two news of progress."""
GARBAGE: Final = (50_000, 20, 20)
"""Thresholds of the garbage collector: what Hypothesis remembers of a batch lives as long as the batch."""

Sign = tuple[str, int | None, str]
"""What makes a failure distinct: the type of the error, the promise, and the line that raised it."""


class CampaignError(Exception):
    """The programs cannot be run as they are; the text says why."""


class _Enough(KeyboardInterrupt):
    """The limits are reached. Hypothesis lets it through as it does Ctrl-C, at once."""


@attrs.define(eq=False)
class _Met:
    """A failure that was met in the batch that runs."""

    failing: Failing
    programs: int = 1
    final: bool = False


@final
@attrs.define(eq=False)
class Campaign:
    """One campaign; ``run`` it once."""

    target: Final[Target]
    """What is fuzzed."""
    limits: Final[Limits]
    """When it is over."""
    seed: Final[int]
    """What is drawn."""
    steps: Final[int] = 50
    """The most steps of a program, on the pure lifecycle; on the whole engine, ``EngineProgram.plots`` decides."""
    database: Final[ExampleDatabase | None] = None
    """Where failing examples are kept, to be tried first; None: nowhere."""
    progress: Callable[[Figures], None] = lambda figures: None  # noqa: ARG005 - nobody looks
    """Is told between two programs how far it has come, five times a second at most."""
    clock: Callable[[], float] = time.monotonic
    """Seconds."""
    _watch: Watch = attrs.field(factory=Watch)
    _interruption: Interruption = attrs.field(factory=Interruption)
    _findings: dict[Sign, Finding] = attrs.field(factory=dict[Sign, Finding])
    _met: dict[Sign, _Met] = attrs.field(factory=dict[Sign, _Met])
    _programs: int = 0
    _tell_at: float = -math.inf
    _began: float = 0.0
    _began_processor: float = 0.0

    def run(self) -> Outcome:
        """Run programs until it is over.

        Raises ``CampaignError`` if Hypothesis refuses the programs (a strategy that yields nothing, say), and ``DatabaseError`` if
        the database fails.
        """
        self._began, self._began_processor = self.clock(), time.process_time()
        interrupted = False
        with patch.object(self.target.program, "watch", self._watch), _little_garbage(), heeded() as self._interruption:
            batch = 0
            while not self._is_over():
                try:
                    self._interruption.heed()
                    self._run_batch(batch)
                except _Enough:
                    break
                except KeyboardInterrupt:
                    interrupted = True
                    break
                finally:
                    self._conclude()
                    # All that Hypothesis remembered of the batch.
                    gc.collect()
                batch += 1
        findings = tuple(self._findings.values())
        return Outcome(self.figures(), self._watch.rows(), findings, interrupted, len(findings) >= MOST_FINDINGS)

    def figures(self) -> Figures:
        """How far it has come."""
        watch = self._watch
        return Figures(
            seconds=self.clock() - self._began,
            processor_seconds=time.process_time() - self._began_processor,
            programs=self._programs,
            steps=watch.counted["steps"],
            events=watch.counted["events"],
            rows=len(watch.rows()),
            pairs=len(watch.pairs),
            failures=len({*self._findings, *self._met}),
        )

    # -- batches -----------------------------------------------------------------------------------------------------------

    def _is_over(self) -> bool:
        limits = self.limits
        return (
            len(self._findings) >= MOST_FINDINGS
            or (limits.programs is not None and self._programs >= limits.programs)
            or (limits.steps is not None and self._watch.counted["steps"] >= limits.steps)
            or (limits.seconds is not None and self.clock() - self._began >= limits.seconds)
        )

    def _run_batch(self, number: int) -> None:
        before = self._programs
        test = self._test(number)
        self._met = {}
        try:
            test()
        except HypothesisException as error:
            self._interruption.heed()
            # A failure that does not repeat itself is Hypothesis' to report; it has happened all the same.
            if not self._met:
                raise CampaignError(" ".join(str(error).split())) from error
        except (DatabaseError, KeyboardInterrupt):
            raise
        except BaseException:
            # What was raised is what was met; anything else is not for us to swallow.
            if not self._met:
                raise
        self._interruption.heed()
        if self._programs == before:
            raise CampaignError("No program could be drawn.")

    def _test(self, number: int) -> Callable[[], None]:
        left = BATCH if self.limits.programs is None else min(BATCH, self.limits.programs - self._programs)
        phases = [Phase.reuse, Phase.generate, Phase.shrink]
        chosen = settings(
            max_examples=left,
            stateful_step_count=self.steps,
            database=None if self.database is None else Kept(self.database, self.target.key),
            # Later, what is known would seem to be mended, and be forgotten.
            phases=phases if number == 0 else phases[1:],
            deadline=None,
            derandomize=False,
            report_multiple_bugs=True,
            print_blob=False,
            # It measures the machine.
            suppress_health_check=[HealthCheck.too_slow],
        )
        program = self.target.program
        if issubclass(program, EngineProgram):
            test: Any = program_test(program, settings=chosen)
        else:
            test = get_state_machine_test(program, settings=chosen)
        test.hypothesis.inner_test = self._observed(test.hypothesis.inner_test)
        seeded: Any = seed(_seed_of(self.seed, number))(test)
        # A seed drops the database, so that what is drawn is the same again. Here a database is asked for beside it, and a second
        # application of settings is refused.
        seeded._hypothesis_internal_use_settings = chosen  # noqa: SLF001 - there is no public way to have both
        return cast("Callable[[], None]", seeded)

    def _observed(self, inner: Callable[..., None]) -> Callable[..., None]:
        # Wrapped, it has the source and the digest of the test that it stands for: so both have the same key in a database.
        @wraps(inner)
        def observed(*args: Any, **drawn: Any) -> None:  # noqa: ANN401 - whatever Hypothesis gives the test
            self._interruption.heed()
            if not self._met and self._is_over():
                raise _Enough
            self._watch.begin()
            try:
                inner(*args, **drawn)
                self._interruption.heed()
            except HypothesisException:
                raise
            except BaseExceptionGroup as group:
                self._interruption.heed()
                if group.subgroup(KeyboardInterrupt) is not None:
                    raise KeyboardInterrupt from None
                self._failed(group)
            except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a handler raises is what is looked for
                # What an interrupted program breaks is no finding.
                self._interruption.heed()
                self._failed(error)
            else:
                self._programs += 1
            finally:
                self._tell()

        return observed

    def _tell(self) -> None:
        now = self.clock()
        if now >= self._tell_at:
            self._tell_at = now + INTERVAL
            self.progress(self.figures())

    def _failed(self, error: BaseException) -> None:
        """Take in a failure: raise it again, for Hypothesis to shrink, unless it is known."""
        self._programs += 1
        sign = _sign_of(error)
        known = self._findings.get(sign)
        if known is not None:
            self._findings[sign] = attrs.evolve(known, seen=known.seen + 1)
            return
        failing = self._watch.failing
        if failing is None or failing.error is not error:
            failing = Failing(None, (), error)
        met = self._met.get(sign)
        if met is None:
            self._met[sign] = _Met(failing, final=is_final())
        elif is_final() or (not met.final and len(failing.feds) <= len(met.failing.feds)):
            met.failing, met.final = failing, is_final()
        raise error

    # -- findings ----------------------------------------------------------------------------------------------------------

    def _conclude(self) -> None:
        """Make findings of what was met."""
        for sign, met in self._met.items():
            failing, (kind, promise, place) = met.failing, sign
            session = failing.session
            notes: Sequence[str] = "\n".join(getattr(failing.error, "__notes__", ())).splitlines()
            told: Sequence[str] = story(failing.feds)
            if self.target.whole_engine:
                told, notes = _parted(notes)
            self._findings[sign] = Finding(
                what=_in_words(failing.error),
                kind=kind,
                promise=promise,
                place=place,
                shrunk=met.final,
                story=tuple(told),
                program=tuple(notes),
                header=None if session is None else Header(version("rejoinder"), session.profile, session.policy),
                feds=tuple(failing.feds),
            )
        self._met = {}


def _parted(notes: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """The story of a plot, and the line that runs it again."""
    again = next((number for number, line in enumerate(notes) if line.startswith("Again: ")), len(notes))
    return notes[:again], notes[again : again + 1]


def _sign_of(error: BaseException) -> Sign:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = "" if trace is None else f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"
    return type(error).__name__, error.promise if isinstance(error, BrokenPromise) else None, place


def _in_words(error: BaseException) -> str:
    said = " ".join(str(error).split())
    return said if isinstance(error, BrokenPromise) else f"{type(error).__name__}: {said}".removesuffix(": ")


def _seed_of(campaign: int, batch: int) -> int:
    """The seed of a batch: as far apart for batches that follow each other as for any two."""
    return random.Random(f"{campaign} {batch}").getrandbits(64)  # noqa: S311 - it draws programs, no secrets


@contextmanager
def _little_garbage() -> Generator[None]:
    """Look for garbage seldom within the block, and never among what is there already."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(*GARBAGE)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
