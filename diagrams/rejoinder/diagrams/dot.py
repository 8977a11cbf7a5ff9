"""A chart as DOT, the language of Graphviz (https://graphviz.org/doc/info/lang.html).

Rules of this file
* ``draw_dot`` is for people and for their tools: the text of boxes and labels is in it, in the colours for a light page.
* ``draw_frame`` is for the layout alone (``graphviz.py``): boxes and labels are empty and have the sizes of ``scenery.py``, so
  that a layout depends on Graphviz and not on the fonts that it finds.
* The same chart gives the same text, byte for byte.

Written here rather than with a library: it is a page, and each library for it would be a dependency of everybody.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Final

from .causes import INKS
from .colours import COLOURS, PAGES
from .scenery import LETTERS, NAME_LETTERS, Arrow, Box, Scenery

__all__ = ["START", "draw_dot", "draw_frame"]

START: Final = "start"
"""The name of the dot where a machine begins."""
INCH: Final = 72
"""Graphviz takes the sizes of boxes in inches, and those of labels in points. A point is drawn as a pixel."""
TEXT: Final = "#1f2328"
FAINT: Final = "#59636e"
GRAPH: Final = "rankdir=TB, nodesep=0.1, ranksep=0.28, mclimit=30"
"""Found by looking: as narrow as it gets without labels that touch."""
HEAD: Final = 'fontname="Helvetica,Arial,sans-serif"'


def draw_dot(scenery: Scenery, phases: frozenset[str] | None = None) -> str:
    """The text of a DOT file, ending in a newline. What a trace did not go through (other than ``phases``) is drawn faintly."""
    return "".join(f"{line}\n" for line in _shown(scenery, phases))


def draw_frame(scenery: Scenery) -> str:
    """The text of a DOT file in which everything is empty and has its size."""
    return "".join(f"{line}\n" for line in _sized(scenery))


def _shown(scenery: Scenery, phases: frozenset[str] | None) -> Iterator[str]:
    name = scenery.table.name
    yield f"// The {name} machine, drawn from the table that runs. A change made here is lost."
    yield f'digraph "{name}" {{'
    yield f'  graph [{GRAPH}, bgcolor="{PAGES["light"]}", pad=0.15, {HEAD}]'
    yield f'  node [shape=box, style="filled,rounded", margin="0.1,0.05", height=0.3, width=0.3, {HEAD}, fontsize={LETTERS:g}]'
    yield f"  edge [arrowsize=0.8, {HEAD}, fontsize={LETTERS:g}]"
    yield f'  "{START}" [shape=point, width=0.14, height=0.14, color="{TEXT}"]'
    for box in scenery.boxes:
        yield f'  "{box.key}" [{_box(box, faint=_is_faint(box, scenery, phases))}]'
    yield f'  "{START}" -> "{scenery.table.initial}" [color="{TEXT}"]'
    for arrow in scenery.arrows:
        yield f'  "{arrow.source}" -> "{arrow.target}" [{_arrow(arrow, highlit=phases is not None)}]'
    yield "}"


def _is_faint(box: Box, scenery: Scenery, phases: frozenset[str] | None) -> bool:
    if phases is None:
        return False
    if box.small:
        return not any(arrow.times for arrow in scenery.arrows if arrow.target == box.key)
    return box.phase not in phases


def _box(box: Box, *, faint: bool) -> str:
    colours = COLOURS[box.role]
    fill, text = (PAGES["light"], colours.fill) if faint else (colours.fill, colours.text)
    size = LETTERS if box.small else NAME_LETTERS
    rows = [f'<FONT POINT-SIZE="{size:g}"><B>{escape(box.phase)}</B></FONT>']
    for line in box.lines:
        english = f"<I>{escape(line.english)}</I> " if line.english else ""
        rows.append(f"{english}{escape(line.names)}")
    return f'fillcolor="{fill}", color="{colours.fill}", fontcolor="{text}", label={_cells(rows)}'


def _arrow(arrow: Arrow, *, highlit: bool) -> str:
    ink = INKS[arrow.cause]
    colour, width = ink.light, ink.width
    if highlit:
        colour, width = (colour, width + 1.5) if arrow.times else (FAINT, 0.7)
    label = _cells([escape(line) for line in arrow.lines])
    return f'color="{colour}", fontcolor="{colour}", style={ink.line}, penwidth={width:g}, label={label}'


def _cells(rows: list[str]) -> str:
    body = "".join(f"<TR><TD>{row}</TD></TR>" for row in rows)
    return f'<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="1">{body}</TABLE>>'


def _sized(scenery: Scenery) -> Iterator[str]:
    yield "digraph {"
    yield f"  graph [{GRAPH}]"
    yield '  node [shape=box, fixedsize=true, label=""]'
    yield "  edge [arrowsize=0.8]"
    yield f'  "{START}" [shape=point, width=0.14, height=0.14]'
    for box in scenery.boxes:
        yield f'  "{box.key}" [width={box.width / INCH:.4f}, height={box.height / INCH:.4f}]'
    yield f'  "{START}" -> "{scenery.table.initial}" [id="{START}"]'
    for arrow in scenery.arrows:
        size = f'FIXEDSIZE="TRUE" WIDTH="{arrow.width:g}" HEIGHT="{arrow.height:g}"'
        label = f'<<TABLE BORDER="0" CELLBORDER="0" CELLPADDING="0" CELLSPACING="0" {size}><TR><TD></TD></TR></TABLE>>'
        yield f'  "{arrow.source}" -> "{arrow.target}" [id="{arrow.key}", label={label}]'
    yield "}"
