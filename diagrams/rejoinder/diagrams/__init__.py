"""Pictures of the machines, generated from the tables that run."""

from rejoinder.states.chart import CHARTS

from .graphviz import GraphvizError
from .highlight import Path, follow
from .mermaid import draw_mermaid
from .pictures import ALL, NAMES, SEPARATE, SUFFIXES, Format, Paths, UnknownPictureError, draw_picture, draw_png
from .tables import draw_classification, draw_table

__all__ = [
    "ALL",
    "CHARTS",
    "NAMES",
    "SEPARATE",
    "SUFFIXES",
    "Format",
    "GraphvizError",
    "Path",
    "Paths",
    "UnknownPictureError",
    "draw_classification",
    "draw_mermaid",
    "draw_picture",
    "draw_png",
    "draw_table",
    "follow",
]
