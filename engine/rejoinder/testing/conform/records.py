"""What a conversation leaves behind, and what a row is.

Rules of this file:

* A `Transcript` is facts: frames in the order in which they went and came, and where each exchange ended. It is written
  by `rejoinder.testing.conform.talk` and read by judgements, which are pure.
* A `Row` is data: one promise, the conversation that puts it to the test, and the judgement on the transcript. Rows may
  share a conversation; it is then held once.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from enum import StrEnum, unique
from typing import TYPE_CHECKING, Any, final

import attrs

from rejoinder.states.stream_events import ErrorEvent, FrameKind, ResponseEvent, StreamEvent

if TYPE_CHECKING:
    from rejoinder.testing.conform.talk import Talk

__all__ = [
    "Closing",
    "Conversation",
    "Direction",
    "End",
    "Exchange",
    "Finding",
    "Frame",
    "Judge",
    "Need",
    "Row",
    "Source",
    "Transcript",
    "Verdict",
]


@unique
class Verdict(StrEnum):
    """What became of a promise."""

    KEPT = "kept"
    """The server did what the promise says."""
    BROKEN = "broken"
    """It did something else, and the evidence shows what."""
    FOUND = "found"
    """Nothing is promised here; the finding says what the server does."""
    UNDECIDED = "undecided"
    """The conversation did not put the promise to the test."""
    NOT_APPLICABLE = "not applicable"
    """The server, by its profile or by what it did, has nothing that the promise is about."""


@unique
class Source(StrEnum):
    """What a promise rests on."""

    DOCUMENTED = "documented"
    """A vendor's documentation or the types of its own client."""
    RECORDED = "recorded"
    """Every recording of a real server that shows it."""
    REPORTED = "reported"
    """What other people have seen or measured. No vendor has promised it."""


@unique
class Need(StrEnum):
    """What a server must have for a row to concern it."""

    LANES = "lanes"
    """`stream_id` names lanes that run concurrently."""
    ANNOUNCED_ITEMS = "announced items"
    """`response.output_item.added` precedes what names the item; the generic profile does not count on it."""
    TOOLS = "tools"
    """The model calls functions. Whether it does is seen in the conversation."""


@unique
class Direction(StrEnum):
    """Which way a frame went."""

    SENT = "sent"
    """To the server."""
    RECEIVED = "received"
    """From the server."""


@unique
class End(StrEnum):
    """How an exchange ended. None, where one of these is expected, means that it had not ended when time was up."""

    TERMINAL = "terminal"
    """By completed, failed or incomplete."""
    REFUSED = "refused"
    """By an error frame, and no response was created."""
    ERROR = "error"
    """By an error frame inside the response, and no terminal followed."""
    CLOSED = "closed"
    """By the end of the connection."""


@attrs.frozen
class Frame:
    """One frame, as it was on the wire."""

    at: float
    """Seconds since the conversation began."""
    connection: int
    """Which of the conversation's connections, from 0."""
    direction: Direction
    """Which way it went."""
    data: str | bytes
    """The payload."""
    event: StreamEvent | None = None
    """What it decodes to; None for a frame that was sent."""

    @property
    def kind(self) -> FrameKind | None:
        """What it does to a response; None for a frame that was sent."""
        return None if self.event is None else self.event.kind


@attrs.frozen
class Closing:
    """The end of a connection, by whichever side but ours."""

    at: float
    """Seconds since the conversation began."""
    connection: int
    """Which of the conversation's connections."""
    code: int | None
    """The close code, where one was seen; 1006 stands for a loss without a close frame."""
    reason: str = ""
    """The close reason."""


@final
@attrs.define(eq=False)
class Exchange:
    """A create and everything that came until it was over."""

    asked: Mapping[str, Any]
    """The body of the create."""
    frames: list[Frame] = attrs.field(factory=list[Frame])
    """What came, in order."""
    end: End | None = None
    """How it ended; None while it has not."""

    @property
    def begun(self) -> bool:
        """Whether anything of a response has come."""
        return any(frame.kind not in {FrameKind.ERROR, FrameKind.KEEPALIVE, FrameKind.OTHER} for frame in self.frames)

    @property
    def response_id(self) -> str | None:
        """The identifier of the response, where one was said."""
        return next((event.response_id for event in self.response_events()), None)

    def response_events(self) -> list[ResponseEvent]:
        """The events that carry the response object."""
        return [frame.event for frame in self.frames if isinstance(frame.event, ResponseEvent)]

    def of_kind(self, *kinds: FrameKind) -> list[Frame]:
        """Its frames of some kinds."""
        return [frame for frame in self.frames if frame.kind in kinds]

    @property
    def terminal(self) -> ResponseEvent | None:
        """The first terminal event."""
        return next((event for event in self.response_events() if event.kind is FrameKind.TERMINAL), None)

    @property
    def error(self) -> ErrorEvent | None:
        """The first error."""
        return next((frame.event for frame in self.frames if isinstance(frame.event, ErrorEvent)), None)


@final
@attrs.define(eq=False)
class Transcript:
    """What happened in a conversation."""

    timeout: float
    """Seconds that it was given."""
    frames: list[Frame] = attrs.field(factory=list[Frame])
    """Every frame of every connection, in order."""
    exchanges: list[Exchange] = attrs.field(factory=list[Exchange])
    """The creates, in order of sending."""
    closings: list[Closing] = attrs.field(factory=list[Closing])
    """The ends of connections that were not our doing."""
    timed_out: bool = False
    """Whether it was cut off when its time was up."""
    pong_after: float | None = None
    """Seconds from the ping to its pong; None if there was none."""
    closed_after: float | None = None
    """Seconds that our own close took, where it was measured."""
    close_deadline: float = 0.0
    """Seconds that a close was given at most."""

    def received(self) -> list[Frame]:
        """What came from the server."""
        return [frame for frame in self.frames if frame.direction is Direction.RECEIVED]

    def sent(self) -> list[Frame]:
        """What went to the server."""
        return [frame for frame in self.frames if frame.direction is Direction.SENT]


@attrs.frozen
class Finding:
    """A judgement."""

    verdict: Verdict
    """What became of the promise."""
    text: str
    """Why, in a few words. It may repeat what the server said."""
    evidence: tuple[Frame, ...] = ()
    """The frames that show it."""


Conversation = Callable[["Talk"], Awaitable[None]]
"""What is said to the server. It may be cut off at any await, and ends early with `WireClosed` when the wire does."""

Judge = Callable[[Transcript], Finding]
"""Judges a transcript; pure."""


@attrs.frozen
class Row:
    """One promise."""

    name: str
    """Its name on the command line."""
    promise: str
    """What a server is to do, in one sentence."""
    source: Source
    """What it rests on."""
    conversation: Conversation
    """What puts it to the test."""
    judge: Judge
    """What decides."""
    needs: frozenset[Need] = frozenset()
    """What the server must have."""
    by_name_only: bool = False
    """Whether it is left out unless it is asked for by name, since it costs much."""
