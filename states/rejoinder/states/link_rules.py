"""One function for each moving row, named for what happened: the link rules.

As in ``response_rules.py``: a rule runs in the new phase, changes facts, asks the session for what spans machines.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, cast

from .effects import Close, Dial, Ping
from .events import DialFailed
from .failures import simple_failure
from .phases import LinkPhase
from .records import Lane
from .triggers import LinkEvent, ResponseEvent
from .verdicts import Cause, Failure, Where, react

if TYPE_CHECKING:
    from .records import Link
    from .session import Session
    from .steps import Step

__all__ = ["LINK_RULES", "backoff", "dial_failure"]


MOST_DOUBLINGS: Final = 16
"""More would only overflow: the limit on a pause is reached long before."""


def dial_failure(event: DialFailed, session: Session) -> Failure:
    """The failure that a refused or broken dial is, with the advice of the error table."""
    advice = react(session.policy.errors, Where.HANDSHAKE, event.code, None, event.status).advice
    return Failure(Cause.DIAL, f"{event.message} {advice}", status=event.status, code=event.code, retry_after=event.retry_after)


def backoff(session: Session, attempts: int, jitter: float, retry_after: float | None = None) -> float:
    """Seconds until the next dial: doubling from ``backoff_first``, 75 to 100 % of it, never sooner than the server asked."""
    policy = session.policy
    pause = min(policy.backoff_first * 2.0 ** min(max(attempts - 1, 0), MOST_DOUBLINGS), policy.backoff_limit) * (
        0.75 + 0.25 * jitter
    )
    return max(pause, retry_after or 0.0)


def link_dialled(session: Session, link: Link, step: Step) -> None:
    link.dialling_since = step.now
    link.attempts += 1
    link.failure = None
    session.emit(Dial(link.number))


def backoff_over(session: Session, link: Link, step: Step) -> None:
    del step
    link.attempts += 1
    session.emit(Dial(link.number))


def link_opened(session: Session, link: Link, step: Step) -> None:
    profile, policy = session.profile, session.policy
    link.heard = step.now
    link.rotate_at = step.now + max(profile.max_age - policy.rotate_before, profile.max_age / 2)
    link.successor_at = step.now
    link.names_limit = profile.names
    link.proven = profile.streams
    link.debt = 0
    link.cancel_refused = False
    link.hedge_for = None
    link.failure = None
    link.lanes = {}
    if not profile.lanes:
        session.new_lane(link, None)
    for other in list(session.links.values()):
        if other is not link and other.phase in {LinkPhase.OPEN, LinkPhase.PROVING}:
            session.move_link(other, LinkEvent.SUCCESSOR_OPEN, step.now)


def dial_failed(session: Session, link: Link, step: Step) -> None:
    event = cast("DialFailed", step.detail)
    link.failure = dial_failure(event, session)
    link.retry_at = step.now + backoff(session, link.attempts, event.jitter, event.retry_after)


def dial_given_up(session: Session, link: Link, step: Step) -> None:
    link.failure = dial_failure(cast("DialFailed", step.detail), session)
    session.give_up(link, step.now)


def dial_expired(session: Session, link: Link, step: Step) -> None:
    session.emit(Close(link.number))
    seconds = session.policy.deadlines.connect
    message = (
        f"No connection could be opened within {seconds:g} s. Check the server's address and the network, or allow more time with"
        " Deadlines(connect=…)."
    )
    link.failure = simple_failure(Cause.DIAL, message)
    session.give_up(link, step.now)


def link_dropped(session: Session, link: Link, step: Step) -> None:
    session.emit(Close(link.number))
    session.end_lanes(link, step)


def link_forgotten(session: Session, link: Link, step: Step) -> None:
    del session, link, step


def successor_dialled(session: Session, link: Link, step: Step) -> None:
    if step.event == LinkEvent.AGE_NEAR:
        link.rotate_at = step.now + session.policy.successor_pause
    link.successor_at = step.now + session.policy.successor_pause
    session.dial_successor(step.now, cast("int | None", step.detail))


def link_doubted(session: Session, link: Link, step: Step) -> None:
    del step
    session.emit(Ping(link.number))


def link_proved(session: Session, link: Link, step: Step) -> None:
    del session
    link.heard = step.now


def link_presumed_dead(session: Session, link: Link, step: Step) -> None:
    session.emit(Close(link.number))
    session.note("LinkSilent", link, "no pong: presumed dead")
    session.end_lanes(link, step)


def link_presumed_dead_wanted(session: Session, link: Link, step: Step) -> None:
    link_presumed_dead(session, link, step)
    _dial_anew(session, link, step)


def link_retired(session: Session, link: Link, step: Step) -> None:
    del session, link, step


def link_doomed(session: Session, link: Link, step: Step) -> None:
    for lane in list(link.lanes.values()):
        session.move_lane_by_fate(lane, ResponseEvent.DOOMED, ResponseEvent.DOOMED_REPLAYABLE, Cause.LIMIT, step)


def link_lost(session: Session, link: Link, step: Step) -> None:
    del session, step
    link.lanes = {}


def link_lost_wanted(session: Session, link: Link, step: Step) -> None:
    _dial_anew(session, link, step)


def _dial_anew(session: Session, link: Link, step: Step) -> None:
    """At once if the link had served since its dial, after a pause if it had not."""
    link.lanes = dict[str | None, Lane]()
    link.dialling_since = step.now
    link.retry_at = step.now + (backoff(session, link.attempts, 1.0) if link.attempts else 0.0)


LinkRule = Callable[["Session", "Link", "Step"], None]

LINK_RULES: Final[Mapping[str, LinkRule]] = MappingProxyType(
    {
        rule.__name__: rule
        for rule in (
            backoff_over,
            dial_expired,
            dial_failed,
            dial_given_up,
            link_dialled,
            link_doomed,
            link_doubted,
            link_dropped,
            link_forgotten,
            link_lost,
            link_lost_wanted,
            link_opened,
            link_presumed_dead,
            link_presumed_dead_wanted,
            link_proved,
            link_retired,
            successor_dialled,
        )
    }
)
"""The link rules by the name the table gives them."""
