"""A chat: Ctrl-C ends the answer and not the program, failures are sentences, and nothing a server says is obeyed."""

import io
import os
import signal
from collections.abc import Callable, Iterable
from typing import Any

import attrs
import pytest
import trio

from harness.pair import open_pair
from rejoinder.cli.chat_talk import Chat, LineReader, stdin_reader
from rejoinder.testing import LinkPlan, ModelServer
from rejoinder.testing.script import Answer, Call, ErrorFrame, LoseConnection, Pause, Received, Refusal, Step, Text

PROMPT = "> "


def interrupt() -> None:
    """What Ctrl-C does."""
    signal.raise_signal(signal.SIGINT)


@attrs.define
class Held:
    """A chat that is over."""

    status: int
    answers: str
    remarks: str
    server: ModelServer
    sent: list[int]

    @property
    def inputs(self) -> list[list[dict[str, Any]]]:
        return [create["input"] for create in self.server.creates()]


async def hold(
    answer: Callable[[Received], Answer],
    lines: Iterable[str | Callable[[], None]],
    *,
    interactive: bool = True,
    verbose: bool = False,
    plan: LinkPlan | None = None,
    interrupts: Iterable[float] = (),
) -> Held:
    """Type ``lines`` (a function is called instead), press Ctrl-C at the times given, and see what is shown."""
    left = iter(lines)

    async def read_line() -> str | None:
        await trio.sleep(0.01)
        line = next(left, None)
        if line is None or isinstance(line, str):
            return line
        line()
        await trio.sleep_forever()
        raise AssertionError

    async def press(at: float) -> None:
        await trio.sleep_until(at)
        interrupt()

    answers, remarks = io.StringIO(), io.StringIO()
    began = trio.current_time()
    server = ModelServer(answer=answer)
    async with open_pair(server, default=plan) as pair, trio.open_nursery() as nursery:
        for moment in interrupts:
            nursery.start_soon(press, began + moment)
        chat = Chat(read_line, answers, remarks, interactive=interactive, verbose=verbose)
        status = await chat.hold(pair.session)
        sent = [sent.items for sent in pair.sent()]
    return Held(status, answers.getvalue(), remarks.getvalue(), server, sent)


def says(*steps: Step) -> Callable[[Received], Answer]:
    return lambda _: Answer(steps)


async def test_answers_follow_the_prompt_until_there_are_no_more_lines(autojump_clock: trio.testing.MockClock) -> None:
    held = await hold(says(Text("Fine. And you?")), ["hello", "  ", "well"])

    assert 0 == held.status
    assert f"{PROMPT}Fine. And you?\n{PROMPT}{PROMPT}Fine. And you?\n{PROMPT}\n" == held.answers
    assert "" == held.remarks
    # The second turn continued the first: what is repeated is what was given.
    assert [1, 1] == held.sent


async def test_pipe_sees_answers_only(autojump_clock: trio.testing.MockClock) -> None:
    held = await hold(says(Text("Fine.")), ["hello"], interactive=False)

    assert (0, "Fine.\n", "") == (held.status, held.answers, held.remarks)


async def test_ctrl_c_ends_the_answer_and_not_the_chat(autojump_clock: trio.testing.MockClock) -> None:
    def answer(received: Received) -> Answer:
        return Answer([Text("one two three four", interval=1.0)] if received.index == 0 else [Text("Yes.")])

    held = await hold(answer, ["count", "stop?"], interrupts=[2.5])

    assert 0 == held.status
    assert f"{PROMPT}one two\n{PROMPT}Yes.\n{PROMPT}\n" == held.answers
    assert "[interrupted]\n" == held.remarks
    # The conversation goes on from what was heard, and the server was told to stop.
    assert ["count", "one two", "stop?"] == [item["content"] for item in held.inputs[1]]
    assert "response.cancel" in [entry.type for entry in held.server.log]


async def test_ctrl_c_before_the_first_word_leaves_nothing_behind(autojump_clock: trio.testing.MockClock) -> None:
    def answer(received: Received) -> Answer:
        return Answer([Text("Yes.")], created_after=5.0 if received.index == 0 else 0.0)

    held = await hold(answer, ["count", "stop?"], interrupts=[1.0])

    assert f"{PROMPT}{PROMPT}Yes.\n{PROMPT}\n" == held.answers
    assert ["count", "stop?"] == [item["content"] for item in held.inputs[1]]


async def test_ctrl_c_at_the_prompt_leaves(autojump_clock: trio.testing.MockClock) -> None:
    held = await hold(says(Text("Fine.")), ["hello", interrupt])

    assert 0 == held.status
    assert f"{PROMPT}Fine.\n{PROMPT}\n" == held.answers


