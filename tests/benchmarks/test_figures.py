"""The arithmetic of a run."""

from __future__ import annotations

import pytest
from benchmarks.figures import Summary, ratio_to_baseline, ratios, rounded, summary_of
from benchmarks.results import Figure

from harness.benchmark_results import flood, results_of


def test_summary_is_the_median_and_the_extremes() -> None:
    assert Summary(3.0, 1.0, 90.0) == summary_of([90.0, 1.0, 3.0])


def test_no_rounds_have_no_summary() -> None:
    with pytest.raises(ValueError, match="no rounds"):
        summary_of([])


def test_ratio_is_the_median_of_the_ratios_within_a_round() -> None:
    mine, theirs = flood("rejoinder", 10.0, 40.0, 90.0), flood("bare asyncio", 10.0, 20.0, 30.0)

    # The ratio of the medians would be 2 as well; that of the means would not.
    assert Summary(2.0, 1.0, 3.0) == ratios(mine, theirs)
    assert Summary(1.0, 0.5, 1.0) == ratios(flood("rejoinder", 10.0, 10.0, 30.0), theirs)


def test_rounds_that_are_not_the_same_have_no_ratio() -> None:
    assert ratios(flood("rejoinder", 1.0, 2.0), flood("bare asyncio", 1.0)) is None
    assert ratios(flood("rejoinder", 1.0), flood("bare asyncio", 0.0)) is None


def test_each_is_divided_by_the_baseline_of_its_case() -> None:
    base, mine = flood("bare asyncio", 10.0), flood("rejoinder", 15.0)
    results = results_of(base, mine)

    assert Summary(1.5, 1.5, 1.5) == ratio_to_baseline(results, mine)
    assert ratio_to_baseline(results, base) is None
    assert ratio_to_baseline(results_of(mine), mine) is None


def test_a_case_may_be_divided_by_another_case_of_the_same_contender() -> None:
    sockets, lanes = (
        Figure("lanes", f"16 {kind}", "rejoinder", "cpu", values) for kind, values in (("sockets", (8.0,)), ("lanes", (6.0,)))
    )

    assert Summary(0.75, 0.75, 0.75) == ratio_to_baseline(results_of(sockets, lanes), lanes)


@pytest.mark.parametrize("value,shown", [(0.123, "0.12"), (9.87, "9.87"), (12.34, "12.3"), (123.4, "123"), (51234.5, "51,234")])
def test_three_digits_count(value: float, shown: str) -> None:
    assert shown == rounded(value)
