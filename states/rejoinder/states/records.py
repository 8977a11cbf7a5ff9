"""What the session remembers of each link, lane and request.

Rules of this file
* Records are plain and mutable, owned by one ``Session``, never handed out; ``Session.copy`` copies them. They hold facts; nothing
  here decides. Whatever decides which row applies is the phase.
* Times are instants of the clock that ``feed`` is given, in seconds.
* Records are dataclasses, not attrs: the compiled build (``hatch_build.py``) makes their fields fields of C.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import Any, Final, final

import attrs

from .continuation import Continuation, Decision, NoPrevious, Reason, RequestContent
from .effects import Deliver
from .phases import LinkPhase, RequestPhase, ResponsePhase
from .stream_events import ErrorEvent, ResponseEvent
from .verdicts import Cause, Failure

__all__ = ["Lane", "Link", "Request", "SentSteer"]

ABANDONED = frozenset({ResponsePhase.CANCEL_PENDING, ResponsePhase.DRAINING, ResponsePhase.SUCCESSOR_PENDING})
UNUSED = frozenset({ResponsePhase.IDLE, ResponsePhase.QUARANTINED})


@attrs.frozen
class SentSteer:
    """Words that were sent to a running response."""

    number: int | None
    """Their number; None once nobody wants to know."""
    response: str
    """The response that they were sent to: answers name it, also while its successor runs."""
    name: str | None = None
    """``steer.id``, from ``response.steer.accepted``."""


@final
@dataclass(eq=False, slots=True)
class Lane:
    """One lane of a link, and the response that is on it."""

    link: int
    """The link's number."""
    name: str | None
    """``stream_id``; None on a provider without lanes."""
    phase: ResponsePhase = ResponsePhase.IDLE
    """Where the response machine is."""
    entered: float = 0.0
    """When it came there."""
    heard: float = 0.0
    """When the last frame for this lane came."""
    used: int = 0
    """A number that rises with each create of the session: which lane was used last."""
    request: int | None = None
    """Whose response it is; None when nobody listens."""
    sent: int | None = None
    """Whose create is on the wire, also after that caller has left; None once the lane is known to carry a stranger's response."""
    content: RequestContent | None = None
    """What the create said."""
    decision: Decision | None = None
    """Whether the create named a previous response."""
    parent: Continuation | None = None
    """The continuation that was there when the create went out."""
    continuation: Continuation | None = None
    """What the next request may continue."""
    absence: Reason = field(default_factory=NoPrevious)
    """Why there is no continuation, while there is none."""
    response_id: str | None = None
    """The id of the response on the lane, from its ``created`` to its terminal."""
    sequence: int | None = None
    """The last sequence number of this response."""
    items: set[str] = field(default_factory=set[str])
    """The items announced since this ``created``."""
    earlier: frozenset[str] = frozenset()
    """The items of the last response before that had any."""
    output: list[Mapping[str, Any]] = field(default_factory=list[Mapping[str, Any]])
    """The finished output items of this response: what stands in for an empty ``output`` of the terminal."""
    output_begun: bool = False
    """Whether output of this response reached the caller: said in verdicts, decided by the phase."""
    owed: int = 0
    """Cancels of responses on this lane that no error has answered."""
    late: bool = False
    """Whether something came late during this response."""
    abandoned_at: float | None = None
    """When the caller left, or when it became clear that nobody owns what runs here."""
    fault: ErrorEvent | None = None
    """The error that was reported inside the response, or doubted before it."""
    steers: tuple[SentSteer, ...] = ()
    """Words that were sent to the response on the lane and are not settled, oldest first."""
    ended: ResponseEvent | None = None
    """The terminal of the response whose successor is due."""
    steered: bool = False
    """Whether the response is such a successor."""
    foreign: bool = False
    """Whether somebody else's terminal was seen since the lane drains."""
    tainted: bool = False
    """Whether stale frames are to be expected: something was abandoned here, or came late."""
    delivery: tuple[Deliver, ...] = ()
    """The effects of a delta, made once for each response."""

    @property
    def abandoned(self) -> bool:
        """Whether it is occupied by a response that nobody listens to any more, and that may still end."""
        return self.phase in ABANDONED

    @property
    def in_use(self) -> bool:
        """Whether something is owed here that time or the server will settle."""
        return self.phase not in UNUSED

    def forget_response(self) -> None:
        """Make room for the next create: the lane is idle."""
        self.request = None
        self.sent = None
        self.content = None
        self.decision = None
        self.parent = None
        self.response_id = None
        self.sequence = None
        if self.items:
            self.earlier = frozenset(self.items)
        self.items = set()
        self.late = False
        self.output = []
        self.output_begun = False
        self.abandoned_at = None
        self.fault = None
        self.steers = ()
        self.ended = None
        self.steered = False
        self.foreign = False
        self.delivery = ()

    def copy(self) -> Lane:
        """A lane that can move on by itself."""
        twin = Lane(*_lane_fields(self))
        twin.items = set(self.items)
        twin.output = list(self.output)
        return twin


