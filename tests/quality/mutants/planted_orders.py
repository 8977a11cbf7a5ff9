"""Faults planted by hand: what is sent and how often, what is open, and who hears that it is over.

Rules of this file
* Each is a slip that somebody might make in a rule or a look-up, written as that slip, and says which promise it must break.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import attrs
import pytest

from quality.mutants.mutant import Kind, Mutant
from quality.mutants.planting import changed_rows
from rejoinder.states import deadlines, facts, intake, placement
from rejoinder.states import events as happening
from rejoinder.states import session as session_module
from rejoinder.states.classify import Fate
from rejoinder.states.continuation import Decision
from rejoinder.states.effects import Dial, Finish, Send
from rejoinder.states.link_rules import LINK_RULES
from rejoinder.states.phases import LinkPhase, RequestPhase, ResponsePhase
from rejoinder.states.profiles import Policy
from rejoinder.states.records import Lane, Link, Request
from rejoinder.states.request_rules import REQUEST_RULES
from rejoinder.states.response_rules import RESPONSE_RULES
from rejoinder.states.session import Session
from rejoinder.states.steps import Step
from rejoinder.states.triggers import LinkEvent, RequestEvent, ResponseEvent
from rejoinder.states.verdicts import Cause, Outcome, OutcomeKind

__all__ = ["PLANTED_ORDERS"]

L, P, R = LinkPhase, ResponsePhase, RequestPhase
E = ResponseEvent
LIVE: Final = (P.ACKNOWLEDGED, P.STREAMING)
Choice = tuple[Lane, Decision] | None


def _one_too_many(patch: pytest.MonkeyPatch) -> None:
    right = placement.__dict__["_choose"]

    def generous(session: Session, link: Link, request: Request) -> Choice:
        kept = session.profile
        # The profile is the session's for good; only this look at it is wrong.
        object.__setattr__(session, "profile", attrs.evolve(kept, in_flight=kept.in_flight + 1))
        try:
            chosen: Choice = right(session, link, request)
        finally:
            object.__setattr__(session, "profile", kept)
        return chosen

    patch.setattr(placement, "_choose", generous)


def _one_name_too_many(patch: pytest.MonkeyPatch) -> None:
    def generous(session: Session, link: Link, step: Step) -> None:
        LINK_RULES["link_opened"](session, link, step)
        link.names_limit += 1

    changed_rows(patch, "link", {(L.CONNECTING, LinkEvent.OPENED): (L.OPEN, generous)})


def _quarantined_is_free(patch: pytest.MonkeyPatch) -> None:
    right = placement.__dict__["_choose"]

    def careless(session: Session, link: Link, request: Request) -> Choice:
        for lane in link.lanes.values():
            if lane.phase is P.QUARANTINED:
                lane.phase = P.IDLE
        chosen: Choice = right(session, link, request)
        return chosen

    patch.setattr(placement, "_choose", careless)


def _sockets_not_counted(patch: pytest.MonkeyPatch) -> None:
    def generous(session: Session, now: float, hedge_for: int | None) -> None:
        session.links_made += 1
        link = Link(session.links_made, hedge_for=hedge_for)
        session.links[link.number] = link
        session.move_link(link, LinkEvent.NEEDED, now)

    patch.setattr(placement, "_dial_new", generous)


def _proven_by_any_created(patch: pytest.MonkeyPatch) -> None:
    def trusting(session: Session, lane: Lane, step: Step) -> None:
        RESPONSE_RULES["created_arrived"](session, lane, step)
        session.links[lane.link].proven = session.profile.lanes

    changed_rows(patch, "response", {(P.AWAITING_CREATED, E.CREATED): (P.ACKNOWLEDGED, trusting)})


def _hedge_sends_as_well(patch: pytest.MonkeyPatch) -> None:
    """The request that waits goes out at once on the lane it waits for, as well as on the successor."""

    def hasty(session: Session, request: Request, step: Step) -> None:
        REQUEST_RULES["hedge_dialled"](session, request, step)
        link = session.target()
        if link is not None:
            lane = next(iter(link.lanes.values()))
            session.emit(Send(link.number, request.number, lane.name, placement.__dict__["_decide"](session, lane, request)))

    changed_rows(patch, "request", {(R.WAITING, RequestEvent.HEDGE_DUE): (R.WAITING, hasty)})


def _pause_is_no_replay(patch: pytest.MonkeyPatch) -> None:
    def forgetful(session: Session, request: Request, step: Step) -> None:
        replays = request.replays
        REQUEST_RULES["request_paused"](session, request, step)
        request.replays = replays

    changed_rows(patch, "request", {(R.SENT, RequestEvent.REPLAY_LATER): (R.PAUSED, forgetful)})


def _causes_not_compared(patch: pytest.MonkeyPatch) -> None:
    right = facts.fate

    def lenient(lane: Lane, request: Request | None, policy: Policy, cause: Cause, repeats: int = 1) -> Fate:
        known = request is not None and request.replays == (cause,)
        return right(lane, replace(request, replays=()) if known and request is not None else request, policy, cause, repeats)

    for module in (facts, session_module):
        patch.setattr(module, "fate", lenient)


def _never_is_sometimes(patch: pytest.MonkeyPatch) -> None:
    right = facts.fate

    def deaf(lane: Lane, request: Request | None, policy: Policy, cause: Cause, repeats: int = 1) -> Fate:
        return right(lane, request, attrs.evolve(policy, replay=Policy().replay), cause, repeats)

    for module in (facts, session_module):
        patch.setattr(module, "fate", deaf)


def _loss_told_to_the_link_alone(patch: pytest.MonkeyPatch) -> None:
    def hasty(session: Session, event: happening.Lost, now: float) -> None:
        link = session.links.get(event.link)
        if link is not None:
            session.move_link(link, LinkEvent.LOST_WANTED if session.is_wanted(link) else LinkEvent.LOST, now, event)

    patch.setattr(session_module, "INTAKE", {**intake.INTAKE, happening.Lost: hasty})


def _dropped_link_tells_nobody(patch: pytest.MonkeyPatch) -> None:
    def silent(session: Session, link: Link, step: Step) -> None:
        del session, step
        link.lanes = {}

    patch.setattr(Session, "end_lanes", silent)


def _overflow_stays_attached(patch: pytest.MonkeyPatch) -> None:
    def ended(session: Session, request: Request, step: Step) -> None:
        del step
        session.emit(Finish(request.number, Outcome(OutcomeKind.INTERRUPTED)))

    changed_rows(patch, "request", {(R.SENT, RequestEvent.OVERFLOW): (R.ENDED, ended)})


def _fault_ends_twice(patch: pytest.MonkeyPatch) -> None:
    def hasty(session: Session, lane: Lane, step: Step) -> None:
        RESPONSE_RULES["fault_reported"](session, lane, step)
        if lane.request is not None:
            session.emit(Finish(lane.request, Outcome(OutcomeKind.FAILED)))

    changed_rows(patch, "response", {(phase, E.FAULT): (P.FAILING, hasty) for phase in LIVE})


def _cancelling_twice_is_illegal(patch: pytest.MonkeyPatch) -> None:
    changed_rows(patch, "request", {(R.ENDED, RequestEvent.CANCEL): None})


def _dial_anew_and_again(patch: pytest.MonkeyPatch) -> None:
    """A link that was lost and is wanted is dialled at once, and once more when the pause is over."""

    def hasty(session: Session, link: Link, step: Step) -> None:
        LINK_RULES["link_lost_wanted"](session, link, step)
        session.emit(Dial(link.number))

    changed_rows(patch, "link", {(phase, LinkEvent.LOST_WANTED): (L.RECONNECTING, hasty) for phase in (L.OPEN, L.RETIRING)})


def _opened_beside_the_open_one(patch: pytest.MonkeyPatch) -> None:
    """A successor that opens takes over at once: the older link is closed, whoever is live on it."""

    def hasty(session: Session, link: Link, step: Step) -> None:
        for other in list(session.links.values()):
            if other is not link and other.phase in {L.OPEN, L.PROVING}:
                other.lanes = {}
                session.move_link(other, LinkEvent.DROP, step.now)
        LINK_RULES["link_opened"](session, link, step)

    changed_rows(patch, "link", {(L.CONNECTING, LinkEvent.OPENED): (L.OPEN, hasty)})


def _waiting_has_no_end(patch: pytest.MonkeyPatch) -> None:
    """Who waits for a dial that fails waits on; the next request will dial again."""

    def patient(session: Session, link: Link, now: float) -> None:
        del session, link, now

    patch.setattr(Session, "give_up", patient)
    patch.setattr(deadlines, "request_deadline", _no_deadline)


def _no_deadline(request: Request, limits: Any) -> float | None:  # noqa: ANN401
    del request, limits
    return None


PLANTED_ORDERS: Final = (
    Mutant("one response more in flight than allowed", Kind.PLANTED, _one_too_many, "6", rows=("four-at-once",)),
    Mutant("one lane name more than allowed", Kind.PLANTED, _one_name_too_many, "6", rows=("four-at-once",)),
    Mutant("a quarantined lane is taken for free", Kind.PLANTED, _quarantined_is_free, "1, 6", rows=("response draining Expired",)),
    Mutant("sockets are not counted", Kind.PLANTED, _sockets_not_counted, "6", rows=("one-socket",)),
    Mutant(
        "a link is proven by any created", Kind.PLANTED, _proven_by_any_created, "6", rows=("response awaiting_created Created",)
    ),
    Mutant("who hedges is sent at once as well", Kind.PLANTED, _hedge_sends_as_well, "6", rows=("request waiting HedgeDue",)),
    Mutant(
        "a replay after a pause is not written down", Kind.PLANTED, _pause_is_no_replay, "5", rows=("request sent ReplayLater",)
    ),
    Mutant(
        "a request is sent again for the same cause",
        Kind.PLANTED,
        _causes_not_compared,
        "5",
        rows=("response awaiting_created LostReplayable",),
    ),
    Mutant(
        "never to send again is to send again", Kind.PLANTED, _never_is_sometimes, "5", rows=("response awaiting_created Lost",)
    ),
    Mutant("a loss is told to the link alone", Kind.PLANTED, _loss_told_to_the_link_alone, "3, 8", rows=("link open Lost",)),
    Mutant("a link that is dropped tells nobody", Kind.PLANTED, _dropped_link_tells_nobody, "3, 8", rows=("link open Drop",)),
    Mutant(
        "a caller that reads too slowly stays attached",
        Kind.PLANTED,
        _overflow_stays_attached,
        "3",
        rows=("request sent Overflow",),
    ),
    Mutant(
        "a fault ends the request, and its terminal ends it again",
        Kind.PLANTED,
        _fault_ends_twice,
        "3",
        rows=(
            "response streaming Fault",
            "response acknowledged Fault",
        ),
    ),
    Mutant("to cancel twice is illegal", Kind.PLANTED, _cancelling_twice_is_illegal, "7", rows=("request ended Cancel",)),
    Mutant("a lost link is dialled twice", Kind.PLANTED, _dial_anew_and_again, "6", rows=("link open LostWanted",)),
    Mutant(
        "a successor that opens cuts off whoever is live",
        Kind.PLANTED,
        _opened_beside_the_open_one,
        "3, 8",
        rows=("link open SuccessorOpen",),
    ),
    Mutant("waiting has no end", Kind.PLANTED, _waiting_has_no_end, "8", rows=("link connecting DialGivenUp",)),
)
"""Each is found, or named among the equivalent ones."""
