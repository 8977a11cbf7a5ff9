"""`rejoinder draw` prints or writes what the diagrams draw, and tells a mistake in one line."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest
import typer
from typer.testing import CliRunner

from harness.telling import interrupted
from rejoinder.cli.draw import draw
from rejoinder.diagrams.pictures import draw_picture
from rejoinder.diagrams.rendered import FOLDER, RENDERED
from rejoinder.states.profiles import AZURE, Policy
from rejoinder.states.trace import Gap, Header, write_lines

REPOSITORY: Final = Path(__file__).parents[2]


application = typer.Typer()
application.command()(draw)


def run(*arguments: str) -> tuple[int, bytes, str]:
    """Status, what was printed, and what was said on the error stream."""
    ended = CliRunner().invoke(application, arguments)
    return ended.exit_code, ended.stdout_bytes, ended.stderr


@pytest.mark.parametrize(
    "arguments, name, form",
    [
        ((), "all", None),
        (("response",), "response", None),
        (("request", "--format", "table"), "request", "table"),
        (("classification",), "classification", None),
        (("all", "--format", "table"), "all", "table"),
    ],
    ids=["nothing_named", "machine", "machine_as_table", "classification", "all_as_tables"],
)
def test_prints_the_picture(arguments: tuple[str, ...], name: str, form: str | None) -> None:
    assert (0, draw_picture(name, form).encode(), "") == run(*arguments)


@pytest.mark.parametrize("file", RENDERED)
def test_writes_what_is_kept(file: str, tmp_path: Path) -> None:
    name, form = RENDERED[file]
    target = tmp_path / "picture"

    assert (0, b"", "") == run(name, "--format", form, "-o", str(target))
    assert (REPOSITORY / FOLDER / file).read_bytes() == target.read_bytes()


@pytest.mark.parametrize(
    "ending, form", [("dot", "dot"), ("gv", "dot"), ("MD", "table"), ("scxml", "scxml"), ("json", "json"), ("txt", None)]
)
def test_the_ending_of_the_file_says_how(ending: str, form: str | None, tmp_path: Path) -> None:
    target = tmp_path / f"link.{ending}"

    assert (0, b"", "") == run("link", "-o", str(target))
    assert draw_picture("link", form).encode() == target.read_bytes()


def test_a_png_is_drawn(tmp_path: Path, graphviz: str) -> None:
    assert (0, b"", "") == run("request", "-o", str(tmp_path / "request.png"))
    assert (tmp_path / "request.png").read_bytes().startswith(b"\x89PNG")


def test_all_in_formats_of_one_machine_each_are_put_into_a_folder(tmp_path: Path) -> None:
    for _ in range(2):
        assert (0, b"", "") == run("all", "--format", "scxml", "-o", str(tmp_path / "machines"))

    assert ["link.scxml", "request.scxml", "response.scxml"] == sorted(path.name for path in (tmp_path / "machines").iterdir())


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    path = tmp_path / "a.trace.jsonl"
    path.write_text("".join(write_lines(Header("1.2.3", AZURE, Policy()), [*interrupted(), Gap(7.0, 1)])), "utf-8")
    return path


def test_a_trace_is_shown(trace: Path) -> None:
    status, printed, said = run("response", "--format", "dot", "--highlight", str(trace))

    assert (0, "") == (status, said)
    assert "<TD>\u00d71</TD>" in printed.decode()
    assert printed.decode() != draw_picture("response", "dot")


def test_a_trace_that_is_none_is_told_in_one_line(tmp_path: Path) -> None:
    expected = f"{str(tmp_path / 'none')!r} cannot be read (No such file or directory). Name a trace that can.\n"

    assert (2, b"", expected) == run("response", "--format", "dot", "--highlight", str(tmp_path / "none"))


def test_what_to_install_is_told_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    status, printed, said = run("link", "--format", "png")

    assert (2, b"", 1) == (status, printed, said.count("\n"))
    assert said.startswith("Graphviz is not installed: ")
    assert 0 == run("link", "--format", "svg")[0]


def test_a_png_is_not_for_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], graphviz: str) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)

    with pytest.raises(typer.Exit) as left:
        draw("link", "png")

    assert 2 == left.value.exit_code
    assert ("", "A PNG cannot be shown on a terminal. Name a file with -o.\n") == capsys.readouterr()


@pytest.mark.parametrize(
    "arguments, expected",
    [
        (("nonsense",), "There is no picture of 'nonsense'. Name one of link, response, request, classification or all.\n"),
        (("link", "--format", "pdf"), "There is no format 'pdf'. Name svg, png, mermaid, dot, table, scxml or json.\n"),
        (
            ("classification", "--format", "mermaid"),
            "The classification has no mermaid form. Leave --format out, or name table or json.\n",
        ),
        (
            ("all", "--format", "svg"),
            "Each machine has a file of its own in svg. Name one of link, response or request, or a folder with -o.\n",
        ),
    ],
    ids=["unknown_name", "unknown_format", "no_such_form", "several_files"],
)
def test_what_there_is_not_is_told_in_one_line(arguments: tuple[str, ...], expected: str) -> None:
    assert (2, b"", expected) == run(*arguments)


@pytest.mark.parametrize("place", ["", "missing/link.mmd"], ids=["folder", "in_no_folder"])
def test_a_file_that_cannot_be_written_is_told_in_one_line(place: str, tmp_path: Path) -> None:
    target = str(tmp_path / place)

    status, printed, said = run("link", "-o", target)

    assert (2, b"") == (status, printed)
    assert said.startswith(f"{target!r} cannot be written (")
    assert said.endswith("). Name a file that can.\n")
    assert 1 == said.count("\n")


def test_a_mistake_writes_nothing(tmp_path: Path) -> None:
    target = tmp_path / "kept"
    target.write_text("as it was", "utf-8")

    status, _, _ = run("nonsense", "-o", str(target))

    assert 2 == status
    assert "as it was" == target.read_text("utf-8")


def test_signs_survive_a_terminal_that_cannot_say_them() -> None:
    program = "import typer; from rejoinder.cli.draw import draw; typer.run(draw)"
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    ended = subprocess.run([sys.executable, "-c", program, "link"], env=environment, capture_output=True, check=False)

    assert (0, b"") == (ended.returncode, ended.stderr)
    assert draw_picture("link").encode() == ended.stdout


def test_help_names_what_can_be_drawn() -> None:
    ended = CliRunner().invoke(application, ["--help"], env={"COLUMNS": "200", "TERM": "dumb", "NO_COLOR": "1"})

    assert 0 == ended.exit_code
    assert "link|response|request|classification|all" in ended.output
    assert "svg|png|mermaid|dot|table|scxml|json" in ended.output


def test_a_trace_is_not_written_over(trace: Path, tmp_path: Path) -> None:
    lost = "is the trace that is read, and would be lost. Name another file.\n"
    text = trace.read_bytes()

    assert (2, b"", f"--output {str(trace)!r} {lost}") == run(
        "link", "--format", "svg", "--highlight", str(trace), "-o", str(trace)
    )

    folder = tmp_path / "machines"
    folder.mkdir()
    linked = trace.rename(folder / "link.svg")
    status, _, said = run("all", "--format", "svg", "--highlight", str(linked), "-o", str(folder))

    assert (2, f"link.svg in --output {str(linked)!r} {lost}") == (status, said)
    assert text == linked.read_bytes()
    assert [linked] == list(folder.iterdir())


def test_an_ending_of_another_format_is_told(tmp_path: Path) -> None:
    target = tmp_path / "link.pdf"
    expected = (
        f"{str(target)!r} ends as a file of another format. Name one that ends in svg, png, mmd, dot, md, scxml or json, or name"
    )

    assert (2, b"", f"{expected} a --format.\n") == run("link", "-o", str(target))
    assert not target.exists()
