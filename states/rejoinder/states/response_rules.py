"""One function for each moving row, named for what happened: the response rules.

Rules of this file
* A rule runs after the machine is in its new phase; ``step.source`` is the phase before. It changes facts on records and asks the
  session for what spans machines (finish, replay, retire); it never sets a phase.
* A rule does not look at phases to choose: where that would be needed, a row or an event is missing.
* When the machine comes to ``idle``, the session clears the lane after the rule.

The rules of links and requests are in ``link_rules.py`` and ``request_rules.py``, those of steering in ``steering_rules.py``, which
shares the steps at the end of this file; ``steps.py`` says what a rule is told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, cast

from . import stream_events as wire
from .cancellation import effective_policy
from .continuation import (
    CallerChain,
    Continuation,
    Decision,
    Evicted,
    LaneDirty,
    NoPrevious,
    RequestContent,
    Reuse,
    Stateless,
    Steered,
    names_its_chain,
)
from .effects import Deliver, Settled, Withdraw
from .events import StreamFailed
from .facts import ERROR_CAUSES, reaction_to
from .failures import (
    failure_from_error,
    failure_from_response,
    lost_failure,
    overdue_failure,
    shown,
    simple_failure,
    unreachable_failure,
)
from .link_rules import backoff
from .profiles import AfterCancel, CancelPolicy, ContinuationPolicy
from .steering import send_held, succeed
from .steps import Step
from .stream_events import ErrorEvent
from .triggers import LinkEvent, RequestEvent
from .verdicts import Cause, OutcomeKind, Reaction

if TYPE_CHECKING:
    from .records import Lane, Request
    from .session import Session

__all__ = [
    "RESPONSE_RULES",
    "abandoned_created",
    "adopt_stranger",
    "apply_policy",
    "completed",
    "finish_with_fault",
    "incomplete",
    "name_response",
    "orphan",
    "settle",
]

STORED_RESPONSES: Final = 32
"""How many stored responses are remembered: the latest of as many conversations."""
SETTLED: Final[Mapping[type, OutcomeKind]] = {
    wire.ResponseCompleted: OutcomeKind.COMPLETED,
    wire.ResponseFailed: OutcomeKind.FAILED,
    wire.ResponseIncomplete: OutcomeKind.INCOMPLETE,
}
"""How a response ended that nobody listened to."""


# -- sending and its first answer ------------------------------------------------------------------------------------------


def create_sent(session: Session, lane: Lane, step: Step) -> None:
    request, decision = cast("tuple[Request, Decision]", step.detail)
    session.creates += 1
    lane.used = session.creates
    lane.content = request.content
    lane.decision = decision
    lane.parent, lane.continuation = lane.continuation, None
    lane.absence = LaneDirty()
    lane.heard = step.now


def created_arrived(session: Session, lane: Lane, step: Step) -> None:
    name_response(lane, step)
    link = session.links[lane.link]
    link.attempts = 0
    link.proven = link.proven or (lane.name is not None and step.frame.stream_id == lane.name)
    lane.fault = None
    request = session.requests[cast("int", lane.request)]
    request.acknowledged = True
    lane.delivery = (Deliver(request.number),)
    session.deliver(lane)
    send_held(session, lane, request)


def error_doubted(session: Session, lane: Lane, step: Step) -> None:
    lane.fault = step.error
    cancel_answered(session, lane, step)


def cache_missed(session: Session, lane: Lane, step: Step) -> None:
    lane.absence = Evicted()
    session.stored.pop(cast("Reuse", lane.decision).response_id, None)
    session.replay(lane, Cause.CACHE_MISS, step)


def create_rejected(session: Session, lane: Lane, step: Step) -> None:
    _evict(lane)
    if reaction_to(step.error, session.policy) is Reaction.LANE_LIMIT and lane.name is not None:
        _forget_refused_name(session, lane, step)
    session.finish(lane, OutcomeKind.FAILED, failure_from_error(Cause.REJECTED, step.error, session.policy), step)


def create_rejected_unclean(session: Session, lane: Lane, step: Step) -> None:
    _take_back(session, lane)
    session.finish(lane, OutcomeKind.FAILED, failure_from_error(Cause.FAULT, step.error, session.policy), step)
    orphan(lane, step)


def create_rejected_replayed(session: Session, lane: Lane, step: Step) -> None:
    _evict(lane)
    reaction = reaction_to(step.error, session.policy)
    if reaction is Reaction.LANE_LIMIT and lane.name is not None:
        _forget_refused_name(session, lane, step)
        pause = 0.0
    else:
        before = session.requests[cast("int", lane.request)].replays.count(Cause.REJECTED)
        pause = session.policy.retry_pause * 2.0**before if step.error.retry_after is None else step.error.retry_after
    session.replay(lane, ERROR_CAUSES.get(reaction, Cause.REJECTED), step, pause=pause)


def create_unsendable(session: Session, lane: Lane, step: Step) -> None:
    lane.continuation = lane.parent
    size = cast("int", step.detail)
    limit = session.profile.inbound_limit
    message = f"The request has {size} bytes and this server takes {limit}; it was not sent. Send less, or by reference."
    session.finish(lane, OutcomeKind.FAILED, simple_failure(Cause.UNSENDABLE, message), step, sent=False)


def create_handed_over(session: Session, lane: Lane, step: Step) -> None:
    lane.continuation = lane.parent
    session.move_request(cast("int", lane.request), RequestEvent.HANDED_OVER, step.now, Cause.UNSENDABLE)


def create_unreachable(session: Session, lane: Lane, step: Step) -> None:
    session.finish(lane, OutcomeKind.INTERRUPTED, unreachable_failure(step.detail), step, sent=False)


def create_unreachable_replayed(session: Session, lane: Lane, step: Step) -> None:
    before = session.requests[cast("int", lane.request)].replays.count(Cause.DIAL)
    pause = backoff(session, before + 1, cast("StreamFailed", step.detail).jitter)
    session.replay(lane, Cause.DIAL, step, pause=pause)


def create_withdrawn(session: Session, lane: Lane, step: Step) -> None:
    del session, step
    lane.continuation = lane.parent


# -- a response that runs ----------------------------------------------------------------------------------------------------


def output_began(session: Session, lane: Lane, step: Step) -> None:
    del step
    lane.output_begun = True
    session.deliver(lane)


def output_began_after_gap(session: Session, lane: Lane, step: Step) -> None:
    lane.output_begun = True
    sequence_gap(session, lane, step)


def sequence_gap(session: Session, lane: Lane, step: Step) -> None:
    session.note("SequenceGap", lane, f"frames are missing before sequence number {step.frame.sequence_number}")
    session.deliver(lane)
    session.suspect(lane, step)


def sequence_repeated(session: Session, lane: Lane, step: Step) -> None:
    session.note("SequenceRepeated", lane, f"sequence number {step.frame.sequence_number} was seen already")
    session.suspect(lane, step)


def late_frame(session: Session, lane: Lane, step: Step) -> None:
    lane.tainted = lane.late = True
    session.note(step.event, lane, f"{shown(step.frame.type)} in {step.source}")


def cancel_answered(session: Session, lane: Lane, step: Step) -> None:
    # On a lane by its label, or only for want of a better guess?
    session.cancel_answered(session.links[lane.link], None if step.error.stream_id is None else lane)
    session.note("CancelRefused", lane, f"code {shown(step.error.code)} in {step.source}")


def completed(session: Session, lane: Lane, step: Step) -> None:
    """``response.completed``: the whole answer, and what the next request may continue."""
    frame = cast("wire.ResponseCompleted", step.detail)
    content = cast("RequestContent", lane.content)
    given = frame.response.get("output")
    output = cast("list[Mapping[str, Any]]", given) if isinstance(given, list) and given else list(lane.output)
    if lane.steered:
        # What was said in between came by steering, and no input that a caller gives can be compared with it.
        lane.absence = Steered()
    elif names_its_chain(content):
        # The server builds on more than this request's items, and the caller alone knows what.
        lane.absence = CallerChain()
    elif session.profile.streams:
        lane.absence = Stateless()
    else:
        lane.continuation = Continuation(cast("str", lane.response_id), content.items, output)
        lane.absence = NoPrevious()
        _remember_stored(session, content, lane.continuation)
    # Whatever was abandoned here before has been silent for a whole response.
    lane.tainted = lane.late
    session.has_completed = True
    session.deliver(lane)
    session.finish(lane, OutcomeKind.COMPLETED, None, step, response=frame.response)


def failed(session: Session, lane: Lane, step: Step) -> None:
    frame = cast("wire.ResponseFailed", step.detail)
    session.deliver(lane)
    session.finish(lane, OutcomeKind.FAILED, failure_from_response(frame.response, session.policy), step, response=frame.response)


def incomplete(session: Session, lane: Lane, step: Step) -> None:
    """``response.incomplete``: a normal end with a reason."""
    frame = cast("wire.ResponseIncomplete", step.detail)
    _keep_parent(session, lane)
    session.deliver(lane)
    session.finish(lane, OutcomeKind.INCOMPLETE, None, step, response=frame.response)


def fault_reported(session: Session, lane: Lane, step: Step) -> None:
    lane.fault = step.error
    session.deliver(lane)


def failed_as_reported(session: Session, lane: Lane, step: Step) -> None:
    frame = cast("wire.ResponseFailed", step.detail)
    session.deliver(lane)
    finish_with_fault(session, lane, step, frame)


def failed_without_terminal(session: Session, lane: Lane, step: Step) -> None:
    finish_with_fault(session, lane, step, None)
    orphan(lane, step)
    session.unclean(lane, step)


def failed_by_foreign(session: Session, lane: Lane, step: Step) -> None:
    finish_with_fault(session, lane, step, None)
    adopt_stranger(session, lane, step)


def failed_by_loss(session: Session, lane: Lane, step: Step) -> None:
    finish_with_fault(session, lane, step, None)


# -- ends from outside -------------------------------------------------------------------------------------------------------


def overdue(session: Session, lane: Lane, step: Step) -> None:
    _take_back(session, lane)
    session.finish(lane, OutcomeKind.INTERRUPTED, overdue_failure(step.source, session.policy.deadlines), step)
    _abandon_unclean(session, lane, step)


def overdue_replayed(session: Session, lane: Lane, step: Step) -> None:
    _take_back(session, lane)
    session.replay(lane, Cause.OVERDUE, step)
    _abandon_unclean(session, lane, step)


def doubt_unresolved(session: Session, lane: Lane, step: Step) -> None:
    _take_back(session, lane)
    error = cast("ErrorEvent", lane.fault)
    session.finish(lane, OutcomeKind.INTERRUPTED, failure_from_error(Cause.DOUBT, error, session.policy), step)
    orphan(lane, step)
    session.suspect(lane, step)


def doubt_unresolved_replayed(session: Session, lane: Lane, step: Step) -> None:
    _take_back(session, lane)
    session.replay(lane, Cause.DOUBT, step)
    orphan(lane, step)
    session.suspect(lane, step)


def foreign_began(session: Session, lane: Lane, step: Step) -> None:
    _take_back(session, lane)
    message = "Another response began where this one was due. The connection is being replaced; send the request again."
    session.finish(lane, OutcomeKind.INTERRUPTED, simple_failure(Cause.FOREIGN, message), step)
    adopt_stranger(session, lane, step)


def foreign_began_replayed(session: Session, lane: Lane, step: Step) -> None:
    _take_back(session, lane)
    session.replay(lane, Cause.FOREIGN, step)
    adopt_stranger(session, lane, step)


def damaged(session: Session, lane: Lane, step: Step) -> None:
    _take_back(session, lane)
    garbage = cast("wire.Garbage", step.detail)
    message = f"The server sent a frame that cannot be read ({garbage.detail}). The answer is not whole; ask again."
    session.finish(lane, OutcomeKind.INTERRUPTED, simple_failure(Cause.DAMAGED, message), step)
    _abandon_damaged(session, lane, step)


def damaged_replayed(session: Session, lane: Lane, step: Step) -> None:
    _take_back(session, lane)
    session.replay(lane, Cause.DAMAGED, step)
    _abandon_damaged(session, lane, step)


def doomed(session: Session, lane: Lane, step: Step) -> None:
    _take_back(session, lane)
    message = "The connection reached the server's age limit before the request was acknowledged. Send it again."
    session.finish(lane, OutcomeKind.INTERRUPTED, simple_failure(Cause.LIMIT, message), step)
    orphan(lane, step)


def doomed_replayed(session: Session, lane: Lane, step: Step) -> None:
    _take_back(session, lane)
    session.replay(lane, Cause.LIMIT, step)
    orphan(lane, step)


def lost(session: Session, lane: Lane, step: Step) -> None:
    session.finish(lane, OutcomeKind.INTERRUPTED, lost_failure(step.detail, session.policy), step)


def lost_replayed(session: Session, lane: Lane, step: Step) -> None:
    session.replay(lane, Cause.LOST, step)


# -- the caller has left -----------------------------------------------------------------------------------------------------


def caller_left_early(session: Session, lane: Lane, step: Step) -> None:
    _take_back(session, lane)
    orphan(lane, step)
    apply_policy(session, lane, step)


def caller_left(session: Session, lane: Lane, step: Step) -> None:
    orphan(lane, step)
    session.signal(lane)
    apply_policy(session, lane, step)


def abandoned_created(session: Session, lane: Lane, step: Step) -> None:
    """The abandoned response has a name now: the server is told, if it is to be told."""
    name_response(lane, step)
    link = session.links[lane.link]
    link.proven = link.proven or (lane.name is not None and step.frame.stream_id == lane.name)
    session.signal(lane)


def abandoned_rejected(session: Session, lane: Lane, step: Step) -> None:
    _evict(lane)
    session.note("AbandonedRejected", lane, f"code {shown(step.error.code)}")


def abandoned_lost(session: Session, lane: Lane, step: Step) -> None:
    del session, lane, step


def drained(session: Session, lane: Lane, step: Step) -> None:
    lane.tainted = True
    _keep_parent(session, lane)
    settle(session, lane, step)


def drained_whole(session: Session, lane: Lane, step: Step) -> None:
    lane.tainted = True
    settle(session, lane, step)


def drain_overdue(session: Session, lane: Lane, step: Step) -> None:
    session.note("DrainOverdue", lane, f"no terminal within {session.policy.deadlines.drain:g} s of the cancel")
    session.unclean(lane, step)


def quarantined_created(session: Session, lane: Lane, step: Step) -> None:
    succeed(session, lane)
    name_response(lane, step)
    session.note("LateCreated", lane, "after the lane was given up")
    session.signal(lane)


def foreign_seen(session: Session, lane: Lane, step: Step) -> None:
    lane.foreign = True
    late_frame(session, lane, step)


def foreign_again(session: Session, lane: Lane, step: Step) -> None:
    late_frame(session, lane, step)
    session.suspect(lane, step)


def stranger_began(session: Session, lane: Lane, step: Step) -> None:
    lane.continuation = None
    lane.absence = LaneDirty()
    session.note("UnaskedCreated", lane, f"in {step.source}")
    name_response(lane, step)
    orphan(lane, step)


def foreign_for_abandoned(session: Session, lane: Lane, step: Step) -> None:
    session.note(step.event, lane, f"in {step.source}")
    adopt_stranger(session, lane, step)


# -- shared steps ------------------------------------------------------------------------------------------------------------


def name_response(lane: Lane, step: Step) -> None:
    """From here on the lane's response has an id, and its frames are counted from this one."""
    lane.ended = None
    lane.response_id = step.frame.response_id
    lane.sequence = step.frame.sequence_number


