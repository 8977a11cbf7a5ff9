"""What a server under test hands to whoever carries its frames, and what it writes into its log.

Rules of this file: values only. `at` is the time at which a thing was due, which may lie before the time at which it
was fetched; it takes no part in comparisons, so that tests compare what was said and not when.
"""

import json
from collections.abc import Mapping
from typing import Any, Literal, TypeAlias, cast

import attrs


@attrs.frozen
class Message:
    """One frame for the client."""

    connection: int
    """The connection it goes out on."""
    data: str | bytes
    """The payload: text, or bytes for a binary frame."""
    at: float = attrs.field(default=0.0, eq=False, kw_only=True)
    """When it was due, in seconds of the server's clock."""

    @property
    def body(self) -> Any:  # noqa: ANN401 (a JSON value has no narrower type)
        """The decoded payload, or None when it is not JSON."""
        return decoded(self.data)

    @property
    def type(self) -> str | None:
        """The `type` of the decoded payload, or None when it has none."""
        return type_of(self.body)


@attrs.frozen
class Close:
    """The server closes the connection with a close frame. The connection is gone on the server's side."""

    connection: int
    """The connection that ends."""
    code: int
    """The WebSocket close code."""
    reason: str = ""
    """The close reason."""
    at: float = attrs.field(default=0.0, eq=False, kw_only=True)
    """When it was due, in seconds of the server's clock."""


@attrs.frozen
class Drop:
    """The connection is lost without a close frame. It is gone on the server's side."""

    connection: int
    """The connection that ends."""
    at: float = attrs.field(default=0.0, eq=False, kw_only=True)
    """When it was due, in seconds of the server's clock."""


Outgoing: TypeAlias = Message | Close | Drop
"""What `ModelServer.poll` returns."""


@attrs.frozen
class LogEntry:
    """One line of a server's log: a frame that came in or went out, or a note on the life of a connection."""

    at: float
    """When, in seconds of the server's clock."""
    connection: int
    """The connection, or -1 for a handshake that was refused."""
    direction: Literal["in", "out", "note"]
    """`in` is from the client, `out` is to the client, `note` is neither."""
    data: str | bytes
    """The payload, or for a note its text: `opened`, `closed 1001`, `dropped`, `left`, `refused 503`."""
    body: Any = None
    """The decoded payload, or None for a note and for what is not JSON."""

    @property
    def type(self) -> str | None:
        """The `type` of the decoded payload, or None when it has none."""
        return type_of(self.body)


class HandshakeRefused(Exception):
    """The server answered the WebSocket handshake with plain HTTP. No connection exists."""

    status: int
    """The HTTP status."""
    headers: Mapping[str, str]
    """The headers of the reply."""

    def __init__(self, status: int, headers: Mapping[str, str] | None = None) -> None:
        """Keep the status and the headers of the reply."""
        super().__init__(f"the server refused the WebSocket handshake with HTTP status {status}")
        self.status = status
        self.headers = dict(headers or {})


def decoded(data: str | bytes) -> Any:  # noqa: ANN401 (a JSON value has no narrower type)
    """The JSON value in a payload, or None when it holds none. NaN and the infinities are not JSON."""
    try:
        return json.loads(data, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return None


def encoded(body: Mapping[str, Any]) -> str:
    """The compact JSON text of an event, readable where it can be, and always encodable as UTF-8."""
    text = json.dumps(cast("dict[str, Any]", body), separators=(",", ":"), ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:  # a lone surrogate, repeated from what the client sent
        return json.dumps(cast("dict[str, Any]", body), separators=(",", ":"))
    return text


def type_of(body: object) -> str | None:
    """The `type` of a decoded event, or None when it is no object or its type is no string."""
    kind = cast("dict[str, object]", body).get("type") if isinstance(body, dict) else None
    return kind if isinstance(kind, str) else None


def _refuse_constant(name: str) -> None:
    message = f"{name} is not JSON"
    raise ValueError(message)
