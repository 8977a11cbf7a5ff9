"""Every event has a cause, and every cause can be told from the others, on every page and in print."""

import itertools

import pytest

from rejoinder.diagrams.causes import CAUSES, INKS, Cause, cause_of
from rejoinder.diagrams.colours import PAGES, contrast
from rejoinder.states.chart import CHARTS
from rejoinder.states.edges import Table


def test_every_event_has_a_cause_and_no_other_has() -> None:
    assert {(chart.table.name, event) for chart in CHARTS.values() for event in chart.table.events} == set(CAUSES)


def test_every_cause_is_at_work() -> None:
    assert set(Cause) == set(CAUSES.values()) == set(INKS)


@pytest.mark.parametrize(
    "machine, event, cause",
    [
        ("response", "Cancel", Cause.CALLER),
        ("response", "Completed", Cause.SERVER),
        ("link", "Opened", Cause.NETWORK),
        ("request", "Expired", Cause.CLOCK),
        ("link", "SuccessorOpen", Cause.SESSION),
    ],
)
def test_known_events_have_their_cause(machine: str, event: str, cause: Cause) -> None:
    assert cause is cause_of(CHARTS[machine].table, event)


def test_unknown_events_are_the_sessions(small: Table) -> None:
    assert Cause.SESSION is cause_of(small, "Go")


@pytest.mark.parametrize("cause", Cause)
def test_ink_can_be_read_on_its_page(cause: Cause) -> None:
    assert contrast(INKS[cause].light, PAGES["light"]) >= 4.5
    assert contrast(INKS[cause].dark, PAGES["dark"]) >= 4.5


def test_lines_differ_without_colours_too() -> None:
    for one, other in itertools.combinations(INKS.values(), 2):
        assert (one.dashes, one.width) != (other.dashes, other.width)
        assert one.light != other.light
        assert one.dark != other.dark
