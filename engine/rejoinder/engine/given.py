"""What a caller gave, before anybody has checked it: looked at without a guess, and named in errors without being quoted."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

__all__ = ["NOT_GIVEN", "NotGiven", "fields_of", "listed", "shown_type"]


class NotGiven(enum.Enum):
    """The type of ``NOT_GIVEN``."""

    NOT_GIVEN = "NOT_GIVEN"

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "NOT_GIVEN"


NOT_GIVEN: Final = NotGiven.NOT_GIVEN
"""Leave it as it is. Not the same as None, which takes a field out of the request, so that the server's default holds."""


def fields_of(value: object) -> Mapping[str, Any] | None:
    """Return ``value`` if it is a mapping, else None."""
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else None


def listed(value: object) -> Sequence[object] | None:
    """Return ``value`` if it is a list or a tuple, else None."""
    return cast("Sequence[object]", value) if isinstance(value, list | tuple) else None


def type_of(item: Mapping[str, Any]) -> str:
    """Return the ``type`` of an item or part, which may be anything where it came from outside; empty if it is no string."""
    kind = item.get("type")
    return kind if isinstance(kind, str) else ""


def shown_type(value: object) -> str:
    """Return the name of the type of ``value``, as ``a str``."""
    return f"a {type(value).__name__}"
