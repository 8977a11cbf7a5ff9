"""Every row, and the table of them that the documentation shows.

Rule: a row stands here if a test breaks it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from rejoinder.testing.conform.chain_rows import CHAIN_ROWS
from rejoinder.testing.conform.connection_rows import CONNECTION_ROWS
from rejoinder.testing.conform.lane_rows import LANE_ROWS
from rejoinder.testing.conform.records import Row
from rejoinder.testing.conform.response_rows import RESPONSE_ROWS

__all__ = ["ROWS", "UnknownRow", "markdown_table", "needs_in_words", "select"]

ROWS: Final[tuple[Row, ...]] = (*RESPONSE_ROWS, *CHAIN_ROWS, *LANE_ROWS, *CONNECTION_ROWS)
"""All of them, in the order in which they are judged."""


class UnknownRow(ValueError):
    """There is no row of that name. The text says which there are."""


def select(names: Sequence[str]) -> tuple[Row, ...]:
    """The rows of these names, in the order of `ROWS`; without names, all that need not be asked for. Raises `UnknownRow`."""
    known = {row.name: row for row in ROWS}
    for name in names:
        if name not in known:
            raise UnknownRow(f"There is no row named {name!r}. Rows are {', '.join(known)}.")
    return tuple(row for row in ROWS if (row.name in names if names else not row.by_name_only))


def needs_in_words(row: Row) -> str:
    """What the row needs, for people; a dash for nothing."""
    needs = [need.value for need in sorted(row.needs)]
    return ", ".join([*needs, "to be named"] if row.by_name_only else needs) or "-"


def markdown_table(rows: Iterable[Row] = ROWS) -> str:
    """The rows as a Markdown table, for the documentation."""
    head = ["| row | what the server promises | source | needs |", "|---|---|---|---|"]
    body = [f"| `{row.name}` | {row.promise} | {row.source.value} | {needs_in_words(row)} |" for row in rows]
    return "\n".join([*head, *body]) + "\n"
