"""A request over HTTP is cancelled at every checkpoint there is, and the next one on the same client works each time.

The checkpoints are found, not listed: an instrument counts the steps that the client's tasks take, and there is a run for each of
them in which the caller is cancelled just before it. The server is in a thread of its own, so that only the client's steps count;
the client and its pool of connections are the same in all runs, so that whatever a cancellation breaks stays broken.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, final

import httpx
import pytest
import trio

from rejoinder.engine import Endpoint, Session, open_session
from rejoinder.testing import Answer, ModelServer, Received, Text
from rejoinder.testing.background_server import BackgroundServer

WORDS: Final = "its own words"
PATIENCE: Final = 20.0
"""Seconds after which a request that does not end is stuck."""


def by_question(received: Received) -> Answer:
    return Answer([Text(WORDS if received.text == "turn" else f"to {received.text}", pieces=2)])


@final
class Moments(trio.abc.Instrument):
    """Counts the steps of all tasks, and cancels a scope before one of them."""

    def __init__(self, number: int, scope: trio.CancelScope) -> None:
        self.number, self.scope = number, scope
        self.count = 0

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        self.count += 1
        if self.count == self.number:
            self.scope.cancel()


Take = Callable[[Session], Awaitable[str]]


async def stream(session: Session) -> str:
    async with session.respond("turn") as response:
        return "".join([piece async for piece in response.text_deltas()])


async def infer(session: Session) -> str:
    return (await session.infer("turn")).text


async def in_the_background(session: Session) -> str:
    background = await session.start_background("turn")
    return (await background.result()).text


@pytest.mark.parametrize("take", [stream, infer, in_the_background], ids=["stream", "infer", "background"])
@pytest.mark.parametrize("pool", ["kept", "limited to one"])
@pytest.mark.original("B152")
async def test_at_every_checkpoint(take: Take, pool: str) -> None:
    server = BackgroundServer(ModelServer(answer=by_question))
    server.start()
    limits = httpx.Limits() if pool == "kept" else httpx.Limits(max_connections=1)
    number = 0
    try:
        async with httpx.AsyncClient(limits=limits) as client:
            while True:
                number += 1
                steps = await cancelled_at(number, take, server, client)
                if steps < number:
                    break
    finally:
        await trio.to_thread.run_sync(server.stop)

    assert 5 < number


async def cancelled_at(number: int, take: Take, server: BackgroundServer, client: httpx.AsyncClient) -> int:
    scope = trio.CancelScope()
    moments = Moments(number, scope)
    heard = WORDS
    async with open_session(Endpoint(server.url, "k"), transport="http", http_client=client) as session:
        trio.lowlevel.add_instrument(moments)
        with scope:
            heard = await take(session)
        trio.lowlevel.remove_instrument(moments)
        try:
            with trio.fail_after(PATIENCE):
                async with session.respond("next") as response:
                    assert "to next" == await response.text()
                assert "to other" == (await session.infer("other")).text
        except (AssertionError, trio.TooSlowError) as error:
            error.add_note(f"cancelled before step {number}")
            raise
        statistics = session.statistics()
    assert WORDS == heard
    assert {} == statistics.requests
    assert {"idle"} == set(statistics.lanes.values())
    assert "Illegal" not in statistics.counts
    return moments.count
