"""The judge: the promises that can be told from one step, and what was seen on the way.

Rules of this file
* It reads what the session was fed and what it ordered, and the truth about the server. It never asks the session what it thinks.
* A promise that is broken is one sentence that begins with its number.
* It writes down which rows of which tables were taken: a row that no exploration takes is dead.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, final

from rejoinder.states import effects as ordered
from rejoinder.states import events as happening
from rejoinder.states.continuation import Reuse
from rejoinder.states.effects import Effect
from rejoinder.states.facts import Facts
from rejoinder.states.phases import LinkPhase, ResponsePhase
from rejoinder.states.profiles import AfterCancel, CancelPolicy, ContinuationPolicy, ReplayPolicy
from rejoinder.states.stream_events import FrameKind
from rejoinder.states.triggers import LinkEvent, ResponseEvent
from rejoinder.states.verdicts import OutcomeKind

from .accounts import Audience, Spoken, confuses, misleads, remembered, unaccounted
from .any_server import ServerLane
from .bookkeeping import cut_off, forgotten, misdirected, unbalanced
from .outcomes import untrue
from .promptness import ended_for_nothing, held_up, sent_in_full_for_nothing, waits_for_nothing
from .settlement import kept_back, settled_for_nothing, settled_wrongly, told_of_words, unanswered, untold_words
from .signalling import told_wrongly, untold

if TYPE_CHECKING:
    from .known_sessions import Reaction
    from .world import ExploredWorld

__all__ = ["Caller", "Judge"]

OUTPUT: Final = frozenset({FrameKind.ITEM_ADDED, FrameKind.CONTENT})
REPLAY: Final = re.compile(r"request (\d+): (.+)")
REPLAYS: Final = 2
PAUSES: Final = frozenset({"rate"})
"""Refusals that say when to come again."""
UNASKED: Final = ("stranger begins", Audience.NONE)
HEARD: Final = frozenset({Audience.ASKER, Audience.LISTENER})
BUSY: Final = HEARD | {Audience.FAULTY, Audience.LEFT}
BROKEN: Final = frozenset({Audience.LISTENER, Audience.FAULTY})
DISTRUSTED: Final[Mapping[str, frozenset[Audience]]] = MappingProxyType(
    {
        "garbage": HEARD,
        "labelled garbage": HEARD,
        "stranger begins": BUSY,
        "item after a gap": BROKEN,
        "delta after a gap": BROKEN,
        "delta again": BROKEN,
        "limit": frozenset(Audience),
        "limit without end": frozenset(Audience),
    }
)
"""What shows that a link must take no more requests, by who was there to hear it."""


@final
class Caller:
    """What is known of a request."""

    __slots__ = (
        "acknowledged",
        "answered",
        "attempt",
        "begun",
        "doubted",
        "ended",
        "ending",
        "faulty",
        "left",
        "output",
        "pausing",
        "place",
        "replays",
        "said",
        "sends",
        "steers",
    )

    def __init__(self, like: Caller | None = None) -> None:
        if like is not None:
            self._go_on_from(like)
            return
        self.left = False
        self.ended = False
        self.output = False
        self.sends = 0
        self.replays: tuple[str, ...] = ()
        self.acknowledged = False
        # Of the attempt that is on the wire, if one is: its response's id, link and lane, whether it has begun, a fault in it, and
        # whether an error came before it began that may have been for it.
        self.attempt: str | None = None
        self.place: tuple[int, str | None] | None = None
        self.begun = False
        self.faulty = False
        self.doubted = False
        # The response that it was answered with, whole.
        self.answered: str | None = None
        # The terminal that was delivered while words were not settled.
        self.ending: str | None = None
        # Words that have no final status yet, by number.
        self.steers: tuple[int, ...] = ()
        # Those that went out with the present attempt.
        self.said: tuple[int, ...] = ()
        # Whether the server has asked for a pause, and no deadline has passed since.
        self.pausing = False

    def copy(self) -> Caller:
        """One that goes its own way from here."""
        return Caller(self)

    def _go_on_from(self, other: Caller) -> None:
        self.left = other.left
        self.ended = other.ended
        self.output = other.output
        self.sends = other.sends
        self.replays = other.replays
        self.acknowledged = other.acknowledged
        self.attempt = other.attempt
        self.place = other.place
        self.begun = other.begun
        self.faulty = other.faulty
        self.doubted = other.doubted
        self.answered = other.answered
        self.ending = other.ending
        self.steers = other.steers
        self.said = other.said
        self.pausing = other.pausing

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it was sent again, each time."""
        return self.replays

    def key(self) -> tuple[object, ...]:
        """What tells it from others."""
        return self.left, self.output, self.sends, self.replays, self.steers


