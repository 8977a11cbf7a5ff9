"""Runs of the cancellation stories: which story is told where, what one run comes to, and how many points there are in all.

Rules of this file
* A story and a situation are a pair; ``PAIRS`` says for each transport which pairs are told there.
* The points are those of undisturbed runs. In memory their number is exact. On sockets it depends on how bytes are cut into reads,
  and the page says how many there are at least.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final

import attrs
import trio

from harness.cancelled_stories import OUT_OF_BAND, STORIES, Heard, Story
from harness.checkpoints import Checkpoints, Moment
from harness.loopback import own_tasks
from harness.public_calls import public_calls
from harness.stages import HTTP, MEMORY, SITUATIONS, Place, Situation, open_place, rests
from harness.wires import WIRES

__all__ = ["BUSY", "CALLS", "NEVER_WAIT", "PAIRS", "QUIET", "Points", "Run", "count_points", "pairs", "run"]

Pair = tuple[Story, Situation]

CALLS: Final = public_calls()
"""The name of each public call that can wait, by its code."""
NEVER_WAIT: Final[Mapping[str, str]] = MappingProxyType(
    {
        "Recording.__aenter__": "a recording runs since it was made",
        "Turn.leave": "it cancels, and a cancel waits for nobody",
    }
)
"""Calls that could wait as far as their form goes, and why they have no checkpoint."""
QUIET: Final = tuple(each for each in SITUATIONS if each.name in {"first dial", "lanes, idle"})
"""The situations of the short part, and of what needs no link."""
BUSY: Final = tuple(each for each in SITUATIONS if each not in QUIET)
"""All others."""
TURNS: Final = tuple(each for each in STORIES if each.name in {"iterate", "ask for the text", "converse and iterate"})
"""The stories that are told on sockets in every situation; in memory all are."""


def pairs(stories: Sequence[Story], situations: Sequence[Situation]) -> list[Pair]:
    """Every story in every situation that it fits."""
    return [
        (story, situation) for story in stories for situation in situations if situation.client.steering or not story.lanes_only
    ]


ON_SOCKETS: Final = (*pairs(STORIES, QUIET), *pairs(TURNS, BUSY))
PAIRS: Final[Mapping[str, Sequence[Pair]]] = MappingProxyType(
    {
        MEMORY: pairs(STORIES, SITUATIONS),
        **dict.fromkeys(WIRES, ON_SOCKETS),
        HTTP: pairs([*(story for story in STORIES if story.over_http), *OUT_OF_BAND], QUIET),
    }
)
"""What is told on each transport."""


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
    """Tell a story, cancel its caller at one of its checkpoints (0 for none), and see that the session is fit."""
    heard = Heard()
    scope = trio.CancelScope()
    async with place.new_stage() as stage:
        checkpoints = Checkpoints(number, moment, scope, None if number else CALLS)
        with checkpoints, scope:
            await story.take(stage, heard)
        # At once, and before anything else can happen: whoever has left asks for nothing any more.
        assert story.goes_on or {} == stage.session.statistics().requests
        await rests(stage)
        at_rest = len(own_tasks(place.servers))
    return Run(checkpoints.count, checkpoints.by_call, heard.text, scope.cancelled_caught, at_rest)


@attrs.frozen
class Points:
    """How many checkpoints there are in everything that is told on a transport."""

    by_call: Counter[str]
    """Those of each public call; one of a call within a call is both's."""
    in_all: int
    """All of them, each once."""


async def count_points(transport: str, folder: Path) -> Points:
    """Tell everything that is told on a transport, undisturbed, and count."""
    by_call, in_all = Counter[str](), 0
    for story, situation in PAIRS[transport]:
        async with trio.open_nursery() as nursery, open_place(transport, situation, folder, nursery) as place:
            told = await run(place, story)
        by_call += told.by_call
        in_all += told.checkpoints
    return Points(by_call, in_all)
