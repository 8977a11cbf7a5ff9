"""The hunt: a mutant is planted, detectors search in turn, and the first that sees a promise broken stops it.

Rules of this file
* A detector knows nothing of the mutant; what it finds with a fault planted is the fault's doing, because it finds nothing without.
* Each detector has a first look, then each has the whole budget; the hunt ends at the first hit. Seconds are those that this
  process has worked, so that what else the machine does costs nobody a find.
* A search that does not come back is a hit as well: a session that spins.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Final, Protocol

import attrs

from quality.mutants.mutant import Mutant

__all__ = ["Detector", "Found", "Line", "OutOfTime", "Spinning", "Story", "hunt"]

MOMENT: Final = 0.5
"""Seconds of the first look: most mutants are found at first sight by one detector or another."""
SPINNING_AFTER: Final = 3.0
"""Seconds beyond its budget after which a search counts as one that does not come back."""


class OutOfTime(KeyboardInterrupt):
    """The budget is spent. Not an ``Exception``: nobody may take it for a fault of what is searched."""


class Spinning(KeyboardInterrupt):
    """The search did not come back."""


@attrs.frozen
class Story:
    """What a detector saw."""

    broken: str
    """What was broken, as the judge said it."""
    steps: int
    """How many steps lead there."""
    lines: tuple[str, ...] = ()
    """The steps, in words."""
    seconds: float | None = None
    """After how many seconds of the search it was seen first, where the search went on to shorten it."""


class Detector(Protocol):
    """Whatever can see a promise broken."""

    @property
    def name(self) -> str:
        """What reports call it."""
        ...

    def search(self, mutant: Mutant, budget_seconds: float) -> Story | None:
        """Search what runs, with ``mutant`` planted already (it says where to look); None if nothing was seen in time."""
        ...


@attrs.frozen
class Found:
    """A mutant that was found."""

    detector: str
    """Which detector found it."""
    seconds: float
    """How long that took, in all."""
    story: Story
    """What it saw."""


@attrs.frozen
class Line:
    """One mutant, and what became of it."""

    name: str
    """The mutant."""
    found: Found | None
    """Who found it; None if it survived."""


def hunt(mutant: Mutant, detectors: Sequence[Detector], budget_seconds: float) -> Found | None:
    """Plant ``mutant`` and let each detector search, first for a moment, then for ``budget_seconds``; the first hit, or None."""
    began = time.process_time()
    with mutant.apply():
        for budget in sorted({min(MOMENT, budget_seconds), budget_seconds}):
            for detector in detectors:
                turn = time.process_time()
                story = _searched(detector, mutant, budget)
                if story is not None:
                    took = time.process_time() - turn if story.seconds is None else story.seconds
                    return Found(detector.name, turn - began + took, story)
    return None


def _searched(detector: Detector, mutant: Mutant, budget_seconds: float) -> Story | None:
    try:
        with _watchdog(budget_seconds + SPINNING_AFTER):
            return detector.search(mutant, budget_seconds)
    except Spinning:
        return Story("does not come back", 0)


@contextmanager
def _watchdog(seconds: float) -> Generator[None]:
    """Raise ``Spinning`` in the main thread after so many seconds."""

    def bark(number: int, frame: FrameType | None) -> None:
        del number, frame
        raise Spinning

    before = signal.signal(signal.SIGPROF, bark)
    # Again and again: one bark may fall where it is not heard, as in the middle of a collection.
    signal.setitimer(signal.ITIMER_PROF, seconds, 0.5)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0.0)
        signal.signal(signal.SIGPROF, before)
