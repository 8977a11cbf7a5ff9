"""What happens first with each event that is fed: it is named, and given to the machine it is for.

Rules of this file
* Nothing here moves a machine by itself: it finds the link, lane or request, classifies, and asks the session to take the row.
* News of links and requests that are over is legal: it is counted (``Late``) and changes nothing.
* Loss reaches the lanes before the link, because whether anybody still wants a link depends on which requests go back to waiting.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from . import deadlines, placement
from . import events as happening
from .classify import CLASSIFIED
from .classify import Sequence as SequenceFact
from .content_events import OutputItemDone
from .facts import Sighting, facts_of, reaction_to, sequence_of
from .link_rules import backoff
from .phases import LinkPhase, ResponsePhase
from .records import Lane, Link, Request
from .steering import refuse
from .steps import Step
from .stream_events import ErrorEvent, StreamEvent
from .triggers import LinkEvent, RequestEvent, ResponseEvent
from .verdicts import Cause, Reaction, Where, react

if TYPE_CHECKING:
    from .session import Session

__all__ = ["INTAKE"]

OURS: Final = frozenset(
    {
        ResponseEvent.REPEAT_CREATED,
        ResponseEvent.CONTENT,
        ResponseEvent.CONTENT_AFTER_GAP,
        ResponseEvent.PROGRESS,
        ResponseEvent.OTHER,
        ResponseEvent.KEEPALIVE,
        ResponseEvent.FAULT,
        ResponseEvent.COMPLETED,
        ResponseEvent.FAILED,
        ResponseEvent.INCOMPLETE,
        ResponseEvent.ENDED_STEERED,
        ResponseEvent.STEER_ACCEPTED,
        ResponseEvent.STEER_ANSWERED,
        ResponseEvent.STEER_SETTLED,
    }
)
"""Events of frames that belong to the lane's response and consume one of its sequence numbers."""
OUTPUT: Final = frozenset({ResponseEvent.CONTENT, ResponseEvent.CONTENT_AFTER_GAP})
MOST_ITEMS: Final = 10_000
"""Items of a response that nobody listens to are remembered up to this number: nobody else bounds what it may say."""
LONGEST_ITEM: Final = 256
"""Characters of the longest name of such an item; real ones have about fifty."""
"""Events of frames that carry output of the lane's response."""


def _create(session: Session, event: happening.Create, now: float) -> None:
    session.requests[event.request] = Request(event.request, event.content, event.warm_up, now, entered=now, replays=event.replays)
    if session.closing:
        session.move_request(event.request, RequestEvent.CLOSED, now)
    elif session.elsewhere and not event.warm_up:
        session.move_request(event.request, RequestEvent.HANDED_OVER, now, Cause.DIAL)


def _cancel(session: Session, event: happening.Cancel, now: float) -> None:
    session.move_request(event.request, RequestEvent.CANCEL, now)


def _steer(session: Session, event: happening.Steer, now: float) -> None:
    session.move_request(event.request, RequestEvent.STEER, now, event.steer)
    if event.request not in session.requests:
        refuse(session, event.request, event.steer)


def _overflow(session: Session, event: happening.Overflow, now: float) -> None:
    session.move_request(event.request, RequestEvent.OVERFLOW, now, event.of)


def _preconnect(session: Session, event: happening.Preconnect, now: float) -> None:
    del event
    session.need(now)


def _shutdown(session: Session, event: happening.Shutdown, now: float) -> None:
    del event
    session.closing = True
    for number in list(session.requests):
        session.move_request(number, RequestEvent.CLOSED, now)
    for link in list(session.links.values()):
        session.move_link(link, LinkEvent.DROP, now)


def _opened(session: Session, event: happening.Opened, now: float) -> None:
    _to_link(session, event.link, LinkEvent.OPENED, now, event)


def _dial_failed(session: Session, event: happening.DialFailed, now: float) -> None:
    link = session.links.get(event.link)
    if link is None:
        session.note("Late", detail=f"news of link {event.link}, which is closed")
        return
    rule = react(session.policy.errors, Where.HANDSHAKE, event.code, None, event.status)
    spent = link.attempts >= session.policy.dial_attempts
    # A pause that outlasts the connect deadline is no use to anybody: say so now.
    pause = backoff(session, link.attempts, event.jitter, event.retry_after)
    late = now + pause > link.dialling_since + session.policy.deadlines.connect
    final = event.permanent or rule.reaction is not Reaction.PASSING or spent or late
    session.move_link(link, LinkEvent.DIAL_GIVEN_UP if final else LinkEvent.DIAL_FAILED, now, event)


def _lost(session: Session, event: happening.Lost, now: float) -> None:
    link = session.links.get(event.link)
    if link is None:
        session.note("Late", detail=f"news of link {event.link}, which is closed")
        return
    step = Step(link.phase, LinkEvent.LOST, now, event)
    if event.ours:
        session.note("WireViolation", link, f"this side closed, with code {event.code}")
    session.end_lanes(link, step)
    session.move_link(link, LinkEvent.LOST_WANTED if session.is_wanted(link) else LinkEvent.LOST, now, event)


def _stream_ended(session: Session, event: happening.StreamEnded, now: float) -> None:
    lane = _lane_with_stream(session, event)
    if lane is not None:
        step = Step(lane.phase, ResponseEvent.LOST, now, event)
        session.move_lane_by_fate(lane, ResponseEvent.LOST, ResponseEvent.LOST_REPLAYABLE, Cause.LOST, step)


