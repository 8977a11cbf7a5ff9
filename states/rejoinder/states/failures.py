"""Failures in words: from an error frame, a failed response, a loss, a deadline.

One sentence on what happened, the server's own words where there are any, and one on what to do. Never payload, never a key.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast

from .events import Lost, StreamEnded, StreamFailed
from .phases import ResponsePhase
from .profiles import Deadlines, Policy
from .stream_events import ErrorEvent
from .verdicts import Cause, ErrorRule, Failure, Where, react

__all__ = [
    "closing_rule",
    "failure_from_error",
    "failure_from_response",
    "lost_failure",
    "overdue_failure",
    "shown",
    "simple_failure",
    "unreachable_failure",
]

LONGEST_NAME: Final = 80
"""Characters of a server's word that a note repeats."""

AWAITED: Final[Mapping[str, str]] = {
    ResponsePhase.AWAITING_CREATED: "created",
    ResponsePhase.DOUBTED: "grace",
    ResponsePhase.ACKNOWLEDGED: "first_output",
    ResponsePhase.STREAMING: "gap",
}
"""The deadline of each phase in which a caller waits."""

SILENCE: Final[Mapping[str, str]] = {
    "created": "The server did not acknowledge the request",
    "grace": "The server did not say whose error it had sent",
    "first_output": "The server acknowledged the request and said nothing more",
    "gap": "The server stopped in the middle of its answer",
}


def simple_failure(cause: Cause, message: str) -> Failure:
    """A failure that needs no more than its cause and a message."""
    return Failure(cause, message)


def failure_from_error(cause: Cause, error: ErrorEvent, policy: Policy) -> Failure:
    """The failure that an ``error`` frame reports, with the advice of the error table."""
    advice = react(policy.errors, Where.CREATE, error.code, error.error_type, error.status).advice
    said = error.message or "The server sent an error without a message."
    return Failure(
        cause=cause,
        message=f"{_sentence(said)} {advice}",
        code=error.code,
        status=error.status,
        param=error.param,
        error_type=error.error_type,
        retry_after=error.retry_after,
    )


def failure_from_response(response: Mapping[str, Any], policy: Policy) -> Failure:
    """The failure that ``response.failed`` reports in ``response.error``."""
    error = response.get("error")
    fields: Mapping[str, Any] = cast("Mapping[str, Any]", error) if isinstance(error, Mapping) else {}
    code = _text_or_none(fields.get("code"))
    kind = _text_or_none(fields.get("type"))
    advice = react(policy.errors, Where.CREATE, code, kind, None).advice
    said = _text_or_none(fields.get("message")) or "The response failed and the server gave no reason."
    return Failure(Cause.FAILED, f"{_sentence(said)} {advice}", code, None, _text_or_none(fields.get("param")), kind)


def closing_rule(lost: Lost, policy: Policy) -> ErrorRule:
    """The row of the error table for the close of a connection."""
    return react(policy.errors, Where.CLOSE, "violation" if lost.ours else None, None, lost.code)


def lost_failure(detail: object, policy: Policy) -> Failure:
    """The connection went away under a response, with the advice of the error table."""
    seen = ""
    if isinstance(detail, StreamEnded):
        how = f" ({detail.reason})" if detail.reason else ""
        return Failure(
            Cause.LOST,
            f"The stream ended before the answer was complete{how}. What came so far is attached; ask again for the rest.",
        )
    if not isinstance(detail, Lost):
        return Failure(
            Cause.LOST, "The connection had to be given up before the answer was complete. What came so far is attached."
        )
    if detail.code is not None:
        seen = f" (close code {detail.code}{': ' + detail.reason if detail.reason else ''})"
    return Failure(Cause.LOST, f"The connection was lost{seen}. {closing_rule(detail, policy).advice}")


def unreachable_failure(detail: object) -> Failure:
    """No connection could be opened for the stream of a response."""
    advice = "Check the server's address, its certificate and the network."
    return Failure(Cause.DIAL, f"{_sentence(cast('StreamFailed', detail).message)} {advice}")


def overdue_failure(phase: str, deadlines: Deadlines) -> Failure:
    """The server was silent for too long in ``phase``."""
    name = AWAITED[phase]
    seconds = cast("float", getattr(deadlines, name))
    message = f"{SILENCE[name]} within {seconds:g} s. Send it again, or allow more time with Deadlines({name}=…)."
    return Failure(Cause.OVERDUE, message)


def shown(text: str | None) -> str:
    """A name that a server gave, fit for a note: it may be anything, of any length."""
    return "none" if text is None else repr(text if len(text) <= LONGEST_NAME else f"{text[:LONGEST_NAME]}…")


def _sentence(text: str) -> str:
    stripped = text.strip()
    return stripped if stripped.endswith((".", "!", "?")) else f"{stripped}."


def _text_or_none(value: object) -> str | None:
    return value if isinstance(value, str) else None
