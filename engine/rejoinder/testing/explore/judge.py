"""The judge: the promises that can be told from one step, and what was seen on the way.

Rules of this file
* It reads what the session was fed and what it ordered, and the truth about the server. It never asks the session what it thinks.
* A promise that is broken is one sentence that begins with its number.
* It writes down which rows of which tables were taken: a row that no exploration takes is dead.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final, final

import attrs

from rejoinder.states import effects as ordered
from rejoinder.states import events as happening
from rejoinder.states.continuation import Reuse
from rejoinder.states.edges import Staying
from rejoinder.states.effects import Effect
from rejoinder.states.facts import Facts
from rejoinder.states.phases import LinkPhase, RequestPhase, ResponsePhase
from rejoinder.states.profiles import AfterCancel, ReplayPolicy
from rejoinder.states.response import RESPONSE
from rejoinder.states.stream_events import FrameKind
from rejoinder.states.triggers import LinkEvent
from rejoinder.states.verdicts import OutcomeKind

from .any_server import ServerLane
from .rows import rows_of

if TYPE_CHECKING:
    from .world import ExploredWorld

__all__ = ["Caller", "Judge"]

OUTPUT: Final = frozenset({FrameKind.ITEM_ADDED, FrameKind.CONTENT})
REPLAY: Final = re.compile(r"request (\d+): (.+)")
REPLAYS: Final = 2
DISCARDED: Final = frozenset(f"response {edge.source} {edge.event}" for edge in RESPONSE.edges if edge.action is Staying.DISCARD)
"""Rows for output of abandoned responses: it has a name in the statistics, and nobody is told of each frame."""
UNREMARKABLE: Final = frozenset(edge.event for edge in RESPONSE.edges if edge.action is Staying.IGNORE) - frozenset(
    edge.event for edge in RESPONSE.edges if edge.action is not Staying.IGNORE
)
"""Events that are never out of place."""


@final
class Caller:
    """What is known of a request."""

    __slots__ = ("ended", "left", "output", "replays", "sends")

    def __init__(self) -> None:
        self.left = False
        self.ended = False
        self.output = False
        self.sends = 0
        self.replays: tuple[str, ...] = ()

    def copy(self) -> Caller:
        """One that goes its own way from here."""
        other = Caller()
        other.left = self.left
        other.ended = self.ended
        other.output = self.output
        other.sends = self.sends
        other.replays = self.replays
        return other

    def key(self) -> tuple[object, ...]:
        """What tells it from others."""
        return self.left, self.output, self.sends, self.replays


@final
@attrs.define(eq=False)
class Judge:
    """Judges steps, one after the other."""

    rows: set[str] = attrs.field(factory=set[str])
    """The rows that were taken: machine, phase, event."""
    sighted: set[tuple[FrameKind, Facts]] = attrs.field(factory=set[tuple[FrameKind, Facts]])
    """The kinds and facts that frames were classified by."""
    seen: set[str] = attrs.field(factory=set[str])
    """What happened at least once."""
    request: int = 0
    legal: bool = True

    def begin(self, world: ExploredWorld, event: happening.Event, request: int, *, legal: bool) -> None:
        """An event is about to be fed: ``request`` is whose words it carries, ``legal`` whether the server may say it."""
        del event
        self.request = request
        self.legal = legal
        world.session.sighted = None
        world.session.counts.clear()

    def end(self, world: ExploredWorld, event: happening.Event, effects: Sequence[Effect]) -> str | None:
        """It was fed, and all orders were judged and performed: what is broken now, if anything is."""
        session = world.session
        self.rows.update(rows_of(session.counts, effects))
        if session.sighted is not None:
            self.sighted.add(session.sighted)
        if isinstance(event, happening.Received) and not effects and not session.counts:
            return f"promise 7: {event.frame} was lost without a trace"
        spoilt = sum(isinstance(effect, ordered.Finish) and effect.outcome.kind is not OutcomeKind.COMPLETED for effect in effects)
        if not self.legal and isinstance(event, happening.Received) and not _is_named(session.counts, effects):
            return f"promise 7: {event.frame} is wrong, and was passed over without a name"
        if spoilt > 1 and not self.legal:
            return f"promise 7: what the server did wrong cost {spoilt} requests their answer"
        return None

    def rest(self, world: ExploredWorld) -> str | None:
        """All that follows from a step has happened: what is broken by what did not follow, if anything is."""
        return _waits_for_nothing(world)

    def order(self, world: ExploredWorld, event: happening.Event, effect: Effect) -> str | None:
        """It ordered ``effect``, which is about to be performed: what is broken by that, if anything is."""
        if isinstance(effect, ordered.Moved):
            self._saw(world, effect)
        elif isinstance(effect, ordered.Deliver):
            return self._delivered(world, event, effect)
        elif isinstance(effect, ordered.Finish):
            return self._finished(world, effect)
        elif isinstance(effect, ordered.Send):
            return self._sent(world, effect)
        elif isinstance(effect, ordered.Note):
            return _noted(world, effect)
        return None

    def _saw(self, world: ExploredWorld, moved: ordered.Moved) -> None:
        link = None if moved.link is None else world.session.links.get(moved.link)
        if link is None:
            return
        if moved.event == LinkEvent.SUCCESSOR_OPEN and link.live:
            self.seen.add("replaced while a response runs")
        if moved.target == ResponsePhase.STREAMING and any(lane.phase is ResponsePhase.DRAINING for lane in link.lanes.values()):
            self.seen.add("runs beside a drain")

    def _delivered(self, world: ExploredWorld, event: happening.Event, effect: ordered.Deliver) -> str | None:
        caller = world.callers[effect.request]
        if not isinstance(event, happening.Received):
            return f"promise 1: {effect} without a frame"
        if self.request != effect.request:
            return f"promise 1: request {effect.request} was delivered what belongs to {self.request or 'nobody'}: {event.frame}"
        if caller.left:
            return f"promise 2: {event.frame} was delivered to request {effect.request}, which was cancelled"
        if caller.ended:
            return f"promise 3: {event.frame} was delivered to request {effect.request}, which has its outcome"
        if event.frame.kind in OUTPUT:
            caller.output = True
        return None

    def _finished(self, world: ExploredWorld, effect: ordered.Finish) -> str | None:
        caller = world.callers[effect.request]
        if caller.ended:
            return f"promise 3: a second outcome: {effect}"
        caller.ended = True
        outcome = effect.outcome
        self.seen.add(f"outcome {outcome.kind}")
        if outcome.response is not None and self.request != effect.request:
            return f"promise 1: the outcome of request {effect.request} is that of {self.request or 'nobody'}"
        if outcome.verdict is not None and outcome.verdict.output_begun != caller.output:
            return f"promise 5: the verdict on request {effect.request} is wrong about its output: {outcome.verdict}"
        if outcome.kind is OutcomeKind.COMPLETED and outcome.response is not None:
            words = None
            for item in outcome.response["output"]:
                words = len(item["content"][0]["text"])
            world.chain = (*world.chains[effect.request], (effect.request, words))
        return None

    def _sent(self, world: ExploredWorld, effect: ordered.Send) -> str | None:  # noqa: PLR0911 - one answer for each limit
        number, caller = effect.request, world.callers[effect.request]
        policy, profile = world.session.policy, world.session.profile
        if caller.output:
            return f"promise 5: {effect} after output was delivered"
        if caller.ended:
            return f"promise 3: {effect} after the outcome"
        caller.sends += 1
        limit = 1 if policy.replay is ReplayPolicy.NEVER else 1 + REPLAYS
        if caller.sends > limit:
            return f"promise 5: request {number} was sent {caller.sends} times"
        socket = world.sockets[effect.link]
        creates = [out for out in socket.outbox if out.request]
        lane = socket.connection.lanes.get(effect.lane, ServerLane())
        if lane.run is not None or any(out.lane == effect.lane for out in creates):
            return f"promise 6: request {number} was sent on {effect.lane or 'a serial link'} where another may still speak"
        if lane.stranger is not None:
            return f"promise 1: request {number} was sent on {effect.lane or 'a serial link'} where a stranger speaks"
        running = 1 + len(creates) + sum(1 for _ in socket.connection.runs)
        proven = profile.lanes and any(other.echoed for other in socket.connection.lanes.values())
        if running > (profile.in_flight if proven else 1):
            return f"promise 6: {running} responses in flight on link {effect.link}"
        if profile.lanes and len({*socket.connection.lanes, effect.lane}) > profile.names:
            return f"promise 6: more lane names than {profile.names} on link {effect.link}"
        return self._continues(effect, lane, policy.after_cancel)

    def _continues(self, effect: ordered.Send, lane: ServerLane, after_cancel: AfterCancel) -> str | None:
        if not isinstance(effect.decision, Reuse):
            return None
        named = effect.decision.response_id
        self.seen.add("a continuation")
        if lane.completed != named:
            return f"promise 4: {named} is named on {effect.lane}, where the latest is {lane.completed}"
        if after_cancel is AfterCancel.FULL and lane.latest != named:
            return f"promise 4: {named} is named on {effect.lane}, where another came between"
        return None


def _waits_for_nothing(world: ExploredWorld) -> str | None:
    """Whether a request waits for a lane of the open link though the server has said all that it had to say there."""
    session = world.session
    first = next((request for request in session.requests.values() if request.phase is RequestPhase.WAITING), None)
    link = next((link for link in session.links.values() if link.phase is LinkPhase.OPEN), None)
    if first is None or link is None or world.left["misbehaviours"] < world.watch.configuration.misbehaviours:
        return None
    socket = world.sockets.get(link.number)
    if socket is None or socket.outbox or world.unsendable:
        return None
    connection = socket.connection
    # Where a cancel was read, an error may still be owed, or be taken for one: then waiting is right.
    if connection.doomed or connection.cancels or any(connection.runs):
        return None
    return f"promise 9: request {first.number} waits on link {link.number}, where nothing is left to wait for: {session}"


def _is_named(counts: Mapping[str, int], effects: Sequence[Effect]) -> bool:
    """Whether something was said about a frame, or done with it, or it was output of an abandoned response."""
    return bool(effects) or any(row in DISCARDED for row in counts)


def _noted(world: ExploredWorld, note: ordered.Note) -> str | None:
    if note.name == "Illegal":
        return f"promise 7: no row for {note.detail}"
    if note.name in UNREMARKABLE:
        return f"promise 7: {note.name} was called out of place: {note.detail}"
    found = REPLAY.fullmatch(note.detail) if note.name == "Replay" else None
    if found is None:
        return None
    caller = world.callers[int(found[1])]
    if found[2] in caller.replays:
        return f"promise 5: request {found[1]} was replayed twice because of {found[2]}"
    caller.replays = (*caller.replays, found[2])
    if len(caller.replays) > REPLAYS:
        return f"promise 5: request {found[1]} was replayed {len(caller.replays)} times"
    return None
