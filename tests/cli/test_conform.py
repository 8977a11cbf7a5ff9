"""`rejoinder conform` as a command: whom it asks, with which key, and how it ends."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.processes import Process
from harness.loopback import HOST, free_port
from rejoinder.cli.application import application
from rejoinder.testing.conform import ROWS
from rejoinder.testing.faults import ServerSetup
from rejoinder.testing.model_server import ModelServer

QUICK = ("--timeout", "2")
"""A fifth of a second is then enough patience; nothing here needs more."""


def conform(*arguments: str, key: str | None = None) -> Result:
    return CliRunner().invoke(application, ["conform", *arguments], env={"OPENAI_API_KEY": key})


def test_simulator_is_examined_where_no_url_is_named() -> None:
    ended = conform("--row", "ping", "--row", "created-first", "--model", "m", *QUICK)

    assert 0 == ended.exit_code, ended.output
    assert re.match(
        r"ws://127\.0\.0\.1:\d+/v1/responses, profile openai, model m\n\n"
        r"   kept            created-first  response\.created came first, and once\n"
        r"   kept            ping           after \d\.\d\d s\n\n"
        r"2 rows in \d\.\d s: 2 kept\.\n$",
        ended.stdout,
    )
    assert "" == ended.stderr


def test_profile_decides_what_applies() -> None:
    ended = conform("--row", "lane-limit", "--profile", "xai", *QUICK)

    assert 0 == ended.exit_code
    assert "not applicable  lane-limit  the profile xai has no lanes" in ended.stdout


@pytest.mark.slow
@pytest.mark.parametrize("profile", ["openai", "generic"])
def test_whole_run_over_a_socket_keeps_every_promise(profile: str, tmp_path: Path) -> None:
    ended = conform("--profile", profile, "--json", str(tmp_path / "report.json"))
    report = json.loads((tmp_path / "report.json").read_text("utf-8"))

    assert 0 == ended.exit_code, ended.output
    assert {"kept", "found", "not applicable"} >= {row["verdict"] for row in report["rows"]}
    assert [row.name for row in ROWS if not row.by_name_only] == [row["name"] for row in report["rows"]]


@pytest.mark.slow
def test_server_at_a_url_is_examined_with_the_key_and_found_out(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    with Process("serve", "--port", "0", "--key", "open-sesame", "--profile", "azure", "--fault", "late-frames") as server:
        (url,) = re.findall(r"listens at (ws://\S+)\. Ctrl", server.wait_for("rejoinder chat --base-url"))
        ended = conform(url, "--row", "silent-after-end", "--json", str(file), *QUICK, key="open-sesame")
        refused = conform(url, *QUICK, key="wrong")
    report = json.loads(file.read_text("utf-8"))

    assert 1 == ended.exit_code, ended.output
    assert f"{url}, profile generic, model gpt-4.1\n" in ended.stdout
    assert "BROKEN          silent-after-end  more came after the terminal event\n" in ended.stdout
    assert "promised: No output follows the terminal event. (recorded)\n" in ended.stdout
    assert re.search(r"s  received  \{.* \(too late\)", ended.stdout)
    assert (False, "broken") == (report["succeeded"], report["rows"][0]["verdict"])
    assert "open-sesame" not in ended.output + file.read_text("utf-8")
    assert (1, "") == (refused.exit_code, refused.stdout)
    assert (
        "127.0.0.1 refused the connection with HTTP status 401. Check the API key: the server does not accept it.\n"
        == refused.stderr
    )


@pytest.mark.slow
def test_progress_is_shown_to_a_terminal_only() -> None:
    with Process("conform", "--row", "metadata", "--row", "ping", *QUICK, terminal=True, TERM="xterm") as process:
        status = process.wait()

    assert 0 == status
    assert "\r\x1b[K   1 of 2: metadata" in process.output
    assert "\r\x1b[K   2 of 2: ping\n" in process.output


def test_json_alone_is_printed_on_demand() -> None:
    ended = conform("--json", "-", "--row", "ping", *QUICK)

    assert 0 == ended.exit_code
    assert ["ping"] == [row["name"] for row in json.loads(ended.stdout)["rows"]]


def test_help_lists_it_in_a_line_and_explains() -> None:
    listed = CliRunner().invoke(application, ["--help"])
    helped = conform("--help")

    assert re.search(r"\n  conform +Print which promises of the protocol a server keeps\.\n", listed.output)
    assert "Usage: rejoinder conform [OPTIONS] [URL]" in helped.output


def test_rows_are_listed_without_asking_anybody() -> None:
    ended = conform("wss://nobody.invalid/", "--list")
    one = conform("--list", "--row", "lane-limit")

    assert 0 == ended.exit_code
    assert [row.name for row in ROWS] == re.findall(r"^(\S+) \(", ended.stdout, re.MULTILINE)
    assert "too-large (reported; needs to be named)\n" in ended.stdout
    assert one.stdout.startswith("lane-limit (documented; needs lanes)\n   The 33rd lane name ")


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["--nonsense"], "No such option"),
        (["--row", "nonsense"], "There is no row named 'nonsense'. Rows are created-first, "),
        (["--profile", "nonsense"], "--profile"),
        (["--wire", "nonsense"], "--wire"),
        (["--proxy", "nonsense"], "Settings(proxy=…) begins with no scheme. Write it as http://host:port"),
        (["ws://127.0.0.1:1/", "--proxy", "http://proxy.example"], "to the proxy 'http://proxy.example:80' in clear text"),
        (["--timeout", "0"], "--timeout 0 is not a number of seconds above 0. Leave it out"),
        (["--timeout", "nan"], "--timeout nan is not a number of seconds above 0. Leave it out"),
        (["--timeout", "inf"], "--timeout inf is not a number of seconds above 0. Leave it out"),
        (["--timeout", "soon"], "--timeout"),
        (["--json", "{folder}/missing/report.json"], "cannot be written (No such file or directory). Name a file that can."),
        (["--json", "{folder}"], "cannot be written (Is a directory). Name a file that can."),
        (["https://localhost/v1"], "does not begin with wss://"),
        (["nonsense"], "does not begin with wss://"),
        (["wss://"], "names no host"),
        (["ws://192.0.2.1/"], "in clear text"),
        (["wss://192.0.2.1/"], "There is no API key in OPENAI_API_KEY. Set it, or examine the simulator: rejoinder conform"),
        (["wss://nobody.invalid/"], "There is no API key in OPENAI_API_KEY."),
    ],
)
def test_command_line_that_cannot_work_is_status_2(arguments: list[str], words: str, tmp_path: Path) -> None:
    ended = conform(*(argument.format(folder=tmp_path) for argument in arguments))

    assert 2 == ended.exit_code
    assert words in re.sub(r"[\s│]+", " ", ended.stderr)
    assert "" == ended.stdout
    assert "Traceback" not in ended.stderr


def test_key_with_a_line_break_is_told_without_the_key() -> None:
    ended = conform("wss://localhost/", key="abc\ndef")

    assert 2 == ended.exit_code
    assert "line break" in ended.stderr
    assert "abc" not in ended.output


@pytest.mark.parametrize("host", [HOST, "localhost"])
def test_dead_server_is_one_line_and_status_1_and_needs_no_key(host: str, tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text("of an earlier run", "utf-8")
    ended = conform(f"ws://{host}:{free_port()}/v1/responses", "--json", str(tmp_path / "report.json"))

    assert 1 == ended.exit_code
    assert re.fullmatch(
        rf"No connection to {host} port \d+: Connection refused\. Check that the server runs and that its address is right\.\n",
        ended.stderr,
    )
    assert "" == ended.stdout
    assert "of an earlier run" == (tmp_path / "report.json").read_text("utf-8")


def test_model_that_does_not_exist_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    build = ServerSetup.build

    def with_one_model(setup: ServerSetup, **settings: object) -> ModelServer:
        return build(setup, **settings, known_models=frozenset({"another"}))

    monkeypatch.setattr(ServerSetup, "build", with_one_model)
    ended = conform(*QUICK)

    assert (1, "") == (ended.exit_code, ended.stdout)
    assert (
        "The server refused a plain request: model_not_found (The requested model 'gpt-4.1' does not exist.)."
        " Check --model and the key, or try again later.\n"
    ) == ended.stderr


def test_full_disk_is_one_line() -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no file that is always full")
    ended = conform("--json", str(full), "--row", "ping", *QUICK)

    assert (2, "") == (ended.exit_code, ended.stdout)
    assert "'/dev/full' cannot be written (No space left on device). Name a file that can.\n" == ended.stderr