@final
class Judge:
    """Judges steps, one after the other."""

    def __init__(self) -> None:
        # The rows that were taken (machine, phase, event), the kinds and facts that frames were classified by, and what happened
        # at least once.
        self.rows: Final[set[str]] = set()
        self.sighted: Final[set[tuple[FrameKind, Facts]]] = set()
        self.seen: Final[set[str]] = set()
        # Of the step that is judged: whose words were fed and which, the link that its caller left, and the lanes given up.
        self.request = 0
        self.spoken: Spoken | None = None
        self.left_on: int | None = None
        self.given_up: Final[list[tuple[int, str | None]]] = []

    def begin(self, request: int, spoken: Spoken | None) -> None:
        """An event is about to be fed: ``request`` is whose words it carries, ``spoken`` what the server says, if it does."""
        self.request = request
        self.spoken = spoken
        self.left_on = None

    def end(self, world: ExploredWorld, reaction: Reaction) -> str | None:
        """An event was fed, and all orders were judged and performed: what is broken now, if anything is."""
        event, effects = reaction.event, reaction.effects
        self.rows.update(reaction.rows)
        for link, name in self.given_up:
            world.overdue |= _attempts_at(world, link, name)
        self.given_up.clear()
        if isinstance(event, happening.Expired):
            for number, caller in world.callers.items():
                if caller.pausing:
                    world.caller(number).pausing = False
        if reaction.sighted is not None:
            self.sighted.add(reaction.sighted)
        spoken = self.spoken
        broken = (
            reaction.wrong
            or held_up(world, event, effects, "" if spoken is None else spoken.what)
            or self._retired(world, event)
            or cut_off(world, event, effects)
        )
        if broken is not None:
            return broken
        if spoken is not None and isinstance(event, happening.Received):
            return (
                _heard(world, spoken, reaction, event.frame.stream_id)
                or settled_wrongly(world, spoken, reaction, self.request)
                or untold_words(world, spoken, reaction, self.request)
            )
        return settled_for_nothing(effects)

    def _retired(self, world: ExploredWorld, event: happening.Event) -> str | None:
        """Whether a link goes on taking requests though the policy is to retire it with whoever leaves."""
        if self.left_on is None or not isinstance(event, happening.Cancel | happening.Overflow):
            return None
        link = world.session.links.get(self.left_on)
        if link is not None and link.phase is LinkPhase.OPEN and world.session.policy.then is CancelPolicy.RETIRE:
            return f"promise 9: link {link.number} takes requests, and its caller has left: the policy is to retire it"
        return None

    def rest(self, world: ExploredWorld) -> str | None:
        """All that follows from a step has happened: what is broken by what did not follow, if anything is."""
        books = unbalanced(world.session, world.sockets, world.dialling, world.pinged) or forgotten(world)
        return books or untold(world) or unanswered(world) or kept_back(world) or waits_for_nothing(world)

    def order(self, world: ExploredWorld, event: happening.Event, effect: Effect) -> str | None:
        """It ordered ``effect``, which is about to be performed: what is broken by that, if anything is."""
        judged = JUDGED.get(type(effect))
        return None if judged is None else judged(self, world, event, effect)

    def saw(self, world: ExploredWorld, event: happening.Event, moved: ordered.Moved) -> None:
        """A machine moved, by one of the rows that ``known_sessions.py`` does not leave out."""
        del event
        if moved.target == ResponsePhase.QUARANTINED and moved.source != ResponsePhase.QUARANTINED and moved.link in world.sockets:
            # A stream that is given up is ended: nothing of it comes late.
            if not world.session.profile.streams:
                self.given_up.append((moved.link, moved.lane))
                ended = world.sockets[moved.link].connection.lanes.get(moved.lane, ServerLane()).ended
                if moved.source == ResponsePhase.AWAITING_SUCCESSOR and ended is not None:
                    # What ended may be succeeded too late.
                    world.overdue |= {ended}
        elif moved.source == ResponsePhase.AWAITING_CREATED and moved.event == ResponseEvent.DOUBTFUL:
            for number, caller in world.callers.items():
                if caller.place == (moved.link, moved.lane) and not caller.begun:
                    world.caller(number).doubted = True
        link = None if moved.link is None else world.session.links.get(moved.link)
        if link is None:
            return
        if moved.event == LinkEvent.SUCCESSOR_OPEN and link.live:
            self.seen.add("replaced while a response runs")
        if moved.target == ResponsePhase.STREAMING and any(lane.phase is ResponsePhase.DRAINING for lane in link.lanes.values()):
            self.seen.add("runs beside a drain")

    def delivered(self, world: ExploredWorld, event: happening.Event, effect: ordered.Deliver) -> str | None:
        """A frame is delivered."""
        caller = world.callers[effect.request]
        if not isinstance(event, happening.Received):
            return f"promise 1: {effect} without a frame"
        if self.request != effect.request:
            return f"promise 1: request {effect.request} was delivered what belongs to {self.request or 'nobody'}: {event.frame}"
        if caller.left:
            return f"promise 2: {event.frame} was delivered to request {effect.request}, which was cancelled"
        if caller.ended:
            return f"promise 3: {event.frame} was delivered to request {effect.request}, which has its outcome"
        kind = event.frame.kind
        if kind in OUTPUT:
            if not caller.output:
                world.caller(effect.request).output = True
            return None
        caller = world.caller(effect.request)
        if kind is FrameKind.CREATED:
            caller.acknowledged = caller.begun = True
            caller.doubted = False
            # A successor is past the commit point, whatever was delivered before it.
            caller.output = caller.output or caller.ending is not None
            caller.ending = None
        elif kind is FrameKind.TERMINAL:
            caller.ending = None if caller.faulty or event.frame.type == "response.failed" else event.frame.type
        elif kind is FrameKind.ERROR:
            caller.faulty = True
        return None

    def finished(self, world: ExploredWorld, event: happening.Event, effect: ordered.Finish) -> str | None:
        """A request has its outcome."""
        caller = world.caller(effect.request)
        if caller.ended:
            return f"promise 3: a second outcome: {effect}"
        outcome = effect.outcome
        self.seen.add(f"outcome {outcome.kind}")
        untold_truth = untrue(caller, event, outcome, own=self.request == effect.request) or ended_for_nothing(
            world, effect.request, outcome, "" if self.spoken is None else self.spoken.what
        )
        if outcome.kind is OutcomeKind.COMPLETED:
            caller.answered = caller.attempt
        self.left_on = None if caller.place is None else caller.place[0]
        caller.ended = True
        caller.attempt = caller.place = None
        world.abandoned = world.abandoned or outcome.response is None
        if outcome.response is not None and self.request != effect.request and caller.ending is None:
            return f"promise 1: the outcome of request {effect.request} is that of {self.request or 'nobody'}"
        if outcome.kind is OutcomeKind.COMPLETED and outcome.response is not None:
            words = None
            for item in outcome.response["output"]:
                if item["type"] == "message":
                    words = len(item["content"][0]["text"])
            world.chain = (*world.chains[effect.request], (effect.request, words))
        return untold_truth

    def handed_over(self, world: ExploredWorld, event: happening.Event, effect: ordered.HandOver) -> str | None:
        """A request goes over another transport."""
        del event
        caller = world.caller(effect.request)
        if caller.output or caller.ended or caller.left:
            return f"promise 5: {effect}, which has output, or an outcome, or nobody who waits"
        caller.ended = True
        caller.attempt = caller.place = None
        self.seen.add("handed over")
        return None

    def sent(  # noqa: PLR0911 - one answer for each limit
        self, world: ExploredWorld, event: happening.Event, effect: ordered.Send
    ) -> str | None:
        """A create is sent."""
        broken = misdirected(world, effect)
        if broken is not None:
            return broken
        number, caller = effect.request, world.caller(effect.request)
        policy, profile = world.session.policy, world.session.profile
        if caller.output:
            return f"promise 5: request {number} was sent again after output of it was delivered"
        if caller.ended:
            return f"promise 3: request {number} was sent after its outcome"
        caller.sends += 1
        caller.attempt, caller.place = f"r{number}.{caller.sends}", (effect.link, effect.lane)
        caller.begun = caller.faulty = caller.doubted = False
        caller.ending = None
        caller.said = ()
        if caller.pausing and not isinstance(event, happening.Expired):
            return f"promise 15: request {number} is sent again, and the pause that the server asked for is not over"
        caller.pausing = False
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
        proven = profile.streams or (profile.lanes and any(other.echoed for other in socket.connection.lanes.values()))
        if running > (profile.in_flight if proven else 1):
            return f"promise 6: {running} responses in flight on link {effect.link}"
        if profile.lanes and len({*socket.connection.lanes, effect.lane}) > profile.names:
            return f"promise 6: more lane names than {profile.names} on link {effect.link}"
        return self._continues(world, effect, lane, policy.after_cancel)

    def _continues(self, world: ExploredWorld, effect: ordered.Send, lane: ServerLane, after_cancel: AfterCancel) -> str | None:
        if not isinstance(effect.decision, Reuse):
            return sent_in_full_for_nothing(world, effect, lane)
        named = effect.decision.response_id
        self.seen.add("a continuation")
        if effect.decision.stored:
            return _from_storage(world, effect.request, named)
        if lane.completed != named:
            return f"promise 4: {named} is named on {effect.lane}, where the latest is {lane.completed}"
        if after_cancel is AfterCancel.FULL and lane.latest != named:
            return f"promise 4: {named} is named on {effect.lane}, where another came between"
        return None


