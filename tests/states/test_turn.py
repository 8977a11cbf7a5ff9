"""The turn table, row by row, against what it is meant to say."""

from __future__ import annotations

from typing import Final

from harness.grids import read_grid, written_by
from rejoinder.states.turn import TURN_CHART, TurnEvent, TurnPhase

GRID: Final = read_grid("""
ready
    Owed     calling   call
    Asked    answering listen
    Spent    ended     end
    Failed   ended     end
    Left     ended     end
    illegal: Answered Due Settled
answering
    Answered calling   call
    Failed   ended     end
    Left     ended     end
    illegal: Owed Asked Due Settled Spent
calling
    Due      ready     ask
    Settled  ended     end
    Left     ended     end
    illegal: Owed Asked Answered Spent Failed
ended
    Left     .         IGNORE
    illegal: Owed Asked Answered Due Settled Spent Failed
""")


def test_every_phase_does_with_every_event_what_is_written_here() -> None:
    assert GRID == written_by(TURN_CHART)


def test_every_phase_can_be_left() -> None:
    assert all(TurnEvent.LEFT in TURN_CHART.rows[phase] for phase in TurnPhase)


def test_only_one_phase_asks() -> None:
    assert [TurnPhase.READY] == [phase for phase in TurnPhase if TurnEvent.ASKED in TURN_CHART.rows[phase]]
