"""How a turn ended, in words that a scenario can state.

Rule of this file: what a caller can see of an end is in the words: the class of the error, its cause, the server's code and status,
the pause it asked for, whether asking again is safe, and the first sentence of the message, without what is in parentheses.
"""

from __future__ import annotations

import re
from typing import Final

from rejoinder.engine.errors import ResponseError
from rejoinder.engine.response import Response

__all__ = ["end_of", "end_of_error"]

DETAIL: Final = re.compile(r" \(.*\)$", re.DOTALL)
"""What stands in parentheses at the end of a sentence: a close code, or a place in a frame. Wires may differ in it."""


def end_of(response: Response) -> str:
    """The end of a response that raised nothing: ``completed``, ``incomplete (max_output_tokens)``, ``cancelled``."""
    reason = response.incomplete_reason
    return response.status + (f" ({reason})" if reason else "")


def end_of_error(error: Exception) -> str:
    """The end of a turn that raised, as ``Interrupted (connection lost, not safe to repeat): The connection was lost.``."""
    name = type(error).__name__
    if not isinstance(error, ResponseError) or error.failure is None or error.verdict is None:
        return f"{name}: {error}"
    failure, verdict = error.failure, error.verdict
    facts = [str(failure.cause)]
    if failure.code:
        facts.append(failure.code)
    if failure.status is not None:
        facts.append(f"status {failure.status}")
    if failure.retry_after is not None:
        facts.append(f"retry after {failure.retry_after:g} s")
    facts.append("safe to repeat" if verdict.replay_safe else "not safe to repeat")
    sentence = str(error).partition(". ")[0]
    return f"{name} ({', '.join(facts)}): {DETAIL.sub('', sentence.rstrip('.'))}."
