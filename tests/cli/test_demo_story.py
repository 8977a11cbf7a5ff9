"""The story: every question has its tag in every piece of its answer, and goes wrong in its own way."""

from typing import Any

import pytest

from rejoinder.cli.demo_story import FAST, NORMAL, STORY, TOOLS, Turn, answers
from rejoinder.testing import Answer, Call, LoseConnection, Received, Text


def ask(tag: str, *, previous: str | None = None, story: tuple[Turn, ...] = tuple(STORY)) -> Answer:
    items: tuple[dict[str, Any], ...] = ({"role": "user", "content": f"Well? {tag}"},)
    return answers(story, NORMAL)(Received({}, 0, 0, items, None, previous))


def number_of(**fields: str) -> str:
    """The tag of the turn with such a field."""
    (number,) = [
        number for number, turn in enumerate(STORY, 1) if all(getattr(turn, name) == value for name, value in fields.items())
    ]
    return f"[q{number}]"


def test_story_has_what_the_demo_promises() -> None:
    assert len(STORY) >= 5
    assert ["before created", "while streaming"] == [turn.stop for turn in STORY if turn.stop != "never"]
    assert ["call", "lost before output", "lost mid-answer", "forgotten"] == [
        turn.trouble for turn in STORY if turn.trouble != "none"
    ]


def test_every_piece_carries_the_tag() -> None:
    (text,) = ask("[q1]").steps

    assert isinstance(text, Text)
    assert ["[q1] A lane is a name ", "[q1] that responses ", "[q1] on one connection ", "[q1] take turns under."] == text.pieces
    assert "[q1] A lane is a name [q1] that responses [q1] on one connection [q1] take turns under." == text.text
    assert NORMAL.piece == text.interval


def test_tool_is_called_with_the_tag() -> None:
    (call,) = ask(number_of(trouble="call")).steps

    assert Call("get_weather", '{"city": "Lisbon", "asked": "[q3]"}', pieces=1) == call
    assert "get_weather" == TOOLS[0]["name"]


def test_question_that_is_interrupted_early_waits_for_created() -> None:
    assert NORMAL.slow_created == ask(number_of(stop="before created")).created_after
    assert 0.0 == ask("[q1]").created_after


@pytest.mark.parametrize("trouble", ["lost before output", "forgotten"])
def test_trouble_comes_once(trouble: str) -> None:
    tag = number_of(trouble=trouble)
    first, again = ask(tag, previous="resp_1"), ask(tag)

    assert (LoseConnection(),) == first.steps or first.reject is not None
    assert again.reject is None
    assert isinstance(again.steps[0], Text)


def test_line_breaks_in_the_middle_of_the_answer() -> None:
    (interruption,) = ask(number_of(trouble="lost mid-answer")).interruptions

    assert LoseConnection() == interruption.step
    # Created, in progress, item and part come first; then four pieces.
    assert 8 == interruption.after


def test_fast_is_faster() -> None:
    assert FAST.piece < NORMAL.piece
    assert FAST.patience < NORMAL.patience
