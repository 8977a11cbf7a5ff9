"""The whole of a session as frozen values that people and programs may look at, and what each request waits for.

Rules of this file
* It reads the records and decides nothing. A snapshot is made when somebody asks, and never changes afterwards.
* Instants are those of the clock that ``feed`` is given, in seconds.
* It holds names, numbers and phases, and nothing that was said.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum, unique
from typing import TYPE_CHECKING, Final

import attrs

from .phases import LinkPhase, RequestPhase, ResponsePhase
from .placement import target
from .verdicts import Cause

if TYPE_CHECKING:
    from .records import Lane, Link, Request
    from .session import Session

__all__ = ["LaneState", "LinkState", "RequestState", "SessionState", "Wait", "snapshot", "waits_for"]

ABANDONED: Final = frozenset(
    {ResponsePhase.CANCEL_PENDING, ResponsePhase.DRAINING, ResponsePhase.SUCCESSOR_PENDING, ResponsePhase.QUARANTINED}
)
"""Phases of a response that nobody listens to and that still occupies its lane."""


@unique
class Wait(StrEnum):
    """What a request waits for before its create can leave."""

    DIAL = "dial"
    """No link is open: one is dialled, dialled again, or has to prove that it still lives."""
    DRAIN = "drain"
    """A response that its caller abandoned occupies the lane."""
    TURN = "turn"
    """Responses that others listen to are in flight, as many as the link takes."""
    PAUSE = "pause"
    """The server refused it for now, and the pause that it asked for is running."""


@attrs.frozen
class LaneState:
    """One lane, and the response on it."""

    name: str | None
    """``stream_id``; None on a provider without lanes."""
    phase: ResponsePhase
    """Where its response is."""
    since: float
    """When it came there."""
    request: int | None
    """Who listens; None if nobody does."""
    response_id: str | None
    """The response on it, between its ``created`` and its terminal."""
    continuable: str | None
    """The completed response that the next request may continue; None if there is none."""


@attrs.frozen
class LinkState:
    """One link."""

    number: int
    """Its number; rises with each new link."""
    phase: LinkPhase
    """Where it is."""
    since: float
    """When it came there."""
    heard: float
    """When the last frame or pong came; 0.0 if none has."""
    attempts: int
    """Dials since a response was last acknowledged here."""
    proven: bool
    """Whether it was seen to multiplex."""
    lanes: tuple[LaneState, ...]
    """Its lanes, in the order in which they were first used."""


@attrs.frozen
class RequestState:
    """One request that has not ended."""

    number: int
    """Its number."""
    phase: RequestPhase
    """Where it is."""
    since: float
    """When it came there."""
    asked: float
    """When it was made."""
    link: int | None
    """The link its create was sent on; None while it waits."""
    lane: str | None
    """The lane; None while it waits, and on a provider without lanes."""
    waits_for: Wait | None
    """What it waits for; None once it is sent."""
    replays: tuple[Cause, ...]
    """Why it was sent again, in order."""


@attrs.frozen
class SessionState:
    """All of a session at one instant."""

    links: Mapping[int, LinkState]
    """The links by number."""
    requests: Mapping[int, RequestState]
    """The requests that have not ended, by number, oldest first."""
    closing: bool
    """Whether the session takes no further requests."""

    def joined_with(self, other: SessionState, links_from: int) -> SessionState:
        """Both, of a session with two transports; the other's links are numbered from ``links_from``."""
        links = {number + links_from: attrs.evolve(link, number=number + links_from) for number, link in other.links.items()}
        requests = {
            number: request if request.link is None else attrs.evolve(request, link=request.link + links_from)
            for number, request in other.requests.items()
        }
        return SessionState({**self.links, **links}, {**self.requests, **requests}, self.closing and other.closing)


def snapshot(session: Session) -> SessionState:
    """Return what ``session`` is now."""
    waiting = waits_for(session)
    return SessionState(
        {link.number: _link(link) for link in session.links.values()},
        {request.number: _request(request, waiting) for request in session.requests.values()},
        session.closing,
    )


def waits_for(session: Session) -> Wait:
    """What the requests in ``waiting`` wait for; they are placed in order, so it is the same for all."""
    link = target(session)
    if link is None:
        return Wait.DIAL
    return Wait.DRAIN if any(lane.phase in ABANDONED for lane in link.lanes.values()) else Wait.TURN


def _link(link: Link) -> LinkState:
    lanes = tuple(_lane(lane) for lane in link.lanes.values())
    return LinkState(link.number, link.phase, link.entered, link.heard, link.attempts, link.proven, lanes)


def _lane(lane: Lane) -> LaneState:
    continuable = None if lane.continuation is None else lane.continuation.response_id
    return LaneState(lane.name, lane.phase, lane.entered, lane.request, lane.response_id, continuable)


def _request(request: Request, waiting: Wait) -> RequestState:
    link, lane = (None, None) if request.place is None else request.place
    wait = {RequestPhase.WAITING: waiting, RequestPhase.PAUSED: Wait.PAUSE}.get(request.phase)
    return RequestState(request.number, request.phase, request.entered, request.created, link, lane, wait, request.replays)
