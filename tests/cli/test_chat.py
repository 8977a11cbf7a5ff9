"""`rejoinder chat` as a command: in a pipe, on a terminal, with Ctrl-C, and where it cannot work."""

import http.server
import io
import re
import signal
import sys
import threading
from collections.abc import Iterator
from typing import Final

import pytest
import typer
from typer.testing import CliRunner, Result

from cli.processes import Process
from rejoinder.cli.application import application
from rejoinder.cli.chat import chat as chat_command
from rejoinder.engine import wire_choice

LONG: Final = " ".join(f"word{number}" for number in range(200))


def chat(*arguments: str, key: str | None = "any", said: str = "hello\n") -> Result:
    environment = {"OPENAI_API_KEY": key}
    return CliRunner().invoke(application, ["chat", *arguments], input=said, env=environment)


@pytest.mark.parametrize("key", [None, "", "  "], ids=["absent", "empty", "blank"])
def test_missing_key_is_one_clear_line_with_a_way_out(key: str | None) -> None:
    ended = chat(key=key)

    assert 2 == ended.exit_code
    assert "There is no API key in OPENAI_API_KEY. Set it, or try without one: rejoinder chat --simulator\n" == ended.stderr
    assert "" == ended.stdout


def test_simulator_needs_no_key() -> None:
    ended = chat("--simulator", "--profile", "azure", "--verbose", key=None, said="hello\nand again")

    assert 0 == ended.exit_code
    assert "You said: hello\nYou said: and again\n" == ended.stdout
    assert ended.stderr.startswith("This is a simulated server on your own machine")
    assert "[sent 1 of 3 items, " in ended.stderr


def test_program_without_any_input_leaves_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = io.StringIO()
    monkeypatch.setattr(sys, "stdin", None)
    monkeypatch.setattr(sys, "stdout", answers)
    with pytest.raises(typer.Exit) as left:
        chat_command(simulator=True)

    assert 0 == left.value.exit_code
    assert "" == answers.getvalue()


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["--base-url", "https://api.openai.com/v1"], "does not begin with wss://"),
        (["--base-url", "nonsense"], "does not begin with wss://"),
        (["--base-url", "wss://"], "names no host"),
        (["--base-url", "wss://[::1"], "cannot be read"),
        (["--base-url", "ws://192.0.2.1/"], "would send the key in clear text"),
        (["--base-url", "ws://127.0.0.1:1/", "--simulator"], "--simulator brings its own server"),
        (["--profile", "nonsense"], "--profile"),
        (["--wire", "nonsense"], "--wire"),
        (["--proxy", "ftp://ada:lovelace@proxy.example"], "Settings(proxy=…) begins with ftp://. Write it as http://host:port"),
        (["--simulator", "--proxy", "http://proxy.example"], "to the proxy 'http://proxy.example:80' in clear text"),
    ],
)
def test_command_line_that_cannot_work_is_status_2(arguments: list[str], words: str) -> None:
    ended = chat(*arguments)

    assert 2 == ended.exit_code
    assert words in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "lovelace" not in ended.stderr


@pytest.mark.parametrize("wire", ["auto", "trio-websocket", "websockets"])
def test_each_wire_carries_the_talk(wire: str) -> None:
    ended = chat("--simulator", "--wire", wire)

    assert (0, "You said: hello\n") == (ended.exit_code, ended.stdout)


def test_wire_that_is_not_installed_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire_choice, "installed_version", lambda: None)
    ended = chat("--simulator", "--wire", "websockets")

    assert 2 == ended.exit_code
    assert ended.stderr.endswith("needs websockets 17, and it is not installed. Install it: pip install 'rejoinder[fast]'.\n")
    assert "Traceback" not in ended.stderr


def test_key_with_a_line_break_is_told_without_the_key() -> None:
    ended = chat(key="abc\ndef")

    assert 2 == ended.exit_code
    assert "line break" in ended.stderr
    assert "abc" not in ended.stderr


@pytest.fixture
def web_server() -> Iterator[str]:
    """A server that speaks HTTP and nothing else."""

    class Quiet(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:
            """Say nothing."""

    with http.server.HTTPServer(("127.0.0.1", 0), Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"ws://127.0.0.1:{server.server_port}/v1/responses"
        server.shutdown()
        thread.join()


def test_server_that_is_no_websocket_server_is_status_1(web_server: str) -> None:
    ended = chat("--base-url", web_server, "--profile", "xai")

    assert 1 == ended.exit_code
    assert re.search(r"127\.0\.0\.1.*Check", ended.stderr)
    assert 1 == len(ended.stderr.splitlines())


@pytest.mark.slow
@pytest.mark.parametrize(
    "server, words",
    [
        (["--key", "another"], "HTTP status 401. Check the API key"),
        (["--fault", "refused-handshake:403"], "HTTP status 403. Check what the API key may do"),
        (["--fault", "refused-handshake:503"], "HTTP status 503. Try again later"),
        (["--model", "another"], "The requested model 'gpt-4.1' does not exist. Check the model's name"),
    ],
    ids=["unauthorised", "forbidden", "unavailable", "unknown_model"],
)
def test_server_that_refuses_is_status_1(server: list[str], words: str) -> None:
    with Process("serve", "--port", "0", *server) as process:
        (url,) = re.findall(r"listens at (\S+)\.", process.wait_for("rejoinder chat --base-url"))
        ended = chat("--base-url", url)

    assert 1 == ended.exit_code
    assert words in ended.stderr
    assert 1 == len(ended.stderr.splitlines())


@pytest.mark.slow
def test_dead_port_is_status_1() -> None:
    ended = chat("--base-url", "ws://127.0.0.1:1/v1/responses")

    assert 1 == ended.exit_code
    assert "No connection to 127.0.0.1 port 1: " in ended.stderr
    assert "Check that the server runs and that its address is right.\n" in ended.stderr
    assert 1 == len(ended.stderr.splitlines())


@pytest.mark.slow
@pytest.mark.parametrize("terminal", [True, False], ids=["terminal", "pipe"])
def test_ctrl_c_interrupts_the_answer_and_not_the_program(*, terminal: bool) -> None:
    with Process("chat", "--simulator", terminal=terminal, TERM="xterm") as process:
        process.wait_for("simulated server")
        process.write(f"{LONG}\n")
        process.wait_for("You said: word0 word1")
        process.signal(signal.SIGINT)
        process.wait_for("[interrupted]")
        before = len(process.output)
        process.write("still there?\n")
        process.wait_for("You said: still there?")
        if terminal:
            process.write("\x04")  # Ctrl-D
        else:
            process.close_input()
        status = process.wait()

    assert 0 == status
    # Not a word of what was interrupted came afterwards.
    assert "word" not in process.output[before:]
    assert "Traceback" not in process.output


@pytest.mark.slow
def test_ctrl_c_at_the_prompt_leaves_though_a_thread_still_reads() -> None:
    with Process("chat", "--simulator", terminal=True, TERM="xterm") as process:
        process.wait_for("> ")
        process.signal(signal.SIGINT)
        status = process.wait()

    assert 0 == status
    assert process.output.endswith("> \n")
