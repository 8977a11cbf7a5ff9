"""Compiling tables: the library agrees with what runs, and each planted fault is seen."""

import random
from collections.abc import Callable, Mapping
from typing import Any, Final

import attrs
import pytest
from transitions import Machine, MachineError

from rejoinder.states import chart as chart_module
from rejoinder.states.chart import (
    CHARTS,
    LINK_CHART,
    REQUEST_CHART,
    RESPONSE_CHART,
    Chart,
    ChartError,
    Move,
    build_machine,
    compile_chart,
)
from rejoinder.states.edges import Deadline, Edge, Staying, Table
from rejoinder.states.link_rules import LINK_RULES
from rejoinder.states.profiles import DeadlineKind
from rejoinder.states.request_rules import REQUEST_RULES
from rejoinder.states.response_rules import RESPONSE_RULES
from rejoinder.states.steering_rules import STEERING_RULES

STEPS: Final = 20_000
ILLEGAL: Final = "illegal"

TABLE: Final = Table(
    name="door",
    phases=("shut", "ajar", "locked"),
    events=("Push", "Turn", "Expired", "Knock"),
    initial="shut",
    home=("shut",),
    resting=("shut", "locked"),
    deadlines={"ajar": Deadline(DeadlineKind.GAP, "Expired")},
    edges=(
        Edge("shut", "Push", "ajar", "opened", "it gives way"),
        Edge("shut", "Turn", "locked", "turned", "the key fits"),
        Edge("shut", "Knock", "shut", Staying.COUNT, "somebody is there"),
        Edge("ajar", "Expired", "shut", "fell_shut", "the spring"),
        Edge("locked", "Turn", "shut", "turned", "the key fits"),
    ),
)
"""A sound table, small enough to see what each fault below does to it."""


class Model:
    """What the library's machine moves; it gets its ``state`` and its triggers from there."""

    state: str
    trigger: Callable[[str], bool]


def edges_without(*dropped: int) -> tuple[Edge, ...]:
    return tuple(edge for number, edge in enumerate(TABLE.edges) if number not in dropped)


def edge_changed(number: int, **changes: Any) -> tuple[Edge, ...]:  # noqa: ANN401 - fields of an edge
    edges = list(TABLE.edges)
    edges[number] = attrs.evolve(edges[number], **changes)
    return tuple(edges)


# -- what runs is what the library has ---------------------------------------------------------------------------------------


def step_of_library(machine: Machine, model: Model, event: str) -> str:
    """Fire ``event``; return the state after it, or that it is illegal."""
    if event not in machine.events:
        return ILLEGAL
    try:
        model.trigger(event)
    except MachineError:
        return ILLEGAL
    return model.state


def step_of_rows(chart: Chart, phase: str, event: str) -> str:
    """Look ``event`` up; return the phase after it, or that it is illegal."""
    row = chart.rows[phase].get(event)
    if row is None:
        return ILLEGAL
    return row.target if isinstance(row, Move) else phase


@pytest.mark.parametrize("name", ["link", "response", "request"])
def test_a_random_walk_through_the_library_and_through_the_rows_is_the_same(name: str) -> None:
    chart = CHARTS[name]
    machine = build_machine(chart.table)
    model = Model()
    machine.add_model(model)
    chance = random.Random(name)
    phase = model.state
    taken: set[tuple[str, str]] = set()
    refused: set[tuple[str, str]] = set()
    for _ in range(STEPS):
        event = chance.choice(chart.table.events)
        expected = step_of_library(machine, model, event)
        actual = step_of_rows(chart, phase, event)
        (refused if expected == ILLEGAL else taken).add((phase, event))

        assert expected == actual, f"({phase}, {event})"
        phase = phase if actual == ILLEGAL else actual
        assert phase == model.state
        if phase in chart.table.home and chance.random() < 0.5:
            # Some phases are left for good, and others seldom entered: start anew, anywhere.
            phase = str(chance.choice(chart.table.phases))
            machine.set_state(phase, model)

    assert {(edge.source, edge.event) for edge in chart.table.edges} == taken
    assert len(chart.table.phases) * len(chart.table.events) == len(taken) + len(refused)


