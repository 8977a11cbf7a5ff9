"""One function for each row of the response table that is about steering: the steering rules.

As in ``response_rules.py``: a rule runs in the new phase, changes facts, asks the session for what spans machines. What becomes of
the words themselves is in ``steering.py``.

Where no successor comes, the caller's outcome is what the terminal said: completed, or incomplete with its reason (``steered``).
Nothing of that is lost by what the server owes beyond it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, cast

from . import stream_events as wire
from .response_rules import (
    ResponseRule,
    abandoned_created,
    adopt_stranger,
    apply_policy,
    completed,
    finish_with_fault,
    incomplete,
    name_response,
    orphan,
    settle,
)
from .steering import answer, refuse, send, send_held, succeed
from .steps import Step
from .verdicts import OutcomeKind

if TYPE_CHECKING:
    from .records import Lane
    from .session import Session

__all__ = ["STEERING_RULES"]


def steer_sent(session: Session, lane: Lane, step: Step) -> None:
    send(session, lane, cast("int", step.detail))


def steer_held(session: Session, lane: Lane, step: Step) -> None:
    request = session.requests[cast("int", lane.request)]
    request.held = (*request.held, cast("int", step.detail))


def steer_refused(session: Session, lane: Lane, step: Step) -> None:
    refuse(session, cast("int", lane.request), cast("int", step.detail))


def steer_answered(session: Session, lane: Lane, step: Step) -> None:
    answer(session, lane, step.frame)
    session.deliver(lane)


def ended_steered(session: Session, lane: Lane, step: Step) -> None:
    _end(lane, step)
    session.deliver(lane)


def failed_as_reported_steered(session: Session, lane: Lane, step: Step) -> None:
    session.deliver(lane)
    finish_with_fault(session, lane, step, cast("wire.ResponseEvent", step.detail))
    orphan(lane, step)
    _end(lane, step)


def drained_steered(session: Session, lane: Lane, step: Step) -> None:
    settle(session, lane, step)
    _end(lane, step)


def quarantined_steered(session: Session, lane: Lane, step: Step) -> None:
    settle(session, lane, step)
    _end(lane, step)


def successor_began(session: Session, lane: Lane, step: Step) -> None:
    succeed(session, lane)
    name_response(lane, step)
    lane.earlier = lane.earlier | frozenset(lane.items)
    lane.items = set()
    lane.output = []
    lane.steered = True
    # Its caller has had an answer before it: whatever happens now, nothing is sent again.
    lane.output_begun = True
    session.deliver(lane)
    send_held(session, lane, session.requests[cast("int", lane.request)])


def ended_without_successor(session: Session, lane: Lane, step: Step) -> None:
    answer(session, lane, step.frame)
    session.deliver(lane)
    ended = cast("wire.ResponseEvent", lane.ended)
    lane.response_id = ended.response_id
    # The terminal itself was delivered when it came.
    lane.delivery = ()
    ENDS[type(ended)](session, lane, Step(step.source, step.event, step.now, ended))


def successor_overdue(session: Session, lane: Lane, step: Step) -> None:
    session.note("SuccessorOverdue", lane, f"no successor within {session.policy.deadlines.created:g} s of the terminal")
    _finish_as_ended(session, lane, step)
    orphan(lane, step)
    session.unclean(lane, step)


def successor_lost(session: Session, lane: Lane, step: Step) -> None:
    _finish_as_ended(session, lane, step)


def successor_damaged(session: Session, lane: Lane, step: Step) -> None:
    _finish_as_ended(session, lane, step)
    orphan(lane, step)
    session.suspect(lane, step)


def successor_foreign(session: Session, lane: Lane, step: Step) -> None:
    _finish_as_ended(session, lane, step)
    adopt_stranger(session, lane, step)


def successor_abandoned(session: Session, lane: Lane, step: Step) -> None:
    succeed(session, lane)
    abandoned_created(session, lane, step)


def successor_spared(session: Session, lane: Lane, step: Step) -> None:
    answer(session, lane, step.frame)


def caller_left_steered(session: Session, lane: Lane, step: Step) -> None:
    orphan(lane, step)
    apply_policy(session, lane, step)


# -- shared steps ------------------------------------------------------------------------------------------------------------


def _end(lane: Lane, step: Step) -> None:
    """The response is over and has no id any more; what may follow names it as its parent."""
    lane.ended = cast("wire.ResponseEvent", step.detail)
    lane.response_id = None
    lane.sequence = None


def _finish_as_ended(session: Session, lane: Lane, step: Step) -> None:
    """The caller's outcome is what the terminal said; it was delivered when it came."""
    ended = cast("wire.ResponseEvent", lane.ended)
    session.finish(lane, KINDS[type(ended)], None, step, response=ended.response)


KINDS: Final[Mapping[type[wire.ResponseEvent], OutcomeKind]] = {
    wire.ResponseCompleted: OutcomeKind.COMPLETED,
    wire.ResponseIncomplete: OutcomeKind.INCOMPLETE,
}
ENDS: Final[Mapping[type[wire.ResponseEvent], ResponseRule]] = {
    wire.ResponseCompleted: completed,
    wire.ResponseIncomplete: incomplete,
}
"""What a terminal would have done if it had been the last word at once."""

STEERING_RULES: Final[Mapping[str, ResponseRule]] = MappingProxyType(
    {
        rule.__name__: rule
        for rule in (
            caller_left_steered,
            drained_steered,
            ended_steered,
            ended_without_successor,
            failed_as_reported_steered,
            quarantined_steered,
            steer_answered,
            steer_held,
            steer_refused,
            steer_sent,
            successor_abandoned,
            successor_began,
            successor_damaged,
            successor_foreign,
            successor_lost,
            successor_overdue,
            successor_spared,
        )
    }
)
"""The steering rules by the name the table gives them."""