def _stream_failed(session: Session, event: happening.StreamFailed, now: float) -> None:
    lane = _lane_with_stream(session, event)
    if lane is None:
        return
    if event.permanent:
        session.move_lane(lane, ResponseEvent.UNREACHABLE, now, event)
    else:
        step = Step(lane.phase, ResponseEvent.UNREACHABLE, now, event)
        session.move_lane_by_fate(lane, ResponseEvent.UNREACHABLE, ResponseEvent.UNREACHABLE_REPLAYABLE, Cause.DIAL, step)


def _pong(session: Session, event: happening.Pong, now: float) -> None:
    link = session.links.get(event.link)
    if link is not None:
        link.heard = now
    _to_link(session, event.link, LinkEvent.ALIVE, now, event)


def _unsendable(session: Session, event: happening.Unsendable, now: float) -> None:
    request = session.requests.get(event.request)
    elsewhere = request is not None and session.may_hand_over(request)
    _to_create(session, event, ResponseEvent.UNSENDABLE_REPLAYABLE if elsewhere else ResponseEvent.UNSENDABLE, now, event.size)


def _withdrawn(session: Session, event: happening.Withdrawn, now: float) -> None:
    _to_create(session, event, ResponseEvent.WITHDRAWN, now)


def _expired(session: Session, event: happening.Expired, now: float) -> None:
    del event
    deadlines.expire(session, now)


def _received(session: Session, event: happening.Received, now: float) -> None:
    frame = event.frame
    link = session.links.get(event.link)
    if link is None or link.phase not in placement.SOCKETS:
        session.note("Late", detail=f"a frame on link {event.link}, which is closed")
        return
    link.heard = now
    if link.phase is LinkPhase.PROVING:
        session.move_link(link, LinkEvent.ALIVE, now, event)
    if isinstance(frame, ErrorEvent) and reaction_to(frame, session.policy) is Reaction.LINK_LIMIT:
        session.move_link(link, LinkEvent.LIMIT_REACHED, now, frame)
        return
    lane = placement.lane_of(session, link, frame)
    if lane is not None:
        _classified(session, link, lane, frame, now)


def _classified(session: Session, link: Link, lane: Lane, frame: StreamEvent, now: float) -> None:
    """Name the event that the frame is for its lane, and take that row."""
    request = None if lane.request is None else session.requests.get(lane.request)
    sighting = Sighting(frame, lane, link, request, session.policy, session.profile)
    facts = facts_of(sighting)
    session.sighted = frame.kind, facts
    event = CLASSIFIED[frame.kind][facts]
    lane.heard = now
    sequence = sequence_of(lane, frame)
    # The numbers of a response that has ended mean nothing any more, though news of its steering still has them.
    numbered = frame.sequence_number is not None and lane.ended is None
    if event in OURS and numbered and sequence is not SequenceFact.REPEATED:
        if sequence is SequenceFact.GAP and event not in OUTPUT:
            # Ours by id, whatever its number; but what is missing before it must have a name.
            session.note("SequenceGap", lane, f"frames are missing before sequence number {frame.sequence_number}")
        lane.sequence = frame.sequence_number
    if event in OUTPUT:
        listened = lane.request is not None
        if frame.item_id is not None and (listened or (len(lane.items) < MOST_ITEMS and len(frame.item_id) <= LONGEST_ITEM)):
            lane.items.add(frame.item_id)
        if listened and isinstance(frame, OutputItemDone):
            lane.output.append(frame.item)
    session.move_lane(lane, event, now, frame)


def _to_link(session: Session, number: int, event: LinkEvent, now: float, detail: object) -> None:
    link = session.links.get(number)
    if link is None:
        session.note("Late", detail=f"news of link {number}, which is closed")
    else:
        session.move_link(link, event, now, detail)


def _lane_with_stream(session: Session, news: happening.StreamEnded | happening.StreamFailed) -> Lane | None:
    """The lane whose stream it is about; None, and counted, if there is none."""
    link = session.links.get(news.link)
    lane = None if link is None else link.lanes.get(news.lane)
    if lane is None or lane.phase is ResponsePhase.IDLE or not session.profile.streams:
        session.note("Late", detail=f"news of a stream of link {news.link}, which is over")
        return None
    return lane


def _to_create(
    session: Session,
    news: happening.Unsendable | happening.Withdrawn,
    event: ResponseEvent,
    now: float,
    detail: object = None,
) -> None:
    """To the lane that the create was put on, which may have lost its caller since."""
    link = session.links.get(news.link)
    lane = None if link is None else link.lanes.get(news.lane)
    if lane is None or lane.sent != news.request:
        session.note("Late", detail=f"news of the create of request {news.request}, which is over")
    else:
        session.move_lane(lane, event, now, detail)


INTAKE: Final[Mapping[type, Callable[[Session, Any, float], None]]] = MappingProxyType(
    {
        happening.Create: _create,
        happening.Cancel: _cancel,
        happening.Steer: _steer,
        happening.Overflow: _overflow,
        happening.Preconnect: _preconnect,
        happening.Shutdown: _shutdown,
        happening.Opened: _opened,
        happening.DialFailed: _dial_failed,
        happening.Received: _received,
        happening.Lost: _lost,
        happening.StreamEnded: _stream_ended,
        happening.StreamFailed: _stream_failed,
        happening.Pong: _pong,
        happening.Unsendable: _unsendable,
        happening.Withdrawn: _withdrawn,
        happening.Expired: _expired,
    }
)
"""What each event that is fed does first."""
