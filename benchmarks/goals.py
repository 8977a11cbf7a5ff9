"""What the figures have to show, as data: each goal names figures, a bound, and how they are compared.

Rules of this file
* Ratios compare two figures of one run, round by round. A goal without a divisor bounds the figure itself.
* Where several cases belong to one goal, the worst of them decides.
"""

from __future__ import annotations

from typing import Final

import attrs

from .figures import TIMES, Summary, ratios, rounded, summary_of
from .results import Results
from .workloads import CANCELS

__all__ = ["GOALS", "Goal", "Place", "Verdict", "verdict_on", "verdicts"]


@attrs.frozen
class Place:
    """Where a figure stands."""

    workload: str
    """The workload."""
    case: str
    """The case."""
    contender: str
    """The contender."""
    measure: str
    """The measure."""


@attrs.frozen
class Goal:
    """One thing that the figures have to show."""

    what: str
    """What is bounded, in words."""
    figures: tuple[Place, ...]
    """The figures; the worst decides."""
    bound: float
    """The bound."""
    over: tuple[Place, ...] = ()
    """What each of them is divided by; empty if they stand for themselves."""
    at_least: bool = False
    """Whether the bound is the least rather than the most."""
    plus: tuple[Place, ...] = ()
    """A figure whose median is added to the bound: what a handshake takes, for instance."""
    inverse: float = 0.0
    """If not 0: the figure is divided into this, as a time into a second."""
    unit: str = TIMES
    """The unit of what is bounded."""


