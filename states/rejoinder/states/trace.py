"""What happened to a session, line by line: what was fed, when, and what came back.

Rule of this file: values only. Whoever feeds a session may keep its lines; stories, pictures and replays are made of them.
"""

from __future__ import annotations

import attrs

from .effects import Effect
from .events import Event

__all__ = ["Fed"]


@attrs.frozen
class Fed:
    """One line: what was fed, and what came back."""

    at: float
    """When, in seconds of the clock that was fed."""
    event: Event
    """What was fed."""
    effects: tuple[Effect, ...]
    """What came back, in order."""
