"""What is written down while a plot runs on the whole engine: lines in the order of happening.

Rule of this file: values only. ``engine_judge.py`` judges them, ``engine_story.py`` tells them.
"""

from __future__ import annotations

from typing import final

import attrs
import trio

from rejoinder.engine.observations import Observation
from rejoinder.states.stream_events import StreamEvent
from rejoinder.states.verdicts import Outcome

__all__ = ["Began", "Broken", "Came", "Diary", "Ended", "Given", "Left", "Line", "Observed", "Stepped", "Took", "Wired"]


@attrs.frozen
class Stepped:
    """The plot's next step was taken."""

    number: int
    """Its number in the plot, from 0."""


@attrs.frozen
class Began:
    """A caller has its response."""

    caller: int
    """The caller."""
    request: int
    """The engine's number."""


@attrs.frozen
class Observed:
    """An observer of the session was told something."""

    what: Observation
    """What."""


@attrs.frozen
class Wired:
    """A socket opened, or ended, or was left by the engine."""

    socket: int
    """Its number, from 1, in the order of opening."""
    what: str
    """``opened``, ``ended`` (the engine was told), ``left`` (the engine has let go of it)."""


@attrs.frozen
class Given:
    """The engine was given a frame."""

    socket: int
    """By which socket."""
    data: str | bytes
    """The frame."""


@attrs.frozen
class Came:
    """The engine delivered an event to a response."""

    caller: int
    """Whose."""
    event: StreamEvent
    """The event."""


@attrs.frozen
class Took:
    """A caller took an event out of its response."""

    caller: int
    """The caller."""
    event: StreamEvent
    """The event."""


@attrs.frozen
class Ended:
    """The engine gave a response an outcome."""

    caller: int
    """Whose."""
    outcome: Outcome
    """The outcome."""


@attrs.frozen
class Left:
    """A caller is done with its response: it cancelled it, or the block was left."""

    caller: int
    """The caller."""
    how: str
    """``cancelled`` or ``over``."""


@attrs.frozen
class Broken:
    """Something that must never be was seen while it was so."""

    promise: int
    """The promise that it breaks, a key of ``PROMISES``."""
    what: str
    """What was seen, in a sentence."""


Happening = Stepped | Began | Observed | Wired | Given | Came | Took | Ended | Left | Broken


@attrs.frozen
class Line:
    """One line of a diary."""

    at: float
    """Virtual seconds since the plot began."""
    what: Happening
    """What happened."""


@final
@attrs.define(eq=False)
class Diary:
    """The lines of one plot."""

    lines: list[Line] = attrs.field(factory=list[Line])
    """In the order of happening."""

    def write(self, what: Happening) -> None:
        """Append a line."""
        self.lines.append(Line(trio.current_time(), what))