def _directed(judge: Judge, world: ExploredWorld, event: happening.Event, effect: Effect) -> str | None:
    """An order for a link."""
    del judge, event
    return misdirected(world, effect)


def _told(judge: Judge, world: ExploredWorld, event: happening.Event, effect: ordered.SendCancel) -> str | None:
    """The server is told that nobody listens."""
    del judge, event
    return misdirected(world, effect) or told_wrongly(world, effect)


def _from_storage(world: ExploredWorld, request: int, named: str) -> str | None:
    """What is wrong with a continuation of what the server has stored, on whatever link that was."""
    if world.session.policy.continuation is not ContinuationPolicy.STORED:
        return f"promise 4: {named} is named from storage, and the policy is to keep to one link"
    chain = world.chains[request]
    latest = world.callers[chain[-1][0]].answered if chain else None
    if named != latest:
        return f"promise 4: {named} is named from storage, where the conversation goes on from {latest}"
    return None


def _attempts_at(world: ExploredWorld, link: int, name: str | None) -> frozenset[str]:
    """The attempts that are on a lane, or on their way there."""
    socket = world.sockets.get(link)
    if socket is None:
        return frozenset()
    run = socket.connection.lanes.get(name, ServerLane()).run
    asked = {out.response for out in socket.outbox if out.request and out.lane == name}
    return frozenset(asked if run is None else {run.response, *asked})


