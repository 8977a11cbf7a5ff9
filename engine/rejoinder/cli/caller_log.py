"""What callers saw and did, in the order in which it happened: one of the two logs that the demo is judged from.

Rule: an entry is written by the caller, from what it was handed. Nothing here asks the engine how it sees things.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, final

import attrs

__all__ = ["CallerEntry", "CallerLog"]


@attrs.frozen
class CallerEntry:
    """One line of the log."""

    at: float
    """When, in seconds of the clock that the server's log has too."""
    tag: str
    """The request, by the tag of its question."""
    what: Literal["asked", "delivered", "cancelled", "ended"]
    """``asked``: the request was handed over. ``delivered``: an event came. ``cancelled``: the caller said stop. ``ended``: the
    caller was told an outcome."""
    kind: str = ""
    """The type of the event, or the outcome."""
    text: str = ""
    """The piece of text that was delivered; with an outcome, all text that came with it."""
    item_id: str | None = None
    """The output item that the event names."""


@final
class CallerLog:
    """The log of all callers of one conversation."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.entries: list[CallerEntry] = []
        self.now = clock
        """The clock."""

    def asked(self, tag: str) -> None:
        """The caller hands a request over."""
        self.entries.append(CallerEntry(self.now(), tag, "asked"))

    def delivered(self, tag: str, kind: str, text: str, item_id: str | None) -> None:
        """The caller is given an event."""
        self.entries.append(CallerEntry(self.now(), tag, "delivered", kind, text, item_id))

    def cancelled(self, tag: str) -> None:
        """The caller says stop; whatever it is given from here on is too much."""
        self.entries.append(CallerEntry(self.now(), tag, "cancelled"))

    def ended(self, tag: str, outcome: str, text: str) -> None:
        """The caller is told an outcome."""
        self.entries.append(CallerEntry(self.now(), tag, "ended", outcome, text))
