"""Traces, all of it: written, read, and replayed on the session of today.

Rules of this file
* The format is in ``trace_format.py``, reading in ``trace_reading.py``; their names can be had from here.
* A replay compares everything that the format keeps. In a trace without payloads, sentences are not: nothing but people reads them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import final

import attrs

from .effects import Effect
from .events import Event
from .profiles import Policy, Profile
from .session import Session
from .trace_format import (
    FORMAT,
    VERSION,
    Entry,
    Fed,
    Gap,
    Header,
    TraceError,
    entry_line,
    header_line,
    veiled,
    write_lines,
)
from .trace_lines import to_plain
from .trace_reading import Reading
from .withheld import without_sentences

__all__ = [
    "FORMAT",
    "VERSION",
    "Difference",
    "Entry",
    "Fed",
    "Gap",
    "Header",
    "Reading",
    "Replay",
    "Trace",
    "TraceError",
    "entry_line",
    "header_line",
    "read_lines",
    "replay",
    "veiled",
    "write_lines",
]


@attrs.frozen
class Trace:
    """A trace that was read, whole."""

    header: Header
    """The settings."""
    entries: tuple[Entry, ...]
    """What was fed and what came back then, and where feeds are missing. Of the response object of an outcome and the items of a
    ``Reuse``, only what the format keeps: nothing, and their number."""
    torn: bool = False
    """Whether the last line broke off and was left out."""

    @property
    def feds(self) -> tuple[Fed, ...]:
        """What was fed, and what came back then."""
        return tuple(entry for entry in self.entries if isinstance(entry, Fed))

    @property
    def profile(self) -> Profile:
        """The provider."""
        return self.header.profile

    @property
    def policy(self) -> Policy:
        """The user's choices."""
        return self.header.policy


@attrs.frozen
class Difference:
    """The first line at which a session of today decides otherwise."""

    line: int
    """The number of the line in the trace, from 1; the header is the first."""
    at: float
    """When, in seconds."""
    event: Event
    """What was fed."""
    expected: tuple[Effect, ...]
    """What the trace says came back."""
    got: tuple[Effect, ...]
    """What comes back now."""


def read_lines(lines: Iterable[str]) -> Trace:
    """Read a trace whole, for example an open file. Next: ``replay``, ``story.story``, or a picture of ``feds``.

    Raises:
        TraceError: it is no trace, or not one that this version can read. A last line that breaks off is no error; the result
            says so in ``torn``. What is too long to be held is read with ``Reading``.
    """
    reading = Reading(lines)
    entries = tuple(entry for _, entry in reading)
    return Trace(reading.header, entries, reading.torn)


@final
class Replay:
    """A session of today that is fed what a trace says, one line after the other, and compared with it."""

    def __init__(self, header: Header) -> None:
        self._header = header
        self._session = Session(header.profile, header.policy)
        self.steps = 0
        """How many lines were compared."""

    def step(self, line: int, fed: Fed) -> Difference | None:
        """Feed it; returns what is different now, or None. ``line`` is the number of the line, for the difference."""
        self.steps += 1
        got = tuple(self._session.feed(fed.event, fed.at))
        if self._compared(got) != self._compared(fed.effects):
            return Difference(line, fed.at, fed.event, fed.effects, got)
        return None

    def _compared(self, effects: tuple[Effect, ...]) -> object:
        return to_plain(effects if self._header.payloads else tuple(without_sentences(effect) for effect in effects))


def replay(trace: Trace) -> Difference | None:
    """Feed the events of ``trace`` to a new session; return the first line at which it decides otherwise, or None.

    Behind a ``Gap`` nothing is compared: a session that was not fed everything may decide otherwise by right.
    """
    replaying = Replay(trace.header)
    for line, entry in enumerate(trace.entries, 2):
        if isinstance(entry, Gap):
            return None
        difference = replaying.step(line, entry)
        if difference is not None:
            return difference
    return None
