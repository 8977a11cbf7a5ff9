"""Every frame is written down, in order, with what it decodes to; exchanges end where they end on the wire."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import trio
from trio.testing import MockClock

from rejoinder.states.stream_events import FrameKind
from rejoinder.testing import Answer, ErrorFrame, Interruption, LoseConnection, ModelServer, Stall, Text
from rejoinder.testing.conform import Transcript
from rejoinder.testing.conform.records import Direction, End
from rejoinder.testing.conform.talk import Talk, says
from testing.conform.alterations import Alteration, target


def talk_with(server: ModelServer, make: Callable[[], Alteration] = Alteration) -> Talk:
    aim = target(server, make)
    return Talk(aim.connector, aim.endpoint, aim.settings, aim.model, Transcript(aim.timeout))


def saying(answer: Answer) -> ModelServer:
    return ModelServer(answer=lambda _: answer)


async def test_frames_are_written_down_in_order(autojump_clock: MockClock) -> None:
    talk = talk_with(saying(Answer([Text("One two.", interval=1.0)])))
    async with talk.open() as line:
        await line.ask(says("Hi"))
    frames = talk.transcript.frames

    assert [Direction.SENT] + [Direction.RECEIVED] * (len(frames) - 1) == [frame.direction for frame in frames]
    assert (FrameKind.CREATED, FrameKind.TERMINAL) == (frames[1].kind, frames[-1].kind)
    assert (0.0, 2.0) == (frames[0].at, frames[-1].at)
    assert None is frames[0].kind


IN_SEQUENCE = ErrorFrame(code="server_error", shape="wrapped_in_sequence")


@pytest.mark.parametrize(
    "answer, end, after",
    [
        (Answer([Text("Hello.")]), End.TERMINAL, 0.0),
        (Answer(reject=ErrorFrame(code="no")), End.REFUSED, 0.0),
        (Answer([Text("Hello."), IN_SEQUENCE], terminal="failed"), End.TERMINAL, 0.0),
        (Answer([Text("Hello."), IN_SEQUENCE, Stall()]), End.ERROR, 2.0),
        (Answer([Text("Hello.")], interruptions=(Interruption(3, LoseConnection(1011)),)), End.CLOSED, 0.0),
    ],
    ids=["terminal", "refused", "error and terminal", "error alone", "closed"],
)
async def test_exchange_ends_as_on_the_wire(autojump_clock: MockClock, answer: Answer, end: End, after: float) -> None:
    talk = talk_with(saying(answer))
    began = trio.current_time()
    async with talk.open() as line:
        exchange = await line.ask(says("Hi"))

    assert (end, after) == (exchange.end, trio.current_time() - began)
    assert [exchange] == talk.transcript.exchanges


async def test_end_of_a_connection_is_written_down_once(autojump_clock: MockClock) -> None:
    talk = talk_with(saying(Answer([LoseConnection(1011)])))
    async with talk.open() as line:
        await line.ask(says("Hi"))
        await line.listen()
        await line.ping()
    (closing,) = talk.transcript.closings

    assert (0, 1011) == (closing.connection, closing.code)
    assert None is talk.transcript.pong_after


def test_patience_is_a_small_share_of_the_time() -> None:
    assert [0.5, 2.0] == [patience_of(5.0), patience_of(300.0)]


def patience_of(seconds: float) -> float:
    aim = target(ModelServer())
    return Talk(aim.connector, aim.endpoint, aim.settings, aim.model, Transcript(seconds), began=0.0).patience
