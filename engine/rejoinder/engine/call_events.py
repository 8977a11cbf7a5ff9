"""What becomes of the model's calls, as events: between the wire's events when a turn is iterated, and for observers.

Rules of this file
* ``CallsStarted`` names all calls of a response before any of them runs; each of them then has exactly one of the ends.
* ``type`` begins with ``rejoinder.``, so that code which looks at the type of events never takes one for the wire's.
* No payload shows in a repr.
"""

from __future__ import annotations

from typing import Any, ClassVar

import attrs

from .tool_call import ToolCall

__all__ = [
    "CallCancelled",
    "CallDropped",
    "CallEvent",
    "CallFailed",
    "CallFinished",
    "CallProgress",
    "CallRefused",
    "CallTimedOut",
    "CallsStarted",
]


@attrs.frozen
class CallsStarted:
    """The model has called; none of the handlers has begun. They begin when the turn is iterated further."""

    type: ClassVar[str] = "rejoinder.calls.started"
    calls: tuple[ToolCall, ...]
    """All calls of the response, in the model's order, without those of the built-in tool."""


@attrs.frozen
class CallProgress:
    """A handler said how far it is."""

    type: ClassVar[str] = "rejoinder.call.progress"
    call: ToolCall
    """Which call."""
    value: Any = attrs.field(repr=False)
    """What it said, as JSON has it."""


@attrs.frozen
class CallFinished:
    """A handler has returned."""

    type: ClassVar[str] = "rejoinder.call.finished"
    call: ToolCall
    """Which call."""
    output: Any = attrs.field(repr=False)
    """What it returned, as JSON has it."""
    seconds: float
    """How long it took."""


@attrs.frozen
class CallRefused:
    """The handler was not run: nobody registered the function, or the arguments do not fit. The model was told."""

    type: ClassVar[str] = "rejoinder.call.refused"
    call: ToolCall
    """Which call."""
    reason: str = attrs.field(repr=False)
    """What the model was told."""


@attrs.frozen
class CallFailed:
    """A handler raised. The model was told that it failed, and nothing of the exception's text."""

    type: ClassVar[str] = "rejoinder.call.failed"
    call: ToolCall
    """Which call."""
    error: Exception = attrs.field(repr=False)
    """What it raised."""
    seconds: float
    """How long it took."""


@attrs.frozen
class CallTimedOut:
    """A handler was stopped at its time limit. The model was told."""

    type: ClassVar[str] = "rejoinder.call.timed_out"
    call: ToolCall
    """Which call."""
    seconds: float
    """The limit."""


@attrs.frozen
class CallCancelled:
    """A call was stopped by an interruption, by the application, by the model, or by the end of the session."""

    type: ClassVar[str] = "rejoinder.call.cancelled"
    call: ToolCall
    """Which call."""


@attrs.frozen
class CallDropped:
    """What a handler said after its call was over was dropped: it runs in a thread, which cannot be stopped."""

    type: ClassVar[str] = "rejoinder.call.dropped"
    call: ToolCall
    """Which call."""


CallEvent = CallsStarted | CallProgress | CallFinished | CallRefused | CallFailed | CallTimedOut | CallCancelled | CallDropped
"""Anything that can become of a call."""
