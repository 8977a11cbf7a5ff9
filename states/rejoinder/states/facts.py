"""The facts of a frame on its lane: what ``classify.py``'s table is asked with.

Pure look-ups; each function answers one question of one kind of frame. The one rule that lives here is the replay rule (``fate``),
because it is asked by the classifier: while nothing of the output was delivered, once per cause (over HTTP twice, as its clients
do), twice in all, never for a warm-up, never if the policy says never.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Final, cast

import attrs

from . import stream_events as wire
from .classify import (
    Certainty,
    Debt,
    Echo,
    Fate,
    Foreign,
    History,
    Identity,
    Item,
    Sequence,
    Stage,
    Status,
    Subject,
)
from .continuation import Reuse
from .events import Lost
from .failures import closing_rule
from .phases import RequestPhase, ResponsePhase
from .profiles import Policy, Profile, ReplayPolicy
from .records import Lane, Link, Request
from .steering import news_of, steering_of
from .stream_events import ErrorEvent, FrameKind, StreamEvent
from .verdicts import Cause, Reaction, Where, react

__all__ = [
    "CREATE_FIELDS",
    "ERROR_CAUSES",
    "REPLAYS_IN_ALL",
    "UNCOMMITTED",
    "Facts",
    "Sighting",
    "facts_of",
    "fate",
    "item_of",
    "reaction_to",
    "sequence_of",
]

UNCOMMITTED: Final = frozenset({ResponsePhase.AWAITING_CREATED, ResponsePhase.DOUBTED, ResponsePhase.ACKNOWLEDGED})
"""The phases in which nothing of the output was delivered."""

UNANSWERED: Final = frozenset({ResponsePhase.AWAITING_CREATED, ResponsePhase.DOUBTED})
"""The phases in which the server has not said that it took the create."""

REPLAYS_IN_ALL: Final = 2
"""How often a request may be sent again, whatever the causes."""

CREATE_FIELDS: Final = frozenset(
    [
        "background",
        "context_management",
        "conversation",
        "generate",
        "include",
        "input",
        "instructions",
        "max_output_tokens",
        "max_tool_calls",
        "metadata",
        "model",
        "moderation",
        "parallel_tool_calls",
        "previous_response_id",
        "prompt",
        "prompt_cache_key",
        "prompt_cache_options",
        "prompt_cache_retention",
        "reasoning",
        "safety_identifier",
        "service_tier",
        "store",
        "stream",
        "stream_id",
        "stream_options",
        "temperature",
        "text",
        "tool_choice",
        "tools",
        "top_logprobs",
        "top_p",
        "truncation",
        "user",
    ]
)
"""Fields of ``response.create`` (openai-python 3.54 types); an error whose ``param`` names one answers a create."""

CERTAIN_CODES: Final = frozenset(
    [
        "previous_response_not_found",
        "websocket_stream_limit_reached",
        "websocket_connection_limit_reached",
        "invalid_stream_id",
        "model_not_found",
        "invalid_api_key",
        "insufficient_quota",
        "usage_limit_reached",
        "rate_limit_exceeded",
    ]
)
"""Codes that only a create can get: continuation, limits, authorisation, model."""

ERROR_CAUSES: Final[Mapping[Reaction, Cause]] = {
    Reaction.CACHE_MISS: Cause.CACHE_MISS,
    Reaction.LANE_LIMIT: Cause.LANE_LIMIT,
}
"""The replay cause of an error that answers a create; ``Cause.REJECTED`` for every other reaction."""

STATUSES: Final[Mapping[type[StreamEvent], Status]] = {
    wire.ResponseCompleted: Status.COMPLETED,
    wire.ResponseFailed: Status.FAILED,
    wire.ResponseIncomplete: Status.INCOMPLETE,
}

# Python 3.11 looks a member of an enum up by a function of its own, each time; these are asked for with every delta.
NEXT: Final = Sequence.NEXT
ABSENT: Final = Sequence.ABSENT

Facts = tuple[StrEnum, ...]


def fate(lane: Lane, request: Request | None, policy: Policy, cause: Cause, repeats: int = 1) -> Fate:
    """The replay rule: may the request on ``lane`` be sent again because of ``cause``, which may do so ``repeats`` times?"""
    if (
        request is None
        or request.phase is not RequestPhase.SENT
        or request.warm_up
        or policy.replay is ReplayPolicy.NEVER
        or lane.phase not in UNCOMMITTED
        or request.replays.count(cause) >= repeats
        or len(request.replays) >= REPLAYS_IN_ALL
    ):
        return Fate.FINAL
    return Fate.REPLAYABLE


def is_blamed(lane: Lane, detail: object, policy: Policy) -> bool:
    """Whether a connection was closed on account of this lane's create: it is unanswered, and the same would be closed again."""
    return isinstance(detail, Lost) and lane.phase in UNANSWERED and closing_rule(detail, policy).reaction is Reaction.PERMANENT


def stage_of(lane: Lane) -> Stage:
    """Whether the lane's response has an id."""
    return Stage.NOT_BEGUN if lane.response_id is None else Stage.BEGUN


def identity_of(lane: Lane, frame: StreamEvent) -> Identity:
    """The frame's response id against the lane's."""
    if lane.response_id is None:
        return Identity.UNKNOWN
    return Identity.SAME if frame.response_id == lane.response_id else Identity.OTHER


