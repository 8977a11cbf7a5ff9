"""What happened to a session as a Mermaid sequence diagram: callers, the client, and a server for each link.

Rules of this file
* Every arrow is an event that was fed or an effect that came back, in that order; frames that only pass through are told
  together, as in a story (``rejoinder.states.story``).
* A cross at an arrow's end says that something was lost: a link, a dial, a create that is too large.
* Notes tell the passing of time, what was out of place, and phases that say something (draining, quarantined, retiring …).
* The words are those of ``rejoinder.states.phrases``. Letters, digits and a few marks stand as they are, and everything else is an
  entity code: nothing that came from outside is syntax.
* The same trace gives the same text, byte for byte.

Mermaid refuses texts of more than 50,000 characters by default: give it the part of a long trace that matters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from rejoinder.states import effects as ordered
from rejoinder.states import events as happening
from rejoinder.states.phases import ResponsePhase
from rejoinder.states.phrases import counted, decided, duration, ended, happened, heard, moved, name, noted, place, printable
from rejoinder.states.story import folded, frames_of
from rejoinder.states.trace import Fed

__all__ = ["sequence"]

PLAIN: Final = re.compile(r"[A-Za-z0-9 _.,:/()…-]")
"""Characters that Mermaid takes for nothing but themselves, behind the colon that begins a text."""
RESERVED: Final = re.compile(r"style|classDef")
"""Words in whose lines Mermaid damages entity codes."""
USUAL: Final = frozenset({ResponsePhase.ACKNOWLEDGED, ResponsePhase.STREAMING})
"""Phases that the frames beside them show."""
SHORTEST: Final = 0.05
"""Seconds that are worth a note."""


def sequence(feds: Iterable[Fed], title: str) -> str:
    """The text of a Mermaid picture of ``feds``, ending in a newline."""
    series = list(folded(feds))
    return "sequenceDiagram\n" + "".join(f"    {line}\n" for line in _lines(series, title))


def _lines(series: Sequence[Sequence[Fed]], title: str) -> Iterator[str]:
    if title.strip():
        yield f"title {_escaped(title.strip())}"
    yield from _participants([fed for feds in series for fed in feds])
    before: float | None = None
    for feds in series:
        first = feds[0]
        waited = 0.0 if before is None else first.at - before
        before = feds[-1].at
        lines = [*_event(first.event, feds), *(line for effect in first.effects for line in _effect(effect, feds))]
        if lines and waited >= SHORTEST:
            yield _note("client", f"{duration(waited)} later")
        yield from lines


def _participants(feds: Iterable[Fed]) -> Iterator[str]:
    things = [thing for fed in feds for thing in (fed.event, *fed.effects)]
    warm = {thing.request for thing in things if isinstance(thing, happening.Create) and thing.warm_up}
    for request in sorted({number for thing in things if (number := getattr(thing, "request", None)) is not None}):
        yield f"participant r{request}{f' as r{request} (warm-up)' if request in warm else ''}"
    yield "participant client"
    for link in sorted({number for thing in things if (number := getattr(thing, "link", None)) is not None}):
        yield f"participant L{link} as server, L{link}"


# Lines.


def _arrow(source: str, arrow: str, target: str, text: str) -> str:
    return f"{source}{arrow}{target}: {_escaped(text)}"


def _note(over: str, text: str) -> str:
    return f"Note over {over}: {_escaped(text)}"


def _escaped(text: str) -> str:
    coded = "".join(letter if PLAIN.fullmatch(letter) else f"#{ord(letter)};" for letter in printable(text))
    return RESERVED.sub(lambda word: f"#{ord(word[0][0])};{word[0][1:]}", coded)


def _on(lane: str | None) -> str:
    return "" if lane is None else f" on {name(lane)}"


# Events.


def _event(event: happening.Event, feds: Sequence[Fed]) -> Iterator[str]:
    if isinstance(event, happening.Received):
        fate = "" if feds[0].effects else ", discarded"
        text = f"{heard(frames_of(feds))}{_on(event.frame.stream_id)}{fate}"
        yield _arrow(f"L{event.link}", "-->>", "client", text)
    elif isinstance(event, happening.Expired):
        if feds[0].effects:
            yield _note("client", happened(event))
    else:
        yield EVENTS[type(event)](event)


def _dial_failed(event: happening.DialFailed) -> str:
    status = "" if event.status is None else f" ({event.status})"
    return _arrow(f"L{event.link}", "--x", "client", f"dial failed{status}")


def _lost(event: happening.Lost) -> str:
    code = "" if event.code is None else f" ({event.code})"
    return _arrow(f"L{event.link}", "--x", "client", f"lost{code}")


EVENTS: Final[Mapping[type, Callable[[Any], str]]] = MappingProxyType(
    {
        happening.Create: lambda event: _arrow(
            f"r{event.request}", "->>", "client", f"asks ({counted(len(event.content.items), 'item')})"
        ),
        happening.Cancel: lambda event: _arrow(f"r{event.request}", "->>", "client", "leaves"),
        happening.Steer: lambda event: _arrow(f"r{event.request}", "->>", "client", f"steers (s{event.steer})"),
        happening.Overflow: lambda event: _arrow(f"r{event.request}", "->>", "client", "reads too slowly"),
        happening.Preconnect: lambda event: _note("client", happened(event)),
        happening.Shutdown: lambda event: _note("client", happened(event)),
        happening.Opened: lambda event: _arrow(f"L{event.link}", "-->>", "client", "open"),
        happening.DialFailed: _dial_failed,
        happening.Lost: _lost,
        happening.Pong: lambda event: _arrow(f"L{event.link}", "-->>", "client", "pong"),
        happening.Unsendable: lambda event: _arrow(
            "client", "-x", f"L{event.link}", f"create of r{event.request} is too large ({event.size} bytes)"
        ),
        happening.Withdrawn: lambda event: _note("client", f"create of r{event.request} is taken back"),
    }
)
"""The line of each event; frames and deadlines have ways of their own."""


# Effects.


def _effect(effect: ordered.Effect, feds: Sequence[Fed]) -> Iterator[str]:
    if isinstance(effect, ordered.Deliver):
        yield _arrow("client", "-->>", f"r{effect.request}", heard(frames_of(feds)))
    elif isinstance(effect, ordered.Moved):
        words = moved(effect)
        if words is not None and effect.target not in USUAL:
            yield _note(f"r{effect.request}" if effect.link is None else f"L{effect.link}", words)
    elif not isinstance(effect, ordered.Settled):
        # Of what was settled, the terminal that was received is drawn already.
        yield EFFECTS[type(effect)](effect)


EFFECTS: Final[Mapping[type, Callable[[Any], str]]] = MappingProxyType(
    {
        ordered.Dial: lambda effect: _arrow("client", "->>", f"L{effect.link}", "dial"),
        ordered.Close: lambda effect: _arrow("client", "->>", f"L{effect.link}", "close"),
        ordered.Ping: lambda effect: _arrow("client", "->>", f"L{effect.link}", "ping"),
        ordered.Send: lambda effect: _arrow(
            "client", "->>", f"L{effect.link}", f"create of r{effect.request}{_on(effect.lane)}, {decided(effect.decision)}"
        ),
        ordered.SendCancel: lambda effect: _arrow("client", "->>", f"L{effect.link}", f"cancel {name(effect.response_id)}"),
        ordered.SendSteer: lambda effect: _arrow(
            "client", "->>", f"L{effect.link}", f"steer {name(effect.response_id)} (s{effect.steer})"
        ),
        ordered.Steered: lambda effect: _arrow("client", "->>", f"r{effect.request}", f"s{effect.steer} is {effect.status}"),
        ordered.Withdraw: lambda effect: _note(
            "client", f"takes the create of r{effect.request} for {place(effect.link, effect.lane)} back, if it has not left"
        ),
        ordered.Finish: lambda effect: _arrow("client", "->>", f"r{effect.request}", ended(effect.outcome)),
        ordered.Note: lambda effect: _note("client" if effect.link is None else f"L{effect.link}", noted(effect)),
    }
)
"""The line of each effect; frames that are handed on, and phases, have ways of their own."""
