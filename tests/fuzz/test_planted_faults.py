"""The programs see what they are there to see: each planted fault is found.

Rules of this file
* A fault must be found within ``BUDGET`` programs, drawn alike in every run; most take some dozens or hundreds, and up to four
  seconds. Nothing is shrunk.
* What is found must be the promise that the fault breaks, not some accident of the way it was planted.
"""

from __future__ import annotations

from typing import Final

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import run_state_machine_as_test

from fuzz.plants import DELAYS, PLANTS, Plant
from rejoinder.testing.fuzz.interruptions import INTERRUPTIONS, LATE, Interruption
from rejoinder.testing.fuzz.program import Program
from rejoinder.testing.fuzz.setups import Setup

pytestmark = pytest.mark.long

BUDGET: Final = settings(
    max_examples=3000,
    stateful_step_count=40,
    phases=[Phase.generate],
    derandomize=True,
    database=None,
    report_multiple_bugs=False,
)


def run_programs(setups: st.SearchStrategy[Setup]) -> None:
    """Run programs in some setups."""

    class Narrow(Program):
        pass

    Narrow.setups = setups
    run_state_machine_as_test(Narrow, settings=BUDGET)


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.name)
def test_planted_fault_is_found(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    plant.plant(monkeypatch)

    with pytest.raises(AssertionError, match=plant.broken):
        run_programs(plant.setups)


@pytest.mark.parametrize("plant", DELAYS, ids=lambda plant: plant.name)
def test_planted_delay_is_found(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    @BUDGET
    @given(interruption=INTERRUPTIONS)
    def within_the_bound(interruption: Interruption) -> None:
        measured = interruption.measure()
        assert measured is not None, "never sent"
        assert measured <= interruption.bound + LATE, "sent too late"

    plant.plant(monkeypatch)

    with pytest.raises(AssertionError, match=plant.broken):
        within_the_bound()
