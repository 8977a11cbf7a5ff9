"""What one core and one host carry, reckoned from what was measured. Nothing here is measured anew, and nothing is guessed."""

from __future__ import annotations

from typing import Final

from .figures import rounded, summary_of
from .results import Results
from .tables import Sheet

__all__ = ["BEARABLE", "scale_sheet"]

BEARABLE: Final = 100.0
"""Milliseconds of delay, of 99 in 100 deltas, up to which so many sessions are carried."""
GIBIBYTE: Final = 1024 * 1024
OURS: Final = ("rejoinder", "rejoinder[fast]")


def scale_sheet(results: Results) -> Sheet:
    """A row for each thing that a core or a host carries."""
    rows: list[tuple[str, ...]] = []
    for contender in OURS:
        flood = _median(results, "flood", "20,000 deltas", contender, "cpu")
        rows.append(("deltas a second through one core, as a flood", contender, "" if flood is None else rounded(1e6 / flood)))
        paced = _median(results, "paced", "50 sessions", contender, "cpu")
        rows.append(("deltas a second through one core, paced", contender, "" if paced is None else rounded(1e6 / paced)))
        rows.append(
            (
                "sessions at 50 deltas a second on one core, the most that were measured and held",
                contender,
                _held(results, contender),
            )
        )
        for case, meaning in (("idle", "idle"), ("busy", "busy")):
            memory = _median(results, "memory", case, contender, "memory")
            rows.append((f"{meaning} sessions in a GiB of memory", contender, "" if memory is None else rounded(GIBIBYTE / memory)))
    for items in ("50", "5,000", "50,000"):
        turn = _median(results, "history", f"{items} items", "rejoinder", "turn")
        what = f"turns a second through one core, each behind {items} items"
        rows.append((what, "rejoinder", "" if turn is None else rounded(1e3 / turn)))
    return Sheet("What one core carries", ("what", "who", "how many"), tuple(row for row in rows if row[2]))


def _median(results: Results, workload: str, case: str, contender: str, measure: str) -> float | None:
    figure = results.find(workload, case, contender, measure)
    return None if figure is None else summary_of(figure.values).median


def _held(results: Results, contender: str) -> str:
    """The largest number of sessions whose deltas came in time."""
    delays = [each for each in results.figures if (each.workload, each.contender, each.measure) == ("width", contender, "p99")]
    held = [int(each.case.split()[0].replace(",", "")) for each in delays if summary_of(each.values).median <= BEARABLE]
    return f"{max(held):,}" if held else ""
