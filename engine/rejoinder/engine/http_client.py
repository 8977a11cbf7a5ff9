"""HTTP requests to an endpoint, on httpx: who asks, where, within which limits, and what a refusal says.

Rules of this file
* A client that the caller gave is used and never closed; our own is made when it is first needed and closed with the session.
* No time limit on the answer is set here: those who wait for it have deadlines. Connecting and writing are bounded.
* No asynchronous generator is left in the middle, ours or httpx's: what is read is read to its end, or until its task is cancelled
  while it waits. (One that is left is finished by the garbage collector, whenever that comes.)
* A refusal becomes the ``error`` frame that the error table knows, whatever its body was. What is repeated of it is what a server
  says to its users, never a header of ours.
"""

from __future__ import annotations

import json
import math
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final, cast, final

import httpx
import trio

from rejoinder.states.refusals import shown_value

from .endpoint import Endpoint
from .errors import SESSION_CLOSED, InvalidEndpoint, InvalidSetting, SessionClosed
from .http_tunnels import TunnelTransport
from .key_provider import with_key
from .masking import masked, secrets_in
from .proxy import proxy_of
from .settings import Settings
from .wire import HandshakeFailed

__all__ = ["EVENT_STREAM", "JSON", "AnswerTooLarge", "HttpClient", "body_of", "error_frame", "hang_up", "request_id_of"]

JSON: Final = "application/json"
EVENT_STREAM: Final = "text/event-stream"
KEPT_CONNECTIONS: Final = 100
"""Idle connections that are kept for the next request."""
KEPT_FOR: Final = 60.0
"""Seconds that an idle connection is kept."""
LARGEST_REFUSAL: Final = 1024 * 1024
"""Bytes that are looked at of the body of a refusal."""
HANGING_UP: Final = 1.0
"""Seconds that closing a connection may take which has said too much."""
TOLD: Final = ("retry-after-ms", "retry-after", "x-should-retry", "x-request-id")
"""The headers of a refusal that its frame repeats."""


@final
class HttpClient:
    """What is asked of one endpoint over HTTP.

    Raises ``InvalidSetting`` if ``client`` is no ``httpx.AsyncClient``, or has options beside it; ``InvalidEndpoint`` for options
    that httpx does not take.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        settings: Settings,
        client: httpx.AsyncClient | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        _check_client(client, options)
        self.endpoint: Final = endpoint
        self.settings: Final = settings
        self._given: Final = client
        self._options: Final = dict(options or {})
        self._own: httpx.AsyncClient | None = None
        self._closed = False
        if options:
            # What cannot work is refused when the session opens, not when it is first needed.
            self._own = self._make()

    def __repr__(self) -> str:
        return f"<HttpClient {self.endpoint!r}>"

    @asynccontextmanager
    async def ask(
        self, method: str, path: str = "", *, body: str | None = None, accept: str = JSON, query: Mapping[str, str] | None = None
    ) -> AsyncGenerator[httpx.Response]:
        """Send a request; the response is open, its body unread, for the length of the block.

        Raises ``httpx.HTTPError``; ``HandshakeFailed`` without a key, or if the caller's client is closed; ``SessionClosed`` after
        ``aclose``.
        ``path`` is appended to the address of the endpoint, ``query`` to what query that has.
        """
        if self._closed:
            raise SessionClosed(SESSION_CLOSED)
        if self._given is not None and self._given.is_closed:
            raise HandshakeFailed("The HTTP client that the session was given is closed.", permanent=True)
        endpoint = await with_key(self.endpoint)
        headers = {**endpoint.handshake_headers(), "Accept": accept}
        if body is not None:
            headers["Content-Type"] = JSON
        url = httpx.URL(endpoint.http_url)
        url = url.copy_with(path=url.path.rstrip("/") + path)
        limits = httpx.Timeout(None, connect=self.settings.policy.deadlines.connect, write=self.settings.send_deadline)
        request = self._client.build_request(
            method,
            url.copy_merge_params(dict(query)) if query else url,
            content=None if body is None else body.encode(),
            headers=headers,
            timeout=limits,
        )
        if body is not None:
            request.stream = Body(body.encode())
        # A redirect could lead to another host, and the headers of the caller's own with it: it is a refusal like any other.
        response = await self._client.send(request, stream=True, follow_redirects=False)
        try:
            yield response
        finally:
            # Whoever is cancelled: what is not read is dropped with its connection, and waits for nobody.
            with trio.move_on_after(self.settings.close_deadline, shield=True):
                await response.aclose()

    async def aclose(self) -> None:
        """Close what connections are ours. The caller's client is the caller's."""
        self._closed = True
        own, self._own = self._own, None
        if own is not None:
            with trio.move_on_after(self.settings.close_deadline, shield=True):
                await own.aclose()

    @property
    def _client(self) -> httpx.AsyncClient:
        if self._given is not None:
            return self._given
        if self._own is None:
            self._own = self._make()
        return self._own

    def _make(self) -> httpx.AsyncClient:
        context = self.settings.ssl_context
        options: dict[str, Any] = {
            "verify": True if context is None else context,
            "limits": httpx.Limits(max_connections=None, max_keepalive_connections=KEPT_CONNECTIONS, keepalive_expiry=KEPT_FOR),
            **self._options,
        }
        try:
            if self.settings.proxy is not None and not {"proxy", "transport", "mounts"} & set(options):
                context = httpx.create_ssl_context(options.pop("verify"))
                options["transport"] = TunnelTransport(proxy_of(self.settings.proxy), context, options.pop("limits"))
            return httpx.AsyncClient(**options)
        except Exception as error:  # whatever httpx makes of options that are none
            raise InvalidEndpoint(
                f"The HTTP client cannot be made: {error}. Give http_options that httpx.AsyncClient takes, or a client of your own"
                " as http_client."
            ) from error


def _check_client(client: object, options: Mapping[str, Any] | None) -> None:
    if client is None:
        return
    if not isinstance(client, httpx.AsyncClient):
        raise InvalidSetting(
            f"http_client is {shown_value(client)}. Give an httpx.AsyncClient, which stays yours to close, or leave it out."
        )
    if options:
        raise InvalidSetting(
            "http_options are for a client of the session's own, and http_client is one of yours. Give one of them; yours has its"
            " options already."
        )


@final
class Body(httpx.AsyncByteStream):
    """The body of a request. httpx's own is a generator, and a cancelled request leaves it in the middle."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def __aiter__(self) -> AsyncIterator[bytes]:
        return Once(self._data)


