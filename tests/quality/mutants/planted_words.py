"""Faults planted by hand: whose words are whose, what may be continued, and when a lane is clean.

Rules of this file
* Each is a slip that somebody might make in a rule or a look-up, written as that slip, and says which promise it must break.
"""

from __future__ import annotations

from typing import Final

import pytest

from quality.mutants.mutant import Kind, Mutant, Row
from quality.mutants.planting import changed_rows, rows_of
from rejoinder.states import facts, intake, placement, response_rules
from rejoinder.states.classify import Echo, Identity, Sequence
from rejoinder.states.continuation import Decision, Full, Reuse
from rejoinder.states.phases import ResponsePhase
from rejoinder.states.records import Lane, Link, Request
from rejoinder.states.response_rules import RESPONSE_RULES
from rejoinder.states.session import Session
from rejoinder.states.steps import Step
from rejoinder.states.stream_events import StreamEvent
from rejoinder.states.triggers import ResponseEvent

__all__ = ["PLANTED_WORDS"]

P = ResponsePhase
E = ResponseEvent
LIVE: Final = (P.ACKNOWLEDGED, P.STREAMING)
ASKING: Final = (P.AWAITING_CREATED, P.DOUBTED)


def _id_not_compared(patch: pytest.MonkeyPatch) -> None:
    def trusting(lane: Lane, frame: StreamEvent) -> Identity:
        del frame
        return Identity.UNKNOWN if lane.response_id is None else Identity.SAME

    patch.setattr(facts, "identity_of", trusting)


def _echo_not_compared(patch: pytest.MonkeyPatch) -> None:
    def trusting(lane: Lane, frame: StreamEvent) -> Echo:
        del lane, frame
        return Echo.AGREES

    patch.setattr(facts, "echo_of", trusting)


def _numbers_not_compared(patch: pytest.MonkeyPatch) -> None:
    def trusting(lane: Lane, frame: StreamEvent) -> Sequence:
        del lane, frame
        return Sequence.ABSENT

    for module in (facts, intake):
        patch.setattr(module, "sequence_of", trusting)


def _items_stay_announced(patch: pytest.MonkeyPatch) -> None:
    right = Lane.forget_response

    def remembering(lane: Lane) -> None:
        items = lane.items
        right(lane)
        lane.items, lane.earlier = items, frozenset()

    patch.setattr(Lane, "forget_response", remembering)


def _unlabelled_to_the_latest_lane(patch: pytest.MonkeyPatch) -> None:
    right = placement.lane_of

    def guessing(session: Session, link: Link, frame: StreamEvent) -> Lane | None:
        if session.profile.lanes and frame.stream_id is None and link.lanes:
            return max(link.lanes.values(), key=lambda lane: lane.used)
        return right(session, link, frame)

    patch.setattr(placement, "lane_of", guessing)


def _continued_after_a_cancel(patch: pytest.MonkeyPatch) -> None:
    def kept(session: Session, lane: Lane, step: Step) -> None:
        RESPONSE_RULES["drained"](session, lane, step)
        lane.continuation = lane.parent

    changed_rows(patch, "response", {(P.DRAINING, event): (P.IDLE, kept) for event in (E.COMPLETED, E.FAILED, E.INCOMPLETE)})


def _incomplete_counts_as_complete(patch: pytest.MonkeyPatch) -> None:
    changed_rows(patch, "response", {(phase, E.INCOMPLETE): (P.IDLE, RESPONSE_RULES["completed"]) for phase in LIVE})


def _continued_on_another_lane(patch: pytest.MonkeyPatch) -> None:
    right = placement.__dict__["_choose"]

    def generous(session: Session, link: Link, request: Request) -> tuple[Lane, Decision] | None:
        chosen: tuple[Lane, Decision] | None = right(session, link, request)
        if chosen is None or request.replays:
            return chosen
        others = [lane.continuation for lane in link.lanes.values() if lane is not chosen[0] and lane.continuation is not None]
        if isinstance(chosen[1], Full) and others:
            return chosen[0], Reuse(others[-1].response_id, request.content.items[-1:], len(request.content.items) - 1)
        return chosen

    patch.setattr(placement, "_choose", generous)


