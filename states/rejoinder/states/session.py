"""The pure session: links, lanes and requests, and every decision that spans them.

Rules of this file
* One synchronous ``feed(event, now)`` returns the effects, in order; ``next_deadline()`` says when to feed ``Expired``. No clock,
  no socket, no random, no logging: the same object runs under trio, in the explorer, under Hypothesis and in other programs.
* A machine moves in ``move_link``, ``move_lane`` and ``move_request`` and nowhere else, by the row of its chart. An event that
  has no row is named (``Illegal``), changes nothing, and never raises.
* After each event, what spans machines is settled (``placement.py``): vacant links close, waiting requests are placed, links are
  dialled.

The whole state is a value: ``copy`` is cheap, and ``canonical.key`` gives a hashable form in which times are relative to now
and numbers are renamed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, cast, final

from . import deadlines, placement
from . import events as happening
from .cancellation import signals
from .chart import LINK_CHART, REQUEST_CHART, RESPONSE_CHART, Chart
from .classify import CLASSIFIED, Fate, Item, Stage
from .classify import Sequence as SequenceFact
from .content_events import OutputItemDone
from .continuation import Continuation, NewLink, NoPrevious, Reason
from .edges import Staying
from .effects import Effect, EndStream, Moved, Note, SendCancel
from .facts import Facts, fate, is_blamed, sequence_of
from .intake import INTAKE
from .link_rules import LINK_RULES
from .phases import LinkPhase, RequestPhase, ResponsePhase
from .profiles import OPENAI, Fallback, Policy, Profile
from .records import Lane, Link, Request
from .request_rules import REQUEST_RULES
from .response_rules import RESPONSE_RULES
from .steering import take_back
from .steering_rules import STEERING_RULES
from .steps import Step
from .stream_events import FrameKind
from .triggers import LinkEvent, RequestEvent, ResponseEvent
from .verdicts import Cause, Failure, Outcome, OutcomeKind, Verdict, Where, react

__all__ = ["Session"]

Bound = tuple[Any, Callable[[Any, Any, Step], None]]
"""A moving row as it runs: target, a phase of its machine, and rule."""


def _bind(
    chart: Chart, phases: type[StrEnum], rules: Mapping[str, Callable[[Any, Any, Step], None]]
) -> Mapping[str, Mapping[str, Staying | Bound]]:
    """The chart's rows with each target's name replaced by its phase, and each rule's by its function."""
    return MappingProxyType(
        {
            phase: MappingProxyType(
                {
                    event: row if isinstance(row, Staying) else (phases(row.target), rules[row.rule])
                    for event, row in row_of_phase.items()
                }
            )
            for phase, row_of_phase in chart.rows.items()
        }
    )


LINK_ROWS: Final = _bind(LINK_CHART, LinkPhase, LINK_RULES)
RESPONSE_ROWS: Final = _bind(RESPONSE_CHART, ResponsePhase, {**RESPONSE_RULES, **STEERING_RULES})
REQUEST_ROWS: Final = _bind(REQUEST_CHART, RequestPhase, REQUEST_RULES)

# Looked up once: see ``phases.py``.
ENDED: Final = RequestPhase.ENDED
IDLE: Final = ResponsePhase.IDLE
OPEN: Final = LinkPhase.OPEN
RETIRING: Final = LinkPhase.RETIRING
SENT: Final = RequestPhase.SENT
STREAMING: Final = ResponsePhase.STREAMING
CONTENT: Final = FrameKind.CONTENT


def delivered_at_once(
    classified: Mapping[FrameKind, Mapping[tuple[StrEnum, ...], ResponseEvent]],
    rows: Mapping[str, Mapping[str, Staying | Bound]],
) -> tuple[SequenceFact, ...]:
    """The way of a delta through both tables, compiled.

    Content of an announced item, in a response that streams, is delivered and does nothing else if its number relates to the last
    one in one of these ways: it is classified as content, whose row only delivers. Everything else is looked up when it comes.
    """
    delivers = rows[STREAMING].get(ResponseEvent.CONTENT) is Staying.DELIVER
    events = {number: classified[CONTENT][Stage.BEGUN, Item.ANNOUNCED, number] for number in SequenceFact}
    return tuple(number for number, event in events.items() if delivers and event is ResponseEvent.CONTENT)


DELIVERED_AT_ONCE: Final = delivered_at_once(CLASSIFIED, RESPONSE_ROWS)


