"""The turn table: ask the model, run what it calls, ask again, until it calls nothing more.

Rules of this file
* The model is asked in ``ready`` and nowhere else, and only while rounds are left: the loop has a bound.
* A turn that ended for whatever reason leaves a conversation that can be sent: the calls it still owes are cancelled and answered
  by the tool call table.
* Its waiting is bounded by the deadlines of the response and of the tools, so its own phases name none.
"""

from __future__ import annotations

from enum import StrEnum, unique
from typing import Final

from .chart import compile_chart
from .edges import Staying, Table, rows

__all__ = ["TURN_CHART", "TurnEvent", "TurnPhase"]


@unique
class TurnPhase(StrEnum):
    """Where a turn is."""

    READY = "ready"
    """The model is to be asked next."""
    ANSWERING = "answering"
    """A response is under way."""
    CALLING = "calling"
    """The response has ended; its calls, if any, are run."""
    ENDED = "ended"
    """The model calls nothing more, or the turn failed, or it was left."""


@unique
class TurnEvent(StrEnum):
    """What can happen to a turn."""

    OWED = "Owed"
    """The conversation holds calls without an output: from before this turn, or added by the caller."""
    ASKED = "Asked"
    """A response was asked for."""
    ANSWERED = "Answered"
    """The response completed, or is incomplete; its whole calls stand in the conversation."""
    DUE = "Due"
    """There are results that the model has to see, and nothing to wait for before it is asked."""
    SETTLED = "Settled"
    """Nothing runs that the turn has to wait for, and nothing asks for another response."""
    SPENT = "Spent"
    """The model would have to be asked again, and no round is left."""
    FAILED = "Failed"
    """The response failed, was interrupted, or could not be asked for."""
    LEFT = "Left"
    """The caller has left the block, or was cancelled inside it."""


P, E = TurnPhase, TurnEvent

EDGES: Final = (
    *rows(P.READY, E.ASKED, P.ANSWERING, "listen", "the only row that asks"),
    *rows(P.READY, E.OWED, P.CALLING, "call", "servers refuse a request that leaves a call unanswered"),
    *rows(P.READY, E.SPENT, P.ENDED, "end", "a model that calls for ever is stopped here, with every call answered"),
    *rows(P.READY, E.FAILED, P.ENDED, "end", "the request could not be made"),
    *rows(P.READY, E.LEFT, P.ENDED, "end", "an interruption between two responses: nothing is under way"),
    *rows(P.ANSWERING, E.ANSWERED, P.CALLING, "call", "only now are its calls whole"),
    *rows(P.ANSWERING, E.FAILED, P.ENDED, "end", "nothing of it is in the conversation, so none of its calls is run"),
    *rows(P.ANSWERING, E.LEFT, P.ENDED, "end", "an interruption: the response is cancelled, and nothing of it was called"),
    *rows(P.CALLING, E.DUE, P.READY, "ask", "results are for the model"),
    *rows(P.CALLING, E.SETTLED, P.ENDED, "end", "the model has said what it had to say"),
    *rows(P.CALLING, E.LEFT, P.ENDED, "end", "an interruption: what runs for this turn is cancelled and answered"),
    *rows(P.ENDED, E.ASKED, P.ENDED, "end", "another task left while this one was asking: the response is cancelled"),
    *rows(P.ENDED, (E.ANSWERED, E.FAILED), None, Staying.IGNORE, "another task left while this one was listening"),
    *rows(P.ENDED, E.LEFT, None, Staying.IGNORE, "the caller leaves after the end"),
)

TURN: Final = Table(
    name="turn",
    phases=tuple(P),
    events=tuple(E),
    initial=P.READY,
    home=(P.ENDED,),
    resting=tuple(P),
    deadlines={},
    edges=EDGES,
)
TURN_CHART: Final = compile_chart(TURN)
"""The compiled table: what runs, and what is drawn."""
