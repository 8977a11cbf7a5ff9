"""What must always hold, judged from the server's log: promises 4 (the right continuation) and 6 (limits).

Rules of this file
* Only what the server received and sent counts here, in its order; what the client believed does not.
* Whose a frame is, the nonce says that the request put into it (``setups.py``).
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Final, final

import attrs

from rejoinder.states.profiles import AfterCancel, Profile
from rejoinder.testing.fuzz.broken_promise import BrokenPromise
from rejoinder.testing.fuzz.manners import REJECTED
from rejoinder.testing.fuzz.setups import Setup, nonces_in
from rejoinder.testing.outgoing import LogEntry

__all__ = ["LogJudge", "SocketSeen"]

TERMINALS: Final = frozenset({"response.completed", "response.failed", "response.incomplete"})


@final
@attrs.define(eq=False)
class SocketSeen:
    """What the server's log says of one connection."""

    busy: dict[str | None, list[int]] = attrs.field(factory=dict[str | None, list[int]])
    """For each lane, the requests whose response may still speak."""
    completed: dict[str | None, list[tuple[str, int]]] = attrs.field(factory=dict[str | None, list[tuple[str, int]]])
    """For each lane, the responses that completed, and their requests."""
    previous: dict[str | None, int] = attrs.field(factory=dict[str | None, int])
    """For each lane, the request of the latest create."""


@final
@attrs.define(eq=False)
class LogJudge:
    """The judge of one server's log."""

    setup: Final[Setup]
    """What the program starts with."""
    profile: Final[Profile]
    """What the client believes of the provider: its limits are the ones to keep."""
    sometimes: Final[Counter[str]]
    """What happened at least once."""
    connections: dict[int, SocketSeen] = attrs.field(factory=dict[int, SocketSeen])
    """The open connections by the server's number."""

    def judge(self, entry: LogEntry) -> None:
        """Take in one line of the log; raises ``BrokenPromise`` with 4 or 6."""
        seen = self.connections.setdefault(entry.connection, SocketSeen())
        if entry.direction == "in" and entry.type == "response.create":
            self._create_arrived(entry.body, seen)
        elif entry.direction == "out" and entry.type in TERMINALS:
            self._terminal_left(entry.body, seen)
        elif entry.direction == "out" and entry.type == "error":
            _error_left(entry.body, seen)
        elif entry.direction == "note":
            self.connections.pop(entry.connection, None)

    def _create_arrived(self, body: dict[str, Any], seen: SocketSeen) -> None:
        lane = None if self.setup.serial else body.get("stream_id")
        (number,) = nonces_in(body["metadata"]["nonce"])
        self._continues(body.get("previous_response_id"), lane, seen)
        seen.previous[lane] = number
        busy = seen.busy.setdefault(lane, [])
        if busy:
            where = lane or "a serial connection"
            raise BrokenPromise(6, f"request {number} was sent on {where} while {busy} may still speak there")
        busy.append(number)
        running = sum(map(len, seen.busy.values()))
        allowed = 1 if self.setup.serial else self.profile.in_flight
        if running > allowed:
            raise BrokenPromise(6, f"{running} responses in flight, where {allowed} are allowed")
        names = len(seen.previous)
        if names > max(self.profile.names, 1):
            raise BrokenPromise(6, f"{names} lane names, where {self.profile.names} are allowed")

    def _continues(self, named: str | None, lane: str | None, seen: SocketSeen) -> None:
        if named is None:
            return
        self.sometimes["reuse"] += 1
        completed = seen.completed.get(lane, [])
        if not completed:
            raise BrokenPromise(4, f"{named} is named on {lane}, where nothing has completed")
        latest, number = completed[-1]
        if latest != named:
            raise BrokenPromise(4, f"{named} is named on {lane}, where the latest is {latest}")
        previous = seen.previous[lane]
        if self.setup.after_cancel is AfterCancel.FULL and number != previous:
            raise BrokenPromise(4, f"{named} is named on {lane}, where request {previous} came between")

    def _terminal_left(self, body: dict[str, Any], seen: SocketSeen) -> None:
        response = body["response"]
        lane = None if self.setup.serial else body.get("stream_id")
        (number,) = nonces_in(response["metadata"]["nonce"])
        _end(seen, number)
        if body["type"] == "response.completed":
            seen.completed.setdefault(lane, []).append((response["id"], number))


def _error_left(body: dict[str, Any], seen: SocketSeen) -> None:
    """An error that answers a create ends it; the server says whose by nonce, by lane, or by the response that was named."""
    error: dict[str, Any] = body.get("error") or body
    if str(error.get("message")).startswith(REJECTED):
        for number in nonces_in(error["message"]):
            _end(seen, number)
    elif error.get("code") in {"previous_response_not_found", "websocket_stream_limit_reached"}:
        lane = body.get("stream_id")
        seen.busy.pop(lane, None)
        if error["code"] == "websocket_stream_limit_reached":
            # The name was refused, so it was not used.
            del seen.previous[lane]


def _end(seen: SocketSeen, number: int) -> None:
    for busy in seen.busy.values():
        if number in busy:
            busy.remove(number)
