"""The pictures that are kept: the files of ``diagrams/rendered``, and those in the README.

Rules of this file
* What is kept is what ``rejoinder draw`` prints, byte for byte; a test compares them. Layouts are kept, too (``layouts.py``), so
  this holds on machines without Graphviz.
* Of the README only what stands between ``<!-- diagram:NAME -->`` and ``<!-- /diagram:NAME -->`` is ours.
* Everything is drawn and found before anything is written: a refresh that fails has changed nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final, final

from rejoinder.states.chart import CHARTS
from rejoinder.states.trace import write_lines

from .example import HEADER, TITLE, interruption
from .highlight import follow
from .layouts import KEPT, keep_layouts
from .pictures import NAMES, Format, draw_picture
from .scenery import set_up
from .sequence import sequence
from .sequence_svg import draw_sequence_svg

__all__ = ["EXAMPLES", "FOLDER", "LAYOUTS", "README", "RENDERED", "NoPlaceError", "refresh", "show", "with_diagrams"]

FOLDER: Final = Path("diagrams", "rendered")
"""Where the files are, within a clone."""
README: Final = Path("README.md")
"""The text that shows the machines, within a clone."""
LAYOUTS: Final = Path("diagrams", "rejoinder", "diagrams", KEPT.name)
"""What Graphviz said, within a clone."""
ENDINGS: Final = {
    "svg": Format.SVG,
    "mmd": Format.MERMAID,
    "dot": Format.DOT,
    "scxml": Format.SCXML,
    "json": Format.JSON,
}
RENDERED: Final[Mapping[str, tuple[str, Format]]] = MappingProxyType(
    {f"{name}.{ending}": (name, form) for ending, form in ENDINGS.items() for name in CHARTS}
    | {f"{name}.md": (name, Format.TABLE) for name in NAMES}
)
"""The files in ``FOLDER``: which picture, in which format."""
EXAMPLES: Final[Mapping[str, Callable[[], str]]] = MappingProxyType(
    {
        "interruption.svg": lambda: draw_sequence_svg(interruption(), TITLE),
        "interruption.mmd": lambda: sequence(interruption(), TITLE),
        "interruption.trace.jsonl": lambda: "".join(write_lines(HEADER, interruption())),
        "interruption-response.svg": lambda: draw_picture("response", Format.SVG, follow(interruption())),
    }
)
"""What else is in ``FOLDER``: a short tale, for the documentation."""


@final
class NoPlaceError(Exception):
    """The pictures have no place to be put. The message is one line, for the person who asked."""


def with_diagrams(readme: str) -> str:
    """The text with every machine drawn anew between its markers.

    Raises ``NoPlaceError`` if a machine does not have one pair of markers.
    """
    for name in CHARTS:
        opening, closing = f"<!-- diagram:{name} -->\n", f"<!-- /diagram:{name} -->\n"
        before, opened, rest = readme.partition(opening)
        _, closed, after = rest.partition(closing)
        if not opened or not closed or opening in after or closing in before + after:
            raise NoPlaceError(
                f"{README} has no single place for the {name}. Put {opening.strip()} and {closing.strip()} on lines of their own."
            )
        readme = f"{before}{opening}{show(name)}{closing}{after}"
    return readme


def show(name: str) -> str:
    """The machine called ``name`` for the README: its picture, and where to find the rest."""
    picture, table = (FOLDER / f"{name}.{ending}" for ending in ("svg", "md"))
    chart = CHARTS[name]
    text = f"The {name} machine: {len(chart.table.phases)} phases, {len(chart.table.edges)} rows. The table says the same in words."
    return f"[![{text}]({picture.as_posix()})]({table.as_posix()})\n"


def refresh(clone: Path) -> tuple[Path, ...]:
    """Draw everything that is kept in ``clone`` anew; returns the files that were different before.

    Raises ``NoPlaceError`` if that folder is no clone, ``OSError`` if a file cannot be read or written, and ``GraphvizError`` if
    Graphviz is not installed.
    """
    if not ((clone / FOLDER).is_dir() and (clone / README).is_file() and (clone / LAYOUTS).is_file()):
        raise NoPlaceError(f"{str(clone)!r} holds no {FOLDER.as_posix()} and {README}. Name the top of a clone, or run this there.")
    texts = {clone / LAYOUTS: keep_layouts(set_up(chart) for chart in CHARTS.values())}
    texts |= {clone / FOLDER / file: draw() for file, draw in EXAMPLES.items()}
    texts |= {clone / FOLDER / file: draw_picture(name, form) for file, (name, form) in RENDERED.items()}
    texts[clone / README] = with_diagrams((clone / README).read_bytes().decode())
    changed = tuple(path for path, text in texts.items() if not path.is_file() or path.read_bytes() != text.encode())
    for path in changed:
        path.write_bytes(texts[path].encode())
    return changed
