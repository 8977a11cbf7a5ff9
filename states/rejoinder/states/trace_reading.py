"""Reading a trace line by line, as long as it may be.

Rules of this file
* Only one line is held at a time, and the one behind it.
* Only the last line may be torn (without its line break), as a process that dies while it writes leaves it. Anything else that is
  not as ``trace_format.py`` says is a ``TraceError`` with the number of the line.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final, NoReturn, cast, final

from .effects import Effect
from .events import Create, Event
from .json_values import NotSerialisable
from .trace_format import FORMAT, VERSION, Entry, Fed, Gap, Header, TraceError
from .trace_inputs import After, Missing, ReadInputs
from .trace_lines import TAG, Unfit, from_plain

__all__ = ["Reading", "read_entry", "read_header"]

CUT: Final = "Only the last line may break off: the file is damaged, so cut it before this line, or record it again."
INCOMPLETE: Final = "Read the whole file, from its first line."
DAMAGED: Final = "Read it with the release that wrote it; if that fails too, the file is damaged."
FEED_FIELDS: Final = frozenset({"at", "event", "effects"})
GAP_FIELDS: Final = frozenset({"at", "dropped"})


@final
class Reading:
    """A trace that is being read: its header at once, then its entries, once, by iterating. Making one raises ``TraceError``.

    Iterating raises ``TraceError`` at a line that cannot be read; what was read before it stands.
    """

    def __init__(self, lines: Iterable[str]) -> None:
        self._numbered = enumerate(lines, 1)
        number, first = next(self._numbered, (0, ""))
        if not first.strip():
            raise TraceError(number, "The trace is empty", "Record it again: it should begin with a header line.")
        self.header: Final = read_header(number, first)
        """The settings."""
        self._inputs = ReadInputs()
        self.torn = False
        """Whether the last line broke off and was left out; known when everything is read."""

    def __iter__(self) -> Iterator[tuple[int, Entry]]:
        """Yield each entry with the number of its line, from 2."""
        held: tuple[int, str] | None = None
        for number, text in self._numbered:
            if held is not None:
                yield held[0], read_entry(*held, self._inputs)
            held = (number, text)
        if held is None or not held[1].strip():
            return
        try:
            plain = _parse(held[1])
        except ValueError:
            if held[1].endswith("\n"):
                raise TraceError(held[0], "It is not JSON", CUT) from None
            self.torn = True
            return
        yield held[0], _entry_from(held[0], plain, self._inputs)


def read_header(number: int, text: str) -> Header:
    """Read the first line, whose number is 1. Raises ``TraceError``."""
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


def read_entry(number: int, text: str, inputs: ReadInputs) -> Entry:
    """Read any other whole line, for whoever gets them one by one; ``Reading`` reads files. Raises ``TraceError``.

    All lines of one trace are read with the same ``inputs``, in order.
    """
    try:
        plain = _parse(text)
    except ValueError:
        raise TraceError(number, "It is not JSON", CUT) from None
    return _entry_from(number, plain, inputs)


def _entry_from(number: int, plain: object, inputs: ReadInputs) -> Entry:
    given = cast("dict[str, Any]", plain) if isinstance(plain, dict) else {}
    if given.keys() == GAP_FIELDS:
        return Gap(_fitted(number, given["at"], float, "at"), _fitted(number, given["dropped"], int, "dropped"))
    if given.keys() != FEED_FIELDS:
        raise TraceError(number, "It does not have exactly the fields at, event and effects", DAMAGED)
    return Fed(
        _fitted(number, given["at"], float, "at"),
        _event(number, given["event"], inputs),
        _fitted(number, given["effects"], tuple[Effect, ...], "effects"),
    )


def _event(number: int, plain: object, inputs: ReadInputs) -> Event:
    """An event; a create with what it repeats."""
    whole = plain
    given = cast("dict[str, Any]", plain) if isinstance(plain, dict) else dict[str, Any]()
    content: object = given.get("content")
    after: After | None = None
    if given.get(TAG) == Create.__name__ and isinstance(content, dict) and "after" in content:
        own = cast("dict[str, Any]", content).copy()
        after = _fitted(number, own.pop("after"), After, "event.content.after")
        whole = {**given, "content": own}
    event: Event = _fitted(number, whole, Event, "event")
    if not isinstance(event, Create):
        return event
    try:
        return inputs.whole(event, after)
    except Missing:
        raise TraceError(number, "It goes on from a create that is not before it", INCOMPLETE) from None
    except NotSerialisable:
        raise TraceError(number, "It has an item that is nested too deeply", DAMAGED) from None


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
