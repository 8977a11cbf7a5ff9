"""The explored world: a session, its callers, the network, the clock, and a server that may say anything.

Rules of this file
* It performs effects as the engine does and decides nothing; what can happen next is listed by ``steps``. The session is the code
  that runs, and every frame has been through the codec.
* Budgets keep it finite: requests, cancels, losses, deadlines that pass … each step that spends one says so.
* Time stands still but for the clock's own steps, which go to the next deadline: a deadline that has not passed is one that passes
  later.
* Promises are judged as it goes (``judge.py``); where it comes to an end by itself is asked of ``endings.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, Final, NamedTuple, final

import attrs

from rejoinder.states import effects as ordered
from rejoinder.states import events as happening
from rejoinder.states.cancellation import signals
from rejoinder.states.canonical import Names
from rejoinder.states.canonical import key as key_of_session
from rejoinder.states.continuation import RequestContent, Reuse
from rejoinder.states.session import Session
from rejoinder.states.trace import Fed
from rejoinder.testing.input_items import assistant, user

from .accounts import Spoken, spoken
from .any_server import CONNECTION, Connection, Said, Saying, read_cancel, read_create, say, sayings
from .configuration import Configuration
from .endings import Endings
from .judge import Caller, Judge
from .misbehaviour import FILLERS, MISBEHAVIOUR, View

__all__ = ["ExploredWorld", "Happening", "Outbound", "Socket", "Watch"]

Chain = tuple[tuple[int, int | None], ...]
"""A conversation so far: requests that were answered, and with how many words (None for no message)."""

LONG_IDLE: Final = 40.0
"""Seconds of a long silence: longer than a link is trusted without a sign of life."""


class Happening(NamedTuple):
    """One thing that happens."""

    kind: str
    """A name of ``TAKE``."""
    link: int = 0
    """The link it happens to, if it does to one."""
    request: int = 0
    """The request it happens to, if it does to one."""
    saying: Saying | None = None
    """What the server says, if it says something."""


@attrs.frozen
class Outbound:
    """A frame of the client on its way: a create or a cancel."""

    response: str
    """The id that the create's response will have, or that the cancel names."""
    request: int = 0
    """The request of a create; 0 for a cancel."""
    lane: str | None = None
    """The lane of a create."""
    named: str | None = None
    """What a create continues."""


@attrs.frozen
class Socket:
    """An open socket: what the client has sent and the server has not read, and the server's side."""

    outbox: tuple[Outbound, ...] = ()
    """In the order of sending."""
    connection: Connection = CONNECTION
    """The server's side."""


@cache
def _content(chain: Chain, request: int, *, warm_up: bool) -> RequestContent:
    """What a request says: the conversation so far and one thing more. One value for one conversation: contents are themselves."""
    items: list[Mapping[str, Any]] = []
    for turn, words in chain:
        items.append(user(f"u{turn}"))
        if words is not None:
            items.append(assistant("w" * words))
    return RequestContent((*items, user(f"u{request}")), {"model": "m"}, generate=not warm_up)


@final
@attrs.define(eq=False)
class Watch:
    """What all worlds of one exploration share: what they look at, and what was seen."""

    configuration: Final[Configuration]
    """What is explored."""
    judge: Final[Judge]
    """Who judges."""
    endings: Final[Endings]
    """Who knows which sessions come to an end by themselves."""
    diary: list[Fed] | None = None
    """Where to write down what is fed; None where nobody reads it."""


