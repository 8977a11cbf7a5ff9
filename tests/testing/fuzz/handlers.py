"""Handlers and programs for the tests of campaigns: one that is right, and some that are not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import ClassVar

from rejoinder.engine import Response
from rejoinder.states import OutcomeKind, Session
from rejoinder.states.content_events import OutputTextDelta
from rejoinder.states.effects import Deliver, Effect, Finish
from rejoinder.states.events import Event, Received
from rejoinder.testing.fuzz import LifecycleProgram
from rejoinder.testing.fuzz.engine_program import EngineProgram


class Right:
    """Says what comes, a piece late."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.said = defaultdict[int, str](str)
        self.held = defaultdict[int, str](str)

    def feed(self, event: Event, now: float) -> Sequence[Effect]:
        effects = self.session.feed(event, now)
        for effect in effects:
            if isinstance(effect, Finish):
                self.finish(effect)
            if isinstance(effect, Deliver | Finish):
                self.said[effect.request] += self.held.pop(effect.request, "")
            if isinstance(effect, Deliver) and isinstance(event, Received) and isinstance(event.frame, OutputTextDelta):
                self.held[effect.request] = event.frame.delta
        return effects

    def finish(self, effect: Finish) -> None:
        """Nothing more to do."""

    def transcript(self, request: int) -> str:
        return self.said[request] + self.held[request]


class Dropping(Right):
    """Drops the last piece when the caller leaves."""

    def finish(self, effect: Finish) -> None:
        if effect.outcome.kind is OutcomeKind.CANCELLED:
            self.held.pop(effect.request, None)


class TwiceWrong(Dropping):
    """Drops the last piece, and cannot cope with an interruption."""

    def finish(self, effect: Finish) -> None:
        super().finish(effect)
        if effect.outcome.kind is OutcomeKind.INTERRUPTED:
            raise KeyError("partial")


class RightProgram(LifecycleProgram):
    kind: ClassVar[type[Right]] = Right

    def make_handler(self, session: Session) -> Right:
        return self.kind(session)

    def transcript(self, handler: Right, request: int) -> str:
        return handler.transcript(request)


class DroppingProgram(RightProgram):
    kind: ClassVar[type[Right]] = Dropping


class TwiceWrongProgram(RightProgram):
    kind: ClassVar[type[Right]] = TwiceWrong


class HoldingProgram(EngineProgram):
    """Forgets the latest delta when it is broken off."""

    def __init__(self) -> None:
        self.said: dict[int, str] = {}

    async def handle(self, response: Response) -> None:
        self.said[response.number] = held = ""
        async for delta in response.text_deltas():
            self.said[response.number] += held
            held = delta
        self.said[response.number] += held

    def transcript(self, request: int) -> str | None:
        return self.said.get(request)


async def listen(response: Response) -> None:
    """Consume a response."""
    async for _ in response:
        pass
