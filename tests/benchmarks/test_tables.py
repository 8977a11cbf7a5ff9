"""A run as tables."""

from __future__ import annotations

import io

from benchmarks.comparison import Change
from benchmarks.results import Figure, Skipped
from benchmarks.tables import Sheet, change_sheet, goal_sheet, markdown, print_results, workload_sheets
from rich.console import Console

from harness.benchmark_results import flood, results_of, whole_results

TIMES = "\N{MULTIPLICATION SIGN}"


def test_rows_stand_in_the_order_of_the_workload_with_ratios_first() -> None:
    results = results_of(flood("rejoinder[fast]", 11.0, 12.0, 15.0), flood("bare asyncio", 10.0, 10.0, 10.0))
    (sheet,) = workload_sheets(results)

    assert ("case", "who", "ratio", "median", "spread") == sheet.columns
    assert (
        ("20,000 deltas", "bare asyncio", "", "10.0", "10.0 to 10.0"),
        ("20,000 deltas", "rejoinder[fast]", f"1.20 {TIMES}", "12.0", "11.0 to 15.0"),
    ) == sheet.rows


def test_sizes_stand_in_the_order_of_their_numbers() -> None:
    cases = ("10 sessions", "1,000 sessions", "300 sessions")
    (sheet,) = workload_sheets(results_of(*(Figure("width", case, "rejoinder", "p99", (1.0,)) for case in cases)))

    assert ["10 sessions", "300 sessions", "1,000 sessions"] == [row[0] for row in sheet.rows]


def test_goals_say_what_is_met_and_how_much_of_the_others() -> None:
    results = results_of(flood("rejoinder[fast]", 12.0), flood("bare asyncio", 10.0), flood("openai SDK", 100.0))
    rows = {row[0]: row[1:] for row in goal_sheet(results).rows}

    assert ("at most 1.10 " + TIMES, f"1.20 {TIMES}", "1.20 to 1.20", "no, 92% of it") == rows[
        "a delta, fast wire, to the bare asyncio loop"
    ]
    assert ("at least 8.00 " + TIMES, f"8.33 {TIMES}", "8.33 to 8.33", "yes") == rows["a delta, the openai SDK to the fast wire"]
    assert "not measured" == rows["memory of an idle session"][1]
    assert 2 == len(goal_sheet(results, all_of_them=False).rows)


def test_markdown_aligns_numbers_to_the_right() -> None:
    sheet = Sheet("title", ("what", "who", "ratio"), (("a", "b", "1"),))

    assert "| what | who | ratio |\n| --- | --- | ---: |\n| a | b | 1 |\n" == markdown(sheet)


def test_ratios_that_grew_are_shown_before_and_now() -> None:
    sheet = change_sheet([Change("flood", "20,000 deltas", "rejoinder", "cpu", 1.1, 2.2)])

    assert (("flood, 20,000 deltas", "rejoinder, CPU for a delta", "1.10", "2.20"),) == sheet.rows


def test_a_whole_run_is_printed_with_who_and_what_is_missing() -> None:
    file = io.StringIO()
    results = results_of(*whole_results().figures, skipped=(Skipped("openai SDK", "", "uv cannot be run"),))

    print_results(results, Console(file=file, width=200))

    printed = file.getvalue()
    assert "rejoinder[fast]" in printed
    assert "Python 3.11.7, trio 0.30" in printed
    assert "What the figures have to show" in printed
    assert "uv cannot be run" in printed


def test_nothing_is_printed_of_goals_that_were_not_measured() -> None:
    file = io.StringIO()

    print_results(results_of(), Console(file=file, width=200))

    assert "What the figures have to show" not in file.getvalue()
    assert "Not measured" not in file.getvalue()
