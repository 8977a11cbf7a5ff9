"""Programs: any order of callers' wishes, network events, server faults and time, drawn and shrunk by Hypothesis.

Rules of this file
* A rule is one thing that a caller, the network, the server or the clock does; what it is done to is chosen by index, so that a
  failing program shrinks to a few small numbers.
* Frames are let through one at a time, because whether a faulty frame is indistinguishable (``exclusions.py``) depends on what
  came just before.
* After each rule the promises are judged; at the end, time alone has to end everything.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from enum import StrEnum, unique
from typing import Any, ClassVar, Final, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from rejoinder.states.codec import decode
from rejoinder.states.stream_events import ErrorEvent
from rejoinder.states.trace import Fed
from rejoinder.states.verdicts import OutcomeKind
from rejoinder.testing import CancelMode, Message
from rejoinder.testing.fuzz.exclusions import excluded
from rejoinder.testing.fuzz.faults import FAULTS, NUMBERS, Fault, Number, frame_of
from rejoinder.testing.fuzz.manners import MANNERS, Manner, answers_of
from rejoinder.testing.fuzz.promises import Promises
from rejoinder.testing.fuzz.setups import INBOUND_LIMIT, SETUPS, Setup, fields_of
from rejoinder.testing.fuzz.sightings import LaneSeen, Sightings
from rejoinder.testing.input_items import assistant, call_output, user
from rejoinder.testing.pure_pair import PurePair
from rejoinder.testing.pure_records import Caller

__all__ = ["Program", "Wish"]

Thing = TypeVar("Thing")

MOST_REQUESTS: Final = 20
MOST_SPOILT: Final = 6
"""How often a program may lose a socket, or let the server go wrong: with more, each hides what the others do."""
INDEX: Final = st.integers(0, 7)
COUNT: Final = st.one_of(st.none(), st.integers(1, 4))
SECONDS: Final = st.sampled_from([None, None, None, 0.3, 0.3, 1.0, 2.0, 2.0, 5.0, 31.0, 120.0])
SUCCESS: Final = 200


@unique
class Wish(StrEnum):
    """What is asked."""

    NEW = "new"
    """A first turn."""
    GO_ON = "go on"
    """The next turn of a conversation, however the last one ended."""
    AGAIN = "again"
    """The same once more."""
    TOO_MUCH = "too much"
    """More than the server takes."""
    WARM_UP = "warm up"
    """The session asks for itself."""


WISHES: Final = st.sampled_from([Wish.NEW, Wish.GO_ON, Wish.GO_ON, Wish.GO_ON, Wish.AGAIN, Wish.NEW, Wish.WARM_UP, Wish.TOO_MUCH])


def _setups_of(program: Program) -> st.SearchStrategy[Setup]:
    return program.setups


def _pick(things: Sequence[Thing], index: int) -> Thing:
    """The ``index``-th of what there is, from the latest."""
    return things[-1 - index % len(things)]


def _next_turn(caller: Caller) -> Sequence[Any]:
    """What the caller of an ended turn sends next: all of it, what was answered, and more."""
    outcome = caller.outcomes[0]
    answered: list[Any] = [assistant(caller.text)] if caller.text else []
    if outcome.kind is OutcomeKind.COMPLETED and outcome.response is not None:
        output: list[dict[str, Any]] = outcome.response["output"]
        calls = [item["call_id"] for item in output if item.get("type") == "function_call"]
        answered = [*(output or answered), *(call_output(call, "seen") for call in calls)]
    return [*caller.content.items, *answered, user("Go on")]


class Program(RuleBasedStateMachine):
    """One program: a session and a server, and everything that can happen to them."""

    setups: ClassVar[st.SearchStrategy[Setup]] = SETUPS
    """The setups to draw from; a narrower program has fewer."""
    sometimes: ClassVar[Counter[str]] = Counter()
    """What happened, over all programs of this class."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: list[Manner] = []
        self.sightings: Sightings
        self.pair: PurePair
        self.promises: Promises
        self.spoilt = 0
        self._followed = 0

    @initialize(setup=st.runner().flatmap(_setups_of))
    def start(self, setup: Setup) -> None:
        self.pair = setup.pair(answers_of(self.answers))
        self.sightings = Sightings(setup.cancel_mode in {CancelMode.ERROR, CancelMode.LATE_ERROR})
        self.promises = Promises(self.pair, setup, type(self).sometimes)

    # -- what there is -----------------------------------------------------------------------------------------------------

    def has_room(self) -> bool:
        return len(self.pair.callers) < MOST_REQUESTS

    def has_requests(self) -> bool:
        return bool(self.pair.callers)

    def has_questions(self) -> bool:
        return bool(self.pair.dials or self.pair.pings)

    def can_be_spoilt(self) -> bool:
        return bool(self.pair.sockets) and self.spoilt < MOST_SPOILT

    def has_flying(self) -> bool:
        return any(socket.outbox or socket.inbox for socket in self.pair.sockets.values())

    def has_business(self) -> bool:
        """Whether letting the network work, or time pass, can change anything soon."""
        waiting = any(not caller.outcomes for caller in self.pair.callers.values())
        return waiting or self.has_questions() or self.has_flying() or self.pair.server.next_deadline() is not None

    def has_news(self) -> bool:
        return any(socket.inbox for socket in self.pair.sockets.values())

    # -- callers -----------------------------------------------------------------------------------------------------------

    @precondition(has_room)
    @rule(wish=WISHES, index=INDEX, manner=MANNERS, frames=st.integers(-3, 8), leave=st.sampled_from([False, False, True]))
    def ask(self, wish: Wish, index: int, manner: Manner, frames: int, *, leave: bool) -> None:
        """Somebody asks: something new, the next turn of a conversation, the same once more, too much, or the session itself.

        Unless ``frames`` is negative, the network works until so many frames have come back on each socket. Then the caller may
        leave at once: an interruption is what programs are mostly about.
        """
        earlier = list(self.pair.callers.values())
        ended = [caller for caller in earlier if caller.outcomes]
        items: Sequence[Any] = [user("Hi")]
        if wish is Wish.GO_ON and ended:
            items = _next_turn(_pick(ended, index))
        elif wish is Wish.AGAIN and earlier:
            items = _pick(earlier, index).content.items
        elif wish is Wish.TOO_MUCH:
            items = [user("much" * INBOUND_LIMIT)]
        self.answers.append(manner)
        self.pair.ask(items, fields_of(len(earlier) + 1), warm_up=wish is Wish.WARM_UP)
        if frames >= 0:
            for link in list(self.pair.dials):
                self.pair.open_dial(link)
            for link in list(self.pair.sockets):
                self.pair.client_speaks(link)
                self._server_speaks(link, frames)
        if leave:
            self.pair.cancel(len(earlier) + 1)

    @precondition(has_requests)
    @rule(index=INDEX, how=st.sampled_from(["cancel", "cancel", "cancel", "overflow"]))
    def leave(self, index: int, how: str) -> None:
        """A caller leaves, or reads too slowly; after the end, too, if all have ended."""
        waiting = [number for number, caller in self.pair.callers.items() if not caller.outcomes]
        request = _pick(waiting or list(self.pair.callers), index)
        if how == "cancel":
            self.pair.cancel(request)
        else:
            self.pair.overflow(request)

    # -- the network -------------------------------------------------------------------------------------------------------

    @precondition(has_questions)
    @rule(index=INDEX, status=st.sampled_from([200, 200, 200, 200, None, 503, 401]), pause=st.sampled_from([None, 2.0, 20.0]))
    def answer(self, index: int, status: int | None, pause: float | None) -> None:
        """A dial succeeds or is refused, or a pong comes. What is never answered hangs."""
        link = _pick([*self.pair.dials, *self.pair.pings], index)
        if link in self.pair.pings:
            self.pair.pong(link)
        elif status == SUCCESS:
            self.pair.open_dial(link)
        else:
            self.pair.refuse_dial(link, status, retry_after=pause)

    @precondition(has_flying)
    @rule(index=INDEX, sent=COUNT, received=COUNT)
    def travel(self, index: int, sent: int | None, received: int | None) -> None:
        """Some frames of one socket arrive."""
        link = _pick([link for link, socket in self.pair.sockets.items() if socket.outbox or socket.inbox], index)
        self.pair.client_speaks(link, sent)
        self._server_speaks(link, received)

    @precondition(has_business)
    @rule(seconds=st.sampled_from([0.0, 0.0, 0.3, 1.0, 3.0, 8.0]))
    def everything_flows(self, seconds: float) -> None:
        """The network works for a while: dials succeed, and everything arrives at once."""
        until = self.pair.now + seconds
        self._settle()
        while (due := self.pair.next_deadline()) is not None and due <= until:
            self.pair.wait(max(due - self.pair.now, 0.0))
            self._settle()
        self.pair.wait(until - self.pair.now)

    @precondition(can_be_spoilt)
    @rule(index=INDEX, read=st.integers(0, 2), received=st.integers(0, 4))
    def lose(self, index: int, read: int, received: int) -> None:
        """A socket is lost; some of what was in flight arrives before."""
        self.spoilt += 1
        link = _pick(list(self.pair.sockets), index)
        self.pair.client_speaks(link, read)
        self._server_speaks(link, received)
        self.pair.lose(link)

    # -- time --------------------------------------------------------------------------------------------------------------

    @precondition(has_business)
    @rule(seconds=SECONDS)
    def wait(self, seconds: float | None) -> None:
        """Time passes, and nothing arrives: so many seconds, or until the next deadline."""
        if seconds is None:
            self.pair.wait_for_deadline()
        else:
            self.pair.wait(seconds)

    # -- the server's faults -----------------------------------------------------------------------------------------------

    @precondition(can_be_spoilt)
    @rule(index=INDEX, lane=INDEX, fault=FAULTS, number=NUMBERS, ahead=st.booleans())
    def misbehave(self, index: int, lane: int, fault: Fault, number: Number, *, ahead: bool) -> None:
        """The server says what no right server says: in the middle of what it says, at once; or behind what is in flight."""
        self.spoilt += 1
        link = _pick(list(self.pair.sockets), index)
        self._follow()
        lanes = list(self.sightings.links[link].lanes.values())
        self.pair.inject(link, frame_of(fault, number, _pick(lanes, lane) if lanes else LaneSeen(None)), ahead=ahead)
        if ahead:
            self._server_speaks(link, 1)

    @precondition(can_be_spoilt)
    @precondition(has_news)
    @rule(index=INDEX, place=INDEX, twice=st.booleans())
    def meddle(self, index: int, place: int, *, twice: bool) -> None:
        """The server leaves out a frame, or says it twice."""
        self.spoilt += 1
        socket = _pick([socket for socket in self.pair.sockets.values() if socket.inbox], index)
        news = _pick(socket.inbox, place)
        if not isinstance(news, Message):
            return
        if not twice:
            socket.inbox.remove(news)
        elif not isinstance(decode(news.data), ErrorEvent):
            # An error said twice answers something twice: that is an error for nobody, and ``misbehave`` has those.
            socket.inbox.insert(socket.inbox.index(news), news)

    # -- judging -----------------------------------------------------------------------------------------------------------

    @invariant()
    def promises_hold(self) -> None:
        if hasattr(self, "promises"):
            self.promises.look()

    def teardown(self) -> None:
        if sys.exception() is None and hasattr(self, "promises"):
            self.promises.let_time_alone_end_everything()

    def _settle(self) -> None:
        """Let everything arrive, and what follows from that, until all is quiet."""
        while self.pair.dials or self.pair.pings or self.has_flying():
            for link in list(self.pair.dials):
                self.pair.open_dial(link)
            for link in list(self.pair.pings):
                self.pair.pong(link)
            for link in list(self.pair.sockets):
                self.pair.client_speaks(link)
                self._server_speaks(link, None)

    def _server_speaks(self, link: int, count: int | None) -> None:
        while (socket := self.pair.sockets.get(link)) is not None and socket.inbox and count != 0:
            news = socket.inbox[0]
            name = self._excluded(link, news) if isinstance(news, Message) else None
            if name is None:
                self.pair.server_speaks(link, 1)
            else:
                socket.inbox.popleft()
                self.sometimes[f"excluded: {name}"] += 1
            count = None if count is None else count - 1

    def _excluded(self, link: int, news: Message) -> str | None:
        self._follow()
        return excluded(decode(news.data), self.sightings.links[link], self.pair.session.profile)

    def _follow(self) -> None:
        diary: list[Fed] = self.pair.diary
        for fed in diary[self._followed :]:
            self.sightings.follow(fed)
        self._followed = len(diary)
