"""The link table, row by row, against what it is meant to say."""

from typing import Final

import pytest

from harness.grids import read_grid, written_by
from harness.in_phase import LINK_PHASES
from harness.lifecycle import snapshot
from rejoinder.states.chart import LINK_CHART
from rejoinder.states.effects import Note
from rejoinder.states.phases import LinkPhase
from rejoinder.states.triggers import LinkEvent

GRID: Final = read_grid("""
closed
    Needed         connecting   link_dialled
    Drop           .            IGNORE
    illegal: ExpiredWanted Opened DialFailed DialGivenUp Expired AgeNear NamesExhausted HedgeDue SuccessorOpen LimitReached
        LaneUnclean Suspect Retire Stale Alive Vacant Lost LostWanted
connecting
    Opened         open         link_opened
    DialFailed     reconnecting dial_failed
    DialGivenUp    failed       dial_given_up
    Expired        failed       dial_expired
    Drop           closed       link_dropped
    illegal: ExpiredWanted Needed AgeNear NamesExhausted HedgeDue SuccessorOpen LimitReached LaneUnclean Suspect Retire Stale Alive
        Vacant Lost LostWanted
open
    AgeNear        .            successor_dialled
    NamesExhausted .            successor_dialled
    HedgeDue       .            successor_dialled
    SuccessorOpen  retiring     link_retired
    LimitReached   retiring     link_doomed
    LaneUnclean    retiring     link_retired
    Suspect        retiring     link_retired
    Retire         retiring     link_retired
    Drop           closed       link_dropped
    Stale          proving      link_doubted
    Alive          .            IGNORE
    Lost           closed       link_lost
    LostWanted     reconnecting link_lost_wanted
    illegal: ExpiredWanted Needed Opened DialFailed DialGivenUp Expired Vacant
proving
    Expired        closed       link_presumed_dead
    ExpiredWanted  reconnecting link_presumed_dead_wanted
    SuccessorOpen  retiring     link_retired
    Drop           closed       link_dropped
    Alive          open         link_proved
    Lost           closed       link_lost
    LostWanted     reconnecting link_lost_wanted
    illegal: Needed Opened DialFailed DialGivenUp AgeNear NamesExhausted HedgeDue LimitReached
        LaneUnclean Suspect Retire Stale Vacant
retiring
    Expired        closed       link_dropped
    LimitReached   .            link_doomed
    LaneUnclean    .            IGNORE
    Suspect        .            IGNORE
    Retire         .            IGNORE
    Drop           closed       link_dropped
    Alive          .            IGNORE
    Vacant         closed       link_dropped
    Lost           closed       link_lost
    LostWanted     reconnecting link_lost_wanted
    illegal: ExpiredWanted Needed Opened DialFailed DialGivenUp AgeNear NamesExhausted HedgeDue SuccessorOpen Stale
reconnecting
    Expired        connecting   backoff_over
    Drop           closed       link_forgotten
    illegal: ExpiredWanted Needed Opened DialFailed DialGivenUp AgeNear NamesExhausted HedgeDue SuccessorOpen LimitReached
        LaneUnclean Suspect Retire Stale Alive Vacant Lost LostWanted
failed
    Needed         connecting   link_dialled
    Drop           .            IGNORE
    illegal: ExpiredWanted Opened DialFailed DialGivenUp Expired AgeNear NamesExhausted HedgeDue SuccessorOpen LimitReached
        LaneUnclean Suspect Retire Stale Alive Vacant Lost LostWanted
""")


def test_every_phase_does_with_every_event_what_is_written_here() -> None:
    assert GRID == written_by(LINK_CHART)


@pytest.mark.parametrize("phase", LinkPhase)
def test_phase_can_be_reached(phase: LinkPhase) -> None:
    bench = LINK_PHASES[phase]()

    assert phase == bench.link(max(bench.session.links))


@pytest.mark.parametrize("phase", LinkPhase)
def test_an_illegal_event_is_named_and_changes_nothing(phase: LinkPhase) -> None:
    bench = LINK_PHASES[phase]()
    session = bench.session
    link = session.links[max(session.links)]
    before = snapshot(session)
    illegal = [LinkEvent(event) for (source, event), cell in GRID.items() if source == phase and cell is None]
    session.effects = []
    for event in illegal:
        session.move_link(link, event, bench.now)

    assert before == snapshot(session)
    assert [Note("Illegal", link.number, detail=f"link: {event} in {phase}") for event in illegal] == session.effects
    assert len(illegal) == session.counts["Illegal"]
