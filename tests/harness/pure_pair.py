"""The pure session and a model server, joined without tasks, sockets or a real clock.

A program decides everything that a network, a clock and callers decide in life: when frames travel, in which direction and how
many, when a dial is answered, when a pong comes, when a socket is lost and with what still in flight, and how time passes:

    pair = PurePair(Session(AZURE), ModelServer(AZURE_SERVER))
    first = pair.ask([user("Hi")])
    pair.open_dial(pair.dials[0])
    pair.client_speaks(1)
    pair.server_speaks(1, count=3)
    pair.cancel(first)

Rules of this file
* It performs effects and decides nothing. What performing an effect answers (a create that is too large, one that was taken
  back) is fed after the other effects of the same feed, as the engine does.
* Everything that was fed, and everything that came back, is in ``diary``; what the server saw is in ``server.log``. Whoever judges
  a run reads these two, and never the session.
* Nothing travels by itself: a frame stays in its ``Socket`` until the program lets it through, or the socket is lost.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any, Final, assert_never, final

import attrs

from rejoinder.states.codec import decode, encode_cancel, encode_create
from rejoinder.states.continuation import RequestContent, Reuse
from rejoinder.states.effects import Close, Deliver, Dial, Effect, Finish, Moved, Note, Ping, Send, SendCancel, Withdraw
from rejoinder.states.events import (
    Cancel,
    Create,
    DialFailed,
    Event,
    Expired,
    Lost,
    Opened,
    Overflow,
    Pong,
    Preconnect,
    Received,
    Unsendable,
    Withdrawn,
)
from rejoinder.states.session import Session
from rejoinder.states.stream_events import StreamEvent
from rejoinder.states.verdicts import Outcome
from rejoinder.testing.model_server import ModelServer
from rejoinder.testing.outgoing import Drop, HandshakeRefused, Message
from rejoinder.testing.outgoing import Close as ServerClose

__all__ = ["Caller", "Fed", "Outbound", "PurePair", "Socket", "Stuck"]

PATIENCE: Final = 50
"""How often ``Expired`` may be due at one and the same instant before the pair calls that a busy loop."""


class Stuck(AssertionError):
    """``next_deadline`` goes on naming an instant that has come: the engine would spin."""


@attrs.frozen
class Fed:
    """One line of the diary: what was fed, and what came back."""

    at: float
    """When, in seconds of the pair's clock."""
    event: Event
    """What was fed."""
    effects: tuple[Effect, ...]
    """What came back, in order."""


@final
@attrs.define(eq=False)
class Caller:
    """What the caller of one request knows."""

    number: int
    """The request's number."""
    content: RequestContent
    """What was asked."""
    frames: list[StreamEvent] = attrs.field(factory=list[StreamEvent])
    """What was delivered."""
    outcomes: list[Outcome] = attrs.field(factory=list[Outcome])
    """What it was told at the end: one, if all is well."""

    @property
    def text(self) -> str:
        """The words that were delivered."""
        return "".join(str(frame.raw["delta"]) for frame in self.frames if frame.type == "response.output_text.delta")


@attrs.frozen
class Outbound:
    """A frame of the client that has not left yet."""

    text: str
    """The frame."""
    order: Send | None = None
    """What ordered it, if it is a create: that can be taken back."""


@final
@attrs.define(eq=False)
class Socket:
    """An open socket, and what is in flight on it."""

    connection: int
    """The server's number for it."""
    outbox: deque[Outbound] = attrs.field(factory=deque[Outbound])
    """What the client has not sent yet."""
    inbox: deque[Message | ServerClose | Drop] = attrs.field(factory=deque[Message | ServerClose | Drop])
    """What the server has sent and the client has not received: frames, and how the socket ends."""


