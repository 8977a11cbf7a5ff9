"""The explorer, in worlds that are numbers: every one is seen, once, and the nearest fault is told by the shortest way."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from typing import final

import attrs

from rejoinder.states.explore import Exploration, Fault, explore


@final
@attrs.frozen
class Counter:
    """A number below ``end`` that is doubled or raised by one; what is wrong with which is said beforehand."""

    number: int = 1
    end: int = 50
    bad: int | None = None
    stuck: int | None = None

    @property
    def broken(self) -> str | None:
        return f"{self.number} is bad" if self.number == self.bad else None

    def steps(self) -> Iterable[str]:
        return ("add", "double")

    def after(self, step: str) -> Counter:
        number = self.number + 1 if step == "add" else 2 * self.number
        return attrs.evolve(self, number=min(number, self.end))

    def key(self) -> Hashable:
        return self.number

    def settles(self) -> str | None:
        return f"{self.number} is stuck" if self.number == self.stuck else None


def test_every_state_is_seen_once() -> None:
    assert Exploration(50, 100, 9, exhausted=True, fault=None) == explore(Counter())


def test_fault_is_told_by_the_shortest_way() -> None:
    found = explore(Counter(bad=12))

    assert Fault("12 is bad", ("add", "add", "double", "double")) == found.fault
    assert not found.exhausted


def test_state_that_does_not_settle_is_a_fault() -> None:
    assert Fault("4 is stuck", ("add", "double")) == explore(Counter(stuck=4)).fault


def test_fault_at_the_beginning_has_no_steps() -> None:
    assert Fault("1 is bad", ()) == explore(Counter(bad=1)).fault


def test_patience_ends_an_exploration_and_progress_is_told() -> None:
    answers: Iterator[bool] = iter([True, False])
    told: list[tuple[int, int]] = []
    found = explore(
        Counter(end=5000), patience=lambda: next(answers), progress=lambda states, waiting: told.append((states, waiting))
    )

    assert (False, None) == (found.exhausted, found.fault)
    assert [(1, 1)] == told[:1]
    assert 2 == len(told)
