"""The explorer as a detector: every state of small worlds, nearest first.

Rules of this file
* A mutant is searched first where its row is taken: ``survey.json`` (written by ``report.py --survey``) has the shortest way to
  each row in the configurations that take it soonest. The search goes on from there, then from further back, then from the start.
* A survey that is out of date costs time and finds nothing less: a way that is none any more is left at once.
* The likeliest configuration has half of the budget, the next half of what is left, and so on; what one leaves, the next has.
* What is raised anywhere is a fault of the world in which it was raised, so it has a story like any other.
"""

from __future__ import annotations

import gc
import json
import os
import time
from collections.abc import Callable, Generator, Hashable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from enum import StrEnum
from functools import cache, partial
from pathlib import Path
from typing import Any, Final, cast, final

import attrs

from quality.mutants.hunt import Story
from quality.mutants.mutant import Mutant
from rejoinder.states.explore import explore
from rejoinder.states.profiles import AZURE, OPENAI, CancelPolicy, Policy
from rejoinder.states.stream_events import FrameKind
from rejoinder.testing.explore.any_server import Saying
from rejoinder.testing.explore.configuration import Configuration
from rejoinder.testing.explore.configurations import QUICK
from rejoinder.testing.explore.endings import Endings
from rejoinder.testing.explore.judge import Judge
from rejoinder.testing.explore.world import ExploredWorld, Happening, Watch

__all__ = ["SURVEY", "Explorer", "survey"]

SURVEY: Final = Path(__file__).with_name("survey.json")
"""For each row, the configurations that take it, the soonest first, each with the way."""
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
WAYS: Final = 3
"""Ways to each row that a survey keeps."""
GLANCE: Final = 0.02
"""Seconds of a glance at a configuration."""
FEW: Final = 20
"""States between two looks at the clock: a glance has no time for more."""
BACK: Final = (1, 4)
"""How far before a row is taken the search begins: what is wrong with it may show only if other things happen as well."""
TO_WHOM: Final = 3
"""Where the saying of a written step begins."""
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
        """Explore from where the rows are taken, then from the start, until a promise is broken or the budget is spent.

        A budget that allows for it has a glance at each configuration as well: most faults show near the beginning somewhere.
        """
        ends = time.process_time() + budget_seconds
        likely = _likely(mutant.rows)
        named = [configuration for configuration in likely if configuration.name in mutant.rows]
        others = [configuration for configuration in likely if configuration not in named]
        glanced = others if budget_seconds >= GLANCE * 2 * len(others) else []
        searches: list[tuple[Configuration, Sequence[Happening], float]] = [
            *((one, (), 1 / 2) for one in named),
            *((one, (), 0.0) for one in glanced),
            *((one, way, 1 / 8) for one, way in _ways(mutant.rows)),
            *((one, (), 1 / 2) for one in others),
        ]
        with _no_collections():
            for configuration, way, part in searches:
                now = time.process_time()
                if now >= ends:
                    break
                share = max((ends - now) * part, LEAST) if part else GLANCE
                story = _searched(configuration, way, now + share)
                if story is not None:
                    return story
        return None


def _searched(configuration: Configuration, way: Sequence[Happening], ends: float) -> Story | None:
    """Explore from the end of a way, for a while."""
    world, taken = Guarded(ExploredWorld(Watch(configuration, Judge(), Endings()))), list[Happening]()
    for step in way:
        if world.broken is not None:
            break
        if step not in world.steps():
            return None
        world = world.after(step)
        taken.append(step)
    fault = explore(world, patience=lambda: time.process_time() < ends, interval=FEW).fault
    if fault is None:
        return None
    steps = (*taken, *fault.steps)
    return Story(f"{fault.broken} ({configuration.name})", len(steps), tuple(map(_line, steps)))


def survey(seconds: float, tell: Callable[[str], None], workers: int = 1) -> None:
    """Write down the shortest ways to all rows, in the configurations that take them soonest; what runs must have no fault."""
    known: dict[str, list[tuple[float, str, Sequence[Happening]]]] = {}
    everything = (*BESIDE, *QUICK)
    with ProcessPoolExecutor(workers, initializer=os.nice, initargs=(10,)) as pool:
        for configuration, (said, ways) in zip(everything, pool.map(partial(_surveyed, seconds), everything), strict=True):
            tell(said)
            for row, (when, way) in ways.items():
                known.setdefault(row, []).append((when, configuration.name, way))
    rows = {row: [(name, _written(way)) for _, name, way in _soonest(found)] for row, found in sorted(known.items())}
    SURVEY.write_text(
        "{\n" + ",\n".join(f"{json.dumps(row)}: {json.dumps(found)}" for row, found in rows.items()) + "\n}\n", "utf-8"
    )


