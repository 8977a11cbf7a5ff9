"""A chart as a Mermaid state diagram, which GitHub shows as a picture.

Rules of this file
* One arrow for each pair of phases, its events stacked in reading order (``labels.py``). Rows that stay are told in the
  box of their phase: what is delivered by name, the rest by number.
* A machine that starts where it also comes to rest is drawn from rest to rest: its first phase has a second box at the
  end, named ``<phase>_again``. Without it, half of the arrows would run backwards across the others.
* Names of phases and events are single words, as in all our tables: they stand in the text as they are.
* Labels are narrow and boxes stand close, so that the text stays large when a page shrinks the picture to its width.
* Everything follows from the chart: nothing is placed by hand, and the same chart gives the same text, byte for byte.

Written here instead of by the library's own Mermaid extension: that one has a line for each staying row, and merges and
stacks nothing.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from typing import Final

from rejoinder.states.chart import Chart
from rejoinder.states.edges import Staying, Table

from .colours import COLOURS, role_of
from .labels import explain_folding, fold, stack
from .reading import Arrow, DrawnRow, read_arrows, read_rows

__all__ = ["AGAIN", "DEADLINE_SIGN", "draw_mermaid", "explain"]

AGAIN: Final = "_again"
"""What the name of the second box of a phase ends with."""
DEADLINE_SIGN: Final = "⏱"
"""In a box, before the name of the phase's deadline."""
WIDTH: Final = 16
"""How many characters a line of a label or a box may have, where the names allow. Found by looking: with less a picture
grows higher and not narrower, with more its labels meet."""
COMMENT: Final = 110
HEAD: Final = """\
---
config:
  state:
    nodeSpacing: 15
    rankSpacing: 25
---
stateDiagram-v2
    %% Drawn from the table that runs, by `rejoinder draw`. A change made here is lost.
"""
VERBS: Final = {
    Staying.DISCARD: "discards",
    Staying.COUNT: "counts",
    Staying.IGNORE: "ignores",
}


def draw_mermaid(chart: Chart) -> str:
    """The chart as the text of a Mermaid picture, ending in a newline."""
    return HEAD + "".join(f"    {line}\n" for line in (*_comment(explain(chart)), *_body(chart)))


def explain(chart: Chart) -> str:
    """What the signs of the picture of ``chart`` mean: one sentence for each, for below the picture."""
    table = chart.table
    rows = read_rows(chart)
    roles = dict.fromkeys(role_of(table, phase) for phase in table.phases)
    arrows = read_arrows(rows)
    labels = [name for arrow in arrows for name in fold(arrow.events, table.events)]
    sentences = [f"{', '.join(f'{COLOURS[role].name}: {role}' for role in roles)}.".capitalize()]
    if table.deadlines:
        sentences.append(f"{DEADLINE_SIGN} names the deadline of a phase.")
    if any(row.stays and row.ruled for row in rows):
        sentences.append("Handles n: n events run a rule and move nothing.")
    sentences += explain_folding(labels, table.events)
    if _is_drawn_twice(table, arrows):
        sentences.append(f"The phase {table.initial} has two boxes: where the story starts, and where it ends.")
    return " ".join(sentences)


def _comment(text: str) -> Iterator[str]:
    return (f"%% {line}" for line in textwrap.wrap(text, COMMENT))


def _body(chart: Chart) -> Iterator[str]:
    table = chart.table
    rows = read_rows(chart)
    arrows = read_arrows(rows)
    twice = _is_drawn_twice(table, arrows)
    yield "direction TB"
    yield f"accTitle: The {table.name} machine"
    yield f"accDescr: {len(table.phases)} phases, {len(rows)} rows. In words: rejoinder draw {table.name} --format table"
    for role in dict.fromkeys(role_of(table, phase) for phase in table.phases):
        colours = COLOURS[role]
        yield f"classDef {role} fill:{colours.fill},stroke:{colours.fill},color:{colours.text}"
    for phase in table.phases:
        yield f'state "{phase}" as {phase}'
        for line in _inside(table, phase, rows):
            yield f"{phase}: {line}"
    if twice:
        yield f'state "{table.initial}" as {table.initial}{AGAIN}'
    for phase in table.phases:
        yield f"class {phase} {role_of(table, phase)}"
    if twice:
        yield f"class {table.initial}{AGAIN} {role_of(table, table.initial)}"
    yield f"[*] --> {table.initial}"
    for arrow in arrows:
        target = f"{arrow.target}{AGAIN}" if twice and arrow.target == table.initial else arrow.target
        yield f"{arrow.source} --> {target}: {stack(fold(arrow.events, table.events), WIDTH)}"


def _is_drawn_twice(table: Table, arrows: Iterable[Arrow]) -> bool:
    return table.initial in table.home and any(arrow.target == table.initial for arrow in arrows)


def _inside(table: Table, phase: str, rows: Iterable[DrawnRow]) -> Iterator[str]:
    """What the box of ``phase`` says below its name."""
    staying = [row for row in rows if row.source == phase and row.stays]
    deadline = table.deadlines.get(phase)
    if deadline is not None:
        yield f"{DEADLINE_SIGN} {deadline.kind}"
    if delivered := [row.event for row in staying if row.action is Staying.DELIVER]:
        yield stack([f"delivers {delivered[0]}", *delivered[1:]], WIDTH)
    if handled := sum(row.ruled for row in staying):
        yield f"handles {handled}"
    for action, verb in VERBS.items():
        if number := sum(row.action is action for row in staying):
            yield f"{verb} {number}"
