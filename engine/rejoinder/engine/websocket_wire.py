"""The wire on trio-websocket.

What was tried and is worked around here: the library's own openers leak the socket of a refused handshake and can take 60 s to
leave a server that never answers the close, so the stream and the nursery are ours; its defaults (1 MiB messages, a queue of one,
no pings) do not fit this protocol, so they are set. It waits for ever for a server that hangs up instead of answering, waits for
the body of a refusal, and trips over an answer that is not HTTP: so the head of the answer is read before the library sees it
(``upgrade.py``).
It hands over one message at a time, each with a wake-up of its own. So that not everybody behind it is woken for each as well, the
messages of one read are collected: the stream that the library reads from knows when it has parsed all of it, as it asks for more.
What it raises in its own task reaches nobody but the caller of this wire, as ``HandshakeFailed`` before the wire is open and as
``WireClosed`` afterwards.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Final, cast, final

import trio
import trio_websocket
from wsproto.frame_protocol import CloseReason

from .dialling import TcpStream, open_stream
from .endpoint import Endpoint
from .nurseries import open_inner_nursery
from .settings import Settings
from .upgrade import no_websocket, receive_agreement, request_id_in
from .wire import HandshakeFailed, Wire, WireClosed

__all__ = ["WebSocketWire", "open_websocket_wire"]

SEVERAL: Final = 2048
"""Bytes of one read that are likely to be several messages."""
COLLECTED_AT_MOST: Final = 64
"""Messages that are handed over at once; the first waits until the last is parsed."""
CLOSE_FRAME: Final = b"\x88"
"""How a close frame begins. The library hands over each frame by itself."""
BROKEN: Final = (CloseReason.PROTOCOL_ERROR, CloseReason.INVALID_FRAME_PAYLOAD_DATA)
"""The codes that stand for what breaks the protocol."""
TOO_LARGE: Final = "Exceeded maximum message size"
"""What the library says of a message above ``Settings.frame_limit``."""

OpenConnection = tuple[trio_websocket.WebSocketConnection, trio.CancelScope]
"""The library's connection, and the scope of its reader."""


@final
class WebSocketWire:
    """A ``Wire`` over one trio-websocket connection."""

    def __init__(self, connection: trio_websocket.WebSocketConnection, stream: HeadFirst, request_id: str | None = None) -> None:
        self._connection = connection
        self._stream = stream
        self._messages: list[str | bytes] = []
        """What has come and was not handed over."""
        self.request_id = request_id
        """``x-request-id`` of the answer to the upgrade; None where it had none."""

    async def send(self, text: str) -> None:
        """Send a text frame. Raises ``WireClosed``."""
        try:
            await self._connection.send_message(text)
        except Exception as error:
            # Not only ConnectionClosed: a send that meets the end in the wrong moment raises errors of the layers below.
            raise self._closed() from error

    async def receive(self) -> Sequence[str | bytes]:
        """Wait for frames and return what one read has brought. Raises ``WireClosed`` at the end, each time."""
        try:
            if not self._messages:
                self._messages.append(await self._connection.get_message())
            if self._stream.is_parsing:
                with self._stream.until_all_is_parsed():
                    while len(self._messages) < COLLECTED_AT_MOST:
                        self._messages.append(await self._connection.get_message())
        except Exception as error:
            if not self._messages:
                raise self._closed() from error
        messages, self._messages = self._messages, []
        return messages

    async def ping(self) -> None:
        """Send a ping and wait for its pong. Raises ``WireClosed``."""
        try:
            await self._connection.ping()
        except Exception as error:
            raise self._closed() from error

    def _closed(self) -> WireClosed:
        closed = self._connection.closed
        if closed is None:
            return WireClosed()
        # It answers the server's close, and hangs up without a word on what breaks the protocol; nothing else tells the two apart.
        broken = closed.code in BROKEN and not self._stream.has_said_goodbye
        too_large = closed.code == CloseReason.MESSAGE_TOO_BIG and (closed.reason or "").startswith(TOO_LARGE)
        return WireClosed(closed.code, closed.reason or "", ours=broken or too_large)


