"""Turns with tools as an application sees them: everything it was handed, and everything that observers were told of calls.

Rules of this file
* ``take_turn`` iterates to the end and keeps what raised, so that a test compares values and needs no ``try``.
* ``outputs_of`` is what the model was told: the outputs of a create, by call id.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import attrs

from harness.pair import Pair
from rejoinder.engine import CallEvent, CallsStarted, Conversation, RejoinderError, Session, Tools, Turn, TurnItem
from rejoinder.states.content_events import OutputTextDelta
from rejoinder.testing import Answer, Call, Text

__all__ = ["FINE", "ToolTurn", "call_events", "calling", "messages_of", "outputs_of", "take_turn"]

FINE: Final = Answer([Text("Fine.")])
"""What the model says in the end."""


@attrs.frozen(eq=False)
class ToolTurn:
    """What an application was handed in one turn."""

    turn: Turn
    """What it held."""
    events: Sequence[TurnItem]
    """Every event it iterated."""
    error: RejoinderError | None
    """What iterating raised; None if it ended normally."""

    @property
    def text(self) -> str:
        """All words it was handed, in order."""
        return "".join(event.delta for event in self.events if isinstance(event, OutputTextDelta))

    @property
    def told(self) -> list[str]:
        """What became of the calls, in order: ``finished a`` and the like; ``started a b`` for all of a response."""
        return [tell(event) for event in self.events if isinstance(event, CallEvent)]


async def take_turn(session: Session, conversation: Conversation, tools: Tools | None, **options: Any) -> ToolTurn:  # noqa: ANN401
    """Converse, and iterate to the end."""
    events: list[TurnItem] = []
    error: RejoinderError | None = None
    async with session.converse(conversation, tools=tools, **options) as turn:
        try:
            async for event in turn:
                events.append(event)  # noqa: PERF401 - what came before an error is kept
        except RejoinderError as raised:
            error = raised
    return ToolTurn(turn, events, error)


def tell(event: CallEvent) -> str:
    """An event in words."""
    kind = event.type.rpartition(".")[2]
    calls = event.calls if isinstance(event, CallsStarted) else [event.call]
    return " ".join([kind, *(call.call_id for call in calls)])


def call_events(pair: Pair) -> list[str]:
    """What observers of the session were told of calls, in words."""
    return [tell(event) for event in pair.seen if isinstance(event, CallEvent)]


def calling(*calls: tuple[str, str] | tuple[str, str, str], say: str = "") -> Answer:
    """An answer that calls: name and arguments of each, and its call id, ``a``, ``b`` … unless it has one."""
    steps = [
        Call(each[0], each[1], call_id=each[2] if len(each) == 3 else chr(ord("a") + place)) for place, each in enumerate(calls)
    ]
    return Answer([*([Text(say)] if say else []), *steps])


def outputs_of(create: Mapping[str, Any]) -> dict[str, Any]:
    """The outputs among the items of a create, by call id."""
    return {item["call_id"]: item["output"] for item in create["input"] if str(item.get("type", "")).endswith("_output")}


def messages_of(create: Mapping[str, Any], role: str = "developer") -> list[Any]:
    """The messages of a role among the items of a create."""
    return [item["content"] for item in create["input"] if item.get("role") == role]
