"""Mutants made by rote: each row of each table, changed in every way that a slip of the pen could change it.

Rules of this file
* Everything is read from the tables, so a new row has its mutants at once. Nothing is drawn: what another phase, event or deadline
  is, is written down here once for all rows.
* A moving row is removed, left where it is, led astray, run without its rule, and run without each class of its effects
  (``drops.py``). A staying row is removed, led astray, and given the constant that it is mistaken for most easily.
* What a build would refuse is a mutant all the same, with the reason: nobody needs to hunt it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache, partial
from itertools import product
from types import MappingProxyType
from typing import Any, Final

import attrs
import pytest

from quality.mutants.drops import EFFECTS, without
from quality.mutants.mutant import (
    Kind,
    Mutant,
    Planting,
    Row,
    Rule,
    bound_row,
    plant_classification,
    plant_deadlines,
    plant_row,
    table_of,
)
from rejoinder.states.chart import CHARTS, ChartError, compile_chart
from rejoinder.states.classify import CLASSIFICATION, CLASSIFIED, FACTS, Classification, ClassificationError, compile_classification
from rejoinder.states.deadlines import LANE_INSTANTS, LINK_INSTANTS, REQUEST_INSTANTS
from rejoinder.states.edges import Deadline, Edge, Staying, Table
from rejoinder.states.effects import Close, Dial, Effect, Finish, Note, SendSteer, Steered, Withdraw
from rejoinder.states.phases import LinkPhase, RequestPhase, ResponsePhase
from rejoinder.states.profiles import DeadlineKind
from rejoinder.states.steps import Step
from rejoinder.states.stream_events import FrameKind
from rejoinder.states.triggers import ResponseEvent

__all__ = ["mechanical"]

L, P, R = LinkPhase, ResponsePhase, RequestPhase
E = ResponseEvent
K = FrameKind

NEIGHBOURS: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = MappingProxyType(
    {
        "link": {
            L.CLOSED: (L.FAILED, L.RETIRING),
            L.CONNECTING: (L.RECONNECTING, L.OPEN),
            L.OPEN: (L.PROVING, L.RETIRING),
            L.PROVING: (L.OPEN, L.RETIRING),
            L.RETIRING: (L.OPEN, L.CLOSED),
            L.RECONNECTING: (L.CONNECTING, L.FAILED),
            L.FAILED: (L.CLOSED, L.RECONNECTING),
        },
        "response": {
            P.IDLE: (P.QUARANTINED, P.DRAINING),
            P.AWAITING_CREATED: (P.ACKNOWLEDGED, P.DOUBTED),
            P.DOUBTED: (P.AWAITING_CREATED, P.CANCEL_PENDING),
            P.ACKNOWLEDGED: (P.STREAMING, P.AWAITING_CREATED),
            P.STREAMING: (P.ACKNOWLEDGED, P.FAILING),
            P.FAILING: (P.STREAMING, P.IDLE),
            P.CANCEL_PENDING: (P.IDLE, P.DRAINING),
            P.DRAINING: (P.IDLE, P.CANCEL_PENDING),
            P.AWAITING_SUCCESSOR: (P.IDLE, P.STREAMING, P.SUCCESSOR_PENDING),
            P.SUCCESSOR_PENDING: (P.IDLE, P.DRAINING, P.AWAITING_SUCCESSOR),
            P.QUARANTINED: (P.IDLE, P.DRAINING),
        },
        "request": {
            R.WAITING: (R.ENDED, R.SENT),
            R.PAUSED: (R.WAITING, R.ENDED),
            R.SENT: (R.WAITING, R.ENDED),
            R.ENDED: (R.WAITING, R.SENT),
        },
    }
)
"""For each phase the phases that it is mistaken for most easily: the first that fits is where a row is led astray."""

SWAPS: Final[Mapping[Staying, Staying]] = MappingProxyType(
    {
        Staying.DELIVER: Staying.DISCARD,
        Staying.DISCARD: Staying.DELIVER,
        Staying.COUNT: Staying.IGNORE,
        Staying.IGNORE: Staying.COUNT,
    }
)
"""The constant that each constant is mistaken for."""

RETIRING: Final = ("serial-retire", "lanes-retire-refused", "steering-retire")
"""Where a caller that leaves takes its socket with it."""
CROWDED: Final = ("lanes-and-few-sockets", "hedges-and-few-sockets", "few-sockets", "one-socket", "lanes-and-one-socket")
"""Where one socket must go before another can be opened, or none can."""
DOUBTING: Final = ("lanes-doubt", "lanes-doubt-for-good")
"""Where a link lives on though a create there is doubted."""
STEERED: Final = ("steering-outside", "steering-elsewhere", "steering-left", "steering-ends", "steering")
"""Where words go out, and where their requests end from outside."""
ANSWERING: Final = ("steering-errors", "steering-left-unsaid", "steering-lanes")
"""Where a lane is free again when all is said of the words."""
IMPATIENT: Final = ("impatience",)
"""Where a turn may be over before its response."""
WHERE: Final[Mapping[tuple[str, type[Effect]], tuple[str, ...]]] = MappingProxyType(
    {
        ("response", Close): RETIRING,
        ("response", Dial): RETIRING,
        ("response", Withdraw): DOUBTING,
        ("link", Close): CROWDED,
        ("link", Note): CROWDED,
        ("link", Finish): IMPATIENT,
        ("request", Close): ("serial-hedge",),
        ("request", Steered): STEERED,
        ("response", Steered): ("steering-misbehaviour",),
        ("response", SendSteer): STEERED,
    }
)
"""Where effects that are seldom asked for show first."""

FORGETTING: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "drained": ("serial-memory", "lanes-memory"),
        "create_withdrawn": ("serial-memory", "lanes-memory"),
        "steer_answered": ANSWERING,
    }
)
"""Where it shows what a rule remembers."""

IN_PHASE: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType({LinkPhase.PROVING: ("idle",)})
"""Where phases show that are seldom entered."""

INSTANTS: Final[Mapping[str, tuple[DeadlineKind, ...]]] = MappingProxyType(
    {"link": tuple(LINK_INSTANTS), "response": tuple(LANE_INSTANTS), "request": tuple(REQUEST_INSTANTS)}
)
"""The kinds of deadline that each machine can be asked for."""

MISTAKEN: Final[Mapping[ResponseEvent, ResponseEvent]] = MappingProxyType(
    {
        E.CREATED: E.FOREIGN_CREATED,
        E.REPEAT_CREATED: E.CREATED,
        E.FOREIGN_CREATED: E.CREATED,
        E.FOREIGN_CREATED_REPLAYABLE: E.FOREIGN_CREATED,
        E.FOREIGN_TERMINAL_AGAIN: E.FOREIGN_TERMINAL,
        E.FOREIGN_TERMINAL: E.COMPLETED,
        E.PROGRESS: E.STRAY_CONTENT,
        E.STRAY_CONTENT: E.CONTENT,
        E.CONTENT: E.STRAY_CONTENT,
        E.CONTENT_AFTER_GAP: E.CONTENT,
        E.CONTENT_REPEATED: E.CONTENT,
        E.COMPLETED: E.INCOMPLETE,
        E.FAILED: E.COMPLETED,
        E.ENDED_STEERED: E.COMPLETED,
        E.STEER_ACCEPTED: E.STEER_SETTLED,
        E.STEER_ANSWERED: E.STEER_SETTLED,
        E.STEER_SETTLED: E.STEER_ANSWERED,
        E.STRAY_STEER: E.STEER_SETTLED,
        E.INCOMPLETE: E.COMPLETED,
        E.FAULT: E.DOUBTFUL,
        E.DOUBTFUL: E.FAULT,
        E.CACHE_MISS: E.REJECTED_REPLAYABLE,
        E.REJECTED: E.REJECTED_REPLAYABLE,
        E.REJECTED_UNCLEAN: E.REJECTED,
        E.REJECTED_REPLAYABLE: E.REJECTED,
        E.KEEPALIVE: E.OTHER,
        E.OTHER: E.STRAY_CONTENT,
        E.GARBAGE: E.OTHER,
        E.GARBAGE_REPLAYABLE: E.GARBAGE,
    }
)
"""The event that each event of a frame is mistaken for, unless ``MISTAKEN_IN`` knows better."""
MISTAKEN_IN: Final[Mapping[tuple[FrameKind, ResponseEvent], ResponseEvent]] = MappingProxyType(
    {
        (K.PROGRESS, E.STRAY_CONTENT): E.PROGRESS,
        (K.OTHER, E.STRAY_CONTENT): E.OTHER,
        (K.CREATED, E.FOREIGN_TERMINAL_AGAIN): E.FOREIGN_CREATED,
    }
)
"""The same, where it depends on the kind of frame."""


# -- rows of the three tables ------------------------------------------------------------------------------------------------


def _of_edge(machine: str, edge: Edge) -> Iterator[Mutant]:
    row = bound_row(edge, machine)
    label = f"{machine} {edge.source}×{edge.event}"  # noqa: RUF001 - phase times event, as the documents write it
    make = partial(_row_mutant, machine, edge)
    yield make(f"{label}: removed", Kind.REMOVED, None, refused=_refusal(_without_edge(table_of(machine), edge)))
    yield from _moved_elsewhere(machine, edge, label, row)
    if isinstance(row, Staying):
        swapped = SWAPS[row]
        yield make(f"{label}: {swapped} instead of {row}", Kind.SWAPPED, swapped)
        return
    target, rule = row
    skipped = make(f"{label}: rule skipped", Kind.SKIPPED, (target, _skip))
    yield attrs.evolve(skipped, rows=(*FORGETTING.get(str(edge.action), ()), *skipped.rows))
    for effect in EFFECTS[str(edge.action)]:
        where = WHERE.get((machine, effect), ())
        yield attrs.evolve(
            make(f"{label}: drops {effect.__name__}", Kind.DROPPED, (target, without(rule, effect))),
            rows=(*where, f"{machine} {edge.source} {edge.event}"),
        )


def _moved_elsewhere(machine: str, edge: Edge, label: str, row: Row) -> Iterator[Mutant]:
    rule = _rule_for(row) if isinstance(row, Staying) else row[1]
    if edge.target != edge.source:
        refused = _refusal(_with_target(table_of(machine), edge, edge.source))
        yield _row_mutant(machine, edge, f"{label}: stays {edge.source}", Kind.STAYS, (edge.source, rule), refused=refused)
    # A plain string, as in every edge: the library takes a member of an enum for a state of the member's name.
    other = str(next(phase for phase in NEIGHBOURS[machine][edge.target] if phase not in {edge.source, edge.target}))
    refused = _refusal(_with_target(table_of(machine), edge, other))
    yield _row_mutant(machine, edge, f"{label}: goes to {other}", Kind.ASTRAY, (other, rule), refused=refused)


def _row_mutant(machine: str, edge: Edge, name: str, kind: Kind, row: Row | None, *, refused: str | None = None) -> Mutant:
    def plant(patch: pytest.MonkeyPatch) -> None:
        plant_row(patch, machine, edge, row)

    return Mutant(
        name, kind, plant, refused=refused, rows=(*IN_PHASE.get(edge.source, ()), f"{machine} {edge.source} {edge.event}")
    )


def _skip(session: Any, record: Any, step: Step) -> None:  # noqa: ANN401 - rules of all three machines have this place
    del session, record, step


def _rule_for(constant: Staying) -> Rule:
    """A rule that does with the frame what a staying row does with it."""

    def rule(session: Any, record: Any, step: Step) -> None:  # noqa: ANN401
        if constant is Staying.DELIVER:
            session.deliver(record)
        elif constant is Staying.COUNT:
            session.note(step.event, record, f"in {step.source}")

    return rule


def _without_edge(table: Table, edge: Edge) -> Table:
    return attrs.evolve(table, edges=tuple(other for other in table.edges if other is not edge))


def _with_target(table: Table, edge: Edge, target: str) -> Table:
    # A row that moves runs some rule; which one, the build does not ask.
    action = "mistaken" if edge.staying else edge.action
    changed = attrs.evolve(edge, target=target, action=action)
    return attrs.evolve(table, edges=tuple(changed if other is edge else other for other in table.edges))


def _refusal(table: Table) -> str | None:
    try:
        compile_chart(table)
    except ChartError as error:
        return str(error)
    return None


# -- deadlines ---------------------------------------------------------------------------------------------------------------


def _of_deadline(machine: str, phase: str) -> Iterator[Mutant]:
    table = table_of(machine)
    right = table.deadlines[phase]
    label = f"{machine} {phase}"
    less = {other: deadline for other, deadline in table.deadlines.items() if other != phase}
    refused = _refusal(attrs.evolve(table, deadlines=less))
    rows = (f"{label} {right.event}",)
    yield Mutant(f"{label}: no deadline", Kind.DEADLINE, _deadlines_planting(machine, less), refused=refused, rows=rows)
    kinds = INSTANTS[machine]
    other = kinds[(kinds.index(right.kind) + 1) % len(kinds)]
    changed = {**table.deadlines, phase: attrs.evolve(right, kind=other)}
    name = f"{label}: {other} deadline instead of {right.kind}"
    yield Mutant(name, Kind.DEADLINE, _deadlines_planting(machine, changed), rows=rows)


def _deadlines_planting(machine: str, changed: Mapping[str, Deadline]) -> Planting:
    def plant(patch: pytest.MonkeyPatch) -> None:
        plant_deadlines(patch, machine, changed)

    return plant


# -- the classification ------------------------------------------------------------------------------------------------------


def _of_classification(row: Classification) -> Iterator[Mutant]:
    facts = " and ".join(row.facts) or "anything"
    label = f"classify {row.kind} ({facts})"
    less = tuple(other for other in CLASSIFICATION if other is not row)
    won = (*(ANSWERING if row.kind is FrameKind.STEER else ()), *_won_by(row))
    yield _classification_mutant(f"{label}: removed", less, won)
    event = MISTAKEN_IN.get((row.kind, row.event), MISTAKEN[row.event])
    changed = attrs.evolve(row, event=event)
    table = tuple(changed if other is row else other for other in CLASSIFICATION)
    yield _classification_mutant(f"{label}: {event} instead of {row.event}", table, won)


def _won_by(row: Classification) -> tuple[str, ...]:
    """The combinations of facts for which the row speaks."""
    return tuple(
        f"classify {row.kind} {' '.join(facts)}" for facts, place in _winners()[row.kind].items() if CLASSIFICATION[place] is row
    )


@cache
def _winners() -> Mapping[FrameKind, Mapping[tuple[str, ...], int]]:
    """For each combination of facts, the place of the row that wins."""
    winners: dict[FrameKind, dict[tuple[str, ...], int]] = {}
    for kind, domains in FACTS.items():
        winners[kind] = {}
        for facts in product(*domains):
            known = {(type(fact), fact) for fact in facts}
            candidates = (
                place for place, row in enumerate(CLASSIFICATION) if row.kind is kind and known >= {(type(f), f) for f in row.facts}
            )
            winners[kind][facts] = next(candidates)
    return winners


def _classification_mutant(name: str, table: tuple[Classification, ...], rows: tuple[str, ...]) -> Mutant:
    def plant(patch: pytest.MonkeyPatch) -> None:
        plant_classification(patch, table)

    try:
        compiled = compile_classification(table)
    except ClassificationError as error:
        return Mutant(name, Kind.CLASSIFICATION, plant, refused=str(error), rows=rows)
    alike = (
        "Whatever the row says, those behind it say as well: the look-up that runs is the same." if compiled == CLASSIFIED else None
    )
    return Mutant(name, Kind.CLASSIFICATION, plant, alike=alike, rows=rows)


# -- all ---------------------------------------------------------------------------------------------------------------------


@cache
def mechanical() -> tuple[Mutant, ...]:
    """All of them, in the order of the tables. Made once: each is built as its table would be, to see whether it is refused."""
    mutants: list[Mutant] = []
    for machine, chart in CHARTS.items():
        for edge in chart.table.edges:
            mutants.extend(_of_edge(machine, edge))
        for phase in chart.table.deadlines:
            mutants.extend(_of_deadline(machine, phase))
    for row in CLASSIFICATION:
        mutants.extend(_of_classification(row))
    return tuple(mutants)
