"""Judging is pure: what was written down, against what must be."""

from __future__ import annotations

import math

import pytest

from rejoinder.testing import LogEntry
from rejoinder.testing.scenarios import SCENARIOS, Kind, Scenario, select
from rejoinder.testing.scenarios.acts import Ask
from rejoinder.testing.scenarios.caller import Turn
from rejoinder.testing.scenarios.judging import Happened, differences, figures
from rejoinder.testing.scenarios.traffic import lines_of

(CHAT,) = select(["01"])


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_a_run_in_which_nothing_happens_is_wrong(scenario: Scenario) -> None:
    for kind in scenario.kinds:
        expected = [f"frames missing: {line}" for line in lines_of(scenario.traffic(kind))]

        assert expected == differences(scenario, kind, Happened())


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_what_was_not_measured_is_no_number(scenario: Scenario) -> None:
    told = figures(scenario, Happened())

    assert len(scenario.figures) == len(told)
    assert all(math.isnan(value) or value == 0 for value in told.values())


def create(*says: str, at: float) -> LogEntry:
    items = [{"role": "user", "content": words} for words in says]
    return LogEntry(at, 0, "in", "{}", {"type": "response.create", "input": items})


def turn_of(says: str, *, asked: float = 10.0) -> Turn:
    turn = Turn(Ask(says), asked)
    turn.end = "completed"
    return turn


def test_the_create_of_a_turn_is_found_by_its_words_and_the_last_one_counts() -> None:
    turn = turn_of("One")
    creates = [create("One", at=1.0), create("One", "Two", at=1.5), create(at=1.6), create("Zero", "One", at=2.0)]
    happened = Happened([turn_of("Zero"), turn], creates, started=9.5)

    assert [1.0, 2.0] == [entry.at for entry in happened.arrivals(turn)]
    assert "turn 2 reached the server after 1.50 s, not within 0.75 s" in differences(CHAT, Kind.LANES, happened)


def test_the_first_turn_may_open_a_connection_meanwhile() -> None:
    happened = Happened([turn_of("One")], [create("One", at=1.5)], started=10.0)

    assert not any("reached the server" in found for found in differences(CHAT, Kind.LANES, happened))


def test_what_is_handed_over_twice_or_was_never_sent_is_found() -> None:
    sent = {"type": "response.in_progress"}
    turns = [turn_of("One") for _ in range(3)]
    turns[0].events = [sent]
    turns[1].events = [sent, sent]
    turns[2].events = [{"type": "response.queued"}]
    found = differences(CHAT, Kind.LANES, Happened(turns, [LogEntry(0.0, 0, "out", "{}", sent)]))

    assert [
        "turn 2 was handed an event that the server did not send, or not in this order",
        "turn 3 was handed an event that the server did not send, or not in this order",
    ] == [each for each in found if "was handed" in each]


def test_words_that_the_response_itself_tells_otherwise_are_found() -> None:
    turn = turn_of("One")
    turn.heard, turn.collected = ["a", "b"], "a"

    assert "turn 1 heard \"ab (but in the end 'a')\", not ''" in differences(CHAT, Kind.LANES, Happened([turn]))
