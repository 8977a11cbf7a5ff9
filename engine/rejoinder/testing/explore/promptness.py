"""No avoidable wait: what can be sent now is sent now, and in the shortest form that is right.

Rules of this file
* It is asked where nothing stands in the way: the server has said nothing wrong, owes nothing, and everything has been read.
* What a server could continue is the server's own knowledge: the latest response of a lane, if it completed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rejoinder.states import effects as ordered
from rejoinder.states import events as happening
from rejoinder.states.continuation import Reuse
from rejoinder.states.phases import LinkPhase, RequestPhase

from .any_server import ServerLane

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .world import ExploredWorld

__all__ = ["dialled_too_soon", "sent_in_full_for_nothing", "waits_for_nothing"]

HEAD: Final = "promise 17"


def waits_for_nothing(world: ExploredWorld) -> str | None:
    """Whether a request waits for a lane of the open link though the server has said all that it had to say there."""
    session = world.session
    first = next((request for request in session.requests.values() if request.phase is RequestPhase.WAITING), None)
    if first is None:
        return None
    link = next((link for link in session.links.values() if link.phase is LinkPhase.OPEN), None)
    if link is None:
        return None if world.dialling or world.pinged or _is_pausing(world) else f"{HEAD}: nobody dials for request {first.number}"
    if world.misled:
        return None
    socket = world.sockets.get(link.number)
    if socket is None or socket.outbox or world.unsendable:
        return None
    connection = socket.connection
    # Where a cancel was read, an error may still be owed, or be taken for one: then waiting is right.
    # That words came too late has to be said as well before a lane is known to be clean.
    too_late = any(lane.too_late for lane in connection.lanes.values())
    if connection.doomed or connection.cancels or too_late or any(connection.runs):
        return None
    return f"promise 9: request {first.number} waits on link {link.number}, where nothing is left to wait for: {session}"


def _is_pausing(world: ExploredWorld) -> bool:
    return any(link.phase is LinkPhase.RECONNECTING for link in world.session.links.values())


def dialled_too_soon(event: happening.Event, effects: Sequence[ordered.Effect]) -> str | None:
    """Whether a dial that failed is repeated at once: a server that is down is not to be hammered."""
    if isinstance(event, happening.DialFailed) and any(isinstance(effect, ordered.Dial) for effect in effects):
        return f"{HEAD}: a dial that failed is repeated without a pause"
    return None


def sent_in_full_for_nothing(world: ExploredWorld, effect: ordered.Send, lane: ServerLane) -> str | None:
    """Whether a request is sent in full though the server has all of what came before, on the very lane that it is sent on."""
    if isinstance(effect.decision, Reuse) or world.misled or not world.session.policy.reuse:
        return None
    number = effect.request
    chain = world.chains[number]
    if not chain or world.callers[number].replays or lane.latest is None:
        return None
    before = chain[-1][0]
    if lane.latest.partition(".")[0] != f"r{before}" or lane.latest.endswith("'"):
        # What a successor took up came by steering: no input can be compared with it.
        return None
    return f"{HEAD}: request {number} is sent in full, and the server has {lane.latest}, which it continues: {effect.decision}"