@final
@attrs.define(eq=False)
class PurePair:
    """A session, a server, and the network between them in the hands of the caller."""

    session: Final[Session]
    """The client."""
    server: Final[ModelServer]
    """The server; its faults are the caller's to choose."""
    now: float = 0.0
    """The clock of both, in seconds."""
    diary: list[Fed] = attrs.field(factory=list[Fed])
    """Everything that was fed, and what came back."""
    callers: dict[int, Caller] = attrs.field(factory=dict[int, Caller])
    """The callers by the numbers of their requests."""
    dials: dict[int, float] = attrs.field(factory=dict[int, float])
    """The dials that were not answered yet: link, and since when."""
    sockets: dict[int, Socket] = attrs.field(factory=dict[int, Socket])
    """The open sockets by link."""
    pings: list[int] = attrs.field(factory=list[int])
    """The links that were pinged and gave no pong yet."""

    # -- callers -----------------------------------------------------------------------------------------------------------

    def ask(self, items: Sequence[Mapping[str, Any]], fields: Mapping[str, Any] | None = None, *, warm_up: bool = False) -> int:
        """Make a request; returns its number."""
        number = len(self.callers) + 1
        content = RequestContent(list(items), {"model": "test"} if fields is None else fields, generate=not warm_up)
        self.callers[number] = Caller(number, content)
        self.feed(Create(number, content, warm_up))
        return number

    def cancel(self, request: int) -> None:
        """Let a caller leave: at any time, any number of times."""
        self.feed(Cancel(request))

    def overflow(self, request: int) -> None:
        """Let a caller's buffer be full."""
        self.feed(Overflow(request))

    def preconnect(self) -> None:
        """Ask for a link before there is a request."""
        self.feed(Preconnect())

    # -- dials, pings, losses ----------------------------------------------------------------------------------------------

    def open_dial(self, link: int) -> bool:
        """Let a dial reach the server; False if the server refuses it."""
        del self.dials[link]
        try:
            connection = self.server.connect(self.now)
        except HandshakeRefused as refused:
            self.feed(DialFailed(link, str(refused), refused.status))
            return False
        self.sockets[link] = Socket(connection)
        self.feed(Opened(link))
        return True

    def refuse_dial(self, link: int, status: int | None = None, *, retry_after: float | None = None) -> None:
        """Let a dial fail on its way; a dial that hangs is one that is never answered."""
        del self.dials[link]
        self.feed(DialFailed(link, "The dial failed.", status, retry_after))

    def pong(self, link: int) -> None:
        """Answer a ping."""
        self.pings.remove(link)
        self.feed(Pong(link))

    def lose(self, link: int, *, read: int = 0, received: int = 0) -> None:
        """Lose a socket after the server read ``read`` more frames and the client received ``received`` more."""
        self.client_speaks(link, read)
        self.server_speaks(link, received)
        if link in self.sockets:
            self._hang_up(link)
            self.feed(Lost(link, 1006))

    # -- frames ------------------------------------------------------------------------------------------------------------

    def client_speaks(self, link: int, count: int | None = None) -> None:
        """Let frames leave the client's outbox and reach the server: ``count`` of them, or all."""
        socket = self.sockets.get(link)
        while socket is not None and socket.outbox and count != 0:
            self.server.receive(socket.connection, socket.outbox.popleft().text, self.now)
            count = None if count is None else count - 1
        self._collect()

    def server_speaks(self, link: int, count: int | None = None) -> None:
        """Let what the server sent reach the client: ``count`` frames, or all."""
        self._collect()
        while (socket := self.sockets.get(link)) is not None and socket.inbox and count != 0:
            news = socket.inbox.popleft()
            if isinstance(news, Message):
                self.feed(Received(link, decode(news.data)))
            else:
                self._hang_up(link)
                self.feed(Lost(link, news.code if isinstance(news, ServerClose) else None))
            count = None if count is None else count - 1

    def inject(self, link: int, data: str | bytes, *, ahead: bool = False) -> None:
        """Let the server send a frame that it would not send by itself: behind what is in flight now, or ahead of it."""
        self._collect()
        socket = self.sockets[link]
        frame = Message(socket.connection, data, at=self.now)
        if ahead:
            socket.inbox.appendleft(frame)
        else:
            socket.inbox.append(frame)

    # -- time --------------------------------------------------------------------------------------------------------------

    def next_deadline(self) -> float | None:
        """When something happens by itself, on either side; None if nothing will."""
        dues = (self.session.next_deadline(), self.server.next_deadline())
        return min((due for due in dues if due is not None), default=None)

    def wait(self, seconds: float) -> None:
        """Let time pass, and everything that falls due happen when it is due. Nothing travels meanwhile."""
        until = self.now + seconds
        while (due := self.next_deadline()) is not None and due <= until:
            self.now = max(self.now, due)
            self._collect()
            self._expire()
        self.now = until

    def wait_for_deadline(self) -> None:
        """Let time pass until the next thing happens by itself."""
        due = self.next_deadline()
        if due is not None:
            self.wait(max(due - self.now, 0.0))

    def flow(self, seconds: float, *, dial: float = 0.0) -> None:
        """Let time pass on a network that works: frames and pongs travel at once, a dial takes ``dial`` seconds."""
        until = self.now + seconds
        while True:
            self._move_everything(dial)
            dues = (self.next_deadline(), *(since + dial for since in self.dials.values()))
            due = min((due for due in dues if due is not None), default=None)
            if due is None or due > until:
                break
            self.wait(max(due - self.now, 0.0))
        self.now = until

    def _move_everything(self, dial: float) -> None:
        moved = True
        while moved:
            moved = False
            for link in [link for link, since in self.dials.items() if since + dial <= self.now]:
                moved = True
                self.open_dial(link)
            for link in [link for link in self.pings if link in self.sockets]:
                moved = True
                self.pong(link)
            self._collect()
            for link in [link for link, socket in self.sockets.items() if socket.outbox or socket.inbox]:
                moved = True
                self.client_speaks(link)
                self.server_speaks(link)

    def _expire(self) -> None:
        for _ in range(PATIENCE):
            due = self.session.next_deadline()
            if due is None or due > self.now:
                return
            self.feed(Expired())
        raise Stuck(f"Expired was fed {PATIENCE} times at {self.now} and is due again: {self.session}")

    # -- feeding and performing --------------------------------------------------------------------------------------------

    def feed(self, event: Event) -> None:
        """Let an event happen now, write it down, and perform what follows."""
        events = deque([event])
        while events:
            happening = events.popleft()
            effects = tuple(self.session.feed(happening, self.now))
            self.diary.append(Fed(self.now, happening, effects))
            for effect in effects:
                answer = self._perform(effect, happening)
                if answer is not None:
                    events.append(answer)

    def _perform(self, effect: Effect, cause: Event) -> Event | None:
        match effect:
            case Deliver(request):
                assert isinstance(cause, Received), f"{effect} without a frame"
                self.callers[request].frames.append(cause.frame)
            case Finish(request, outcome):
                self.callers[request].outcomes.append(outcome)
            case Send():
                return self._send(effect)
            case SendCancel(link, response_id):
                self._socket(effect, link).outbox.append(Outbound(encode_cancel(response_id)))
            case Withdraw():
                return self._withdraw(effect)
            case Dial(link):
                assert link not in self.dials, f"{effect} while that dial is under way"
                assert link not in self.sockets, f"{effect} while that link is open"
                self.dials[link] = self.now
            case Close(link):
                self.dials.pop(link, None)
                if link in self.sockets:
                    self._hang_up(link)
            case Ping(link):
                self._socket(effect, link)
                self.pings.append(link)
            case Moved() | Note():
                pass
            case _ as unknown:
                assert_never(unknown)
        return None

    def _send(self, effect: Send) -> Event | None:
        content, decision = self.callers[effect.request].content, effect.decision
        fields = dict(content.fields)
        named = fields.pop("previous_response_id", None)
        text = encode_create(
            fields,
            decision.items if isinstance(decision, Reuse) else content.items,
            previous_response_id=decision.response_id if isinstance(decision, Reuse) else named,
            stream_id=effect.lane,
            generate=None if content.generate else False,
        )
        if len(text.encode()) > self.session.profile.inbound_limit:
            return Unsendable(effect.link, effect.request, effect.lane, len(text))
        self._socket(effect, effect.link).outbox.append(Outbound(text, effect))
        return None

    def _withdraw(self, effect: Withdraw) -> Event | None:
        outbox, wanted = self._socket(effect, effect.link).outbox, (effect.request, effect.lane)
        for entry in outbox:
            if entry.order is not None and (entry.order.request, entry.order.lane) == wanted:
                outbox.remove(entry)
                return Withdrawn(effect.link, effect.request, effect.lane)
        return None

    def _socket(self, effect: Effect, link: int) -> Socket:
        socket = self.sockets.get(link)
        assert socket is not None, f"{effect} where no socket is open"
        return socket

    def _hang_up(self, link: int) -> None:
        self.server.disconnect(self.sockets.pop(link).connection, self.now)
        self.pings = [pinged for pinged in self.pings if pinged != link]

    def _collect(self) -> None:
        """Put what the server said into flight; what it says to sockets that are gone is lost."""
        homes = {socket.connection: socket for socket in self.sockets.values()}
        for out in self.server.poll(self.now):
            home = homes.get(out.connection)
            if home is not None:
                home.inbox.append(out)
