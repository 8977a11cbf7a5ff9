"""The connector of a plot writes down what the engine is given, and changes nothing of it."""

from __future__ import annotations

import pytest
import trio
import trio.testing

from rejoinder.engine import Endpoint, Moved, Settings, WireClosed
from rejoinder.states.codec import encode_cancel, encode_create
from rejoinder.testing import GENERIC, LinkPlan, MemoryNetwork, ModelServer
from rejoinder.testing.fuzz.engine_diary import Diary, Given, Wired
from rejoinder.testing.fuzz.engine_plots import Cut, Freeze, Say, Stray
from rejoinder.testing.fuzz.engine_sockets import STRAYS, Sockets

ENDPOINT = Endpoint("ws://localhost/v1/responses", api_key="key")
OPENED = Moved("link", "connecting", "Opened", "open", 5)


def make_sockets() -> Sockets:
    return Sockets(MemoryNetwork(ModelServer(GENERIC), default=LinkPlan(latency=0.1)), Diary())


async def test_what_is_given_is_written_down(autojump_clock: trio.testing.MockClock) -> None:
    sockets = make_sockets()
    async with sockets.connect(ENDPOINT, Settings()) as wire:
        sockets.observed(OPENED)
        sockets.strike(Say(Stray.KEEPALIVE))
        frames = await wire.receive()
        await wire.ping()
        await wire.send("{}")
        frames = [*frames, *await wire.receive()]
        assert sockets.all == sockets.alive

    keepalive, error = frames
    assert STRAYS[Stray.KEEPALIVE] == keepalive
    assert [Wired(1, "opened"), Given(1, keepalive), Given(1, error), Wired(1, "left")] == [
        line.what for line in sockets.diary.lines
    ]
    assert (2, 0) == (sockets.frames, sockets.creates)
    assert 5 == sockets.all[0].engine
    assert [] == sockets.alive


async def test_what_is_sent_is_counted(autojump_clock: trio.testing.MockClock) -> None:
    sockets = make_sockets()
    async with sockets.connect(ENDPOINT, Settings()) as wire:
        await wire.send(encode_create({}, [{"role": "user", "content": "one"}, {"role": "user", "content": "two"}]))
        await wire.send(encode_cancel("resp_0"))

    assert 1 == sockets.creates


@pytest.mark.parametrize("step", [Cut(), Say(Stray.CLOSE)], ids=str)
async def test_the_end_of_a_socket_is_written_down(step: Cut | Say, autojump_clock: trio.testing.MockClock) -> None:
    sockets = make_sockets()
    async with sockets.connect(ENDPOINT, Settings()) as wire:
        sockets.strike(step)
        with pytest.raises(WireClosed):
            await wire.receive()
        assert not sockets.network.server.is_open(0)

    assert Wired(1, "ended") == sockets.diary.lines[1].what


async def test_a_black_hole_is_alive_as_far_as_anybody_knows(autojump_clock: trio.testing.MockClock) -> None:
    sockets = make_sockets()
    async with sockets.connect(ENDPOINT, Settings()) as wire:
        sockets.strike(Freeze())
        with trio.move_on_after(100.0) as scope:
            await wire.receive()
        assert 1 == len(sockets.alive)

    assert scope.cancelled_caught


async def test_a_link_is_known_by_the_socket_that_has_just_opened(autojump_clock: trio.testing.MockClock) -> None:
    sockets = make_sockets()
    sockets.observed(OPENED)
    sockets.strike(Cut())
    async with sockets.connect(ENDPOINT, Settings()):
        sockets.observed(OPENED)
        sockets.observed(Moved("link", "open", "Lost", "closed", 6))

    assert [5] == [socket.engine for socket in sockets.all]
