"""The wire: what the engine needs of a WebSocket, whoever implements it.

A connector opens a wire and closes it when its block is left. The engine owns exactly one reader and one writer per wire, so an
implementation need not allow two at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol, runtime_checkable

from .endpoint import Endpoint
from .settings import Settings

__all__ = ["Connector", "HandshakeFailed", "Identified", "Wire", "WireClosed"]


class WireClosed(Exception):
    """The wire has ended, by whichever side."""

    def __init__(self, code: int | None = None, reason: str = "") -> None:
        super().__init__(code, reason)
        self.code = code
        """The close code, where one was seen."""
        self.reason = reason
        """The close reason."""


class HandshakeFailed(Exception):
    """No wire could be opened."""

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        retry_after: float | None = None,
        permanent: bool = False,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        """One sentence on what happened; never the key."""
        self.status = status
        """The status of the HTTP answer, where there was one."""
        self.retry_after = retry_after
        """Seconds that the answer asked to wait."""
        self.permanent = permanent
        """Whether it cannot pass by itself."""
        self.request_id = request_id
        """``x-request-id`` of the answer, where it had one."""


class Wire(Protocol):
    """An open WebSocket."""

    async def send(self, text: str) -> None:
        """Send a text frame. Raises ``WireClosed``."""
        ...

    async def receive(self) -> Sequence[str | bytes]:
        """Wait for frames and return all that are there, at least one. Raises ``WireClosed`` at the end, each time."""
        ...

    async def ping(self) -> None:
        """Send a ping and wait for its pong. Raises ``WireClosed``; may wait for ever on a dead peer, so bound it."""
        ...


@runtime_checkable
class Identified(Protocol):
    """What a wire may be besides: one that knows how its server calls it."""

    request_id: str | None
    """``x-request-id`` of the answer to the upgrade (recorded on the 101); None where it had none."""


Connector = Callable[[Endpoint, Settings], AbstractAsyncContextManager[Wire]]
"""Opens a wire for the length of a block; raises ``HandshakeFailed`` on entering, and never takes longer than
``settings.close_deadline`` to leave."""
