"""The sockets of a plot: a network in memory, and a connector that writes down what the engine is given.

Rule of this file: it changes nothing. What goes wrong is planned in the network (``LinkPlan``) or done to its links by a step.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final, final

import attrs
import trio

from rejoinder.engine.endpoint import Endpoint
from rejoinder.engine.observations import Moved, Observation
from rejoinder.engine.settings import Settings
from rejoinder.engine.wire import Wire, WireClosed
from rejoinder.states.triggers import LinkEvent
from rejoinder.testing.fuzz.engine_diary import Diary, Given, Wired
from rejoinder.testing.fuzz.engine_plots import Cut, Freeze, Say, Stray
from rejoinder.testing.fuzz.wishes import pick
from rejoinder.testing.memory_network import LinkEnded, MemoryLink, MemoryNetwork
from rejoinder.testing.memory_wire import memory_connector

__all__ = ["Socket", "Sockets", "Strike"]

Strike = Cut | Freeze | Say
"""What is done to a socket."""

STRAYS: Final[dict[Stray, str | bytes]] = {
    Stray.GARBAGE: "{broken",
    Stray.BINARY: b"\x00\x01",
    Stray.KEEPALIVE: '{"type":"keepalive"}',
    Stray.STRANGER: '{"type":"response.completed","response":{"id":"nobodys","output":[],"metadata":{"nonce":"<0>"}}}',
}
"""What a server says on its own; the words of nobody carry the number 0."""


@final
@attrs.define(eq=False)
class Socket:
    """What is known of one socket that the engine had."""

    number: int
    """From 1, in the order of opening."""
    link: MemoryLink
    """The network's side of it."""
    engine: int | None = None
    """The engine's number for its link; None until it said so."""
    left: bool = False
    """Whether the engine has let go of it."""

    @property
    def alive(self) -> bool:
        """Whether it is there, as far as the engine can know."""
        return not self.left and self.link.ended is None


@final
@attrs.define(eq=False)
class Sockets:
    """All sockets of a plot."""

    network: MemoryNetwork
    diary: Diary
    all: list[Socket] = attrs.field(factory=list[Socket])
    """In the order of opening."""
    frames: int = 0
    """How many frames the engine was given."""
    creates: int = 0
    """How many creates it has sent."""

    @property
    def alive(self) -> list[Socket]:
        """Those that are there."""
        return [socket for socket in self.all if socket.alive]

    def connect(self, endpoint: Endpoint, settings: Settings) -> AbstractAsyncContextManager[Wire]:
        """Open a wire, and write down what becomes of it: a ``Connector``."""
        return self._watched(memory_connector(self.network)(endpoint, settings))

    def observed(self, what: Observation) -> None:
        """Learn the engine's number of a link: it says so right after the link has opened."""
        if isinstance(what, Moved) and what.event == LinkEvent.OPENED and self.all and self.all[-1].engine is None:
            self.all[-1].engine = what.link

    def strike(self, step: Strike) -> None:
        """Let the network or the server do something to an open socket, if there is one."""
        if not self.alive:
            return
        link = pick(self.alive, step.index).link
        if isinstance(step, Cut):
            link.cut()
        elif isinstance(step, Freeze):
            link.freeze()
        else:
            self._say(step.what, link)

    def _say(self, what: Stray, link: MemoryLink) -> None:
        now = trio.current_time()
        if what is Stray.CLOSE:
            link.deliver(LinkEnded(1001, "going away"), now)
            self.network.server.disconnect(link.connection, now)
        else:
            link.deliver(STRAYS[what], now)
        self.network.wake()

    @asynccontextmanager
    async def _watched(self, inner: AbstractAsyncContextManager[Wire]) -> AsyncGenerator[Wire]:
        async with inner as wire:
            socket = Socket(len(self.all) + 1, self.network.links[-1])
            self.all.append(socket)
            self.diary.write(Wired(socket.number, "opened"))
            try:
                yield Watched(wire, socket, self)
            finally:
                socket.left = True
                self.diary.write(Wired(socket.number, "left"))


@final
class Watched:
    """A ``Wire`` that writes down what it gives to the engine."""

    def __init__(self, wire: Wire, socket: Socket, sockets: Sockets) -> None:
        self._wire = wire
        self._socket = socket
        self._sockets = sockets

    async def send(self, text: str) -> None:
        """As the wire below."""
        self._sockets.creates += json.loads(text).get("type") == "response.create"
        await self._wire.send(text)

    async def receive(self) -> Sequence[str | bytes]:
        """As the wire below."""
        try:
            frames = await self._wire.receive()
        except WireClosed:
            self._sockets.diary.write(Wired(self._socket.number, "ended"))
            raise
        for frame in frames:
            self._sockets.diary.write(Given(self._socket.number, frame))
        self._sockets.frames += len(frames)
        return frames

    async def ping(self) -> None:
        """As the wire below."""
        await self._wire.ping()
