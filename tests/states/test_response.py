"""The response table, row by row, against what it is meant to say."""

from typing import Final

import pytest

from harness.grids import read_grid, written_by
from harness.in_phase import RESPONSE_PHASES
from harness.lifecycle import snapshot
from rejoinder.states.chart import RESPONSE_CHART
from rejoinder.states.effects import Note
from rejoinder.states.phases import ResponsePhase
from rejoinder.states.triggers import ResponseEvent

GRID: Final = read_grid("""
idle
    Send                     awaiting_created   create_sent
    Created                  draining           stranger_began
    StrayContent             .                  late_frame
    Other                    .                  late_frame
    Keepalive                .                  IGNORE
    ForeignTerminal          .                  late_frame
    Doubtful                 .                  cancel_answered
    RejectedUnclean          .                  COUNT
    Rejected                 .                  COUNT
    Garbage                  .                  COUNT
    LinkDoomed               .                  IGNORE
    Lost                     .                  IGNORE
    StraySteer               .                  IGNORE
    illegal: UnsendableReplayable Unreachable UnreachableReplayable EndedSteered Steer SteerAccepted SteerAnswered
        SteerSettled Progress Withdrawn Unsendable Cancel RepeatCreated ForeignCreated ForeignCreatedReplayable Content
        ContentAfterGap ContentRepeated Completed Failed Incomplete ForeignTerminalAgain Fault RejectedReplayable
        CacheMiss GarbageReplayable LinkDoomedReplayable LostReplayable Expired ExpiredReplayable
awaiting_created
    Unsendable               idle               create_unsendable
    UnsendableReplayable     idle               create_handed_over
    Unreachable              idle               create_unreachable
    UnreachableReplayable    idle               create_unreachable_replayed
    Cancel                   cancel_pending     caller_left_early
    Created                  acknowledged       created_arrived
    ForeignCreated           draining           foreign_began
    ForeignCreatedReplayable draining           foreign_began_replayed
    StrayContent             .                  late_frame
    Other                    .                  late_frame
    Keepalive                .                  IGNORE
    ForeignTerminal          .                  late_frame
    Doubtful                 doubted            error_doubted
    RejectedUnclean          cancel_pending     create_rejected_unclean
    Rejected                 idle               create_rejected
    RejectedReplayable       idle               create_rejected_replayed
    CacheMiss                idle               cache_missed
    Garbage                  cancel_pending     damaged
    GarbageReplayable        cancel_pending     damaged_replayed
    LinkDoomed               cancel_pending     doomed
    LinkDoomedReplayable     cancel_pending     doomed_replayed
    Lost                     idle               lost
    LostReplayable           idle               lost_replayed
    Expired                  quarantined        overdue
    ExpiredReplayable        quarantined        overdue_replayed
    Steer                    .                  steer_held
    StraySteer               .                  IGNORE
    illegal: EndedSteered SteerAccepted SteerAnswered SteerSettled Progress Send Withdrawn RepeatCreated Content
        ContentAfterGap ContentRepeated Completed Failed Incomplete ForeignTerminalAgain Fault
doubted
    Cancel                   cancel_pending     caller_left_early
    Created                  acknowledged       created_arrived
    ForeignCreated           draining           foreign_began
    ForeignCreatedReplayable draining           foreign_began_replayed
    StrayContent             .                  late_frame
    Other                    .                  late_frame
    Keepalive                .                  IGNORE
    ForeignTerminal          .                  late_frame
    Doubtful                 .                  error_doubted
    RejectedUnclean          cancel_pending     create_rejected_unclean
    Rejected                 idle               create_rejected
    RejectedReplayable       idle               create_rejected_replayed
    CacheMiss                idle               cache_missed
    Garbage                  cancel_pending     damaged
    GarbageReplayable        cancel_pending     damaged_replayed
    LinkDoomed               cancel_pending     doomed
    LinkDoomedReplayable     cancel_pending     doomed_replayed
    Lost                     idle               lost
    LostReplayable           idle               lost_replayed
    Expired                  quarantined        doubt_unresolved
    ExpiredReplayable        quarantined        doubt_unresolved_replayed
    Steer                    .                  steer_held
    StraySteer               .                  IGNORE
    illegal: UnsendableReplayable Unreachable UnreachableReplayable EndedSteered SteerAccepted SteerAnswered
        SteerSettled Progress Send Withdrawn Unsendable RepeatCreated Content ContentAfterGap ContentRepeated Completed
        Failed Incomplete ForeignTerminalAgain Fault
acknowledged
    Cancel                   draining           caller_left
    RepeatCreated            .                  late_frame
    ForeignCreated           draining           foreign_began
    ForeignCreatedReplayable draining           foreign_began_replayed
    Progress                 .                  DELIVER
    Content                  streaming          output_began
    ContentAfterGap          streaming          output_began_after_gap
    StrayContent             .                  late_frame
    Other                    .                  DELIVER
    Keepalive                .                  IGNORE
    Completed                idle               completed
    Failed                   idle               failed
    Incomplete               idle               incomplete
    ForeignTerminal          .                  late_frame
    Fault                    failing            fault_reported
    Doubtful                 .                  cancel_answered
    Garbage                  draining           damaged
    GarbageReplayable        draining           damaged_replayed
    LinkDoomed               .                  IGNORE
    LinkDoomedReplayable     .                  IGNORE
    Lost                     idle               lost
    LostReplayable           idle               lost_replayed
    Expired                  quarantined        overdue
    ExpiredReplayable        quarantined        overdue_replayed
    Steer                    .                  steer_sent
    SteerAccepted            .                  steer_answered
    SteerAnswered            .                  steer_answered
    StraySteer               .                  IGNORE
    EndedSteered             awaiting_successor ended_steered
    illegal: SteerSettled UnsendableReplayable Unreachable UnreachableReplayable ContentRepeated RejectedUnclean Send Withdrawn
        Unsendable Created ForeignTerminalAgain Rejected RejectedReplayable CacheMiss
streaming
    Cancel                   draining           caller_left
    RepeatCreated            .                  late_frame
    ForeignCreated           draining           foreign_began
    Progress                 .                  DELIVER
    Content                  .                  DELIVER
    ContentAfterGap          .                  sequence_gap
    ContentRepeated          .                  sequence_repeated
    StrayContent             .                  late_frame
    Other                    .                  DELIVER
    Keepalive                .                  IGNORE
    Completed                idle               completed
    Failed                   idle               failed
    Incomplete               idle               incomplete
    ForeignTerminal          .                  late_frame
    Fault                    failing            fault_reported
    Doubtful                 .                  cancel_answered
    Garbage                  draining           damaged
    LinkDoomed               .                  IGNORE
    Lost                     idle               lost
    Expired                  quarantined        overdue
    Steer                    .                  steer_sent
    SteerAccepted            .                  steer_answered
    SteerAnswered            .                  steer_answered
    StraySteer               .                  IGNORE
    EndedSteered             awaiting_successor ended_steered
    illegal: SteerSettled UnsendableReplayable Unreachable UnreachableReplayable RejectedUnclean Send Withdrawn Unsendable
        Created ForeignCreatedReplayable ForeignTerminalAgain Rejected RejectedReplayable CacheMiss GarbageReplayable
        LinkDoomedReplayable LostReplayable ExpiredReplayable
failing
    Cancel                   draining           caller_left
    RepeatCreated            .                  late_frame
    ForeignCreated           draining           failed_by_foreign
    Progress                 .                  DELIVER
    Content                  failing            output_began
    ContentAfterGap          failing            output_began_after_gap
    ContentRepeated          .                  sequence_repeated
    StrayContent             .                  late_frame
    Other                    .                  DELIVER
    Keepalive                .                  IGNORE
    Completed                idle               failed_as_reported
    Failed                   idle               failed_as_reported
    Incomplete               idle               failed_as_reported
    ForeignTerminal          .                  late_frame
    Fault                    .                  COUNT
    Doubtful                 .                  cancel_answered
    Garbage                  .                  COUNT
    LinkDoomed               .                  IGNORE
    Lost                     idle               failed_by_loss
    Expired                  quarantined        failed_without_terminal
    Steer                    .                  steer_refused
    SteerAccepted            .                  steer_answered
    SteerAnswered            .                  steer_answered
    StraySteer               .                  IGNORE
    EndedSteered             successor_pending  failed_as_reported_steered
    illegal: SteerSettled UnsendableReplayable Unreachable UnreachableReplayable RejectedUnclean Send Withdrawn Unsendable
        Created ForeignCreatedReplayable ForeignTerminalAgain Rejected RejectedReplayable CacheMiss GarbageReplayable
        LinkDoomedReplayable LostReplayable ExpiredReplayable
cancel_pending
    Withdrawn                idle               create_withdrawn
    Unsendable               idle               create_withdrawn
    Created                  draining           abandoned_created
    ForeignCreated           draining           foreign_for_abandoned
    StrayContent             .                  late_frame
    Other                    .                  late_frame
    Keepalive                .                  IGNORE
    ForeignTerminal          .                  late_frame
    Doubtful                 .                  cancel_answered
    RejectedUnclean          .                  COUNT
    Rejected                 idle               abandoned_rejected
    Garbage                  .                  COUNT
    LinkDoomed               .                  IGNORE
    Lost                     idle               abandoned_lost
    Expired                  quarantined        drain_overdue
    StraySteer               .                  IGNORE
    illegal: UnsendableReplayable Unreachable UnreachableReplayable EndedSteered Steer SteerAccepted SteerAnswered
        SteerSettled Progress Send Cancel RepeatCreated ForeignCreatedReplayable Content ContentAfterGap ContentRepeated
        Completed Failed Incomplete ForeignTerminalAgain Fault RejectedReplayable CacheMiss GarbageReplayable
        LinkDoomedReplayable LostReplayable ExpiredReplayable
draining
    RepeatCreated            .                  COUNT
    ForeignCreated           .                  foreign_again
    Progress                 .                  DISCARD
    Content                  .                  DISCARD
    ContentAfterGap          .                  DISCARD
    ContentRepeated          .                  DISCARD
    StrayContent             .                  DISCARD
    Other                    .                  DISCARD
    Keepalive                .                  IGNORE
    Completed                idle               drained_whole
    Failed                   idle               drained
    Incomplete               idle               drained
    ForeignTerminal          .                  foreign_seen
    ForeignTerminalAgain     .                  foreign_again
    Fault                    .                  COUNT
    Doubtful                 .                  cancel_answered
    Garbage                  .                  COUNT
    LinkDoomed               .                  IGNORE
    Lost                     idle               abandoned_lost
    Expired                  quarantined        drain_overdue
    SteerAccepted            .                  steer_answered
    SteerAnswered            .                  steer_answered
    StraySteer               .                  IGNORE
    EndedSteered             successor_pending  drained_steered
    illegal: SteerSettled UnsendableReplayable Unreachable UnreachableReplayable Steer RejectedUnclean Rejected Send
        Withdrawn Unsendable
        Cancel Created ForeignCreatedReplayable RejectedReplayable CacheMiss GarbageReplayable LinkDoomedReplayable
        LostReplayable ExpiredReplayable
awaiting_successor
    Created                  streaming          successor_began
    ForeignCreated           draining           successor_foreign
    Steer                    .                  steer_held
    SteerAccepted            .                  steer_answered
    SteerAnswered            .                  steer_answered
    SteerSettled             idle               ended_without_successor
    Expired                  quarantined        successor_overdue
    Cancel                   successor_pending  caller_left_steered
    Lost                     idle               successor_lost
    Garbage                  successor_pending  successor_damaged
    StrayContent             .                  late_frame
    Other                    .                  late_frame
    ForeignTerminal          .                  late_frame
    Fault                    .                  COUNT
    Doubtful                 .                  cancel_answered
    Keepalive                .                  IGNORE
    StraySteer               .                  IGNORE
    LinkDoomed               .                  IGNORE
    illegal: UnsendableReplayable Unreachable UnreachableReplayable Send Withdrawn Unsendable RepeatCreated
        ForeignCreatedReplayable Progress Content ContentAfterGap ContentRepeated Rejected RejectedUnclean
        Completed Failed Incomplete
        EndedSteered ForeignTerminalAgain RejectedReplayable CacheMiss GarbageReplayable LinkDoomedReplayable
        LostReplayable ExpiredReplayable
successor_pending
    Created                  draining           successor_abandoned
    ForeignCreated           draining           foreign_for_abandoned
    SteerAccepted            .                  steer_answered
    SteerAnswered            .                  steer_answered
    SteerSettled             idle               successor_spared
    Garbage                  .                  COUNT
    Expired                  quarantined        drain_overdue
    Lost                     idle               abandoned_lost
    StrayContent             .                  late_frame
    Other                    .                  late_frame
    ForeignTerminal          .                  late_frame
    Fault                    .                  COUNT
    Doubtful                 .                  cancel_answered
    Keepalive                .                  IGNORE
    StraySteer               .                  IGNORE
    LinkDoomed               .                  IGNORE
    illegal: UnsendableReplayable Unreachable UnreachableReplayable Send Withdrawn Unsendable Cancel RepeatCreated
        ForeignCreatedReplayable Progress Content ContentAfterGap ContentRepeated Rejected RejectedUnclean
        Completed Failed Incomplete
        EndedSteered Steer ForeignTerminalAgain RejectedReplayable CacheMiss GarbageReplayable
        LinkDoomedReplayable LostReplayable ExpiredReplayable
quarantined
    Created                  .                  quarantined_created
    RepeatCreated            .                  COUNT
    ForeignCreated           .                  foreign_again
    Progress                 .                  DISCARD
    Content                  .                  DISCARD
    ContentAfterGap          .                  DISCARD
    ContentRepeated          .                  DISCARD
    StrayContent             .                  DISCARD
    Other                    .                  DISCARD
    Keepalive                .                  IGNORE
    Completed                idle               drained_whole
    Failed                   idle               drained
    Incomplete               idle               drained
    ForeignTerminal          .                  COUNT
    ForeignTerminalAgain     .                  COUNT
    Fault                    .                  COUNT
    Doubtful                 .                  cancel_answered
    RejectedUnclean          .                  COUNT
    Withdrawn                idle               create_withdrawn
    Rejected                 idle               abandoned_rejected
    Garbage                  .                  COUNT
    LinkDoomed               .                  IGNORE
    Lost                     idle               abandoned_lost
    SteerAccepted            .                  steer_answered
    SteerAnswered            .                  steer_answered
    SteerSettled             idle               successor_spared
    StraySteer               .                  IGNORE
    EndedSteered             .                  quarantined_steered
    illegal: UnsendableReplayable Unreachable UnreachableReplayable Steer Send Unsendable Cancel
        ForeignCreatedReplayable RejectedReplayable CacheMiss GarbageReplayable LinkDoomedReplayable LostReplayable
        Expired ExpiredReplayable
""")


def test_every_phase_does_with_every_event_what_is_written_here() -> None:
    assert GRID == written_by(RESPONSE_CHART)


@pytest.mark.parametrize("phase", ResponsePhase)
def test_phase_can_be_reached(phase: ResponsePhase) -> None:
    bench = RESPONSE_PHASES[phase]()

    assert phase == bench.phase(bench.requests)


@pytest.mark.parametrize("phase", ResponsePhase)
def test_an_illegal_event_is_named_and_changes_nothing(phase: ResponsePhase) -> None:
    bench = RESPONSE_PHASES[phase]()
    session = bench.session
    lane = bench.lane(bench.requests)
    before = snapshot(session)
    illegal = [ResponseEvent(event) for (source, event), cell in GRID.items() if source == phase and cell is None]
    session.effects = []
    for event in illegal:
        session.move_lane(lane, event, bench.now)

    assert before == snapshot(session)
    assert [Note("Illegal", lane.link, lane.name, f"response: {event} in {phase}") for event in illegal] == session.effects
    assert len(illegal) == session.counts["Illegal"]
