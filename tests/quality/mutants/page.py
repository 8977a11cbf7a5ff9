"""The page of the docs about planted faults: what is planted, who found it, and how long its story is.

Rule of this file: it only counts and tells what a hunt has found; nothing is typed but the sentences around it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from quality.mutants.catalogue import catalogue
from quality.mutants.hunt import Line
from quality.mutants.mutant import Kind
from quality.mutants.planted import ROOT_CAUSES

__all__ = ["page"]

HEAD: Final = """# Planted faults

A check that cannot fail proves nothing. So faults are planted in what runs, one at a time, and the explorer and the fuzzers have
to find each of them, without being told what it is: by a promise that is broken, never by a golden file or a test of one function.

Most are made by rote. Each row of each table is removed, left where it is, led astray, run without its rule, and run without each
kind of effect that it asks for; each phase loses its deadline or gets another; each row of the classification is removed or names
another event. The others were planted by hand: slips that somebody might make in a rule, the seven root causes behind most failures
of the system that this one re-creates among them. A fault that the build of the table refuses needs no hunt. One that changes
nothing that anybody could see is not hunted either, and says why.

The fixed set of every run is in `tests/quality/mutants/catalogue.py`. All of them:

```sh
python tests/quality/mutants/report.py --all --workers 2 --markdown docs/planted-faults.md
```

This page is what that command wrote. *Steps* is how long the story is that leads to the broken promise, as it was first seen.
"""


UNSEEN: Final = "Not seen within the budget; it may need a longer story than any configuration has."
WHY: Final[Mapping[str, str]] = {}
"""What is known of those that survived."""


def page(lines: Sequence[Line], equivalent: Mapping[str, str], refused: Mapping[str, str]) -> Iterator[str]:
    """The page, line by line."""
    yield from HEAD.splitlines()
    fates = {line.name: "survived" if line.found is None else "found" for line in lines}
    fates |= dict.fromkeys(equivalent, "equivalent") | dict.fromkeys(refused, "refused")
    total = Counter(fates.values())
    yield from ("", "## In all", "")
    yield f"{len(fates):,} faults: {total['found']:,} found, {total['survived']} survived, {total['equivalent']} equivalent,"
    yield f"{total['refused']} refused by the build."
    yield from ("", *_counted("where", fates, _machine_of))
    yield from ("", *_counted("how", fates, lambda name: catalogue()[name].kind))
    yield from (
        "",
        "| found by | faults | steps, median | steps, most | seconds, median | seconds, most |",
        "|---|---:|---:|---:|---:|---:|",
    )
    for detector in sorted({line.found.detector for line in lines if line.found is not None}):
        hits = [line.found for line in lines if line.found is not None and line.found.detector == detector]
        steps, seconds = sorted(hit.story.steps for hit in hits), sorted(hit.seconds for hit in hits)
        middle = len(hits) // 2
        figures = f"{len(hits)} | {steps[middle]} | {steps[-1]} | {seconds[middle]:.2f} | {seconds[-1]:.2f}"
        yield f"| {detector} | {figures} |"
    yield from ("", "## Planted by hand", "")
    yield from _by_hand([line for line in lines if catalogue()[line.name].kind is Kind.PLANTED])
    yield from ("", "## Survived", "")
    survived = [line.name for line in lines if line.found is None]
    yield from (f"* {name}: {WHY.get(name, UNSEEN)}" for name in survived) if survived else ["None."]
    yield from ("", "## Equivalent", "", "Nothing can find these, because nothing changes that anybody could see:", "")
    yield from (f"* {name}: {reason}" for name, reason in equivalent.items())


def _counted(what: str, fates: Mapping[str, str], group_of: Callable[[str], str]) -> Iterator[str]:
    """A table of how many of each group came to which fate."""
    yield f"| {what} | found | survived | equivalent | refused | all |"
    yield "|---|---:|---:|---:|---:|---:|"
    counts = Counter((group_of(name), fate) for name, fate in fates.items())
    for group in dict.fromkeys(group_of(name) for name in fates):
        row = [counts[group, fate] for fate in ("found", "survived", "equivalent", "refused")]
        yield f"| {group} | {' | '.join(map(str, row))} | {sum(row)} |"


def _machine_of(name: str) -> str:
    """Where a fault is."""
    if catalogue()[name].kind is Kind.PLANTED:
        return "planted by hand"
    return {"classify": "classification"}.get(first := name.split(" ", 1)[0], first)


def _by_hand(lines: Sequence[Line]) -> Iterator[str]:
    """The faults that somebody thought of, root causes first."""
    causes = {cause.name for cause in ROOT_CAUSES}
    for title, some in (
        ("The seven root causes", [line for line in lines if line.name in causes]),
        ("Others", [line for line in lines if line.name not in causes]),
    ):
        yield from (f"### {title}", "", "| fault | found by | steps | what was broken |", "|---|---|---:|---|")
        for line in some:
            name = line.name.removeprefix("root cause: ").removeprefix("fuzz: ")
            if line.found is None:
                yield f"| {name} | nobody | | |"
            else:
                broken = line.found.story.broken.replace("|", "\\|")
                yield f"| {name} | {line.found.detector} | {line.found.story.steps} | {broken} |"
        yield ""
