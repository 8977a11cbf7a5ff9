"""Promises 8 and 9: where time alone leads from a session, and how soon the next request goes out.

Rules of this file
* Time alone: the server is silent, no dial is answered, no pong comes, no create can be taken back. From deadline to deadline every
  caller must come to its outcome, and every lane to rest.
* The next request: dials succeed at once and pongs come at once; otherwise silence. A request behind nothing but abandoned
  responses must be sent within the bound of its policy.
* What is known of a session is known of all sessions with its key, and so with its number: each is walked once. A walk has a copy
  of its own, and leaves nothing behind but numbers.
"""

from __future__ import annotations

from typing import Final, final

from rejoinder.states.cancellation import effective_policy
from rejoinder.states.effects import Dial, Finish, Note, Ping, Send
from rejoinder.states.events import Expired, Opened, Pong
from rejoinder.states.phases import LinkPhase, RequestPhase, ResponsePhase
from rejoinder.states.profiles import CancelPolicy
from rejoinder.states.records import Link, Request
from rejoinder.states.session import Session

from .known_sessions import KnownSession, KnownSessions
from .waits import wrong_instant

__all__ = ["Endings"]

# Looked up once: see ``phases.py``.
IDLE: Final = ResponsePhase.IDLE
QUARANTINED: Final = ResponsePhase.QUARANTINED
RETIRING: Final = LinkPhase.RETIRING
WAITING: Final = RequestPhase.WAITING
OPEN: Final = LinkPhase.OPEN
PROVING: Final = LinkPhase.PROVING
PAUSED: Final = RequestPhase.PAUSED

DEADLINES: Final = 80
"""Deadlines that may pass until everything is over."""
AT_ONCE: Final = 6
"""How often something may be due at one instant: what was due can lead to something that is due at once."""
LATE: Final = 1e-6
"""Seconds by which sums of some floats may differ."""


@final
class Endings:
    """What is known of the sessions of one exploration."""

    def __init__(self) -> None:
        # The numbers of sessions that come to an end, that send their first waiting request in time, and whose waits are right.
        self.settled: Final[set[int]] = set()
        self.served: Final[set[int]] = set()
        self.timed: Final[set[int]] = set()
        # Deadlines that were followed.
        self.walked = 0

    def fault(self, sessions: KnownSessions, known: KnownSession) -> str | None:
        """What is wrong with where ``known`` leads, which is one of ``sessions``; None if all is well."""
        broken = None
        if known.number not in self.timed:
            broken = wrong_instant(known.session, known.now)
            self.timed.add(known.number)
        if broken is None and known.number not in self.settled:
            broken = self._time_alone(sessions, known)
        if broken is None and known.number not in self.served:
            broken = _next_request(known.session, known.now)
            self.served.add(known.number)
        return broken

    def _time_alone(self, sessions: KnownSessions, known: KnownSession) -> str | None:  # noqa: C901, PLR0911 - one walk, many ends
        passed, repeated = [known.number], 0
        session, now, due = known.session.copy(), known.now, known.due
        open_requests = set(session.requests)
        for _ in range(DEADLINES):
            if _is_over(session):
                break
            if due is None:
                return f"promise 8: nothing will ever end {session}"
            repeated = repeated + 1 if due <= now else 0
            if repeated > AT_ONCE:
                return f"promise 8: something is due at the same instant again and again: {session}"
            self.walked += 1
            now = max(now, due)
            try:
                effects = session.feed(Expired(), now)
            except Exception as error:  # noqa: BLE001 - whatever it is, it must not be raised
                return f"promise 7: {type(error).__name__} was raised: {error}, by time alone"
            for effect in effects:
                if isinstance(effect, Finish):
                    if effect.request not in open_requests:
                        return f"promise 3: a second outcome of request {effect.request}, by time alone"
                    open_requests.discard(effect.request)
                elif isinstance(effect, Note) and effect.name == "Illegal":
                    return f"promise 7: no row for {effect.detail}, by time alone"
            number = sessions.number_of(session, now)
            if number in self.settled:
                self.settled.update(passed)
                return None
            passed.append(number)
            due = session.next_deadline()
        else:
            return f"promise 8: {session} does not come to an end"
        if open_requests:
            return f"promise 3: requests {sorted(open_requests)} have no outcome when everything is over"
        self.settled.update(passed)
        return None


def _is_over(session: Session) -> bool:
    """Whether every caller has its outcome, and every lane is at rest or goes with its link."""
    if session.requests:
        return False
    for link in session.links.values():
        for lane in link.lanes.values():
            if lane.phase is IDLE:
                continue
            if lane.phase is not QUARANTINED:
                return False
            if not (link.phase is RETIRING or (link.proven and link.phase in {OPEN, PROVING})):
                return False
    return True


def _next_request(session: Session, now: float) -> str | None:
    """Whether the first request that waits for nothing but abandoned responses is sent in time."""
    first = next((request for request in session.requests.values() if request.phase is WAITING), None)
    link = next((link for link in session.links.values() if link.phase is OPEN), None)
    paused = any(request.phase is PAUSED for request in session.requests.values())
    if first is None or link is None or link.live or paused:
        return None
    bound = _bound(session, link, first)
    if bound is None:
        return None
    latest = max(now, bound) + LATE
    number = first.number
    twin = session.copy()
    for _ in range(DEADLINES):
        due = twin.next_deadline()
        if due is None or due > latest:
            break
        now = max(now, due)
        if _is_sent(twin, number, now):
            return None
    return f"promise 9: request {number} waits for an abandoned response and is not sent by {latest - LATE:g} s: {session}"


def _is_sent(session: Session, request: int, now: float) -> bool:
    """Let the deadline pass, on a network that works; whether the request was sent, or has its outcome."""
    effects = list(session.feed(Expired(), now))
    while effects:
        effect = effects.pop(0)
        if isinstance(effect, Send | Finish) and effect.request == request:
            return True
        if isinstance(effect, Note) and effect.name == "NoSocket":
            return True
        if isinstance(effect, Dial):
            effects += session.feed(Opened(effect.link), now)
        elif isinstance(effect, Ping):
            effects += session.feed(Pong(effect.link), now)
    return False


def _bound(session: Session, link: Link, request: Request) -> float | None:
    """The latest instant at which the request may be sent; None where no bound applies."""
    abandoned = [lane.abandoned_at for lane in link.lanes.values() if lane.abandoned and lane.abandoned_at is not None]
    if not abandoned or any(other.phase in {LinkPhase.CONNECTING, LinkPhase.RECONNECTING} for other in session.links.values()):
        return None
    policy = session.policy
    wanted = effective_policy(session.profile, policy, proven=link.proven)
    hedges = wanted in {CancelPolicy.HEDGE, CancelPolicy.LANE} and not request.hedged
    delay = policy.hedge_delay if hedges else policy.deadlines.drain
    # One that stood in the way longer ago may have been the reason to wait.
    return max(request.entered, *abandoned) + delay
