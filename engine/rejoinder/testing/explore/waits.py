"""Each wait has its instant: when every phase that waits ends by itself, told a second time.

Rules of this file
* What each phase waits for, and from when that is counted, is written down here from its meaning (``phases.py``, ``profiles.py``),
  phase by phase. The tables, which say it as well, are not read.
* ``next_deadline`` names the earliest of these instants, no other; before it nothing happens by itself, at it something does.
* The two waits that are no phase's own are those of a request for an abandoned response, and for a lane where none will be free.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from rejoinder.states.cancellation import effective_policy
from rejoinder.states.events import Expired
from rejoinder.states.phases import LinkPhase, RequestPhase, ResponsePhase
from rejoinder.states.profiles import CancelPolicy, Deadlines
from rejoinder.states.records import Lane, Link, Request
from rejoinder.states.session import Session

__all__ = ["wrong_instant"]

HEAD: Final = "promise 15"
ABANDONED: Final = frozenset({ResponsePhase.CANCEL_PENDING, ResponsePhase.DRAINING, ResponsePhase.SUCCESSOR_PENDING})
"""Phases in which what stands in the way is nobody's any more."""
LATE: Final = 1e-6
"""Seconds by which sums of some floats may differ."""
LEAST_JITTER: Final = 0.75
"""The part of a pause between dials that is not left to chance."""


def _left(lane: Lane) -> float:
    """When the caller left, or when it turned out that nobody owns what runs."""
    return lane.entered if lane.abandoned_at is None else lane.abandoned_at


OF_LINKS: Final[Mapping[LinkPhase, Callable[[Link, Deadlines], float]]] = MappingProxyType(
    {
        LinkPhase.CONNECTING: lambda link, limits: link.dialling_since + limits.connect,
        LinkPhase.RECONNECTING: lambda link, limits: link.retry_at,  # noqa: ARG005 - a pause, not a limit
        LinkPhase.OPEN: lambda link, limits: link.rotate_at,  # noqa: ARG005 - the provider's limit
        LinkPhase.PROVING: lambda link, limits: link.entered + limits.ping,
        LinkPhase.RETIRING: lambda link, limits: link.entered + (limits.turn if link.live else limits.retire),
    }
)
OF_RESPONSES: Final[Mapping[ResponsePhase, Callable[[Lane, Deadlines], float]]] = MappingProxyType(
    {
        ResponsePhase.AWAITING_CREATED: lambda lane, limits: lane.entered + limits.created,
        ResponsePhase.DOUBTED: lambda lane, limits: lane.entered + limits.grace,
        ResponsePhase.ACKNOWLEDGED: lambda lane, limits: lane.entered + limits.first_output,
        ResponsePhase.STREAMING: lambda lane, limits: lane.heard + limits.gap,
        ResponsePhase.FAILING: lambda lane, limits: lane.entered + limits.grace,
        ResponsePhase.CANCEL_PENDING: lambda lane, limits: _left(lane) + limits.drain,
        ResponsePhase.DRAINING: lambda lane, limits: _left(lane) + limits.drain,
        ResponsePhase.AWAITING_SUCCESSOR: lambda lane, limits: lane.entered + limits.created,
        ResponsePhase.SUCCESSOR_PENDING: lambda lane, limits: _left(lane) + limits.drain,
    }
)
OF_REQUESTS: Final[Mapping[RequestPhase, Callable[[Request, Deadlines], float]]] = MappingProxyType(
    {
        RequestPhase.WAITING: lambda request, limits: request.entered + limits.queue,
        RequestPhase.PAUSED: lambda request, limits: request.resume_at,  # noqa: ARG005 - the server's, or our own
        RequestPhase.SENT: lambda request, limits: request.created + limits.turn,
    }
)


def wrong_instant(session: Session, now: float) -> str | None:
    """What is wrong with what ``session`` waits for at ``now``; None if all is well."""
    due = session.next_deadline()
    # A connection without an age limit is never due.
    earliest = min((instant for instant in _instants(session) if instant != math.inf), default=None)
    if due is None or earliest is None:
        return None if due is earliest else f"{HEAD}: the next is {due}, and should be {earliest}: {session}"
    if abs(due - earliest) > LATE:
        return f"{HEAD}: the next is at {due:g} s, and should be at {earliest:g} s: {session}"
    for link in session.links.values():
        if link.phase is LinkPhase.RECONNECTING and not _pauses(session, link):
            return f"{HEAD}: link {link.number} is dialled again after {link.retry_at - link.entered:g} s, attempt {link.attempts}"
    # To be fed before anything is due changes nothing, so it can be tried without a copy.
    if due > now and (session.feed(Expired(), now) or session.counts):
        return f"{HEAD}: something happened at {now:g} s, and nothing was due before {due:g} s: {session}"
    return None


def _instants(session: Session) -> Iterator[float]:
    limits = session.policy.deadlines
    for link in session.links.values():
        of_link = OF_LINKS.get(link.phase)
        if of_link is not None:
            yield of_link(link, limits)
        for lane in link.lanes.values():
            of_response = OF_RESPONSES.get(lane.phase)
            if of_response is not None:
                yield of_response(lane, limits)
    for request in session.requests.values():
        yield OF_REQUESTS[request.phase](request, limits)
    yield from _of_the_first(session)


def _of_the_first(session: Session) -> Iterator[float]:
    """What the first waiting request waits for on the open link, while nothing is dialled."""
    first = next((request for request in session.requests.values() if request.phase is RequestPhase.WAITING), None)
    link = next((link for link in session.links.values() if link.phase is LinkPhase.OPEN), None)
    dialling = any(other.phase in {LinkPhase.CONNECTING, LinkPhase.RECONNECTING} for other in session.links.values())
    if first is None or link is None or dialling:
        return
    busy = [lane for lane in link.lanes.values() if lane.phase is not ResponsePhase.IDLE]
    if busy and all(lane.phase is ResponsePhase.QUARANTINED for lane in busy):
        yield link.successor_at
    wanted = effective_policy(session.profile, session.policy, proven=link.proven)
    abandoned = [_left(lane) for lane in busy if lane.phase in ABANDONED]
    if abandoned and not first.hedged and wanted in {CancelPolicy.HEDGE, CancelPolicy.LANE}:
        yield max(first.entered, min(abandoned)) + session.policy.hedge_delay


def _pauses(session: Session, link: Link) -> bool:
    """Whether the pause before the next dial is right: none where the link had served, else at least the first pause."""
    policy, pause = session.policy, link.retry_at - link.entered
    if not link.attempts:
        return abs(pause) <= LATE
    doubled = policy.backoff_first * 2.0 ** (link.attempts - 1)
    return pause >= LEAST_JITTER * min(doubled, policy.backoff_limit) - LATE
