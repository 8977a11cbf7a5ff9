"""Faults planted in the engine and its tables: what a broken rule would do. Each is undone by the ``monkeypatch`` it is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import pytest

from rejoinder.engine import drive
from rejoinder.engine.drive import Driver
from rejoinder.states import response_rules
from rejoinder.states import session as lifecycle
from rejoinder.states.continuation import Continuation, Items
from rejoinder.states.edges import Staying
from rejoinder.states.effects import Deliver, Finish
from rejoinder.states.phases import ResponsePhase as P
from rejoinder.states.records import Lane, Link
from rejoinder.states.session import Session
from rejoinder.states.steps import Step
from rejoinder.states.triggers import ResponseEvent as E
from rejoinder.states.verdicts import OutcomeKind

Plant = Callable[[pytest.MonkeyPatch], None]


def change_rows(monkeypatch: pytest.MonkeyPatch, changes: Mapping[tuple[P, E], Any]) -> None:
    """Put other rows into the response table that runs."""
    rows: dict[str, dict[str, Any]] = {phase: dict(row) for phase, row in lifecycle.RESPONSE_ROWS.items()}
    for (phase, event), row in changes.items():
        rows[phase][event] = row
    monkeypatch.setattr(lifecycle, "RESPONSE_ROWS", rows)


def remember_beyond_the_link(monkeypatch: pytest.MonkeyPatch) -> None:
    """A new lane, of a new link too, continues whatever completed last."""
    remembered: list[Continuation] = []
    new_lane = Session.new_lane

    def remember(response_id: str, items: Items, output: Items) -> Continuation:
        remembered.append(Continuation(response_id, items, output))
        return remembered[-1]

    def new_lane_with_memory(session: Session, link: Link, name: str | None) -> Lane:
        lane = new_lane(session, link, name)
        lane.continuation = remembered[-1] if remembered else None
        return lane

    monkeypatch.setattr(response_rules, "Continuation", remember)
    monkeypatch.setattr(Session, "new_lane", new_lane_with_memory)


def replay_after_output(monkeypatch: pytest.MonkeyPatch) -> None:
    """A response whose connection is lost is asked for again, whatever its caller has heard."""
    change_rows(monkeypatch, {(P.STREAMING, E.LOST): lifecycle.RESPONSE_ROWS[P.ACKNOWLEDGED][E.LOST_REPLAYABLE]})


def deliver_after_cancel(monkeypatch: pytest.MonkeyPatch) -> None:
    """The caller stays attached to what it has cancelled."""

    def stay(session: Session, lane: Lane, step: Step) -> None:
        session.signal(lane)

    def finish(driver: Driver, effect: Finish) -> None:
        if effect.outcome.kind is not OutcomeKind.CANCELLED:
            driver.finish(effect)

    change_rows(
        monkeypatch,
        {(P.STREAMING, E.CANCEL): (P.DRAINING, stay), (P.DRAINING, E.CONTENT): Staying.DELIVER},
    )
    monkeypatch.setattr(drive, "PERFORM", {**drive.PERFORM, Finish: finish})


def deliver_to_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """What drains goes to whoever asked last."""

    def deliver(session: Session, lane: Lane) -> None:
        if lane.request is not None:
            session.emit(Deliver(lane.request))
        elif session.requests:
            session.emit(Deliver(max(session.requests)))

    change_rows(monkeypatch, {(P.DRAINING, E.CONTENT): Staying.DELIVER})
    monkeypatch.setattr(Session, "deliver", deliver)


PLANTED: Final[Mapping[str, Plant]] = {
    "no-stale-memory": remember_beyond_the_link,
    "no-word-twice": replay_after_output,
    "cancelled-is-cancelled": deliver_after_cancel,
    "words-stay-yours": deliver_to_another,
}
"""A fault for each of these promises."""
