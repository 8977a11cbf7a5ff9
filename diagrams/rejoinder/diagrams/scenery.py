"""What a picture of a chart holds, before anybody says where: boxes with their lines, arrows with their labels.

Rules of this file
* One box for each phase. Rows that stay are folded into it: what is delivered by name, the rest by number.
* A machine that starts where it also comes to rest has a small box for that phase beside each phase that leads back to it. Without
  them half of the arrows would run backwards across the others.
* One arrow for each pair of phases and each cause. Its label holds the names of its events, folded (``labels.py``).
* A word of English is marked as such, a name of the API is not: the one is drawn in italics, the other upright.
* Sizes are fixed here, from ``lettering.py``: whoever lays the picture out need not know a font.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import attrs

from rejoinder.states.chart import Chart
from rejoinder.states.edges import Staying, Table
from rejoinder.states.profiles import Deadlines

from .causes import Cause, cause_of
from .colours import Role, role_of
from .labels import TIMES, explain_folding, fold
from .lettering import width_of
from .reading import DrawnRow, read_rows

__all__ = [
    "AGAIN",
    "LETTERS",
    "LINE_HEIGHT",
    "NAME_HEIGHT",
    "NAME_LETTERS",
    "PADDING",
    "Arrow",
    "Box",
    "Line",
    "Scenery",
    "explain",
    "set_up",
]

AGAIN: Final = "again"
"""What stands in the key of a small box between its phase and the phase that it is beside."""
NAME_LETTERS: Final = 16.0
"""The size of the names of phases, in pixels."""
LETTERS: Final = 14.0
"""The size of all other letters, in pixels."""
LINE_HEIGHT: Final = 17.5
"""From one line to the next, in pixels."""
NAME_HEIGHT: Final = 26.0
"""The line of a box that holds its name, in pixels."""
PADDING: Final = 10.0
"""Between the words of a box and its border, in pixels."""
GAP: Final = 8.0
"""Between a label and what is beside it, in pixels."""
WIDTH: Final = 18
"""How many characters of names a line of a box or a label may have, where the names allow. Found by looking."""
VERBS: Final = {
    Staying.DELIVER: "delivers",
    Staying.DISCARD: "discards",
    Staying.COUNT: "counts",
    Staying.IGNORE: "ignores",
}


@attrs.frozen
class Line:
    """A line in a box: a word of English, then names of the API."""

    english: str
    """Drawn in italics; may be empty."""
    names: str
    """Drawn upright; may be empty."""

    @property
    def text(self) -> str:
        """The whole line."""
        return f"{self.english} {self.names}".strip()


@attrs.frozen
class Box:
    """A phase as it is drawn."""

    key: str
    """What arrows name it by: the phase, or for a small box the phase, ``AGAIN``, and the phase that it is beside."""
    phase: str
    """The phase."""
    role: Role
    """Which role it plays."""
    lines: tuple[Line, ...]
    """What stands below the name."""
    folded: tuple[str, ...]
    """The rows that are folded into it, a sentence each."""
    width: float
    """In pixels."""
    height: float
    """In pixels."""

    @property
    def small(self) -> bool:
        """Whether it only says where an arrow leads to."""
        return self.key != self.phase

    @property
    def beside(self) -> str:
        """The phase that a small box is beside; empty for the others."""
        return self.key.removeprefix(f"{self.phase}-{AGAIN}-") if self.small else ""


@attrs.frozen
class Arrow:
    """All moves from one phase to another that have one cause."""

    source: str
    """The key of the box where it starts."""
    target: str
    """The key of the box where it ends."""
    cause: Cause
    """Who makes it happen."""
    events: tuple[str, ...]
    """The events, in reading order and unfolded."""
    lines: tuple[str, ...]
    """The label."""
    times: int
    """How often it was taken; 0 if nobody asked."""
    width: float
    """Of the label, in pixels; without the number of times, so that every trace is shown in one layout."""
    height: float
    """Of the label, in pixels; without the number of times, too."""

    @property
    def key(self) -> str:
        """A name for it that no other arrow of the picture has."""
        return f"{self.source}-{self.cause}-{self.target}"


@attrs.frozen
class Scenery:
    """Everything that a picture shows."""

    table: Table
    """The definition."""
    boxes: tuple[Box, ...]
    """In reading order, the small boxes last."""
    arrows: tuple[Arrow, ...]
    """In reading order."""

    @property
    def roles(self) -> tuple[Role, ...]:
        """The roles that are played, in reading order."""
        return tuple(dict.fromkeys(box.role for box in self.boxes))

    @property
    def causes(self) -> tuple[Cause, ...]:
        """The causes that are at work, in the order in which they are defined."""
        at_work = {arrow.cause for arrow in self.arrows}
        return tuple(cause for cause in Cause if cause in at_work)


def set_up(chart: Chart, taken: Mapping[tuple[str, str], int] | None = None) -> Scenery:
    """What the picture of ``chart`` shows.

    ``taken`` says how often each row was taken, by phase and event; then the labels of arrows say so, too.
    """
    table = chart.table
    rows = read_rows(chart)
    merged: dict[tuple[str, str, Cause], list[str]] = {}
    for row in rows:
        if not row.stays:
            merged.setdefault((row.source, row.target, cause_of(table, row.event)), []).append(row.event)
    again = table.initial if table.initial in table.home else None
    boxes = {phase: _box(table, phase, rows) for phase in table.phases}
    arrows: list[Arrow] = []
    for (source, target, cause), events in merged.items():
        end = target
        if target == again:
            end = f"{target}-{AGAIN}-{source}"
            boxes[end] = _small_box(table, end, target)
        times = sum(taken.get((source, event), 0) for event in events) if taken else 0
        names = _filled(fold(events, table.events))
        width = max(width_of(name, LETTERS) for name in names) + GAP
        height = LINE_HEIGHT * len(names)
        lines = (*names, f"{TIMES}{times}") if times else names
        arrows.append(Arrow(source, end, cause, tuple(events), lines, times, round(width), round(height)))
    return Scenery(table, tuple(boxes.values()), tuple(arrows))


def explain(scenery: Scenery, *, highlit: bool = False) -> str:
    """What the signs of the picture mean, but for its colours: a sentence for each sign that is there."""
    table = scenery.table
    sentences = ["Words in italics are English, all others are names."]
    words = {line.english for box in scenery.boxes for line in box.lines}
    if "deadline" in words:
        sentences.append("Deadlines are the default ones.")
    if "handles" in words:
        sentences.append("Handles n: n events run a rule and move nothing.")
    if others := [verb for verb in VERBS.values() if verb in words and verb != VERBS[Staying.DELIVER]]:
        sentences.append(f"{', '.join(others)} n: this happens to n events, and nothing else does.".capitalize())
    sentences += explain_folding([name for arrow in scenery.arrows for name in fold(arrow.events, table.events)], table.events)
    if any(box.small for box in scenery.boxes):
        sentences.append(f"A small box is the phase {table.initial} again.")
    if highlit:
        sentences.append(f"{TIMES}n: the trace went along there n times. What is faint it did not reach.")
    return " ".join(sentences)


def _box(table: Table, phase: str, rows: Iterable[DrawnRow]) -> Box:
    staying = [row for row in rows if row.source == phase and row.stays]
    lines = tuple(_inside(table, phase, staying))
    name = width_of(phase, NAME_LETTERS, bold=True)
    width = max([name, *(width_of(line.text, LETTERS) for line in lines)]) + 2 * PADDING
    height = LINE_HEIGHT * len(lines) + NAME_HEIGHT + PADDING
    folded = tuple(f"{row.event}: {row.action} ({row.reason})" for row in staying)
    return Box(phase, phase, role_of(table, phase), lines, folded, round(width), round(height))


def _small_box(table: Table, key: str, phase: str) -> Box:
    width = width_of(phase, LETTERS, bold=True) + PADDING * 1.5
    return Box(key, phase, role_of(table, phase), (), (), round(width), round(NAME_HEIGHT))


def _inside(table: Table, phase: str, staying: Iterable[DrawnRow]) -> Iterator[Line]:
    deadline = table.deadlines.get(phase)
    if deadline is not None:
        seconds: float | None = getattr(Deadlines(), deadline.kind, None)
        yield Line("deadline", f"{deadline.kind}{'' if seconds is None else f' {seconds:g} s'}")
    by_action: dict[Staying | None, list[str]] = {}
    for row in staying:
        by_action.setdefault(row.action if isinstance(row.action, Staying) else None, []).append(row.event)
    delivered = by_action.pop(Staying.DELIVER, None)
    if delivered:
        first, *others = _filled(delivered)
        yield Line(VERBS[Staying.DELIVER], first)
        yield from (Line("", other) for other in others)
    if ruled := by_action.pop(None, None):
        yield Line("handles", str(len(ruled)))
    for action, verb in VERBS.items():
        if events := by_action.get(action):
            yield Line(verb, str(len(events)))


def _filled(names: Iterable[str]) -> tuple[str, ...]:
    """The names with commas between them, in lines of at most ``WIDTH`` characters where a name allows."""
    lines: list[str] = []
    for name in names:
        if lines and len(f"{lines[-1]}, {name}") <= WIDTH:
            lines[-1] += f", {name}"
        else:
            lines.append(name)
    *before, last = lines
    return (*(f"{line}," for line in before), last)
