"""A run as tables: for the terminal with rich, for documents in Markdown. Ratios first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Final

import attrs
from rich.console import Console
from rich.table import Table

from .comparison import Change
from .figures import TIMES, ratio_to_baseline, rounded, summary_of
from .goals import Verdict, verdicts
from .results import Results
from .workloads import MEASURES, WORKLOADS

__all__ = ["Sheet", "change_sheet", "goal_sheet", "markdown", "print_results", "print_sheet", "workload_sheets"]

LEFT: Final = 2
"""Columns of words; those behind them are numbers."""


@attrs.frozen
class Sheet:
    """A table, however it is shown."""

    title: str
    """Its heading."""
    columns: tuple[str, ...]
    """The heads of its columns."""
    rows: tuple[tuple[str, ...], ...]
    """Its rows."""
    words: int = LEFT
    """How many columns hold words."""


def workload_sheets(results: Results) -> list[Sheet]:
    """A table for each measure of each workload that was run."""
    sheets: list[Sheet] = []
    for workload in WORKLOADS.values():
        figures = [figure for figure in results.figures if figure.workload == workload.name]
        for measure in dict.fromkeys(figure.measure for figure in figures):
            meaning = MEASURES[measure]
            rows: list[tuple[str, ...]] = []
            for figure in figures:
                if figure.measure != measure:
                    continue
                ratio, summary = ratio_to_baseline(results, figure), summary_of(figure.values)
                shown = "" if ratio is None else f"{rounded(ratio.median)} {TIMES}"
                spread = f"{rounded(summary.low)} to {rounded(summary.high)}"
                rows.append((figure.case, figure.contender, shown, rounded(summary.median), spread))
            order = {case: place for place, case in enumerate(dict.fromkeys(figure.case for figure in figures))}
            places = {name: place for place, name in enumerate(workload.contenders)}
            rows.sort(key=partial(_row_order, order, places))
            unit = f"{meaning.title}, {meaning.unit}"
            sheets.append(Sheet(f"{workload.title}: {unit}", ("case", "who", "ratio", "median", "spread"), tuple(rows)))
    return sheets


def _row_order(cases: dict[str, int], contenders: dict[str, int], row: tuple[str, ...]) -> tuple[int, int, int]:
    """Sizes by number, other cases as they came; then the contenders in the order of their workload."""
    size = row[0].split()[0].replace(",", "")
    return int(size) if size.isdigit() else 0, cases[row[0]], contenders[row[1]]


def goal_sheet(results: Results, *, all_of_them: bool = True) -> Sheet:
    """What the figures had to show, and whether they do; only what was measured unless ``all_of_them``."""
    rows = [_goal_row(verdict) for verdict in verdicts(results) if all_of_them or verdict.found is not None]
    return Sheet("What the figures have to show", ("what", "goal", "measured", "spread", "met"), tuple(rows), words=1)


def _goal_row(verdict: Verdict) -> tuple[str, ...]:
    found, unit = verdict.found, verdict.goal.unit
    if found is None:
        return verdict.goal.what, verdict.wanted, "not measured", "", ""
    met = "yes" if verdict.met else f"no, {verdict.share:.0%} of it"
    return (
        verdict.goal.what,
        verdict.wanted,
        f"{rounded(found.median)} {unit}",
        f"{rounded(found.low)} to {rounded(found.high)}",
        met,
    )


def change_sheet(changes: Iterable[Change]) -> Sheet:
    """Ratios that grew."""
    rows = [
        (
            f"{each.workload}, {each.case}",
            f"{each.contender}, {MEASURES[each.measure].title}",
            *map(rounded, (each.before, each.now)),
        )
        for each in changes
    ]
    return Sheet("Ratios that grew", ("what", "who", "before", "now"), tuple(rows))


def markdown(sheet: Sheet) -> str:
    """A table for a document, without its title."""
    marks = ["---" if place < sheet.words else "---:" for place in range(len(sheet.columns))]
    lines: Sequence[Sequence[str]] = (sheet.columns, marks, *sheet.rows)
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def print_sheet(sheet: Sheet, console: Console) -> None:
    """Show a table in the terminal."""
    table = Table(title=sheet.title, title_justify="left")
    for place, column in enumerate(sheet.columns):
        table.add_column(column, justify="left" if place < sheet.words else "right")
    for row in sheet.rows:
        # What is measured may look like markup (`rejoinder[fast]`).
        table.add_row(*(cell.replace("[", "\\[") for cell in row))
    console.print(table)


def print_results(results: Results, console: Console) -> None:
    """Show a whole run: who took part and how it was tuned, the figures, the goals, and what was not measured."""
    tuned = [
        (each.contender, ", ".join(f"{name} {version}" for name, version in each.versions.items()), each.settings)
        for each in results.descriptions
    ]
    print_sheet(Sheet("Who was measured", ("who", "versions", "tuned"), tuple(tuned), words=3), console)
    for sheet in workload_sheets(results):
        print_sheet(sheet, console)
    goals = goal_sheet(results, all_of_them=False)
    if goals.rows:
        print_sheet(goals, console)
    if results.skipped:
        rows = tuple((each.contender, each.workload or "everything", each.reason) for each in results.skipped)
        print_sheet(Sheet("Not measured", ("who", "what", "why"), rows, words=3), console)