@final
class Session:
    """The lifecycle of all links, responses and requests of one session, without any I/O.

    Feed it what happens, perform what it returns, in order; then ask ``next_deadline`` and feed ``Expired`` when that instant has
    come.

    ``sighted`` is what the last frame was classified by, for observers: its kind and facts. Deltas of a streaming response are not
    sighted, they are looked up at once.
    """

    __slots__ = (
        "closing",
        "counts",
        "creates",
        "effects",
        "elsewhere",
        "has_completed",
        "links",
        "links_made",
        "policy",
        "profile",
        "requests",
        "sighted",
        "stored",
    )

    def __init__(self, profile: Profile = OPENAI, policy: Policy | None = None) -> None:
        self.profile: Final = profile
        self.policy: Final = Policy() if policy is None else policy
        self.links: dict[int, Link] = {}
        self.requests: dict[int, Request] = {}
        self.links_made = 0
        self.creates = 0
        self.has_completed = False
        self.stored: dict[str, Continuation] = {}
        self.closing = False
        self.elsewhere = False
        self.counts: Counter[str] = Counter()
        self.effects: list[Effect] = []
        self.sighted: tuple[FrameKind, Facts] | None = None

    def __repr__(self) -> str:
        links = ", ".join(f"{link.number}:{link.phase}" for link in self.links.values())
        requests = ", ".join(f"{request.number}:{request.phase}" for request in self.requests.values())
        return f"<Session {self.profile.name} links [{links}] requests [{requests}]>"

    def copy(self) -> Session:
        """A session that can move on by itself, from the same state."""
        other = Session(self.profile, self.policy)
        other.links = {number: link.copy() for number, link in self.links.items()}
        other.requests = {number: request.copy() for number, request in self.requests.items()}
        other.links_made = self.links_made
        other.creates = self.creates
        other.has_completed = self.has_completed
        other.stored = self.stored.copy()
        other.closing = self.closing
        other.elsewhere = self.elsewhere
        if self.counts:
            other.counts.update(self.counts)
        return other

    # -- what the engine calls ---------------------------------------------------------------------------------------------

    def feed(self, event: happening.Event, now: float) -> Sequence[Effect]:
        """Let ``event`` happen at ``now`` (seconds, never before the last one).

        Returns the effects to perform, in order, before anything else is fed. Never raises, whatever a server or a network does.
        Afterwards ask ``next_deadline``; only a lone ``Deliver`` leaves it no earlier than it was.
        """
        if type(event) is happening.Received:
            link = self.links.get(event.link)
            if link is not None and (link.phase is OPEN or link.phase is RETIRING):
                frame = event.frame
                link.heard = now
                if frame.kind is CONTENT:
                    lane = link.lanes.get(frame.stream_id)
                    if (
                        lane is not None
                        and lane.phase is STREAMING
                        and frame.item_id in lane.items
                        # A tuple: looking through it compares by identity first, and hashes nothing.
                        and sequence_of(lane, frame) in DELIVERED_AT_ONCE
                    ):
                        lane.heard = now
                        if frame.sequence_number is not None:
                            lane.sequence = frame.sequence_number
                        if type(frame) is OutputItemDone:
                            lane.output.append(frame.item)
                        return lane.delivery
        effects: list[Effect] = []
        self.effects = effects
        INTAKE[type(event)](self, event, now)
        placement.settle(self, now)
        return effects

    def next_deadline(self) -> float | None:
        """The earliest instant at which something happens by itself; None if nothing will."""
        return deadlines.next_deadline(self)

    # -- the one place where machines move -----------------------------------------------------------------------------------

    def move_link(self, link: Link, event: LinkEvent, now: float, detail: object = None) -> None:
        """Take the link's row for ``event``."""
        row = LINK_ROWS[link.phase].get(event)
        if row is None:
            self.illegal("link", link.phase, event, link)
        elif isinstance(row, Staying):
            self.counts[f"link {link.phase} {event}"] += 1
        else:
            source, (target, rule) = link.phase, row
            if target != source:
                link.phase = target
                link.entered = now
            self.emit(Moved("link", source, event, target, link.number))
            rule(self, link, Step(source, event, now, detail))

    def move_lane(self, lane: Lane, event: ResponseEvent, now: float, detail: object = None) -> None:
        """Take the lane's row for ``event``; a lane that comes to rest forgets its response."""
        row = RESPONSE_ROWS[lane.phase].get(event)
        if row is None:
            self.illegal("response", lane.phase, event, lane)
        elif isinstance(row, Staying):
            self.counts[f"response {lane.phase} {event}"] += 1
            if row is Staying.DELIVER:
                self.deliver(lane)
            elif row is Staying.COUNT:
                self.note(event, lane, f"in {lane.phase}")
        else:
            source, (target, rule) = lane.phase, row
            if target != source:
                lane.phase = target
                lane.entered = now
            self.emit(Moved("response", source, event, target, lane.link, lane.name, lane.request))
            rule(self, lane, Step(source, event, now, detail))
            if lane.phase is IDLE and source != IDLE:
                if self.profile.streams:
                    self.emit(EndStream(lane.link, lane.name, abandoned=lane.abandoned_at is not None))
                lane.forget_response()

    def move_request(self, number: int, event: RequestEvent, now: float, detail: object = None) -> None:
        """Take the request's row for ``event``; a request that is not known any more has ended."""
        request = self.requests.get(number)
        phase = ENDED if request is None else request.phase
        row = REQUEST_ROWS[phase].get(event)
        if row is None:
            self.illegal("request", phase, event, None)
        elif isinstance(row, Staying):
            self.counts[f"request {phase} {event}"] += 1
        else:
            request = self.requests[number]
            source, (target, rule) = request.phase, row
            if target != source:
                request.phase = target
                request.entered = now
            self.emit(Moved("request", source, event, target, request=number))
            rule(self, request, Step(source, event, now, detail))
            if target == ENDED:
                self.requests.pop(number, None)

    def move_lane_by_fate(self, lane: Lane, final: ResponseEvent, replayable: ResponseEvent, cause: Cause, step: Step) -> None:
        """Take the row for ``replayable`` if the replay rule allows it for ``cause``, else the row for ``final``."""
        request = None if lane.request is None else self.requests.get(lane.request)
        allowed = fate(lane, request, self.policy, cause, self.profile.repeats) is Fate.REPLAYABLE
        self.move_lane(lane, replayable if allowed else final, step.now, step.detail)

    # -- what rules ask for ------------------------------------------------------------------------------------------------

    def emit(self, effect: Effect) -> None:
        """Append an effect."""
        self.effects.append(effect)

    def note(self, name: str, where: Lane | Link | None = None, detail: str = "") -> None:
        """Count something that was out of place, and tell observers."""
        self.counts[name] += 1
        lane = where if isinstance(where, Lane) else None
        link = lane.link if lane is not None else where.number if isinstance(where, Link) else None
        self.emit(Note(name, link, None if lane is None else lane.name, detail))

    def illegal(self, machine: str, phase: str, event: str, where: Lane | Link | None) -> None:
        """Name an event that has no row; nothing changes."""
        self.note("Illegal", where, f"{machine}: {event} in {phase}")

    def deliver(self, lane: Lane) -> None:
        """Hand the frame in hand to the caller."""
        self.effects += lane.delivery

    def finish(
        self,
        lane: Lane,
        kind: OutcomeKind,
        failure: Failure | None,
        step: Step,
        *,
        response: Mapping[str, Any] | None = None,
        sent: bool = True,
    ) -> None:
        """Give the caller its outcome."""
        request = self.requests[cast("int", lane.request)]
        verdict = None if failure is None else self.verdict(request, lane, step.source, failure, sent=sent)
        outcome = Outcome(kind, failure, verdict, response)
        self.move_request(request.number, RequestEvent.FINISHED, step.now, outcome)

    def replay(self, lane: Lane, cause: Cause, step: Step, *, pause: float = 0.0) -> None:
        """The request is to be sent again, in full, and not before ``pause`` seconds have passed."""
        number = cast("int", lane.request)
        take_back(lane, self.requests[number])
        lane.request = None
        if pause:
            self.move_request(number, RequestEvent.REPLAY_LATER, step.now, (cause, pause))
        else:
            self.move_request(number, RequestEvent.REPLAY, step.now, cause)

    def verdict(self, request: Request, lane: Lane | None, stage: str, failure: Failure | None, *, sent: bool = True) -> Verdict:
        """How far ``request`` had come; ``lane`` is where its create went, if it went."""
        begun = lane is not None and lane.output_begun
        return Verdict(
            stage=stage if lane is None or stage != SENT else lane.phase,
            sent=(lane is not None and sent) or bool(request.replays),
            acknowledged=request.acknowledged,
            output_begun=begun,
            replay_safe=not begun,
            retry_after=None if failure is None else failure.retry_after,
            replays=request.replays,
        )

    def signal(self, lane: Lane) -> None:
        """Tell the server that nobody listens, if it is to be told and the response has an id."""
        link = self.links[lane.link]
        if lane.response_id is not None and signals(self.profile, self.policy, refused=link.cancel_refused):
            link.debt += 1
            lane.owed += 1
            self.emit(SendCancel(link.number, lane.response_id))

    def cancel_answered(self, link: Link, lane: Lane | None) -> None:
        """An error has answered a cancel: that of the lane which it names, else that of the one lane that is owed an answer.

        Where several are, an answer without a label may be any one's: each goes on owing until the link's debt is paid.
        """
        link.debt -= 1
        link.cancel_refused = True
        owing = [other for other in link.lanes.values() if other.owed]
        if lane is not None and lane.owed:
            lane.owed -= 1
        elif len(owing) == 1:
            owing[0].owed -= 1
        if not link.debt:
            for other in owing:
                other.owed = 0

    def is_wanted(self, link: Link) -> bool:
        """Whether a request waits that no link but this one could take."""
        return bool(placement.waiting(self)) and not placement.served_elsewhere(self, link)

    def suspect(self, lane: Lane, step: Step) -> None:
        """What this link says cannot be attributed safely any more: it retires. A stream of its own taints nothing else."""
        if not self.profile.streams:
            self.move_link(self.links[lane.link], LinkEvent.SUSPECT, step.now)

    def unclean(self, lane: Lane, step: Step) -> None:
        """The lane cannot be used again; on a serial link that is the link."""
        link = self.links[lane.link]
        if not link.proven:
            self.move_link(link, LinkEvent.LANE_UNCLEAN, step.now)

    def end_lanes(self, link: Link, step: Step) -> None:
        """The socket is gone: every lane hears it, and the cache goes with it."""
        for lane in list(link.lanes.values()):
            if is_blamed(lane, step.detail, self.policy):
                self.move_lane(lane, ResponseEvent.LOST, step.now, step.detail)
            else:
                self.move_lane_by_fate(lane, ResponseEvent.LOST, ResponseEvent.LOST_REPLAYABLE, Cause.LOST, step)
        link.lanes = {}

    def new_lane(self, link: Link, name: str | None) -> Lane:
        """A lane that was not used before."""
        lane = Lane(link.number, name, absence=self.absence_on(link))
        link.lanes[name] = lane
        return lane

    def absence_on(self, link: Link) -> Reason:
        """Why nothing can be continued where no lane of ``link`` has lost anything."""
        completed_here = any(lane.parent is not None for lane in link.lanes.values())
        return NewLink() if self.has_completed and not completed_here else NoPrevious()

    def lane_at(self, place: tuple[int, str | None] | None) -> Lane | None:
        """The lane that a request was sent on."""
        return None if place is None else self.links[place[0]].lanes[place[1]]

    def target(self) -> Link | None:
        """The link that takes new requests."""
        return placement.target(self)

    def need(self, now: float) -> None:
        """Dial, unless a link is there or under way."""
        placement.need(self, now)

    def dial_successor(self, now: float, hedge_for: int | None) -> None:
        """Dial beside the open link, unless a dial is under way."""
        placement.dial_successor(self, now, hedge_for)

    def drop_hedge(self, request: int, now: float) -> None:
        """Forget the successor that was dialled for ``request``, if it is not open yet."""
        for link in list(self.links.values()):
            if link.hedge_for == request:
                self.move_link(link, LinkEvent.DROP, now)

    def give_up(self, link: Link, now: float) -> None:
        """A dial was given up: where nothing else serves, nobody will be served."""
        served = placement.served_elsewhere(self, link)
        status = None if link.failure is None else link.failure.status
        refused = status is not None and react(self.policy.errors, Where.HANDSHAKE, None, None, status).elsewhere
        for request in list(self.requests.values()):
            if request.phase is not RequestPhase.WAITING:
                continue
            if served:
                self.move_request(request.number, RequestEvent.GAVE_UP_OTHER, now)
            elif refused and self.may_hand_over(request):
                self.elsewhere = self.policy.fallback is Fallback.STICKY
                self.move_request(request.number, RequestEvent.HANDED_OVER, now, Cause.DIAL)
            else:
                self.move_request(request.number, RequestEvent.GAVE_UP, now, link.failure)

    def may_hand_over(self, request: Request) -> bool:
        """Whether another transport may serve the request. A warm-up warms this one up, or nothing."""
        return self.policy.fallback is not Fallback.NEVER and not request.warm_up
