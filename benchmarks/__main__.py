"""Run every benchmark, print a table: ``uv run python -m benchmarks [--json FILE]``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from .delta import Figure, measure_delta
from .proof import measure_proof


def main(
    json_file: Annotated[Path | None, typer.Option("--json", help="Also write the figures to this file.")] = None,
    repetitions: Annotated[int, typer.Option(help="Rounds; the contenders take turns in each.", min=3)] = 15,
) -> None:
    """Measure the machine's share of a delta, and what the proof costs, against one ``json.loads`` of a delta."""
    delta = measure_delta(repetitions)
    _show("One output_text delta, CPU time", delta)
    proof = measure_proof(max(repetitions // 3, 3))
    _show("Exploring and fuzzing the pure lifecycle, CPU time", proof)
    figures = [*delta, *proof]
    if json_file is not None:
        rows = [{"name": f.name, "median_us": f.median, "low_us": f.low, "high_us": f.high, "ratio": f.ratio} for f in figures]
        json_file.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")


def _show(title: str, figures: list[Figure]) -> None:
    table = Table(title=title)
    for column in ("what", "median µs", "spread µs", "a second", "ratio to json.loads"):
        table.add_column(column, justify="left" if column == "what" else "right")
    for figure in figures:
        spread = f"{figure.low:.3f} to {figure.high:.3f}"
        table.add_row(figure.name, f"{figure.median:.3f}", spread, f"{1e6 / figure.median:,.0f}", f"{figure.ratio:.2f}")
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
