"""The page of the ledger: ``docs/parity.md``, made from it and compared by a test.

    python tests/quality/parity/page.py

Rule of this file: it prints what the ledger says and knows nothing itself.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

if __name__ == "__main__":
    # Run as a file: the tests' own modules are found where pytest finds them.
    sys.path.insert(0, str(Path(__file__).parents[2]))

from quality.parity.ledger import (
    REPOSITORY,
    Behaviour,
    Entry,
    Mark,
    behaviours,
    entries,
    marked,
    sections,
    upstream_sections,
    upstream_tests,
)

__all__ = ["PAGE", "page"]

PAGE: Final = REPOSITORY / "docs" / "parity.md"

HEAD: Final = """\
# Parity with the original

Rejoinder re-creates the OpenAI Responses service of Pipecat 1.1.0 (asyncio) on trio. This page lists what that service does, one
numbered behaviour a line, and what became of it here: **matched**, **bettered** (matched where the original is right, and mended
where it is not), or **left out**, with the reason. If you come from there, [Coming from Pipecat](coming-from-pipecat.md) says which
name became which.

The page is generated from markers in the tests and the facts beside them; a test fails if a number is missing or if a line has no
test. Each line that is not left out also names an edit of the source that takes the behaviour away, and a deep run makes edits and
sees a test of that line fail: `python tests/quality/parity/edits.py`.
"""
WORDS: Final = {"matched": "matched", "bettered": "**bettered**", "left_out": "*left out*"}


def page() -> str:
    """The whole page."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield HEAD
    verdicts = Counter(entry.verdict for entry in entries().values())
    yield (
        f"{len(behaviours())} behaviours: {verdicts['matched']} matched, {verdicts['bettered']} bettered,"
        f" {verdicts['left_out']} left out."
    )
    for title, listed in sections().items():
        yield from ("", f"## {title}", "", "| | the original | here | tests |", "|---|---|---|---|")
        for behaviour in listed:
            yield _line(behaviour, entries().get(behaviour.number))
    yield from ("", "# The original's own tests", "")
    yield "Its own tests, and the equivalents here. The names are its own; the facts they check are what counts."
    for title, tests in upstream_sections().items():
        yield from ("", f"## {title}", "", "| its test | equivalents here |", "|---|---|")
        for test in tests:
            short = test.name.partition(":")[2]
            shown = f"*left out:* {test.left_out}" if test.left_out else _tests(marked().get(test.name, []))
            yield f"| `{short}` | {shown} |"
    there_are = len(upstream_tests())
    left = sum(bool(test.left_out) for test in upstream_tests().values())
    yield from ("", f"{there_are} tests: {there_are - left} with equivalents, {left} left out.")


def _line(behaviour: Behaviour, entry: Entry | None) -> str:
    if entry is None:
        return f"| {behaviour.number} | {_cell(behaviour.what)} | **missing** | |"
    here = f"{WORDS[entry.verdict]}: {_cell(entry.how)}"
    if entry.observable:
        here += f" *Seen:* {_cell(entry.observable)}"
    return f"| {behaviour.number} | {_cell(behaviour.what)} | {here} | {_tests(marked().get(behaviour.number, []))} |"


def _tests(marks: Sequence[Mark]) -> str:
    """The first three by name, linked to their files, and how many more."""
    shown = [f"[{mark.test.removeprefix('test_')}](../{mark.file})" for mark in marks[:3]]
    more = len(marks) - len(shown)
    return "<br>".join([*shown, *([f"and {more} more"] if more else [])])


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
    sys.stdout.write(f"wrote {PAGE.relative_to(REPOSITORY)}\n")
