"""What enters the session: callers' wishes, the network's news, the clock.

One ``feed(event, now)`` takes them all. Requests and links are named by numbers that their maker chose (requests by the engine,
links by the session); a number that the session does not know, or not any more, is legal and changes nothing.
"""

from __future__ import annotations

import attrs

from .continuation import RequestContent
from .stream_events import StreamEvent
from .verdicts import Cause, Excess

__all__ = [
    "Cancel",
    "Create",
    "DialFailed",
    "Event",
    "Expired",
    "Lost",
    "Opened",
    "Overflow",
    "Pong",
    "Preconnect",
    "Received",
    "Shutdown",
    "Steer",
    "StreamEnded",
    "StreamFailed",
    "Unsendable",
    "Withdrawn",
]


@attrs.frozen
class Create:
    """A caller wants a response. Next: ``Deliver`` effects, then exactly one ``Finish``."""

    request: int
    """A number that no earlier request of this session had; numbers rise with time."""
    content: RequestContent
    """What it says."""
    warm_up: bool = False
    """The session's own request: never cancelled by a caller, never sent again."""
    replays: tuple[Cause, ...] = ()
    """Why it was sent again before, over another transport (``HandOver``): the bound on replays is one for both."""


@attrs.frozen
class Cancel:
    """The caller has left. Legal at any time, any number of times."""

    request: int


@attrs.frozen
class Steer:
    """The caller adds words to its response. Next: ``Steered`` effects about it, one of which is its last."""

    request: int
    steer: int
    """A number that no earlier steering of this session had. The engine keeps the words."""


@attrs.frozen
class Overflow:
    """More has come than the caller takes: its request fails, and its lane drains."""

    request: int
    of: Excess = Excess.UNREAD
    """What there is too much of."""


@attrs.frozen
class Preconnect:
    """Dial now, so that the first request finds an open link."""


@attrs.frozen
class Shutdown:
    """The session closes: every request ends, every link is dropped."""


@attrs.frozen
class Opened:
    """Answer to ``Dial``: the handshake succeeded."""

    link: int


@attrs.frozen
class DialFailed:
    """Answer to ``Dial``: it failed."""

    link: int
    message: str
    """One sentence on what happened."""
    status: int | None = None
    """The status of the HTTP answer, where there was one."""
    retry_after: float | None = None
    """Seconds that the answer asked to wait."""
    permanent: bool = False
    """Whether it cannot pass by itself, as a certificate that is not trusted."""
    jitter: float = 1.0
    """A random number in [0, 1], drawn by the engine: the session has no dice."""
    code: str | None = None
    """What kind of failure it was, where no HTTP status says it: a code of the error table, as ``proxy_refused``."""


@attrs.frozen
class Received:
    """A frame arrived."""

    link: int
    frame: StreamEvent
    """The decoded frame."""


@attrs.frozen
class Lost:
    """An open link is gone. The last word about this socket."""

    link: int
    code: int | None = None
    """The close code, where one was seen."""
    reason: str = ""
    """The close reason."""
    ours: bool = False
    """Whether this side closed it because of what the server had sent; then the code is what the server was told."""


@attrs.frozen
class StreamEnded:
    """The stream that carries a lane's response is over, and was not told to end. Only where each response has its own (HTTP)."""

    link: int
    lane: str | None
    """The lane that the stream was for."""
    reason: str = ""
    """How it ended, in a few words; empty if its body just ended."""


@attrs.frozen
class StreamFailed:
    """Answer to ``Send`` where each response has a stream of its own (HTTP): it could not be opened, and nothing was sent."""

    link: int
    lane: str | None
    """The lane that the create was for."""
    message: str
    """One sentence on what happened."""
    permanent: bool = False
    """Whether it cannot pass by itself, as a certificate that is not trusted."""
    jitter: float = 1.0
    """A random number in [0, 1], drawn by the engine: the session has no dice."""


@attrs.frozen
class Pong:
    """Answer to ``Ping``."""

    link: int


@attrs.frozen
class Unsendable:
    """Answer to ``Send``: the frame is larger than the server takes and was not put on the socket."""

    link: int
    request: int
    lane: str | None
    """The lane that the create was for."""
    size: int
    """Bytes."""


@attrs.frozen
class Withdrawn:
    """Answer to ``Withdraw``: the create was still in the outbox and is gone. No answer means that it had left."""

    link: int
    request: int
    lane: str | None
    """The lane that the create was for: a request that was sent again may have two on one link."""


@attrs.frozen
class Expired:
    """The instant that ``next_deadline`` named has come. Early is legal and does nothing."""


Event = (
    Create
    | Cancel
    | Steer
    | Overflow
    | Preconnect
    | Shutdown
    | Opened
    | DialFailed
    | Received
    | Lost
    | StreamEnded
    | StreamFailed
    | Pong
    | Unsendable
    | Withdrawn
    | Expired
)
"""Anything that ``feed`` takes."""
