"""What must always hold, judged from the diary of the client and the log of the server.

Rules of this file
* Nothing here reads the session, except what is about its own books: that it knows the sockets there are, and what it holds when
  everything is over.
* What is broken is raised as ``BrokenPromise`` with its number. The diary shows promises 1 (no leaks), 2 (silence after a cancel),
  3 (one outcome), 5 (no words twice), 6 (limits), 7 (violations are harmless) and 8 (time alone ends everything); the server's log,
  in ``log_judge.py``, 4 (the right continuation) and 6 again, from the other side.
* ``look`` judges what is new since the last look; call it after every step, and ``let_time_alone_end_everything`` after the last.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, final

import attrs

from rejoinder.states.cancellation import signals
from rejoinder.states.effects import Close, Deliver, Dial, Finish, Moved, Note, Send
from rejoinder.states.events import Cancel, DialFailed, Event, Lost, Overflow, Received, Unsendable, Withdrawn
from rejoinder.states.phases import LinkPhase, ResponsePhase
from rejoinder.states.profiles import ReplayPolicy
from rejoinder.states.stream_events import FrameKind
from rejoinder.states.trace import Fed
from rejoinder.states.triggers import LinkEvent
from rejoinder.testing.explore.bookkeeping import unbalanced
from rejoinder.testing.explore.outcomes import untrue
from rejoinder.testing.fuzz.broken_promise import BrokenPromise
from rejoinder.testing.fuzz.log_judge import LogJudge
from rejoinder.testing.fuzz.setups import Setup, nonces_in
from rejoinder.testing.fuzz.signals import Signals
from rejoinder.testing.pure_pair import PurePair

__all__ = ["Promises"]

OUTPUT: Final = frozenset({FrameKind.ITEM_ADDED, FrameKind.CONTENT})
REPLAY: Final = re.compile(r"request (\d+): (.+)")
REPLAYS: Final = 2
END_OF_TIME: Final = 500
"""Deadlines that may pass until everything must be over."""


@final
@attrs.define(eq=False)
class Judged:
    """What is known of one request."""

    cancelled: bool = False
    """Whether its caller has left."""
    ended: bool = False
    """Whether it has its outcome."""
    output: bool = False
    """Whether output of it was delivered."""
    sends: int = 0
    """How often it was sent."""
    replays: list[str] = attrs.field(factory=list[str])
    """Why it was sent again, each time."""
    acknowledged: bool = False
    """Whether ``response.created`` was delivered, in any attempt."""
    place: tuple[int, str | None] | None = None
    """Link and lane of the attempt that is on the wire."""
    begun: bool = False
    """Whether the response of that attempt has begun."""
    faulty: bool = False
    """Whether a fault was reported inside it."""
    ending: str | None = None
    """Its terminal, where words were not settled when it came: these programs add none."""
    response: str | None = None
    """The id of that response."""

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it was sent again, each time."""
        return tuple(self.replays)


