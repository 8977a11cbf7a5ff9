"""Doing what a scenario's caller does, and writing down what it was handed.

Rules of this file:

* Nothing here judges. What goes wrong in a turn is its end, in words, and never raised: a client that raises something of its own
  is told of like one that misunderstands.
* Every act may be cut off at any await: what has been heard is in the turn before the next one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any, Final, final

import attrs
import trio

from rejoinder.engine import CallEvent, CallsStarted, Conversation, Observation, Response, Session
from rejoinder.engine.turn import TurnItem
from rejoinder.testing.model_server import ModelServer
from rejoinder.testing.scenarios.acts import Act, Ask, Becomes, Begin, Change, Converse, Idle, Leave, Together
from rejoinder.testing.scenarios.ends import end_of, end_of_error
from rejoinder.testing.scenarios.handlers import Clerk

__all__ = ["NOT_OVER", "Caller", "Turn"]

NOT_OVER: Final = "not over"
"""The end of a turn that has not ended."""
TEXT: Final = "response.output_text.delta"


@final
@attrs.define(eq=False)
class Turn:
    """One turn, as its caller saw it."""

    act: Ask | Converse
    """What was asked, and what must come of it."""
    asked: float
    """When, on trio's clock."""
    heard: list[str] = attrs.field(factory=list[str])
    """The pieces of text, in order."""
    end: str = NOT_OVER
    """How it ended."""
    ended: float = math.inf
    """When."""
    events: list[Mapping[str, Any]] = attrs.field(factory=list[Mapping[str, Any]])
    """The events that were handed over, as the wire has them."""
    told: list[str] = attrs.field(factory=list[str])
    """What was told of calls."""
    ran: list[str] = attrs.field(factory=list[str])
    """What functions did."""
    collected: str | None = None
    """The whole text in the end, as the response has it; None where nobody asked."""
    usage: Mapping[str, Any] | None = None
    """The tokens that were told."""
    changed: trio.Event = attrs.field(factory=trio.Event)
    """Set with the next piece of text, or the end."""

    @property
    def text(self) -> str:
        """Every word, and in parentheses where the response itself says otherwise."""
        heard = "".join(self.heard)
        if self.collected is None or heard == self.collected:
            return heard
        return f"{heard} (but in the end {self.collected!r})"

    def take(self, event: TurnItem) -> None:
        """Write down an event of the wire."""
        if isinstance(event, CallEvent):
            return  # observers are told of these, also of those that come when nobody iterates
        self.events.append(event.raw)
        if event.type == TEXT:
            delta: object = getattr(event, "delta", None)
            self.heard.append(delta if isinstance(delta, str) else f"({delta!r})")
            self._wake()

    def over(self, end: str) -> None:
        """It has ended."""
        self.end, self.ended = end, trio.current_time()
        self._wake()

    async def hear(self, deltas: int) -> None:
        """Wait until so many pieces of text have come, or it is over."""
        while len(self.heard) < deltas and self.end == NOT_OVER:
            await self.changed.wait()

    def _wake(self) -> None:
        self.changed.set()
        self.changed = trio.Event()


