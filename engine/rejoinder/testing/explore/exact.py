"""A session word by word, as fast as it can be told: every fact of every record, under its own names and at its own times.

Rules of this file
* Equal here means equal in everything that ``canonical.key`` reads, and more: so what is equal here has equal keys. The key costs
  several times as much, and need not be made for what was told here before.
* Facts are read by name from the records' own fields: a new one is told without a word here.
* Where something cannot be told cheaply (finished output items), nothing is told, and the key has to be made.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import fields
from operator import attrgetter
from typing import Any, Final

from rejoinder.states.continuation import Decision, Reuse
from rejoinder.states.records import Lane, Link, Request
from rejoinder.states.session import Session
from rejoinder.states.stream_events import ErrorEvent

__all__ = ["exact"]


def _reader(kind: type[Lane | Link | Request], *apart: str) -> Callable[[object], tuple[Any, ...]]:
    """Read all fields of a record at once, but for those that are told apart."""
    return attrgetter(*[field.name for field in fields(kind) if field.name not in apart])


LANE: Final = _reader(Lane, "used", "decision", "items", "output", "fault", "delivery")
"""All but what is told below, and ``delivery``, which follows from the request."""
LINK: Final = _reader(Link, "lanes")
REQUEST: Final = _reader(Request)


def exact(session: Session) -> Hashable | None:
    """Tell ``session`` word by word; None where that is not worth it."""
    links: list[Hashable] = []
    for link in session.links.values():
        several = len(link.lanes) > 1
        lanes: list[Hashable] = []
        for lane in link.lanes.values():
            if lane.output:
                return None
            fault, decision = lane.fault, lane.decision
            lanes.append(
                (
                    LANE(lane),
                    # Where there is one, it was used last.
                    lane.used if several else 0,
                    None if decision is None else _decided(decision),
                    frozenset(lane.items) if lane.items else None,
                    None if fault is None else _said(fault),
                )
            )
        links.append((LINK(link), tuple(lanes)))
    requests = tuple([REQUEST(request) for request in session.requests.values()])
    return session.has_completed, session.closing, session.links_made, tuple(links), requests, tuple(session.stored.items())


def _decided(decision: Decision) -> Hashable:
    """Which response the create names: that is all that is still read of it."""
    return decision.response_id if isinstance(decision, Reuse) else ""


def _said(error: ErrorEvent) -> Hashable:
    """What is still read of an error."""
    return error.code, error.message, error.param, error.status, error.error_type, error.retry_after
