"""A run over real sockets, as small as can be."""

from __future__ import annotations

from pathlib import Path

import attrs
import benchmarks.rounds
import pytest
from benchmarks.contenders import CONTENDERS, Contender
from benchmarks.environments import CannotMakeEnvironment
from benchmarks.results import Skipped
from benchmarks.rounds import Run, measure, rotated
from benchmarks.workloads import WORKLOADS

SMALL = attrs.evolve(WORKLOADS["flood"], contenders=("bare asyncio", "rejoinder"), job={"sizes": [7]})


def run_in(cache: Path, *, quick: bool = True, rounds: int = 2) -> Run:
    return Run(rounds, quick, cache, lambda _: None)


@pytest.mark.long
async def test_a_small_run_measures_everybody_in_every_round(tmp_path: Path) -> None:
    interruption = attrs.evolve(
        WORKLOADS["interruption"], contenders=("rejoinder",), job={"cancels": ["honour", "late_error", "slow"]}, quick={}
    )
    alone = attrs.evolve(SMALL, fresh=True, contenders=("bare sans-I/O", "bare trio-websocket"))

    results = await measure(run_in(tmp_path), (SMALL, interruption, alone))

    assert () == results.skipped
    found = {(figure.workload, figure.case, figure.contender): len(figure.values) for figure in results.figures}
    assert {
        ("flood", "7 deltas", "bare asyncio"): 2,
        ("flood", "7 deltas", "rejoinder"): 2,
        ("flood", "7 deltas", "bare sans-I/O"): 2,
        ("flood", "7 deltas", "bare trio-websocket"): 2,
        ("interruption", "honour", "rejoinder"): 2,
        ("interruption", "late error", "rejoinder"): 2,
        ("interruption", "slow", "rejoinder"): 2,
    } == found
    assert all(value > 0 for figure in results.figures for value in figure.values)
    tuned = {each.contender: each for each in results.descriptions}
    assert "websockets" in tuned["bare asyncio"].versions
    assert results.computer["cores"]


@pytest.mark.slow
async def test_each_contender_can_be_profiled(tmp_path: Path) -> None:
    run = run_in(tmp_path, rounds=1)
    run.profile = tmp_path

    await measure(run, (attrs.evolve(SMALL, contenders=("bare sans-I/O",)),))

    assert "function calls" in (tmp_path / "flood-bare-sans-I-O.txt").read_text("utf-8")


async def test_a_contender_that_fails_is_out_with_its_last_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CONTENDERS, "rejoinder", Contender("rejoinder", "benchmarks.clients.nowhere"))

    results = await measure(run_in(tmp_path), (SMALL,))

    (skipped,) = results.skipped
    assert ("rejoinder", "flood") == (skipped.contender, skipped.workload)
    assert "No module named" in skipped.reason
    assert {"bare asyncio"} == {figure.contender for figure in results.figures}


async def test_what_a_contender_did_before_it_failed_counts_for_nothing(tmp_path: Path) -> None:
    run = run_in(tmp_path)
    workload, contender = WORKLOADS["flood"], CONTENDERS["rejoinder"]
    run.note(workload, contender, {"7 deltas": {"cpu": 1.0}})
    run.note(workload, CONTENDERS["bare asyncio"], {"7 deltas": {"cpu": 1.0}})

    run.drop(workload, contender, "it hung")

    assert ["bare asyncio"] == [figure.contender for figure in run.results().figures]
    assert (Skipped("rejoinder", "flood", "it hung"),) == run.results().skipped


async def test_a_quick_run_leaves_other_vendors_out(tmp_path: Path) -> None:
    run = run_in(tmp_path)

    await run.prepare([WORKLOADS["flood"]])

    foreign = {name for name in WORKLOADS["flood"].contenders if CONTENDERS[name].is_apart}
    assert foreign == {each.contender for each in run.skipped}
    assert set(run.pythons) == set(WORKLOADS["flood"].contenders) - foreign


async def test_who_has_no_environment_is_skipped_with_the_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def environment_for(contender: Contender, cache: Path, *, anew: bool) -> Path:
        if contender.name == "openai SDK":
            raise CannotMakeEnvironment("no index within reach")
        return cache / contender.name

    monkeypatch.setattr(benchmarks.rounds, "environment_for", environment_for)
    run = run_in(tmp_path, quick=False)

    await run.prepare([WORKLOADS["flood"]])

    assert [Skipped("openai SDK", "", "no index within reach")] == run.skipped
    assert str(tmp_path / "pipecat 1.1.0") == run.pythons["pipecat 1.1.0"]


def test_nobody_always_comes_first() -> None:
    everybody = [CONTENDERS[name] for name in ("bare asyncio", "rejoinder", "openai SDK")]

    assert ["bare asyncio", "rejoinder", "openai SDK"] == [rotated(everybody, number)[0].name for number in range(3)]
    assert [] == rotated([], 5)
