"""Workloads and contenders fit together."""

from __future__ import annotations

import pytest
from benchmarks.clients.client import Job
from benchmarks.clients.workload_rounds import WORKLOADS as ROUNDS
from benchmarks.contenders import CONTENDERS
from benchmarks.workloads import WORKLOADS, Workload


@pytest.mark.parametrize("workload", WORKLOADS.values(), ids=lambda workload: workload.name)
def test_a_workload_knows_its_contenders_and_how_a_round_goes(workload: Workload) -> None:
    assert set(workload.contenders) == set(workload.contenders) & set(CONTENDERS)
    assert workload.baseline in {"", *workload.contenders}
    assert workload.name in {*ROUNDS, "machine"}


@pytest.mark.parametrize("workload", WORKLOADS.values(), ids=lambda workload: workload.name)
@pytest.mark.parametrize("quick", [False, True], ids=["full", "quick"])
def test_every_job_can_be_understood(workload: Workload, quick: bool) -> None:  # noqa: FBT001 - a parameter of the test
    for contender in workload.contenders:
        job = Job(url="ws://127.0.0.1/", **workload.job_for(contender, quick=quick))

        assert workload.name == job.workload


def test_every_contender_takes_part_somewhere() -> None:
    assert set(CONTENDERS) == {name for workload in WORKLOADS.values() for name in workload.contenders}


def test_some_are_measured_in_fewer_cases_and_a_quick_run_in_fewer_still() -> None:
    history, width = WORKLOADS["history"], WORKLOADS["width"]

    assert [50, 500, 5_000] == history.job_for("openai SDK", quick=False)["sizes"]
    assert [1, 100, 200, 300, 400, 500, 700, 1_000] == width.job_for("rejoinder[fast]", quick=False)["sizes"]
    assert [50] == width.job_for("rejoinder[fast]", quick=True)["sizes"]


def test_a_case_is_divided_by_the_baseline_or_by_another_case() -> None:
    assert ("bare asyncio", "50 sessions") == WORKLOADS["paced"].baseline_of("rejoinder", "50 sessions")
    assert ("rejoinder", "16 sockets") == WORKLOADS["lanes"].baseline_of("rejoinder", "16 lanes")
    assert ("the machine", "json.loads (lanes)") == WORKLOADS["machine"].baseline_of("the machine", "feed (lanes)")
