"""The callers of a plot: a task for each, from its asking to the end of its interest.

Rules of this file
* Callers live outside of the session's block: so they are there when it is left, whichever way, and see what becomes of them.
* Whatever leaves a caller is written down; what is no error of the engine's is the handler's own, and fails the program.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Protocol, final

import attrs
import trio

from rejoinder.engine.errors import RejoinderError
from rejoinder.engine.response import Response
from rejoinder.engine.session import Session
from rejoinder.states.verdicts import OutcomeKind
from rejoinder.testing.fuzz.engine_checks import at_the_end_of_a_caller
from rejoinder.testing.fuzz.engine_diary import Began, Broken, Diary
from rejoinder.testing.fuzz.engine_hearing import Hearing
from rejoinder.testing.fuzz.engine_plots import Ask, Interrupt, Leaving, Moment, Way
from rejoinder.testing.fuzz.setups import fields_of
from rejoinder.testing.fuzz.wishes import TOO_LONG, Wish, pick
from rejoinder.testing.input_items import user

__all__ = ["Callers", "Handler"]

SILENT: Final = frozenset({OutcomeKind.CANCELLED, OutcomeKind.COMPLETED, OutcomeKind.INCOMPLETE})
"""How a response can have ended whose iteration then raises nothing."""


class Handler(Protocol):
    """What a program hands to its run."""

    async def handle(self, response: Response) -> None:
        """Consume one response."""
        ...

    def transcript(self, request: int) -> str | None:
        """What it believes was said."""
        ...


@final
@attrs.define(eq=False)
class Callers:
    """Everybody who asks."""

    handler: Handler
    diary: Diary
    nursery: trio.Nursery
    """Where they live."""
    session: Session
    """Whom they ask."""
    hearings: list[Hearing] = attrs.field(factory=list[Hearing])
    """What each of them hears, in the order of asking; warm-ups too."""
    closed: bool = False
    """Whether the session's block is being left, or was."""
    crash: BaseException | None = None
    """What left a caller that no error of the engine's explains; the first, if there were several."""
    _changed: trio.Event = attrs.field(factory=trio.Event)

    @property
    def running(self) -> Sequence[Hearing]:
        """Those who are not over."""
        return [hearing for hearing in self.hearings if not hearing.over]

    def ask(self, step: Ask) -> None:
        """Let somebody ask."""
        earlier = self.hearings
        ended = [hearing for hearing in earlier if hearing.over]
        items: Sequence[Any] = [user("Hi")]
        if step.wish is Wish.GO_ON and ended:
            items = [*pick(ended, step.index).next_turn, user("Go on")]
        elif step.wish is Wish.AGAIN and earlier:
            items = pick(earlier, step.index).items
        elif step.wish is Wish.TOO_MUCH:
            items = [user(TOO_LONG)]
        hearing = self._begin(step, items)
        self.nursery.start_soon(self._call, hearing)
        leaving = hearing.leaving_at(Moment.SECONDS)
        if leaving is not None:
            self.nursery.start_soon(_break_off, hearing, leaving)

    def warm_up(self) -> None:
        """Let somebody warm the session up."""
        self.nursery.start_soon(self._warm_up, self._begin(Ask(), [user("Hi")]))

    def interrupt(self, step: Interrupt) -> None:
        """Break somebody off, if anybody is there."""
        if self.running:
            pick(self.running, step.index).leave(step.how)

    async def until_over(self, seconds: float) -> None:
        """Wait for all of them, at most so long; who is not over then never will be."""
        with trio.move_on_after(seconds) as patience:
            while self.running:
                self._changed = trio.Event()
                await self._changed.wait()
        if patience.cancelled_caught:
            for hearing in self.running:
                self.diary.write(Broken(8, f"{hearing} waits for ever: {hearing.response}"))
                hearing.over = True
                hearing.scope.cancel()

    def _begin(self, step: Ask, items: Sequence[Any]) -> Hearing:
        hearing = Hearing(len(self.hearings) + 1, step, tuple(items), self.diary)
        self.hearings.append(hearing)
        return hearing

    async def _call(self, hearing: Hearing) -> None:
        with hearing.scope:
            try:
                async with self.session.respond(hearing.items, **fields_of(hearing.number)) as response:
                    self.diary.write(Began(hearing.number, response.number))
                    hearing.listen(response)
                    await self._consume(hearing, response)
            except RejoinderError as error:
                hearing.error = error
            except Exception as error:  # noqa: BLE001 - the handler's own, or one that the engine should not raise
                self.crash = self.crash or error
        hearing.left("over")
        if hearing.response is not None and hearing.cancelled and hearing.response.status in SILENT:
            # Somebody who has left may ask again and hears nothing.
            async for _ in hearing.response:
                pass
        self._end(hearing)

    async def _consume(self, hearing: Hearing, response: Response) -> None:
        if hearing.ask.way is Way.HANDLE:
            await self.handler.handle(response)
        elif hearing.ask.way is Way.WHOLE:
            await response.text()
        elif hearing.ask.events:
            async for _ in response:
                if len(hearing.taken) >= hearing.ask.events:
                    break

    async def _warm_up(self, hearing: Hearing) -> None:
        with hearing.scope:
            try:
                await self.session.warm_up(hearing.items, **fields_of(hearing.number))
            except RejoinderError as error:
                hearing.error = error
            except Exception as error:  # noqa: BLE001 - one that the engine should not raise
                self.crash = self.crash or error
        self._end(hearing)

    def _end(self, hearing: Hearing) -> None:
        hearing.over = True
        self._changed.set()
        for broken in at_the_end_of_a_caller(hearing, closed=self.closed):
            self.diary.write(broken)


async def _break_off(hearing: Hearing, leaving: Leaving) -> None:
    await trio.sleep(leaving.count)
    if not hearing.over:
        hearing.leave(leaving.how)
