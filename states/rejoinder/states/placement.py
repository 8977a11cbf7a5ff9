"""Placement: which request goes to which lane of which link, and which links there are.

Rules of this file
* One link takes new requests: the one that is ``open``. Requests are placed in the order they were made; if the first cannot be
  placed, none behind it is (fair, and it cannot starve).
* On a link that has proven that it multiplexes, every request names a lane: the one whose continuation it extends, else a lane
  without one, else a fresh name, else the lane that was not used for longest.
* Until a ``created`` has echoed its lane's name (*probation*), a link counts as serial: one create outstanding, always the same
  lane. Demoting at the first ``created`` would be too late, two creates would be out already.
* Where each create has a stream of its own (HTTP), a lane is that stream: nothing needs a proof, and what nobody hears is ended.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from .continuation import (
    CallerChain,
    Decision,
    Disabled,
    Full,
    NoPrevious,
    Replayed,
    Reuse,
    Stateless,
    decide,
    names_its_chain,
)
from .failures import shown
from .phases import LinkPhase, RequestPhase, ResponsePhase
from .records import Link
from .stream_events import ErrorEvent, FrameKind, StreamEvent
from .triggers import LinkEvent, RequestEvent, ResponseEvent

if TYPE_CHECKING:
    from .records import Lane, Request
    from .session import Session

__all__ = [
    "SERVING",
    "SOCKETS",
    "dial_successor",
    "foresee",
    "is_exhausted",
    "lane_of",
    "need",
    "served_elsewhere",
    "settle",
    "target",
    "waiting",
]

# Looked up once: see ``phases.py``.
RETIRING: Final = LinkPhase.RETIRING
CLOSED: Final = LinkPhase.CLOSED
FAILED: Final = LinkPhase.FAILED
WAITING: Final = RequestPhase.WAITING
OPEN: Final = LinkPhase.OPEN
QUARANTINED: Final = ResponsePhase.QUARANTINED
IDLE: Final = ResponsePhase.IDLE

SERVING: Final = frozenset({LinkPhase.CONNECTING, LinkPhase.RECONNECTING, LinkPhase.OPEN, LinkPhase.PROVING})
"""Phases in which a link takes new requests, or is on its way there."""
DIALLING: Final = frozenset({LinkPhase.CONNECTING, LinkPhase.RECONNECTING})
"""Phases in which a link is on its way."""
SOCKETS: Final = frozenset({LinkPhase.OPEN, LinkPhase.PROVING, LinkPhase.RETIRING})
"""Phases in which frames may arrive."""
ASKING: Final = frozenset({ResponsePhase.AWAITING_CREATED, ResponsePhase.DOUBTED, ResponsePhase.CANCEL_PENDING})
"""Phases in which a create is unanswered."""


UNHEARD: Final = frozenset({ResponsePhase.CANCEL_PENDING, ResponsePhase.DRAINING, ResponsePhase.QUARANTINED})
"""Phases in which nobody listens to what the wire may still say."""


def settle(session: Session, now: float) -> None:
    """Everything that follows from where the machines are now: called once after each event."""
    if session.profile.streams:
        _end_unheard(session, now)
    for link in list(session.links.values()):
        if link.phase is RETIRING and not link.lanes_in_use:
            session.move_link(link, LinkEvent.VACANT, now)
    _place(session, now)
    if waiting(session):
        need(session, now)
    for link in list(session.links.values()):
        if link.phase is CLOSED or (link.phase is FAILED and served_elsewhere(session, link)):
            del session.links[link.number]


def _end_unheard(session: Session, now: float) -> None:
    """A stream of its own that nobody listens to is ended, and with it all that its lane owes."""
    for link in session.links.values():
        for lane in link.lanes.values():
            if lane.phase in UNHEARD:
                session.move_lane(lane, ResponseEvent.LOST, now)


def waiting(session: Session) -> list[Request]:
    """The requests that wait to be sent, oldest first."""
    return [request for request in session.requests.values() if request.phase is WAITING]


def target(session: Session) -> Link | None:
    """The link that takes new requests; None while there is none."""
    return next((link for link in session.links.values() if link.phase is OPEN), None)


def need(session: Session, now: float) -> None:
    """Dial, unless a link is there or under way; a link that failed is dialled again rather than replaced."""
    if session.closing or any(link.phase in SERVING for link in session.links.values()):
        return
    failed = next((link for link in session.links.values() if link.phase is FAILED), None)
    if failed is not None:
        failed.attempts = 0
        session.move_link(failed, LinkEvent.NEEDED, now)
    else:
        _dial_new(session, now, None)


def dial_successor(session: Session, now: float, hedge_for: int | None) -> None:
    """Dial beside the open link; a dial that is under way is shared, and then belongs to nobody's hedge alone."""
    under_way = [link for link in session.links.values() if link.phase in DIALLING]
    for link in under_way:
        link.hedge_for = None
    if not under_way:
        _dial_new(session, now, hedge_for)