def _taken_back_is_clean(patch: pytest.MonkeyPatch) -> None:
    changed_rows(patch, "response", {(phase, E.CANCEL): (P.IDLE, RESPONSE_RULES["caller_left_early"]) for phase in ASKING})


def _damaged_is_clean(patch: pytest.MonkeyPatch) -> None:
    changed_rows(patch, "response", {(phase, E.GARBAGE): (P.IDLE, RESPONSE_RULES["damaged"]) for phase in (*ASKING, *LIVE)})


def _foreign_is_clean(patch: pytest.MonkeyPatch) -> None:
    def finished(session: Session, lane: Lane, step: Step) -> None:
        RESPONSE_RULES["lost"](session, lane, Step(step.source, step.event, step.now))

    changed_rows(patch, "response", {(phase, E.FOREIGN_CREATED): (P.IDLE, finished) for phase in (*ASKING, *LIVE)})


def _overdue_is_clean(patch: pytest.MonkeyPatch) -> None:
    changes: dict[tuple[str, str], Row | None] = {
        (P.AWAITING_CREATED, event): (P.IDLE, RESPONSE_RULES[rule])
        for event, rule in ((E.EXPIRED, "overdue"), (E.EXPIRED_REPLAYABLE, "overdue_replayed"))
    }
    changed_rows(patch, "response", changes)


def _doubt_is_over(patch: pytest.MonkeyPatch) -> None:
    """The grace period has passed, so the error was the create's after all, and nothing follows."""

    def settled(session: Session, lane: Lane, step: Step) -> None:
        RESPONSE_RULES["create_rejected"](session, lane, Step(step.source, step.event, step.now, lane.fault))

    changed_rows(patch, "response", {(P.DOUBTED, event): (P.IDLE, settled) for event in (E.EXPIRED, E.EXPIRED_REPLAYABLE)})


def _debt_forgotten_with_the_response(patch: pytest.MonkeyPatch) -> None:
    """Its terminal came, so no answer to its cancel is expected any more."""
    right = RESPONSE_RULES["drained"]

    def relieved(session: Session, lane: Lane, step: Step) -> None:
        right(session, lane, step)
        session.links[lane.link].debt -= lane.owed
        lane.owed = 0

    changed_rows(patch, "response", {(P.DRAINING, event): (P.IDLE, relieved) for event in (E.COMPLETED, E.FAILED, E.INCOMPLETE)})


def _any_error_pays_all_debts(patch: pytest.MonkeyPatch) -> None:
    def generous(session: Session, link: Link, lane: Lane | None) -> None:
        del session, lane
        link.debt, link.cancel_refused = 0, True
        for other in link.lanes.values():
            other.owed = 0

    patch.setattr(Session, "cancel_answered", generous)


def _nothing_is_tainted(patch: pytest.MonkeyPatch) -> None:
    """Neither when its caller leaves nor when its terminal comes."""
    right = response_rules.__dict__["orphan"]

    def trusting(lane: Lane, step: Step) -> None:
        tainted = lane.tainted
        right(lane, step)
        lane.tainted = tainted

    def drained(session: Session, lane: Lane, step: Step) -> None:
        tainted = lane.tainted
        RESPONSE_RULES["drained"](session, lane, step)
        lane.tainted = tainted

    patch.setattr(response_rules, "orphan", trusting)
    changed_rows(patch, "response", {(P.DRAINING, event): (P.IDLE, drained) for event in (E.COMPLETED, E.FAILED, E.INCOMPLETE)})


def _late_created_revives(patch: pytest.MonkeyPatch) -> None:
    changed_rows(patch, "response", {(P.QUARANTINED, E.CREATED): rows_of("response")[P.AWAITING_CREATED][E.CREATED]})


def _stranger_passes_unseen(patch: pytest.MonkeyPatch) -> None:
    """A response that nobody asked for on an idle lane is counted, and the lane is used as if nothing ran there."""
    changed_rows(patch, "response", {(P.IDLE, E.CREATED): (P.IDLE, RESPONSE_RULES["late_frame"])})


