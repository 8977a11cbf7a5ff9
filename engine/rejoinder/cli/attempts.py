"""The server's log, read as attempts: each create, and everything that the server said in answer to it.

Rules of this file
* Pure, and from the log alone: a create is known by the tag in its input; ``response.created`` answers the oldest create of its
  lane that has no answer yet; everything after that belongs to the response last created on the lane.
* An attempt ends with its terminal, with the error that answers it, or with its connection.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, cast, final

import attrs

from rejoinder.testing.outgoing import LogEntry

from .tags import tag_of

__all__ = ["LOST", "MISS", "TEXT_DELTA", "Attempt", "read_attempts"]

TEXT_DELTA: Final = "response.output_text.delta"
"""The event that carries a piece of text."""
LOST: Final = "connection lost"
"""How an attempt ends whose connection does."""
MISS: Final = "cache miss"
"""How an attempt ends that named a response which the server has forgotten."""

TERMINALS: Final = frozenset({"response.completed", "response.failed", "response.incomplete"})


@final
@attrs.define(eq=False)
class Attempt:
    """One create on one connection."""

    tag: str
    """The request, by the tag of its question."""
    connection: int
    """The connection, as the server counts them."""
    lane: str | None
    """The lane that the create names."""
    place: int
    """Where in the log it arrived."""
    at: float
    """When it arrived, in seconds of the server's clock."""
    previous: str | None
    """The response that it continues."""
    items: Sequence[Mapping[str, Any]]
    """Its input."""
    response_id: str | None = None
    """The response, once created."""
    created_at: float | None = None
    """When that was."""
    item_ids: set[str] = attrs.field(factory=set[str])
    """The output items that the server announced."""
    call_ids: set[str] = attrs.field(factory=set[str])
    """The calls among them."""
    pieces: list[tuple[float, str]] = attrs.field(factory=list[tuple[float, str]])
    """The pieces of text that the server sent, and when."""
    end: str | None = None
    """How it ended: the type of the terminal, ``connection lost``, ``cache miss``, or ``error`` and its code."""
    end_place: int | None = None
    """Where in the log."""
    ended_at: float | None = None
    """When, in seconds of the server's clock."""

    @property
    def text(self) -> str:
        """All text that the server sent."""
        return "".join(piece for _, piece in self.pieces)

    @property
    def completed(self) -> bool:
        """Whether the server sent the whole answer."""
        return self.end == "response.completed"

    def runs_at(self, place: int) -> bool:
        """Whether it is under way at that place of the log."""
        return self.place < place and (self.end_place is None or place < self.end_place)

    def finish(self, end: str, place: int, at: float) -> None:
        """Take note of its end."""
        self.end, self.end_place, self.ended_at = end, place, at


def read_attempts(log: Iterable[LogEntry]) -> list[Attempt]:
    """The attempts in a server's log, in the order of their arrival."""
    reader = _Reader()
    for place, entry in enumerate(log):
        reader.take(place, entry)
    return reader.attempts


@final
class _Reader:
    def __init__(self) -> None:
        self.attempts: list[Attempt] = []

    def take(self, place: int, entry: LogEntry) -> None:
        said: object = entry.body
        if entry.direction == "note":
            if entry.data != "opened":
                for attempt in list(self._under_way(entry.connection)):
                    attempt.finish(LOST, place, entry.at)
        elif isinstance(said, dict):
            body = cast("dict[str, Any]", said)
            if entry.direction == "in" and entry.type == "response.create":
                self._create(place, entry, body)
            elif entry.direction == "out":
                self._answer(place, entry, body)

    def _create(self, place: int, entry: LogEntry, body: dict[str, Any]) -> None:
        items: list[dict[str, Any]] = body.get("input") or []
        lane, previous = body.get("stream_id"), body.get("previous_response_id")
        self.attempts.append(Attempt(tag_of(items), entry.connection, lane, place, entry.at, previous, items))

    def _answer(self, place: int, entry: LogEntry, body: dict[str, Any]) -> None:
        here = [attempt for attempt in self._under_way(entry.connection) if attempt.lane == body.get("stream_id")]
        begun = [attempt for attempt in here if attempt.response_id is not None]
        unanswered = [attempt for attempt in here if attempt.response_id is None]
        kind = entry.type
        if kind == "response.created":
            if unanswered:
                unanswered[0].response_id, unanswered[0].created_at = body["response"]["id"], entry.at
        elif kind == "error":
            if unanswered and "sequence_number" not in body:
                code = (body.get("error") or body).get("code")
                end = MISS if code == "previous_response_not_found" else f"error {code}"
                unanswered[0].finish(end, place, entry.at)
        elif begun:
            _go_on(begun[-1], place, entry, body)

    def _under_way(self, connection: int) -> Iterator[Attempt]:
        return (attempt for attempt in self.attempts if attempt.connection == connection and attempt.end is None)


def _go_on(attempt: Attempt, place: int, entry: LogEntry, body: dict[str, Any]) -> None:
    kind = entry.type
    if kind == "response.output_item.added":
        item: dict[str, Any] = body["item"]
        attempt.item_ids.add(item["id"])
        if item["type"] == "function_call":
            attempt.call_ids.add(item["call_id"])
    elif kind == TEXT_DELTA:
        attempt.pieces.append((entry.at, body["delta"]))
    elif kind in TERMINALS and body["response"]["id"] == attempt.response_id:
        attempt.finish(str(kind), place, entry.at)
