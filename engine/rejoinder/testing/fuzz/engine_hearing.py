"""What one caller hears: the engine's own response, listened to from outside.

Rules of this file
* The handler under test gets a real ``Response``: nothing that it can do with one is missing. Its class is exchanged for one that
  writes down what comes, what is taken, and how it ends, and that breaks off where the plot says so.
* What is written down is exact: an event has *come* when the engine delivered it, and is *taken* when the caller has it in hand.
"""

from __future__ import annotations

import types
from typing import Any, Final, final

import attrs
import trio

from rejoinder.engine.errors import ResponseError
from rejoinder.engine.response import Response
from rejoinder.engine.result import Result
from rejoinder.states.content_events import OutputTextDelta
from rejoinder.states.stream_events import StreamEvent
from rejoinder.states.verdicts import Outcome, OutcomeKind
from rejoinder.testing.fuzz.broken_promise import TRANSCRIPT
from rejoinder.testing.fuzz.engine_diary import Broken, Came, Diary, Ended, Left, Took
from rejoinder.testing.fuzz.engine_plots import Ask, Exit, Leaving, Moment

__all__ = ["Hearing", "words_of"]


@final
@attrs.define(eq=False)
class Hearing:
    """One caller: what it wants, and what it heard."""

    number: int
    """The caller's number, from 1; every word that it may hear carries it."""
    ask: Ask
    """What it was told to do."""
    items: tuple[Any, ...]
    """What it asked."""
    diary: Diary = attrs.field(repr=False)
    scope: trio.CancelScope = attrs.field(factory=trio.CancelScope, repr=False)
    """The scope around the caller's task."""
    response: Response | None = None
    """What it got; None if there was none."""
    come: list[StreamEvent] = attrs.field(factory=list[StreamEvent])
    """What the engine delivered."""
    taken: list[StreamEvent] = attrs.field(factory=list[StreamEvent])
    """What the caller took by iterating."""
    outcomes: list[Outcome] = attrs.field(factory=list[Outcome])
    """What it was told at the end: one, if all is well."""
    error: BaseException | None = None
    """What its block was left by, if by an error."""
    over: bool = False
    """Whether its task has ended."""
    cancelled: bool = False
    """Whether somebody has cancelled it."""
    passed_over: bool = False
    """Whether it asked for the whole, so that events may have been passed over."""

    def __str__(self) -> str:
        return f"caller {self.number}"

    @property
    def words(self) -> str:
        """The words that the caller took by iterating, up to its leaving."""
        return words_of(self.taken)

    @property
    def next_turn(self) -> list[Any]:
        """What this caller asked, and what it knows was answered."""
        answered: list[Any] = [{"role": "assistant", "content": self.words}] if self.words else []
        outcome = self.outcomes[0] if self.outcomes else None
        if outcome is not None and outcome.kind is OutcomeKind.COMPLETED and outcome.response is not None:
            output: list[dict[str, Any]] = outcome.response["output"]
            calls = [item["call_id"] for item in output if item.get("type") == "function_call"]
            returned = [{"type": "function_call_output", "call_id": call, "output": "seen"} for call in calls]
            answered = [*(output or answered), *returned]
        return [*self.items, *answered]

    def listen(self, response: Response) -> None:
        """Write down what ``response`` does from now on."""
        self.response = response
        if response.outcome is not None:
            self.ended(response.outcome)
        vars(response)["hearing"] = self
        object.__setattr__(response, "__class__", HEARD)

    def leave(self, how: Exit) -> None:
        """Break the response off from outside of the handler, now."""
        if how is Exit.TASK:
            self.scope.cancel()
        elif self.response is not None:
            self.response.cancel()

    # -- what the response does ----------------------------------------------------------------------------------------------

    def came(self, event: StreamEvent) -> None:
        """Take note of an event that was delivered; the plot may want it to be the last."""
        self.diary.write(Came(self.number, event))
        self.come.append(event)
        leaving = self.leaving_at(Moment.COME)
        if leaving is not None and len(self.come) == leaving.count:
            self.leave(leaving.how)

    def ended(self, outcome: Outcome) -> None:
        """Take note of an outcome."""
        self.diary.write(Ended(self.number, outcome))
        self.outcomes.append(outcome)

    def left(self, how: str) -> None:
        """Take note of the end of the caller's interest."""
        self.diary.write(Left(self.number, how))

    async def before_taking(self) -> None:
        """Do what the plot wants before the caller takes an event."""
        if self.cancelled:
            return
        if self.ask.pace:
            await trio.sleep(self.ask.pace)
        leaving = self.leaving_at(Moment.TAKEN)
        if leaving is not None and len(self.taken) == leaving.count:
            self.leave(leaving.how)

    def heard_all(self, response: Response) -> None:
        """Iteration says that nothing more comes: then everything that came must have been taken, unless it was cancelled."""
        if self.cancelled or self.passed_over or self.taken == self.come:
            return
        lost = len(self.come) - len(self.taken)
        self.diary.write(
            Broken(
                TRANSCRIPT,
                f"iteration ended for caller {self.number} ({response.status}), and {lost} delivered events were never taken",
            )
        )

    def took(self, event: StreamEvent) -> None:
        """Take note of an event that the caller has in hand."""
        self.diary.write(Took(self.number, event))
        self.taken.append(event)

    def leaving_at(self, moment: Moment) -> Leaving | None:
        """How the plot breaks the response off, if it is at such a moment."""
        leaving = self.ask.leaving
        return leaving if leaving is not None and leaving.when is moment else None


def words_of(events: list[StreamEvent]) -> str:
    """The text in some events, joined."""
    return "".join(event.delta for event in events if type(event) is OutputTextDelta)


# -- the response, listened to ---------------------------------------------------------------------------------------------------


def _hearing(response: Response) -> Hearing:
    hearing: Hearing = vars(response)["hearing"]
    return hearing


def _push(response: Response, frame: StreamEvent, size: int) -> bool:
    enough = Response.push(response, frame, size)
    _hearing(response).came(frame)
    return enough


def _finish(response: Response, outcome: Outcome) -> None:
    _hearing(response).ended(outcome)
    Response.finish(response, outcome)


def _cancel(response: Response) -> None:
    hearing = _hearing(response)
    hearing.cancelled = True
    hearing.left("cancelled")
    Response.cancel(response)


async def _next(response: Response) -> StreamEvent:
    hearing = _hearing(response)
    await hearing.before_taking()
    try:
        event = await Response.__anext__(response)
    except (StopAsyncIteration, ResponseError):
        hearing.heard_all(response)
        raise
    hearing.took(event)
    return event


async def _result(response: Response) -> Result:
    hearing = _hearing(response)
    hearing.passed_over = True
    await hearing.before_taking()
    return await Response.result(response)


def _listening(namespace: dict[str, Any]) -> None:
    namespace.update(push=_push, finish=_finish, cancel=_cancel, __anext__=_next, result=_result)


HEARD: Final = types.new_class("Response", (Response,), exec_body=_listening)
"""The class of a response that is listened to."""
