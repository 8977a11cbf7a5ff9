"""What happened to a session as messages between callers, the client, and a server for each link: what sequence diagrams show.

Rules of this file
* Every message is an event that was fed or an effect that came back, in that order; frames that only pass through are told
  together, as in a story (``rejoinder.states.story``).
* A message that is lost did not arrive: a link, a dial, a create that is too large.
* Remarks tell the passing of time, what was out of place, and phases that say something (draining, quarantined, retiring …).
* The words are those of ``rejoinder.states.phrases``.
* Each line knows which feed it tells, by its number in the trace from 1: so a page can lead from one to the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

import attrs

from rejoinder.states import effects as ordered
from rejoinder.states import events as happening
from rejoinder.states.phases import ResponsePhase
from rejoinder.states.phrases import counted, decided, duration, ended, happened, heard, moved, name, noted, place
from rejoinder.states.story import folded, frames_of
from rejoinder.states.trace import Fed
from rejoinder.states.verdicts import Excess

__all__ = ["CLIENT", "Line", "Message", "Participant", "Remark", "Tale", "tell"]

CLIENT: Final = "client"
"""The participant that is us."""
USUAL: Final = frozenset({ResponsePhase.ACKNOWLEDGED, ResponsePhase.STREAMING})
"""Phases that the frames beside them show."""
SHORTEST: Final = 0.05
"""Seconds that are worth a remark."""


@attrs.frozen
class Participant:
    """Somebody who takes part."""

    key: str
    """``client``, ``r1`` for the caller of request 1, ``L1`` for the server at the end of link 1."""
    label: str
    """What is written above."""


@attrs.frozen
class Message:
    """Something goes from one to another."""

    source: str
    """The key of the participant that it comes from."""
    target: str
    """The key of the participant that it goes to."""
    text: str
    """What it says."""
    answers: bool = False
    """Whether it comes back: from the server, or to the caller."""
    lost: bool = False
    """Whether it never arrives."""
    step: int = 0
    """The number of the feed, from 1."""


@attrs.frozen
class Remark:
    """Something is said about a participant."""

    over: str
    """The key of the participant."""
    text: str
    """What is said."""
    step: int = 0
    """The number of the feed, from 1."""


Line = Message | Remark
"""Anything between the top and the bottom of a diagram."""


@attrs.frozen
class Tale:
    """A whole diagram."""

    participants: tuple[Participant, ...]
    """From left to right: callers, the client, servers."""
    lines: tuple[Line, ...]
    """From top to bottom."""


def tell(feds: Iterable[Fed], first: int = 1) -> Tale:
    """Tell what happened in ``feds``, the first of which has the number ``first``."""
    series = list(folded(feds))
    return Tale(tuple(_participants([fed for feds in series for fed in feds])), tuple(_lines(series, first)))


def _lines(series: Sequence[Sequence[Fed]], step: int) -> Iterator[Line]:
    before: float | None = None
    for feds in series:
        first = feds[0]
        waited = 0.0 if before is None else first.at - before
        before = feds[-1].at
        lines = [*_event(first.event, feds), *(line for effect in first.effects for line in _effect(effect, feds))]
        if lines and waited >= SHORTEST:
            lines.insert(0, Remark(CLIENT, f"{duration(waited)} later"))
        yield from (attrs.evolve(line, step=step) for line in lines)
        step += len(feds)


def _participants(feds: Iterable[Fed]) -> Iterator[Participant]:
    things = [thing for fed in feds for thing in (fed.event, *fed.effects)]
    warm = {thing.request for thing in things if isinstance(thing, happening.Create) and thing.warm_up}
    for request in sorted({number for thing in things if (number := getattr(thing, "request", None)) is not None}):
        yield Participant(f"r{request}", f"r{request}{' (warm-up)' if request in warm else ''}")
    yield Participant(CLIENT, CLIENT)
    for link in sorted({number for thing in things if (number := getattr(thing, "link", None)) is not None}):
        yield Participant(f"L{link}", f"server, L{link}")


def _on(lane: str | None) -> str:
    return "" if lane is None else f" on {name(lane)}"


def _asks(event: happening.Create) -> Line:
    return Message(f"r{event.request}", CLIENT, f"asks ({counted(len(event.content.items), 'item')})")


def _from_server(link: int, text: str, *, lost: bool = False) -> Message:
    return Message(f"L{link}", CLIENT, text, answers=True, lost=lost)


def _to_server(link: int, text: str) -> Message:
    return Message(CLIENT, f"L{link}", text)


# Events.


def _event(event: happening.Event, feds: Sequence[Fed]) -> Iterator[Line]:
    if isinstance(event, happening.Received):
        fate = "" if feds[0].effects else ", discarded"
        yield _from_server(event.link, f"{heard(frames_of(feds))}{_on(event.frame.stream_id)}{fate}")
    elif isinstance(event, happening.Expired):
        if feds[0].effects:
            yield Remark(CLIENT, happened(event))
    else:
        yield EVENTS[type(event)](event)


EVENTS: Final[Mapping[type, Callable[[Any], Line]]] = MappingProxyType(
    {
        happening.Create: _asks,
        happening.Cancel: lambda event: Message(f"r{event.request}", CLIENT, "leaves"),
        happening.Steer: lambda event: Message(f"r{event.request}", CLIENT, f"steers (s{event.steer})"),
        happening.Overflow: lambda event: Message(
            f"r{event.request}", CLIENT, "reads too slowly" if event.of is Excess.UNREAD else "is told too much"
        ),
        happening.Preconnect: lambda event: Remark(CLIENT, happened(event)),
        happening.Shutdown: lambda event: Remark(CLIENT, happened(event)),
        happening.Opened: lambda event: _from_server(event.link, "open"),
        happening.DialFailed: lambda event: _from_server(
            event.link, f"dial failed{'' if event.status is None else f' ({event.status})'}", lost=True
        ),
        happening.Lost: lambda event: _from_server(
            event.link, f"lost{'' if event.code is None else f' ({event.code})'}", lost=True
        ),
        happening.StreamEnded: lambda event: _from_server(event.link, f"stream ended{_on(event.lane)}", lost=True),
        happening.StreamFailed: lambda event: _from_server(event.link, f"no stream{_on(event.lane)}", lost=True),
        happening.Pong: lambda event: _from_server(event.link, "pong"),
        happening.Unsendable: lambda event: Message(
            CLIENT, f"L{event.link}", f"create of r{event.request} is too large ({event.size} bytes)", lost=True
        ),
        happening.Withdrawn: lambda event: Remark(CLIENT, f"create of r{event.request} is taken back"),
    }
)
"""The line of each event; frames and deadlines have ways of their own."""


# Effects.


def _effect(effect: ordered.Effect, feds: Sequence[Fed]) -> Iterator[Line]:
    if isinstance(effect, ordered.Deliver):
        yield Message(CLIENT, f"r{effect.request}", heard(frames_of(feds)), answers=True)
    elif isinstance(effect, ordered.Moved):
        words = moved(effect)
        if words is not None and effect.target not in USUAL:
            yield Remark(f"r{effect.request}" if effect.link is None else f"L{effect.link}", words)
    elif not isinstance(effect, ordered.Settled):
        # Of what was settled, the terminal that was received is drawn already.
        yield EFFECTS[type(effect)](effect)


EFFECTS: Final[Mapping[type, Callable[[Any], Line]]] = MappingProxyType(
    {
        ordered.Dial: lambda effect: _to_server(effect.link, "dial"),
        ordered.Close: lambda effect: _to_server(effect.link, "close"),
        ordered.Ping: lambda effect: _to_server(effect.link, "ping"),
        ordered.Send: lambda effect: _to_server(
            effect.link, f"create of r{effect.request}{_on(effect.lane)}, {decided(effect.decision)}"
        ),
        ordered.SendCancel: lambda effect: _to_server(effect.link, f"cancel {name(effect.response_id)}"),
        ordered.SendSteer: lambda effect: _to_server(effect.link, f"steer {name(effect.response_id)} (s{effect.steer})"),
        ordered.Steered: lambda effect: Message(CLIENT, f"r{effect.request}", f"s{effect.steer} is {effect.status}"),
        ordered.EndStream: lambda effect: _to_server(
            effect.link, f"{'close' if effect.abandoned else 'finish'} the stream{_on(effect.lane)}"
        ),
        ordered.HandOver: lambda effect: Remark(f"r{effect.request}", f"goes over another transport: {effect.cause}"),
        ordered.Withdraw: lambda effect: Remark(
            CLIENT, f"takes the create of r{effect.request} for {place(effect.link, effect.lane)} back, if it has not left"
        ),
        ordered.Finish: lambda effect: Message(CLIENT, f"r{effect.request}", ended(effect.outcome)),
        ordered.Note: lambda effect: Remark(CLIENT if effect.link is None else f"L{effect.link}", noted(effect)),
    }
)
"""The line of each effect; frames that are handed on, and phases, have ways of their own."""
