"""Faults to plant: rows and rules changed as somebody might change them by mistake, each of which breaks a promise.

Rules of this file
* A plant changes one thing, by ``monkeypatch``, and is gone after the test. It names the promise that the programs must see
  broken.
* Most are the stories that broke earlier drafts of the tables.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Any, Final

import attrs
import pytest
from hypothesis import strategies as st

from rejoinder.states import deadlines, facts, intake, placement, response_rules
from rejoinder.states import session as session_module
from rejoinder.states.classify import CLASSIFIED, Fate, Item, Stage
from rejoinder.states.continuation import Continuation, Decision
from rejoinder.states.edges import Staying
from rejoinder.states.effects import SendCancel
from rejoinder.states.link_rules import LINK_RULES
from rejoinder.states.phases import LinkPhase, RequestPhase, ResponsePhase
from rejoinder.states.profiles import CancelPolicy, DeadlineKind, Deadlines, Policy
from rejoinder.states.records import Lane, Link, Request
from rejoinder.states.response_rules import RESPONSE_RULES
from rejoinder.states.session import Session
from rejoinder.states.steps import Step
from rejoinder.states.stream_events import FrameKind
from rejoinder.states.triggers import LinkEvent, RequestEvent, ResponseEvent
from rejoinder.states.verdicts import Cause
from rejoinder.testing import CancelMode
from rejoinder.testing.fuzz.setups import SETUPS, Setup

__all__ = ["DELAYS", "PLANTS", "Plant"]

Rule = Callable[[Any, Any, Step], None]
Rows = Mapping[str, Mapping[str, Any]]
L = LinkPhase
P = ResponsePhase
E = ResponseEvent


@attrs.frozen
class Plant:
    """One fault."""

    name: str
    """What is wrong."""
    broken: str
    """What the judge must say, as a pattern."""
    plant: Callable[[pytest.MonkeyPatch], None]
    """Puts it in."""
    setups: st.SearchStrategy[Setup] = SETUPS
    """Where it shows: any setup, unless that would take long."""


def _change(patch: pytest.MonkeyPatch, table: str, changes: Mapping[tuple[str, str], Staying | tuple[str, Rule] | None]) -> None:
    """Change rows of a table: to a constant, to a target and a rule, or to nothing."""
    changed = {phase: dict(rows) for phase, rows in _rows(table).items()}
    for (phase, event), row in changes.items():
        if row is None:
            del changed[phase][event]
        else:
            changed[phase][event] = row
    patch.setattr(session_module, table, changed)


def _rows(table: str) -> Rows:
    rows: Rows = vars(session_module)[table]
    return rows


def _replay_after_commit(patch: pytest.MonkeyPatch) -> None:
    right = facts.fate

    def eager(lane: Lane, request: Request | None, policy: Policy, cause: Cause, repeats: int = 1) -> Fate:
        lost = lane.phase is P.STREAMING and cause is Cause.LOST
        return right(replace(lane, phase=P.ACKNOWLEDGED) if lost else lane, request, policy, cause, repeats)

    patch.setattr(session_module, "fate", eager)
    _change(patch, "RESPONSE_ROWS", {(P.STREAMING, E.LOST_REPLAYABLE): (P.IDLE, RESPONSE_RULES["lost_replayed"])})


def _replay_without_end(patch: pytest.MonkeyPatch) -> None:
    right = facts.fate

    def forgetful(lane: Lane, request: Request | None, policy: Policy, cause: Cause, repeats: int = 1) -> Fate:
        return right(lane, None if request is None else replace(request, replays=()), policy, cause, repeats)

    patch.setattr(facts, "fate", forgetful)
    patch.setattr(session_module, "fate", forgetful)


def _continuation_survives_its_link(patch: pytest.MonkeyPatch) -> None:
    latest: dict[int, Continuation | None] = {}
    completed, new_lane = RESPONSE_RULES["completed"], Session.new_lane

    def remembered(session: Session, lane: Lane, step: Step) -> None:
        completed(session, lane, step)
        latest[id(session)] = lane.continuation

    def revived(session: Session, link: Link, name: str | None) -> Lane:
        lane = new_lane(session, link, name)
        lane.continuation = latest.get(id(session)) if session.has_completed else None
        return lane

    patch.setattr(Session, "new_lane", revived)
    _change(patch, "RESPONSE_ROWS", {(phase, E.COMPLETED): (P.IDLE, remembered) for phase in (P.ACKNOWLEDGED, P.STREAMING)})


def _terminal_for_nobody_cleans(patch: pytest.MonkeyPatch) -> None:
    _change(patch, "RESPONSE_ROWS", {(P.CANCEL_PENDING, E.FOREIGN_TERMINAL): (P.IDLE, RESPONSE_RULES["drained"])})


def _cancel_delivers_on(patch: pytest.MonkeyPatch) -> None:
    def attached(lane: Lane, step: Step) -> None:
        lane.tainted = True
        lane.abandoned_at = step.now

    patch.setattr(response_rules, "orphan", attached)
    _change(patch, "RESPONSE_ROWS", {(P.DRAINING, E.CONTENT): Staying.DELIVER})


def _debt_is_ignored(patch: pytest.MonkeyPatch) -> None:
    def signal(session: Session, lane: Lane) -> None:
        if lane.response_id is not None and session.policy.signal:
            session.emit(SendCancel(lane.link, lane.response_id))

    patch.setattr(Session, "signal", signal)


def _drain_deadline_cleans(patch: pytest.MonkeyPatch) -> None:
    drained = (P.IDLE, RESPONSE_RULES["drained"])
    _change(patch, "RESPONSE_ROWS", {(phase, E.EXPIRED): drained for phase in (P.DRAINING, P.CANCEL_PENDING)})


def _lane_free_while_it_drains(patch: pytest.MonkeyPatch) -> None:
    right = placement.__dict__["_choose"]

    def eager(session: Session, link: Link, request: Request) -> tuple[Lane, Decision] | None:
        draining = [lane for lane in link.lanes.values() if lane.phase is P.DRAINING]
        for lane in draining:
            lane.phase = P.IDLE
        chosen: tuple[Lane, Decision] | None = right(session, link, request)
        for lane in draining:
            if chosen is None or lane is not chosen[0]:
                lane.phase = P.DRAINING
        return chosen

    patch.setattr(placement, "_choose", eager)


def _no_probation(patch: pytest.MonkeyPatch) -> None:
    def trusting(session: Session, link: Link, step: Step) -> None:
        LINK_RULES["link_opened"](session, link, step)
        if session.profile.lanes:
            session.new_lane(link, "lane-1")
            link.proven = True

    _change(patch, "LINK_ROWS", {(L.CONNECTING, LinkEvent.OPENED): (L.OPEN, trusting)})


def _error_ends_the_response(patch: pytest.MonkeyPatch) -> None:
    def finished(session: Session, lane: Lane, step: Step) -> None:
        lane.fault = step.error
        RESPONSE_RULES["failed_by_loss"](session, lane, step)

    _change(patch, "RESPONSE_ROWS", {(phase, E.FAULT): (P.IDLE, finished) for phase in (P.ACKNOWLEDGED, P.STREAMING)})


def _items_do_not_matter(patch: pytest.MonkeyPatch) -> None:
    content = {
        of_frame: E.CONTENT if event is E.STRAY_CONTENT and Stage.BEGUN in of_frame and Item.UNANNOUNCED in of_frame else event
        for of_frame, event in CLASSIFIED[FrameKind.CONTENT].items()
    }
    changed: dict[FrameKind, Mapping[tuple[StrEnum, ...], ResponseEvent]] = {**CLASSIFIED, FrameKind.CONTENT: content}
    patch.setattr(intake, "CLASSIFIED", changed)


def _row_is_missing(patch: pytest.MonkeyPatch) -> None:
    _change(patch, "RESPONSE_ROWS", {(P.DRAINING, E.LOST): None})


def _rotation_is_due_for_ever(patch: pytest.MonkeyPatch) -> None:
    def hasty(session: Session, link: Link, step: Step) -> None:
        session.dial_successor(step.now, None)

    _change(patch, "LINK_ROWS", {(L.OPEN, LinkEvent.AGE_NEAR): (L.OPEN, hasty)})


def _nobody_gives_up(patch: pytest.MonkeyPatch) -> None:
    waiting = RequestPhase.WAITING
    _change(
        patch, "REQUEST_ROWS", {(waiting, RequestEvent.GAVE_UP): Staying.IGNORE, (waiting, RequestEvent.EXPIRED): Staying.IGNORE}
    )


def _vacant_links_stay_open(patch: pytest.MonkeyPatch) -> None:
    def forgotten(session: Session, link: Link, step: Step) -> None:
        session.end_lanes(link, step)

    _change(patch, "LINK_ROWS", {(L.RETIRING, LinkEvent.VACANT): (L.CLOSED, forgotten)})


def _nobody_hedges(patch: pytest.MonkeyPatch) -> None:
    _change(patch, "REQUEST_ROWS", {(RequestPhase.WAITING, RequestEvent.HEDGE_DUE): (RequestPhase.WAITING, _only_marks)})


def _only_marks(session: Session, request: Request, step: Step) -> None:
    request.hedged = True


def _drain_starts_again(patch: pytest.MonkeyPatch) -> None:
    """From the last frame of the abandoned response, instead of from the cancel."""

    def instant(lane: Lane, limits: Deadlines) -> float:
        return lane.heard + limits.drain

    patch.setattr(deadlines, "LANE_INSTANTS", {**deadlines.LANE_INSTANTS, DeadlineKind.DRAIN: instant})


def _retire_waits(patch: pytest.MonkeyPatch) -> None:
    def patient(session: Session, lane: Lane, step: Step) -> None:
        pass

    patch.setattr(response_rules, "apply_policy", patient)


SERIAL: Final = st.builds(Setup, provider=st.just("serial"), then=st.sampled_from([CancelPolicy.HEDGE, CancelPolicy.DRAIN]))
"""The plainest setups: one response at a time, and no signal."""
ERRORS_ANSWER_CANCELS: Final = st.builds(
    Setup,
    provider=st.just("serial"),
    then=st.just(CancelPolicy.DRAIN),
    signal=st.just(value=True),
    cancel_mode=st.sampled_from([CancelMode.ERROR, CancelMode.LATE_ERROR]),
)
"""A serial server that answers each cancel with an error."""

PLANTS: Final = (
    Plant("replay after the commit point", "promise 5: .* after output was delivered", _replay_after_commit, SERIAL),
    Plant("replay without end", "promise 5: .* was (sent|replayed)", _replay_without_end),
    Plant("a continuation survives its link", "promise 4", _continuation_survives_its_link),
    Plant("a terminal for nobody calls the lane clean", "promise [16]", _terminal_for_nobody_cleans, SERIAL),
    Plant("a cancelled caller goes on hearing", "promise [23]", _cancel_delivers_on),
    Plant("the debt of a cancel is ignored", "promise [16]", _debt_is_ignored, ERRORS_ANSWER_CANCELS),
    Plant("the drain deadline calls the lane clean", "promise [16]", _drain_deadline_cleans),
    Plant("a request goes out on a lane that drains", "promise [167]", _lane_free_while_it_drains),
    Plant("two creates on a link on probation", "promise 6", _no_probation),
    Plant("an error ends the response whose terminal is owed", "promise 6", _error_ends_the_response, SERIAL),
    Plant("items do not matter", "promise 1", _items_do_not_matter, SERIAL),
    Plant("a row is missing", "promise 7", _row_is_missing),
    Plant("a rotation is due for ever", "is due again", _rotation_is_due_for_ever),
    Plant("nobody gives up", "is due again", _nobody_gives_up),
    Plant("the socket of a vacant link stays open", "promise 14", _vacant_links_stay_open),
)
"""Faults that break a promise which every step is judged by."""

DELAYS: Final = (
    Plant("nobody hedges", "sent too late", _nobody_hedges),
    Plant("the drain deadline starts again with each frame", "sent too late", _drain_starts_again),
    Plant("to retire is to wait", "sent too late", _retire_waits),
)
"""Faults that make the request after an interruption late."""
