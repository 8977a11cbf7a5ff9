"""Frames that arrive in another order than they were decided are told; frames that never arrive are not missed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pytest

from rejoinder.engine import Moved, Sent
from rejoinder.states.continuation import Full, NoPrevious
from rejoinder.testing import LogEntry
from rejoinder.testing.fuzz.engine_diary import Diary, Happening, Line, Observed, Wired
from rejoinder.testing.fuzz.engine_order import out_of_order
from rejoinder.testing.fuzz.setups import nonce

OPENED: Final[list[Happening]] = [Wired(1, "opened"), Observed(Moved("link", "connecting", "Opened", "open", 1))]


def sent(request: int, lane: str) -> Observed:
    return Observed(Sent(request, 1, lane, Full(NoPrevious()), 1, 100))


def abandoned(lane: str) -> Observed:
    return Observed(Moved("response", "streaming", "Cancel", "draining", 1, lane))


def create(caller: int) -> LogEntry:
    return LogEntry(0.0, 0, "in", "", {"type": "response.create", "metadata": {"nonce": nonce(caller)}})


def created(caller: int) -> LogEntry:
    response = {"id": f"resp_{caller}", "metadata": {"nonce": nonce(caller)}}
    return LogEntry(0.0, 0, "out", "", {"type": "response.created", "response": response})


def cancel(caller: int) -> LogEntry:
    return LogEntry(0.0, 0, "in", "", {"type": "response.cancel", "response_id": f"resp_{caller}"})


def told(happenings: Sequence[Happening], log: Sequence[LogEntry]) -> list[str]:
    diary = Diary([Line(0.0, what) for what in [*OPENED, *happenings]])
    return list(out_of_order(diary, log, {1: 0}, {11: 1, 12: 2, 13: 3}))


DECIDED = [sent(11, "a"), abandoned("a"), sent(12, "b"), sent(13, "c")]


@pytest.mark.parametrize(
    "log",
    [
        [create(1), created(1), cancel(1), create(2), create(3)],
        [create(1), created(1), create(2), create(3)],
        [create(1), created(1), cancel(1), create(3)],
        [create(1), LogEntry(0.0, 0, "in", "{broken"), LogEntry(0.0, 0, "note", "left")],
        [create(9), cancel(9)],
    ],
)
def test_what_arrives_in_order_is_passed(log: Sequence[LogEntry]) -> None:
    assert [] == told(DECIDED, log)


@pytest.mark.parametrize(
    "log, overtaken",
    [
        ([create(1), created(1), create(2), cancel(1)], "the cancel of caller 1"),
        ([create(1), created(1), cancel(1), create(3), create(2)], "the create of caller 2"),
        ([create(1), create(1)], "the create of caller 1"),
    ],
)
def test_what_was_overtaken_is_told(log: Sequence[LogEntry], overtaken: str) -> None:
    assert [f"on connection 0 {overtaken} was overtaken by what was decided after it"] == told(DECIDED, log)


def test_a_late_created_decides_a_cancel() -> None:
    late = Observed(Moved("response", "quarantined", "Created", "quarantined", 1, "a"))
    expired = Observed(Moved("response", "cancel_pending", "Expired", "quarantined", 1, "a"))

    assert [] == told([sent(11, "a"), expired, sent(12, "b"), late], [create(1), create(2), created(1), cancel(1)])


def test_a_link_that_is_dialled_again_keeps_its_number() -> None:
    again: list[Happening] = [Wired(2, "opened"), OPENED[1], sent(12, "a")]
    diary = Diary([Line(0.0, what) for what in [*OPENED, sent(11, "a"), *again]])
    log = [LogEntry(0.0, 1, "in", "", create(2).body), create(1)]

    assert [] == list(out_of_order(diary, log, {1: 0, 2: 1}, {11: 1, 12: 2}))
