"""What a mutant is: one fault, planted in what runs, and gone afterwards.

Rules of this file
* A mutant changes the rows, deadlines or classification that *run*, never the definitions: two mutants never see each other.
* ``apply`` plants the fault and takes it out again, also if what runs meanwhile raises.
* A name says which row was changed and how. Names are unique and stay the same from run to run.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from enum import StrEnum, unique
from types import MappingProxyType
from typing import Any, Final

import attrs
import pytest
from hypothesis import strategies as st

from rejoinder.states import deadlines, intake
from rejoinder.states import session as session_module
from rejoinder.states.chart import CHARTS
from rejoinder.states.classify import Classification, compile_classification
from rejoinder.states.edges import Deadline, Edge, Staying, Table
from rejoinder.states.phases import LinkPhase, RequestPhase, ResponsePhase
from rejoinder.states.session import delivered_at_once
from rejoinder.states.steps import Step
from rejoinder.testing.fuzz.setups import SETUPS, Setup

__all__ = [
    "ROWS",
    "UNCHANGED",
    "Kind",
    "Mutant",
    "Planting",
    "Row",
    "Rule",
    "bound_row",
    "plant_classification",
    "plant_deadlines",
    "plant_row",
    "table_of",
]

Rule = Callable[[Any, Any, Step], None]
"""What a moving row runs: session, record, step."""
Row = Staying | tuple[str, Rule]
"""A row as it runs: a constant, or target and rule."""
Planting = Callable[[pytest.MonkeyPatch], None]
"""Plants a fault; the patch takes it out again."""

PHASES: Final[Mapping[str, type[StrEnum]]] = MappingProxyType(
    {"link": LinkPhase, "response": ResponsePhase, "request": RequestPhase}
)
ROWS: Final[Mapping[str, str]] = MappingProxyType({"link": "LINK_ROWS", "response": "RESPONSE_ROWS", "request": "REQUEST_ROWS"})
"""Where the session keeps the rows of each machine."""
TABLES: Final[Mapping[str, str]] = MappingProxyType({"link": "LINK", "response": "RESPONSE", "request": "REQUEST"})
"""Where the deadlines are read from."""


@unique
class Kind(StrEnum):
    """How a mutant changes what runs."""

    REMOVED = "row removed"
    """The event has no row in this phase."""
    STAYS = "row stays"
    """The rule runs, and the machine does not move."""
    ASTRAY = "row leads astray"
    """The rule runs, and the machine goes to another phase."""
    SKIPPED = "rule skipped"
    """The machine moves, and the rule does not run."""
    DROPPED = "effect dropped"
    """The rule runs, and one class of its effects is lost."""
    SWAPPED = "constant swapped"
    """A staying row does something else with the frame."""
    DEADLINE = "deadline"
    """A phase has no deadline, or another one."""
    CLASSIFICATION = "classification"
    """A row of the classification is missing, or names another event."""
    PLANTED = "planted by hand"
    """A fault in the rules that somebody might make, written by hand."""


@attrs.frozen(eq=False)
class Mutant:
    """One fault."""

    name: str
    """Which row, and what is wrong with it."""
    kind: Kind
    """How it changes what runs."""
    plant: Planting
    """Plants it."""
    promise: str = ""
    """The promise that it breaks, where somebody has thought about that."""
    refused: str | None = None
    """Why the build of the chart or of the classification would refuse such a table; None if it would take it."""
    alike: str | None = None
    """Why nothing can tell it from what it was made of, where that was worked out in the making."""
    rows: tuple[str, ...] = ()
    """The rows it changes, as surveys name them: machine, phase, event, or ``classify``, kind, facts; or a configuration."""
    setups: st.SearchStrategy[Setup] = SETUPS
    """Where it shows: any setup, unless that would take long."""

    @contextmanager
    def apply(self) -> Generator[None]:
        """Plant the fault for as long as the block runs."""
        with pytest.MonkeyPatch.context() as patch:
            self.plant(patch)
            yield


def _nothing(patch: pytest.MonkeyPatch) -> None:
    del patch


UNCHANGED: Final = Mutant("unchanged", Kind.PLANTED, _nothing)
"""No fault at all: whatever finds one here is wrong itself."""


def table_of(machine: str) -> Table:
    """The definition of a machine."""
    return CHARTS[machine].table


def bound_row(edge: Edge, machine: str) -> Row:
    """An edge as it runs."""
    rows: Mapping[str, Mapping[str, Row]] = vars(session_module)[ROWS[machine]]
    return rows[edge.source][edge.event]


def plant_row(patch: pytest.MonkeyPatch, machine: str, edge: Edge, row: Row | None) -> None:
    """Let another row run in place of an edge's; None lets none run."""
    name = ROWS[machine]
    rows: dict[str, Mapping[str, Row]] = dict(vars(session_module)[name])
    changed = {event: old for event, old in rows[edge.source].items() if event != edge.event}
    if row is not None:
        changed[edge.event] = row if isinstance(row, Staying) else (PHASES[machine](row[0]), row[1])
    rows[edge.source] = changed
    patch.setattr(session_module, name, rows)
    _compile_delivery(patch)


def _compile_delivery(patch: pytest.MonkeyPatch) -> None:
    """The way of a delta is compiled from both tables, so it changes with them."""
    runs = vars(session_module)
    patch.setattr(session_module, "DELIVERED_AT_ONCE", delivered_at_once(runs["CLASSIFIED"], runs["RESPONSE_ROWS"]))


def plant_deadlines(patch: pytest.MonkeyPatch, machine: str, changed: Mapping[str, Deadline]) -> None:
    """Let the phases of a machine end by other deadlines."""
    patch.setattr(deadlines, TABLES[machine], attrs.evolve(table_of(machine), deadlines=changed))


def plant_classification(patch: pytest.MonkeyPatch, table: tuple[Classification, ...]) -> None:
    """Let frames be classified by another table, which compiles."""
    compiled = compile_classification(table)
    patch.setattr(intake, "CLASSIFIED", compiled)
    patch.setattr(session_module, "CLASSIFIED", compiled)
    _compile_delivery(patch)
