"""HTTP through a proxy: httpx's connections, over our tunnels.

Rules of this file
* The way is asked for as for a WebSocket (``tunnels.py``), so one proxy means the same for both. What httpx itself does for SOCKS
  was tried: it writes the credentials into its debug log, leaves the socket of a refusing proxy open, and reads an answer only if
  that comes in one piece.
* All else is httpx's: its pool, its TLS, its time limits. A server without TLS is reached through a tunnel as well.
"""

from __future__ import annotations

import math
import ssl
from collections.abc import Iterable
from typing import Any, cast, final

import httpcore
import httpx
import trio

from .proxy import Proxy
from .tunnels import ask_for_way
from .wire import HandshakeFailed

__all__ = ["TunnelBackend", "TunnelTransport"]


@final
class TunnelTransport(httpx.AsyncHTTPTransport):
    """A transport of httpx, all of whose connections go through one proxy."""

    def __init__(self, proxy: Proxy, context: ssl.SSLContext, limits: httpx.Limits) -> None:
        super().__init__(verify=context, limits=limits)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=context,
            max_connections=limits.max_connections,
            max_keepalive_connections=limits.max_keepalive_connections,
            keepalive_expiry=limits.keepalive_expiry,
            network_backend=TunnelBackend(proxy),
        )


@final
class TunnelBackend(httpcore.AsyncNetworkBackend):
    """Connects to whatever it is asked for through one proxy."""

    def __init__(self, proxy: Proxy) -> None:
        self._proxy = proxy
        # Its type is lost on the way: the library makes it only where trio is.
        self._direct = cast("httpcore.AsyncNetworkBackend", httpcore.TrioBackend())

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """A stream to ``host``. Raises ``httpcore.ProxyError`` if the proxy opens no way, and what httpcore raises."""
        proxy = self._proxy
        stream = await self._direct.connect_tcp(proxy.host, proxy.port, timeout, local_address, socket_options)
        try:
            with trio.fail_after(math.inf if timeout is None else timeout):
                await ask_for_way(Spoken(stream), proxy, host, port)
        except trio.TooSlowError as error:
            await stream.aclose()
            raise httpcore.ConnectTimeout from error
        except HandshakeFailed as refused:
            await stream.aclose()
            raise httpcore.ProxyError(refused.message) from refused
        except BaseException:
            await stream.aclose()
            raise
        return stream

    async def sleep(self, seconds: float) -> None:
        """Wait; for httpcore's own retries."""
        await trio.sleep(seconds)


@final
class Spoken:
    """A stream of httpcore as the tunnels speak over it."""

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream

    async def send_all(self, data: bytes, /) -> None:
        """Send all of it."""
        try:
            await self._stream.write(data)
        except httpcore.NetworkError as error:
            raise trio.BrokenResourceError from error

    async def receive_some(self, max_bytes: int, /) -> bytes:
        """Some bytes, at most so many; none at the end."""
        try:
            return await self._stream.read(max_bytes)
        except httpcore.NetworkError as error:
            raise trio.BrokenResourceError from error
