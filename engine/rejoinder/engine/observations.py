"""What observers of a session are told: every move, every note, every create that is sent, and what becomes of the model's calls.

``Moved`` and ``Note`` come from the lifecycle as they are; ``Sent`` is the engine's own, because only the engine knows bytes, and
so are the events of calls, because it runs them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import attrs

from rejoinder.states.continuation import Decision
from rejoinder.states.effects import Moved, Note

from .call_events import CallEvent

__all__ = ["Moved", "Note", "Observation", "Observer", "Sent", "Statistics"]


@attrs.frozen
class Sent:
    """A create was put into a link's outbox."""

    request: int
    """The number of the request (``Response.number``)."""
    link: int
    """The link."""
    lane: str | None
    """``stream_id``; None where the provider has no lanes."""
    decision: Decision
    """``Reuse`` with the response it continues, or ``Full`` with the reason."""
    items: int
    """Input items in the frame."""
    size: int
    """Bytes of the frame."""


Observation = Moved | Note | Sent | CallEvent
"""Anything an observer is told."""

Observer = Callable[[Observation], None]
"""Called synchronously, in order; it must not block. One that raises is logged and told nothing more."""


@attrs.frozen
class Statistics:
    """A session's counters; nothing is dropped without being counted here."""

    links: Mapping[int, str]
    """The phase of each link."""
    requests: Mapping[int, str]
    """The phase of each request that has not ended."""
    lanes: Mapping[tuple[int, str | None], str]
    """The phase of each lane, by link and name."""
    creates: int
    """Creates sent."""
    reused: int
    """Creates that named a previous response."""
    items_sent: int
    """Input items sent."""
    items_saved: int
    """Input items that did not have to be sent."""
    bytes_sent: int
    """Bytes of all frames sent."""
    frames_received: int
    """Frames received."""
    counts: Mapping[str, int]
    """Notes and staying rows by name: late frames, discards, violations, illegal events; and what became of the model's calls, by
    the type of the event, as ``rejoinder.call.finished``."""
