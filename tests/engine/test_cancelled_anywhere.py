"""A caller is cancelled at every await of every public call, and the session is as good as new each time.

The calls are found, not listed, and so are the awaits: a run counts the caller's checkpoints, and there are two runs for each in
which the caller is cancelled there: while it waits, and when it is about to go on. ``docs/robustness.md`` says how many there are
of each call.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest
import trio
import trio.testing

from harness.cancelled_runs import BUSY, CALLS, NEVER_WAIT, PAIRS, QUIET, count_points, pairs, run
from harness.cancelled_stories import STORIES, Story
from harness.checkpoints import Moment
from harness.loopback import open_sockets, own_tasks
from harness.stages import HTTP, MEMORY, Place, Situation, open_place
from harness.wires import WIRES
from quality.robustness_page import PAGE, points_in
from rejoinder.engine import Conversation, Response
from rejoinder.engine.call_desk import CallDesk

STATED: Final = points_in(PAGE.read_text("utf-8"))


def told(given: list[tuple[Story, Situation]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        "story, situation", [pytest.param(*pair, id=f"{pair[0].name}, {pair[1].name}") for pair in given]
    )


@pytest.fixture
def brisk_clock() -> trio.testing.MockClock:
    """Virtual time over real sockets, for thousands of short runs: both ends are in this thread, and loopback takes no time."""
    return trio.testing.MockClock(autojump_threshold=0.002)


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
                assert open_sockets() <= sockets
            except (AssertionError, trio.TooSlowError) as error:
                error.add_note(f"cancelled at checkpoint {number}, {moment.value}")
                raise
            seen = max(seen, each.checkpoints)
        if seen < number:
            return number - 1


@told(pairs(STORIES, QUIET))
@pytest.mark.original("B112")
async def test_in_memory(
    story: Story, situation: Situation, tmp_path: Path, nursery: trio.Nursery, autojump_clock: trio.testing.MockClock
) -> None:
    async with open_place(MEMORY, situation, tmp_path, nursery) as place:
        assert 1 <= await cancelled_everywhere(place, story)


@pytest.mark.cancellation
@told(pairs(STORIES, BUSY))
async def test_in_memory_while_something_else_is_under_way(
    story: Story, situation: Situation, tmp_path: Path, nursery: trio.Nursery, autojump_clock: trio.testing.MockClock
) -> None:
    async with open_place(MEMORY, situation, tmp_path, nursery) as place:
        assert 1 <= await cancelled_everywhere(place, story)


@pytest.mark.cancellation
@pytest.mark.parametrize("wire", WIRES)
@told(list(PAIRS[WIRES[0]]))
async def test_on_sockets(  # noqa: PLR0917 - parameters and fixtures
    story: Story,
    situation: Situation,
    wire: str,
    tmp_path: Path,
    nursery: trio.Nursery,
    brisk_clock: trio.testing.MockClock,
) -> None:
    async with open_place(wire, situation, tmp_path, nursery) as place:
        assert 1 <= await cancelled_everywhere(place, story)


@pytest.mark.cancellation
@told(list(PAIRS[HTTP]))
async def test_over_http(
    story: Story, situation: Situation, tmp_path: Path, nursery: trio.Nursery, brisk_clock: trio.testing.MockClock
) -> None:
    async with open_place(HTTP, situation, tmp_path, nursery) as place:
        assert 1 <= await cancelled_everywhere(place, story)


# -- that it can fail --------------------------------------------------------------------------------------------------------


def _nothing(*_: object) -> None:
    """What a method does that was forgotten."""


@pytest.mark.parametrize(
    "owner, method, story, found",
    [
        pytest.param(Response, "cancel", "iterate", "cancelled at checkpoint", id="whoever leaves cancels nothing"),
        pytest.param(Conversation, "end", "a conversation", "response to this conversation is running", id="a talk stays taken"),
        pytest.param(CallDesk, "close", "converse and iterate", "cancelled at checkpoint", id="calls stay unanswered"),
    ],
)
async def test_a_planted_leak_is_found(  # noqa: PLR0917 - parameters and fixtures
    owner: type,
    method: str,
    story: str,
    found: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    nursery: trio.Nursery,
    autojump_clock: trio.testing.MockClock,
) -> None:
    monkeypatch.setattr(owner, method, _nothing)
    (told_of,) = [each for each in STORIES if each.name == story]
    async with open_place(MEMORY, QUIET[1], tmp_path, nursery) as place:
        with pytest.raises(Exception, match=found):
            await cancelled_everywhere(place, told_of)


# -- the points --------------------------------------------------------------------------------------------------------------


def test_every_public_call_has_points() -> None:
    """A call that is missing needs a story in ``tests/harness/cancelled_stories.py``; then write the page anew."""
    with_points = {call for call, counts in STATED.items() if any(counts.values())}

    assert set(CALLS.values()) - set(NEVER_WAIT) == with_points
    assert set(STATED) - with_points == set(NEVER_WAIT)


@pytest.mark.slow
async def test_points_in_memory_are_those_of_the_page(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> None:
    """Anew: ``python tests/quality/robustness_page.py``."""
    points = await count_points(MEMORY, tmp_path)

    assert {call: counts[MEMORY] for call, counts in STATED.items() if counts[MEMORY]} == dict(points.by_call)


@pytest.mark.cancellation
@pytest.mark.parametrize("transport", [*WIRES, HTTP])
async def test_there_are_as_many_points_on_sockets_as_the_page_says(
    transport: str, tmp_path: Path, brisk_clock: trio.testing.MockClock
) -> None:
    points: Any = (await count_points(transport, tmp_path)).by_call
    stated = {call: counts[transport] for call, counts in STATED.items()}

    assert {} == {call: (count, points[call]) for call, count in stated.items() if points[call] < count}