def lane_of(session: Session, link: Link, frame: StreamEvent) -> Lane | None:
    """The lane that a frame belongs to; None, counted and named, if that cannot be told."""
    if not session.profile.lanes:
        return link.lanes[None]
    if frame.stream_id is not None:
        lane = link.lanes.get(frame.stream_id)
        if lane is None:
            session.note("UnknownLane", link, f"{shown(frame.type)} names a lane that was never used here")
        return lane
    if not link.proven:
        lane = next(iter(link.lanes.values()), None)
        if lane is None:
            session.note("UnaskedFrame", link, f"{shown(frame.type)} before anything was sent")
        return lane
    if isinstance(frame, ErrorEvent):
        return _lane_of_error(session, link, frame)
    if frame.kind is FrameKind.GARBAGE and (alone := _only_one_in_use(link)) is not None:
        return alone
    if frame.kind is not FrameKind.KEEPALIVE:
        session.note("UnlabelledFrame", link, f"{shown(frame.type)} names no lane on a link that multiplexes")
    return None


def _lane_of_error(session: Session, link: Link, frame: ErrorEvent) -> Lane | None:
    """An error without a label: the one unanswered create's, else an old cancel's, else the one response's, else nobody's."""
    begun = [lane for lane in link.lanes.values() if lane.response_id is not None]
    if frame.sequence_number and len(begun) == 1:
        # Its number says that it is part of a response that has begun.
        return begun[0]
    asking = [lane for lane in link.lanes.values() if _is_asking(lane)]
    if len(asking) == 1:
        return asking[0]
    if not asking and link.debt:
        session.cancel_answered(link, None)
        session.note("CancelRefused", link, f"code {shown(frame.code)}")
        return None
    alone = _only_one_in_use(link)
    if alone is None:
        session.note("UnattributedError", link, f"code {shown(frame.code)}, {len(asking)} creates unanswered")
    return alone


def _is_asking(lane: Lane) -> bool:
    """Whether its create is unanswered, even if it was given up: the answer may still come, and is not another lane's."""
    return lane.phase in ASKING or (lane.phase is QUARANTINED and lane.response_id is None)


def _only_one_in_use(link: Link) -> Lane | None:
    """The one lane that may still speak, whose every unlabelled frame is; None if there are more, or if nothing is known of it."""
    speaking = [lane for lane in link.lanes.values() if lane.phase is not IDLE]
    return speaking[0] if len(speaking) == 1 and speaking[0].in_use else None


def _place(session: Session, now: float) -> None:
    for request in waiting(session):
        link = target(session)
        if link is None:
            return
        if now - link.heard > session.policy.prove_after and not link.lanes_in_use:
            session.move_link(link, LinkEvent.STALE, now)
            return
        choose = _choose_stream if session.profile.streams else _choose
        chosen = choose(session, link, request)
        if chosen is None:
            _replace_exhausted(session, link, now)
            return
        session.move_request(request.number, RequestEvent.LANE_FREE, now, chosen)


def _choose_stream(session: Session, link: Link, request: Request) -> tuple[Lane, Decision] | None:
    """Any lane is as good as any other: none of them remembers anything."""
    free = next((lane for lane in link.lanes.values() if lane.phase is IDLE), None)
    if free is None and len(link.lanes) < link.names_limit:
        free = session.new_lane(link, _name(link))
    return None if free is None else (free, _decide(session, free, request))


