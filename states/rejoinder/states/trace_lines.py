"""Values of a session as plain JSON, and back: what one line of a trace is made of.

Rules of this file
* The class statements are the format: a value becomes an object with a field for each of its own, under the same names. Where a
  class is one of several (events, effects, decisions, reasons), the field ``is`` names it.
* In events and effects, a field that says nothing (its default, and that is None, false or empty) is left out. In a header nothing
  is: another version may have other defaults.
* A frame is the JSON object that the codec read, and is read again by the codec. Of a frame that was no object, what was wrong with
  it is kept: the codec keeps no more of it. Where a stream is the label (HTTP), ``lane`` says which. A frame that was not made by
  the codec cannot be carried.
* Two things are not written, because the events that are beside them hold them: the items of a ``Reuse`` (their number is) and
  the response object of an ``Outcome`` or a ``Settled``.
* JSON has no infinity: a number that is not finite is a string, ``inf``.
* Reading is strict: whatever does not fit raises ``Unfit``, whose words name the place, and never anything else.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from functools import cache
from types import MappingProxyType, NoneType, UnionType
from typing import Any, Final, cast, get_args, get_origin, get_type_hints

import attrs

from .codec import decode
from .continuation import Decision, Reason, Reuse
from .effects import Effect, Settled
from .events import Event
from .item_history import ItemHistory
from .json_values import write
from .stream_events import Garbage, StreamEvent, Violation
from .verdicts import Outcome

__all__ = ["TAG", "Unfit", "from_plain", "to_plain"]

TAG: Final = "is"
"""The field that names the class, where it is one of several."""
MOST_ITEMS: Final = 1_000_000
"""More new items than any create has: a number beyond is a fault of the trace."""

TAGGED: Final = frozenset({*get_args(Event), *get_args(Effect), *get_args(Decision), *get_args(Reason)})
NOT_WRITTEN: Final = frozenset({(Outcome, "response"), (Settled, "response")})
NOTHING: Final = (None, False, "", ())
NOT_FINITE: Final = frozenset({"inf", "-inf", "nan"})


class Unfit(Exception):
    """A JSON value that stands for none of ours. The message names the place, and ends without a full stop."""


# Writing.


def to_plain(value: object, *, whole: bool = False) -> Any:  # noqa: ANN401 - any JSON value
    """Return ``value`` as plain JSON; ``whole`` leaves no field out, whatever it says."""
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, range):
        return [value.start, value.stop, value.step]
    if isinstance(value, list | tuple | ItemHistory):
        return [to_plain(part, whole=whole) for part in cast("Sequence[object]", value)]
    return _plain_object(value, whole=whole) if attrs.has(type(value)) else value


def _plain_object(value: object, *, whole: bool) -> dict[str, Any]:
    if isinstance(value, StreamEvent):
        return _plain_frame(value)
    if isinstance(value, Reuse):
        reuse = {TAG: "Reuse", "response_id": value.response_id, "items": len(value.items), "saved": value.saved}
        return {**reuse, "stored": True} if value.stored else reuse
    plain: dict[str, Any] = {TAG: type(value).__name__} if type(value) in TAGGED else {}
    for field in attrs.fields(cast("type[attrs.AttrsInstance]", type(value))):
        own = getattr(value, field.name)
        silent = not whole and own in NOTHING and own == field.default
        if not silent and (type(value), field.name) not in NOT_WRITTEN:
            plain[field.name] = to_plain(own, whole=whole)
    return plain


def _plain_frame(frame: StreamEvent) -> dict[str, Any]:
    plain: dict[str, Any] = {"raw": frame.raw}
    if isinstance(frame, Garbage) and not frame.raw:
        plain = {"garbage": frame.violation.value, "detail": frame.detail}
    if frame.stream_id is not None and frame.raw.get("stream_id") != frame.stream_id:
        plain["lane"] = frame.stream_id
    return {**plain, "binary": True} if frame.binary else plain


# Reading.


def from_plain(plain: object, declared: Any, where: str) -> Any:  # noqa: ANN401 - a value of the declared type
    """Return the value of type ``declared`` that ``plain`` stands for; ``where`` names the place in an ``Unfit``."""
    origin = get_origin(declared)
    reader = READERS.get(origin or declared)
    if reader is not None:
        return reader(plain, declared, where)
    if issubclass(declared, StrEnum):
        return _member(plain, declared, where)
    if issubclass(declared, StreamEvent):
        return _frame(plain, where)
    return _reuse(plain, where) if declared is Reuse else _object(plain, declared, where)


def _one_of(plain: object, declared: Any, where: str) -> Any:  # noqa: ANN401
    members = [member for member in get_args(declared) if member is not NoneType]
    if plain is None and NoneType in get_args(declared):
        return None
    if len(members) == 1:
        return from_plain(plain, members[0], where)
    names = {member.__name__: member for member in members}
    tag = _fields(plain, where).get(TAG)
    if type(tag) is not str or tag not in names:
        raise Unfit(f"{where} is of a kind that this version does not know")
    return from_plain(plain, names[tag], where)


def _object(plain: object, declared: type[attrs.AttrsInstance], where: str) -> Any:  # noqa: ANN401
    given = _fields(plain, where)
    hints = _hints(declared)
    fields = {field.name: field for field in attrs.fields(declared) if (declared, field.name) not in NOT_WRITTEN}
    unknown = [name for name in given if name not in fields and not (name == TAG and declared in TAGGED)]
    if unknown:
        raise Unfit(f"{where} has a field that this version does not know")
    missing = [name for name, field in fields.items() if name not in given and field.default is attrs.NOTHING]
    if missing:
        raise Unfit(f"{where}.{missing[0]} is missing")
    values = {name: from_plain(given[name], hints[name], f"{where}.{name}") for name in fields if name in given}
    try:
        return declared(**values)
    except (TypeError, ValueError) as refused:
        raise Unfit(f"{where} is refused: {str(refused).rstrip('.')}") from None


@cache
def _hints(declared: type) -> Mapping[str, Any]:
    return MappingProxyType(get_type_hints(declared))


def _frame(plain: object, where: str) -> StreamEvent:
    given = _fields(plain, where)
    binary = _exactly(bool, "true or false")(given.get("binary", False), bool, f"{where}.binary")
    lane = from_plain(given.get("lane"), str | None, f"{where}.lane")
    names = given.keys() - {"binary", "lane"}
    if names == {"raw"}:
        # A value that came out of JSON can be written again, whatever it is.
        event = decode(write(_fields(given["raw"], f"{where}.raw")))
    elif names == {"garbage", "detail"}:
        violation = _member(given["garbage"], Violation, f"{where}.garbage")
        detail = from_plain(given["detail"], str, f"{where}.detail")
        event = Garbage("", None, None, {}, None, None, None, violation, detail)
    else:
        raise Unfit(f"{where} has neither raw nor garbage and detail, or more than that")
    return attrs.evolve(event, binary=binary, stream_id=event.stream_id if lane is None else lane)


def _reuse(plain: object, where: str) -> Reuse:
    given = _fields(plain, where).copy()
    stored = from_plain(given.pop("stored", False), bool, f"{where}.stored")
    if given.keys() != {TAG, "response_id", "items", "saved"}:
        raise Unfit(f"{where} does not have the fields of a Reuse")
    count = from_plain(given["items"], int, f"{where}.items")
    if not 0 <= count <= MOST_ITEMS:
        raise Unfit(f"{where}.items is no number of items")
    saved = from_plain(given["saved"], int, f"{where}.saved")
    return Reuse(from_plain(given["response_id"], str, f"{where}.response_id"), ({},) * count, saved, stored)


def _member(plain: object, declared: type[Any], where: str) -> Any:  # noqa: ANN401
    try:
        return declared(plain)
    except ValueError:
        raise Unfit(f"{where} is no {declared.__name__} that this version knows") from None


def _fields(plain: object, where: str) -> dict[str, Any]:
    if type(plain) is not dict:
        raise Unfit(f"{where} is not an object")
    return cast("dict[str, Any]", plain)


def _list(plain: object, where: str) -> list[object]:
    if type(plain) is not list:
        raise Unfit(f"{where} is not an array")
    return cast("list[object]", plain)


def _tuple(plain: object, declared: Any, where: str) -> tuple[Any, ...]:  # noqa: ANN401
    member = get_args(declared)[0]
    return tuple(from_plain(part, member, f"{where}[{index}]") for index, part in enumerate(_list(plain, where)))


def _sequence(plain: object, declared: object, where: str) -> list[Any]:
    return list(_tuple(plain, declared, where))


def _mapping(plain: object, declared: object, where: str) -> dict[str, Any]:
    del declared
    return _fields(plain, where)


def _range(plain: object, declared: object, where: str) -> range:
    del declared
    bounds = [from_plain(bound, int, where) for bound in _list(plain, where)]
    try:
        start, stop, step = bounds
        return range(start, stop, step)
    except ValueError:
        raise Unfit(f"{where} is not a start, a stop and a step") from None


def _number(plain: object, declared: object, where: str) -> float:
    del declared
    if type(plain) in {int, float} or (type(plain) is str and plain in NOT_FINITE):
        try:
            return float(cast("float", plain))
        except OverflowError:
            pass
    raise Unfit(f"{where} is not a number")


def _exactly(kind: type, words: str) -> Callable[[object, Any, str], Any]:
    def read(plain: object, declared: object, where: str) -> object:
        del declared
        if type(plain) is not kind:
            raise Unfit(f"{where} is not {words}")
        return plain

    return read


READERS: Final[Mapping[object, Callable[[object, Any, str], Any]]] = MappingProxyType(
    {
        UnionType: _one_of,
        tuple: _tuple,
        Sequence: _sequence,
        Mapping: _mapping,
        range: _range,
        float: _number,
        bool: _exactly(bool, "true or false"),
        int: _exactly(int, "an integer"),
        str: _exactly(str, "a string"),
    }
)
"""How each declared type is read; enums, frames and our own classes have ways of their own."""
