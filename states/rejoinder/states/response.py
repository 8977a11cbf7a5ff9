"""The response table: the wire's side of a response, one machine per lane.

Rules of this file
* The table is about what the *wire* owes. A caller that leaves changes the phase, never the obligation: an abandoned response
  occupies its lane until its terminal, its link's end, or quarantine.
* A terminal is not the same as "clean": only a terminal (or a certain rejection) that belongs to this response makes its lane
  idle. What nothing ties to this response is counted and moves nothing. (Where each response has a stream of its own, the end
  of that stream is the end of all it may say: ``Lost``, as when a link ends.)
* The commit point is the step into ``streaming``: from there on the request is never sent again.
* Rows never look at the frame. Everything that tells frames apart was settled by ``classify.py``, which names the event.

Theory of operation: ``feed`` finds the lane of a frame, classifies it, and looks the event up in the row of the lane's phase. A
delta in ``streaming`` meets a constant (``DELIVER``): one look-up and no rule. Only rows that move something run a rule.

Differences from the wire's own vocabulary: there is no ``cancelled`` terminal on this wire, so a drain ends by completed,
failed or incomplete alike; an ``error`` frame is a fault, a rejection or a doubt, depending on what could have caused it.
"""

from __future__ import annotations

from typing import Final

from .edges import Deadline, Staying, Table, rows
from .phases import ResponsePhase as P
from .profiles import DeadlineKind
from .triggers import ResponseEvent as E

__all__ = ["RESPONSE"]

TERMINALS: Final = (E.COMPLETED, E.FAILED, E.INCOMPLETE)
ASKING: Final = (P.AWAITING_CREATED, P.DOUBTED)
LIVE: Final = (P.ACKNOWLEDGED, P.STREAMING)

