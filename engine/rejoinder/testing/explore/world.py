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

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, Final, final

import attrs

from rejoinder.states import effects as ordered
from rejoinder.states import events as happened
from rejoinder.states.cancellation import signals
from rejoinder.states.continuation import RequestContent, Reuse
from rejoinder.states.session import Session
from rejoinder.states.trace import Fed
from rejoinder.testing.input_items import assistant, user

from .accounts import Spoken, spoken
from .any_server import Connection, Said, Saying
from .happening import Happening, Outbound, Socket, happening
from .judge import Caller
from .known_sessions import Reaction
from .misbehaviour import FILLERS
from .watch import Watch
from .world_key import key_of

__all__ = ["ExploredWorld", "Happening", "Watch"]

Chain = tuple[tuple[int, int | None], ...]
"""A conversation so far: requests that were answered, and with how many words (None for no message)."""

LONG_IDLE: Final = 40.0
"""Seconds of a long silence: longer than a link is trusted without a sign of life."""


@cache
def content_of(chain: Chain, request: int, *, warm_up: bool) -> RequestContent:
    """What a request says: the conversation so far and one thing more. One value for one conversation: contents are themselves."""
    items: list[Mapping[str, Any]] = []
    for turn, words in chain:
        items.append(user(f"u{turn}"))
        if words is not None:
            items.append(assistant("w" * words))
    return RequestContent((*items, user(f"u{request}")), {"model": "m"}, generate=not warm_up)


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
        "overdue",
        "pinged",
        "refusing",
        "signalling",
        "sockets",
        "taken",
        "unsendable",
        "watch",
    )

    taken: Reaction
    """What the session did last; there is none before something was fed."""

    def __init__(self, watch: Watch, like: ExploredWorld | None = None) -> None:
        self.watch: Final = watch
        # Of the last step alone.
        self.broken: str | None = None
        self.closing: tuple[tuple[int, Socket], ...] = ()
        if like is not None:
            self._go_on_from(like)
            return
        self.known = watch.beginning()
        self.sockets: dict[int, Socket] = {}
        self.dialling: tuple[int, ...] = ()
        self.pinged: tuple[int, ...] = ()
        self.unsendable: tuple[happened.Unsendable, ...] = ()
        # Shared with other worlds until one is changed.
        self.callers: dict[int, Caller] = {}
        self.chains: Mapping[int, Chain] = {}
        self.chain: Chain = ()
        self.asked = 0
        self.left = watch.budget()
        # What the judge remembers: whether cancels are to be sent, and the links that have refused one; whether the server has
        # said anything that misleads a client, and whether that client may take one response for another since; whether any create
        # was given up, so that late frames of it may come.
        self.signalling = signals(watch.configuration.profile, watch.configuration.policy, refused=False)
        self.refusing: frozenset[int] = frozenset()
        self.misled = False
        self.lost_track = False
        self.abandoned = False
        # The attempts that were given up because their time was over, and those during which somebody else's ended.
        self.overdue: frozenset[str | None] = frozenset()
        self.foreign: frozenset[tuple[int, str | None]] = frozenset()

    def copy(self) -> ExploredWorld:
        """A world that goes its own way from here."""
        return ExploredWorld(self.watch, self)

    def _go_on_from(self, other: ExploredWorld) -> None:
        self.known = other.known
        self.sockets = other.sockets.copy()
        self.dialling = other.dialling
        self.pinged = other.pinged
        self.unsendable = other.unsendable
        self.callers = other.callers
        self.chains = other.chains
        self.chain = other.chain
        self.asked = other.asked
        self.left = other.left
        self.signalling = other.signalling
        self.refusing = other.refusing
        self.misled = other.misled
        self.lost_track = other.lost_track
        self.abandoned = other.abandoned
        self.overdue = other.overdue
        self.foreign = other.foreign

    @property
    def session(self) -> Session:
        """The session. It is shared with other worlds: nobody may feed it, or change anything in it."""
        return self.known.session

    @property
    def now(self) -> float:
        """The instant, in seconds."""
        return self.known.now

    # -- what the explorer asks ------------------------------------------------------------------------------------------------

    def after(self, step: Happening) -> ExploredWorld:
        """The world once ``step`` has happened."""
        other = self.copy()
        TAKE[step.kind](other, step)
        return other

    def settles(self) -> str | None:
        """Why it does not come to a good end by itself; None if it does."""
        return self.watch.endings.fault(self.watch.sessions, self.known)

    def key(self) -> int:
        """What tells this world from others of the same ``Watch``."""
        return key_of(self)

    def steps(self) -> list[Happening]:
        """Everything that can happen next."""
        left, server = self.left, self.watch.server
        steps = list(self._steps_of_callers())
        for link in self.dialling:
            steps.append(happening("open", link))
            if left["refusals"]:
                steps += [happening("refuse", link), happening("refuse for good", link)]
        steps += [happening("pong", link) for link in self.pinged]
        if self.unsendable:
            steps.append(happening("find too large"))
        for link, (outbox, connection) in self.sockets.items():
            if outbox:
                steps.append(happening("read", link))
            if self.session.profile.streams:
                steps += self._steps_of_streams(link, outbox, connection)
            elif left["losses"] or connection.doomed:
                steps.append(happening("lose", link))
            steps += server.sayings(connection, link)
            if left["misbehaviours"]:
                steps += server.misbehaviours(connection, outbox, link)
        steps += self._steps_of_clock()
        return steps

    def _steps_of_streams(self, link: int, outbox: tuple[Outbound, ...], connection: Connection) -> Iterator[Happening]:
        for name, lane in connection.lanes.items():
            if self.left["losses"] and lane.run is not None:
                yield Happening("end stream", link, saying=Saying(name, "end"))
        for out in outbox:
            if self.left["refusals"]:
                yield Happening("open no stream", link, saying=Saying(out.lane, "refusal"))
                yield Happening("open no stream for good", link, saying=Saying(out.lane, "refusal"))

    def _steps_of_callers(self) -> Iterator[Happening]:  # noqa: C901 - one list of what they may do
        configuration, left = self.watch.configuration, self.left
        live = [number for number, caller in self.callers.items() if not caller.ended]
        if self.session.closing:
            return
        if left["requests"] and len(live) < configuration.together:
            yield happening("ask")
        for request in live:
            if left["cancels"] and request not in configuration.warm_ups:
                yield happening("leave", 0, request)
            if left["steers"] and request not in configuration.warm_ups:
                yield happening("steer", 0, request)
            if left["overflows"]:
                yield happening("overflow", 0, request)
        if configuration.after_the_end:
            for request in self.callers:
                if request not in live:
                    yield happening("leave again", 0, request)
                    yield happening("overflow again", 0, request)
                    if left["steers"]:
                        yield happening("steer", 0, request)
        if left["preconnect"]:
            yield happening("preconnect")
        if left["shutdown"]:
            yield happening("shut down")

    def _steps_of_clock(self) -> Iterator[Happening]:
        due = self.known.due
        if self.left["expiries"] and due is not None:
            yield happening("expire")
        if self.left["idles"] and not self.session.requests and (due is None or due > self.now + LONG_IDLE):
            yield happening("idle")

    # -- what happens ------------------------------------------------------------------------------------------------------------

    def ask(self, step: Happening) -> None:
        """Somebody asks for the next turn of the conversation as far as it was answered."""
        del step
        self._spend("requests")
        self.asked += 1
        number = self.asked
        warm_up = number in self.watch.configuration.warm_ups
        self.callers = {**self.callers, number: Caller()}
        self.chains = {**self.chains, number: self.chain}
        self.feed(happened.Create(number, content_of(self.chain, number, warm_up=warm_up), warm_up))

    def leave(self, step: Happening) -> None:
        """A caller leaves."""
        self._spend("cancels")
        self._go(step.request)
        self.feed(happened.Cancel(step.request))

    def steer(self, step: Happening) -> None:
        """A caller adds words to its response."""
        self._spend("steers")
        number = self.watch.configuration.steers - self.left["steers"]
        caller = self.caller(step.request)
        caller.steers = (*caller.steers, number)
        self.feed(happened.Steer(step.request, number))

    def overflow(self, step: Happening) -> None:
        """A caller's buffer is full."""
        self._spend("overflows")
        self._go(step.request)
        self.feed(happened.Overflow(step.request))

    def leave_again(self, step: Happening) -> None:
        """A caller leaves that has its outcome."""
        self.feed(happened.Cancel(step.request))

    def overflow_again(self, step: Happening) -> None:
        """The buffer of a caller is full that has its outcome."""
        self.feed(happened.Overflow(step.request))

    def preconnect(self, step: Happening) -> None:
        """Somebody wants a link before there is a request."""
        del step
        self._spend("preconnect")
        self.feed(happened.Preconnect())

    def shut_down(self, step: Happening) -> None:
        """The session is closed."""
        del step
        self._spend("shutdown")
        self.feed(happened.Shutdown())

    def open(self, step: Happening) -> None:
        """A dial succeeds."""
        self._forget(step.link)
        self.sockets[step.link] = Socket()
        self.feed(happened.Opened(step.link))

    def refuse(self, step: Happening) -> None:
        """A dial fails, for now."""
        self._spend("refusals")
        self._forget(step.link)
        self.feed(happened.DialFailed(step.link, "It failed.", 503))

    def refuse_for_good(self, step: Happening) -> None:
        """A dial fails for good."""
        self._spend("refusals")
        self._forget(step.link)
        self.feed(happened.DialFailed(step.link, "It failed.", self.watch.configuration.refusal))

    def pong(self, step: Happening) -> None:
        """A ping is answered."""
        self.pinged = tuple([link for link in self.pinged if link != step.link])
        self.feed(happened.Pong(step.link))

    def find_too_large(self, step: Happening) -> None:
        """A create turns out to be larger than the server takes."""
        del step
        news, *rest = self.unsendable
        self.unsendable = tuple(rest)
        self.feed(news)

    def read(self, step: Happening) -> None:
        """The server reads the next frame of the client."""
        (out, *rest), connection = self.sockets[step.link]
        self.sockets[step.link] = Socket(tuple(rest), self.watch.server.read(connection, out))

    def lose(self, step: Happening) -> None:
        """A socket is lost, with everything on its way."""
        if not self.sockets[step.link].connection.doomed:
            self._spend("losses")
        self._forget(step.link)
        self.feed(happened.Lost(step.link, 1006))

    def end_stream(self, step: Happening) -> None:
        """The stream of a response ends."""
        self._spend("losses")
        self._cut(step.link, _of(step).lane)
        self.feed(happened.StreamEnded(step.link, _of(step).lane))

    def open_no_stream(self, step: Happening) -> None:
        """No stream can be opened for a create, for now."""
        self._refuse_stream(step, permanent=False)

    def open_no_stream_for_good(self, step: Happening) -> None:
        """No stream can be opened for a create, and none ever will."""
        self._refuse_stream(step, permanent=True)

    def _refuse_stream(self, step: Happening, *, permanent: bool) -> None:
        self._spend("refusals")
        lane = _of(step).lane
        self._cut(step.link, lane)
        self.feed(happened.StreamFailed(step.link, lane, "It failed.", permanent=permanent))

    def _cut(self, link: int, name: str | None) -> None:
        """Nothing more is said or read on a lane until its next create."""
        socket = self.sockets.get(link)
        if socket is not None:
            lanes = {other: lane for other, lane in socket.connection.lanes.items() if other != name}
            outbox = tuple([out for out in socket.outbox if out.lane != name])
            self.sockets[link] = Socket(outbox, attrs.evolve(socket.connection, lanes=lanes))

    def say(self, step: Happening) -> None:
        """The server says something right."""
        saying = _of(step)
        said = self.watch.server.say(self.sockets[step.link].connection, saying)
        self._hear(step.link, said, spoken(self, step.link, saying.lane, saying.what, right=True))

    def misbehave(self, step: Happening) -> None:
        """The server says something wrong."""
        saying, (outbox, connection) = _of(step), self.sockets[step.link]
        said = self.watch.server.misbehave(connection, outbox, saying)
        self._spend("misbehaviours")
        self._hear(step.link, said, spoken(self, step.link, saying.lane, saying.what, right=saying.what in FILLERS))

    def expire(self, step: Happening) -> None:
        """The next deadline passes."""
        del step
        self._spend("expiries")
        self.feed(happened.Expired())

    def idle(self, step: Happening) -> None:
        """Nothing happens for long."""
        del step
        self._spend("idles")
        self.known = self.watch.sessions.met(self.session.copy(), self.now + LONG_IDLE)

    # -- feeding and performing --------------------------------------------------------------------------------------------------

    def _hear(self, link: int, said: Said, heard: Spoken) -> None:
        self.sockets[link] = Socket(self.sockets[link].outbox, said.connection)
        self.feed(self.watch.sessions.of_frame(link, said.frame), said.request, heard)

    def feed(self, event: happened.Event, request: int = 0, heard: Spoken | None = None) -> None:
        """Let an event happen, perform what follows, and have it judged. ``request`` is whose words a frame carries."""
        judge, sessions, diary = self.watch.judge, self.watch.sessions, self.watch.diary
        events = [event]
        for fed in events:
            judge.begin(request, heard)
            reaction = self.taken = sessions.fed(self.known, fed)
            self.known = reaction.after
            if reaction.raised is not None:
                self.broken = f"promise 7: {type(reaction.raised).__name__} was raised: {reaction.raised}"
                return
            if diary is not None:
                diary.append(Fed(reaction.at, fed, reaction.effects))
            for effect in reaction.orders:
                self.broken = judge.order(self, fed, effect)
                if self.broken is not None:
                    return
                perform = PERFORM.get(type(effect))
                answer = None if perform is None else perform(self, effect)
                if answer is not None:
                    events.append(answer)
            self.broken = judge.end(self, reaction)
            if self.broken is not None:
                return
        self.broken = judge.rest(self)

    def _spend(self, budget: str) -> None:
        self.left = self.watch.less(self.left, budget)

    def _go(self, request: int) -> None:
        """A caller hears nothing from here on."""
        self.caller(request).left = True

    def caller(self, request: int) -> Caller:
        """What is known of a request, to be changed in this world alone."""
        caller = self.callers[request].copy()
        self.callers = {**self.callers, request: caller}
        return caller

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
            self.unsendable = (*self.unsendable, happened.Unsendable(effect.link, request, effect.lane, 1))
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

    def perform_end_stream(self, effect: ordered.EndStream) -> None:
        """A stream is ended, or its create taken back."""
        self._cut(effect.link, effect.lane)

    def perform_steer(self, effect: ordered.SendSteer) -> None:
        """Words go into the outbox."""
        socket = self.sockets[effect.link]
        words = Outbound(effect.response_id, steers=True)
        self.sockets[effect.link] = Socket((*socket.outbox, words), socket.connection)

    def perform_withdraw(self, effect: ordered.Withdraw) -> happened.Event | None:
        """A create is taken back, if the server has not read it."""
        socket = self.sockets.get(effect.link)
        if socket is None:
            return None
        for place, out in enumerate(socket.outbox):
            if out.request == effect.request and out.lane == effect.lane:
                rest = (*socket.outbox[:place], *socket.outbox[place + 1 :])
                self.sockets[effect.link] = Socket(rest, socket.connection)
                return happened.Withdrawn(effect.link, effect.request, effect.lane)
        return None


