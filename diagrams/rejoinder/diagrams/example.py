"""A short tale for the documentation: a caller leaves in the middle, and the next one does not wait for the server.

Rule: it is told by the session that runs. What is drawn from it changes when a table does.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from rejoinder.states.codec import decode
from rejoinder.states.continuation import RequestContent
from rejoinder.states.events import Cancel, Create, Event, Opened, Received
from rejoinder.states.profiles import OPENAI, Policy
from rejoinder.states.session import Session
from rejoinder.states.trace import Fed, Header

__all__ = ["HEADER", "TITLE", "interruption"]

HEADER: Final = Header("", OPENAI, Policy())
"""The settings of the tale."""
TITLE: Final = "A caller leaves, and the next one does not wait"
"""What it is called."""


def interruption() -> tuple[Fed, ...]:
    """Return what was fed and what came back."""
    session = Session(HEADER.profile, HEADER.policy)
    return tuple(Fed(at, event, tuple(session.feed(event, at))) for at, event in _events())


def _events() -> Iterator[tuple[float, Event]]:
    yield 0.0, _asks(1, "Count the stars.")
    yield 0.08, Opened(1)
    yield 0.3, _frame("response.created", 0, "lane-1", response={"id": "resp_1"})
    yield 0.31, _frame("response.output_item.added", 1, "lane-1", output_index=0, item={"type": "message", "id": "item_1"})
    for number, word in enumerate(("One", ", two", ", three"), 2):
        yield 0.3 + number / 10, _delta(number, "lane-1", "item_1", word)
    yield 0.9, Cancel(1)
    yield 0.9, _asks(2, "Name one.")
    yield 1.0, _delta(5, "lane-1", "item_1", ", four")
    yield 1.15, _frame("response.created", 0, "lane-2", response={"id": "resp_2"})
    yield 1.16, _frame("response.output_item.added", 1, "lane-2", output_index=0, item={"type": "message", "id": "item_2"})
    yield 1.2, _delta(2, "lane-2", "item_2", "Sirius.")
    yield 1.25, _frame("response.completed", 6, "lane-1", response={"id": "resp_1", "status": "completed", "output": []})
    yield 1.3, _frame("response.completed", 3, "lane-2", response={"id": "resp_2", "status": "completed", "output": []})


def _asks(request: int, text: str) -> Create:
    return Create(request, RequestContent([{"type": "message", "role": "user", "content": text}], {"model": "gpt-4.1"}))


def _delta(number: int, lane: str, item: str, text: str) -> Received:
    return _frame("response.output_text.delta", number, lane, item_id=item, output_index=0, content_index=0, delta=text)


def _frame(kind: str, number: int, lane: str, **fields: Any) -> Received:  # noqa: ANN401 - any JSON
    return Received(1, decode(json.dumps({"type": kind, "sequence_number": number, "stream_id": lane, **fields})))
