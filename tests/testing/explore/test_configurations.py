"""The small ones among the configurations are exhausted here, all of them by ``rejoinder check``; and a planted fault is found."""

from __future__ import annotations

import pytest

from rejoinder.states import session as session_module
from rejoinder.states.edges import Staying
from rejoinder.testing.explore import (
    DEEP,
    PROPERTIES,
    QUICK,
    ROWS,
    Configuration,
    explore_configuration,
    promise_of,
    retell,
)
from rejoinder.testing.explore.misbehaviour import MISBEHAVIOUR
from rejoinder.testing.fuzz.broken_promise import PROMISES, TRANSCRIPT

SMALL = (
    "serial-failures",
    "serial-doubt-and-loss",
    "callers",
    "impatience",
    "lanes-limits",
    "lanes-twice-foreign",
)
KNOWN = {configuration.name: configuration for configuration in QUICK}


@pytest.mark.parametrize("name", SMALL)
def test_every_promise_holds_in_every_state(name: str) -> None:
    report = explore_configuration(KNOWN[name])

    assert (None, True) == (report.broken, report.exhausted)
    assert report.signs & set(ROWS)


@pytest.mark.parametrize("name", ["serial-words-of-others", "lanes-misbehaviour", "lanes-quarantine", "serial-faults", "idle"])
def test_no_promise_is_broken_near_the_beginning(name: str) -> None:
    looks = iter(range(6))
    report = explore_configuration(KNOWN[name], patience=lambda: next(looks) < 5)

    assert report.broken is None
    assert 1000 < report.states


@pytest.mark.long
def test_what_failed_in_between_leaves_an_abandoned_response_nothing_to_continue() -> None:
    """With a fourth request a response fails before one is abandoned; the request behind both is rightly sent in full."""
    deep = {configuration.name: configuration for configuration in DEEP}
    report = explore_configuration(deep["serial-memory"])

    assert (None, True) == (report.broken, report.exhausted)


def test_same_configuration_has_the_same_states_each_time() -> None:
    first, second = (explore_configuration(KNOWN["serial-failures"]) for _ in range(2))

    assert (first.states, first.transitions, first.depth) == (second.states, second.transitions, second.depth)


def test_planted_fault_is_found_and_retold(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lane is called clean when its drain has taken too long."""
    rows = session_module.RESPONSE_ROWS
    clean = rows["draining"]["Failed"]
    changed = {phase: {**row, "Expired": clean} if phase in {"draining", "cancel_pending"} else row for phase, row in rows.items()}
    monkeypatch.setattr(session_module, "RESPONSE_ROWS", changed)
    report = explore_configuration(KNOWN["serial-hedge"])

    assert report.broken is not None
    assert 6 == promise_of(report.broken)
    assert 5 == len(report.steps)
    assert len(retell(KNOWN["serial-hedge"], report.steps)) >= 4


def test_planted_dead_end_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A dial that is never answered is never given up."""
    rows = session_module.LINK_ROWS
    changed = {phase: {**row, "Expired": Staying.IGNORE} if phase == "connecting" else row for phase, row in rows.items()}
    monkeypatch.setattr(session_module, "LINK_ROWS", changed)
    report = explore_configuration(KNOWN["serial-hedge"])

    assert report.broken is not None
    assert 8 == promise_of(report.broken)


def test_each_configuration_has_a_name_of_its_own_and_a_deep_form() -> None:
    assert len(KNOWN) == len(QUICK)
    assert list(KNOWN) == [configuration.name for configuration in DEEP]
    assert all(quick != deep for quick, deep in zip(QUICK, DEEP, strict=True))


def test_every_misbehaviour_is_asked_for_somewhere() -> None:
    assert set(MISBEHAVIOUR) == {what for configuration in QUICK for what in configuration.misbehaves}


def test_all_promises_but_a_handlers_own_are_properties() -> None:
    assert set(PROMISES) - {TRANSCRIPT} == {one.promise for one in PROPERTIES if one.promise is not None}
    assert promise_of("nothing") is None


def test_configuration_is_a_value() -> None:
    assert Configuration("a", "b", QUICK[0].profile) == Configuration("a", "b", QUICK[0].profile)
