"""docs/interop.md has a row for each counterpart, and each counterpart pins its date."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

REPOSITORY: Final = Path(__file__).parents[2]
PAGE: Final = (REPOSITORY / "docs" / "interop.md").read_text()
CLIENTS: Final = sorted(
    path for path in (REPOSITORY / "tests" / "interop" / "clients").glob("*.py") if path.name != "conversation.py"
)


def test_each_client_has_one_row() -> None:
    rows = re.findall(r"^\| `[^`]+` [\d.]+ \|.*\| `(\w+\.py)` \|", PAGE, re.MULTILINE)

    assert sorted(rows) == [path.name for path in CLIENTS]


def test_each_client_is_run_by_a_test() -> None:
    tests = "".join(path.read_text() for path in (REPOSITORY / "tests" / "interop").glob("test_*.py"))

    assert [] == [path.name for path in CLIENTS if f'run_client("{path.name}"' not in tests]


def test_each_client_names_the_day_up_to_which_its_environment_is_resolved() -> None:
    assert [] == [path.name for path in CLIENTS if not re.search(r'^# exclude-newer = "20\d\d-', path.read_text(), re.MULTILINE)]


def test_the_version_of_the_node_server_is_the_one_that_is_installed() -> None:
    manifest = (REPOSITORY / "tests" / "interop" / "aimock" / "package.json").read_text()
    (version,) = re.findall(r'"@copilotkit/aimock": "([\d.]+)"', manifest)

    assert f"| `@copilotkit/aimock` {version} |" in PAGE
