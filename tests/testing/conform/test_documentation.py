"""docs/conform.md shows the rows as they are, and its example runs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from trio.testing import MockClock

from rejoinder.testing.conform import ROWS, examine, markdown_table
from testing.conform.alterations import obliging_server, target

PAGE: Final = (Path(__file__).parents[3] / "docs" / "conform.md").read_text("utf-8")


def part(name: str) -> str:
    (found,) = re.findall(rf"<!-- {name} -->\n(.*?)<!-- /{name} -->", PAGE, re.DOTALL)
    return str(found)


def test_table_is_made_from_the_rows() -> None:
    assert markdown_table() == part("rows")


async def test_sample_run_is_what_a_run_says(autojump_clock: MockClock) -> None:
    report = await examine(target(obliging_server()), [row for row in ROWS if not row.by_name_only])
    expected = [
        f"   {result.finding.verdict.value:<16}{result.row.name:<27}{without_times(result.finding.text)}"
        for result in report.results
    ]

    assert expected == [without_times(line) for line in part("run").splitlines() if line.startswith("   ")]


def without_times(text: str) -> str:
    return re.sub(r"\d+\.\d\d s", "? s", text)
