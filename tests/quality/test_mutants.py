"""The checks can fail: faults planted in what runs are found by the explorer or the fuzzers.

Rules of this file
* On every run the chosen few are hunted, the root causes among them; all of them by ``mutants/report.py --all``.
* Budgets are seconds that this process works. A chosen mutant is found in a fraction of its budget, so a slow machine changes
  nothing.
"""

from __future__ import annotations

from collections import Counter
from fnmatch import fnmatchcase
from typing import Any, Final

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from quality.mutants.catalogue import CHOSEN, catalogue
from quality.mutants.detectors import detectors
from quality.mutants.drops import EFFECTS, without
from quality.mutants.equivalent import EQUIVALENT, reason_for
from quality.mutants.hunt import Detector, Found, Line, Story, hunt
from quality.mutants.mechanical import mechanical
from quality.mutants.mutant import ROWS, UNCHANGED, Kind, Mutant, Rule
from quality.mutants.page import page
from quality.mutants.planted import PLANTED, ROOT_CAUSES
from quality.mutants.planting import rows_of
from quality.mutants.report import table
from rejoinder.states import deadlines, facts, intake, placement, request_rules, response_rules
from rejoinder.states import session as session_module
from rejoinder.states.chart import CHARTS
from rejoinder.states.edges import Staying
from rejoinder.states.effects import Moved, Note
from rejoinder.states.records import Lane
from rejoinder.states.session import Session
from rejoinder.states.steps import Step
from rejoinder.testing.fuzz.program import Program

BUDGET: Final = 15.0
"""Seconds for each detector: several times what the slowest of the chosen needs."""
PLACES: Final = (deadlines, facts, intake, placement, request_rules, response_rules, session_module, Session, Lane)
"""Where faults are planted."""


def everything_that_runs() -> list[dict[str, Any]]:
    """All names of all places, with what they mean now."""
    return [dict(vars(place)) for place in PLACES]


# -- the mutants -------------------------------------------------------------------------------------------------------------


def test_names_are_unique() -> None:
    names = Counter(mutant.name for mutant in (*PLANTED, *mechanical()))

    assert [] == [name for name, times in names.items() if times > 1]


def test_names_stay_the_same() -> None:
    names = [mutant.name for mutant in mechanical()]
    mechanical.cache_clear()

    assert names == [mutant.name for mutant in mechanical()]


def test_every_row_has_mutants() -> None:
    labels = {mutant.name.partition(": ")[0] for mutant in mechanical()}
    rows = {f"{name} {edge.source}×{edge.event}" for name, chart in CHARTS.items() for edge in chart.table.edges}  # noqa: RUF001
    phases = {f"{name} {phase}" for name, chart in CHARTS.items() for phase in chart.table.deadlines}

    assert rows | phases == {label for label in labels if not label.startswith("classify ")}


def test_every_kind_of_fault_is_made() -> None:
    assert set(Kind) == {mutant.kind for mutant in catalogue().values()}


def test_every_moving_rule_says_what_it_asks_for() -> None:
    rules = {str(edge.action) for chart in CHARTS.values() for edge in chart.table.edges if not edge.staying}

    assert rules == set(EFFECTS)


@pytest.mark.long
def test_every_effect_that_a_rule_emits_is_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    unlisted: set[tuple[str, str]] = set()
    heard: set[str] = set()
    of_inner_rules: list[set[int]] = [set()]

    def listening(rule: Rule) -> Rule:
        def run(session: Session, record: object, step: Step) -> None:
            before = len(session.effects)
            of_inner_rules.append(set())
            rule(session, record, step)
            all_of_it = set(range(before, len(session.effects)))
            own = {type(session.effects[place]) for place in all_of_it - of_inner_rules.pop()} - {Moved}
            of_inner_rules[-1] |= all_of_it
            heard.add(rule.__name__)
            unlisted.update((rule.__name__, kind.__name__) for kind in own.difference(EFFECTS[rule.__name__]))

        return run

    for machine, name in ROWS.items():
        rows = {
            phase: {event: row if isinstance(row, Staying) else (row[0], listening(row[1])) for event, row in rows.items()}
            for phase, rows in rows_of(machine).items()
        }
        monkeypatch.setattr(session_module, name, rows)
    run_state_machine_as_test(Program, settings=settings(max_examples=100, database=None, deadline=None))

    assert set() == unlisted
    assert len(heard) > len(EFFECTS) / 2


def test_at_least_twenty_five_are_planted_by_hand() -> None:
    assert len([mutant for mutant in PLANTED if not mutant.name.startswith("fuzz: ")]) >= 25
    assert all(mutant.promise for mutant in PLANTED)


def test_planting_is_undone() -> None:
    before = everything_that_runs()
    for mutant in (mutant for mutant in catalogue().values() if mutant.refused is None):
        with mutant.apply():
            pass

    assert before == everything_that_runs()


def test_planting_is_undone_when_something_is_raised() -> None:
    before = everything_that_runs()
    with pytest.raises(KeyError), ROOT_CAUSES[0].apply():
        raise KeyError

    assert before == everything_that_runs()


@pytest.mark.parametrize("mutant", PLANTED, ids=lambda mutant: mutant.name)
def test_planting_changes_what_runs(mutant: Mutant) -> None:
    before = everything_that_runs()
    with mutant.apply():
        changed = everything_that_runs() != before

    assert changed


