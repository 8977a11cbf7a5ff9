"""What a rule is told about the row it runs for."""

from __future__ import annotations

from typing import Final, cast, final

from .stream_events import ErrorEvent, StreamEvent

__all__ = ["Step"]


@final
class Step:
    """What a rule is told."""

    __slots__ = ("detail", "event", "now", "source")

    def __init__(self, source: str, event: str, now: float, detail: object = None) -> None:
        # The phase before, and the classified event.
        self.source: Final = source
        self.event: Final = event
        # The instant, in seconds.
        self.now: Final = now
        # The frame or event behind it, or what its sender wants the rule to know.
        self.detail: Final = detail

    @property
    def frame(self) -> StreamEvent:
        """The frame behind it."""
        return cast("StreamEvent", self.detail)

    @property
    def error(self) -> ErrorEvent:
        """The error frame behind it."""
        return cast("ErrorEvent", self.detail)
