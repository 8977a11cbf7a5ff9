"""A server that may say anything: all that the protocol allows at each instant, and the violations that it is asked for.

Rules of this file
* Values only: a connection is never changed, saying something gives another. What a server *can* say is listed by ``sayings``; what
  it *does* say is the explorer's choice, and silence is always one.
* The right things first: ``LEGAL`` is what a server does by the book (recorded and documented orders), ``REJECTIONS`` are errors
  instead of a response. What breaks the protocol is in ``misbehaviour.py``.
* A cancel is answered in every way that is known or feared: honoured (``response.incomplete``), ignored (the response goes on), by
  an error, with a label or without, before the terminal, after it, or never. No vendor documents which.
* Frames are received when they are said: whatever else could happen between, can as well happen before they are said. So only what
  the *client* sends is in flight.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum, unique
from typing import Any, Final, NamedTuple

import attrs

from rejoinder.states.stream_events import StreamEvent

from . import wire_frames as wire
from .configuration import Configuration

__all__ = [
    "CONNECTION",
    "Connection",
    "Run",
    "Said",
    "Saying",
    "ServerLane",
    "Stage",
    "read_cancel",
    "read_create",
    "read_steer",
    "say",
    "sayings",
]


@unique
class Stage(Enum):
    """How far a response has come on the server."""

    READ = 0
    """The create was read."""
    BEGUN = 1
    """``response.created`` was said."""
    TALKING = 2
    """Its one message was announced."""
    FAILING = 3
    """A fault was reported inside it: ``response.failed`` is all that may follow."""
    ENDED = 4
    """Its terminal was said while words were not settled: a successor may follow."""


class Saying(NamedTuple):
    """What a server says: on which lane, and what."""

    lane: str | None
    """The lane that it is about, also where the frame does not name it."""
    what: str
    """A name of ``LEGAL``, ``REJECTIONS``, ``misbehaviour.MISBEHAVIOUR`` or a few of their own."""


class Said(NamedTuple):
    """A frame, and the truth about it."""

    frame: StreamEvent
    """What the client receives."""
    request: int
    """Whose words it carries; 0 is nobody's."""
    connection: Connection
    """The server's side afterwards."""


@attrs.frozen
class Run:
    """A create that the server works on."""

    request: int
    """The request it is for."""
    response: str
    """The id of its response."""
    named: str | None
    """The response that it continues."""
    stage: Stage = Stage.READ
    """How far it has come."""
    number: int = 0
    """The next sequence number."""
    announced: bool = False
    """Whether its message was announced."""
    words: int = 0
    """Deltas so far."""
    thoughts: int = 0
    """Reasoning items so far."""
    cancelled: bool = False
    """Whether a cancel of it was read."""
    refused: bool = False
    """Whether its lane's name is one too many: it gets no response."""
    unanswered: int = 0
    """Words that were read and not answered."""
    queued: int = 0
    """Words that were accepted and not settled."""
    names: int = 0
    """How many words were given a name."""
    whole: bool = False
    """Whether it has completed, where it has ended."""


@attrs.frozen
class ServerLane:
    """A lane, as the server has it."""

    run: Run | None = None
    """What it works on."""
    latest: str | None = None
    """The response that may be continued: the last create's here, if that completed."""
    completed: str | None = None
    """The last response that completed here."""
    ended: str | None = None
    """The last response that ended here."""
    spoke: str | None = None
    """The last response that ended here after it had announced its message."""
    hushed: str | None = None
    """The last response here that was cancelled and ended before it had announced its message, until another completes."""
    number: int = 0
    """The number that would follow that response's terminal."""
    stranger: str | None = None
    """A response that nobody asked for, begun and not ended."""
    echoed: bool = False
    """Whether some ``response.created`` has named it."""
    too_late: tuple[tuple[str, int], ...] = ()
    """Responses that had ended when words for them were read, each with its request: they are refused."""
    unclear: bool = False
    """Whether its last create was refused in a way that could as well answer a cancel: the client may wait for more."""


@attrs.frozen(eq=False)
class Connection:
    """A connection, as the server has it. Compared by identity: ``KnownServer`` keeps one value for each content."""

    lanes: Mapping[str | None, ServerLane] = attrs.field(factory=dict[str | None, ServerLane])
    """Its lanes, by name, in the order of their first create."""
    owed: tuple[str | None, ...] = ()
    """The lanes of cancels that an error may still answer, in the order of reading."""
    doomed: bool = False
    """Whether it has said that it is at its limit."""
    cancels: bool = False
    """Whether a cancel was ever read."""

    def lane(self, name: str | None) -> ServerLane:
        """The lane of that name."""
        return self.lanes[name]

    def with_lane(self, name: str | None, **changes: Any) -> Connection:  # noqa: ANN401 - the fields of a lane
        """The same with one lane changed."""
        lane = attrs.evolve(self.lanes.get(name, ServerLane()), **changes)
        return Connection({**self.lanes, name: lane}, self.owed, self.doomed, self.cancels)

    @property
    def runs(self) -> Iterator[Run]:
        """Everything it works on."""
        return (lane.run for lane in self.lanes.values() if lane.run is not None)


