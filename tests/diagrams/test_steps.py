"""A step tells a line of a trace in words, with what moved and whom it concerns, and infers nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness.rotating import rotation
from harness.telling import asks, interrupted, lost_early, turned
from rejoinder.diagrams.steps import MOST_RAW, Describer
from rejoinder.diagrams.tale import tell
from rejoinder.states.effects import Close, Moved, SendCancel
from rejoinder.states.events import Cancel, Expired, Lost
from rejoinder.states.trace import Fed, Gap, entry_line

TALES = (interrupted, lost_early, turned, lambda: rotation()[1])


@pytest.mark.parametrize("tale", TALES)
def test_every_move_is_kept_in_order(tale: Callable[[], list[Fed]]) -> None:
    describer = Describer()
    for fed in tale():
        step = describer.describe(fed)
        expected = [
            (effect.machine, effect.source, effect.event, effect.target) for effect in fed.effects if isinstance(effect, Moved)
        ]

        assert expected == [(describer.machines[number]["kind"], *rest) for number, *rest in step["moves"]]
        assert len(fed.effects) == len(step["effects"])
        assert fed.at == step["at"]


def test_machines_come_with_their_first_move() -> None:
    describer = Describer()
    for fed in interrupted():
        describer.describe(fed)

    assert [
        {"key": "L1", "kind": "link", "label": "L1", "link": None},
        {"key": "r1", "kind": "request", "label": "r1", "link": None},
        {"key": "L1/its lane", "kind": "response", "label": "L1/its lane", "link": "L1"},
        {"key": "L2", "kind": "link", "label": "L2", "link": None},
    ] == describer.machines


def test_marks_are_interruptions_losses_and_drains() -> None:
    describer = Describer()
    marks = [describer.describe(fed)["marks"] for fed in interrupted()]

    assert ["interruption", "drain"] == marks[8]
    assert [] == marks[9], "leaving twice changes nothing"
    assert 1 == sum(map(len, marks)) - 1
    assert ["loss"] in [Describer().describe(fed)["marks"] for fed in lost_early()]


def test_a_step_that_changes_nothing_has_no_marks() -> None:
    assert [] == Describer().describe(Fed(0.0, Lost(9), ()))["marks"]


def test_a_gap_is_a_step() -> None:
    step = Describer().describe(Gap(2.0, 3))

    assert ("Gap", "3 feeds went missing here", ["gap"], 2.0) == (step["kind"], step["text"], step["marks"], step["at"])
    assert ([], [], [], []) == (step["moves"], step["effects"], step["places"], step["lines"])


def test_a_step_concerns_links_and_lanes() -> None:
    describer = Describer()
    places = [describer.describe(fed)["places"] for fed in rotation()[1]]

    assert ["L1"] == places[0]
    assert ["L1", "L1/lane-1"] == places[1] == places[2]
    assert ["L1", "L1/lane-2"] == places[4]


def test_a_caller_who_leaves_concerns_its_lane() -> None:
    describer = Describer()
    for fed in interrupted()[:8]:
        describer.describe(fed)

    assert ["L1/its lane"] == describer.describe(Fed(9.0, Cancel(1), ()))["places"]
    assert [] == describer.describe(Fed(9.0, Cancel(7), ()))["places"]


def test_orders_to_a_link_concern_no_lane() -> None:
    assert ["L1"] == Describer().describe(Fed(0.0, Expired(), (Close(1), SendCancel(1, "resp_1"))))["places"]


@pytest.mark.parametrize("tale", TALES)
def test_messages_are_those_of_the_tale(tale: Callable[[], list[Fed]]) -> None:
    for fed in tale():
        lines = Describer().describe(fed)["lines"]

        assert [line.text for line in tell([fed]).lines] == [
            line[1] if len(line) == 2 else line[2].split(": ", 1)[1] for line in lines
        ]
        assert all({line[0], line[1]} in ({0, 1}, {1, 2}) for line in lines if len(line) == 5)


def test_the_line_of_the_trace_is_kept_and_cut_off_where_it_is_long() -> None:
    short, long = Fed(0.0, asks(1), ()), Fed(0.0, asks(1, "x" * 5000), ())

    assert entry_line(short).rstrip("\n") == Describer().describe(short)["raw"]
    assert f"{entry_line(long)[:MOST_RAW]} …" == Describer().describe(long)["raw"]
