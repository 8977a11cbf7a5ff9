"""A table written out as text, as a reviewer reads it, and its comparison with a compiled chart.

    waiting
        LaneFree    sent    request_sent
        GaveUpOther .       IGNORE
        illegal: Replay Finished

A phase, then every event it knows with target and action (a dot where nothing moves), then every event that it does not know.
Nothing is implied: an event that is missing, or that stands twice, is an error in the grid.
"""

from __future__ import annotations

from rejoinder.states.chart import Chart, Move

__all__ = ["Grid", "read_grid", "written_by"]

Cell = tuple[str, str] | None
"""Target and action; None where the event is illegal."""
Grid = dict[tuple[str, str], Cell]
"""What each (phase, event) does."""

INDENT = "    "
ILLEGAL = "illegal:"


def read_grid(text: str) -> Grid:
    """Return the grid that ``text`` writes out; raises ``ValueError`` if a cell stands there twice."""
    grid: Grid = {}
    phase = ""
    legal = True
    for line in text.splitlines():
        if not line.strip():
            continue
        if not line.startswith(INDENT):
            phase, legal = line.strip(), True
            continue
        words = line.split()
        legal = legal and words[0] != ILLEGAL
        if legal:
            event, target, action = words
            _write(grid, phase, event, (phase if target == "." else target, action))
        else:
            for event in words:
                if event != ILLEGAL:
                    _write(grid, phase, event, None)
    return grid


def written_by(chart: Chart) -> Grid:
    """Return the grid that a compiled chart stands for, over the whole product of phases and events."""
    grid: Grid = {}
    for phase in chart.table.phases:
        for event in chart.table.events:
            row = chart.row(phase, event)
            if row is None:
                grid[phase, event] = None
            elif isinstance(row, Move):
                grid[phase, event] = row.target, row.rule
            else:
                grid[phase, event] = phase, row.upper()
    return grid


def _write(grid: Grid, phase: str, event: str, cell: Cell) -> None:
    if (phase, event) in grid:
        raise ValueError(f"({phase}, {event}) stands in the grid twice")
    grid[phase, event] = cell
