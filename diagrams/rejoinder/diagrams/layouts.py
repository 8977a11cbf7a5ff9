"""The layouts of the machines as they are, kept beside this file, so that whoever draws them needs no Graphviz.

Rules of this file
* A layout is kept under the digest of the text that it was asked for: a table that has changed has none, and Graphviz is asked
  again.
* ``python -m rejoinder.diagrams`` keeps them; a test asks Graphviz for them again, where it is of the version that is named here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from .dot import draw_frame
from .graphviz import Curve, Layout, Point, lay_out, version
from .scenery import Scenery

__all__ = ["KEPT", "find_layout", "keep_layouts", "read_kept"]

KEPT: Final = Path(__file__).with_name("layouts.json")
"""The file."""


def find_layout(scenery: Scenery) -> tuple[Layout, str]:
    """Where everything of the picture stands, and the version of Graphviz that says so.

    Raises ``GraphvizError`` if it is not kept and Graphviz cannot help.
    """
    frame = draw_frame(scenery)
    kept = read_kept()
    plain = kept["layouts"].get(_digest(frame))
    if plain is not None:
        return _from_plain(plain), kept["graphviz"]
    return lay_out(frame), version()


def keep_layouts(sceneries: Iterable[Scenery]) -> str:
    """The text of the file for these pictures, ending in a newline. Raises ``GraphvizError`` if it needs Graphviz in vain."""
    frames = {_digest(frame): frame for frame in map(draw_frame, sceneries)}
    kept = read_kept()
    if set(frames) == set(kept["layouts"]):
        return _text(kept)
    return _text({"graphviz": version(), "layouts": {digest: _to_plain(lay_out(frame)) for digest, frame in frames.items()}})


@cache
def read_kept() -> dict[str, Any]:
    """What the file holds: the version of Graphviz, and each layout by its digest."""
    kept: dict[str, Any] = json.loads(KEPT.read_text("ascii"))
    return kept


def _digest(frame: str) -> str:
    return sha256(frame.encode()).hexdigest()


def _text(kept: dict[str, Any]) -> str:
    return json.dumps(kept, indent=1) + "\n"


def _to_plain(layout: Layout) -> dict[str, Any]:
    return {
        "size": [layout.width, layout.height],
        "boxes": {key: list(middle) for key, middle in layout.boxes.items()},
        "curves": {
            key: {
                "points": " ".join(f"{x:g},{y:g}" for x, y in curve.points),
                "tip": list(curve.tip),
                "label": None if curve.label is None else list(curve.label),
            }
            for key, curve in layout.curves.items()
        },
    }


def _from_plain(plain: dict[str, Any]) -> Layout:
    def point(pair: list[float]) -> Point:
        x, y = pair
        return x, y

    width, height = plain["size"]
    return Layout(
        width,
        height,
        {key: point(middle) for key, middle in plain["boxes"].items()},
        {
            key: Curve(
                [point([float(number) for number in pair.split(",")]) for pair in curve["points"].split(" ")],
                point(curve["tip"]),
                None if curve["label"] is None else point(curve["label"]),
            )
            for key, curve in plain["curves"].items()
        },
    )
