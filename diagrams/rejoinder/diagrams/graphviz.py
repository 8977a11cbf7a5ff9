"""Where everything stands: Graphviz is asked, as a program of its own.

Rules of this file
* Only ``dot`` is run, the program that Graphviz installs; it is given text and gives text, and touches no file of ours.
* What can go wrong (it is not installed, it fails, it hangs) is a ``GraphvizError`` with one line for the person who asked.
* A layout has its origin at the top left, in pixels, as SVG has.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any, Final, final

import attrs

__all__ = ["PROGRAM", "Curve", "GraphvizError", "Layout", "Point", "lay_out", "render", "version"]

PROGRAM: Final = "dot"
"""The program's name."""
PATIENCE: Final = 60
"""Seconds that it may take; our largest picture takes half of one."""
ABSENT: Final = (
    "Graphviz is not installed: there is no program named dot. Install it (apt-get install graphviz, or brew install graphviz), or"
    " ask for svg, mermaid, table, dot, scxml or json, which need nothing."
)
INCH: Final = 72

Point = tuple[float, float]
"""Pixels from the left, and from the top."""


@final
class GraphvizError(Exception):
    """Graphviz is not there, or could not do it. The message is one line, for the person who asked."""


@attrs.frozen
class Curve:
    """An arrow's way."""

    points: Sequence[Point]
    """The first is where it starts; then there are three for each Bézier curve."""
    tip: Point
    """Where its head points to."""
    label: Point | None
    """The middle of its label."""


@attrs.frozen
class Layout:
    """Where everything stands."""

    width: float
    """In pixels."""
    height: float
    """In pixels."""
    boxes: Mapping[str, Point]
    """The middle of each box, by its key."""
    curves: Mapping[str, Curve]
    """The arrows, by the ``id`` that each has in the text."""


def version() -> str:
    """The version of Graphviz, as ``2.43.0``. Raises ``GraphvizError`` if it is not there."""
    said = _run(["-V"], "")
    found = re.search(r"version (\d[\w.]*)", said.stderr.decode(errors="replace"))
    if found is None:
        raise GraphvizError(
            "The program named dot does not say which version of Graphviz it is. Install Graphviz, or put it first."
        )
    return found[1]


def render(text: str, form: str, *options: str) -> bytes:
    """The picture of a DOT text in one of Graphviz's formats. Raises ``GraphvizError``."""
    return _run([f"-T{form}", *options], text).stdout


def lay_out(text: str) -> Layout:
    """Where the boxes and arrows of a DOT text stand. Raises ``GraphvizError``."""
    graph: dict[str, Any] = json.loads(render(text, "json0"))
    _, _, width, height = (float(number) for number in graph["bb"].split(","))

    def point(pair: str) -> Point:
        x, y = pair.split(",")
        return round(float(x), 1), round(height - float(y), 1)

    boxes = {found["name"]: point(found["pos"]) for found in graph["objects"]}
    curves: dict[str, Curve] = {}
    for edge in graph["edges"]:
        end, *pairs = edge["pos"].split()
        label = point(edge["lp"]) if "lp" in edge else None
        curves[edge["id"]] = Curve([point(pair) for pair in pairs], point(end.removeprefix("e,")), label)
    return Layout(width, height, boxes, curves)


def _run(arguments: Sequence[str], text: str) -> subprocess.CompletedProcess[bytes]:
    program = shutil.which(PROGRAM)
    if program is None:
        raise GraphvizError(ABSENT)
    try:
        ended = subprocess.run(  # noqa: S603 - a program of a fixed name, with arguments of ours
            [program, *arguments], input=text.encode(), capture_output=True, timeout=PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        raise GraphvizError(f"Graphviz was not done after {PATIENCE} s and was stopped. Try again, or ask for dot.") from None
    except OSError as error:
        raise GraphvizError(f"Graphviz cannot be run ({error.strerror}). Check the program {program!r}.") from None
    if ended.returncode != 0:
        said = ended.stderr.decode(errors="replace").strip().splitlines()
        raise GraphvizError(
            f"Graphviz failed ({said[0] if said else ended.returncode}). Install another version of it, or ask for dot."
        )
    return ended
