"""The same session under other names: another clock, other numbers of links and requests, other ids of responses and items."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import attrs

from harness.wandering import Wanderer
from rejoinder.states.continuation import Continuation, Reuse
from rejoinder.states.effects import Deliver
from rejoinder.states.records import Lane

__all__ = ["renamed"]

SHIFT: Final = 86_400.0
PREFIX: Final = "other_"


def other_request(number: int | None) -> int | None:
    return None if number is None else number * 3 + 100


def other_link(number: int) -> int:
    return number + 7


def other_id(name: str | None) -> str | None:
    return None if name is None else PREFIX + name


def other_item(item: Any) -> Any:  # noqa: ANN401 - any JSON value
    return {**item, "id": PREFIX + item["id"]}


def other_continuation(continuation: Continuation | None) -> Continuation | None:
    if continuation is None:
        return None
    output = [other_item(item) for item in continuation.output]
    return Continuation(PREFIX + continuation.response_id, continuation.items, output)


def other_lane(lane: Lane) -> Lane:
    decision = lane.decision
    return replace(
        lane,
        link=other_link(lane.link),
        entered=lane.entered + SHIFT,
        heard=lane.heard + SHIFT,
        used=lane.used * 5,
        request=other_request(lane.request),
        sent=other_request(lane.sent),
        decision=attrs.evolve(decision, response_id=PREFIX + decision.response_id) if isinstance(decision, Reuse) else decision,
        parent=other_continuation(lane.parent),
        continuation=other_continuation(lane.continuation),
        response_id=other_id(lane.response_id),
        items={PREFIX + name for name in lane.items},
        earlier=frozenset({PREFIX + name for name in lane.earlier}),
        output=[other_item(item) for item in lane.output],
        abandoned_at=None if lane.abandoned_at is None else lane.abandoned_at + SHIFT,
        delivery=tuple(Deliver(deliver.request * 3 + 100) for deliver in lane.delivery),
    )


def renamed(wanderer: Wanderer) -> Wanderer:
    """Return a wanderer in the same place, with another clock, other numbers and other ids."""
    session = wanderer.session.copy()
    links = list(session.links.values())
    session.links = {}
    for link in links:
        number = other_link(link.number)
        times = {
            name: getattr(link, name) + SHIFT
            for name in ("entered", "heard", "rotate_at", "dialling_since", "retry_at", "successor_at")
        }
        lanes = {name: other_lane(lane) for name, lane in link.lanes.items()}
        session.links[number] = replace(link, number=number, lanes=lanes, hedge_for=other_request(link.hedge_for), **times)
    requests = list(session.requests.values())
    session.requests = {}
    for request in requests:
        number = request.number * 3 + 100
        session.requests[number] = replace(
            request,
            number=number,
            created=request.created + SHIFT,
            entered=request.entered + SHIFT,
            resume_at=request.resume_at + SHIFT,
            place=None if request.place is None else (other_link(request.place[0]), request.place[1]),
        )
    session.links_made += 7
    session.creates = session.creates * 5 + 1
    session.counts["something else"] += 1
    return Wanderer(session, wanderer.now + SHIFT, wanderer.requests * 3 + 100, PREFIX, wanderer.responses)
