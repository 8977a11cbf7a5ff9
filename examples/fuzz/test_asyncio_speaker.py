"""The same in asyncio: one task for each request, around the pure session; the program runs its loop until it is quiet."""

import asyncio
from collections.abc import Sequence

import pytest

from rejoinder.states import OutcomeKind, Session
from rejoinder.states.content_events import OutputTextDelta
from rejoinder.states.effects import Deliver, Effect, Finish
from rejoinder.states.events import Event, Received
from rejoinder.testing.fuzz import LifecycleProgram


class AsyncioSpeaker:
    """Says each answer in a task of its own, which is cancelled when the caller leaves."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.said: dict[int, str] = {}
        self.held: dict[int, str] = {}
        self.pieces: dict[int, asyncio.Queue[str | None]] = {}
        self.tasks: dict[int, asyncio.Task[None]] = {}

    async def handle(self, event: Event, now: float) -> Sequence[Effect]:
        """Let something happen, and hand it to the tasks."""
        effects = self.session.feed(event, now)
        for effect in effects:
            if isinstance(effect, Deliver) and isinstance(event, Received) and isinstance(event.frame, OutputTextDelta):
                self.start(effect.request)
                self.pieces[effect.request].put_nowait(event.frame.delta)
            elif isinstance(effect, Finish):
                self.start(effect.request)
                if effect.outcome.kind is OutcomeKind.CANCELLED:
                    self.tasks[effect.request].cancel()
                else:
                    self.pieces[effect.request].put_nowait(None)
        return effects

    def start(self, request: int) -> None:
        """Start the task that says an answer, unless it runs already."""
        if request not in self.tasks:
            self.pieces[request] = asyncio.Queue()
            self.tasks[request] = asyncio.create_task(self.speak(request))

    async def speak(self, request: int) -> None:
        """Say what comes, a piece late."""
        try:
            while (piece := await self.pieces[request].get()) is not None:
                self.say(request)
                self.held[request] = piece
        finally:
            self.say(request)

    def say(self, request: int) -> None:
        """Say what was held back."""
        self.said[request] = self.said.get(request, "") + self.held.pop(request, "")

    async def close(self) -> None:
        """End all tasks."""
        for task in self.tasks.values():
            task.cancel()
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)


@pytest.mark.rejoinder_fuzz(examples=100, steps=30)
class AsyncioSpeakerProgram(LifecycleProgram):
    """Anything that can happen to an ``AsyncioSpeaker``."""

    loop: asyncio.AbstractEventLoop

    def make_handler(self, session: Session) -> AsyncioSpeaker:
        """Return the handler under test. Its loop is made here, because a program may be dropped before it has a handler."""
        self.loop = asyncio.new_event_loop()
        return AsyncioSpeaker(session)

    def feed(self, handler: AsyncioSpeaker, event: Event, now: float) -> Sequence[Effect]:
        """Let something happen, and run the loop until every task waits for more."""
        effects = self.loop.run_until_complete(handler.handle(event, now))
        self.loop.run_until_complete(asyncio.sleep(0))
        self.loop.run_until_complete(asyncio.sleep(0))
        return effects

    def transcript(self, handler: AsyncioSpeaker, request: int) -> str:
        """Return the words that it has of a request."""
        return handler.said.get(request, "") + handler.held.get(request, "")

    def end_handler(self, handler: AsyncioSpeaker) -> None:
        """Close the loop; a program that failed leaves tasks behind."""
        self.loop.run_until_complete(handler.close())
        self.loop.close()


TestAsyncioSpeaker = AsyncioSpeakerProgram.TestCase