@final
@attrs.define(eq=False)
class Caller:
    """Whoever talks in a scenario."""

    session: Session
    """The client."""
    server: ModelServer
    """The server, for acts that change what it does."""
    nursery: trio.Nursery
    """Where turns in the background run."""
    with_conversation: bool = False
    """Whether a `Conversation` is kept, or else plain items."""
    turns: list[Turn] = attrs.field(factory=list[Turn])
    """What was asked, in order."""
    _items: dict[str, list[dict[str, Any]]] = attrs.field(factory=dict[str, list[dict[str, Any]]])
    _conversations: dict[str, Conversation] = attrs.field(factory=dict[str, Conversation])
    _telling: Turn | None = None
    """The turn that is told of calls."""

    async def act(self, acts: Sequence[Act]) -> None:
        """Do everything, in order."""
        for act in acts:
            if isinstance(act, Ask):
                await self._ask(act, self._begin(act))
            elif isinstance(act, Converse):
                await self._converse(act, self._begin(act))
            elif isinstance(act, Together):
                await self._ask_together(act.asks)
            elif isinstance(act, Begin):
                turn = self._begin(act.ask)
                self.nursery.start_soon(self._ask, act.ask, turn)
                await turn.hear(act.deltas)
            elif isinstance(act, Idle):
                await trio.sleep(act.seconds)
            elif isinstance(act, Change):
                self.session.update_settings(**act.fields)
            elif isinstance(act, Becomes):
                self.server.cancel_mode, self.server.cancel_delay = act.cancel_mode, act.cancel_delay
            else:
                await self.session.background_calls.wait(self._conversation("A"))

    def _begin(self, act: Ask | Converse) -> Turn:
        turn = Turn(act, trio.current_time())
        self.turns.append(turn)
        if isinstance(act, Converse) or self.with_conversation:
            if act.says:
                self._conversation(act.talk).user(act.says)
        else:
            items = self._items.setdefault(act.talk, [])
            items.extend(_line(number) for number in range(act.history))
            items.append({"role": "user", "content": act.says})
        return turn

    def _conversation(self, talk: str) -> Conversation:
        return self._conversations.setdefault(talk, Conversation())

    async def _ask(self, act: Ask, turn: Turn) -> None:
        given = self._conversation(act.talk) if self.with_conversation else list(self._items[act.talk])
        held: list[Response] = []
        try:
            async with self.session.respond(given) as response:
                held.append(response)
                await self._listen(act, turn, response)
                if act.leaves is None:
                    turn.collected = await response.text()
                    turn.usage = response.usage
            turn.over(end_of(response))
        except Exception as error:  # noqa: BLE001 (whatever a client raises is how the turn ended)
            if held:
                turn.collected = held[0].partial.text
            turn.over(end_of_error(error))
        heard = "".join(turn.heard) if act.echoes is None else act.echoes
        if heard and not self.with_conversation:
            self._items[act.talk].append({"role": "assistant", "content": heard})

    def _tell(self, observation: Observation) -> None:
        if isinstance(observation, CallEvent) and self._telling is not None:
            calls = observation.calls if isinstance(observation, CallsStarted) else [observation.call]
            kind = observation.type.rpartition(".")[2]
            self._telling.told.append(" ".join([kind, *(call.call_id for call in calls)]))

    async def _listen(self, act: Ask, turn: Turn, response: Response) -> None:
        if act.leaves is None:
            async for event in response:
                turn.take(event)
                if act.pace:
                    await trio.sleep(act.pace)
            return
        if act.leaves.deltas or act.leaves.event:
            async for event in response:
                turn.take(event)
                if _is_enough(act.leaves, turn, event.type):
                    break
        if act.changes:
            self.session.update_settings(**act.changes)
        if act.leaves.lingers:
            await trio.sleep(act.leaves.lingers)

    async def _ask_together(self, asks: Sequence[Ask]) -> None:
        """Ask in order, then listen to all of them at once."""
        turns = [self._begin(ask) for ask in asks]
        async with AsyncExitStack() as stack, trio.open_nursery() as nursery:
            for ask, turn in zip(asks, turns, strict=True):
                response = await stack.enter_async_context(self.session.respond(list(self._items[ask.talk])))
                nursery.start_soon(self._hear_out, turn, response)

    async def _hear_out(self, turn: Turn, response: Response) -> None:
        try:
            async for event in response:
                turn.take(event)
            turn.over(end_of(response))
        except Exception as error:  # noqa: BLE001 (whatever a client raises is how the turn ended)
            turn.over(end_of_error(error))
        turn.collected = response.partial.text

    async def _converse(self, act: Converse, turn: Turn) -> None:
        clerk = Clerk(turn.ran)
        if self._telling is None:
            self.session.observe(self._tell)
        self._telling = turn
        try:
            with trio.CancelScope() as interruption:
                async with self.session.converse(self._conversation(act.talk), tools=clerk.tools(act.tools)) as taken:
                    async for event in taken:
                        turn.take(event)
                        if act.leaves is not None and _is_enough(act.leaves, turn, event.type):
                            interruption.deadline = trio.current_time() + act.leaves.lingers
                    turn.over("completed" if taken.response is None else end_of(taken.response))
            if turn.end == NOT_OVER:
                turn.over("cancelled")
        except Exception as error:  # noqa: BLE001 (whatever a client raises is how the turn ended)
            turn.over(end_of_error(error))


def _is_enough(leaves: Leave, turn: Turn, kind: str) -> bool:
    if leaves.event:
        return kind == leaves.event
    return kind == TEXT and len(turn.heard) == leaves.deltas


def _line(number: int) -> dict[str, Any]:
    """A line of an earlier conversation."""
    return {"role": "assistant" if number % 2 else "user", "content": f"Line {number}."}
