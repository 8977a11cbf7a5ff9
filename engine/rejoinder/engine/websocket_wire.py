"""The wire on trio-websocket.

What was tried and is worked around here: the library's own openers leak the socket of a refused handshake and can take 60 s to
leave a server that never answers the close, so the stream and the nursery are ours; its defaults (1 MiB messages, a queue of one,
no pings) do not fit this protocol, so they are set.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import final

import trio
import trio_websocket

from .endpoint import Endpoint
from .nurseries import open_inner_nursery
from .settings import Settings
from .wire import HandshakeFailed, Wire, WireClosed

__all__ = ["WebSocketWire", "open_websocket_wire"]

LARGEST_RETRY_AFTER = 86_400.0

Stream = trio.SocketStream | trio.SSLStream[trio.SocketStream]


@final
class WebSocketWire:
    """A ``Wire`` over one trio-websocket connection."""

    def __init__(self, connection: trio_websocket.WebSocketConnection) -> None:
        self._connection = connection

    async def send(self, text: str) -> None:
        """Send a text frame. Raises ``WireClosed``."""
        try:
            await self._connection.send_message(text)
        except (trio_websocket.ConnectionClosed, trio.BrokenResourceError, trio.ClosedResourceError) as error:
            raise self._closed() from error

    async def receive(self) -> Sequence[str | bytes]:
        """Wait for the next frame. Raises ``WireClosed`` at the end, each time."""
        try:
            return (await self._connection.get_message(),)
        except (trio_websocket.ConnectionClosed, trio.BrokenResourceError, trio.ClosedResourceError) as error:
            raise self._closed() from error

    async def ping(self) -> None:
        """Send a ping and wait for its pong. Raises ``WireClosed``."""
        try:
            await self._connection.ping()
        except (trio_websocket.ConnectionClosed, trio.BrokenResourceError, trio.ClosedResourceError) as error:
            raise self._closed() from error

    def _closed(self) -> WireClosed:
        reason = self._connection.closed
        return WireClosed() if reason is None else WireClosed(reason.code, reason.reason or "")


@asynccontextmanager
async def open_websocket_wire(endpoint: Endpoint, settings: Settings) -> AsyncGenerator[Wire]:
    """Open a wire for the length of the block; raises ``HandshakeFailed`` on entering.

    Leaving takes at most ``settings.close_deadline`` seconds, whatever the server does and whoever is cancelled.
    """
    stream = await _connect(endpoint, settings)
    try:
        async with open_inner_nursery() as nursery:
            connection, reading = await nursery.start(_host, stream, endpoint, settings)
            try:
                yield WebSocketWire(connection)
            finally:
                with trio.move_on_after(settings.close_deadline, shield=True):
                    await connection.aclose()
                reading.cancel()
    finally:
        # Also for the refused handshake, whose socket the library leaves open.
        await trio.aclose_forcefully(stream)


async def _host(
    stream: Stream,
    endpoint: Endpoint,
    settings: Settings,
    task_status: trio.TaskStatus[tuple[trio_websocket.WebSocketConnection, trio.CancelScope]],
) -> None:
    """Shake hands, then run the library's reader until the scope that is handed out is cancelled.

    The reader outlives a cancelled user: without it the server's answer to the close would never be read, and leaving would take
    the whole close deadline each time.
    """
    with trio.CancelScope() as reading:
        async with open_inner_nursery() as nursery:
            connection = await _shake_hands(nursery, stream, endpoint, settings)
            reading.shield = True
            task_status.started((connection, reading))


async def _connect(endpoint: Endpoint, settings: Settings) -> Stream:
    try:
        stream = await trio.open_tcp_stream(endpoint.host, endpoint.port)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        if isinstance(error.__cause__, OSError) and error.__cause__.strerror:
            reason = error.__cause__.strerror
        raise HandshakeFailed(f"No connection to {endpoint.host} port {endpoint.port}: {reason}.") from error
    if not endpoint.secure:
        return stream
    context = settings.ssl_context or ssl.create_default_context()
    secure = trio.SSLStream(stream, context, server_hostname=endpoint.host, https_compatible=True)
    try:
        await secure.do_handshake()
    except trio.BrokenResourceError as error:
        await trio.aclose_forcefully(stream)
        cause = error.__cause__
        if isinstance(cause, ssl.SSLCertVerificationError):
            raise HandshakeFailed(
                f"The certificate of {endpoint.host} is not trusted: {cause.verify_message}.", permanent=True
            ) from error
        raise HandshakeFailed(f"{endpoint.host} port {endpoint.port} does not speak TLS as expected.") from error
    except BaseException:
        await trio.aclose_forcefully(stream)
        raise
    return secure


async def _shake_hands(
    nursery: trio.Nursery,
    stream: Stream,
    endpoint: Endpoint,
    settings: Settings,
) -> trio_websocket.WebSocketConnection:
    default = 443 if endpoint.secure else 80
    host = endpoint.host if endpoint.port == default else f"{endpoint.host}:{endpoint.port}"
    headers = [(name.encode(), value.encode()) for name, value in endpoint.handshake_headers().items()]
    try:
        return await trio_websocket.wrap_client_stream(
            nursery,
            stream,
            host,
            endpoint.resource,
            extra_headers=headers,
            message_queue_size=settings.queue,
            max_message_size=settings.frame_limit,
            receive_buffer_size=None,
        )
    except trio_websocket.ConnectionRejected as error:
        raise HandshakeFailed(
            f"{endpoint.host} refused the connection with HTTP status {error.status_code}.",
            status=error.status_code,
            retry_after=_retry_after(error.headers),
        ) from error
    except (trio_websocket.HandshakeError, trio_websocket.ConnectionClosed, trio.BrokenResourceError) as error:
        raise HandshakeFailed(f"{endpoint.host} port {endpoint.port} did not answer as a WebSocket server does.") from error


def _retry_after(headers: Iterable[tuple[bytes, bytes]] | None) -> float | None:
    """``retry-after`` in seconds, where it is a number."""
    for name, value in headers or ():
        if name.lower() == b"retry-after":
            try:
                return min(max(float(value), 0.0), LARGEST_RETRY_AFTER)
            except ValueError:
                return None
    return None
