"""The turn table, row by row, against what it is meant to say."""

from __future__ import annotations

from typing import Final

from harness.grids import read_grid, written_by
from rejoinder.states.chart import Move
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
    Asked    .         end
    Answered .         IGNORE
    Failed   .         IGNORE
    Left     .         IGNORE
    illegal: Owed Due Settled Spent
""")


def test_every_phase_does_with_every_event_what_is_written_here() -> None:
    assert GRID == written_by(TURN_CHART)


def test_every_phase_can_be_left() -> None:
    assert all(TurnEvent.LEFT in TURN_CHART.rows[phase] for phase in TurnPhase)


def test_only_one_phase_asks() -> None:
    rows = {phase: TURN_CHART.row(phase, TurnEvent.ASKED) for phase in TurnPhase}

    assert {
        TurnPhase.READY: Move(TurnPhase.ANSWERING, "listen"),
        TurnPhase.ENDED: Move(TurnPhase.ENDED, "end"),  # too late: it is cancelled
    } == {phase: row for phase, row in rows.items() if row is not None}