def _trusted(world: ExploredWorld, spoken: Spoken) -> str | None:
    """Whether a link goes on taking requests after what it said shows that it must not. A stream of its own taints nothing else."""
    if spoken.what not in DISTRUSTED and not spoken.again:
        return None
    link = world.session.links.get(spoken.link)
    if (
        link is not None
        and (spoken.what, spoken.audience) == UNASKED
        and not world.misled
        and all(lane.phase is not ResponsePhase.DRAINING for lane in link.lanes.values())
    ):
        return f"promise 1: a response that nobody asked for runs on link {spoken.link}, and its end is not waited for"
    if link is None or link.phase is not LinkPhase.OPEN or world.session.profile.streams:
        return None
    if spoken.again and not spoken.late:
        return f"promise 1: a second {spoken.what} ({spoken.audience}), and link {spoken.link} goes on taking requests"
    if spoken.audience in DISTRUSTED.get(spoken.what, ()) and not (spoken.beside or world.misled):
        return f"promise 1: {spoken.what} ({spoken.audience}), and link {spoken.link} goes on taking requests"
    return None


def _heard(world: ExploredWorld, spoken: Spoken, reaction: Reaction, lane: str | None) -> str | None:
    """What is wrong with what became of a frame, and what a client knows since."""
    broken = unaccounted(spoken, reaction, misled=world.misled) or _trusted(world, spoken)
    if broken is not None:
        return broken
    remembered(world, spoken, lane)
    if misleads(spoken, reaction):
        world.misled = True
    if (world.misled or not spoken.right) and not world.lost_track:
        world.lost_track = confuses(spoken)
    if reaction.spoilt > 1 and not spoken.right:
        return f"promise 7: what the server did wrong cost {reaction.spoilt} requests their answer"
    return None


