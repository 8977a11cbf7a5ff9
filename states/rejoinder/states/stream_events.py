"""What a server says: the base of every wire event, and the events that frame a response.

Rules of this file and of its two neighbours, ``content_events`` and ``tool_events``:

* One frozen class per wire type, with the wire's own field names. Which wire type belongs to which class is written
  once, in ``codec.EVENT_TYPES``.
* The class statement *is* the table: ``codec`` reads from it which fields a frame must have (those without a default)
  and of which type each one is. A field that is not worth losing a frame for has the default ``None``.
* Items, parts and response objects stay the values that were decoded, so that they can be echoed unchanged. Nobody
  changes them in place.
* ``repr`` shows the type, the ids, the sequence number and the lane, and never a payload.
* Events are values: equal when their fields are (``raw`` is left out), hashable by their scalar fields.

Events are made by ``codec.decode``. In a test, decode a frame rather than calling a constructor.
"""

import math
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, ClassVar

import attrs

__all__ = [
    "ErrorEvent",
    "ErrorShape",
    "FrameKind",
    "Garbage",
    "InjectCreated",
    "InjectFailed",
    "Keepalive",
    "ResponseCompleted",
    "ResponseCreated",
    "ResponseEvent",
    "ResponseFailed",
    "ResponseInProgress",
    "ResponseIncomplete",
    "ResponseQueued",
    "SteerAccepted",
    "SteerFailed",
    "SteerPending",
    "StreamEvent",
    "UnknownEvent",
    "Violation",
]

LONGEST_SHOWN = 80
"""Characters of one value that a repr shows; a type or an id may be as long as the server likes."""


class FrameKind(StrEnum):
    """What a frame does to the response it belongs to: the first thing the classification looks at."""

    CREATED = "created"
    """``response.created``: a response has begun."""
    PROGRESS = "progress"
    """``response.queued`` and ``response.in_progress``: the response is alive, and has no output yet."""
    ITEM_ADDED = "item_added"
    """``response.output_item.added``: announces an item id; later content names it."""
    CONTENT = "content"
    """Deltas, parts, finished items and the progress of a hosted tool: output of the response."""
    TERMINAL = "terminal"
    """``response.completed``, ``.failed``, ``.incomplete``. Not always the last frame of a response."""
    STEER = "steer"
    """``response.steer.accepted``, ``.pending``, ``.failed``: what becomes of words that were added to a running response."""
    ERROR = "error"
    """An ``error`` frame, in any of its shapes."""
    KEEPALIVE = "keepalive"
    """``keepalive``: undocumented, real, and it uses up a sequence number."""
    OTHER = "other"
    """Anything else that is an object: injection, a vendor's extra, no type at all. Harmless, passed on."""
    GARBAGE = "garbage"
    """Not an event: see ``Garbage.violation``."""


class Violation(StrEnum):
    """What is wrong with a frame that is not an event."""

    NOT_UTF8 = "not_utf8"
    """The bytes of a binary frame are not UTF-8 text."""
    NOT_JSON = "not_json"
    """The text is not JSON. ``NaN`` and ``Infinity`` are not JSON either, though many decoders take them."""
    TOO_DEEP = "too_deep"
    """Objects and arrays are nested deeper than ``codec.MAXIMUM_DEPTH``."""
    NUMBER_OUT_OF_RANGE = "number_out_of_range"
    """A number that Python cannot hold or cannot write again, such as ``1e999`` or an integer of 5,000 digits."""
    NOT_AN_OBJECT = "not_an_object"
    """JSON, but an array, a string, a number or null."""
    MISSING_FIELD = "missing_field"
    """A known event type without a field that the type must have."""
    NULL_FIELD = "null_field"
    """A known event type with null in such a field."""
    WRONG_TYPE = "wrong_type"
    """A known event type with the wrong kind of value in such a field, or in a field that says whose frame it is."""


class ErrorShape(StrEnum):
    """The form in which an error arrived. Only the form: what the error means is decided elsewhere."""

    WRAPPED = "wrapped"
    """``{"error": {…}, "status": 400}``: a request was refused (OpenAI WebSocket guide)."""
    SEQUENCED = "sequenced"
    """``{"error": {…}, "sequence_number": 2}``: a fault inside a running response; its terminal follows (recorded)."""
    FLAT = "flat"
    """``{"code": …, "message": …, "param": …}`` beside the type: the form the SDK types give for HTTP streams."""
    BARE = "bare"
    """``{"error": "some words"}``: documented nowhere (row 18b of the original's measured scenarios)."""


