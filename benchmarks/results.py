"""What a run measured, as a value and as JSON."""

from __future__ import annotations

import json
from typing import Any, Final

import attrs

__all__ = ["Description", "Figure", "Results", "Skipped", "read_results", "write_results"]

FORMAT: Final = 1


@attrs.frozen
class Figure:
    """One measure of one contender in one case."""

    workload: str
    """What was measured."""
    case: str
    """The size, or the kind of server."""
    contender: str
    """Of whom."""
    measure: str
    """Which of the measures."""
    values: tuple[float, ...]
    """The rounds, in order."""


@attrs.frozen
class Description:
    """What a contender said of itself."""

    contender: str
    """Its name in the tables."""
    name: str
    """What it is."""
    settings: str
    """How it was tuned."""
    versions: dict[str, str]
    """The versions of what it consists of."""


@attrs.frozen
class Skipped:
    """What was not measured."""

    contender: str
    """Of whom."""
    workload: str
    """What; empty if nothing of it was."""
    reason: str
    """Why."""


@attrs.frozen
class Results:
    """A whole run."""

    computer: dict[str, str]
    """What it ran on."""
    rounds: int
    """How often each figure was measured."""
    quick: bool
    """Whether it was a quick run."""
    figures: tuple[Figure, ...]
    """What was measured."""
    descriptions: tuple[Description, ...] = ()
    """Of whom."""
    skipped: tuple[Skipped, ...] = ()
    """And what was not."""

    def find(self, workload: str, case: str, contender: str, measure: str) -> Figure | None:
        """One figure, if there is such a one."""
        wanted = (workload, case, contender, measure)
        return next((each for each in self.figures if (each.workload, each.case, each.contender, each.measure) == wanted), None)


def write_results(results: Results) -> str:
    """The results as JSON, a line for each figure: so that what differs between two runs can be read."""
    given = attrs.asdict(results)
    lines = [f'  "format": {FORMAT}']
    plain = ("computer", "rounds", "quick")
    lines += [f"  {json.dumps(name)}: {json.dumps(given[name], sort_keys=True, ensure_ascii=False)}" for name in plain]
    for name in ("descriptions", "skipped", "figures"):
        rows = ",\n".join(f"    {json.dumps(row, ensure_ascii=False)}" for row in given[name])
        lines.append(f"  {json.dumps(name)}: [\n{rows}\n  ]" if rows else f"  {json.dumps(name)}: []")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def read_results(text: str) -> Results:
    """The results in such JSON. Raises ``ValueError`` if it is none."""
    try:
        given: dict[str, Any] = json.loads(text)
        if given["format"] != FORMAT:
            raise ValueError(f"It has format {given['format']!r}, and {FORMAT} is the only one that is known.")
        return Results(
            given["computer"],
            given["rounds"],
            given["quick"],
            tuple(_figure(**row) for row in given["figures"]),
            tuple(Description(**row) for row in given["descriptions"]),
            tuple(Skipped(**row) for row in given["skipped"]),
        )
    except (KeyError, TypeError, json.JSONDecodeError) as error:
        raise ValueError(f"It is not what this command writes ({type(error).__name__}: {error}).") from error


def _figure(workload: str, case: str, contender: str, measure: str, values: list[float]) -> Figure:
    return Figure(workload, case, contender, measure, tuple(values))