@final
class ExploredWorld:
    """One state of it all."""

    __slots__ = (
        "abandoned",
        "asked",
        "broken",
        "callers",
        "chain",
        "chains",
        "closing",
        "dialling",
        "foreign",
        "known",
        "left",
        "lost_track",
        "misled",
        "now",
        "overdue",
        "pinged",
        "refusing",
        "session",
        "signalling",
        "sockets",
        "unsendable",
        "watch",
    )

    def __init__(self, watch: Watch) -> None:
        configuration = watch.configuration
        self.watch: Final = watch
        self.session = Session(configuration.profile, configuration.policy)
        self.now = 0.0
        self.sockets: dict[int, Socket] = {}
        self.dialling: tuple[int, ...] = ()
        self.pinged: tuple[int, ...] = ()
        self.unsendable: tuple[happening.Unsendable, ...] = ()
        self.callers: dict[int, Caller] = {}
        self.chains: dict[int, Chain] = {}
        self.chain: Chain = ()
        self.asked = 0
        self.left = {name: int(getattr(configuration, name)) for name in BUDGETS}
        self.broken: str | None = None
        self.known: tuple[Hashable, Names] | None = None
        # What the judge remembers: whether cancels are to be sent, and the links that have refused one; whether the server has
        # said anything that misleads a client, and whether that client may take one response for another since; whether any create
        # was given up, so that late frames of it may come.
        self.signalling = signals(configuration.profile, configuration.policy, refused=False)
        self.refusing: frozenset[int] = frozenset()
        self.misled = False
        self.lost_track = False
        self.abandoned = False
        self.closing: tuple[tuple[int, Socket], ...] = ()
        # The attempts that were given up because their time was over, and those during which somebody else's ended.
        self.overdue: frozenset[str | None] = frozenset()
        self.foreign: frozenset[tuple[int, str | None]] = frozenset()

    def copy(self) -> ExploredWorld:
        """A world that goes its own way from here."""
        other = object.__new__(ExploredWorld)
        other.watch = self.watch  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue] - it is new
        # Shared until something is fed to it.
        other.session = self.session
        other.known = self.known
        other.now = self.now
        other.sockets = self.sockets.copy()
        other.dialling = self.dialling
        other.pinged = self.pinged
        other.unsendable = self.unsendable
        other.callers = {number: caller.copy() for number, caller in self.callers.items()}
        other.chains = self.chains.copy()
        other.chain = self.chain
        other.asked = self.asked
        other.left = self.left.copy()
        other.broken = None
        other.signalling = self.signalling
        other.refusing = self.refusing
        other.misled = self.misled
        other.lost_track = self.lost_track
        other.abandoned = self.abandoned
        other.closing = ()
        other.overdue = self.overdue
        other.foreign = self.foreign
        return other

    # -- what the explorer asks ------------------------------------------------------------------------------------------------

    def after(self, step: Happening) -> ExploredWorld:
        """The world once ``step`` has happened."""
        other = self.copy()
        TAKE[step.kind](other, step)
        return other

    def settles(self) -> str | None:
        """Why it does not come to a good end by itself; None if it does."""
        return self.watch.endings.fault(self.session, self.now, self._session_key()[0])

    def _session_key(self) -> tuple[Hashable, Names]:
        if self.known is None:
            names = Names()
            self.known = key_of_session(self.session, self.now, names), names
        return self.known

    def key(self) -> Hashable:
        """What tells this world from others: the session's key, and the rest with the same names."""
        session, known = self._session_key()
        names = known.copy()
        number = names.number
        return (
            session,
            tuple(
                [
                    (
                        number("link", link),
                        tuple(
                            [
                                (
                                    number("response", out.response),
                                    number("request", out.request),
                                    out.lane,
                                    number("response", out.named),
                                )
                                for out in socket.outbox
                            ]
                        ),
                        _key_of_connection(socket.connection, names),
                    )
                    for link, socket in self.sockets.items()
                ]
            ),
            tuple([number("link", link) for link in self.dialling]),
            tuple([number("link", link) for link in self.pinged]),
            tuple([(number("link", news.link), number("request", news.request), news.lane) for news in self.unsendable]),
            tuple([(number("request", name), caller.key()) for name, caller in self.callers.items() if not caller.ended]),
            tuple([self.chains[name] for name, caller in self.callers.items() if not caller.ended]),
            self.chain,
            self.asked,
            tuple(self.left.values()),
        )

    def steps(self) -> Iterator[Happening]:
        """Everything that can happen next."""
        yield from self._steps_of_callers()
        for link in self.dialling:
            yield Happening("open", link)
            if self.left["refusals"]:
                yield Happening("refuse", link)
                yield Happening("refuse for good", link)
        for link in self.pinged:
            yield Happening("pong", link)
        if self.unsendable:
            yield Happening("find too large")
        for link, socket in self.sockets.items():
            if socket.outbox:
                yield Happening("read", link)
            if self.left["losses"] or socket.connection.doomed:
                yield Happening("lose", link)
            yield from self._steps_of_server(link, socket)
        yield from self._steps_of_clock()

    def _steps_of_callers(self) -> Iterator[Happening]:  # noqa: C901 - one list of what they may do
        configuration, left = self.watch.configuration, self.left
        live = [number for number, caller in self.callers.items() if not caller.ended]
        if self.session.closing:
            return
        if left["requests"] and len(live) < configuration.together:
            yield Happening("ask")
        for request in live:
            if left["cancels"] and request not in configuration.warm_ups:
                yield Happening("leave", request=request)
            if left["overflows"]:
                yield Happening("overflow", request=request)
        if configuration.after_the_end:
            for request in self.callers:
                if request not in live:
                    yield Happening("leave again", request=request)
                    yield Happening("overflow again", request=request)
        if left["preconnect"]:
            yield Happening("preconnect")
        if left["shutdown"]:
            yield Happening("shut down")

    def _steps_of_server(self, link: int, socket: Socket) -> Iterator[Happening]:
        configuration = self.watch.configuration
        for saying in sayings(socket.connection, configuration):
            yield Happening("say", link, saying=saying)
        if self.left["misbehaviours"]:
            for name in socket.connection.lanes:
                view = self._view(socket, name)
                for what in configuration.misbehaves:
                    if MISBEHAVIOUR[what](view) is not None:
                        yield Happening("misbehave", link, saying=Saying(name, what))

    def _steps_of_clock(self) -> Iterator[Happening]:
        due = self.session.next_deadline()
        if self.left["expiries"] and due is not None:
            yield Happening("expire")
        if self.left["idles"] and not self.session.requests and (due is None or due > self.now + LONG_IDLE):
            yield Happening("idle")

    def _view(self, socket: Socket, name: str | None) -> View:
        creates = [out for out in socket.outbox if out.request]
        asking = bool(creates) or any(run.stage.value == 0 for run in socket.connection.runs)
        owed = bool(socket.connection.owed) or any(not out.request for out in socket.outbox)
        asked = any(out.lane == name for out in creates)
        return View(socket.connection, self.watch.configuration, name, asked, asking, owed)

    # -- what happens ------------------------------------------------------------------------------------------------------------

    def ask(self, step: Happening) -> None:
        """Somebody asks for the next turn of the conversation as far as it was answered."""
        del step
        self.left["requests"] -= 1
        self.asked += 1
        number = self.asked
        warm_up = number in self.watch.configuration.warm_ups
        self.callers[number] = Caller()
        self.chains[number] = self.chain
        self.feed(happening.Create(number, _content(self.chain, number, warm_up=warm_up), warm_up))

    def leave(self, step: Happening) -> None:
        """A caller leaves."""
        self.left["cancels"] -= 1
        self.callers[step.request].left = True
        self.feed(happening.Cancel(step.request))

    def overflow(self, step: Happening) -> None:
        """A caller's buffer is full."""
        self.left["overflows"] -= 1
        self.callers[step.request].left = True
        self.feed(happening.Overflow(step.request))

    def leave_again(self, step: Happening) -> None:
        """A caller leaves that has its outcome."""
        self.feed(happening.Cancel(step.request))

    def overflow_again(self, step: Happening) -> None:
        """The buffer of a caller is full that has its outcome."""
        self.feed(happening.Overflow(step.request))

    def preconnect(self, step: Happening) -> None:
        """Somebody wants a link before there is a request."""
        del step
        self.left["preconnect"] -= 1
        self.feed(happening.Preconnect())

    def shut_down(self, step: Happening) -> None:
        """The session is closed."""
        del step
        self.left["shutdown"] -= 1
        self.feed(happening.Shutdown())

    def open(self, step: Happening) -> None:
        """A dial succeeds."""
        self._forget(step.link)
        self.sockets[step.link] = Socket()
        self.feed(happening.Opened(step.link))

    def refuse(self, step: Happening) -> None:
        """A dial fails, for now."""
        self.left["refusals"] -= 1
        self._forget(step.link)
        self.feed(happening.DialFailed(step.link, "It failed.", 503))

    def refuse_for_good(self, step: Happening) -> None:
        """A dial fails for good."""
        self.left["refusals"] -= 1
        self._forget(step.link)
        self.feed(happening.DialFailed(step.link, "It failed.", 401))

    def pong(self, step: Happening) -> None:
        """A ping is answered."""
        self.pinged = tuple([link for link in self.pinged if link != step.link])
        self.feed(happening.Pong(step.link))

    def find_too_large(self, step: Happening) -> None:
        """A create turns out to be larger than the server takes."""
        del step
        news, *rest = self.unsendable
        self.unsendable = tuple(rest)
        self.feed(news)

    def read(self, step: Happening) -> None:
        """The server reads the next frame of the client."""
        socket, configuration = self.sockets[step.link], self.watch.configuration
        out, connection = socket.outbox[0], socket.connection
        if out.request:
            connection = read_create(connection, configuration, out.lane, out.request, out.response, out.named)
        else:
            connection = read_cancel(connection, configuration, out.response)
        self.sockets[step.link] = Socket(socket.outbox[1:], connection)

    def lose(self, step: Happening) -> None:
        """A socket is lost, with everything on its way."""
        if not self.sockets[step.link].connection.doomed:
            self.left["losses"] -= 1
        self._forget(step.link)
        self.feed(happening.Lost(step.link, 1006))

    def say(self, step: Happening) -> None:
        """The server says something right."""
        saying = _of(step)
        said = say(self.sockets[step.link].connection, self.watch.configuration, saying)
        self._hear(step.link, said, spoken(self, step.link, saying.lane, saying.what, right=True))

    def misbehave(self, step: Happening) -> None:
        """The server says something wrong."""
        saying, socket = _of(step), self.sockets[step.link]
        said = MISBEHAVIOUR[saying.what](self._view(socket, saying.lane))
        if said is None:
            raise LookupError(f"{saying.what} cannot be done on {saying.lane} now")
        self.left["misbehaviours"] -= 1
        self._hear(step.link, said, spoken(self, step.link, saying.lane, saying.what, right=saying.what in FILLERS))

    def expire(self, step: Happening) -> None:
        """The next deadline passes."""
        del step
        self.left["expiries"] -= 1
        self.now = max(self.now, self.session.next_deadline() or self.now)
        self.feed(happening.Expired())

    def idle(self, step: Happening) -> None:
        """Nothing happens for long."""
        del step
        self.left["idles"] -= 1
        self.now += LONG_IDLE
        self.known = None

    # -- feeding and performing --------------------------------------------------------------------------------------------------

    def _hear(self, link: int, said: Said, heard: Spoken) -> None:
        self.sockets[link] = Socket(self.sockets[link].outbox, said.connection)
        self.feed(happening.Received(link, said.frame), said.request, heard)

    def feed(self, event: happening.Event, request: int = 0, heard: Spoken | None = None) -> None:
        """Let an event happen, perform what follows, and have it judged. ``request`` is whose words a frame carries."""
        judge, diary = self.watch.judge, self.watch.diary
        self.session = self.session.copy()
        self.known = None
        events = [event]
        while events:
            fed = events.pop(0)
            judge.begin(self, request, heard)
            try:
                effects = self.session.feed(fed, self.now)
            except Exception as error:  # noqa: BLE001 - whatever it is, it must not be raised
                self.broken = f"promise 7: {type(error).__name__} was raised: {error}"
                return
            if diary is not None:
                diary.append(Fed(self.now, fed, tuple(effects)))
            for effect in effects:
                self.broken = judge.order(self, fed, effect)
                if self.broken is not None:
                    return
                perform = PERFORM.get(type(effect))
                answer = None if perform is None else perform(self, effect)
                if answer is not None:
                    events.append(answer)
            self.broken = judge.end(self, fed, effects)
            if self.broken is not None:
                return
        self.broken = judge.rest(self)

    def _forget(self, link: int) -> None:
        self.sockets.pop(link, None)
        if link in self.dialling:
            self.dialling = tuple([other for other in self.dialling if other != link])
        if link in self.pinged:
            self.pinged = tuple([other for other in self.pinged if other != link])
        if self.unsendable:
            self.unsendable = tuple([news for news in self.unsendable if news.link != link])

    def perform_dial(self, effect: ordered.Dial) -> None:
        """A dial begins."""
        self.dialling = (*self.dialling, effect.link)

    def perform_close(self, effect: ordered.Close) -> None:
        """A socket is closed, or a dial given up."""
        socket = self.sockets.get(effect.link)
        if socket is not None:
            self.closing = (*self.closing, (effect.link, socket))
        self._forget(effect.link)

    def perform_ping(self, effect: ordered.Ping) -> None:
        """A ping is on its way."""
        self.pinged = (*self.pinged, effect.link)

    def perform_send(self, effect: ordered.Send) -> None:
        """A create goes into the outbox, unless it is too large."""
        request = effect.request
        if request in self.watch.configuration.too_large:
            self.unsendable = (*self.unsendable, happening.Unsendable(effect.link, request, effect.lane, 1))
            return
        caller = self.callers[request]
        named = effect.decision.response_id if isinstance(effect.decision, Reuse) else None
        socket = self.sockets[effect.link]
        create = Outbound(f"r{request}.{caller.sends}", request, effect.lane, named)
        self.sockets[effect.link] = Socket((*socket.outbox, create), socket.connection)

    def perform_cancel(self, effect: ordered.SendCancel) -> None:
        """A cancel goes into the outbox."""
        socket = self.sockets[effect.link]
        self.sockets[effect.link] = Socket((*socket.outbox, Outbound(effect.response_id)), socket.connection)

    def perform_withdraw(self, effect: ordered.Withdraw) -> happening.Event | None:
        """A create is taken back, if the server has not read it."""
        socket = self.sockets.get(effect.link)
        if socket is None:
            return None
        for place, out in enumerate(socket.outbox):
            if out.request == effect.request and out.lane == effect.lane:
                rest = (*socket.outbox[:place], *socket.outbox[place + 1 :])
                self.sockets[effect.link] = Socket(rest, socket.connection)
                return happening.Withdrawn(effect.link, effect.request, effect.lane)
        return None