@final
@dataclass(eq=False, slots=True)
class Link:
    """One socket, or the place of one."""

    number: int
    """Its number; rises with each new link."""
    phase: LinkPhase = LinkPhase.CLOSED
    """Where the link machine is."""
    entered: float = 0.0
    """When it came there."""
    heard: float = 0.0
    """When the last frame or pong came."""
    rotate_at: float = 0.0
    """When its successor is to be dialled."""
    dialling_since: float = 0.0
    """When the first of the running series of dials began."""
    attempts: int = 0
    """Dials since a response was last acknowledged here."""
    retry_at: float = 0.0
    """When the next dial is due."""
    successor_at: float = 0.0
    """Not before this instant may another successor be dialled for want of lanes."""
    hedge_for: int | None = None
    """The request whose waiting made the session dial this link."""
    proven: bool = False
    """Whether a ``created`` has echoed its lane's name: until then the link counts as serial."""
    names_limit: int = 0
    """Lane names it takes in its life."""
    debt: int = 0
    """Cancels that no error has answered."""
    cancel_refused: bool = False
    """Whether it answered a cancel with an error: it is not sent another."""
    failure: Failure | None = None
    """Why the last dial failed."""
    lanes: dict[str | None, Lane] = field(default_factory=dict[str | None, Lane])
    """Its lanes by name."""

    @property
    def lanes_in_use(self) -> list[Lane]:
        """The lanes on which something is owed."""
        return [lane for lane in self.lanes.values() if lane.in_use]

    @property
    def live(self) -> bool:
        """Whether a caller still listens to a response here."""
        return any(lane.request is not None for lane in self.lanes.values())

    def copy(self) -> Link:
        """A link that can move on by itself."""
        twin = Link(*_link_fields(self))
        twin.lanes = {name: lane.copy() for name, lane in self.lanes.items()}
        return twin


@final
@dataclass(eq=False, slots=True)
class Request:
    """One ``respond``."""

    number: int
    """The number its maker gave it."""
    content: RequestContent
    """What it says."""
    warm_up: bool
    """Whether the session itself is the caller."""
    created: float
    """When it was made."""
    phase: RequestPhase = RequestPhase.WAITING
    """Where the request machine is."""
    entered: float = 0.0
    """When it came there."""
    place: tuple[int, str | None] | None = None
    """Link and lane, while it is sent."""
    resume_at: float = 0.0
    """When its pause is over."""
    acknowledged: bool = False
    """Whether a ``created`` of it was seen, in this attempt or an earlier one."""
    hedged: bool = False
    """Whether a successor was dialled for it: once for each wait."""
    replays: tuple[Cause, ...] = ()
    """Why it was sent again, in order."""
    held: tuple[int, ...] = ()
    """Words of its caller that wait for a response id, by number, oldest first."""

    def copy(self) -> Request:
        """A request that can move on by itself."""
        return Request(*_request_fields(self))


def _fields_of(kind: type[Lane | Link | Request]) -> Callable[[object], tuple[Any, ...]]:
    """Read all fields of a record at once: an explorer copies records by the million."""
    return attrgetter(*[each.name for each in fields(kind)])


_lane_fields: Final = _fields_of(Lane)
_link_fields: Final = _fields_of(Link)
_request_fields: Final = _fields_of(Request)
