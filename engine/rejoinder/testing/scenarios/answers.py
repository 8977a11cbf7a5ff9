"""What servers say in several scenarios.

Rule of this file: each text has words that no other one has, so that words in the wrong place can be told.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rejoinder.testing.script import Answer, Pause, Text

__all__ = ["AT_ONCE", "FINE", "READY", "STORY", "A", "B", "pieces", "story"]


def pieces(name: str, count: int = 3, start: int = 0) -> list[str]:
    """Words that say whose they are: ``a0 a1 a2``."""
    return [f"{name}{number} " for number in range(start, count)]


def story(name: str, count: int = 3, *, start: int = 0, interval: float = 0.0, cut: bool = False) -> Text:
    """Such words as a message, a delta for each."""
    told: Sequence[str] = pieces(name, count, start)
    return Text("".join(told), told, interval, cut=cut)


A: Final = "a0 a1 a2 "
"""What is heard of a story that is interrupted after three deltas."""
B: Final = "b0 b1 b2 "
"""The whole of another one."""
READY: Final = Answer([Text("Ready.")])
"""A short answer."""
FINE: Final = Answer([Text("Fine.")])
"""Another."""
AT_ONCE: Final = Answer([Text("At once.", pieces=1)])
"""A third."""
STORY: Final = Answer([story("a"), Pause(2.0), story("never")])
"""Three deltas, then silence for longer than anybody waits, then more."""
