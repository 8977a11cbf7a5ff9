"""The engine's wire over a `MemoryNetwork`: the whole engine without a socket, on trio's virtual clock.

``open_session(endpoint, connector=memory_connector(network))``
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import final

import trio

from rejoinder.engine.endpoint import Endpoint
from rejoinder.engine.settings import Settings
from rejoinder.engine.wire import Connector, HandshakeFailed, Wire, WireClosed

from .memory_network import LinkEnded, MemoryLink, MemoryNetwork
from .outgoing import HandshakeRefused

__all__ = ["MemoryWire", "memory_connector"]


@final
class MemoryWire:
    """A `Wire` over one `MemoryLink`."""

    def __init__(self, link: MemoryLink) -> None:
        self.link = link
        self.request_id: str | None = f"req_{link.connection}"
        """What a real server would say in ``x-request-id``."""

    async def send(self, text: str) -> None:
        """Send a text frame. Raises `WireClosed`."""
        try:
            await self.link.send(text)
        except LinkEnded as end:
            raise WireClosed(end.code, end.reason) from end

    async def receive(self) -> Sequence[str | bytes]:
        """Wait for frames and return all that have arrived. Raises `WireClosed` at the end, each time."""
        try:
            return await self.link.receive()
        except LinkEnded as end:
            raise WireClosed(end.code, end.reason) from end

    async def ping(self) -> None:
        """Wait for a pong. Raises `WireClosed`."""
        try:
            await self.link.ping()
        except LinkEnded as end:
            raise WireClosed(end.code, end.reason) from end


def memory_connector(network: MemoryNetwork) -> Connector:
    """A connector for `open_session` whose links are those of `network`."""

    @asynccontextmanager
    async def connect(endpoint: Endpoint) -> AsyncGenerator[Wire]:
        try:
            link = await network.connect(endpoint.handshake_headers())
        except HandshakeRefused as refused:
            text = refused.headers.get("retry-after")
            raise HandshakeFailed(
                f"{endpoint.host} refused the connection with HTTP status {refused.status}.",
                status=refused.status,
                retry_after=None if text is None else float(text),
                request_id=refused.headers.get("x-request-id"),
            ) from refused
        except ConnectionRefusedError as refused:
            raise HandshakeFailed(f"No connection to {endpoint.host} port {endpoint.port}: refused.") from refused
        try:
            yield MemoryWire(link)
        finally:
            with trio.CancelScope(shield=True):
                await link.aclose()

    def open_wire(endpoint: Endpoint, settings: Settings) -> AbstractAsyncContextManager[Wire]:
        del settings
        return connect(endpoint)

    return open_wire
