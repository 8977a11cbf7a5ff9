"""``rejoinder fuzz`` as a command: what it refuses, in one line and with status 2, and how it ends."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from harness.loopback import HOST, free_port
from rejoinder.cli.application import application

BROKEN = "raise RuntimeError('not\\ntoday')\n"
MODULE = """
from rejoinder.testing.fuzz import LifecycleProgram

class Mine(LifecycleProgram):
    pass

def feedless(session):
    return "nothing"

number = 3
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with modules, in which the command runs; what it imports is forgotten."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path[:])
    (tmp_path / "broken_module.py").write_text(BROKEN, "utf-8")
    (tmp_path / "mine_module.py").write_text(MODULE, "utf-8")
    (tmp_path / "needy_module.py").write_text("import not_there_at_all\n", "utf-8")
    (tmp_path / "leaving_module.py").write_text("raise SystemExit\n", "utf-8")
    yield tmp_path
    for name in [name for name in sys.modules if name.endswith("_module")]:
        del sys.modules[name]


def fuzz(*arguments: str) -> Result:
    return CliRunner().invoke(application, ["fuzz", *arguments])


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["--nonsense"], "No such option"),
        (["nonsense"], "unexpected extra argument"),
        (["--profile", "nonsense"], "--profile"),
        (["--minutes", "-1"], "--minutes -1 is not a number of minutes above 0. Leave it out for one minute."),
        (["--minutes", "0"], "--minutes 0 is not a number"),
        (["--minutes", "nan"], "--minutes nan is not a number"),
        (["--minutes", "inf"], "--minutes inf is not a number"),
        (["--examples", "0"], "--examples"),
        (["--steps", "0"], "--steps"),
        (["--steps-total", "-5"], "--steps-total"),
        (["--report", "missing/report.json"], "--report 'missing/report.json' cannot be written (No such file or directory)."),
        (["--report", "."], "--report '.' cannot be written (Is a directory). Name a file that can."),
        (["--traces", "mine_module.py"], "--traces 'mine_module.py' is not a folder. Name one, or leave it out."),
        (["--traces", "/proc"], "--traces '/proc' cannot be written ("),
        (["--traces", "/proc/new/er"], "--traces '/proc/new/er' cannot be written ("),
        (["--target", "nonsense"], "--target 'nonsense' is not MODULE:NAME. Write for example --target"),
        (["--target", ":Mine"], "is not MODULE:NAME"),
        (["--target", "mine_module:"], "is not MODULE:NAME"),
        (["--target", "../mine_module:Mine"], "is not MODULE:NAME"),
        (["--target", "nowhere_module:Mine"], "There is no module 'nowhere_module', neither in "),
        (["--target", "nowhere.module:Mine"], "There is no module 'nowhere.module', neither in "),
        (["--target", "broken_module:Mine"], "Importing 'broken_module' raised RuntimeError: not today. Make `python3 -c"),
        (["--target", "needy_module:Mine"], "Importing 'needy_module' raised ModuleNotFoundError: No module named 'not_there"),
        (["--target", "leaving_module:Mine"], "Importing 'leaving_module' raised SystemExit. Make "),
        (["--target", "mine_module:Yours"], "no 'Yours' in 'mine_module'. It has LifecycleProgram, Mine, feedless, number. Name"),
        (["--target", "mine_module:Mine.nothing"], "There is no 'Mine.nothing' in 'mine_module'. Name one that is there."),
        (["--target", "mine_module:number"], "mine_module:number is a int. Name a subclass of LifecycleProgram or"),
        (["--target", "mine_module:feedless"], "mine_module:feedless returned a str, which has no feed(event, now)."),
        (["--target", "mine_module:Mine", "--engine"], "mine_module:Mine is for the pure lifecycle. Leave out --engine, or"),
        (["--database", "mine_module.py"], "--database 'mine_module.py' cannot be a folder (File exists)."),
        (["--database", "mongo://localhost"], "--database mongo://… is no database that is known here. Name a folder, or redis://"),
    ],
)
def test_command_line_that_cannot_work_is_one_line_and_status_2(arguments: list[str], words: str) -> None:
    ended = fuzz(*arguments)

    assert 2 == ended.exit_code
    assert words in re.sub(r"[\s│]+", " ", ended.stderr)
    assert "" == ended.stdout
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("arguments", [["--target", "nonsense:x"], ["--database", "mongo://x"], ["--traces", "mine_module.py"]])
def test_report_of_an_earlier_run_stays(arguments: list[str], folder: Path) -> None:
    (folder / "kept.json").write_text("as it was", "utf-8")

    assert 2 == fuzz("--report", "kept.json", *arguments).exit_code
    assert "as it was" == (folder / "kept.json").read_text("utf-8")


def test_redis_that_cannot_be_reached_is_said_without_the_password() -> None:
    pytest.importorskip("redis")
    port = free_port()
    ended = fuzz("--database", f"redis://somebody:secret@{HOST}:{port}/0")

    assert 2 == ended.exit_code
    assert f"The Redis server at redis://{HOST}:{port}/0 does not answer: " in ended.stderr
    assert ended.stderr.endswith(". Check the address, and that it runs.\n")
    assert "secret" not in ended.stderr


def test_help_lists_it_in_a_line_and_explains() -> None:
    listed = CliRunner().invoke(application, ["--help"])
    helped = fuzz("--help")

    assert re.search(r"\n  fuzz +Run random programs, ", listed.output)
    assert "Usage: rejoinder fuzz [OPTIONS]\n" in helped.output
    assert "The exit status is 1 if anything failed." in re.sub(r"\s+", " ", helped.output)
