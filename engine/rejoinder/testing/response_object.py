"""The `response` object that created, in_progress and terminal events carry.

Rules of this file: pure, and whole: every field that recorded responses have and that a client may read is there, with
the request's own value where the request gave one (recorded; openai-python 3.54 types).
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from rejoinder.testing.script import Answer, JsonObject

EPOCH: Final = 1_790_000_000
"""What `created_at` counts from: the server's clock starts near zero, a time stamp does not."""

_ECHOED: Final[Mapping[str, Any]] = {
    "instructions": None,
    "max_output_tokens": None,
    "max_tool_calls": None,
    "parallel_tool_calls": True,
    "prompt_cache_key": None,
    "safety_identifier": None,
    "service_tier": "default",
    "store": True,
    "temperature": 1.0,
    "text": {"format": {"type": "text"}, "verbosity": "medium"},
    "tool_choice": "auto",
    "tools": [],
    "top_logprobs": 0,
    "top_p": 1.0,
    "truncation": "disabled",
    "user": None,
    "metadata": {},
}
_CHARACTERS_PER_TOKEN: Final = 4


def begin_response(response_id: str, body: JsonObject, at: float) -> dict[str, Any]:
    """The response object of `response.created` and `response.in_progress`."""
    response: dict[str, Any] = {
        "id": response_id,
        "object": "response",
        "created_at": EPOCH + int(at),
        "status": "in_progress",
        "background": body.get("background") is True,
        "completed_at": None,
        "error": None,
        "incomplete_details": None,
        "model": body.get("model"),
        "output": [],
        "previous_response_id": body.get("previous_response_id"),
        "reasoning": body.get("reasoning") or {"effort": None, "summary": None},
        "usage": None,
    }
    for name, default in _ECHOED.items():
        value = body.get(name)
        response[name] = default if value is None else value
    return response


def end_response(begun: JsonObject, answer: Answer, output: Sequence[JsonObject], usage: JsonObject, at: float) -> dict[str, Any]:
    """The response object of the terminal event that `answer` asks for."""
    status = answer.terminal
    response = {**begun, "status": status, "output": list(output), "usage": dict(usage)}
    if status == "completed":
        response["completed_at"] = EPOCH + int(at)
    if status == "failed":
        default = {"code": "server_error", "message": "The model failed to generate a response."}
        response["error"] = dict(answer.error or default)
    if status == "incomplete":
        response["incomplete_details"] = {"reason": answer.incomplete_reason or "max_output_tokens"}
    return response | dict(answer.fields)


def count_tokens(characters: int) -> int:
    """A rough, repeatable number of tokens for so many characters of JSON or text."""
    return -(-characters // _CHARACTERS_PER_TOKEN)


def count_usage(input_tokens: int, cached_tokens: int, output_tokens: int, reasoning_tokens: int) -> dict[str, Any]:
    """The `usage` object of a terminal event."""
    return {
        "input_tokens": input_tokens,
        "input_tokens_details": {"cached_tokens": cached_tokens, "cache_write_tokens": 0},
        "output_tokens": output_tokens,
        "output_tokens_details": {"reasoning_tokens": reasoning_tokens},
        "total_tokens": input_tokens + output_tokens,
    }
