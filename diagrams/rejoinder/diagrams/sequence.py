"""What happened to a session as a Mermaid sequence diagram: callers, the client, and a server for each link.

Rules of this file
* The lines are those of ``tale.py``. A cross at an arrow's end says that something was lost.
* Letters, digits and a few marks stand as they are, and everything else is an entity code: nothing that came from outside is
  syntax.
* Mermaid refuses texts of more than 50,000 characters by default. A longer one is shortened in its first part, and says by how
  much.
* The same trace gives the same text, byte for byte.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from rejoinder.states.phrases import counted, printable
from rejoinder.states.trace import Fed

from .tale import CLIENT, Line, Message, Remark, tell

__all__ = ["MOST_CHARACTERS", "sequence"]

MOST_CHARACTERS: Final = 50_000
"""What Mermaid takes by default."""
KEPT_AT_FIRST: Final = 0.2
"""How much of a text that is too long is kept from its beginning. What went wrong is at the end."""
PLAIN: Final = re.compile(r"[A-Za-z0-9 _.,:/()…-]")
"""Characters that Mermaid takes for nothing but themselves, behind the colon that begins a text."""
RESERVED: Final = re.compile(r"style|classDef")
"""Words in whose lines Mermaid damages entity codes."""


def sequence(feds: Iterable[Fed], title: str, most: int = MOST_CHARACTERS) -> str:
    """The text of a Mermaid picture of ``feds``, ending in a newline; of at most ``most`` characters, if that can be."""
    tale = tell(feds)
    head = [f"title {_escaped(title.strip())}"] if title.strip() else []
    head += [f"participant {one.key}{'' if one.key == one.label else f' as {one.label}'}" for one in tale.participants]
    start = "sequenceDiagram\n" + "".join(f"    {line}\n" for line in head)
    lines = [f"    {_line(line)}\n" for line in tale.lines]
    return start + "".join(_shortened(lines, most - len(start)))


def _shortened(lines: Sequence[str], room: int) -> Sequence[str]:
    if sum(map(len, lines)) <= room:
        return lines
    room -= len(_left_out(len(lines)))
    first, used = 0, 0
    while first < len(lines) and used + len(lines[first]) <= room * KEPT_AT_FIRST:
        used += len(lines[first])
        first += 1
    last = len(lines)
    while last > first and used + len(lines[last - 1]) <= room:
        last -= 1
        used += len(lines[last])
    return [*lines[:first], _left_out(last - first), *lines[last:]]


def _left_out(number: int) -> str:
    remark = Remark(CLIENT, f"… {counted(number, 'line')} left out here: ask for a part of the trace …")
    return f"    {_line(remark)}\n"


def _line(line: Line) -> str:
    if isinstance(line, Message):
        arrow = f"{'--' if line.answers else '-'}{'x' if line.lost else '>>'}"
        return f"{line.source}{arrow}{line.target}: {_escaped(line.text)}"
    return f"Note over {line.over}: {_escaped(line.text)}"


def _escaped(text: str) -> str:
    coded = "".join(letter if PLAIN.fullmatch(letter) else f"#{ord(letter)};" for letter in printable(text))
    return RESERVED.sub(lambda word: f"#{ord(word[0][0])};{word[0][1:]}", coded)
