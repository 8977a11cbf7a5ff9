"""A turn of a conversation with tools: ask, run what the model calls, ask again, until it calls nothing more.

Rules of this file
* ``states.turn`` decides what is next; each phase has one step here. Nothing happens behind the caller's back: a step is taken when
  the caller iterates, and only handlers run meanwhile, in the nursery of the block.
* A step that is cancelled can be taken again.
* However a turn ends, the conversation it leaves can be sent: everything the model called is answered.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self, cast, final

import trio

from rejoinder.states.chart import Move
from rejoinder.states.content_events import OutputTextDelta
from rejoinder.states.stream_events import StreamEvent
from rejoinder.states.turn import TURN_CHART, TurnEvent, TurnPhase
from rejoinder.states.verdicts import Outcome, OutcomeKind

from .call_desk import CallDesk
from .call_events import CallEvent, CallsStarted
from .conversation import Conversation
from .errors import InvalidRequest, RejoinderError, ResponseCancelled, TooManyRounds, unraised
from .nurseries import open_inner_nursery
from .response import Response
from .result import Result
from .tool import CANCEL_TOOL
from .tool_runner import CallRun
from .tools import Tools

if TYPE_CHECKING:
    from .session import Session

__all__ = ["Turn", "TurnItem", "TurnTextDeltas", "open_turn"]

TurnItem = StreamEvent | CallEvent
"""What iterating a turn gives."""


@final
class TurnTextDeltas:
    """The pieces of text of a turn, from ``Turn.text_deltas``. Iterate it."""

    def __init__(self, turn: Turn) -> None:
        self._turn: Final = turn

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> str:
        """The next piece."""
        async for event in self._turn:
            if type(event) is OutputTextDelta:
                return event.delta
        self._turn.raise_refusal()
        raise StopAsyncIteration


@final
class Turn:
    """One turn, from ``Session.converse``. Iterate its events, or ask for ``text()`` or ``result()``.

    The events of each response come as they are, in order, and between them what becomes of the calls (``CallsStarted``,
    ``CallFinished`` …). Iteration ends when the model calls nothing more. It raises what the responses raise, and
    ``TooManyRounds``; the conversation then holds everything up to there. Handlers begin when the turn is iterated beyond
    ``CallsStarted``. What background calls tell while a response is silent is given with its next event; observers hear it at once.
    """

    def __init__(
        self,
        session: Session,
        desk: CallDesk,
        nursery: trio.Nursery,
        *,
        tools: Tools | None,
        rounds: int,
        resources: object,
        fields: Mapping[str, Any],
    ) -> None:
        self.conversation: Final[Conversation] = desk.conversation
        """The conversation it is a turn of."""
        self.response: Response | None = None
        """The latest response; None before the first. ``conversation.heard`` takes it."""
        self.rounds = 0
        """How many responses there were so far."""
        self._session: Final = session
        self._desk: Final = desk
        self._nursery: Final = nursery
        self._tools: Final = Tools() if tools is None else tools
        self._most_rounds: Final = rounds
        self._resources: Final = resources
        self._fields: Final = dict(fields)
        self._offers_tools: Final = tools is not None
        self._phase = TurnPhase.READY
        self._events: deque[TurnItem] = cast("deque[TurnItem]", desk.events)
        self._announced: list[CallRun] = []
        self._runs: list[CallRun] = []
        self._error: RejoinderError | None = None
        self._stopped = False
        self._stack: Final = AsyncExitStack()

    def __repr__(self) -> str:
        return f"<Turn {self._phase}, {self.rounds} responses>"

    # -- for callers -------------------------------------------------------------------------------------------------------

    @property
    def running(self) -> Sequence[str]:
        """The ids of the calls that this turn waits for."""
        return [run.call.call_id for run in self._runs if run.is_open]

    def cancel(self) -> None:
        """Stop it, now: the response is cancelled, handlers of this turn are cancelled, nothing more is delivered.

        Background calls go on. Never waits, never raises, may be called at any time. The calls are answered when their handlers
        have ended, at the latest when the block is left. Leaving the block, or being cancelled inside it, does the same.
        """
        self._stopped = self._stopped or self._phase is not TurnPhase.ENDED
        self._events = deque()
        self._happen(TurnEvent.LEFT)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> TurnItem:
        """The next event. Can be cancelled each time."""
        await trio.lowlevel.checkpoint_if_cancelled()
        while not self._events:
            await self._STEPS[self._phase](self)
        return self._events.popleft()

    def text_deltas(self) -> TurnTextDeltas:
        """The pieces of text of all responses as they come: ``async for piece in turn.text_deltas()``.

        Ends and raises as iteration does, and raises ``ResponseRefused`` on a refusal. It may be left in the middle.
        """
        return TurnTextDeltas(self)

    async def text(self) -> str:
        """Wait for the end and return the text of the last response. Raises as ``result``, and ``ResponseRefused``."""
        result = await self.result()
        self.raise_refusal()
        return result.text

    async def result(self) -> Result:
        """Wait for the end and return what the last response came to; events that were not iterated are passed over.

        Raises what iteration raises, and ``ResponseCancelled`` if the turn was cancelled.
        """
        async for _ in self:
            pass
        partial = Result(None, "cancelled", (), None) if self.response is None else self.response.partial
        if self._stopped:
            raise ResponseCancelled(Outcome(OutcomeKind.CANCELLED), partial)
        return partial

    # -- for the session ---------------------------------------------------------------------------------------------------

    def raise_refusal(self) -> None:
        """Raise ``ResponseRefused`` if the model declined in its last response."""
        if self.response is not None and not self._stopped:
            self.response.raise_refusal()

    async def leave(self) -> None:
        """The block is being left."""
        self.cancel()
        await self._stack.aclose()

    # -- steps: what is done in a phase ------------------------------------------------------------------------------------

    async def _ask(self) -> None:
        if self.conversation.pending_calls:
            self._desk.due = True
            self._happen(TurnEvent.OWED)
            return
        if self.rounds == self._most_rounds:
            self._error = TooManyRounds(self.rounds, cast("Response", self.response).partial)
            self._happen(TurnEvent.SPENT)
            return
        self._desk.show()
        if self._offers_tools:
            self._fields["tools"] = self._tools.definitions or None
        try:
            self.response = await self._stack.enter_async_context(self._session.respond(self.conversation, **self._fields))
        except RejoinderError as error:
            self._fail(error)
            return
        self.rounds += 1
        self._session.background_calls.shown(self.conversation)
        self._happen(TurnEvent.ASKED)

    async def _listen(self) -> None:
        response = cast("Response", self.response)
        try:
            self._events.append(await anext(response))
        except StopAsyncIteration:
            await self._stack.aclose()
            cancelled = response.status == OutcomeKind.CANCELLED
            self._stopped = self._stopped or cancelled
            self._happen(TurnEvent.LEFT if cancelled else TurnEvent.ANSWERED)
        except RejoinderError as error:
            await self._stack.aclose()
            self._fail(error)

    async def _call(self) -> None:
        self._start()
        awaited = [run for run in self._runs if run.is_open]
        if (self._desk.due or self._desk.news) and not (awaited and self._tools.group_results):
            for run in awaited:
                run.defer()
            self._happen(TurnEvent.DUE)
        elif awaited:
            await self._desk.changed()
        else:
            self._happen(TurnEvent.SETTLED)

    async def _end(self) -> None:
        await trio.lowlevel.checkpoint()
        if self._error is not None:
            raise unraised(self._error)
        raise StopAsyncIteration

    # -- rules: what is done on the way from phase to phase ------------------------------------------------------------------

    def _happen(self, event: TurnEvent) -> None:
        row = TURN_CHART.rows[self._phase][event]
        if isinstance(row, Move):
            self._phase = TurnPhase(row.target)
            self._RULES[row.rule](self)

    def _fail(self, error: RejoinderError) -> None:
        # Whoever has left meanwhile hears of no failure.
        self._error = None if self._stopped else unraised(error)
        self._happen(TurnEvent.FAILED)

    def _be_ready(self) -> None:
        """The model is asked with what its calls gave."""

    def _begin(self) -> None:
        """A response is under way. A choice that forced a call was for the first of them, or the model could never end."""
        choice = cast("Response", self.response).content.fields.get("tool_choice")
        named: Mapping[str, Any] = cast("Mapping[str, Any]", choice) if isinstance(choice, Mapping) else {}
        if named.get("type") == "allowed_tools":
            self._fields["tool_choice"] = {**named, "mode": "auto"}
        elif named or choice == "required":
            self._fields["tool_choice"] = "auto"

    def _announce(self) -> None:
        """Announce what the conversation owes an answer, all of it before any of it runs."""
        self._announced = [CallRun(item, self._desk, self._tools, self._resources) for item in self.conversation.pending_calls]
        self._desk.announced.extend(self._announced)
        self._runs = [*(run for run in self._runs if run.is_open), *self._announced]
        shown = tuple(run.call for run in self._announced if run.call.name != CANCEL_TOOL)
        if shown:
            self._desk.tell(CallsStarted(shown))

    def _stop(self) -> None:
        """Nothing of this turn goes on: a response is cancelled, handlers are, background calls are not."""
        if self.response is not None and self.response.outcome is None:
            self.response.cancel()
        for run in self._runs:
            run.cancel()
        self._desk.rest()

    def _start(self) -> None:
        """Begin the announced calls; those in the background belong to the session from here on."""
        announced, self._announced = self._announced, []
        waiting: list[CallRun] = []
        for run in announced:
            tool = run.tool
            if tool is None or tool.options.cancel_on_interruption:
                waiting.append(run)
                continue
            self._runs.remove(run)
            if not run.is_refused():
                run.defer()
                self._desk.start(run)
        if self._tools.parallel:
            for run in waiting:
                self._nursery.start_soon(run.run)
        elif waiting:
            self._nursery.start_soon(_in_order, waiting)

    _STEPS: ClassVar[Mapping[TurnPhase, Callable[[Turn], Awaitable[None]]]] = MappingProxyType(
        {TurnPhase.READY: _ask, TurnPhase.ANSWERING: _listen, TurnPhase.CALLING: _call, TurnPhase.ENDED: _end}
    )
    _RULES: ClassVar[Mapping[str, Callable[[Turn], None]]] = MappingProxyType(
        {"ask": _be_ready, "call": _announce, "end": _stop, "listen": _begin}
    )


@asynccontextmanager
async def open_turn(
    session: Session,
    conversation: Conversation,
    *,
    tools: Tools | None,
    rounds: int,
    resources: object,
    fields: Mapping[str, Any],
) -> AsyncGenerator[Turn]:
    """What ``Session.converse`` does."""
    _check(conversation, tools, rounds)
    desk = session.background_calls.open(conversation, session)
    try:
        async with open_inner_nursery() as nursery:
            turn = Turn(session, desk, nursery, tools=tools, rounds=rounds, resources=resources, fields=fields)
            try:
                yield turn
            finally:
                await turn.leave()
                nursery.cancel_scope.cancel()
    finally:
        desk.close()


def _check(conversation: object, tools: object, rounds: object) -> None:
    if not isinstance(conversation, Conversation):
        kind = type(conversation).__name__
        raise InvalidRequest(f"The conversation is a {kind}. Give a Conversation: Conversation('Hello') begins one.")
    if tools is not None and not isinstance(tools, Tools):
        kind = type(tools).__name__
        raise InvalidRequest(f"tools is a {kind}. Give a Tools; definitions without handlers go in with tools.raw(…).")
    if isinstance(rounds, bool) or not isinstance(rounds, int) or rounds < 1:
        raise InvalidRequest(f"rounds is {rounds!r}. Give the largest number of responses in one turn, 1 or more.")


async def _in_order(runs: Sequence[CallRun]) -> None:
    for run in runs:
        await run.run()