@final
class Once(AsyncIterator[bytes]):
    """One piece of data."""

    def __init__(self, data: bytes) -> None:
        self._left: bytes | None = data

    async def __anext__(self) -> bytes:
        data, self._left = self._left, None
        if data is None:
            raise StopAsyncIteration
        return data


class AnswerTooLarge(httpx.TransportError):
    """An answer, or an event of a stream, is larger than is accepted."""


async def hang_up(response: httpx.Response) -> None:
    """Close a response whose body is being read. Reading on is what notices it: so httpx comes to its own end.

    Being cancelled does not cut it short, or httpx would be left in the middle.
    """
    with trio.move_on_after(HANGING_UP, shield=True):
        await response.aclose()


async def body_of(response: httpx.Response, limit: int) -> bytes:
    """The whole body. Raises ``AnswerTooLarge`` if it has more than ``limit`` bytes, and ``httpx.HTTPError`` if it breaks off."""
    body = bytearray()
    held = 0
    try:
        async for piece in response.aiter_bytes():
            held += len(piece)
            if held > limit:
                await hang_up(response)
            else:
                body += piece
    except Exception:
        if held <= limit:
            raise
    if held > limit:
        raise AnswerTooLarge(f"the answer has more than {limit} bytes")
    return bytes(body)


def request_id_of(response: httpx.Response) -> str | None:
    """The server's name for this exchange, which its support asks for."""
    name: str | None = response.headers.get("x-request-id")
    return name


async def error_frame(response: httpx.Response) -> dict[str, Any]:
    """The ``error`` frame that a refusal (a status other than 2xx) is: ``type``, ``status``, ``error``, ``headers``.

    Raises ``httpx.HTTPError`` if its body breaks off.
    """
    body = b""
    async for piece in response.aiter_bytes():
        if len(body) < LARGEST_REFUSAL:
            body += piece
    secrets = secrets_in(response.request.headers)
    said: dict[str, Any] = {"message": f"The server answered with HTTP status {response.status_code}."}
    with suppress(ValueError, RecursionError):
        found = json.loads(masked(body.decode("utf-8", "replace"), secrets))
        told: object = cast("dict[str, Any]", found).get("error") if isinstance(found, dict) else None
        if isinstance(told, str) and told:
            said["message"] = told
        elif isinstance(told, dict):
            said |= {name: value for name, value in cast("dict[str, Any]", told).items() if value is not None}
    headers = {name: response.headers[name] for name in TOLD if name in response.headers}
    seconds = _seconds_until(headers.get("retry-after"), response.headers.get("date"))
    if seconds is not None:
        headers["retry-after"] = f"{seconds:g}"
    return {"type": "error", "status": response.status_code, "error": said, "headers": headers}


def _seconds_until(date: str | None, now: str | None) -> float | None:
    """How long it is until a date of HTTP, by the server's own clock where it tells; None if it is none."""
    then, present = _instant(date), _instant(now) or datetime.now(UTC)
    return None if then is None else max(math.ceil((then - present).total_seconds()), 0)


def _instant(date: str | None) -> datetime | None:
    if date is None or date.strip().replace(".", "", 1).isdigit():
        return None
    with suppress(ValueError, TypeError):
        instant = parsedate_to_datetime(date)
        return instant if instant.tzinfo is not None else instant.replace(tzinfo=UTC)
    return None
