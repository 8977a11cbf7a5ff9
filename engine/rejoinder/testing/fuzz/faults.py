"""Frames that no right server sends: what a program lets a server say on top of its answers.

Rules of this file
* A fault speaks in the voice of one lane as the client has seen it (``sightings.py``), because that is what makes it dangerous: the
  right label, a number that fits, an id that was real a moment ago.
* Its words carry the nonce of nobody. Each frame carries a field ``fault``; an error, the message ``NOBODY``.
* What would not be a fault but a perfect forgery (a frame with the id, the item and the number that are due) is not made here.
"""

from __future__ import annotations

import json
from enum import StrEnum, unique
from typing import Any, Final

from hypothesis import strategies as st

from rejoinder.testing.fuzz.manners import NOBODY
from rejoinder.testing.fuzz.setups import nonce
from rejoinder.testing.fuzz.sightings import LaneSeen

__all__ = ["FAULTS", "NUMBERS", "Fault", "Number", "frame_of"]

STRANGER: Final = nonce(0)


@unique
class Number(StrEnum):
    """The sequence number that a faulty frame carries."""

    NONE = "none"
    """None at all."""
    DUE = "due"
    """The one that is due."""
    LATER = "later"
    """Some frames later than due."""
    AGAIN = "again"
    """One that was used."""


@unique
class Fault(StrEnum):
    """What the server says."""

    GARBAGE = "garbage"
    """Text that is not JSON."""
    LABELLED_GARBAGE = "labelled garbage"
    """A ``created`` without a response."""
    STRAY_DELTA = "stray delta"
    """Words of an item that nobody announced."""
    STALE_DELTA = "stale delta"
    """Words of an item of the response before."""
    ANONYMOUS = "anonymous"
    """Words that name no item."""
    ITEM = "item"
    """An item of another response is announced."""
    UNKNOWN = "unknown"
    """An event of a type that nobody knows."""
    KEEPALIVE = "keepalive"
    """A keepalive."""
    FOREIGN_PROGRESS = "foreign progress"
    """``response.in_progress`` of another response."""
    FOREIGN_TERMINAL = "foreign terminal"
    """``response.completed`` of another response, with its words."""
    STALE_TERMINAL = "stale terminal"
    """The terminal of the response before, once more."""
    CREATED = "created"
    """A response that nobody asked for."""
    CREATED_ELSEWHERE = "created elsewhere"
    """A response that continues one that this client never had."""
    CREATED_AGAIN = "created again"
    """``response.created`` of the response that runs."""
    STRANGER_ENDS = "stranger ends"
    """The response that nobody asked for completes."""
    ERROR = "error"
    """An error with neither label nor number."""
    NUMBERED_ERROR = "numbered error"
    """An error in the form of one inside a response."""
    LABELLED_ERROR = "labelled error"
    """An error with the lane's name."""
    MISS = "miss"
    """``previous_response_not_found``."""
    LANE_LIMIT = "lane limit"
    """``websocket_stream_limit_reached``."""
    LIMIT = "limit"
    """``websocket_connection_limit_reached``, and no close."""


def frame_of(fault: Fault, number: Number, lane: LaneSeen) -> str:
    """The text of a faulty frame on ``lane``."""
    if fault is Fault.GARBAGE:
        return "{broken"
    body = {**_body(fault, lane), "fault": fault}
    if fault is Fault.CREATED_AGAIN or fault in STRANGERS:
        body["sequence_number"] = 0
    elif fault not in ERRORS or fault is Fault.NUMBERED_ERROR:
        body["sequence_number"] = _number(number if fault not in ERRORS or number is not Number.NONE else Number.DUE, lane)
    if lane.name is not None and fault not in {Fault.ERROR, Fault.NUMBERED_ERROR, Fault.LIMIT}:
        body["stream_id"] = lane.name
    return json.dumps({name: value for name, value in body.items() if value is not None})


STRANGERS: Final = (Fault.CREATED, Fault.CREATED_ELSEWHERE)

