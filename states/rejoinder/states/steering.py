"""Steering: words that a caller adds to its running response (``response.steer``, OpenAI steering guide).

Rules of this file
* ``response.steer`` names the response, so words wait on the request until there is an id, and again after a replay: another
  attempt has not heard them.
* Answers name no words of ours, only the server's own id, which ``accepted`` gives. So an answer without a known id is that of the
  oldest words that have none.
* Words are *open* until pending, failed, or a successor settles them. While any are open a terminal is not the last word of its
  lane, whether or not somebody still listens.
* A successor takes up everything that was accepted; documented nowhere, and the words that were not answered before it stay open.
* Each steering ends in exactly one final status, with its request at the latest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

import attrs

from .classify import Steering, SteerNews
from .effects import SendSteer, Steered
from .failures import simple_failure
from .records import SentSteer
from .stream_events import SteerAccepted, SteerFailed, StreamEvent
from .verdicts import Cause, Failure, SteerStatus

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .records import Lane, Request
    from .session import Session

__all__ = ["abandon", "answer", "news_of", "refuse", "send", "send_held", "steering_of", "succeed", "take_back"]

TOO_LATE: Final = "The response had ended, or went over HTTP, before the words could be sent. Send them with the next request."


# -- what a frame says ------------------------------------------------------------------------------------------------------


def steering_of(lane: Lane) -> Steering:
    """Whether words are open on the lane."""
    return Steering.OPEN if lane.steers else Steering.SETTLED


def news_of(lane: Lane, frame: StreamEvent) -> SteerNews:
    """What a frame about steering says, seen from the lane."""
    place = _place(lane, frame)
    if place is None:
        return SteerNews.STRAY
    if isinstance(frame, SteerAccepted):
        return SteerNews.ACCEPTED
    return SteerNews.LAST if len(lane.steers) == 1 and lane.ended is not None else SteerNews.SOME


def _place(lane: Lane, frame: StreamEvent) -> int | None:
    """Which of the open words a frame is about; None if none."""
    name = _name(frame)
    for place, steer in enumerate(lane.steers):
        if name is not None and steer.name == name:
            # Accepted once more says nothing new.
            return None if isinstance(frame, SteerAccepted) else place
    about = frame.response_id
    fitting = (place for place, steer in enumerate(lane.steers) if steer.name is None and about in {None, steer.response})
    return next(fitting, None)


def _name(frame: StreamEvent) -> str | None:
    steer: Mapping[str, Any] = getattr(frame, "steer", None) or {}
    name = steer.get("id")
    return name if isinstance(name, str) else None


# -- what is done about it ---------------------------------------------------------------------------------------------------


def send(session: Session, lane: Lane, number: int) -> None:
    """Put words on the wire, for the response that runs on the lane."""
    response = cast("str", lane.response_id)
    lane.steers = (*lane.steers, SentSteer(number, response))
    session.emit(SendSteer(lane.link, cast("int", lane.request), number, response))


def send_held(session: Session, lane: Lane, request: Request) -> None:
    """The response has an id now: send what waited for one."""
    for number in request.held:
        send(session, lane, number)
    request.held = ()


def answer(session: Session, lane: Lane, frame: StreamEvent) -> None:
    """The server has said what becomes of words; whoever added them is told."""
    place = cast("int", _place(lane, frame))
    steer = lane.steers[place]
    if isinstance(frame, SteerAccepted):
        lane.steers = (*lane.steers[:place], attrs.evolve(steer, name=_name(frame) or ""), *lane.steers[place + 1 :])
        _tell(session, lane, steer, SteerStatus.ACCEPTED)
        return
    lane.steers = (*lane.steers[:place], *lane.steers[place + 1 :])
    if isinstance(frame, SteerFailed):
        _tell(session, lane, steer, SteerStatus.FAILED, _failure(frame))
    else:
        _tell(session, lane, steer, SteerStatus.PENDING)


def succeed(session: Session, lane: Lane) -> None:
    """A successor has begun: it takes up what was accepted."""
    for steer in lane.steers:
        if steer.name is not None:
            _tell(session, lane, steer, SteerStatus.APPLIED)
    lane.steers = tuple(steer for steer in lane.steers if steer.name is None)


def take_back(lane: Lane, request: Request) -> None:
    """The request is sent again: its words wait for the next response. What was sent stays open on the lane, for nobody."""
    request.held = (*(steer.number for steer in lane.steers if steer.number is not None), *request.held)
    lane.steers = tuple(attrs.evolve(steer, number=None) for steer in lane.steers)


def abandon(session: Session, request: Request) -> None:
    """The request has ended: all its words have their last status. What was sent stays open on the lane, for nobody."""
    link = None if request.place is None else session.links.get(request.place[0])
    lane = None if link is None or request.place is None else link.lanes.get(request.place[1])
    if lane is not None and lane.sent == request.number:
        for steer in lane.steers:
            _tell(session, lane, steer, SteerStatus.UNKNOWN)
        lane.steers = tuple(attrs.evolve(steer, number=None) for steer in lane.steers)
    for number in request.held:
        refuse(session, request.number, number)
    request.held = ()


def refuse(session: Session, request: int, number: int) -> None:
    """Words that were never sent."""
    session.emit(Steered(request, number, SteerStatus.FAILED, simple_failure(Cause.STEERING, TOO_LATE)))


def _tell(session: Session, lane: Lane, steer: SentSteer, status: SteerStatus, failure: Failure | None = None) -> None:
    if steer.number is not None:
        session.emit(Steered(cast("int", lane.sent), steer.number, status, failure))


def _failure(frame: SteerFailed) -> Failure:
    error: Mapping[str, Any] = frame.error or {}
    code, kind, said = (error.get(name) for name in ("code", "type", "message"))
    message = said if isinstance(said, str) and said else "The server did not take the words and gave no reason."
    return Failure(
        Cause.STEERING,
        f"{message} Send them with the next request.",
        code=code if isinstance(code, str) else None,
        error_type=kind if isinstance(kind, str) else None,
    )
