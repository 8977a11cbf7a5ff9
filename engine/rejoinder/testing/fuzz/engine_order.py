"""Whether frames left in the order in which they were decided: the diary of the client against the log of the server.

Rule of this file: only what arrived is looked at. What was taken back or lost on the way did not arrive; the rest must have come in
order, because a create and the cancel before it never overtake each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from rejoinder.engine.observations import Moved, Sent
from rejoinder.states.phases import ResponsePhase
from rejoinder.states.triggers import LinkEvent, ResponseEvent
from rejoinder.testing.fuzz.engine_diary import Diary, Observed, Wired
from rejoinder.testing.fuzz.setups import nonces_in
from rejoinder.testing.outgoing import LogEntry

__all__ = ["out_of_order"]

ABANDONED: Final = frozenset({ResponsePhase.DRAINING, ResponsePhase.QUARANTINED})
"""The phases of a lane whose response has an id that a cancel can name, and no caller."""

Frame = tuple[str, int]
"""A create or a cancel, and whose it is: the number of a caller, 0 if nobody knows."""


def out_of_order(
    diary: Diary, log: Sequence[LogEntry], connections: Mapping[int, int], callers: Mapping[int, int]
) -> Iterator[str]:
    """What arrived out of order, in a sentence for each connection.

    ``connections`` are the server's numbers by those of the sockets, ``callers`` the callers by the engine's numbers of requests.
    """
    decided = _decided(diary, connections, callers)
    known = set(callers.values())
    for connection, frames in _arrived(log).items():
        expected = iter(decided.get(connection, ()))
        for what, caller in frames:
            if caller in known and (what, caller) not in expected:
                yield f"on connection {connection} the {what} of caller {caller} was overtaken by what was decided after it"
                break


def _decided(diary: Diary, connections: Mapping[int, int], callers: Mapping[int, int]) -> Mapping[int, Sequence[Frame]]:
    """For each connection, what was decided for it, in order."""
    decided: dict[int, list[Frame]] = {}
    latest: dict[tuple[int | None, str | None], int] = {}
    links: dict[int | None, list[Frame]] = {}
    opened: list[Frame] = []
    for line in diary.lines:
        if isinstance(line.what, Wired) and line.what.what == "opened":
            opened = decided[connections[line.what.socket]] = []
        what = line.what.what if isinstance(line.what, Observed) else None
        if isinstance(what, Sent):
            caller = latest[what.link, what.lane] = callers.get(what.request, 0)
            links[what.link].append(("create", caller))
        elif isinstance(what, Moved) and what.event == LinkEvent.OPENED:
            # The engine says so right after the socket has opened; a link that is dialled again keeps its number.
            links[what.link] = opened
        elif isinstance(what, Moved) and what.link in links and _abandons(what):
            # Its request may have been forgotten: the latest create of the lane says whose it was.
            links[what.link].append(("cancel", latest.get((what.link, what.lane), 0)))
    return decided


def _abandons(moved: Moved) -> bool:
    """Whether a cancel may be sent now: when a response is abandoned, or when one that was abandoned has got its id."""
    begins = moved.source not in ABANDONED or moved.event == ResponseEvent.CREATED
    return moved.machine == "response" and moved.target in ABANDONED and begins


def _arrived(log: Sequence[LogEntry]) -> Mapping[int, Sequence[Frame]]:
    """For each connection, what reached the server, in order; the server's ``created`` says whose a response is."""
    arrived: dict[int, list[Frame]] = {}
    whose: dict[str, int] = {}
    for entry in log:
        frames = arrived.setdefault(entry.connection, [])
        # Without a type it is no event; with one, it is an object.
        body: dict[str, Any] = entry.body if entry.type else {}
        if entry.type == "response.create" and entry.direction == "in":
            frames += [("create", caller) for caller in nonces_in(body["metadata"]["nonce"])]
        elif entry.type == "response.cancel" and entry.direction == "in":
            frames.append(("cancel", whose.get(body["response_id"], 0)))
        elif entry.type == "response.created":
            for caller in nonces_in(str(body["response"].get("metadata"))):
                whose[body["response"]["id"]] = caller
    return arrived