def _of(step: Happening) -> Saying:
    if step.saying is None:
        raise LookupError(f"{step} says nothing")
    return step.saying


TAKE: Final[Mapping[str, Callable[[ExploredWorld, Happening], None]]] = MappingProxyType(
    {
        "ask": ExploredWorld.ask,
        "leave": ExploredWorld.leave,
        "steer": ExploredWorld.steer,
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
        "end stream": ExploredWorld.end_stream,
        "open no stream": ExploredWorld.open_no_stream,
        "open no stream for good": ExploredWorld.open_no_stream_for_good,
        "say": ExploredWorld.say,
        "misbehave": ExploredWorld.misbehave,
        "expire": ExploredWorld.expire,
        "idle": ExploredWorld.idle,
    }
)
"""What each step does."""

PERFORM: Final[Mapping[type, Callable[[ExploredWorld, Any], happened.Event | None]]] = MappingProxyType(
    {
        ordered.Close: ExploredWorld.perform_close,
        ordered.Dial: ExploredWorld.perform_dial,
        ordered.EndStream: ExploredWorld.perform_end_stream,
        ordered.Ping: ExploredWorld.perform_ping,
        ordered.Send: ExploredWorld.perform_send,
        ordered.SendCancel: ExploredWorld.perform_cancel,
        ordered.SendSteer: ExploredWorld.perform_steer,
        ordered.Withdraw: ExploredWorld.perform_withdraw,
    }
)
"""What each order does; the rest is judged."""