def _take_back(session: Session, lane: Lane) -> None:
    """If the create has not even left, the wire is clean after all; only the engine knows. A stream is ended anyway."""
    if not session.profile.streams:
        session.emit(Withdraw(lane.link, cast("int", lane.sent), lane.name))


def orphan(lane: Lane, step: Step) -> None:
    """Nobody listens from now on; the drain deadline runs from the first time this was so."""
    lane.request = None
    lane.delivery = ()
    lane.tainted = True
    if lane.abandoned_at is None:
        lane.abandoned_at = step.now


def adopt_stranger(session: Session, lane: Lane, step: Step) -> None:
    """What runs here is somebody else's: the lane drains until *its* terminal, and the link goes."""
    lane.sent = None
    lane.steers = ()
    name_response(lane, step)
    orphan(lane, step)
    session.suspect(lane, step)


def settle(session: Session, lane: Lane, step: Step) -> None:
    """Tell what the abandoned response came to; of a stranger's there is nobody to tell."""
    kind = SETTLED.get(type(step.detail))
    if kind is not None and lane.sent is not None and lane.response_id is not None:
        frame = cast("wire.ResponseEvent", step.detail)
        drained = step.now - cast("float", lane.abandoned_at)
        session.emit(Settled(lane.sent, lane.response_id, kind, drained, frame.response))


