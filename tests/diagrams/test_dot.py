"""The DOT text names every box and every arrow once. Whether Graphviz takes it is asked of Graphviz, where it is installed."""

import re

from rejoinder.diagrams.causes import INKS, Cause
from rejoinder.diagrams.colours import COLOURS, PAGES, Role, contrast
from rejoinder.diagrams.dot import FAINT, START, draw_dot, draw_frame
from rejoinder.diagrams.graphviz import lay_out, render
from rejoinder.diagrams.scenery import set_up
from rejoinder.states.chart import Chart, compile_chart
from rejoinder.states.edges import Table

BOX = re.compile(r'^  "([^"]+)" \[', re.MULTILINE)
ARROW = re.compile(r'^  "([^"]+)" -> "([^"]+)" \[', re.MULTILINE)


def test_every_box_and_every_arrow_is_there(chart: Chart) -> None:
    scenery = set_up(chart)
    boxes = [START, *(box.key for box in scenery.boxes)]
    arrows = [(START, chart.table.initial), *((arrow.source, arrow.target) for arrow in scenery.arrows)]

    for text in (draw_dot(scenery), draw_frame(scenery)):
        assert boxes == BOX.findall(text)
        assert arrows == ARROW.findall(text)


def test_words_are_there_with_their_colours(small: Table) -> None:
    text = draw_dot(set_up(compile_chart(small)))

    assert "<B>busy</B>" in text
    assert "<I>delivers</I> Content, Progress" in text
    assert f'fillcolor="{COLOURS[Role.LIVE].fill}"' in text
    assert f'fontcolor="{INKS[Cause.SESSION].light}", style=dashed' in text


def test_a_frame_holds_no_words(small: Table) -> None:
    text = draw_frame(set_up(compile_chart(small)))

    assert "Go" not in text
    assert "delivers" not in text


def test_what_a_trace_did_not_reach_is_faint(small: Table) -> None:
    chart = compile_chart(small)
    lines = draw_dot(set_up(chart, {("rest", "Go"): 4}), frozenset({"rest", "busy"})).splitlines()
    go, back = (
        next(line for line in lines if f'"{source}" -> "{target}' in line)
        for source, target in (("rest", "busy"), ("busy", "rest"))
    )

    assert "<TD>\u00d74</TD>" in go
    assert FAINT not in go
    assert FAINT in back
    assert all(f'fillcolor="{PAGES["light"]}"' not in line for line in lines if line.startswith('  "busy" ['))
    assert any(f'fillcolor="{PAGES["light"]}"' in line for line in lines if line.startswith('  "rest-again-busy" ['))


def test_a_phase_that_a_trace_did_not_reach_is_faint(small: Table) -> None:
    text = draw_dot(set_up(compile_chart(small)), frozenset({"rest"}))
    (line,) = (line for line in text.splitlines() if line.startswith('  "busy" ['))

    assert f'fillcolor="{PAGES["light"]}"' in line


def test_faint_words_can_be_read() -> None:
    assert contrast(FAINT, PAGES["light"]) >= 4.5
    for colours in COLOURS.values():
        assert contrast(colours.fill, PAGES["light"]) >= 4.5


def test_the_same_chart_gives_the_same_text(chart: Chart) -> None:
    assert draw_dot(set_up(chart)) == draw_dot(set_up(compile_chart(chart.table)))


def test_graphviz_takes_both(chart: Chart, graphviz: str) -> None:
    scenery = set_up(chart)
    layout = lay_out(draw_frame(scenery))

    assert {START, *(box.key for box in scenery.boxes)} == set(layout.boxes)
    assert {START, *(arrow.key for arrow in scenery.arrows)} == set(layout.curves)
    assert b"<svg" in render(draw_dot(scenery), "svg")
