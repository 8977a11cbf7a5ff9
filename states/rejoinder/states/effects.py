"""What leaves the session: orders for the engine, and news for observers.

Effects are performed in the order given, before anything is awaited, so a create and the cancel that follows it never overtake
each other. ``Moved``, ``Note`` and ``Settled`` ask for nothing; they are what observers, statistics and traces see.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from .continuation import Decision
from .verdicts import Cause, Failure, Outcome, OutcomeKind, SteerStatus

__all__ = [
    "Close",
    "Deliver",
    "Dial",
    "Effect",
    "EndStream",
    "Finish",
    "HandOver",
    "Moved",
    "Note",
    "Ping",
    "Send",
    "SendCancel",
    "SendSteer",
    "Settled",
    "Steered",
    "Withdraw",
]


@attrs.frozen
class Dial:
    """Open a socket. Answer with ``Opened`` or ``DialFailed``."""

    link: int


@attrs.frozen
class Close:
    """Close the socket, or give up the dial. Nothing more is fed about this link."""

    link: int


@attrs.frozen
class Ping:
    """Send a ping. Answer with ``Pong`` when the pong is there."""

    link: int


@attrs.frozen
class Send:
    """Put a create into the link's outbox. Answer with ``Unsendable`` if it is too large."""

    link: int
    request: int
    lane: str | None
    """``stream_id``; None where the provider has no lanes."""
    decision: Decision
    """Whether to name the previous response, and why not."""


@attrs.frozen
class SendCancel:
    """Put a ``response.cancel`` into the link's outbox."""

    link: int
    response_id: str


@attrs.frozen
class EndStream:
    """End the stream of a lane's response, or take its create back; no answer. Nothing more is fed about it.

    Only where each response has a stream of its own (HTTP).
    """

    link: int
    lane: str | None
    """The lane that it is for; the next ``Send`` on it begins another stream."""
    abandoned: bool
    """Whether the server may still be talking: then the stream is closed at once. What has ended by itself may be read to its
    end, so that its connection can be used again."""


@attrs.frozen
class HandOver:
    """This transport cannot serve the request, and another is to: ask for it there, with the same number.

    It ends here without an outcome; the other transport gives it one.
    """

    request: int
    cause: Cause
    """Why: no connection could be opened, or the request is too large for it."""
    replays: tuple[Cause, ...] = ()
    """Why it was sent again here."""


@attrs.frozen
class SendSteer:
    """Put a ``response.steer`` into the link's outbox."""

    link: int
    request: int
    steer: int
    """Whose words."""
    response_id: str
    """The response that is steered."""


@attrs.frozen
class Steered:
    """News of words that were added to a running response."""

    request: int
    steer: int
    """Which words."""
    status: SteerStatus
    """What became of them."""
    failure: Failure | None = None
    """Why they were not taken."""


@attrs.frozen
class Withdraw:
    """Take a create back if it is still in the outbox. Answer with ``Withdrawn`` if it was."""

    link: int
    request: int
    lane: str | None
    """The lane that the create was for."""


@attrs.frozen
class Deliver:
    """Hand the frame that was just fed to the caller of ``request``."""

    request: int


@attrs.frozen
class Finish:
    """The request has its outcome. Nothing more is delivered to it."""

    request: int
    outcome: Outcome


@attrs.frozen
class Settled:
    """A response that nobody listened to any more has ended after all, and says what it cost. Its request ended long before.

    Only a response that is known to be the request's own is told of. One request may have several: each attempt that was given up
    may still be generated.
    """

    request: int
    """Whose create it answers."""
    response_id: str
    """Its id."""
    kind: OutcomeKind
    """How the server says that it ended: completed, failed or incomplete."""
    drained: float
    """Seconds since nobody listened to it any more."""
    response: Mapping[str, Any] | None = attrs.field(default=None, repr=False, eq=False)
    """The response object of its terminal: ``usage`` is in it, where the server tells."""


@attrs.frozen
class Moved:
    """A machine took a row that moves something: what observers see."""

    machine: str
    """``link``, ``response`` or ``request``."""
    source: str
    """The phase before."""
    event: str
    """The classified event."""
    target: str
    """The phase after."""
    link: int | None = None
    """The link, for links and responses."""
    lane: str | None = None
    """The lane's name, for responses on a named lane."""
    request: int | None = None
    """The request, for requests and for responses that have one."""


@attrs.frozen
class Note:
    """Something was out of place, counted, and harmless so far."""

    name: str
    """What: the event of the row, or a name of its own (``UnknownLane``, ``UnlabelledFrame``, ``Illegal`` …)."""
    link: int | None = None
    """The link."""
    lane: str | None = None
    """The lane's name."""
    detail: str = ""
    """One sentence, never payload."""


Effect = (
    Dial
    | Close
    | Ping
    | Send
    | SendCancel
    | SendSteer
    | EndStream
    | HandOver
    | Withdraw
    | Deliver
    | Finish
    | Steered
    | Settled
    | Moved
    | Note
)
"""Anything that ``feed`` returns."""