BUDGETS: Final = (
    "requests",
    "cancels",
    "overflows",
    "losses",
    "refusals",
    "expiries",
    "idles",
    "misbehaviours",
    "preconnect",
    "shutdown",
)


def _of(step: Happening) -> Saying:
    if step.saying is None:
        raise LookupError(f"{step} says nothing")
    return step.saying


def _key_of_connection(connection: Connection, names: Names) -> Hashable:
    number = names.number
    return (
        connection.owed,
        connection.doomed,
        connection.cancels,
        tuple(
            [
                (
                    name,
                    None
                    if (run := lane.run) is None
                    else (
                        number("request", run.request),
                        number("response", run.response),
                        number("response", run.named),
                        run.stage.value,
                        run.number,
                        run.announced,
                        run.words,
                        run.cancelled,
                        run.refused,
                    ),
                    number("response", lane.latest),
                    number("response", lane.completed),
                    number("response", lane.ended),
                    number("response", lane.spoke),
                    lane.number,
                    lane.stranger,
                    lane.echoed,
                    lane.unclear,
                )
                for name, lane in connection.lanes.items()
            ]
        ),
    )


TAKE: Final[Mapping[str, Callable[[ExploredWorld, Happening], None]]] = MappingProxyType(
    {
        "ask": ExploredWorld.ask,
        "leave": ExploredWorld.leave,
        "leave again": ExploredWorld.leave_again,
        "overflow": ExploredWorld.overflow,
        "overflow again": ExploredWorld.overflow_again,
        "preconnect": ExploredWorld.preconnect,
        "shut down": ExploredWorld.shut_down,
        "open": ExploredWorld.open,
        "refuse": ExploredWorld.refuse,
        "refuse for good": ExploredWorld.refuse_for_good,
        "pong": ExploredWorld.pong,
        "find too large": ExploredWorld.find_too_large,
        "read": ExploredWorld.read,
        "lose": ExploredWorld.lose,
        "say": ExploredWorld.say,
        "misbehave": ExploredWorld.misbehave,
        "expire": ExploredWorld.expire,
        "idle": ExploredWorld.idle,
    }
)
"""What each step does."""

PERFORM: Final[Mapping[type, Callable[[ExploredWorld, Any], happening.Event | None]]] = MappingProxyType(
    {
        ordered.Close: ExploredWorld.perform_close,
        ordered.Dial: ExploredWorld.perform_dial,
        ordered.Ping: ExploredWorld.perform_ping,
        ordered.Send: ExploredWorld.perform_send,
        ordered.SendCancel: ExploredWorld.perform_cancel,
        ordered.Withdraw: ExploredWorld.perform_withdraw,
    }
)
"""What each order does; the rest is judged."""
