"""The request table: the caller's side, one machine per ``respond``.

Rules of this file
* ``LaneFree`` is the only row that sends. A replay, a cache miss, a hedge and a rotation all lead back to ``waiting`` first, so
  that no two of them can put the same request on the wire twice. (With the waiting request kept in the lane's table, a hedge
  did exactly that: *r0; r1; L0 open; cancel r0; created; hedge r1; r0 ends; L1 open*.)
* A caller that leaves is free at once, in either phase. What the wire still owes is the response table's business.
* ``ended`` is final: one outcome, and everything later is legal and costs nothing.
"""

from __future__ import annotations

from typing import Final

from .edges import Deadline, Staying, Table, rows
from .phases import RequestPhase as P
from .profiles import DeadlineKind
from .triggers import RequestEvent as E

__all__ = ["REQUEST"]

EDGES: Final = (
    # -- waiting: nothing was sent, or what was sent may be sent again -------------------------------------------------
    *rows(P.WAITING, E.LANE_FREE, P.SENT, "request_sent", "an open link has a free lane: the only row that sends"),
    *rows(
        P.WAITING,
        E.HEDGE_DUE,
        P.WAITING,
        "hedge_dialled",
        "it waited for an abandoned response long enough: dial a successor, once",
    ),
    *rows(P.WAITING, E.GAVE_UP, P.ENDED, "request_given_up", "no usable link is left and none will come"),
    *rows(
        P.WAITING,
        E.GAVE_UP_OTHER,
        None,
        Staying.IGNORE,
        "another link still serves: a successor that cannot be dialled ends nothing (r0; r1; L0 open; cancel r0; hedge; dial"
        " fails twice: r1 failed while L0 was draining normally)",
    ),
    *rows(
        P.WAITING,
        E.HANDED_OVER,
        P.ENDED,
        "request_handed_over",
        "the upgrade is refused (426, 404, 503 …) and the policy allows HTTP: it has its outcome there",
    ),
    *rows(P.WAITING, E.CANCEL, P.ENDED, "request_cancelled", "nothing is on the wire: nothing to drain"),
    *rows(P.WAITING, E.OVERFLOW, P.ENDED, "request_overflowed", "the buffer holds what an earlier attempt acknowledged"),
    *rows(P.WAITING, E.EXPIRED, P.ENDED, "request_expired", "queue deadline; a dial under way goes on"),
    *rows(P.WAITING, E.CLOSED, P.ENDED, "request_closed", "the session is closing"),
    # -- paused: the server refused it for now ---------------------------------------------------------------------------
    *rows(P.PAUSED, E.RETRY_DUE, P.WAITING, "retry_allowed", "retry-after, or our own pause, is over: it queues again"),
    *rows(P.PAUSED, E.CANCEL, P.ENDED, "request_cancelled", "nothing is on the wire: nothing to drain"),
    *rows(P.PAUSED, E.OVERFLOW, P.ENDED, "request_overflowed", "the buffer holds what an earlier attempt acknowledged"),
    *rows(P.PAUSED, E.CLOSED, P.ENDED, "request_closed", "the session is closing"),
    # -- sent: a create is on the wire ----------------------------------------------------------------------------------
    *rows(P.SENT, E.REPLAY, P.WAITING, "request_replayed", "in full, once per cause, twice in all, never past the commit point"),
    *rows(P.SENT, E.REPLAY_LATER, P.PAUSED, "request_paused", "the same, and the server is not to be asked at once (429, 503)"),
    *rows(P.SENT, E.FINISHED, P.ENDED, "request_finished", "its response ended: exactly one outcome"),
    *rows(
        P.SENT,
        E.HANDED_OVER,
        P.ENDED,
        "request_handed_over",
        "its frame is larger than the server takes (16 MiB, reported) and never left: HTTP may take it",
    ),
    *rows(P.SENT, E.CANCEL, P.ENDED, "request_cancelled", "the caller is free at once; the response is abandoned"),
    *rows(P.SENT, E.OVERFLOW, P.ENDED, "request_overflowed", "a slow consumer costs its own response, never the reader"),
    *rows(P.SENT, E.EXPIRED, P.ENDED, "request_expired", "turn deadline: a trickle can outlive every gap"),
    *rows(P.SENT, E.CLOSED, P.ENDED, "request_closed", "the session is closing"),
    # -- steering ---------------------------------------------------------------------------------------------------------
    *rows((P.WAITING, P.PAUSED), E.STEER, None, "request_steered_early", "no response to name yet: held until it has an id"),
    *rows(P.SENT, E.STEER, None, "request_steered", "what it does on the wire is the response's business"),
    # -- ended ----------------------------------------------------------------------------------------------------------
    *rows(
        P.ENDED,
        (E.CANCEL, E.OVERFLOW, E.STEER),
        None,
        Staying.IGNORE,
        "cancelling twice, or after the end, is legal and costs nothing; words that come too late are told so",
    ),
)

REQUEST: Final = Table(
    name="request",
    phases=tuple(P),
    events=tuple(E),
    initial=P.WAITING,
    home=(P.ENDED,),
    resting=(P.ENDED,),
    deadlines={
        P.WAITING: Deadline(DeadlineKind.QUEUE, E.EXPIRED),
        P.PAUSED: Deadline(DeadlineKind.PAUSE, E.RETRY_DUE),
        P.SENT: Deadline(DeadlineKind.TURN, E.EXPIRED),
    },
    edges=EDGES,
)
