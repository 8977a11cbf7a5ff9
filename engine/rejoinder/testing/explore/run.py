"""Exploring a configuration, and what came of it.

Rules of this file
* A ``Report`` is plain data: it crosses from the process that explored to the one that prints.
* A fault is told by the steps that led there; ``retell`` takes them again and writes down what was fed and what came back.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import attrs

from rejoinder.states.chart import CHARTS
from rejoinder.states.classify import CLASSIFICATION, Item, Stage
from rejoinder.states.classify import Sequence as SequenceFact
from rejoinder.states.explore import explore
from rejoinder.states.facts import Facts
from rejoinder.states.stream_events import FrameKind
from rejoinder.states.trace import Fed

from .configuration import Configuration
from .endings import Endings
from .happening import Happening
from .judge import Judge
from .watch import Watch
from .world import ExploredWorld

__all__ = ["ROWS", "Report", "explore_configuration", "retell", "rows_taken"]

CLASSIFIED_AT_ONCE: Final[tuple[tuple[FrameKind, Facts], ...]] = (
    (FrameKind.CONTENT, (Stage.BEGUN, Item.ANNOUNCED, SequenceFact.NEXT)),
    (FrameKind.CONTENT, (Stage.BEGUN, Item.ANNOUNCED, SequenceFact.ABSENT)),
)
"""What deltas of a streaming response are classified by, on the way that sights nothing."""


@attrs.frozen
class Report:
    """What came of exploring one configuration."""

    configuration: str
    """Its name."""
    states: int
    """Distinct states."""
    transitions: int
    """Steps taken."""
    depth: int
    """Steps to the farthest state."""
    seconds: float
    """How long it took."""
    exhausted: bool
    """Whether every reachable state was seen."""
    signs: frozenset[str]
    """The rows that were taken (``machine phase event``, ``classification N``), and what the judge saw."""
    broken: str | None = None
    """What does not hold, if anything does not."""
    steps: tuple[Happening, ...] = ()
    """The shortest way there."""


def _name_of_classification(number: int) -> str:
    row = CLASSIFICATION[number]
    return f"classification {row.kind} {', '.join(row.facts) or 'anything'}: {row.event}"


ROWS: Final = (
    *(f"{name} {phase} {event}" for name, chart in CHARTS.items() for phase, row in chart.rows.items() for event in row),
    *(_name_of_classification(number) for number in range(len(CLASSIFICATION))),
)
"""Every row of every table, as reports name them."""


def explore_configuration(
    configuration: Configuration,
    *,
    patience: Callable[[], bool] = lambda: True,
    progress: Callable[[int, int], None] = lambda states, waiting: None,  # noqa: ARG005 - nobody watches
) -> Report:
    """Explore one configuration whole."""
    collecting = gc.isenabled()
    # Millions of small values that live to the end: looking for garbage among them would take half of the time.
    gc.disable()
    try:
        return _explored(configuration, patience, progress)
    finally:
        # Nothing of it is left: who looked for garbage any earlier would look through all of it once more.
        if collecting:
            gc.enable()


def _explored(configuration: Configuration, patience: Callable[[], bool], progress: Callable[[int, int], None]) -> Report:
    """Explore, and let go of everything but what is told of it."""
    watch = Watch(configuration, Judge(), Endings())
    began = time.perf_counter()
    try:
        found = explore(ExploredWorld(watch), patience=patience, progress=progress)
    finally:
        watch.sessions.forget()
    signs = frozenset({*watch.judge.rows, *watch.judge.seen, *rows_taken(watch.judge.sighted)})
    return Report(
        configuration.name,
        found.states,
        found.transitions,
        found.depth,
        time.perf_counter() - began,
        found.exhausted,
        signs,
        None if found.fault is None else found.fault.broken,
        () if found.fault is None else found.fault.steps,
    )


def rows_taken(sighted: Iterable[tuple[FrameKind, Facts]]) -> Iterable[str]:
    """The rows of the classification table that won for these kinds and facts."""
    for kind, facts in (*sighted, *CLASSIFIED_AT_ONCE):
        known = {(type(fact), fact) for fact in facts}
        yield next(
            _name_of_classification(number)
            for number, row in enumerate(CLASSIFICATION)
            if row.kind is kind and {(type(fact), fact) for fact in row.facts} <= known
        )


def retell(configuration: Configuration, steps: Sequence[Happening]) -> list[Fed]:
    """Take the steps once more, and return what was fed and what came back."""
    diary: list[Fed] = []
    world = ExploredWorld(Watch(configuration, Judge(), Endings(), diary))
    for step in steps:
        world = world.after(step)
    return diary
