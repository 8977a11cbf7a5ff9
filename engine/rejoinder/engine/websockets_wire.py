"""The fast wire: the protocol of the ``websockets`` library, without any I/O, over a trio stream. Extra ``rejoinder[fast]``.

Rules of this file
* It has no task. Whoever waits for something reads the socket, and all frames of one read are handed over at once: a wake-up is
  paid for each read, not for each frame, and what nobody asks for is not read.
* A reader does not wait for a writer: whoever is sending also sends what the reader owes (pongs).
* The library decides what is a WebSocket. Here its frames become messages, and its end becomes ``WireClosed``.
* The library logs nothing, whatever is switched on: it would log headers and frames, and so keys and payloads.

What was tried and left: the library's own connection for trio, whose parser is a task of its own with a channel of frames, costs
twice as much for a delta; and its reader waits for the lock that a writer holds, so a peer that stops reading is not heard either.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Final, cast, final

import trio
from websockets.client import ClientProtocol
from websockets.datastructures import Headers
from websockets.exceptions import InvalidHandshake
from websockets.extensions.permessage_deflate import enable_client_permessage_deflate
from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import State
from websockets.uri import WebSocketURI

from .dialling import TcpStream, open_stream
from .endpoint import Endpoint
from .settings import Settings
from .upgrade import SWITCHING_PROTOCOLS, Agreement, hung_up, no_websocket, receive_agreement, request_id_in
from .wire import Wire, WireClosed

__all__ = ["WebsocketsWire", "open_websockets_wire"]

# Python 3.11 looks a member of an enum up by a function of its own, each time; these are asked for with every frame or read.
TEXT: Final = Opcode.TEXT
OPEN: Final = State.OPEN

SILENT: Final = logging.Logger("rejoinder.websockets", logging.CRITICAL + 1)  # noqa: LOG001 - `getLogger` gives one of the hierarchy
"""In no hierarchy, so that no configuration of the user's can make it speak."""

OWED_AT_MOST: Final = 64
"""How many pongs may wait for a writer; then the reader waits as well, and hears no more pings."""


