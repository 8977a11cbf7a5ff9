"""The words on an arrow: the names of its events, folded where a fold says the same in less room.

Rules of this file
* Nothing is left out: unfolding a label gives exactly the events that went in.
* ``X↻`` stands for two events, ``X`` and ``XReplayable`` (the same, while the request may be sent again).
* ``Terminal`` stands for three: ``Completed``, ``Failed`` and ``Incomplete``. In an alphabet that has a ``Terminal`` of its own
  it is not used.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

__all__ = ["BREAK", "REPLAYABLE_SIGN", "TERMINAL", "TERMINALS", "TIMES", "explain_folding", "fold", "stack"]

BREAK: Final = "<br/>"
"""What Mermaid takes for the end of a line within a label."""
REPLAYABLE: Final = "Replayable"
REPLAYABLE_SIGN: Final = "↻"
"""Behind a name: this event and its replayable twin."""
TERMINAL: Final = "Terminal"
"""The name for all of ``TERMINALS``."""
TIMES: Final = "\u00d7"
"""Before a number: so many times."""
TERMINALS: Final = ("Completed", "Failed", "Incomplete")
"""The terminals of the wire."""


def fold(events: Collection[str], alphabet: Collection[str]) -> tuple[str, ...]:
    """The names of ``events`` in their order, twins and terminals folded; ``alphabet`` is what the machine knows in all."""
    terminals = TERMINALS if TERMINAL not in alphabet and set(TERMINALS) <= set(events) else ()
    folded: list[str] = []
    for event in events:
        if event in terminals:
            if TERMINAL not in folded:
                folded.append(TERMINAL)
        elif event.endswith(REPLAYABLE) and event.removesuffix(REPLAYABLE) in events:
            continue
        else:
            folded.append(event + REPLAYABLE_SIGN if event + REPLAYABLE in events else event)
    return tuple(folded)


def stack(names: Collection[str], width: int) -> str:
    """The names with commas between them, in lines of at most ``width`` characters where a name allows."""
    lines: list[str] = []
    for name in names:
        if lines and len(f"{lines[-1]}, {name}") <= width:
            lines[-1] += f", {name}"
        else:
            lines.append(name)
    return f",{BREAK}".join(lines)


def explain_folding(names: Collection[str], alphabet: Collection[str]) -> list[str]:
    """What the signs in ``names`` mean, which ``fold`` has made: a sentence for each sign that is there."""
    sentences: list[str] = []
    if any(name.endswith(REPLAYABLE_SIGN) for name in names):
        sentences.append(f"X{REPLAYABLE_SIGN} is X and XReplayable: the same, while the request may be sent again.")
    if TERMINAL in names and TERMINAL not in alphabet:
        *first, last = TERMINALS
        sentences.append(f"{TERMINAL} is {', '.join(first)} or {last}.")
    return sentences
