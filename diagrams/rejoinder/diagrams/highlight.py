"""Which part of a picture a trace went through.

Rule: what moved is read from the trace; nothing is inferred. A row that stays leaves no mark there, and has no arrow.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import final

import attrs

from rejoinder.states.chart import CHARTS
from rejoinder.states.effects import Effect, Moved
from rejoinder.states.trace import Entry, Fed

__all__ = ["Path", "follow"]


@final
@attrs.define(eq=False)
class Path:
    """The way that the machines of one kind went: phases they were in, rows they took."""

    machine: str
    """``link``, ``response`` or ``request``."""
    phases: set[str] = attrs.field(factory=set[str])
    """The phases that one of them was in."""
    rows: Counter[tuple[str, str]] = attrs.field(factory=Counter[tuple[str, str]])
    """How often each row was taken, by phase and event."""

    def follow(self, effects: Iterable[Effect]) -> None:
        """Take note of what moved."""
        for effect in effects:
            if isinstance(effect, Moved) and effect.machine == self.machine:
                self.phases |= {effect.source, effect.target}
                self.rows[effect.source, effect.event] += 1


def follow(entries: Iterable[Entry]) -> dict[str, Path]:
    """The way of each machine through a trace, by the machine's name."""
    paths = {name: Path(name) for name in CHARTS}
    for entry in entries:
        if isinstance(entry, Fed):
            for path in paths.values():
                path.follow(entry.effects)
    return paths
