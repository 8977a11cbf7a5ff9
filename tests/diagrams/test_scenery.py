"""A scenery holds every row of the Machine once: as a part of an arrow, or folded into a box."""

from collections import Counter

import attrs
import pytest

from rejoinder.diagrams.causes import cause_of
from rejoinder.diagrams.lettering import width_of
from rejoinder.diagrams.scenery import AGAIN, LETTERS, NAME_LETTERS, Line, explain, set_up
from rejoinder.states.chart import CHARTS, Chart, compile_chart
from rejoinder.states.edges import Edge, Staying, Table


def test_every_row_is_there_once(chart: Chart) -> None:
    scenery = set_up(chart)
    phases = {box.key: box.phase for box in scenery.boxes}
    moves = [(arrow.source, event, phases[arrow.target]) for arrow in scenery.arrows for event in arrow.events]
    folded = [(box.phase, row.split(":")[0], box.phase) for box in scenery.boxes for row in box.folded]

    assert Counter((edge.source, edge.event, edge.target) for edge in chart.table.edges) == Counter(moves + folded)


def test_arrows_have_one_cause_and_a_key_of_their_own(chart: Chart) -> None:
    arrows = set_up(chart).arrows

    assert len(arrows) == len({arrow.key for arrow in arrows})
    assert {(arrow.key, arrow.cause) for arrow in arrows} == {
        (arrow.key, cause_of(chart.table, event)) for arrow in arrows for event in arrow.events
    }


def test_words_fit_into_their_boxes(chart: Chart) -> None:
    scenery = set_up(chart)
    for box in scenery.boxes:
        size = LETTERS if box.small else NAME_LETTERS

        assert width_of(box.phase, size, bold=True) < box.width
        assert all(width_of(line.text, LETTERS) < box.width for line in box.lines)
    for arrow in scenery.arrows:
        assert all(width_of(line, LETTERS) < arrow.width for line in arrow.lines)


@pytest.mark.parametrize("name", CHARTS)
def test_every_deadline_is_told_with_its_default(name: str) -> None:
    table = CHARTS[name].table
    told = {box.phase: line.names for box in set_up(CHARTS[name]).boxes for line in box.lines if line.english == "deadline"}

    assert {phase: deadline.kind for phase, deadline in table.deadlines.items()} == {
        phase: names.split(" ")[0] for phase, names in told.items()
    }


def test_a_deadline_that_has_no_default_tells_none() -> None:
    boxes = {box.phase: box.lines[0] for box in set_up(CHARTS["link"]).boxes if box.lines}

    assert Line("deadline", "connect 10 s") == boxes["connecting"]
    assert Line("deadline", "age") == boxes["open"]


def test_boxes_tell_what_stays(small: Table) -> None:
    rest, busy, again = set_up(compile_chart(small)).boxes

    assert (Line("ignores", "1"),) == rest.lines
    assert (
        Line("deadline", "gap 300 s"),
        Line("delivers", "Content, Progress"),
        Line("handles", "1"),
        Line("discards", "1"),
        Line("counts", "1"),
    ) == busy.lines
    assert "Noise: discard (nobody wants it)" in busy.folded
    assert ("rest", True, ()) == (again.phase, again.small, again.lines)


def test_long_lists_of_names_are_broken(small: Table) -> None:
    more = ("ContentOfAnotherKind", "Content2")
    edges = (*small.edges, *(Edge("busy", event, "busy", Staying.DELIVER, "more") for event in more))
    chart = compile_chart(attrs.evolve(small, events=(*small.events, *more), edges=edges))
    busy = set_up(chart).boxes[1]
    expected = (Line("delivers", "Content, Progress,"), Line("", "ContentOfAnotherKind,"), Line("", "Content2"))

    assert expected == busy.lines[1:4]
    assert "Content2" == busy.lines[3].text


def test_a_machine_that_comes_home_has_a_small_box_beside_each_phase_that_leads_back(small: Table) -> None:
    scenery = set_up(compile_chart(small))

    assert ["rest", "busy", f"rest-{AGAIN}-busy"] == [box.key for box in scenery.boxes]
    assert [("rest", "busy", ("Go",)), ("busy", f"rest-{AGAIN}-busy", ("Terminal, Lost\u21bb",))] == [
        (arrow.source, arrow.target, arrow.lines) for arrow in scenery.arrows
    ]


def test_a_machine_that_ends_elsewhere_has_no_small_boxes() -> None:
    assert not any(box.small for box in set_up(CHARTS["request"]).boxes)


def test_what_was_taken_is_counted_on_its_arrow(small: Table) -> None:
    scenery = set_up(compile_chart(small), {("busy", "Failed"): 2, ("busy", "Lost"): 1, ("busy", "Late"): 5})
    go, back = scenery.arrows

    assert (0, ("Go",)) == (go.times, go.lines)
    assert (3, ("Terminal, Lost\u21bb", "\u00d73")) == (back.times, back.lines)


def test_the_signs_in_use_are_explained(small: Table) -> None:
    expected = (
        "Words in italics are English, all others are names. Deadlines are the default ones. Handles n: n events run a rule and"
        " move nothing. Discards, counts, ignores n: this happens to n events, and nothing else does. X\u21bb is X and XReplayable:"
        " the same, while the request may be sent again. Terminal is Completed, Failed or Incomplete. A small box is the phase rest"
        " again."
    )
    scenery = set_up(compile_chart(small))

    assert expected == explain(scenery)
    assert explain(scenery, highlit=True).startswith(f"{expected} \u00d7n: ")


def test_signs_that_are_not_used_are_not_explained(small: Table) -> None:
    plain = attrs.evolve(
        small,
        events=("Go", "Terminal"),
        home=("busy",),
        resting=("rest", "busy"),
        deadlines={},
        edges=(Edge("rest", "Go", "busy", "began", "why"), Edge("busy", "Terminal", "rest", "ended", "why")),
    )
    scenery = set_up(compile_chart(plain))

    assert "Words in italics are English, all others are names." == explain(scenery)


def test_roles_and_causes_are_those_that_are_drawn() -> None:
    scenery = set_up(CHARTS["request"])

    assert ("waiting", "live", "resting") == scenery.roles
    assert ("caller", "network", "clock", "session") == scenery.causes
