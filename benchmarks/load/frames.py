"""What the load generator says, framed and serialised beforehand.

Rules of this file
* A frame is made once for each kind of answer. What differs from one response to the next (its ids, the instant at which a delta
  leaves) has a place of fixed length in the bytes and is put there by ``bytes.replace``: the length in the frame's head stays true.
* Events have the fields that were recorded from the real service, so that nobody's parser gets less to do than in earnest.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any, Final

import attrs

__all__ = [
    "INSTANT",
    "ITEM_PLACE",
    "Answer",
    "Command",
    "answer_to",
    "command_of",
    "error_frame",
    "framed",
    "item_id",
    "spoken",
    "terminal_frame",
]

RESPONSE: Final = "resp_0123456789abcdef"
"""Where the id of the response goes."""
ITEM: Final = "msg_0123456789abcdef"
"""Where the id of its message goes."""
ITEM_PLACE: Final = ITEM.encode()
"""The same in a frame: a delta names its item alone."""
INSTANT: Final = b"@000000000.000000"
"""Where the instant goes at which a delta leaves, or at which the create came: seconds of the clock that all processes of a machine
share."""
CYCLE: Final = 97
SHORT: Final = 126
MEDIUM: Final = 65_536


@attrs.frozen
class Command:
    """What a benchmark asks for, as JSON in the last message of the user."""

    deltas: int = 1
    """How many pieces of text the answer has."""
    every: float = 0.0
    """Seconds between two of them; 0 sends all at once."""
    stamp: str = ""
    """``sent``: each piece is the instant at which it leaves; ``received``: the instant at which the create came."""
    cancel: str = "honour"
    """What is done with a ``response.cancel``: honour, ignore, error, late_error or slow."""


@attrs.frozen
class Answer:
    """The frames of one answer, but for what has a place in them."""

    opening: bytes
    """Everything before the first delta."""
    deltas: tuple[bytes, ...] = attrs.field(repr=False)
    """The deltas."""
    ending: bytes = attrs.field(repr=False)
    """Everything after the last."""

    def of(self, number: int) -> Answer:
        """The answer as response ``number`` gives it."""
        return Answer(named(self.opening, number), self.deltas, named(self.ending, number))


def spoken(number: int) -> str:
    """The text of the delta at this place: what each contender has to deliver."""
    return f" word{number % CYCLE}"


def framed(payload: str) -> bytes:
    """A text frame as servers send it (RFC 6455, 5.2): not fragmented, not masked."""
    data = payload.encode()
    length = len(data)
    if length < SHORT:
        return bytes((0x81, length)) + data
    if length < MEDIUM:
        return b"\x81\x7e" + length.to_bytes(2) + data
    return b"\x81\x7f" + length.to_bytes(8) + data


def named(frames: bytes, number: int) -> bytes:
    """The frames with the ids of response ``number``."""
    return frames.replace(RESPONSE.encode(), b"resp_%016x" % number).replace(ITEM_PLACE, item_id(number))


def item_id(number: int) -> bytes:
    """The id of the message of response ``number``."""
    return b"msg_%016x" % number


def command_of(create: dict[str, Any]) -> Command:
    """What the last message of the user asks for. Raises ``ValueError`` if that is nothing that can be done."""
    content: Any = next(item["content"] for item in reversed(create["input"]) if item.get("role") == "user")
    text: str = content if isinstance(content, str) else content[0]["text"]
    return Command(**json.loads(text))


@cache
def answer_to(command: Command, lane: str | None) -> Answer:
    """The answer to such a command on a lane, or on none; made once."""
    label = {} if lane is None else {"stream_id": lane}
    pieces = [INSTANT.decode() if command.stamp else spoken(number) for number in range(command.deltas)]
    text = "" if command.stamp else "".join(pieces)
    sequence = iter(range(command.deltas + 9))

    def event(kind: str, **fields: Any) -> bytes:  # noqa: ANN401 - any JSON
        return framed(json.dumps({"type": f"response.{kind}", "sequence_number": next(sequence), **fields, **label}))

    place: dict[str, Any] = {"item_id": ITEM, "output_index": 0, "content_index": 0}
    item: dict[str, Any] = {"id": ITEM, "type": "message", "role": "assistant"}
    part: dict[str, Any] = {"type": "output_text", "annotations": [], "logprobs": []}
    opening = event("created", response=response_object("in_progress"))
    opening += event("in_progress", response=response_object("in_progress"))
    opening += event("output_item.added", output_index=0, item={**item, "status": "in_progress", "content": []})
    opening += event("content_part.added", **place, part={**part, "text": ""})
    deltas = tuple(event("output_text.delta", **place, delta=piece, logprobs=[], obfuscation="pQ7xw2Lk") for piece in pieces)
    done = {**item, "status": "completed", "content": [{**part, "text": text}]}
    ending = event("output_text.done", **place, text=text, logprobs=[])
    ending += event("content_part.done", **place, part={**part, "text": text})
    ending += event("output_item.done", output_index=0, item=done)
    ending += event("completed", response=response_object("completed", done, command.deltas))
    return Answer(opening, deltas, ending)


def response_object(status: str, item: dict[str, Any] | None = None, tokens: int = 0) -> dict[str, Any]:
    """The response object of an event, as long as the real one."""
    usage = {
        "input_tokens": 36,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": tokens,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 36 + tokens,
    }
    return {
        "id": RESPONSE,
        "object": "response",
        "created_at": 1_764_000_000,
        "status": status,
        "background": False,
        "error": None,
        "incomplete_details": {"reason": "max_output_tokens"} if status == "incomplete" else None,
        "instructions": None,
        "max_output_tokens": None,
        "max_tool_calls": None,
        "model": "gpt-4.1-2025-04-14",
        "output": [] if item is None else [item],
        "parallel_tool_calls": True,
        "previous_response_id": None,
        "prompt_cache_key": None,
        "reasoning": {"effort": None, "summary": None},
        "safety_identifier": None,
        "service_tier": "default",
        "store": False,
        "temperature": 1.0,
        "text": {"format": {"type": "text"}, "verbosity": "medium"},
        "tool_choice": "auto",
        "tools": [],
        "top_logprobs": 0,
        "top_p": 1.0,
        "truncation": "disabled",
        "usage": usage if item is not None else None,
        "user": None,
        "metadata": {},
    }


def terminal_frame(lane: str | None, sequence: int, number: int) -> bytes:
    """The terminal of a response that was stopped: what is assumed of a server that honours a cancel."""
    label = {} if lane is None else {"stream_id": lane}
    event = {"type": "response.incomplete", "sequence_number": sequence, "response": response_object("incomplete"), **label}
    return named(framed(json.dumps(event)), number)


def error_frame() -> bytes:
    """What a server may say to a ``response.cancel`` that it does not know: an error without any label."""
    error = {"type": "invalid_request_error", "code": "unknown_event_type", "message": "Unknown event type.", "param": None}
    return framed(json.dumps({"type": "error", "status": 400, "error": error}))
