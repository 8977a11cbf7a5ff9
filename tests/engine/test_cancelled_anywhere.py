"""A caller is cancelled at every await of every public call, and the session is as good as new each time.

The calls are found, not listed, and so are the awaits: a run counts the caller's checkpoints, and there are two runs for each in which
the caller is cancelled there, while it waits and when it is about to go on. ``docs/robustness.md`` says how many there are of each call.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Final

import attrs
import pytest
import trio
import trio.testing

from harness.cancelled_stories import OUT_OF_BAND, STORIES, Heard, Story
from harness.checkpoints import Checkpoints, Moment
from harness.loopback import open_sockets, own_tasks
from harness.public_calls import public_calls
from harness.stages import HTTP, MEMORY, SITUATIONS, Place, Situation, open_place, rests
from harness.wires import WIRES

CALLS: Final = public_calls()
QUIET: Final = tuple(each for each in SITUATIONS if each.name in {"first dial", "lanes, idle"})
"""The situations of the short part, and of what needs no link."""
BUSY: Final = tuple(each for each in SITUATIONS if each not in QUIET)
"""All others."""
TURNS: Final = tuple(each for each in STORIES if each.name in {"iterate", "ask for the text", "converse and iterate"})
"""The stories that are told on sockets in every situation; in memory all are."""


@pytest.fixture
def brisk_clock() -> trio.testing.MockClock:
    """Virtual time over real sockets, for thousands of short runs: both ends are in this thread, and loopback takes no time."""
    return trio.testing.MockClock(autojump_threshold=0.002)


def fits(story: Story, situation: Situation) -> bool:
    return not story.lanes_only or situation.client.steering


def played(stories: tuple[Story, ...], situations: tuple[Situation, ...]) -> list[object]:
    return [
        pytest.param(story, situation, id=f"{story.name}, {situation.name}")
        for story in stories
        for situation in situations
        if fits(story, situation)
    ]


@attrs.frozen
class Run:
    """What one run of a story came to."""

    checkpoints: int
    """How many there were until it ended."""
    by_call: Counter[str]
    """How many of them belong to each public call, if they were counted."""
    heard: str
    """What was heard."""
    cancelled: bool
    """Whether its caller was cancelled, and knows."""
    at_rest: int
    """How many tasks there were when nothing was under way any more."""


async def run(place: Place, story: Story, number: int = 0, moment: Moment = Moment.WAITING) -> Run:
    """Tell a story, cancel its caller at one of its checkpoints, and see that the session is fit."""
    heard = Heard()
    scope = trio.CancelScope()
    async with place.new_stage() as stage:
        checkpoints = Checkpoints(number, moment, scope, None if number else CALLS)
        with checkpoints, scope:
            await story.take(stage, heard)
        await rests(stage)
        at_rest = len(own_tasks(place.servers))
    return Run(checkpoints.count, checkpoints.by_call, heard.text, scope.cancelled_caught, at_rest)


async def cancelled_everywhere(place: Place, story: Story) -> int:
    """Tell a story once for each checkpoint and moment; returns how many checkpoints there were."""
    undisturbed = await run(place, story)
    await trio.testing.wait_all_tasks_blocked(0.002)
    before, sockets = own_tasks(place.servers), open_sockets()
    assert story.heard == undisturbed.heard
    number = 0
    while True:
        number += 1
        seen = 0
        for moment in Moment:
            try:
                each = await run(place, story, number, moment)
                await trio.testing.wait_all_tasks_blocked(0.002)
                assert story.heard.startswith(each.heard)
                assert each.cancelled or story.heard == each.heard
                assert undisturbed.at_rest == each.at_rest
                assert before == own_tasks(place.servers)
                assert sockets == open_sockets()
            except (AssertionError, trio.TooSlowError) as error:
                error.add_note(f"cancelled at checkpoint {number}, {moment.value}")
                raise
            seen = max(seen, each.checkpoints)
        if seen < number:
            return number - 1


@pytest.mark.parametrize("story, situation", played(STORIES, QUIET))
@pytest.mark.original("B112")
async def test_in_memory(
    story: Story, situation: Situation, tmp_path: Path, nursery: trio.Nursery, autojump_clock: trio.testing.MockClock
) -> None:
    async with open_place(MEMORY, situation, tmp_path, nursery) as place:
        assert 1 <= await cancelled_everywhere(place, story)


@pytest.mark.cancellation
@pytest.mark.parametrize("story, situation", played(STORIES, BUSY))
async def test_in_memory_while_something_else_is_under_way(
    story: Story, situation: Situation, tmp_path: Path, nursery: trio.Nursery, autojump_clock: trio.testing.MockClock
) -> None:
    async with open_place(MEMORY, situation, tmp_path, nursery) as place:
        assert 1 <= await cancelled_everywhere(place, story)


@pytest.mark.cancellation
@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("story, situation", [*played(STORIES, QUIET), *played(TURNS, BUSY)])
async def test_on_sockets(
    story: Story, situation: Situation, wire: str, tmp_path: Path, nursery: trio.Nursery, brisk_clock: trio.testing.MockClock
) -> None:
    async with open_place(wire, situation, tmp_path, nursery) as place:
        assert 1 <= await cancelled_everywhere(place, story)


@pytest.mark.cancellation
@pytest.mark.parametrize("story", [*(story for story in STORIES if story.over_http), *OUT_OF_BAND], ids=lambda story: story.name)
@pytest.mark.parametrize("situation", QUIET, ids=lambda situation: situation.name)
async def test_over_http(
    story: Story, situation: Situation, tmp_path: Path, nursery: trio.Nursery, brisk_clock: trio.testing.MockClock
) -> None:
    async with open_place(HTTP, situation, tmp_path, nursery) as place:
        assert 1 <= await cancelled_everywhere(place, story)
