"""Pictures of the machines, generated from the tables that run."""

from .mermaid import draw_mermaid
from .pictures import ALL, NAMES, Format, UnknownPictureError, draw_picture
from .tables import draw_classification, draw_table

__all__ = [
    "ALL",
    "NAMES",
    "Format",
    "UnknownPictureError",
    "draw_classification",
    "draw_mermaid",
    "draw_picture",
    "draw_table",
]
