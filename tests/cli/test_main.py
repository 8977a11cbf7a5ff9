"""The command line as a whole: help, version, quickness, and nothing on the way that a person could not read."""

import signal
import subprocess
import sys
from importlib.metadata import version

import pytest
from typer.testing import CliRunner

from cli.processes import COMMAND
from rejoinder.cli.application import application
from rejoinder.cli.main import main

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


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["nonsense"]], ids=lambda arguments: arguments[0])
def test_command_runs_as_a_program(arguments: list[str]) -> None:
    ended = subprocess.run(
        [*COMMAND, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONIOENCODING": "ascii", "PATH": ""},
    )

    assert (2 if arguments == ["nonsense"] else 0) == ended.returncode
    assert "Traceback" not in ended.stderr


def test_terminal_that_cannot_say_everything_gets_escapes() -> None:
    asked = "import sys; sys.argv = ['', '--version']; from rejoinder.cli import main; import atexit;"
    shown = "atexit.register(lambda: print('\\u2192')); main.main()"
    ended = subprocess.run(
        [sys.executable, "-c", asked + shown],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONIOENCODING": "ascii", "PATH": ""},
    )

    assert f"{version('rejoinder')}\n\\u2192\n" == ended.stdout


def test_streams_that_are_no_files_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "argv", ["rejoinder", "--nonsense"])
    with pytest.raises(SystemExit) as left:
        main()

    assert 2 == left.value.code


@pytest.mark.parametrize("module", ["typer", "rejoinder.cli.output", "rejoinder.diagrams"])
def test_ctrl_c_during_an_import_says_nothing(module: str) -> None:
    pressing = f"""
import signal, sys
from rejoinder.cli.main import main

class Press:
    def find_spec(self, name, *others):
        if name == {module!r}:
            signal.raise_signal(signal.SIGINT)

sys.meta_path.insert(0, Press())
sys.argv = ["rejoinder", "draw"]
main()
"""
    ended = subprocess.run([sys.executable, "-c", pressing], capture_output=True, text=True, check=False)

    assert (130, "", "") == (ended.returncode, ended.stdout, ended.stderr)


def test_ctrl_c_behind_everything_is_status_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(**_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("rejoinder.cli.application.application", interrupted)
    with pytest.raises(SystemExit) as left:
        main()

    assert 130 == left.value.code


def test_a_handler_that_is_there_already_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["rejoinder", "--version"])
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with pytest.raises(SystemExit):
            main()

        assert signal.SIG_IGN is signal.getsignal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)