CONNECTION: Final = Connection()
"""A new connection."""


def read_create(  # noqa: PLR0917 - what a create says
    connection: Connection, configuration: Configuration, lane: str | None, request: int, response: str, named: str | None
) -> Connection:
    """The server reads a create."""
    limit = configuration.server_names
    refused = limit is not None and lane not in connection.lanes and len(connection.lanes) >= limit
    return connection.with_lane(lane, run=Run(request, response, named, refused=refused), latest=None, unclear=False)


def read_cancel(connection: Connection, configuration: Configuration, response: str) -> Connection:
    """The server reads a cancel."""
    connection = attrs.evolve(connection, cancels=True)
    for name, lane in connection.lanes.items():
        run = lane.run
        if run is not None and run.response == response:
            connection = connection.with_lane(name, run=attrs.evolve(run, cancelled=True))
        if (run is not None and run.response == response) or lane.ended == response:
            if configuration.refuses_cancels:
                connection = attrs.evolve(connection, owed=(*connection.owed, name))
            break
    return connection


def read_steer(connection: Connection, response: str) -> Connection:
    """The server reads words for a response."""
    for name, lane in connection.lanes.items():
        run = lane.run
        if run is not None and run.response == response and run.stage is not Stage.ENDED:
            return connection.with_lane(name, run=attrs.evolve(run, unanswered=run.unanswered + 1))
    # Words for what is over are refused where it ended; nobody can name what ended before the last one of its lane.
    name = next((name for name, lane in connection.lanes.items() if lane.ended == response), next(iter(connection.lanes)))
    lane = connection.lanes[name]
    request = int(response[1:].partition(".")[0])
    return connection.with_lane(name, too_late=(*lane.too_late, (response, request)))


def sayings(connection: Connection, configuration: Configuration) -> Iterator[Saying]:
    """Everything that the server may say now, by the book."""
    for name, lane in connection.lanes.items():
        run = lane.run
        if run is not None:
            for what in _of_run(run, configuration):
                yield Saying(name, what)
        if lane.too_late:
            yield Saying(name, "steer too late")
    for name in dict.fromkeys(connection.owed):
        yield Saying(name, "cancel error")
        if name is not None and configuration.echo:
            yield Saying(name, "labelled cancel error")
    if configuration.limit and not connection.doomed and connection.lanes:
        yield Saying(None, "limit")


def _of_words(run: Run) -> Iterator[str]:
    if run.unanswered:
        yield "steer accepted"
        yield "steer failed"
    if run.queued:
        yield "queued steer failed"
        if run.stage is Stage.ENDED:
            yield "successor"
            if run.whole:
                yield "steer pending"


def _of_run(run: Run, configuration: Configuration) -> Iterator[str]:  # noqa: C901 - one list of what may be said
    if run.refused:
        yield "lane limit"
        return
    yield from _of_words(run)
    if run.stage is Stage.ENDED:
        return
    if run.stage is Stage.READ:
        yield "created"
        yield from configuration.rejections
        if run.named is not None and configuration.forgets:
            yield "miss"
        return
    if run.stage is not Stage.FAILING:
        if run.thoughts < configuration.thoughts:
            yield "thought"
        if run.stage is Stage.BEGUN:
            yield "item"
        if run.stage is Stage.TALKING and run.words < configuration.words:
            yield "delta"
        if run.number == 1 and configuration.progress:
            yield "progress"
        yield "completed"
        if configuration.faults_inside:
            yield "fault"
    if run.stage is Stage.FAILING or "failed" in configuration.ends:
        yield "failed"
    if run.stage is not Stage.FAILING and (run.cancelled or run.queued or "incomplete" in configuration.ends):
        yield "incomplete"


def say(connection: Connection, configuration: Configuration, saying: Saying) -> Said:  # noqa: PLR0911 - one of each
    """Say it."""
    name, what = saying
    if what == "limit":
        frame = wire.error("websocket_connection_limit_reached", None, status=400)
        return Said(frame, 0, attrs.evolve(connection, doomed=True))
    label = name if configuration.echo else None
    if what.endswith("cancel error"):
        owed = list(connection.owed)
        owed.remove(name)
        frame = wire.error("unknown_event_type", label if what.startswith("labelled") else None, status=400)
        return Said(frame, 0, attrs.evolve(connection, owed=tuple(owed)))
    lane = connection.lane(name)
    if what == "steer too late":
        (response, request), *rest = lane.too_late
        frame = wire.steer("failed", response, None, label)
        return Said(frame, request, connection.with_lane(name, too_late=tuple(rest)))
    run = lane.run
    if run is None:
        raise LookupError(f"nothing runs on {name}")
    if "steer" in what or what == "successor":
        return _steering(connection, configuration, name, what)
    if what in REJECTIONS:
        frame = _rejection(what, label)
        lanes = connection.lanes
        if run.refused:
            return Said(
                frame,
                run.request,
                attrs.evolve(connection, lanes={other: state for other, state in lanes.items() if other != name}),
            )
        unclear = connection.cancels and what in UNCERTAIN
        return Said(frame, run.request, connection.with_lane(name, run=None, unclear=unclear))
    frame = _legal(what, run, label, run.number if configuration.numbered else None)
    if what in TERMINALS and what != "failed" and (run.queued or run.unanswered):
        following = attrs.evolve(run, stage=Stage.ENDED, whole=what == "completed", number=run.number + 1)
        return Said(frame, run.request, connection.with_lane(name, run=following, ended=run.response))
    if what in TERMINALS:
        whole = run.response if what == "completed" else None
        spoke = run.response if run.announced else lane.spoke
        after = connection.with_lane(
            name,
            run=None,
            latest=whole,
            completed=whole or lane.completed,
            ended=run.response,
            spoke=spoke,
            hushed=run.response if run.cancelled and not run.announced else None if whole else lane.hushed,
            number=run.number + 1,
            too_late=(*lane.too_late, *(((run.response, run.request),) * run.unanswered)),
        )
        return Said(frame, run.request, after)
    following = attrs.evolve(
        run,
        stage=STAGES.get(what, run.stage),
        number=run.number + 1,
        announced=run.announced or what == "item",
        words=run.words + (what == "delta"),
        thoughts=run.thoughts + (what == "thought"),
    )
    echoed = lane.echoed or (what == "created" and label is not None)
    return Said(frame, run.request, connection.with_lane(name, run=following, echoed=echoed))


