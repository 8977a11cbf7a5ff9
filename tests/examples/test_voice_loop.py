"""examples/voice_loop.py: an interruption is heard at once, and the conversation holds what was heard of an answer.

The loop runs twice: inside the test, on the virtual clock, where every instant can be checked; and as a program, as its owner would
run it.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import pytest
import trio

from harness.pair import Pair, open_pair
from harness.tool_turns import calling, messages_of
from rejoinder.engine import Conversation
from rejoinder.testing import Answer, ModelServer, Text, scripted
from rejoinder.testing.simulator import serve

EXAMPLE: Final = Path(__file__).parents[2] / "examples" / "voice_loop.py"
WORD: Final = 0.5
"""Seconds that a word takes to say."""


@pytest.fixture
def loop() -> ModuleType:
    """The example, imported."""
    spec = importlib.util.spec_from_file_location("voice_loop", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


async def talk(loop: ModuleType, pair: Pair, *heard: tuple[float, str]) -> tuple[list[tuple[float, str]], Conversation]:
    """Let a user speak at these instants; returns what the assistant said, and when, and the conversation."""
    said: list[tuple[float, str]] = []
    began = trio.current_time()
    speaking = iter(heard)

    async def hear() -> str | None:
        at, words = next(speaking, (None, None))
        if at is None:
            return None
        await trio.sleep_until(began + at)
        return words

    async def say(piece: str) -> None:
        await trio.sleep(WORD)
        said.append((trio.current_time() - began, piece))

    conversation: Conversation = await loop.talk(pair.session, hear, say)
    return said, conversation


def texts(items: Sequence[Any]) -> list[str]:
    """What was said, by whomever."""
    said: list[str] = []
    for item in items:
        content = item.get("content", "")
        said.append(content if isinstance(content, str) else "".join(part["text"] for part in content))
    return said


async def test_an_interruption_stops_the_speech_and_keeps_what_was_heard(autojump_clock: object, loop: ModuleType) -> None:
    answers = [Answer([Text("one two three four five")]), Answer([Text("Of course.")])]
    async with open_pair(ModelServer(answer=scripted(answers))) as pair:
        said, conversation = await talk(loop, pair, (0, "Count"), (1.2, "Stop counting"))

    assert ["one", " two", "Of", " course."] == [piece for _, piece in said]
    assert said[2][0] == pytest.approx(1.2 + WORD)
    assert ["Count", "one two", "Stop counting", "Of course."] == texts(conversation.items)
    assert ["Count", "one two", "Stop counting"] == texts(pair.creates[1]["input"])


async def test_an_interruption_while_the_model_is_silent_keeps_what_was_heard(autojump_clock: object, loop: ModuleType) -> None:
    answers = [Answer([Text("one two", interval=2)]), Answer([Text("Of course.")])]
    async with open_pair(ModelServer(answer=scripted(answers))) as pair:
        _, conversation = await talk(loop, pair, (0, "Count"), (3, "Stop counting"))

    assert ["Count", "one", "Stop counting", "Of course."] == texts(conversation.items)


async def test_whoever_speaks_before_anything_was_asked_has_heard_nothing(autojump_clock: object, loop: ModuleType) -> None:
    async with open_pair(ModelServer(answer=scripted([Answer([Text("Of course.")])]))) as pair:
        said, conversation = await talk(loop, pair, (0, "Count"), (0, "Stop counting"))

    assert ["Of", " course."] == [piece for _, piece in said]
    assert ["Count", "Stop counting", "Of course."] == texts(conversation.items)


async def test_whoever_waits_for_the_end_interrupts_nothing(autojump_clock: object, loop: ModuleType) -> None:
    answers = [Answer([Text("one two")]), Answer([Text("Bye.")])]
    async with open_pair(ModelServer(answer=scripted(answers))) as pair:
        said, _ = await talk(loop, pair, (0, "Count"), (5, "Thanks"))

    assert ["one", " two", "Bye."] == [piece for _, piece in said]
    assert ["Thanks"] == texts(pair.creates[1]["input"])  # the rest is still there


async def test_the_talk_goes_on_while_a_taxi_is_ordered_and_its_result_is_told(autojump_clock: object, loop: ModuleType) -> None:
    answers = [
        calling(("order_taxi", '{"street": "Elm Street"}'), say="Right. "),
        Answer([Text("I am ordering.")]),
        Answer([Text("It rains.")]),
        Answer([Text("Your taxi comes.")]),
    ]
    async with open_pair(ModelServer(answer=scripted(answers))) as pair:
        said, _ = await talk(loop, pair, (0, "A taxi, please"), (5, "What is the weather?"), (60, "Thank you"))
    (report,) = messages_of(pair.creates[3])

    assert "".join(piece for _, piece in said).startswith("Right. I am ordering.It rains.Your taxi comes.")
    assert "a taxi will be in Elm Street in 5 minutes" in report
    assert 20 < next(at for at, piece in said if piece == "Your") < 25


async def test_the_example_runs_as_a_program() -> None:
    server = ModelServer(answer=scripted([Answer([Text("Hello there.")])]))
    async with serve(server) as simulator:
        command = [sys.executable, "-W", "error", str(EXAMPLE), simulator.url, "0"]
        with trio.fail_after(60):
            done = await trio.run_process(command, stdin=b"Hi\n", capture_stdout=True, capture_stderr=True, check=False)

    assert (0, "") == (done.returncode, done.stderr.decode())
    assert "Hello there.\n" == done.stdout.decode()
