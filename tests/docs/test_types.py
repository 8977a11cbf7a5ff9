"""What the docs show type-checks as strictly as this project does: a reader's own checkers will see it, too.

Rules of this file
* A block of Python is a file of its own, as a reader would copy it; the blocks of a page in ``ONE_PROGRAM`` are one file together.
* Pages in ``FRAGMENTS`` show parts of programs, and are named with the reason. All others are checked, and the README.
* Both checkers run once over all of them, with the settings of ``pyproject.toml``.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

REPOSITORY: Final = Path(__file__).parents[2]
DOCS: Final = REPOSITORY / "docs"
ONE_PROGRAM: Final = frozenset({"tools.md"})
FRAGMENTS: Final = {
    "fuzz-your-handler.md": "It shows lines of examples/fuzz, which are checked there.",
    "traces.md": "It shows the inside of a function.",
}
BLOCK: Final = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
HEADER: Final = "# pyright: strict, reportUnknownMemberType=false\n"
"""Redis does not say what all its functions take, and a page calls one of them."""
EVENT_LOOP: Final = re.compile(r"async for event in ")
OLD_WAY: Final = re.compile(r"\bevent\.type\s*(?:==|in\b)")


def programs() -> Iterator[tuple[str, str]]:
    """Name and text of each program that the docs show."""
    for page in (REPOSITORY / "README.md", *sorted(DOCS.rglob("*.md"))):
        if page.name in FRAGMENTS:
            continue
        blocks = BLOCK.findall(page.read_text("utf-8"))
        if page.name in ONE_PROGRAM:
            blocks = ["\n\n".join(blocks)]
        name = page.relative_to(REPOSITORY).with_suffix("").as_posix().replace("/", "_").replace("-", "_")
        for number, block in enumerate(blocks, 1):
            yield f"{name}_{number}.py", block


def checked(folder: Path, *checker: str) -> subprocess.CompletedProcess[str]:
    """What a checker says about all programs, written into ``folder``."""
    files = [folder / name for name, _ in programs()]
    for path, (_, code) in zip(files, programs(), strict=True):
        path.write_text(HEADER + code, "utf-8")
    command = [sys.executable, "-m", *checker, *map(str, files)]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, encoding="utf-8", check=False)


@pytest.mark.slow
def test_mypy_finds_nothing(tmp_path: Path) -> None:
    ended = checked(tmp_path, "mypy", "--strict", f"--cache-dir={tmp_path / 'cache'}")

    assert 0 == ended.returncode, ended.stdout + ended.stderr


@pytest.mark.slow
def test_pyright_finds_nothing(tmp_path: Path) -> None:
    ended = checked(tmp_path, "pyright")

    assert 0 == ended.returncode, ended.stdout + ended.stderr


def test_events_are_told_apart_by_their_classes() -> None:
    loops = {name: code for name, code in programs() if EVENT_LOOP.search(code)}

    assert {"docs_tools_1.py", "docs_reference_events_1.py"} <= set(loops)
    assert [] == [name for name, code in loops.items() if OLD_WAY.search(code) or "isinstance(event, " not in code]


def test_pages_of_fragments_are_still_needed() -> None:
    assert [] == [page for page, reason in FRAGMENTS.items() if "```python" not in (DOCS / page).read_text("utf-8") or not reason]
