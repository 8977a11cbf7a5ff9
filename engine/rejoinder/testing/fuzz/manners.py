"""How a server answers one create: well, badly, slowly, not at all.

Rules of this file
* A ``Manner`` is data; ``answer_in`` turns it into the model server's ``Answer``. Every word carries the request's nonce.
* What comes where nothing of this response is due any more is marked with a field ``fault`` (or, in an error, with the message
  ``NOBODY``), so that ``exclusions.py`` knows what a right server would not have sent. No client looks at either.
"""

from __future__ import annotations

from enum import StrEnum, unique
from typing import Any, Final

import attrs
from hypothesis import strategies as st

from rejoinder.testing import (
    ITEM_ID,
    Answer,
    AnswerFunction,
    Call,
    ErrorFrame,
    Event,
    Interruption,
    Raw,
    Received,
    Stall,
    Step,
    Text,
)
from rejoinder.testing.fuzz.brevity import Brief
from rejoinder.testing.fuzz.setups import nonce, nonces_in
from rejoinder.testing.script import Terminal

__all__ = ["MANNERS", "NOBODY", "PLAIN", "REJECTED", "Late", "Manner", "Rejection", "Trouble", "answer_in", "answers_of"]

NOBODY: Final = "An error for nobody."
"""The message of an error that answers nothing."""
REJECTED: Final = "Rejected"
"""How the message of an error that answers a create begins; the nonce follows."""


@unique
class Rejection(StrEnum):
    """An error instead of a response."""

    BUSY = "busy"
    """Labelled, status 503: it may pass."""
    RATE = "rate"
    """``rate_limit_exceeded`` with a pause, no label."""
    BAD = "bad"
    """A field of the create is wrong."""
    BARE = "bare"
    """No code, no label, no status: it might be anything's."""


@unique
class Late(StrEnum):
    """A frame that follows the terminal."""

    DELTA = "delta"
    """One more delta."""
    ITEM = "item"
    """One more item and its delta."""
    KEEPALIVE = "keepalive"
    """A keepalive with the next number."""
    NUMBERED_ERROR = "numbered error"
    """An error in the form of one inside a response."""
    ERROR = "error"
    """An error without label or number."""


@unique
class Trouble(StrEnum):
    """What happens in the middle of the answer."""

    NONE = "none"
    """Nothing."""
    FAULT = "fault"
    """Recorded: an error with a sequence number, then ``response.failed``."""
    FAULT_ALONE = "fault alone"
    """The same, and then nothing more."""
    ERROR = "error"
    """An error with neither label nor number, and the response goes on."""
    GARBAGE = "garbage"
    """A frame that cannot be read."""
    STALL = "stall"
    """Silence."""


@attrs.frozen(repr=False)
class Manner(Brief):
    """How one create is answered."""

    pieces: int = 2
    """Deltas of the answer's one message."""
    interval: float = 0.0
    """Seconds before each."""
    created_after: float = 0.0
    """Seconds until the first frame."""
    terminal: Terminal | None = "completed"
    """How it ends; None ends it without a word."""
    trouble: Trouble = Trouble.NONE
    """What happens in the middle."""
    created: int = 1
    """How many ``response.created`` are sent."""
    in_progress: bool = True
    """Whether ``response.in_progress`` follows it."""
    call: bool = False
    """Whether it calls a function as well."""
    empty_output: bool = False
    """Whether the terminal lists no output, though there was some."""
    reject: Rejection | None = None
    """The error to answer with, instead of all this."""
    late: tuple[Late, ...] = ()
    """What follows the terminal."""


PLAIN: Final = Manner()

SLOW: Final = st.builds(
    Manner,
    pieces=st.integers(0, 3),
    interval=st.sampled_from([0.0, 0.2, 2.0]),
    created_after=st.sampled_from([0.0, 1.0, 7.0]),
    in_progress=st.booleans(),
    call=st.booleans(),
)
"""Right, at various speeds."""

WILD: Final = st.builds(
    Manner,
    pieces=st.integers(0, 3),
    interval=st.sampled_from([0.0, 0.0, 0.2, 2.0]),
    created_after=st.sampled_from([0.0, 0.0, 0.0, 1.0, 7.0]),
    terminal=st.sampled_from(["completed", "completed", "failed", "incomplete", None]),
    trouble=st.sampled_from(Trouble),
    created=st.sampled_from([1, 1, 1, 2, 0]),
    in_progress=st.booleans(),
    empty_output=st.booleans(),
    reject=st.one_of(st.none(), st.sampled_from(Rejection)),
    late=st.lists(st.sampled_from(Late), max_size=2).map(tuple),
)
"""Anything."""

