"""`rejoinder draw` prints or writes what the diagrams draw, and tells a mistake in one line."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest
import typer
from typer.testing import CliRunner

from rejoinder.cli.draw import draw
from rejoinder.diagrams.pictures import draw_picture
from rejoinder.diagrams.rendered import FOLDER, RENDERED

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
    "arguments, expected",
    [
        (("nonsense",), "There is no picture of 'nonsense'. Name one of link, response, request, classification or all.\n"),
        (("link", "--format", "svg"), "There is no format 'svg'. Name mermaid or table.\n"),
        (
            ("classification", "--format", "mermaid"),
            "The classification has no Mermaid form. Leave --format out, or name table.\n",
        ),
    ],
    ids=["unknown_name", "unknown_format", "no_such_form"],
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
    assert "mermaid|table" in ended.output