def echo_of(lane: Lane, frame: StreamEvent) -> Echo:
    """Whether ``created`` echoes another ``previous_response_id`` than the create named; a missing echo agrees."""
    if lane.decision is None or not isinstance(frame, wire.ResponseCreated) or lane.content is None:
        return Echo.AGREES
    echoed = frame.response.get("previous_response_id")
    if lane.ended is not None:
        # A successor says that it continues what has just ended: nothing else would tell it from a stranger's.
        return Echo.AGREES if echoed == lane.ended.response_id != frame.response_id else Echo.DIFFERS
    if isinstance(lane.decision, Reuse):
        named: object = lane.decision.response_id
    else:
        named = lane.content.fields.get("previous_response_id")
    if echoed is None:
        return Echo.AGREES
    return Echo.AGREES if echoed == named else Echo.DIFFERS


def sequence_of(lane: Lane, frame: StreamEvent) -> Sequence:
    """The frame's sequence number against the last one of the lane's response."""
    number = frame.sequence_number
    if number is None or lane.sequence is None:
        return ABSENT
    if number == lane.sequence + 1:
        return NEXT
    return Sequence.GAP if number > lane.sequence else Sequence.REPEATED


def item_of(lane: Lane, frame: StreamEvent, profile: Profile) -> Item:
    """The item that the frame names, against those announced since this ``created``."""
    name = frame.item_id
    if name is None:
        return Item.ANONYMOUS
    if name in lane.items:
        return Item.ANNOUNCED
    if name in lane.earlier:
        return Item.EARLIER
    return Item.UNANNOUNCED if profile.announces_items else Item.ADOPTABLE


def reaction_to(frame: ErrorEvent, policy: Policy) -> Reaction:
    """What the error table, ``x-should-retry`` and the limit on pauses say about an error instead of ``created``."""
    reaction = react(policy.errors, Where.CREATE, frame.code, frame.error_type, frame.status).reaction
    if reaction in {Reaction.PASSING, Reaction.PERMANENT} and frame.should_retry is not None:
        reaction = Reaction.PASSING if frame.should_retry else Reaction.PERMANENT
    if reaction is Reaction.PASSING and (frame.retry_after or 0.0) > policy.retry_after_limit:
        return Reaction.PERMANENT
    return reaction


@attrs.frozen(eq=False)
class Sighting:
    """A frame where it was seen: everything its facts are read from."""

    frame: StreamEvent
    """The frame."""
    lane: Lane
    """The lane it belongs to."""
    link: Link
    """The link it came on."""
    request: Request | None
    """The request whose response the lane carries, if somebody listens."""
    policy: Policy
    """The user's choices."""
    profile: Profile
    """The provider's abilities."""


def _created(at: Sighting) -> Facts:
    return (
        identity_of(at.lane, at.frame),
        echo_of(at.lane, at.frame),
        fate(at.lane, at.request, at.policy, Cause.FOREIGN, at.profile.repeats),
    )


def _progress(at: Sighting) -> Facts:
    return (identity_of(at.lane, at.frame),)


def _item_added(at: Sighting) -> Facts:
    history = History.TAINTED if at.lane.tainted else History.CLEAN
    return stage_of(at.lane), item_of(at.lane, at.frame, at.profile), sequence_of(at.lane, at.frame), history


def _content(at: Sighting) -> Facts:
    return (
        stage_of(at.lane),
        item_of(at.lane, at.frame, at.profile),
        sequence_of(at.lane, at.frame),
    )


def _terminal(at: Sighting) -> Facts:
    return identity_of(at.lane, at.frame), STATUSES[type(at.frame)], _foreign_of(at.lane), steering_of(at.lane)


def _steer(at: Sighting) -> Facts:
    return (news_of(at.lane, at.frame),)


def _error(at: Sighting) -> Facts:
    lane, error = at.lane, cast("ErrorEvent", at.frame)
    reaction = reaction_to(error, at.policy)
    if reaction is Reaction.CACHE_MISS and isinstance(lane.decision, Reuse) and lane.response_id is None:
        subject = Subject.CONTINUATION
    elif error.sequence_number:
        subject = Subject.FAULT
    else:
        subject = Subject.OTHER
    labelled = error.stream_id is not None and error.stream_id == lane.name
    owed = lane.owed if labelled else at.link.debt
    certain = error.code in CERTAIN_CODES or error.param in CREATE_FIELDS
    may_pass = reaction in {Reaction.PASSING, Reaction.LANE_LIMIT} or subject is Subject.CONTINUATION
    # Where a successor is due, no create is unanswered.
    stage = Stage.BEGUN if lane.ended is not None else stage_of(lane)
    return (
        stage,
        subject,
        Certainty.CERTAIN if certain else Certainty.UNCERTAIN,
        Debt.OWED if owed else Debt.NONE,
        (
            fate(lane, at.request, at.policy, ERROR_CAUSES.get(reaction, Cause.REJECTED), at.profile.repeats)
            if may_pass
            else Fate.FINAL
        ),
    )


def _keepalive(at: Sighting) -> Facts:
    del at
    return ()


def _garbage(at: Sighting) -> Facts:
    return (fate(at.lane, at.request, at.policy, Cause.DAMAGED, at.profile.repeats),)


def _foreign_of(lane: Lane) -> Foreign:
    return Foreign.SEEN if lane.foreign else Foreign.NONE


READERS: Final[Mapping[FrameKind, Callable[[Sighting], Facts]]] = {
    FrameKind.CREATED: _created,
    FrameKind.PROGRESS: _progress,
    FrameKind.ITEM_ADDED: _item_added,
    FrameKind.CONTENT: _content,
    FrameKind.TERMINAL: _terminal,
    FrameKind.STEER: _steer,
    FrameKind.ERROR: _error,
    FrameKind.KEEPALIVE: _keepalive,
    FrameKind.OTHER: _content,
    FrameKind.GARBAGE: _garbage,
}


def facts_of(at: Sighting) -> Facts:
    """The facts of a frame where it was seen, in the order of ``classify.FACTS``."""
    return READERS[at.frame.kind](at)
