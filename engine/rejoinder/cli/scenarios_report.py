"""What ``rejoinder scenarios`` says in the end, for people and for programs.

Rules of this file
* One row for each scenario, whatever the number of its runs: it is right if all of them are, and figures are those of the slowest.
* What is wrong is said below the table, run by run and difference by difference. The JSON has every turn and every frame.
"""

from __future__ import annotations

import base64
import io
import math
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from rejoinder.testing.scenarios.records import FigureKind, Kind, OriginalVerdict, Scenario
from rejoinder.testing.scenarios.traffic import lines_of, seen

from .printable import printable

if TYPE_CHECKING:
    from rejoinder.testing.outgoing import LogEntry
    from rejoinder.testing.scenarios.caller import Turn
    from rejoinder.testing.scenarios.runner import Result

__all__ = ["as_json", "lines", "listed", "measured", "verdict_of"]

INDENT: Final = "   "
WIDTH: Final = 170
"""Columns of the table where no terminal says otherwise."""
WIDEST: Final = 400
"""Characters of a difference that are shown."""
LONGEST_FRAME: Final = 20_000
"""Characters of a frame in the JSON; of a longer one the beginning, and how long it is."""


def lines(results: Sequence[Result], seconds: float) -> Iterator[str]:
    """The report for people, line by line."""
    by_scenario = _by_scenario(results)
    yield from _table(by_scenario)
    for result in results:
        if result.differences:
            yield ""
            yield f"{result.scenario.name} ({result.setting}) is WRONG:"
            yield from (f"{INDENT}{_cut(printable(difference))}" for difference in result.differences)
    yield ""
    wrong = [name for name, runs in by_scenario.items() if not all(run.right for run in runs)]
    right = len(by_scenario) - len(wrong)
    longest = max(results, key=lambda result: result.happened.seconds)
    yield (
        f"{_amount(len(by_scenario), 'scenario')}, {_amount(len(results), 'run')} in {seconds:.1f} s: {right} right,"
        f" {len(wrong)} wrong. The longest run took {longest.happened.seconds:.1f} s ({longest.scenario.name})."
    )
    yield f"The original, measured in the same ones: {_originals([runs[0].scenario for runs in by_scenario.values()])}."


def listed(scenarios: Iterable[Scenario]) -> Iterator[str]:
    """The scenarios, without running them."""
    for scenario in scenarios:
        yield f"{scenario.name}: {scenario.title} ({', '.join(scenario.kinds)}; at most {scenario.bound:g} s)"
        yield f"{INDENT}{scenario.correct}"
        yield from (f"{INDENT}not {kind}: {reason}" for kind, reason in scenario.without.items())


def verdict_of(runs: Iterable[Result]) -> str:
    """The verdict on a scenario."""
    return "right" if all(run.right for run in runs) else "WRONG"


def measured(runs: Sequence[Result]) -> str:
    """What was measured of a scenario, by the slowest wire: on lanes, and on a serial server where that is told otherwise."""
    worst: dict[str, dict[Kind, float]] = {}
    for run in runs:
        for name, value in run.figures.items():
            known = worst.setdefault(name, {})
            known[run.setting.kind] = max(value, known.get(run.setting.kind, value))
    return "; ".join(_figure(name, by_kind) for name, by_kind in worst.items())


def as_json(results: Sequence[Result], seconds: float) -> dict[str, Any]:
    """The report for programs."""
    return {
        "succeeded": all(result.right for result in results),
        "seconds": round(seconds, 3),
        "scenarios": [_scenario_as_json(runs[0].scenario, runs) for runs in _by_scenario(results).values()],
    }


def _scenario_as_json(scenario: Scenario, runs: Sequence[Result]) -> dict[str, Any]:
    return {
        "name": scenario.name,
        "title": scenario.title,
        "correct": scenario.correct,
        "bound": scenario.bound,
        "without": {str(kind): reason for kind, reason in scenario.without.items()},
        "verdict": verdict_of(runs).lower(),
        "measured": measured(runs),
        "original": {"verdict": scenario.original.verdict.value, "measured": scenario.original.measured},
        "runs": [_run_as_json(run) for run in runs],
    }


