"""What happened to a session, line by line: what was fed, when, and what came back; and its file format.

Rules of this file
* Whoever feeds a session may keep its lines; stories, pictures and replays are made of them. Reading is in ``trace_reading.py``,
  and all of it can be had from ``trace.py``.
* A trace is JSON Lines, all ASCII, an object on each line. The first is the header:

      {"format": "rejoinder trace", "version": 1, "rejoinder": "0.1.0", "payloads": true, "whole": true, "began": "",
       "profile": {…}, "policy": {…}}

  with every setting written out, deadlines and error rules included. Every other line is one feed:

      {"at": 1.25, "event": {"is": "Lost", "link": 1, "code": 1006}, "effects": [{"is": "Finish", "request": 1, "outcome": {…}}]}

  or says that feeds are missing there, because they came faster than they could be written:

      {"at": 1.5, "dropped": 12}

  ``at`` is in seconds of the clock that was fed. What stands in ``event`` and ``effects`` is said in ``trace_lines.py``, and how a
  create names what it repeats of an earlier one in ``trace_inputs.py``.
* No key is ever in a trace: profiles, policies, events and effects have none. Without ``payloads`` there is no text in it either,
  and it replays all the same (``withheld.py``).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Final

import attrs

from .effects import Effect
from .events import Create, Event
from .profiles import Policy, Profile
from .trace_inputs import WrittenInputs
from .trace_lines import to_plain
from .withheld import Veil

__all__ = [
    "FORMAT",
    "VERSION",
    "Entry",
    "Fed",
    "Gap",
    "Header",
    "TraceError",
    "entry_line",
    "header_line",
    "veiled",
    "write_lines",
]

FORMAT: Final = "rejoinder trace"
"""What the first line of every trace says."""
VERSION: Final = 1
"""The version of the format, which rises when an older reader would misread a newer trace."""


@attrs.frozen
class Fed:
    """One line: what was fed, and what came back."""

    at: float
    """When, in seconds of the clock that was fed."""
    event: Event
    """What was fed."""
    effects: tuple[Effect, ...]
    """What came back, in order."""


@attrs.frozen
class Gap:
    """One line: feeds are missing here. What comes after it can be read and drawn, and not be replayed."""

    at: float
    """When the first of them was fed, in seconds of the clock that was fed."""
    dropped: int
    """How many are missing."""


Entry = Fed | Gap
"""Any line but the first."""


@attrs.frozen
class Header:
    """Under which settings everything happened."""

    rejoinder: str
    """The version of Rejoinder that wrote the trace."""
    profile: Profile
    """The provider."""
    policy: Policy
    """The user's choices, deadlines and error rules included."""
    payloads: bool = True
    """Whether what callers and models said is in it. Without, equal items are still equal, and every decision is the same."""
    whole: bool = True
    """Whether it begins with the session. One that begins in the middle can be read and drawn, and not be replayed."""
    began: str = ""
    """The date and time of its beginning in UTC, as in ``2026-11-28T20:15:00Z``; empty if nobody wrote it down."""


class TraceError(ValueError):
    """A trace that cannot be read.

    Attributes:
        line: the number of the line at fault, from 1; 0 if there is none.
    """

    def __init__(self, line: int, happened: str, advice: str) -> None:
        super().__init__(line, happened, advice)
        self.line = line
        self.happened = happened
        self.advice = advice

    def __str__(self) -> str:
        """One sentence on what happened, one on what to do."""
        return f"{f'Line {self.line}: ' if self.line else ''}{self.happened}. {self.advice}"


def write_lines(header: Header, entries: Iterable[Entry]) -> Iterator[str]:
    """Yield the lines of a trace, each with its line break: what ``writelines`` of a file takes. Next: ``trace.read_lines``."""
    yield header_line(header)
    veil, inputs = Veil(), WrittenInputs()
    for entry in entries:
        yield entry_line(entry if header.payloads or isinstance(entry, Gap) else veiled(entry, veil), inputs)


def header_line(header: Header) -> str:
    """Return the first line, with its line break."""
    plain = {
        "format": FORMAT,
        "version": VERSION,
        "rejoinder": header.rejoinder,
        "payloads": header.payloads,
        "whole": header.whole,
        "began": header.began,
        "profile": to_plain(header.profile, whole=True),
        "policy": to_plain(header.policy, whole=True),
    }
    return _line(plain)


def entry_line(entry: Entry, inputs: WrittenInputs | None = None) -> str:
    """Return the line of a feed or a gap, with its line break; whoever writes without payloads gives it a ``veiled`` feed.

    ``inputs`` is what the trace holds already: of a create only what is new is written then. Without, the line stands by itself.
    """
    if isinstance(entry, Gap):
        return _line({"at": to_plain(entry.at), "dropped": entry.dropped})
    if inputs is None or not isinstance(entry.event, Create):
        return _line({"at": to_plain(entry.at), "event": to_plain(entry.event), "effects": to_plain(entry.effects)})
    event, after = inputs.shortened(entry.event)
    plain = to_plain(event)
    if after is not None:
        plain["content"]["after"] = to_plain(after)
    line = _line({"at": to_plain(entry.at), "event": plain, "effects": to_plain(entry.effects)})
    inputs.wrote(entry.event)
    return line


def veiled(fed: Fed, veil: Veil) -> Fed:
    """Return ``fed`` without any text; all of one trace go through one ``Veil``, in order."""
    return Fed(fed.at, veil.event(fed.event), tuple(veil.effect(effect) for effect in fed.effects))


def _line(plain: object) -> str:
    # ASCII, so that a torn line is readable text up to where it breaks off. A mapping that is no dict becomes one.
    return f"{json.dumps(plain, allow_nan=False, separators=(',', ':'), default=dict)}\n"
