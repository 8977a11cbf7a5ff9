"""Colours can be read on every page, and every phase has one."""

import itertools

import pytest

from rejoinder.diagrams.colours import COLOURS, PAGES, ROLES, Role, contrast, role_of
from rejoinder.states.chart import CHARTS
from rejoinder.states.edges import Table


@pytest.mark.parametrize(
    "one, other, expected",
    [("#000000", "#ffffff", 21.0), ("#ffffff", "#000000", 21.0), ("#abcdef", "#abcdef", 1.0), ("#777777", "#ffffff", 4.48)],
    ids=["black_on_white", "white_on_black", "alike", "grey_that_just_fails"],
)
def test_contrast_is_that_of_the_guidelines(one: str, other: str, expected: float) -> None:
    assert pytest.approx(expected, abs=0.005) == contrast(one, other)


@pytest.mark.parametrize("role", Role)
def test_text_can_be_read_on_its_fill(role: Role) -> None:
    assert contrast(COLOURS[role].fill, COLOURS[role].text) >= 4.5


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("role", Role)
def test_boxes_stand_out_from_the_page(role: Role, page: str) -> None:
    assert contrast(COLOURS[role].fill, PAGES[page]) >= 3


def test_roles_look_different() -> None:
    for one, other in itertools.combinations(COLOURS.values(), 2):
        assert one.fill != other.fill
        assert one.name != other.name


def test_every_phase_has_a_role_and_no_other_has() -> None:
    assert {(chart.table.name, phase) for chart in CHARTS.values() for phase in chart.table.phases} == set(ROLES)


def test_every_role_is_played() -> None:
    assert set(Role) == set(ROLES.values()) == set(COLOURS)


def test_known_phases_play_their_role() -> None:
    assert Role.LOST is role_of(CHARTS["response"].table, "quarantined")


def test_unknown_phases_rest_or_live(small: Table) -> None:
    assert Role.RESTING is role_of(small, "rest")
    assert Role.LIVE is role_of(small, "busy")
