"""What a rule is told about the row it runs for."""

from __future__ import annotations

from typing import cast

import attrs

from .stream_events import ErrorEvent, StreamEvent

__all__ = ["Step"]


@attrs.frozen(eq=False)
class Step:
    """What a rule is told."""

    source: str
    """The phase before."""
    event: str
    """The classified event."""
    now: float
    """The instant, in seconds."""
    detail: object = None
    """The frame or event behind it, or what its sender wants the rule to know."""

    @property
    def frame(self) -> StreamEvent:
        """The frame behind it."""
        return cast("StreamEvent", self.detail)

    @property
    def error(self) -> ErrorEvent:
        """The error frame behind it."""
        return cast("ErrorEvent", self.detail)
