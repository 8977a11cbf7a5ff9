"""The command line as a whole: help, version, and quickness."""

import subprocess
import sys
from importlib.metadata import version

import pytest
from typer.testing import CliRunner

from rejoinder.cli.application import application

HEAVY = ("trio", "rich", "httpx", "hypercorn", "starlette", "rejoinder.engine", "rejoinder.states", "rejoinder.testing")


@pytest.mark.parametrize("command", ["demo", "chat", "serve", "draw", "replay", "sequence", "view"])
def test_help_names_every_command_and_each_helps(command: str) -> None:
    listed = CliRunner().invoke(application, ["--help"])
    helped = CliRunner().invoke(application, [command, "--help"])

    assert (0, 0) == (listed.exit_code, helped.exit_code)
    assert f"\n  {command} " in listed.output
    assert f"Usage: rejoinder {command} [OPTIONS]" in helped.output
    # No summary in the list is cut off.
    assert not any(line.startswith("  ") and line.endswith("...") for line in listed.output.splitlines())


def test_version_is_the_installed_one() -> None:
    ended = CliRunner().invoke(application, ["--version"])

    assert (0, f"{version('rejoinder')}\n") == (ended.exit_code, ended.output)


def test_nothing_at_all_shows_the_help() -> None:
    ended = CliRunner().invoke(application, [])

    assert "Commands:" in ended.output
    assert 2 == ended.exit_code


def test_help_imports_nothing_that_it_does_not_need() -> None:
    asked = f"import sys, rejoinder.cli.application; print([name for name in {HEAVY!r} if name in sys.modules])"
    ended = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)

    assert "[]\n" == ended.stdout
