"""Goals and what becomes of them."""

from __future__ import annotations

import pytest
from benchmarks.figures import Summary
from benchmarks.goals import GOALS, Goal, Place, verdict_on, verdicts
from benchmarks.results import Figure
from benchmarks.workloads import MEASURES, WORKLOADS

from harness.benchmark_results import flood, results_of

MINE = (Place("flood", "20,000 deltas", "rejoinder", "cpu"),)
THEIRS = (Place("flood", "20,000 deltas", "bare asyncio", "cpu"),)
RUN = results_of(flood("rejoinder", 10.0, 12.0, 14.0), flood("bare asyncio", 10.0, 10.0, 10.0))


@pytest.mark.parametrize("goal", GOALS, ids=lambda goal: goal.what)
def test_goals_speak_of_what_is_measured(goal: Goal) -> None:
    for place in (*goal.figures, *goal.over, *goal.plus):
        assert place.contender in WORKLOADS[place.workload].contenders
        assert place.measure in MEASURES


def test_ratio_within_its_bound_is_met() -> None:
    met, missed = (verdict_on(RUN, Goal("a delta", MINE, bound, THEIRS)) for bound in (1.2, 1.1))

    assert (Summary(1.2, 1.0, 1.4), True) == (met.found, met.met)
    assert missed.met is False
    assert 1.1 / 1.2 == pytest.approx(missed.share)
    assert "at most 1.10 \N{MULTIPLICATION SIGN}" == missed.wanted


def test_bound_may_be_the_least() -> None:
    goal = Goal("how much less", THEIRS, 0.8, MINE, at_least=True)
    verdict = verdict_on(RUN, goal)

    assert (True, "at least 0.80 \N{MULTIPLICATION SIGN}") == (verdict.met, verdict.wanted)
    assert verdict_on(RUN, Goal("how much less", THEIRS, 0.9, MINE, at_least=True)).met is False


def test_a_figure_may_be_divided_into_a_second() -> None:
    verdict = verdict_on(RUN, Goal("events", MINE, 100_000, at_least=True, inverse=1e6, unit="/s"))

    assert verdict.found is not None
    assert (1e6 / 12, False) == (verdict.found.median, verdict.met)


def test_the_worst_case_decides() -> None:
    cases = {"honour": (1.0, 1.0), "ignore": (30.0, 30.0)}
    run = results_of(*(Figure("interruption", case, "rejoinder", "silence", values) for case, values in cases.items()))
    places = tuple(Place("interruption", case, "rejoinder", "silence") for case in cases)

    assert verdict_on(run, Goal("silence", places, 10, unit="ms")).met is False
    assert verdict_on(run, Goal("silence", places[:1], 10, unit="ms")).met is True


def test_a_figure_may_be_added_to_the_bound() -> None:
    verdict = verdict_on(RUN, Goal("a delta", MINE, 1.0, plus=THEIRS, unit="ms"))

    assert 11.0 == verdict.bound
    assert verdict.met is False


def test_what_was_not_measured_has_no_verdict() -> None:
    nothing = results_of()

    assert [None] * len(GOALS) == [verdict.met for verdict in verdicts(nothing)]
    assert 0.0 == verdicts(nothing)[0].share
    assert verdict_on(results_of(flood("rejoinder", 1.0)), Goal("a delta", MINE, 1.0, THEIRS)).found is None