def test_the_machine_that_is_drawn_has_no_model_and_no_transitions_of_its_own() -> None:
    for chart in CHARTS.values():
        assert [] == chart.machine.models
        assert set(chart.table.events) == set(chart.machine.events)
        assert set(chart.table.phases) == set(chart.machine.states)


def test_staying_rows_are_internal_transitions() -> None:
    (delta,) = [edge for edge in RESPONSE_CHART.table.edges if (edge.source, edge.event) == ("streaming", "Content")]
    (transition,) = RESPONSE_CHART.machine.events["Content"].transitions["streaming"]

    assert delta.staying
    assert transition.dest is None
    assert Staying.DELIVER is RESPONSE_CHART.row("streaming", "Content")


def test_rows_cannot_be_changed() -> None:
    rows: Any = LINK_CHART.rows

    with pytest.raises(TypeError):
        rows["open"] = {}
    with pytest.raises(TypeError):
        rows["open"]["Lost"] = Staying.IGNORE


@pytest.mark.parametrize(
    "chart, rules",
    [
        pytest.param(LINK_CHART, LINK_RULES, id="link"),
        pytest.param(RESPONSE_CHART, {**RESPONSE_RULES, **STEERING_RULES}, id="response"),
        pytest.param(REQUEST_CHART, REQUEST_RULES, id="request"),
    ],
)
def test_rows_and_rules_name_each_other(chart: Chart, rules: Mapping[str, object]) -> None:
    assert {edge.action for edge in chart.table.edges if not edge.staying} == set(rules)


# -- planted faults ------------------------------------------------------------------------------------------------------------


def test_the_sound_table_compiles() -> None:
    chart = compile_chart(TABLE)

    assert Move("ajar", "opened") == chart.row("shut", "Push")
    assert Staying.COUNT is chart.row("shut", "Knock")
    assert chart.row("ajar", "Push") is None