@attrs.frozen(repr=False)
class StreamEvent:
    """One frame of a server, decoded. Every event answers these questions; ``None`` means that the wire did not say."""

    kind: ClassVar[FrameKind]
    """What this class of events does to a response."""
    shown: ClassVar[tuple[str, ...]] = ()
    """Names of further fields that ``repr`` may show: never one that holds what a model or a user said."""

    type: str
    """The wire type, for example ``response.output_text.delta``; empty where the frame had none."""
    sequence_number: int | None
    """Position within the response: from 0, rising by 1, starting again with each ``response.created``."""
    stream_id: str | None
    """The lane; ``None`` on the default lane and on servers without multiplexing."""
    raw: Mapping[str, Any] = attrs.field(eq=False)
    """The decoded object itself, unknown fields included. Empty if there was no object."""
    response_id: str | None
    """Id of the response, where the frame carries one: most content does not."""
    item_id: str | None
    """Id of the output item the frame is about."""
    output_index: int | None
    """Position of that item in the response's output, from 0."""
    binary: bool = attrs.field(default=False, kw_only=True, eq=False)
    """True when it came as a binary frame. No server is known to do that; it is read like text."""

    def __repr__(self) -> str:
        """Show who the event belongs to, and none of what it says."""
        facts: list[str] = [type(self).__name__, _shorten(self.type)]
        for name in ("response_id", "item_id", "sequence_number", "stream_id", *self.shown):
            value = getattr(self, name)
            if value is not None:
                facts.append(f"{name}={_shorten(value)}")
        return f"<{' '.join(facts)}>"


