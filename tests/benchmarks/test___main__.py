"""The command, on results that were kept."""

from __future__ import annotations

import sys
from pathlib import Path

import benchmarks.__main__ as command
import pytest
import typer
from benchmarks.results import Results, write_results
from benchmarks.rounds import Run
from benchmarks.workloads import WORKLOADS
from typer.testing import CliRunner

from harness.benchmark_results import flood, results_of, whole_results

APP = typer.Typer(pretty_exceptions_enable=False)
APP.command()(command.main)


def kept(folder: Path, results: Results, name: str = "run.json") -> str:
    path = folder / name
    path.write_text(write_results(results), "utf-8")
    return str(path)


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner(env={"COLUMNS": "200"}).invoke(APP, [*arguments])
    return done.exit_code, done.output


def test_kept_results_are_shown_again_and_written(tmp_path: Path) -> None:
    results = whole_results()
    again = tmp_path / "again.json"

    status, printed = run("--from", kept(tmp_path, results), "--json", str(again))

    assert 0 == status
    assert "What the figures have to show" in printed
    assert write_results(results) == again.read_text("utf-8")


def test_medians_of_few_rounds_are_not_to_be_quoted(tmp_path: Path) -> None:
    status, printed = run("--from", kept(tmp_path, results_of(flood("rejoinder", 1.0))))

    assert (0, True) == (status, "Medians of 1 rounds" in printed)


@pytest.mark.parametrize(
    "now,status,words", [(12.0, 0, "0 grew by more than 25%"), (20.0, 1, "1 grew by more than 25%")], ids=["alike", "worse"]
)
def test_status_says_whether_a_ratio_grew(tmp_path: Path, now: float, status: int, words: str) -> None:
    before = kept(tmp_path, results_of(flood("bare asyncio", 10.0), flood("rejoinder", 12.0)), "before.json")
    after = kept(tmp_path, results_of(flood("bare asyncio", 10.0), flood("rejoinder", now)))

    ended, printed = run("--from", after, "--compare", before)

    assert status == ended
    assert words in printed


def test_tolerance_can_be_set(tmp_path: Path) -> None:
    before = kept(tmp_path, results_of(flood("bare asyncio", 10.0), flood("rejoinder", 12.0)), "before.json")
    after = kept(tmp_path, results_of(flood("bare asyncio", 10.0), flood("rejoinder", 20.0)))

    assert 0 == run("--from", after, "--compare", before, "--tolerance", "1")[0]


def test_nothing_in_common_is_nothing_to_compare(tmp_path: Path) -> None:
    path = kept(tmp_path, results_of(flood("rejoinder", 12.0)))

    assert (2, True) == (
        run("--from", path, "--compare", path)[0],
        "no ratio in common" in run("--from", path, "--compare", path)[1],
    )


@pytest.mark.parametrize(
    "arguments,words",
    [
        (("--only", "flod"), "There is no workload 'flod'. Give one of flood,"),
        (("--from", "nowhere.json"), "nowhere.json cannot be read: No such file"),
        (("--profile", "nowhere", "--publish"), "figures of such a run are void"),
        (("--compare", "nowhere.json"), "nowhere.json cannot be read: No such file"),
    ],
    ids=["workload", "from", "profile", "compare"],
)
def test_bad_input_is_answered_in_a_line(arguments: tuple[str, ...], words: str) -> None:
    status, printed = run(*arguments)

    assert (2, True) == (status, words in printed)
    assert "Traceback" not in printed


def test_what_is_no_result_is_answered_in_a_line(tmp_path: Path) -> None:
    path = tmp_path / "other.json"
    path.write_text("{}", "utf-8")

    status, printed = run("--from", str(path))

    assert (2, True) == (status, "holds no results" in printed)


def test_only_a_full_run_is_published(tmp_path: Path) -> None:
    status, printed = run("--from", kept(tmp_path, results_of(flood("rejoinder", 1.0))), "--publish")

    assert (2, True) == (status, "Only a full run can be published" in printed)


def test_a_full_run_is_published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    published: list[Results] = []
    monkeypatch.setattr(command, "publish", published.append)
    results = whole_results()

    assert 0 == run("--from", kept(tmp_path, results), "--publish")[0]
    assert [results] == published


@pytest.mark.long
def test_pictures_go_into_the_folder(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="the pictures need the dependency group `benchmarks`")
    folder = tmp_path / "pictures"

    assert 0 == run("--from", kept(tmp_path, results_of(flood("rejoinder", 1.0))), "--plot", str(folder))[0]
    assert ["deltas.svg"] == [path.name for path in folder.iterdir()]


@pytest.mark.parametrize("wanted", ["--plot", "--publish"])
def test_without_matplotlib_it_is_said_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wanted: str) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    folder = [str(tmp_path / "pictures")] if wanted == "--plot" else []

    status, printed = run("--from", kept(tmp_path, whole_results()), wanted, *folder)

    assert (2, True) == (status, "Pictures need matplotlib" in printed)


def test_what_is_asked_for_is_measured_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    async def measure(run: Run, workloads: list[object]) -> Results:
        asked.extend([run.rounds, run.quick, run.cache, *workloads])
        return whole_results()

    monkeypatch.setattr(command, "measure", measure)

    assert 0 == run("--quick", "--only", "tls", "--only", "flood", "--rounds", "7", "--cache", str(tmp_path))[0]
    assert [7, True, tmp_path, WORKLOADS["flood"], WORKLOADS["tls"]] == asked


def test_a_profile_shows_no_figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def measure(run: Run, _workloads: object) -> Results:
        assert tmp_path / "profiles" == run.profile
        return whole_results()

    monkeypatch.setattr(command, "measure", measure)

    status, printed = run("--profile", str(tmp_path / "profiles"))

    assert 0 == status
    assert "The profiles are in" in printed
    assert "What the figures have to show" not in printed
