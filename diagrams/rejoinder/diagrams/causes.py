"""Who causes an event: the caller, the server, the network, the clock, or the session itself; and how its arrows look.

Rules of this file
* An event has one cause, the same in every phase: whoever acted last before the row was taken. What another machine of the
  session passes on (a successor has opened, a lane has become free) is the session's.
* A cause has an ink for light pages and one for dark pages, each with at least 4.5 to 1 against its page (WCAG 2.2, 1.4.3),
  because no colour has that against both. It has a kind of line, too, so that a picture can be read without colours.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum, unique
from types import MappingProxyType
from typing import Final

import attrs

from rejoinder.states.edges import Table
from rejoinder.states.triggers import LinkEvent, RequestEvent, ResponseEvent

__all__ = ["CAUSES", "INKS", "Cause", "Ink", "cause_of"]


@unique
class Cause(StrEnum):
    """Who makes an event happen."""

    CALLER = "caller"
    """The program that asks for responses."""
    SERVER = "server"
    """A frame that the server sent."""
    NETWORK = "network"
    """A dial or a socket."""
    CLOCK = "clock"
    """An instant that has come."""
    SESSION = "session"
    """Another machine of the same session."""


@attrs.frozen
class Ink:
    """How the arrows of a cause look."""

    light: str
    """On a light page, as ``#rrggbb``."""
    dark: str
    """On a dark page, as ``#rrggbb``."""
    line: str
    """The kind of line, in Graphviz's words."""
    dashes: str
    """The same in SVG's words: the lengths of dashes and gaps; empty for a line without gaps."""
    width: float
    """How thick the line is, in pixels."""


INKS: Final[Mapping[Cause, Ink]] = MappingProxyType(
    {
        Cause.CALLER: Ink("#8250df", "#d2a8ff", "solid", "", 2.4),
        Cause.SERVER: Ink("#0550ae", "#79c0ff", "solid", "", 1.2),
        Cause.NETWORK: Ink("#953800", "#ffa657", "dashed", "7 4", 1.6),
        Cause.CLOCK: Ink("#0a6e6e", "#56d4dd", "dotted", "1.5 3.5", 2.0),
        Cause.SESSION: Ink("#424a53", "#c9d1d9", "dashed", "10 3 2 3", 1.2),
    }
)
"""The ink of each cause."""

_LINKS: Final[Mapping[Cause, tuple[LinkEvent, ...]]] = {
    Cause.CALLER: (LinkEvent.NEEDED, LinkEvent.STALE),
    Cause.SERVER: (LinkEvent.LIMIT_REACHED, LinkEvent.SUSPECT),
    Cause.NETWORK: (
        *(LinkEvent.OPENED, LinkEvent.DIAL_FAILED, LinkEvent.DIAL_GIVEN_UP),
        *(LinkEvent.ALIVE, LinkEvent.LOST, LinkEvent.LOST_WANTED),
    ),
    Cause.CLOCK: (LinkEvent.EXPIRED, LinkEvent.EXPIRED_WANTED, LinkEvent.AGE_NEAR, LinkEvent.HEDGE_DUE),
    Cause.SESSION: (
        *(LinkEvent.NAMES_EXHAUSTED, LinkEvent.SUCCESSOR_OPEN, LinkEvent.LANE_UNCLEAN),
        *(LinkEvent.RETIRE, LinkEvent.DROP, LinkEvent.VACANT),
    ),
}
_RESPONSES: Final[Mapping[Cause, tuple[ResponseEvent, ...]]] = {
    Cause.CALLER: (ResponseEvent.CANCEL, ResponseEvent.STEER),
    Cause.SERVER: (
        *(ResponseEvent.CREATED, ResponseEvent.REPEAT_CREATED, ResponseEvent.FOREIGN_CREATED),
        *(ResponseEvent.FOREIGN_CREATED_REPLAYABLE, ResponseEvent.PROGRESS, ResponseEvent.CONTENT),
        *(ResponseEvent.CONTENT_AFTER_GAP, ResponseEvent.CONTENT_REPEATED, ResponseEvent.STRAY_CONTENT),
        *(ResponseEvent.OTHER, ResponseEvent.KEEPALIVE, ResponseEvent.COMPLETED, ResponseEvent.FAILED),
        *(ResponseEvent.INCOMPLETE, ResponseEvent.ENDED_STEERED),
        *(ResponseEvent.FOREIGN_TERMINAL, ResponseEvent.FOREIGN_TERMINAL_AGAIN),
        *(ResponseEvent.STEER_ACCEPTED, ResponseEvent.STEER_ANSWERED, ResponseEvent.STEER_SETTLED, ResponseEvent.STRAY_STEER),
        *(ResponseEvent.FAULT, ResponseEvent.DOUBTFUL, ResponseEvent.REJECTED, ResponseEvent.REJECTED_UNCLEAN),
        *(ResponseEvent.REJECTED_REPLAYABLE, ResponseEvent.CACHE_MISS, ResponseEvent.GARBAGE),
        *(ResponseEvent.GARBAGE_REPLAYABLE, ResponseEvent.DOOMED, ResponseEvent.DOOMED_REPLAYABLE),
    ),
    Cause.NETWORK: (
        *(ResponseEvent.LOST, ResponseEvent.LOST_REPLAYABLE),
        *(ResponseEvent.UNREACHABLE, ResponseEvent.UNREACHABLE_REPLAYABLE),
    ),
    Cause.CLOCK: (ResponseEvent.EXPIRED, ResponseEvent.EXPIRED_REPLAYABLE),
    Cause.SESSION: (ResponseEvent.SEND, ResponseEvent.WITHDRAWN, ResponseEvent.UNSENDABLE, ResponseEvent.UNSENDABLE_REPLAYABLE),
}
_REQUESTS: Final[Mapping[Cause, tuple[RequestEvent, ...]]] = {
    Cause.CALLER: (RequestEvent.CANCEL, RequestEvent.STEER, RequestEvent.OVERFLOW, RequestEvent.CLOSED),
    Cause.NETWORK: (RequestEvent.GAVE_UP, RequestEvent.GAVE_UP_OTHER),
    Cause.CLOCK: (RequestEvent.EXPIRED, RequestEvent.HEDGE_DUE, RequestEvent.RETRY_DUE),
    Cause.SESSION: (
        *(RequestEvent.LANE_FREE, RequestEvent.REPLAY, RequestEvent.REPLAY_LATER),
        *(RequestEvent.FINISHED, RequestEvent.HANDED_OVER),
    ),
}

CAUSES: Final[Mapping[tuple[str, str], Cause]] = MappingProxyType(
    {
        (machine, str(event)): cause
        for machine, causes in (("link", _LINKS), ("response", _RESPONSES), ("request", _REQUESTS))
        for cause, events in causes.items()
        for event in events
    }
)
"""The cause of each event, by machine and event."""


def cause_of(table: Table, event: str) -> Cause:
    """The cause of ``event``; one that ``CAUSES`` does not know is the session's own."""
    return CAUSES.get((table.name, event), Cause.SESSION)
