"""Layouts are kept: what Graphviz said once about the tables that run, nobody needs Graphviz for."""

import json

import attrs
import pytest

from rejoinder.diagrams.dot import draw_frame
from rejoinder.diagrams.graphviz import GraphvizError, lay_out
from rejoinder.diagrams.layouts import KEPT, find_layout, keep_layouts, read_kept
from rejoinder.diagrams.scenery import set_up
from rejoinder.states.chart import CHARTS, compile_chart
from rejoinder.states.edges import Edge, Table

SCENERIES = [set_up(chart) for chart in CHARTS.values()]


@pytest.mark.parametrize("name", CHARTS)
def test_nobody_needs_graphviz_for_the_tables_that_run(
    name: str, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path_factory.mktemp("empty")))
    scenery = set_up(CHARTS[name])
    layout, version = find_layout(scenery)

    assert {box.key for box in scenery.boxes} < set(layout.boxes)
    assert {arrow.key for arrow in scenery.arrows} < set(layout.curves)
    assert version == read_kept()["graphviz"]


@pytest.mark.parametrize("name", CHARTS)
def test_what_is_kept_is_what_graphviz_says(name: str, graphviz: str) -> None:
    if graphviz != read_kept()["graphviz"]:
        pytest.skip(f"The layouts that are kept are those of Graphviz {read_kept()['graphviz']}, and here is {graphviz}.")
    scenery = set_up(CHARTS[name])

    assert lay_out(draw_frame(scenery)) == find_layout(scenery)[0]


def test_what_a_trace_went_through_changes_no_layout() -> None:
    taken = {("waiting", "LaneFree"): 12345}

    assert find_layout(set_up(CHARTS["request"])) == find_layout(set_up(CHARTS["request"], taken))


def test_a_table_that_has_changed_is_laid_out_anew(graphviz: str) -> None:
    table = CHARTS["link"].table
    added = attrs.evolve(table, edges=(*table.edges, Edge("failed", "Lost", "closed", "some_rule", "for this test")))
    layout, version = find_layout(set_up(compile_chart(added)))

    assert version == graphviz
    assert "failed-network-closed-again-failed" in layout.curves


def test_a_table_that_has_changed_needs_graphviz(
    small: Table, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path_factory.mktemp("empty")))

    with pytest.raises(GraphvizError, match="Graphviz is not installed"):
        find_layout(set_up(compile_chart(small)))
    with pytest.raises(GraphvizError, match="Graphviz is not installed"):
        keep_layouts([set_up(compile_chart(small))])


def test_what_has_not_changed_is_kept_as_it_is() -> None:
    assert KEPT.read_text("ascii") == keep_layouts(SCENERIES)


def test_layouts_are_kept_under_the_version_that_made_them(small: Table, graphviz: str) -> None:
    kept = json.loads(keep_layouts([set_up(compile_chart(small))]))

    assert graphviz == kept["graphviz"]
    assert 1 == len(kept["layouts"])