@final
class WebsocketsWire:
    """A ``Wire`` over a stream on which the upgrade has been agreed."""

    def __init__(self, stream: TcpStream, protocol: ClientProtocol, request_id: str | None = None) -> None:
        self.request_id: Final = request_id
        """``x-request-id`` of the answer to the upgrade; None where it had none."""
        self._stream: Final = stream
        self._protocol: Final = protocol
        self._messages: list[str | bytes] = []
        """What was read and not handed over."""
        self._kind = TEXT
        self._fragments = bytearray()
        """What has come of a message that is not whole, and of which kind it is."""
        self._reading = False
        self._read_by_others: Final = trio.lowlevel.ParkingLot()
        """Who waits while somebody else reads."""
        self._owed: list[bytes] = []
        """What is to be sent and has no sender yet."""
        self._sending: Final = trio.Lock()
        self._torn = False
        """Whether a frame has left in part: nothing can follow it."""
        self._pings = 0
        self._unanswered: list[bytes] = []
        """What each ping that has no pong said, oldest first."""

    async def send(self, text: str | bytes) -> None:
        """Send a text frame; bytes make a binary one, which only who examines a server sends. Raises ``WireClosed``."""
        async with self._sending:
            self._check_open()
            if isinstance(text, str):
                self._protocol.send_text(text.encode())
            else:
                self._protocol.send_binary(text)
            await self._send_all()

    async def receive(self) -> Sequence[str | bytes]:
        """Wait for frames and return all that one read has brought. Raises ``WireClosed`` at the end, each time."""
        while not self._messages:
            self._check_open()
            await self._get_on()
        messages, self._messages = self._messages, []
        return messages

    async def ping(self) -> None:
        """Send a ping and wait for its pong. Raises ``WireClosed``."""
        self._pings += 1
        # Not the number alone: a pong that nobody asked for, of which the protocol allows any, would too easily say the same.
        said = b"rejoinder %d" % self._pings
        async with self._sending:
            self._check_open()
            self._unanswered.append(said)
            self._protocol.send_ping(said)
            await self._send_all()
        while said in self._unanswered:
            self._check_open()
            await self._get_on()

    async def close(self) -> None:
        """Say goodbye, and wait for the answer as long as the caller allows; the stream is the caller's. Raises ``WireClosed``."""
        async with self._sending:
            if self._torn:
                return
            ours = self._is_open()
            if ours:
                self._protocol.send_close(CloseCode.NORMAL_CLOSURE)
            await self._send_all()
            while ours and self._protocol.state is State.CLOSING and self._protocol.close_rcvd is None:
                await self._get_on()
                self._messages.clear()

    # -- reading -----------------------------------------------------------------------------------------------------------

    def take(self, data: bytes | bytearray) -> None:
        """Let the protocol read ``data``, which may be empty: then that was all."""
        protocol = self._protocol
        if data:
            protocol.receive_data(data)
        else:
            protocol.receive_eof()
        try:
            for frame in cast("list[Frame]", protocol.events_received()):
                if frame.opcode is TEXT and frame.fin:
                    self._messages.append(str(frame.data, "utf-8"))
                else:
                    self._take_rare(frame)
        except UnicodeDecodeError:
            protocol.fail(CloseCode.INVALID_DATA, "a text frame is not UTF-8")
        if due := protocol.data_to_send():
            self._owed += due

    def _take_rare(self, frame: Frame) -> None:
        """A frame that is not a whole text."""
        if frame.opcode is Opcode.PONG:
            said = bytes(frame.data)
            if said in self._unanswered:
                # It answers those before it, too (RFC 6455, 5.5.3).
                del self._unanswered[: self._unanswered.index(said) + 1]
            return
        if frame.opcode in {Opcode.PING, Opcode.CLOSE}:
            return
        if frame.opcode is not Opcode.CONT:
            self._kind = frame.opcode
        self._fragments += frame.data
        if frame.fin:
            whole, self._fragments = self._fragments, bytearray()
            self._messages.append(str(whole, "utf-8") if self._kind is TEXT else bytes(whole))

    async def _get_on(self) -> None:
        """Read once, and send what that made due; or, where somebody reads already, wait until they have."""
        if self._reading:
            await self._read_by_others.park()
            return
        self._reading = True
        try:
            data = await self._stream.receive_some()
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            data = b""
        finally:
            self._reading = False
            if self._read_by_others:
                self._read_by_others.unpark_all()
        self.take(data)
        if self._owed:
            await self.send_owed()

    # -- sending -----------------------------------------------------------------------------------------------------------

    async def send_owed(self) -> None:
        """Send the pongs that are due, unless who is sending will; never raises: whoever sends or receives next hears of it.

        What is due after the end is left to ``close``, so that the end is heard of at once.
        """
        if self._owed and self._is_open() and (not self._sending.locked() or len(self._owed) > OWED_AT_MOST):
            with suppress(WireClosed):
                async with self._sending:
                    await self._send_all()

    async def _send_all(self) -> None:
        """Send what is due, and what becomes due meanwhile; for who holds ``_sending``."""
        while data := b"".join([*self._owed, *self._protocol.data_to_send()]):
            self._owed.clear()
            try:
                await self._stream.send_all(data)
            except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
                self._torn = True
                raise self._end() from error
            except BaseException:
                self._torn = True
                raise

    # -- ending ------------------------------------------------------------------------------------------------------------

    def _check_open(self) -> None:
        if not self._is_open():
            raise self._end()

    def _is_open(self) -> bool:
        return self._protocol.state is OPEN and not self._torn

    def _end(self) -> WireClosed:
        received, sent = self._protocol.close_rcvd, self._protocol.close_sent
        if received is not None:
            return WireClosed(int(received.code), received.reason)
        if sent is not None and sent.code != CloseCode.NORMAL_CLOSURE:
            # The server broke the protocol, and our own close says how.
            return WireClosed(int(sent.code), sent.reason, ours=True)
        return WireClosed(CloseCode.ABNORMAL_CLOSURE.value)


@asynccontextmanager
async def open_websockets_wire(endpoint: Endpoint, settings: Settings) -> AsyncGenerator[Wire]:
    """Open a wire for the length of the block; raises ``HandshakeFailed`` on entering.

    Leaving takes at most ``settings.close_deadline`` seconds, whatever the server does and whoever is cancelled.
    """
    async with open_stream(endpoint, settings) as stream:
        wire = await _agree(stream, endpoint, settings)
        try:
            yield wire
        finally:
            with trio.move_on_after(settings.close_deadline, shield=True), suppress(WireClosed):
                await wire.close()


async def _agree(stream: TcpStream, endpoint: Endpoint, settings: Settings) -> WebsocketsWire:
    protocol = ClientProtocol(
        WebSocketURI(endpoint.secure, endpoint.host, endpoint.port, endpoint.resource, ""),
        # The answer is read by `upgrade.py`, so the protocol begins with the first frame.
        state=State.OPEN,
        extensions=enable_client_permessage_deflate(None) if settings.compression else None,
        max_size=int(settings.frame_limit),
        logger=SILENT,
    )
    request = protocol.connect()
    request.headers.update(endpoint.handshake_headers())
    try:
        await stream.send_all(request.serialize())
    except trio.BrokenResourceError as error:
        raise hung_up(endpoint) from error
    agreement = await receive_agreement(stream, endpoint)
    try:
        protocol.process_response(_response(agreement))
    except InvalidHandshake as error:
        raise no_websocket(endpoint) from error
    wire = WebsocketsWire(stream, protocol, request_id_in(agreement.headers))
    if agreement.rest:
        wire.take(agreement.rest)
        await wire.send_owed()
    return wire


def _response(agreement: Agreement) -> Response:
    headers = Headers()
    for name, value in agreement.headers:
        headers[name.decode("latin-1")] = value.decode("latin-1")
    return Response(SWITCHING_PROTOCOLS, "", headers)
