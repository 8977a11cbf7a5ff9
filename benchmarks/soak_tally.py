"""What a soak counts, and how far its own process falls behind."""

from __future__ import annotations

from collections import Counter
from typing import Final, final

import attrs
import trio

__all__ = ["Pulse", "Tally"]

BEAT: Final = 0.05
"""Seconds between two beats of the pulse."""


@final
@attrs.define(eq=False)
class Tally:
    """What came of everything, in figures."""

    counts: Counter[str] = attrs.field(factory=Counter[str])
    """Sessions, turns, outcomes, interruptions."""
    sometimes: Counter[str] = attrs.field(factory=Counter[str])
    """What the judge saw happen."""
    broken: list[str] = attrs.field(factory=list[str])
    """What was broken, in words."""
    diaries: list[list[str]] = attrs.field(factory=list[list[str]])
    """The diaries of the first sessions in which something was broken, whole."""
    lost: int = 0
    """Completed responses of right servers of whose words some did not come."""
    duplicated: int = 0
    """Responses of which words came twice."""
    crossed: int = 0
    """Responses to which words of somebody else came."""

    def break_promise(self, session: int, what: str) -> None:
        """Write down what was broken."""
        self.broken.append(f"session {session}: {what}")


@final
@attrs.define(eq=False)
class Pulse:
    """How far this process falls behind: a machine with other work gives it no time, and that is nobody's violation."""

    behind: float = 0.0
    """Seconds that were lost so far."""

    async def beat(self) -> None:
        """Take note, for ever."""
        while True:
            due = trio.current_time() + BEAT
            await trio.sleep_until(due)
            self.behind += max(trio.current_time() - due, 0.0)
