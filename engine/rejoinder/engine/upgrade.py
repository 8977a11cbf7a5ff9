"""The upgrade to a WebSocket: what the server answers to it. The same for every wire.

Rules of this file
* The head of the answer is read here, before any WebSocket library sees it: they wait for ever for a server that hangs up, wait for
  the body of a refusal, trip over what is not HTTP, or take shorter lines than others.
* What is not an agreement is ``HandshakeFailed``, in one sentence and without the key.
* Not a byte behind the head is lost: it may be the first frame.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from contextlib import suppress
from typing import Final

import attrs
import h11
import trio

from .dialling import TcpStream
from .endpoint import Endpoint
from .wire import HandshakeFailed

__all__ = ["SWITCHING_PROTOCOLS", "Agreement", "hung_up", "no_websocket", "receive_agreement", "request_id_in"]

LARGEST_RETRY_AFTER: Final = 86_400.0
LARGEST_HEAD: Final = 64 * 1024
"""Bytes of the answer to the upgrade, up to its empty line; servers take a tenth of that for a large one."""
SWITCHING_PROTOCOLS: Final = 101
REQUEST_ID: Final = re.compile(rb"[A-Za-z0-9_.:-]{1,128}")

HeaderLines = Iterable[tuple[bytes, bytes]]
"""Names in lower case, and values."""


@attrs.frozen
class Agreement:
    """What a server answered that agrees to the upgrade. Whether it does so properly is the library's to check."""

    headers: HeaderLines = attrs.field(repr=False)
    """The lines of its head."""
    received: bytes = attrs.field(repr=False)
    """Everything that was received."""
    rest: bytes = attrs.field(repr=False)
    """What of that came behind the head."""


async def receive_agreement(stream: TcpStream, endpoint: Endpoint) -> Agreement:
    """Read the answer to an upgrade that has been sent. Raises ``HandshakeFailed`` if it is not ``101``."""
    reader = h11.Connection(h11.CLIENT, max_incomplete_event_size=LARGEST_HEAD)
    # It reads answers only to what it has asked; what the wire sent asked the same.
    upgrade = [("Host", endpoint.host), ("Connection", "Upgrade"), ("Upgrade", "websocket")]
    reader.send(h11.Request(method="GET", target=endpoint.resource, headers=upgrade))
    reader.send(h11.EndOfMessage())
    received = b""
    try:
        while True:
            event = reader.next_event()
            if isinstance(event, h11.InformationalResponse | h11.Response):
                if isinstance(event, h11.Response) or event.status_code == SWITCHING_PROTOCOLS:
                    break
                # It only says that it is at work (100, 103); the libraries need not hear of that.
                received = reader.trailing_data[0]
                continue
            more = await stream.receive_some()
            if not more:
                raise hung_up(endpoint)
            received += more
            if not received.startswith(b"HTTP/"[: len(received)]):
                # No line may ever end in what is not HTTP.
                raise no_websocket(endpoint)
            reader.receive_data(bytes(more))
    except trio.BrokenResourceError as error:
        raise hung_up(endpoint) from error
    except h11.RemoteProtocolError as error:
        raise no_websocket(endpoint) from error
    if event.status_code != SWITCHING_PROTOCOLS:
        raise HandshakeFailed(
            f"{endpoint.host} refused the connection with HTTP status {event.status_code}.",
            status=event.status_code,
            retry_after=_retry_after(event.headers),
            request_id=request_id_in(event.headers),
        )
    return Agreement(tuple(event.headers), received, reader.trailing_data[0])


def request_id_in(headers: HeaderLines) -> str | None:
    """``x-request-id``, where it looks like one: it is shown in logs."""
    for name, value in headers:
        if name.lower() == b"x-request-id" and REQUEST_ID.fullmatch(value):
            return value.decode()
    return None


def no_websocket(endpoint: Endpoint) -> HandshakeFailed:
    """The error for a server that speaks something else."""
    return HandshakeFailed(f"{endpoint.host} port {endpoint.port} did not answer as a WebSocket server does.")


def hung_up(endpoint: Endpoint) -> HandshakeFailed:
    """The error for a server that ends the connection instead of answering."""
    return HandshakeFailed(f"{endpoint.host} port {endpoint.port} hung up without an answer.")


def _retry_after(headers: HeaderLines) -> float | None:
    """``retry-after`` in seconds, where it is a number."""
    for name, value in headers:
        if name == b"retry-after":
            with suppress(ValueError):
                seconds = float(value)
                return None if math.isnan(seconds) else min(max(seconds, 0.0), LARGEST_RETRY_AFTER)
    return None
