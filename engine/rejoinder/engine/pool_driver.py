"""The driver of a pool: spreads the requests of one session over members, each with a lifecycle, a driver and links of its own.

``rejoinder.states.pool`` says who takes a request, and when a member is added or closed.

Rules of this file
* It decides nothing: after whatever happens to a member, the plan is asked for its next step until it has none.
* All members live in the session's one nursery, and end with it; one that is retired ends before.
* Numbers of requests are the session's, so each is unique in the pool. Links are numbered apart: those of the second member from
  10001, of the third from 20001 …
"""

from __future__ import annotations

import math
import os
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final, final

import attrs
import trio

from rejoinder.states import effects as ordered
from rejoinder.states import pool as plans
from rejoinder.states.phases import RequestPhase
from rejoinder.states.profiles import Profile
from rejoinder.states.snapshot import RequestState, SessionState

from .drive import Driver
from .errors import RecordingFailed
from .http_client import HttpClient
from .observations import Asked, Observation, Observer, Statistics
from .recorder import Recording
from .response import Response
from .steering import Steering

__all__ = ["POOL_LINKS", "PoolDriver"]

POOL_LINKS: Final = 1_000_000
"""By how much the numbers of two members' links differ, where all are shown."""


@final
@attrs.define(eq=False)
class _Member:
    """What is behind one member."""

    driver: Driver
    clock: trio.CancelScope = attrs.field(factory=trio.CancelScope)

    async def keep_time(self) -> None:
        """Let its deadlines pass, until it is closed."""
        with self.clock:
            await self.driver.keep_time()

    def close(self) -> None:
        """End what it runs, its links, and its time."""
        self.driver.shut_down()
        self.clock.cancel()


@final
@attrs.define(eq=False)
class _Asking:
    """What is kept of a request that no member has."""

    response: Response
    warm_up: bool
    steerings: list[Steering] = attrs.field(factory=list[Steering])


