"""Results as a run could have them, small enough to be reckoned by hand."""

from __future__ import annotations

from benchmarks.goals import GOALS
from benchmarks.results import Description, Figure, Results, Skipped
from benchmarks.workloads import WORKLOADS


def flood(contender: str, *values: float) -> Figure:
    """CPU for a delta."""
    return Figure("flood", "20,000 deltas", contender, "cpu", values)


def results_of(*figures: Figure, quick: bool = False, skipped: tuple[Skipped, ...] = ()) -> Results:
    """A run with these figures."""
    rounds = len(figures[0].values) if figures else 5
    description = Description(
        "rejoinder[fast]", "rejoinder, wire='websockets'", "as it comes", {"Python": "3.11.7", "trio": "0.30"}
    )
    return Results({"processor": "a quick one", "cores": "2"}, rounds, quick, figures, (description,), skipped)


def whole_results() -> Results:
    """A full run: every figure that a goal names, and something of every workload."""
    places = {place for goal in GOALS for place in (*goal.figures, *goal.over, *goal.plus)}
    figures = [
        Figure(place.workload, place.case, place.contender, place.measure, tuple(number + 1.0 for number in range(5)))
        for place in sorted(places, key=str)
    ]
    figures += [
        Figure(name, "16 lanes", "rejoinder", "cpu", (1.0,) * 5)
        for name in WORKLOADS
        if not any(figure.workload == name for figure in figures) and name != "tls"
    ]
    figures.append(Figure("tls", "first delta", "rejoinder", "first", (9.0,) * 5))
    return results_of(*figures)
