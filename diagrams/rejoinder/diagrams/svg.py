"""A chart as SVG: laid out by Graphviz, drawn here.

Rules of this file
* The same chart and the same version of Graphviz give the same text, byte for byte; the version is in it. No font is asked.
* It stands on a page of its own, light or dark as its reader prefers, so that no page around it can spoil its contrast; it is
  light in print.
* Words of English are in italics, names of the API upright. Letters have at least 11 pixels when the picture is 900 pixels wide.
* Every box and every arrow says what it is, in a title and in ``data-`` fields: for those who cannot see it, and for the viewer.
* Colours say nothing that is not written, too; causes have lines of their own kind.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from typing import Final

from .causes import INKS
from .colours import COLOURS, PAGES, Colours, Role
from .dot import START
from .graphviz import Curve, Layout, Point
from .layouts import find_layout
from .lettering import width_of
from .scenery import LETTERS, LINE_HEIGHT, NAME_HEIGHT, NAME_LETTERS, Arrow, Box, Scenery, explain

__all__ = ["FAINT", "TEXTS", "draw_svg", "head", "machine_group", "style"]

MARGIN: Final = 14.0
BASELINE: Final = 0.34
"""From the middle of a line down to where its letters stand, in their size."""
HEAD: Final = (9.0, 3.6)
"""The length of an arrow's head, and half its width."""
TEXTS: Final = {"light": "#1f2328", "dark": "#e6edf3"}
"""What is written on each page."""
FAINT: Final = {"light": "#59636e", "dark": "#9198a1"}
"""What a trace did not go through, on each page."""
SWATCH: Final = 26.0
"""The room of a colour in the legend."""
FULL: Final = 0.85
"""How full a line of the legend may be, so that it fits in a wider font, too."""
LEAST_WIDTH: Final = 560.0
"""What the legend needs."""


def draw_svg(scenery: Scenery, phases: frozenset[str] | None = None) -> str:
    """The text of an SVG file, ending in a newline.

    What a trace did not go through (other than ``phases``) is drawn faintly. Raises ``GraphvizError``.
    """
    return "".join(f"{line}\n" for line in _document(scenery, *find_layout(scenery), phases))


def _document(scenery: Scenery, layout: Layout, laid_out_by: str, phases: frozenset[str] | None) -> Iterator[str]:
    name = scenery.table.name
    explanation = explain(scenery, highlit=phases is not None)
    legend = list(_legend(scenery, explanation, max(layout.width, LEAST_WIDTH)))
    width = round(max(layout.width, LEAST_WIDTH) + 2 * MARGIN)
    height = round(layout.height + LINE_HEIGHT * 1.25 * (len(legend) + 0.5) + 2 * MARGIN)
    yield f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img"'
    yield f'  aria-labelledby="{name}-title {name}-desc" font-family="Helvetica, Arial, Liberation Sans, sans-serif">'
    yield f"<!-- Drawn from the table that runs, by rejoinder draw {name}; laid out by Graphviz {laid_out_by}. -->"
    yield f'<title id="{name}-title">The {name} machine</title>'
    rows = len(scenery.table.edges)
    yield (
        f'<desc id="{name}-desc">{len(scenery.table.phases)} phases, {rows} rows.'
        f" In words: rejoinder draw {name} --format table. {escape(explanation)}</desc>"
    )
    yield f"<style>{style()}</style>"
    yield f'<rect class="page" width="{width}" height="{height}"/>'
    left = (width - layout.width) / 2
    yield f'<g transform="translate({left:g} {MARGIN:g})">'
    yield from machine_group(scenery, layout, phases)
    yield "</g>"
    y = layout.height + MARGIN + LINE_HEIGHT
    for row in legend:
        yield f'<g transform="translate({MARGIN:g} {y:g})">{row}</g>'
        y += LINE_HEIGHT * 1.25
    yield "</svg>"


