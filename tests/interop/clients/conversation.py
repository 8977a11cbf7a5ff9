"""What every client of this folder says, and what it is told: one conversation, so that the tests can compare them.

A question that needs a tool, a story that is interrupted, and a question after that. The texts of the server's side are in
``tests/interop/counterparts.py``. Plain Python: each client imports it from an environment of its own.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

MODEL = "gpt-4.1"
QUESTION = "What time is it in Oslo?"
STORY = "Tell me a long story."
AFTER = "Are you there?"
HEARD = "Once upon a time there was"
"""What is heard of the story before the client interrupts: the server says no more than that, and never ends by itself."""

CLOCK: dict[str, Any] = {
    "type": "function",
    "name": "clock",
    "description": "Tells the time in a city.",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    },
    "strict": True,
}


def clock(city: str) -> str:
    """The tool."""
    return f"noon in {city}"


def said(package: str, calls: list[str], answers: list[str], **more: object) -> dict[str, object]:
    """What a client reports: its package and version, the calls that it made of it, and what it heard."""
    return {"package": package, "version": version(package.partition("[")[0]), "calls": calls, "answers": answers, **more}
