"""What ``rejoinder fuzz`` says of a campaign, for people and for programs.

Rules of this file
* A failure is what broke, its story, and where it was written. The JSON (its fields are in docs/fuzz-at-scale.md) has all of it.
* What a handler says may come from anywhere: it is printed so that no terminal obeys it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import attrs

from rejoinder.diagrams.sequence import sequence
from rejoinder.states.trace import write_lines
from rejoinder.testing.explore import ROWS
from rejoinder.testing.fuzz.watch import tables_of

from .printable import printable

if TYPE_CHECKING:
    from rejoinder.testing.fuzz.campaign_records import Figures, Finding, Outcome

__all__ = ["FORMAT", "VERSION", "Written", "as_json", "duration", "progress_line", "summary", "told", "write_finding"]

FORMAT: Final = "rejoinder fuzz report"
"""What each report says it is."""
VERSION: Final = 1
"""The version of the report's form, which rises when a reader would misread a newer one."""
MINUTE: Final = 60


@attrs.frozen
class Written:
    """What was written of a failure."""

    trace: str | None = None
    """The file of the trace; None if there is nothing to replay, or if it could not be written."""
    picture: str | None = None
    """The file of the sequence diagram, likewise."""
    fault: str = ""
    """Why nothing could be written; empty if all is well."""


def write_finding(finding: Finding, stem: str, folder: Path) -> Written:
    """Write the trace and the picture of a failure into ``folder``."""
    if finding.header is None or not finding.feds:
        return Written()
    trace, picture = folder / f"{stem}.jsonl", folder / f"{stem}.mmd"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        trace.write_text("".join(write_lines(finding.header, finding.feds)), "utf-8")
        picture.write_text(sequence(finding.feds, finding.what), "utf-8")
    except OSError as error:
        return Written(fault=f"{folder} cannot be written ({error.strerror}). Name another folder with --traces.")
    return Written(str(trace), str(picture))


def told(number: int, finding: Finding, written: Written) -> Iterator[str]:
    """A failure, line by line."""
    yield f"{number}. {printable(finding.what)}"
    seen = f", met in {finding.seen:,} programs" if finding.seen > 1 else ""
    shrunk = "the smallest program that was found" if finding.shrunk else "not shrunk: there was no time"
    yield f"   {finding.kind} at {finding.place or 'an unknown line'}; {shrunk}{seen}"
    for line in [*finding.story, *finding.program]:
        yield f"   {printable(line)}"
    if written.trace is not None:
        yield f"   To be replayed from {written.trace}, drawn in {written.picture}."
    elif written.fault:
        yield f"   {written.fault}"


def duration(seconds: float) -> str:
    """Seconds as people say them: ``42 s``, ``3 min 20 s``."""
    whole = round(seconds)
    return f"{seconds:.1f} s" if whole < MINUTE else f"{whole // MINUTE} min {whole % MINUTE} s"


def progress_line(figures: Figures) -> str:
    """How far a campaign has come."""
    seconds = max(figures.seconds, 1e-9)
    return (
        f"{duration(figures.seconds)}: {figures.programs:,} programs ({figures.programs / seconds:,.0f}/s),"
        f" {figures.steps:,} steps ({figures.steps / seconds:,.0f}/s), {figures.rows} of {len(ROWS)} rows,"
        f" {figures.pairs:,} pairs, {figures.failures} failures"
    )


def summary(outcome: Outcome) -> Iterator[str]:
    """What came of a campaign, in the end."""
    figures = outcome.figures
    tables = ", ".join(f"{name} {taken} of {there}" for name, (taken, there) in tables_of(outcome.rows).items())
    yield f"Rows taken: {tables}. Pairs of rows, one after the other: {figures.pairs:,}."
    if outcome.interrupted:
        yield "Interrupted: what follows is what was done until then."
    if outcome.exhausted:
        yield f"It ended early: mend these {len(outcome.findings)} failures first."
    count = len(outcome.findings)
    verdict = "nothing failed" if not count else "1 distinct failure" if count == 1 else f"{count} distinct failures"
    yield (
        f"{figures.programs:,} programs, {figures.steps:,} steps, {figures.events:,} events in {duration(figures.seconds)}"
        f" ({duration(figures.processor_seconds)} of processor time): {verdict}."
    )


def as_json(settings: Mapping[str, Any], outcome: Outcome, written: Sequence[Written]) -> dict[str, Any]:
    """The report for programs."""
    figures = attrs.asdict(outcome.figures)
    return {
        "format": FORMAT,
        "version": VERSION,
        "rejoinder": version("rejoinder"),
        "succeeded": not outcome.findings and not outcome.interrupted,
        "interrupted": outcome.interrupted,
        "settings": dict(settings),
        "figures": figures,
        "coverage": {
            "tables": {name: {"taken": taken, "rows": there} for name, (taken, there) in tables_of(outcome.rows).items()},
            "pairs": outcome.figures.pairs,
            "never_taken": [row for row in ROWS if row not in outcome.rows],
        },
        "failures": [_failure(finding, files) for finding, files in zip(outcome.findings, written, strict=True)],
    }


def _failure(finding: Finding, written: Written) -> dict[str, Any]:
    lines = [] if finding.header is None else [json.loads(line) for line in write_lines(finding.header, finding.feds)]
    return {
        "what": finding.what,
        "kind": finding.kind,
        "promise": finding.promise,
        "place": finding.place,
        "shrunk": finding.shrunk,
        "seen": finding.seen,
        "story": list(finding.story),
        "program": list(finding.program),
        "trace": {"file": written.trace, "picture": written.picture, "lines": lines},
    }
