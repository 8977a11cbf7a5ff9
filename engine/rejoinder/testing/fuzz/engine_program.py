"""The whole engine, fuzzed: programs in one ``trio.run`` each, on a virtual clock, with a network in memory.

Point it at a handler of your own::

    class MyProgram(EngineProgram):
        async def handle(self, response: Response) -> None:
            await self.app.speak(response)

        def transcript(self, request: int) -> str | None:
            return self.app.spoken.get(request)

    test_my_handler = program_test(MyProgram, examples=200)

Rules of this file
* A plot (``engine_plots.py``) is drawn first and then run. A ``RuleBasedStateMachine`` would have to ask a live ``trio.run`` for
  each next step, and could neither print nor replay what it asked; a plot is data.
* Nothing waits in real time: the clock jumps to the next deadline as soon as nobody can run. A program that hangs is found because
  its time is bounded, and time costs nothing; one that spins, because its steps are.
* The same plot gives the same diary: the order in which trio lets tasks run is drawn with the plot (``engine_schedule.py``).
* What is broken is raised as ``BrokenPromise`` with a story: the plot in words, and what happened.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext
from typing import ClassVar, Final

import attrs
import hypothesis
import trio
from hypothesis import strategies as st
from trio.testing import MockClock

from rejoinder.engine.endpoint import Endpoint
from rejoinder.engine.response import Response
from rejoinder.engine.settings import Settings
from rejoinder.states.profiles import Deadlines
from rejoinder.states.session import Session as Lifecycle
from rejoinder.states.trace import Fed
from rejoinder.testing.fuzz.broken_promise import BrokenPromise
from rejoinder.testing.fuzz.engine_diary import Diary
from rejoinder.testing.fuzz.engine_plots import Plot
from rejoinder.testing.fuzz.engine_run import Run
from rejoinder.testing.fuzz.engine_schedule import scheduled
from rejoinder.testing.fuzz.engine_story import story
from rejoinder.testing.fuzz.engine_strategies import PLOTS
from rejoinder.testing.fuzz.engine_verdict import said_by_the_engine, verdict
from rejoinder.testing.fuzz.setups import Setup
from rejoinder.testing.fuzz.watch import Failing, Watch

__all__ = ["EngineProgram", "program_test"]

QUICK: Final = Deadlines(first_output=40.0, gap=50.0, retire=60.0, queue=100.0, turn=200.0)
"""The long deadlines made shorter, in the same order: hours cost nothing, but the pings of hours do."""
URL: Final = "ws://localhost/v1/responses"
KEY: Final = "no-key"


class EngineProgram:
    """One program on the whole engine: make a subclass, override what is yours, give it to ``program_test``.

    One instance runs one plot, so what a handler collects belongs on ``self``.
    """

    plots: ClassVar[st.SearchStrategy[Plot]] = PLOTS
    """What is drawn; ``plots(setups)`` makes narrower ones."""
    sometimes: ClassVar[Counter[str]] = Counter()
    """What happened, over all programs; each subclass has its own."""
    watch: ClassVar[Watch | None] = None
    """Who watches the programs of this class, and is given the session and the trace of one that fails."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.sometimes = Counter()

    # -- for you to override -------------------------------------------------------------------------------------------------

    async def handle(self, response: Response) -> None:
        """Consume one response: your code. Called in a task of its own, inside the block of ``respond``.

        It may be broken off at any await: by ``trio.Cancelled``, by somebody who cancels the response (iteration then ends as it
        always ends), by any error that iteration raises. It may raise ``ResponseError``, or catch it; any other exception fails the
        program. When it returns, the block is left.
        """
        async for _ in response:
            pass

    def transcript(self, request: int) -> str | None:
        """What your code believes were the words of the response with this number (``Response.number``), asked after all is over.

        It is compared with the words that your code had taken from the response when it left, whichever way it left. None: it
        believes nothing, and nothing is compared; the default.
        """
        del request
        return None

    def endpoint(self, setup: Setup) -> Endpoint:
        """The endpoint; its profile has to be one that can talk to ``setup``'s server."""
        return Endpoint(URL, api_key=KEY, profile=setup.profile)

    def settings(self, plot: Plot) -> Settings:
        """The settings of the session: yours, if a handler relies on them."""
        return Settings(
            policy=attrs.evolve(plot.setup.policy, deadlines=QUICK),
            buffer_limit=plot.buffer_limit,
            preconnect=plot.preconnect,
        )

    # -- running -------------------------------------------------------------------------------------------------------------

    @classmethod
    def run(cls, plot: Plot) -> Diary:
        """Run ``plot`` by itself, to the end, and return its diary.

        Raises ``BrokenPromise`` at whatever was broken, or what the handler raised; the notes of either tell the story.
        """
        program = cls()
        run = Run.of(plot, program, program.endpoint(plot.setup), program.settings(plot))
        watch = cls.watch
        overhearing = nullcontext(list[Fed]()) if watch is None else watch.overhearing()
        with scheduled(plot.schedule), said_by_the_engine() as said, overhearing as feds:
            trio.run(run.main, clock=MockClock(autojump_threshold=0), strict_exception_groups=True)
        broken = [*verdict(run, cls.sometimes), *(BrokenPromise(7, f"the engine logged: {line}") for line in said)]
        failure = run.crash or next(iter(broken), None)
        if watch is not None:
            watch.counted["steps"] += len(plot.steps)
        if failure is not None:
            if watch is not None:
                watch.failing = Failing(Lifecycle(run.endpoint.profile, run.settings.policy), feds, failure)
            failure.add_note("\n".join([*story(plot, run.diary), f"Again: {cls.__name__}.run({plot})"]))
            raise failure
        return run.diary


def program_test(
    program: type[EngineProgram] = EngineProgram, *, examples: int | None = None, settings: hypothesis.settings | None = None
) -> Callable[[], None]:
    """Make a test that runs programs drawn by Hypothesis; pytest collects it by the name that it is given.

    ``examples`` is how many; None leaves that to ``settings``, and None for those is the Hypothesis profile in force. A deadline in
    real time is left out: it would measure the machine. A failing program is shrunk, and raised with its story.
    """

    def test(plot: Plot) -> None:
        program.run(plot)

    # Hypothesis keeps failing examples by name.
    test.__name__ = f"test_{program.__name__}"
    test.__qualname__ = f"program_test.{program.__qualname__}"
    test.__module__ = program.__module__
    test.__doc__ = program.__doc__
    chosen = hypothesis.settings(settings, deadline=None)
    # Hypothesis' explanation names lines of ours, and takes longer than all the rest; the story says more.
    chosen = hypothesis.settings(chosen, phases=[phase for phase in chosen.phases if phase is not hypothesis.Phase.explain])
    if examples is not None:
        chosen = hypothesis.settings(chosen, max_examples=examples)
    return chosen(hypothesis.given(plot=program.plots)(test))
