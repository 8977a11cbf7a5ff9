"""What configurations are made of: small profiles, policies, and kinds of misbehaviour."""

from __future__ import annotations

from typing import Final

import attrs

from rejoinder.states.profiles import AZURE, HTTP, OPENAI, AfterCancel, CancelPolicy, Policy

__all__ = [
    "ANY_END",
    "ANY_FAULT",
    "AROUND_STEERING",
    "DRAIN",
    "ERRORS_FOR_NOBODY",
    "HEDGE",
    "HOLES",
    "LABELS",
    "LANE",
    "LANES",
    "ONE_LANE",
    "RESPONSES_OF_OTHERS",
    "RETIRE",
    "SIGNALLED",
    "STEERED",
    "STREAMS",
    "TRY_THE_PARENT",
    "WORDS_OF_OTHERS",
]

STEERED: Final = attrs.evolve(AZURE, steering=True)
"""A serial provider with steering: where a successor could be taken for the next answer."""
ONE_LANE: Final = attrs.evolve(OPENAI, in_flight=1, names=1)
"""A provider with lanes that takes one of them: what a lane that is given up may still hear shows with one."""
LANES: Final = attrs.evolve(OPENAI, in_flight=2, names=3)
"""A provider with lanes, and few of them: what takes 16 responses and 32 names in life shows with 2 and 3."""
STREAMS: Final = attrs.evolve(HTTP, in_flight=2, names=2)
"""HTTP, and few requests at a time."""
WORDS_OF_OTHERS: Final = (
    "stray delta",
    "stray delta later",
    "stray delta again",
    "stale delta",
    "anonymous delta",
    "foreign item",
    "stale item",
    "same item",
    "stray unknown",
    "stray unknown later",
    "stale unknown",
    "stray unknown item",
    "foreign progress",
)
RESPONSES_OF_OTHERS: Final = (
    "created again",
    "stranger begins",
    "stranger ends",
    "foreign terminal",
    "stale terminal",
    "terminal too early",
    "item too early",
)
HOLES: Final = (
    "late item",
    "item after a gap",
    "delta after a gap",
    "delta again",
    "terminal after a gap",
    "keepalive",
    "unknown",
    "unknown of an unknown item",
    "words without an item",
    "progress again",
    "garbage",
)
AROUND_STEERING: Final = (
    "stray delta",
    "stray unknown",
    "stranger begins",
    "foreign terminal",
    "error for nobody",
    "limit without end",
    "garbage",
    "keepalive",
)
ERRORS_FOR_NOBODY: Final = ("error for nobody", "labelled error", "numbered error", "miss for nobody", "limit without end")
LABELS: Final = ("labelled garbage", "unlabelled delta", "unknown lane", "labelled error", "keepalive")


def _then(then: CancelPolicy, *, signal: bool = False, after_cancel: AfterCancel = AfterCancel.FULL) -> Policy:
    return Policy(then=then, signal=signal, after_cancel=after_cancel)


HEDGE: Final = _then(CancelPolicy.HEDGE)
SIGNALLED: Final = _then(CancelPolicy.HEDGE, signal=True)
DRAIN: Final = _then(CancelPolicy.DRAIN, signal=True)
RETIRE: Final = _then(CancelPolicy.RETIRE)
LANE: Final = _then(CancelPolicy.LANE, signal=True)
TRY_THE_PARENT: Final = _then(CancelPolicy.DRAIN, signal=True, after_cancel=AfterCancel.REUSE)
ANY_FAULT: Final = tuple(dict.fromkeys((*WORDS_OF_OTHERS, *RESPONSES_OF_OTHERS, *HOLES, *ERRORS_FOR_NOBODY)))
ANY_END: Final = frozenset({"failed", "incomplete"})
