"""JSON values that nobody can change: what makes an item that was shown still the item that was sent.

Rules of this file
* A frozen object is a ``dict`` and a frozen array a ``list``, so that they compare, print and encode as such; every method that
  would change one raises ``TypeError``.
* A copy of one (``copy.copy``, ``copy.deepcopy``, ``dict(item)``, pickling) is plain, and may be changed.
* Frozen values are shared, not copied: freezing one again gives itself.
* What never changes is written once: an object of ordinary size remembers its text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby
from types import NoneType
from typing import Any, Final, NoReturn, SupportsIndex, cast, final

from .json_values import frozen_copy, write

__all__ = ["FrozenArray", "FrozenObject", "freeze_object", "write_array"]

ADVICE: Final = (
    "This value is part of a conversation's items and cannot be changed. Change a copy: copy.deepcopy(item) gives a plain one."
)


PLAIN: Final = frozenset({str, bool, NoneType})
"""Types of values that cannot be changed, and that JSON always carries."""
TEXT: Final = frozenset({str})
"""The type of keys."""
FEW: Final = 16
"""Objects in a row that are written one by one, so that each remembers its text."""
REMEMBERED: Final = 16_384
"""Characters of the longest text that is remembered: images and files are written fast enough, and would be held twice."""


def _refuse() -> NoReturn:
    raise TypeError(ADVICE)


@final
class FrozenObject(dict[str, Any]):
    """A JSON object that cannot be changed. Made by ``freeze_object``; all that is in it is frozen, too."""

    __slots__ = ("_written",)

    _written: str

    def remembers(self) -> bool:
        """Whether it remembers its text."""
        return hasattr(self, "_written")

    def written(self) -> str:
        """Return its compact JSON text."""
        try:
            return self._written
        except AttributeError:
            text = write(self)
            if len(text) <= REMEMBERED:
                self._written = text
            return text

    def __setitem__(self, *_: object) -> NoReturn:
        _refuse()

    def __delitem__(self, *_: object) -> NoReturn:
        _refuse()

    def __ior__(self, *_: object) -> NoReturn:  # type: ignore[misc]
        _refuse()

    def clear(self) -> NoReturn:
        """Raise ``TypeError``."""
        _refuse()

    def pop(self, *_: object) -> NoReturn:
        """Raise ``TypeError``."""
        _refuse()

    def popitem(self) -> NoReturn:
        """Raise ``TypeError``."""
        _refuse()

    def setdefault(self, *_: object) -> NoReturn:
        """Raise ``TypeError``."""
        _refuse()

    def update(self, *_: object, **__: object) -> NoReturn:
        """Raise ``TypeError``."""
        _refuse()

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, (dict(self),)

    def __reduce_ex__(self, protocol: SupportsIndex, /) -> tuple[Any, ...]:
        return self.__reduce__()


@final
class FrozenArray(list[Any]):
    """A JSON array that cannot be changed."""

    __slots__ = ()

    def __setitem__(self, *_: object) -> NoReturn:
        _refuse()

    def __delitem__(self, *_: object) -> NoReturn:
        _refuse()

    def __iadd__(self, *_: object) -> NoReturn:  # type: ignore[misc]
        _refuse()

    def __imul__(self, *_: object) -> NoReturn:
        _refuse()

    def append(self, *_: object) -> NoReturn:
        """Raise ``TypeError``."""
        _refuse()

    def clear(self) -> NoReturn:
        """Raise ``TypeError``."""
        _refuse()

    def extend(self, *_: object) -> NoReturn:
        """Raise ``TypeError``."""
        _refuse()

    def insert(self, *_: object) -> NoReturn:
        """Raise ``TypeError``."""
        _refuse()

    def pop(self, *_: object) -> NoReturn:
        """Raise ``TypeError``."""
        _refuse()

    def remove(self, *_: object) -> NoReturn:
        """Raise ``TypeError``."""
        _refuse()

    def reverse(self) -> NoReturn:
        """Raise ``TypeError``."""
        _refuse()

    def sort(self, **_: object) -> NoReturn:
        """Raise ``TypeError``."""
        _refuse()

    def __reduce__(self) -> tuple[Any, ...]:
        return list, (list(self),)

    def __reduce_ex__(self, protocol: SupportsIndex, /) -> tuple[Any, ...]:
        return self.__reduce__()


def freeze_object(value: Mapping[str, Any], name: str = "") -> FrozenObject:
    """Return a frozen private copy of a caller's object; one that is frozen already is returned as it is.

    Args:
        value: what the caller gave.
        name: what the caller calls it, for the path in an error.

    Raises:
        NotSerialisable: something in it cannot be carried by JSON; the path says what.
    """
    if isinstance(value, FrozenObject):
        return value
    if type(value) is dict:
        fields = cast("dict[str, Any]", value)
        if PLAIN.issuperset(map(type, fields.values())) and TEXT.issuperset(map(type, fields)):
            # Most items: nothing in them could be changed, so one copy will do.
            return FrozenObject(fields)
    return cast("FrozenObject", _freeze(frozen_copy(value, name)))


def write_array(objects: Iterable[FrozenObject]) -> str:
    """Return the compact JSON text of an array of frozen objects; what remembers its text is not written again.

    Many at once that do not are written in one go, which is three times as fast, and remember nothing: most long inputs are sent
    once. What a conversation grows by from turn to turn is written item by item, once.
    """
    pieces: list[str] = []
    for remembers, run in groupby(objects, FrozenObject.remembers):
        several = list(run)
        if remembers or len(several) <= FEW:
            pieces += [each.written() for each in several]
        else:
            pieces.append(write(several)[1:-1])
    return f"[{','.join(pieces)}]"


def _freeze(value: object) -> object:
    """Freeze a private copy. As deep as such a copy may be, this recursion ends."""
    if type(value) is dict:
        fields = cast("dict[str, object]", value)
        return FrozenObject({name: field if type(field) in PLAIN else _freeze(field) for name, field in fields.items()})
    if type(value) is list:
        return FrozenArray([_freeze(part) for part in cast("list[object]", value)])
    return value
