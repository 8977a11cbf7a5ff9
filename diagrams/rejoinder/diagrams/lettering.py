"""How much room words take: widths of letters, so that boxes fit without asking a font.

Rules of this file
* A layout must not depend on the fonts of whoever draws: so widths come from here, and boxes and labels have fixed sizes.
* The widths are those of the Helvetica metrics, in thousandths of the size, rounded up; a letter that is not known is as wide as
  the widest. A font that a browser takes instead is about as wide, and there is some slack.
"""

from __future__ import annotations

from typing import Final

__all__ = ["BOLD", "SLACK", "width_of"]

BOLD: Final = 1.12
"""How much wider bold letters are."""
SLACK: Final = 1.04
"""How much wider than Helvetica the font at hand may be."""
WIDEST: Final = 1000
_WIDTHS: Final = {
    222: "ijl'",
    278: " fItI.,:;!/\\|[]",
    333: 'r()-`"',
    389: "*",
    500: "ckJsvxyz",
    556: "abdeghnopquL0123456789?_$#",
    584: "+<>=~\u00d7",
    611: "FTZ",
    667: "ABEKPSVXY&",
    722: "CDHNRUw",
    778: "GOQ",
    833: "mM",
    944: "W",
}
WIDTHS: Final = {letter: width for width, letters in _WIDTHS.items() for letter in letters}


def width_of(text: str, size: float, *, bold: bool = False) -> float:
    """The width of ``text`` in letters of ``size`` pixels, in pixels."""
    thousandths = sum(WIDTHS.get(letter, WIDEST) for letter in text)
    return thousandths / 1000 * size * SLACK * (BOLD if bold else 1)
