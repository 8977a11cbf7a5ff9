"""The link table: the life of one socket.

Rules of this file
* One link at most is ``open`` (or ``proving``): the one that new requests go to. A successor is dialled beside it and takes
  over when it *opens*, never when it is dialled: make before break.
* A link that opens makes every older one ``retiring``. A retiring link is closed when none of its lanes is in use.
* Loss is told to the lanes first, and only then to the link: whether somebody still wants a link (``LostWanted`` or ``Lost``)
  depends on which requests went back to waiting.
* ``failed`` remembers why; the next request dials again.

Theory of operation: dialling, pinging and closing are effects. The engine answers each ``Dial`` with ``Opened`` or
``DialFailed``, each ``Ping`` with ``Pong``, and ends every opened link with ``Lost`` unless it was told to ``Close`` it.
"""

from __future__ import annotations

from typing import Final

from .edges import Deadline, Staying, Table, rows
from .phases import LinkPhase as P
from .profiles import DeadlineKind
from .triggers import LinkEvent as E

__all__ = ["LINK"]

EDGES: Final = (
    # -- closed, failed: no socket ---------------------------------------------------------------------------------------
    *rows((P.CLOSED, P.FAILED), E.NEEDED, P.CONNECTING, "link_dialled", "a request waits; after a failure it may try anew"),
    *rows((P.CLOSED, P.FAILED), E.DROP, None, Staying.IGNORE, "there is nothing to close"),
    # -- connecting ------------------------------------------------------------------------------------------------------
    *rows(P.CONNECTING, E.OPENED, P.OPEN, "link_opened", "101 Switching Protocols: every older link retires now"),
    *rows(P.CONNECTING, E.DIAL_FAILED, P.RECONNECTING, "dial_failed", "408, 429, 5xx and transport faults pass: back off"),
    *rows(P.CONNECTING, E.DIAL_GIVEN_UP, P.FAILED, "dial_given_up", "400, 401, 403, 404 do not pass; or attempts are spent"),
    *rows(P.CONNECTING, E.EXPIRED, P.FAILED, "dial_expired", "the connect deadline covers all attempts"),
    *rows(P.CONNECTING, E.DROP, P.CLOSED, "link_dropped", "nobody needs it any more, or the session closes"),
    # -- reconnecting ----------------------------------------------------------------------------------------------------
    *rows(P.RECONNECTING, E.EXPIRED, P.CONNECTING, "backoff_over", "the pause between two dials is over"),
    *rows(P.RECONNECTING, E.DROP, P.CLOSED, "link_forgotten", "nobody needs it any more, or the session closes"),
    # -- open ------------------------------------------------------------------------------------------------------------
    *rows(
        P.OPEN,
        E.AGE_NEAR,
        P.OPEN,
        "successor_dialled",
        "a connection lives 60 (xAI: 25) minutes: dial its successor before; this one stays the target until that opens",
    ),
    *rows(P.OPEN, E.NAMES_EXHAUSTED, P.OPEN, "successor_dialled", "32 lane names and 16 slots in the life of a connection"),
    *rows(P.OPEN, E.HEDGE_DUE, P.OPEN, "successor_dialled", "silence after an interruption is bounded by hedge plus one dial"),
    *rows(P.OPEN, E.STALE, P.PROVING, "link_doubted", "clients that trusted an idle socket sent turns into dead ones (reported)"),
    *rows(
        P.OPEN,
        (E.SUCCESSOR_OPEN, E.LANE_UNCLEAN, E.SUSPECT, E.RETIRE),
        P.RETIRING,
        "link_retired",
        "no new requests; what is in flight may end here",
    ),
    *rows(P.OPEN, E.LIMIT_REACHED, P.RETIRING, "link_doomed", "websocket_connection_limit_reached, then the server closes"),
    # -- proving ---------------------------------------------------------------------------------------------------------
    *rows(P.PROVING, E.ALIVE, P.OPEN, "link_proved", "a pong or any frame"),
    *rows(P.PROVING, E.EXPIRED, P.CLOSED, "link_presumed_dead", "no pong within the ping deadline, and nobody wants it any more"),
    *rows(
        P.PROVING, E.EXPIRED_WANTED, P.RECONNECTING, "link_presumed_dead_wanted", "no pong, and a request waits: dial anew at once"
    ),
    *rows(
        P.PROVING, E.SUCCESSOR_OPEN, P.RETIRING, "link_retired", "as in open; whatever a frame says, it has proved the link first"
    ),
    # -- retiring --------------------------------------------------------------------------------------------------------
    *rows(P.RETIRING, E.VACANT, P.CLOSED, "link_dropped", "nothing is in flight here any more"),
    *rows(P.RETIRING, E.EXPIRED, P.CLOSED, "link_dropped", "whoever is left has had the retire deadline"),
    *rows(P.RETIRING, E.LIMIT_REACHED, P.RETIRING, "link_doomed", "what waits for its created may have been read: elsewhere"),
    *rows(
        P.RETIRING,
        (E.LANE_UNCLEAN, E.SUSPECT, E.RETIRE),
        None,
        Staying.IGNORE,
        "it is going already",
    ),
    # -- the socket is gone, or must go ------------------------------------------------------------------------------------
    *rows((P.OPEN, P.PROVING, P.RETIRING), E.LOST, P.CLOSED, "link_lost", "nobody needs another link now: dial on demand"),
    *rows(
        (P.OPEN, P.PROVING, P.RETIRING),
        E.LOST_WANTED,
        P.RECONNECTING,
        "link_lost_wanted",
        "a request waits and no other link is there: dial anew, at once if this link had served",
    ),
    *rows((P.OPEN, P.PROVING, P.RETIRING), E.DROP, P.CLOSED, "link_dropped", "the policy or the session wants it closed now"),
    *rows((P.OPEN, P.RETIRING), E.ALIVE, None, Staying.IGNORE, "a pong that was overtaken by a frame"),
)

LINK: Final = Table(
    name="link",
    phases=tuple(P),
    events=tuple(E),
    initial=P.CLOSED,
    home=(P.CLOSED, P.FAILED),
    resting=(P.CLOSED, P.FAILED),
    deadlines={
        P.CONNECTING: Deadline(DeadlineKind.CONNECT, E.EXPIRED),
        P.RECONNECTING: Deadline(DeadlineKind.BACKOFF, E.EXPIRED),
        P.OPEN: Deadline(DeadlineKind.AGE, E.AGE_NEAR),
        P.PROVING: Deadline(DeadlineKind.PING, E.EXPIRED),
        P.RETIRING: Deadline(DeadlineKind.RETIRE, E.EXPIRED),
    },
    edges=EDGES,
)
