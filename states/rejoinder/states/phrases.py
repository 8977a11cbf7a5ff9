"""Events and effects in words, for people: what stories and pictures are made of.

Rules of this file
* Callers are r1, r2, links are L1, L2; a phase is called what the tables call it.
* Of what a server or a caller said, only types, ids and codes are shown, and never more than 80 characters of one. What does not
  look like a name stands in quotation marks, so that it cannot pass for words of ours.
* Nothing that a terminal might obey gets through: whatever is not printable leaves as an escape.
* What is obvious is not said: ``done`` gives None for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby
from types import MappingProxyType
from typing import Any, Final

from . import continuation as reasons
from . import effects as ordered
from . import events as happening
from .continuation import Decision, Reuse
from .failures import shown
from .phases import LinkPhase, RequestPhase, ResponsePhase
from .stream_events import ErrorEvent, Garbage, StreamEvent
from .verdicts import Excess, Outcome

__all__ = [
    "counted",
    "decided",
    "done",
    "duration",
    "ended",
    "happened",
    "heard",
    "lane_of_link",
    "moved",
    "name",
    "noted",
    "place",
    "printable",
]

NAME: Final = re.compile(r"[A-Za-z0-9_.:/\[\]-]{1,80}")
MOST_KINDS: Final = 6
"""So many kinds of frames are told of a series, and the rest by number."""
COMMON: Final = "response."
"""What nearly every type begins with: in a series it is left out."""
LIVE: Final = frozenset(
    {
        ResponsePhase.DOUBTED,
        ResponsePhase.ACKNOWLEDGED,
        ResponsePhase.STREAMING,
        ResponsePhase.FAILING,
        ResponsePhase.AWAITING_SUCCESSOR,
    }
)
"""Phases of a response that a caller waits for."""
ABANDONED: Final = frozenset(
    {ResponsePhase.CANCEL_PENDING, ResponsePhase.DRAINING, ResponsePhase.SUCCESSOR_PENDING, ResponsePhase.QUARANTINED}
)
"""Phases that it is worth telling the end of."""
OBVIOUS: Final = frozenset(
    {
        ("link", LinkPhase.CLOSED),
        ("link", LinkPhase.CONNECTING),
        ("link", LinkPhase.OPEN),
        ("response", ResponsePhase.AWAITING_CREATED),
        ("response", ResponsePhase.IDLE),
        ("request", RequestPhase.WAITING),
        ("request", RequestPhase.SENT),
        ("request", RequestPhase.ENDED),
    }
)
"""Machine and phase, where another effect or the event itself says as much."""


# Names and numbers.


def printable(text: str) -> str:
    r"""``text`` with everything that is not printable written as an escape, as in ``\x1b[2J``."""
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)


def name(text: str | None) -> str:
    """A name that came from outside, in quotation marks if it does not look like one."""
    return text if text is not None and NAME.fullmatch(text) else shown(text)


def counted(number: int, thing: str) -> str:
    """A number of things: ``1 item``, ``2 items``."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


def duration(seconds: float) -> str:
    """A time, as exact as a reader wants it: ``250 ms``, ``2.5 s``, ``3600 s``."""
    return f"{seconds * 1000:.0f} ms" if seconds < 0.9995 else f"{round(seconds, 1):.10g} s"  # noqa: PLR2004 - 1 s, rounded


def place(link: int, lane: str | None) -> str:
    """Where something is sent or heard: ``L1``, or ``L1/lane-1``."""
    return f"L{link}" if lane is None else f"L{link}/{name(lane)}"


def lane_of_link(link: int | None, lane: str | None) -> str:
    """A lane as the subject of a sentence."""
    return f"{'the lane' if lane is None else name(lane)} of L{link}"


def _in_brackets(facts: Sequence[str]) -> str:
    return f" ({', '.join(facts)})" if facts else ""


# Frames.


def heard(frames: Sequence[StreamEvent]) -> str:
    """What the server said: one frame in full, several by type."""
    if len(frames) == 1:
        return _frame(frames[0])
    kinds = [(kind.removeprefix(COMMON), len(list(same))) for kind, same in groupby(frames, _kind)]
    told = [kind if number == 1 else f"{number} x {kind}" for kind, number in kinds[:MOST_KINDS]]
    rest = sum(number for _, number in kinds[MOST_KINDS:])
    return ", ".join([*told, *([f"{rest} more"] if rest else [])])


def _frame(frame: StreamEvent) -> str:
    if isinstance(frame, Garbage):
        return f"something that is no event ({frame.violation})"
    if isinstance(frame, ErrorEvent):
        facts = {"code": frame.code, "status": frame.status, "sequence number": frame.sequence_number}
        told = [f"{fact} {name(str(value))}" for fact, value in facts.items() if value is not None]
        return f"error{_in_brackets(told)}"
    return _kind(frame) if frame.response_id is None else f"{_kind(frame)} of {name(frame.response_id)}"


def _kind(frame: StreamEvent) -> str:
    if frame.type.endswith(".delta"):
        return "delta"
    return name(frame.type) if frame.type else "a frame without a type"


# Decisions and outcomes.


def decided(decision: Decision) -> str:
    """Whether a create continues a response, and why not."""
    if isinstance(decision, Reuse):
        which = f"stored {name(decision.response_id)}" if decision.stored else name(decision.response_id)
        return f"continuing {which} with {counted(len(decision.items), 'new item')}, {decision.saved} saved"
    return f"in full: {REASONS[type(decision.reason)](decision.reason)}"


def ended(outcome: Outcome) -> str:
    """An outcome, with its cause and code."""
    failure = outcome.failure
    if failure is None:
        return outcome.kind.value
    return f"{outcome.kind} ({failure.cause}{'' if failure.code is None else f', code {name(failure.code)}'})"


REASONS: Final[Mapping[type, Callable[[Any], str]]] = MappingProxyType(
    {
        reasons.NoPrevious: lambda _: "there is nothing to continue yet",
        reasons.NewLink: lambda _: "the link is new",
        reasons.LaneDirty: lambda _: "the response before it did not complete",
        reasons.Evicted: lambda _: "the server has dropped what it would continue",
        reasons.Disabled: lambda _: "continuing is switched off",
        reasons.Stateless: lambda _: "over HTTP nothing is remembered",
        reasons.CallerChain: lambda _: "the caller names what it continues",
        reasons.Steered: lambda _: "the response before it was steered",
        reasons.Replayed: lambda reason: f"it is sent again ({reason.cause})",
        reasons.Shorter: lambda _: "it adds nothing",
        reasons.PrefixChanged: lambda reason: f"item {reason.index} has changed",
        reasons.OutputMismatch: lambda reason: f"output item {reason.index} is not in it",
        reasons.PendingToolCalls: lambda reason: f"{counted(len(reason.call_ids), 'call')} without an output",
    }
)
"""A clause for each reason to send in full."""


# What happened.


def happened(event: happening.Event, frames: Iterable[StreamEvent] = ()) -> str:
    """What was fed, as a clause; of a series of frames, give the further ones."""
    if isinstance(event, happening.Received):
        spoken = heard([event.frame, *frames])
        return f"the server says {spoken} on {place(event.link, event.frame.stream_id)}"
    return HAPPENED[type(event)](event)


def _asked(event: happening.Create) -> str:
    items = counted(len(event.content.items), "item")
    return f"the session warms up as r{event.request} ({items})" if event.warm_up else f"r{event.request} asks ({items})"


def _dial_failed(event: happening.DialFailed) -> str:
    facts = [] if event.status is None else [f"status {event.status}"]
    if event.code is not None:
        facts.append(name(event.code))
    if event.permanent:
        facts.append("for good")
    return f"the dial of L{event.link} fails{_in_brackets(facts)}"


def _lost(event: happening.Lost) -> str:
    return f"L{event.link} is lost{'' if event.code is None else f' ({event.code})'}"


TOO_MUCH: Final[Mapping[Excess, str]] = MappingProxyType(
    {Excess.UNREAD: "reads too slowly: its buffer is full", Excess.OUTPUT: "is told more than one answer may say"}
)

HAPPENED: Final[Mapping[type, Callable[[Any], str]]] = MappingProxyType(
    {
        happening.Create: _asked,
        happening.Cancel: lambda event: f"r{event.request} leaves",
        happening.Steer: lambda event: f"r{event.request} steers (s{event.steer})",
        happening.Overflow: lambda event: f"r{event.request} {TOO_MUCH[event.of]}",
        happening.Preconnect: lambda _: "a link is wanted ahead of time",
        happening.Shutdown: lambda _: "the session closes",
        happening.Opened: lambda event: f"L{event.link} opens",
        happening.DialFailed: _dial_failed,
        happening.Lost: _lost,
        happening.StreamEnded: lambda event: (
            f"the stream of {place(event.link, event.lane)} ends{_in_brackets([event.reason] if event.reason else [])}"
        ),
        happening.StreamFailed: lambda event: (
            f"no stream can be opened for {place(event.link, event.lane)}{_in_brackets(['for good'] if event.permanent else [])}"
        ),
        happening.Pong: lambda event: f"L{event.link} answers the ping",
        happening.Unsendable: lambda event: (
            f"the create of r{event.request} is too large for {place(event.link, event.lane)} ({event.size} bytes)"
        ),
        happening.Withdrawn: lambda event: (
            f"the create of r{event.request} for {place(event.link, event.lane)} had not left and is taken back"
        ),
        happening.Expired: lambda _: "a deadline passes",
    }
)
"""A clause for each event; frames have words of their own."""


# What came back.


def done(effect: ordered.Effect) -> str | None:
    """What the session did, as a clause; None if it is obvious."""
    return DONE[type(effect)](effect)


def moved(move: ordered.Moved) -> str | None:
    """A machine's new phase, as a clause; None if it is obvious."""
    if move.source == move.target:
        return None
    if move.machine == "response" and move.target == ResponsePhase.IDLE and move.source in ABANDONED:
        return f"{lane_of_link(move.link, move.lane)} is idle again"
    if (move.machine, move.target) in OBVIOUS:
        return None
    if move.machine == "response" and not (move.target in LIVE and move.request is not None):
        subject = lane_of_link(move.link, move.lane)
    else:
        subject = f"L{move.link}" if move.request is None else f"r{move.request}"
    return f"{subject} is {name(move.target).replace('_', ' ')}"


def noted(note: ordered.Note) -> str:
    """Something out of place."""
    detail = printable(note.detail)
    return f"{name(note.name)}: {detail}" if detail else name(note.name)


DONE: Final[Mapping[type, Callable[[Any], str | None]]] = MappingProxyType(
    {
        ordered.Dial: lambda effect: f"the client dials L{effect.link}",
        ordered.Close: lambda effect: f"the client closes L{effect.link}",
        ordered.Ping: lambda effect: f"the client pings L{effect.link}",
        ordered.Send: lambda effect: (
            f"the client sends r{effect.request} on {place(effect.link, effect.lane)}, {decided(effect.decision)}"
        ),
        ordered.SendCancel: lambda effect: f"the client cancels {name(effect.response_id)} on L{effect.link}",
        ordered.EndStream: lambda effect: (
            f"the client {'closes' if effect.abandoned else 'is done with'} the stream of {place(effect.link, effect.lane)}"
        ),
        ordered.HandOver: lambda effect: f"r{effect.request} goes over another transport: {effect.cause}",
        ordered.SendSteer: lambda effect: f"the client steers {name(effect.response_id)} on L{effect.link} (s{effect.steer})",
        ordered.Steered: lambda effect: f"s{effect.steer} of r{effect.request} is {effect.status}",
        ordered.Withdraw: lambda effect: (
            f"the client takes the create of r{effect.request} for {place(effect.link, effect.lane)} back, if it has not left"
        ),
        ordered.Deliver: lambda effect: f"r{effect.request} gets it",
        ordered.Finish: lambda effect: f"r{effect.request} ends: {ended(effect.outcome)}",
        # That its lane is idle again says as much.
        ordered.Settled: lambda _: None,
        ordered.Moved: moved,
        ordered.Note: lambda effect: f"noted: {noted(effect)}",
    }
)
"""A clause for each effect."""
