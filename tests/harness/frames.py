"""Frames of a server, in a line each, decoded as the engine decodes them.

Rules of this file
* Every builder ends in ``codec.decode``: a test never makes an event that the codec could not have made.
* What a builder is not told is absent from the frame, so that a test shows all that its frames say.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from rejoinder.states.codec import decode
from rejoinder.states.stream_events import StreamEvent
from rejoinder.testing.input_items import assistant, call_output, user

__all__ = [
    "assistant",
    "call",
    "call_output",
    "completed",
    "created",
    "delta",
    "error",
    "failed",
    "frame",
    "garbage",
    "incomplete",
    "item_added",
    "item_done",
    "keepalive",
    "message",
    "reasoning",
    "steer",
    "terminal",
    "unknown",
    "user",
]

Item = dict[str, Any]


def frame(wire_type: str, **fields: Any) -> StreamEvent:  # noqa: ANN401 - any JSON value
    """Return the event of one frame; fields that are None are left out."""
    present = {name: value for name, value in fields.items() if value is not None}
    return decode(json.dumps({"type": wire_type, **present}))


def created(
    response: str = "resp_1",
    *,
    lane: str | None = None,
    sequence: int | None = 0,
    previous: str | None = None,
    wire_type: str = "response.created",
) -> StreamEvent:
    """Return ``response.created``, which echoes ``previous_response_id``; or ``response.in_progress`` in the same form."""
    body: Item = {"id": response, "output": []}
    if previous is not None:
        body["previous_response_id"] = previous
    return frame(wire_type, response=body, stream_id=lane, sequence_number=sequence)


def item_added(item: str = "item_1", *, lane: str | None = None, sequence: int | None = 1) -> StreamEvent:
    """Return ``response.output_item.added`` for a message."""
    return frame("response.output_item.added", item=message("", item), output_index=0, stream_id=lane, sequence_number=sequence)


def delta(text: str = "Hi", *, item: str | None = "item_1", lane: str | None = None, sequence: int | None = 2) -> StreamEvent:
    """Return ``response.output_text.delta``."""
    return frame(
        "response.output_text.delta",
        delta=text,
        item_id=item,
        output_index=0,
        content_index=0,
        stream_id=lane,
        sequence_number=sequence,
    )


def item_done(item: Mapping[str, Any], *, lane: str | None = None, sequence: int | None = 3) -> StreamEvent:
    """Return ``response.output_item.done``."""
    return frame("response.output_item.done", item=item, output_index=0, stream_id=lane, sequence_number=sequence)


def terminal(
    kind: str,
    response: str = "resp_1",
    *,
    output: Sequence[Mapping[str, Any]] = (),
    lane: str | None = None,
    sequence: int | None = 4,
    **fields: Any,  # noqa: ANN401 - any JSON value
) -> StreamEvent:
    """Return ``response.<kind>`` with ``output`` and further fields of the response object."""
    body = {"id": response, "status": kind, "output": list(output), **fields}
    return frame(f"response.{kind}", response=body, stream_id=lane, sequence_number=sequence)


def completed(
    response: str = "resp_1",
    *,
    output: Sequence[Mapping[str, Any]] = (),
    lane: str | None = None,
    sequence: int | None = 4,
) -> StreamEvent:
    """Return ``response.completed``."""
    return terminal("completed", response, output=output, lane=lane, sequence=sequence)


def failed(response: str = "resp_1", *, lane: str | None = None, sequence: int | None = 4) -> StreamEvent:
    """Return ``response.failed`` with an error of the server's."""
    body = {"code": "server_error", "message": "The model broke"}
    return terminal("failed", response, lane=lane, sequence=sequence, error=body)


def incomplete(response: str = "resp_1", *, lane: str | None = None, sequence: int | None = 4) -> StreamEvent:
    """Return ``response.incomplete``."""
    return terminal("incomplete", response, lane=lane, sequence=sequence, incomplete_details={"reason": "max_output_tokens"})


def error(
    code: str | None = None,
    *,
    message: str = "It went wrong.",
    param: str | None = None,
    error_type: str | None = None,
    status: int | None = None,
    headers: Mapping[str, str] | None = None,
    lane: str | None = None,
    sequence: int | None = None,
) -> StreamEvent:
    """Return an ``error`` frame in the wrapped form."""
    body = {"code": code, "message": message, "param": param, "type": error_type}
    inner = {name: value for name, value in body.items() if value is not None}
    return frame("error", error=inner, status=status, headers=headers, stream_id=lane, sequence_number=sequence)


def keepalive(*, lane: str | None = None, sequence: int | None = None) -> StreamEvent:
    """Return ``keepalive``."""
    return frame("keepalive", stream_id=lane, sequence_number=sequence)


def steer(
    kind: str,
    response: str | None = "resp_1",
    *,
    name: str | None = "steer_1",
    lane: str | None = None,
    sequence: int | None = None,
    **fields: Any,  # noqa: ANN401 - any JSON value
) -> StreamEvent:
    """Return ``response.steer.<kind>`` about words that were added to ``response``, called ``name`` by the server."""
    about = {field: value for field, value in {"id": name, "previous_response_id": response}.items() if value is not None}
    return frame(f"response.steer.{kind}", steer=about, stream_id=lane, sequence_number=sequence, **fields)


def unknown(*, item: str | None = None, lane: str | None = None, sequence: int | None = None) -> StreamEvent:
    """Return an event of a type that nobody knows."""
    return frame("response.brand_new", item_id=item, stream_id=lane, sequence_number=sequence)


def garbage(*, lane: str | None = None) -> StreamEvent:
    """Return what a frame that cannot be read becomes; only one that is an object can name its lane."""
    if lane is None:
        return decode("{broken")
    return frame("response.created", stream_id=lane)


# Items, as they stand in an input or an output.


def message(text: str, item: str = "item_1") -> Item:
    """Return an answer as the server puts it out."""
    parts: list[Item] = [{"type": "output_text", "text": text, "annotations": []}] if text else []
    return {"type": "message", "id": item, "role": "assistant", "status": "completed", "content": parts}


def reasoning(item: str = "rs_1") -> Item:
    """Return a reasoning item as the server puts it out."""
    return {"type": "reasoning", "id": item, "summary": [], "encrypted_content": "gAAA"}


def call(call_id: str = "call_1", name: str = "weather", item: str = "fc_1") -> Item:
    """Return a function call as the server puts it out."""
    return {"type": "function_call", "id": item, "call_id": call_id, "name": name, "arguments": "{}"}
