"""What happened to a session, line by line: what was fed, when, and what came back; and its file format.

Rules of this file
* Whoever feeds a session may keep its lines; stories, pictures and replays are made of them.
* A trace is JSON Lines, all ASCII, an object on each line. The first is the header:

      {"format": "rejoinder trace", "version": 1, "rejoinder": "0.1.0", "payloads": true, "profile": {…}, "policy": {…}}

  with every setting written out, deadlines and error rules included. Every other line is one feed:

      {"at": 1.25, "event": {"is": "Lost", "link": 1, "code": 1006}, "effects": [{"is": "Finish", "request": 1, "outcome": {…}}]}

  ``at`` is in seconds of the clock that was fed. What stands in ``event`` and ``effects`` is said in ``trace_lines.py``.
* Only the last line may be torn (without its line break), as a process that dies while it writes leaves it. Anything else that is
  not as above is a ``TraceError`` with the number of the line.
* No key is ever in a trace: profiles, policies, events and effects have none. Without ``payloads`` there is no text in it either,
  and it replays all the same (``withheld.py``).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final, NoReturn, cast

import attrs

from .effects import Effect
from .events import Event
from .profiles import Policy, Profile
from .session import Session
from .trace_lines import Unfit, from_plain, to_plain
from .withheld import Veil, without_sentences

__all__ = [
    "FORMAT",
    "VERSION",
    "Difference",
    "Fed",
    "Header",
    "Trace",
    "TraceError",
    "fed_line",
    "header_line",
    "read_lines",
    "replay",
    "veiled",
    "write_lines",
]

FORMAT: Final = "rejoinder trace"
"""What the first line of every trace says."""
VERSION: Final = 1
"""The version of the format, which rises when an older reader would misread a newer trace."""


@attrs.frozen
class Fed:
    """One line: what was fed, and what came back."""

    at: float
    """When, in seconds of the clock that was fed."""
    event: Event
    """What was fed."""
    effects: tuple[Effect, ...]
    """What came back, in order."""


@attrs.frozen
class Header:
    """Under which settings everything happened."""

    rejoinder: str
    """The version of Rejoinder that wrote the trace."""
    profile: Profile
    """The provider."""
    policy: Policy
    """The user's choices, deadlines and error rules included."""
    payloads: bool = True
    """Whether what callers and models said is in it. Without, equal items are still equal, and every decision is the same."""


@attrs.frozen
class Trace:
    """A trace that was read."""

    header: Header
    """The settings."""
    feds: tuple[Fed, ...]
    """What was fed, and what came back then. Of the response object of an outcome and the items of a ``Reuse``, only what
    the format keeps: nothing, and their number."""
    torn: bool = False
    """Whether the last line broke off and was left out."""

    @property
    def profile(self) -> Profile:
        """The provider."""
        return self.header.profile

    @property
    def policy(self) -> Policy:
        """The user's choices."""
        return self.header.policy


@attrs.frozen
class Difference:
    """The first line at which a session of today decides otherwise."""

    line: int
    """The number of the line in the trace, from 1; the header is the first."""
    at: float
    """When, in seconds."""
    event: Event
    """What was fed."""
    expected: tuple[Effect, ...]
    """What the trace says came back."""
    got: tuple[Effect, ...]
    """What comes back now."""


class TraceError(ValueError):
    """A trace that cannot be read.

    Attributes:
        line: the number of the line at fault, from 1; 0 if there is none.
    """

    def __init__(self, line: int, happened: str, advice: str) -> None:
        super().__init__(line, happened, advice)
        self.line = line
        self.happened = happened
        self.advice = advice

    def __str__(self) -> str:
        """One sentence on what happened, one on what to do."""
        return f"{f'Line {self.line}: ' if self.line else ''}{self.happened}. {self.advice}"


# Writing.


def write_lines(header: Header, feds: Iterable[Fed]) -> Iterator[str]:
    """Yield the lines of a trace, each with its line break: what ``writelines`` of a file takes. Next: ``read_lines``."""
    yield header_line(header)
    veil = Veil()
    for fed in feds:
        yield fed_line(fed if header.payloads else veiled(fed, veil))


def header_line(header: Header) -> str:
    """Return the first line, with its line break."""
    plain = {
        "format": FORMAT,
        "version": VERSION,
        "rejoinder": header.rejoinder,
        "payloads": header.payloads,
        "profile": to_plain(header.profile, whole=True),
        "policy": to_plain(header.policy, whole=True),
    }
    return _line(plain)


def fed_line(fed: Fed) -> str:
    """Return the line of one feed, with its line break; whoever writes without payloads gives it a ``veiled`` one."""
    return _line({"at": to_plain(fed.at), "event": to_plain(fed.event), "effects": to_plain(fed.effects)})


