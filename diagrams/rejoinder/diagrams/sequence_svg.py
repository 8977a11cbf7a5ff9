"""What happened to a session as a sequence diagram in SVG.

Rules of this file
* The lines are those of ``tale.py``. A message is an arrow with its words above it; one that comes back is dashed, one that is
  lost ends in a cross; a remark is a box on the line of whom it is about.
* Each participant has a column, a server with more room than a caller, because most is said there. Where there are too many for
  letters that can be read, all callers share one, and all servers another, and each message says whose it is.
* What is wider than its place is broken between words, and behind the points of a name. A word that is too wide alone, as the name
  of a response may be, is shortened in its middle, and is told in full where the pointer rests.
* A picture of more than ``MOST_LINES`` lines is shortened in its first part, and says by how much.
* It stands on a page of its own, light or dark as its reader prefers. The same trace gives the same text, byte for byte.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import Final

import attrs

from rejoinder.states.phrases import counted, printable
from rejoinder.states.trace import Fed

from .colours import PAGES
from .lettering import width_of
from .tale import CLIENT, Line, Message, Participant, Remark, tell

__all__ = ["COLOURS", "LETTERS", "MOST_LINES", "draw_sequence_svg"]

MOST_LINES: Final = 400
"""How many lines a picture has room for."""
KEPT_AT_FIRST: Final = 0.2
"""How much of what is too long is kept from its beginning. What went wrong is at the end."""
LETTERS: Final = 13.0
"""The size of letters, in pixels."""
LINE_HEIGHT: Final = 16.0
WIDTH: Final = 1040.0
"""In pixels: so wide that letters still have 11 when it is shown 900 wide."""
WIDEST_COLUMN: Final = 300.0
MOST_COLUMNS: Final = 7
MARGIN: Final = 90.0
"""From the border to the first and the last line, in pixels: half of what stands above them."""
BESIDE: Final = 8.0
"""How much narrower the words of a message are than its place."""
WIDER: Final = 1.12
"""How much wider than Helvetica the letters may be that are at hand instead, such as DejaVu Sans."""
MORE: Final = 1.6
"""How much more room a server's column has than a caller's."""
REMARK: Final = 1.5
"""How wide a remark may be, in columns."""
ELLIPSIS: Final = "\u2026"
"""What stands for what is left out."""
CALLERS, SERVERS = "callers", "servers"
COLOURS: Final[Mapping[str, Mapping[str, str]]] = {
    "light": {"text": "#1f2328", "line": "#59636e", "remark": "#fff8c5", "lost": "#cf222e", "head": "#eaeef2"},
    "dark": {"text": "#e6edf3", "line": "#9198a1", "remark": "#3b2e04", "lost": "#ff7b72", "head": "#21262d"},
}
"""What things look like on each page."""


def draw_sequence_svg(feds: Iterable[Fed], title: str, first: int = 1) -> str:
    """The text of an SVG of ``feds``, ending in a newline. ``first`` is the number of the first of them in its trace."""
    tale = tell(feds, first)
    participants, lines = _gathered(tale.participants, _shortened(tale.lines))
    return "".join(f"{line}\n" for line in _document(participants, lines, title.strip()))


def _shortened(lines: Sequence[Line]) -> Sequence[Line]:
    if len(lines) <= MOST_LINES:
        return lines
    first = int(MOST_LINES * KEPT_AT_FIRST)
    left_out = len(lines) - MOST_LINES
    remark = Remark(CLIENT, f"… {counted(left_out, 'line')} left out here: ask for a part of the trace …", lines[first].step)
    return [*lines[:first], remark, *lines[first + left_out :]]


def _gathered(participants: Sequence[Participant], lines: Sequence[Line]) -> tuple[Sequence[Participant], Sequence[Line]]:
    """All callers in one column and all servers in another, if there are too many."""
    if len(participants) <= MOST_COLUMNS:
        return participants, lines
    gathered = (Participant(CALLERS, CALLERS), Participant(CLIENT, CLIENT), Participant(SERVERS, SERVERS))
    return gathered, [_gathered_line(line) for line in lines]


def _gathered_line(line: Line) -> Line:
    if isinstance(line, Message):
        whose = line.target if line.source == CLIENT else line.source
        return attrs.evolve(line, source=_column(line.source), target=_column(line.target), text=f"{whose}: {line.text}")
    return attrs.evolve(line, over=_column(line.over))


def _column(key: str) -> str:
    return CLIENT if key == CLIENT else CALLERS if key.startswith("r") else SERVERS


def _document(participants: Sequence[Participant], lines: Sequence[Line], title: str) -> Iterator[str]:
    gaps = _gaps(participants)
    width = round(2 * MARGIN + sum(gaps))
    columns = {one.key: round(MARGIN + sum(gaps[:index]), 1) for index, one in enumerate(participants)}
    most = min(REMARK * sum(gaps) / max(1, len(gaps)), width - 24) if gaps else width - 24
    body: list[str] = []
    y = 44.0 if title else 16.0
    top = y
    y += 40
    for line in lines:
        rows = _wrapped(line.text, most if isinstance(line, Remark) else _room(columns[line.source], columns[line.target]))
        drawn, height = _drawn(line, rows, columns, y)
        whole = "" if " ".join(rows) == printable(line.text) else f"<title>{_shown(line.text)}</title>"
        body.append(f'<g class="line" data-step="{line.step}">{whole}{drawn}</g>')
        y += height
    bottom = y + 6
    height = round(bottom + 40)
    yield f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img"'
    yield '  aria-labelledby="sequence-title" font-family="Helvetica, Arial, Liberation Sans, sans-serif">'
    yield f'<title id="sequence-title">{_shown(title or "A sequence of messages")}</title>'
    yield f"<style>{_style()}</style>"
    yield f'<rect class="page" width="{width}" height="{height}"/>'
    if title:
        yield f'<text class="title" x="{width / 2:g}" y="28" text-anchor="middle">{_shown(title)}</text>'
    for one in participants:
        x = columns[one.key]
        yield f'<path class="life" d="M{x:g} {top + 28:g}V{bottom:g}"/>'
        for edge in (top, bottom):
            size = width_of(one.label, LETTERS, bold=True) + 20
            yield f'<rect class="head" x="{x - size / 2:g}" y="{edge:g}" width="{size:g}" height="28" rx="6"/>'
            yield f'<text class="who" x="{x:g}" y="{edge + 19:g}" text-anchor="middle">{_shown(one.label)}</text>'
    yield from body
    yield "</svg>"


def _gaps(participants: Sequence[Participant]) -> Sequence[float]:
    """How far each participant is from the one before."""
    places = [one.key == SERVERS or one.key.startswith("L") for one in participants[1:]]
    servers, callers = places.count(True), places.count(False)
    whole = WIDTH - 2 * MARGIN
    wide = min(WIDEST_COLUMN, whole * MORE / max(1.0, callers + servers * MORE))
    narrow = min(WIDEST_COLUMN, (whole - servers * wide) / max(1, callers))
    return [wide if server else narrow for server in places]


def _room(start: float, end: float) -> float:
    """How wide the words of a message may be that goes from ``start`` to ``end``."""
    return min(WIDEST_COLUMN, abs(end - start)) / WIDER - BESIDE


def _drawn(line: Line, rows: Sequence[str], columns: Mapping[str, float], y: float) -> tuple[str, float]:
    """A line whose words are in ``rows``, from ``y`` downwards, and its height."""
    if isinstance(line, Remark):
        x, size = columns[line.over], max(width_of(row, LETTERS) for row in rows) + 16
        x = min(max(x, size / 2 + 4), columns[max(columns, key=lambda key: columns[key])] + MARGIN - size / 2 - 4)
        height = LINE_HEIGHT * len(rows) + 8
        box = f'<rect class="remark" x="{x - size / 2:g}" y="{y:g}" width="{size:g}" height="{height:g}" rx="4"/>'
        return box + _rows(rows, x, y + 4), height + 8
    start, end = columns[line.source], columns[line.target]
    height = LINE_HEIGHT * len(rows)
    at = y + height + 4
    toward = 1 if end > start else -1
    kind = f"{'answer' if line.answers else 'ask'}{' lost' if line.lost else ''}"
    if line.lost:
        x = end - toward * 8
        head = f'<path class="lost" d="M{x - 5:g} {at - 5:g}L{x + 5:g} {at + 5:g}M{x - 5:g} {at + 5:g}L{x + 5:g} {at - 5:g}"/>'
    else:
        head = f'<path class="tip" d="M{end:g} {at:g}L{end - toward * 9:g} {at - 4:g}V{at + 4:g}Z"/>'
    arrow = f'<path class="{kind}" d="M{start:g} {at:g}H{end - toward * 3:g}"/>'
    return _rows(rows, (start + end) / 2, y) + arrow + head, height + 16


def _rows(rows: Sequence[str], x: float, y: float) -> str:
    texts = [
        f'<text x="{x:g}" y="{y + LINE_HEIGHT * index + LETTERS:g}" text-anchor="middle">{_shown(row)}</text>'
        for index, row in enumerate(rows)
    ]
    return "".join(texts)


def _wrapped(text: str, width: float) -> list[str]:
    """Rows of at most ``width``."""
    rows = [""]
    for word in printable(text).split(" "):
        # A name has points, behind which it can be broken.
        parts = [word] if width_of(word, LETTERS) <= width else re.split(r"(?<=\.)(?=.)", word)
        for number, part in enumerate(parts):
            fitting = _fitting(part, width)
            longer = f"{rows[-1]}{'' if number or not rows[-1] else ' '}{fitting}"
            if rows[-1] and width_of(longer, LETTERS) > width:
                rows.append(fitting)
            else:
                rows[-1] = longer
    return rows


def _fitting(word: str, width: float) -> str:
    """A word of at most ``width``: its beginning and its end, which tell names apart, if it is wider."""
    if width_of(word, LETTERS) <= width:
        return word
    kept = next((kept for kept in range(len(word) - 1, 1, -1) if width_of(_shortened_word(word, kept), LETTERS) <= width), 1)
    return _shortened_word(word, kept)


def _shortened_word(word: str, kept: int) -> str:
    return f"{word[: (kept + 1) // 2]}{ELLIPSIS}{word[len(word) - kept // 2 :]}"


def _shown(text: str) -> str:
    return escape(printable(text))


def _style() -> str:
    light, dark = (list(_page(page)) for page in COLOURS)
    both = (
        f"text{{font-size:{LETTERS:g}px}}.title{{font-size:16px;font-weight:bold}}.who{{font-weight:bold}}.life{{stroke-width:1}}"
    )
    shapes = ".ask,.answer,.lost{fill:none;stroke-width:1.5}.answer{stroke-dasharray:6 4}path.lost{stroke-width:2.2}"
    return "".join([both, shapes, *light, "@media (prefers-color-scheme:dark){", *dark, "}@media print{", *light, "}"])


def _page(page: str) -> Iterator[str]:
    colours = COLOURS[page]
    yield f".page{{fill:{PAGES[page]}}}text{{fill:{colours['text']}}}.life{{stroke:{colours['line']}}}"
    yield f".head{{fill:{colours['head']};stroke:{colours['line']}}}.remark{{fill:{colours['remark']};stroke:{colours['line']}}}"
    yield f".ask,.answer{{stroke:{colours['text']}}}.tip{{fill:{colours['text']}}}path.lost{{stroke:{colours['lost']}}}"
    yield f".line text{{paint-order:stroke;stroke:{PAGES[page]};stroke-width:3px}}.remark~text{{stroke:none}}"
