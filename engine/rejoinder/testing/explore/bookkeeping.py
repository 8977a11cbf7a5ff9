"""Sockets are accounted for: what the session believes to be open, dialled and asked is what there is.

Rules of this file
* The network and the callers are the truth; the session's records are compared with them whenever all is quiet. Which phases a
  socket goes with is what those phases mean (``phases.py``), and is written down here: no row is read.
* An order for a socket that is not there is wrong when it is given, whatever becomes of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rejoinder.states import effects as ordered
from rejoinder.states.phases import LinkPhase, RequestPhase

if TYPE_CHECKING:
    from collections.abc import Collection

    from rejoinder.states.session import Session

    from .world import ExploredWorld

__all__ = ["forgotten", "misdirected", "unbalanced"]

HEAD: Final = "promise 14"

OPEN: Final = frozenset({LinkPhase.OPEN, LinkPhase.PROVING, LinkPhase.RETIRING})
TAKING: Final = frozenset({LinkPhase.OPEN, LinkPhase.PROVING})


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
    elif isinstance(effect, ordered.Send | ordered.SendCancel | ordered.Ping) and effect.link not in world.sockets:
        return f"{HEAD}: {effect} is for a link that is not open"
    return None


def unbalanced(session: Session, sockets: Collection[int], dialling: Collection[int], pinged: Collection[int]) -> str | None:
    """Where the session's records differ from the links that are open, dialled and pinged; None if they agree."""
    taking = there = 0
    for number, link in session.links.items():
        phase = link.phase
        if phase in OPEN:
            there += 1
            if number not in sockets:
                return f"{HEAD}: link {number} is {phase}, and has no socket"
            if phase in TAKING:
                taking += 1
            if phase is LinkPhase.PROVING and number not in pinged:
                return f"{HEAD}: link {number} waits for a pong, and was not pinged"
        elif phase is LinkPhase.CONNECTING:
            there += 1
            if number not in dialling:
                return f"{HEAD}: link {number} is {phase}, and nobody dials"
    if there != len(sockets) + len(dialling):
        return f"{HEAD}: links {sorted((*sockets, *dialling))} are there, and the session has {session}"
    if taking > 1:
        return f"{HEAD}: {taking} links take requests at one time: {session}"
    return None


def forgotten(world: ExploredWorld) -> str | None:
    """Callers that wait for an outcome and are not known any more, and requests that are kept for nobody; None if there are none."""
    requests = world.session.requests
    open_callers = 0
    for number, caller in world.callers.items():
        if caller.ended:
            continue
        open_callers += 1
        request = requests.get(number)
        if request is None:
            return f"promise 3: request {number} is forgotten, and has no outcome"
        if (request.phase is RequestPhase.SENT) != (caller.attempt is not None):
            return f"promise 3: request {number} is {request.phase}, and that is not so"
    if open_callers != len(requests):
        return f"promise 3: the session goes on with requests that have their outcome: {world.session}"
    return None
