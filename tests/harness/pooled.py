"""A pool on the bench: the plan, a bench for each of its members, and a server that says what the test says.

    pooled = Pooled(AZURE, size=2)
    first = pooled.ask("Hi")
    pooled.opened(1)
    pooled.answer(first)

Rules of this file
* After whatever happens the plan is asked for its steps, as the engine does; they are kept in ``steps``.
* The clock is one for all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, final

from harness import frames
from harness.lifecycle import Bench
from rejoinder.states.continuation import RequestContent
from rejoinder.states.events import Create, Expired, Preconnect, Shutdown
from rejoinder.states.pool import Connect, Enlarge, GiveTo, Pool, PoolLimits, PoolStep, Refuse, Retire
from rejoinder.states.profiles import OPENAI, Policy, Profile
from rejoinder.states.snapshot import Wait
from rejoinder.states.verdicts import Outcome

__all__ = ["Pooled"]


@final
class Pooled:
    """A pool under test."""

    def __init__(
        self,
        profile: Profile = OPENAI,
        policy: Policy | None = None,
        *,
        size: int = 2,
        spares: int = 0,
        idle_limit: float = 300.0,
        now: float = 1000.0,
    ) -> None:
        self.profile: Final = profile
        self.policy: Final = policy or Policy()
        self.plan: Final = Pool(PoolLimits(size, spares, idle_limit), self.policy)
        self.now = now
        self.steps: Final[list[PoolStep]] = []
        """All that the plan has said so far."""
        self.given: Final[dict[int, int]] = {}
        """For each request that was given, the member."""
        self.outcomes: Final[dict[int, Outcome]] = {}
        """For each request that no member had, its outcome."""
        self.items: Final[dict[int, list[dict[str, Any]]]] = {}
        self.benches: Final[dict[int, Bench]] = {}
        self.requests = 0
        self.settle()

    # -- callers -----------------------------------------------------------------------------------------------------------

    def ask(self, *texts: str) -> int:
        """Make a request of what users said; returns its number."""
        return self.ask_items([frames.user(text) for text in texts or ("Hi",)])

    def ask_items(self, items: Sequence[Mapping[str, Any]]) -> int:
        """Make a request of input items; returns its number."""
        self.requests += 1
        self.items[self.requests] = [dict(item) for item in items]
        self.plan.ask(self.requests, RequestContent(self.items[self.requests]), self.now)
        self.settle()
        return self.requests

    def reply(self, request: int, text: str = "Go on") -> int:
        """Make the request that continues ``request``."""
        said = self.bench(request).voices[request].text
        return self.ask_items([*self.items[request], frames.assistant(said), frames.user(text)])

    def cancel(self, request: int) -> None:
        """Let the caller leave."""
        if request in self.given:
            self.bench(request).cancel(request)
        elif (outcome := self.plan.leave(request)) is not None:
            self.outcomes[request] = outcome
        self.settle()

    # -- network and server ------------------------------------------------------------------------------------------------

    def opened(self, *members: int) -> None:
        """Let the dials of members succeed, in this order."""
        for member in members:
            self.benches[member].opened()
            self.settle()

    def refused(self, member: int, status: int | None = None) -> None:
        """Let a member's dial fail."""
        self.benches[member].refused(status)
        self.settle()

    def lost(self, member: int) -> None:
        """Let a member's socket go away."""
        self.benches[member].lost()
        self.settle()

    def begin(self, *requests: int) -> None:
        """Acknowledge requests, and say something to each."""
        for request in requests:
            self.bench(request).created(request)
            self.bench(request).speak(request)
            self.settle()

    def complete(self, *requests: int) -> None:
        """End responses well."""
        for request in requests:
            self.bench(request).complete(request)
            self.settle()

    def answer(self, *requests: int) -> None:
        """Answer requests from ``created`` to ``completed``."""
        for request in requests:
            self.begin(request)
            self.complete(request)

    # -- time --------------------------------------------------------------------------------------------------------------

    def wait(self, seconds: float) -> None:
        """Let time pass, and everything happen that falls due, to the pool and to its members."""
        until = self.now + seconds
        while (due := self._next_deadline()) is not None and due <= until:
            self.now = max(self.now, due)
            for bench in self.benches.values():
                bench.now = self.now
                deadline = bench.session.next_deadline()
                if deadline is not None and deadline <= self.now:
                    bench.feed(Expired())
            self.settle()
        self.now = until
        self.settle()

    def _next_deadline(self) -> float | None:
        instants = [self.plan.next_deadline(self.now), *(bench.session.next_deadline() for bench in self.benches.values())]
        return min((instant for instant in instants if instant is not None), default=None)

    # -- what there is -----------------------------------------------------------------------------------------------------

    def settle(self) -> None:
        """Do what the plan says, until it says nothing more."""
        for bench in self.benches.values():
            bench.now = self.now
        if not self.benches:
            self._enlarge()
        before = len(self.steps)
        while (step := self.plan.next_step(self.now)) is not None:
            self.steps.append(step)
            assert len(self.steps) - before < 1000, f"the plan never ends: {self.steps[-5:]}"
            self._perform(step)
        deadline = self.plan.next_deadline(self.now)
        assert deadline is None or deadline > self.now, "the plan would be asked for ever"

    def _perform(self, step: PoolStep) -> None:
        if isinstance(step, GiveTo):
            self.given[step.request] = step.member
            bench, items = self.benches[step.member], self.items[step.request]
            bench.items[step.request], bench.delivered[step.request] = items, []
            bench.feed(Create(step.request, RequestContent(items)))
        elif isinstance(step, Connect):
            self.benches[step.member].feed(Preconnect())
        elif isinstance(step, Enlarge):
            self._enlarge()
        elif isinstance(step, Retire):
            self.benches.pop(step.member).feed(Shutdown())
        else:
            assert isinstance(step, Refuse)
            self.outcomes[step.request] = step.outcome

    def _enlarge(self) -> None:
        bench = Bench(self.profile, self.policy, now=self.now)
        self.benches[self.plan.add(bench.session, None, self.now).number] = bench

    def bench(self, request: int) -> Bench:
        """The bench of the member that has a request."""
        return self.benches[self.given[request]]

    def waits(self) -> dict[int, Wait]:
        """What each request waits for that no member has."""
        return {each.request: each.wait for each in self.plan.waiting.values()}

    def links(self) -> dict[int, list[str]]:
        """The phases of each member's links."""
        return {number: [str(link.phase) for link in bench.session.links.values()] for number, bench in self.benches.items()}

    def continues(self, request: int) -> str | None:
        """The response that a request continues, on its member."""
        return self.bench(request).continues(request)
