"""What can only be seen while it is so: the session's own account against the sockets and frames that there are.

Rule of this file: each check returns what is wrong, as lines for the diary; the judge raises it in its turn.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from rejoinder.engine.errors import ResponseError, SessionClosed
from rejoinder.engine.observations import Observation, Sent, Statistics, TakenBack
from rejoinder.engine.settings import Settings
from rejoinder.states.continuation import Reuse
from rejoinder.states.phases import LinkPhase
from rejoinder.testing.fuzz.engine_diary import Broken, Diary, Observed
from rejoinder.testing.fuzz.engine_hearing import Hearing
from rejoinder.testing.fuzz.engine_sockets import Sockets

__all__ = ["after_the_session", "at_the_end_of_a_caller", "while_all_is_quiet"]

WITH_SOCKET: Final = frozenset({LinkPhase.OPEN, LinkPhase.PROVING, LinkPhase.RETIRING})
"""The phases of a link that has a socket."""


def while_all_is_quiet(statistics: Statistics, sockets: Sockets, settings: Settings) -> Iterator[Broken]:
    """Nobody can do anything at this instant: the session has the sockets that there are, and no more than it may."""
    links = {number for number, phase in statistics.links.items() if phase in WITH_SOCKET}
    there = {socket.engine for socket in sockets.alive}
    if links != there:
        yield Broken(7, f"the session says that links {sorted(links)} are open, and open are {sorted(map(str, there))}")
    if len(there) > settings.policy.sockets:
        yield Broken(6, f"{len(there)} sockets are open, where {settings.policy.sockets} are allowed")


def at_the_end_of_a_caller(hearing: Hearing, *, closed: bool) -> Iterator[Broken]:
    """A caller has its outcome, and was left by an error that its outcome explains, or by none; ``closed``: so is the session."""
    response, error = hearing.response, hearing.error
    if response is not None and response.outcome is None:
        yield Broken(3, f"{hearing} was left without an outcome")
    if response is not None and isinstance(error, ResponseError) and error.outcome is not response.outcome:
        yield Broken(3, f"{hearing} was left by {type(error).__name__} of another outcome")
    if error is not None and not isinstance(error, ResponseError) and not (closed and isinstance(error, SessionClosed)):
        yield Broken(3, f"{hearing} was left by {type(error).__name__}, for which there is no reason")


def after_the_session(statistics: Statistics, sockets: Sockets, diary: Diary) -> Iterator[Broken]:
    """The block of the session is left: no socket is, and the session's account of itself is right."""
    server = sockets.network.server
    for socket in sockets.all:
        # Of a black hole the server cannot hear anything.
        if not socket.left or (server.is_open(socket.link.connection) and not socket.link.frozen):
            yield Broken(8, f"socket {socket.number} outlives the session")
    told = [line.what.what for line in diary.lines if isinstance(line.what, Observed)]
    sent = _not_taken_back(told)
    accounts = {
        "requests that run": (len(statistics.requests), 0),
        "illegal events": (statistics.counts.get("Illegal", 0), 0),
        "frames received": (statistics.frames_received, sockets.frames),
        "creates sent": (statistics.creates, len(sent)),
        "creates that continue": (statistics.reused, sum(isinstance(each.decision, Reuse) for each in sent)),
        "items sent": (statistics.items_sent, sum(each.items for each in sent)),
    }
    for name, (said, so) in accounts.items():
        if said != so:
            yield Broken(7, f"{name}: {said}, and it should be {so}")
    if sockets.creates > len(sent):
        yield Broken(7, f"{sockets.creates} creates have left, of {len(sent)} that were told of and not taken back")


def _not_taken_back(told: Iterable[Observation]) -> list[Sent]:
    """The creates that were told of, but for those of which was told that they have not left after all."""
    sent: list[Sent] = []
    for what in told:
        if isinstance(what, Sent):
            sent.append(what)
        elif isinstance(what, TakenBack):
            taken = [each for each in sent if (each.request, each.link, each.lane) == (what.request, what.link, what.lane)]
            sent.remove(taken[-1])
    return sent
