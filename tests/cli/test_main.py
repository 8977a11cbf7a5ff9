"""The command as a program: nothing on the way that a person could not read, and Ctrl-C at any time."""

import signal
import subprocess
import sys
from importlib.metadata import version

import pytest

from cli.processes import COMMAND
from rejoinder.cli.main import main


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
