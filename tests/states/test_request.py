"""The request table, row by row, against what it is meant to say."""

from typing import Final

import pytest

from harness.grids import read_grid, written_by
from harness.in_phase import REQUEST_PHASES
from harness.lifecycle import snapshot
from rejoinder.states.chart import REQUEST_CHART
from rejoinder.states.effects import Note
from rejoinder.states.phases import RequestPhase
from rejoinder.states.triggers import RequestEvent

GRID: Final = read_grid("""
waiting
    LaneFree      sent    request_sent
    HedgeDue      .       hedge_dialled
    GaveUp        ended   request_given_up
    GaveUpOther   .       IGNORE
    HandedOver    ended   request_handed_over
    Cancel        ended   request_cancelled
    Overflow      ended   request_overflowed
    Expired       ended   request_expired
    SessionClosed ended   request_closed
    Steer         .       request_steered_early
    illegal: RetryDue Replay ReplayLater Finished
paused
    RetryDue      waiting retry_allowed
    Cancel        ended   request_cancelled
    Overflow      ended   request_overflowed
    SessionClosed ended   request_closed
    Steer         .       request_steered_early
    illegal: LaneFree HedgeDue Replay ReplayLater GaveUp GaveUpOther Finished Expired HandedOver
sent
    Replay        waiting request_replayed
    ReplayLater   paused  request_paused
    Finished      ended   request_finished
    HandedOver    ended   request_handed_over
    Cancel        ended   request_cancelled
    Overflow      ended   request_overflowed
    Expired       ended   request_expired
    SessionClosed ended   request_closed
    Steer         .       request_steered
    illegal: LaneFree HedgeDue RetryDue GaveUp GaveUpOther
ended
    Cancel        .       IGNORE
    Overflow      .       IGNORE
    Steer         .       IGNORE
    illegal: SessionClosed LaneFree HedgeDue RetryDue Replay ReplayLater GaveUp GaveUpOther Finished Expired
        HandedOver
""")


def test_every_phase_does_with_every_event_what_is_written_here() -> None:
    assert GRID == written_by(REQUEST_CHART)


@pytest.mark.parametrize("phase", RequestPhase)
def test_phase_can_be_reached(phase: RequestPhase) -> None:
    bench = REQUEST_PHASES[phase]()

    assert phase == bench.request(bench.requests)


@pytest.mark.parametrize("phase", RequestPhase)
def test_an_illegal_event_is_named_and_changes_nothing(phase: RequestPhase) -> None:
    bench = REQUEST_PHASES[phase]()
    session = bench.session
    before = snapshot(session)
    illegal = [RequestEvent(event) for (source, event), cell in GRID.items() if source == phase and cell is None]
    session.effects = []
    for event in illegal:
        session.move_request(bench.requests, event, bench.now)

    assert before == snapshot(session)
    assert [Note("Illegal", detail=f"request: {event} in {phase}") for event in illegal] == session.effects
    assert len(illegal) == session.counts["Illegal"]
