"""What a caller gave, before anybody has checked it: looked at without a guess, and named in errors without being quoted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

__all__ = ["fields_of", "listed", "shown_type"]


def fields_of(value: object) -> Mapping[str, Any] | None:
    """Return ``value`` if it is a mapping, else None."""
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else None


def listed(value: object) -> Sequence[object] | None:
    """Return ``value`` if it is a list or a tuple, else None."""
    return cast("Sequence[object]", value) if isinstance(value, list | tuple) else None


def shown_type(value: object) -> str:
    """Return the name of the type of ``value``, as ``a str``."""
    return f"a {type(value).__name__}"