def style() -> str:
    """The style of everything that ``machine_group`` draws, for light pages, dark pages, and print."""
    both = [
        f"text{{font-size:{LETTERS:g}px}}",
        f".name{{font-size:{NAME_LETTERS:g}px;font-weight:bold}}",
        f".small .name{{font-size:{LETTERS:g}px}}",
        ".english{font-style:italic}",
        ".arrow path{fill:none}",
        *(
            f".{role} rect{{fill:{colours.fill};stroke:{colours.fill}}}.{role} text{{fill:{colours.text}}}"
            for role, colours in _roles()
        ),
        *(f".{cause} path{{stroke-width:{ink.width:g};stroke-dasharray:{ink.dashes or 'none'}}}" for cause, ink in INKS.items()),
        *(f".taken.{cause} path{{stroke-width:{ink.width + 1.5:g}}}" for cause, ink in INKS.items()),
        ".taken text{font-weight:bold}",
        ".arrow.untaken path{stroke-width:0.7}",
    ]
    light, dark = list(_page("light")), list(_page("dark"))
    return "".join([*both, *light, "@media (prefers-color-scheme:dark){", *dark, "}@media print{", *light, "}"])


def _roles() -> Iterable[tuple[Role, Colours]]:
    return COLOURS.items()


def _page(page: str) -> Iterator[str]:
    yield f".page{{fill:{PAGES[page]}}}.start,.legend{{fill:{TEXTS[page]}}}.start-line{{stroke:{TEXTS[page]}}}"
    for cause, ink in INKS.items():
        colour = ink.light if page == "light" else ink.dark
        yield f".{cause} path{{stroke:{colour}}}.{cause} polygon,.{cause} text{{fill:{colour}}}"
    yield f".arrow text,.legend{{paint-order:stroke;stroke:{PAGES[page]};stroke-width:3px;stroke-linejoin:round}}"
    yield f".arrow.untaken path{{stroke:{FAINT[page]}}}.arrow.untaken polygon,.arrow.untaken text{{fill:{FAINT[page]}}}"
    yield f".phase.untaken rect{{fill:{PAGES[page]}}}.phase.untaken text{{fill:{TEXTS[page]}}}"


def machine_group(scenery: Scenery, layout: Layout, phases: frozenset[str] | None = None) -> Iterator[str]:
    """Yield the drawing itself, without page, style and legend."""
    start = layout.curves[START]
    x, y = layout.boxes[START]
    yield f'<circle class="start" cx="{x:g}" cy="{y:g}" r="5"/>'
    yield f'<path class="start-line" fill="none" d="{_way(start)}"/><polygon class="start" points="{head(start)}"/>'
    for arrow in scenery.arrows:
        yield from _arrow(scenery, arrow, layout.curves[arrow.key], highlit=phases is not None)
    for box in scenery.boxes:
        yield from _box(scenery, box, layout.boxes[box.key], phases)


def _arrow(scenery: Scenery, arrow: Arrow, curve: Curve, *, highlit: bool) -> Iterator[str]:
    target = next(box.phase for box in scenery.boxes if box.key == arrow.target)
    mark = "" if not highlit else " taken" if arrow.times else " untaken"
    events = " ".join(arrow.events)
    yield f'<g class="arrow {arrow.cause}{mark}" data-source="{arrow.source}" data-target="{target}" data-events="{events}">'
    times = f" Taken: {arrow.times}." if highlit else ""
    yield f"<title>{arrow.source} → {target}, by the {arrow.cause}: {', '.join(arrow.events)}.{times}</title>"
    yield f'<path d="{_way(curve)}"/><polygon points="{head(curve)}"/>'
    if curve.label is not None:
        x, middle = curve.label
        top = middle - LINE_HEIGHT * (len(arrow.lines) - 1) / 2 + BASELINE * LETTERS
        for index, line in enumerate(arrow.lines):
            yield f'<text x="{x:g}" y="{top + index * LINE_HEIGHT:g}" text-anchor="middle">{escape(line)}</text>'
    yield "</g>"


