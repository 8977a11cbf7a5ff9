"""The phases of the three machines, a sentence for each.

Nothing else lives here. A phase says everything that decides which row of a table applies next: a flag that would change
which row applies is a phase of its own. ``StrEnum`` because its hash is the hash of a string (computed once, in C), and a
phase is looked up for every delta; and because the value is what diagrams, traces and ``repr`` show.

Where a phase is asked for with every event, the module has a name of its own for it: Python 3.11 looks a member of an enum up by
a function, each time.
"""

from __future__ import annotations

from enum import StrEnum, unique

__all__ = ["LinkPhase", "RequestPhase", "ResponsePhase"]


@unique
class LinkPhase(StrEnum):
    """The life of one socket."""

    CLOSED = "closed"
    """There is no socket, and nobody asked for one."""
    CONNECTING = "connecting"
    """A handshake is under way."""
    OPEN = "open"
    """Requests may be sent; this is the link that new requests go to."""
    PROVING = "proving"
    """The socket sat idle for long, somebody wants it now, and a ping must come back before it is trusted with a request."""
    RETIRING = "retiring"
    """No new requests; what is in flight may end here."""
    RECONNECTING = "reconnecting"
    """The last dial or socket failed, somebody still wants a link, and the pause before the next dial is running."""
    FAILED = "failed"
    """Dialling was given up; the link remembers why. A new request may try again."""


@unique
class ResponsePhase(StrEnum):
    """The wire's side of a response: one machine per lane, and it goes on after the caller has left."""

    IDLE = "idle"
    """Nothing is owed in either direction; the lane can take a request."""
    AWAITING_CREATED = "awaiting_created"
    """``response.create`` is on its way, ``response.created`` has not come."""
    DOUBTED = "doubted"
    """An error came that may answer this create or an earlier cancel: wait a moment to see which."""
    ACKNOWLEDGED = "acknowledged"
    """The response id is known and nothing of the output has come: a replay would repeat nothing."""
    STREAMING = "streaming"
    """Output was delivered to the caller: past the commit point."""
    FAILING = "failing"
    """The server reported a fault inside the response; its real terminal should follow."""
    CANCEL_PENDING = "cancel_pending"
    """The caller has left before the response had an id that a cancel could name."""
    DRAINING = "draining"
    """Nobody listens; frames are discarded until the terminal of the abandoned response."""
    AWAITING_SUCCESSOR = "awaiting_successor"
    """The response ended and steering was not settled: a successor that nobody creates may follow, for the same caller."""
    SUCCESSOR_PENDING = "successor_pending"
    """The same, and the caller has left: a successor may still occupy the lane."""
    QUARANTINED = "quarantined"
    """The lane's state on the server is unknown: it is not used again unless the terminal comes after all."""


@unique
class RequestPhase(StrEnum):
    """The caller's side: one machine per ``respond``."""

    WAITING = "waiting"
    """Nothing was sent, or what was sent may be sent again; the request waits for a free lane."""
    PAUSED = "paused"
    """The server refused it for now; when the pause is over it waits again."""
    SENT = "sent"
    """A create is on the wire and its response belongs to this request."""
    ENDED = "ended"
    """The caller has its one outcome."""
