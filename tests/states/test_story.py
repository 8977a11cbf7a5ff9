"""Stories: told as a person would, folded, numbered, and safe to print."""

from __future__ import annotations

import pytest

from harness.frames import created, delta, item_added
from harness.telling import asks, hostile_frame, interrupted, lost_early, turned
from rejoinder.states.effects import Deliver, Note, SendCancel
from rejoinder.states.events import Cancel, Expired, Received, Shutdown
from rejoinder.states.story import folded, frames_of, story
from rejoinder.states.trace import Fed


def said(at: float, text: str = "Hi", *effects: Deliver | Note, link: int = 1, lane: str | None = None) -> Fed:
    return Fed(at, Received(link, delta(text, lane=lane)), effects)


def sizes(*feds: Fed) -> list[int]:
    return [len(series) for series in folded(feds)]


def test_an_interruption_that_the_server_ignores() -> None:
    expected = [
        "1. r1 asks (1 item) → the client dials L1",
        "2. after 100 ms, L1 opens → the client sends r1 on L1, in full: there is nothing to continue yet",
        "3. after 400 ms, the server says response.created of resp_1 on L1 → r1 is acknowledged",
        "4. the server says response.in_progress of resp_1 on L1 → r1 gets it",
        "5. the server says response.output_item.added on L1 → r1 is streaming",
        "6. the server says 3 x delta on L1 → r1 gets them",
        "7. after 500 ms, r1 leaves → r1 ends: cancelled; the lane of L1 is draining",
        "     (nothing changes: r1 leaves; the server says delta on L1)",
        "8. after 1 s, r2 asks (1 item)",
        "9. after 4 s, a deadline passes",
        "     → the lane of L1 is quarantined",
        "     → noted: DrainOverdue: no terminal within 5 s of the cancel",
        "     → L1 is retiring",
        "     → the client closes L1",
        "     → the lane of L1 is idle again",
        "     → the client dials L2",
    ]

    assert expected == story(interrupted())


def test_a_loss_that_nobody_notices() -> None:
    told = story(lost_early())

    assert "1. r1 asks (1 item) → the client dials L1" == told[0]
    assert "4. after 2 s, L1 is lost (1006) → noted: Replay: request 1: connection lost; L1 is reconnecting" == told[3]
    assert "5. after 500 ms, a deadline passes → the client dials L1" == told[4]
    assert told[5].endswith("L1 opens → the client sends r1 on L1/lane-1, in full: it is sent again (connection lost)")
    assert told[-1].endswith("r1 gets it; r1 ends: completed")


def test_a_continuation() -> None:
    assert "6. r2 asks (3 items) → the client sends r2 on L1, continuing resp_1 with 1 new item, 2 saved" == story(turned())[-1]


def test_nothing_makes_no_story() -> None:
    assert [] == story([])


def test_what_changed_nothing_is_told_even_at_the_end() -> None:
    assert ["     (nothing changes: r1 leaves; r2 leaves)"] == story([Fed(0.0, Cancel(1), ()), Fed(0.0, Cancel(2), ())])


def test_an_early_deadline_is_not_told() -> None:
    assert [] == story([Fed(0.0, Expired(), ())])


def test_asking_and_closing_are_told_whatever_follows() -> None:
    assert ["1. r1 asks (1 item)", "2. after 2 s, the session closes"] == story(
        [Fed(0.0, asks(1), ()), Fed(1.0, Expired(), ()), Fed(2.0, Shutdown(), ())]
    )


def test_series_are_folded() -> None:
    assert [3] == sizes(said(0.0), said(0.5), said(1.4))
    assert [2] == sizes(said(0.0, "a", Deliver(1)), said(0.0, "b", Deliver(1)))
    assert [2] == sizes(said(0.0, "a", Note("Late")), said(0.0, "b", Note("Late")))
    assert [] == sizes()


@pytest.mark.parametrize(
    "other",
    [
        said(1.0),
        said(0.0, "a", Deliver(1)),
        said(0.0, link=2),
        said(0.0, lane="lane-1"),
        Fed(0.0, Expired(), ()),
    ],
)
def test_series_end_where_something_else_happens(other: Fed) -> None:
    assert [1, 1] == sizes(said(0.0), other)
    assert [1, 1] == sizes(other, said(other.at if other.at == 0.0 else 2.0))


def test_what_moves_something_stands_alone() -> None:
    feds = [Fed(0.0, Received(1, created()), (SendCancel(1, "resp_1"),))] * 2

    assert [1, 1] == sizes(*feds)


def test_frames_of_a_series() -> None:
    feds = [said(0.0), Fed(0.0, Expired(), ()), Fed(0.0, Received(1, item_added()), ())]

    assert [delta(), item_added()] == frames_of(feds)


def test_a_frame_for_another_caller_is_told() -> None:
    told = story([Fed(0.0, Received(1, delta()), (Deliver(2),)), said(0.0, "a", Deliver(3))])

    assert [
        "1. the server says delta on L1 → r2 gets it",
        "2. the server says delta on L1 → r3 gets it",
    ] == told


def test_no_story_can_be_made_to_move_a_cursor() -> None:
    told = story([Fed(0.0, Received(1, hostile_frame()), (Deliver(1), SendCancel(1, "\x1b[2J")))])

    assert all(line.isprintable() for line in told)
    assert told[0].startswith("1. the server says 'a;b\\nend\\r#quot;")


def test_no_story_shows_what_was_said() -> None:
    told = "\n".join([*story([said(0.0, "a secret", Deliver(1))]), *story([Fed(0.0, asks(1, "a secret"), ())])])

    assert "secret" not in told
