"""The report of `conform`: a line for each row, evidence where a promise is broken, and nothing that a terminal obeys."""

from __future__ import annotations

import base64
import json

import attrs
from trio.testing import MockClock

from rejoinder.cli.conform_report import as_json, lines
from rejoinder.engine import Endpoint
from rejoinder.states.profiles import PROFILES
from rejoinder.testing.conform import ROWS, Finding, Report, Result, Source, Target, Transcript, Verdict, examine
from rejoinder.testing.conform.records import Direction, Frame
from rejoinder.testing.conform.rows import select
from testing.conform.alterations import Alteration, obliging_server, target

(ROW,) = select(["sequence"])
TARGET = Target(Endpoint("wss://api.example.invalid/v1/responses?secret=yes", "hidden-key", PROFILES["xai"]), "m\x1b[2J")


def frame(data: str | bytes, at: float = 0.25) -> Frame:
    return Frame(at, 0, Direction.RECEIVED, data)


def report_with(text: str, *frames: Frame, stopped: str = "") -> Report:
    transcript = Transcript(1.0, list(frames))
    return Report([Result(ROW, Finding(Verdict.BROKEN, text, tuple(frames)), transcript)], stopped, 1.26)


def test_broken_row_shows_promise_and_evidence() -> None:
    shown = list(lines(TARGET, report_with("number 3 stands where 1 belongs", frame('{"type":"x"}'), frame(b"\x00", 1.0))))

    assert [
        "wss://api.example.invalid:443/v1/responses, profile xai, model m\\x1b[2J",
        "",
        "   BROKEN          sequence  number 3 stands where 1 belongs",
        "                   promised: Sequence numbers begin at 0 and rise by 1. (recorded)",
        '                      0.250 s  received  {"type":"x"}',
        "                      1.000 s  received  binary b'\\x00'",
        "",
        "1 row in 1.3 s: 1 broken.",
    ] == shown


def test_server_moves_no_cursor_and_fills_no_screen() -> None:
    nasty = "\x1b]0;title\x07\r\n\u202eesrever " * 10_000
    shown = list(lines(TARGET, report_with(nasty, *[frame(nasty)] * 50, stopped=f"gone\x1b[2J {nasty}")))

    assert all(character.isprintable() for line in shown for character in line)
    assert 280 >= max(len(line) for line in shown)
    assert 1 == sum("... 44 more" in line for line in shown)
    assert shown[-1].startswith("The run ended early. gone\\x1b[2J")


def test_json_has_every_frame_and_no_secret() -> None:
    frames = [frame('{"type":"\ud800"}'), frame(b"\x00\xff"), frame("not shown")]
    report = report_with("wrong", *frames)
    result = attrs.evolve(report.results[0], finding=Finding(Verdict.BROKEN, "wrong", (frames[2],)))
    told = json.loads(json.dumps(as_json(TARGET, Report([result], "", 1.0))))

    assert (False, None, "xai", 1) == (told["succeeded"], told["stopped"], told["profile"], told["counts"]["broken"])
    assert ("broken", "wrong", "plain", [2]) == tuple(
        told["rows"][0][name] for name in ("verdict", "finding", "conversation", "evidence")
    )
    kept = told["conversations"]["plain"]["frames"]
    assert ['{"type":"\ud800"}', base64.b64encode(b"\x00\xff").decode()] == [kept[0]["text"], kept[1]["base64"]]
    assert "hidden-key" not in json.dumps(told)
    assert "secret" not in json.dumps(told)


async def test_counts_name_every_verdict_that_occurred(autojump_clock: MockClock) -> None:
    aim = target(obliging_server("late-frames", profile="azure"), Alteration)
    report = await examine(aim, ROWS)
    *_, total = lines(aim, report)

    assert {"kept", "broken", "found", "undecided", "not applicable"} == {part for part in Verdict if f" {part}" in total}
    assert total.startswith(f"{len(ROWS)} rows in ")


def test_sources_are_explained() -> None:
    assert {row.source for row in ROWS} == set(Source)
