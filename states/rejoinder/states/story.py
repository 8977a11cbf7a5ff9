"""What happened to a session as a numbered story that a person reads.

Rules of this file
* A numbered line tells one event and what the client did about it; what does not fit on the line stands below it, indented.
* Frames that are only handed on, noted alike, or discarded are told together while nothing else happens and nobody waits for long.
* What changed nothing is told in brackets and has no number. A deadline that was fed too early is not told at all.
* The words are those of ``phrases.py``: no payload, and nothing that a terminal might obey.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from . import events as happening
from .effects import Deliver, Note
from .phrases import done, duration, happened
from .stream_events import StreamEvent
from .trace import Fed

__all__ = ["folded", "frames_of", "story"]

WIDTH: Final = 120
"""Characters of a line, where words allow."""
LONG: Final = 1.0
"""Seconds of silence that are worth telling in the middle of a series."""
SHORTEST: Final = 0.001
"""Seconds: less than that is no time for a person."""
INDENT: Final = "     "


def story(feds: Iterable[Fed]) -> list[str]:
    """Tell ``feds``, a line each: ``4. the server says response.created of resp_1 on L1 → r1 is acknowledged``."""
    lines: list[str] = []
    asides: list[str] = []
    number = 0
    before: float | None = None
    for series in folded(feds):
        first = series[0]
        what = happened(first.event, frames_of(series[1:]))
        if not first.effects and not isinstance(first.event, happening.Create | happening.Shutdown):
            if not isinstance(first.event, happening.Expired):
                asides.append(what)
            continue
        lines += _bracketed(asides)
        asides = []
        number += 1
        waited = 0.0 if before is None else first.at - before
        before = series[-1].at
        when = f"after {duration(waited)}, " if waited >= SHORTEST else ""
        lines += _told(f"{number}. {when}{what}", _replies(series))
    return [*lines, *_bracketed(asides)]


def folded(feds: Iterable[Fed]) -> Iterator[Sequence[Fed]]:
    """Yield ``feds`` in series: frames of one lane that are all handed to one caller, noted alike, or discarded; all else alone."""
    series: list[Fed] = []
    for fed in feds:
        if series and not _goes_on(series[-1], fed):
            yield series
            series = []
        series.append(fed)
    if series:
        yield series


def frames_of(series: Iterable[Fed]) -> list[StreamEvent]:
    """The frames of a series."""
    return [fed.event.frame for fed in series if isinstance(fed.event, happening.Received)]


def _goes_on(last: Fed, fed: Fed) -> bool:
    return (
        isinstance(last.event, happening.Received)
        and isinstance(fed.event, happening.Received)
        and (last.event.link, last.event.frame.stream_id) == (fed.event.link, fed.event.frame.stream_id)
        and last.effects == fed.effects
        and all(isinstance(effect, Deliver | Note) for effect in fed.effects)
        and fed.at - last.at < LONG
    )


def _replies(series: Sequence[Fed]) -> list[str]:
    replies: list[str] = []
    for effect in series[0].effects:
        words = done(effect)
        if words is not None and not (isinstance(effect, Deliver) and _is_said(f"r{effect.request} ", replies)):
            replies.append(words.replace("gets it", "gets them") if isinstance(effect, Deliver) and len(series) > 1 else words)
    return replies


def _is_said(subject: str, replies: Iterable[str]) -> bool:
    """Whether something that was said about a caller implies that it was given the frame."""
    return any(words.startswith(f"{subject}is ") for words in replies)


def _told(what: str, replies: Sequence[str]) -> list[str]:
    together = f"{what}{' → ' if replies else ''}{'; '.join(replies)}"
    return [together] if len(together) <= WIDTH else [what, *(f"{INDENT}→ {words}" for words in replies)]


def _bracketed(asides: Sequence[str]) -> list[str]:
    return [f"{INDENT}(nothing changes: {'; '.join(asides)})"] if asides else []
