"""The tool call table, row by row, against what it is meant to say."""

from __future__ import annotations

from typing import Final

from harness.grids import read_grid, written_by
from rejoinder.states.chart import Move
from rejoinder.states.tool_call import TOOL_CALL_CHART, ToolCallEvent, ToolCallPhase

GRID: Final = read_grid("""
queued
    Started    running  started
    Refused    settled  answered
    Deferred   deferred placeheld
    Cancelled  settled  answered
    illegal: Progressed Finished Failed Expired
running
    Deferred   deferred placeheld
    Progressed .        told
    Finished   settled  answered
    Failed     settled  answered
    Expired    settled  answered
    Cancelled  settled  answered
    illegal: Started Refused
deferred
    Started    .        IGNORE
    Refused    settled  reported
    Deferred   .        IGNORE
    Progressed .        reported
    Finished   settled  reported
    Failed     settled  reported
    Expired    settled  reported
    Cancelled  settled  reported
settled
    Deferred   .        IGNORE
    Progressed .        COUNT
    Finished   .        COUNT
    Failed     .        COUNT
    Cancelled  .        IGNORE
    illegal: Started Refused Expired
""")
OUTPUTS: Final = frozenset({"answered", "placeheld"})
"""The rules that write an output."""


def test_every_phase_does_with_every_event_what_is_written_here() -> None:
    assert GRID == written_by(TOOL_CALL_CHART)


def test_every_way_to_the_end_writes_exactly_one_output() -> None:
    """Servers refuse a conversation in which a call has no output, or two."""
    ends: set[int] = set()

    def walk(phase: str, outputs: int, seen: frozenset[str]) -> None:
        if phase == ToolCallPhase.SETTLED:
            ends.add(outputs)
        for row in TOOL_CALL_CHART.rows[phase].values():
            if isinstance(row, Move):
                written = outputs + (row.rule in OUTPUTS)
                if row.target == phase:
                    assert row.rule not in OUTPUTS
                elif row.target not in seen:
                    walk(row.target, written, seen | {row.target})

    walk(ToolCallPhase.QUEUED, 0, frozenset({ToolCallPhase.QUEUED}))

    assert {1} == ends


def test_what_is_settled_stays_settled() -> None:
    rows = TOOL_CALL_CHART.rows[ToolCallPhase.SETTLED]

    assert not any(isinstance(row, Move) for row in rows.values())


def test_every_phase_can_be_cancelled() -> None:
    assert all(ToolCallEvent.CANCELLED in TOOL_CALL_CHART.rows[phase] for phase in ToolCallPhase)
