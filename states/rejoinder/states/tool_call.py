"""The tool call table: the life of one call of a caller's function, from the response that asked for it to its one answer.

Rules of this file
* Every call is answered exactly once with an output item, or the conversation cannot be sent again. So ``answered`` and
  ``placeheld`` are the only rules that write an output, and each phase after one of them has neither.
* A call whose handler outlives its output (a background call, or one whose result others did not wait for) is ``deferred``: the
  model was told that it runs, and hears the rest in a message of its own.
* ``settled`` is final. What a handler that could not be stopped (a thread) says later is counted and never told.
* It knows no handler and no conversation. The engine performs the rules by name.
"""

from __future__ import annotations

from enum import StrEnum, unique
from typing import Final

from .chart import compile_chart
from .edges import Deadline, Staying, Table, rows
from .profiles import DeadlineKind

__all__ = ["TOOL_CALL_CHART", "ToolCallEvent", "ToolCallPhase"]


@unique
class ToolCallPhase(StrEnum):
    """The life of one call."""

    QUEUED = "queued"
    """The model asked for it; its handler has not begun."""
    RUNNING = "running"
    """Its handler runs, and the model waits for the output."""
    DEFERRED = "deferred"
    """The model was told that it runs; its result will be reported in a message."""
    SETTLED = "settled"
    """It has its one outcome."""


@unique
class ToolCallEvent(StrEnum):
    """What can happen to a call."""

    STARTED = "Started"
    """Its handler begins."""
    REFUSED = "Refused"
    """Its handler is not run: nobody has registered it, or the arguments do not fit."""
    DEFERRED = "Deferred"
    """The model is not to wait for it."""
    PROGRESSED = "Progressed"
    """Its handler said how far it is."""
    FINISHED = "Finished"
    """Its handler returned."""
    FAILED = "Failed"
    """Its handler raised, or returned what JSON cannot carry."""
    EXPIRED = "Expired"
    """Its handler was stopped at its time limit."""
    CANCELLED = "Cancelled"
    """It was stopped: an interruption, the end of the session, the application, or the model."""


P, E = ToolCallPhase, ToolCallEvent

EDGES: Final = (
    # -- queued: nothing has been done -----------------------------------------------------------------------------------
    *rows(P.QUEUED, E.STARTED, P.RUNNING, "started", "its turn has come"),
    *rows(P.QUEUED, E.REFUSED, P.SETTLED, "answered", "the model is told what was wrong and may call again; nothing was run"),
    *rows(P.QUEUED, E.DEFERRED, P.DEFERRED, "placeheld", "an output must stand there before the model can be asked again"),
    *rows(P.QUEUED, E.CANCELLED, P.SETTLED, "answered", "interrupted before it began; without an output the next turn is refused"),
    # -- running: the model waits ------------------------------------------------------------------------------------------
    *rows(P.RUNNING, E.PROGRESSED, P.RUNNING, "told", "the application sees it; the model can be told one output only"),
    *rows(P.RUNNING, (E.FINISHED, E.FAILED, E.EXPIRED), P.SETTLED, "answered", "falsy results and errors are results too"),
    *rows(P.RUNNING, E.CANCELLED, P.SETTLED, "answered", "interrupted; without an output the next turn is refused"),
    *rows(P.RUNNING, E.DEFERRED, P.DEFERRED, "placeheld", "another call has finished and the model is not to wait for this one"),
    # -- deferred: the conversation goes on ----------------------------------------------------------------------------------
    *rows(P.DEFERRED, (E.STARTED, E.DEFERRED), None, Staying.IGNORE, "the model was told already that it runs"),
    *rows(P.DEFERRED, E.PROGRESSED, P.DEFERRED, "reported", "the next request tells the model"),
    *rows(
        P.DEFERRED,
        (E.REFUSED, E.FINISHED, E.FAILED, E.EXPIRED, E.CANCELLED),
        P.SETTLED,
        "reported",
        "its output is taken: a message says how it ended",
    ),
    # -- settled -------------------------------------------------------------------------------------------------------------
    *rows(
        P.SETTLED,
        (E.PROGRESSED, E.FINISHED, E.FAILED),
        None,
        Staying.COUNT,
        "a thread cannot be stopped: what it says after a time-out or an interruption comes too late",
    ),
    *rows(P.SETTLED, (E.CANCELLED, E.DEFERRED), None, Staying.IGNORE, "stopping twice, or after the end, costs nothing"),
)

TOOL_CALL: Final = Table(
    name="tool call",
    phases=tuple(P),
    events=tuple(E),
    initial=P.QUEUED,
    home=(P.SETTLED,),
    # A queued call waits for others, which have deadlines, and goes with its turn.
    resting=(P.QUEUED, P.SETTLED),
    deadlines={P.RUNNING: Deadline(DeadlineKind.TOOL, E.EXPIRED), P.DEFERRED: Deadline(DeadlineKind.TOOL, E.EXPIRED)},
    edges=EDGES,
)
TOOL_CALL_CHART: Final = compile_chart(TOOL_CALL)
"""The compiled table: what runs, and what is drawn."""
