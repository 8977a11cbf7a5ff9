"""The measurement of the explorer and the fuzzer."""

from __future__ import annotations

import benchmarks.proof
import pytest
from benchmarks.proof import measure_proof


@pytest.mark.slow
def test_states_and_steps_are_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(benchmarks.proof, "PROGRAMS", 1)

    figures = {figure.name for figure in measure_proof(1)}

    assert {
        "explorer, a new state (lanes)",
        "explorer, a new state (serial)",
        "explorer, a step (lanes)",
        "explorer, a step (serial)",
        "fuzzer, a step of a program",
    } == figures


class CutShort:
    """A report of a search that did not see everything."""

    exhausted, states, transitions = False, 1, 1


def cut_short(_configuration: object) -> CutShort:
    return CutShort()


def test_a_search_that_was_cut_short_voids_the_measurement(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(benchmarks.proof, "explore_configuration", cut_short)

    with pytest.raises(RuntimeError, match="not exhausted"):
        measure_proof(1)
