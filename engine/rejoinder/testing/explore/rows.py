"""The rows that one feed of a session took, by the names that reports use. Explorations and fuzz campaigns both count with it.

Rule of this file: it reads what came back and what was counted. It never asks the session which row it meant to take.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from rejoinder.states.effects import Deliver, Effect, Moved

__all__ = ["rows_of"]

DELIVERED: Final = "response streaming Content"
"""The row of a delta, which is looked up at once and counted nowhere."""


def rows_of(counted: Iterable[str], effects: Sequence[Effect]) -> list[str]:
    """The rows that a feed took: those that moved a machine, in order, then those that did not.

    ``counted`` is what ``Session.counts`` has more of than before the feed. The names of notes are among it; who wants rows alone
    keeps those that ``ROWS`` has.
    """
    rows = [f"{effect.machine} {effect.source} {effect.event}" for effect in effects if type(effect) is Moved]
    stayed = sorted(counted)
    if not stayed and len(effects) == 1 and type(effects[0]) is Deliver:
        return [DELIVERED]
    return [*rows, *stayed]
