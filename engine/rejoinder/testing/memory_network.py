"""A network in memory between code under test and a `ModelServer`, on trio's clock.

Rules of this file:

* No task of its own: whoever waits in `receive` or `ping` moves the server on, so a test needs no nursery for it. All
  waiting is on trio's clock; under `trio.testing.MockClock` hours cost nothing.
* A link has the shape of the engine's wire: `send`, `receive`, `ping`, `aclose`. The end of a link is `LinkEnded`, with
  1006 for every loss without a close frame.
* What goes wrong is said beforehand, per dial (`LinkPlan`), or done by hand while the test runs (`cut`, `freeze`).
"""

import math
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Final, final

import attrs
import trio

from rejoinder.testing.model_server import ModelServer
from rejoinder.testing.outgoing import Close, HandshakeRefused, Message

ABNORMAL: Final = 1006
"""The close code that stands for a loss without a close frame."""


class LinkEnded(Exception):
    """The link is over: nothing more arrives, and nothing more can be sent."""

    code: int
    """The close code; 1006 for a loss without a close frame."""
    reason: str
    """The close reason."""

    def __init__(self, code: int, reason: str = "") -> None:
        super().__init__(f"the link ended with code {code}" + (f": {reason}" if reason else ""))
        self.code = code
        self.reason = reason


@attrs.frozen
class LinkPlan:
    """How one dial goes, and what becomes of its link. The default is a link without delay or fault."""

    unreachable: bool = False
    """Fail the dial with `ConnectionRefusedError`."""
    refuse_status: int | None = None
    """Refuse the handshake with this HTTP status, whatever the server would do."""
    refuse_headers: Mapping[str, str] = attrs.field(factory=dict[str, str])
    """Headers of that refusal."""
    handshake_delay: float = 0.0
    """Seconds until the dial is decided; `math.inf` for a dial that hangs."""
    latency: float = 0.0
    """Seconds that each frame takes, in either direction."""
    cut_after_sent: int | None = None
    """Cut the link after so many frames from the client. The last one still reaches the server."""
    cut_after_received: int | None = None
    """Cut the link after so many frames have been given to the client."""
    freeze_after_received: int | None = None
    """Freeze the link after so many frames have been given to the client."""


@final
@attrs.define(eq=False)
class MemoryLink:
    """One connection of a `MemoryNetwork`, seen from the client."""

    network: "MemoryNetwork" = attrs.field(repr=False)
    """The network it belongs to."""
    connection: int
    """Its number in the server's log."""
    plan: LinkPlan = attrs.field(repr=False)
    """What was planned for it."""
    headers: Mapping[str, str] = attrs.field(repr=False)
    """The headers the client sent with the upgrade."""
    sent: int = 0
    """Frames from the client so far."""
    received: int = 0
    """Frames given to the client so far."""
    frozen: bool = False
    """Whether it is a black hole: what is sent vanishes, nothing arrives, no ping comes back."""
    _frames: deque[tuple[float, str | bytes]] = attrs.field(factory=deque[tuple[float, str | bytes]])
    _end: tuple[float, LinkEnded] = (math.inf, LinkEnded(ABNORMAL))
    _waiting_at_server: deque[tuple[float, str]] = attrs.field(factory=deque[tuple[float, str]])

    async def send(self, text: str) -> None:
        """Send a text frame. Raises LinkEnded once the link is over."""
        await trio.lowlevel.checkpoint()
        self._check()
        self.sent += 1
        last = self.sent == self.plan.cut_after_sent
        if not self.frozen:
            latency = 0.0 if last else self.plan.latency
            self._waiting_at_server.append((trio.current_time() + latency, text))
            self.network.turn()
            self.network.wake()
        if last:
            self.cut()

    async def receive(self) -> list[str | bytes]:
        """Wait for frames and return all that have arrived. Raises LinkEnded at the end, and whenever asked again."""
        await trio.lowlevel.checkpoint()
        while True:
            self.network.turn()
            frames = self._take()
            if frames:
                return frames
            self._check()
            await self.network.wait(min(self._next_arrival(), self._end[0]))

    async def ping(self) -> None:
        """Wait for a pong: a round trip, or for ever on a frozen link. Raises LinkEnded if the link ends meanwhile."""
        back = trio.current_time() + 2 * self.plan.latency
        await trio.lowlevel.checkpoint()
        while True:
            self.network.turn()
            self._check()
            if trio.current_time() >= back and not self.frozen:
                return
            await self.network.wait(min(math.inf if self.frozen else back, self._end[0]))

    async def aclose(self, code: int = 1000) -> None:
        """Close the link from the client's side. Closing twice does no harm."""
        if self.ended is None:
            self._frames.clear()
            self._end = (trio.current_time(), LinkEnded(code))
            self.network.leave(self)
        await trio.lowlevel.checkpoint()

    def cut(self) -> None:
        """Lose the link now, in both directions. Frames that have arrived can still be read."""
        if self._end[0] > trio.current_time():
            self.network.turn()
            self._lose()

    def freeze(self) -> None:
        """Make a black hole of the link from now on: neither side learns of it."""
        self.network.turn()
        self.frozen = True
        self._frames.clear()
        self._waiting_at_server.clear()
        self._end = (math.inf, LinkEnded(ABNORMAL))
        self.network.wake()

    @property
    def ended(self) -> LinkEnded | None:
        """How it ended, once the client can know; None before."""
        at, how = self._end
        return how if at <= trio.current_time() else None

    def deliver(self, what: str | bytes | LinkEnded, at: float) -> None:
        """Put what the server said on its way; for `MemoryNetwork`."""
        if self.frozen:
            return
        if isinstance(what, LinkEnded):
            self._end = (at + self.plan.latency, what)
        else:
            self._frames.append((at + self.plan.latency, what))

    def reaches_server(self) -> float:
        """When the next frame reaches the server; for `MemoryNetwork`."""
        return self._waiting_at_server[0][0] if self._waiting_at_server else math.inf

    def take_for_server(self) -> str:
        """The next frame that has reached the server; for `MemoryNetwork`."""
        return self._waiting_at_server.popleft()[1]

    def _next_arrival(self) -> float:
        return self._frames[0][0] if self._frames else math.inf

    def _take(self) -> list[str | bytes]:
        frames: list[str | bytes] = []
        now = trio.current_time()
        while self._next_arrival() <= now:
            frames.append(self._frames.popleft()[1])
            self.received += 1
            if self.received == self.plan.cut_after_received:
                self._frames.clear()
                self._lose()
            if self.received == self.plan.freeze_after_received:
                self.freeze()
        return frames

    def _lose(self) -> None:
        now = trio.current_time()
        self._frames = deque(frame for frame in self._frames if frame[0] <= now)
        self._end = (now, LinkEnded(ABNORMAL))
        self.network.leave(self)

    def _check(self) -> None:
        ended = self.ended
        if ended is not None:
            raise LinkEnded(ended.code, ended.reason)


