"""What observers of a session are told: every request, every move of a machine, every note, every create that is sent, every end.

``Moved``, ``Note`` and ``Steered`` come from the lifecycle as they are; the others are the engine's own, because only the engine
knows bytes, times and what was collected, and runs the model's calls. In the order of one request's life: ``Asked``, ``Sent``
(again for each replay), ``Finished``, and ``Settled`` for each of its responses that the server ended later.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from inspect import isasyncgenfunction, iscoroutinefunction, isgeneratorfunction

import attrs

from rejoinder.states.continuation import Decision, RequestContent
from rejoinder.states.effects import Moved, Note, Steered
from rejoinder.states.refusals import shown_value
from rejoinder.states.verdicts import Outcome, OutcomeKind

from .call_events import CallEvent
from .errors import InvalidRequest
from .metrics import NO_USAGE, Timings, Usage
from .result import Result

__all__ = [
    "Asked",
    "Finished",
    "Moved",
    "Note",
    "Observation",
    "Observer",
    "Sent",
    "Settled",
    "Statistics",
    "Steered",
    "TakenBack",
    "check_observer",
]


@attrs.frozen
class Asked:
    """Somebody asks for a response: told in the caller's own task, before anything is sent."""

    request: int
    """The number of the request (``Response.number``)."""
    content: RequestContent = attrs.field(repr=False)
    """What is asked: payload, so show nothing of it that nobody wants shown."""
    warm_up: bool
    """Whether it is a warm-up."""


@attrs.frozen
class Sent:
    """A create was put into a link's outbox."""

    request: int
    """The number of the request (``Response.number``)."""
    link: int
    """The link; those of a second transport (``transport="auto"``) are numbered from 100,001."""
    lane: str | None
    """``stream_id``; None where the provider has no lanes."""
    decision: Decision
    """``Reuse`` with the response it continues, or ``Full`` with the reason."""
    items: int
    """Input items in the frame."""
    size: int
    """Bytes of the frame."""


@attrs.frozen
class TakenBack:
    """A create of which ``Sent`` was told was taken back before it had left, because nobody wants its response any more."""

    request: int
    """The number of the request."""
    link: int
    """The link."""
    lane: str | None
    """``stream_id``; None where the provider has no lanes."""


@attrs.frozen
class Finished:
    """A request has its outcome."""

    request: int
    """The number of the request."""
    outcome: Outcome
    """The outcome, with its failure and verdict."""
    result: Result
    """What came of it: ``id``, ``usage``, ``service_tier``, and the output, which is payload."""
    timings: Timings
    """What it took."""

    @property
    def usage(self) -> Usage | None:
        """Tokens; None if the server told none, as of every cancelled response: wait for its ``Settled``."""
        return self.result.tokens


@attrs.frozen
class Settled:
    """A response that its caller had left, or that was given up, has ended at the server after all: now its cost is known.

    A session that is closed before that is never told.
    """

    request: int
    """The number of the request, which ended long before; the same number may come again if it was sent again."""
    response_id: str
    """The response."""
    kind: OutcomeKind
    """How it ended at the server: completed, failed or incomplete."""
    usage: Usage | None
    """Tokens; None if the server told none."""
    drained: float
    """Seconds from the end of the request, or from this attempt's end, to the terminal."""


Observation = Asked | Finished | Moved | Note | Sent | Settled | Steered | TakenBack | CallEvent
"""Anything an observer is told."""

Observer = Callable[[Observation], None]
"""Called synchronously, in order; it must not block. One that raises is logged and told nothing more."""


def check_observer(observer: object) -> None:
    """Raise ``InvalidRequest`` for what cannot be called, and for what gives something to await or to iterate when it is."""
    if not callable(observer):
        raise InvalidRequest(f"The observer is {shown_value(observer)}. Give a function that takes one observation.")
    call = getattr(type(observer), "__call__")  # noqa: B004, B009 - it can be called; here is asked what comes of it
    if any(each(one) for each in (iscoroutinefunction, isasyncgenfunction, isgeneratorfunction) for one in (observer, call)):
        raise InvalidRequest(
            "The observer is an async function or a generator, and observers are called and not awaited. Give a plain function; one"
            " that hands on what it is told, as the send_nowait of a trio memory channel."
        )


@attrs.frozen
class Statistics:
    """A session's counters; nothing is dropped without being counted here."""

    links: Mapping[int, str]
    """The phase of each link."""
    requests: Mapping[int, str]
    """The phase of each request that has not ended."""
    lanes: Mapping[tuple[int, str | None], str]
    """The phase of each lane, by link and name."""
    creates: int
    """Creates sent; one that was taken back before it had left is none."""
    reused: int
    """Creates that named a previous response."""
    items_sent: int
    """Input items sent."""
    items_saved: int
    """Input items that did not have to be sent."""
    bytes_sent: int
    """Bytes of all frames sent."""
    frames_received: int
    """Frames received."""
    counts: Mapping[str, int]
    """Notes and staying rows by name: late frames, discards, violations, illegal events; and what became of the model's calls, by
    the type of the event, as ``rejoinder.call.finished``."""
    bytes_saved: int = 0
    """Bytes of the input items that did not have to be sent."""
    full: Mapping[str, int] = attrs.field(factory=dict[str, int])
    """Creates that named no previous response, by the name of the reason: ``NoPrevious``, ``NewLink``, ``PrefixChanged`` …"""
    outcomes: Mapping[str, int] = attrs.field(factory=dict[str, int])
    """Requests that ended, by outcome."""
    settled: Mapping[str, int] = attrs.field(factory=dict[str, int])
    """Responses that the server ended after their request had, by how."""
    usage: Usage = NO_USAGE
    """Tokens of all responses of which the server told any, whatever became of them."""
    abandoned_usage: Usage = NO_USAGE
    """Of these, tokens of responses that nobody listened to any more."""

    @property
    def reuse_ratio(self) -> float:
        """The share of creates that continued a response; 0.0 before the first."""
        return self.reused / self.creates if self.creates else 0.0

    def joined_with(self, other: Statistics, links_from: int) -> Statistics:
        """The counters of both, of a session with two transports; the other's links are numbered from ``links_from``."""
        return Statistics(
            links={**self.links, **{number + links_from: phase for number, phase in other.links.items()}},
            requests={**self.requests, **other.requests},
            lanes={**self.lanes, **{(number + links_from, name): phase for (number, name), phase in other.lanes.items()}},
            creates=self.creates + other.creates,
            reused=self.reused + other.reused,
            full=_sum(self.full, other.full),
            items_sent=self.items_sent + other.items_sent,
            items_saved=self.items_saved + other.items_saved,
            bytes_sent=self.bytes_sent + other.bytes_sent,
            bytes_saved=self.bytes_saved + other.bytes_saved,
            frames_received=self.frames_received + other.frames_received,
            outcomes=_sum(self.outcomes, other.outcomes),
            settled=_sum(self.settled, other.settled),
            usage=self.usage + other.usage,
            abandoned_usage=self.abandoned_usage + other.abandoned_usage,
            counts=_sum(self.counts, other.counts),
        )


def _sum(one: Mapping[str, int], other: Mapping[str, int]) -> Mapping[str, int]:
    return dict(Counter(one) + Counter(other))
