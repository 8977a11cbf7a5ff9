"""JSON text and JSON values: the one place that calls a JSON library.

Rules of this file:

* Reading is defined here and not by the library, so that a faster one may take its place without changing a verdict:
  lone surrogates and NUL characters pass, a byte order mark and white space around the value are ignored, and what
  Python could not write again (``NaN``, ``Infinity``, ``1e999``, integers of thousands of digits, very deep nesting) is
  refused at the door. A server's item that got in can always be sent back.
* msgspec, where it is installed (the extra ``rejoinder[fast]``), reads first. It is stricter than that in places (lone
  surrogates, a byte order mark) and laxer in none, so what it reads is right, and what it refuses is read again by the
  standard library, which has the last word and the words for it.
* What is written always encodes as UTF-8: a lone surrogate leaves as its escape.
* No message of an error quotes a value; it names the place.
"""

import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import NoneType
from typing import Any, Final, NoReturn, cast

from .stream_events import Violation

__all__ = ["MAXIMUM_DEPTH", "NotSerialisable", "Unreadable", "fast_reader", "frozen_copy", "read", "write"]

MAXIMUM_DEPTH: Final = 200
"""Levels of objects and arrays inside each other. Real frames have about 20; the bound does not depend on the stack."""

MAXIMUM_INTEGER: Final[int] = 10**4300 - 1
"""The largest integer: Python neither reads nor writes more decimal digits than this has."""

TRIED_VERSIONS: Final = frozenset({"0.20", "0.21", "0.22"})
"""The versions of msgspec that the extra allows, without their last number."""

_NEVER_TOO_DEEP: Final = 2 * MAXIMUM_DEPTH
"""Characters: each level needs two, so most deltas are too short to be counted."""
_BYTE_ORDER_MARK: Final = "\ufeff"
_WHITE_SPACE: Final = " \t\n\r"
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_STEPS_SHOWN: Final = 8


class Unreadable(Exception):
    """A text that is no usable JSON value, or an object that is no proper event.

    Attributes:
        violation: which rule it breaks.
        detail: one sentence for people, without any of the text.
    """

    def __init__(self, violation: Violation, detail: str) -> None:
        super().__init__(violation, detail)
        self.violation = violation
        self.detail = detail


class NotSerialisable(TypeError):
    """A value of the caller's that JSON cannot carry. Nothing was sent; change the value at ``path`` and ask again.

    Attributes:
        path: where the value is, for example ``input[3].content[0].image``; empty for the whole.
        reason: what it is, without quoting it.
    """

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        """One sentence on what happened, one on what to do."""
        return (
            f"{self.path or 'The value'} {self.reason}. Requests may hold strings, finite numbers, booleans, None,"
            " lists, and mappings with string keys; turn anything else (bytes, images, models) into these first."
        )


# Reading.


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise Unreadable(Violation.NUMBER_OUT_OF_RANGE, "The frame holds a number too large for any float.")
    return number


def _refuse(_constant: str) -> NoReturn:
    raise Unreadable(Violation.NOT_JSON, "The frame holds NaN or Infinity, which JSON does not have.")


def fast_reader() -> Callable[[str], Any] | None:
    """Return msgspec's reader; ``None`` where it is not installed, or in a version whose verdicts nobody has compared."""
    try:
        import msgspec  # noqa: PLC0415 - an extra
    except ImportError:
        return None
    return msgspec.json.Decoder().decode if msgspec.__version__.rpartition(".")[0] in TRIED_VERSIONS else None


_read_fast: Callable[[str], Any] | None = fast_reader()
_UNREAD: Final = object()

# `raw_decode` costs half of `json.loads`, which looks for white space with two regular expressions.
_raw_decode: Final[Callable[[str], tuple[Any, int]]] = json.JSONDecoder(parse_float=_finite, parse_constant=_refuse).raw_decode


def read(text: str) -> Any:  # noqa: ANN401 - any JSON value
    """Return the value that a JSON text stands for.

    Raises:
        Unreadable: it is not JSON, or nested too deeply, or holds a number that Python cannot hold.
    """
    value = _UNREAD
    if _read_fast is not None:
        try:
            value = _read_fast(text)
        except (ValueError, RecursionError):
            value = _UNREAD
    if value is _UNREAD:
        value = _read_carefully(text)
    if (
        len(text) > _NEVER_TOO_DEEP
        and text.count("{") + text.count("[") > MAXIMUM_DEPTH
        and sum(1 for _ in _levels(value)) > MAXIMUM_DEPTH
    ):
        raise _too_deep()
    return value


