"""What is said of a campaign, for people and for programs."""

from __future__ import annotations

import json
from pathlib import Path

import attrs
import pytest

from rejoinder.cli.fuzz_report import Written, as_json, duration, summary, told, write_finding
from rejoinder.states.trace import read_lines, replay
from rejoinder.testing.explore import ROWS
from rejoinder.testing.fuzz.campaign import Campaign
from rejoinder.testing.fuzz.campaign_records import Finding, Limits, Outcome, Target
from testing.fuzz.handlers import DroppingProgram

PAGE = Path(__file__).parents[2] / "docs" / "fuzz-at-scale.md"


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    return Campaign(Target("Dropping", DroppingProgram), Limits(programs=250), 1).run()


@pytest.fixture
def finding(outcome: Outcome) -> Finding:
    return outcome.findings[0]


def test_trace_is_written_to_be_replayed_and_drawn(finding: Finding, tmp_path: Path) -> None:
    written = write_finding(finding, "stem", tmp_path / "deep" / "er")
    trace = tmp_path / "deep" / "er" / "stem.jsonl"

    assert Written(str(trace), str(trace.with_suffix(".mmd"))) == written
    assert replay(read_lines(trace.read_text("utf-8").splitlines(keepends=True))) is None
    assert trace.with_suffix(".mmd").read_text("utf-8").startswith("sequenceDiagram\n    title promise 10")


def test_failure_before_there_was_a_session_leaves_no_trace(finding: Finding, tmp_path: Path) -> None:
    assert Written() == write_finding(attrs.evolve(finding, header=None), "stem", tmp_path)
    assert Written() == write_finding(attrs.evolve(finding, feds=()), "stem", tmp_path)
    assert [] == list(tmp_path.iterdir())


def test_folder_that_cannot_be_written_is_said_beside_the_failure(finding: Finding, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    folder = tmp_path / "taken" / "deeper"
    written = write_finding(finding, "stem", folder)
    lines = list(told(1, finding, written))

    assert written.trace is None
    assert (
        f"   {tmp_path / 'taken' / 'deeper'} cannot be written (Not a directory). Name another folder with --traces." == lines[-1]
    )


def test_failure_is_told_with_its_story_and_where_it_was_written(finding: Finding) -> None:
    lines = list(told(7, attrs.evolve(finding, seen=1200), Written("a.jsonl", "a.mmd")))

    assert lines[0].startswith("7. promise 10: the handler has ")
    assert "   BrokenPromise at lifecycle_program.py:" in lines[1]
    assert lines[1].endswith("; the smallest program that was found, met in 1,200 programs")
    assert any("r1 leaves" in line for line in lines)
    assert "   To be replayed from a.jsonl, drawn in a.mmd." == lines[-1]


def test_no_terminal_obeys_what_a_handler_says(finding: Finding) -> None:
    rude = attrs.evolve(finding, what="\x1b[2J", story=["\x1b[1m"], program=["\x1b[0m"], place="", shrunk=False)
    text = "\n".join(told(1, rude, Written()))

    assert "\x1b" not in text
    assert "at an unknown line; not shrunk: there was no time" in text


def test_summary_counts_rows_and_failures(outcome: Outcome) -> None:
    lines = list(summary(outcome))
    many = attrs.evolve(outcome, findings=[*outcome.findings, *outcome.findings], interrupted=True, exhausted=True)

    assert lines[0].startswith("Rows taken: link ")
    assert lines[-1].endswith(" of processor time): 1 distinct failure.")
    assert list(summary(attrs.evolve(outcome, findings=())))[-1].endswith(": nothing failed.")
    assert list(summary(many))[-1].endswith(": 2 distinct failures.")
    assert "Interrupted: what follows is what was done until then." in list(summary(many))
    assert "It ended early: mend these 2 failures first." in list(summary(many))


def test_report_is_json_and_has_everything(outcome: Outcome) -> None:
    report = json.loads(json.dumps(as_json({"seed": 1}, outcome, [Written("a.jsonl", "a.mmd")])))
    (failure,) = report["failures"]

    assert ("rejoinder fuzz report", 1, False) == (report["format"], report["version"], report["succeeded"])
    assert outcome.figures.steps == report["figures"]["steps"]
    assert len(ROWS) == sum(table["rows"] for table in report["coverage"]["tables"].values())
    assert len(ROWS) == len(report["coverage"]["never_taken"]) + outcome.figures.rows
    assert "rejoinder trace" == failure["trace"]["lines"][0]["format"]
    assert list(outcome.findings[0].story) == failure["story"]


def test_page_names_each_field_of_the_report(outcome: Outcome) -> None:
    page = PAGE.read_text("utf-8")
    report = as_json({}, outcome, [Written()])
    names = [*report, *report["figures"], *report["coverage"], *report["failures"][0], *report["failures"][0]["trace"]]

    assert [] == [name for name in names if f"`{name}`" not in page]


@pytest.mark.parametrize("seconds, words", [(0.04, "0.0 s"), (59.4, "59.4 s"), (60.0, "1 min 0 s"), (3725.0, "62 min 5 s")])
def test_durations_are_said_as_people_say_them(seconds: float, words: str) -> None:
    assert words == duration(seconds)
