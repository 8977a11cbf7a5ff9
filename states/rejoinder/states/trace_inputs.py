"""Inputs in a trace: what a create repeats of an earlier one is named there, and not written again.

A conversation is asked for with all of its items, turn after turn. In a trace a turn costs what is new in it:

    {"is": "Create", "request": 7, "content": {"items": [what is new], "after": {"request": 6, "items": 11}}}

says that the items of request 7 are the first 11 of request 6, and behind them what is new.

Rules of this file
* Only histories are written so: of them it is known what they grew from, without looking at an item.
* The latest ``KEPT`` creates of a trace may be named, by the number of their request; of several with one number, the latest.
  Writer and reader keep the same ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, final

import attrs

from .events import Create
from .frozen_json import freeze_object
from .item_history import ItemHistory

__all__ = ["KEPT", "After", "Missing", "ReadInputs", "WrittenInputs"]

KEPT: Final = 256
"""How many creates may be named: more than all lanes of several links continue."""

Items = Sequence[Mapping[str, Any]]


class Missing(Exception):
    """A create names one that is not among the latest before it, or more items than that one has."""


@attrs.frozen
class After:
    """What comes first in an input."""

    request: int
    """The items of the create of this request,"""
    items: int
    """the first so many of them."""


@final
class WrittenInputs:
    """What a trace holds of inputs, for whoever writes it."""

    def __init__(self) -> None:
        self._histories: dict[int, ItemHistory] = {}

    def shortened(self, event: Create) -> tuple[Create, After | None]:
        """Return the create with what is new in it alone, and what comes before that; the create itself, if all of it is new."""
        items = event.content.items
        if not isinstance(items, ItemHistory):
            return event, None
        grown_from = {request: len(earlier) for request, earlier in self._histories.items() if items.grew_from(earlier)}
        request = max(grown_from, key=lambda request: grown_from[request], default=0)
        count = grown_from.get(request, 0)
        if not count:
            return event, None
        return attrs.evolve(event, content=attrs.evolve(event.content, items=items[count:])), After(request, count)

    def wrote(self, event: Create) -> None:
        """The create is in the trace now."""
        items = event.content.items
        _keep(self._histories, event.request, items if isinstance(items, ItemHistory) else ItemHistory())


@final
class ReadInputs:
    """What a trace held of inputs so far, for whoever reads it."""

    def __init__(self) -> None:
        self._inputs: dict[int, Items] = {}

    def whole(self, event: Create, after: After | None) -> Create:
        """Return the create with all of its items.

        Raises:
            Missing: what comes ``after`` is not there.
            NotSerialisable: an item is nested too deeply to be one.
        """
        if after is not None:
            earlier = self._inputs.get(after.request, ())
            if not 0 < after.items <= len(earlier):
                raise Missing
            if not isinstance(earlier, ItemHistory):
                earlier = self._inputs[after.request] = ItemHistory(freeze_object(item) for item in earlier)
            items = earlier.first(after.items).grown(freeze_object(item) for item in event.content.items)
            event = attrs.evolve(event, content=attrs.evolve(event.content, items=items))
        _keep(self._inputs, event.request, event.content.items)
        return event


def _keep(inputs: dict[int, Any], request: int, items: Items) -> None:
    inputs.pop(request, None)
    inputs[request] = items
    if len(inputs) > KEPT:
        del inputs[next(iter(inputs))]
