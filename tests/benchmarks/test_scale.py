"""What one core and one host carry."""

from __future__ import annotations

from benchmarks.results import Figure
from benchmarks.scale import scale_sheet

from harness.benchmark_results import flood, results_of


def test_what_is_carried_is_reckoned_from_what_was_measured() -> None:
    results = results_of(
        flood("rejoinder[fast]", 10.0),
        Figure("memory", "idle", "rejoinder[fast]", "memory", (64.0,)),
        Figure("history", "50 items", "rejoinder", "turn", (2.0,)),
    )

    assert (
        ("deltas a second through one core, as a flood", "rejoinder[fast]", "100,000"),
        ("idle sessions in a GiB of memory", "rejoinder[fast]", "16,384"),
        ("turns a second through one core, each behind 50 items", "rejoinder", "500"),
    ) == scale_sheet(results).rows


def test_the_most_sessions_that_held_are_named() -> None:
    delays = {"10 sessions": 3.0, "1,000 sessions": 90.0, "300 sessions": 20.0, "2,000 sessions": 400.0}
    results = results_of(*(Figure("width", case, "rejoinder", "p99", (delay,)) for case, delay in delays.items()))

    assert ["1,000"] == [row[2] for row in scale_sheet(results).rows]


def test_what_was_not_measured_is_not_reckoned() -> None:
    assert () == scale_sheet(results_of()).rows
    late = Figure("width", "10 sessions", "rejoinder", "p99", (400.0,))
    assert () == scale_sheet(results_of(late)).rows
