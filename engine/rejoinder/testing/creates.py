"""Reading a client's frame: a create this server can start on, a cancel, a steering, or something to refuse, and with which error.

Rules of this file: pure, and it looks at the frame alone. What needs the state of the connection (lane names already
used, the cache) is decided by `rejoinder.testing.model_server`. The answer of real servers to malformed JSON, an
unknown type and a binary frame is neither documented nor recorded; here it is an error frame, and the connection lives.
"""

import re
from typing import Any, Final, TypeAlias, cast

import attrs

from rejoinder.testing.outgoing import decoded
from rejoinder.testing.script import ErrorFrame, JsonObject
from rejoinder.testing.server_profiles import ServerProfile

_LANE_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,256}")


@attrs.frozen
class Create:
    """A `response.create` that passed inspection."""

    body: JsonObject
    """The whole frame."""
    items: tuple[JsonObject, ...]
    """Its input as items."""
    size: int
    """Characters of the frame, for the count of tokens."""
    lane: str | None = None
    """The lane it names, or None for the default lane and for servers without lanes."""
    previous_response_id: str | None = None
    """The response it continues."""

    @property
    def warm_up(self) -> bool:
        """Whether it only warms the connection up (`generate: false`)."""
        return self.body.get("generate") is False

    @property
    def stored(self) -> bool:
        """Whether the response is to be stored, which is the default."""
        return self.body.get("store") is not False


@attrs.frozen
class Cancel:
    """A `response.cancel`."""

    response_id: object
    """What it names, as the client wrote it."""


@attrs.frozen
class Steer:
    """A `response.steer`."""

    previous_response_id: object
    """What it names, as the client wrote it."""
    given: object
    """Its input, as the client wrote it."""
    items: tuple[JsonObject, ...]
    """Its input as items; empty if it is none."""


@attrs.frozen
class Refused:
    """A frame that is answered by an error at once."""

    error: ErrorFrame
    """The error."""
    lane: str | None = None
    """The lane the error names, if it is known and a good name."""
    previous_response_id: str | None = None
    """The response that the refused create would have continued."""


Inspected: TypeAlias = Create | Cancel | Steer | Refused
"""What a client's frame turned out to be."""


def inspect(
    data: str | bytes, profile: ServerProfile, known_models: frozenset[str] | None, *, over_http: bool = False
) -> Inspected:
    """Read a frame; over HTTP a create may run in the background, and there are no lanes."""
    body = decoded(data) if isinstance(data, str) else None
    if not isinstance(body, dict):
        what = "a JSON object" if isinstance(data, str) else "a text frame"
        return Refused(_invalid("invalid_json", f"The server expected {what}.", None))
    return _inspect_body(cast("dict[str, Any]", body), len(data), profile, known_models, over_http=over_http)


def _inspect_body(
    body: dict[str, Any], size: int, profile: ServerProfile, known_models: frozenset[str] | None, *, over_http: bool
) -> Inspected:
    kind = body.get("type")
    if kind == "response.cancel":
        return Cancel(body.get("response_id"))
    if kind == "response.steer" and profile.steering:
        given = body.get("input")
        return Steer(body.get("previous_response_id"), given, _items(given) or ())
    if kind != "response.create":
        return Refused(_invalid("unknown_event_type", f"The event type {kind!r} is not supported.", "type"))
    lane = body.get("stream_id") if profile.lanes and not over_http else None
    if lane is not None and not (isinstance(lane, str) and _LANE_NAME.fullmatch(lane)):
        message = "A stream_id is 1 to 256 characters of letters, digits, '_', '.' and '-'."
        return Refused(_invalid("invalid_stream_id", message, "stream_id"))
    previous = body.get("previous_response_id")
    named = previous if isinstance(previous, str) else None
    items = _items(body.get("input"))
    fault = _fault(body, known_models, previous, items, over_http=over_http)
    if fault is not None or items is None:
        return Refused(fault or _wrong_type("input"), lane, named)
    return Create(body, items, size, lane, named)


def _fault(
    body: JsonObject, known_models: frozenset[str] | None, previous: object, items: object, *, over_http: bool
) -> ErrorFrame | None:
    model = body.get("model")
    if not isinstance(model, str) or not model:
        return _invalid("missing_required_parameter", "Missing required parameter: 'model'.", "model")
    if known_models is not None and model not in known_models:
        return _invalid("model_not_found", f"The requested model '{model}' does not exist.", "model")
    if previous is not None and not isinstance(previous, str):
        return _wrong_type("previous_response_id")
    if body.get("background") and not over_http:
        return _invalid("unsupported_parameter", "Background responses need HTTP, not a WebSocket.", "background")
    return _wrong_type("input") if items is None else None


def _items(given: object) -> tuple[JsonObject, ...] | None:
    if given is None:
        return ()
    if isinstance(given, str):
        return ({"type": "message", "role": "user", "content": given},)
    if not isinstance(given, list):
        return None
    items = cast("list[object]", given)
    return tuple(cast("list[JsonObject]", items)) if all(isinstance(item, dict) for item in items) else None


def _wrong_type(param: str) -> ErrorFrame:
    return _invalid("invalid_type", f"Invalid type for '{param}'.", param)


def _invalid(code: str, message: str, param: str | None) -> ErrorFrame:
    return ErrorFrame(code=code, message=message, param=param)
