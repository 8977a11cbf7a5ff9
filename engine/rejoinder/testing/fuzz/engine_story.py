"""A plot and its diary in words: the steps, numbered, and what happened at each.

Rules of this file
* A line for each thing that matters to somebody; frames and events that follow one another are one line.
* No words of an answer are told.
* Moves of machines are not told: who wants those looks at the diary.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

import attrs

from rejoinder.engine.observations import Note, Sent
from rejoinder.states.continuation import Reuse
from rejoinder.testing.fuzz.engine_diary import (
    Began,
    Broken,
    Came,
    Diary,
    Ended,
    Given,
    Happening,
    Left,
    Observed,
    Stepped,
    Took,
    Wired,
)
from rejoinder.testing.fuzz.engine_plots import Plot
from rejoinder.testing.memory_network import LinkPlan
from rejoinder.testing.outgoing import decoded, type_of

__all__ = ["story"]

LONGEST: Final = 400
"""Lines of a story; of a longer one, the middle is left out."""


def story(plot: Plot, diary: Diary) -> Sequence[str]:
    """The story of ``plot``, a line each."""
    lines = ["The plot, and what happened:", f"   {plot.setup!r}", *_plans(plot)]
    told: list[str] = []
    before = ""
    things: list[str] = []
    for line in diary.lines:
        if isinstance(line.what, Stepped):
            told.append(f"{line.what.number + 1:2}. {plot.steps[line.what.number]}")
            before = ""
            continue
        words = _told(line.what)
        if words is None:
            continue
        # What goes on as the line before did is told in the same line.
        who, _, thing = words.partition(": ")
        start = f"      {line.at:8.3f} s  {who}"
        if not thing:
            told.append(start)
        elif start == before:
            things.append(thing)
            told[-1] = f"{start}: {_counted(things)}"
        else:
            things = [thing]
            told.append(f"{start}: {thing}")
        before = start
    if len(told) > LONGEST:
        half = LONGEST // 2
        told[half:-half] = [f"      … {len(told) - LONGEST} lines …"]
    return [*lines, *told]


def _plans(plot: Plot) -> Iterator[str]:
    for number, plan in enumerate(plot.plans, 1):
        given = {field: value for field, value in attrs.asdict(plan).items() if value != getattr(LinkPlan(), field)}
        yield f"   dial {number}: {', '.join(f'{field} {value}' for field, value in given.items()) or 'goes well'}"
    others = [f"{name} {getattr(plot, name)}" for name in ("latency", "buffer_limit", "preconnect", "schedule")]
    yield f"   {', '.join(others)}"


def _counted(things: Sequence[str]) -> str:
    """Things in order; the same in a row is told once, and counted."""
    rows = [(thing, len(list(row))) for thing, row in groupby(things)]
    return ", ".join(thing if count == 1 else f"{thing} x {count}" for thing, count in rows)


def _told(what: Happening) -> str | None:  # noqa: PLR0911 - one line for each kind
    match what:
        case Began():
            return f"caller {what.caller} has response {what.request}"
        case Wired():
            return f"socket {what.socket} {what.what}"
        case Given():
            kind = type_of(decoded(what.data)) or "something unreadable"
            return f"socket {what.socket} gives: {kind.removeprefix('response.')}"
        case Took():
            return f"caller {what.caller} takes: {what.event.type.removeprefix('response.')}"
        case Ended():
            failure = "" if what.outcome.failure is None else f" ({what.outcome.failure.cause})"
            return f"caller {what.caller} is told: {what.outcome.kind}{failure}"
        case Left():
            return f"caller {what.caller} is {what.how}" if what.how == "over" else f"caller {what.caller} has cancelled"
        case Broken():
            return f"broken: promise {what.promise}: {what.what}"
        case Observed():
            return _observed(what)
        case Came() | Stepped():
            return None


def _observed(line: Observed) -> str | None:
    what = line.what
    if isinstance(what, Sent):
        how = "its new items" if isinstance(what.decision, Reuse) else "everything"
        return f"response {what.request} is sent on link {what.link}{f' {what.lane}' if what.lane else ''}: {how}"
    return f"note: {what.name} {what.detail}".rstrip() if isinstance(what, Note) else None
