"""Speaking to a server frame by frame, and writing down every one of them.

Rules of this file:

* It speaks over the engine's wire and never through a session: the question is what the server does, not what a client
  makes of it. What comes is decoded by the codec.
* Nothing here judges. Waiting ends with what was waited for, with the end of the wire, or when the runner's time is up.
* A wait may be cut off anywhere: a frame that has come is in the transcript before the next await.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final, cast, final

import attrs
import trio

from rejoinder.engine.endpoint import Endpoint
from rejoinder.engine.settings import Settings
from rejoinder.engine.wire import Connector, Wire, WireClosed
from rejoinder.states.codec import decode
from rejoinder.states.json_values import write
from rejoinder.states.stream_events import ErrorEvent, FrameKind, StreamEvent
from rejoinder.testing.conform.records import Closing, Direction, End, Exchange, Frame, Transcript

__all__ = ["Line", "Talk", "says"]

LONGEST_PATIENCE: Final = 2.0
"""Seconds in which a server that reacts at once has reacted; recorded round trips take a quarter of one."""
SHARE_OF_TIMEOUT: Final = 0.1
"""The share of a conversation's time that one such wait may take."""


def says(text: str) -> list[dict[str, Any]]:
    """The input of a create: one message of a user."""
    return [{"type": "message", "role": "user", "content": text}]


@final
@attrs.define(eq=False)
class Talk:
    """One conversation with a server, over as many connections as it likes."""

    connector: Connector
    """Opens wires."""
    endpoint: Endpoint = attrs.field(repr=False)
    """The server."""
    settings: Settings
    """Limits of the wire."""
    model: str
    """The model that creates name."""
    transcript: Transcript = attrs.field(repr=False)
    """Where everything is written down."""
    dialling: bool = False
    """Whether a connection is being opened."""
    began: float = attrs.field(factory=trio.current_time)
    """When it began, on trio's clock."""
    _lines: int = 0

    @property
    def patience(self) -> float:
        """Seconds to wait for a reaction that comes at once or not at all."""
        return min(LONGEST_PATIENCE, self.transcript.timeout * SHARE_OF_TIMEOUT)

    def now(self) -> float:
        """Seconds since the conversation began."""
        return trio.current_time() - self.began

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[Line]:
        """Open a connection for the length of the block. Raises `HandshakeFailed`."""
        number, self._lines = self._lines, self._lines + 1
        self.dialling = True
        async with self.connector(self.endpoint, self.settings) as wire:
            self.dialling = False
            yield Line(self, wire, number)


@final
@attrs.define(eq=False)
class Line:
    """One connection of a conversation."""

    talk: Talk
    """The conversation."""
    wire: Wire = attrs.field(repr=False)
    """What carries the frames."""
    number: int
    """Which connection it is, from 0."""
    _arrived: deque[str | bytes] = attrs.field(factory=deque[str | bytes])

    async def send(self, data: str | bytes) -> None:
        """Send a frame: text, or bytes for a binary one. Raises `WireClosed`."""
        self._write_down(Frame(self.talk.now(), self.number, Direction.SENT, data))
        # The engine sends text only, and so its wire is annotated; what is below it takes either and sends what it is given.
        send = cast("Callable[[str | bytes], Awaitable[None]]", self.wire.send)
        try:
            await send(data)
        except WireClosed as end:
            self._write_down_end(end)
            raise

    async def next(self) -> Frame:
        """Wait for the next frame. Raises `WireClosed`."""
        while not self._arrived:
            try:
                self._arrived.extend(await self.wire.receive())
            except WireClosed as end:
                self._write_down_end(end)
                raise
        data = self._arrived.popleft()
        frame = Frame(self.talk.now(), self.number, Direction.RECEIVED, data, decode(data))
        self._write_down(frame)
        return frame

    async def begin(self, given: object, **fields: Any) -> Exchange:  # noqa: ANN401 (a JSON value has no narrower type)
        """Send a create with this input; `finish` next. Nothing is to be stored unless a field says so."""
        body = {"type": "response.create", "model": self.talk.model, "store": False, **fields, "input": given}
        exchange = Exchange(body)
        self.talk.transcript.exchanges.append(exchange)
        await self.send(write(body))
        return exchange

    async def ask(self, given: object, **fields: Any) -> Exchange:  # noqa: ANN401 (a JSON value has no narrower type)
        """Send a create and wait until it is over. Raises `WireClosed` only if it cannot be sent."""
        exchange = await self.begin(given, **fields)
        await self.finish(exchange)
        return exchange

    async def finish(self, exchange: Exchange, *, errors_end_it: bool = True) -> None:
        """Read until the exchange is over.

        With `errors_end_it` an error inside a response, which its terminal follows on recorded servers, is over after a
        short wait for that; without, only the terminal and the end of the connection count.
        """
        try:
            while exchange.end is None:
                frame = await self.next()
                exchange.frames.append(frame)
                if frame.kind is FrameKind.TERMINAL:
                    exchange.end = End.TERMINAL
                elif frame.kind is FrameKind.ERROR and errors_end_it:
                    await self._see_out(exchange)
        except WireClosed:
            exchange.end = End.CLOSED

    async def read_until(self, exchange: Exchange, kind: FrameKind) -> bool:
        """Read up to a frame of some kind. False if the exchange, or the connection, ended first."""
        try:
            while True:
                frame = await self.next()
                exchange.frames.append(frame)
                if frame.kind is kind:
                    return True
                if frame.kind in {FrameKind.TERMINAL, FrameKind.ERROR}:
                    exchange.end = End.TERMINAL if frame.kind is FrameKind.TERMINAL else End.ERROR
                    return False
        except WireClosed:
            exchange.end = End.CLOSED
            return False

    async def collect(self, count: int) -> None:
        """Read until so many creates of this connection are over, whichever they are."""
        try:
            while count:
                count -= ends_a_create((await self.next()).event)
        except WireClosed:
            return

    async def listen(self, exchange: Exchange | None = None, *, until_error: bool = False) -> None:
        """Write down whatever comes in the time that a reaction takes."""
        try:
            with trio.move_on_after(self.talk.patience):
                while True:
                    frame = await self.next()
                    if exchange is not None:
                        exchange.frames.append(frame)
                    if until_error and frame.kind is FrameKind.ERROR:
                        return
        except WireClosed:
            return

    async def ping(self) -> None:
        """Send a ping, and write down when its pong came."""
        began = self.talk.now()
        try:
            await self.wire.ping()
        except WireClosed as end:
            self._write_down_end(end)
        else:
            self.talk.transcript.pong_after = self.talk.now() - began

    async def _see_out(self, exchange: Exchange) -> None:
        if not exchange.begun:
            exchange.end = End.REFUSED
            return
        with trio.move_on_after(self.talk.patience) as scope:
            await self.finish(exchange, errors_end_it=False)
        if scope.cancelled_caught:
            exchange.end = End.ERROR

    def _write_down(self, frame: Frame) -> None:
        self.talk.transcript.frames.append(frame)

    def _write_down_end(self, end: WireClosed) -> None:
        closings = self.talk.transcript.closings
        if not any(closing.connection == self.number for closing in closings):
            closings.append(Closing(self.talk.now(), self.number, end.code, end.reason))


def ends_a_create(event: StreamEvent | None) -> bool:
    """Whether the frame says that a create is over; an error with a sequence number has its terminal after it (recorded)."""
    if isinstance(event, ErrorEvent):
        return event.sequence_number is None
    return event is not None and event.kind is FrameKind.TERMINAL
