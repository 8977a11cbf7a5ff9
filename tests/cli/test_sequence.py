"""`rejoinder sequence` draws a trace, or a part of it, and tells a mistake in one line."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from harness.telling import interrupted
from rejoinder.cli import sequence as command
from rejoinder.cli.application import application
from rejoinder.diagrams.sequence import sequence
from rejoinder.diagrams.sequence_svg import draw_sequence_svg
from rejoinder.states.profiles import AZURE, CancelPolicy, Policy
from rejoinder.states.trace import Gap, Header, read_lines, write_lines

LINES = list(write_lines(Header("1.2.3", AZURE, Policy(then=CancelPolicy.DRAIN)), [*interrupted(), Gap(9.0, 1)]))
FEDS = read_lines(LINES).feds


def run(*arguments: object) -> tuple[int, str, str]:
    ended = CliRunner().invoke(application, ["sequence", *map(str, arguments)])
    return ended.exit_code, ended.stdout_bytes.decode(), ended.stderr


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    path = tmp_path / "a.trace.jsonl"
    path.write_text("".join(LINES), "ascii")
    return path


def test_a_trace_is_drawn_in_mermaid(trace: Path) -> None:
    assert (0, sequence(FEDS, "a.trace.jsonl"), "") == run(trace) == run(trace, "--format", "mermaid")


def test_a_trace_is_drawn_in_svg(trace: Path, tmp_path: Path) -> None:
    expected = draw_sequence_svg(FEDS, "a.trace.jsonl")

    assert (0, expected, "") == run(trace, "--format", "svg")
    assert (0, "", "") == run(trace, "-o", tmp_path / "picture.SVG")
    assert expected == (tmp_path / "picture.SVG").read_text("utf-8")


def test_a_part_is_drawn_with_its_numbers(trace: Path) -> None:
    assert (0, draw_sequence_svg(FEDS[8:11], "a.trace.jsonl", 9), "") == run(trace, "--format", "svg", "--from", 9, "--to", 11)


@pytest.mark.parametrize("part", [("--from", len(FEDS) + 2), ("--from", 5, "--to", 4)])
def test_a_part_that_is_not_there_is_told(part: tuple[object, ...], trace: Path) -> None:
    status, said, complaints = run(trace, *part)

    assert (2, "", f"{str(trace)!r} has no steps there. Name others with --from and --to.\n") == (status, said, complaints)


def test_too_many_steps_are_not_held(trace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "MOST_STEPS", 3)

    assert (2, "", "There are more than 3 steps. Name a part of them with --from and --to.\n") == run(trace)
    assert 0 == run(trace, "--to", 3)[0]


def test_a_format_that_there_is_not_is_told(trace: Path) -> None:
    assert (2, "", "There is no format 'pdf' of a sequence. Name mermaid or svg.\n") == run(trace, "--format", "pdf")


def test_what_is_no_trace_is_told(tmp_path: Path) -> None:
    assert (2, "", f"{str(tmp_path / 'none')!r} cannot be read (No such file or directory). Name a trace that can.\n") == run(
        tmp_path / "none"
    )


def test_a_file_that_cannot_be_written_is_told(trace: Path, tmp_path: Path) -> None:
    path = tmp_path / "none" / "picture.svg"

    assert (2, "", f"{str(path)!r} cannot be written (No such file or directory). Name a file that can.\n") == run(
        trace, "-o", path
    )


def test_a_trace_is_not_written_over(trace: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(trace)
    for path in (trace, tmp_path / "link"):
        expected = f"--output {str(path)!r} is the trace that is read, and would be lost. Name another file.\n"

        assert (2, "", expected) == run(trace, "-o", path)
    assert "".join(LINES) == trace.read_text("ascii")


def test_a_number_beyond_all_numbers_is_a_step_that_is_not_there(trace: Path) -> None:
    assert 2 == run(trace, "--from", 10**30)[0]
    assert (0, sequence(FEDS, "a.trace.jsonl"), "") == run(trace, "--to", 10**30)


def test_an_ending_of_another_format_is_told(trace: Path, tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    expected = f"{str(path)!r} ends as a file of another format. Name one that ends in svg or mmd, or name a --format.\n"

    assert (2, "", expected) == run(trace, "-o", path)
    assert not path.exists()
    assert 0 == run(trace, "-o", path, "--format", "svg")[0]
