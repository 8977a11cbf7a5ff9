"""The driver: feeds the lifecycle, performs its effects, keeps its time.

Rules of this file
* It decides nothing. What happens is fed; what comes back is performed, in order, before anything is awaited; so a create and the
  cancel that follows it go into one outbox in that order.
* Deadlines are one cancel scope whose deadline is moved after each feed; when it passes, ``Expired`` is fed.
* Whatever an observer raises stays with that observer.
"""

from __future__ import annotations

import logging
import math
import os
import random
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any, Final, final

import attrs
import trio

from rejoinder.states import effects as ordered
from rejoinder.states import events as happening
from rejoinder.states.codec import decode, encode_cancel, encode_create, encode_post, encode_steer
from rejoinder.states.continuation import Reuse
from rejoinder.states.drafts import draft_of
from rejoinder.states.phases import RequestPhase
from rejoinder.states.profiles import Policy, Profile
from rejoinder.states.session import Session as Lifecycle
from rejoinder.states.snapshot import SessionState, Wait, snapshot, waits_for
from rejoinder.states.stream_events import StreamEvent
from rejoinder.states.verdicts import SteerStatus

from .call_events import CallEvent
from .endpoint import Endpoint
from .link_task import LinkTask, Outgoing
from .logs import Log
from .masking import REPORTS, without_secrets
from .meter import Meter
from .metrics import usage_from
from .nurseries import open_inner_nursery
from .observations import Asked, Finished, Moved, Note, Observation, Observer, Sent, Settled, Statistics, TakenBack
from .recorder import Recording, start_recording
from .response import Response
from .settings import Settings
from .steering import Steering
from .wire import Connector, StreamConnector

__all__ = ["Driver"]

logger = logging.getLogger("rejoinder")

_received: Final = draft_of(happening.Received)


