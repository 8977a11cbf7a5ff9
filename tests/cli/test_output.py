"""Standard output that cannot be written is told in one line, whatever the command was doing, and is no verdict."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, cast

import pytest
import typer

from cli.processes import COMMAND
from rejoinder.cli.output import OutputLost, guarded_output
from rejoinder.diagrams.rendered import FOLDER

TRACE: Final = str(Path(__file__).parents[2] / FOLDER / "interruption.trace.jsonl")
FULL: Final = Path("/dev/full")
NEEDS_FULL: Final = pytest.mark.skipif(not FULL.exists(), reason="this system has no file that is always full")
COMMANDS: Final = {
    "help": ["--help"],
    "version": ["--version"],
    "draw": ["draw", "link"],
    "sequence": ["sequence", TRACE],
    "replay": ["replay", TRACE],
    "check": ["check", "serial-hedge"],
    "fuzz": ["fuzz", "--examples", "2"],
    "demo": ["demo", "--fast"],
    "conform": ["conform", "--row", "ping"],
    "scenarios": ["scenarios", "01"],
    "faults": ["serve", "--fault", "help"],
}
SLOW: Final = {"check", "fuzz", "demo", "conform", "scenarios"}
EACH: Final = [pytest.param(name, marks=pytest.mark.slow) if name in SLOW else name for name in COMMANDS]


def ended(redirection: str, name: str, folder: Path) -> tuple[int, str]:
    """The status, and what was said on the error stream, of a command whose output goes there."""
    shell = ["sh", "-c", f'exec "$@" {redirection}', "sh", *COMMAND, *COMMANDS[name]]
    done = subprocess.run(shell, cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


@NEEDS_FULL
@pytest.mark.parametrize("name", EACH)
def test_a_full_disk_is_one_line_and_status_2(name: str, tmp_path: Path) -> None:
    expected = "What is printed cannot be written (No space left on device). Let it go to a place that can be written.\n"

    assert (2, expected) == ended(f">{FULL}", name, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["help", "draw", "demo", "fuzz"])
def test_a_closed_output_is_one_line_and_status_2(name: str, tmp_path: Path) -> None:
    expected = "What is printed cannot be written (Bad file descriptor). Let it go to a place that can be written.\n"

    assert (2, expected) == ended(">&-", name, tmp_path)
    assert (2, "") == ended(">&- 2>&-", name, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name, unbuffered", [("help", False), ("help", True), ("draw", False), ("replay", False), ("check", False), ("conform", False)]
)
def test_a_reader_that_left_is_told_nothing_and_is_no_verdict(*, name: str, unbuffered: bool, tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"} if unbuffered else None
    done = subprocess.run(
        [*COMMAND, *COMMANDS[name]],
        stdout=writing,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
        env=environment,
        text=True,
        check=False,
    )
    os.close(writing)

    assert (141, "") == (done.returncode, done.stderr)


@pytest.mark.slow
def test_a_closed_error_stream_harms_nobody(tmp_path: Path) -> None:
    assert (0, "") == ended(">/dev/null 2>&-", "conform", tmp_path)


@NEEDS_FULL
def test_a_command_that_cannot_work_says_so_where_nobody_hears_it(tmp_path: Path) -> None:
    shell = ["sh", "-c", f'exec "$@" >{FULL} 2>{FULL}', "sh", *COMMAND, "nonsense"]

    assert 2 == subprocess.run(shell, cwd=tmp_path, check=False).returncode


# In this process.


class Refusing(io.RawIOBase):
    """A stream on a disk that is full."""

    def writable(self) -> bool:
        return True

    def write(self, data: object, /) -> int:
        raise OSError(28, "No space left on device")


def run_on_a_full_disk(command: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> int | str | None:
    """The status with which ``command`` ends there."""
    # Like that of `python -u`: what is in a buffer of its own would be written once more when it is thrown away.
    stream: Any = io.TextIOWrapper(cast("io.BufferedWriter", Refusing()), "utf-8", write_through=True)
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", stream)
        with pytest.raises(SystemExit) as left:
            run_guarded(command)
        assert stream is sys.stdout
    return left.value.code


def run_guarded(command: Callable[[], object]) -> None:
    with guarded_output():
        command()


def test_a_loss_that_is_swallowed_is_met_again_and_decides_the_status(monkeypatch: pytest.MonkeyPatch) -> None:
    losses: list[OutputLost] = []

    def command() -> None:
        for _ in range(2):
            try:
                typer.echo("text")
            except OutputLost as lost:
                losses.append(lost)
        raise SystemExit(0)

    assert 2 == run_on_a_full_disk(command, monkeypatch)
    assert 2 == len(losses)


def test_a_loss_is_no_fault_of_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    blamed = False

    def command() -> None:
        nonlocal blamed
        try:
            typer.echo("text")
        except OSError:
            blamed = True

    assert 2 == run_on_a_full_disk(command, monkeypatch)
    assert not blamed


def test_what_is_printed_arrives_whole_and_in_order(capfd: pytest.CaptureFixture[str]) -> None:
    with guarded_output():
        sys.stdout.write("one, ")
        typer.echo(b"two, ", nl=False)
        sys.stdout.write("three \u2192\n")
        typer.echo("aside", err=True)

    assert ("one, two, three \u2192\n", "aside\n") == capfd.readouterr()


def test_streams_that_are_no_files_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stdout", stream)
    with guarded_output():
        assert stream is sys.stdout
        typer.echo("text")

    assert "text\n" == stream.getvalue()
