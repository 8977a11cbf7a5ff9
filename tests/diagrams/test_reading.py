"""What is drawn is what the Machine has, in the table's order."""

import attrs
import pytest

from rejoinder.diagrams.reading import Arrow, DrawnRow, read_arrows, read_rows
from rejoinder.states.chart import Chart, Move, compile_chart
from rejoinder.states.edges import Edge, Staying, Table


def test_rows_are_those_that_run(chart: Chart) -> None:
    read = {(row.source, row.event): Move(row.target, str(row.action)) if row.ruled else row.action for row in read_rows(chart)}

    assert {(phase, event): row for phase, cells in chart.rows.items() for event, row in cells.items()} == read


def test_rows_stand_in_reading_order(chart: Chart) -> None:
    read = [(row.source, row.event, row.reason) for row in read_rows(chart)]

    assert [(edge.source, edge.event, edge.reason) for edge in chart.table.edges] == read


def test_targets_come_from_the_machine(small: Table) -> None:
    chart = compile_chart(small)
    (go,) = chart.machine.events["Go"].transitions["rest"]
    go.dest = None

    assert DrawnRow("rest", "Go", "rest", stays=True, action="began", reason="somebody asked") == read_rows(chart)[0]


def test_a_row_that_the_machine_lost_is_no_row(small: Table) -> None:
    chart = compile_chart(small)
    del chart.machine.events["Go"]

    with pytest.raises(KeyError, match="Go"):
        read_rows(chart)


def test_staying_is_internal_to_the_machine(chart: Chart) -> None:
    stays = {(row.source, row.event): row.stays for row in read_rows(chart)}

    assert {(edge.source, edge.event): edge.source == edge.target for edge in chart.table.edges} == stays


def test_only_named_rules_run(small: Table) -> None:
    ruled = {row.action for row in read_rows(compile_chart(small)) if row.ruled}

    assert {"began", "ended", "lost", "counted_late"} == ruled


def test_one_arrow_for_each_pair_of_phases(small: Table) -> None:
    expected = (
        Arrow("rest", "busy", ("Go",)),
        Arrow("busy", "rest", ("Completed", "Failed", "Incomplete", "Lost", "LostReplayable")),
    )

    assert expected == read_arrows(read_rows(compile_chart(small)))


def test_an_added_row_is_read(small: Table) -> None:
    added = Edge("rest", "Garbage", "rest", Staying.COUNT, "also here")

    assert added.reason == read_rows(compile_chart(attrs.evolve(small, edges=(*small.edges, added))))[-1].reason