PLANTED_WORDS: Final = (
    Mutant(
        "the response id is not compared",
        Kind.PLANTED,
        _id_not_compared,
        "1",
        rows=(
            "response streaming ForeignTerminal",
            "response draining ForeignTerminal",
        ),
    ),
    Mutant(
        "the echo of the previous response is not compared",
        Kind.PLANTED,
        _echo_not_compared,
        "1",
        rows=("response awaiting_created ForeignCreatedReplayable",),
    ),
    Mutant(
        "sequence numbers are not compared",
        Kind.PLANTED,
        _numbers_not_compared,
        "1",
        rows=(
            "response streaming ContentRepeated",
            "response streaming ContentAfterGap",
            "response acknowledged StrayContent",
        ),
    ),
    Mutant(
        "items stay announced when their response is over",
        Kind.PLANTED,
        _items_stay_announced,
        "1",
        rows=(
            "response streaming StrayContent",
            "response acknowledged StrayContent",
        ),
    ),
    Mutant(
        "a frame without a label is for the lane used last",
        Kind.PLANTED,
        _unlabelled_to_the_latest_lane,
        "1",
        rows=("response cancel_pending Doubtful",),
    ),
    Mutant(
        "the parent of a cancelled response is continued",
        Kind.PLANTED,
        _continued_after_a_cancel,
        "4",
        rows=("serial-failures", "response draining Completed"),
    ),
    Mutant(
        "an incomplete response is continued",
        Kind.PLANTED,
        _incomplete_counts_as_complete,
        "4",
        rows=(
            "response acknowledged Incomplete",
            "response streaming Incomplete",
        ),
    ),
    Mutant(
        "a response is continued on another lane",
        Kind.PLANTED,
        _continued_on_another_lane,
        "4",
        rows=("four-at-once", "request waiting LaneFree"),
    ),
    Mutant(
        "what was taken back is taken for clean",
        Kind.PLANTED,
        _taken_back_is_clean,
        "1, 6",
        rows=("response awaiting_created Cancel",),
    ),
    Mutant(
        "a damaged response is taken for ended",
        Kind.PLANTED,
        _damaged_is_clean,
        "1, 6",
        rows=(
            "response streaming Garbage",
            "response acknowledged Garbage",
        ),
    ),
    Mutant(
        "a foreign response is taken for the end of ours",
        Kind.PLANTED,
        _foreign_is_clean,
        "1, 6",
        rows=(
            "response streaming ForeignCreated",
            "response acknowledged ForeignCreated",
        ),
    ),
    Mutant(
        "an overdue create is taken for lost",
        Kind.PLANTED,
        _overdue_is_clean,
        "1, 6",
        rows=(
            "response awaiting_created ExpiredReplayable",
            "response awaiting_created Expired",
        ),
    ),
    Mutant(
        "a doubt that nobody resolves is taken for a rejection",
        Kind.PLANTED,
        _doubt_is_over,
        "1, 6",
        rows=(
            "response doubted Expired",
            "response doubted ExpiredReplayable",
        ),
    ),
    Mutant(
        "what a cancel is owed is forgotten with its response",
        Kind.PLANTED,
        _debt_forgotten_with_the_response,
        "1, 6",
        rows=("response awaiting_created Doubtful",),
    ),
    Mutant(
        "any error pays what all cancels are owed",
        Kind.PLANTED,
        _any_error_pays_all_debts,
        "1, 6",
        rows=("serial-drain",),
    ),
    Mutant(
        "an abandoned response leaves no taint",
        Kind.PLANTED,
        _nothing_is_tainted,
        "1",
        rows=("serial-holes",),
    ),
    Mutant(
        "a created that is too late revives its lane",
        Kind.PLANTED,
        _late_created_revives,
        "6, 7",
        rows=("response quarantined Created",),
    ),
    Mutant(
        "a response that nobody asked for is passed over",
        Kind.PLANTED,
        _stranger_passes_unseen,
        "1, 6",
        rows=("response idle Created",),
    ),
)
"""Each is found, or named among the equivalent ones."""
