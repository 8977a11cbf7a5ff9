"""The deep run of the ledger: make an edit that takes a behaviour away, and see one of its tests fail.

    python tests/quality/parity/edits.py [NUMBER …] [--count 20] [--all]

Rules of this file
* An edit is made in a copy of the tree; the tests of its line run there, against the copy's sources, and one of them has to fail.
* Without numbers, ``--count`` lines are chosen, spread evenly over the ledger, so that every section has its turn.
* The exit status is 1 if a test stays green, or if a line's tests fail without the edit.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

if __name__ == "__main__":
    # Run as a file: the tests' own modules are found where pytest finds them.
    sys.path.insert(0, str(Path(__file__).parents[2]))

from quality.parity.ledger import REPOSITORY, Edit, Entry, entries, marked

__all__ = ["chosen", "edited", "main", "turns_red"]

ROOTS: Final = ("states", "engine", "diagrams")
COPIED: Final = (*ROOTS, "tests", "docs", "examples", "hatch_build.py", "pyproject.toml", "README.md", "CHANGELOG.md")
SKIPPED: Final = shutil.ignore_patterns("__pycache__", "recordings_cache")


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the edits, print what became of each, and say by the exit status whether all were noticed."""
    options = _parser().parse_args(arguments)
    with_edits = [entry for entry in entries().values() if entry.edit is not None]
    if options.numbers:
        wanted = [entry for entry in with_edits if entry.number in options.numbers]
    else:
        wanted = with_edits if options.all else chosen(with_edits, options.count)
    unnoticed = 0
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        _copy(tree)
        if _ends(tree, [test for entry in wanted for test in _tests_of(entry)]):
            sys.stdout.write("The tests of these lines fail without any edit. Mend that first.\n")
            return 1
        for entry in sorted(wanted, key=lambda entry: entry.number):
            try:
                noticed = turns_red(entry, tree)
                said = "a test fails, as it should" if noticed else "NO TEST FAILS"
            except ValueError as error:
                noticed, said = False, f"NOT MADE: {error}"
            unnoticed += not noticed
            sys.stdout.write(f"{entry.number}: {said}\n")
            sys.stdout.flush()
    sys.stdout.write(f"{len(wanted)} edits: {len(wanted) - unnoticed} noticed, {unnoticed} not.\n")
    return int(bool(unnoticed))


def chosen(among: Sequence[Entry], count: int) -> list[Entry]:
    """So many lines, spread evenly."""
    ordered = sorted(among, key=lambda entry: entry.number)
    count = min(count, len(ordered))
    return [ordered[place * len(ordered) // count] for place in range(count)]


def edited(text: str, edit: Edit) -> str:
    """The text with the edit made. Raises ``ValueError`` if what it replaces does not stand there once."""
    times = text.count(edit.old)
    if times != 1:
        raise ValueError(f"{edit.file} has {edit.old!r} {times} times. An edit replaces what stands there once.")
    return text.replace(edit.old, edit.new)


def turns_red(entry: Entry, tree: Path) -> bool:
    """Whether a test of ``entry`` fails in ``tree`` with the edit made; the edit is taken back."""
    assert entry.edit is not None
    path = tree / entry.edit.file
    before = path.read_text("utf-8")
    path.write_text(edited(before, entry.edit), "utf-8")
    try:
        return _ends(tree, _tests_of(entry)) != 0
    finally:
        path.write_text(before, "utf-8")


def _tests_of(entry: Entry) -> list[str]:
    return [f"{mark.file}::{mark.test}" for mark in marked()[entry.number]]


def _ends(tree: Path, tests: Sequence[str]) -> int:
    """The exit status of ``tests`` in ``tree``: not zero if one fails, or if what they import does not import any more."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    # These roots come before those of the editable install, so the namespace finds the copies first.
    environment["PYTHONPATH"] = os.pathsep.join(str(tree / root) for root in ROOTS)
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    command = [sys.executable, "-m", "pytest", "-q", "-x", "--no-header", "-p", "no:cacheprovider", "-m", "", *dict.fromkeys(tests)]
    return subprocess.run(command, cwd=tree, env=environment, capture_output=True, check=False, timeout=600).returncode


def _copy(tree: Path) -> None:
    tree.mkdir()
    for name in COPIED:
        source = REPOSITORY / name
        if source.is_dir():
            shutil.copytree(source, tree / name, ignore=SKIPPED)
        elif source.is_file():
            shutil.copy(source, tree / name)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Make edits that take behaviours away, and see their tests fail.")
    parser.add_argument("numbers", nargs="*", help="lines of the ledger, as B084")
    parser.add_argument("--count", type=int, default=20, help="how many lines, where none is named")
    parser.add_argument("--all", action="store_true", help="every line")
    return parser


if __name__ == "__main__":
    sys.exit(main())
