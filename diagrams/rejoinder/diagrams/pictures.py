"""Every picture by name, in every format: what ``rejoinder draw`` prints.

Rules of this file
* A picture on its own is only itself, ready for a file of its kind. All of them together, or one within a text, are Markdown.
* The classification is a table and has no Mermaid form.
* Whoever asks for what there is not is told, in one line, what there is.
"""

from __future__ import annotations

import textwrap
from enum import StrEnum, unique
from typing import Final, final

from rejoinder.states.chart import CHARTS

from .mermaid import draw_mermaid, explain
from .tables import draw_classification, draw_table

__all__ = ["ALL", "CLASSIFICATION_NAME", "NAMES", "Format", "UnknownPictureError", "draw_picture", "illustrate"]

ALL: Final = "all"
"""The name that stands for all pictures."""
CLASSIFICATION_NAME: Final = "classification"
"""The name of the classification table."""
NAMES: Final = (*CHARTS, CLASSIFICATION_NAME)
"""What can be drawn one by one."""
LINE: Final = 120


@unique
class Format(StrEnum):
    """What a picture is written in."""

    MERMAID = "mermaid"
    """A Mermaid state diagram."""
    TABLE = "table"
    """Markdown tables."""


@final
class UnknownPictureError(ValueError):
    """There is no picture of that name, or not in that format. The message is one line, for the person who asked."""


def draw_picture(name: str = ALL, form: str | None = None) -> str:
    """The picture called ``name``, ending in a newline. Without ``form``: Mermaid for whatever has it, else a table.

    Raises ``UnknownPictureError`` for a name or a form that there is not.
    """
    if name not in (*NAMES, ALL):
        raise UnknownPictureError(f"There is no picture of {name!r}. Name one of {_either(*NAMES, ALL)}.")
    if form is not None and form not in tuple(Format):
        raise UnknownPictureError(f"There is no format {form!r}. Name {_either(*Format)}.")
    if name == ALL:
        return "\n".join([*(_section(machine, form) for machine in CHARTS), draw_classification()])
    if name == CLASSIFICATION_NAME:
        if form == Format.MERMAID:
            raise UnknownPictureError("The classification has no Mermaid form. Leave --format out, or name table.")
        return draw_classification()
    return draw_table(CHARTS[name]) if form == Format.TABLE else draw_mermaid(CHARTS[name])


def illustrate(name: str) -> str:
    """The machine called ``name`` for a Markdown text: its Mermaid picture, and below it what the signs mean."""
    chart = CHARTS[name]
    return f"```mermaid\n{draw_mermaid(chart)}```\n\n{textwrap.fill(explain(chart), LINE)}\n"


def _section(machine: str, form: str | None) -> str:
    return draw_picture(machine, form) if form == Format.TABLE else f"## The {machine}\n\n{illustrate(machine)}"


def _either(*names: str) -> str:
    *first, last = names
    return f"{', '.join(first)} or {last}"
