"""The seven root causes behind most failures of the system this one re-creates, planted into the rules here.

Rules of this file
* Each is the same mistake, made where this code would make it. They are hunted on every run.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest

from quality.mutants.mutant import Kind, Mutant, plant_classification
from quality.mutants.planting import changed_rows, rows_of
from rejoinder.states import deadlines, facts
from rejoinder.states import session as session_module
from rejoinder.states.classify import CLASSIFICATION, Fate
from rejoinder.states.edges import Staying
from rejoinder.states.phases import ResponsePhase
from rejoinder.states.profiles import DeadlineKind, Deadlines, Policy
from rejoinder.states.records import Lane, Request
from rejoinder.states.response_rules import RESPONSE_RULES
from rejoinder.states.session import Session
from rejoinder.states.steps import Step
from rejoinder.states.triggers import ResponseEvent
from rejoinder.states.verdicts import Cause

__all__ = ["ROOT_CAUSES"]

P = ResponsePhase
E = ResponseEvent
LIVE: Final = (P.ACKNOWLEDGED, P.STREAMING)


def _id_never_cleared(patch: pytest.MonkeyPatch) -> None:
    """The flag that says which response runs is not reset when it ends."""
    right = Lane.forget_response

    def forgetful(lane: Lane) -> None:
        ended = lane.response_id
        right(lane)
        lane.response_id = ended

    patch.setattr(Lane, "forget_response", forgetful)


def _error_ends_no_drain(patch: pytest.MonkeyPatch) -> None:
    """Only a terminal ends a drain: an error that answers the abandoned create is passed over."""
    changed_rows(patch, "response", {(phase, E.REJECTED): Staying.COUNT for phase in (P.CANCEL_PENDING, P.QUARANTINED)})


def _socket_kept_after_drain(patch: pytest.MonkeyPatch) -> None:
    """When the drain has taken too long, the socket is used again, whatever is still to come on it."""
    drained = (P.IDLE, RESPONSE_RULES["drained"])
    changed_rows(patch, "response", {(phase, E.EXPIRED): drained for phase in (P.DRAINING, P.CANCEL_PENDING)})


def _replay_after_output(patch: pytest.MonkeyPatch) -> None:
    """A lost request is sent again, whether or not some of its answer was heard."""
    right = facts.fate

    def eager(lane: Lane, request: Request | None, policy: Policy, cause: Cause, repeats: int = 1) -> Fate:
        heard = cause is Cause.LOST and lane.phase is P.STREAMING
        return right(replace(lane, phase=P.ACKNOWLEDGED) if heard else lane, request, policy, cause, repeats)

    patch.setattr(session_module, "fate", eager)
    changed_rows(patch, "response", {(P.STREAMING, E.LOST_REPLAYABLE): rows_of("response")[P.ACKNOWLEDGED][E.LOST_REPLAYABLE]})


def _continuation_kept_after_failure(patch: pytest.MonkeyPatch) -> None:
    """The response before stays the one to continue, though the server has dropped it with the failure."""

    def kept(session: Session, lane: Lane, step: Step) -> None:
        RESPONSE_RULES["failed"](session, lane, step)
        lane.continuation = lane.parent

    changed_rows(patch, "response", {(phase, E.FAILED): (P.IDLE, kept) for phase in LIVE})


def _drain_bound_for_each_frame(patch: pytest.MonkeyPatch) -> None:
    """The drain deadline runs from the last frame of the abandoned response, not from the cancel."""

    def instant(lane: Lane, limits: Deadlines) -> float:
        return lane.heard + limits.drain

    patch.setattr(deadlines, "LANE_INSTANTS", {**deadlines.LANE_INSTANTS, DeadlineKind.DRAIN: instant})


def _error_blamed_on_the_new_response(patch: pytest.MonkeyPatch) -> None:
    """An error that names nobody is taken for the answer to the latest create, though a cancel is owed one."""
    plant_classification(patch, tuple(row for row in CLASSIFICATION if row.event is not E.DOUBTFUL))


ROOT_CAUSES: Final = (
    Mutant("root cause: an id is never cleared", Kind.PLANTED, _id_never_cleared, "1, 7", rows=("response idle StrayContent",)),
    Mutant(
        "root cause: an error does not end a drain",
        Kind.PLANTED,
        _error_ends_no_drain,
        "9",
        rows=("response cancel_pending Rejected",),
    ),
    Mutant(
        "root cause: the socket is kept after a drain time-out",
        Kind.PLANTED,
        _socket_kept_after_drain,
        "1, 6",
        rows=("serial-hedge",),
    ),
    Mutant("root cause: a replay after output", Kind.PLANTED, _replay_after_output, "5", rows=("response streaming Lost",)),
    Mutant(
        "root cause: the continuation is kept after a failure",
        Kind.PLANTED,
        _continuation_kept_after_failure,
        "4",
        rows=(
            "failures-in-full",
            "response streaming Failed",
            "response acknowledged Failed",
        ),
    ),
    Mutant(
        "root cause: the drain is bound for each frame, not in all",
        Kind.PLANTED,
        _drain_bound_for_each_frame,
        "9",
        rows=("serial-loss",),
    ),
    Mutant(
        "root cause: an error without a lane is blamed on the new response",
        Kind.PLANTED,
        _error_blamed_on_the_new_response,
        "1, 6",
        rows=(
            "response awaiting_created Doubtful",
            "response cancel_pending Doubtful",
        ),
    ),
)
"""Found on every run."""
