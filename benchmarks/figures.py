"""The arithmetic of a run: medians, spreads, and ratios within a round."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Final

import attrs

from .results import Figure, Results
from .workloads import WORKLOADS

__all__ = ["TIMES", "Summary", "ratio_to_baseline", "ratios", "rounded", "summary_of"]

TIMES: Final = "\N{MULTIPLICATION SIGN}"
"""The unit of a ratio."""


@attrs.frozen
class Summary:
    """Some rounds in three numbers."""

    median: float
    """The median."""
    low: float
    """The least."""
    high: float
    """The greatest."""


def summary_of(values: Sequence[float]) -> Summary:
    """The median and the spread. Raises ``ValueError`` for no values."""
    if not values:
        raise ValueError("There are no rounds to sum up. Measure at least one.")
    return Summary(statistics.median(values), min(values), max(values))


def ratios(figure: Figure, base: Figure) -> Summary | None:
    """The ratios of the rounds of two figures; None if a divisor is 0, or if their rounds are not the same ones."""
    if len(figure.values) != len(base.values) or not all(base.values):
        return None
    return summary_of([mine / theirs for mine, theirs in zip(figure.values, base.values, strict=True)])


def ratio_to_baseline(results: Results, figure: Figure) -> Summary | None:
    """The ratio of a figure to the baseline of its workload; None if that was not measured, or is the figure itself."""
    contender, case = WORKLOADS[figure.workload].baseline_of(figure.contender, figure.case)
    if (contender, case) == (figure.contender, figure.case):
        return None
    base = results.find(figure.workload, case, contender, figure.measure)
    return None if base is None else ratios(figure, base)


def rounded(value: float) -> str:
    """A figure as people read it: three digits that count."""
    for least, form in ((1000, ",.0f"), (100, ".0f"), (10, ".1f")):
        if abs(value) >= least:
            return format(value, form)
    return format(value, ".2f")
