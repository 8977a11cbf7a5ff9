"""Results as JSON."""

from __future__ import annotations

import json

import pytest
from benchmarks.results import Skipped, read_results, write_results

from harness.benchmark_results import flood, results_of


def test_what_is_written_is_read() -> None:
    results = results_of(flood("rejoinder", 1.0, 2.5), skipped=(Skipped("openai SDK", "", "no uv"),))

    assert results == read_results(write_results(results))
    assert write_results(results) == write_results(read_results(write_results(results)))


def test_nothing_is_written_and_read_too() -> None:
    assert results_of() == read_results(write_results(results_of()))


def test_each_figure_has_a_line() -> None:
    written = write_results(results_of(flood("rejoinder", 1.0), flood("bare asyncio", 1.0)))

    assert 2 == sum('"cpu"' in line for line in written.splitlines())


def test_one_figure_is_found() -> None:
    figure = flood("rejoinder", 1.0)
    results = results_of(figure)

    assert figure == results.find("flood", "20,000 deltas", "rejoinder", "cpu")
    assert results.find("flood", "20,000 deltas", "rejoinder", "turn") is None


@pytest.mark.parametrize(
    "text,words",
    [
        ("nothing", "JSONDecodeError"),
        ("[]", "TypeError"),
        ("{}", "KeyError"),
        (json.dumps({"format": 2}), "format 2"),
        (json.dumps({"format": 1, "computer": {}, "rounds": 1, "quick": False, "figures": [{"what": 1}]}), "KeyError|TypeError"),
    ],
    ids=["no JSON", "a list", "empty", "another format", "another figure"],
)
def test_what_is_no_result_is_refused(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_results(text)
