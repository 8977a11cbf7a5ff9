"""Input items that remember what they grew from, so that a long conversation is compared by its lineage and not item by item.

A history is a value: growing it gives another. All that grew from one another share one list, which is only ever appended to; a
history is that list and a length. So a snapshot costs nothing, turn N + 1 costs what is new in it, and whether one history begins
with another is a look at two lengths.

Rules of this file
* What is in the list is frozen: what was compared once need not be compared again.
* Whoever grows a history whose list has gone on without it (a fork) gets a list of its own, which remembers where it parted.
* That two histories share no lineage says nothing: they may still be equal, item by item.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final, cast, final, overload

from .frozen_json import FrozenObject

__all__ = ["ItemHistory"]


@final
class _Log:
    """The shared list, and the lists it was forked from."""

    __slots__ = ("ancestors", "entries", "token")

    def __init__(self, entries: list[FrozenObject], ancestors: tuple[tuple[object, int], ...] = ()) -> None:
        self.entries: Final = entries
        self.token: Final = object()
        """Stands for this list in the memory of its forks, which so keep no entries alive."""
        self.ancestors: Final = ancestors
        """Which lists it begins with, and how much of each."""

    def shared_with(self, other: _Log) -> int:
        """How many entries, from the first, are known to be those of ``other``."""
        if other is self:
            return len(self.entries)
        return max((length for token, length in self.ancestors if token is other.token), default=0)


@final
class ItemHistory(Sequence[FrozenObject]):  # noqa: PLW1641 - it equals lists, which have no hash either
    """An immutable sequence of frozen items. Compares equal to any list or tuple of equal items."""

    __slots__ = ("__weakref__", "_length", "_log")

    def __init__(self, items: Iterable[FrozenObject] = ()) -> None:
        self._log = _Log(list(items))
        self._length = len(self._log.entries)

    def __repr__(self) -> str:
        return f"<ItemHistory of {self._length} items>"

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, index: int) -> FrozenObject: ...
    @overload
    def __getitem__(self, index: slice) -> list[FrozenObject]: ...
    def __getitem__(self, index: int | slice) -> FrozenObject | list[FrozenObject]:
        if isinstance(index, slice):
            start, stop, step = index.indices(self._length)
            if step == 1:
                return self._log.entries[start:stop]
            return [self._log.entries[place] for place in range(start, stop, step)]
        if not -self._length <= index < self._length:
            raise IndexError(f"There is no item {index}: the history has {self._length}.")
        return self._log.entries[index if index >= 0 else index + self._length]

    def __iter__(self) -> Iterator[FrozenObject]:
        # What is in the list stays where it is, so nothing has to be copied to be iterated.
        return islice(self._log.entries, self._length)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, ItemHistory):
            return self._length == other._length and (self.grew_from(other) or list(self) == list(other))
        return list(self) == list(cast("Sequence[object]", other)) if isinstance(other, list | tuple) else NotImplemented

    def grown(self, items: Iterable[FrozenObject]) -> ItemHistory:
        """Return this history and ``items`` after it. This one stays what it is."""
        new = list(items)
        if not new:
            return self
        log = self._log
        if len(log.entries) != self._length:
            ancestors = [*log.ancestors, (log.token, self._length)]
            log = _Log(log.entries[: self._length], tuple((token, min(length, self._length)) for token, length in ancestors))
        log.entries.extend(new)
        return self._of(log, self._length + len(new))

    def first(self, count: int) -> ItemHistory:
        """Return the first ``count`` items, which this history grew from; all, if there are fewer."""
        return self if count >= self._length else self._of(self._log, count)

    def grew_from(self, earlier: ItemHistory) -> bool:
        """Whether this history is known to begin with ``earlier``. False says nothing: compare the items then."""
        return len(earlier) <= min(self._length, self._log.shared_with(earlier._log))

    @staticmethod
    def _of(log: _Log, length: int) -> ItemHistory:
        history = ItemHistory()
        history._log, history._length = log, length
        return history
