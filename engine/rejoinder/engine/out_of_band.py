"""What is asked over HTTP beside the responses: the little that has to be known of requests and answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from rejoinder.states.continuation import RequestContent
from rejoinder.states.verdicts import Cause, Failure, Outcome, OutcomeKind

from .errors import Interrupted
from .result import Result

__all__ = ["counted_in", "items_in", "named_by"]


def named_by(content: RequestContent) -> str | None:
    """The response that the caller continues, if it names one."""
    return cast("str | None", content.fields.get("previous_response_id"))


def counted_in(body: Mapping[str, Any]) -> int:
    """The number in an answer of ``/input_tokens``. Raises ``Interrupted`` if there is none."""
    count = body.get("input_tokens")
    if type(count) is not int:
        raise _odd_answer("has no input_tokens")
    return count


def items_in(body: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The items in an answer of ``/compact``. Raises ``Interrupted`` if there are none."""
    output = body.get("output")
    items = cast("list[object]", output) if isinstance(output, list) else []
    if not items or not all(isinstance(item, Mapping) for item in items):
        raise _odd_answer("has no output items")
    return cast("list[Mapping[str, Any]]", items)


def _odd_answer(what: str) -> Interrupted:
    message = f"The server's answer {what}. Check that it supports this endpoint of the Responses API."
    return Interrupted(Outcome(OutcomeKind.INTERRUPTED, Failure(Cause.DAMAGED, message)), Result(None, "interrupted", (), None))