@attrs.frozen
class Verdict:
    """What became of a goal."""

    goal: Goal
    """The goal."""
    found: Summary | None
    """The figure that decides; None if it was not measured."""
    bound: float
    """The bound, with what is added to it."""

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None if it was not measured."""
        if self.found is None:
            return None
        return self.found.median >= self.bound if self.goal.at_least else self.found.median <= self.bound

    @property
    def share(self) -> float:
        """How much of the goal is reached: 1 or more if it is met."""
        if self.found is None or not self.found.median or not self.bound:
            return 0.0
        return self.found.median / self.bound if self.goal.at_least else self.bound / self.found.median

    @property
    def wanted(self) -> str:
        """The bound in words."""
        return f"{'at least' if self.goal.at_least else 'at most'} {rounded(self.bound)} {self.goal.unit}"


FAST: Final = "rejoinder[fast]"
MODES: Final = tuple(mode.replace("_", " ") for mode in CANCELS)


def _flood(contender: str) -> tuple[Place, ...]:
    return (Place("flood", "20,000 deltas", contender, "cpu"),)


def _paced(contender: str) -> tuple[Place, ...]:
    return (Place("paced", "50 sessions", contender, "cpu"),)


def _turn(contender: str, items: str) -> tuple[Place, ...]:
    return (Place("history", f"{items} items", contender, "turn"),)


def _silences(contender: str) -> tuple[Place, ...]:
    return tuple(Place("interruption", mode, contender, "silence") for mode in MODES)


def _step(case: str, contender: str = "the machine") -> tuple[Place, ...]:
    return (Place("machine", case, contender, "step"),)


def _states(contender: str) -> tuple[Place, ...]:
    return (*_step("explorer, a new state (lanes)", contender), *_step("explorer, a new state (serial)", contender))


DIAL: Final = (Place("interruption", "ignore", "rejoinder, serial, retire", "silence"),)
"""What this project takes to dial and to send: ``then="retire"`` does nothing else."""
HANDSHAKE: Final = (Place("interruption", "ignore", "bare asyncio", "silence"),)
"""What a bare loop takes that hangs up and dials anew."""

GOALS: Final = (
    Goal("a delta, default wire, to the bare trio-websocket loop", _flood("rejoinder"), 1.15, _flood("bare trio-websocket")),
    Goal("a delta, fast wire, to the bare asyncio loop", _flood(FAST), 1.1, _flood("bare asyncio")),
    Goal("a delta, pipecat 1.1.0 to the fast wire", _flood("pipecat 1.1.0"), 6, _flood(FAST), at_least=True),
    Goal("a delta, the openai SDK to the fast wire", _flood("openai SDK"), 8, _flood(FAST), at_least=True),
    Goal("a paced delta, default wire, to the bare trio-websocket loop", _paced("rejoinder"), 1.3, _paced("bare trio-websocket")),
    Goal("a paced delta, fast wire, to the bare sans-I/O loop on trio", _paced(FAST), 1.3, _paced("bare sans-I/O")),
    Goal("a turn at 5,000 items to one at 50", _turn("rejoinder", "5,000"), 2, _turn("rejoinder", "50")),
    Goal("a turn at 50,000 items to one at 5,000", _turn("rejoinder", "50,000"), 2, _turn("rejoinder", "5,000")),
    Goal(
        "a turn at 5,000 items, pipecat 1.1.0 to the caller's own list",
        _turn("pipecat 1.1.0", "5,000"),
        20,
        _turn("rejoinder, own list", "5,000"),
        at_least=True,
    ),
    Goal("silence after an interruption, lanes, whatever the server does", _silences("rejoinder"), 10, unit="ms"),
    Goal("silence after an interruption, serial", _silences("rejoinder, serial"), 250, plus=DIAL, unit="ms"),
    Goal(
        "silence after an interruption, serial, then='retire'",
        _silences("rejoinder, serial, retire"),
        10,
        plus=HANDSHAKE,
        unit="ms",
    ),
    Goal("delay of 99 in 100 deltas, 1,000 sessions, fast wire", (Place("width", "1,000 sessions", FAST, "p99"),), 100, unit="ms"),
    Goal("memory of an idle session", (Place("memory", "idle", "rejoinder", "memory"),), 100, unit="KiB"),
    Goal(
        "content events through feed",
        (*_step("feed (lanes)"), *_step("feed (serial)")),
        500_000,
        at_least=True,
        inverse=1e6,
        unit="/s",
    ),
    Goal("new states of the explorer", _states("the machine"), 10_000, at_least=True, inverse=1e6, unit="/s"),
    Goal(
        "new states of the explorer, compiled by mypyc",
        _states("the machine, compiled"),
        10_000,
        at_least=True,
        inverse=1e6,
        unit="/s",
    ),
)
"""What the figures have to show."""


def verdict_on(results: Results, goal: Goal) -> Verdict:
    """What became of a goal in a run."""
    bound = goal.bound
    for place in goal.plus:
        added = _values(results, place)
        if added is None:
            return Verdict(goal, None, bound)
        bound += summary_of(added).median
    found = [_found(results, goal, number) for number in range(len(goal.figures))]
    measured = [each for each in found if each is not None]
    if len(measured) != len(found):
        return Verdict(goal, None, bound)
    worst = (min if goal.at_least else max)(measured, key=lambda summary: summary.median)
    return Verdict(goal, worst, bound)


def verdicts(results: Results) -> list[Verdict]:
    """What became of all goals."""
    return [verdict_on(results, goal) for goal in GOALS]


def _found(results: Results, goal: Goal, number: int) -> Summary | None:
    place = goal.figures[number]
    figure = results.find(place.workload, place.case, place.contender, place.measure)
    if figure is None:
        return None
    if goal.over:
        divisor = goal.over[min(number, len(goal.over) - 1)]
        base = results.find(divisor.workload, divisor.case, divisor.contender, divisor.measure)
        return None if base is None else ratios(figure, base)
    values = [goal.inverse / value for value in figure.values] if goal.inverse else figure.values
    return summary_of(values)


def _values(results: Results, place: Place) -> tuple[float, ...] | None:
    figure = results.find(place.workload, place.case, place.contender, place.measure)
    return None if figure is None else figure.values
