"""Deadlines: the instants at which something happens by itself, and what happens then.

Rules of this file
* There are no timers. A phase names its kind of deadline (in the tables), the instant follows from when the phase was entered or
  the last frame came, and is computed when somebody asks.
* Expiring early does nothing; expiring late does what was due. Each expiry moves its machine or its own instant.

Beside the phases' deadlines there is one for waiting requests, which is a condition rather than a limit: the hedge (an abandoned
response has stood in the way for long enough).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Final

from .cancellation import effective_policy
from .link import LINK
from .phases import LinkPhase, RequestPhase, ResponsePhase
from .placement import DIALLING, is_exhausted, target, waiting
from .profiles import CancelPolicy, DeadlineKind, Deadlines
from .records import Lane, Link, Request
from .request import REQUEST
from .response import RESPONSE
from .steps import Step
from .triggers import LinkEvent, RequestEvent, ResponseEvent
from .verdicts import Cause

if TYPE_CHECKING:
    from .session import Session

__all__ = ["expire", "lane_deadline", "link_deadline", "next_deadline", "request_deadline"]

# Looked up once: see ``phases.py``.
WAITING: Final = RequestPhase.WAITING

LINK_INSTANTS: Final[Mapping[DeadlineKind, Callable[[Link, Deadlines], float]]] = {
    DeadlineKind.CONNECT: lambda link, limits: link.dialling_since + limits.connect,
    DeadlineKind.BACKOFF: lambda link, limits: link.retry_at,  # noqa: ARG005 - the pause was computed from the attempt
    DeadlineKind.AGE: lambda link, limits: link.rotate_at,  # noqa: ARG005 - the age limit is the profile's
    DeadlineKind.PING: lambda link, limits: link.entered + limits.ping,
    # What a caller still listens to is bounded by its own deadlines; the turn's is the last of them.
    DeadlineKind.RETIRE: lambda link, limits: link.entered + (limits.turn if link.live else limits.retire),
}

LANE_INSTANTS: Final[Mapping[DeadlineKind, Callable[[Lane, Deadlines], float]]] = {
    DeadlineKind.CREATED: lambda lane, limits: lane.entered + limits.created,
    DeadlineKind.GRACE: lambda lane, limits: lane.entered + limits.grace,
    DeadlineKind.FIRST_OUTPUT: lambda lane, limits: lane.entered + limits.first_output,
    DeadlineKind.GAP: lambda lane, limits: lane.heard + limits.gap,
    # In all, from the cancel: not for each frame and not for each phase.
    DeadlineKind.DRAIN: lambda lane, limits: (lane.entered if lane.abandoned_at is None else lane.abandoned_at) + limits.drain,
}

REQUEST_INSTANTS: Final[Mapping[DeadlineKind, Callable[[Request, Deadlines], float]]] = {
    DeadlineKind.PAUSE: lambda request, limits: request.resume_at,  # noqa: ARG005 - the server or the policy said how long
    DeadlineKind.QUEUE: lambda request, limits: request.entered + limits.queue,
    DeadlineKind.TURN: lambda request, limits: request.created + limits.turn,
}


def link_deadline(link: Link, limits: Deadlines) -> float | None:
    """When the link's phase ends by itself; None if it does not."""
    deadline = LINK.deadlines.get(link.phase)
    return None if deadline is None else LINK_INSTANTS[deadline.kind](link, limits)


def lane_deadline(lane: Lane, limits: Deadlines) -> float | None:
    """When the lane's phase ends by itself; None if it does not."""
    deadline = RESPONSE.deadlines.get(lane.phase)
    return None if deadline is None else LANE_INSTANTS[deadline.kind](lane, limits)


def request_deadline(request: Request, limits: Deadlines) -> float | None:
    """When the request's phase ends by itself; None if it does not."""
    deadline = REQUEST.deadlines.get(request.phase)
    return None if deadline is None else REQUEST_INSTANTS[deadline.kind](request, limits)


def next_deadline(session: Session) -> float | None:
    """The earliest of all instants; None if there is none, or none that ever comes (a connection without an age limit)."""
    limits, earliest = session.policy.deadlines, math.inf
    for link in session.links.values():
        instant = link_deadline(link, limits)
        if instant is not None and instant < earliest:
            earliest = instant
        for lane in link.lanes.values():
            instant = lane_deadline(lane, limits)
            if instant is not None and instant < earliest:
                earliest = instant
    first = None
    for request in session.requests.values():
        deadline = REQUEST.deadlines[request.phase]
        earliest = min(earliest, REQUEST_INSTANTS[deadline.kind](request, limits))
        if first is None and request.phase is WAITING:
            first = request
    if first is not None:
        earliest = min(earliest, *_instants_of_waiting(session))
    return None if earliest == math.inf else earliest


def _instants_of_waiting(session: Session) -> Iterator[float]:
    """What becomes due because somebody waits for a lane."""
    hedge = _hedge(session)
    if hedge is not None:
        yield hedge[1]
    exhausted = _exhausted(session)
    if exhausted is not None:
        yield exhausted.successor_at
    yield math.inf


def expire(session: Session, now: float) -> None:
    """Let everything happen that is due: lanes first, then links, then requests."""
    limits = session.policy.deadlines
    for link in list(session.links.values()):
        for lane in list(link.lanes.values()):
            instant = lane_deadline(lane, limits)
            if instant is not None and instant <= now:
                step = Step(lane.phase, ResponseEvent.EXPIRED, now)
                cause = Cause.DOUBT if lane.phase is ResponsePhase.DOUBTED else Cause.OVERDUE
                session.move_lane_by_fate(lane, ResponseEvent.EXPIRED, ResponseEvent.EXPIRED_REPLAYABLE, cause, step)
        instant = link_deadline(link, limits)
        if instant is not None and instant <= now:
            if link.phase is LinkPhase.PROVING and session.is_wanted(link):
                session.move_link(link, LinkEvent.EXPIRED_WANTED, now)
            else:
                session.move_link(link, LinkEvent(LINK.deadlines[link.phase].event), now)
    for request in list(session.requests.values()):
        instant = request_deadline(request, limits)
        if instant is not None and instant <= now:
            session.move_request(request.number, RequestEvent(REQUEST.deadlines[request.phase].event), now)
    hedge = _hedge(session)
    if hedge is not None and hedge[1] <= now:
        session.move_request(hedge[0].number, RequestEvent.HEDGE_DUE, now)


def _exhausted(session: Session) -> Link | None:
    """The open link, if only its quarantined lanes keep those that wait from being sent."""
    link = target(session)
    if link is None or not is_exhausted(link) or any(other.phase in DIALLING for other in session.links.values()):
        return None
    return link


def _hedge(session: Session) -> tuple[Request, float] | None:
    """The first waiting request and when it hedges: an abandoned response stands in its way and nothing else is under way."""
    link = target(session)
    request = next(iter(waiting(session)), None)
    if link is None or request is None or request.hedged:
        return None
    if effective_policy(session.profile, session.policy, proven=link.proven) not in {CancelPolicy.HEDGE, CancelPolicy.LANE}:
        return None
    if any(other.phase in DIALLING for other in session.links.values()):
        return None
    abandoned = [lane.abandoned_at for lane in link.lanes.values() if lane.abandoned and lane.abandoned_at is not None]
    if not abandoned:
        return None
    return request, max(request.entered, min(abandoned)) + session.policy.hedge_delay
