"""``docs/scenarios.md``: the parts that are what runs, between marks; the rest of the page is written by hand.

``python tests/quality/scenarios_page.py`` runs every scenario and writes those parts anew; a test compares all but the figures.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

import trio

from rejoinder.cli.scenarios_report import lines, measured, verdict_of
from rejoinder.testing.scenarios import SCENARIOS, WIRES, Kind, Result, markdown_table, run_all, settings_of

__all__ = ["PAGE", "STILL", "part", "table_without_figures"]

REPOSITORY: Final = Path(__file__).parents[2]
PAGE: Final = REPOSITORY / "docs" / "scenarios.md"
ROWS: Final = REPOSITORY / "engine" / "rejoinder" / "testing" / "scenarios" / "rows_loss.py"
SHOWN: Final = "09"
"""The row that is shown whole."""
MEASURED: Final = 4
"""The column of a table's line that no two runs have alike."""


def part(page: str, name: str) -> str:
    """What stands between the marks of a part."""
    (found,) = re.findall(rf"<!-- {name} -->\n(.*?)<!-- /{name} -->", page, re.DOTALL)
    return str(found)


def table_without_figures(table: str) -> list[list[str]]:
    """The cells of a table, but for what was measured."""
    cells = [line.split(" | ") for line in table.splitlines()]
    return [[cell for column, cell in enumerate(line, 1) if column != MEASURED] for line in cells]


def _without() -> str:
    left_out = [(each, kind, reason) for each in SCENARIOS for kind, reason in each.without.items()]
    told = [f"* {each.name} ({each.title}) not {kind}: {reason}." for each, kind, reason in left_out]
    return (
        "\n".join([*told, "* Everything over HTTP: there, each response is a request of its own, and nothing is on a connection."])
        + "\n"
    )


def _source() -> str:
    rows = re.split(r"(?=^    Scenario\(\n)", ROWS.read_text("utf-8"), flags=re.MULTILINE)
    (row,) = [each for each in rows if f'name="{SHOWN}",' in each]
    code = "\n".join(line.removeprefix("    ") for line in row.rstrip().removesuffix(",").splitlines())
    return f"```text\n{code}\n```\n"


STILL: Final[Mapping[str, str]] = MappingProxyType({"without": _without(), "source": _source()})
"""The parts that are the same in every run."""


async def _run() -> tuple[list[Result], float]:
    planned = [(each, setting) for each in SCENARIOS for setting in settings_of(each, list(WIRES), list(Kind))]
    began = trio.current_time()
    results = await run_all(planned)
    return results, trio.current_time() - began


def main() -> None:
    """Run everything, and write the page."""
    results, seconds = trio.run(_run)
    runs = {each.name: [result for result in results if result.scenario is each] for each in SCENARIOS}
    told = {name: (measured(of_row), verdict_of(of_row)) for name, of_row in runs.items()}
    ending = "\n".join(list(lines(results, seconds))[-2:])
    page = PAGE.read_text("utf-8")
    for name, text in {**STILL, "table": markdown_table(told), "run": f"```text\n{ending}\n```\n"}.items():
        page = page.replace(f"<!-- {name} -->\n{part(page, name)}<!-- /{name} -->", f"<!-- {name} -->\n{text}<!-- /{name} -->")
    PAGE.write_text(page, "utf-8")


if __name__ == "__main__":
    main()