MANNERS: Final = st.one_of(st.just(PLAIN), SLOW, WILD)


def answer_in(manner: Manner, number: int) -> Answer:
    """The answer to request ``number``."""
    mark = nonce(number)
    if manner.reject is not None:
        return Answer(created_after=manner.created_after, reject=_rejection(manner.reject, mark))
    words = tuple(f"{mark} word " for _ in range(manner.pieces))
    steps: list[Step] = [Text("".join(words), words, interval=manner.interval)]
    if manner.call:
        steps.append(Call("look", f'{{"at": "{mark}"}}', interval=manner.interval))
    # In the middle: behind created, in_progress, the item, its part and one delta, as far as there are that many.
    middle = manner.created + manner.in_progress + min(manner.pieces, 1) + 2
    fault = manner.trouble in {Trouble.FAULT, Trouble.FAULT_ALONE}
    return Answer(
        [*steps, *_fault(manner.trouble, mark)],
        created=manner.created,
        created_after=manner.created_after,
        in_progress=manner.in_progress,
        terminal="failed" if fault and manner.terminal is not None else manner.terminal,
        output=() if manner.empty_output else None,
        late=[step for late in manner.late for step in _late(late, mark)],
        interruptions=tuple(_interruptions(manner.trouble, middle)),
    )


def answers_of(manners: list[Manner]) -> AnswerFunction:
    """Answer the n-th create in the n-th manner; plainly once they are used up. The list may grow."""

    def answer(received: Received) -> Answer:
        (number,) = nonces_in(received.body["metadata"]["nonce"])
        return answer_in(manners[received.index] if received.index < len(manners) else PLAIN, number)

    return answer


def _rejection(rejection: Rejection, mark: str) -> ErrorFrame:
    message = f"{REJECTED} {mark}"
    match rejection:
        case Rejection.BUSY:
            return ErrorFrame("server_is_overloaded", message, 503, "server_error")
        case Rejection.RATE:
            headers = {"retry-after": "3"}
            return ErrorFrame("rate_limit_exceeded", message, 429, "requests", headers=headers, labelled=False)
        case Rejection.BAD:
            return ErrorFrame("invalid_value", message, param="input", labelled=False)
        case Rejection.BARE:
            return ErrorFrame(None, message, None, None, labelled=False)


def _fault(trouble: Trouble, mark: str) -> list[Step]:
    error = ErrorFrame("server_error", f"Fault {mark}", type="server_error", shape="wrapped_in_sequence")
    if trouble is Trouble.FAULT:
        return [error]
    return [error, Stall()] if trouble is Trouble.FAULT_ALONE else []


def _interruptions(trouble: Trouble, middle: int) -> list[Interruption]:
    if trouble is Trouble.ERROR:
        return [Interruption(middle, ErrorFrame("server_error", NOBODY, 500, labelled=False))]
    if trouble is Trouble.GARBAGE:
        return [Interruption(middle, Raw("{broken"))]
    return [Interruption(middle, Stall())] if trouble is Trouble.STALL else []


def _late(late: Late, mark: str) -> list[Step]:
    place: dict[str, Any] = {"item_id": ITEM_ID, "output_index": 0, "content_index": 0, "fault": late}
    delta: dict[str, Any] = {"type": "response.output_text.delta", **place, "delta": f"{mark} late ", "logprobs": []}
    match late:
        case Late.DELTA:
            return [Event(delta)]
        case Late.ITEM:
            item: dict[str, Any] = {
                "id": f"late_{mark}",
                "type": "message",
                "role": "assistant",
                "status": "in_progress",
                "content": [],
            }
            added: dict[str, Any] = {"type": "response.output_item.added", "output_index": 1, "item": item, "fault": late}
            return [Event(added), Event({**delta, "item_id": item["id"]})]
        case Late.KEEPALIVE:
            return [Event({"type": "keepalive"})]
        case Late.NUMBERED_ERROR:
            return [ErrorFrame("server_error", NOBODY, shape="wrapped_in_sequence")]
        case Late.ERROR:
            return [ErrorFrame("server_error", NOBODY, 500, labelled=False)]
