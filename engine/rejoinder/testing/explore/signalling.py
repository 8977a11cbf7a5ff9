"""The server is told, and what is unsent costs nothing: what becomes of responses that nobody wants any more.

Rules of this file
* The truth is the server's: what it works on, which cancels it has read, and what is on its way to it.
* A server is told of each response that was abandoned while it has an id, once, where signalling is on and this link has not
  refused a cancel. Of one that has no id yet it is told when the id is known.
* A create that has not left is taken back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rejoinder.states import effects as ordered
from rejoinder.states.phases import ResponsePhase

from .any_server import Run, Stage

if TYPE_CHECKING:
    from .happening import Socket
    from .world import ExploredWorld

__all__ = ["told_wrongly", "untold"]

# Looked up once: see ``phases.py``.
READ: Final = Stage.READ
IDLE: Final = ResponsePhase.IDLE
FAILING: Final = Stage.FAILING
ENDED: Final = Stage.ENDED

TOLD: Final = "promise 12"
UNSENT: Final = "promise 13"


def _wanted(world: ExploredWorld, attempt: str, request: int) -> bool:
    """Whether somebody waits for an attempt."""
    # A successor is the same attempt's.
    return world.callers[request].attempt == attempt.rstrip("'")


def told_wrongly(world: ExploredWorld, effect: ordered.SendCancel) -> str | None:  # noqa: PLR0911 - one answer for each fault
    """What is wrong with a cancel that is about to go out; None if all is well."""
    named = effect.response_id
    if not world.signalling:
        return f"{TOLD}: a cancel of {named}, and signalling is off"
    if effect.link in world.refusing:
        return f"{TOLD}: a cancel of {named} on link {effect.link}, which has refused one"
    socket = world.sockets[effect.link]
    if any(out.cancels and out.response == named for out in socket.outbox):
        return f"{TOLD}: a second cancel of {named}"
    run = next((run for run in socket.connection.runs if run.response == named), None)
    if run is None:
        # What a stranger is, nobody can tell: its id is as good as any.
        strangers = any(lane.stranger == named for lane in socket.connection.lanes.values())
        return None if strangers else f"{TOLD}: a cancel of {named}, which does not run"
    if run.cancelled:
        return f"{TOLD}: a second cancel of {named}"
    if run.stage is READ:
        return f"{TOLD}: a cancel of {named}, whose id nobody was told"
    if _wanted(world, named, run.request):
        return f"{TOLD}: a cancel of {named}, which its caller still wants"
    return None


def untold(world: ExploredWorld) -> str | None:
    """What should have been said, or taken back, and was not; None if all is well."""
    for link, socket in world.sockets.items():
        for out in socket.outbox:
            if out.request and not _wanted(world, out.response, out.request):
                return f"{UNSENT}: request {out.request} is still in the outbox of link {link}, and nobody waits for it"
        if world.lost_track:
            continue
        there = world.session.links.get(link)
        for name, server in socket.connection.lanes.items():
            lane = None if there is None or server.run is None else there.lanes.get(name)
            if lane is not None and lane.phase is IDLE:
                return f"promise 6: {name or 'the lane'} of link {link} is taken for free, and something still runs there"
        if world.signalling and link not in world.refusing:
            for run in socket.connection.runs:
                if _is_untold(world, socket, run):
                    return f"{TOLD}: nobody wants {run.response} on link {link} any more, and no cancel was sent"
    return None


def _is_untold(world: ExploredWorld, socket: Socket, run: Run) -> bool:
    if run.stage is FAILING and not world.callers[run.request].left:
        # The server has said itself that it is over.
        return False
    if run.stage in {READ, ENDED} or run.cancelled or _wanted(world, run.response, run.request):
        return False
    return not any(out.cancels and out.response == run.response for out in socket.outbox)
