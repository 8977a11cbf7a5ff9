"""`rejoinder serve` as a command: it says where it listens and what happens, and Ctrl-C stops it."""

import re
import signal
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.processes import Process
from rejoinder.cli.application import application
from rejoinder.testing.faults import FAULTS


def address(process: Process) -> str:
    """The address that a starting server prints."""
    (found,) = re.findall(r"listens at (ws://127\.0\.0\.1:\d+/v1/responses)\.", process.wait_for("rejoinder chat --base-url"))
    return str(found)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl_c", "terminated"])
def test_server_tells_what_happens_until_it_is_stopped(number: signal.Signals) -> None:
    with Process("serve", "--port", "0", "--key", "open-sesame", "--model", "m", "--profile", "azure") as server:
        url = address(server)
        with Process("chat", "--base-url", url, "--model", "m", OPENAI_API_KEY="open-sesame") as chat:
            chat.write("hello\n")
            chat.wait_for("You said: hello")
            chat.close_input()
            talked = chat.wait()
        server.wait_for("left")
        server.signal(number)
        stopped = server.wait()

    assert (0, 0) == (talked, stopped)
    assert re.search(r"connection 0: opened\n.*connection 0: create, 1 item, in full\n.*connection 0: left\n", server.output)
    assert server.output.endswith("Stopped.\n")
    assert "hello" not in server.output
    assert "open-sesame" not in server.output


@pytest.mark.slow
def test_verbose_server_shows_frames() -> None:
    with Process("serve", "--port", "0", "--verbose", "--fault", "duplicate-created") as server:
        url = address(server)
        with Process("chat", "--base-url", url, "--profile", "openai", OPENAI_API_KEY="any") as chat:
            chat.write("hello\n")
            chat.wait_for("You said: hello")
        server.wait_for("left")

    assert re.search(r'<- \{.*"hello"', server.output)
    assert 2 == len(re.findall(r'-> \{"type":"response\.created"', server.output))


@pytest.mark.parametrize(
    "arguments, status, words",
    [
        (["--fault", "nonsense"], 2, "there is no fault named 'nonsense'. Faults are stall, trickle, "),
        (["--fault", "stall:x"], 2, "'x' is not a number"),
        (["--replay", "{folder}/missing"], 2, "does not exist"),
        (["--replay", "{folder}"], 2, "is a directory"),
        (["--replay", "{folder}/wrong"], 1, "wrong is not a recording: line 1 is not a JSON object."),
        (["--host", "192.0.2.1"], 1, "Nothing can listen on 192.0.2.1 port 8765: "),
        (["--host", "a" * 300], 1, "Nothing can listen on aaaa"),
        (["--host", "a" * 300], 1, "a port 8765: that is no name of a host. Choose another with --host or --port."),
        (["--host", "no such host"], 1, "Nothing can listen on no such host port 8765: "),
        (["--pace", "0"], 2, "--pace"),
        (["--port", "65536"], 2, "--port"),
        (["--profile", "nonsense"], 2, "--profile"),
        (["--cancel-mode", "nonsense"], 2, "--cancel-mode"),
    ],
)
def test_bad_input_is_told_in_a_sentence(arguments: list[str], status: int, words: str, tmp_path: Path) -> None:
    (tmp_path / "wrong").write_text("not JSON\n", "utf-8")
    ended = CliRunner().invoke(application, ["serve", *(argument.format(folder=tmp_path) for argument in arguments)])

    assert status == ended.exit_code
    assert words in ended.stderr
    assert "" == ended.stdout
    assert "Traceback" not in ended.stderr


def test_faults_are_listed_on_demand() -> None:
    ended = CliRunner().invoke(application, ["serve", "--fault", "help"])
    names = [re.split("[: ]", line)[0] for line in ended.stdout.splitlines()]

    assert (0, "") == (ended.exit_code, ended.stderr)
    assert list(FAULTS) == names
    assert "silent               take the request and say nothing\n" in ended.stdout
    assert (
        "oversized:1258291    make the terminal event longer than N characters; N is 1258291 unless it is given\n" in ended.stdout
    )
