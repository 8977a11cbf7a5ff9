"""Measure everything side by side, in one command: ``uv run python -m benchmarks``; ``--help`` says what else it can do."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated, NoReturn

import trio
import typer
from rich.console import Console

from .comparison import changes, worse
from .environments import default_cache
from .plots import draw_plots
from .publication import NotWhole, check_whole, publish
from .results import Results, read_results, write_results
from .rounds import Run, measure
from .tables import change_sheet, print_results, print_sheet
from .workloads import WORKLOADS, Workload

LEAST_ROUNDS = 5
NO_MATPLOTLIB = "Pictures need matplotlib. Run this with: uv run --group benchmarks python -m benchmarks."


def main(
    *,
    quick: Annotated[
        bool, typer.Option("--quick", help="Less of everything, in under two minutes; nobody else's clients.")
    ] = False,
    only: Annotated[list[str] | None, typer.Option(help=f"Only this workload: {', '.join(WORKLOADS)}. May be repeated.")] = None,
    rounds: Annotated[int, typer.Option(help="How often each figure is measured; medians of fewer than 5 mean little.", min=1)] = 5,
    json_file: Annotated[Path | None, typer.Option("--json", help="Also write every round of every figure to this file.")] = None,
    plot: Annotated[Path | None, typer.Option(help="Also draw the figures into this folder (needs matplotlib).")] = None,
    compare: Annotated[Path | None, typer.Option(help="Compare the ratios with those in this file; status 1 if any grew.")] = None,
    tolerance: Annotated[float, typer.Option(help="How much a ratio may grow before it counts, as a part of it.", min=0)] = 0.25,
    cache: Annotated[Path | None, typer.Option(help="Where the environments of other vendors are kept.")] = None,
    anew: Annotated[bool, typer.Option("--anew", help="Make those environments anew, with the newest versions.")] = False,
    profile: Annotated[Path | None, typer.Option(help="Measure nothing, and write a profile of everybody to this folder.")] = None,
    keep: Annotated[bool, typer.Option("--publish", help="Put the figures of a full run into README.md and docs.")] = False,
    again: Annotated[Path | None, typer.Option("--from", help="Measure nothing, and take what --json wrote to this file.")] = None,
) -> None:
    """Measure everything side by side: bare loops, this project on both wires, and other clients, each in a process of its own.

    Ratios are what counts: each is the median of the ratios within a round, in which the contenders take turns. A run without
    options takes about twenty minutes and needs two cores that have nothing else to do.
    """
    chosen = only or list(WORKLOADS)
    unknown = [name for name in chosen if name not in WORKLOADS]
    if unknown:
        _give_up(f"There is no workload {unknown[0]!r}. Give one of {', '.join(WORKLOADS)}.")
    progress, console = Console(stderr=True), Console()
    run = Run(rounds, quick, cache or default_cache(), partial(progress.print, style="dim", highlight=False, markup=False), anew)
    workloads = [WORKLOADS[name] for name in WORKLOADS if name in chosen]
    if profile is not None:
        if keep or json_file or plot or compare or again:
            _give_up("A profiler slows everything down, so the figures of such a run are void. Use --profile without the others.")
        _profile(run, workloads, profile, console)
        return
    earlier = None if compare is None else _read(compare)
    results = trio.run(measure, run, workloads) if again is None else _read(again)
    print_results(results, console)
    if results.rounds < LEAST_ROUNDS:
        console.print(f"Medians of {results.rounds} rounds: look at them, and do not quote them.")
    if json_file is not None:
        json_file.write_text(write_results(results), "utf-8")
    if plot is not None:
        _draw(results, plot)
    if keep:
        _publish(results)
    if earlier is not None:
        _compare(earlier, results, tolerance, console)


def _profile(run: Run, workloads: list[Workload], folder: Path, console: Console) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    run.profile = folder
    trio.run(measure, run, workloads)
    console.print(f"The profiles are in {folder}.")


def _read(path: Path) -> Results:
    try:
        return read_results(path.read_text("utf-8"))
    except OSError as error:
        _give_up(f"{path} cannot be read: {error.strerror}.")
    except ValueError as error:
        _give_up(f"{path} holds no results. {error} Write one with --json.")


def _draw(results: Results, folder: Path) -> None:
    try:
        pictures = draw_plots(results)
    except ImportError:
        _give_up(NO_MATPLOTLIB)
    folder.mkdir(parents=True, exist_ok=True)
    for name, picture in pictures.items():
        (folder / f"{name}.svg").write_text(picture, "utf-8")


def _publish(results: Results) -> None:
    try:
        check_whole(results)
        publish(results)
    except NotWhole as error:
        _give_up(str(error))
    except ImportError:
        _give_up(NO_MATPLOTLIB)


def _compare(earlier: Results, results: Results, tolerance: float, console: Console) -> None:
    found = changes(earlier, results)
    if not found:
        _give_up("The two runs have no ratio in common, so there is nothing to compare. Run the same workloads.")
    grown = worse(found, tolerance)
    if grown:
        print_sheet(change_sheet(grown), console)
    console.print(f"{len(found)} ratios compared; {len(grown)} grew by more than {tolerance:.0%}.")
    if grown:
        raise typer.Exit(1)


def _give_up(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(2)


if __name__ == "__main__":
    typer.run(main)
