"""Sockets are accounted for: what the session believes to be open, dialled and asked is what there is.

Rules of this file
* The network and the callers are the truth; the session's records are compared with them whenever all is quiet. Which phases a
  socket goes with is what those phases mean (``phases.py``), and is written down here: no row is read.
* An order for a socket that is not there is wrong when it is given, whatever becomes of it.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from rejoinder.states import effects as ordered
from rejoinder.states import events as happening
from rejoinder.states.phases import LinkPhase, RequestPhase, ResponsePhase
from rejoinder.states.triggers import LinkEvent
from rejoinder.states.verdicts import Cause

from .outcomes import stage_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from rejoinder.states.session import Session

    from .world import ExploredWorld

__all__ = ["cut_off", "forgotten", "handed_over_in_silence", "misdirected", "unbalanced", "unexplained"]

# Looked up once: see ``phases.py``.
PROVING: Final = LinkPhase.PROVING
CONNECTING: Final = LinkPhase.CONNECTING
RECONNECTING: Final = LinkPhase.RECONNECTING
FAILED: Final = LinkPhase.FAILED
QUARANTINED: Final = ResponsePhase.QUARANTINED
SENT: Final = RequestPhase.SENT
DOUBTED: Final = ResponsePhase.DOUBTED

HEAD: Final = "promise 14"

OPEN: Final = frozenset({LinkPhase.OPEN, LinkPhase.PROVING, LinkPhase.RETIRING})
WANTED: Final = frozenset({LinkEvent.AGE_NEAR, LinkEvent.NAMES_EXHAUSTED, LinkEvent.HEDGE_DUE})
"""What a successor is wanted for."""
OVERDUE: Final[Mapping[str, str]] = MappingProxyType(
    {
        ResponsePhase.CANCEL_PENDING: "DrainOverdue",
        ResponsePhase.DRAINING: "DrainOverdue",
        ResponsePhase.SUCCESSOR_PENDING: "DrainOverdue",
        ResponsePhase.AWAITING_SUCCESSOR: "SuccessorOverdue",
    }
)
"""What is noted where a lane is given up in these phases, because what was due there did not come."""
STAGES: Final[Mapping[str, ResponsePhase]] = MappingProxyType(
    {
        "asked": ResponsePhase.AWAITING_CREATED,
        "begun": ResponsePhase.ACKNOWLEDGED,
        "talking": ResponsePhase.STREAMING,
        "faulty": ResponsePhase.FAILING,
        "steered": ResponsePhase.AWAITING_SUCCESSOR,
    }
)
"""Where the lane of a request is that has come so far."""
TAKING: Final = frozenset({LinkPhase.OPEN, LinkPhase.PROVING})


MISSING: Final[Mapping[LinkPhase, str]] = MappingProxyType(
    {
        LinkPhase.OPEN: "no socket",
        LinkPhase.PROVING: "no socket, or no ping on its way",
        LinkPhase.RETIRING: "no socket",
        LinkPhase.CONNECTING: "no dial",
        LinkPhase.FAILED: "nothing that says why",
    }
)
"""What a link has in each phase."""


def misdirected(world: ExploredWorld, effect: ordered.Effect) -> str | None:
    """What is wrong with where an order goes; None if all is well."""
    if isinstance(effect, ordered.Dial):
        if effect.link in world.sockets or effect.link in world.dialling:
            return f"{HEAD}: link {effect.link} is dialled, and is there already"
        if world.session.closing:
            return f"{HEAD}: link {effect.link} is dialled, and the session is closed"
        if len(world.sockets) + len(world.dialling) >= world.session.policy.sockets:
            return f"{HEAD}: link {effect.link} is one socket too many"
    elif isinstance(effect, ordered.Close):
        if effect.link not in world.sockets and effect.link not in world.dialling:
            return f"{HEAD}: link {effect.link} is closed, and is not there"
    elif (
        isinstance(effect, ordered.Send | ordered.SendCancel | ordered.SendSteer | ordered.Ping)
        and effect.link not in world.sockets
    ):
        return f"{HEAD}: {effect} is for a link that is not open"
    return None


def unbalanced(session: Session, sockets: Collection[int], dialling: Collection[int], pinged: Collection[int]) -> str | None:
    """Where the session's records differ from the links that are open, dialled and pinged; None if they agree."""
    taking = there = 0
    for number, link in session.links.items():
        phase = link.phase
        if phase in OPEN:
            there += 1
            taking += phase in TAKING
            wrong = number not in sockets or (phase is PROVING and number not in pinged)
        elif phase is CONNECTING:
            there += 1
            wrong = number not in dialling
        else:
            wrong = phase is FAILED and link.failure is None
        if wrong:
            return f"{HEAD}: link {number} is {phase}, and there is {MISSING[phase]}"
    if there != len(sockets) + len(dialling):
        return f"{HEAD}: links {sorted((*sockets, *dialling))} are there, and the session has {session}"
    if taking > 1:
        return f"{HEAD}: {taking} links take requests at one time: {session}"
    return None


