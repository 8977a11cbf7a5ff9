"""The charts, and the classification, as Markdown tables (GitHub's flavour).

Rules of this file
* A machine is told twice: as a grid of events and phases, for finding one cell, and row by row in reading order with the
  reasons, for reading.
* Upright words are names; a word in italics is one of the constants of a row that moves nothing and runs no rule.
* Rows are read out of the Machine (``reading.py``), so that a table cannot tell another story than the picture.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Final

from rejoinder.states.chart import Chart
from rejoinder.states.classify import CLASSIFICATION, FACTS, Classification
from rejoinder.states.edges import Staying
from rejoinder.states.stream_events import FrameKind

from .reading import DrawnRow, read_rows

__all__ = ["draw_classification", "draw_table", "escape", "markdown_table"]

GRID_KEY: Final = """\
A cell holds the phase that the event leads to; the phase's own name means that a rule runs and nothing moves. In *italics*:
nothing moves and no rule runs. An empty cell is illegal, and what falls into it is reported as a violation.
"""
CLASSIFICATION_KEY: Final = """\
Read from top to bottom, the first row that agrees wins. A fact that a row does not name may be anything.
"""
SPECIAL: Final = str.maketrans({"\\": "\\\\", "|": "\\|", "*": "\\*", "`": "\\`", "<": "&lt;", "\n": " "})


def draw_table(chart: Chart) -> str:
    """The chart as two Markdown tables under headings, ending in a newline."""
    rows = read_rows(chart)
    cells = {(row.source, row.event): _cell(row) for row in rows}
    table = chart.table
    grid = markdown_table(
        ("event", *table.phases), ((event, *(cells.get((phase, event), "") for phase in table.phases)) for event in table.events)
    )
    listing = markdown_table(
        ("phase", "event", "target", "rule", "reason"),
        ((row.source, row.event, row.target, _action(row), escape(row.reason)) for row in rows),
    )
    return f"## The {table.name}\n\n{GRID_KEY}\n{grid}\n### The {table.name}, row by row\n\n{listing}"


def draw_classification(
    classification: Iterable[Classification] = CLASSIFICATION,
    facts: Mapping[FrameKind, Sequence[type[StrEnum]]] = FACTS,
) -> str:
    """The classification as two Markdown tables under headings: its rows, and what is asked about each kind of frame."""
    listing = markdown_table(
        ("kind", "facts", "event", "reason"),
        ((row.kind, _facts(row.facts), row.event, escape(row.reason)) for row in classification),
    )
    asked = markdown_table(
        ("kind", "what is asked about it"),
        ((kind, "; ".join(f"{_domain(domain)}: {', '.join(domain)}" for domain in domains)) for kind, domains in facts.items()),
    )
    return f"## The classification\n\n{CLASSIFICATION_KEY}\n{listing}\n### What is asked about each kind of frame\n\n{asked}"


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table. The cells are put in as they are: ``escape`` what is prose."""
    lines = [header, ["---"] * len(header), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def escape(text: str) -> str:
    """Prose for a cell: what Markdown would take for markup is shown as it is written."""
    return text.translate(SPECIAL)


def _cell(row: DrawnRow) -> str:
    return row.target if row.ruled else _action(row)


def _action(row: DrawnRow) -> str:
    return f"*{row.action}*" if isinstance(row.action, Staying) else row.action


def _facts(facts: Iterable[StrEnum]) -> str:
    return ", ".join(f"{_domain(type(fact))}: {fact}" for fact in facts) or "*any*"


def _domain(domain: type[StrEnum]) -> str:
    return domain.__name__.lower()
