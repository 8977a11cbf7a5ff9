"""SCXML and JSON tell every row of the Machine, and can be read back without us."""

import json
import re
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree as ET

import attrs
import pytest

from rejoinder.diagrams.causes import cause_of
from rejoinder.diagrams.colours import role_of
from rejoinder.diagrams.interchange import FORMAT, NAMESPACE, VERSION, draw_classification_json, draw_json, draw_scxml
from rejoinder.states.chart import CHARTS, Chart, compile_chart
from rejoinder.states.classify import CLASSIFICATION, FACTS
from rejoinder.states.edges import Edge, Staying, Table

SCXML: Final = "{http://www.w3.org/2005/07/scxml}"
OURS: Final = f"{{{NAMESPACE}}}"


def states_of(chart: Chart) -> list[ET.Element]:
    return ET.fromstring(draw_scxml(chart)).findall(f"{SCXML}state")  # noqa: S314 - it is our own


def test_scxml_tells_every_row_in_order(chart: Chart) -> None:
    told = [
        Edge(
            state.get("id", ""),
            row.get("event", ""),
            row.get("target", state.get("id", "")),
            row.get(f"{OURS}rule") or Staying(row.get(f"{OURS}action", "")),
            row.get(f"{OURS}reason", ""),
        )
        for state in states_of(chart)
        for row in state.findall(f"{SCXML}transition")
    ]
    expected = [edge for phase in chart.table.phases for edge in chart.table.edges if edge.source == phase]

    assert expected == told


def test_scxml_has_no_target_where_the_machine_stays(chart: Chart) -> None:
    staying = {
        (state.get("id"), row.get("event"))
        for state in states_of(chart)
        for row in state.findall(f"{SCXML}transition")
        if row.get("target") is None
    }
    internal = {
        (source, name)
        for name, event in chart.machine.events.items()
        for source, transitions in event.transitions.items()
        for transition in transitions
        if transition.dest is None
    }

    assert internal == staying


def test_scxml_tells_phases(chart: Chart) -> None:
    table = chart.table
    root = ET.fromstring(draw_scxml(chart))  # noqa: S314 - it is our own

    assert (f"{SCXML}scxml", "1.0", table.name, table.initial) == (
        root.tag,
        *(root.get(name) for name in ("version", "name", "initial")),
    )
    assert list(table.home) == root.get(f"{OURS}home", "").split()
    for phase, state in zip(table.phases, states_of(chart), strict=True):
        deadline = table.deadlines.get(phase)

        assert (phase, role_of(table, phase)) == (state.get("id"), state.get(f"{OURS}role"))
        assert (None if deadline is None else deadline.kind) == state.get(f"{OURS}deadline")
        assert (None if deadline is None else deadline.event) == state.get(f"{OURS}deadline-event")
        assert ("true" if phase in table.resting else None) == state.get(f"{OURS}rests")


def test_words_that_xml_would_take_for_markup_come_through(small: Table) -> None:
    reason = "\"quoted\" & 'so' <on>"
    edges = (attrs.evolve(small.edges[0], reason=reason), *small.edges[1:])
    first = states_of(compile_chart(attrs.evolve(small, edges=edges)))[0].find(f"{SCXML}transition")

    assert first is not None
    assert reason == first.get(f"{OURS}reason")


def test_json_tells_everything(chart: Chart) -> None:
    table = chart.table
    told: dict[str, Any] = json.loads(draw_json([chart]))
    (machine,) = told["machines"]
    rows = [
        Edge(row["phase"], row["event"], row["target"], row.get("rule") or Staying(row["action"]), row["reason"])
        for row in machine["rows"]
    ]

    assert (FORMAT, VERSION) == (told["format"], told["version"])
    assert list(table.edges) == rows
    assert [row["stays"] for row in machine["rows"]] == [edge.source == edge.target for edge in table.edges]
    assert (table.name, table.initial, list(table.home)) == (machine["name"], machine["initial"], machine["home"])
    assert [{"name": event, "cause": cause_of(table, event)} for event in table.events] == machine["events"]
    assert list(table.phases) == [phase["name"] for phase in machine["phases"]]
    assert set(table.resting) == {phase["name"] for phase in machine["phases"] if phase["rests"]}
    assert {name: {"kind": deadline.kind, "event": deadline.event} for name, deadline in table.deadlines.items()} == {
        phase["name"]: phase["deadline"] for phase in machine["phases"] if phase["deadline"]
    }


def test_json_tells_the_classification() -> None:
    told = json.loads(draw_classification_json())["classification"]

    assert [(row.kind, row.event, list(row.facts)) for row in CLASSIFICATION] == [
        (row["kind"], row["event"], list(row["facts"].values())) for row in told["rows"]
    ]
    assert list(FACTS) == list(told["asked"])


@pytest.mark.parametrize("name", CHARTS)
def test_the_same_chart_gives_the_same_text(name: str) -> None:
    again = compile_chart(CHARTS[name].table)

    assert draw_scxml(CHARTS[name]) == draw_scxml(again)
    assert draw_json([CHARTS[name]]) == draw_json([again])


def test_every_field_and_attribute_is_documented() -> None:
    page = (Path(__file__).parents[2] / "docs" / "machines.md").read_text("utf-8")
    attributes = {name for chart in CHARTS.values() for name in re.findall(r" (r:[\w-]+)=", draw_scxml(chart))}
    fields = set(re.findall(r'"(\w+)":', draw_json(CHARTS.values())))

    assert [] == [name for name in sorted(attributes | fields) if f"`{name}`" not in page]
