"""The explorer as a detector: every state of small worlds, nearest first, so its stories are the shortest there are.

Rules of this file
* A mutant is searched first where its row is taken soonest (``survey.json``, written by ``report.py --survey``); a survey that is
  out of date costs time and finds nothing less.
* The likeliest configuration has half of the budget, the next half of what is left, and so on; what one leaves, the next has.
* What is raised anywhere is a fault of the world in which it was raised, so it has a story like any other.
"""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Callable, Generator, Hashable, Iterable, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Final, cast, final

import attrs

from quality.mutants.hunt import Story
from quality.mutants.mutant import Mutant
from rejoinder.states.explore import Exploration, explore
from rejoinder.states.profiles import AZURE, OPENAI, CancelPolicy, Policy
from rejoinder.states.stream_events import FrameKind
from rejoinder.testing.explore.configuration import Configuration
from rejoinder.testing.explore.configurations import QUICK
from rejoinder.testing.explore.endings import Endings
from rejoinder.testing.explore.judge import Judge
from rejoinder.testing.explore.world import ExploredWorld, Happening, Watch

__all__ = ["SURVEY", "Explorer", "survey"]

SURVEY: Final = Path(__file__).with_name("survey.json")
"""For each row, the configurations that take it, the soonest first."""
BESIDE: Final = (
    Configuration(
        "failures-in-full",
        "Responses that fail or are cut short, where the next request may continue none of them.",
        AZURE,
        Policy(then=CancelPolicy.HEDGE),
        requests=3,
        together=1,
        faults_inside=True,
        ends=frozenset({"failed", "incomplete"}),
    ),
    Configuration(
        "four-at-once",
        "More callers at one time than lanes and names.",
        attrs.evolve(OPENAI, in_flight=2, names=3),
        Policy(then=CancelPolicy.LANE),
        requests=4,
        together=4,
    ),
)
"""What is explored beside the quick configurations: small worlds that show what those do not."""
LEAST: Final = 0.1
"""Seconds that a configuration is explored at least."""


@final
@attrs.define(eq=False)
class Guarded:
    """A world in which whatever is raised is a fault of that world."""

    world: Final[ExploredWorld]
    raised: str | None = None

    @property
    def broken(self) -> str | None:
        """What does not hold."""
        return self.raised or self.world.broken

    def steps(self) -> Iterable[Happening]:
        """Everything that can happen next."""
        return self.world.steps()

    def after(self, step: Happening) -> Guarded:
        """The world once ``step`` has happened, or has raised."""
        try:
            return Guarded(self.world.after(step))
        except Exception as error:  # noqa: BLE001 - whatever it is, it came out of the session
            return Guarded(self.world, _said(error))

    def key(self) -> Hashable:
        """What tells this world from others."""
        return self.world.key()

    def settles(self) -> str | None:
        """Why it does not come to a good end by itself."""
        try:
            return self.world.settles()
        except Exception as error:  # noqa: BLE001 - as above
            return _said(error)


def _said(error: Exception) -> str:
    return f"promise 7: {type(error).__name__} was raised: {error}"


@final
@attrs.frozen
class Explorer:
    """Small worlds, each explored as far as the time allows."""

    name: str = "explorer"

    def search(self, mutant: Mutant, budget_seconds: float) -> Story | None:
        """Explore the likely configurations until a promise is broken, or the budget is spent."""
        configurations = _likely(mutant.rows)
        ends = time.process_time() + budget_seconds
        with _no_collections():
            for configuration in configurations:
                now = time.process_time()
                share = max((ends - now) / 2, LEAST)
                if now >= ends:
                    break
                fault = _explored(configuration, Watch(configuration, Judge(), Endings()), now + share).fault
                if fault is not None:
                    lines = tuple(_line(step) for step in fault.steps)
                    return Story(f"{fault.broken} ({configuration.name})", len(fault.steps), lines)
        return None


def survey(seconds: float, tell: Callable[[str], None]) -> None:
    """Write down which configurations take which rows, and how soon; what runs must have no fault."""
    soonest: dict[str, list[tuple[float, str]]] = {}
    for configuration in (*BESIDE, *QUICK):
        began = time.process_time()
        seen: dict[str, float] = {}
        judge = Judge()

        def look(judge: Judge = judge, seen: dict[str, float] = seen, began: float = began) -> None:
            for row in (*judge.rows, *(_fact(sighting) for sighting in judge.sighted)):
                seen.setdefault(row, time.process_time() - began)

        with _no_collections():
            watch = Watch(configuration, judge, Endings())
            result = _explored(configuration, watch, began + seconds, look)
        tell(f"{configuration.name}: {result.states} states, {len(seen)} rows, {result.fault or 'no fault'}")
        for row, when in seen.items():
            soonest.setdefault(row, []).append((when, configuration.name))
    rows = {row: [name for _, name in sorted(places)] for row, places in sorted(soonest.items())}
    SURVEY.write_text(json.dumps(rows, indent=0) + "\n", "utf-8")


def _explored(
    configuration: Configuration, watch: Watch, ends: float, look: Callable[[], None] = lambda: None
) -> Exploration[Happening]:
    del configuration

    def patience() -> bool:
        look()
        return time.process_time() < ends

    return explore(Guarded(ExploredWorld(watch)), patience=patience)


@cache
def _places() -> Mapping[str, Sequence[str]]:
    places: Mapping[str, Sequence[str]] = json.loads(SURVEY.read_text("utf-8")) if SURVEY.exists() else {}
    return places


def _likely(rows: Sequence[str]) -> Sequence[Configuration]:
    """All configurations: those first that are named, or that take one of the rows soonest."""
    known = {configuration.name: configuration for configuration in (*BESIDE, *QUICK)}
    columns = [[name for name in (row, *_places().get(row, ())) if name in known] for row in rows]
    depth = max(map(len, columns), default=0)
    order = [column[place] for place in range(depth) for column in columns if place < len(column)]
    return [known[name] for name in dict.fromkeys((*order, *known))]


def _fact(sighting: object) -> str:
    kind, facts = cast("tuple[FrameKind, tuple[StrEnum, ...]]", sighting)
    return f"classify {kind} {' '.join(facts)}"


def _line(step: Happening) -> str:
    where = f" on link {step.link}" if step.link else ""
    whose = f" request {step.request}" if step.request else ""
    said = "" if step.saying is None else f": {' '.join(str(part) for part in step.saying if part)}"
    return f"{step.kind}{whose}{where}{said}"


@contextmanager
def _no_collections() -> Generator[None]:
    """A hundred thousand worlds are no garbage: looking for some takes longer than exploring."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()
        gc.collect()