ERRORS: Final[dict[Fault, dict[str, Any]]] = {
    Fault.ERROR: {"code": "server_error"},
    Fault.NUMBERED_ERROR: {"code": "server_error"},
    Fault.LABELLED_ERROR: {"code": "server_error"},
    Fault.MISS: {"code": "previous_response_not_found", "param": "previous_response_id"},
    Fault.LANE_LIMIT: {"code": "websocket_stream_limit_reached", "param": "stream_id"},
    Fault.LIMIT: {"code": "websocket_connection_limit_reached"},
}

CONTENT: Final = {
    Fault.STRAY_DELTA: "stray_item",
    Fault.STALE_DELTA: "stale_item",
    Fault.ANONYMOUS: None,
}


FAULTS: Final = st.one_of(
    st.sampled_from([*CONTENT, Fault.ITEM]),
    st.sampled_from(list(ERRORS)),
    st.sampled_from([*STRANGERS, Fault.CREATED_AGAIN, Fault.STRANGER_ENDS, Fault.FOREIGN_TERMINAL, Fault.STALE_TERMINAL]),
    st.sampled_from(Fault),
)
"""Any fault; words of others, errors, and the beginnings and ends of others are as likely as all together."""

NUMBERS: Final = st.sampled_from([Number.DUE, Number.DUE, Number.LATER, Number.NONE, Number.AGAIN])


def _number(number: Number, lane: LaneSeen) -> int | None:
    used = -1 if lane.highest is None else lane.highest
    return {Number.NONE: None, Number.DUE: used + 1, Number.LATER: used + 4, Number.AGAIN: max(used, 0)}[number]


def _body(fault: Fault, lane: LaneSeen) -> dict[str, Any]:
    if fault in ERRORS:
        message = "The limit is reached." if fault is Fault.LIMIT else NOBODY
        return {"type": "error", "error": {**ERRORS[fault], "message": message}, "status": 500}
    if fault in CONTENT:
        item = CONTENT[fault]
        if fault is Fault.STALE_DELTA:
            item = min(lane.earlier, default=item)
        words: dict[str, Any] = {"delta": f"{STRANGER} stray ", "logprobs": []}
        return {"type": "response.output_text.delta", "item_id": item, "output_index": 0, "content_index": 0, **words}
    match fault:
        case Fault.ITEM:
            shell: dict[str, Any] = {"type": "message", "role": "assistant", "content": [], "nonce": STRANGER}
            return {"type": "response.output_item.added", "output_index": 0, "item": {"id": "foreign_item", **shell}}
        case Fault.UNKNOWN:
            return {"type": "response.brand_new", "words": STRANGER}
        case Fault.KEEPALIVE:
            return {"type": "keepalive"}
        case _:
            return _response(fault, lane)


def _response(fault: Fault, lane: LaneSeen) -> dict[str, Any]:
    """A frame that carries a response object."""
    kind, identity = "created", f"stranger_{lane.begun}"
    response: dict[str, Any] = {"metadata": {"nonce": STRANGER}, "output": []}
    if fault is Fault.FOREIGN_PROGRESS:
        kind = "in_progress"
    elif fault is Fault.CREATED_ELSEWHERE:
        response["previous_response_id"] = "elsewhere"
    elif fault is Fault.CREATED_AGAIN:
        # The nonce is not this response's; the words are nobody's, and a client that takes them for news is wrong.
        identity = lane.response or identity
    elif fault in {Fault.FOREIGN_TERMINAL, Fault.STALE_TERMINAL, Fault.STRANGER_ENDS}:
        kind = "completed"
        content: list[dict[str, Any]] = [{"type": "output_text", "text": f"{STRANGER} words", "annotations": []}]
        response["output"] = [{"id": "foreign_item", "type": "message", "role": "assistant", "content": content}]
        if fault is Fault.STALE_TERMINAL:
            identity = lane.ended or identity
        elif fault is Fault.STRANGER_ENDS and (lane.response or "").startswith("stranger"):
            identity = lane.response or identity
    if fault is Fault.LABELLED_GARBAGE:
        return {"type": "response.created", "response": None}
    return {"type": f"response.{kind}", "response": {"id": identity, **response}}
