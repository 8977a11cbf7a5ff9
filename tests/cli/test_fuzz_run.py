"""Whole runs of ``rejoinder fuzz``: of the lifecycle, the engine, and handlers in a folder; reports, traces and statuses."""

from __future__ import annotations

import json
import re
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from shutil import copy
from typing import Any

import pytest
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from cli.processes import Process
from rejoinder.cli.application import application
from rejoinder.cli.fuzz_run import Order, run_fuzz
from rejoinder.testing.fuzz import LifecycleProgram
from rejoinder.testing.fuzz.example_database import DatabaseError, Kept
from testing.fuzz import handlers

pytestmark = pytest.mark.long


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with the module ``speakers``, in which the command runs."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path[:])
    copy(handlers.__file__, tmp_path / "speakers.py")
    yield tmp_path
    sys.modules.pop("speakers", None)


def fuzz(*arguments: str) -> Result:
    return CliRunner().invoke(application, ["fuzz", *arguments])


@pytest.mark.parametrize("level", [[], ["--engine"], ["--engine", "--steps", "3"], ["--profile", "azure", "--steps", "10"]])
def test_lifecycle_and_engine_pass(level: list[str], folder: Path) -> None:
    ended = fuzz("--examples", "20", "--seed", "5", *level)
    first, *_, rows, last = ended.output.splitlines()

    assert 0 == ended.exit_code, ended.output
    assert f"{'engine on the whole engine' if '--engine' in level else 'lifecycle on the pure lifecycle'}, " in first
    assert first.endswith(f"{'profile azure' if '--profile' in level else 'every profile'}, seed 5")
    assert rows.startswith("Rows taken: link ")
    assert re.match(r"20 programs, [\d,]+ steps, [\d,]+ events in .* of processor time\): nothing failed\.", last)
    assert ["speakers.py"] == [path.name for path in folder.glob("*.*")]


def test_minutes_end_it() -> None:
    ended = fuzz("--minutes", "0.0001", "--seed", "1")

    assert 0 == ended.exit_code
    assert ended.output.endswith("nothing failed.\n")


def test_planted_bugs_are_told_written_and_status_1(folder: Path) -> None:
    ended = fuzz("--target", "speakers:TwiceWrong", "--examples", "300", "--seed", "1", "--report", "out.json")
    report = json.loads((folder / "out.json").read_text("utf-8"))
    names = {failure["kind"] for failure in report["failures"]}

    assert 1 == ended.exit_code, ended.output
    assert {"KeyError", "BrokenPromise"} == names
    assert "KeyError: 'partial'" in ended.output
    assert "promise 10: the handler has '' of request 1, and '<1> word ' was delivered" in ended.output
    for number in (1, 2):
        assert f"To be replayed from fuzz-TwiceWrong-{number}.jsonl, drawn in fuzz-TwiceWrong-{number}.mmd." in ended.output
        assert (folder / f"fuzz-TwiceWrong-{number}.jsonl").is_file()
    assert ended.output.endswith("2 distinct failures.\n")
    assert {"target": "speakers:TwiceWrong", "level": "lifecycle", "seed": 1, "examples": 300}.items() <= report["settings"].items()


def test_traces_are_beside_the_report_or_where_it_is_said(folder: Path) -> None:
    (folder / "reports").mkdir()
    beside = fuzz("--target", "speakers:Dropping", "--examples", "200", "--seed", "1", "--report", "reports/out.json")
    elsewhere = fuzz("--target", "speakers:Dropping", "--examples", "200", "--seed", "1", "--traces", "deep/er")

    assert 1 == beside.exit_code == elsewhere.exit_code
    assert (folder / "reports" / "fuzz-Dropping-1.jsonl").is_file()
    assert (folder / "deep" / "er" / "fuzz-Dropping-1.mmd").is_file()


