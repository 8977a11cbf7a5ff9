"""Whatever comes over the wire, wherever a session is: an event or a named violation, and never an exception or a missing row.

Rule of this file: a frame is drawn twice over, as anything at all, and as an event that speaks of what the session really has
(its lanes, its running response, its items), because only the second kind gets past the first comparison.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import run_state_machine_as_test

from harness.in_phase import LINK_PHASES, REQUEST_PHASES, RESPONSE_PHASES
from harness.lifecycle import Bench
from harness.wire_frames import FRAMES
from rejoinder.states import session as session_module
from rejoinder.states.codec import decode
from rejoinder.states.effects import Note
from rejoinder.states.events import Expired, Received
from rejoinder.states.phases import ResponsePhase
from rejoinder.states.profiles import HTTP
from rejoinder.states.session import Session
from rejoinder.states.stream_events import Garbage, StreamEvent, Violation
from rejoinder.states.triggers import ResponseEvent
from rejoinder.testing.fuzz.draws import INDEX, drawing
from rejoinder.testing.fuzz.program import Program
from rejoinder.testing.fuzz.strategies import events, frames, json_values


def awaiting_over_http() -> Bench:
    """Two creates are out, each with a stream of its own."""
    bench = Bench(HTTP)
    bench.ask("one")
    bench.ask("two")
    bench.opened()
    return bench


def streaming_over_http() -> Bench:
    """One of two responses speaks."""
    bench = awaiting_over_http()
    bench.created(1)
    bench.speak(1)
    return bench


PHASES: dict[str, Callable[[], Bench]] = {
    f"{type(phase).__name__}.{phase}": reach
    for phases in (LINK_PHASES, RESPONSE_PHASES, REQUEST_PHASES)
    for phase, reach in phases.items()
} | {f"http.{reach.__name__}": reach for reach in (awaiting_over_http, streaming_over_http)}
KEPT = (0, 31, 1, 2, 4, 8, 16)
STRANGE: list[dict[str, Any]] = [
    json.loads(json.dumps(body).replace('_1"', '_strange"').replace("lane-1", "lane-strange")) for body in FRAMES.values()
]
"""A good frame of each type, with ids that no session of these tests has."""
AFTERWARDS = 6
"""Deadlines that a session is taken through after each frame."""


def check_is_named(data: str | bytes) -> StreamEvent:
    event = decode(data)
    assert isinstance(event, StreamEvent)
    if isinstance(event, Garbage):
        assert event.violation in Violation
        assert event.detail.endswith(".")
    assert isinstance(data, bytes) == event.binary
    return event


def check_survives(session: Session, event: StreamEvent, now: float) -> None:
    """Feed a frame to every link of a twin, and let time pass: nothing raises, and nothing lacks a row."""
    twin = session.copy()
    for link in list(twin.links):
        effects = list(twin.feed(Received(link, event), now))
        for _ in range(AFTERWARDS):
            now = max(now, twin.next_deadline() or now)
            effects += twin.feed(Expired(), now)
        missing = [effect.detail for effect in effects if isinstance(effect, Note) and effect.name == "Illegal"]
        assert [] == missing


def familiar(session: Session, index: int, body: dict[str, Any], keep: int) -> str:
    """The event in the terms of one lane; ``keep`` says, bit by bit, which of its own labels it keeps."""
    lanes = [lane for link in session.links.values() for lane in link.lanes.values()]
    said = dict(body)
    if lanes:
        lane = lanes[index % len(lanes)]
        item = next(iter(sorted(lane.items)), None)
        if not keep & 1:
            said["stream_id"] = lane.name
        if not keep & 2 and "response" in said:
            said["response"] = {**said["response"], "id": lane.response_id or "resp_new"}
        if not keep & 4:
            said["item_id"] = item
        if not keep & 8 and "item" in said:
            said["item"] = {**said["item"], "id": item or "item_new"}
        if not keep & 16:
            said["sequence_number"] = None if lane.sequence is None else lane.sequence + 1
    return json.dumps(said)


@given(data=frames())
def test_any_frame_is_an_event_or_a_named_violation(data: str | bytes) -> None:
    check_is_named(data)


@given(value=json_values())
def test_any_json_value_is_an_event_or_a_named_violation(value: object) -> None:
    event = check_is_named(json.dumps(value))

    if not isinstance(value, dict):
        assert isinstance(event, Garbage)
        assert Violation.NOT_AN_OBJECT is event.violation


@given(body=events())
def test_every_strategic_event_is_what_its_type_says(body: dict[str, Any]) -> None:
    event = check_is_named(json.dumps(body))

    assert not isinstance(event, Garbage)
    assert body["type"] == event.type
    assert body == event.raw


@pytest.mark.parametrize("phase", PHASES)
@settings(max_examples=max(settings().max_examples // 2, 10))
@given(data=frames())
def test_any_frame_in_any_phase_has_a_row(phase: str, data: str | bytes) -> None:
    bench = PHASES[phase]()

    check_survives(bench.session, decode(data), bench.now)


@pytest.mark.parametrize("phase", PHASES)
@settings(max_examples=max(settings().max_examples // 2, 10))
@given(index=INDEX, body=events(), keep=st.integers(0, 31))
def test_any_event_that_names_what_is_there_has_a_row(phase: str, index: int, body: dict[str, Any], keep: int) -> None:
    bench = PHASES[phase]()

    check_survives(bench.session, decode(familiar(bench.session, index, body, keep)), bench.now)


@pytest.mark.parametrize("phase", PHASES)
def test_every_type_in_any_phase_has_a_row(phase: str) -> None:
    """One good frame of each type, which speaks of what is there in all respects, in none, or in all but one."""
    bench = PHASES[phase]()
    for body in STRANGE:
        for keep in KEPT:
            check_survives(bench.session, decode(familiar(bench.session, 0, body, keep)), bench.now)


@pytest.mark.parametrize(
    "event", [ResponseEvent.KEEPALIVE, ResponseEvent.OTHER, ResponseEvent.FAULT, ResponseEvent.FOREIGN_TERMINAL]
)
def test_missing_row_is_found(event: ResponseEvent, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = {phase: dict(row) for phase, row in session_module.RESPONSE_ROWS.items()}
    del rows[ResponsePhase.STREAMING][event]
    monkeypatch.setattr(session_module, "RESPONSE_ROWS", rows)

    with pytest.raises(AssertionError, match=f"{event} in streaming"):
        test_every_type_in_any_phase_has_a_row("ResponsePhase.streaming")


class Babbling(Program):
    """Programs in which, now and then, anything at all arrives at a twin."""

    @drawing({"data": frames()}, Program.has_requests)
    def babble(self, data: str | bytes) -> None:
        check_survives(self.pair.session, decode(data), self.pair.now)

    @drawing({"index": INDEX, "body": events(), "keep": st.integers(0, 31)}, Program.has_requests)
    def babble_knowingly(self, index: int, body: dict[str, Any], keep: int) -> None:
        check_survives(self.pair.session, decode(familiar(self.pair.session, index, body, keep)), self.pair.now)


def test_any_frame_in_any_program_has_a_row() -> None:
    run_state_machine_as_test(Babbling, settings=settings(max_examples=settings().max_examples, stateful_step_count=40))