def _soonest(found: list[tuple[float, str, Sequence[Happening]]]) -> Sequence[tuple[float, str, Sequence[Happening]]]:
    """The soonest ways: with lanes and without, where there are both, then whatever is next."""
    ordered = sorted(found)
    firsts = [next((way for way in ordered if way[1].startswith("lanes") is lanes), None) for lanes in (False, True)]
    chosen = [way for way in firsts if way is not None]
    chosen += [way for way in ordered if way not in chosen]
    return chosen[:WAYS]


def _surveyed(seconds: float, configuration: Configuration) -> tuple[str, Mapping[str, tuple[float, Sequence[Happening]]]]:
    """What one configuration takes: for each row, after how many seconds, and the way there."""
    began = time.process_time()
    ways: dict[str, tuple[float, Sequence[Happening]]] = {}
    with _no_collections():
        first = Surveyed(ExploredWorld(Watch(configuration, Judge(), Endings())), None, began, ways)
        result = explore(first, patience=lambda: time.process_time() < began + seconds)
    return f"{configuration.name}: {result.states} states, {len(ways)} rows, {result.fault or 'no fault'}", ways


@final
@attrs.define(eq=False)
class Surveyed:
    """A world that knows how it was reached, and writes down which rows are new."""

    world: Final[ExploredWorld]
    came: Final[tuple[Surveyed, Happening] | None]
    began: Final[float]
    ways: Final[dict[str, tuple[float, Sequence[Happening]]]]

    @property
    def broken(self) -> str | None:
        """What does not hold."""
        return self.world.broken

    def steps(self) -> Iterable[Happening]:
        """Everything that can happen next."""
        return self.world.steps()

    def after(self, step: Happening) -> Surveyed:
        """The world once ``step`` has happened, and the rows that it took."""
        judge = self.world.watch.judge
        judge.rows.clear()
        judge.sighted.clear()
        following = Surveyed(self.world.after(step), (self, step), self.began, self.ways)
        for row in (*judge.rows, *map(_fact, judge.sighted)):
            if row not in self.ways:
                self.ways[row] = (time.process_time() - self.began, following.way())
        return following

    def way(self) -> list[Happening]:
        """The steps that led here."""
        steps: list[Happening] = []
        here = self
        while here.came is not None:
            here, step = here.came
            steps.append(step)
        return steps[::-1]

    def key(self) -> Hashable:
        """What tells this world from others."""
        return self.world.key()

    def settles(self) -> str | None:
        """Why it does not come to a good end by itself: others ask that."""
        return None


def _written(way: Sequence[Happening]) -> list[list[object]]:
    """A way as JSON."""
    return [
        [step.kind, step.link, step.request, *(() if step.saying is None else (step.saying.lane, step.saying.what))] for step in way
    ]


def _read(way: Sequence[Sequence[Any]]) -> Sequence[Happening]:
    """A way as it was written."""
    return [Happening(step[0], step[1], step[2], Saying(step[3], step[4]) if len(step) > TO_WHOM else None) for step in way]


@cache
def _places() -> Mapping[str, Sequence[tuple[str, Sequence[Sequence[Any]]]]]:
    places: Mapping[str, Sequence[tuple[str, Sequence[Sequence[Any]]]]] = (
        json.loads(SURVEY.read_text("utf-8")) if SURVEY.exists() else {}
    )
    return places


def _known() -> Mapping[str, Configuration]:
    return {configuration.name: configuration for configuration in (*BESIDE, *QUICK)}


def _ways(rows: Sequence[str]) -> Sequence[tuple[Configuration, Sequence[Happening]]]:
    """The ways to rows: up to the step that takes them, and up to some steps before that."""
    known = _known()
    columns = [[(known[name], _read(way)) for name, way in _places().get(row, ()) if name in known] for row in rows]
    ways = [column[place] for place in range(WAYS) for column in columns if place < len(column)]
    return [(configuration, way[: max(len(way) - back, 0)]) for back in BACK for configuration, way in ways]


def _likely(rows: Sequence[str]) -> Sequence[Configuration]:
    """All configurations: those first that are named, or that take one of the rows soonest."""
    known = _known()
    columns = [[name for name in (row, *(name for name, _ in _places().get(row, ()))) if name in known] for row in rows]
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
