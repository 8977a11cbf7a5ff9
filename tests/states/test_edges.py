"""Writing rows."""

from rejoinder.states.edges import Edge, Staying, rows


def test_one_source_and_one_event_are_one_row() -> None:
    assert [Edge("a", "X", "b", "rule", "why")] == list(rows("a", "X", "b", "rule", "why"))


def test_several_sources_and_events_are_every_pair_sources_first() -> None:
    pairs = [(edge.source, edge.event, edge.target) for edge in rows(("a", "b"), ("X", "Y"), "c", "rule", "why")]

    assert [("a", "X", "c"), ("a", "Y", "c"), ("b", "X", "c"), ("b", "Y", "c")] == pairs


def test_no_target_is_the_source() -> None:
    edges = list(rows(("a", "b"), "X", None, Staying.IGNORE, "why"))

    assert [("a", "a"), ("b", "b")] == [(edge.source, edge.target) for edge in edges]
    assert all(edge.staying for edge in edges)


def test_a_row_with_a_rule_does_not_stay_even_if_it_leads_nowhere_else() -> None:
    (edge,) = rows("a", "X", None, "rule", "why")

    assert "a" == edge.target
    assert not edge.staying
