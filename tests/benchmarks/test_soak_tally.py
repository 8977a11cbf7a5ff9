"""What the soak knows of its own slowness: a pulse counts what each beat came late, and nothing else."""

from __future__ import annotations

import pytest
import trio
import trio.testing
from benchmarks.soak_tally import BEAT, Pulse, Tally


async def test_a_pulse_on_time_counts_nothing(autojump_clock: trio.testing.MockClock) -> None:
    pulse = Pulse()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(pulse.beat)
        await trio.sleep(10 * BEAT)
        nursery.cancel_scope.cancel()

    assert 0.0 == pulse.behind


async def test_a_pulse_that_was_held_up_counts_by_how_much(mock_clock: trio.testing.MockClock) -> None:
    pulse = Pulse()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(pulse.beat)
        await trio.testing.wait_all_tasks_blocked()
        mock_clock.jump(BEAT + 3.0)
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()

    assert pytest.approx(3.0) == pulse.behind


def test_what_was_broken_names_its_session() -> None:
    tally = Tally()
    tally.break_promise(7, "promise 1: words")

    assert ["session 7: promise 1: words"] == tally.broken