def _steering(connection: Connection, configuration: Configuration, name: str | None, what: str) -> Said:
    """Say what becomes of words, or begin the successor that takes them up."""
    lane = connection.lane(name)
    run = lane.run
    if run is None:
        raise LookupError(f"nothing runs on {name}")
    label = name if configuration.echo else None
    number = run.number if configuration.numbered else None
    if what == "successor":
        frame = wire.created(f"{run.response}'", label, 0 if configuration.numbered else None, run.response)
        following = Run(run.request, f"{run.response}'", run.response, Stage.BEGUN, 1)
        # Words that were not answered before it are for a response that has ended.
        too_late = (*lane.too_late, *(((run.response, run.request),) * run.unanswered))
        spoke = run.response if run.announced else lane.spoke
        return Said(frame, run.request, connection.with_lane(name, run=following, spoke=spoke, too_late=too_late))
    if what == "steer accepted":
        frame = wire.steer("accepted", run.response, f"{run.response}.s{run.names}", label, number)
        run = attrs.evolve(run, unanswered=run.unanswered - 1, queued=run.queued + 1, names=run.names + 1, number=run.number + 1)
    elif what == "steer failed":
        frame = wire.steer("failed", run.response, None, label, number)
        run = attrs.evolve(run, unanswered=run.unanswered - 1, number=run.number + 1)
    else:
        # The oldest of those that are queued.
        kind = "pending" if what == "steer pending" else "failed"
        frame = wire.steer(kind, run.response, f"{run.response}.s{run.names - run.queued}", label, number)
        run = attrs.evolve(run, queued=run.queued - 1, number=run.number + 1)
    if run.stage is Stage.ENDED and not (run.queued or run.unanswered):
        whole = run.response if run.whole else None
        spoke = run.response if run.announced else lane.spoke
        after = connection.with_lane(
            name, run=None, latest=whole, completed=whole or lane.completed, spoke=spoke, number=run.number
        )
        return Said(frame, run.request, after)
    return Said(frame, run.request, connection.with_lane(name, run=run))


TERMINALS: Final = ("completed", "failed", "incomplete")
STAGES: Final[Mapping[str, Stage]] = {"created": Stage.BEGUN, "item": Stage.TALKING, "fault": Stage.FAILING}
LEGAL: Final = ("created", "progress", "thought", "item", "delta", "fault", *TERMINALS)
UNCERTAIN: Final = ("busy", "bare")
"""Rejections that name nothing of the create."""
REJECTIONS: Final = ("busy", "rate", "bad", "bare", "miss", "lane limit")


def _legal(what: str, run: Run, label: str | None, number: int | None) -> StreamEvent:  # noqa: PLR0911 - one of each
    match what:
        case "created":
            return wire.created(run.response, label, number, run.named)
        case "progress":
            return wire.progress(run.response, label, number)
        case "thought":
            return wire.thought_added(wire.thought_of(run.response, run.thoughts), label, number)
        case "item":
            return wire.item_added(wire.item_of(run.response), label, number)
        case "delta":
            return wire.delta(wire.item_of(run.response), label, number)
        case "fault":
            return wire.error("server_error", label, number=number)
        case _:
            words = run.words if run.announced else None
            return wire.terminal(what, run.response, label, number, words, run.thoughts)


def _rejection(what: str, label: str | None) -> StreamEvent:
    match what:
        case "busy":
            return wire.error("server_is_overloaded", label, status=503)
        case "rate":
            return wire.error("rate_limit_exceeded", None, status=429, retry_after="3")
        case "bad":
            return wire.error("invalid_value", None, status=400, param="input")
        case "miss":
            return wire.error("previous_response_not_found", label, status=400, param="previous_response_id")
        case "lane limit":
            return wire.error("websocket_stream_limit_reached", label, status=400, param="stream_id")
        case _:
            return wire.error(None, None)
