"""What the simulator says under examination: it does what the conversations ask for, as a model would.

Rule: pure, and it looks at what was asked and nothing else.
"""

from __future__ import annotations

from rejoinder.testing.conform.conversations import COUNTING, RECALL, REMEMBER, WORD
from rejoinder.testing.script import Answer, Call, Received, Text, text_of

__all__ = ["obliging_answer"]

NUMBERS = 40
PAUSE = 0.01
"""Seconds before each number, so that counting takes a while."""


def obliging_answer(received: Received) -> Answer:
    """Count, remember, recall, call the first tool there is, or say hello."""
    if received.tool_output is not None:
        return Answer([Text(f"The tool says: {received.tool_output}")])
    tools = received.body.get("tools")
    if tools:
        return Answer([Call(str(tools[0]["name"]), '{"city": "Oslo"}', pieces=3)])
    if received.text == COUNTING:
        return Answer([Text(" ".join(f"number-{number}" for number in range(1, NUMBERS + 1)), interval=PAUSE)])
    if received.text == REMEMBER:
        return Answer([Text("Remembered.")])
    if received.text == RECALL:
        known = any(text_of(item.get("content")) == REMEMBER for item in received.items)
        return Answer([Text(WORD if known else "You have told me no word.")])
    return Answer([Text("Hello, it is good to hear from you.")])