def _abandon_unclean(session: Session, lane: Lane, step: Step) -> None:
    """The server was silent too long: tell it, and never reuse the lane."""
    orphan(lane, step)
    session.signal(lane)
    session.unclean(lane, step)


def _abandon_damaged(session: Session, lane: Lane, step: Step) -> None:
    orphan(lane, step)
    session.signal(lane)
    session.suspect(lane, step)


def _remember_stored(session: Session, content: RequestContent, continuation: Continuation) -> None:
    """A response that the server stores outlives its link; the oldest is forgotten first."""
    if session.policy.continuation is ContinuationPolicy.STORED and content.fields.get("store") is not False:
        session.stored[continuation.response_id] = continuation
        if len(session.stored) > STORED_RESPONSES:
            del session.stored[next(iter(session.stored))]


def _evict(lane: Lane) -> None:
    """A continuation that is refused evicts the response it named; a create in full has named none."""
    if isinstance(lane.decision, Reuse):
        lane.absence = Evicted()


def _forget_refused_name(session: Session, lane: Lane, step: Step) -> None:
    """The link takes exactly the names it has besides this one; without any it is of no use."""
    link = session.links[lane.link]
    if len(link.lanes) > 1:
        link.names_limit = len(link.lanes) - 1
        del link.lanes[lane.name]
    else:
        session.suspect(lane, step)


