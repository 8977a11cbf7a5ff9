"""`rejoinder view` writes a page, says how much it shows, and tells a mistake in one line."""

from __future__ import annotations

import webbrowser
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from harness.telling import interrupted
from rejoinder.cli.application import application
from rejoinder.diagrams import layouts
from rejoinder.diagrams.viewer import build_page, page_data
from rejoinder.states.profiles import AZURE, CancelPolicy, Policy
from rejoinder.states.trace import Header, Reading, write_lines

LINES = list(write_lines(Header("1.2.3", AZURE, Policy(then=CancelPolicy.DRAIN)), interrupted()))


def run(*arguments: object) -> tuple[int, str, str]:
    ended = CliRunner().invoke(application, ["view", *map(str, arguments)])
    return ended.exit_code, ended.stdout, ended.stderr


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    path = tmp_path / "a.trace.jsonl"
    path.write_text("".join(LINES), "ascii")
    return path


def test_a_page_is_written(trace: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"

    assert (0, f"{page} shows {len(interrupted())} steps.\n", "") == run(trace, "-o", page)
    assert build_page("a.trace.jsonl", page_data(Reading(LINES))) == page.read_text("utf-8")


def test_without_a_name_it_has_that_of_the_trace(trace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)

    assert (0, f"a.trace.html shows {len(interrupted())} steps.\n", "") == run(trace)
    assert (elsewhere / "a.trace.html").is_file()


def test_a_part_is_shown(trace: Path, tmp_path: Path) -> None:
    status, said, _ = run(trace, "-o", tmp_path / "page.html", "--from", 3, "--to", 5)

    assert 0 == status
    assert "shows 3 steps. What came before is not known here" in said


def test_what_comes_before_a_fault_is_shown(trace: Path, tmp_path: Path) -> None:
    with trace.open("a", encoding="ascii") as file:
        file.write("{\n{}\n")
    page = tmp_path / "page.html"
    status, said, complaints = run(trace, "-o", page)

    assert (1, "") == (status, complaints)
    assert f"{page} shows {len(interrupted())} steps. Line {len(LINES) + 1}: It is not JSON." in said
    assert page.is_file()


@pytest.mark.parametrize("opens", [True, False])
def test_it_is_opened_if_asked(*, opens: bool, trace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []

    def open_page(address: str) -> bool:
        opened.append(address)
        return opens

    monkeypatch.setattr(webbrowser, "open", open_page)
    status, _, complaints = run(trace, "-o", tmp_path / "page.html", "--open")

    assert 0 == status
    assert [(tmp_path / "page.html").as_uri()] == opened
    assert ("" if opens else "No browser could be opened. Open the page yourself.\n") == complaints


@pytest.mark.parametrize("text", ["", "no trace\n"], ids=["empty", "other"])
def test_what_is_no_trace_is_told_in_one_line(text: str, trace: Path, tmp_path: Path) -> None:
    trace.write_text(text, "utf-8")
    status, said, complaints = run(trace, "-o", tmp_path / "page.html")

    assert (2, "", 1) == (status, said, complaints.count("\n"))
    assert not (tmp_path / "page.html").exists()


def test_a_page_that_cannot_be_written_is_told_in_one_line(trace: Path, tmp_path: Path) -> None:
    page = tmp_path / "none" / "page.html"

    assert (2, "", f"{str(page)!r} cannot be written (No such file or directory). Name a file that can.\n") == run(
        trace, "-o", page
    )


def test_what_to_install_is_told_in_one_line(trace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only for tables that have changed: here, as if no layout were kept."""
    nothing: dict[str, Any] = {"graphviz": "", "layouts": {}}
    monkeypatch.setattr(layouts, "read_kept", nothing.copy)
    monkeypatch.setenv("PATH", str(tmp_path))
    status, said, complaints = run(trace, "-o", tmp_path / "page.html")

    assert (2, "", 1) == (status, said, complaints.count("\n"))
    assert complaints.startswith("Graphviz is not installed: ")


@pytest.mark.parametrize("arguments", [(), ("a.trace.jsonl", "--live", "demo")], ids=["none", "two"])
def test_one_trace_has_to_be_named(arguments: tuple[str, ...]) -> None:
    expected = "Name one trace: a file that is there, or with --live one that is being written, or demo.\n"

    assert (2, "", expected) == run(*arguments)


@pytest.mark.parametrize("part", [("--from", 9999), ("--from", 10**30), ("--from", 5, "--to", 4)])
def test_a_part_that_is_not_there_is_told_and_makes_no_page(part: tuple[object, ...], trace: Path, tmp_path: Path) -> None:
    expected = f"{str(trace)!r} has no steps there. Name others with --from and --to.\n"

    assert (2, "", expected) == run(trace, "-o", tmp_path / "page.html", *part)
    assert not (tmp_path / "page.html").exists()


def test_a_trace_is_not_written_over(trace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    page = trace.rename(tmp_path / "a.html")
    lost = "is the trace that is read, and would be lost. Name another file.\n"

    assert (2, "", f"The page 'a.html' {lost}") == run(page)
    assert (2, "", f"--output 'a.html' {lost}") == run(page, "-o", "a.html")
    assert "".join(LINES) == page.read_text("ascii")


@pytest.mark.parametrize("arguments", [("-o", "page.html"), ("--from", 2), ("--to", 2), ("--open",)])
def test_what_goes_with_a_file_does_not_go_with_live(arguments: tuple[object, ...]) -> None:
    expected = "--live serves the whole trace and writes no file. Leave out --output, --from, --to and --open.\n"

    assert (2, "", expected) == run("--live", "demo", *arguments)


def test_a_folder_is_not_followed(tmp_path: Path) -> None:
    expected = f"--live {str(tmp_path)!r} is a folder. Name the trace, which may come later.\n"

    assert (2, "", expected) == run("--live", tmp_path)
