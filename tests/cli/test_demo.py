"""`rejoinder demo` as a command: it shows everything, and a planted fault makes it fail and name the promise."""

import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import attrs
import pytest
from typer.testing import CliRunner, Result

from cli.held import hold
from cli.planted import PLANTED
from cli.processes import COMMAND, Process
from rejoinder.cli import demo_run
from rejoinder.cli.application import application
from rejoinder.cli.demo import screen_for
from rejoinder.cli.demo_live import LiveScreen
from rejoinder.cli.demo_run import Plan
from rejoinder.cli.demo_screen import PlainScreen, SilentScreen
from rejoinder.cli.demo_story import FAST
from rejoinder.states.events import Shutdown
from rejoinder.states.trace import read_lines, replay

TITLES = {
    "words-stay-yours": "Your words stay yours",
    "cancelled-is-cancelled": "Cancelled is cancelled",
    "no-stale-memory": "No stale memory",
    "no-word-twice": "No word twice",
}


def run(*arguments: str) -> Result:
    return CliRunner().invoke(application, ["demo", "--fast", *arguments])


@pytest.mark.slow
@pytest.mark.parametrize("profile", ["openai", "azure"])
def test_demo_shows_everything_and_keeps_every_promise(profile: str, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    ended = run("--profile", profile, "--json", str(report))
    said: dict[str, Any] = json.loads(report.read_text("utf-8"))

    assert 0 == ended.exit_code
    assert ended.output.endswith("Every promise was kept.\n")
    assert 7 == len(said["happened"]) == ended.output.count("\n   yes ")
    assert 7 == len(said["promises"]) == ended.output.count("\n   kept ")
    assert all(said["happened"].values())
    assert all(promise["kept"] for promise in said["promises"])
    assert (profile, True) == (said["profile"], said["succeeded"])
    assert 12 == ended.output.count("\n   ends ")
    assert said["savings"]["size_sent"] < said["savings"]["size"]


@pytest.mark.slow
def test_the_session_is_recorded_if_asked(tmp_path: Path) -> None:
    path = tmp_path / "demo.trace.jsonl"
    ended = run("--trace", str(path))
    with path.open(encoding="ascii") as lines:
        trace = read_lines(lines)

    assert 0 == ended.exit_code
    assert (True, True, False) == (trace.header.whole, trace.header.payloads, trace.torn)
    assert Shutdown() == trace.feds[-1].event
    assert replay(trace) is None


def test_a_trace_that_cannot_be_written_is_told_in_one_line(tmp_path: Path) -> None:
    path = str(tmp_path / "none" / "demo")
    ended = run("--trace", path)

    assert (2, f"A trace cannot be written to {path!r} (No such file or directory). Name a file that can.\n") == (
        ended.exit_code,
        ended.stderr,
    )


@pytest.mark.slow
def test_report_alone_goes_to_standard_output() -> None:
    ended = run("--json", "-", "--no-signal", "--then", "retire", "--profile", "xai")
    said = json.loads(ended.stdout)

    assert 0 == ended.exit_code
    assert said["succeeded"]
    assert "'retire'" in said["promises"][-1]["evidence"]


@pytest.mark.slow
@pytest.mark.parametrize("promise", PLANTED)
def test_planted_fault_breaks_the_demo_and_is_named(promise: str, monkeypatch: pytest.MonkeyPatch) -> None:
    PLANTED[promise](monkeypatch)
    # What hangs because of the fault need not be waited for.
    monkeypatch.setattr(demo_run, "FAST", attrs.evolve(FAST, patience=1.0))
    ended = run("--plain")

    assert 1 == ended.exit_code
    assert f"   BROKEN   {TITLES[promise]}\n" in ended.output
    assert TITLES[promise] in ended.output.splitlines()[-1]


@pytest.mark.parametrize("promise", PLANTED)
def test_planted_fault_is_found_in_the_logs_of_any_provider(promise: str, monkeypatch: pytest.MonkeyPatch) -> None:
    PLANTED[promise](monkeypatch)

    # On a serial provider what drains is on another link than what is asked next: it is delivered all the same.
    assert promise in hold(Plan("openai")).broken()
    assert promise in hold(Plan("azure")).broken()


def test_report_that_cannot_be_written_is_noticed_before_anything_happens(tmp_path: Path) -> None:
    ended = run("--json", str(tmp_path / "missing" / "report.json"))

    assert 2 == ended.exit_code
    assert "" == ended.stdout
    assert 1 == len(ended.stderr.splitlines())
    assert "cannot be written (No such file or directory). Name a file that can." in ended.stderr


class Terminal:
    """Stands in for a standard output that can move."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    "arguments, term, expected",
    [
        ({"silent": True, "plain": False}, "xterm", SilentScreen),
        ({"silent": False, "plain": True}, "xterm", PlainScreen),
        ({"silent": False, "plain": False}, "dumb", PlainScreen),
        ({"silent": False, "plain": False}, "xterm", LiveScreen),
    ],
    ids=["silent", "plain", "dumb_terminal", "terminal"],
)
def test_screen_moves_only_where_it_can(
    arguments: dict[str, bool], term: str, expected: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", term)
    monkeypatch.setattr(sys, "stdout", Terminal())

    assert expected is type(screen_for(**arguments))


def test_screen_is_plain_in_a_pipe() -> None:
    # Under pytest, standard output is captured, which is no terminal.
    assert isinstance(screen_for(silent=False, plain=False), PlainScreen)


@pytest.mark.slow
def test_terminal_gets_the_screen_that_moves() -> None:
    theirs, ours = pty.openpty()
    with subprocess.Popen(
        [*COMMAND, "demo", "--fast"],
        stdin=subprocess.DEVNULL,
        stdout=ours,
        stderr=ours,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "120", "LINES": "40"},
    ) as process:
        os.close(ours)
        shown = read_all(theirs)

    assert 0 == process.returncode
    # The cursor is hidden while things move, and comes back.
    assert shown.index(b"\x1b[?25l") < shown.index(b"streaming") < shown.rindex(b"\x1b[?25h")
    assert b"Every promise was kept." in shown


def read_all(descriptor: int) -> bytes:
    """Everything until the other side is gone, which Linux reports as an error."""
    shown = b""
    try:
        while data := os.read(descriptor, 65_536):
            shown += data
    except OSError:
        pass
    finally:
        os.close(descriptor)
    return shown


@pytest.mark.slow
def test_ctrl_c_ends_the_demo_without_a_traceback() -> None:
    with Process("demo", "--plain") as process:
        process.wait_for("2. The second turn")
        process.signal(signal.SIGINT)
        status = process.wait()

    assert 130 == status
    assert "Traceback" not in process.output


@pytest.mark.slow
def test_reader_that_leaves_ends_the_demo_without_a_traceback() -> None:
    with subprocess.Popen([*COMMAND, "demo", "--fast"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        complaints = process.stderr.read()

    assert b"" == complaints
    assert 141 == process.returncode


def test_command_is_run_by_this_python() -> None:
    assert sys.executable == COMMAND[0]
