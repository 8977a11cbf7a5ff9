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
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, final

import attrs

from rejoinder.states import effects as ordered
from rejoinder.states import events as happening
from rejoinder.states.codec import decode, encode_cancel, encode_create, encode_steer
from rejoinder.states.continuation import RequestContent, Reuse
from rejoinder.states.session import Session
from rejoinder.states.trace import Fed
from rejoinder.testing import Close, HandshakeRefused, Message, ModelServer
from rejoinder.testing.pure_records import Caller, Impossible, Outbound, Socket, Stuck

__all__ = ["Drive", "PurePair"]

Drive = Callable[[happening.Event, float], Sequence[ordered.Effect]]
"""Feeds a session an event at an instant, and returns what came back."""

PATIENCE: Final = 50
"""How often ``Expired`` may be due at one and the same instant before the pair calls that a busy loop."""


def _feed_of(pair: PurePair) -> Drive:
    return pair.session.feed


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
    drive: Drive = attrs.field(default=attrs.Factory(_feed_of, takes_self=True), kw_only=True)
    """What feeds the session an event at an instant and returns what came back: ``Session.feed``, or a handler around it."""
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
        """Make a request; returns its number: 1, 2 and so on."""
        number = len(self.callers) + 1
        content = RequestContent(list(items), {"model": "test"} if fields is None else fields, generate=not warm_up)
        self.callers[number] = Caller(number, content)
        self.feed(happening.Create(number, content, warm_up))
        return number

    def cancel(self, request: int) -> None:
        """Let a caller leave: at any time, any number of times."""
        self.feed(happening.Cancel(request))

    def overflow(self, request: int) -> None:
        """Let a caller's buffer be full."""
        self.feed(happening.Overflow(request))

    def preconnect(self) -> None:
        """Ask for a link before there is a request."""
        self.feed(happening.Preconnect())

    # -- dials, pings, losses ----------------------------------------------------------------------------------------------

    def open_dial(self, link: int) -> bool:
        """Let a dial reach the server; False if the server refuses it."""
        del self.dials[link]
        try:
            connection = self.server.connect(self.now)
        except HandshakeRefused as refused:
            self.feed(happening.DialFailed(link, str(refused), refused.status))
            return False
        self.sockets[link] = Socket(connection)
        self.feed(happening.Opened(link))
        return True

    def refuse_dial(self, link: int, status: int | None = None, *, retry_after: float | None = None) -> None:
        """Let a dial fail on its way; a dial that hangs is one that is never answered."""
        del self.dials[link]
        self.feed(happening.DialFailed(link, "The dial failed.", status, retry_after))

    def pong(self, link: int) -> None:
        """Answer a ping."""
        self.pings.remove(link)
        self.feed(happening.Pong(link))

    def lose(self, link: int, *, read: int = 0, received: int = 0) -> None:
        """Lose a socket after the server read ``read`` more frames and the client received ``received`` more."""
        self.client_speaks(link, read)
        self.server_speaks(link, received)
        if link in self.sockets:
            self._hang_up(link)
            self.feed(happening.Lost(link, 1006))

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
                self.feed(happening.Received(link, decode(news.data)))
            else:
                self._hang_up(link)
                self.feed(happening.Lost(link, news.code if isinstance(news, Close) else None))
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
            self.feed(happening.Expired())
        raise Stuck(f"Expired was fed {PATIENCE} times at {self.now} and is due again: {self.session}")

    # -- feeding and performing --------------------------------------------------------------------------------------------

    def feed(self, event: happening.Event) -> None:
        """Let an event happen now, write it down, and perform what follows."""
        events = deque([event])
        while events:
            fed = Fed(self.now, events[0], tuple(self.drive(events.popleft(), self.now)))
            self.diary.append(fed)
            for effect in fed.effects:
                answer = PERFORM[type(effect)](self, effect)
                if answer is not None:
                    events.append(answer)

    def deliver(self, effect: ordered.Deliver) -> None:
        """Hand the frame that was just fed to its caller."""
        event = self.diary[-1].event
        if not isinstance(event, happening.Received):
            raise Impossible(f"{effect} was ordered without a frame: what was fed is {event}.")
        self.callers[effect.request].frames.append(event.frame)

    def finish(self, effect: ordered.Finish) -> None:
        """Give a caller its outcome."""
        self.callers[effect.request].outcomes.append(effect.outcome)

    def dial(self, effect: ordered.Dial) -> None:
        """Note a dial; whether and when it succeeds is the program's affair."""
        if effect.link in self.dials or effect.link in self.sockets:
            raise Impossible(f"{effect} was ordered for a link that is dialled or open already.")
        self.dials[effect.link] = self.now

    def close(self, effect: ordered.Close) -> None:
        """Hang up, or give up a dial."""
        self.dials.pop(effect.link, None)
        if effect.link in self.sockets:
            self._hang_up(effect.link)

    def ping(self, effect: ordered.Ping) -> None:
        """Note a ping."""
        self.socket_of(effect)
        self.pings.append(effect.link)

    def send(self, effect: ordered.Send) -> happening.Event | None:
        """Put a create into the outbox, as the engine encodes it."""
        content, decision = self.callers[effect.request].content, effect.decision
        items, named = content.items, content.fields.get("previous_response_id")
        if isinstance(decision, Reuse):
            items, named = decision.items, decision.response_id
        text = encode_create(
            {name: value for name, value in content.fields.items() if name != "previous_response_id"},
            items,
            previous_response_id=named,
            stream_id=effect.lane,
            generate=None if content.generate else False,
        )
        if len(text.encode()) > self.session.profile.inbound_limit:
            return happening.Unsendable(effect.link, effect.request, effect.lane, len(text))
        self.socket_of(effect).outbox.append(Outbound(text, effect))
        return None

    def send_cancel(self, effect: ordered.SendCancel) -> None:
        """Put a cancel into the outbox."""
        self.socket_of(effect).outbox.append(Outbound(encode_cancel(effect.response_id)))

    def send_steer(self, effect: ordered.SendSteer) -> None:
        """Put words into the outbox: which ones they are, and nothing else."""
        self.socket_of(effect).outbox.append(Outbound(encode_steer(effect.response_id, f"words {effect.steer}")))

    def withdraw(self, effect: ordered.Withdraw) -> happening.Event | None:
        """Take a create back, if it has not left."""
        outbox, wanted = self.socket_of(effect).outbox, (effect.request, effect.lane)
        for entry in outbox:
            if entry.order is not None and (entry.order.request, entry.order.lane) == wanted:
                outbox.remove(entry)
                return happening.Withdrawn(effect.link, effect.request, effect.lane)
        return None

    def socket_of(self, effect: ordered.Send | ordered.SendCancel | ordered.SendSteer | ordered.Withdraw | ordered.Ping) -> Socket:
        """The socket that an order is for; an order for a link that is not open is a fault."""
        socket = self.sockets.get(effect.link)
        if socket is None:
            raise Impossible(f"{effect} was ordered where no socket is open.")
        return socket

    def watch(self, effect: ordered.Moved | ordered.Note | ordered.Settled | ordered.Steered) -> None:
        """News for observers: it is in the diary."""

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


PERFORM: Final[Mapping[type, Callable[[PurePair, Any], happening.Event | None]]] = MappingProxyType(
    {
        ordered.Close: PurePair.close,
        ordered.Deliver: PurePair.deliver,
        ordered.Dial: PurePair.dial,
        ordered.Finish: PurePair.finish,
        ordered.Moved: PurePair.watch,
        ordered.Note: PurePair.watch,
        ordered.Ping: PurePair.ping,
        ordered.Send: PurePair.send,
        ordered.SendCancel: PurePair.send_cancel,
        ordered.SendSteer: PurePair.send_steer,
        ordered.Settled: PurePair.watch,
        ordered.Steered: PurePair.watch,
        ordered.Withdraw: PurePair.withdraw,
    }
)
"""What each effect does."""