def _choose(session: Session, link: Link, request: Request) -> tuple[Lane, Decision] | None:
    if not (session.profile.lanes and link.proven):
        lane = next(iter(link.lanes.values()), None) or session.new_lane(link, _name(link))
        return (lane, _or_stored(session, _decide(session, lane, request), request)) if lane.phase is IDLE else None
    lanes = list(link.lanes.values())
    if sum(lane.phase is not IDLE for lane in lanes) >= session.profile.in_flight:
        return None
    idle = sorted((lane for lane in lanes if lane.phase is IDLE), key=lambda lane: -lane.used)
    for lane in idle:
        decision = _decide(session, lane, request)
        if isinstance(decision, Reuse):
            return lane, decision
    # Nothing to continue: the reason that tells most is that of the lane that was used last. Not of one whose response has its
    # caller: that took nothing from this request.
    left = [lane for lane in lanes if lane.request is None]
    if left:
        full = _decide(session, max(left, key=lambda lane: lane.used), request)
    else:
        full = _barred(session, request) or Full(session.absence_on(link))
    full = _or_stored(session, full, request)
    # A lane whose cancel is unanswered comes last: an error there might be for either.
    idle.sort(key=lambda lane: lane.owed > 0)
    bare = next((lane for lane in idle if lane.continuation is None and not lane.owed), None)
    if bare is not None:
        return bare, full
    if len(lanes) < link.names_limit:
        return session.new_lane(link, _name(link)), full
    return (min(idle, key=lambda lane: (lane.owed, lane.used)), full) if idle else None


def _decide(session: Session, lane: Lane, request: Request) -> Decision:
    if lane.continuation is None:
        return _barred(session, request) or Full(lane.absence)
    return _barred(session, request) or decide(lane.continuation, request.content)


def _barred(session: Session, request: Request) -> Full | None:
    """Why ``request`` may continue nothing, whatever there is."""
    if request.replays:
        return Full(Replayed(request.replays[-1]))
    if not session.policy.reuse:
        return Full(Disabled())
    if names_its_chain(request.content):
        return Full(CallerChain())
    if session.profile.streams:
        return Full(Stateless())
    return None


def foresee(session: Session, link: Link, request: Request) -> Decision:
    """As what ``request`` would be sent if ``link`` took it now: what it would continue, or why nothing."""
    lanes = sorted((lane for lane in link.lanes.values() if lane.phase is IDLE), key=lambda lane: -lane.used)
    decisions = [_decide(session, lane, request) for lane in lanes]
    reused = next((decision for decision in decisions if isinstance(decision, Reuse)), None)
    return reused or _or_stored(session, decisions[0] if decisions else Full(NoPrevious()), request)


def _or_stored(session: Session, decision: Decision, request: Request) -> Decision:
    """``decision``, or else the latest response that the server was to store and that this request extends."""
    if isinstance(decision, Full) and not isinstance(decision.reason, Disabled | CallerChain | Replayed):
        for stored in reversed(session.stored.values()):
            found = decide(stored, request.content)
            if isinstance(found, Reuse):
                return attrs.evolve(found, stored=True)
    return decision


def _name(link: Link) -> str:
    return f"lane-{len(link.lanes) + 1}"


def _replace_exhausted(session: Session, link: Link, now: float) -> None:
    """Dial a successor, now and then, where nothing here will ever free a lane."""
    if is_exhausted(link) and now >= link.successor_at:
        session.move_link(link, LinkEvent.NAMES_EXHAUSTED, now)


def is_exhausted(link: Link) -> bool:
    """Whether only quarantined lanes stand in the way of a request that found none."""
    in_the_way = [lane for lane in link.lanes.values() if lane.phase is not IDLE]
    return bool(in_the_way) and all(lane.phase is QUARANTINED for lane in in_the_way)


def _dial_new(session: Session, now: float, hedge_for: int | None) -> None:
    """A new link, if the sockets allow one; the oldest link that carries only abandoned responses makes room."""
    sockets = [link for link in session.links.values() if link.phase in SOCKETS]
    if len(sockets) >= session.policy.sockets:
        abandoned = next((link for link in sockets if link.phase is RETIRING and not link.live), None)
        if abandoned is None:
            session.note("NoSocket", detail=f"{len(sockets)} sockets are in use by callers")
            return
        session.move_link(abandoned, LinkEvent.DROP, now)
    session.links_made += 1
    link = Link(session.links_made, hedge_for=hedge_for)
    session.links[link.number] = link
    session.move_link(link, LinkEvent.NEEDED, now)


def served_elsewhere(session: Session, link: Link) -> bool:
    """Whether another link than this one takes requests, or is on its way there."""
    return any(other is not link and other.phase in SERVING for other in session.links.values())
