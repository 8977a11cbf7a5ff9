"""What must always hold, judged from the diary of the client and the log of the server.

Rules of this file
* Nothing here reads the session, except the last check of all, which is about what a session holds when everything is over.
* Each promise is a method with the number it has among the promises: 1 no leaks, 2 silence after a cancel, 3 one outcome, 4 the
  right continuation, 5 no words twice, 6 limits, 7 violations are harmless, 8 time alone ends everything.
* ``look`` judges what is new since the last look; call it after every step.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, final

import attrs

from rejoinder.states.effects import Close, Deliver, Dial, Finish, Moved, Note, Send
from rejoinder.states.events import Cancel, DialFailed, Lost, Received, Unsendable, Withdrawn
from rejoinder.states.phases import LinkPhase, ResponsePhase
from rejoinder.states.profiles import AfterCancel, ReplayPolicy
from rejoinder.states.stream_events import FrameKind, StreamEvent
from rejoinder.states.trace import Fed
from rejoinder.states.triggers import LinkEvent
from rejoinder.states.verdicts import OutcomeKind
from rejoinder.testing import LogEntry
from rejoinder.testing.fuzz.manners import REJECTED
from rejoinder.testing.fuzz.setups import Setup, nonces_in
from rejoinder.testing.pure_pair import PurePair

__all__ = ["Promises"]

OUTPUT: Final = frozenset({FrameKind.ITEM_ADDED, FrameKind.CONTENT})
TERMINALS: Final = frozenset({"response.completed", "response.failed", "response.incomplete"})
REPLAY: Final = re.compile(r"request (\d+): (.+)")
REPLAYS: Final = 2
END_OF_TIME: Final = 500
"""Deadlines that may pass until everything must be over."""


@final
@attrs.define(eq=False)
class Judged:
    """What is known of one request."""

    cancelled: bool = False
    ended: bool = False
    completed: bool = False
    output: bool = False
    sends: int = 0
    replays: list[str] = attrs.field(factory=list[str])


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
class Promises:
    """The judge of one program."""

    pair: Final[PurePair]
    setup: Final[Setup]
    sometimes: Counter[str] = attrs.field(factory=Counter[str])
    """What happened at least once: a check that never had anything to check is no check."""
    requests: dict[int, Judged] = attrs.field(factory=dict[int, Judged])
    sockets: set[int] = attrs.field(factory=set[int])
    proven: set[int] = attrs.field(factory=set[int])
    succeeded: set[int] = attrs.field(factory=set[int])
    outstanding: Counter[int] = attrs.field(factory=Counter[int])
    connections: dict[int, SocketSeen] = attrs.field(factory=dict[int, SocketSeen])
    _read: int = 0
    _logged: int = 0

    def look(self) -> None:
        """Judge what is new."""
        for fed in self.pair.diary[self._read :]:
            self._judge(fed)
        self._read = len(self.pair.diary)
        for entry in self.pair.server.log[self._logged :]:
            self._judge_log(entry)
        self._logged = len(self.pair.server.log)

    # -- the client's diary ------------------------------------------------------------------------------------------------

    def _judge(self, fed: Fed) -> None:
        event = fed.event
        self._count_answers(fed)
        if isinstance(event, Cancel):
            self._request(event.request).cancelled = True
        if isinstance(event, DialFailed | Lost):
            self.sockets.discard(event.link)
        for effect in fed.effects:
            if isinstance(effect, Deliver):
                assert isinstance(event, Received), f"{effect} without a frame"
                self._delivered(effect.request, event.frame)
                if event.link in self.succeeded:
                    self.sometimes["an older link serves on while its successor is open"] += 1
            else:
                judge = JUDGES.get(type(effect))
                if judge is not None:
                    judge(self, effect)
        limit = self.pair.session.policy.sockets
        assert len(self.sockets) <= limit, f"promise 6: more than {limit} sockets: {sorted(self.sockets)}"

    def dialled(self, effect: Dial) -> None:
        self.sockets.add(effect.link)

    def closed(self, effect: Close) -> None:
        self.sockets.discard(effect.link)

    def moved(self, effect: Moved) -> None:
        self.sometimes[f"{effect.machine}: {effect.source} {effect.event}"] += 1
        if effect.link is not None and effect.event == LinkEvent.SUCCESSOR_OPEN:
            self.succeeded.add(effect.link)

    def _delivered(self, number: int, frame: StreamEvent) -> None:
        request = self._request(number)
        strangers = nonces_in(json.dumps(frame.raw)) - {number}
        assert not strangers, f"promise 1: request {number} was delivered what belongs to {strangers}: {frame}"
        assert not request.cancelled, f"promise 2: {frame} was delivered to request {number}, which was cancelled"
        assert not request.ended, f"promise 3: {frame} was delivered to request {number}, which has its outcome"
        request.output = request.output or frame.kind in OUTPUT

    def finished(self, effect: Finish) -> None:
        request = self._request(effect.request)
        assert not request.ended, f"promise 3: a second outcome: {effect}"
        request.ended = True
        request.completed = effect.outcome.kind is OutcomeKind.COMPLETED
        strangers = nonces_in(json.dumps(effect.outcome.response)) - {effect.request}
        assert not strangers, f"promise 1: the outcome of request {effect.request} is that of {strangers}"
        self.sometimes[f"outcome: {effect.outcome.kind}"] += 1

    def sent(self, effect: Send) -> None:
        request = self._request(effect.request)
        assert not request.output, f"promise 5: {effect} after output was delivered"
        assert not request.ended, f"promise 3: {effect} after the outcome"
        request.sends += 1
        limit = 1 if self.setup.replay is ReplayPolicy.NEVER else 1 + REPLAYS
        assert request.sends <= limit, f"promise 5: request {effect.request} was sent {request.sends} times"
        self.outstanding[effect.link] += 1
        if self.pair.session.profile.lanes and effect.link not in self.proven:
            asked = self.outstanding[effect.link]
            assert asked <= 1, f"promise 6: {asked} creates on link {effect.link}, which has not proven that it multiplexes"

    def noted(self, note: Note) -> None:
        self.sometimes[f"note: {note.name}"] += 1
        assert note.name != "Illegal", f"promise 7: no row for {note.detail}"
        found = REPLAY.fullmatch(note.detail) if note.name == "Replay" else None
        if found is not None:
            replays = self._request(int(found[1])).replays
            assert found[2] not in replays, f"promise 5: request {found[1]} was replayed twice because of {found[2]}"
            replays.append(found[2])
            assert len(replays) <= REPLAYS, f"promise 5: request {found[1]} was replayed {len(replays)} times: {replays}"

    def _count_answers(self, fed: Fed) -> None:
        """For links on probation: what may count as the end of a create, in the client's favour."""
        event = fed.event
        if isinstance(event, Received):
            if event.frame.kind is FrameKind.CREATED and event.frame.stream_id is not None:
                self.proven.add(event.link)
            if event.frame.kind in {FrameKind.TERMINAL, FrameKind.ERROR}:
                self.outstanding[event.link] -= 1
        elif isinstance(event, Withdrawn | Unsendable):
            self.outstanding[event.link] -= 1
        elif isinstance(event, Lost):
            del self.outstanding[event.link]
            self.proven.discard(event.link)

    def _request(self, number: int) -> Judged:
        return self.requests.setdefault(number, Judged())

    # -- the server's log --------------------------------------------------------------------------------------------------

    def _judge_log(self, entry: LogEntry) -> None:
        seen = self.connections.setdefault(entry.connection, SocketSeen())
        if entry.direction == "in" and entry.type == "response.create":
            self._create_arrived(entry, seen)
        elif entry.direction == "out" and entry.type in TERMINALS:
            self._terminal_left(entry.body, seen)
        elif entry.direction == "out" and entry.type == "error":
            _error_left(entry.body, seen)
        elif entry.direction == "note":
            self.connections.pop(entry.connection, None)

    def _create_arrived(self, entry: LogEntry, seen: SocketSeen) -> None:
        body: dict[str, Any] = entry.body
        lane = None if self.setup.serial else body.get("stream_id")
        (number,) = nonces_in(body["metadata"]["nonce"])
        self._continues(body.get("previous_response_id"), lane, seen)
        seen.previous[lane] = number
        busy = seen.busy.setdefault(lane, [])
        assert not busy, (
            f"promise 6: request {number} was sent on {lane or 'a serial connection'} while {busy} may still speak there"
        )
        busy.append(number)
        profile = self.pair.session.profile
        running = sum(map(len, seen.busy.values()))
        allowed = 1 if self.setup.serial else profile.in_flight
        assert running <= allowed, f"promise 6: {running} responses in flight, where {allowed} are allowed"
        names = len(seen.previous)
        assert names <= max(profile.names, 1), f"promise 6: {names} lane names, where {profile.names} are allowed"

    def _continues(self, named: str | None, lane: str | None, seen: SocketSeen) -> None:
        if named is None:
            return
        self.sometimes["reuse"] += 1
        completed = seen.completed.get(lane, [])
        if self.setup.after_cancel is AfterCancel.REUSE:
            # That policy names the parent of an abandoned response, also where the abandoned one has completed in silence.
            completed = [each for each in completed if self._request(each[1]).completed]
        assert completed, f"promise 4: {named} is named on {lane}, where nothing has completed"
        latest, number = completed[-1]
        assert latest == named, f"promise 4: {named} is named on {lane}, where the latest is {latest}"
        if self.setup.after_cancel is AfterCancel.FULL:
            previous = seen.previous[lane]
            assert number == previous, f"promise 4: {named} is named on {lane}, where request {previous} came between"

    def _terminal_left(self, body: dict[str, Any], seen: SocketSeen) -> None:
        response = body["response"]
        lane = None if self.setup.serial else body.get("stream_id")
        (number,) = nonces_in(response["metadata"]["nonce"])
        _end(seen, number)
        if body["type"] == "response.completed":
            seen.completed.setdefault(lane, []).append((response["id"], number))

    # -- the end -----------------------------------------------------------------------------------------------------------

    def let_time_alone_end_everything(self) -> None:
        """Promise 8: nothing travels any more; deadlines alone bring every caller an outcome and every lane to rest."""
        pair, session = self.pair, self.pair.session
        self.look()
        for _ in range(END_OF_TIME):
            if not session.requests and not any(link.lanes_in_use for link in session.links.values()):
                break
            due = session.next_deadline()
            assert due is not None, f"promise 8: nothing will ever end {session}"
            pair.wait(max(due - pair.now, 0.0))
            self.look()
        else:
            raise AssertionError(f"promise 8: {session} does not come to an end")
        for number in pair.callers:
            assert self._request(number).ended, f"promise 3: request {number} has no outcome"
        for link in session.links.values():
            for lane in link.lanes.values():
                quarantined = lane.phase is ResponsePhase.QUARANTINED
                assert quarantined or lane.phase is ResponsePhase.IDLE, f"promise 8: {lane.name} is left {lane.phase}"
                going = link.phase is LinkPhase.RETIRING or (link.proven and link.phase in {LinkPhase.OPEN, LinkPhase.PROVING})
                assert going or not quarantined, f"promise 8: {lane.name} is left {lane.phase} on a link that stays"


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


JUDGES: Final[Mapping[type, Callable[[Promises, Any], None]]] = MappingProxyType(
    {
        Close: Promises.closed,
        Dial: Promises.dialled,
        Finish: Promises.finished,
        Moved: Promises.moved,
        Note: Promises.noted,
        Send: Promises.sent,
    }
)
"""Who judges which effect; deliveries are judged with their frame."""
