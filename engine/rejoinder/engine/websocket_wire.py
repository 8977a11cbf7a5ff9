"""The wire on trio-websocket.

What was tried and is worked around here: the library's own openers leak the socket of a refused handshake and can take 60 s to
leave a server that never answers the close, so the stream and the nursery are ours; its defaults (1 MiB messages, a queue of one,
no pings) do not fit this protocol, so they are set. It waits for ever for a server that hangs up instead of answering, waits for
the body of a refusal, and trips over an answer that is not HTTP: so the head of the answer is read before the library sees it.
What it raises in its own task reaches nobody but the caller of this wire, as ``HandshakeFailed`` before the wire is open and as
``WireClosed`` afterwards.
"""

from __future__ import annotations

import math
import re
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Final, cast, final

import h11
import trio
import trio_websocket

from .dialling import TcpStream, open_stream
from .endpoint import Endpoint
from .nurseries import open_inner_nursery
from .settings import Settings
from .wire import HandshakeFailed, Wire, WireClosed

__all__ = ["WebSocketWire", "open_websocket_wire"]

LARGEST_RETRY_AFTER: Final = 86_400.0
LARGEST_HEAD: Final = 64 * 1024
"""Bytes of the answer to the upgrade, up to its empty line; servers take a tenth of that for a large one."""
SWITCHING_PROTOCOLS: Final = 101
REQUEST_ID: Final = re.compile(rb"[A-Za-z0-9_.:-]{1,128}")

OpenConnection = tuple[trio_websocket.WebSocketConnection, trio.CancelScope]
"""The library's connection, and the scope of its reader."""


@final
class WebSocketWire:
    """A ``Wire`` over one trio-websocket connection."""

    def __init__(self, connection: trio_websocket.WebSocketConnection, request_id: str | None = None) -> None:
        self._connection = connection
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
        """Wait for the next frame. Raises ``WireClosed`` at the end, each time."""
        try:
            return (await self._connection.get_message(),)
        except Exception as error:
            raise self._closed() from error

    async def ping(self) -> None:
        """Send a ping and wait for its pong. Raises ``WireClosed``."""
        try:
            await self._connection.ping()
        except Exception as error:
            raise self._closed() from error

    def _closed(self) -> WireClosed:
        reason = self._connection.closed
        return WireClosed() if reason is None else WireClosed(reason.code, reason.reason or "")


@asynccontextmanager
async def open_websocket_wire(endpoint: Endpoint, settings: Settings) -> AsyncGenerator[Wire]:
    """Open a wire for the length of the block; raises ``HandshakeFailed`` on entering.

    Leaving takes at most ``settings.close_deadline`` seconds, whatever the server does and whoever is cancelled.
    """
    # The stream closes also after a handshake that failed: the library leaves the socket of a refused one open.
    async with open_stream(endpoint, settings) as stream, open_inner_nursery() as nursery:
        connection, library = await nursery.start(_run_library, stream, endpoint, settings)
        # Whoever cancels the user of this wire must not silence the reader: the closing handshake needs it. (Not sooner: a
        # task that is shielded before `start` has returned could not be cancelled by anybody.)
        library.shield = True
        try:
            yield WebSocketWire(connection, _request_id(connection.handshake_headers))
        finally:
            with trio.move_on_after(settings.close_deadline, shield=True), suppress(Exception):
                await connection.aclose()
            library.cancel()


async def _run_library(
    stream: TcpStream,
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
                cast("trio.SocketStream", HeadFirst(stream, endpoint)),
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
            raise _no_websocket(endpoint) from error


@final
class HeadFirst(trio.abc.Stream):
    """The stream as the library sees it: nothing is received until the server has agreed to the upgrade.

    Raises ``HandshakeFailed`` from the first ``receive_some`` if it has not.
    """

    def __init__(self, stream: TcpStream, endpoint: Endpoint) -> None:
        self._stream = stream
        self._endpoint = endpoint
        self._agreed = False

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """As the stream below."""
        await self._stream.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        """As the stream below."""
        await self._stream.wait_send_all_might_not_block()  # pragma: no cover - the library never asks

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        """As the stream below, once the server has agreed."""
        if self._agreed:
            return await self._stream.receive_some(max_bytes)
        received, answer = await self._receive_answer()
        if answer.status_code != SWITCHING_PROTOCOLS:
            raise HandshakeFailed(
                f"{self._endpoint.host} refused the connection with HTTP status {answer.status_code}.",
                status=answer.status_code,
                retry_after=_retry_after(answer.headers),
                request_id=_request_id(answer.headers),
            )
        self._agreed = True
        return received

    async def aclose(self) -> None:
        """As the stream below."""
        await self._stream.aclose()

    async def _receive_answer(self) -> tuple[bytes, h11.InformationalResponse | h11.Response]:
        """The head of the answer, and everything that was received for it."""
        reader = h11.Connection(h11.CLIENT, max_incomplete_event_size=LARGEST_HEAD)
        # It reads answers only to what it has asked; the library's own request is on its way and asks the same.
        upgrade = [("Host", self._endpoint.host), ("Connection", "Upgrade"), ("Upgrade", "websocket")]
        reader.send(h11.Request(method="GET", target=self._endpoint.resource, headers=upgrade))
        reader.send(h11.EndOfMessage())
        received = b""
        try:
            while True:
                event = reader.next_event()
                if isinstance(event, h11.InformationalResponse | h11.Response):
                    return received, event
                more = await self._stream.receive_some()
                if not more:
                    raise _hung_up(self._endpoint)
                received += more
                if not received.startswith(b"HTTP/"[: len(received)]):
                    # No line may ever end in what is not HTTP.
                    raise _no_websocket(self._endpoint)
                reader.receive_data(bytes(more))
        except trio.BrokenResourceError as error:
            raise _hung_up(self._endpoint) from error
        except h11.RemoteProtocolError as error:
            raise _no_websocket(self._endpoint) from error


def _retry_after(headers: Iterable[tuple[bytes, bytes]]) -> float | None:
    """``retry-after`` in seconds, where it is a number."""
    for name, value in headers:
        if name == b"retry-after":
            with suppress(ValueError):
                seconds = float(value)
                return None if math.isnan(seconds) else min(max(seconds, 0.0), LARGEST_RETRY_AFTER)
    return None


def _request_id(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """``x-request-id``, where it looks like one: it is shown in logs."""
    for name, value in headers:
        if name.lower() == b"x-request-id" and REQUEST_ID.fullmatch(value):
            return value.decode()
    return None


def _no_websocket(endpoint: Endpoint) -> HandshakeFailed:
    return HandshakeFailed(f"{endpoint.host} port {endpoint.port} did not answer as a WebSocket server does.")


def _hung_up(endpoint: Endpoint) -> HandshakeFailed:
    return HandshakeFailed(f"{endpoint.host} port {endpoint.port} hung up without an answer.")