def unexplained(session: Session, event: happening.Event, effects: Sequence[ordered.Effect]) -> str | None:
    """A socket that was wanted or given up by the clock, or a dial that was given up, without a word of it; None if all is said."""
    names = {effect.name for effect in effects if isinstance(effect, ordered.Note)}
    dialled = any(isinstance(effect, ordered.Dial) for effect in effects)
    for effect in effects:
        if isinstance(effect, ordered.Moved) and effect.machine == "link":
            if effect.event in WANTED and not dialled and "NoSocket" not in names and not _is_dialling(session):
                return f"{HEAD}: {effect.event} on link {effect.link}, and nothing is dialled, nor does anything say why not"
            if effect.source == PROVING and isinstance(event, happening.Expired) and "LinkSilent" not in names:
                return f"{HEAD}: link {effect.link} gave no pong and is given up, and nothing says so"
        elif isinstance(effect, ordered.Moved) and effect.machine == "response":
            overdue = OVERDUE.get(effect.source) if effect.target == QUARANTINED else None
            if overdue is not None and overdue not in names:
                return f"{HEAD}: what was due on link {effect.link} ({effect.source}) did not come in time, and nothing says so"
        elif isinstance(effect, ordered.Finish):
            failure = effect.outcome.failure
            refused = isinstance(event, happening.StreamFailed) or _has_failed(session)
            if failure is not None and failure.cause is Cause.DIAL and not refused:
                return f"{HEAD}: request {effect.request} is told that no link could be opened, and none is known to have failed"
    return None


def handed_over_in_silence(effects: Sequence[ordered.Effect], names: Collection[str]) -> str | None:
    """Whether a request goes over another transport without a word of it; ``names`` are those of the notes."""
    if "HandedOver" in names:
        return None
    gone = next((effect for effect in effects if type(effect) is ordered.HandOver), None)
    return None if gone is None else f"{HEAD}: request {gone.request} goes over another transport, and nothing says so"


def cut_off(world: ExploredWorld, event: happening.Event, effects: Sequence[ordered.Effect]) -> str | None:
    """Whether a socket is closed, by something that was heard on it, while the server still works on something there.

    It need not be kept for a response that was given up because its time was over, nor where a socket is wanted and there are no
    more. ``world.closing`` has what was there of each socket that was closed since the last look.
    """
    closing, world.closing = world.closing, ()
    if not closing or world.lost_track or not isinstance(event, happening.Received | happening.Withdrawn | happening.Pong):
        return None
    if len(world.sockets) + len(world.dialling) >= world.session.policy.sockets and any(type(e) is ordered.Dial for e in effects):
        return None
    for link, socket in closing:
        for lane in socket.connection.lanes.values():
            # A successor is as late as the response that it takes up.
            speaks = lane.run is not None and lane.run.response.rstrip("'") not in world.overdue
            if speaks or (lane.stranger is not None and not world.overdue):
                return f"{HEAD}: link {link} is closed, and something still runs there"
    return None


def _is_dialling(session: Session) -> bool:
    return any(link.phase in {CONNECTING, RECONNECTING} for link in session.links.values())


def _has_failed(session: Session) -> bool:
    return any(link.phase is FAILED for link in session.links.values())


def forgotten(world: ExploredWorld) -> str | None:
    """Callers that wait for an outcome and are not known any more, or elsewhere than they are; None if there are none."""
    requests = world.session.requests
    open_callers = 0
    for number, caller in world.callers.items():
        if caller.ended:
            continue
        open_callers += 1
        request = requests.get(number)
        if request is None:
            return f"promise 3: request {number} is forgotten, and has no outcome"
        if (request.phase is SENT) != (caller.attempt is not None):
            return f"promise 3: request {number} is {request.phase}, and that is not so"
        if caller.place is not None:
            link, name = caller.place
            there = world.session.links.get(link)
            lane = None if there is None else there.lanes.get(name)
            phase = DOUBTED if caller.doubted else STAGES[stage_of(caller)]
            if lane is None or lane.phase is not phase:
                return f"{HEAD}: request {number} is {stage_of(caller)}, so its lane should be {phase}: {lane and lane.phase}"
    if open_callers != len(requests):
        return f"promise 3: the session goes on with requests that have their outcome: {world.session}"
    return None
