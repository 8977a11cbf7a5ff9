"""Exhaustive exploration: every state that can be reached, each once, nearest first.

Rules of this file
* It knows nothing of links or responses. A *world* is a value that says what can happen next, and what it is like afterwards; the
  explorer asks until nothing new turns up.
* Breadth first, so that the first fault found has the shortest story. A state is told by its key: equal keys mean the same future
  (``canonical.py`` for sessions).
* Nothing is cut: it ends when every state is known, at the first fault, or when the caller's ``patience`` says that it has waited
  long enough, which the result then says.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Final, Generic, Protocol, TypeVar, final

import attrs

__all__ = ["Exploration", "Fault", "World", "explore"]

StepT = TypeVar("StepT")

INTERVAL: Final = 500
"""States between two questions to ``patience``, unless said otherwise."""


class World(Protocol[StepT]):
    """A state of what is explored. It is never changed: each step leads to another."""

    @property
    def broken(self) -> str | None:
        """What must hold and does not, in one sentence; None while all is well."""
        ...

    def steps(self) -> Iterable[StepT]:
        """Everything that can happen next, always in the same order."""
        ...

    def after(self, step: StepT) -> World[StepT]:
        """The world once ``step`` has happened; this one stays as it is."""
        ...

    def key(self) -> Hashable:
        """What tells this world from others; worlds with equal keys have the same future."""
        ...

    def settles(self) -> str | None:
        """Called once for each new world: why it does not come to a good end by itself; None if it does."""
        ...


@final
@attrs.frozen
class Fault(Generic[StepT]):
    """Something that must hold and does not, and the shortest way there."""

    broken: str
    """What does not hold."""
    steps: tuple[StepT, ...]
    """What happened, from the beginning."""


@final
@attrs.frozen
class Exploration(Generic[StepT]):
    """What came of an exploration."""

    states: int
    """Distinct states, the first included."""
    transitions: int
    """Steps taken, those that led to a known state included."""
    depth: int
    """Steps of the shortest way to the state that is farthest away."""
    exhausted: bool
    """Whether every reachable state was seen: false after a fault, or when patience ran out."""
    fault: Fault[StepT] | None
    """The first fault; None if there is none among the states that were seen."""


def explore(  # noqa: C901 - one loop
    initial: World[StepT],
    *,
    patience: Callable[[], bool] = lambda: True,
    progress: Callable[[int, int], None] = lambda states, waiting: None,  # noqa: ARG005 - nobody watches
    interval: int = INTERVAL,
) -> Exploration[StepT]:
    """Explore every world that can be reached from ``initial``.

    ``patience`` is asked now and then whether to go on; ``progress`` is told now and then how many states are known and how many
    wait to be explored: each time that ``interval`` more states were explored.
    """
    numbers: dict[Hashable, int] = {initial.key(): 0}
    came: list[tuple[int, StepT | None]] = [(-1, None)]
    depths = [0]
    waiting: deque[tuple[int, World[StepT]]] = deque([(0, initial)])
    transitions = 0

    def outcome(*, exhausted: bool, fault: Fault[StepT] | None) -> Exploration[StepT]:
        return Exploration(len(came), transitions, depths[-1], exhausted, fault)

    def fault_at(number: int, last: Sequence[StepT], broken: str) -> Exploration[StepT]:
        return outcome(exhausted=False, fault=Fault(broken, (*_path(came, number), *last)))

    wrong = initial.broken or initial.settles()
    if wrong is not None:
        return fault_at(0, (), wrong)
    explored = 0
    while waiting:
        if explored % interval == 0:
            progress(len(came), len(waiting))
            if not patience():
                return outcome(exhausted=False, fault=None)
        explored += 1
        number, world = waiting.popleft()
        for step in world.steps():
            transitions += 1
            following = world.after(step)
            if following.broken is not None:
                return fault_at(number, (step,), following.broken)
            key = following.key()
            if key in numbers:
                continue
            numbers[key] = len(came)
            came.append((number, step))
            depths.append(depths[number] + 1)
            wrong = following.settles()
            if wrong is not None:
                return fault_at(number, (step,), wrong)
            waiting.append((len(came) - 1, following))
    return outcome(exhausted=True, fault=None)


def _path(came: Sequence[tuple[int, StepT | None]], number: int) -> list[StepT]:
    """The steps that led to a state, from the beginning."""
    steps: list[StepT] = []
    while True:
        number, step = came[number]
        if step is None:
            return steps[::-1]
        steps.append(step)
