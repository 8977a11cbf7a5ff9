"""`rejoinder scenarios` as a command: what it runs, what it says, and how it ends."""

from __future__ import annotations

import json
import re
from pathlib import Path

import attrs
import pytest
from typer.testing import CliRunner, Result

from cli.processes import Process
from rejoinder.cli.application import application
from rejoinder.testing import Answer, Text
from rejoinder.testing.scenarios import ORDER, Server
from rejoinder.testing.scenarios import rows as table


def scenarios(*arguments: str) -> Result:
    return CliRunner().invoke(application, ["scenarios", *arguments], env={"COLUMNS": "170"})


@pytest.fixture
def planted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Row 01 expects another word than its server says."""
    rows = {each.name: each for each in table.SCENARIOS}
    rows["01"] = attrs.evolve(rows["01"], server=Server([Answer([Text("Good night.")])]))
    monkeypatch.setattr(table, "SCENARIOS", tuple(rows.values()))


def test_it_prints_a_table_beside_the_original() -> None:
    ended = scenarios("01", "10", "http ok")

    assert 0 == ended.exit_code, ended.output
    assert re.match(r" *row +scenario +correct +measured +verdict +the original\n", ended.stdout)
    assert re.search(r"\n *01 +three turns .* turn 2 sent after \d+ ms.* right +right: 1 item, 145 bytes", ended.stdout)
    assert re.search(
        r"\n3 scenarios, 9 runs in \d+\.\d s: 3 right, 0 wrong\. The longest run took \d+\.\d s \(.*\)\.\n"
        r"The original, measured in the same ones: 3 right\.\n$",
        ended.stdout,
    )
    assert "" == ended.stderr


@pytest.mark.usefixtures("planted")
def test_what_is_wrong_is_told_frame_by_frame_and_is_status_1(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    ended = scenarios("01", "09c", "--profile", "serial", "--json", str(file))
    report = json.loads(file.read_text("utf-8"))

    assert 1 == ended.exit_code
    assert re.search(r"\n *01 +three turns .* WRONG +right: ", ended.stdout)
    assert "\n01 (trio-websocket, serial) is WRONG:\n   turn 1 heard 'Good night.', not 'Good morning.'\n" in ended.stdout
    assert "\n   frames not expected: 0 < created resp_1, " in ended.stdout
    assert "\n01 (websockets, serial) is WRONG:\n" in ended.stdout
    assert "2 scenarios, 4 runs in " in ended.stdout
    assert ": 1 right, 1 wrong." in ended.stdout
    assert [False, "wrong", "right"] == [report["succeeded"], *(each["verdict"] for each in report["scenarios"])]


def test_json_has_every_run_every_turn_and_every_frame(tmp_path: Path) -> None:
    ended = scenarios("01", "--json", "-")
    report = json.loads(ended.stdout)
    (row,) = report["scenarios"]

    assert (0, True) == (ended.exit_code, report["succeeded"])
    assert ("01", "right") == (row["name"], row["verdict"])
    assert {"verdict": "right", "measured": "1 item, 145 bytes, 2 ms"} == row["original"]
    assert [(wire, kind, True) for wire in ("trio-websocket", "websockets") for kind in ("lanes", "serial")] == [
        (run["wire"], run["kind"], run["right"]) for run in row["runs"]
    ]
    for run in row["runs"]:
        assert run["expected"] == run["seen"]
        assert "create" in run["seen"][0]
        assert ["Good morning.", "It is Tuesday.", "Goodbye."] == [turn["heard"] for turn in run["turns"]]
        sent = [json.loads(frame["text"]) for frame in run["frames"] if frame["direction"] == "to server"]
        assert ["Good morning!", "Which day is it?", "Thank you."] == [create["input"][-1]["content"] for create in sent]
        assert "to client" in {frame["direction"] for frame in run["frames"]}


def test_scenarios_are_listed_without_running_any() -> None:
    ended = scenarios("--list")
    one = scenarios("--list", "16")

    assert 0 == ended.exit_code
    assert list(ORDER) == re.findall(r"^(\S.*?): ", ended.stdout, re.MULTILINE)
    assert (
        "16: two conversations take turns (lanes; at most 6 s)\n   both are continued\n"
        "   not serial: a serial server remembers one response of a connection, so neither of two can be continued in turn\n"
    ) == one.stdout


def test_help_lists_it_in_a_line() -> None:
    listed = CliRunner().invoke(application, ["--help"])

    assert re.search(r"\n  scenarios +Run every scenario that the original was measured in\.\n", listed.output)


@pytest.mark.slow
def test_progress_is_shown_to_a_terminal_only() -> None:
    with Process("scenarios", "01", "--profile", "lanes", "--wire", "trio-websocket", terminal=True, TERM="xterm") as process:
        status = process.wait()

    assert 0 == status
    assert "\r\x1b[K   1 of 1: 01\n" in process.output.replace("\r\n", "\n")


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["--nonsense"], "No such option"),
        (["99"], "There is no scenario named '99'. Scenarios are 01, 01L, "),
        (["01", "--wire", "copper"], "There is no wire named 'copper' here. Wires are trio-websocket, websockets."),
        (["01", "--profile", "nonsense"], "--profile"),
        (["16", "--profile", "serial"], "There is nothing to run (serial: a serial server remembers"),
        (["01", "--at-once", "0"], "--at-once"),
        (["01", "--json", "{folder}/missing/report.json"], "cannot be written (No such file or directory). Name a file that can."),
        (["01", "--json", "{folder}"], "cannot be written (Is a directory). Name a file that can."),
    ],
)
def test_command_line_that_cannot_work_is_status_2(arguments: list[str], words: str, tmp_path: Path) -> None:
    ended = scenarios(*(argument.format(folder=tmp_path) for argument in arguments))

    assert 2 == ended.exit_code
    assert words in re.sub(r"[\s│]+", " ", ended.stderr)
    assert "" == ended.stdout
    assert "Traceback" not in ended.stderr
