"""Pictures of results."""

from __future__ import annotations

import sys

import pytest
from benchmarks.plots import COLOURS, PANELS, digest_of, draw_plots
from benchmarks.workloads import WORKLOADS

from harness.benchmark_results import flood, results_of, whole_results


def test_every_contender_has_a_colour() -> None:
    drawn = {name for workload, _ in PANELS.values() for name in WORKLOADS[workload].contenders}

    assert drawn == drawn & set(COLOURS)


def test_digest_tells_results_apart() -> None:
    assert digest_of(results_of(flood("rejoinder", 1.0))) == digest_of(results_of(flood("rejoinder", 1.0)))
    assert digest_of(results_of(flood("rejoinder", 1.0))) != digest_of(results_of(flood("rejoinder", 2.0)))


def test_without_matplotlib_nothing_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)

    with pytest.raises(ImportError):
        draw_plots(whole_results())


@pytest.mark.long
def test_the_same_results_give_the_same_bytes() -> None:
    pytest.importorskip("matplotlib", reason="the pictures need the dependency group `benchmarks`")
    results = whole_results()
    once, again = draw_plots(results), draw_plots(results)

    assert {*PANELS, "overview"} == set(once)
    assert once == again
    assert [] == [name for name, picture in once.items() if digest_of(results) not in picture]
    assert "rejoinder[fast]" in once["deltas"]


def test_what_was_not_measured_is_not_drawn() -> None:
    pytest.importorskip("matplotlib", reason="the pictures need the dependency group `benchmarks`")

    assert ["deltas"] == list(draw_plots(results_of(flood("rejoinder", 1.0), flood("bare asyncio", 1.0))))