def _run_as_json(run: Result) -> dict[str, Any]:
    return {
        "wire": run.setting.wire,
        "kind": run.setting.kind.value,
        "right": run.right,
        "seconds": round(run.happened.seconds, 3),
        "differences": list(run.differences),
        "figures": {name: _number(value) for name, value in run.figures.items()},
        "expected": lines_of(run.scenario.traffic(run.setting.kind)),
        "seen": seen(run.happened.log),
        "turns": [_turn_as_json(turn) for turn in run.happened.turns],
        "frames": [_frame_as_json(entry) for entry in run.happened.log],
    }


def _turn_as_json(turn: Turn) -> dict[str, Any]:
    return {
        "says": turn.act.says,
        "heard": _clipped(turn.text),
        "end": turn.end,
        "seconds": _number(turn.ended - turn.asked),
        "calls": list(turn.told),
        "functions": list(turn.ran),
    }


def _frame_as_json(entry: LogEntry) -> dict[str, Any]:
    direction = {"in": "to server", "out": "to client", "note": "note"}[entry.direction]
    facts: dict[str, Any] = {"at": round(entry.at, 6), "connection": entry.connection, "direction": direction}
    if isinstance(entry.data, bytes):
        return {**facts, "base64": base64.b64encode(entry.data).decode()}
    cut = {"length": len(entry.data)} if len(entry.data) > LONGEST_FRAME else {}
    return {**facts, "text": _clipped(entry.data), **cut}


def _clipped(text: str) -> str:
    return text[:LONGEST_FRAME]


def _number(value: float) -> float | None:
    return round(value, 6) if math.isfinite(value) else None


# -- the table ---------------------------------------------------------------------------------------------------------------


def _table(by_scenario: Mapping[str, Sequence[Result]]) -> Iterator[str]:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("row", "scenario", "correct", "measured", "verdict", "the original", box=SIMPLE_HEAD, pad_edge=False)
    for name, runs in by_scenario.items():
        scenario = runs[0].scenario
        original = f"{scenario.original.verdict}: {scenario.original.measured}"
        cells = (name, scenario.title, scenario.correct, measured(runs), verdict_of(runs), original)
        table.add_row(*(Text(cell) for cell in cells))
    written = io.StringIO()
    console = Console(file=written, width=shutil.get_terminal_size((WIDTH, 24)).columns, color_system=None, legacy_windows=False)
    console.print(table)
    yield from (line.rstrip().removeprefix(" ") for line in written.getvalue().splitlines() if line.strip())


def _by_scenario(results: Iterable[Result]) -> dict[str, list[Result]]:
    found: dict[str, list[Result]] = {}
    for result in results:
        found.setdefault(result.scenario.name, []).append(result)
    return found


def _originals(scenarios: Sequence[Scenario]) -> str:
    counts = {verdict: sum(each.original.verdict is verdict for each in scenarios) for verdict in OriginalVerdict}
    return ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)


def _figure(name: str, by_kind: Mapping[Kind, float]) -> str:
    """A figure in words: ``turn 2 sent after 3 ms, serial 258 ms``."""
    words = name.split()
    about, what = (f"turn {words[1]} ", words[2]) if words[0] == "turn" else ("", words[0])
    lead, unit = WORDS[FigureKind(what)]
    amounts = {kind: unit(value) if math.isfinite(value) else "never" for kind, value in by_kind.items()}
    first, *others = amounts.items()
    return f"{about}{lead}{first[1]}" + "".join(f", {kind} {told}" for kind, told in others if told != first[1])


def _seconds(value: float) -> str:
    return f"{value:.2f} s" if value >= 1 else f"{value * 1000:.0f} ms"


def _of(what: str) -> Callable[[float], str]:
    return lambda value: _amount(int(value), what)


def _amount(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _cut(text: str) -> str:
    return text if len(text) <= WIDEST else f"{text[: WIDEST // 2]} ... {text[-WIDEST // 3 :]}"


WORDS: Final[Mapping[FigureKind, tuple[str, Callable[[float], str]]]] = {
    FigureKind.SENT: ("sent after ", _seconds),
    FigureKind.ENDED: ("over after ", _seconds),
    FigureKind.SIZE: ("of ", _of("byte")),
    FigureKind.CREATES: ("", _of("create")),
    FigureKind.CONNECTIONS: ("", _of("connection")),
    FigureKind.HANDSHAKES: ("", _of("handshake")),
    FigureKind.STOP: ("closed in ", _seconds),
}
"""How a figure is told: what goes before the amount, and the amount."""
