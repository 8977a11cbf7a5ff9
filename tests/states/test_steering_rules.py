"""Each steering rule belongs to rows of the response table and to no other module; what they do is in ``test_steering``."""

from rejoinder.states.chart import RESPONSE_CHART
from rejoinder.states.response_rules import RESPONSE_RULES
from rejoinder.states.steering_rules import STEERING_RULES

SHARED = {"cancel_answered", "foreign_for_abandoned", "drain_overdue", "abandoned_lost", "late_frame"}
"""Rules of other rows that also hold where a successor is due."""


def test_every_rule_is_named_by_a_row_and_is_nobody_elses() -> None:
    named = {edge.action for edge in RESPONSE_CHART.table.edges}

    assert set(STEERING_RULES) <= named
    assert set() == set(STEERING_RULES) & set(RESPONSE_RULES)


def test_rows_of_the_two_phases_of_steering_run_these_rules_or_shared_ones() -> None:
    phases = {"awaiting_successor", "successor_pending"}
    rules = {edge.action for edge in RESPONSE_CHART.table.edges if edge.source in phases and not edge.staying}

    assert SHARED <= rules <= {*STEERING_RULES, *SHARED}
