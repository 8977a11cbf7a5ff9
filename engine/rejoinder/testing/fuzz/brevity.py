"""Settings of a program shown in few words: only what is not as usual, in the form that Python reads.

Rule of this file: a failing program is read by people; twelve defaults in it hide the one thing that matters.
"""

from __future__ import annotations

from enum import Enum
from typing import Any, Protocol

import attrs

__all__ = ["Brief"]


class Printer(Protocol):
    """What Hypothesis prints a failing program with."""

    def text(self, text: str, /) -> None:
        """Print some text."""
        ...


class Brief:
    """A base for ``attrs`` values with ``repr=False``: shows the fields that differ from their defaults."""

    __slots__ = ()

    def __repr__(self) -> str:
        fields: tuple[attrs.Attribute[Any], ...] = attrs.fields(type(self))  # type: ignore[arg-type]
        told = [(field.name, getattr(self, field.name)) for field in fields if getattr(self, field.name) != field.default]
        return f"{type(self).__name__}({', '.join(f'{name}={_brief(value)}' for name, value in told)})"

    def _repr_pretty_(self, printer: Printer, cycle: bool) -> None:  # noqa: FBT001 - Hypothesis calls it so
        del cycle
        printer.text(repr(self))


def _brief(value: object) -> str:
    if isinstance(value, Enum):
        return f"{type(value).__name__}.{value.name}"
    if isinstance(value, tuple):
        inner: list[str] = [_brief(each) for each in value]  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
        return f"({', '.join(inner)}{',' if len(inner) == 1 else ''})"
    return repr(value)
