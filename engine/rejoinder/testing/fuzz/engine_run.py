"""One plot, run on the whole engine: the steps are taken, callers listen, and then everything is left to itself until it is over.

Rules of this file
* Steps are taken in the session's block; when a step leaves it, the rest are taken behind it.
* Every wait is bounded in virtual time, and the steps of all tasks are counted: what hangs or spins is ended and reported.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, final

import attrs
import trio
import trio.testing

from rejoinder.engine.endpoint import Endpoint
from rejoinder.engine.observations import Observation
from rejoinder.engine.session import open_session
from rejoinder.engine.settings import Settings
from rejoinder.states.phases import ResponsePhase
from rejoinder.testing.fuzz.engine_callers import Callers, Handler
from rejoinder.testing.fuzz.engine_checks import after_the_session, while_all_is_quiet
from rejoinder.testing.fuzz.engine_diary import Broken, Diary, Observed, Stepped
from rejoinder.testing.fuzz.engine_hearing import Hearing
from rejoinder.testing.fuzz.engine_plots import (
    Ask,
    Closing,
    Cut,
    End,
    Freeze,
    Interrupt,
    Plot,
    Say,
    Settle,
    Step,
    Wait,
    WarmUp,
)
from rejoinder.testing.fuzz.engine_sockets import Sockets, Strike
from rejoinder.testing.fuzz.manners import answers_of
from rejoinder.testing.memory_network import LinkPlan, MemoryNetwork

__all__ = ["Run"]

PATIENCE: Final = 600.0
"""Virtual seconds beyond the turn deadline in which a caller that is slow, but not stuck, must be over."""
REST: Final = 8.0
"""Seconds that an abandoned response may occupy its lane, and more; and how often it may take as long."""
RESTS: Final = 8
MOST_STEPS: Final = 20_000
"""Steps of all tasks together after which a program is taken to spin; a long one takes some hundreds."""
AT_REST: Final = frozenset({ResponsePhase.IDLE, ResponsePhase.QUARANTINED})


class LeaveError(Exception):
    """What a user raises inside the session's block, in a plot that wants it."""


@final
class Steps(trio.abc.Instrument):
    """Counts the steps of all tasks, and cancels a scope when there are too many."""

    def __init__(self, scope: trio.CancelScope) -> None:
        self.count = 0
        self._scope = scope

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        """Count one."""
        del task
        self.count += 1
        if self.count == MOST_STEPS:
            self._scope.cancel()


