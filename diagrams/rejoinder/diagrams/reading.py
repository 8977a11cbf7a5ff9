"""What every picture is drawn from: the rows as the ``transitions.Machine`` of a chart has them.

Rules of this file
* Where a row leads is asked of the Machine, and of nothing else: the picture and the look-up that runs come out of one object.
* The table adds what the Machine does not keep, found by (phase, event): the action, the reason, and the reading order.
* A transition that is internal to the Machine stays; every other one is an arrow, also back to where it started.
"""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from rejoinder.states.chart import Chart
from rejoinder.states.edges import Staying

__all__ = ["Arrow", "DrawnRow", "read_arrows", "read_rows"]


@attrs.frozen
class DrawnRow:
    """One row, ready to be drawn."""

    source: str
    """The phase the machine is in."""
    event: str
    """What happens."""
    target: str
    """The phase it goes to; equal to ``source`` if it stays."""
    stays: bool
    """Whether the Machine has it as an internal transition."""
    action: Staying | str
    """One of the four constants, or the name of the rule that runs."""
    reason: str
    """Why the row is there."""

    @property
    def ruled(self) -> bool:
        """Whether a rule runs."""
        return not isinstance(self.action, Staying)


@attrs.frozen
class Arrow:
    """All moves from one phase to another."""

    source: str
    """Where it starts."""
    target: str
    """Where it ends."""
    events: tuple[str, ...]
    """What leads along it, in reading order."""


def read_rows(chart: Chart) -> tuple[DrawnRow, ...]:
    """Every row of the chart's Machine, in the reading order of its table."""
    edges = {(edge.source, edge.event): edge for edge in chart.table.edges}
    found: dict[tuple[str, str], DrawnRow] = {}
    for name, event in chart.machine.events.items():
        for source, transitions in event.transitions.items():
            for transition in transitions:
                edge = edges[source, name]
                stays = transition.dest is None
                target = source if transition.dest is None else transition.dest
                found[source, name] = DrawnRow(source, name, target, stays, edge.action, edge.reason)
    return tuple(found[key] for key in edges)


def read_arrows(rows: Iterable[DrawnRow]) -> tuple[Arrow, ...]:
    """The moving rows, merged into one arrow for each pair of phases; each stands where its first row stood."""
    merged: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        if not row.stays:
            merged.setdefault((row.source, row.target), []).append(row.event)
    return tuple(Arrow(source, target, tuple(events)) for (source, target), events in merged.items())
