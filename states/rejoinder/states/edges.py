"""What a row of a table is.

A table is a tuple of edges in reading order. An edge is either *staying* (nothing moves; what to do with the frame is one of
four constants) or *ruled* (a function of the rule modules runs, and the machine moves to ``target``, which may be where it was).
Edges are definitions: ``chart.py`` compiles them, nothing else reads them at run time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum, unique

import attrs

from .profiles import DeadlineKind

__all__ = ["Deadline", "Edge", "Staying", "Table", "rows"]


@unique
class Staying(StrEnum):
    """What a row does that moves nothing. The caller of ``feed`` has the frame in hand."""

    DELIVER = "deliver"
    """Hand the frame to the caller of the request."""
    DISCARD = "discard"
    """Output of an abandoned response: counted, dropped."""
    COUNT = "count"
    """Out of place and harmless: counted and reported under its name, dropped."""
    IGNORE = "ignore"
    """Legal and of no consequence."""


@attrs.frozen
class Edge:
    """One row: in ``source``, ``event`` leads to ``target`` and does ``action``, because of ``reason``."""

    source: str
    """The phase the machine is in."""
    event: str
    """The classified event."""
    target: str
    """The phase it goes to; equal to ``source`` on staying rows."""
    action: Staying | str
    """One of the four constants, or the name of a function in the rule modules."""
    reason: str
    """Why the row is there: the protocol's sentence, or the story that broke without it."""

    @property
    def staying(self) -> bool:
        """Whether nothing moves on this row and no rule runs."""
        return isinstance(self.action, Staying)


@attrs.frozen
class Deadline:
    """How a phase ends by itself."""

    kind: DeadlineKind
    """Which of the time limits applies."""
    event: str
    """What happens when it has passed."""


@attrs.frozen
class Table:
    """A machine's definition: phases, events, edges, deadlines. ``chart.compile_chart`` turns it into what runs."""

    name: str
    """``link``, ``response`` or ``request``."""
    phases: tuple[str, ...]
    """All phases, in reading order."""
    events: tuple[str, ...]
    """The alphabet."""
    initial: str
    """Where a new machine starts."""
    home: tuple[str, ...]
    """The phases that every phase must be able to get back to."""
    resting: tuple[str, ...]
    """The phases that need no deadline."""
    deadlines: Mapping[str, Deadline]
    """The deadline of each other phase."""
    edges: tuple[Edge, ...]
    """The rows, in reading order."""


def rows(
    sources: str | tuple[str, ...],
    events: str | tuple[str, ...],
    target: str | None,
    action: Staying | str,
    reason: str,
) -> Iterator[Edge]:
    """Write several rows that share one reason as one: every source with every event.

    ``target`` None stays where it is. Order is sources first, so the table reads as it is written.
    """
    for source in (sources,) if isinstance(sources, str) else sources:
        for event in (events,) if isinstance(events, str) else events:
            yield Edge(str(source), str(event), str(source if target is None else target), action, reason)
