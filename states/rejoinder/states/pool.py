"""A pool: which of several sessions takes a request, when another link is dialled, and when one is closed.

One link takes one response at a time, or 16 where it has lanes. A pool has *members*, each a session with links of its own, and
gives each request to one of them. Whoever runs it asks ``next_step``, does what it says, and asks again until it says nothing.

A request goes, in this order of preference,

1. to an open link whose server remembers most of what it says: a conversation stays with the link that holds its continuation;
2. to the open link with room that has least to do, if nothing that others may continue is forgotten there;
3. where no link is open: to a member that is on its way, or can be, and shares its fate, as in a session by itself;
4. to a further link, which is dialled while the pool may grow; it waits for that one, or for whatever is free first;
5. to the open link with room that has been silent for longest, which then forgets what it remembers: at once if the pool cannot
   grow, and after the hedge delay if it grows too slowly;
6. to a link on which only abandoned responses are in the way: the cancel policy says how long it stays there.

Rules of this file
* Pure: no I/O, no clock. It looks at the members' sessions, and never moves them.
* Requests are placed in the order in which they were made. One that waits for a lane lets nobody pass, so nobody starves; one that
  waits for a dial lets others pass, because a link of its own is on its way and may take long.
* A dial that failed makes the pool stop growing for a while (``Policy.successor_pause``): what is there goes on serving.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, final

import attrs

from .failures import simple_failure
from .phases import RequestPhase
from .pool_offers import Offer, Standing, offer_of
from .snapshot import Wait
from .verdicts import Cause, Outcome, OutcomeKind, Verdict

if TYPE_CHECKING:
    from .continuation import RequestContent
    from .profiles import Policy
    from .session import Session

__all__ = ["Connect", "Enlarge", "GiveTo", "Member", "Pool", "PoolLimits", "PoolStep", "Refuse", "Retire", "Waiting"]


@attrs.frozen
class PoolLimits:
    """How large a pool may be."""

    size: int
    """Members at one time, spare ones included."""
    spares: int
    """Members that are kept connected without anything to do, as far as ``size`` allows."""
    idle_limit: float
    """Seconds after which a member without anything to do is closed; the first stays, and so do the spare ones."""


@attrs.frozen
class GiveTo:
    """Let ``member`` take the request."""

    request: int
    """The request."""
    member: int
    """Who takes it."""


@attrs.frozen
class Connect:
    """Let ``member`` dial."""

    member: int
    """Who dials."""


@attrs.frozen
class Enlarge:
    """Add a member."""


@attrs.frozen
class Retire:
    """Close ``member`` and forget it: nobody has needed it for long."""

    member: int
    """Who goes."""


@attrs.frozen
class Refuse:
    """Give the request its outcome: it has waited for too long."""

    request: int
    """The request."""
    outcome: Outcome
    """Its outcome."""


PoolStep = GiveTo | Connect | Enlarge | Retire | Refuse
"""What is to be done next."""


@final
@attrs.define(eq=False)
class Member:
    """One session of a pool."""

    number: int
    """Its number; rises with each that is added."""
    session: Session
    """Its links, lanes and requests."""
    fallback: Session | None = None
    """The session of its second transport, if it has one."""
    idle_since: float = math.inf
    """Since when it has had nothing to do; infinity while it has."""

    def offer(self, content: RequestContent | None, now: float) -> Offer:
        """What it has to offer. After a refused upgrade that is what the second transport has, and nobody dials any more."""
        if self.fallback is None or not self.session.elsewhere:
            return offer_of(self.number, self.session, content, now)
        return attrs.evolve(offer_of(self.number, self.fallback, content, now), refused_at=math.inf)

    @property
    def is_busy(self) -> bool:
        """Whether anybody waits for it, or it is owed anything."""
        sessions = [self.session] if self.fallback is None else [self.session, self.fallback]
        return any(each.requests or any(link.lanes_in_use for link in each.links.values()) for each in sessions)


@final
@attrs.define(eq=False)
class Waiting:
    """A request that no member has."""

    request: int
    """Its number."""
    content: RequestContent = attrs.field(repr=False)
    """What it says."""
    asked: float
    """When it was made."""
    wait: Wait = Wait.TURN
    """What it waits for."""


@final
class Pool:
    """The members of a pool and the requests that none of them has."""

    def __init__(self, limits: PoolLimits, policy: Policy) -> None:
        self.limits: Final = limits
        self.policy: Final = policy
        self.members: Final[dict[int, Member]] = {}
        self.waiting: Final[dict[int, Waiting]] = {}
        """In the order in which they were made."""
        self.members_made = 0

    def __repr__(self) -> str:
        members = ", ".join(f"{member.number}:{member.session!r}" for member in self.members.values())
        return f"<Pool members [{members}] waiting {list(self.waiting)}>"

    # -- what happens --------------------------------------------------------------------------------------------------------

    def add(self, session: Session, fallback: Session | None, now: float) -> Member:
        """A member was made, as ``Enlarge`` asks."""
        self.members_made += 1
        member = self.members[self.members_made] = Member(self.members_made, session, fallback, now)
        return member

    def ask(self, request: int, content: RequestContent, now: float) -> None:
        """A request was made; it is whatever ``next_step`` makes of it."""
        self.waiting[request] = Waiting(request, content, now)

    def leave(self, request: int) -> Outcome | None:
        """The caller of a request has left: its outcome, or None if a member has it or it has ended."""
        return _ended(OutcomeKind.CANCELLED) if self.waiting.pop(request, None) is not None else None

    def close(self) -> list[Refuse]:
        """The pool is closed: what nobody has ends."""
        message = "The session was closed before the answer was complete. Keep it open until then."
        refused = [Refuse(request, _ended(OutcomeKind.INTERRUPTED, Cause.CLOSED, message)) for request in self.waiting]
        self.waiting.clear()
        return refused

    # -- what is to be done ----------------------------------------------------------------------------------------------------

    def next_step(self, now: float) -> PoolStep | None:
        """What is to be done at ``now`` (seconds, the clock of the members); None if nothing is, until something happens.

        A request that is given or refused does not wait any more when this returns, and a member that is retired is forgotten.
        """
        for member in self.members.values():
            member.idle_since = math.inf if member.is_busy else min(member.idle_since, now)
        return self._refuse(now) or self._place(now) or self._keep_spares(now) or self._retire(now)

    def next_deadline(self, now: float) -> float | None:
        """When ``next_step`` is to be asked again if nothing happens before; None if never."""
        return min((instant for instant in self._instants(now) if instant > now), default=None)

    def _instants(self, now: float) -> Iterator[float]:
        for waiting in self.waiting.values():
            yield self._deadline(waiting)
            yield waiting.asked + self.policy.hedge_delay
        if self.waiting or self.limits.spares:
            for offer in self._offers(now):
                if offer.refused_at is not None:
                    yield offer.refused_at + self.policy.successor_pause
        for member in self._retirable(now):
            yield member.idle_since + self.limits.idle_limit

    # -- requests ----------------------------------------------------------------------------------------------------------

    def _deadline(self, waiting: Waiting) -> float:
        deadlines = self.policy.deadlines
        return waiting.asked + min(deadlines.queue, deadlines.turn)

    def _refuse(self, now: float) -> Refuse | None:
        for waiting in self.waiting.values():
            if self._deadline(waiting) <= now:
                del self.waiting[waiting.request]
                message = (
                    f"The request could not be sent within {now - waiting.asked:g} s: every link of the pool was in use. Send it"
                    " again later, allow a larger pool (size=…), or more time with Deadlines(queue=…)."
                )
                return Refuse(waiting.request, _ended(OutcomeKind.INTERRUPTED, Cause.QUEUE, message))
        return None

    def _place(self, now: float) -> PoolStep | None:
        spoken_for = 0
        for waiting in self.waiting.values():
            step = self._choose(waiting, spoken_for, now)
            if step is Wait.DIAL:
                waiting.wait = step
                spoken_for += 1
            elif isinstance(step, Wait):
                for other in list(self.waiting.values())[spoken_for:]:
                    other.wait = step
                return None
            else:
                if isinstance(step, GiveTo):
                    del self.waiting[waiting.request]
                return step
        return None

    def _choose(self, waiting: Waiting, spoken_for: int, now: float) -> GiveTo | Connect | Enlarge | Wait:
        """The order of preference at the top of this file. ``spoken_for`` is how many requests wait for a dial before this one."""
        offers = [member.offer(waiting.content, now) for member in self.members.values()]
        free = [offer for offer in offers if offer.standing is Standing.OPEN and offer.room > 0]
        harmless = [offer for offer in free if offer.saved or not offer.forgets]
        best = max(harmless, key=lambda offer: (offer.saved, *_ease(offer)), default=None)
        if best is not None:
            return GiveTo(waiting.request, best.member)
        if all(offer.standing is not Standing.OPEN for offer in offers):
            return self._share_fate(waiting, offers)
        if not free or now < waiting.asked + self.policy.hedge_delay:
            grown = self._grow(offers, spoken_for, now)
            if grown is not None:
                return grown
        silent = min(free, key=lambda offer: offer.heard, default=None)
        if silent is not None:
            return GiveTo(waiting.request, silent.member)
        drained = max((offer for offer in offers if offer.drains), key=_ease, default=None)
        if drained is not None:
            return GiveTo(waiting.request, drained.member)
        return Wait.TURN

    def _share_fate(self, waiting: Waiting, offers: list[Offer]) -> GiveTo | Enlarge | Wait:
        """Nobody has a link: wait where one is dialled, or have one dialled, and hear why if there can be none."""
        able = [offer for offer in offers if offer.room > 0]
        coming = max((offer for offer in able if offer.standing is Standing.COMING), key=_ease, default=None)
        chosen = coming or max(able, key=lambda offer: (offer.refused_at is None, *_ease(offer)), default=None)
        if chosen is not None:
            return GiveTo(waiting.request, chosen.member)
        return Enlarge() if len(self.members) < self.limits.size else Wait.DIAL

    def _grow(self, offers: list[Offer], spoken_for: int, now: float) -> Connect | Enlarge | Wait | None:
        """Have another link dialled, or wait for one that is on its way and nobody waits for; None if there can be none."""
        coming = sum(max(offer.room, 0) for offer in offers if offer.standing is Standing.COMING)
        return Wait.DIAL if coming > spoken_for else self._dial(offers, now)

    def _dial(self, offers: list[Offer], now: float) -> Connect | Enlarge | None:
        pause = self.policy.successor_pause
        if any(offer.refused_at is not None and now < offer.refused_at + pause for offer in offers):
            return None
        closed = next((offer for offer in offers if offer.standing is Standing.CLOSED and not offer.load), None)
        if closed is not None:
            return Connect(closed.member)
        return Enlarge() if len(self.members) < self.limits.size else None

    # -- members -----------------------------------------------------------------------------------------------------------

    def _keep_spares(self, now: float) -> Connect | Enlarge | None:
        """Beside a link that is open: where there is none, the next request finds out what is wrong."""
        if not self.limits.spares:
            return None
        offers = self._offers(now)
        if sum(map(_is_spare, offers)) >= self.limits.spares or all(offer.standing is not Standing.OPEN for offer in offers):
            return None
        return self._dial(offers, now)

    def _retire(self, now: float) -> Retire | None:
        for member in self._retirable(now):
            if member.idle_since + self.limits.idle_limit <= now:
                del self.members[member.number]
                return Retire(member.number)
        return None

    def _retirable(self, now: float) -> list[Member]:
        """The members that have nothing to do and are not needed as spare ones; the first is not among them."""
        first, *others = self.members.values()
        idle = [member for member in others if member.idle_since < math.inf]
        if not idle:
            return []
        spare = [member for member in (first, *others) if _is_spare(member.offer(None, now))][: self.limits.spares]
        return [member for member in idle if member not in spare]

    def _offers(self, now: float) -> list[Offer]:
        """What the members have to offer to nobody in particular."""
        return [member.offer(None, now) for member in self.members.values()]


def _ease(offer: Offer) -> tuple[int, int, int]:
    """Where a request has it easiest: least to do, no cancel unanswered, and of equals the first."""
    return -offer.load, -offer.owed, -offer.member


def _is_spare(offer: Offer) -> bool:
    """Whether it is connected, or will be, and neither does nor remembers anything."""
    return offer.standing is not Standing.CLOSED and not offer.load and not offer.remembers


def _ended(kind: OutcomeKind, cause: Cause | None = None, message: str = "") -> Outcome:
    """The outcome of a request that no member had."""
    failure = None if cause is None else simple_failure(cause, message)
    waiting = Verdict(RequestPhase.WAITING, sent=False, acknowledged=False, output_begun=False, replay_safe=True)
    return Outcome(kind, failure, waiting)
