"""Lists that callers give again and again, each time a little longer: what was given before is recognised, not copied anew.

Whoever keeps a conversation in a list of his own gives all of it with each turn. It is compared once with a private copy, which is
fast, and what is new is copied. The copies are frozen and know what they grew from, so that everything behind this file (the cache
rule, the encoder, the figures) costs what is new.

Rules of this file
* Nothing is trusted: every item is compared each time, all of it, so a list or an item that its owner changed in place is caught.
* What counts is what JSON says: True is not 1 there, and 1 is not 1.0, though Python finds them equal.
* Copies are kept as long as something may be continued from them, and those of the latest few lists longer: after an interruption
  everything is sent again, and should not have to be copied and written again as well.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from typing import Any, Final, cast, final

import attrs

from rejoinder.states.frozen_json import FrozenArray, FrozenObject
from rejoinder.states.item_history import ItemHistory

__all__ = ["KnownLists"]

HELD: Final = 4
"""Lists whose copies are kept, whether or not anything may be continued from them."""
MOST: Final = 256
"""Lists that are looked through, at most: as many as the lanes of several links remember."""

Freeze = Callable[[object, int], FrozenObject]
"""Makes a private copy of the item at an index, or raises whatever is to be raised of it."""


@attrs.define(eq=False)
class _Numbers:
    """Where in a history items are that hold numbers or truth values; looked for when it is first needed."""

    places: list[int] = attrs.field(factory=list[int])
    examined: int = 0

    def of(self, history: ItemHistory, length: int) -> list[int]:
        """Those among the first ``length`` items."""
        for index in range(self.examined, length):
            if _holds_numbers(history[index]):
                self.places.append(index)
        self.examined = max(self.examined, length)
        return [index for index in self.places if index < length]


@final
class KnownLists:
    """The lists that were given to one session."""

    def __init__(self) -> None:
        self._known: list[tuple[weakref.ref[ItemHistory], _Numbers]] = []
        """The copies of the latest lists, the latest first."""
        self._held: list[tuple[ItemHistory, _Numbers]] = []
        """Those of them that are kept, whether or not anything else needs them."""

    def history_of(self, given: Sequence[object], freeze: Freeze) -> ItemHistory:
        """Return a private copy of ``given``; of it, what was given before is shared, and what is new is made by ``freeze``."""
        history, numbers = self._longest(given)
        begun = len(history)
        grown = history.grown([freeze(item, index) for index, item in enumerate(given[begun:], begun)])
        if grown:
            self._remember(grown, numbers)
        return grown

    def _longest(self, given: Sequence[object]) -> tuple[ItemHistory, _Numbers]:
        """As much of a copy as ``given`` begins with; of several copies, the one of which that is most."""
        best, shared, numbers = ItemHistory(), 0, _Numbers()
        for reference, own in self._known:
            history = reference()
            length = 0 if history is None else min(len(history), len(given))
            if history is not None and length > shared and _agrees(history, given, length):
                best, shared, numbers = history, length, own
        if not shared:
            for history, own in self._held:
                length = _agreement(history, given)
                if length > shared:
                    best, shared, numbers = history, length, own
        places = numbers.of(best, shared)
        kept = next((index for index in places if not _is_same(given[index], best[index])), shared)
        return best.first(kept), _Numbers([index for index in places if index < kept], kept)

    def _remember(self, history: ItemHistory, numbers: _Numbers) -> None:
        known = [(other, own) for other, own in self._known if (alive := other()) is not None and alive is not history]
        held = [(other, own) for other, own in self._held if not history.grew_from(other)]
        self._known = [(weakref.ref(history), numbers), *known][:MOST]
        self._held = [(history, numbers), *held][:HELD]


def _agrees(history: ItemHistory, given: Sequence[object], length: int) -> bool:
    """Whether the first ``length`` items of both are equal. The last is looked at first: it tells most lists apart."""
    try:
        return history[length - 1] == given[length - 1] and history[:length] == given[:length]
    except Exception:  # noqa: BLE001 - whatever a caller's value does when it is compared, it is then not what was copied
        return False


def _agreement(history: ItemHistory, given: Sequence[object]) -> int:
    """How many of the first items of both are equal; 0 if they cannot be compared."""
    try:
        pairs = enumerate(zip(history, given, strict=False))
        return next((index for index, (old, new) in pairs if old != new), min(len(history), len(given)))
    except Exception:  # noqa: BLE001 - as above
        return 0


def _holds_numbers(value: object) -> bool:
    if isinstance(value, FrozenObject):
        return any(map(_holds_numbers, value.values()))
    if isinstance(value, FrozenArray):
        return any(map(_holds_numbers, cast("list[Any]", value)))
    return isinstance(value, int | float)


def _is_same(given: Any, frozen: object) -> bool:  # noqa: ANN401 - any JSON value
    """Whether what equals ``frozen`` is also written as it is."""
    if isinstance(frozen, FrozenObject):
        return all(_is_same(given[name], value) for name, value in frozen.items())
    if isinstance(frozen, FrozenArray):
        return all(map(_is_same, given, cast("list[Any]", frozen)))
    return type(given) is type(frozen) or not isinstance(frozen, int | float)