@final
@attrs.define(eq=False)
class Run:
    """One plot on its way; ``main`` is what trio runs."""

    plot: Plot
    handler: Handler
    endpoint: Endpoint
    settings: Settings
    sockets: Sockets
    diary: Diary
    callers: Callers | None = None
    """The callers; None until the session is open."""
    crash: BaseException | None = None
    """What left the engine, or the handler, and should not have."""

    @classmethod
    def of(cls, plot: Plot, handler: Handler, endpoint: Endpoint, settings: Settings) -> Run:
        """A run of ``plot``; pass its ``main`` to ``trio.run``."""
        server = plot.setup.server(answers_of([step.manner for step in plot.steps if isinstance(step, Ask)]))
        diary = Diary()
        network = MemoryNetwork(server, plot.plans, LinkPlan(latency=plot.latency))
        return cls(plot, handler, endpoint, settings, Sockets(network, diary), diary)

    @property
    def hearings(self) -> Sequence[Hearing]:
        """What each caller heard."""
        return () if self.callers is None else self.callers.hearings

    @property
    def patience(self) -> float:
        """Seconds in which every caller that is there must be over."""
        return self.settings.policy.deadlines.turn + PATIENCE

    async def main(self) -> None:
        """Take all steps, and wait until all is over."""
        waits = sum(step.seconds for step in self.plot.steps if isinstance(step, Wait))
        everything = trio.CancelScope(deadline=trio.current_time() + waits + 2 * self.patience + RESTS * REST)
        steps = Steps(everything)
        trio.lowlevel.add_instrument(steps)
        with everything:
            async with trio.open_nursery() as nursery:
                await self._conduct(nursery)
                if self.callers is not None:
                    await self.callers.until_over(self.patience)
                nursery.cancel_scope.cancel()
        if self.callers is not None:
            self.crash = self.crash or self.callers.crash
        if everything.cancelled_caught:
            self._write([Broken(8, f"the program does not end: {steps.count} steps in {trio.current_time():g} s")])

    def _write(self, broken: Iterable[Broken]) -> None:
        """Write down what is broken now."""
        for each in broken:
            self.diary.write(each)

    # -- the session -------------------------------------------------------------------------------------------------------

    async def _conduct(self, nursery: trio.Nursery) -> None:
        """Open the session, take the steps, close it, and take the steps that are left."""
        steps = iter(enumerate(self.plot.steps))
        living = trio.lowlevel.current_statistics().tasks_living
        began = math.inf
        try:
            with trio.CancelScope() as around:
                async with open_session(self.endpoint, self.settings, connector=self.sockets.connect) as session:
                    session.observe(self._observed)
                    self.callers = callers = Callers(self.handler, self.diary, nursery, session)
                    closing = await self._take(steps, callers)
                    if closing is None:
                        await callers.until_over(self.patience)
                        await self._until_rest(callers)
                    callers.closed, began = True, trio.current_time()
                    await _leave(closing, around)
        except LeaveError:
            pass
        except Exception as error:  # noqa: BLE001 - whatever leaves the engine is what is looked for
            self.crash = error
        if self.callers is not None:
            self.callers.closed = True
            tasks = trio.lowlevel.current_statistics().tasks_living - len(nursery.child_tasks)
            self._look_at_what_is_left(self.callers, trio.current_time() - began, tasks - living)
            await self._take(steps, self.callers)

    def _look_at_what_is_left(self, callers: Callers, took: float, tasks: int) -> None:
        """Nothing outlives the session, and it did not take long to go."""
        allowed = self.settings.close_deadline
        if took > allowed:
            self._write([Broken(8, f"the session took {took:g} s to close, where {allowed:g} s are allowed")])
        if tasks:
            self._write([Broken(8, f"{tasks} tasks outlive the session")])
        for hearing in callers.hearings:
            if hearing.response is not None and hearing.response.outcome is None:
                self._write([Broken(3, f"{hearing} has no outcome after the session's end")])
        self._write(after_the_session(callers.session.statistics(), self.sockets, self.diary))

    def _observed(self, what: Observation) -> None:
        self.sockets.observed(what)
        self.diary.write(Observed(what))

    async def _until_rest(self, callers: Callers) -> None:
        """Time alone brings every lane to rest."""
        for _ in range(RESTS):
            if AT_REST.issuperset(callers.session.statistics().lanes.values()):
                break
            await trio.sleep(REST)
        else:
            self._write([Broken(8, f"lanes do not come to rest: {callers.session.statistics().lanes}")])
        await self._settle(callers)

    # -- steps -------------------------------------------------------------------------------------------------------------

    async def _take(self, steps: Iterator[tuple[int, Step]], callers: Callers) -> Closing | None:
        """Take steps until the session is to be closed, or there are none left."""
        for number, step in steps:
            self.diary.write(Stepped(number))
            if not isinstance(step, End):
                await self._take_one(step, callers)
            elif not callers.closed:
                return step.how
        return None

    async def _take_one(self, step: Ask | WarmUp | Interrupt | Settle | Wait | Strike, callers: Callers) -> None:
        match step:
            case Ask():
                callers.ask(step)
            case WarmUp():
                callers.warm_up()
            case Interrupt():
                callers.interrupt(step)
            case Settle():
                await self._settle(callers)
            case Wait():
                await trio.sleep(step.seconds)
            case Cut() | Freeze() | Say():
                self.sockets.strike(step)

    async def _settle(self, callers: Callers) -> None:
        """Let everything happen that can happen now, and look at what there is then."""
        await trio.testing.wait_all_tasks_blocked()
        if not callers.closed:
            self._write(while_all_is_quiet(callers.session.statistics(), self.sockets, self.settings))


async def _leave(closing: Closing | None, around: trio.CancelScope) -> None:
    """Leave the session's block in the way of the plot."""
    if closing is Closing.CANCEL:
        around.cancel()
        await trio.lowlevel.checkpoint()
    if closing is Closing.ERROR:
        raise LeaveError
