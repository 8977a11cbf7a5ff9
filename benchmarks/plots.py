"""The figures of a run as pictures (SVG), with matplotlib, from the dependency group ``benchmarks``.

Rules of this file
* The same results give the same bytes: no date, no random ids. Each picture carries the digest of the results that it shows, so
  that a test can tell whether it is theirs without drawing it.
* Colours tell families apart (bare loops grey, this project blue, others warm), and labels say the rest: nobody has to see colours.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from importlib import import_module
from typing import Any, Final

from .figures import rounded, summary_of
from .results import Results, write_results
from .workloads import WORKLOADS

__all__ = ["digest_of", "draw_plots"]

COLOURS: Final = {
    "bare asyncio": "#5f6b7a",
    "bare trio-websocket": "#8a94a3",
    "bare sans-I/O": "#b4bcc8",
    "bare sans-I/O, two tasks": "#cfd5dd",
    "rejoinder": "#1f5fbf",
    "rejoinder[fast]": "#4f93ea",
    "rejoinder, own list": "#7fb2f0",
    "rejoinder, serial": "#2f7fa8",
    "rejoinder, serial, retire": "#6fb3cf",
    "rejoinder, serial, spare link": "#9ccbe0",
    "openai SDK": "#c2571a",
    "openai-agents": "#e08a3c",
    "pipecat 1.1.0": "#a03050",
    "pipecat 1.1.0, trimmed": "#bb5068",
    "pipecat, newest, trimmed": "#cf6f86",
}
"""The colour of each contender."""
STYLE: Final = {
    "svg.hashsalt": "rejoinder",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Verdana", "sans-serif"],
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": "#e3e6ea",
    "legend.frameon": False,
}

Panel = Callable[[Any, Results], None]
"""Draws into the axes of matplotlib, whose objects have no types that strict checkers accept."""


def digest_of(results: Results) -> str:
    """What a picture of these results carries."""
    return f"results {hashlib.sha256(write_results(results).encode()).hexdigest()[:16]}"


def draw_plots(results: Results) -> dict[str, str]:
    """The pictures by name, as SVG. Raises ``ImportError`` where matplotlib is not installed."""
    library: Any = import_module("matplotlib")
    figures: Any = import_module("matplotlib.figure")
    panels = {
        name: panel for name, (workload, panel) in PANELS.items() if any(each.workload == workload for each in results.figures)
    }
    pictures: dict[str, str] = {}
    with library.rc_context(STYLE):
        for name, panel in panels.items():
            figure = figures.Figure(figsize=(7.5, 4.2), layout="constrained")
            panel(figure.add_subplot(), results)
            pictures[name] = _svg(figure, results)
        if len(panels) == len(PANELS):
            figure = figures.Figure(figsize=(13, 8), layout="constrained")
            for place, panel in enumerate(panels.values()):
                panel(figure.add_subplot(2, 2, place + 1), results)
            pictures["overview"] = _svg(figure, results)
    return pictures


def _svg(figure: Any, results: Results) -> str:  # noqa: ANN401 - see Panel
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None, "Description": digest_of(results)})
    # Its path data ends lines in blanks, which no file of this repository does.
    return "".join(f"{line.rstrip()}\n" for line in buffer.getvalue().splitlines())


def _median(results: Results, workload: str, case: str, contender: str, measure: str) -> float | None:
    figure = results.find(workload, case, contender, measure)
    return None if figure is None else summary_of(figure.values).median


def _draw_deltas(axes: Any, results: Results) -> None:  # noqa: ANN401 - see Panel
    """Bars: CPU for a delta, flooded and paced."""
    cases = {"flood": "20,000 deltas", "paced": "50 sessions"}
    names = [name for name in WORKLOADS["flood"].contenders if _median(results, "flood", cases["flood"], name, "cpu") is not None]
    for offset, (workload, case) in zip((-0.2, 0.2), cases.items(), strict=True):
        values = [_median(results, workload, case, name, "cpu") or 0.0 for name in names]
        places = [place + offset for place in range(len(names))]
        shade = 1.0 if workload == "flood" else 0.45
        bars = axes.barh(places, values, 0.38, color=[COLOURS[name] for name in names], alpha=shade)
        axes.bar_label(bars, [f"{rounded(value)} {workload}" for value in values], padding=3, fontsize=7)
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.margins(x=0.18)
    axes.set_xlabel("CPU for a delta, µs: less is better")
    axes.set_title("A delta, as a flood and paced (50 sessions at 100 a second)", loc="left")


def _draw_history(axes: Any, results: Results) -> None:  # noqa: ANN401 - see Panel
    """Lines: CPU for a turn against the length of the history."""
    _draw_lines(axes, results, "history", "turn")
    axes.set_xlabel("items in the history")
    axes.set_ylabel("CPU for a turn, ms")
    axes.set_title("A turn behind a long history", loc="left")


def _draw_width(axes: Any, results: Results) -> None:  # noqa: ANN401 - see Panel
    """Lines: how late deltas come against the number of sessions."""
    _draw_lines(axes, results, "width", "p99")
    axes.axhline(100, color="#a03050", linewidth=0.8, linestyle=":")
    axes.set_xlabel("sessions at 50 deltas a second each, on one core")
    axes.set_ylabel("delay of 99 in 100 deltas, ms")
    axes.set_title("How late deltas come", loc="left")


def _draw_lines(axes: Any, results: Results, workload: str, measure: str) -> None:  # noqa: ANN401 - see Panel
    for name in WORKLOADS[workload].contenders:
        points = [
            (int(figure.case.split()[0].replace(",", "")), summary_of(figure.values).median)
            for figure in results.figures
            if (figure.workload, figure.contender, figure.measure) == (workload, name, measure)
        ]
        if points:
            sizes, values = zip(*sorted(points), strict=True)
            axes.plot(sizes, values, color=COLOURS[name], marker="o", markersize=4, label=name)
    axes.set_xscale("log")
    axes.set_yscale("log")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(_plainly)
    axes.legend(fontsize=7)


def _plainly(value: float, _place: int) -> str:
    """A mark of a logarithmic axis as a number."""
    return f"{value:,g}"


def _draw_silence(axes: Any, results: Results) -> None:  # noqa: ANN401 - see Panel
    """Bars: how long an interruption keeps the next request waiting."""
    figures = [figure for figure in results.figures if figure.workload == "interruption"]
    cases = list(dict.fromkeys(figure.case for figure in figures))
    names = [name for name in WORKLOADS["interruption"].contenders if any(figure.contender == name for figure in figures)]
    width = 0.85 / max(len(names), 1)
    for number, name in enumerate(names):
        values = [_median(results, "interruption", case, name, "silence") or 0.0 for case in cases]
        axes.bar([place + number * width for place in range(len(cases))], values, width, color=COLOURS[name], label=name)
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(_plainly)
    # Room for the legend above the highest bars.
    axes.set_ylim(top=axes.get_ylim()[1] * 30)
    axes.set_xticks([place + 0.4 for place in range(len(cases))], cases)
    axes.set_xlabel("what the server does with a cancel")
    axes.set_ylabel("until the next create, ms")
    axes.set_title("Silence after an interruption", loc="left")
    axes.legend(fontsize=7, ncols=3, loc="upper left")


PANELS: Final[dict[str, tuple[str, Panel]]] = {
    "deltas": ("flood", _draw_deltas),
    "interruption": ("interruption", _draw_silence),
    "history": ("history", _draw_history),
    "width": ("width", _draw_width),
}
"""What is drawn, and from which workload."""
