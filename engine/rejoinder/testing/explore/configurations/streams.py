"""Configurations of responses that have streams of their own, and of requests that go from one transport to another."""

from __future__ import annotations

from typing import Final

import attrs

from rejoinder.states.profiles import AZURE, Fallback, Policy
from rejoinder.testing.explore.configuration import Configuration

from .materials import ANY_END, HEDGE, STREAMS

__all__ = ["STREAMS_CONFIGURATIONS"]

STREAMS_CONFIGURATIONS: Final = (
    Configuration(
        "http",
        "Responses with streams of their own: callers that leave, streams that end, deadlines that pass.",
        STREAMS,
        Policy(),
        requests=2,
        cancels=1,
        losses=1,
        expiries=1,
        shutdown=True,
    ),
    Configuration(
        "http-unreachable",
        "Streams that cannot be opened, for now or for good, until the attempts are spent.",
        STREAMS,
        Policy(),
        requests=2,
        together=1,
        refusals=3,
        losses=1,
        expiries=2,
    ),
    Configuration(
        "http-rejections",
        "Requests that are refused again and again, and responses that fail, are cut short, or break off.",
        STREAMS,
        Policy(),
        requests=2,
        together=1,
        losses=1,
        expiries=2,
        ends=ANY_END,
        faults_inside=True,
        rejections=("busy", "bad"),
    ),
    Configuration(
        "http-misbehaviour",
        "A server that breaks the protocol on one stream: it costs that response, and no other.",
        STREAMS,
        Policy(),
        requests=2,
        cancels=1,
        losses=1,
        misbehaviours=1,
        misbehaves=(
            "stray delta",
            "foreign item",
            "created again",
            "foreign terminal",
            "garbage",
            "unknown",
            "item after a gap",
            "delta again",
        ),
    ),
    Configuration(
        "another-transport",
        "Requests that go over another transport, because a dial is refused or they are too large.",
        AZURE,
        attrs.evolve(HEDGE, fallback=Fallback.EACH),
        requests=3,
        cancels=1,
        refusals=1,
        refusal=426,
        too_large=frozenset({2}),
        warm_ups=frozenset({3}),
        losses=1,
    ),
    Configuration(
        "another-transport-for-good",
        "The same where a refused dial decides for all that follow.",
        AZURE,
        attrs.evolve(HEDGE, fallback=Fallback.STICKY),
        requests=3,
        refusals=1,
        refusal=426,
        too_large=frozenset({1}),
    ),
)
