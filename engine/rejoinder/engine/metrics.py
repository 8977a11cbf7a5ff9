"""What a response took and cost, as frozen values: seconds and tokens.

Rules of this file

* Every figure stands for itself: waiting for an abandoned response, for a connection, and for a pause that the server asked for are
  three figures, and no stall hides in another's.
* A figure that was not measured is None, never zero and never a guess. What was measured and took no time is 0.0.
* ``Timings.to_…`` count from the moment of asking; the other seconds are sums over all attempts.
* Tokens are the server's own counts. What it leaves out of a ``usage`` object counts as 0; what it does not send at all is None.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast, final

import attrs

from rejoinder.states.content_events import OutputTextDelta
from rejoinder.states.snapshot import Wait
from rejoinder.states.stream_events import FrameKind, ResponseCreated, StreamEvent

__all__ = ["NO_USAGE", "Stopwatch", "Timings", "Usage", "usage_from"]

OUTPUT: Final = frozenset({FrameKind.ITEM_ADDED, FrameKind.CONTENT})
"""Kinds of frames that are output: an announced item, a delta, anything of an item."""


@attrs.frozen
class Timings:
    """What one response took, in seconds. Available while it runs, and for good once it has ended."""

    queued: float
    """Nothing of it was on the wire: the time before it was sent, over all attempts. The next three are parts of it; the rest was
    waiting for responses that others listen to."""
    drain: float
    """Of ``queued``: an abandoned response still occupied the lane."""
    dial: float
    """Of ``queued``: no connection was open."""
    pause: float
    """Of ``queued``: the server had refused it for now and named a pause, or we took one."""
    to_sent: float | None
    """From asking until its create was handed to the connection; of several attempts, the last. None until then."""
    to_created: float | None
    """From asking to ``response.created`` of that attempt. None until then."""
    to_first_output: float | None
    """From asking to the first output: an item, a delta, whatever comes first. None if there was none."""
    to_first_text: float | None
    """From asking to the first text. None if there was none; a response of tool calls has none."""
    total: float
    """From asking to the outcome; while it runs, until now."""

    @property
    def sent_to_created(self) -> float | None:
        """From the create to ``response.created``: one round trip and the server's queue."""
        return _between(self.to_sent, self.to_created)

    @property
    def sent_to_first_output(self) -> float | None:
        """From the create to the first output, without what was waited before: what other clients call time to first token."""
        return _between(self.to_sent, self.to_first_output)


@attrs.frozen
class Usage:
    """Tokens, as the server counted them. They can be added."""

    input_tokens: int = 0
    """Tokens read, the cached ones included."""
    output_tokens: int = 0
    """Tokens written, the reasoning included."""
    total_tokens: int = 0
    """Both, as the server adds them."""
    cached_tokens: int = 0
    """Of the input: read from the prompt cache."""
    cache_write_tokens: int = 0
    """Of the input: written to the prompt cache."""
    reasoning_tokens: int = 0
    """Of the output: thought, not said."""

    def __add__(self, other: Usage) -> Usage:
        return Usage(*(mine + others for mine, others in zip(attrs.astuple(self), attrs.astuple(other), strict=True)))


NO_USAGE: Final = Usage()
"""No tokens: what sums begin with."""


def usage_from(raw: object) -> Usage | None:
    """The counts of a wire ``usage`` object; None if it is none. What is missing, or no count, is 0."""
    if not isinstance(raw, Mapping):
        return None
    fields = cast("Mapping[str, Any]", raw)
    read, written = _mapping(fields.get("input_tokens_details")), _mapping(fields.get("output_tokens_details"))
    return Usage(
        input_tokens=_count(fields.get("input_tokens")),
        output_tokens=_count(fields.get("output_tokens")),
        total_tokens=_count(fields.get("total_tokens")),
        cached_tokens=_count(read.get("cached_tokens")),
        cache_write_tokens=_count(read.get("cache_write_tokens")),
        reasoning_tokens=_count(written.get("reasoning_tokens")),
    )


@final
class Stopwatch:
    """Takes the times of one response. Instants are trio's; whoever calls says when."""

    def __init__(self, now: float) -> None:
        self.is_complete = False
        """Whether no further frame can change anything: asked for each delta."""
        self._asked: Final = now
        self._spent = dict.fromkeys(Wait, 0.0)
        self._waits_for: Wait | None = None
        self._since = now
        self._sent: float | None = None
        self._created: float | None = None
        self._output: float | None = None
        self._text: float | None = None
        self._ended: float | None = None

    def waits(self, wait: Wait | None, now: float) -> None:
        """From now on it waits for ``wait``; None if it does not wait any more."""
        if self._waits_for is not None:
            self._spent[self._waits_for] += now - self._since
        self._waits_for, self._since = wait, now

    def sent(self, now: float) -> None:
        """Its create was handed to a connection; what an earlier attempt had measured is void."""
        self.waits(None, now)
        self._sent, self._created = now, None

    def heard(self, frame: StreamEvent, now: float) -> None:
        """A frame is being delivered."""
        if type(frame) is ResponseCreated:
            # A successor's does not count.
            self._created = now if self._created is None else self._created
        elif frame.kind in OUTPUT:
            if self._output is None:
                self._output = now
            if self._text is None and type(frame) is OutputTextDelta and frame.delta:
                self._text = now
                self.is_complete = True

    def ended(self, now: float) -> None:
        """It has its outcome."""
        self.waits(None, now)
        self._ended = now

    def read(self, now: float) -> Timings:
        """What it took so far; after its end, what it took."""
        spent = dict(self._spent)
        if self._waits_for is not None:
            spent[self._waits_for] += now - self._since
        return Timings(
            queued=sum(spent.values()),
            drain=spent[Wait.DRAIN],
            dial=spent[Wait.DIAL],
            pause=spent[Wait.PAUSE],
            to_sent=_between(self._asked, self._sent),
            to_created=_between(self._asked, self._created),
            to_first_output=_between(self._asked, self._output),
            to_first_text=_between(self._asked, self._text),
            total=(now if self._ended is None else self._ended) - self._asked,
        )


def _between(start: float | None, end: float | None) -> float | None:
    return None if start is None or end is None else end - start


def _mapping(value: object) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}


def _count(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
