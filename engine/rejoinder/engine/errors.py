"""What can go wrong, for people: one sentence on what happened, one on what to do, and the verdict as data.

::

    RejoinderError
    ├── InvalidEndpoint (ValueError)     the address or key cannot work
    ├── InvalidRequest (TypeError)       the request cannot be sent: not JSON, or not a conversation
    │   └── InvalidSetting (ValueError)  a setting is out of range, or of the wrong type
    ├── InvalidOutput (ValueError)       the text of an answer is not what it was parsed as; has ``result`` and ``faults``
    ├── InvalidTool (ValueError)         a function cannot be registered as it is
    ├── UnknownTool (KeyError)           no function of that name is registered
    ├── SessionClosed                    the session is not open any more
    ├── RecordingFailed                  a trace cannot be written there
    ├── TooManyRounds                    a turn would have to ask the model once more than it may; has ``result``
    └── ResponseError                    a request ended without success; has ``outcome``, ``failure``, ``verdict``, ``partial``
        │                                and, for the provider's support, ``response_id`` and ``request_id``
        ├── ResponseFailed               the server said so
        │   └── ResponseRefused          the model declined; raised by ``text()`` only
        ├── ResponseCancelled            the caller had cancelled it
        └── Interrupted                  it ended for a reason outside the response
            ├── ConnectionFailed         no connection could be opened; nothing was sent
            ├── DeadlineExceeded         the server was silent, or the turn came too late
            ├── ConsumerTooSlow          the caller did not read, and its buffer is full
            └── OutputTooLarge           the response said more than one may say
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from rejoinder.states.refusals import InvalidRequest, InvalidSetting, RejoinderError
from rejoinder.states.verdicts import Cause, Failure, Outcome, OutcomeKind, Verdict

if TYPE_CHECKING:
    from .result import Result

__all__ = [
    "SESSION_CLOSED",
    "ConnectionFailed",
    "ConsumerTooSlow",
    "DeadlineExceeded",
    "Interrupted",
    "InvalidEndpoint",
    "InvalidOutput",
    "InvalidRequest",
    "InvalidSetting",
    "InvalidTool",
    "OutputTooLarge",
    "RecordingFailed",
    "RejoinderError",
    "ResponseCancelled",
    "ResponseError",
    "ResponseFailed",
    "ResponseRefused",
    "SessionClosed",
    "TooManyRounds",
    "UnknownTool",
    "error_for",
    "raise_for",
    "unraised",
]


class InvalidEndpoint(RejoinderError, ValueError):
    """The address or the key cannot work. Nothing was dialled; correct it and open the session again."""


class InvalidOutput(RejoinderError, ValueError):
    """The text of an answer does not fit the type that it was parsed as. The session and the conversation are untouched."""

    def __init__(self, message: str, result: Result, faults: Sequence[str] = ()) -> None:
        self.result: Final = result
        """What was parsed: its ``text`` is what the model wrote."""
        self.faults: Final = tuple(faults)
        """Everything that is wrong with the text, each with its place; nothing of the text itself."""
        super().__init__(message)

    @property
    def response_id(self) -> str | None:
        """The response id."""
        return self.result.id

    @property
    def request_id(self) -> str | None:
        """``x-request-id`` of the connection it was sent on; None where the server gave none."""
        return self.result.request_id


class InvalidTool(RejoinderError, ValueError):
    """A function cannot be registered as it is. The registry is unchanged; correct what the message names."""


class UnknownTool(RejoinderError, KeyError):
    """No function of that name is registered. The registry is unchanged."""

    def __str__(self) -> str:
        """The sentence, where ``KeyError`` would quote it."""
        return str(self.args[0])


class TooManyRounds(RejoinderError):
    """A turn would have to ask the model once more than it may. Every call so far is answered in the conversation.

    Ask again with the same conversation to go on, or allow more ``rounds``.
    """

    def __init__(self, rounds: int, result: Result) -> None:
        self.rounds: Final = rounds
        """How many responses there were."""
        self.result: Final = result
        """What the last of them came to."""
        super().__init__(
            f"The model still calls tools after {rounds} responses. The conversation holds every result: go on with another turn,"
            " or allow more rounds."
        )


SESSION_CLOSED: Final = "The session is closed. Open another with open_session, or keep this one open longer."
"""What ``SessionClosed`` says to whoever asks for something afterwards."""


class SessionClosed(RejoinderError):
    """The session is not open any more. Nothing was sent; open another."""


class RecordingFailed(RejoinderError):
    """A trace cannot be written there. The session is as it was; name another file, and record again."""


class ResponseError(RejoinderError):
    """A request ended without success. The session goes on; what to do next is in the message and the verdict."""

    def __init__(self, outcome: Outcome, partial: Result) -> None:
        self.outcome: Final = outcome
        """The outcome as the lifecycle gave it."""
        self.partial: Final = partial
        """What had arrived: text, finished items, id. Empty if nothing had."""
        message = "The response was cancelled by its caller." if outcome.failure is None else outcome.failure.message
        super().__init__(message)

    @property
    def response_id(self) -> str | None:
        """The response id; None if it was never acknowledged."""
        return self.partial.id

    @property
    def request_id(self) -> str | None:
        """``x-request-id`` of the connection it was sent on, or that was refused; None where the server gave none."""
        return self.partial.request_id

    @property
    def failure(self) -> Failure | None:
        """What went wrong, as data: cause, code, status, param, retry_after; None if the caller had cancelled."""
        return self.outcome.failure

    @property
    def verdict(self) -> Verdict | None:
        """How far it had come: stage, sent, acknowledged, output begun, replay safe."""
        return self.outcome.verdict


class ResponseFailed(ResponseError):
    """The server said that the response failed, or refused the request. ``failure.code`` says why."""


class ResponseRefused(ResponseFailed):
    """The model declined to answer; the refusal is the message. Raised by ``text()``, which never hides a refusal."""

    def __init__(self, outcome: Outcome, partial: Result, refusal: str) -> None:
        super().__init__(outcome, partial)
        self.refusal: Final = refusal
        """What the model said instead."""
        self.args = (f"The model declined: {refusal}",)


class ResponseCancelled(ResponseError):
    """``result()`` or ``text()`` was asked of a response that its caller had cancelled."""


class Interrupted(ResponseError):
    """The response ended for a reason outside itself.

    ``partial`` has what came; ``verdict.replay_safe`` says whether asking again repeats anything.
    """


class ConnectionFailed(Interrupted):
    """No connection could be opened; the next request dials again. ``verdict.sent`` tells of an attempt that went out before."""


class DeadlineExceeded(Interrupted):
    """The server was silent for longer than allowed, or the request waited too long to be sent."""


class ConsumerTooSlow(Interrupted):
    """The caller did not read, and its buffer is full. Read faster, or allow a larger buffer in ``Settings``."""


class OutputTooLarge(Interrupted):
    """The response said more than ``Settings(output_limit=…)`` allows one to say. ``partial`` has what came until then."""


BY_CAUSE: Final[Mapping[Cause, type[Interrupted]]] = {
    Cause.DIAL: ConnectionFailed,
    Cause.OVERDUE: DeadlineExceeded,
    Cause.QUEUE: DeadlineExceeded,
    Cause.TURN: DeadlineExceeded,
    Cause.OVERFLOW: ConsumerTooSlow,
    Cause.OUTPUT: OutputTooLarge,
}


def error_for(outcome: Outcome, partial: Result) -> ResponseError | None:
    """The error that ``outcome`` is for its caller; None for completed and incomplete."""
    if outcome.kind is OutcomeKind.CANCELLED:
        return ResponseCancelled(outcome, partial)
    if outcome.failure is None:
        return None
    if outcome.kind is OutcomeKind.FAILED:
        return ResponseFailed(outcome, partial)
    return BY_CAUSE.get(outcome.failure.cause, Interrupted)(outcome, partial)


def raise_for(outcome: Outcome, partial: Result) -> None:
    """Raise the error that ``outcome`` is for its caller, if it is one."""
    error = error_for(outcome, partial)
    if error is None:
        return
    try:
        raise error
    finally:
        # An error knows the frames it came through. Knew this one the error, only a search for garbage would free them.
        del error


def unraised(error: RejoinderError) -> RejoinderError:
    """The same error, as if nothing had raised it yet.

    Whoever keeps an error that was raised keeps the frames that it came through, and they often know who does: only a search for
    garbage would free them all.
    """
    other = type(error).__new__(type(error), *error.args)
    vars(other).update(vars(error))
    other.__cause__, other.__suppress_context__ = error.__cause__, error.__suppress_context__
    return other
