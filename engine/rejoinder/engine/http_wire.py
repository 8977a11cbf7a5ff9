"""HTTP as a wire: one POST for each create, whose answer is a stream of events (SSE).

Rules of this file
* It decides nothing: what a POST came to is news for the lifecycle, which says what follows. A status other than 2xx is told as the
  ``error`` frame that a socket would have sent.
* The link is there at once and costs nothing; connections are httpx's, and are kept from one response to the next.
* A stream that was told to end says nothing more. If it was abandoned it is closed at once, and its connection with it (that is how
  a server hears of it); else its body is read to its end, for a moment, so that the connection can be used again.
* ``[DONE]`` is accepted and never needed: the API does not send it, servers like it do.
"""

from __future__ import annotations

import json
import logging
import math
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final, cast, final

import attrs
import httpx
import trio
from httpx_sse import EventSource, SSEError

from .endpoint import Endpoint
from .http_client import EVENT_STREAM, AnswerTooLarge, HttpClient, error_frame, hang_up, request_id_of
from .masking import secrets_in
from .network_errors import certificate_error_in, reason_of
from .nurseries import open_inner_nursery
from .settings import Settings
from .wire import (
    HandshakeFailed,
    StreamBegun,
    StreamConnector,
    StreamFrame,
    StreamNews,
    StreamOver,
    StreamRefused,
    StreamWire,
    WireClosed,
)

__all__ = ["UNREACHED", "Asked", "HttpWire", "http_connector", "told_by", "why_unreachable"]

logger = logging.getLogger("rejoinder")

DONE: Final = "[DONE]"
LINGER: Final = 1.0
"""Seconds that the end of a body may take after its terminal event."""
UNREACHED: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)
"""What httpx raises before anything was sent."""


@attrs.frozen
class Asked:
    """What is asked for a stream."""

    method: str
    """``POST``, or ``GET`` for a response that is there."""
    path: str = ""
    """What is appended to the address of the endpoint."""
    body: str | None = attrs.field(default=None, repr=False)
    """JSON."""
    query: Mapping[str, str] | None = None
    """The query."""


@final
class Stream:
    """The request behind one stream."""

    def __init__(self, lane: str | None) -> None:
        self.lane: Final = lane
        self.scope: Final = trio.CancelScope()


@final
class HttpWire:
    """A ``StreamWire`` over httpx.

    ``limit`` is how many characters of events it holds for somebody who does not take them; a stream that has more is closed, and
    says so behind them.
    """

    def __init__(self, client: HttpClient, nursery: trio.Nursery, limit: float = math.inf) -> None:
        self._client = client
        self._nursery = nursery
        self._limit = limit
        self._held = 0
        self._streams: dict[str | None, Stream] = {}
        self._news: deque[tuple[Stream, StreamNews]] = deque()
        self._arrived = trio.Event()
        self._closed = False

    def begin_stream(self, lane: str | None, text: str) -> None:
        """POST a create, in a task of its own."""
        self.begin(lane, Asked("POST", body=text))

    def begin(self, lane: str | None, asked: Asked) -> None:
        """Ask for a stream of events, in a task of its own. Never waits; what comes of it is news.

        Raises ``WireClosed`` after ``close``.
        """
        if self._closed:
            raise WireClosed
        stream = Stream(lane)
        self._streams[lane] = stream
        self._nursery.start_soon(self._run, stream, asked)

    def end_stream(self, lane: str | None, *, abandoned: bool) -> None:
        """End the stream of a lane: what it has said and was not taken is forgotten."""
        stream = self._streams.pop(lane, None)
        self._news = deque(each for each in self._news if each[0].lane != lane)
        self._held = sum(_size(news) for _, news in self._news)
        if stream is None:
            return
        if abandoned:
            stream.scope.cancel()
        else:
            stream.scope.deadline = trio.current_time() + LINGER

    def close(self) -> None:
        """End every stream, and let nobody wait for news any more."""
        self._closed = True
        for lane in list(self._streams):
            self.end_stream(lane, abandoned=True)
        self._arrived.set()

    async def receive_news(self) -> StreamNews:
        """Wait for the next piece of news. Raises ``WireClosed`` after ``close``."""
        while not self._news:
            if self._closed:
                raise WireClosed
            self._arrived = trio.Event()
            await self._arrived.wait()
        _, news = self._news.popleft()
        self._held -= _size(news)
        return news

    def _tell(self, stream: Stream, news: StreamNews) -> None:
        if self._streams.get(stream.lane) is not stream:
            return
        self._news.append((stream, news))
        self._held += _size(news)
        if self._held > self._limit:
            self._news.append((stream, StreamOver(stream.lane, "its events were not taken")))
            del self._streams[stream.lane]
            stream.scope.cancel()
        self._arrived.set()

    async def _run(self, stream: Stream, asked: Asked) -> None:
        with stream.scope:
            self._tell(stream, await self._listen(stream, asked))

    async def _listen(self, stream: Stream, asked: Asked) -> StreamNews:
        """The whole life of a stream; returns its last word."""
        lane, client = stream.lane, self._client
        try:
            async with client.ask(asked.method, asked.path, body=asked.body, accept=EVENT_STREAM, query=asked.query) as response:
                secrets = secrets_in(response.request.headers)
                self._tell(stream, StreamBegun(lane, request_id_of(response)))
                if not response.is_success:
                    self._tell(stream, StreamFrame(lane, json.dumps(await error_frame(response))))
                    return StreamOver(lane)
                async for data in _events_of(response, client.settings.frame_limit):
                    self._tell(stream, StreamFrame(lane, data, secrets))
                return StreamOver(lane)
        except Exception as error:  # noqa: BLE001 - it is told or logged, and the session goes on
            return _last_word(error, lane, client.endpoint)


