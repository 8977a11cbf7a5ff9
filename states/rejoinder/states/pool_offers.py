"""What one member of a pool has to offer: how much more it can carry, what it remembers, how near its link is.

Rules of this file
* It reads a session and changes nothing. What a member would do with a request is asked of the rules that will decide it
  (``placement``), so an offer and what comes of it agree.
* A link with lanes is believed to multiplex until it has answered without naming a lane: whoever counted it as serial until its
  first answer would dial a link for each of the first few requests.
"""

from __future__ import annotations

from enum import StrEnum, unique
from typing import TYPE_CHECKING

import attrs

from .continuation import RequestContent, Reuse
from .phases import LinkPhase, RequestPhase, ResponsePhase
from .placement import SERVING, foresee, target
from .records import Request

if TYPE_CHECKING:
    from .records import Link
    from .session import Session

__all__ = ["Offer", "Standing", "offer_of"]


@unique
class Standing(StrEnum):
    """How near a member's link is."""

    OPEN = "open"
    """It takes requests now."""
    COMING = "coming"
    """It is dialled, or has to prove that it still lives."""
    CLOSED = "closed"
    """There is none; a request would have one dialled."""


@attrs.frozen
class Offer:
    """What a member has to offer, to one request or to any."""

    member: int
    """The member's number."""
    standing: Standing
    """How near its link is."""
    room: int
    """How many more requests it can have in flight at once."""
    load: int
    """What it has: requests that wait, and lanes that something is owed on."""
    saved: int = 0
    """Items of the request that it need not send, because its server remembers them; 0 where all would be sent."""
    forgets: bool = False
    """Whether taking a request that continues nothing makes it forget what another may continue."""
    remembers: bool = False
    """Whether there is anything that a request may continue."""
    owed: int = 0
    """Cancels that no error has answered yet."""
    drains: bool = False
    """Whether all that is in the way was abandoned: its own cancel policy says what a request does about that."""
    heard: float = 0.0
    """When its link was last heard."""
    refused_at: float | None = None
    """When its link was given up; None unless that was the last it heard of it, infinity if it is of no use to dial again."""


def offer_of(member: int, session: Session, content: RequestContent | None, now: float) -> Offer:
    """Return what ``session`` has to offer to a request of this ``content``; without one, to nobody in particular."""
    link = target(session)
    waiting = sum(request.phase is not RequestPhase.SENT for request in session.requests.values())
    busy = sum(len(each.lanes_in_use) for each in session.links.values())
    if link is None:
        coming = any(each.phase in SERVING for each in session.links.values())
        failed = [each.entered for each in session.links.values() if each.phase is LinkPhase.FAILED]
        return Offer(
            member,
            Standing.COMING if coming else Standing.CLOSED,
            room=session.profile.in_flight - waiting,
            load=busy + waiting,
            refused_at=max(failed, default=None),
        )
    saved = 0
    if content is not None:
        decision = foresee(session, link, Request(0, content, warm_up=False, created=now))
        saved = decision.saved if isinstance(decision, Reuse) else 0
    room = _room(session, link) - waiting
    return Offer(
        member,
        Standing.OPEN,
        room=room,
        load=busy + waiting,
        saved=saved,
        forgets=not saved and not _has_bare_lane(session, link),
        remembers=any(lane.continuation is not None for lane in link.lanes.values()),
        owed=link.debt,
        drains=not waiting and not link.live and room <= 0,
        heard=link.heard,
    )


def _room(session: Session, link: Link) -> int:
    """How many creates the link can have in flight beside those it has."""
    profile = session.profile
    idle = sum(lane.phase is ResponsePhase.IDLE for lane in link.lanes.values())
    if not _multiplexes(session, link):
        return idle if link.lanes else 1
    unused = max(link.names_limit - len(link.lanes), 0)
    return min(profile.in_flight - (len(link.lanes) - idle), idle + unused)


def _multiplexes(session: Session, link: Link) -> bool:
    """Whether it does, or may still turn out to."""
    if link.proven or not session.profile.lanes:
        return link.proven
    return all(lane.response_id is None and lane.continuation is None for lane in link.lanes.values())


def _has_bare_lane(session: Session, link: Link) -> bool:
    """Whether a request that continues nothing finds a lane whose loss nobody minds."""
    bare = any(lane.phase is ResponsePhase.IDLE and lane.continuation is None for lane in link.lanes.values())
    return bare or (_multiplexes(session, link) and len(link.lanes) < link.names_limit)
