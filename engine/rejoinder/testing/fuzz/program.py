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
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, TestCaseProperty, invariant

from rejoinder.states.codec import decode
from rejoinder.states.stream_events import ErrorEvent
from rejoinder.states.trace import Fed
from rejoinder.testing import CancelMode, Message
from rejoinder.testing.fuzz import draws
from rejoinder.testing.fuzz.exclusions import excluded
from rejoinder.testing.fuzz.failures import Failure, is_final, tell
from rejoinder.testing.fuzz.faults import Fault, Number, frame_of
from rejoinder.testing.fuzz.manners import Manner, answers_of
from rejoinder.testing.fuzz.promises import Promises
from rejoinder.testing.fuzz.setups import SETUPS, Setup, fields_of
from rejoinder.testing.fuzz.sightings import LaneSeen, Sightings
from rejoinder.testing.fuzz.watch import Failing, Watch
from rejoinder.testing.fuzz.wishes import Wish, items_of, pick
from rejoinder.testing.pure_pair import PurePair

__all__ = ["Program", "Wish"]

MOST_REQUESTS: Final = 20
MOST_SPOILT: Final = 6
"""How often a program may lose a socket, or let the server go wrong: with more, each hides what the others do."""
SUCCESS: Final = 200


def _setups_of_the_program() -> st.SearchStrategy[Setup]:
    return st.runner().flatmap(_own_setups)


def _own_setups(program: Program) -> st.SearchStrategy[Setup]:
    return program.setups


class _ProgramTestCase(TestCaseProperty):
    """Hypothesis' test case of a program, without the phase that explains: that takes long, and a story explains more.

    No health check is suppressed.
    """

    def __get__(self, program: RuleBasedStateMachine | None, kind: Any = None) -> Any:  # noqa: ANN401 - Hypothesis makes the class
        case: Any = super().__get__(program, kind)
        case.settings = settings(deadline=None, phases=[phase for phase in settings().phases if phase is not Phase.explain])
        return case