def _box(scenery: Scenery, box: Box, middle: Point, phases: frozenset[str] | None) -> Iterator[str]:
    x, y = middle
    taken = phases is None or (
        any(arrow.times for arrow in scenery.arrows if arrow.target == box.key) if box.small else box.phase in phases
    )
    mark = f"{' small' if box.small else ''}{'' if taken else ' untaken'}"
    left, top = x - box.width / 2, y - box.height / 2
    beside = f' data-beside="{box.beside}"' if box.small else ""
    yield f'<g class="phase {box.role}{mark}" data-phase="{box.phase}"{beside}>'
    told = [f"{box.phase}, {box.role}", *box.folded]
    yield f"<title>{escape(chr(10).join(told))}</title>"
    yield f'<rect x="{left:g}" y="{top:g}" width="{box.width:g}" height="{box.height:g}" rx="8" stroke-width="2"/>'
    size = LETTERS if box.small else NAME_LETTERS
    line = top + NAME_HEIGHT / 2 + (0 if box.small else 2) + BASELINE * size
    yield f'<text class="name" x="{x:g}" y="{line:g}" text-anchor="middle">{escape(box.phase)}</text>'
    for number, words in enumerate(box.lines):
        line = top + NAME_HEIGHT + LINE_HEIGHT * (number + 0.5) + BASELINE * LETTERS
        english = f'<tspan class="english">{escape(words.english)}</tspan> ' if words.english else ""
        yield f'<text x="{x:g}" y="{line:g}" text-anchor="middle">{english}{escape(words.names)}</text>'
    yield "</g>"


def _legend(scenery: Scenery, explanation: str, width: float) -> Iterator[str]:
    """What the colours and signs mean: a row each, from 0, 0."""
    parts: list[str] = []
    x = 0.0
    for role in scenery.roles:
        parts.append(f'<g class="phase {role}"><rect x="{x:g}" y="-7" width="{SWATCH - 8:g}" height="14" rx="4"/></g>')
        parts.append(_words(x + SWATCH, role))
        x += SWATCH + width_of(role, LETTERS) + 18
    yield "".join(parts)
    parts, x = [], 0.0
    for cause in scenery.causes:
        parts.append(f'<g class="arrow {cause}"><path d="M{x:g} 0H{x + SWATCH + 8:g}"/></g>')
        parts.append(_words(x + SWATCH + 14, f"by the {cause}"))
        x += SWATCH + 14 + width_of(f"by the {cause}", LETTERS) + 18
    yield "".join(parts)
    line = ""
    for word in explanation.split():
        if line and width_of(f"{line} {word}", LETTERS) > width * FULL:
            yield _words(0, line)
            line = word
        else:
            line = f"{line} {word}".strip()
    if line:
        yield _words(0, line)


def _words(x: float, text: str) -> str:
    return f'<text class="legend english" x="{x:g}" y="{BASELINE * LETTERS:g}">{escape(text)}</text>'


def _way(curve: Curve) -> str:
    (x, y), *rest = curve.points
    curves = [rest[index : index + 3] for index in range(0, len(rest), 3)]
    return f"M{x:g} {y:g}" + "".join(f"C{' '.join(f'{a:g} {b:g}' for a, b in curve)}" for curve in curves)


def head(curve: Curve) -> str:
    """The corners of an arrow's head, the tip first."""
    (x, y), (to_x, to_y) = curve.points[-1], curve.tip
    across, down = to_x - x, to_y - y
    length = (across**2 + down**2) ** 0.5 or 1.0
    across, down = across / length, down / length
    long, half = HEAD
    back = (to_x - across * long, to_y - down * long)
    corners = [curve.tip, (back[0] - down * half, back[1] + across * half), (back[0] + down * half, back[1] - across * half)]
    return " ".join(f"{a:.1f},{b:.1f}" for a, b in corners)
