"""What a model server keeps per connection: the waiting creates, the running responses, and the cache of each lane.

Rules of this file: bookkeeping without decisions about frames. Everything here can be copied cheaply: what is shared
between copies is frozen.

The cache, in the words of the OpenAI WebSocket guide: in memory only, per connection, the latest response of each lane.
"""

from collections.abc import Iterator
from typing import final

import attrs

from rejoinder.testing.creates import Create, Steer
from rejoinder.testing.cues import Cue
from rejoinder.testing.script import ErrorFrame, Event, JsonObject


@attrs.frozen
class Remembered:
    """A completed response that can be continued."""

    response_id: str
    """Its identifier."""
    items: tuple[JsonObject, ...]
    """The whole context, its own output included."""
    tokens: int
    """Tokens of that context."""


@attrs.frozen
class Notice:
    """A frame that belongs to no running response and is sent later."""

    due: float
    """When, in seconds of the server's clock."""
    step: ErrorFrame | Event
    """An error, which names no lane, or an event as it is."""


@final
@attrs.define(eq=False)
class Running:
    """A create the server has started on, until its last cue is sent."""

    create: Create
    """What it answers."""
    started: float
    """When, in seconds of the server's clock."""
    response: JsonObject
    """The response object as `response.created` has it."""
    cues: tuple[Cue, ...]
    """What is sent, in order of time."""
    remembered: Remembered
    """What the cache holds if it completes."""
    planned: tuple[JsonObject, ...] = ()
    """The output of that."""
    position: int = 0
    """How many cues have been sent."""
    sequence_number: int = 0
    """The number of its next event."""
    busy: bool = True
    """Whether it still occupies its lane; false for frames that follow the terminal."""
    late_error: bool = False
    """Whether an error that answers a cancel follows its terminal."""
    steers: tuple[tuple[Steer, str], ...] = ()
    """Words that are queued for it, and what the server calls them."""

    @property
    def response_id(self) -> str:
        """Its identifier."""
        return str(self.response["id"])

    @property
    def due(self) -> float | None:
        """When the next cue is due, or None when nothing more comes by itself."""
        return self.started + self.cues[self.position].offset if self.position < len(self.cues) else None

    def copy(self) -> "Running":
        """A twin that can be moved on by itself."""
        return attrs.evolve(self)


@final
@attrs.define(eq=False)
class Connection:
    """One client connection."""

    identity: int
    """Its number, from 0 in the order of connecting."""
    opened: float
    """When, in seconds of the server's clock."""
    waiting: list[Create] = attrs.field(factory=list[Create])
    """Creates the server has not started on, in order of arrival."""
    running: list[Running] = attrs.field(factory=list[Running])
    """Responses under way, in order of starting."""
    notices: list[Notice] = attrs.field(factory=list[Notice])
    """Errors that are sent later."""
    latest: dict[str | None, Remembered] = attrs.field(factory=dict[str | None, Remembered])
    """The cache: the latest response of each lane, the default lane under None."""
    lane_of: dict[str, str | None] = attrs.field(factory=dict[str, str | None])
    """The lane of each response that was begun."""
    held: dict[str, tuple[JsonObject, ...]] = attrs.field(factory=dict[str, tuple[JsonObject, ...]])
    """Words that wait for the create that continues a response."""
    lane_names: set[str] = attrs.field(factory=set[str])
    """Every lane name it ever used."""
    frames_sent: int = 0
    """Frames that went out."""
    creates_started: int = 0
    """Creates the server has started on."""
    over_http: bool = False
    """Whether it is one HTTP request: no age limit, no limit on its size, and its response is kept if it is stored."""

    def next_startable(self, max_in_flight: int) -> Create | None:
        """Take the next create whose lane is free: first in first out inside a lane, lanes beside each other."""
        taken = {running.create.lane for running in self.running if running.busy}
        if len(taken) >= max_in_flight:
            return None
        for index, create in enumerate(self.waiting):
            if create.lane not in taken:
                return self.waiting.pop(index)
        return None

    def find(self, response_id: str) -> Remembered | None:
        """The response of that name, if it is the latest of some lane."""
        return next((entry for entry in self.latest.values() if entry.response_id == response_id), None)

    def evict(self, lane: str | None, response_id: str | None) -> None:
        """Forget a response that a failed continuation named, if it is this lane's. Other lanes keep theirs."""
        entry = self.latest.get(lane)
        if entry is not None and entry.response_id == response_id:
            del self.latest[lane]

    def busy_with(self, response_id: object) -> Running | None:
        """The running response of that name, unless its terminal has been sent."""
        return next((each for each in self.running if each.busy and each.response_id == response_id), None)

    @property
    def busy(self) -> bool:
        """Whether anything is still to come by itself, or was begun and never ends."""
        return bool(self.waiting or self.running or self.notices)

    def dues(self) -> Iterator[tuple[float, Running | Notice]]:
        """Everything that is due at some time, and when; responses first, in order of starting."""
        for running in self.running:
            due = running.due
            if due is not None:
                yield due, running
        for notice in self.notices:
            yield notice.due, notice

    def copy(self) -> "Connection":
        """A twin that can be moved on by itself."""
        return attrs.evolve(
            self,
            waiting=list(self.waiting),
            running=[running.copy() for running in self.running],
            notices=list(self.notices),
            latest=dict(self.latest),
            lane_of=dict(self.lane_of),
            held=dict(self.held),
            lane_names=set(self.lane_names),
        )
