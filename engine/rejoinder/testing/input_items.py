"""Input items as a caller writes them, in a line each: what programs and tests ask with.

Rule of this file: the shortest form that the API takes (Responses API reference, "input"); nothing here is a server's.
"""

from __future__ import annotations

from typing import Any

__all__ = ["assistant", "call_output", "user"]

Item = dict[str, Any]


def user(text: str) -> Item:
    """Return what a user said."""
    return {"role": "user", "content": text}


def assistant(text: str) -> Item:
    """Return an answer as a caller keeps it."""
    return {"role": "assistant", "content": text}


def call_output(call_id: str = "call_1", output: str = "sunny") -> Item:
    """Return what the caller answers to a function call."""
    return {"type": "function_call_output", "call_id": call_id, "output": output}
