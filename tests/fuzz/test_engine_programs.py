"""The whole engine, under whatever callers, networks and servers do: the promises hold, and what breaks one is found.

Rules of this file
* A planted fault must be found within ``BUDGET`` programs, drawn alike in every run; most take some dozens. Nothing is shrunk, but
  where the size of the story is the point.
"""

from __future__ import annotations

from typing import Final

import pytest
from hypothesis import Phase, settings

from fuzz.engine_plants import PLANTS, Plant
from rejoinder.engine import Response
from rejoinder.states.content_events import OutputTextDelta
from rejoinder.testing.fuzz.broken_promise import BrokenPromise
from rejoinder.testing.fuzz.engine_plots import Ask, Exit, Interrupt, Leaving, Moment, Plot, Settle
from rejoinder.testing.fuzz.engine_program import EngineProgram, program_test
from rejoinder.testing.fuzz.manners import Manner
from rejoinder.testing.fuzz.setups import Setup

EXAMPLES: Final = 4 * settings().max_examples
"""400 in CI, 20,000 in the deep profile."""
BUDGET: Final = settings(max_examples=2000, phases=[Phase.generate], derandomize=True, database=None, report_multiple_bugs=False)
SHRINKING: Final = settings(BUDGET, phases=[Phase.generate, Phase.shrink])

SOMETIMES: Final = (
    "reuse",
    "note: CancelRefused",
    "note: DrainOverdue",
    "note: Replay",
    "request: paused RetryDue",
    "request: sent Overflow",
    "request: sent SessionClosed",
    "request: waiting GaveUp",
    "request: waiting HedgeDue",
    "link: open Lost",
    "link: connecting DialFailed",
    "response: streaming Cancel",
    "response: draining Incomplete",
    "outcome: completed",
    "outcome: failed",
    "outcome: incomplete",
    "outcome: interrupted",
    "outcome: cancelled",
)
"""What must happen in some program, or the promises were kept by doing nothing."""


class Anything(EngineProgram):
    """Any program, and a handler that only iterates."""


def test_promises_hold_in_every_program_and_were_put_to_the_test() -> None:
    program_test(Anything, examples=EXAMPLES)()

    assert [] == [name for name in SOMETIMES if not Anything.sometimes[name]]


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.name)
def test_planted_fault_of_the_engine_is_found(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    plant.plant(monkeypatch)

    with pytest.raises(BrokenPromise, match=plant.broken):
        program_test(Anything, settings=BUDGET)()


# -- handlers ------------------------------------------------------------------------------------------------------------------


class Speaker(EngineProgram):
    """Takes down what it says."""

    def __init__(self) -> None:
        self.said: dict[int, str] = {}

    async def handle(self, response: Response) -> None:
        self.said[response.number] = ""
        async for delta in response.text_deltas():
            self.said[response.number] += delta

    def transcript(self, request: int) -> str | None:
        return self.said.get(request)


class Holding(Speaker):
    """Holds the latest delta back until there is another, and forgets it when it is interrupted."""

    async def handle(self, response: Response) -> None:
        self.said[response.number] = held = ""
        async for delta in response.text_deltas():
            self.said[response.number] += held
            held = delta
        self.said[response.number] += held


class Greedy(Speaker):
    """Believes that all was said that had come."""

    async def handle(self, response: Response) -> None:
        try:
            await super().handle(response)
        finally:
            self.said[response.number] = response.partial.text


class Muddled(Speaker):
    """Takes down everything on one page."""

    async def handle(self, response: Response) -> None:
        async for event in response:
            if isinstance(event, OutputTextDelta):
                page = max(self.said, default=response.number)
                self.said[page] = self.said.get(page, "") + event.delta


class Waiting(Speaker):
    """Takes the answer whole."""

    async def handle(self, response: Response) -> None:
        self.said[response.number] = await response.text()


@pytest.mark.parametrize("program", [Speaker, Waiting])
def test_right_handlers_pass(program: type[EngineProgram]) -> None:
    program_test(program, examples=settings().max_examples)()


@pytest.mark.parametrize("program", [Holding, Greedy, Muddled])
def test_handlers_that_lose_or_invent_words_are_found(program: type[EngineProgram]) -> None:
    with pytest.raises(BrokenPromise, match="promise 10: the transcript"):
        program_test(program, settings=BUDGET)()


def test_lost_delta_shrinks_to_one_caller_who_is_interrupted() -> None:
    with pytest.raises(BrokenPromise, match="promise 10") as caught:
        program_test(Holding, settings=SHRINKING)()

    story = caught.value.__notes__[0].splitlines()
    steps = [line for line in story if line[:2].strip().isdecimal()]
    assert 2 >= len(steps)
    assert any("output_text.delta" in line for line in story)


# -- found ---------------------------------------------------------------------------------------------------------------------


def test_words_that_wait_when_the_response_is_over_are_not_heard_after_a_cancel() -> None:
    """The server was done before the caller had taken a word; the caller cancelled, and heard all of it."""
    leaving = Leaving(Moment.COME, 8, Exit.CANCEL)

    Anything.run(Plot(steps=(Ask(manner=Manner(pieces=1, in_progress=False), leaving=leaving),)))


def test_a_cancel_is_sent_when_a_quarantined_response_gets_its_id() -> None:
    """Its order is that of the late ``created``, and not that of the cancel seven seconds before."""
    late = Manner(pieces=0, created_after=7.0)
    steps = (Ask(), Ask(manner=late), Ask(manner=late), Settle(), Interrupt())

    Anything.run(Plot(setup=Setup(provider="lanes", signal=True), steps=steps, buffer_limit=2000, schedule=2))
