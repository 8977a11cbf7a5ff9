"""What the model is told about its calls, beside the results themselves.

Rules of this file
* Each says what happened and, where the model can do something about it, what.
* Nothing of an exception's text is in them: it may hold what no model should read or repeat.
* A report is a message of its own, because the call's one output has been given; the result stands in it as JSON, after the words,
  so that no result can be taken for them.
"""

from __future__ import annotations

import json
from typing import Final

__all__ = [
    "ABANDONED",
    "cancelled",
    "failed",
    "invalid",
    "no_background_call",
    "output_text",
    "progress",
    "report",
    "running",
    "timed_out",
    "unknown",
]

ABANDONED: Final = "Cancelled: the turn ended before the function was run."
"""The call was never begun."""


def output_text(value: object) -> str:
    """A result as the text of an output: a string as it is, any other JSON value as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def unknown(name: str) -> str:
    """Nobody has registered the function."""
    return f"Error: function '{name}' is not registered."


def invalid(name: str, reason: str) -> str:
    """The arguments do not fit."""
    return (
        f"Error: function '{name}' was not run, because its arguments do not fit: {reason}. Call it again with arguments that do."
    )


def failed(name: str) -> str:
    """The handler raised."""
    return f"Error: function '{name}' failed."


def timed_out(name: str, seconds: float) -> str:
    """The handler was stopped at its limit."""
    return f"Error: function '{name}' did not finish within {seconds:g} seconds and was stopped."


def cancelled(name: str) -> str:
    """It was interrupted or stopped."""
    return f"Cancelled: function '{name}' was stopped before it finished."


def running(name: str, call_id: str) -> str:
    """It goes on in the background."""
    state = {"status": "running", "call_id": call_id}
    return f"{json.dumps(state)} Function '{name}' is running; its result will follow in a message. Go on with the conversation."


def report(name: str, call_id: str, text: str) -> str:
    """How a background call ended."""
    return f"The call {call_id} of function '{name}' has ended. What it returned, as JSON: {json.dumps(text, ensure_ascii=False)}"


def progress(name: str, call_id: str, text: str) -> str:
    """How far a background call is."""
    return (
        f"The call {call_id} of function '{name}' is still running. How far it is, as JSON: {json.dumps(text, ensure_ascii=False)}"
    )


def no_background_call(call_id: str) -> str:
    """The model wants to stop what does not run."""
    return f"Error: no call {call_id!r} is running in the background."
