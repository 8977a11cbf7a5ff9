"""No avoidable wait: what can be sent now is sent now, and in the shortest form that is right.

Rules of this file
* It is asked where nothing stands in the way: the server has said nothing wrong, owes nothing, and everything has been read.
* What a server could continue is the server's own knowledge: the latest response of a lane, if it completed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from rejoinder.states import effects as ordered
from rejoinder.states import events as happening
from rejoinder.states.continuation import Reuse
from rejoinder.states.phases import LinkPhase, RequestPhase
from rejoinder.states.profiles import AfterCancel, ReplayPolicy
from rejoinder.states.verdicts import Cause, Outcome

from .any_server import ServerLane

if TYPE_CHECKING:
    from .world import ExploredWorld

__all__ = ["dialled_too_soon", "ended_for_nothing", "held_up", "sent_in_full_for_nothing", "waits_for_nothing"]

# Looked up once: see ``phases.py``.
WAITING: Final = RequestPhase.WAITING
OPEN: Final = LinkPhase.OPEN

HEAD: Final = "promise 17"
REPLAYS: Final = 2
AT_ITS_LIMIT: Final = ("limit", "limit without end")


def waits_for_nothing(world: ExploredWorld) -> str | None:
    """Whether a request waits for a lane of the open link though the server has said all that it had to say there."""
    session = world.session
    first = next((request for request in session.requests.values() if request.phase is WAITING), None)
    if first is None:
        return None
    link = next((link for link in session.links.values() if link.phase is OPEN), None)
    if link is None:
        return None if world.dialling or world.pinged or _is_pausing(world) else f"{HEAD}: nobody dials for request {first.number}"
    if world.misled:
        return None
    socket = world.sockets.get(link.number)
    if socket is None or socket.outbox or world.unsendable:
        return None
    connection = socket.connection
    # Where a cancel was read, an error may still be owed, or be taken for one: then waiting is right. And that words came too late
    # has to be said before a lane is known to be clean.
    too_late = any(lane.too_late for lane in connection.lanes.values())
    if connection.doomed or connection.cancels or any(connection.runs) or too_late:
        return None
    return f"promise 9: request {first.number} waits on link {link.number}, where nothing is left to wait for: {session}"


def _is_pausing(world: ExploredWorld) -> bool:
    return any(link.phase is LinkPhase.RECONNECTING for link in world.session.links.values())


def held_up(world: ExploredWorld, event: happening.Event, effects: Sequence[ordered.Effect], what: str) -> str | None:
    """Whether somebody was left waiting for what a link has just shown: that it lives, or that it is at its limit."""
    if isinstance(event, happening.Pong):
        if any(isinstance(effect, ordered.Close) and effect.link == event.link for effect in effects):
            return f"{HEAD}: link {event.link} answered, and was closed"
    elif what == "miss" and not world.misled:
        names = {effect.name for effect in effects if isinstance(effect, ordered.Note)}
        link = world.session.target()
        if "Replay" in names and link is not None and not any(isinstance(effect, ordered.Send) for effect in effects):
            return f"{HEAD}: what was forgotten is not sent in full at once, and link {link.number} takes requests"
    elif isinstance(event, happening.Received) and what in AT_ITS_LIMIT and not world.misled:
        for number, caller in world.callers.items():
            if caller.place is not None and caller.place[0] == event.link and not caller.begun:
                return f"{HEAD}: link {event.link} is at its limit, and request {number} waits there for its created"
    return None


def dialled_too_soon(event: happening.Event, effects: Sequence[ordered.Effect]) -> str | None:
    """Whether a dial that failed is repeated at once: a server that is down is not to be hammered."""
    if isinstance(event, happening.DialFailed) and any(isinstance(effect, ordered.Dial) for effect in effects):
        return f"{HEAD}: a dial that failed is repeated without a pause"
    return None


AGAIN: Final = frozenset({Cause.LOST, Cause.OVERDUE, Cause.DOUBT, Cause.FOREIGN, Cause.DAMAGED, Cause.LIMIT})
"""Ends after which a request is sent again, where that repeats nothing."""
PASSING: Final[Mapping[str, Cause]] = MappingProxyType(
    {"busy": Cause.REJECTED, "rate": Cause.REJECTED, "miss": Cause.CACHE_MISS, "lane limit": Cause.LANE_LIMIT}
)
"""Refusals that pass, and what a request is then sent again for."""


def ended_for_nothing(world: ExploredWorld, number: int, outcome: Outcome, what: str) -> str | None:
    """Whether a request ends that might have been sent again: nothing of it was delivered, and it was not sent again for this."""
    caller, failure = world.callers[number], outcome.failure
    if failure is None or caller.output or caller.faulty or caller.attempt is None:
        return None
    cause = failure.cause
    if cause is Cause.REJECTED and not world.misled and not caller.doubted:
        cause = PASSING.get(what, cause)
        if what not in PASSING:
            return None
    elif cause not in AGAIN:
        return None
    spent = len(caller.replays) >= REPLAYS or cause in caller.replays
    if spent or world.session.policy.replay is ReplayPolicy.NEVER or number in world.watch.configuration.warm_ups:
        return None
    return f"{HEAD}: request {number} ends ({failure.cause}), and to send it again would repeat nothing"


def sent_in_full_for_nothing(world: ExploredWorld, effect: ordered.Send, lane: ServerLane) -> str | None:
    """Whether a request is sent in full though the server has all of what came before, on the very lane that it is sent on."""
    if isinstance(effect.decision, Reuse) or world.misled or not world.session.policy.reuse:
        return None
    number = effect.request
    chain = world.chains[number]
    if not chain or world.callers[number].replays:
        return None
    answered = world.callers[chain[-1][0]].answered
    named = lane.latest or _parent_of_the_abandoned(world, number, lane)
    if answered is None or named is None or named != answered or named.endswith("'"):
        # What a successor took up came by steering: no input can be compared with it.
        return None
    if answered in world.overdue:
        # It was given up while a successor was due. That none came was said too late to be believed.
        return None
    return f"{HEAD}: request {number} is sent in full, and could continue {named}: {effect.decision}"


def _parent_of_the_abandoned(world: ExploredWorld, number: int, lane: ServerLane) -> str | None:
    """What the response continued that was abandoned just before, where the policy is to name that; None where it is not."""
    if world.session.policy.after_cancel is not AfterCancel.REUSE or lane.ended is None:
        return None
    abandoned = int(lane.ended.partition(".")[0].removeprefix("r"))
    caller = world.callers[abandoned]
    gone = (caller.left or lane.ended in world.overdue) and caller.sends == 1
    # What failed in between has left it nothing to continue.
    before = world.callers.get(abandoned - 1)
    continued = before is not None and before.answered == lane.completed
    return lane.completed if gone and continued and abandoned == number - 1 and lane.latest is None else None