async def test_nothing_that_the_server_says_is_obeyed(autojump_clock: trio.testing.MockClock) -> None:
    held = await hold(says(Text("a\x1b[2Jb\u202e\nc", pieces=1)), ["hello"], interactive=False)

    assert "a\\x1b[2Jb\\u202e\nc\n" == held.answers


async def test_failure_at_the_first_turn_ends_the_chat(autojump_clock: trio.testing.MockClock) -> None:
    rejected = Answer(reject=ErrorFrame(code="model_not_found", message="No such\x07 model.", param="model"))
    held = await hold(lambda _: rejected, ["hello", "again"])

    assert 1 == held.status
    assert "No such\\x07 model. Check the model's name and that the key may use it.\n" == held.remarks
    assert 1 == len(held.inputs)


async def test_dial_that_fails_ends_the_chat(autojump_clock: trio.testing.MockClock) -> None:
    held = await hold(says(Text("Fine.")), ["hello"], plan=LinkPlan(refuse_status=401))

    assert 1 == held.status
    assert held.remarks.endswith("Check the API key: the server does not accept it.\n")


def breaks_at_the_second(received: Received) -> Answer:
    return Answer([Text("Well, ", cut=True), LoseConnection()] if received.index == 1 else [Text("Fine.")])


async def test_failure_after_something_has_worked_is_shown_and_the_chat_goes_on(autojump_clock: trio.testing.MockClock) -> None:
    held = await hold(breaks_at_the_second, ["hello", "and?", "once more"])

    assert 0 == held.status
    assert f"{PROMPT}Fine.\n{PROMPT}Well, \n{PROMPT}Fine.\n{PROMPT}\n" == held.answers
    assert held.remarks.startswith("The connection was lost")
    assert "Well, " in [item["content"] for item in held.inputs[2]]


async def test_failure_ends_a_chat_that_nobody_watches(autojump_clock: trio.testing.MockClock) -> None:
    held = await hold(breaks_at_the_second, ["hello", "and?", "once more"], interactive=False)

    assert (1, 2) == (held.status, len(held.inputs))


async def test_refusal_is_an_answer(autojump_clock: trio.testing.MockClock) -> None:
    held = await hold(says(Refusal("I would rather not.")), ["hello", "please"], interactive=False)

    assert "I would rather not.\nI would rather not.\n" == held.answers
    assert [1, 1] == held.sent


async def test_incomplete_answer_says_why(autojump_clock: trio.testing.MockClock) -> None:
    held = await hold(lambda _: Answer([Text("So")], terminal="incomplete"), ["hello"])

    assert 0 == held.status
    assert "[incomplete: max_output_tokens]\n" == held.remarks


async def test_answer_without_words_is_no_line(autojump_clock: trio.testing.MockClock) -> None:
    held = await hold(says(Call("f", "{}")), ["hello"], interactive=False)

    assert (0, "", "") == (held.status, held.answers, held.remarks)


async def test_verbose_says_what_was_sent(autojump_clock: trio.testing.MockClock) -> None:
    held = await hold(says(Pause(0.1), Text("Fine.")), ["hello", "and?"], verbose=True)
    first, second = held.remarks.splitlines()

    assert first.startswith("[sent 1 item, ")
    assert first.endswith("in full, because there is nothing to continue yet]")
    assert second.startswith("[sent 1 of 3 items, ")
    assert second.endswith("continues resp_1]")


# Lines


def reader_of(*chunks: bytes) -> LineReader:
    left = iter(chunks)
    return LineReader(lambda: next(left, b""))


async def all_lines(reader: LineReader) -> list[str]:
    lines: list[str] = []
    while (line := await reader()) is not None:
        lines.append(line)
    return lines


@pytest.mark.parametrize(
    "chunks, expected",
    [
        ([], []),
        ([b"a\n"], ["a"]),
        ([b"a\nb\nc"], ["a", "b", "c"]),
        ([b"a", b"b\n\n"], ["ab", ""]),
        ([b"\xc3", b"\xa4\n"], ["ä"]),
        ([b"\xff\n\xc3"], ["\ufffd", "\ufffd"]),
    ],
)
async def test_lines_are_found_in_chunks(chunks: list[bytes], expected: list[str]) -> None:
    assert expected == await all_lines(reader_of(*chunks))


async def test_stdin_is_read_by_its_descriptor() -> None:
    reading, writing = os.pipe()
    os.write(writing, "grüß\ndich".encode())
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as stdin:
        lines = await all_lines(stdin_reader(stdin))

    assert ["grüß", "dich"] == lines


async def test_stdin_without_a_descriptor_is_read_as_it_is() -> None:
    assert ["grüß", "dich\udc80".encode("utf-8", "surrogatepass").decode("utf-8", "replace")] == await all_lines(
        stdin_reader(io.StringIO("grüß\ndich\udc80"))
    )