EDGES: Final = (
    # -- idle: nothing is owed -------------------------------------------------------------------------------------------
    *rows(P.IDLE, E.SEND, P.AWAITING_CREATED, "create_sent", "response.create goes out on this lane"),
    *rows(P.IDLE, E.CREATED, P.DRAINING, "stranger_began", "unasked: it occupies the lane until its terminal, nobody's words"),
    *rows(
        P.IDLE,
        (E.STRAY_CONTENT, E.OTHER, E.FOREIGN_TERMINAL),
        P.IDLE,
        "late_frame",
        "recorded: a frame of a response may follow its terminal; never delivered, and the lane remembers it",
    ),
    *rows(P.IDLE, E.KEEPALIVE, None, Staying.IGNORE, "keepalives come at any time (reported)"),
    *rows(P.IDLE, E.DOUBTFUL, P.IDLE, "cancel_answered", "the late answer to a cancel: it may come after the terminal (row 07d)"),
    *rows(P.IDLE, (E.REJECTED, E.REJECTED_UNCLEAN, E.GARBAGE), None, Staying.COUNT, "an error for nobody harms nobody"),
    *rows(P.IDLE, (E.LOST, E.DOOMED), None, Staying.IGNORE, "the lane goes with its link"),
    # -- awaiting_created, doubted: the create is out, no id yet -----------------------------------------------------------
    *rows(P.AWAITING_CREATED, E.CREATED, P.ACKNOWLEDGED, "created_arrived", "created.response.id names the response from here on"),
    *rows(P.DOUBTED, E.CREATED, P.ACKNOWLEDGED, "created_arrived", "so the error was the cancel's"),
    *rows(
        P.AWAITING_CREATED,
        E.DOUBTFUL,
        P.DOUBTED,
        "error_doubted",
        "unlabelled while this link owes answers to cancels (cancel r0; r0 completes; r1 sent; the server refuses the cancel:"
        " r1 blamed, r2 gets r1's words)",
    ),
    *rows(P.DOUBTED, E.DOUBTFUL, P.DOUBTED, "error_doubted", "one more cancel was owed an answer"),
    *rows(
        ASKING,
        E.CACHE_MISS,
        P.IDLE,
        "cache_missed",
        "previous_response_not_found: forget the continuation, send in full, on the same socket if it takes requests",
    ),
    *rows(ASKING, E.REJECTED, P.IDLE, "create_rejected", "status 4xx/5xx instead of created: no response exists"),
    *rows(
        ASKING,
        E.REJECTED_UNCLEAN,
        P.CANCEL_PENDING,
        "create_rejected_unclean",
        "tell the caller, and keep the lane until it is clear whether a response follows (calling it clean gave r3 r2's words)",
    ),
    *rows(ASKING, E.REJECTED_REPLAYABLE, P.IDLE, "create_rejected_replayed", "408, 409, 429 and 5xx pass: after retry-after"),
    *rows(ASKING, E.FOREIGN_CREATED, P.DRAINING, "foreign_began", "it echoes another previous_response_id than was named"),
    *rows(ASKING, E.FOREIGN_CREATED_REPLAYABLE, P.DRAINING, "foreign_began_replayed", "nothing of ours came: elsewhere"),
    *rows(
        ASKING,
        (E.STRAY_CONTENT, E.OTHER, E.FOREIGN_TERMINAL),
        None,
        "late_frame",
        "late frames of an earlier response: counted, not ours",
    ),
    *rows(ASKING, E.KEEPALIVE, None, Staying.IGNORE, "a keepalive acknowledges nothing"),
    *rows(ASKING, E.GARBAGE, P.CANCEL_PENDING, "damaged", "it may have been our created: nothing here can be trusted"),
    *rows(ASKING, E.GARBAGE_REPLAYABLE, P.CANCEL_PENDING, "damaged_replayed", "the same, and nothing was delivered: elsewhere"),
    *rows(
        P.AWAITING_CREATED,
        E.EXPIRED,
        P.QUARANTINED,
        "overdue",
        "created deadline: whether the server runs it is unknown",
    ),
    *rows(
        P.AWAITING_CREATED,
        E.EXPIRED_REPLAYABLE,
        P.QUARANTINED,
        "overdue_replayed",
        "nothing was delivered: again, on another lane or link",
    ),
    *rows(P.DOUBTED, E.EXPIRED, P.QUARANTINED, "doubt_unresolved", "it was ours, or nobody knows: the link retires"),
    *rows(P.DOUBTED, E.EXPIRED_REPLAYABLE, P.QUARANTINED, "doubt_unresolved_replayed", "nothing was delivered: elsewhere"),
    *rows(ASKING, E.CANCEL, P.CANCEL_PENDING, "caller_left_early", "no id to cancel yet; the drain deadline starts now"),
    *rows(P.AWAITING_CREATED, E.UNSENDABLE, P.IDLE, "create_unsendable", "larger than the server takes (1009, reported)"),
    *rows(
        P.AWAITING_CREATED,
        E.UNSENDABLE_REPLAYABLE,
        P.IDLE,
        "create_handed_over",
        "the same, where the policy allows another transport: nothing left, so nothing can be said twice",
    ),
    *rows(
        P.AWAITING_CREATED,
        E.UNREACHABLE,
        P.IDLE,
        "create_unreachable",
        "HTTP: no connection for its POST, nothing was sent; the attempts are spent, or it cannot pass by itself",
    ),
    *rows(
        P.AWAITING_CREATED,
        E.UNREACHABLE_REPLAYABLE,
        P.IDLE,
        "create_unreachable_replayed",
        "HTTP: no connection for its POST: after a pause, twice at most (openai-python retries connection errors twice)",
    ),
    *rows(ASKING, E.DOOMED, P.CANCEL_PENDING, "doomed", "the server is at its limit but may have read the create"),
    *rows(ASKING, E.DOOMED_REPLAYABLE, P.CANCEL_PENDING, "doomed_replayed", "the same, and nothing was delivered: elsewhere"),
    *rows(ASKING, E.LOST, P.IDLE, "lost", "the socket is gone and the replay is spent or not wanted"),
    *rows(ASKING, E.LOST_REPLAYABLE, P.IDLE, "lost_replayed", "nothing was delivered: elsewhere"),
    # -- acknowledged, streaming: the response has an id ------------------------------------------------------------------
    *rows(P.ACKNOWLEDGED, E.CONTENT, P.STREAMING, "output_began", "the commit point: an item or a delta reaches the caller"),
    *rows(P.STREAMING, E.CONTENT, None, Staying.DELIVER, "the price of a delta: this look-up"),
    *rows(P.ACKNOWLEDGED, E.CONTENT_AFTER_GAP, P.STREAMING, "output_began_after_gap", "ours by item; frames are missing"),
    *rows(P.STREAMING, E.CONTENT_AFTER_GAP, P.STREAMING, "sequence_gap", "ours by item; frames are missing: the link retires"),
    *rows(P.STREAMING, E.CONTENT_REPEATED, None, "sequence_repeated", "it was delivered already: the link retires"),
    *rows(LIVE, (E.PROGRESS, E.OTHER), None, Staying.DELIVER, "neither is output; unknown types pass through untouched"),
    *rows(LIVE, E.KEEPALIVE, None, Staying.IGNORE, "a keepalive shows that the server lives; it is not for callers"),
    *rows(LIVE, (E.STRAY_CONTENT, E.REPEAT_CREATED, E.FOREIGN_TERMINAL), None, "late_frame", "not this response's"),
    *rows(LIVE, E.COMPLETED, P.IDLE, "completed", "response.completed: the lane's latest response, a continuation"),
    *rows(LIVE, E.FAILED, P.IDLE, "failed", "response.failed: error.code and message on the response; no continuation"),
    *rows(LIVE, E.INCOMPLETE, P.IDLE, "incomplete", "response.incomplete: incomplete_details.reason; no continuation"),
    *rows(LIVE, E.FAULT, P.FAILING, "fault_reported", "recorded: created, in_progress, error, then response.failed"),
    *rows(LIVE, E.DOUBTFUL, None, "cancel_answered", "a late answer to an old cancel, counted"),
    *rows(LIVE, E.FOREIGN_CREATED, P.DRAINING, "foreign_began", "another response speaks here: the link retires"),
    *rows(P.ACKNOWLEDGED, E.FOREIGN_CREATED_REPLAYABLE, P.DRAINING, "foreign_began_replayed", "nothing delivered: elsewhere"),
    *rows(LIVE, E.GARBAGE, P.DRAINING, "damaged", "a frame of unknown content is missing from the answer: say so, do not guess"),
    *rows(P.ACKNOWLEDGED, E.GARBAGE_REPLAYABLE, P.DRAINING, "damaged_replayed", "nothing was delivered: elsewhere"),
    *rows(LIVE, E.EXPIRED, P.QUARANTINED, "overdue", "first output or gap deadline; the caller gets what came"),
    *rows(
        P.ACKNOWLEDGED,
        E.EXPIRED_REPLAYABLE,
        P.QUARANTINED,
        "overdue_replayed",
        "nothing was delivered: again, on another lane or link",
    ),
    *rows(LIVE, E.CANCEL, P.DRAINING, "caller_left", "response.cancel if signalling is on; the rest is discarded"),
    *rows(LIVE, E.LOST, P.IDLE, "lost", "past the commit point words would repeat: Interrupted with the partial output"),
    *rows(P.ACKNOWLEDGED, E.LOST_REPLAYABLE, P.IDLE, "lost_replayed", "nothing was delivered: elsewhere"),
    *rows(LIVE, E.DOOMED, None, Staying.IGNORE, "it may still end here; the loss that follows settles it"),
    *rows(P.ACKNOWLEDGED, E.DOOMED_REPLAYABLE, None, Staying.IGNORE, "it may still end here"),
    # -- failing: the terminal behind a fault ------------------------------------------------------------------------------
    *rows(P.FAILING, TERMINALS, P.IDLE, "failed_as_reported", "the terminal of the same response: finish with the error"),
    *rows(
        P.FAILING,
        E.EXPIRED,
        P.QUARANTINED,
        "failed_without_terminal",
        "finishing at the error itself put two responses on one lane; now nobody knows what is owed",
    ),
    *rows(P.FAILING, (E.PROGRESS, E.OTHER), None, Staying.DELIVER, "still this response's"),
    *rows(P.FAILING, E.CONTENT, P.FAILING, "output_began", "still this response's; the verdict must know of it"),
    *rows(P.FAILING, E.CONTENT_AFTER_GAP, P.FAILING, "output_began_after_gap", "still this response's, with frames missing"),
    *rows(P.FAILING, E.CONTENT_REPEATED, P.FAILING, "sequence_repeated", "it was delivered already"),
    *rows(P.FAILING, (E.STRAY_CONTENT, E.REPEAT_CREATED, E.FOREIGN_TERMINAL), P.FAILING, "late_frame", "not this response's"),
    *rows(P.FAILING, (E.FAULT, E.GARBAGE), None, Staying.COUNT, "it fails already"),
    *rows(P.FAILING, E.DOUBTFUL, P.FAILING, "cancel_answered", "a late answer to an old cancel, counted"),
    *rows(P.FAILING, E.KEEPALIVE, None, Staying.IGNORE, "not for callers"),
    *rows(P.FAILING, E.FOREIGN_CREATED, P.DRAINING, "failed_by_foreign", "another response speaks here: the link retires"),
    *rows(P.FAILING, E.CANCEL, P.DRAINING, "caller_left", "the terminal is still owed"),
    *rows(P.FAILING, E.LOST, P.IDLE, "failed_by_loss", "finish with the error that was reported"),
    *rows(P.FAILING, E.DOOMED, None, Staying.IGNORE, "the loss that follows settles it"),
    # -- cancel_pending: abandoned before it had an id ---------------------------------------------------------------------
    *rows(P.CANCEL_PENDING, E.CREATED, P.DRAINING, "abandoned_created", "now it has a name: response.cancel if signalling is on"),
    *rows(P.CANCEL_PENDING, E.FOREIGN_CREATED, P.DRAINING, "foreign_for_abandoned", "not even the abandoned one: the link retires"),
    *rows(P.CANCEL_PENDING, (E.WITHDRAWN, E.UNSENDABLE), P.IDLE, "create_withdrawn", "it never left: the wire is clean"),
    *rows(
        P.CANCEL_PENDING,
        E.REJECTED,
        P.IDLE,
        "abandoned_rejected",
        "certain, or no cancel is owed an answer: it answers the create and the wire is clean (discarding it stalled 5 s and"
        " threw a clean link away)",
    ),
    *rows(
        P.CANCEL_PENDING,
        E.DOUBTFUL,
        P.CANCEL_PENDING,
        "cancel_answered",
        "calling the wire clean while an answer to a cancel is owed leaks the next response",
    ),
    *rows(
        P.CANCEL_PENDING,
        (E.STRAY_CONTENT, E.OTHER, E.FOREIGN_TERMINAL),
        P.CANCEL_PENDING,
        "late_frame",
        "not ours (a terminal for nobody would call the lane clean, and the next request would get r0's words)",
    ),
    *rows(
        P.CANCEL_PENDING,
        (E.REJECTED_UNCLEAN, E.GARBAGE),
        None,
        Staying.COUNT,
        "nobody listens; the created or the drain deadline settles it",
    ),
    *rows(P.CANCEL_PENDING, (E.KEEPALIVE, E.DOOMED), None, Staying.IGNORE, "the created or the deadline settles it"),
    *rows(P.CANCEL_PENDING, E.EXPIRED, P.QUARANTINED, "drain_overdue", "drain deadline, counted from the cancel"),
    *rows(P.CANCEL_PENDING, E.LOST, P.IDLE, "abandoned_lost", "clean by death"),
    # -- draining: abandoned, its terminal is owed -------------------------------------------------------------------------
    *rows(
        P.DRAINING,
        (E.CONTENT, E.CONTENT_AFTER_GAP, E.CONTENT_REPEATED, E.STRAY_CONTENT, E.PROGRESS, E.OTHER),
        None,
        Staying.DISCARD,
        "output of the abandoned response",
    ),
    *rows(P.DRAINING, E.KEEPALIVE, None, Staying.IGNORE, "it does not extend the drain deadline either"),
    *rows(P.DRAINING, (E.FAILED, E.INCOMPLETE), P.IDLE, "drained", "the terminal of the abandoned response: clean"),
    *rows(P.DRAINING, E.COMPLETED, P.IDLE, "drained_whole", "clean; it is the lane's latest now, so nobody may name its parent"),
    *rows(
        P.DRAINING,
        (E.FAULT, E.REPEAT_CREATED, E.GARBAGE),
        None,
        Staying.COUNT,
        "nobody's failure, and no terminal",
    ),
    *rows(P.DRAINING, E.DOUBTFUL, P.DRAINING, "cancel_answered", "an error that answers the cancel is nobody's failure (row 07)"),
    *rows(P.DRAINING, E.FOREIGN_TERMINAL, P.DRAINING, "foreign_seen", "the first is counted"),
    *rows(P.DRAINING, E.FOREIGN_TERMINAL_AGAIN, P.DRAINING, "foreign_again", "the second retires the link"),
    *rows(
        (P.DRAINING, P.QUARANTINED),
        E.FOREIGN_CREATED,
        None,
        "foreign_again",
        "somebody else speaks here as well: the terminal that is due cleans nothing (r2 was sent where a stranger spoke)",
    ),
    *rows(P.DRAINING, E.EXPIRED, P.QUARANTINED, "drain_overdue", "drain deadline in all, not for each frame (row 08b)"),
    *rows(P.DRAINING, E.LOST, P.IDLE, "abandoned_lost", "clean by death"),
    *rows(P.DRAINING, E.DOOMED, None, Staying.IGNORE, "the loss that follows cleans it"),
    # -- steering: words added to a running response, and the successor that nobody creates ----------------------------------
    *rows(
        (P.AWAITING_CREATED, P.DOUBTED), E.STEER, None, "steer_held", "response.steer names the response: held until it has an id"
    ),
    *rows(LIVE, E.STEER, None, "steer_sent", "response.steer {previous_response_id, input} (steering guide)"),
    *rows(P.FAILING, E.STEER, None, "steer_refused", "it fails already: nothing would take them"),
    *rows(
        (*LIVE, P.FAILING, P.DRAINING, P.QUARANTINED),
        (E.STEER_ACCEPTED, E.STEER_ANSWERED),
        None,
        "steer_answered",
        "accepted, pending or failed: says nothing about the response itself",
    ),
    *rows(
        LIVE,
        E.ENDED_STEERED,
        P.AWAITING_SUCCESSOR,
        "ended_steered",
        "incomplete with reason steered, or completed: a successor may follow on the same lane, for the same caller",
    ),
    *rows(
        P.FAILING,
        E.ENDED_STEERED,
        P.SUCCESSOR_PENDING,
        "failed_as_reported_steered",
        "finish with the error; the lane is not clean",
    ),
    *rows(
        P.DRAINING,
        E.ENDED_STEERED,
        P.SUCCESSOR_PENDING,
        "drained_steered",
        "the abandoned response ended, and its successor would be the next one's words (cancel r0 while it is steered; r1 sent:"
        " r1 got r0's successor)",
    ),
    *rows(P.QUARANTINED, E.ENDED_STEERED, P.QUARANTINED, "quarantined_steered", "it ended, and its successor may still come"),
    *rows(
        (P.IDLE, P.AWAITING_CREATED, P.DOUBTED, *LIVE, P.FAILING, P.CANCEL_PENDING, P.DRAINING, P.QUARANTINED),
        E.STRAY_STEER,
        None,
        Staying.IGNORE,
        "late news of words whose response is over: recorded after terminals for inject",
    ),
    # -- awaiting_successor: the caller still listens ------------------------------------------------------------------------
    *rows(
        P.AWAITING_SUCCESSOR,
        E.CREATED,
        P.STREAMING,
        "successor_began",
        "a new id on the same lane, unasked: the same caller's, and past the commit point",
    ),
    *rows(
        P.AWAITING_SUCCESSOR, E.FOREIGN_CREATED, P.DRAINING, "successor_foreign", "it continues another response: the link retires"
    ),
    *rows(P.AWAITING_SUCCESSOR, E.STEER, None, "steer_held", "the successor has no id yet"),
    *rows(P.AWAITING_SUCCESSOR, (E.STEER_ACCEPTED, E.STEER_ANSWERED), None, "steer_answered", "a successor may still follow"),
    *rows(
        P.AWAITING_SUCCESSOR,
        E.STEER_SETTLED,
        P.IDLE,
        "ended_without_successor",
        "pending (waiting_for_required_input) or failed: the terminal was the last word",
    ),
    *rows(
        P.AWAITING_SUCCESSOR,
        E.EXPIRED,
        P.QUARANTINED,
        "successor_overdue",
        "created deadline: the caller gets what the terminal said; whether a successor comes is unknown",
    ),
    *rows(P.AWAITING_SUCCESSOR, E.CANCEL, P.SUCCESSOR_PENDING, "caller_left_steered", "the drain deadline starts now"),
    *rows(P.AWAITING_SUCCESSOR, E.LOST, P.IDLE, "successor_lost", "queued steering dies with the connection"),
    *rows(P.AWAITING_SUCCESSOR, E.GARBAGE, P.SUCCESSOR_PENDING, "successor_damaged", "it may have been the successor's created"),
    *rows(
        (P.AWAITING_SUCCESSOR, P.SUCCESSOR_PENDING),
        (E.STRAY_CONTENT, E.OTHER, E.FOREIGN_TERMINAL),
        None,
        "late_frame",
        "recorded: frames may follow a terminal",
    ),
    *rows(
        (P.AWAITING_SUCCESSOR, P.SUCCESSOR_PENDING),
        E.FAULT,
        None,
        Staying.COUNT,
        "no create of ours is unanswered, and what becomes of steering is said by steer frames",
    ),
    *rows((P.AWAITING_SUCCESSOR, P.SUCCESSOR_PENDING), E.DOUBTFUL, None, "cancel_answered", "a late answer to an old cancel"),
    *rows(
        (P.AWAITING_SUCCESSOR, P.SUCCESSOR_PENDING),
        (E.KEEPALIVE, E.STRAY_STEER, E.DOOMED),
        None,
        Staying.IGNORE,
        "none settles what is due here",
    ),
    # -- successor_pending: nobody listens any more ----------------------------------------------------------------------------
    *rows(P.SUCCESSOR_PENDING, E.CREATED, P.DRAINING, "successor_abandoned", "it has a name: response.cancel if signalling is on"),
    *rows(P.SUCCESSOR_PENDING, E.FOREIGN_CREATED, P.DRAINING, "foreign_for_abandoned", "not even its successor: the link retires"),
    *rows(P.SUCCESSOR_PENDING, (E.STEER_ACCEPTED, E.STEER_ANSWERED), None, "steer_answered", "a successor may still follow"),
    *rows((P.SUCCESSOR_PENDING, P.QUARANTINED), E.STEER_SETTLED, P.IDLE, "successor_spared", "none follows: the wire is clean"),
    *rows(P.SUCCESSOR_PENDING, E.GARBAGE, None, Staying.COUNT, "nobody listens; the created or the drain deadline settles it"),
    *rows(P.SUCCESSOR_PENDING, E.EXPIRED, P.QUARANTINED, "drain_overdue", "drain deadline, counted from the cancel"),
    *rows(P.SUCCESSOR_PENDING, E.LOST, P.IDLE, "abandoned_lost", "clean by death"),
    # -- quarantined: unknown until the terminal or the end of the link ------------------------------------------------------
    *rows(P.QUARANTINED, (E.FAILED, E.INCOMPLETE), P.IDLE, "drained", "the terminal came after all"),
    *rows(P.QUARANTINED, E.COMPLETED, P.IDLE, "drained_whole", "the same; it is the lane's latest now"),
    *rows(P.QUARANTINED, E.CREATED, P.QUARANTINED, "quarantined_created", "late, but now its terminal can be told"),
    *rows(P.QUARANTINED, E.WITHDRAWN, P.IDLE, "create_withdrawn", "overdue because it had not even left: the wire is clean"),
    *rows(P.QUARANTINED, E.REJECTED, P.IDLE, "abandoned_rejected", "the create was refused after all"),
    *rows(
        P.QUARANTINED,
        (E.CONTENT, E.CONTENT_AFTER_GAP, E.CONTENT_REPEATED, E.STRAY_CONTENT, E.PROGRESS, E.OTHER),
        None,
        Staying.DISCARD,
        "output of the abandoned response",
    ),
    *rows(
        P.QUARANTINED,
        (E.REPEAT_CREATED, E.FOREIGN_TERMINAL, E.FOREIGN_TERMINAL_AGAIN, E.FAULT, E.REJECTED_UNCLEAN, E.GARBAGE),
        None,
        Staying.COUNT,
        "nobody listens and nobody will reuse this lane",
    ),
    *rows(P.QUARANTINED, E.DOUBTFUL, P.QUARANTINED, "cancel_answered", "a late answer to a cancel"),
    *rows(P.QUARANTINED, (E.KEEPALIVE, E.DOOMED), None, Staying.IGNORE, "neither says anything about this lane"),
    *rows(P.QUARANTINED, E.LOST, P.IDLE, "abandoned_lost", "clean by death"),
)

RESPONSE: Final = Table(
    name="response",
    phases=tuple(P),
    events=tuple(E),
    initial=P.IDLE,
    home=(P.IDLE,),
    resting=(P.IDLE, P.QUARANTINED),
    deadlines={
        P.AWAITING_CREATED: Deadline(DeadlineKind.CREATED, E.EXPIRED),
        P.DOUBTED: Deadline(DeadlineKind.GRACE, E.EXPIRED),
        P.ACKNOWLEDGED: Deadline(DeadlineKind.FIRST_OUTPUT, E.EXPIRED),
        P.STREAMING: Deadline(DeadlineKind.GAP, E.EXPIRED),
        P.FAILING: Deadline(DeadlineKind.GRACE, E.EXPIRED),
        P.CANCEL_PENDING: Deadline(DeadlineKind.DRAIN, E.EXPIRED),
        P.DRAINING: Deadline(DeadlineKind.DRAIN, E.EXPIRED),
        P.AWAITING_SUCCESSOR: Deadline(DeadlineKind.CREATED, E.EXPIRED),
        P.SUCCESSOR_PENDING: Deadline(DeadlineKind.DRAIN, E.EXPIRED),
    },
    edges=EDGES,
)
