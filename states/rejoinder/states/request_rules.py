"""One function for each moving row, named for what happened: the request rules.

As in ``response_rules.py``: a rule runs in the new phase, changes facts, asks the session for what spans machines.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, cast

from .continuation import Decision
from .effects import Finish, HandOver, Send
from .failures import simple_failure
from .phases import RequestPhase
from .steering import abandon
from .triggers import LinkEvent, ResponseEvent
from .verdicts import Cause, Excess, Failure, Outcome, OutcomeKind

if TYPE_CHECKING:
    from .records import Lane, Link, Request
    from .session import Session
    from .steps import Step

__all__ = ["REQUEST_RULES"]


def request_sent(session: Session, request: Request, step: Step) -> None:
    lane, decision = cast("tuple[Lane, Decision]", step.detail)
    request.place = (lane.link, lane.name)
    request.hedged = False
    session.emit(Send(lane.link, request.number, lane.name, decision))
    lane.request = lane.sent = request.number
    session.move_lane(lane, ResponseEvent.SEND, step.now, (request, decision))
    session.drop_hedge(request.number, step.now)


def hedge_dialled(session: Session, request: Request, step: Step) -> None:
    request.hedged = True
    link = cast("Link", session.target())
    session.move_link(link, LinkEvent.HEDGE_DUE, step.now, request.number)


def retry_allowed(session: Session, request: Request, step: Step) -> None:
    del session, request, step


def request_replayed(session: Session, request: Request, step: Step) -> None:
    _take_off_the_wire(session, request, cast("Cause", step.detail))


def request_paused(session: Session, request: Request, step: Step) -> None:
    cause, pause = cast("tuple[Cause, float]", step.detail)
    _take_off_the_wire(session, request, cause)
    request.resume_at = step.now + pause


def request_finished(session: Session, request: Request, step: Step) -> None:
    session.emit(Finish(request.number, cast("Outcome", step.detail)))
    abandon(session, request)


def request_steered(session: Session, request: Request, step: Step) -> None:
    lane = cast("Lane", session.lane_at(request.place))
    session.move_lane(lane, ResponseEvent.STEER, step.now, step.detail)


def request_steered_early(session: Session, request: Request, step: Step) -> None:
    request.held = (*request.held, cast("int", step.detail))


def request_given_up(session: Session, request: Request, step: Step) -> None:
    _end(session, request, step, cast("Failure", step.detail))


def request_handed_over(session: Session, request: Request, step: Step) -> None:
    cause = cast("Cause", step.detail)
    session.note("HandedOver", detail=f"request {request.number} goes over another transport: {cause}")
    # Words cannot follow it there: what is asked for over HTTP takes none.
    abandon(session, request)
    session.emit(HandOver(request.number, cause, request.replays))


def request_cancelled(session: Session, request: Request, step: Step) -> None:
    _end(session, request, step, None)


TOO_MUCH: Final[Mapping[Excess, Failure]] = MappingProxyType(
    {
        Excess.UNREAD: simple_failure(
            Cause.OVERFLOW, "The answer was not read fast enough and its buffer is full. Read faster, or allow a larger buffer."
        ),
        Excess.OUTPUT: simple_failure(
            Cause.OUTPUT,
            "The server said more than one answer may say. Ask for less, or allow more with Settings(output_limit=…).",
        ),
    }
)
"""What a caller is told of whom more has come than it takes."""


def request_overflowed(session: Session, request: Request, step: Step) -> None:
    _end(session, request, step, TOO_MUCH[cast("Excess", step.detail)])


def request_expired(session: Session, request: Request, step: Step) -> None:
    deadlines = session.policy.deadlines
    if step.source == RequestPhase.WAITING:
        message = (
            f"The request could not be sent within {deadlines.queue:g} s, others were before it. Send it again later, use a pool of"
            " links (open_pool), or allow more time with Deadlines(queue=…)."
        )
        _end(session, request, step, simple_failure(Cause.QUEUE, message))
    else:
        message = f"The answer was not complete within {deadlines.turn:g} s. Allow more time with Deadlines(turn=…)."
        _end(session, request, step, simple_failure(Cause.TURN, message))


def request_closed(session: Session, request: Request, step: Step) -> None:
    message = "The session was closed before the answer was complete. Keep it open until then."
    _end(session, request, step, simple_failure(Cause.CLOSED, message))


def _take_off_the_wire(session: Session, request: Request, cause: Cause) -> None:
    session.note("Replay", detail=f"request {request.number}: {cause}")
    request.replays = (*request.replays, cause)
    request.place = None


def _end(session: Session, request: Request, step: Step, failure: Failure | None) -> None:
    """The caller has its outcome now, and the wire is told afterwards; without a failure the caller left by itself."""
    lane = session.lane_at(request.place)
    kind = OutcomeKind.CANCELLED if failure is None else OutcomeKind.INTERRUPTED
    verdict = session.verdict(request, lane, step.source, failure)
    session.emit(Finish(request.number, Outcome(kind, failure, verdict)))
    abandon(session, request)
    if lane is not None:
        session.move_lane(lane, ResponseEvent.CANCEL, step.now)


RequestRule = Callable[["Session", "Request", "Step"], None]

REQUEST_RULES: Final[Mapping[str, RequestRule]] = MappingProxyType(
    {
        rule.__name__: rule
        for rule in (
            hedge_dialled,
            request_cancelled,
            request_closed,
            request_expired,
            request_finished,
            request_given_up,
            request_handed_over,
            request_overflowed,
            request_paused,
            request_replayed,
            request_sent,
            request_steered,
            request_steered_early,
            retry_allowed,
        )
    }
)
"""The request rules by the name the table gives them."""