def _keep_parent(session: Session, lane: Lane) -> None:
    """After an unclean end the parent may be named again only if the policy wants to try."""
    if session.policy.after_cancel is AfterCancel.REUSE:
        lane.continuation = lane.parent


def finish_with_fault(session: Session, lane: Lane, step: Step, terminal: wire.ResponseEvent | None) -> None:
    """Give the caller the error that was reported inside its response."""
    failure = failure_from_error(Cause.FAULT, cast("ErrorEvent", lane.fault), session.policy)
    response = None if terminal is None else terminal.response
    session.finish(lane, OutcomeKind.FAILED, failure, step, response=response)


def apply_policy(session: Session, lane: Lane, step: Step) -> None:
    """``retire`` drops the socket with the caller, unless somebody else is live on it, and dials the next at once."""
    link = session.links[lane.link]
    if effective_policy(session.profile, session.policy, proven=link.proven) is CancelPolicy.RETIRE:
        session.move_link(link, LinkEvent.RETIRE if link.live else LinkEvent.DROP, step.now)
        session.need(step.now)


ResponseRule = Callable[["Session", "Lane", Step], None]

RESPONSE_RULES: Final[Mapping[str, ResponseRule]] = MappingProxyType(
    {
        rule.__name__: rule
        for rule in (
            abandoned_created,
            abandoned_lost,
            abandoned_rejected,
            cache_missed,
            caller_left,
            caller_left_early,
            cancel_answered,
            completed,
            create_handed_over,
            create_rejected,
            create_rejected_replayed,
            create_rejected_unclean,
            create_sent,
            create_unreachable,
            create_unreachable_replayed,
            create_unsendable,
            create_withdrawn,
            created_arrived,
            damaged,
            damaged_replayed,
            doomed,
            doomed_replayed,
            doubt_unresolved,
            doubt_unresolved_replayed,
            drain_overdue,
            drained,
            drained_whole,
            error_doubted,
            failed,
            failed_as_reported,
            failed_by_foreign,
            failed_by_loss,
            failed_without_terminal,
            fault_reported,
            foreign_again,
            foreign_began,
            foreign_began_replayed,
            foreign_for_abandoned,
            foreign_seen,
            incomplete,
            late_frame,
            lost,
            lost_replayed,
            output_began,
            output_began_after_gap,
            overdue,
            overdue_replayed,
            quarantined_created,
            sequence_gap,
            sequence_repeated,
            stranger_began,
        )
    }
)
"""The response rules by the name the table gives them."""
