"""Every row of the original's measurements has one scenario, and each scenario says everything that a run is judged by."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Final

import pytest

from rejoinder.testing.scenarios import ORDER, SCENARIOS, Kind, OriginalVerdict, Scenario, UnknownScenario, markdown_table, select
from rejoinder.testing.scenarios.acts import Ask, Begin, Converse, Together
from rejoinder.testing.scenarios.traffic import lines_of

TESTS: Final = Path(__file__).parents[2]
WITHIN_15: Final = {"15b", "15c"}
"""Rows of the tests that are part of row 15 in the original's table."""
EACH: Final = pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)


def asked(scenario: Scenario) -> list[Ask | Converse]:
    turns: list[Ask | Converse] = []
    for act in scenario.acts:
        if isinstance(act, Together):
            turns += act.asks
        elif isinstance(act, Ask | Converse | Begin):
            turns.append(act.ask if isinstance(act, Begin) else act)
    return turns


def test_seventy_over_a_websocket_and_eleven_over_http() -> None:
    over_http = [each for each in SCENARIOS if each.kinds == (Kind.HTTP,)]

    assert (81, 11) == (len(SCENARIOS), len(over_http))
    assert 81 == len(set(ORDER))
    assert all(each.name.startswith("http ") for each in over_http)


def test_the_original_fared_as_it_was_counted() -> None:
    over_websocket = [each for each in SCENARIOS if each.kinds != (Kind.HTTP,)]
    counts = Counter(each.original.verdict for each in over_websocket)

    assert {
        OriginalVerdict.RIGHT: 21,
        OriginalVerdict.WASTEFUL: 9,
        OriginalVerdict.WRONG: 27,
        OriginalVerdict.CORRUPT: 13,
    } == counts


def test_every_row_that_tests_are_marked_with_has_a_scenario() -> None:
    marked = {
        name
        for path in TESTS.glob("engine/scenarios/test_*.py")
        for name in re.findall(r'mark\.row\("([^"]+)"\)|"(12[bce]?)"\)', path.read_text("utf-8"))
        for name in name
        if name
    }

    assert set(ORDER) == marked - WITHIN_15


@EACH
def test_every_frame_of_every_kind_is_written(scenario: Scenario) -> None:
    for kind in scenario.kinds:
        lines = lines_of(scenario.traffic(kind))

        assert lines
        assert [] == [line for line in lines if not re.match(r"(\d+|-) (>|<|closed|dropped|refused|nothing)", line)]
        assert kind is Kind.LANES or not any(re.search(r"< lane-\d|create lane-\d", line) for line in lines)


@EACH
def test_every_turn_has_words_of_its_own(scenario: Scenario) -> None:
    words = [turn.says for turn in asked(scenario) if turn.says]

    assert words
    assert len(words) == len(set(words))


@EACH
def test_what_a_row_is_not_about_has_a_reason(scenario: Scenario) -> None:
    assert all(len(reason.split()) > 5 for reason in scenario.without.values())
    assert set(scenario.kinds).isdisjoint(scenario.without)


@EACH
def test_a_table_can_be_made_of_it(scenario: Scenario) -> None:
    told = (scenario.name, scenario.title, scenario.correct, scenario.original.measured)

    assert not any("|" in text or "\n" in text or not text for text in told)
    measured = {scenario.name: ("turn 1 sent after 1 ms", "right")}
    assert 8 == markdown_table(measured, [scenario]).splitlines()[-1].count("|")


@EACH
def test_something_is_measured(scenario: Scenario) -> None:
    assert scenario.figures
    assert all(figure.turn <= len(asked(scenario)) for figure in scenario.figures)


def test_all_bounds_together_are_within_what_a_run_may_take() -> None:
    assert max(scenario.bound for scenario in SCENARIOS) <= 12


@pytest.mark.parametrize(
    "names, expected",
    [
        (["25", "08*"], ["08", "08b", "25"]),
        (["HTTP-OK"], ["http ok"]),
        (["http tcp drop"], ["http TCP drop"]),
        (["19'"], ["19'"]),
    ],
)
def test_scenarios_are_chosen_by_name_or_pattern_in_their_own_order(names: list[str], expected: list[str]) -> None:
    assert expected == [scenario.name for scenario in select(names)]


def test_without_names_all_are_chosen() -> None:
    assert SCENARIOS == select([])


def test_a_name_that_there_is_not_is_told_with_those_that_there_are() -> None:
    with pytest.raises(UnknownScenario, match=r"There is no scenario named '99'\. Scenarios are 01, 01L, 01w, "):
        select(["01", "99"])