@final
class MemoryNetwork:
    """Dials a `ModelServer` without a socket. Use it inside one trio run."""

    server: ModelServer
    """The server at the other end."""
    links: list[MemoryLink]
    """Every link that was opened, in order."""
    plans: deque[LinkPlan]
    """The plans of the next dials, first one first; append to it at any time."""
    default: LinkPlan
    """The plan of a dial for which none is left."""
    dials: int
    """How many dials were begun."""

    def __init__(self, server: ModelServer, plans: Iterable[LinkPlan] = (), default: LinkPlan | None = None) -> None:
        self.server = server
        self.links = []
        self.plans = deque(plans)
        self.default = default or LinkPlan()
        self.dials = 0
        self._changed = trio.Event()
        self._open: dict[int, MemoryLink] = {}

    async def connect(self, headers: Mapping[str, str] | None = None) -> MemoryLink:
        """Dial. Raises HandshakeRefused or ConnectionRefusedError as planned; else the link is open on return."""
        plan = self.plans.popleft() if self.plans else self.default
        self.dials += 1
        await trio.sleep(plan.handshake_delay)
        if plan.unreachable:
            message = "the planned network lets nobody through"
            raise ConnectionRefusedError(message)
        if plan.refuse_status is not None:
            raise HandshakeRefused(plan.refuse_status, plan.refuse_headers)
        connection = self.server.connect(trio.current_time())
        link = MemoryLink(self, connection, plan, dict(headers or {}))
        self.links.append(link)
        self._open[connection] = link
        self.wake()
        return link

    def turn(self) -> None:
        """Move everything on to the present: frames that reach the server, and what it says. Never waits."""
        now = trio.current_time()
        while True:
            link = min(self._open.values(), key=MemoryLink.reaches_server, default=None)
            if link is None or link.reaches_server() > now:
                break
            at = link.reaches_server()
            self.server.receive(link.connection, link.take_for_server(), at)
            self._hand_out(at)
        self._hand_out(now)

    async def wait(self, until: float) -> None:
        """Wait until something may have happened, at most until a time; for links."""
        deadline = self.server.next_deadline()
        times = [until, *(link.reaches_server() for link in self._open.values())]
        with trio.move_on_at(min(times) if deadline is None else min(deadline, *times)):
            await self._changed.wait()

    def wake(self) -> None:
        """Something changed: let everybody who waits look again."""
        self._changed.set()
        self._changed = trio.Event()

    def leave(self, link: MemoryLink) -> None:
        """The client's side of a link is gone; for links. The server cannot hear it on a frozen link."""
        if self._open.pop(link.connection, None) is not None and not link.frozen:
            self.server.disconnect(link.connection, trio.current_time())
        self.wake()

    def _hand_out(self, now: float) -> None:
        outgoing = self.server.poll(now)
        for each in outgoing:
            link = self._open.get(each.connection)
            if link is None:
                continue
            if isinstance(each, Message):
                link.deliver(each.data, each.at)
                continue
            how = LinkEnded(each.code, each.reason) if isinstance(each, Close) else LinkEnded(ABNORMAL)
            link.deliver(how, each.at)
            del self._open[each.connection]
        if outgoing:
            self.wake()
