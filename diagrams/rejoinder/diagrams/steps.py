"""A trace as the steps that the viewer shows: each line of it in words, with what moved and whom it concerns.

Rules of this file
* Nothing is inferred: a phase is known from the move that led to it, and a machine from its first move. Where feeds are missing,
  or a recording begins in the middle, the viewer knows nothing until the next move, and shows nothing.
* A step is a line of the trace. Steps are counted from 1, as ``rejoinder replay`` counts them: a gap is one.
* Words are those of ``rejoinder.states.phrases``; what a step looks like in JSON is kept beside them, cut off where it is long.
* Everything is plain JSON, and small: a trace has thousands of these.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, final

import attrs

from rejoinder.states import effects as ordered
from rejoinder.states import events as happening
from rejoinder.states.phrases import counted, done, happened
from rejoinder.states.trace import Entry, Fed, Gap, entry_line

from .tale import CLIENT, Line, Message, tell

__all__ = ["MOST_RAW", "Describer"]

MOST_RAW: Final = 1500
"""How many characters of a line of the trace are kept."""
DRAINS: Final = frozenset({"draining", "cancel_pending", "quarantined"})
"""Phases in which a lane is being cleaned."""
CALLER, ENGINE, SERVER = 0, 1, 2


@final
@attrs.define(eq=False)
class Describer:
    """Describes the lines of one trace, in order. Knows which machines there were, and on which lane each request is."""

    machines: list[dict[str, Any]] = attrs.field(factory=list[dict[str, Any]])
    """Every machine that has moved so far: its ``key``, ``kind`` and ``label``, and the ``link`` of a lane."""
    _numbers: dict[str, int] = attrs.field(factory=dict[str, int])
    _lane_of: dict[int, str] = attrs.field(factory=dict[int, str])

    def describe(self, entry: Entry) -> dict[str, Any]:
        """Return the step as plain JSON."""
        raw = entry_line(entry).rstrip("\n")
        step: dict[str, Any] = {"at": entry.at, "raw": raw if len(raw) <= MOST_RAW else f"{raw[:MOST_RAW]} …"}
        if isinstance(entry, Gap):
            text = f"{counted(entry.dropped, 'feed')} went missing here"
            return {**step, "kind": "Gap", "text": text, "moves": [], "effects": [], "marks": ["gap"], "places": [], "lines": []}
        moves = [self._move(effect) for effect in entry.effects if isinstance(effect, ordered.Moved)]
        return {
            **step,
            "kind": type(entry.event).__name__,
            "text": happened(entry.event),
            "moves": moves,
            "effects": [_in_words(effect) for effect in entry.effects],
            "marks": list(_marks(entry)),
            "places": sorted(self._places(entry)),
            "lines": [_line(line) for line in tell([entry]).lines],
        }

    def _move(self, moved: ordered.Moved) -> list[Any]:
        return [self._number(moved), moved.source, moved.event, moved.target]

    def _number(self, moved: ordered.Moved) -> int:
        key = _key(moved)
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self.machines)
            link = f"L{moved.link}" if moved.machine == "response" else None
            self.machines.append({"key": key, "kind": moved.machine, "label": key, "link": link})
        return number

    def _places(self, fed: Fed) -> set[str]:
        """The links and lanes that a step concerns, by their keys."""
        places: set[str] = set()
        for thing in (fed.event, *fed.effects):
            link, request = getattr(thing, "link", None), getattr(thing, "request", None)
            lane = thing.frame.stream_id if isinstance(thing, happening.Received) else getattr(thing, "lane", None)
            is_link = isinstance(thing, ordered.Moved) and thing.machine == "link"
            if link is not None:
                places.add(f"L{link}")
                if not is_link and (lane is not None or isinstance(thing, happening.Received | ordered.Moved | ordered.Send)):
                    places.add(_lane_key(link, lane))
            if isinstance(thing, ordered.Send):
                self._lane_of[thing.request] = _lane_key(thing.link, thing.lane)
            if request in self._lane_of:
                places.add(self._lane_of[request])
        return places


def _key(moved: ordered.Moved) -> str:
    if moved.machine == "request":
        return f"r{moved.request}"
    return f"L{moved.link}" if moved.machine == "link" or moved.link is None else _lane_key(moved.link, moved.lane)


def _lane_key(link: int, lane: str | None) -> str:
    return f"L{link}/{'its lane' if lane is None else lane}"


def _in_words(effect: ordered.Effect) -> str:
    if isinstance(effect, ordered.Moved):
        return f"{_key(effect)}: {effect.source} → {effect.target} ({effect.event})"
    return done(effect) or type(effect).__name__


def _marks(fed: Fed) -> Iterator[str]:
    if not fed.effects:
        return
    if isinstance(fed.event, happening.Cancel):
        yield "interruption"
    if isinstance(fed.event, happening.Lost | happening.DialFailed | happening.StreamEnded | happening.StreamFailed):
        yield "loss"
    moves = [effect for effect in fed.effects if isinstance(effect, ordered.Moved)]
    if any(move.target in DRAINS and move.source not in DRAINS for move in moves):
        yield "drain"


def _line(line: Line) -> list[Any]:
    """A message as where from, where to, its words, whether it comes back, whether it is lost; a remark as where, and its words."""
    if isinstance(line, Message):
        whose = line.target if line.source == CLIENT else line.source
        return [_column(line.source), _column(line.target), f"{whose}: {line.text}", line.answers, line.lost]
    return [_column(line.over), line.text]


def _column(key: str) -> int:
    return ENGINE if key == CLIENT else CALLER if key.startswith("r") else SERVER