def test_a_lost_effect_is_lost_alone() -> None:
    session = Session()

    def noting(session: Session, record: object, step: Step) -> None:
        session.note("Kept")
        session.counts["ran"] += 1

    session.note("Before")
    without(noting, Note)(session, None, Step("a", "b", 0.0))

    assert [Note("Before")] == session.effects
    assert 1 == session.counts["ran"]


# -- the hunt ----------------------------------------------------------------------------------------------------------------


class Answering:
    """A detector that sees what it was told to see."""

    name = "answering"

    def __init__(self, story: Story | None) -> None:
        self.story = story
        self.asked = 0

    def search(self, mutant: Mutant, budget_seconds: float) -> Story | None:
        self.asked += 1
        return self.story


class Endless(Answering):
    """A detector that does not come back."""

    name = "endless"

    def search(self, mutant: Mutant, budget_seconds: float) -> Story | None:
        while True:
            self.asked += 1


def test_hunt_stops_at_the_first_hit() -> None:
    blind, first, second = Answering(None), Answering(Story("broken", 3)), Answering(Story("broken", 2))

    found = hunt(UNCHANGED, (blind, first, second), 1.0)

    assert found is not None
    assert Story("broken", 3) == found.story
    assert [1, 1, 0] == [blind.asked, first.asked, second.asked]


def test_hunt_of_what_nobody_sees_ends() -> None:
    blind = Answering(None)

    assert hunt(UNCHANGED, (blind,), 1.0) is None
    assert 2 == blind.asked


def test_search_that_spins_is_a_hit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("quality.mutants.hunt.SPINNING_AFTER", 0.0)

    found = hunt(UNCHANGED, (Endless(None),), 0.05)

    assert found is not None
    assert "does not come back" == found.story.broken


@pytest.mark.long
@pytest.mark.parametrize("detector", detectors(), ids=lambda detector: detector.name)
def test_nothing_is_found_where_nothing_is_planted(detector: Detector) -> None:
    assert hunt(UNCHANGED, (detector,), 1.0) is None


@pytest.mark.long
@pytest.mark.parametrize("name", CHOSEN)
def test_chosen_mutant_is_found(name: str) -> None:
    assert hunt(catalogue()[name], detectors(), BUDGET) is not None


def test_chosen_are_forty_of_all_kinds() -> None:
    chosen = [catalogue()[name] for name in CHOSEN]

    assert len(set(CHOSEN)) == len(CHOSEN) >= 40
    assert set(Kind) == {mutant.kind for mutant in chosen}
    assert {mutant.name for mutant in ROOT_CAUSES} <= set(CHOSEN)
    assert [] == [mutant.name for mutant in chosen if mutant.refused is not None]


# -- what is not hunted ------------------------------------------------------------------------------------------------------


def test_equivalent_mutants_exist_and_have_arguments() -> None:
    names = list(catalogue())
    unknown = [known for known in EQUIVALENT if not any(fnmatchcase(name, known) for name in names)]

    assert [] == unknown
    assert [] == [known for known, reason in EQUIVALENT.items() if not reason.endswith(".")]


def test_nothing_chosen_is_called_equivalent() -> None:
    assert [] == [name for name in CHOSEN if reason_for(catalogue()[name]) is not None]


def test_report_counts_every_mutant_once() -> None:
    lines = [Line("found", Found("explorer", 0.5, Story("promise 1: a | b", 4))), Line("alive", None)]

    told = list(table(lines, {"alike": "Because."}, {"impossible": "A phase is missing."}))

    assert "| found | explorer | 0.50 | 4 | promise 1: a \\| b |" in told
    assert "* alive" in told
    assert "* alike: Because." in told
    assert "* impossible: A phase is missing." in told
    assert "4 mutants: 1 found, 1 survived, 1 equivalent, 1 refused." in told


def test_page_counts_by_machine_and_kind_and_lists_what_was_planted_by_hand() -> None:
    by_hand, by_rote, alive, alike, impossible = (
        ROOT_CAUSES[0].name,
        "link open×Lost: stays open",  # noqa: RUF001
        "response idle×Doubtful: removed",  # noqa: RUF001
        "request ended×Cancel: goes to waiting",  # noqa: RUF001
        "link open: no deadline",
    )
    lines = [
        Line(by_hand, Found("explorer", 0.5, Story("promise 6: two (serial-hedge)", 7))),
        Line(by_rote, Found("programs", 0.1, Story("promise 14: one", 2))),
        Line(alive, None),
    ]

    told = list(page(lines, {alike: "Because."}, {impossible: "A phase is missing."}))

    assert "| **all** | 1 | 1 | 1 | 1 | 1 |" not in told
    assert "| link | 1 | 0 | 0 | 1 | 2 |" in told
    assert "| response | 0 | 1 | 0 | 0 | 1 |" in told
    assert "| request | 0 | 0 | 1 | 0 | 1 |" in told
    assert "| planted by hand | 1 | 0 | 0 | 0 | 1 |" in told
    assert f"| {by_hand.removeprefix('root cause: ')} | explorer | 7 | promise 6: two (serial-hedge) |" in told
    assert any(line.startswith(f"* {alive}: ") for line in told)
    assert f"* {alike}: Because." in told