def _steering(judge: Judge, world: ExploredWorld, event: happening.Event, effect: ordered.SendSteer) -> str | None:
    """Words go out."""
    del judge, event
    caller = world.caller(effect.request)
    if effect.steer in caller.said:
        return f"promise 18: words {effect.steer} of request {effect.request} are sent twice to one response"
    caller.said = (*caller.said, effect.steer)
    return misdirected(world, effect)


def _steered(judge: Judge, world: ExploredWorld, event: happening.Event, effect: ordered.Steered) -> str | None:
    """Somebody is told what became of words."""
    del judge, event
    return told_of_words(world, effect)


def _noted(judge: Judge, world: ExploredWorld, event: happening.Event, note: ordered.Note) -> str | None:
    """Something is noted."""
    del event
    if note.name == "Illegal":
        return f"promise 7: no row for {note.detail}"
    if note.name == "CancelRefused" and note.link is not None:
        world.refusing |= {note.link}
    found = REPLAY.fullmatch(note.detail) if note.name == "Replay" else None
    if found is None:
        return None
    caller = world.caller(int(found[1]))
    caller.attempt = caller.place = None
    world.abandoned = True
    if caller.replays.count(found[2]) >= world.session.profile.repeats:
        return f"promise 5: request {found[1]} was replayed too often because of {found[2]}"
    caller.replays = (*caller.replays, found[2])
    caller.pausing = judge.spoken is not None and judge.spoken.what in PAUSES
    if len(caller.replays) > REPLAYS:
        return f"promise 5: request {found[1]} was replayed {len(caller.replays)} times"
    return None


JUDGED: Final[Mapping[type, Callable[[Judge, ExploredWorld, happening.Event, Any], str | None]]] = MappingProxyType(
    {
        ordered.Moved: Judge.saw,
        ordered.Deliver: Judge.delivered,
        ordered.Finish: Judge.finished,
        ordered.HandOver: Judge.handed_over,
        ordered.Send: Judge.sent,
        ordered.SendCancel: _told,
        ordered.SendSteer: _steering,
        ordered.Steered: _steered,
        ordered.Dial: _directed,
        ordered.Close: _directed,
        ordered.Ping: _directed,
        ordered.Note: _noted,
    }
)
"""Who judges which kind of order."""
