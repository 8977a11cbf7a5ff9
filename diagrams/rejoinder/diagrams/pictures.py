"""Every picture by name, in every format: what ``rejoinder draw`` prints.

Rules of this file
* A picture on its own is only itself, ready for a file of its kind. All of them together, or one within a text, are Markdown; in
  DOT and in JSON they are one text of that kind; in the other formats they are several files, and cannot be had as one.
* The classification is a table: it has that form and JSON, and no picture.
* Whoever asks for what there is not is told, in one line, what there is.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from enum import StrEnum, unique
from types import MappingProxyType
from typing import Final, final

from rejoinder.states.chart import CHARTS, Chart

from .dot import draw_dot
from .graphviz import render
from .highlight import Path
from .interchange import draw_classification_json, draw_json, draw_scxml
from .mermaid import draw_mermaid, explain
from .scenery import Scenery, set_up
from .svg import draw_svg
from .tables import draw_classification, draw_table

__all__ = [
    "ALL",
    "CLASSIFICATION_NAME",
    "HIGHLIGHTING",
    "NAMES",
    "SEPARATE",
    "SUFFIXES",
    "Format",
    "Paths",
    "UnknownPictureError",
    "draw_picture",
    "draw_png",
    "illustrate",
]

ALL: Final = "all"
"""The name that stands for all pictures."""
CLASSIFICATION_NAME: Final = "classification"
"""The name of the classification table."""
NAMES: Final = (*CHARTS, CLASSIFICATION_NAME)
"""What can be drawn one by one."""
LINE: Final = 120
SHARPNESS: Final = 144
"""Dots to an inch of a PNG: twice what a picture is laid out in."""

Paths = Mapping[str, Path]
"""For each machine, by name, what of it a trace went through."""


@unique
class Format(StrEnum):
    """What a picture is written in."""

    SVG = "svg"
    """A picture for pages, light or dark. Needs Graphviz only for a table that has changed."""
    PNG = "png"
    """A picture for everything else, light. Needs Graphviz."""
    MERMAID = "mermaid"
    """A Mermaid state diagram, which many code hosts show as a picture."""
    DOT = "dot"
    """A graph for Graphviz and its relatives."""
    TABLE = "table"
    """Markdown tables."""
    SCXML = "scxml"
    """State Chart XML, for tools that read it."""
    JSON = "json"
    """Everything that the tables say, for programs."""


SUFFIXES: Final[Mapping[str, Format]] = MappingProxyType(
    {
        ".svg": Format.SVG,
        ".png": Format.PNG,
        ".mmd": Format.MERMAID,
        ".dot": Format.DOT,
        ".gv": Format.DOT,
        ".md": Format.TABLE,
        ".scxml": Format.SCXML,
        ".json": Format.JSON,
    }
)
"""What a file is written in whose name ends so."""
SEPARATE: Final = frozenset({Format.SVG, Format.PNG, Format.SCXML})
"""The formats in which each machine has a file of its own."""
HIGHLIGHTING: Final = frozenset({Format.SVG, Format.PNG, Format.DOT})
"""The formats that can show what a trace went through."""


@final
class UnknownPictureError(ValueError):
    """There is no picture of that name, or not in that format. The message is one line, for the person who asked."""


def draw_picture(name: str = ALL, form: str | None = None, paths: Paths | None = None) -> str:
    """The picture called ``name``, ending in a newline. Without ``form``: Mermaid for whatever has it, else a table.

    ``paths`` is what a trace went through; the rest is drawn faintly. Raises ``UnknownPictureError`` for a name or a form that
    there is not, and ``GraphvizError`` if it needs Graphviz and that cannot help. A PNG is no text: ``draw_png``.
    """
    form = _checked(name, form, paths)
    if name == CLASSIFICATION_NAME:
        return draw_classification_json() if form is Format.JSON else draw_classification()
    if form is Format.PNG:
        raise UnknownPictureError("A PNG is no text. Ask draw_png for it, or name svg.")
    if name != ALL:
        return _draw(CHARTS[name], form, paths)
    if form is Format.JSON:
        return draw_json(CHARTS.values())
    if form is Format.DOT:
        return "\n".join(_draw(chart, form, paths) for chart in CHARTS.values())
    return "\n".join([*(_section(machine, form) for machine in CHARTS), draw_classification()])


def draw_png(name: str, paths: Paths | None = None) -> bytes:
    """The machine called ``name`` as a PNG. Raises as ``draw_picture``."""
    _checked(name, Format.PNG, paths)
    scenery, phases = _scenery(CHARTS[name], paths)
    return render(draw_dot(scenery, phases), "png", f"-Gdpi={SHARPNESS}")


def illustrate(name: str) -> str:
    """The machine called ``name`` for a Markdown text: its Mermaid picture, and below it what the signs mean."""
    chart = CHARTS[name]
    return f"```mermaid\n{draw_mermaid(chart)}```\n\n{textwrap.fill(explain(chart), LINE)}\n"


def _checked(name: str, form: str | None, paths: Paths | None) -> Format | None:
    if name not in (*NAMES, ALL):
        raise UnknownPictureError(f"There is no picture of {name!r}. Name one of {_either(*NAMES, ALL)}.")
    if form is not None and form not in tuple(Format):
        raise UnknownPictureError(f"There is no format {form!r}. Name {_either(*Format)}.")
    wanted = None if form is None else Format(form)
    if name == CLASSIFICATION_NAME and wanted not in {None, Format.TABLE, Format.JSON}:
        raise UnknownPictureError(f"The classification has no {wanted} form. Leave --format out, or name table or json.")
    if name == ALL and wanted in SEPARATE:
        raise UnknownPictureError(
            f"Each machine has a file of its own in {wanted}. Name one of {_either(*CHARTS)}, or a folder with -o."
        )
    if paths is not None and wanted not in HIGHLIGHTING:
        raise UnknownPictureError(f"A trace can be shown in {_either(*sorted(HIGHLIGHTING))} only. Name one of them with --format.")
    return wanted


def _draw(chart: Chart, form: Format | None, paths: Paths | None) -> str:
    scenery, phases = _scenery(chart, paths)
    match form:
        case Format.SVG:
            return draw_svg(scenery, phases)
        case Format.DOT:
            return draw_dot(scenery, phases)
        case Format.TABLE:
            return draw_table(chart)
        case Format.SCXML:
            return draw_scxml(chart)
        case Format.JSON:
            return draw_json([chart])
        case _:
            return draw_mermaid(chart)


def _scenery(chart: Chart, paths: Paths | None) -> tuple[Scenery, frozenset[str] | None]:
    if paths is None:
        return set_up(chart), None
    path = paths[chart.table.name]
    return set_up(chart, path.rows), frozenset(path.phases)


def _section(machine: str, form: Format | None) -> str:
    return draw_picture(machine, form) if form is Format.TABLE else f"## The {machine}\n\n{illustrate(machine)}"


def _either(*names: str) -> str:
    *first, last = names
    return f"{', '.join(first)} or {last}"