def _shorten(value: object) -> str:
    text = str(value) if isinstance(value, StrEnum) else repr(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


# The life of a response.


@attrs.frozen(repr=False)
class ResponseEvent(StreamEvent):
    """An event that carries the whole response object; its ``response_id`` is never ``None``."""

    response: Mapping[str, Any] = attrs.field(hash=False)
    """The response object, as decoded. Its ``id`` is a string that is not empty."""


@attrs.frozen(repr=False)
class ResponseCreated(ResponseEvent):
    """``response.created``: a response has begun. Its object echoes ``previous_response_id`` and ``metadata``."""

    kind: ClassVar[FrameKind] = FrameKind.CREATED


@attrs.frozen(repr=False)
class ResponseQueued(ResponseEvent):
    """``response.queued``: a background response waits for its turn."""

    kind: ClassVar[FrameKind] = FrameKind.PROGRESS


@attrs.frozen(repr=False)
class ResponseInProgress(ResponseEvent):
    """``response.in_progress``: the model works. With ``store: false``, only now may another lane fork from it."""

    kind: ClassVar[FrameKind] = FrameKind.PROGRESS


@attrs.frozen(repr=False)
class ResponseCompleted(ResponseEvent):
    """``response.completed``: the whole answer is here. ``output`` may be empty or absent on some servers."""

    kind: ClassVar[FrameKind] = FrameKind.TERMINAL


@attrs.frozen(repr=False)
class ResponseFailed(ResponseEvent):
    """``response.failed``: the reason is in ``response["error"]``."""

    kind: ClassVar[FrameKind] = FrameKind.TERMINAL


@attrs.frozen(repr=False)
class ResponseIncomplete(ResponseEvent):
    """``response.incomplete``: cut short; the reason is in ``response["incomplete_details"]``."""

    kind: ClassVar[FrameKind] = FrameKind.TERMINAL


# Errors, and frames that belong to no response's output.


@attrs.frozen(repr=False)
class ErrorEvent(StreamEvent):
    """An ``error`` frame. Whatever shape it came in, the same facts are in the same fields; any of them may be missing.

    An error is worth more than its form: a field of the wrong type is read as absent, and the error is not lost. Only
    what says whose error it is (lane, sequence number) must be right if it is there.
    """

    kind: ClassVar[FrameKind] = FrameKind.ERROR
    shown: ClassVar[tuple[str, ...]] = ("shape", "code", "status")

    shape: ErrorShape
    """The form it came in."""
    code: str | None
    """The code for machines, for example ``previous_response_not_found``. An open set; a number becomes its digits."""
    message: str | None
    """The words for people. May quote what the request contained, so it is not shown in a ``repr``."""
    param: str | None
    """The field of the request that is at fault."""
    status: int | None
    """The HTTP status it stands for: ``status``, or ``status_code`` as the Codex client accepts."""
    error_type: str | None
    """``error.type``, for example ``invalid_request_error``. Azure and xAI leave it out of some errors."""
    headers: Mapping[str, str] = attrs.field(hash=False)
    """HTTP headers sent along, beside or inside ``error``; names in lower case, values as text."""

    @property
    def retry_after(self) -> float | None:
        """Seconds the server asks us to wait: ``retry-after-ms``, else ``retry-after``. ``None`` for a date."""
        milliseconds = _duration(self.headers.get("retry-after-ms"))
        return _duration(self.headers.get("retry-after")) if milliseconds is None else milliseconds / 1000

    @property
    def should_retry(self) -> bool | None:
        """What the server says in ``x-should-retry``; ``None`` if it says nothing. It overrides our own judgement."""
        return {"true": True, "false": False}.get(self.headers.get("x-should-retry", "").strip().lower())


def _duration(text: str | None) -> float | None:
    try:
        duration = float(text or "")
    except ValueError:
        return None
    return duration if math.isfinite(duration) and duration >= 0 else None


@attrs.frozen(repr=False)
class Keepalive(StreamEvent):
    """``keepalive``: nothing happened, on a long run. Undocumented; other clients broke on it."""

    kind: ClassVar[FrameKind] = FrameKind.KEEPALIVE


@attrs.frozen(repr=False)
class UnknownEvent(StreamEvent):
    """An object with a type we do not know, or with none. Never an error: it is passed on as it came."""

    kind: ClassVar[FrameKind] = FrameKind.OTHER


@attrs.frozen(repr=False)
class Garbage(StreamEvent):
    """A frame that is not an event. What could be read of it (lane, ids, sequence number) is kept."""

    kind: ClassVar[FrameKind] = FrameKind.GARBAGE
    shown: ClassVar[tuple[str, ...]] = ("violation",)

    violation: Violation
    """What is wrong."""
    detail: str
    """One sentence for people. It names the field, and never quotes what the frame contained."""


# Steering a running response (OpenAI steering guide), and feeding it tool output (multi-agent beta).


@attrs.frozen(repr=False)
class SteerAccepted(StreamEvent):
    """``response.steer.accepted``: the words are queued, not yet applied. ``response_id`` is the response steered."""

    kind: ClassVar[FrameKind] = FrameKind.STEER

    steer: Mapping[str, Any] | None = attrs.field(default=None, hash=False)
    """``id`` and ``previous_response_id`` of the steering."""


@attrs.frozen(repr=False)
class SteerPending(StreamEvent):
    """``response.steer.pending``: comes after a terminal; the client must send tool outputs before the words apply."""

    kind: ClassVar[FrameKind] = FrameKind.STEER

    steer: Mapping[str, Any] | None = attrs.field(default=None, hash=False)
    """``id`` and ``previous_response_id`` of the steering."""
    reason: str | None = None
    """Documented value: ``waiting_for_required_input``."""
    required_input: Sequence[Any] | None = attrs.field(default=None, hash=False)
    """Stubs of the items the server waits for."""


@attrs.frozen(repr=False)
class SteerFailed(StreamEvent):
    """``response.steer.failed``: the words were not taken. Says nothing about the response itself."""

    kind: ClassVar[FrameKind] = FrameKind.STEER

    steer: Mapping[str, Any] | None = attrs.field(default=None, hash=False)
    """The steering that failed, with its ``input``."""
    error: Mapping[str, Any] | None = attrs.field(default=None, hash=False)
    """``type``, ``code`` and ``message``."""


@attrs.frozen(repr=False)
class InjectCreated(StreamEvent):
    """``response.inject.created``: tool outputs reached the running response ``response_id``."""

    kind: ClassVar[FrameKind] = FrameKind.OTHER


@attrs.frozen(repr=False)
class InjectFailed(StreamEvent):
    """``response.inject.failed``: they did not. Recorded *after* the terminal of its response, and numbered with it."""

    kind: ClassVar[FrameKind] = FrameKind.OTHER

    input: Sequence[Any] | None = attrs.field(default=None, hash=False)
    """The items that were refused."""
    error: Mapping[str, Any] | None = attrs.field(default=None, hash=False)
    """``code`` and ``message``."""
