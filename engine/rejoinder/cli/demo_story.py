"""The demo's story: what is asked, what the server answers, and what goes wrong.

Rules of this file
* Data and one pure answer function. Every piece of an answer carries the tag of its question (``tags.py``).
* What goes wrong is the server's doing and follows from the create alone: the same create gets the same answer.
* A question that is to fail for the first time only fails as a continuation; sent again, in full, it is answered.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final, Literal

import attrs

from rejoinder.testing.script import Answer, AnswerFunction, Call, ErrorFrame, Interruption, LoseConnection, Received, Text

from .tags import tag_of

__all__ = ["FAST", "NORMAL", "STORY", "TOOLS", "Pace", "Turn", "answers"]

TOOLS: Final[Sequence[dict[str, Any]]] = (
    {
        "type": "function",
        "name": "get_weather",
        "description": "The weather in a city, now.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "asked": {"type": "string"}},
            "required": ["city", "asked"],
            "additionalProperties": False,
        },
        "strict": True,
    },
)
"""The one tool of the demo."""

FORGOTTEN: Final = ErrorFrame(
    code="previous_response_not_found", message="Previous response not found.", status=400, param="previous_response_id"
)


@attrs.frozen
class Pace:
    """How fast the story is told, in seconds."""

    piece: float
    """The server's pause before each piece of text."""
    slow_created: float
    """How long the server thinks about the question that is interrupted before ``response.created``."""
    early_cancel: float
    """How long its caller waits."""
    cancel_delay: float
    """How long the server goes on after a ``response.cancel``."""
    patience: float
    """How long a caller waits for an outcome before the demo calls it missing."""


NORMAL: Final = Pace(0.09, 0.9, 0.4, 0.6, 8.0)
"""For people who watch."""
FAST: Final = Pace(0.012, 0.3, 0.1, 0.12, 3.0)
"""For tests."""


@attrs.frozen
class Turn:
    """One question and its answer."""

    title: str
    """What this turn shows."""
    question: str
    """What is asked; empty for the output of a tool."""
    answer: tuple[str, ...]
    """What the server says, in pieces."""
    stop: Literal["never", "before created", "while streaming"] = "never"
    """When the caller interrupts."""
    trouble: Literal["none", "call", "lost before output", "lost mid-answer", "forgotten"] = "none"
    """What is special about the answer."""


STORY: Final[Sequence[Turn]] = (
    Turn(
        "The first turn: everything is sent",
        "What is a lane?",
        ("A lane is a name ", "that responses ", "on one connection ", "take turns under."),
    ),
    Turn(
        "The second turn: only what is new is sent",
        "How many are there?",
        ("A connection knows ", "32 names ", "and runs 16 responses ", "at once."),
    ),
    Turn("A tool call", "What is the weather in Lisbon?", (), trouble="call"),
    Turn("The tool's output goes back", "", ("It is sunny ", "in Lisbon, ", "at 24 degrees.")),
    Turn(
        "Interrupted before the response was created",
        "Tell me all about sails.",
        ("Sails ", "are older ", "than writing, ", "and so on."),
        stop="before created",
    ),
    Turn(
        "The next question does not wait for it",
        "No, wait. Who invented the wheel?",
        ("Nobody knows, ", "but it was ", "a potter's wheel ", "at first."),
    ),
    Turn(
        "Interrupted while the answer was streaming",
        "Count the stars.",
        tuple(f"{count}, " for count in ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten") * 3),
        stop="while streaming",
    ),
    Turn(
        "The next question hears nothing of that",
        "Stop. Name one star.",
        ("Sirius ", "is the brightest ", "one ", "at night."),
    ),
    Turn(
        "The connection is lost before the answer begins",
        "How far away is it?",
        ("It is 8.6 ", "light-years ", "away."),
        trouble="lost before output",
    ),
    Turn(
        "The connection is lost in the middle of the answer",
        "What is it made of?",
        ("Mostly hydrogen, ", "some helium, ", "and a trace ", "of metals, ", "as far as ", "we know."),
        trouble="lost mid-answer",
    ),
    Turn(
        "The caller knows what had arrived, and asks for the rest",
        "The line broke. What else?",
        ("A trace of metals, ", "and a companion ", "that is a white dwarf."),
    ),
    Turn(
        "The server has forgotten the previous response",
        "What was my first question?",
        ("You asked ", "what a lane is."),
        trouble="forgotten",
    ),
)
"""The turns, in order. The tag of the first is ``[q1]``."""

PIECES_HEARD: Final = 4
"""Pieces after which a caller interrupts, or a connection is lost."""

FRAMES_BEFORE_TEXT: Final = 4
"""``created``, ``in_progress``, the item and its part come before the first piece."""


def answers(story: Sequence[Turn], pace: Pace) -> AnswerFunction:
    """The answer function of a server that tells ``story``."""
    turns = {f"[q{number}]": turn for number, turn in enumerate(story, 1)}

    def answer(received: Received) -> Answer:
        tag = tag_of(received.items)
        turn = turns[tag]
        if turn.trouble == "call":
            return Answer([Call("get_weather", json.dumps({"city": "Lisbon", "asked": tag}), pieces=1)])
        # A question that is sent again comes in full, and is answered like any other.
        first_time = received.previous_response_id is not None
        if turn.trouble == "forgotten" and first_time:
            return Answer(reject=FORGOTTEN)
        if turn.trouble == "lost before output" and first_time:
            return Answer([LoseConnection()])
        pieces = [f"{tag} {piece}" for piece in turn.answer]
        text = Text("".join(pieces), pieces, pace.piece)
        if turn.trouble == "lost mid-answer":
            return Answer([text], interruptions=(Interruption(FRAMES_BEFORE_TEXT + PIECES_HEARD, LoseConnection()),))
        return Answer([text], created_after=pace.slow_created if turn.stop == "before created" else 0.0)

    return answer
