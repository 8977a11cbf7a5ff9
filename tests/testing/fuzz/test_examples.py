"""The scratch project in ``examples/fuzz``: it passes as it is, and a fault planted in its handlers is found, shrunk and told.

Rules of this file
* The project is copied and run as its owner would run it, in a process of its own, knowing only the installed package.
* The fault is the one of the how-to page: the last piece is dropped when the caller leaves.
* It is found as at home and as in CI, where Hypothesis draws from the program's digest and heeds no seed; which of the two this
  machine is must not matter.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from rejoinder.states.trace import read_lines, replay

pytestmark = pytest.mark.long

REPOSITORY: Final = Path(__file__).parents[3]
EXAMPLES: Final = REPOSITORY / "examples" / "fuzz"
PAGE: Final = REPOSITORY / "docs" / "fuzz-your-handler.md"
MOST_LINES: Final = 20
"""Lines of code that a user writes: the handler, and what points the programs at it."""
FEW: Final = 4
"""Steps of a shrunk program, its beginning included."""

PLANTED: Final = {
    "test_speaker.py": (
        "            if isinstance(effect, Deliver | Finish):\n",
        (
            "            if isinstance(effect, Finish) and effect.outcome.kind is OutcomeKind.CANCELLED:\n"
            "                self.held.pop(effect.request, None)  # nobody listens any more\n"
        ),
    ),
    "test_asyncio_speaker.py": (
        "        finally:\n            self.say(request)\n",
        "        except asyncio.CancelledError:\n            self.held.pop(request, None)\n            raise\n",
    ),
}
"""For each file: a line, and what is put in before it."""
PROFILES: Final = ("default", "ci")
"""Hypothesis' own two; it chooses the second by itself where it sees that it runs in CI."""
IMPORTS: Final = ("from rejoinder.states import Session\n", "from rejoinder.states import OutcomeKind, Session\n")


def run_pytest(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("COVERAGE_", "REJOINDER_", "PYTEST_"))}
    return subprocess.run(
        [sys.executable, "-W", "error::ResourceWarning", "-m", "pytest", "--hypothesis-seed=1", *arguments],
        cwd=project,
        env=kept,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the scratch project."""
    return shutil.copytree(EXAMPLES, tmp_path / "scratch", ignore=shutil.ignore_patterns("__pycache__", ".*"))


def plant(project: Path, name: str) -> None:
    text = (project / name).read_text("utf-8")
    place, fault = PLANTED[name]
    assert 1 == text.count(place)
    (project / name).write_text(text.replace(place, fault + place).replace(*IMPORTS), "utf-8")


def test_project_is_two_files() -> None:
    assert sorted(PLANTED) == sorted(path.name for path in EXAMPLES.iterdir() if path.is_file())


def test_user_writes_twenty_lines() -> None:
    text = (EXAMPLES / "test_speaker.py").read_text("utf-8")
    code = re.sub(r'^\s*""".*"""$', "", text[text.index("class Speaker:") :], flags=re.MULTILINE)

    assert len([line for line in code.splitlines() if line.strip()]) <= MOST_LINES


@pytest.mark.slow
def test_project_passes_as_it_is(project: Path) -> None:
    ended = run_pytest(project)

    assert 0 == ended.returncode, ended.stdout + ended.stderr
    assert "2 passed" in ended.stdout


@pytest.mark.slow
@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("name", PLANTED)
def test_planted_fault_is_found_shrunk_and_told(project: Path, name: str, profile: str) -> None:
    plant(project, name)

    ended = run_pytest(project, f"--hypothesis-profile={profile}", name)
    said = ended.stdout
    rules = re.findall(r"^E +state\.(?!promises_hold|teardown)\w+\(", said, re.MULTILINE)
    found = re.search(r"The trace is (.+)\.$", said, re.MULTILINE)

    assert pytest.ExitCode.TESTS_FAILED == ended.returncode, said + ended.stderr
    assert re.search(r"promise 10: the handler has '.*' of request \d+, and '.+' was delivered", said)
    assert "What happened:" in said
    assert re.search(r"E +\d+\. r\d+ leaves → r\d+ ends: cancelled", said)
    assert 1 <= len(rules) <= FEW
    assert found is not None
    with Path(found[1]).open(encoding="utf-8") as file:
        assert replay(read_lines(file)) is None


def test_page_shows_the_code_that_runs() -> None:
    page, code = PAGE.read_text("utf-8"), (EXAMPLES / "test_speaker.py").read_text("utf-8")
    _, fault = PLANTED["test_speaker.py"]

    assert f"```python\n{code}```" in page
    assert fault in page


def test_program_that_is_dropped_before_it_has_a_handler_leaves_nothing_open() -> None:
    dropped = "import test_asyncio_speaker as it; it.AsyncioSpeakerProgram().teardown()"
    command = [sys.executable, "-X", "dev", "-W", "error", "-c", dropped]
    ended = subprocess.run(command, cwd=EXAMPLES, capture_output=True, encoding="utf-8", check=False)

    assert (0, "") == (ended.returncode, ended.stderr)
