"""The report of a hunt: for each mutant who found it, after how long, and how long its story is.

    python tests/quality/mutants/report.py [--all] [--workers 2] [--seconds 3] [--shorten 0] [--only TEXT] [--json FILE]
        [--markdown FILE] [--survey]

Rules of this file
* Mutants are hunted in processes of their own, each mutant in one of them, so that one that hangs holds up nobody else.
* Four lists: found, survived, equivalent (not hunted, with the argument), refused by the build (not hunted, with its words).
* With ``--json`` each is written down as soon as it was hunted, and what is written there is not hunted again: a long hunt can be
  made in slices. ``--markdown`` writes the page of the docs, all of whose figures come from the hunt.
* The exit status is 1 if any survived.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Final

import attrs

if __name__ == "__main__":
    # Run as a file: the tests' own modules are found where pytest finds them.
    sys.path.insert(0, str(Path(__file__).parents[2]))

from quality.mutants.catalogue import CHOSEN, catalogue
from quality.mutants.detectors import detectors
from quality.mutants.equivalent import reason_for
from quality.mutants.explorer import survey
from quality.mutants.hunt import Found, Line, Story, hunt
from quality.mutants.page import page

__all__ = ["Line", "hunted", "main", "table"]

BUDGET: Final = 3.0
"""Seconds that each detector has for each mutant, unless said otherwise."""


def hunted(name: str, *, seconds: float, shorten: float) -> Line:
    """Hunt one mutant."""
    return Line(name, hunt(catalogue()[name], detectors(shorten), seconds))


def main(arguments: Sequence[str] | None = None) -> int:
    """Hunt, print, and say by the exit status whether any survived."""
    options = _parser().parse_args(arguments)
    if options.survey:
        survey(options.seconds, _say, options.workers)
        return 0
    names = [name for name in (catalogue() if options.all else CHOSEN) if options.only in name]
    equivalent = {name: reason for name in names if (reason := reason_for(catalogue()[name])) is not None}
    refused = {name: words for name in names if (words := catalogue()[name].refused) is not None and name not in equivalent}
    wanted = [name for name in names if name not in equivalent and name not in refused]
    known = _read(options.json)
    lines = [known[name] for name in wanted if name in known]
    for line in _hunt_all([name for name in wanted if name not in known], options.workers, options.seconds, options.shorten):
        lines.append(line)
        if options.json is not None:
            with options.json.open("a", encoding="utf-8") as file:
                file.write(json.dumps(attrs.asdict(line), ensure_ascii=False) + "\n")
    sys.stdout.write("\n".join(table(lines, equivalent, refused)) + "\n")
    if options.markdown is not None:
        options.markdown.write_text("".join(f"{line}\n" for line in page(lines, equivalent, refused)), "utf-8")
    return int(any(line.found is None for line in lines))


def _read(file: Path | None) -> dict[str, Line]:
    """What was written down by an earlier hunt."""
    lines: dict[str, Line] = {}
    for text in [] if file is None or not file.exists() else file.read_text("utf-8").splitlines():
        fields = json.loads(text)
        found = fields["found"]
        if found is not None:
            told = found["story"]
            story = Story(told["broken"], told["steps"], tuple(told["lines"]), told["seconds"])
            found = Found(found["detector"], found["seconds"], story)
        lines[fields["name"]] = Line(fields["name"], found)
    return lines


def table(lines: Sequence[Line], equivalent: dict[str, str], refused: dict[str, str]) -> Iterator[str]:
    """The report as Markdown."""
    found = [(line.name, line.found) for line in lines if line.found is not None]
    survived = [line.name for line in lines if line.found is None]
    yield from ("## Found", "", "| fault | found by | seconds | steps | what was broken |", "|---|---|---:|---:|---|")
    for name, hit in found:
        broken = hit.story.broken.replace("|", "\\|")
        yield f"| {name} | {hit.detector} | {hit.seconds:.2f} | {hit.story.steps} | {broken} |"
    yield from ("", "## Survived", "", *(f"* {name}" for name in survived))
    yield from ("", "## Equivalent", "", *(f"* {name}: {reason}" for name, reason in equivalent.items()))
    yield from ("", "## Refused by the build", "", *(f"* {name}: {words}" for name, words in refused.items()))
    total = len(lines) + len(equivalent) + len(refused)
    yield from ("", "## Totals", "")
    yield f"{total} mutants: {len(found)} found, {len(survived)} survived, {len(equivalent)} equivalent, {len(refused)} refused."
    for detector in sorted({hit.detector for _, hit in found}):
        hits = [hit for _, hit in found if hit.detector == detector]
        yield f"* {detector}: {len(hits)}, the slowest after {max(hit.seconds for hit in hits):.1f} s"


def _hunt_all(names: Sequence[str], workers: int, seconds: float, shorten: float) -> Iterator[Line]:
    catalogue()  # made before the processes are, so that each has it
    with ProcessPoolExecutor(workers, initializer=os.nice, initargs=(10,)) as pool:
        for number, line in enumerate(pool.map(partial(hunted, seconds=seconds, shorten=shorten), names), 1):
            sys.stderr.write(f"\r{number} of {len(names)}")
            yield line
    sys.stderr.write("\n")


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Hunt planted faults and print who found them.")
    parser.add_argument("--all", action="store_true", help="hunt all mutants, not only those of every run")
    parser.add_argument("--workers", type=int, default=1, help="processes")
    parser.add_argument("--seconds", type=float, default=BUDGET, help="what each detector has for each mutant")
    parser.add_argument("--shorten", type=float, default=0.0, help="seconds for which each story is shortened")
    parser.add_argument("--only", default="", help="hunt only mutants whose name has this in it")
    parser.add_argument("--json", type=Path, default=None, help="a file for what was found, a line each")
    parser.add_argument("--markdown", type=Path, default=None, help="where to write the page of the docs")
    parser.add_argument("--survey", action="store_true", help="write down which configurations take which rows, and nothing else")
    return parser


if __name__ == "__main__":
    sys.exit(main())
