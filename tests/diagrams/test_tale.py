"""A tale holds a line for every event and effect worth one, and each line knows its step. Words are tested with pictures."""

from collections.abc import Callable

import pytest

from harness.telling import asks, interrupted, lost_early, turned
from rejoinder.diagrams.tale import CLIENT, Message, Participant, Remark, tell
from rejoinder.states.continuation import RequestContent
from rejoinder.states.events import Create, Expired, Lost, Opened, Unsendable
from rejoinder.states.trace import Fed


def test_participants_stand_from_callers_to_servers() -> None:
    feds = [Fed(0.0, asks(2), ()), Fed(0.0, Create(1, RequestContent([]), warm_up=True), ()), Fed(0.0, Opened(3), ())]

    assert (
        Participant("r1", "r1 (warm-up)"),
        Participant("r2", "r2"),
        Participant(CLIENT, CLIENT),
        Participant("L3", "server, L3"),
    ) == tell(feds).participants


@pytest.mark.parametrize("tale", [interrupted, lost_early, turned])
def test_lines_name_no_stranger(tale: Callable[[], list[Fed]]) -> None:
    told = tell(tale())
    known = {one.key for one in told.participants}
    named = {key for line in told.lines for key in ((line.source, line.target) if isinstance(line, Message) else (line.over,))}

    assert named <= known


def test_lines_know_their_steps() -> None:
    lines = tell(interrupted()).lines
    steps = {line.text: line.step for line in lines if isinstance(line, Message)}

    assert steps["open"] == 2
    assert steps["3 x delta"] == 6
    assert steps["cancelled"] == 9
    assert [line.step for line in lines] == sorted(line.step for line in lines)


def test_a_part_of_a_trace_keeps_its_numbers() -> None:
    assert [line.step + 4 for line in tell(interrupted()).lines] == [line.step for line in tell(interrupted(), 5).lines]


def test_what_is_lost_does_not_arrive() -> None:
    (lost,) = tell([Fed(0.0, Lost(1, 1006), ())]).lines
    (unsent,) = tell([Fed(0.0, Unsendable(1, 2, None, 9), ())]).lines

    assert Message("L1", CLIENT, "lost (1006)", answers=True, lost=True, step=1) == lost
    assert isinstance(unsent, Message)
    assert (True, False) == (unsent.lost, unsent.answers)


def test_time_that_passes_is_said_before_what_comes_then() -> None:
    feds = [Fed(0.0, Opened(1), ()), Fed(5.0, Expired(), ()), Fed(7.0, Lost(1), ())]

    assert [
        Message("L1", CLIENT, "open", answers=True, step=1),
        Remark(CLIENT, "2 s later", step=3),
        Message("L1", CLIENT, "lost", answers=True, lost=True, step=3),
    ] == list(tell(feds).lines)
