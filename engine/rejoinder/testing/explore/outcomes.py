"""Outcomes tell the truth: how a request ended, why, and how far it had come, as the judge saw it itself.

Rules of this file
* What may end a request, and how it then ends, is written down for each event that is fed and each kind of frame.
* A verdict is compared with what was delivered, sent and noted before. Nothing is read from the session.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Protocol

from rejoinder.states import events as happening
from rejoinder.states.stream_events import ErrorEvent, FrameKind
from rejoinder.states.verdicts import Cause, Outcome, OutcomeKind, Verdict

__all__ = ["Asked", "stage_of", "untrue"]

HEAD: Final = "promise 16"

End = tuple[OutcomeKind, Cause | None]

CANCELLED: Final[End] = (OutcomeKind.CANCELLED, None)
FAULT: Final[End] = (OutcomeKind.FAILED, Cause.FAULT)


def _interrupted(*causes: Cause) -> frozenset[End]:
    return frozenset((OutcomeKind.INTERRUPTED, cause) for cause in causes)


BY_EVENT: Final[Mapping[type, frozenset[End]]] = MappingProxyType(
    {
        happening.Create: _interrupted(Cause.CLOSED),
        happening.Cancel: frozenset({CANCELLED}) | _interrupted(Cause.LOST),
        happening.Steer: _interrupted(),
        happening.Overflow: _interrupted(Cause.OVERFLOW, Cause.OUTPUT, Cause.LOST),
        happening.Shutdown: _interrupted(Cause.CLOSED),
        happening.Opened: _interrupted(),
        happening.DialFailed: _interrupted(Cause.DIAL),
        happening.Lost: _interrupted(Cause.LOST),
        happening.StreamEnded: _interrupted(Cause.LOST),
        happening.StreamFailed: _interrupted(Cause.DIAL),
        happening.Pong: _interrupted(),
        happening.Unsendable: frozenset({(OutcomeKind.FAILED, Cause.UNSENDABLE)}),
        happening.Withdrawn: _interrupted(),
        happening.Expired: _interrupted(Cause.OVERDUE, Cause.DOUBT, Cause.DIAL, Cause.QUEUE, Cause.TURN, Cause.LOST),
    }
)
"""What may end a request, and how. A link that is dropped for one caller is lost to the others."""

BY_FRAME: Final[Mapping[FrameKind, frozenset[End]]] = MappingProxyType(
    {
        FrameKind.CREATED: _interrupted(Cause.FOREIGN),
        FrameKind.ERROR: frozenset({(OutcomeKind.FAILED, Cause.REJECTED), FAULT}) | _interrupted(Cause.LIMIT),
        FrameKind.GARBAGE: _interrupted(Cause.DAMAGED),
    }
)
"""The same for frames other than terminals."""
BY_TERMINAL: Final[Mapping[str, End]] = MappingProxyType(
    {
        "response.completed": (OutcomeKind.COMPLETED, None),
        "response.failed": (OutcomeKind.FAILED, Cause.FAILED),
        "response.incomplete": (OutcomeKind.INCOMPLETE, None),
    }
)
"""How a response ends whose terminal comes, unless a fault was reported inside it before."""
ENDED_BY_FAULT: Final = (
    happening.Lost,
    happening.StreamEnded,
    happening.Expired,
    happening.Received,
    happening.Cancel,
    happening.Overflow,
)
"""What may end a response inside which a fault was reported."""
STAGES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "unsent": ("waiting", "paused"),
        "asked": ("awaiting_created", "doubted"),
        "begun": ("acknowledged",),
        "talking": ("streaming",),
        "faulty": ("failing",),
        "steered": ("awaiting_successor",),
    }
)
"""What a verdict calls how far a request had come."""


class Asked(Protocol):
    """What a judge has to know of a request."""

    output: bool
    """Whether output was delivered."""
    sends: int
    """How often it was sent."""
    acknowledged: bool
    """Whether ``response.created`` was delivered, in any attempt."""
    place: tuple[int, str | None] | None
    """Link and lane of the attempt that is on the wire; None if none is."""
    begun: bool
    """Whether the response of that attempt has begun."""
    faulty: bool
    """Whether a fault was reported inside it."""

    ending: str | None
    """The type of the terminal that was delivered while words were not settled: what the outcome is if no successor comes."""

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it was sent again, each time."""
        ...