FAULTS: Final[Mapping[str, tuple[Mapping[str, Any], str]]] = {
    "a dropped row leaves a phase unreachable": (
        {"edges": edges_without(0), "events": ("Turn", "Expired", "Knock")},
        "'ajar' is unreachable",
    ),
    "a dropped row leaves no way back": (
        {"edges": (*edges_without(3), Edge("ajar", "Expired", "ajar", Staying.IGNORE, "the spring is broken"))},
        "'ajar' cannot get back to shut",
    ),
    "a dropped row leaves a deadline without effect": (
        {
            "edges": (
                *edges_without(3),
                Edge("ajar", "Push", "shut", "closed", "it gives way"),
                Edge("shut", "Expired", "shut", Staying.IGNORE, "it is shut"),
            )
        },
        "nothing happens in 'ajar' when its deadline passes",
    ),
    "a dropped row leaves an event without a row": ({"edges": edges_without(2)}, "no phase knows the event 'Knock'"),
    "a dropped row leaves a phase empty": ({"edges": edges_without(4)}, "'locked' has no rows"),
    "a row stands twice": ({"edges": (*TABLE.edges, TABLE.edges[0])}, r"two rows for \(shut, Push\)"),
    "a second row with another target stands before the first": (
        {"edges": (Edge("shut", "Push", "locked", "turned", "it was late"), *TABLE.edges)},
        r"two rows for \(shut, Push\)",
    ),
    "a row that stays contradicts one that moves": (
        {"edges": (*TABLE.edges, Edge("shut", "Push", "shut", Staying.IGNORE, "never mind"))},
        r"two rows for \(shut, Push\)",
    ),
    "a source is misspelt": ({"edges": edge_changed(0, source="shutt")}, r"row \(shutt, Push\) names an unknown phase 'shutt'"),
    "a target is misspelt": ({"edges": edge_changed(0, target="ajarr")}, r"row \(shut, Push\) names an unknown phase 'ajarr'"),
    "an event is misspelt": ({"edges": edge_changed(0, event="Pusch")}, r"row \(shut, Pusch\) names an unknown event"),
    "a staying row moves": ({"edges": edge_changed(2, target="ajar")}, r"row \(shut, Knock\) moves but runs no rule"),
    "a row has no reason": ({"edges": edge_changed(0, reason="")}, r"row \(shut, Push\) gives no reason"),
    "a phase has no deadline": ({"resting": ("shut",)}, "'locked' has no deadline"),
    "a phase with a deadline is missing": (
        {"deadlines": {**TABLE.deadlines, "open": Deadline(DeadlineKind.GAP, "Expired")}},
        "the phase 'open' is missing",
    ),
    "the first phase is missing": ({"initial": "new"}, "the phase 'new' is missing"),
    "a phase to come home to is missing": ({"home": ("shut", "gone")}, "the phase 'gone' is missing"),
    "a phase to rest in is missing": ({"resting": ("shut", "locked", "gone")}, "the phase 'gone' is missing"),
    "a phase that rows name is missing": ({"phases": ("shut", "ajar")}, "names an unknown phase 'locked'"),
    "a phase is there that nothing names": ({"phases": (*TABLE.phases, "gone")}, "'gone' has no rows"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_seen(fault: str) -> None:
    changes, message = FAULTS[fault]

    with pytest.raises(ChartError, match=f"^door: .*{message}"):
        compile_chart(attrs.evolve(TABLE, **changes))


@pytest.mark.parametrize("chart", CHARTS.values(), ids=CHARTS.keys())
def test_no_row_of_the_real_tables_can_stand_twice_or_move_to_nowhere(chart: Chart) -> None:
    table = chart.table
    for edge in table.edges:
        for planted in (edge, attrs.evolve(edge, event=f"{edge.event}s"), attrs.evolve(edge, source=f"{edge.source}s")):
            with pytest.raises(ChartError, match=rf"{table.name}: .*\({planted.source}, {planted.event}\)"):
                compile_chart(attrs.evolve(table, edges=(*table.edges, planted)))


def with_machine(monkeypatch: pytest.MonkeyPatch, change: Callable[[Machine], None]) -> None:
    """Let charts be compiled from a machine that differs from their table by ``change``."""

    def build(table: Table) -> Machine:
        machine = build_machine(table)
        change(machine)
        return machine

    monkeypatch.setattr(chart_module, "build_machine", build)


def test_a_machine_with_a_row_of_its_own_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def change(machine: Machine) -> None:
        machine.add_transition("Push", "locked", "ajar")

    with_machine(monkeypatch, change)

    with pytest.raises(ChartError, match=r"door: the Machine has a row \(locked, Push\) that the table has not"):
        compile_chart(TABLE)


def test_a_machine_that_lacks_a_row_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def change(machine: Machine) -> None:
        machine.events["Turn"].transitions.pop("locked")

    with_machine(monkeypatch, change)

    with pytest.raises(ChartError, match=r"door: the Machine does not have the row \(locked, Turn\)"):
        compile_chart(TABLE)


def test_a_machine_that_leads_elsewhere_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def change(machine: Machine) -> None:
        machine.events["Turn"].transitions.pop("locked")
        machine.add_transition("Turn", "locked", "ajar")

    with_machine(monkeypatch, change)

    with pytest.raises(ChartError, match=r"door: the Machine leads \(locked, Turn\) to 'ajar'"):
        compile_chart(TABLE)


def test_a_machine_with_a_second_row_for_one_event_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def change(machine: Machine) -> None:
        machine.add_transition("Turn", "locked", "shut")

    with_machine(monkeypatch, change)

    with pytest.raises(ChartError, match=r"door: the Machine has a row \(locked, Turn\) that the table has not"):
        compile_chart(TABLE)
