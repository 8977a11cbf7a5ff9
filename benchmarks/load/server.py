"""A server that costs next to nothing for each delta, so that the client is what is measured.

Rules of this file
* Handshakes and what clients send are read by the sans-I/O layer of ``websockets``; what is said is written to the socket as bytes
  that were framed beforehand.
* One timer serves all responses that are paced. They begin a part of their interval apart, as independent talkers would: deltas
  that arrive together would be read in one go, which flatters every client.
* A create is answered as its last message asks (``Command``); nothing is remembered between two responses.
"""

from __future__ import annotations

import asyncio
import json
import time
from heapq import heappop, heappush
from ssl import SSLContext
from typing import Any, Final, cast, final

import attrs
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol

from .frames import INSTANT, ITEM_PLACE, Answer, Command, answer_to, command_of, error_frame, item_id, terminal_frame

__all__ = ["LATE", "SLOW", "LoadServer"]

SLOW: Final = 3.0
"""Seconds that a slow server takes to end a response that was cancelled."""
LATE: Final = 0.2
"""Seconds between the terminal of a cancelled response and the error that answers the cancel."""
GOLDEN: Final = 0.618033988749895
"""Multiples of it, modulo 1, are spread evenly."""


@final
@attrs.define(eq=False)
class Speech:
    """One response that is being said piece by piece."""

    talker: Talker
    """Who says it."""
    command: Command
    """What was asked."""
    answer: Answer
    """Its frames."""
    number: int
    """The number of the response."""
    lane: str | None
    """Its lane."""
    received: bytes
    """When its create came, as the frames show it."""
    item: bytes
    """The id of its item."""
    said: int = 0
    """How many deltas have been said."""
    stopped: bool = False
    """Whether nothing more is said of it."""
    complaint: float | None = None
    """Seconds after its terminal at which an error answers its cancel."""

    def piece(self) -> bytes:
        """The next delta, as it leaves now."""
        frame = self.answer.deltas[self.said].replace(ITEM_PLACE, self.item)
        self.said += 1
        stamp = self.command.stamp
        if stamp:
            frame = frame.replace(INSTANT, instant() if stamp == "sent" else self.received)
        return frame


@final
@attrs.define(eq=False)
class LoadServer:
    """A server on loopback. ``start`` it in an asyncio program; it serves until that ends."""

    port: int = 0
    """The port for ``ws://``."""
    secure_port: int = 0
    """The port for ``wss://``, if there is one."""
    _responses: int = 0
    _due: list[tuple[float, int, Speech]] = attrs.field(factory=list[tuple[float, int, Speech]])
    _timer: asyncio.TimerHandle | None = None

    async def start(self, context: SSLContext | None = None) -> None:
        """Listen on ports of the system's choice; with a TLS context on two."""
        loop = asyncio.get_running_loop()
        plain = await loop.create_server(lambda: Talker(self), "127.0.0.1", 0, backlog=4096)
        self.port = plain.sockets[0].getsockname()[1]
        if context is not None:
            secure = await loop.create_server(lambda: Talker(self), "127.0.0.1", 0, ssl=context, backlog=4096)
            self.secure_port = secure.sockets[0].getsockname()[1]

    def begin(self, talker: Talker, create: dict[str, Any], received: bytes) -> Speech:
        """Answer a create: at once, or piece by piece."""
        command, lane = command_of(create), create.get("stream_id")
        self._responses += 1
        number = self._responses
        speech = Speech(talker, command, answer_to(command, lane).of(number), number, lane, received, item_id(number))
        if not command.every:
            talker.write(speech.answer.opening)
            if command.stamp:
                talker.write(b"".join(speech.piece() for _ in range(command.deltas)))
            else:
                talker.write(b"".join(speech.answer.deltas).replace(ITEM_PLACE, speech.item))
            self.end(speech)
        else:
            talker.write(speech.answer.opening)
            self._call_at(asyncio.get_running_loop().time() + command.every * (number * GOLDEN % 1), speech)
        return speech

    def end(self, speech: Speech) -> None:
        """Say the terminal of a response."""
        speech.stopped = True
        speech.talker.write(speech.answer.ending)
        if speech.complaint is not None:
            asyncio.get_running_loop().call_later(speech.complaint, speech.talker.write, error_frame())

    def _call_at(self, due: float, speech: Speech) -> None:
        heappush(self._due, (due, speech.number, speech))
        if self._timer is None or due < self._timer.when():
            self._arm()

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_at(self._due[0][0], self._tick) if self._due else None

    def _tick(self) -> None:
        now = asyncio.get_running_loop().time()
        self._timer = None
        while self._due and self._due[0][0] <= now:
            due, _, speech = heappop(self._due)
            if speech.stopped:
                continue
            speech.talker.write(speech.piece())
            if speech.said == speech.command.deltas:
                self.end(speech)
            else:
                heappush(self._due, (due + speech.command.every, speech.number, speech))
        self._arm()


@final
class Talker(asyncio.Protocol):
    """One connection."""

    def __init__(self, server: LoadServer) -> None:
        self._server = server
        self._protocol = ServerProtocol(max_size=None)
        self._transport: asyncio.Transport | None = None
        self._speeches: dict[str, Speech] = {}
        self._parts: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has come."""
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """A client has gone: nothing more is said to it."""
        del exc
        self._transport = None
        for speech in self._speeches.values():
            speech.stopped = True

    def data_received(self, data: bytes) -> None:
        """Read what a client sends."""
        self._protocol.receive_data(data)
        for event in self._protocol.events_received():
            if isinstance(event, Request):
                self._protocol.send_response(self._protocol.accept(event))
            elif isinstance(event, Frame) and event.opcode in {Opcode.TEXT, Opcode.CONT}:
                self._parts.append(bytes(event.data))
                if event.fin:
                    message, self._parts = b"".join(self._parts), []
                    self._hear(json.loads(message), instant())
        for piece in self._protocol.data_to_send():
            if piece:
                self.write(piece)
            elif self._transport is not None:
                self._transport.close()

    def write(self, data: bytes) -> None:
        """Send bytes, if anybody is there."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def _hear(self, event: dict[str, Any], received: bytes) -> None:
        if event["type"] == "response.create":
            speech = self._server.begin(self, event, received)
            self._speeches = {name: each for name, each in self._speeches.items() if not each.stopped}
            self._speeches[f"resp_{speech.number:016x}"] = speech
        elif event["type"] == "response.cancel":
            running = self._speeches.get(event.get("response_id", ""))
            if running is not None and not running.stopped:
                self._cancel(running)

    def _cancel(self, speech: Speech) -> None:
        mode = speech.command.cancel
        if mode in {"honour", "slow"}:
            speech.stopped = True
            last = terminal_frame(speech.lane, speech.said + 4, speech.number)
            asyncio.get_running_loop().call_later(SLOW if mode == "slow" else 0.0, self.write, last)
        elif mode == "error":
            self.write(error_frame())
        elif mode == "late_error":
            speech.complaint = LATE


def instant() -> bytes:
    """This instant, as the frames show it."""
    return b"@%016.6f" % time.monotonic()
