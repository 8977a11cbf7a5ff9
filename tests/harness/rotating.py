"""A tale of two lanes, a drain and a rotation: what the viewer is tried with.

Rule: it is told by the session that runs; its links are old after two seconds.
"""

from __future__ import annotations

import json
from typing import Any

import attrs

from harness.telling import asks
from rejoinder.states.codec import decode
from rejoinder.states.events import Cancel, Event, Expired, Lost, Opened, Received
from rejoinder.states.profiles import OPENAI, Policy
from rejoinder.states.session import Session
from rejoinder.states.trace import Fed, Header

__all__ = ["rotation"]


def rotation() -> tuple[Header, list[Fed]]:
    """Two requests stream side by side, one is left and drains, the link grows old, its successor takes the third."""
    header = Header("1.2.3", attrs.evolve(OPENAI, max_age=4.0), Policy())
    session = Session(header.profile, header.policy)
    feds: list[Fed] = []

    def feed(at: float, event: Event) -> Fed:
        feds.append(Fed(at, event, tuple(session.feed(event, at))))
        return feds[-1]

    feed(0.0, asks(1, "One"))
    feed(0.1, Opened(1))
    feed(0.2, _frame("response.created", "lane-1", 0, response={"id": "resp_1"}))
    feed(0.3, asks(2, "Two"))
    feed(0.4, _frame("response.created", "lane-2", 0, response={"id": "resp_2"}))
    for number in range(1, 4):
        for lane in ("lane-1", "lane-2"):
            feed(0.5 + number / 10, _item(lane, number) if number == 1 else _delta(lane, number))
    feed(1.0, Cancel(1))
    feed(1.1, _delta("lane-1", 4))
    feed(1.2, _frame("response.completed", "lane-1", 5, response={"id": "resp_1", "status": "completed", "output": []}))
    now = session.next_deadline()
    assert now is not None
    feed(now, Expired())
    feed(now + 0.1, Opened(2))
    feed(now + 0.2, asks(3, "Three"))
    feed(now + 0.3, _frame("response.created", "lane-1", 0, link=2, response={"id": "resp_3"}))
    feed(now + 0.4, Lost(1, 1006))
    feed(
        now + 0.5, _frame("response.completed", "lane-1", 1, link=2, response={"id": "resp_3", "status": "completed", "output": []})
    )
    return header, feds


def _item(lane: str, number: int) -> Received:
    return _frame("response.output_item.added", lane, number, output_index=0, item={"type": "message", "id": f"item_{lane}"})


def _delta(lane: str, number: int) -> Received:
    return _frame("response.output_text.delta", lane, number, item_id=f"item_{lane}", output_index=0, content_index=0, delta="x")


def _frame(kind: str, lane: str, number: int, *, link: int = 1, **fields: Any) -> Received:  # noqa: ANN401 - any JSON
    return Received(link, decode(json.dumps({"type": kind, "stream_id": lane, "sequence_number": number, **fields})))
