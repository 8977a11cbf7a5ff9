"""What judgements have in common: what is missing, what was refused, and how to say so.

Rules of this file:

* A judgement reads on as long as the conversation went as it should; `Settled` carries the finding where it did not.
* Silence in answer to a create breaks every promise about its answer. An answer that has begun and is not over in time,
  a refusal and a lost connection leave the promise undecided, except where the promise is about just that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, cast

from rejoinder.states.stream_events import ErrorEvent, FrameKind, ResponseCompleted, ResponseCreated, ResponseEvent
from rejoinder.states.verdicts import ERRORS, Reaction, Where, react
from rejoinder.testing.conform.records import Closing, End, Exchange, Finding, Frame, Transcript, Verdict

__all__ = [
    "Settled",
    "amount",
    "answered",
    "broken",
    "closing_in_words",
    "completed",
    "created",
    "error_in_words",
    "found",
    "is_busy",
    "kept",
    "not_applicable",
    "objects",
    "refused",
    "seconds",
    "texts",
    "undecided",
]

NO_ANSWER: Final = "nothing came in answer to the create"


class Settled(Exception):
    """The judgement is made."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding)
        self.finding = finding


def kept(text: str, evidence: Iterable[Frame] = ()) -> Finding:
    """The promise is kept."""
    return Finding(Verdict.KEPT, text, tuple(evidence))


def broken(text: str, evidence: Iterable[Frame] = ()) -> Finding:
    """The promise is broken."""
    return Finding(Verdict.BROKEN, text, tuple(evidence))


def found(text: str, evidence: Iterable[Frame] = ()) -> Finding:
    """Nothing was promised; this is what happened."""
    return Finding(Verdict.FOUND, text, tuple(evidence))


def undecided(text: str, evidence: Iterable[Frame] = ()) -> Finding:
    """The promise was not put to the test."""
    return Finding(Verdict.UNDECIDED, text, tuple(evidence))


def not_applicable(text: str, evidence: Iterable[Frame] = ()) -> Finding:
    """The promise is about something that is not there."""
    return Finding(Verdict.NOT_APPLICABLE, text, tuple(evidence))


def answered(transcript: Transcript, index: int = 0, *, whole: bool = True) -> Exchange:
    """The exchange, if something of a response has come, and with `whole` its terminal. Raises `Settled`."""
    if index >= len(transcript.exchanges):
        raise Settled(undecided("the conversation did not get that far" + _why(transcript)))
    exchange = transcript.exchanges[index]
    if not exchange.frames:
        raise Settled(broken(NO_ANSWER + _why(transcript), transcript.sent()[-1:]))
    if exchange.end is End.REFUSED:
        raise Settled(undecided(f"the create was refused: {_error_of(exchange)}", exchange.frames[-1:]))
    if whole and exchange.end is End.ERROR:
        raise Settled(undecided(f"the response ended in an error: {_error_of(exchange)}", exchange.frames[-1:]))
    if whole and exchange.end is not End.TERMINAL:
        raise Settled(undecided("the response has no end" + _why(transcript), exchange.frames[-1:]))
    return exchange


def completed(transcript: Transcript, index: int = 0) -> tuple[Exchange, ResponseEvent]:
    """The exchange and its terminal, if that is `response.completed`. Raises `Settled`."""
    exchange = answered(transcript, index)
    terminal = exchange.terminal
    if not isinstance(terminal, ResponseCompleted):
        kind = "nothing" if terminal is None else terminal.type
        raise Settled(undecided(f"the response ended in {kind}", exchange.of_kind(FrameKind.TERMINAL)))
    return exchange, terminal


def created(transcript: Transcript, index: int = 0) -> tuple[Frame, Mapping[str, Any]]:
    """The frame of `response.created` and the response object in it. Raises `Settled`."""
    exchange = answered(transcript, index, whole=False)
    for frame in exchange.frames:
        if isinstance(frame.event, ResponseCreated):
            return frame, frame.event.response
    raise Settled(broken("there is no response.created", exchange.frames[:1]))


def error_in_words(error: ErrorEvent | None) -> str:
    """An error's code, or what else names it, and what it says."""
    if error is None:
        return "an error"
    name = error.code or error.error_type or "no code"
    return f"{name} ({error.message})" if error.message else name


def closing_in_words(closing: Closing) -> str:
    """How a connection ended."""
    how = "without a close frame" if closing.code in {None, 1006} else f"with code {closing.code}"
    return f"the connection ended {how}" + (f" ({closing.reason})" if closing.reason else "")


def amount(count: int, noun: str) -> str:
    """So many of something."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def seconds(value: float) -> str:
    """A time in words."""
    return f"{value:.2f} s"


def texts(item: Mapping[str, Any]) -> str:
    """What an output item says: its text, its refusal, its summary or its arguments."""
    said: list[str] = []
    for part in [*objects(item.get("content")), *objects(item.get("summary"))]:
        said += [value for key in ("text", "refusal") if isinstance(value := part.get(key), str)]
    said += [value for key in ("arguments", "input", "code") if isinstance(value := item.get(key), str)]
    return "".join(said)


def objects(value: object) -> list[Mapping[str, Any]]:
    """The objects in a list; none if it is no list."""
    given = cast("Sequence[object]", value) if isinstance(value, list) else ()
    return [cast("Mapping[str, Any]", each) for each in given if isinstance(each, dict)]


def refused(transcript: Transcript, index: int) -> bool:
    """Whether a create was refused for what it says. Raises `Settled` if the server was merely busy."""
    if index >= len(transcript.exchanges) or transcript.exchanges[index].end is not End.REFUSED:
        return False
    exchange = transcript.exchanges[index]
    if is_busy(exchange.error):
        raise Settled(undecided(f"the create was refused: {_error_of(exchange)}", exchange.frames[-1:]))
    return True


def is_busy(error: ErrorEvent | None) -> bool:
    """Whether the error is about the moment or the connection's age, and so says nothing about the request."""
    if error is None:
        return False
    return react(ERRORS, Where.CREATE, error.code, error.error_type, error.status).reaction in {
        Reaction.PASSING,
        Reaction.LINK_LIMIT,
    }


def _error_of(exchange: Exchange) -> str:
    return error_in_words(exchange.error)


def _why(transcript: Transcript) -> str:
    if transcript.closings:
        return f": {closing_in_words(transcript.closings[-1])}"
    return f" within {transcript.timeout:g} s" if transcript.timed_out else ""
