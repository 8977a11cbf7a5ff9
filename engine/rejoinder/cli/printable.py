"""Text from a server, made safe to print.

Rule: nothing that a server says may move the cursor, colour the screen, set the title or reverse the reading order. Such
characters are shown as escapes; line breaks and tabs stay.
"""

from __future__ import annotations

import unicodedata
from typing import Final

__all__ = ["printable"]

KEPT: Final = frozenset("\n\t")
ESCAPED: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode categories: control, format (the reading order is among them), lone surrogates, line and paragraph separators."""
JOINERS: Final = frozenset("\u200c\u200d")
"""Format characters that words and emoji are made with."""


def printable(text: str) -> str:
    r"""``text`` with everything that a terminal might obey written as an escape, as in ``\x1b[2J``."""
    return "".join(character if _is_harmless(character) else _escaped(character) for character in text)


def _is_harmless(character: str) -> bool:
    return character in KEPT or character in JOINERS or unicodedata.category(character) not in ESCAPED


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode()