def veiled(fed: Fed, veil: Veil) -> Fed:
    """Return ``fed`` without any text; all of one trace go through one ``Veil``, in order."""
    return Fed(fed.at, veil.event(fed.event), tuple(veil.effect(effect) for effect in fed.effects))


def _line(plain: object) -> str:
    # ASCII, so that a torn line is readable text up to where it breaks off. A mapping that is no dict becomes one.
    return f"{json.dumps(plain, allow_nan=False, separators=(',', ':'), default=dict)}\n"


# Reading.


def read_lines(lines: Iterable[str]) -> Trace:
    """Read a trace, for example an open file. Next: ``replay``, ``story.story``, or a picture of ``feds``.

    Raises:
        TraceError: it is no trace, or not one that this version can read. A last line that breaks off is no error; the result
            says so in ``torn``.
    """
    numbered = enumerate(lines, 1)
    number, first = next(numbered, (0, ""))
    if not first.strip():
        raise TraceError(number, "The trace is empty", "Record it again: it should begin with a header line.")
    header = _read_header(number, first)
    feds: list[Fed] = []
    held: tuple[int, str] | None = None
    for number, text in numbered:
        if held is not None:
            feds.append(_read_fed(*held))
        held = (number, text)
    if held is None or not held[1].strip():
        return Trace(header, tuple(feds))
    try:
        plain = _parse(held[1])
    except ValueError:
        if held[1].endswith("\n"):
            raise TraceError(held[0], "It is not JSON", CUT) from None
        return Trace(header, tuple(feds), torn=True)
    return Trace(header, (*feds, _fed_from(held[0], plain)))


def _read_header(number: int, text: str) -> Header:
    advice = "Give a file that Rejoinder has recorded."
    try:
        plain = _parse(text)
    except ValueError:
        raise TraceError(number, "The first line is not JSON, so this is no trace", advice) from None
    given = cast("dict[str, Any]", plain) if isinstance(plain, dict) else {}
    if given.get("format") != FORMAT:
        raise TraceError(number, f"The first line does not say that the format is {FORMAT!r}", advice)
    version = given.get("version")
    if type(version) is not int or version != VERSION:
        told = "Read it with the release that wrote it, or record it again."
        raise TraceError(number, f"The trace is not of version {VERSION} of the format, the only one that is known here", told)
    fields = {name: value for name, value in given.items() if name not in {"format", "version"}}
    return cast("Header", _fitted(number, fields, Header, "The header"))


def _read_fed(number: int, text: str) -> Fed:
    try:
        plain = _parse(text)
    except ValueError:
        raise TraceError(number, "It is not JSON", CUT) from None
    return _fed_from(number, plain)


def _fed_from(number: int, plain: object) -> Fed:
    if not isinstance(plain, dict) or set(cast("dict[str, Any]", plain)) != {"at", "event", "effects"}:
        raise TraceError(number, "It does not have exactly the fields at, event and effects", DAMAGED)
    given = cast("dict[str, Any]", plain)
    return Fed(
        _fitted(number, given["at"], float, "at"),
        _fitted(number, given["event"], Event, "event"),
        _fitted(number, given["effects"], tuple[Effect, ...], "effects"),
    )


CUT: Final = "Only the last line may break off: the file is damaged, so cut it before this line, or record it again."
DAMAGED: Final = "Read it with the release that wrote it; if that fails too, the file is damaged."


def _fitted(number: int, plain: object, declared: object, where: str) -> Any:  # noqa: ANN401 - a value of the declared type
    try:
        return from_plain(plain, declared, where)
    except Unfit as unfit:
        raise TraceError(number, str(unfit), DAMAGED) from None


def _parse(text: str) -> object:
    """Return a JSON value that can be written again; raise ``ValueError`` for anything else."""
    try:
        return json.loads(text, parse_constant=_refuse, parse_float=_finite)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def _finite(text: str) -> float:
    number = float(text)
    return _refuse(text) if number in {float("inf"), float("-inf")} else number


# Replaying.


def replay(trace: Trace) -> Difference | None:
    """Feed the events of ``trace`` to a new session; return the first line at which it decides otherwise, or None.

    Everything that the format keeps is compared. In a trace without payloads, sentences are not: nothing but people reads them.
    """
    session = Session(trace.profile, trace.policy)
    for index, fed in enumerate(trace.feds):
        got = tuple(session.feed(fed.event, fed.at))
        if _compared(got, trace.header) != _compared(fed.effects, trace.header):
            return Difference(index + 2, fed.at, fed.event, fed.effects, got)
    return None


def _compared(effects: tuple[Effect, ...], header: Header) -> object:
    return to_plain(effects if header.payloads else tuple(without_sentences(effect) for effect in effects))
