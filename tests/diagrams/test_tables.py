"""The tables hold what runs, cell by cell, and Markdown takes them as they are meant."""

import re

from rejoinder.diagrams.tables import draw_classification, draw_table, escape, markdown_table
from rejoinder.states.chart import Chart, Move, compile_chart
from rejoinder.states.classify import CLASSIFICATION, FACTS
from rejoinder.states.edges import Table


def parse(text: str) -> list[list[list[str]]]:
    """The tables of a Markdown text, without their rules, as lists of cells."""
    blocks = re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)
    tables = [[re.split(r" ?(?<!\\)\| ?", line)[1:-1] for line in block.splitlines()] for block in blocks]
    return [[row for row in table if set(row) != {"---"}] for table in tables]


def test_cells_are_the_rows_that_run(chart: Chart) -> None:
    (header, *body), _ = parse(draw_table(chart))
    phases = header[1:]

    assert list(chart.table.phases) == phases
    assert list(chart.table.events) == [row[0] for row in body]
    for event, *cells in body:
        for phase, cell in zip(phases, cells, strict=True):
            row = chart.row(phase, event)
            expected = "" if row is None else row.target if isinstance(row, Move) else f"*{row.value}*"

            assert expected == cell, f"({phase}, {event})"


def test_the_listing_is_the_table_in_reading_order(chart: Chart) -> None:
    _, (header, *body) = parse(draw_table(chart))

    assert ["phase", "event", "target", "rule", "reason"] == header
    assert len(chart.table.edges) == len(body)
    for edge, row in zip(chart.table.edges, body, strict=True):
        rule = f"*{edge.action}*" if edge.staying else edge.action

        assert [edge.source, edge.event, edge.target, rule, escape(edge.reason)] == row


def test_a_bar_in_a_reason_does_not_end_its_cell(small: Table) -> None:
    _, listing = parse(draw_table(compile_chart(small)))

    assert ["busy", "Completed", "rest", "ended", r"a terminal \| of its own"] in listing


def test_the_same_chart_gives_the_same_text(chart: Chart) -> None:
    assert draw_table(chart) == draw_table(compile_chart(chart.table))


def test_the_classification_is_told_row_by_row() -> None:
    (header, *body), _ = parse(draw_classification())

    assert ["kind", "facts", "event", "reason"] == header
    assert len(CLASSIFICATION) == len(body)
    for row, (kind, facts, event, reason) in zip(CLASSIFICATION, body, strict=True):
        expected = ", ".join(f"{type(fact).__name__.lower()}: {fact.value}" for fact in row.facts)

        assert (row.kind, expected or "*any*", row.event, escape(row.reason)) == (kind, facts, event, reason)


def test_the_classification_tells_what_is_asked() -> None:
    _, (_, *body) = parse(draw_classification())
    asked = {kind: [re.split(": |, ", domain) for domain in domains.split("; ") if domain] for kind, domains in body}

    assert {
        kind: [[domain.__name__.lower(), *(fact.value for fact in domain)] for domain in domains] for kind, domains in FACTS.items()
    } == asked


def test_another_classification_can_be_drawn() -> None:
    (_, *body), _ = parse(draw_classification(CLASSIFICATION[:1]))

    assert 1 == len(body)


def test_markdown_table() -> None:
    assert "| a | b |\n| --- | --- |\n| 1 |  |\n" == markdown_table(("a", "b"), [("1", "")])


def test_prose_is_shown_as_written() -> None:
    assert r"a\|b \*c\* \`d\` &lt;e> \\f" == escape(r"a|b *c* `d` <e> \f")
    assert "one line" == escape("one\nline")
