"""The frames that the explored server says: made as JSON, read by the codec, and made once.

Rule of this file: nothing here goes round the decoder. A frame is remembered, because an exploration says the same ones very often.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any, Final

from rejoinder.states.codec import decode
from rejoinder.states.stream_events import StreamEvent

__all__ = [
    "created",
    "delta",
    "error",
    "garbage",
    "item_added",
    "item_done",
    "item_of",
    "message",
    "plain",
    "progress",
    "steer",
    "terminal",
    "thought_added",
    "thought_of",
]

WORD: Final = "w"

remembered: Final = lru_cache(maxsize=None)


@remembered
def _frame(kind: str, text: str) -> StreamEvent:
    fields: dict[str, Any] = json.loads(text)
    return decode(json.dumps({"type": kind, **{name: value for name, value in fields.items() if value is not None}}))


def _said(kind: str, lane: str | None, number: int | None, **fields: Any) -> StreamEvent:  # noqa: ANN401 - any JSON value
    return _frame(kind, json.dumps({"sequence_number": number, "stream_id": lane, **fields}))


def item_of(response: str) -> str:
    """The id of a response's one message."""
    return f"item_{response}"


def thought_of(response: str, number: int) -> str:
    """The id of one of a response's reasoning items, from 0."""
    return f"thought_{response}.{number}"


def thought(response: str, number: int) -> dict[str, Any]:
    """One of a response's reasoning items: a summary and no text, as callers are not shown it."""
    return {"type": "reasoning", "id": thought_of(response, number), "summary": []}


def message(response: str, words: int) -> dict[str, Any]:
    """A response's one message, with so many words."""
    part: dict[str, Any] = {"type": "output_text", "text": WORD * words, "annotations": []}
    return {"type": "message", "id": item_of(response), "role": "assistant", "status": "completed", "content": [part]}


@remembered
def created(response: str, lane: str | None, number: int | None, previous: str | None) -> StreamEvent:
    """``response.created``, which echoes ``previous``."""
    return _said("response.created", lane, number, response={"id": response, "output": [], "previous_response_id": previous})


@remembered
def progress(response: str, lane: str | None, number: int | None) -> StreamEvent:
    """``response.in_progress``."""
    return _said("response.in_progress", lane, number, response={"id": response, "output": []})


@remembered
def item_added(item: str, lane: str | None, number: int | None) -> StreamEvent:
    """``response.output_item.added``."""
    shell: dict[str, Any] = {"id": item, "type": "message", "role": "assistant", "status": "in_progress", "content": []}
    return _said("response.output_item.added", lane, number, output_index=0, item=shell)


@remembered
def thought_added(item: str, lane: str | None, number: int | None) -> StreamEvent:
    """``response.output_item.added`` of a reasoning item."""
    return _said("response.output_item.added", lane, number, output_index=0, item={"id": item, "type": "reasoning", "summary": []})


@remembered
def item_done(response: str, lane: str | None, number: int | None, words: int) -> StreamEvent:
    """``response.output_item.done``, with the whole message."""
    return _said("response.output_item.done", lane, number, output_index=0, item=message(response, words))


@remembered
def delta(item: str | None, lane: str | None, number: int | None) -> StreamEvent:
    """``response.output_text.delta``: one word."""
    place = {"item_id": item, "output_index": 0, "content_index": 0}
    return _said("response.output_text.delta", lane, number, **place, delta=WORD, logprobs=[])


@remembered
def terminal(  # noqa: PLR0917 - what a terminal says
    status: str, response: str, lane: str | None, number: int | None, words: int | None, thoughts: int = 0
) -> StreamEvent:
    """``response.completed``, ``.failed`` or ``.incomplete``; without words there was no message."""
    output = [thought(response, place) for place in range(thoughts)]
    if words is not None:
        output.append(message(response, words))
    body: dict[str, Any] = {"id": response, "status": status, "output": output}
    if status == "failed":
        body["error"] = {"code": "server_error", "message": "It failed."}
    if status == "incomplete":
        body["incomplete_details"] = {"reason": "max_output_tokens"}
    return _said(f"response.{status}", lane, number, response=body)


@remembered
def steer(kind: str, response: str, name: str | None, lane: str | None, number: int | None = None) -> StreamEvent:
    """``response.steer.accepted``, ``.pending`` or ``.failed``, about words for ``response`` that the server calls ``name``."""
    about = {"previous_response_id": response} if name is None else {"id": name, "previous_response_id": response}
    error = {"type": "invalid_request_error", "code": "steering_failed", "message": "No."} if kind == "failed" else None
    return _said(f"response.steer.{kind}", lane, number, steer=about, error=error)


@remembered
def error(
    code: str | None,
    lane: str | None,
    *,
    number: int | None = None,
    status: int | None = None,
    param: str | None = None,
    retry_after: str | None = None,
) -> StreamEvent:
    """``error``, in the form that OpenAI documents, or, with a number, in the one that was recorded inside responses."""
    body = {"code": code, "message": "No.", "param": param}
    headers = None if retry_after is None else {"retry-after": retry_after}
    return _said("error", lane, number, error=body, status=status, headers=headers)


@remembered
def plain(kind: str, lane: str | None, number: int | None, item: str | None) -> StreamEvent:
    """An event that has nothing but its type, perhaps a number, perhaps an item."""
    return _said(kind, lane, number, item_id=item)


@remembered
def garbage(lane: str | None, number: int | None) -> StreamEvent:
    """A frame that cannot be read; with a lane, one whose label can."""
    return decode("{broken") if lane is None else _said("response.created", lane, number, response="none")
