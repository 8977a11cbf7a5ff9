"""What only a real socket can show: binary frames, pongs, closes, and messages that are too large."""

from __future__ import annotations

import pytest
import trio

from harness.loopback import listen, upgraded
from rejoinder.engine import Endpoint, Settings
from rejoinder.engine.wire_choice import open_chosen_wire
from rejoinder.states.profiles import PROFILES
from rejoinder.testing.conform import Target, Transcript, Verdict, conversations, examine
from rejoinder.testing.conform.connection_rows import close_answered, ping_answered
from rejoinder.testing.conform.rows import select
from rejoinder.testing.conform.talk import Talk
from rejoinder.testing.simulator import serve
from testing.conform.alterations import obliging_server, verdicts

pytestmark = pytest.mark.usefixtures("each_wire")

LIMIT = 30.0


async def test_rows_about_the_socket_are_kept_over_one() -> None:
    server = obliging_server()
    names = ["binary-frame", "ping", "close", "too-large", "default-lane"]
    with trio.fail_after(LIMIT):
        async with serve(server) as simulator:
            aim = Target(Endpoint(simulator.url, "any", PROFILES["openai"]), timeout=5.0)
            report = await examine(aim, select(names))

    assert dict.fromkeys(names, Verdict.KEPT) == verdicts(report)
    assert 1 == len([entry for entry in server.log if entry.direction == "in" and isinstance(entry.data, bytes)])


async def read_and_say_nothing(stream: trio.SocketStream) -> None:
    while await stream.receive_some():
        pass


async def test_server_that_answers_neither_ping_nor_close_is_found_out() -> None:
    settings = Settings(close_deadline=0.05)
    with trio.fail_after(LIMIT):
        async with trio.open_nursery() as nursery:
            silent = await listen(nursery, upgraded(read_and_say_nothing))
            transcript = Transcript(0.05, close_deadline=settings.close_deadline)
            talk = Talk(open_chosen_wire, Endpoint(silent.url, "any"), settings, "m", transcript)
            await conversations.close(talk)
            with trio.move_on_after(0.05):
                await conversations.ping(talk)
            nursery.cancel_scope.cancel()

    assert Verdict.BROKEN is close_answered(transcript).verdict
    assert Verdict.BROKEN is ping_answered(transcript).verdict
