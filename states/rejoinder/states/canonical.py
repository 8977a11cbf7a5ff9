"""One hashable value for all sessions that will behave alike.

Rules of this file
* Equal keys mean the same future: whatever is fed, both sessions return the same effects, up to the names of links, requests,
  responses and items and up to a shift of the clock. That is what an explorer may rely on when it does not go on from a state
  whose key it knows. The converse is aimed at and not promised: alike sessions may have different keys.
* Times are relative to now and rounded to nanoseconds. Facts that nothing reads in the present phase are left out, so that
  states merge; what each phase still reads is written beside each field below, and must be kept true when a rule changes.
* Names are numbered in the order in which they are met, with ``Names``; whoever makes a key of more than a session (a session and
  the server it talks to) numbers all of it with one ``Names``, the session first.
* Ids of output that a caller can echo by id (reasoning, hosted tool calls) are kept as they are: a request that is still to come
  may contain them. So are lane names, ``call_id``s and words. Contents count by identity, as everywhere in the session.

Keys are comparable among sessions of one profile and policy, which are no part of a key.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, cast, final

from .continuation import Continuation, Reuse
from .phases import LinkPhase, RequestPhase, ResponsePhase
from .placement import DIALLING, SOCKETS
from .stream_events import ErrorEvent, ResponseEvent

if TYPE_CHECKING:
    from .records import Lane, Link, Request, SentSteer
    from .session import Session

__all__ = ["Names", "Remembered", "freeze", "key"]

# Looked up once: see ``phases.py``.
WAITING: Final = RequestPhase.WAITING
PAUSED: Final = RequestPhase.PAUSED
RECONNECTING: Final = LinkPhase.RECONNECTING
FAILED: Final = LinkPhase.FAILED
STREAMING: Final = ResponsePhase.STREAMING

DIGITS: Final = 9

TAKING: Final = frozenset({LinkPhase.OPEN, LinkPhase.PROVING})
"""Phases in which a socket takes requests, or will when it has proven itself."""
TIMED_FROM_ENTRY: Final = frozenset({LinkPhase.PROVING, LinkPhase.RETIRING})
"""Phases of a link whose deadline runs from when they were entered."""
ANSWERED_FROM_ENTRY: Final = frozenset(
    {
        ResponsePhase.AWAITING_CREATED,
        ResponsePhase.DOUBTED,
        ResponsePhase.ACKNOWLEDGED,
        ResponsePhase.FAILING,
        ResponsePhase.AWAITING_SUCCESSOR,
    }
)
"""Phases of a response whose deadline runs from when they were entered."""
LISTENED: Final = frozenset({ResponsePhase.ACKNOWLEDGED, ResponsePhase.STREAMING, ResponsePhase.FAILING})
"""Phases in which frames of the response go to a caller, so its output matters."""
ABANDONED: Final = frozenset({ResponsePhase.CANCEL_PENDING, ResponsePhase.DRAINING, ResponsePhase.SUCCESSOR_PENDING})
"""Phases whose deadline runs from when the caller left."""
ECHOED_WITHOUT_ID: Final = frozenset({"message", "function_call", "custom_tool_call"})
"""Output that the cache rule recognises by other things than its id."""


Remembered = tuple[Hashable, tuple[tuple[str | None, Hashable], ...]]
"""What a continuation is told by: its items, and for each item of its output the id, if that is only a name, and the rest."""


@final
class Names:
    """Numbers for names, in the order in which they are met.

    ``kinds`` has, for each kind of name, the number of each name met so far.
    """

    __slots__ = ("kinds",)

    def __init__(self, kinds: dict[str, dict[Hashable, int]] | None = None) -> None:
        self.kinds: Final[dict[str, dict[Hashable, int]]] = {} if kinds is None else kinds

    def number(self, kind: str, name: Hashable) -> int:
        """Return the number of ``name`` among the names of its kind; None is -1."""
        if name is None:
            return -1
        known = self.kinds.get(kind)
        if known is None:
            known = self.kinds[kind] = {}
        return known.setdefault(name, len(known))

    def copy(self) -> Names:
        """The names met so far; those met from now on are numbered apart."""
        return Names({kind: known.copy() for kind, known in self.kinds.items()})

    def numbers(self, kind: str, names: Collection[str]) -> tuple[int, ...]:
        """Return the numbers of a set of names. Those not met before are numbered shorter first, then by letter."""
        return tuple(sorted([self.number(kind, name) for name in sorted(names, key=_by_length)]))


@final
class _Same:
    """Something that equals itself alone, and that lives as long as the keys that name it."""

    __slots__ = ("what",)

    def __init__(self, what: object) -> None:
        self.what = what

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.what is other.what

    def __hash__(self) -> int:
        return id(self.what)


def key(
    session: Session, now: float, names: Names | None = None, continuations: dict[Continuation, Remembered] | None = None
) -> Hashable:
    """Return the canonical form of ``session`` at ``now`` (seconds, the clock of ``feed``).

    ``names`` numbers the names; give one to number what is outside the session alike. ``counts`` and ``effects`` are no part of it.
    Whoever makes many keys gives the same ``continuations`` each time: what is in them is then frozen once.
    """
    frozen = {} if continuations is None else continuations
    writer = _Writer(session, now, Names() if names is None else names, frozen)
    return (
        session.has_completed,
        session.closing,
        session.elsewhere,
        tuple([writer.continuation(stored) for stored in session.stored.values()]),
        # Links are numbered first: requests name them, and lanes name requests.
        tuple([writer.names.number("link", number) for number in session.links]),
        tuple([writer.request(request) for request in session.requests.values()]),
        tuple([writer.link(link) for link in session.links.values()]),
    )


def freeze(value: object) -> Hashable:
    """Return a JSON value as a hashable value with the same structure."""
    if isinstance(value, Mapping):
        fields = cast("Mapping[str, object]", value)
        return frozenset([(name, freeze(field)) for name, field in fields.items()])
    if isinstance(value, list | tuple):
        return tuple([freeze(part) for part in cast("Iterable[object]", value)])
    # Python takes 1, 1.0 and True for one value, and JSON does not.
    return (type(value).__name__, value) if isinstance(value, int | float) else value


def _by_length(name: str) -> tuple[int, str]:
    return len(name), name


@final
class _Writer:
    """Writes the parts of a key."""

    __slots__ = ("continuations", "names", "now", "session")

    def __init__(self, session: Session, now: float, names: Names, continuations: dict[Continuation, Remembered]) -> None:
        self.session: Final = session
        self.now: Final = now
        self.names: Final = names
        self.continuations: Final = continuations

    def since(self, instant: float) -> float:
        """Return how long after now ``instant`` is; negative if it has passed."""
        return round(instant - self.now, DIGITS) + 0.0

    def request(self, request: Request) -> Hashable:
        waiting = request.phase is WAITING
        return (
            self.names.number("request", request.number),
            request.phase,
            request.content,
            request.warm_up,
            request.replays,
            # The turn deadline runs from here, in whatever phase.
            self.since(request.created),
            # The queue deadline and the hedge run from here.
            self.since(request.entered) if waiting else None,
            self.since(request.resume_at) if request.phase is PAUSED else None,
            request.hedged,
            request.acknowledged,
            tuple([self.names.number("steer", number) for number in request.held]),
            None if request.place is None else (self.names.number("link", request.place[0]), request.place[1]),
        )

    def link(self, link: Link) -> Hashable:
        policy = self.session.policy
        taking = link.phase in TAKING
        dialling = link.phase in DIALLING
        # Only a request that may still be sent can drop the successor that was dialled for it.
        hedge = link.hedge_for if dialling and link.hedge_for in self.session.requests else None
        lanes = link.lanes.values()
        ranks = {used: rank for rank, used in enumerate(sorted({lane.used for lane in lanes}))} if lanes else {}
        return (
            link.phase,
            self.since(link.entered) if link.phase in TIMED_FROM_ENTRY else None,
            # A link that is stale stays so until it is heard again: how stale makes no difference.
            max(self.since(link.heard), -policy.prove_after - 1.0) if taking else None,
            self.since(link.rotate_at) if taking else None,
            max(self.since(link.successor_at), 0.0) if taking else None,
            self.since(link.dialling_since) if dialling else None,
            self.since(link.retry_at) if link.phase is RECONNECTING else None,
            None if link.phase is FAILED else link.attempts,
            self.names.number("request", hedge),
            # What a socket was found out to be is found out anew by the next.
            (link.proven, link.names_limit, link.debt, link.cancel_refused) if link.phase in SOCKETS else None,
            link.failure if link.phase is FAILED else None,
            tuple([self.lane(lane, ranks[lane.used]) for lane in lanes]),
        )

    def lane(self, lane: Lane, rank: int) -> Hashable:
        phase, number = lane.phase, self.names.number
        listened = phase in LISTENED
        return (
            lane.name,
            phase,
            rank,
            lane.tainted,
            lane.late,
            lane.owed,
            self.since(lane.entered) if phase in ANSWERED_FROM_ENTRY else None,
            self.since(lane.heard) if phase is STREAMING else None,
            self.since(lane.abandoned_at) if phase in ABANDONED and lane.abandoned_at is not None else None,
            -1 if lane.request is None else number("request", lane.request),
            # An answer about the create may still come back from the outbox.
            -1 if lane.sent is None else number("request", lane.sent),
            lane.content if listened or lane.response_id is None else None,
            # What a ``created`` must echo.
            self.decision(lane) if lane.response_id is None else None,
            -1 if lane.response_id is None else number("response", lane.response_id),
            None if lane.parent is None else self.continuation(lane.parent),
            None if lane.continuation is None else self.continuation(lane.continuation),
            lane.absence if lane.continuation is None else None,
            # An abandoned response's as well: an item after a gap is none of its items, and a gap is named.
            lane.sequence,
            # Items outlive their response: one that is announced again is stale.
            self.names.numbers("item", lane.items) if lane.items else (),
            self.names.numbers("item", lane.earlier) if lane.earlier else (),
            self.output(lane.output) if listened and lane.output else (),
            lane.output_begun if listened else None,
            _fault(lane.fault) if phase in ANSWERED_FROM_ENTRY and lane.fault is not None else None,
            lane.foreign,
            tuple([self.steer(steer) for steer in lane.steers]),
            None if lane.ended is None else self.ended(lane, lane.ended),
            lane.steered,
        )

    def steer(self, steer: SentSteer) -> Hashable:
        number = self.names.number
        return number("steer", steer.number), number("response", steer.response), number("steer name", steer.name)

    def ended(self, lane: Lane, ended: ResponseEvent) -> Hashable:
        """What a successor must echo, and what the caller gets if none comes."""
        given = ended.response.get("output")
        output = cast("Sequence[Mapping[str, Any]]", given) if isinstance(given, list) else ()
        return (
            self.names.number("response", ended.response_id),
            ended.kind,
            type(ended),
            self.output(output),
            self.output(lane.output),
        )

    def decision(self, lane: Lane) -> Hashable:
        if lane.decision is None:
            return None
        return self.names.number("response", lane.decision.response_id) if isinstance(lane.decision, Reuse) else "full"

    def continuation(self, continuation: Continuation) -> Hashable:
        remembered = self.continuations.get(continuation)
        if remembered is None:
            remembered = _Same(continuation.items), tuple([_item(item) for item in continuation.output])
            self.continuations[continuation] = remembered
        items, output = remembered
        return self.names.number("response", continuation.response_id), items, self.named(output)

    def output(self, output: Sequence[Mapping[str, Any]]) -> Hashable:
        return self.named([_item(item) for item in output])

    def named(self, output: Iterable[tuple[str | None, Hashable]]) -> Hashable:
        return tuple([rest if name is None else (self.names.number("item", name), rest) for name, rest in output])


def _item(item: Mapping[str, Any]) -> tuple[str | None, Hashable]:
    """The id of an item where it is only a name, else None, and the rest of it."""
    name = item.get("id")
    if not isinstance(name, str) or not isinstance(item.get("type"), str) or item["type"] not in ECHOED_WITHOUT_ID:
        return None, freeze(item)
    return name, freeze({field: value for field, value in item.items() if field != "id"})


def _fault(error: ErrorEvent) -> Hashable:
    """What a failure will say of it."""
    return error.code, error.message, error.param, error.status, error.error_type, error.retry_after