@final
class Driver:
    """Everything of a session that touches the outside: one per session, inside its nursery."""

    def __init__(
        self,
        endpoint: Endpoint,
        settings: Settings,
        connector: Connector | StreamConnector,
        nursery: trio.Nursery,
        *,
        profile: Profile | None = None,
        policy: Policy | None = None,
        fallback: Driver | None = None,
        links_from: int = 0,
        observers: list[Observer] | None = None,
        on_change: Callable[[], None] | None = None,
    ) -> None:
        self.endpoint: Final = endpoint
        self.settings: Final = settings
        self.connector: Final = connector
        self.fallback: Final = fallback
        """Who takes requests that this transport cannot serve."""
        self.lifecycle: Final = Lifecycle(
            endpoint.profile if profile is None else profile, settings.policy if policy is None else policy
        )
        self.responses: Final[dict[int, Response]] = {}
        self.steerings: Final[dict[int, Steering]] = {}
        """Words that were added to responses and are not settled."""
        own = [] if observers is None else observers
        self.observers: Final[list[Observer]] = own if fallback is None else fallback.observers
        self._on_change: Final = on_change
        """Called after whatever was more than a delta."""
        self.refused_id: str | None = None
        """``x-request-id`` of the latest handshake that was refused."""
        self.meter: Final = Meter()
        self._log = Log()
        self.links_from: Final = links_from
        self.recordings: Final[list[Recording]] = []
        self._not_recorded = 0
        """What the traces that are over did not take."""
        self._nursery = nursery
        self._links: dict[int, LinkTask] = {}
        self._answers: deque[happening.Event] = deque()
        self._feeding = False
        self._alarm = trio.CancelScope()

    # -- feeding -----------------------------------------------------------------------------------------------------------

    def feed(self, event: happening.Event, frame: StreamEvent | None = None, size: int = 0) -> None:
        """Let ``event`` happen now, and perform what follows. ``frame`` is what ``Deliver`` hands over, of ``size`` bytes.

        What performing an effect reports back (a create that is too large, one that was withdrawn, a full buffer) is fed
        afterwards, so that effects are performed whole.
        """
        if self._feeding:
            self._answers.append(event)
            return
        self._feed(event, frame, size, trio.current_time())

    def hear(self, task: LinkTask, messages: Sequence[str | bytes]) -> None:
        """Feed the frames that one read of a link's wire has brought, in order, as having come now."""
        self.meter.frames_received += len(messages)
        now, number = trio.current_time(), task.number
        for data in messages:
            if self._links.get(number) is not task:
                # The frame before has made the lifecycle forget this link.
                return
            frame = decode(data)
            if type(frame) in REPORTS:
                frame = without_secrets(frame, data, task.secrets)
            if not self._feed(_received(number, frame), frame, len(data), now):
                now = trio.current_time()

    def _feed(self, event: happening.Event, frame: StreamEvent | None, size: int, now: float) -> bool:
        """Let ``event`` happen, and perform what follows. Returns whether it was only a delta, which takes no time to speak of."""
        effects = self.lifecycle.feed(event, now)
        if self.recordings:
            self._record(now, event, effects, size)
        if len(effects) == 1 and type(effects[0]) is ordered.Deliver:
            # A delta: no machine has moved, and no deadline has come nearer.
            if self._deliver(effects[0], frame, size):
                return True
            effects = ()
        self._feeding = True
        try:
            self._perform(effects, frame, size)
            while self._answers:
                event, now = self._answers.popleft(), trio.current_time()
                effects = self.lifecycle.feed(event, now)
                self._record(now, event, effects, 0)
                self._perform(effects, None, 0)
        finally:
            self._feeding = False
        self._take_times()
        self._set_alarm()
        if self._on_change is not None:
            self._on_change()
        return False

    def _record(self, now: float, event: happening.Event, effects: Sequence[ordered.Effect], size: int) -> None:
        for recording in self.recordings:
            recording.take(now, event, effects, size)

    async def keep_time(self) -> None:
        """Feed ``Expired`` whenever the next deadline has come, to the second transport as well; runs as long as the session."""
        async with open_inner_nursery() as clocks:
            if self.fallback is not None:
                clocks.start_soon(self.fallback.keep_time)
            await self._keep_own_time()

    async def _keep_own_time(self) -> None:
        while True:
            with trio.CancelScope() as self._alarm:
                self._set_alarm()
                await trio.sleep_forever()
            self.feed(happening.Expired())

    def _set_alarm(self) -> None:
        deadline = self.lifecycle.next_deadline()
        self._alarm.deadline = math.inf if deadline is None else deadline

    def _take_times(self) -> None:
        """Let the stopwatches know what each request waits for now."""
        wait: Wait | None = None
        for number, request in self.lifecycle.requests.items():
            if request.phase is not RequestPhase.SENT and number in self.responses:
                wait = wait or waits_for(self.lifecycle)
                self.responses[number].stopwatch.waits(
                    Wait.PAUSE if request.phase is RequestPhase.PAUSED else wait, trio.current_time()
                )

    # -- performing --------------------------------------------------------------------------------------------------------

    def _perform(self, effects: Sequence[ordered.Effect], frame: StreamEvent | None, size: int) -> None:
        for effect in effects:
            if type(effect) is ordered.Deliver:
                self._deliver(effect, frame, size)
            else:
                PERFORM[type(effect)](self, effect)

    def _deliver(self, effect: ordered.Deliver, frame: StreamEvent | None, size: int) -> bool:
        """Hand a frame to its response. Returns False if that holds too much now, which is the next thing to be fed."""
        response = self.responses.get(effect.request)
        if response is None or frame is None or response.push(frame, size):
            return True
        self._answers.append(happening.Overflow(effect.request, response.excess))
        return False

    def finish(self, effect: ordered.Finish) -> None:
        """Give the response its outcome and forget it."""
        response = self.responses.pop(effect.request, None)
        if response is not None:
            if response.decision is None:
                # It was never sent: what it is about is the handshake that was refused.
                response.request_id = response.request_id or self.refused_id
            response.finish(effect.outcome)
            result = response.partial
            self.meter.ended(effect.request, effect.outcome, result.tokens)
            self.tell(Finished(effect.request, effect.outcome, result, response.timings))

    def settle(self, effect: ordered.Settled) -> None:
        """Count what a response came to that nobody listened to."""
        usage = None if effect.response is None else usage_from(effect.response.get("usage"))
        self.meter.settled(effect.kind, usage)
        self.tell(Settled(effect.request, effect.response_id, effect.kind, usage, effect.drained))

    def dial(self, effect: ordered.Dial) -> None:
        """Start the task of a link; it feeds ``Opened`` or ``DialFailed``."""
        task = LinkTask(self, effect.link)
        self._links[effect.link] = task
        self._nursery.start_soon(task.run)

    def close(self, effect: ordered.Close) -> None:
        """Let a link's task end; it feeds nothing more."""
        task = self._links.pop(effect.link, None)
        if task is not None:
            task.close()

    def ping(self, effect: ordered.Ping) -> None:
        """Ping beside the keepalive; the link's task feeds ``Pong``."""
        task = self._links.get(effect.link)
        if task is not None:
            task.ask_for_ping()

    def send(self, effect: ordered.Send) -> None:
        """Encode the create and put it into the link's outbox."""
        response = self.responses[effect.request]
        content, decision = response.content, effect.decision
        items = decision.items if isinstance(decision, Reuse) else content.items
        named = decision.response_id if isinstance(decision, Reuse) else content.fields.get("previous_response_id")
        fields = {name: value for name, value in content.fields.items() if name != "previous_response_id"}
        if self.lifecycle.profile.streams:
            encode = partial(encode_post, fields, previous_response_id=named)
        else:
            generate = None if content.generate else False
            encode = partial(encode_create, fields, previous_response_id=named, stream_id=effect.lane, generate=generate)
        text = encode(items)
        size = len(text.encode())
        if size > self.lifecycle.profile.inbound_limit:
            self._answers.append(happening.Unsendable(effect.link, effect.request, effect.lane, size))
            return
        task = self._links[effect.link]
        response.decision = decision
        response.request_id = task.request_id
        response.stopwatch.sent(trio.current_time())
        sent = Sent(effect.request, effect.link, effect.lane, decision, len(items), size)
        share = self.meter.create_sent(sent, content.items, items, encode)
        task.put(text, create=(effect.request, effect.lane), share=share)
        self.tell(sent)

    def send_cancel(self, effect: ordered.SendCancel) -> None:
        """Put a cancel into the link's outbox."""
        text = encode_cancel(effect.response_id)
        self.meter.frame_sent(len(text.encode()))
        self._links[effect.link].put(text)

    def end_stream(self, effect: ordered.EndStream) -> None:
        """Let the stream of a lane end, or take its create back."""
        task = self._links.get(effect.link)
        if task is not None:
            self._uncount(effect.link, task.end_stream(effect.lane, abandoned=effect.abandoned))

    def hand_over(self, effect: ordered.HandOver) -> None:
        """Ask for the response over the other transport, under the same number; its caller notices nothing."""
        other, number = self.fallback, effect.request
        response = self.responses.pop(number)
        if other is None:
            raise AssertionError("a lifecycle hands over only where its policy says that there is another")  # pragma: no cover
        response.call_on_cancel(lambda: other.feed(happening.Cancel(number)))
        other.responses[number] = response
        self.meter.handed_over(number)
        other.feed(happening.Create(number, response.content, replays=effect.replays))
        if response.stopped:
            # By somebody who was told of the handing over, when nobody had the request.
            other.feed(happening.Cancel(number))

    def send_steer(self, effect: ordered.SendSteer) -> None:
        """Put words into the link's outbox."""
        text = encode_steer(effect.response_id, self.steerings[effect.steer].words)
        self.meter.frame_sent(len(text.encode()))
        self._links[effect.link].put(text)

    def steered(self, effect: ordered.Steered) -> None:
        """Tell whoever added words what became of them, and forget them when that is the last."""
        steering, response = self.steerings[effect.steer], self.responses.get(effect.request)
        steering.told(effect.status, effect.failure)
        if effect.status is SteerStatus.APPLIED and response is not None:
            response.steered(steering)
        if steering.is_settled:
            del self.steerings[effect.steer]
        self.tell(effect)

    def withdraw(self, effect: ordered.Withdraw) -> None:
        """Take a create back, if it has not left; then ``Withdrawn`` is fed."""
        taken_back = self._links[effect.link].take_back((effect.request, effect.lane))
        if taken_back is not None:
            self._uncount(effect.link, taken_back)
            self._answers.append(happening.Withdrawn(effect.link, effect.request, effect.lane))

    def _uncount(self, link: int, taken_back: Outgoing | None) -> None:
        """A create that never left is not counted as one that did."""
        if taken_back is not None and taken_back.share is not None and taken_back.create is not None:
            self.meter.withdrawn(taken_back.share)
            request, lane = taken_back.create
            self.tell(TakenBack(request, link, lane))

    def ask(self, response: Response, *, warm_up: bool) -> None:
        """Let a request begin. An observer may cancel it at once: then it is taken back at once."""
        self.tell(Asked(response.number, response.content, warm_up))
        self.take(response, warm_up=warm_up)

    def take(self, response: Response, *, warm_up: bool) -> None:
        """Let a request begin of which everybody was told."""
        self.responses[response.number] = response
        self.feed(happening.Create(response.number, response.content, warm_up))
        if response.stopped:
            self.feed(happening.Cancel(response.number))

    def cancel(self, number: int) -> None:
        """The caller of a request has left."""
        self.feed(happening.Cancel(number))

    def steer(self, number: int, steering: Steering) -> None:
        """Add words to the response of a request."""
        self.steerings[steering.number] = steering
        self.feed(happening.Steer(number, steering.number))

    def preconnect(self) -> None:
        """Dial now, rather than with the first request."""
        self.feed(happening.Preconnect())

    def shut_down(self) -> None:
        """End what runs, on both transports, and take nothing more."""
        for each in self.transports:
            each.feed(happening.Shutdown())

    def tell(self, observation: Observation) -> None:
        """Tell the log and all observers. Links of a second transport have numbers of their own there."""
        if self.links_from and isinstance(observation, Sent | TakenBack | Moved | Note) and observation.link is not None:
            observation = attrs.evolve(observation, link=observation.link + self.links_from)
        if isinstance(observation, CallEvent):
            self.meter.call_seen(observation.type)
        self._log.tell(observation)
        for observer in list(self.observers):
            try:
                observer(observation)
            except Exception:
                logger.exception("an observer raised and is told nothing more")
                if observer in self.observers:
                    self.observers.remove(observer)

    # -- for links and callers -----------------------------------------------------------------------------------------------

    @property
    def profile(self) -> Profile:
        """What can be expected of the connection that requests go over."""
        return self.lifecycle.profile

    @property
    def transports(self) -> list[Driver]:
        """This driver, and that of the second transport, if there is one."""
        return [self] if self.fallback is None else [self, self.fallback]

    @property
    def all_recordings(self) -> list[Recording]:
        """The traces of both transports that are written, or were."""
        return [recording for each in self.transports for recording in each.recordings]

    def record(self, path: str | os.PathLike[str], *, payloads: bool, whole: bool) -> Recording:
        """Write what goes over this transport into a trace; ``whole`` says whether nothing was asked for so far."""
        for over in [recording for recording in self.recordings if recording.is_over]:
            self.recordings.remove(over)
            self._not_recorded += over.dropped
        recording = start_recording(path, self.lifecycle, payloads=payloads, whole=whole and not self.lifecycle.links_made)
        self.recordings.append(recording)
        return recording

    def describe(self) -> str:
        """The phases of all machines, in a line."""
        return repr(self.lifecycle).removeprefix("<Session ").removesuffix(">")

    def start_soon(self, function: Callable[..., Awaitable[None]], *arguments: object) -> None:
        """Run a task for as long as the session lives, at most."""
        self._nursery.start_soon(function, *arguments)

    def is_current(self, task: LinkTask) -> bool:
        """Whether what this task has to say still concerns the lifecycle."""
        return self._links.get(task.number) is task

    def forget(self, task: LinkTask) -> None:
        """The task has said its last word."""
        if self.is_current(task):
            del self._links[task.number]

    def stream_begun(self, link: int, lane: str | None, request_id: str | None) -> None:
        """The server has answered the create of a lane; whose it is gets to know the server's name for that."""
        place = self.lifecycle.links.get(link)
        here = None if place is None else place.lanes.get(lane)
        response = None if here is None or here.request is None else self.responses.get(here.request)
        if response is not None:
            response.request_id = request_id

    def jitter(self) -> float:
        """A random number in [0, 1], for the pause before the next dial."""
        return random.random()  # noqa: S311 - spreads reconnects, guards nothing

    def state(self) -> SessionState:
        """The whole session as it is now, the second transport included."""
        own, other = snapshot(self.lifecycle), self.fallback
        return own if other is None else own.joined_with(other.state(), other.links_from - self.links_from)

    def statistics(self) -> Statistics:
        """The counters as they are now, those of the second transport included."""
        own, other = self.meter.read(self.lifecycle), self.fallback
        dropped = self._not_recorded + sum(recording.dropped for recording in self.recordings)
        if dropped:
            own = attrs.evolve(own, counts={**own.counts, "NotRecorded": dropped})
        return own if other is None else own.joined_with(other.statistics(), other.links_from - self.links_from)


PERFORM: Final[Mapping[type, Callable[[Driver, Any], None]]] = MappingProxyType(
    {
        ordered.Close: Driver.close,
        ordered.Dial: Driver.dial,
        ordered.EndStream: Driver.end_stream,
        ordered.Finish: Driver.finish,
        ordered.HandOver: Driver.hand_over,
        ordered.Moved: Driver.tell,
        ordered.Note: Driver.tell,
        ordered.Ping: Driver.ping,
        ordered.Send: Driver.send,
        ordered.SendCancel: Driver.send_cancel,
        ordered.SendSteer: Driver.send_steer,
        ordered.Settled: Driver.settle,
        ordered.Steered: Driver.steered,
        ordered.Withdraw: Driver.withdraw,
    }
)
