"""What a ``PurePair`` keeps: its diary, its callers, its sockets and what is in flight on them. No behaviour."""

from __future__ import annotations

from collections import deque
from typing import final

import attrs

from rejoinder.states.continuation import RequestContent
from rejoinder.states.effects import Send
from rejoinder.states.stream_events import StreamEvent
from rejoinder.states.verdicts import Outcome
from rejoinder.testing import Close, Drop, Message

__all__ = ["Caller", "Impossible", "Outbound", "Socket", "Stuck"]


class Stuck(AssertionError):
    """``next_deadline`` goes on naming an instant that has come: the engine would spin."""


class Impossible(AssertionError):
    """A session ordered what cannot be done: a frame for a socket that is not open, a second dial of one link, a lone delivery."""


@final
@attrs.define(eq=False)
class Caller:
    """What the caller of one request knows."""

    number: int
    """The request's number."""
    content: RequestContent
    """What was asked."""
    frames: list[StreamEvent] = attrs.field(factory=list[StreamEvent])
    """What was delivered."""
    outcomes: list[Outcome] = attrs.field(factory=list[Outcome])
    """What it was told at the end: one, if all is well."""

    @property
    def text(self) -> str:
        """The words that were delivered."""
        return "".join(str(frame.raw["delta"]) for frame in self.frames if frame.type == "response.output_text.delta")


@attrs.frozen
class Outbound:
    """A frame of the client that has not left yet."""

    text: str
    """The frame."""
    order: Send | None = None
    """What ordered it, if it is a create: that can be taken back."""


@final
@attrs.define(eq=False)
class Socket:
    """An open socket, and what is in flight on it."""

    connection: int
    """The server's number for it."""
    outbox: deque[Outbound] = attrs.field(factory=deque[Outbound])
    """What the client has not sent yet."""
    inbox: deque[Message | Close | Drop] = attrs.field(factory=deque[Message | Close | Drop])
    """What the server has sent and the client has not received: frames, and how the socket ends."""
