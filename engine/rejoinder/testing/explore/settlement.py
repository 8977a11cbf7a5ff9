"""What is told when it is all over: how an abandoned response ended, and what became of words that were added to one.

Rules of this file
* The truth is the server's: what it said, for whom, and what it works on after that.
* An abandoned response whose terminal is heard is told of, once, by its own name and kind; its lane is at rest from then on.
* Words go out once their response has an id, and end in exactly one final status, with their request at the latest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from rejoinder.states.effects import Deliver, Effect, Settled, Steered
from rejoinder.states.phases import ResponsePhase
from rejoinder.states.verdicts import OutcomeKind, SteerStatus

from .accounts import Audience, Spoken
from .any_server import ServerLane

if TYPE_CHECKING:
    from .known_sessions import Reaction
    from .world import ExploredWorld

__all__ = ["kept_back", "settled_for_nothing", "settled_wrongly", "told_of_words", "unanswered", "untold_words"]

TRUTH: Final = "promise 16"
WAIT: Final = "promise 17"
WORDS: Final = "promise 18"

ENDS: Final[Mapping[str, OutcomeKind]] = MappingProxyType(
    {"completed": OutcomeKind.COMPLETED, "failed": OutcomeKind.FAILED, "incomplete": OutcomeKind.INCOMPLETE}
)
"""The terminals by the book."""
SAID: Final[Mapping[str, SteerStatus]] = MappingProxyType(
    {
        "steer accepted": SteerStatus.ACCEPTED,
        "steer failed": SteerStatus.FAILED,
        "queued steer failed": SteerStatus.FAILED,
        "steer pending": SteerStatus.PENDING,
    }
)
"""What a server says of words, and what that makes of them."""
LISTENERS: Final = frozenset({Audience.LISTENER, Audience.FAULTY})
PASSING: Final = frozenset({SteerStatus.QUEUED, SteerStatus.ACCEPTED})
"""What may be said of words before their last status."""


OWED: Final = frozenset({ResponsePhase.CANCEL_PENDING, ResponsePhase.DRAINING, ResponsePhase.QUARANTINED})
"""Where a lane waits for what its server still owes to nobody."""


def settled_for_nothing(effects: Iterable[Effect]) -> str | None:
    """Whether an abandoned response is said to have ended where no server has said anything."""
    told = next((effect for effect in effects if type(effect) is Settled), None)
    return None if told is None else f"{TRUTH}: {told.response_id} is said to have ended, and the server said nothing"


def settled_wrongly(world: ExploredWorld, said: Spoken, reaction: Reaction, request: int) -> str | None:
    """What is wrong with what is told of an abandoned response, or with its lane, after what was heard; ``request`` is its own."""
    if world.misled:
        return None
    told = [
        (effect.request, effect.response_id.partition(".")[0], effect.kind)
        for effect in reaction.effects
        if type(effect) is Settled
    ]
    kind = ENDS.get(said.what) if said.audience is Audience.LEFT else None
    due = [] if kind is None else [(request, f"r{request}", kind)]
    if told != due:
        return f"{TRUTH}: {said.what} of what request {request} abandoned was told as {told or 'nothing'}"
    if kind is None or _may_follow(world, said):
        return None
    link = world.session.links.get(said.link)
    lane = None if link is None else link.lanes.get(said.lane)
    if lane is not None and lane.phase in OWED:
        return f"{WAIT}: {said.lane or 'the lane'} of link {said.link} is {lane.phase}, and its response has ended"
    return None


def _may_follow(world: ExploredWorld, said: Spoken) -> bool:
    """Whether a successor may follow a terminal, or somebody may think so: words were added, and not all is said of them."""
    if not world.watch.configuration.steers:
        return False
    socket = world.sockets.get(said.link)
    if socket is None:
        return True
    lane = socket.connection.lanes.get(said.lane, ServerLane())
    return bool(socket.outbox) or bool(socket.connection.owed) or lane.run is not None or bool(lane.too_late)


def kept_back(world: ExploredWorld) -> str | None:
    """Words that wait though the response that they were added to can be named; None if there are none."""
    if world.watch.configuration.steers:
        for number, caller in world.callers.items():
            if caller.ended or caller.attempt is None or not caller.begun or caller.faulty or caller.ending is not None:
                continue
            waiting = [steer for steer in caller.steers if steer not in caller.said]
            if waiting:
                return f"{WORDS}: words {waiting} of request {number} are not sent, and its response has an id"
    return None


def told_of_words(world: ExploredWorld, effect: Steered) -> str | None:
    """What is wrong with the news of words that are about to be told."""
    steers = world.callers[effect.request].steers
    if effect.steer not in steers:
        return f"{WORDS}: words {effect.steer} of request {effect.request} are {effect.status} after their last status"
    if effect.status not in PASSING:
        world.caller(effect.request).steers = tuple([steer for steer in steers if steer != effect.steer])
    return None


def untold_words(world: ExploredWorld, said: Spoken, reaction: Reaction, request: int) -> str | None:
    """Whether what a server says of words is kept from whoever added them, who listens."""
    status = SAID.get(said.what)
    if status is None or world.misled or said.audience not in LISTENERS:
        return None
    if not any(type(effect) is Steered and effect.request == request and effect.status is status for effect in reaction.effects):
        return f"{WORDS}: {said.what}, and request {request} is not told that its words are {status}"
    if not any(type(effect) is Deliver for effect in reaction.effects):
        return f"{WORDS}: {said.what} is not delivered to request {request}"
    return None


def unanswered(world: ExploredWorld) -> str | None:
    """Words whose request has its outcome, and that have no last status; None if there are none."""
    if world.watch.configuration.steers:
        for number, caller in world.callers.items():
            if caller.ended and caller.steers:
                return f"{WORDS}: request {number} has its outcome, and its words {caller.steers} have no last status"
    return None
