"""Watching what is looked at: every way to read a frozen item, and every way to walk through a history.

Whatever begins to do something with each item of the past makes the numbers grow, so a test that compares those of a short and of a
long conversation fails.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Any, Final, cast, final

import pytest

from rejoinder.states import frozen_json, json_values
from rejoinder.states.frozen_json import FrozenObject
from rejoinder.states.item_history import ItemHistory

__all__ = ["Watched", "watching"]

READERS: Final = ("__eq__", "__getitem__", "__iter__", "__contains__", "get", "items", "keys", "values", "copy", "written")
"""All ways to look at an item."""


@final
class Watched:
    """What was looked at while it watched."""

    def __init__(self) -> None:
        self.items: set[int] = set()
        """The items that were looked at."""
        self.calls: Counter[str] = Counter()
        """How often, by which way."""
        self.walked = 0
        """Items that were walked over in histories, whether looked at or not."""


@contextmanager
def watching() -> Generator[Watched]:
    """Watch all frozen items and histories for the length of the block."""
    watched = Watched()
    with pytest.MonkeyPatch.context() as patch:
        for name in READERS:
            patch.setattr(FrozenObject, name, _noting(watched, name))
        take = cast("Callable[[ItemHistory, Any], Any]", ItemHistory.__getitem__)
        walk, freeze = ItemHistory.__iter__, json_values.frozen_copy

        def noted_take(history: ItemHistory, index: Any) -> Any:  # noqa: ANN401 - an index or a slice
            taken: Any = take(history, index)
            watched.walked += len(taken) if isinstance(index, slice) else 1
            return taken

        def noted_walk(history: ItemHistory) -> Iterator[FrozenObject]:
            for item in walk(history):
                watched.walked += 1
                yield item

        def noted_freeze(*given: Any) -> Any:  # noqa: ANN401 - as it is given
            watched.calls["frozen"] += 1
            return freeze(*given)

        patch.setattr(ItemHistory, "__getitem__", noted_take)
        patch.setattr(ItemHistory, "__iter__", noted_walk)
        patch.setattr(frozen_json, "frozen_copy", noted_freeze)
        yield watched


def _noting(watched: Watched, name: str) -> Callable[..., Any]:
    original = getattr(FrozenObject, name)

    def noted(item: FrozenObject, *given: Any) -> Any:  # noqa: ANN401 - as it is given
        watched.items.add(id(item))
        watched.calls[name] += 1
        return original(item, *given)

    return noted
