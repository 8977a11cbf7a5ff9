"""What a caller does in a scenario, and what each of its turns must come to.

Rules of this file:

* Values only. An act that asks says in its own fields what it must hear and how it must end.
* Each turn has words of its own, which no other turn of the scenario has: by them its create is found in the server's log.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

import attrs

from rejoinder.testing.server_cancels import CancelMode

__all__ = [
    "PROMPT",
    "Act",
    "Ask",
    "AwaitCalls",
    "Becomes",
    "Begin",
    "Change",
    "Converse",
    "Handler",
    "Idle",
    "Leave",
    "Together",
]

PROMPT: Final = 0.75
"""Seconds in which what is prompt has happened on a busy machine; on an idle one it takes milliseconds."""


@attrs.frozen
class Leave:
    """When a caller leaves its turn before it has ended, or while it does something else."""

    deltas: int = 0
    """Pieces of text that it hears first."""
    event: str = ""
    """The type of an event that it takes first; `end` stands for the end of the turn."""
    lingers: float = 0.0
    """Seconds that it stays then; without taking anything, unless functions are called."""


@attrs.frozen
class Ask:
    """Take a turn: the whole conversation and new words."""

    says: str
    """The user's new words."""
    hears: str = ""
    """Every word that is delivered, exactly."""
    ends: str = "completed"
    """How it ends, in the words of `rejoinder.testing.scenarios.ends`."""
    leaves: Leave | None = None
    """When the caller leaves; None if it stays to the end."""
    usage: str = ""
    """The tokens that are told, as ``3 in, 2 out``; empty if nothing is said about them."""
    prompt: float = PROMPT
    """Seconds in which the create must have reached the server; the first turn of a run may take 2."""
    within: float = math.inf
    """Seconds in which the turn must have ended."""
    pace: float = 0.0
    """Seconds that the caller takes for each event."""
    talk: str = "A"
    """Which conversation it belongs to."""
    history: int = 0
    """Lines of an earlier conversation that stand before it."""
    echoes: str | None = None
    """What the caller keeps of the answer, where that is not what it heard."""
    changes: Mapping[str, Any] = attrs.field(factory=dict[str, Any])
    """Settings that change while it runs, before the caller leaves."""


@attrs.frozen
class Handler:
    """A function that the model may call; what it does is in `rejoinder.testing.scenarios.handlers`."""

    name: str
    """Its name."""
    timeout: float = math.inf
    """Seconds it may take."""
    background: bool = False
    """Whether it goes on when its turn is interrupted."""


@attrs.frozen
class Converse:
    """Take a turn in which the model may call functions."""

    says: str
    """The user's new words; empty if there are none."""
    tools: Sequence[Handler]
    """What it may call."""
    hears: str = ""
    """Every word that is delivered, exactly."""
    ends: str = "completed"
    """How it ends."""
    told: Sequence[str] = ()
    """What the caller is told of calls, in order."""
    ran: Sequence[str] = ()
    """What the functions did in this turn, in order."""
    leaves: Leave | None = None
    """When the user interrupts; None if the turn is heard out."""
    prompt: float = PROMPT
    """Seconds in which the first create must have reached the server."""
    within: float = math.inf
    """Seconds in which the turn must have ended."""
    talk: str = "A"
    """Which conversation it belongs to."""


@attrs.frozen
class Together:
    """Ask for several turns in one instant, in this order."""

    asks: Sequence[Ask]
    """The turns, each of a conversation of its own."""


@attrs.frozen
class Begin:
    """Take a turn in the background, and go on when it has heard something."""

    ask: Ask
    """The turn."""
    deltas: int = 0
    """Pieces of text that it hears first."""


@attrs.frozen
class Idle:
    """Do nothing for a while."""

    seconds: float
    """How long."""


@attrs.frozen
class Change:
    """Change settings between turns."""

    fields: Mapping[str, Any]
    """The new values."""


@attrs.frozen
class Becomes:
    """From here on the server treats cancels in another way."""

    cancel_mode: CancelMode
    """How."""
    cancel_delay: float = 0.0
    """Seconds until its reaction."""


@attrs.frozen
class AwaitCalls:
    """Wait until the functions in the background have ended."""


Act: TypeAlias = Ask | Converse | Together | Begin | Idle | Change | Becomes | AwaitCalls
"""One thing a caller does. Acts happen in order."""