@asynccontextmanager
async def open_websocket_wire(endpoint: Endpoint, settings: Settings) -> AsyncGenerator[Wire]:
    """Open a wire for the length of the block; raises ``HandshakeFailed`` on entering.

    Leaving takes at most ``settings.close_deadline`` seconds, whatever the server does and whoever is cancelled.
    """
    # The stream closes also after a handshake that failed: the library leaves the socket of a refused one open.
    async with open_stream(endpoint, settings) as stream, open_inner_nursery() as nursery:
        head_first = HeadFirst(stream, endpoint)
        connection, library = await nursery.start(_run_library, head_first, endpoint, settings)
        # Whoever cancels the user of this wire must not silence the reader: the closing handshake needs it. (Not sooner: a
        # task that is shielded before `start` has returned could not be cancelled by anybody.)
        library.shield = True
        try:
            yield WebSocketWire(connection, head_first, request_id_in(connection.handshake_headers))
        finally:
            with trio.move_on_after(settings.close_deadline, shield=True), suppress(Exception):
                await connection.aclose()
            library.cancel()


async def _run_library(
    stream: HeadFirst,
    endpoint: Endpoint,
    settings: Settings,
    task_status: trio.TaskStatus[OpenConnection],
) -> None:
    """Shake hands, hand over the connection and the scope of its reader, and run that until the connection ends."""
    default = 443 if endpoint.secure else 80
    name = f"[{endpoint.host}]" if ":" in endpoint.host else endpoint.host
    opened = False
    try:
        async with open_inner_nursery() as nursery:
            connection = await trio_websocket.wrap_client_stream(
                nursery,
                # It takes any stream; its annotation names two.
                cast("trio.SocketStream", stream),
                name if endpoint.port == default else f"{name}:{endpoint.port}",
                endpoint.resource,
                extra_headers=[(name.encode(), value.encode()) for name, value in endpoint.handshake_headers().items()],
                message_queue_size=settings.queue,
                max_message_size=settings.frame_limit,
                receive_buffer_size=None,
            )
            opened = True
            task_status.started((connection, nursery.cancel_scope))
    except HandshakeFailed:
        raise
    except Exception as error:
        # Of an open connection it is the end, and whoever reads or writes is told so.
        if not opened:
            raise no_websocket(endpoint) from error


@final
class HeadFirst(trio.abc.Stream):
    """The stream as the library sees it: nothing is received until the server has agreed to the upgrade.

    Raises ``HandshakeFailed`` from the first ``receive_some`` if it has not. It notes whether the library says goodbye.
    """

    def __init__(self, stream: TcpStream, endpoint: Endpoint) -> None:
        self._stream = stream
        self._endpoint = endpoint
        self._agreed = False
        self.has_said_goodbye = False
        """Whether the library has sent a close frame."""
        self.is_parsing = False
        """Whether what the library has is likely to be several messages, and it has not asked for more."""
        self._collecting: trio.CancelScope | None = None

    @contextmanager
    def until_all_is_parsed(self) -> Generator[None]:
        """A block that is cancelled when the library asks for more; enter it while ``is_parsing``."""
        with trio.CancelScope() as scope:
            self._collecting = scope
            try:
                yield
            finally:
                self._collecting = None

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """As the stream below."""
        self.has_said_goodbye = self.has_said_goodbye or data[:1] == CLOSE_FRAME
        await self._stream.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        """As the stream below."""
        await self._stream.wait_send_all_might_not_block()  # pragma: no cover - the library never asks

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        """As the stream below, once the server has agreed."""
        self.is_parsing = False
        if self._collecting is not None:
            self._collecting.cancel()
        if self._agreed:
            data = await self._stream.receive_some(max_bytes)
            self.is_parsing = len(data) >= SEVERAL
            return data
        agreement = await receive_agreement(self._stream, self._endpoint)
        self._agreed = True
        self.is_parsing = len(agreement.rest) >= SEVERAL
        return agreement.received

    async def aclose(self) -> None:
        """As the stream below."""
        await self._stream.aclose()
