"""The picture names every moving row of the Machine once, and says what stays.

The picture is parsed back here by other code than drew it. Whether Mermaid itself takes it was tried with Mermaid 11.
"""

import re
from collections import Counter

import attrs
import pytest

from rejoinder.diagrams.colours import COLOURS, role_of
from rejoinder.diagrams.mermaid import draw_mermaid, explain
from rejoinder.states.chart import CHARTS, Chart, compile_chart
from rejoinder.states.edges import Edge, Table

ARROW = re.compile(r"^    (\w+) --> (\w+): (.+)$", re.MULTILINE)
BOX = re.compile(r'^    state "(\w+)" as (\w+)$', re.MULTILINE)


def parse(picture: str) -> Counter[tuple[str, str, str]]:
    """Every (source, event, target) that the arrows of a picture show, and how often."""
    shown = {box: phase for phase, box in BOX.findall(picture)}
    moves: Counter[tuple[str, str, str]] = Counter()
    for source, target, label in ARROW.findall(picture):
        for name in re.split(r",(?:<br/>| )", label):
            if name == "Terminal":
                events = ["Completed", "Failed", "Incomplete"]
            elif name.endswith("↻"):
                events = [name[:-1], f"{name[:-1]}Replayable"]
            else:
                events = [name]
            moves.update((shown[source], event, shown[target]) for event in events)
    return moves


def moves_of(chart: Chart) -> Counter[tuple[str, str, str]]:
    """Every (source, event, target) of the Machine that is not internal to it."""
    return Counter(
        (source, name, transition.dest)
        for name, event in chart.machine.events.items()
        for source, transitions in event.transitions.items()
        for transition in transitions
        if transition.dest is not None
    )


def inside(picture: str, box: str) -> list[str]:
    return re.findall(rf"^    {box}: (.+)$", picture, re.MULTILINE)


def test_every_move_of_the_machine_is_drawn_once(chart: Chart) -> None:
    assert moves_of(chart) == parse(draw_mermaid(chart))


def test_one_arrow_for_each_pair_of_phases(chart: Chart) -> None:
    arrows = [(source, target) for source, target, _ in ARROW.findall(draw_mermaid(chart))]

    assert len({(source, target) for source, _, target in moves_of(chart)}) == len(arrows) == len(set(arrows))


@pytest.mark.parametrize(
    "name, source, event, target",
    [("link", "failed", "Lost", "closed"), ("response", "idle", "Fault", "quarantined"), ("request", "ended", "Replay", "sent")],
)
def test_an_added_row_is_drawn(name: str, source: str, event: str, target: str) -> None:
    table = CHARTS[name].table
    added = compile_chart(attrs.evolve(table, edges=(*table.edges, Edge(source, event, target, "some_rule", "for this test"))))
    before = parse(draw_mermaid(CHARTS[name]))

    assert Counter({(source, event, target): 1}) == parse(draw_mermaid(added)) - before


def test_the_same_chart_gives_the_same_text(chart: Chart) -> None:
    assert draw_mermaid(chart) == draw_mermaid(compile_chart(chart.table))


def test_labels_are_at_most_five_lines(chart: Chart) -> None:
    picture = draw_mermaid(chart)
    lines = [label.count("<br/>") + 1 for _, _, label in ARROW.findall(picture)]

    assert 5 >= max(lines)


def test_every_phase_has_the_colours_of_its_role(chart: Chart) -> None:
    picture = draw_mermaid(chart)

    for phase, box in BOX.findall(picture):
        role = role_of(chart.table, phase)
        fill, text = COLOURS[role].fill, COLOURS[role].text

        assert f"\n    class {box} {role}\n" in picture
        assert f"\n    classDef {role} fill:{fill},stroke:{fill},color:{text}\n" in picture


def test_every_deadline_is_shown(chart: Chart) -> None:
    picture = draw_mermaid(chart)
    shown = {phase: line.removeprefix("⏱ ") for phase in chart.table.phases for line in inside(picture, phase) if "⏱" in line}

    assert {phase: deadline.kind for phase, deadline in chart.table.deadlines.items()} == shown


def test_boxes_tell_what_stays(small: Table) -> None:
    picture = draw_mermaid(compile_chart(small))
    expected = ["⏱ gap", "delivers Content,<br/>Progress", "handles 1", "discards 1", "counts 1"]

    assert expected == inside(picture, "busy")
    assert ["ignores 1"] == inside(picture, "rest")


def test_a_machine_that_comes_home_is_drawn_from_home_to_home(small: Table) -> None:
    picture = draw_mermaid(compile_chart(small))

    assert [("rest", "rest"), ("busy", "busy"), ("rest", "rest_again")] == BOX.findall(picture)
    assert [("rest", "busy", "Go"), ("busy", "rest_again", "Terminal, Lost↻")] == ARROW.findall(picture)
    assert "\n    [*] --> rest\n" in picture


def test_a_machine_that_ends_elsewhere_has_one_box_for_each_phase() -> None:
    request = CHARTS["request"]

    assert [(phase, phase) for phase in request.table.phases] == BOX.findall(draw_mermaid(request))


def test_the_signs_in_use_are_explained(small: Table) -> None:
    expected = (
        "Grey: resting, green: live. ⏱ names the deadline of a phase. Handles n: n events run a rule and move nothing."
        " X↻ is X and XReplayable: the same, while the request may be sent again. Terminal is Completed, Failed or"
        " Incomplete. The phase rest has two boxes: where the story starts, and where it ends."
    )
    chart = compile_chart(small)
    comments = re.findall(r"^    %% (.+)$", draw_mermaid(chart), re.MULTILINE)

    assert expected == explain(chart)
    assert expected == " ".join(comments[1:])


def test_signs_that_are_not_used_are_not_explained(small: Table) -> None:
    plain = attrs.evolve(
        small,
        events=("Go", "Terminal"),
        home=("busy",),
        resting=("rest", "busy"),
        deadlines={},
        edges=(Edge("rest", "Go", "busy", "began", "why"), Edge("busy", "Terminal", "rest", "ended", "why")),
    )

    assert "Grey: resting." == explain(compile_chart(plain))