@final
class PoolDriver:
    """Performs the requests of a session over the members of a pool."""

    def __init__(
        self, client: HttpClient, nursery: trio.Nursery, limits: plans.PoolLimits, open_driver: Callable[[int, PoolDriver], Driver]
    ) -> None:
        self.endpoint: Final = client.endpoint
        self.settings: Final = client.settings
        self.observers: Final[list[Observer]] = []
        self._nursery: Final = nursery
        self._plan: Final = plans.Pool(limits, client.settings.policy)
        self._open_driver: Final = open_driver
        self._members: Final[dict[int, _Member]] = {}
        self._asking: Final[dict[int, _Asking]] = {}
        self._past_recordings: Final[list[Recording]] = []
        self._past: Statistics | None = None
        """The counters of members that have been retired."""
        self._alarm = trio.CancelScope()
        self._settling = False
        self._unsettled = False
        self._closed = False
        self._front: Final = self._enlarge()
        """The first member, which stays: it speaks for the pool."""

    # -- for the session ---------------------------------------------------------------------------------------------------

    @property
    def profile(self) -> Profile:
        """What can be expected of the connections that requests go over."""
        return self._front.profile

    @property
    def all_recordings(self) -> list[Recording]:
        """The traces of all members, those that were retired included."""
        return self._past_recordings + [each for member in self._members.values() for each in member.driver.all_recordings]

    def ask(self, response: Response, *, warm_up: bool) -> None:
        """Let a request begin; an observer may cancel it at once."""
        number = response.number
        self.tell(Asked(number, response.content, warm_up))
        self._asking[number] = _Asking(response, warm_up)
        self._plan.ask(number, response.content, trio.current_time())
        if response.stopped:
            self.cancel(number)
        elif self._closed:
            self.shut_down()
        self.settle()

    def cancel(self, number: int) -> None:
        """The caller of a request that no member has has left."""
        outcome = self._plan.leave(number)
        if outcome is not None:
            self._finish(plans.Refuse(number, outcome))
            self.settle()

    def steer(self, number: int, steering: Steering) -> None:
        """Add words to the response of a request; they wait with it."""
        asking = self._asking.get(number)
        if asking is not None:
            asking.steerings.append(steering)
        else:
            self._driver_of(number).steer(number, steering)

    def preconnect(self) -> None:
        """Dial the first member's link now; spare ones follow when it is open."""
        self._front.preconnect()

    def shut_down(self) -> None:
        """End what runs, and take nothing more."""
        self._closed = True
        for refused in self._plan.close():
            self._finish(refused)
        for member in self._members.values():
            member.close()

    async def keep_time(self) -> None:
        """Ask the plan again whenever it wants to be asked; each member keeps a time of its own. Runs as long as the session."""
        while True:
            with trio.CancelScope() as self._alarm:
                self.settle()
                await trio.sleep_forever()

    def start_soon(self, function: Callable[..., Awaitable[None]], *arguments: object) -> None:
        """Run a task for as long as the session lives, at most."""
        self._nursery.start_soon(function, *arguments)

    def tell(self, observation: Observation) -> None:
        """Tell the log and all observers."""
        self._front.tell(observation)

    def record(self, path: str | os.PathLike[str], *, payloads: bool, whole: bool) -> Recording:
        """Refuse: a trace is of one lifecycle."""
        del payloads, whole
        raise RecordingFailed(
            f"Nothing is recorded to {os.fspath(path)!r}: each member of a pool has a lifecycle of its own, and a trace holds one."
            " Set REJOINDER_TRACE before the pool is opened: it writes one file for each."
        )

    def statistics(self) -> Statistics:
        """The counters of all members, the retired ones included; requests that no member has are waiting."""
        front, *others = self._members.values()
        whole = front.driver.statistics()
        for other in others:
            whole = whole.joined_with(other.driver.statistics(), other.driver.links_from)
        if self._past is not None:
            whole = whole.joined_with(self._past, 0)
        waiting = dict.fromkeys(self._plan.waiting, str(RequestPhase.WAITING))
        return attrs.evolve(whole, requests={**whole.requests, **waiting})

    def state(self) -> SessionState:
        """Every link, lane and request as it is now."""
        front, *others = self._members.values()
        whole = front.driver.state()
        for other in others:
            whole = whole.joined_with(other.driver.state(), other.driver.links_from)
        waiting = {
            each.request: RequestState(each.request, RequestPhase.WAITING, each.asked, each.asked, None, None, each.wait, ())
            for each in self._plan.waiting.values()
        }
        return attrs.evolve(whole, requests={**whole.requests, **waiting})

    def describe(self) -> str:
        """The phases of all machines, in a line."""
        state = self.state()
        links = ", ".join(f"{link.number}:{link.phase}" for link in state.links.values())
        requests = ", ".join(f"{request.number}:{request.phase}" for request in state.requests.values())
        return f"pool of {len(self._members)}, {self.profile.name} links [{links}] requests [{requests}]"

    # -- what the plan says ------------------------------------------------------------------------------------------------

    def settle(self) -> None:
        """Do what the plan says until it says nothing more; called after whatever happens to a member."""
        self._unsettled = True
        if self._settling or self._closed:
            return
        self._settling = True
        try:
            while self._unsettled:
                self._unsettled = False
                while (step := self._plan.next_step(trio.current_time())) is not None:
                    self._perform(step)
        finally:
            self._settling = False
        now = trio.current_time()
        for waiting in self._plan.waiting.values():
            self._asking[waiting.request].response.stopwatch.waits(waiting.wait, now)
        deadline = self._plan.next_deadline(now)
        self._alarm.deadline = math.inf if deadline is None else deadline

    def _perform(self, step: plans.PoolStep) -> None:
        if isinstance(step, plans.GiveTo):
            self._give(step)
        elif isinstance(step, plans.Refuse):
            self._finish(step)
        elif isinstance(step, plans.Connect):
            self._members[step.member].driver.preconnect()
        elif isinstance(step, plans.Enlarge):
            self._enlarge()
        else:
            self._retire(step)

    def _give(self, step: plans.GiveTo) -> None:
        asking = self._asking.pop(step.request)
        driver = self._members[step.member].driver
        asking.response.call_on_cancel(partial(driver.cancel, step.request))
        driver.take(asking.response, warm_up=asking.warm_up)
        for steering in asking.steerings:
            driver.steer(step.request, steering)

    def _finish(self, step: plans.Refuse) -> None:
        """Give a request that no member had its outcome, as the first member would have."""
        asking = self._asking.pop(step.request)
        self._front.responses[step.request] = asking.response
        self._front.finish(ordered.Finish(step.request, step.outcome))
        for steering in asking.steerings:
            self._front.steer(step.request, steering)

    def _enlarge(self) -> Driver:
        driver = self._open_driver(POOL_LINKS * self._plan.members_made, self)
        fallback = None if driver.fallback is None else driver.fallback.lifecycle
        number = self._plan.add(driver.lifecycle, fallback, trio.current_time()).number
        member = self._members[number] = _Member(driver)
        self._nursery.start_soon(member.keep_time)
        return driver

    def _retire(self, step: plans.Retire) -> None:
        member = self._members.pop(step.member)
        member.close()
        for recording in member.driver.all_recordings:
            recording.stop()
        self._past_recordings.extend(member.driver.all_recordings)
        counters = attrs.evolve(member.driver.statistics(), links={}, lanes={}, requests={})
        self._past = counters if self._past is None else self._past.joined_with(counters, 0)

    def _driver_of(self, number: int) -> Driver:
        """The driver that has a request; the first one's if it has ended: that one knows what to say of it."""
        everybody = [each for member in self._members.values() for each in member.driver.transports]
        return next((driver for driver in everybody if number in driver.responses), self._front)