@final
@attrs.define(eq=False)
class Promises:
    """The judge of one program."""

    pair: Final[PurePair]
    """What is judged."""
    setup: Final[Setup]
    """What it started with."""
    sometimes: Counter[str] = attrs.field(factory=Counter[str])
    """What happened at least once: a check that never had anything to check is no check."""
    requests: dict[int, Judged] = attrs.field(factory=dict[int, Judged])
    """What is known of each request, by number."""
    sockets: set[int] = attrs.field(factory=set[int])
    """Links that were dialled and are not over."""
    proven: set[int] = attrs.field(factory=set[int])
    """Links on which a ``created`` has named a lane."""
    succeeded: set[int] = attrs.field(factory=set[int])
    """Links whose successor is open."""
    outstanding: Counter[int] = attrs.field(factory=Counter[int])
    """Creates of each link that nothing can have answered."""
    _log_judge: LogJudge = attrs.field(init=False)
    _signals: Signals = attrs.field(init=False)
    _read: int = 0
    _logged: int = 0

    def __attrs_post_init__(self) -> None:
        session = self.pair.session
        self._log_judge = LogJudge(self.setup, session.profile, self.sometimes)
        self._signals = Signals(signals(session.profile, session.policy, refused=False))

    def look(self) -> None:
        """Judge what is new; raises ``BrokenPromise``."""
        for fed in self.pair.diary[self._read :]:
            self._judge(fed)
        self._read = len(self.pair.diary)
        for entry in self.pair.server.log[self._logged :]:
            self._log_judge.judge(entry)
        self._logged = len(self.pair.server.log)
        self._look_at_sockets()

    def _look_at_sockets(self) -> None:
        """Promises 13 and 14: what is in the outboxes is wanted, and the sockets are those that the session knows."""
        pair = self.pair
        for link, socket in pair.sockets.items():
            for out in socket.outbox:
                if out.order is not None and self._request(out.order.request).place != (link, out.order.lane):
                    raise BrokenPromise(13, f"request {out.order.request} is in the outbox of link {link}, and nobody waits for it")
        wrong = unbalanced(pair.session, pair.sockets, pair.dials, pair.pings)
        if wrong is not None:
            raise BrokenPromise(14, wrong.partition(": ")[2])

    # -- the client's diary ------------------------------------------------------------------------------------------------

    def _judge(self, fed: Fed) -> None:
        event = fed.event
        self._count_answers(fed)
        self._signals.follow(fed)
        if isinstance(event, Cancel):
            self._request(event.request).cancelled = True
        if isinstance(event, DialFailed | Lost):
            self.sockets.discard(event.link)
        for effect in fed.effects:
            if isinstance(effect, Deliver):
                self._delivered(effect, event)
            elif isinstance(effect, Finish):
                self._finished(effect, fed)
            else:
                judge = JUDGES.get(type(effect))
                if judge is not None:
                    judge(self, effect)
        limit = self.pair.session.policy.sockets
        if len(self.sockets) > limit:
            raise BrokenPromise(6, f"more than {limit} sockets: {sorted(self.sockets)}")

    def dialled(self, effect: Dial) -> None:
        """A socket is wanted."""
        self.sockets.add(effect.link)

    def closed(self, effect: Close) -> None:
        """A socket is given up."""
        self.sockets.discard(effect.link)

    def moved(self, effect: Moved) -> None:
        """A machine moved: for ``sometimes``."""
        self.sometimes[f"{effect.machine}: {effect.source} {effect.event}"] += 1
        if effect.link is not None and effect.event == LinkEvent.SUCCESSOR_OPEN:
            self.succeeded.add(effect.link)

    def _delivered(self, effect: Deliver, event: Event) -> None:
        """Promises 1, 2 and 3."""
        if not isinstance(event, Received):
            raise BrokenPromise(7, f"{effect} without a frame: {event}")
        number, frame = effect.request, event.frame
        if event.link in self.succeeded:
            self.sometimes["an older link serves on while its successor is open"] += 1
        request = self._request(number)
        strangers = nonces_in(json.dumps(frame.raw)) - {number}
        if strangers:
            raise BrokenPromise(1, f"request {number} was delivered what belongs to {strangers}: {frame}")
        if request.cancelled:
            raise BrokenPromise(2, f"{frame} was delivered to request {number}, which was cancelled")
        if request.ended:
            raise BrokenPromise(3, f"{frame} was delivered to request {number}, which has its outcome")
        request.output = request.output or frame.kind in OUTPUT
        request.faulty = request.faulty or frame.kind is FrameKind.ERROR
        if frame.kind is FrameKind.CREATED:
            request.acknowledged = request.begun = True
            request.response = frame.response_id

    def _finished(self, effect: Finish, fed: Fed) -> None:
        """Promises 1, 3, 12 and 16: one outcome, true, with nobody else's words in it; and the server is told."""
        request = self._request(effect.request)
        if request.ended:
            raise BrokenPromise(3, f"a second outcome: {effect}")
        wrong = untrue(request, fed.event, effect.outcome, own=True)
        if wrong is not None:
            raise BrokenPromise(16, wrong.partition(": ")[2])
        if request.place is not None and request.response is not None and isinstance(fed.event, Cancel | Overflow):
            self._signals.expect(request.place[0], request.response, fed)
        request.ended = True
        request.place = request.response = None
        strangers = nonces_in(json.dumps(effect.outcome.response)) - {effect.request}
        if strangers:
            raise BrokenPromise(1, f"the outcome of request {effect.request} is that of {strangers}")
        self.sometimes[f"outcome: {effect.outcome.kind}"] += 1

    def sent(self, effect: Send) -> None:
        """Promises 3, 5 and 6: nothing is sent after its output or its outcome, nor too often, nor too many at once."""
        request = self._request(effect.request)
        if request.output:
            raise BrokenPromise(5, f"{effect} after output was delivered")
        if request.ended:
            raise BrokenPromise(3, f"{effect} after the outcome")
        request.sends += 1
        request.place, request.response = (effect.link, effect.lane), None
        request.begun = request.faulty = False
        limit = 1 if self.setup.replay is ReplayPolicy.NEVER else 1 + REPLAYS
        if request.sends > limit:
            raise BrokenPromise(5, f"request {effect.request} was sent {request.sends} times")
        self.outstanding[effect.link] += 1
        if self.pair.session.profile.lanes and effect.link not in self.proven:
            asked = self.outstanding[effect.link]
            if asked > 1:
                raise BrokenPromise(6, f"{asked} creates on link {effect.link}, which has not proven that it multiplexes")

    def noted(self, note: Note) -> None:
        """Promise 7: every event has a row. Promise 5: at most two replays, none twice for the same cause."""
        self.sometimes[f"note: {note.name}"] += 1
        if note.name == "Illegal":
            raise BrokenPromise(7, f"no row for {note.detail}")
        found = REPLAY.fullmatch(note.detail) if note.name == "Replay" else None
        if found is not None:
            request = self._request(int(found[1]))
            request.place = request.response = None
            replays = request.replays
            if found[2] in replays:
                raise BrokenPromise(5, f"request {found[1]} was replayed twice because of {found[2]}")
            replays.append(found[2])
            if len(replays) > REPLAYS:
                raise BrokenPromise(5, f"request {found[1]} was replayed {len(replays)} times: {replays}")

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

    # -- the end -----------------------------------------------------------------------------------------------------------

    def let_time_alone_end_everything(self) -> None:
        """Promise 8: nothing travels any more; deadlines alone bring every caller an outcome and every lane to rest."""
        pair, session = self.pair, self.pair.session
        self.look()
        for _ in range(END_OF_TIME):
            if not session.requests and not any(link.lanes_in_use for link in session.links.values()):
                break
            due = session.next_deadline()
            if due is None:
                raise BrokenPromise(8, f"nothing will ever end {session}")
            pair.wait(max(due - pair.now, 0.0))
            self.look()
        else:
            raise BrokenPromise(8, f"{session} does not come to an end")
        for number in pair.callers:
            if not self._request(number).ended:
                raise BrokenPromise(3, f"request {number} has no outcome")
        for link in session.links.values():
            for lane in link.lanes.values():
                if lane.phase not in {ResponsePhase.QUARANTINED, ResponsePhase.IDLE}:
                    raise BrokenPromise(8, f"{lane.name} is left {lane.phase}")
                going = link.phase is LinkPhase.RETIRING or (link.proven and link.phase in {LinkPhase.OPEN, LinkPhase.PROVING})
                if lane.phase is ResponsePhase.QUARANTINED and not going:
                    raise BrokenPromise(8, f"{lane.name} is left {lane.phase} on a link that stays")


JUDGES: Final[Mapping[type, Callable[[Promises, Any], None]]] = MappingProxyType(
    {
        Close: Promises.closed,
        Dial: Promises.dialled,
        Moved: Promises.moved,
        Note: Promises.noted,
        Send: Promises.sent,
    }
)
"""Who judges which effect; deliveries are judged with their frame."""
