"""Edges to ``transitions.Machine`` to rows: the compiled chart.

The table of edges is handed to ``transitions``, which validates and owns the definition; the rows that run are then read back
out of the Machine, so the picture drawn from it and the look-up that runs cannot differ. Building a chart fails, with the name of
the phase or row, on anything in ``ChartError``'s list. This is the only module here that imports ``transitions``; its triggers
cost 5 to 13 µs and are never on the path of a frame.

Why each check is ours: ``transitions`` lets the first of two rows for one (state, event) win silently, accepts a misspelt
source without a word, and reports a misspelt target only when it is fired.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, final

import attrs
from transitions import Machine

from .edges import Edge, Staying, Table
from .link import LINK
from .request import REQUEST
from .response import RESPONSE

__all__ = ["CHARTS", "LINK_CHART", "REQUEST_CHART", "RESPONSE_CHART", "Chart", "ChartError", "Move", "Row", "compile_chart"]


@final
class ChartError(ValueError):
    """A table cannot be compiled.

    It has two rows for one (phase, event), a row that names an unknown phase or event, a phase that is missing, empty, unreachable,
    unable to get back to rest, or without a deadline, an event that no phase knows, or a row that the Machine does not have.
    """


@attrs.frozen
class Move:
    """A row that runs a rule: ``rule`` by name, then the machine is in ``target``."""

    target: str
    """The phase after the row."""
    rule: str
    """The function of the rule modules."""


Row = Staying | Move
"""What a look-up finds: a constant, or a move."""


@attrs.frozen(eq=False)
class Chart:
    """A compiled table. The definition is frozen; who is in which phase is kept elsewhere."""

    table: Table
    """The definition it was compiled from."""
    machine: Machine
    """The library's machine: what diagrams are drawn from and what the tests walk as an oracle. It has no model."""
    rows: Mapping[str, Mapping[str, Row]]
    """For each phase, what each event does: the look-up that runs."""

    def row(self, phase: str, event: str) -> Row | None:
        """What ``event`` does in ``phase``; None if it is illegal there."""
        return self.rows[phase].get(event)


def compile_chart(table: Table) -> Chart:
    """Compile ``table``; raises ``ChartError`` naming the first fault."""
    _check_rows(table)
    _check_phases(table)
    machine = build_machine(table)
    rows = _read_back(table, machine)
    return Chart(table, machine, rows)


def build_machine(table: Table) -> Machine:
    """The library's machine for ``table``, without a model: staying rows are internal transitions (``dest=None``)."""
    # Plain strings: the library takes a member of an enum for a state of the member's *name*, and no row would start there.
    phases = [str(phase) for phase in table.phases]
    machine = Machine(model=None, states=phases, initial=str(table.initial), auto_transitions=False)
    for edge in table.edges:
        internal = edge.target == edge.source
        machine.add_transition(edge.event, edge.source, None if internal else edge.target)
    return machine


def _check_rows(table: Table) -> None:
    seen: dict[tuple[str, str], Edge] = {}
    for edge in table.edges:
        for phase in (edge.source, edge.target):
            if phase not in table.phases:
                raise ChartError(f"{table.name}: row ({edge.source}, {edge.event}) names an unknown phase {phase!r}")
        if edge.event not in table.events:
            raise ChartError(f"{table.name}: row ({edge.source}, {edge.event}) names an unknown event")
        if (edge.source, edge.event) in seen:
            raise ChartError(f"{table.name}: two rows for ({edge.source}, {edge.event})")
        if edge.staying and edge.target != edge.source:
            raise ChartError(f"{table.name}: row ({edge.source}, {edge.event}) moves but runs no rule")
        if not edge.reason:
            raise ChartError(f"{table.name}: row ({edge.source}, {edge.event}) gives no reason")
        seen[edge.source, edge.event] = edge
    for event in table.events:
        if not any(edge.event == event for edge in table.edges):
            raise ChartError(f"{table.name}: no phase knows the event {event!r}")


def _check_phases(table: Table) -> None:
    for phase in (table.initial, *table.home, *table.resting, *table.deadlines):
        if phase not in table.phases:
            raise ChartError(f"{table.name}: the phase {phase!r} is missing")
    for phase in table.phases:
        if not any(edge.source == phase for edge in table.edges):
            raise ChartError(f"{table.name}: the phase {phase!r} has no rows")
        if phase not in table.resting and phase not in table.deadlines:
            raise ChartError(f"{table.name}: the phase {phase!r} has no deadline")
    _check_ways(table)
    for phase, deadline in table.deadlines.items():
        if not any(edge.source == phase and edge.event == deadline.event for edge in table.edges):
            raise ChartError(f"{table.name}: nothing happens in {phase!r} when its deadline passes")


def _check_ways(table: Table) -> None:
    reachable = _closure({table.initial}, {(edge.source, edge.target) for edge in table.edges})
    returning = _closure(set(table.home), {(edge.target, edge.source) for edge in table.edges})
    for phase in table.phases:
        if phase not in reachable:
            raise ChartError(f"{table.name}: the phase {phase!r} is unreachable")
        if phase not in returning:
            raise ChartError(f"{table.name}: the phase {phase!r} cannot get back to {' or '.join(table.home)}")


def _closure(start: set[str], steps: set[tuple[str, str]]) -> set[str]:
    known = set(start)
    while grown := {target for source, target in steps if source in known} - known:
        known |= grown
    return known


def _read_back(table: Table, machine: Machine) -> Mapping[str, Mapping[str, Row]]:
    """The rows as the Machine has them; what ``edges`` adds is only the action of each."""
    actions = {(edge.source, edge.event): edge for edge in table.edges}
    rows: dict[str, dict[str, Row]] = {phase: {} for phase in table.phases}
    for name, event in machine.events.items():
        for source, transitions in event.transitions.items():
            for transition in transitions:
                edge = actions.pop((source, name), None)
                if edge is None:
                    raise ChartError(f"{table.name}: the Machine has a row ({source}, {name}) that the table has not")
                target = source if transition.dest is None else transition.dest
                if target != edge.target:
                    raise ChartError(f"{table.name}: the Machine leads ({source}, {name}) to {target!r}")
                rows[source][name] = edge.action if isinstance(edge.action, Staying) else Move(target, edge.action)
    if actions:
        source, name = next(iter(actions))
        raise ChartError(f"{table.name}: the Machine does not have the row ({source}, {name})")
    return MappingProxyType({phase: MappingProxyType(row) for phase, row in rows.items()})


LINK_CHART: Final = compile_chart(LINK)
RESPONSE_CHART: Final = compile_chart(RESPONSE)
REQUEST_CHART: Final = compile_chart(REQUEST)
CHARTS: Final = MappingProxyType({chart.table.name: chart for chart in (LINK_CHART, RESPONSE_CHART, REQUEST_CHART)})
"""The three charts by name: ``link``, ``response``, ``request``."""