class Program(RuleBasedStateMachine):
    """One program: a session and a server, and everything that can happen to them."""

    TestCase = _ProgramTestCase()
    """A test that pytest and unittest run, anew each time that it is asked for; the marker ``rejoinder_fuzz`` says how long."""
    setups: ClassVar[st.SearchStrategy[Setup]] = SETUPS
    """The setups to draw from; a narrower program has fewer."""
    sometimes: ClassVar[Counter[str]] = Counter()
    """What happened, over all programs of this class."""
    counted: ClassVar[Counter[str]] = Counter()
    """How many ``programs``, ``steps`` (rules) and ``events`` (fed to the session) there were, over all programs of this class."""

    last_failure: ClassVar[Failure | None] = None
    """The smallest failing program of this class, once Hypothesis has shown it."""
    watch: ClassVar[Watch | None] = None
    """Who watches the programs of this class, and is told of their failures in place of ``last_failure``."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.sometimes, cls.counted = Counter(), Counter()

    def __init__(self) -> None:
        super().__init__()
        self.answers: list[Manner] = []
        self.sightings: Sightings
        self.pair: PurePair
        self.promises: Promises
        self.spoilt = 0
        self._followed = self._counted = 0

    @draws.beginning({"setup": _setups_of_the_program(), "first": draws.FIRST})
    def begin(self, setup: Setup, first: Mapping[str, Any] | None) -> None:
        """A session and a server, and somebody who asks, as a rule: without a request, nothing else can happen."""
        self.start(setup)
        if self.watch is not None:
            self.pair.drive = self.watch.around(self.pair.session, self.pair.drive)
        if first is not None:
            self.ask(**first)

    def start(self, setup: Setup) -> None:
        """A session and a server, which have not met yet."""
        self.counted["programs"] += 1
        self.pair = setup.pair(answers_of(self.answers))
        self.sightings = Sightings(setup.cancel_mode in {CancelMode.ERROR, CancelMode.LATE_ERROR})
        self.promises = Promises(self.pair, setup, type(self).sometimes)

    # -- what there is -----------------------------------------------------------------------------------------------------

    def has_room(self) -> bool:
        """Whether somebody may still ask."""
        return len(self.pair.callers) < MOST_REQUESTS

    def has_requests(self) -> bool:
        """Whether somebody has asked."""
        return bool(self.pair.callers)

    def has_questions(self) -> bool:
        """Whether a dial or a ping waits for its answer."""
        return bool(self.pair.dials or self.pair.pings)

    def can_be_spoilt(self) -> bool:
        """Whether the network or the server may go wrong once more."""
        return bool(self.pair.sockets) and self.spoilt < MOST_SPOILT

    def has_flying(self) -> bool:
        """Whether frames are in flight."""
        return any(socket.outbox or socket.inbox for socket in self.pair.sockets.values())

    def has_business(self) -> bool:
        """Whether letting the network work, or time pass, can change anything soon."""
        if any(not caller.outcomes for caller in self.pair.callers.values()):
            return True
        return self.has_questions() or self.has_flying() or self.pair.server.next_deadline() is not None

    def has_news(self) -> bool:
        """Whether frames of a server are in flight."""
        return any(socket.inbox for socket in self.pair.sockets.values())

    def can_be_meddled_with(self) -> bool:
        """Whether the server may go wrong in what it has said."""
        return self.can_be_spoilt() and self.has_news()

    # -- callers -----------------------------------------------------------------------------------------------------------

    @draws.drawing(draws.ASK, has_room)
    def ask(self, wish: Wish, index: int, manner: Manner, frames: int, *, leave: bool) -> None:
        """Somebody asks: something new, the next turn of a conversation, the same once more, too much, or the session itself.

        Unless ``frames`` is negative, the network works until so many frames have come back on each socket. Then the caller may
        leave at once: an interruption is what programs are mostly about.
        """
        earlier = list(self.pair.callers.values())
        self.answers.append(manner)
        self.pair.ask(items_of(wish, earlier, index), fields_of(len(earlier) + 1), warm_up=wish is Wish.WARM_UP)
        if frames >= 0:
            for link in list(self.pair.dials):
                self.pair.open_dial(link)
            for link in list(self.pair.sockets):
                self.pair.client_speaks(link)
                self._server_speaks(link, frames)
        if leave:
            self.pair.cancel(len(earlier) + 1)

    @draws.drawing(draws.LEAVE, has_requests)
    def leave(self, index: int, how: str) -> None:
        """A caller leaves, or reads too slowly; after the end, too, if all have ended."""
        waiting = [number for number, caller in self.pair.callers.items() if not caller.outcomes]
        request = pick(waiting or list(self.pair.callers), index)
        if how == "cancel":
            self.pair.cancel(request)
        else:
            self.pair.overflow(request)

    # -- the network -------------------------------------------------------------------------------------------------------

    @draws.drawing(draws.ANSWER, has_questions)
    def answer(self, index: int, status: int | None, pause: float | None) -> None:
        """A dial succeeds or is refused, or a pong comes. What is never answered hangs."""
        link = pick([*self.pair.dials, *self.pair.pings], index)
        if link in self.pair.pings:
            self.pair.pong(link)
        elif status == SUCCESS:
            self.pair.open_dial(link)
        else:
            self.pair.refuse_dial(link, status, retry_after=pause)

    @draws.drawing(draws.TRAVEL, has_flying)
    def travel(self, index: int, sent: int | None, received: int | None) -> None:
        """Some frames of one socket arrive."""
        link = pick([link for link, socket in self.pair.sockets.items() if socket.outbox or socket.inbox], index)
        self.pair.client_speaks(link, sent)
        self._server_speaks(link, received)

    @draws.drawing(draws.EVERYTHING_FLOWS, has_business)
    def everything_flows(self, seconds: float) -> None:
        """The network works for a while: dials succeed, and everything arrives at once."""
        until = self.pair.now + seconds
        self._settle()
        while (due := self.pair.next_deadline()) is not None and due <= until:
            self.pair.wait(max(due - self.pair.now, 0.0))
            self._settle()
        self.pair.wait(until - self.pair.now)

    @draws.drawing(draws.LOSE, can_be_spoilt)
    def lose(self, index: int, read: int, received: int) -> None:
        """A socket is lost; some of what was in flight arrives before."""
        self.spoilt += 1
        link = pick(list(self.pair.sockets), index)
        self.pair.client_speaks(link, read)
        self._server_speaks(link, received)
        self.pair.lose(link)

    # -- time --------------------------------------------------------------------------------------------------------------

    @draws.drawing(draws.WAIT, has_business)
    def wait(self, seconds: float | None) -> None:
        """Time passes, and nothing arrives: so many seconds, or until the next deadline."""
        if seconds is None:
            self.pair.wait_for_deadline()
        else:
            self.pair.wait(seconds)

    # -- the server's faults -----------------------------------------------------------------------------------------------

    @draws.drawing(draws.MISBEHAVE, can_be_spoilt)
    def misbehave(self, index: int, lane: int, fault: Fault, number: Number, *, ahead: bool) -> None:
        """The server says what no right server says: in the middle of what it says, at once; or behind what is in flight."""
        self.spoilt += 1
        link = pick(list(self.pair.sockets), index)
        self._follow()
        lanes = list(self.sightings.links[link].lanes.values())
        self.pair.inject(link, frame_of(fault, number, pick(lanes, lane) if lanes else LaneSeen(None)), ahead=ahead)
        if ahead:
            self._server_speaks(link, 1)

    @draws.drawing(draws.MEDDLE, can_be_meddled_with)
    def meddle(self, index: int, place: int, *, twice: bool) -> None:
        """The server leaves out a frame, or says it twice."""
        self.spoilt += 1
        socket = pick([socket for socket in self.pair.sockets.values() if socket.inbox], index)
        news = pick(socket.inbox, place)
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
        """After each step, the promises hold."""
        if hasattr(self, "promises"):
            self._count()
            self.judge()

    def judge(self) -> None:
        """Judge what is new since the last step."""
        self.promises.look()

    def come_to_an_end(self) -> None:
        """After the last step, time alone ends everything."""
        self.promises.let_time_alone_end_everything()

    def teardown(self) -> None:
        """Judge the end; if a promise broke, then or before, tell its story."""
        if not hasattr(self, "promises"):
            return
        error = sys.exception()
        try:
            if error is None:
                self.come_to_an_end()
        except BaseException as broken:
            error = broken
            raise
        finally:
            self._count(steps=0)
            if error is not None:
                self._failed(error)

    def _failed(self, error: BaseException) -> None:
        if self.watch is not None:
            self.watch.failing = Failing(self.pair.session, self.pair.diary, error)
        elif is_final():
            type(self).last_failure = tell(type(self).__name__, self.pair.session, self.pair.diary, error)

    def _count(self, steps: int = 1) -> None:
        self.counted["steps"] += steps
        if self.watch is not None:
            self.watch.counted["steps"] += steps
        self.counted["events"] += len(self.pair.diary) - self._counted
        self._counted = len(self.pair.diary)

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