def _last_word(error: Exception, lane: str | None, endpoint: Endpoint) -> StreamNews:
    """What an HTTP client's exception means for a stream."""
    if isinstance(error, UNREACHED):
        return StreamRefused(lane, *why_unreachable(error, endpoint))
    if isinstance(error, HandshakeFailed):
        return StreamRefused(lane, error.message, permanent=error.permanent)
    if isinstance(error, httpx.HTTPError):
        return StreamOver(lane, told_by(error))
    logger.error("an HTTP client raised what it should not; the response is given up", exc_info=error)
    # For all that is known here, the request may have been sent.
    return StreamOver(lane, "the HTTP client failed; the reason is in the log")


def _size(news: StreamNews) -> int:
    """What a piece of news holds, in characters."""
    return len(news.data) if isinstance(news, StreamFrame) else 0


def http_connector(client: HttpClient) -> StreamConnector:
    """A connector whose wires POST with ``client``: they open at once."""

    @asynccontextmanager
    async def connect() -> AsyncGenerator[StreamWire]:
        async with open_inner_nursery() as nursery:
            try:
                yield HttpWire(client, nursery)
            finally:
                nursery.cancel_scope.cancel()

    def open_wire(endpoint: Endpoint, settings: Settings) -> AbstractAsyncContextManager[StreamWire]:
        del endpoint, settings
        return connect()

    return open_wire


async def _events_of(response: httpx.Response, limit: int) -> AsyncGenerator[str]:
    """The data of each event of a stream, none larger than ``limit`` characters. Raises ``httpx.HTTPError``."""
    # JSON is UTF-8, whatever the header says.
    response.encoding = "utf-8"
    source = EventSource(cast("httpx.Response", Bounded(response, limit)))
    events = source.aiter_sse()
    try:
        async for event in events:
            if event.data and event.data != DONE:
                yield event.data
    finally:
        await events.aclose()


@final
class Bounded:
    """As much of a response as httpx-sse reads, with a limit on what it has to hold for one event."""

    def __init__(self, response: httpx.Response, limit: int) -> None:
        self.headers: Final = response.headers
        self._response = response
        self._limit = limit

    async def aiter_text(self) -> AsyncIterator[str]:
        """The text as it comes. Raises ``AnswerTooLarge``."""
        held, last = 0, ""
        try:
            async for text in self._response.aiter_text():
                # The empty line at the end of an event may come in pieces.
                seen = last + text
                end = max(seen.rfind("\n\n"), seen.rfind("\n\r\n"), seen.rfind("\r\r"))
                held = held + len(text) if end < 0 else len(seen) - end
                last = seen[-2:]
                if held > self._limit:
                    await hang_up(self._response)
                else:
                    yield text
        except Exception:
            if held <= self._limit:
                raise
        if held > self._limit:
            raise AnswerTooLarge(f"an event has more than {self._limit} characters")


def refusal_in(error: BaseException | None) -> HandshakeFailed | None:
    """What a proxy of ours said, behind the errors that httpcore and httpx made of it."""
    while error is not None and not isinstance(error, HandshakeFailed):
        error = error.__cause__ or error.__context__
    return error


def why_unreachable(error: httpx.HTTPError, endpoint: Endpoint) -> tuple[str, bool]:
    """Why nothing could be sent, in a sentence, and whether that cannot pass by itself."""
    certificate = certificate_error_in(error)
    if certificate is not None:
        return f"The certificate of {endpoint.host} is not trusted: {certificate.verify_message.rstrip('.')}.", True
    where = f"{endpoint.host} port {endpoint.port}"
    if isinstance(error, httpx.TimeoutException):
        return f"No connection to {where} in time.", False
    refused = refusal_in(error)
    if refused is not None:
        return refused.message, refused.permanent
    if isinstance(error, httpx.ProxyError):
        return f"The proxy on the way to {where} refused: {error}.", False
    if isinstance(error, httpx.UnsupportedProtocol):
        return "The HTTP client does not speak the protocol of the address.", True
    return f"No connection to {where}: {reason_of(error)}.", False


def told_by(error: httpx.HTTPError) -> str:
    """How a stream broke, in a few words."""
    if isinstance(error, SSEError):
        return "the answer is no stream of events"
    if isinstance(error, AnswerTooLarge):
        return str(error)
    if isinstance(error, httpx.WriteTimeout):
        return "the request did not leave in time"
    return "the connection broke"