def stage_of(asked: Asked) -> str:
    """How far a request has come, as a key of ``STAGES``."""
    if asked.place is None:
        return "unsent"
    if asked.ending is not None:
        return "steered"
    if asked.faulty:
        return "faulty"
    return "talking" if asked.output else "begun" if asked.begun else "asked"


def untrue(caller: Asked, event: happening.Event, outcome: Outcome, *, own: bool) -> str | None:  # noqa: PLR0911 - one answer each
    """What is not true of an outcome; ``own`` says whether the frame at hand carries the request's own words."""
    failure, verdict = outcome.failure, outcome.verdict
    end = (outcome.kind, None if failure is None else failure.cause)
    if not _may_end(caller, event, end, own=own):
        return f"{HEAD}: {' '.join(part for part in end if part)} after {_named(event)}"
    if isinstance(event, happening.Received) and own:
        frame = event.frame
        if frame.kind is FrameKind.TERMINAL and outcome.response != frame.raw.get("response"):
            return f"{HEAD}: what {frame.type} says of its response is not passed on"
        if isinstance(frame, ErrorEvent) and failure is not None and failure.cause in {Cause.REJECTED, Cause.FAULT}:
            said = (frame.code, frame.status, frame.param, frame.retry_after)
            if said != (failure.code, failure.status, failure.param, failure.retry_after):
                return f"{HEAD}: the error said {said}, the failure says otherwise"
    if outcome.kind in {OutcomeKind.COMPLETED, OutcomeKind.INCOMPLETE}:
        return None if failure is None and verdict is None else f"{HEAD}: {outcome.kind}, and yet {failure}, {verdict}"
    if verdict is None:
        return f"{HEAD}: {outcome.kind} without a verdict"
    if failure is not None and verdict.retry_after != failure.retry_after:
        return f"{HEAD}: two answers to when to try again: {verdict.retry_after} and {failure.retry_after}"
    return _wrong_verdict(caller, event, verdict)


def _may_end(caller: Asked, event: happening.Event, end: End, *, own: bool) -> bool:
    if caller.ending is not None and end == BY_TERMINAL[caller.ending]:
        return True
    if isinstance(event, happening.Received):
        frame = event.frame
        if frame.kind is FrameKind.TERMINAL:
            return own and end == (FAULT if caller.faulty else BY_TERMINAL[frame.type])
        allowed = BY_FRAME.get(frame.kind, frozenset[End]())
    else:
        allowed = BY_EVENT[type(event)]
    if caller.faulty and isinstance(event, ENDED_BY_FAULT):
        # A deadline of the whole turn, or the caller itself, may still come first.
        return end == FAULT or (
            end in allowed and not isinstance(event, happening.Lost | happening.StreamEnded | happening.Received)
        )
    return end in allowed


def _wrong_verdict(caller: Asked, event: happening.Event, verdict: Verdict) -> str | None:
    sent = caller.sends - isinstance(event, happening.Unsendable | happening.StreamFailed) > 0
    told = {
        "sent": (verdict.sent, sent),
        "acknowledged": (verdict.acknowledged, caller.acknowledged),
        "output_begun": (verdict.output_begun, caller.output),
        "replay_safe": (verdict.replay_safe, not caller.output),
        "replays": (verdict.replays, caller.reasons),
    }
    for name, (said, true) in told.items():
        if said != true:
            return f"{HEAD}: the verdict says {name}={said!r}, and it is {true!r}"
    if verdict.stage not in STAGES[stage_of(caller)]:
        return f"{HEAD}: the verdict says {verdict.stage}, and the request was {stage_of(caller)}"
    return None


def _named(event: happening.Event) -> str:
    return event.frame.type if isinstance(event, happening.Received) else type(event).__name__
