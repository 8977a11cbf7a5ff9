"""Wires in the hands of the test: what the server says, when frames leave, how the wire ends, and how long it takes to close.

A network of them counts the dials:

    network = HandNetwork()
    async with open_session(ENDPOINT, connector=network.connect) as session, session.respond("Hi") as response:
        await wait_all_tasks_blocked()
        network.wires[0].say(frames.created())

Nothing here waits in real time, and nothing is decided: a wire does what the test has told it.
"""

from __future__ import annotations

import json
import math
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any, final

import trio

from rejoinder.engine import Endpoint, Settings, Wire
from rejoinder.states.stream_events import StreamEvent

__all__ = ["HandNetwork", "HandWire"]


@final
class HandWire:
    """One wire."""

    def __init__(self, *, held: bool = False) -> None:
        self.sent: list[dict[str, Any]] = []
        """The bodies of the frames that have left, in order."""
        self.fail_send: Exception | None = None
        """What sending raises."""
        self.fail_ping: Exception | None = None
        """What pinging raises."""
        self.broken = trio.Event()
        """Set by ``break_inside``: a task of the connector's own raises."""
        self._free = trio.Event()
        if not held:
            self._free.set()
        self._speaker, self._listener = trio.open_memory_channel[list[str] | Exception](math.inf)

    # -- the test's side -----------------------------------------------------------------------------------------------------

    def say(self, *events: StreamEvent) -> None:
        """Let frames arrive, one after the other."""
        for event in events:
            self.say_at_once(event)

    def say_at_once(self, *events: StreamEvent) -> None:
        """Let frames arrive together."""
        self._speaker.send_nowait([json.dumps(dict(event.raw)) for event in events])

    def fail(self, error: Exception) -> None:
        """Let receiving raise ``error``, once the frames before it have been read."""
        self._speaker.send_nowait(error)

    def hold(self) -> None:
        """From now on no frame leaves."""
        self._free = trio.Event()

    def release(self) -> None:
        """Let frames leave again, those that were held first."""
        self._free.set()

    def break_inside(self) -> None:
        """Let a task that the connector runs beside the wire raise."""
        self.broken.set()

    def creates(self, text: str) -> list[dict[str, Any]]:
        """The creates that have left and end in what a user said."""
        return [body for body in self.sent if body.get("input") and body["input"][-1]["content"] == text]

    # -- the engine's side ---------------------------------------------------------------------------------------------------

    async def send(self, text: str) -> None:
        """Send, as soon as frames may leave."""
        await trio.lowlevel.checkpoint()
        if self.fail_send is not None:
            raise self.fail_send
        await self._free.wait()
        self.sent.append(json.loads(text))

    async def receive(self) -> Sequence[str | bytes]:
        """Wait for the next thing that the test says."""
        said = await self._listener.receive()
        if isinstance(said, Exception):
            raise said
        return said

    async def ping(self) -> None:
        """Ping; the pong is there at once."""
        await trio.lowlevel.checkpoint()
        if self.fail_ping is not None:
            raise self.fail_ping


@final
class HandNetwork:
    """Where the wires come from."""

    def __init__(self, *refusals: Exception, closing: float = 0.0, held: int = 0) -> None:
        self.refusals = list(refusals)
        """What the next dials raise, in order, before one succeeds."""
        self.closing = closing
        """Seconds that a wire takes to leave, whatever is cancelled meanwhile."""
        self.held = held
        """How many of the first wires let no frame leave until they are told to."""
        self.wires: list[HandWire] = []
        """Every wire that was opened."""
        self.dials: list[float] = []
        """When each dial began."""
        self.fail_closing: Exception | None = None
        """What leaving a wire raises, the first time."""

    @asynccontextmanager
    async def connect(self, endpoint: Endpoint, settings: Settings) -> AsyncGenerator[Wire]:
        """The connector."""
        del endpoint, settings
        self.dials.append(trio.current_time())
        await trio.lowlevel.checkpoint()
        if self.refusals:
            raise self.refusals.pop(0)
        wire = HandWire(held=len(self.wires) < self.held)
        self.wires.append(wire)
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(_break, wire)
                yield wire
                nursery.cancel_scope.cancel()
        finally:
            with trio.CancelScope(shield=True):
                await trio.sleep(self.closing)
            error, self.fail_closing = self.fail_closing, None
            if error is not None:
                raise error


async def _break(wire: HandWire) -> None:
    await wire.broken.wait()
    raise RuntimeError("a task beside the wire broke")
