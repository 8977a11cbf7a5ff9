"""Whether a run is worse than an earlier one."""

from __future__ import annotations

import pytest
from benchmarks.comparison import Change, changes, worse
from benchmarks.results import Results

from harness.benchmark_results import flood, results_of


def run(mine: float, bare: float = 10.0, sdk: float = 90.0) -> Results:
    return results_of(flood("bare asyncio", bare), flood("rejoinder", mine), flood("openai SDK", sdk))


def test_a_slower_computer_is_no_regression() -> None:
    (change,) = changes(run(12.0), run(48.0, bare=40.0))

    assert pytest.approx(1.0) == change.factor
    assert [] == worse([change], 0.25)


def test_a_ratio_that_grew_beyond_the_tolerance_is_one() -> None:
    found = changes(run(12.0), run(16.0))

    assert found == worse(found, 0.3)
    assert [] == worse(found, 0.4)


def test_waiting_is_allowed_more_than_work() -> None:
    work, waiting = (Change("tls", "first delta", "rejoinder", measure, 1.0, 1.5) for measure in ("cpu", "first"))

    assert [work] == worse([work, waiting], 0.25)


def test_a_ratio_that_shrank_is_none() -> None:
    assert [] == worse(changes(run(12.0), run(1.0)), 0.0)


def test_only_what_is_ours_and_in_both_runs_is_compared() -> None:
    assert ["rejoinder"] == [change.contender for change in changes(run(12.0), run(12.0, sdk=900.0))]
    assert [] == changes(results_of(flood("bare asyncio", 1.0)), run(12.0))
    assert [] == changes(results_of(flood("rejoinder", 1.0)), run(12.0))
