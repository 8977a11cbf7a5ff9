"""Exploring the configurations side by side, and telling what came of it.

Rules of this file
* One line for each configuration as it is done, then each property's verdict, then the rows of each table that no exploration took.
* A fault is told as a numbered story, and written as a sequence diagram and as a trace.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path

import typer

from rejoinder.diagrams.sequence import sequence
from rejoinder.diagrams.sequence_svg import draw_sequence_svg
from rejoinder.states.story import story
from rejoinder.states.trace import Header, write_lines
from rejoinder.testing.explore import (
    DEEP,
    LONGEST,
    PROPERTIES,
    QUICK,
    ROWS,
    Configuration,
    PropertyKind,
    Report,
    explore_configuration,
    promise_of,
    retell,
)

__all__ = ["chosen", "listing", "run_checks"]

Say = Callable[[str], None]


def chosen(names: Sequence[str], *, deep: bool) -> tuple[Configuration, ...]:
    """The configurations of those names, or all. Raises ``typer.BadParameter`` for a name that there is not."""
    known = {configuration.name: configuration for configuration in (DEEP if deep else QUICK)}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise typer.BadParameter(f"there is no configuration named {unknown[0]!r}. Configurations are {', '.join(known)}.")
    return tuple(known[name] for name in names) if names else tuple(known.values())


def listing(configurations: Iterable[Configuration]) -> Iterator[str]:
    """A line for each configuration."""
    for configuration in configurations:
        yield f"{configuration.name:28} {configuration.about}"


def run_checks(configurations: Sequence[Configuration], workers: int | None, output: Path, say: Say, *, whole: bool) -> int:
    """Explore, tell, and return the exit status. ``whole`` says whether rows and *sometimes* can be judged."""
    reports: list[Report] = []
    known = {configuration.name: configuration for configuration in configurations}
    with _explored(configurations, workers or os.cpu_count() or 1) as explored:
        for report in explored:
            reports.append(report)
            say(_line(report))
            if report.broken is not None:
                _tell_fault(known[report.configuration], report, output, say)
    signs = frozenset[str]().union(*(report.signs for report in reports))
    kept = all(report.exhausted for report in reports)
    say("")
    for one in _verdicts(reports, signs, whole=whole):
        say(one)
    untaken = [row for row in ROWS if row not in signs] if whole else []
    never = [one.name for one in PROPERTIES if one.kind is PropertyKind.SOMETIMES and not one.is_seen(signs)] if whole else []
    say("")
    if whole:
        say(f"{len(ROWS) - len(untaken)} of {len(ROWS)} rows of the tables were taken.")
    for row in untaken:
        say(f"  never taken: {row}")
    good = kept and not untaken and not never
    say(_total(reports, good=good))
    return 0 if good else 1


@contextmanager
def _explored(configurations: Sequence[Configuration], workers: int) -> Generator[Iterable[Report]]:
    """The reports, as they come. The longest are begun first, so that no worker is left alone with one in the end."""
    ordered = sorted(configurations, key=_turn)
    if workers == 1 or len(configurations) == 1:
        yield map(explore_configuration, configurations)
        return
    with ProcessPoolExecutor(min(workers, len(ordered)), mp_context=get_context("spawn")) as pool:
        yield (done.result() for done in as_completed([pool.submit(explore_configuration, one) for one in ordered]))


def _turn(configuration: Configuration) -> int:
    return LONGEST.index(configuration.name) if configuration.name in LONGEST else len(LONGEST)


def _line(report: Report) -> str:
    state = "exhausted" if report.exhausted else "BROKEN"
    figures = f"{report.states:>9,} states {report.transitions:>9,} steps, depth {report.depth:>2}, {report.seconds:5.1f} s"
    return f"{report.configuration:28} {figures}  {state}"


def _verdicts(reports: Sequence[Report], signs: frozenset[str], *, whole: bool) -> Iterator[str]:
    broken = {promise_of(report.broken) for report in reports if report.broken is not None}
    for one in PROPERTIES:
        if one.kind is PropertyKind.SOMETIMES:
            verdict = "seen" if one.is_seen(signs) else "NEVER SEEN" if whole else "not seen here"
        else:
            verdict = "BROKEN" if one.promise in broken else "holds"
        yield f"{one.kind:10} {one.name:26} {verdict:13} {one.about}"


def _total(reports: Sequence[Report], *, good: bool) -> str:
    states, steps = sum(report.states for report in reports), sum(report.transitions for report in reports)
    verdict = "every state was seen and every promise was kept." if good else "NOT everything holds; see above."
    return f"{len(reports)} configurations, {states:,} states, {steps:,} steps: {verdict}"


def _tell_fault(configuration: Configuration, report: Report, output: Path, say: Say) -> None:
    feds = retell(configuration, report.steps)
    say(f"  {report.broken}")
    for line in story(feds):
        say(f"    {line}")
    picture, text, trace = (output / f"{configuration.name}.{ending}" for ending in ("svg", "mmd", "jsonl"))
    try:
        output.mkdir(parents=True, exist_ok=True)
        picture.write_text(draw_sequence_svg(feds, report.broken or ""), "utf-8")
        text.write_text(sequence(feds, report.broken or ""), "utf-8")
        header = Header(version("rejoinder"), configuration.profile, configuration.policy)
        trace.write_text("".join(write_lines(header, feds)), "utf-8")
    except OSError as error:
        say(f"  {output} cannot be written: {error.strerror}. Name another directory with --output.")
    else:
        say(f"  drawn in {picture} and {text}, to be replayed from {trace}")
