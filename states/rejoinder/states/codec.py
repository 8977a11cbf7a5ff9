"""JSON text to events and back: this file and its table, ``event_types``, are the only ones that know wire names.

Rules of this file:

* ``decode`` never raises for a ``str`` or ``bytes``. What is no event becomes ``Garbage``, which says why; an object of
  an unknown type, or of none, becomes ``UnknownEvent``. The same frame gets the same verdict on every wire.
* A known type must have the fields that its class has no default for, each of its type. Any other field that is
  missing, null or of another type reads as ``None``; ``raw`` keeps what came.
* Fields that say whose frame it is (``stream_id``, ``sequence_number``, ``response_id``, ``item_id``) may be missing,
  null or empty, all of which mean "not said"; with the wrong type they make the frame garbage. A frame with an
  unreadable label must not pass for one without a label.
* A boolean is not an integer here, whatever Python says.
* A binary frame is read like a text frame, and its event says so in ``binary``.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias, TypeVar, cast

import attrs

from . import content_events as content
from . import stream_events as stream
from .event_types import EVENT_TYPES, SHAPES, FieldShape, Shape
from .frozen_json import FrozenObject, write_array
from .json_values import MAXIMUM_DEPTH, NotSerialisable, Unreadable, frozen_copy, read, write
from .stream_events import ErrorEvent, ErrorShape, Garbage, StreamEvent, UnknownEvent, Violation

__all__ = [
    "EVENT_TYPES",
    "MAXIMUM_DEPTH",
    "NotSerialisable",
    "decode",
    "encode_cancel",
    "encode_create",
    "encode_post",
    "encode_steer",
    "frozen_copy",
]

Frame: TypeAlias = dict[str, Any]
Scalar = TypeVar("Scalar", str, int)

_WORDS: Final[Mapping[type, str]] = {
    type(None): "null",
    str: "a string",
    int: "an integer",
    float: "a fraction",
    bool: "a boolean",
    dict: "an object",
    list: "an array",
}

_OBJECT: Final = frozenset({dict})


# Decoding.


def decode(data: str | bytes) -> StreamEvent:
    """Return the event that one frame of the server stands for. Never raises; see ``Garbage`` and ``UnknownEvent``."""
    if not isinstance(data, str):
        return attrs.evolve(_decode_bytes(data), binary=True)
    try:
        frame = read(data)
        if type(frame) not in _OBJECT:
            raise _wrong_type("The frame", frame, _OBJECT, Violation.NOT_AN_OBJECT)
    except Unreadable as fault:
        return _garbage({}, fault)
    # A type that is no string may not even be hashable.
    wire_type = frame.get("type")
    shape = SHAPES.get(wire_type) if type(wire_type) is str else None
    try:
        if shape is not None:
            event = _decode_quickly(shape, frame) if shape.quick else None
            return _decode_carefully(shape, frame) if event is None else event
        return _decode_error(frame) if wire_type == "error" else UnknownEvent(*_salvage(frame))
    except Unreadable as fault:
        return _garbage(frame, fault)


def _decode_bytes(data: bytes) -> StreamEvent:
    try:
        text = str(data, "utf-8")
    except UnicodeDecodeError as error:
        detail = f"A binary frame of {len(data)} bytes is not UTF-8 text; see byte {error.start}."
        return _garbage({}, Unreadable(Violation.NOT_UTF8, detail))
    return decode(text)


def _decode_quickly(shape: Shape, frame: Frame) -> StreamEvent | None:
    """Return what ``_decode_carefully`` would, for a delta with nothing missing and nothing odd; ``None`` for others.

    A stream is deltas for the most part. This way costs half of the other, and has no say in what is right.
    """
    get, make = frame.get, shape.make
    sequence_number = get("sequence_number")
    stream_id = get("stream_id")
    item_id = get("item_id")
    output_index = get("output_index")
    delta = get("delta")
    if not (
        type(delta) is str
        and type(item_id) is str
        and item_id
        and type(sequence_number) is int
        and type(output_index) is int
        and (stream_id is None or (type(stream_id) is str and stream_id))
        and "response_id" not in frame
    ):
        return None
    if not shape.part_index:
        return make(frame["type"], sequence_number, stream_id, frame, None, item_id, output_index, delta)
    part_index = get(shape.part_index)
    logprobs = get("logprobs")
    if type(part_index) is not int or (logprobs is not None and type(logprobs) is not list):
        return None
    if shape.logprobs:
        return make(frame["type"], sequence_number, stream_id, frame, None, item_id, output_index, delta, part_index, logprobs)
    return make(frame["type"], sequence_number, stream_id, frame, None, item_id, output_index, delta, part_index)


def _decode_carefully(shape: Shape, frame: Frame) -> StreamEvent:
    response_id = _label(frame, "response_id", str)
    item_id = _label(frame, "item_id", str)
    values = [_field(frame, field) for field in shape.fields]
    if issubclass(shape.event, stream.ResponseEvent):
        response_id = _label(values[0], "id", str, within="response.")
        if response_id is None:
            raise Unreadable(Violation.MISSING_FIELD, "response.id is missing, null or empty.")
    elif issubclass(shape.event, content.OutputItemEvent):
        item_id = _label(values[0], "id", str, within="item.")
    elif issubclass(shape.event, (stream.SteerAccepted, stream.SteerPending, stream.SteerFailed)):
        # The id of the response that is steered is all that such a frame says about whose it is.
        response_id = _label(values[0] or {}, "previous_response_id", str, within="steer.")
    return shape.make(
        frame["type"],
        _label(frame, "sequence_number", int),
        _label(frame, "stream_id", str),
        frame,
        response_id,
        item_id,
        _scalar(frame, "output_index", int),
        *values,
    )


def _field(frame: Frame, field: FieldShape) -> Any:  # noqa: ANN401 - a field may hold any JSON value
    value = frame.get(field.name)
    if type(value) in field.allowed:
        return value
    if not field.required:
        return None
    if value is not None:
        raise _wrong_type(field.name, value, field.allowed)
    if field.name in frame:
        raise Unreadable(Violation.NULL_FIELD, f"{field.name} is null, where {_words(field.allowed)} belongs.")
    raise Unreadable(Violation.MISSING_FIELD, f"{field.name} is missing, where {_words(field.allowed)} belongs.")


def _label(values: Frame, name: str, expected: type[Scalar], within: str = "") -> Scalar | None:
    """Return a field that says whose frame it is; raise if it has another type."""
    value = values.get(name)
    if value is not None and type(value) is not expected:
        raise _wrong_type(f"{within}{name}", value, frozenset({expected}))
    return _scalar(values, name, expected)


def _scalar(values: Frame, name: str, expected: type[Scalar]) -> Scalar | None:
    """Return a field if it has its type and is not empty."""
    value = values.get(name)
    return value if type(value) is expected and value != "" else None


def _wrong_type(where: str, value: object, allowed: frozenset[type], violation: Violation = Violation.WRONG_TYPE) -> Unreadable:
    return Unreadable(violation, f"{where} is {_WORDS[type(value)]}, where {_words(allowed)} belongs.")


def _words(allowed: frozenset[type]) -> str:
    return " or ".join(sorted(_WORDS[kind] for kind in allowed))


def _garbage(frame: Frame, fault: Unreadable) -> Garbage:
    return Garbage(*_salvage(frame), fault.violation, fault.detail)


def _salvage(frame: Frame) -> tuple[str, int | None, str | None, Frame, str | None, str | None, int | None]:
    """Return the base fields as far as they can be read, from a frame that promises nothing."""
    return (
        _scalar(frame, "type", str) or "",
        _scalar(frame, "sequence_number", int),
        _scalar(frame, "stream_id", str),
        frame,
        _scalar(frame, "response_id", str) or _scalar(_object(frame, "response"), "id", str),
        _scalar(frame, "item_id", str) or _scalar(_object(frame, "item"), "id", str),
        _scalar(frame, "output_index", int),
    )


def _object(frame: Frame, name: str) -> Frame:
    value = frame.get(name)
    return cast("Frame", value) if type(value) is dict else {}


# Errors.

_ERROR_STATUSES: Final = range(400, 600)
"""Some gateways put the HTTP status where the code belongs."""
_STATUS_DIGITS: Final = 3


def _decode_error(frame: Frame) -> ErrorEvent:
    """Read an ``error`` frame of any shape: what is not in ``error`` is looked for beside it."""
    sequence_number = _label(frame, "sequence_number", int)
    stream_id = _label(frame, "stream_id", str)
    error = frame.get("error")
    if error is not None and type(error) not in {dict, str}:
        raise _wrong_type("error", error, frozenset({dict, str}))
    inner = _object(frame, "error")
    facts = {**frame, **{name: value for name, value in inner.items() if value is not None}}
    if type(error) is dict:
        shape = ErrorShape.WRAPPED if sequence_number is None else ErrorShape.SEQUENCED
    elif type(error) is str:
        shape = ErrorShape.BARE
        facts["message"] = error
    else:
        shape = ErrorShape.FLAT
    code = facts.get("code")
    number = code if type(code) is int else None
    status = _status(frame) or _status(inner)
    if status is None and number in _ERROR_STATUSES:
        status = number
    _type, _sequence_number, _stream_id, raw, response_id, item_id, output_index = _salvage(frame)
    return ErrorEvent(
        "error",
        sequence_number,
        stream_id,
        raw,
        response_id,
        item_id,
        output_index,
        shape,
        code=_scalar(facts, "code", str) if number is None else str(number),
        message=_scalar(facts, "message", str),
        param=_scalar(facts, "param", str),
        status=status,
        error_type=_scalar(inner, "type", str),
        headers={**_headers(inner), **_headers(frame)},
    )


def _status(values: Frame) -> int | None:
    """Return ``status``, or ``status_code`` (the Codex client accepts both), as a number or as digits."""
    for name in ("status", "status_code"):
        value = values.get(name)
        if type(value) is int:
            return value
        if type(value) is str and value.isascii() and value.isdigit() and len(value) == _STATUS_DIGITS:
            return int(value)
    return None


def _headers(values: Frame) -> dict[str, str]:
    """Return ``headers`` as text. Numbers and booleans are written out; a list is joined, as HTTP joins it."""
    return {
        name.lower(): ", ".join(map(_header_text, cast("list[object]", value) if type(value) is list else [value]))
        for name, value in _object(values, "headers").items()
        if value is not None and type(value) is not dict
    }


def _header_text(value: object) -> str:
    return value if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)


# Encoding.

_GIVEN_APART: Final = frozenset({"type", "input", "previous_response_id", "stream_id", "generate"})
"""Fields of a request that are arguments of ``encode_create``, and are taken from there alone."""
_NEVER_SENT: Final = frozenset({"stream", "background"})
"""The socket always streams, and has no background responses (OpenAI WebSocket guide)."""


def encode_create(
    fields: Mapping[str, Any],
    items: Sequence[Any],
    *,
    previous_response_id: str | None = None,
    stream_id: str | None = None,
    generate: bool | None = None,
) -> str:
    """Return the text of a ``response.create``: flat, compact, and always encodable as UTF-8.

    Args:
        fields: the request as it would be sent over HTTP, without ``input``. ``stream`` and ``background`` are left
            out, and so is what the arguments below say.
        items: what becomes ``input``.
        previous_response_id: the response to continue, whose items are then not repeated.
        stream_id: the lane, on servers that have lanes.
        generate: ``False`` for a warm-up.

    Raises:
        NotSerialisable: a value that JSON cannot carry. ``frozen_copy`` finds it earlier.
    """
    apart: dict[str, Any] = {
        "previous_response_id": previous_response_id,
        "stream_id": stream_id,
        "generate": generate,
    }
    create = {
        "type": "response.create",
        **{name: value for name, value in apart.items() if value is not None},
        **{name: value for name, value in fields.items() if name not in _GIVEN_APART | _NEVER_SENT},
    }
    return _with_input(create, items)


def encode_post(
    fields: Mapping[str, Any],
    items: Sequence[Any],
    *,
    previous_response_id: str | None = None,
    stream: bool | None = True,
) -> str:
    """Return the body of a ``POST /responses``: what ``encode_create`` says, as HTTP says it.

    Args:
        fields: the request without ``input``; ``stream`` and what only a socket knows are left out.
        items: what becomes ``input``.
        previous_response_id: a stored response to continue.
        stream: whether the answer is to come as a stream of events; None where the question makes no sense.

    Raises:
        NotSerialisable: a value that JSON cannot carry. ``frozen_copy`` finds it earlier.
    """
    apart: dict[str, Any] = {"stream": stream, "previous_response_id": previous_response_id}
    given = {name: value for name, value in fields.items() if name not in _GIVEN_APART | {"stream"}}
    return _with_input({**{name: value for name, value in apart.items() if value is not None}, **given}, items)


def _with_input(body: Mapping[str, Any], items: Sequence[Any]) -> str:
    """The text of ``body`` with ``input`` as its last field; frozen items are written once in their lives."""
    if not all(type(item) is FrozenObject for item in items):
        return write({**body, "input": list(items)})
    return f'{write(body)[:-1]}{"," if body else ""}"input":{write_array(items)}}}'


def encode_steer(response_id: str, words: str | Sequence[Any]) -> str:
    """Return the text of a ``response.steer``: it names the response by ``previous_response_id``, and no lane (steering guide).

    Args:
        response_id: the running response.
        words: a string, or messages of the user.

    Raises:
        NotSerialisable: a value that JSON cannot carry. ``frozen_copy`` finds it earlier.
    """
    return write({"type": "response.steer", "previous_response_id": response_id, "input": words})


def encode_cancel(response_id: str) -> str:
    """Return the text of a ``response.cancel``. No vendor documents it for this API; see the cancel policies."""
    return write({"type": "response.cancel", "response_id": response_id})
