"""The wire: what the engine needs of a WebSocket, whoever implements it.

A connector opens a wire and closes it when its block is left. The engine owns exactly one reader and one writer per wire, so an
implementation need not allow two at a time. A wire of streams (HTTP) knows creates, and what comes of each, rather than frames.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol, runtime_checkable

import attrs

from .endpoint import Endpoint
from .settings import Settings

__all__ = [
    "Connector",
    "HandshakeFailed",
    "Identified",
    "StreamBegun",
    "StreamConnector",
    "StreamFrame",
    "StreamNews",
    "StreamOver",
    "StreamRefused",
    "StreamWire",
    "Wire",
    "WireClosed",
]


class WireClosed(Exception):
    """The wire has ended, by whichever side."""

    def __init__(self, code: int | None = None, reason: str = "", *, ours: bool = False) -> None:
        super().__init__(code, reason)
        self.code = code
        """The close code, where one was seen."""
        self.reason = reason
        """The close reason."""
        self.ours = ours
        """Whether this side ended it because of what the server had sent; then the code is what the server was told."""


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
        code: str | None = None,
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
        self.code = code
        """What kind of failure it was where no status says it: a code of the error table, as ``proxy_refused``."""


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


@attrs.frozen
class StreamBegun:
    """The server has answered the create of a lane; what it says follows."""

    lane: str | None
    """The lane."""
    request_id: str | None
    """``x-request-id``, where the answer has one."""


@attrs.frozen
class StreamFrame:
    """An event of a lane's stream."""

    lane: str | None
    """The lane."""
    data: str = attrs.field(repr=False)
    """Its JSON."""
    secrets: tuple[str, ...] = attrs.field(default=(), repr=False)
    """What must not be shown of the request that asked for it, if the server quotes it."""


@attrs.frozen
class StreamOver:
    """The stream of a lane has ended. Its last word."""

    lane: str | None
    """The lane."""
    reason: str = ""
    """How, in a few words; empty if its body just ended."""


@attrs.frozen
class StreamRefused:
    """No stream could be opened for the create of a lane, and nothing was sent. Its last word."""

    lane: str | None
    """The lane."""
    message: str
    """One sentence on what happened; never the key."""
    permanent: bool = False
    """Whether it cannot pass by itself."""


StreamNews = StreamBegun | StreamFrame | StreamOver | StreamRefused
"""What a wire of streams has to say."""


@runtime_checkable
class StreamWire(Protocol):
    """A wire on which every create has a stream of its own: HTTP."""

    def begin_stream(self, lane: str | None, text: str) -> None:
        """Send a create. Never waits and never raises; what comes of it is news."""
        ...

    def end_stream(self, lane: str | None, *, abandoned: bool) -> None:
        """End the stream of a lane, if it has one: no more news of it. An abandoned one is closed at once."""
        ...

    async def receive_news(self) -> StreamNews:
        """Wait for the next piece of news."""
        ...


Connector = Callable[[Endpoint, Settings], AbstractAsyncContextManager[Wire]]
"""Opens a wire for the length of a block; raises ``HandshakeFailed`` on entering, and never takes longer than
``settings.close_deadline`` to leave."""

StreamConnector = Callable[[Endpoint, Settings], AbstractAsyncContextManager[StreamWire]]
"""The same for a wire of streams."""