def test_report_alone_is_printed_on_demand_and_the_rest_aside() -> None:
    ended = fuzz("--target", "speakers:listen", "--examples", "5", "--report", "-")

    assert 0 == ended.exit_code
    assert json.loads(ended.stdout)["succeeded"]
    assert ended.stderr.startswith("listen on the whole engine, every profile, seed ")


def test_what_a_handler_prints_goes_to_the_error_stream(folder: Path) -> None:
    (folder / "speakers.py").write_text("print('imported')\n\nasync def loud(response):\n    print('heard')\n", "utf-8")
    ended = fuzz("--target", "speakers:loud", "--examples", "3", "--report", "-")

    assert json.loads(ended.stdout)["succeeded"]
    assert "imported" in ended.stderr
    assert "heard" in ended.stderr


def test_what_failed_is_tried_first_next_time() -> None:
    first = fuzz("--target", "speakers:DroppingProgram", "--examples", "200", "--database", "kept", "--seed", "1")
    again = fuzz("--target", "speakers:DroppingProgram", "--examples", "1", "--database", "kept")

    assert 1 == first.exit_code == again.exit_code
    assert re.search(r"^[1-4] programs, ", again.output, re.MULTILINE)


def test_plots_of_ones_own_have_no_steps_to_choose(folder: Path) -> None:
    own = "from rejoinder.testing.fuzz.engine_strategies import plots\n\nclass Own(HoldingProgram):\n    plots = plots()\n"
    (folder / "speakers.py").write_text(f"{(folder / 'speakers.py').read_text('utf-8')}\n{own}", "utf-8")
    ended = fuzz("--target", "speakers:Own", "--steps", "3")

    assert 2 == ended.exit_code
    assert "Own draws plots of its own, and --steps would not reach them. Leave it out.\n" == ended.stderr


def test_programs_that_hypothesis_refuses_are_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LifecycleProgram, "setups", st.nothing())
    ended = fuzz("--target", "rejoinder.testing.fuzz:LifecycleProgram", "--examples", "1")

    assert 2 == ended.exit_code
    assert ended.stderr.startswith("Hypothesis cannot run LifecycleProgram: ")
    assert 1 == len(ended.stderr.splitlines())


def test_database_that_goes_away_is_one_line_and_status_1(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(database: Kept, key: bytes) -> Any:  # noqa: ANN401 - it returns nothing
        raise DatabaseError("the line is dead.")

    monkeypatch.setattr(Kept, "fetch", gone)
    ended = fuzz("--database", "kept", "--examples", "3")

    assert 1 == ended.exit_code
    assert "The database failed: the line is dead. Mend it, or leave out --database.\n" == ended.stderr


def test_report_that_cannot_be_written_in_the_end_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no file that is always full")
    ended = fuzz("--examples", "1", "--report", str(full))

    assert 2 == ended.exit_code
    assert ended.stderr.startswith("--report '/dev/full' cannot be written (No space left on device).")


def absent(name: str) -> None:
    return None


def test_packages_that_are_absent_are_said_with_what_to_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rejoinder.cli.fuzz_run.find_spec", absent)
    ended = fuzz("--examples", "1")

    assert 2 == ended.exit_code
    assert "Fuzzing needs packages that are not installed. Run: python3 -m pip install 'rejoinder[testing]'\n" == ended.stderr


def test_ctrl_c_tells_what_was_done_and_is_status_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(program: LifecycleProgram) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(LifecycleProgram, "compare_transcripts", interrupted)

    assert 130 == run_fuzz(Order(target="rejoinder.testing.fuzz:LifecycleProgram", examples=10, seed=1))


@pytest.mark.slow
def test_terminal_shows_progress_and_heeds_ctrl_c() -> None:
    with Process("fuzz", "--minutes", "5", terminal=True, TERM="xterm", COLUMNS="200") as process:
        process.wait_for(" pairs, 0 failures")
        process.signal(signal.SIGINT)
        status = process.wait()

    assert 130 == status, process.output
    assert "Interrupted: what follows is what was done until then." in process.output
    assert "nothing failed." in process.output
