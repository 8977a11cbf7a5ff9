"""What is depended on has bounds, or a reason; and what the pages say of it and of security is so."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any, Final

import pytest

REPOSITORY: Final = Path(__file__).parents[2]
PROJECT: Final[dict[str, Any]] = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))
CLIENTS: Final = sorted((REPOSITORY / "tests" / "interop" / "clients").glob("*.py"))
UNBOUNDED: Final = {
    "attrs": "It is versioned by the year and deprecates for years before it removes; a bound would only hold users back.",
    "furo": "It is versioned by the year, and only the site is made with it.",
    "mypy": "A new version may find more, and that is what it is for; nothing that users install depends on it.",
    "ruff": "A new version may find more, and that is what it is for; nothing that users install depends on it.",
}
"""Dependencies without an upper bound, and why."""
SECURITY: Final = (REPOSITORY / "SECURITY.md").read_text("utf-8")


def requirements() -> list[tuple[str, str]]:
    """Everything that is required, by whom: the project, its extras, its groups, and the clients of others."""
    project = PROJECT["project"]
    found = [("project", each) for each in project["dependencies"]]
    found += [("build", each) for each in PROJECT["build-system"]["requires"]]
    for tables in (project["optional-dependencies"], PROJECT["dependency-groups"]):
        found += [(name, each) for name, table in tables.items() for each in table if isinstance(each, str)]
    for client in CLIENTS:
        # What is between the marks of PEP 723 is TOML, behind a hash each.
        _, _, rest = client.read_text("utf-8").partition("# /// script\n")
        block, marked, _ = rest.partition("# ///\n")
        if marked:
            given: list[str] = tomllib.loads("\n".join(line[2:] for line in block.splitlines()))["dependencies"]
            found += [(client.name, each) for each in given]
    return found


def name_of(requirement: str) -> str:
    """The name of what is required."""
    (found,) = re.findall(r"^[A-Za-z0-9._-]+", requirement)
    return str(found)


@pytest.mark.parametrize("who, requirement", requirements())
def test_everything_has_a_lower_bound(who: str, requirement: str) -> None:
    assert re.search(r">=|==", requirement), f"{who} takes any {requirement}, also an ancient one."


@pytest.mark.parametrize("who, requirement", requirements())
def test_everything_has_an_upper_bound_or_a_reason(who: str, requirement: str) -> None:
    bounded = re.search(r"<|==", requirement) is not None

    assert bounded != (name_of(requirement) in UNBOUNDED), f"{who}: {requirement} needs an upper bound or a reason, and not both."


def test_each_reason_is_needed_and_is_a_sentence() -> None:
    assert [] == sorted(set(UNBOUNDED) - {name_of(requirement) for _, requirement in requirements()})
    assert [] == [name for name, reason in UNBOUNDED.items() if not reason.endswith(".")]


def test_clients_are_among_what_is_looked_at() -> None:
    assert {"openai_agents.py", "pipecat_service.py", "openai_sdk_lanes.py"} <= {who for who, _ in requirements()}


def test_the_tests_that_the_threat_model_names_are_there() -> None:
    named = set(re.findall(r"`((?:tests|docs)/[\w/.-]+)`", SECURITY))

    assert 15 < len(named)
    assert [] == sorted(name for name in named if not (REPOSITORY / name).exists())


def test_the_audit_fails_on_a_finding_and_not_on_silence(tmp_path: Path) -> None:
    """The script of CI is run with an auditor that says what each of three real ones would."""
    said = {
        "clean": ("No known vulnerabilities found", 0, 0),
        "found": ("Found 1 known vulnerability in 1 package", 1, 1),
        "silent": ("requests.exceptions.ConnectionError: Failed to resolve", 1, 0),
        "ignorant": ("Name  Skip Reason\nattrs Dependency not found on PyPI and could not be audited: attrs (1)", 0, 0),
    }
    for name, (words, status, expected) in said.items():
        auditor = tmp_path / name
        auditor.write_text(f"#!/bin/sh\ncat <<'END'\n{words}\nEND\nexit {status}\n", "utf-8")
        auditor.chmod(0o755)
        done = subprocess.run([REPOSITORY / ".ci" / "audit", auditor], capture_output=True, text=True, check=False)
        assert expected == done.returncode, (name, done.stdout, done.stderr)
        assert ("out of reach" in done.stdout) == (name in {"silent", "ignorant"}), done.stdout
