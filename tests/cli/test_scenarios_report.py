"""What is said of runs: verdicts, figures, and what a terminal must not obey."""

from __future__ import annotations

import json
from types import MappingProxyType

from rejoinder.cli.scenarios_report import as_json, lines, measured, verdict_of
from rejoinder.testing import LogEntry
from rejoinder.testing.scenarios import Kind, Result, Setting, select
from rejoinder.testing.scenarios.judging import Happened

(ROW,) = select(["03b"])


def result(kind: Kind = Kind.LANES, *, wire: str = "a", differences: tuple[str, ...] = (), **figures: float) -> Result:
    happened = Happened(seconds=1.0)
    named = MappingProxyType({name.replace("_", " "): value for name, value in figures.items()})
    return Result(ROW, Setting(wire, kind), happened, differences, named)


def test_a_scenario_is_right_if_all_of_its_runs_are() -> None:
    assert "right" == verdict_of([result(), result(Kind.SERIAL)])
    assert "WRONG" == verdict_of([result(), result(Kind.SERIAL, differences=("x",))])


def test_figures_are_those_of_the_slowest_wire_and_told_once_if_they_are_the_same() -> None:
    runs = [
        result(turn_2_sent=0.003, connections=1),
        result(wire="b", turn_2_sent=0.0051, connections=1),
        result(Kind.SERIAL, turn_2_sent=1.5, connections=2),
    ]

    assert "turn 2 sent after 5 ms, serial 1.50 s; 1 connection, serial 2 connections" == measured(runs)
    assert "turn 2 sent after 3 ms" == measured([result(turn_2_sent=0.003), result(Kind.SERIAL, turn_2_sent=0.003)])
    assert "turn 1 of 145 bytes; closed in 2 ms; 1 create; turn 2 over after never" == measured(
        [result(turn_1_size=145, stop=0.002, creates=1, turn_2_ended=float("inf"))]
    )
    assert "" == measured([result()])


def test_what_a_server_said_is_told_so_that_no_terminal_obeys_it() -> None:
    told = list(lines([result(differences=("turn 1 heard \x1b[2J", "x" * 2000))], 1.0))

    assert "03b (a, lanes) is WRONG:" in told
    assert "\x1b" not in "".join(told)
    assert max(map(len, told)) < 500


def test_the_original_is_counted_beside_it() -> None:
    told = list(lines([result()], 2.0))

    assert [
        "1 scenario, 1 run in 2.0 s: 1 right, 0 wrong. The longest run took 1.0 s (03b).",
        "The original, measured in the same ones: 1 wrong.",
    ] == told[-2:]


def test_frames_in_json_are_text_or_base64_and_the_longest_are_cut() -> None:
    run = result()
    run.happened.log += [
        LogEntry(0.5, 0, "out", "x" * 30_000),
        LogEntry(0.5, 0, "out", b"\xff"),
        LogEntry(0.6, 0, "note", "dropped"),
    ]
    report = json.loads(json.dumps(as_json([run], 1.0)))
    text, binary, note = report["scenarios"][0]["runs"][0]["frames"]

    assert (20_000, 30_000) == (len(text["text"]), text["length"])
    assert {"at": 0.5, "connection": 0, "direction": "to client", "base64": "/w=="} == binary
    assert {"at": 0.6, "connection": 0, "direction": "note", "text": "dropped"} == note