def _read_carefully(text: str) -> object:
    """Read with the standard library, which says what is wrong."""
    value: object
    try:
        try:
            value, end = _raw_decode(text)
        except json.JSONDecodeError:
            trimmed = text.removeprefix(_BYTE_ORDER_MARK).lstrip(_WHITE_SPACE)
            if len(trimmed) == len(text):
                raise
            text = trimmed
            value, end = _raw_decode(text)
    except json.JSONDecodeError as error:
        # Not chained: the library's error holds the whole text.
        raise Unreadable(Violation.NOT_JSON, f"The frame is not JSON: it breaks off at character {error.pos}.") from None
    except RecursionError:
        raise _too_deep() from None
    except ValueError:
        detail = "The frame holds an integer of more digits than Python reads."
        raise Unreadable(Violation.NUMBER_OUT_OF_RANGE, detail) from None
    if end != len(text) and text[end:].strip(_WHITE_SPACE):
        raise Unreadable(Violation.NOT_JSON, f"The frame has more text after its JSON value, from character {end}.")
    return value


def _too_deep() -> Unreadable:
    return Unreadable(Violation.TOO_DEEP, f"The frame nests objects and arrays more than {MAXIMUM_DEPTH} levels deep.")


def _levels(value: object) -> Iterator[Sequence[object]]:
    """Yield the containers of each level, outermost first. No recursion, so nothing is too deep for it."""
    level: Sequence[object] = [value]
    while level := [container for container in level if type(container) in {dict, list}]:
        yield level
        level = [child for container in level for child in _children(container)]


def _children(container: object) -> Iterable[object]:
    if isinstance(container, dict):
        return cast("dict[str, object]", container).values()
    return cast("list[object]", container)


# Writing.

_encode: Final[Callable[[Any], str]] = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


def write(value: object) -> str:
    """Return the compact JSON text of a value, which always encodes as UTF-8.

    Raises:
        NotSerialisable: something in it cannot be carried by JSON; the path says what.
    """
    try:
        text = _encode(value)
    except (TypeError, ValueError, RecursionError):
        # Either it names the place, or it was a matter of form (a mapping that is no dict) and the copy has none.
        text = _encode(frozen_copy(value))
    try:
        text.encode()
    except UnicodeEncodeError:
        text = _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    return text


# Copying.


class _Refused(Exception):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.steps: list[str | int] = []
        """From the value outwards."""


_PLAIN: Final = frozenset({str, bool, NoneType})


def frozen_copy(value: Any, name: str = "") -> Any:  # noqa: ANN401 - any JSON value
    """Return a private copy of a caller's value that JSON can carry and that nobody else can change.

    Mappings become dicts, tuples become lists, and members of string and integer enums become what they stand for. What
    is shared inside the value is not shared inside the copy.

    Args:
        value: what the caller passed.
        name: what the caller calls it, for the path in an error.

    Raises:
        NotSerialisable: with the path of the first value that JSON cannot carry: another type, a key that is not a
            string, a number that is not finite or is too long, or nesting beyond ``MAXIMUM_DEPTH`` (a value that
            contains itself has no end).
    """
    try:
        return _copy(value, MAXIMUM_DEPTH)
    except _Refused as refused:
        raise NotSerialisable(_path(name, refused.steps[::-1]), refused.reason) from None


def _copy(value: Any, room: int) -> Any:  # noqa: ANN401
    if type(value) in _PLAIN:
        return value
    if isinstance(value, int):
        if not -MAXIMUM_INTEGER <= value <= MAXIMUM_INTEGER:
            raise _Refused("is an integer of more than 4,300 digits")
        return int.__int__(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise _Refused("is not a finite number")
        return float.__float__(value)
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, Mapping):
        return _copy_mapping(cast("Mapping[object, object]", value), room - 1)
    if isinstance(value, (list, tuple)):
        return _copy_sequence(cast("Sequence[object]", value), room - 1)
    kind = cast("type[object]", type(value))
    raise _Refused(f"is of type {kind.__module__}.{kind.__qualname__}, which JSON cannot carry")


def _copy_mapping(mapping: Mapping[object, object], room: int) -> dict[str, Any]:
    _check_room(room)
    copy: dict[str, Any] = {}
    for key, value in mapping.items():
        if not isinstance(key, str):
            raise _Refused(f"has a key of type {type(key).__qualname__}, where JSON has strings only")
        name = key if type(key) is str else str.__str__(key)
        try:
            copy[name] = value if type(value) in _PLAIN else _copy(value, room)
        except _Refused as refused:
            refused.steps.append(name)
            raise
    return copy


def _copy_sequence(sequence: Sequence[object], room: int) -> list[Any]:
    _check_room(room)
    copy: list[Any] = []
    for index, value in enumerate(sequence):
        try:
            copy.append(value if type(value) in _PLAIN else _copy(value, room))
        except _Refused as refused:
            refused.steps.append(index)
            raise
    return copy


def _check_room(room: int) -> None:
    if room < 0:
        raise _Refused(f"is nested more than {MAXIMUM_DEPTH} levels deep, or contains itself")


def _path(name: str, steps: list[str | int]) -> str:
    """Write a path the way the caller would: ``input[3].content[0].image``."""
    path = name
    for step in steps[:_STEPS_SHOWN]:
        if isinstance(step, int):
            path += f"[{step}]"
        elif step.isidentifier():
            path += f".{step}" if path else step
        else:
            path += f"[{step!r}]"
    return path + "…" if len(steps) > _STEPS_SHOWN else path
