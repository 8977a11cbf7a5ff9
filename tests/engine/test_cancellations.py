"""A caller is cancelled at every moment there is, and the session is sane each time.

The moments are found, not listed: a run counts the steps that all tasks take during a turn, and there is a run for each of them
in which the caller is cancelled just before it. Whatever was under way, the next turn hears its own words and no others.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Final, final

import attrs
import pytest
import trio
import trio.testing

from harness.loopback import tasks
from harness.pair import Pair, open_pair
from rejoinder.engine import CancelPolicy, Policy, Response
from rejoinder.testing import (
    AZURE,
    GENERIC,
    OPENAI,
    Answer,
    CancelMode,
    LinkPlan,
    ModelServer,
    Received,
    ServerProfile,
    Text,
)

PLAN: Final = LinkPlan(handshake_delay=0.04, latency=0.01)
WORDS: Final = "its own words"


def by_question(received: Received) -> Answer:
    """What is said depends on what was asked, and not on what was asked before."""
    if received.text == "turn":
        return Answer([Text(WORDS, interval=0.02)], created_after=0.02)
    return Answer([Text(f"to {received.text}")])


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


@attrs.frozen
class Story:
    """In what a caller is cancelled."""

    profile: ServerProfile
    """The server."""
    warm: bool
    """Whether a turn went before, so that the link is open and proven."""
    cancel_mode: CancelMode = CancelMode.HONOUR
    """What the server does with a cancel."""
    policy: Policy = attrs.field(factory=Policy)
    """What the session does with one."""
    pool: Mapping[str, int] | None = None
    """Options of the pool, if it is one."""

    @asynccontextmanager
    async def begin(self) -> AsyncGenerator[Pair]:
        """A pair, with its first turn behind it if it is warm."""
        server = ModelServer(self.profile, by_question, self.cancel_mode, cancel_delay=0.02)
        async with open_pair(server, policy=self.policy, default=PLAN, pool=self.pool) as pair:
            if self.warm:
                assert "to warm" == await pair.ask("warm")
            yield pair


STORIES: Final = [
    pytest.param(Story(OPENAI, warm=False), id="lanes cold"),
    pytest.param(Story(OPENAI, warm=True), id="lanes warm"),
    pytest.param(Story(OPENAI, warm=True, cancel_mode=CancelMode.ERROR), id="lanes warm, cancel refused"),
    pytest.param(Story(AZURE, warm=False), id="serial cold"),
    pytest.param(Story(AZURE, warm=True), id="serial warm"),
    pytest.param(Story(AZURE, warm=True, policy=Policy(signal=True)), id="serial warm, signalled"),
    pytest.param(Story(AZURE, warm=True, cancel_mode=CancelMode.LATE_ERROR, policy=Policy(signal=True)), id="serial, late error"),
    pytest.param(Story(GENERIC, warm=True, policy=Policy(then=CancelPolicy.RETIRE)), id="serial retire"),
    pytest.param(Story(GENERIC, warm=True, policy=Policy(then=CancelPolicy.DRAIN)), id="serial drain"),
    pytest.param(Story(OPENAI, warm=True, pool={"size": 2}), id="pool of lanes"),
    pytest.param(Story(AZURE, warm=False, pool={"size": 2}), id="pool of serial links, cold"),
    pytest.param(Story(AZURE, warm=True, pool={"size": 2, "spares": 0}), id="pool of serial links, warm"),
    pytest.param(Story(AZURE, warm=True, pool={"size": 1}), id="pool of one"),
]


UNDISTURBED: Final = 0.3
"""Seconds within which everything is over that nobody disturbs: dial, warm-up and turn."""


@attrs.define(eq=False)
class Turn:
    """What one caller heard."""

    responses: list[Response] = attrs.field(factory=list[Response])
    text: str = ""

    async def iterate(self, pair: Pair) -> None:
        """A simple turn."""
        async with pair.session.respond("turn") as response:
            self.responses.append(response)
            async for piece in response.text_deltas():
                self.text += piece

    async def wait(self, pair: Pair) -> None:
        """The same, in one piece."""
        async with pair.session.respond("turn") as response:
            self.responses.append(response)
            self.text = await response.text()


Take = Callable[[Turn, Pair], Awaitable[None]]


async def cancelled_at(story: Story, number: int, take: Take) -> int:
    """Take a turn, be cancelled before step ``number``, and see that all is well. Returns how many steps there were."""
    began = trio.current_time()
    async with story.begin() as pair:
        turn = Turn()
        scope = trio.CancelScope()
        moments = Moments(number, scope)
        trio.lowlevel.add_instrument(moments)
        with scope:
            await take(turn, pair)
        trio.lowlevel.remove_instrument(moments)
        took = trio.current_time() - began

        with trio.fail_after(10):
            assert "to next" == await pair.ask("next")
            assert "to the one after" == await pair.ask("the one after")
        await trio.sleep(60)
        statistics = pair.session.statistics()

    assert WORDS.startswith(turn.text) if scope.cancelled_caught else WORDS == turn.text
    assert {"cancelled", "completed"} >= {response.status for response in turn.responses}
    assert {} == statistics.requests
    assert {"open"} == set(statistics.links.values())
    assert len(statistics.links) <= (1 if story.pool is None else story.pool["size"])
    assert {"idle", "quarantined"} >= set(statistics.lanes.values())
    assert "Illegal" not in pair.notes()
    asked = [create["input"][-1]["content"] for create in pair.creates]
    # What is on its way on two links arrives in any order.
    ordered = asked if story.pool is None else [text for text in asked if text != "turn"]
    assert ["next", "the one after"] == ordered[-2:]
    assert asked.count("turn") <= 1
    assert took <= UNDISTURBED
    return moments.count


@pytest.mark.parametrize("take", [Turn.iterate, Turn.wait], ids=["iterate", "text"])
@pytest.mark.parametrize("story", STORIES)
@pytest.mark.original("B112")
async def test_at_every_step(story: Story, take: Take, autojump_clock: trio.testing.MockClock) -> None:
    before = tasks()
    number = 0
    while True:
        number += 1
        try:
            steps = await cancelled_at(story, number, take)
        except AssertionError as error:
            error.add_note(f"cancelled before step {number}")
            raise
        assert before == tasks()
        if steps < number:
            break

    assert 15 < number
