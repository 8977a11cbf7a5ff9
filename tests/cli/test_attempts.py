"""A server's log is read as attempts: which create got which answer, and how it ended."""

import json
from typing import Any, Literal

import pytest

from rejoinder.cli.attempts import LOST, MISS, Attempt, read_attempts
from rejoinder.testing import LogEntry


class Log:
    """A server's log, written by hand: each entry a second after the one before."""

    def __init__(self) -> None:
        self.entries: list[LogEntry] = []

    def note(self, text: str, connection: int = 0) -> None:
        self.entries.append(LogEntry(float(len(self.entries)), connection, "note", text))

    def create(self, tag: str, lane: str | None = None, connection: int = 0, **fields: object) -> None:
        body: dict[str, Any] = {"type": "response.create", "input": [{"role": "user", "content": tag}], **fields}
        self._frame("in", connection, body if lane is None else {**body, "stream_id": lane})

    def say(self, kind: str, lane: str | None = None, connection: int = 0, **fields: object) -> None:
        body: dict[str, Any] = {"type": kind, **fields}
        self._frame("out", connection, body if lane is None else {**body, "stream_id": lane})

    def raw(self, data: str) -> None:
        self.entries.append(LogEntry(float(len(self.entries)), 0, "out", data))

    def attempts(self) -> list[Attempt]:
        return read_attempts(self.entries)

    def _frame(self, direction: Literal["in", "out"], connection: int, body: dict[str, Any]) -> None:
        self.entries.append(LogEntry(float(len(self.entries)), connection, direction, json.dumps(body), body))


def test_answer_belongs_to_its_create() -> None:
    log = Log()
    log.note("opened")
    log.create("[q1]", previous_response_id="resp_0")
    log.say("response.created", response={"id": "resp_1"})
    log.say("response.created", response={"id": "resp_1"})
    log.say("response.output_item.added", item={"id": "msg_1", "type": "message"})
    log.say("response.output_text.delta", delta="[q1] a")
    log.say("response.completed", response={"id": "another"})
    log.say("response.completed", response={"id": "resp_1"})
    log.say("response.output_text.delta", delta="too late")
    (attempt,) = log.attempts()

    assert ("[q1]", 0, None, 1, 1.0, "resp_0") == (
        attempt.tag,
        attempt.connection,
        attempt.lane,
        attempt.place,
        attempt.at,
        attempt.previous,
    )
    assert ("resp_1", 2.0, {"msg_1"}, "[q1] a") == (attempt.response_id, attempt.created_at, attempt.item_ids, attempt.text)
    assert ("response.completed", 7, 7.0, True) == (attempt.end, attempt.end_place, attempt.ended_at, attempt.completed)
    assert [False, True, True, False] == [attempt.runs_at(place) for place in (1, 2, 6, 7)]


def test_lanes_are_told_apart() -> None:
    log = Log()
    log.create("[q1]", "a")
    log.create("[q2]", "b")
    log.say("response.created", "b", response={"id": "resp_2"})
    log.say("response.created", "a", response={"id": "resp_1"})
    log.say("response.output_item.added", "b", item={"id": "fc_1", "type": "function_call", "call_id": "call_1"})
    log.say("response.output_text.delta", "a", delta="one")
    first, second = log.attempts()

    assert ("resp_1", "one", set[str]()) == (first.response_id, first.text, first.call_ids)
    assert ("resp_2", "", {"call_1"}) == (second.response_id, second.text, second.call_ids)
    assert first.runs_at(99)


@pytest.mark.parametrize(
    "error, expected",
    [
        ({"error": {"code": "previous_response_not_found"}}, MISS),
        ({"error": {"code": "server_error"}}, "error server_error"),
        ({"code": "flat"}, "error flat"),
        ({"code": "inside a response", "sequence_number": 4}, None),
    ],
)
def test_error_answers_the_oldest_create_without_an_answer(error: dict[str, Any], expected: str | None) -> None:
    log = Log()
    log.create("[q1]")
    log.create("[q2]")
    log.say("error", **error)
    first, second = log.attempts()

    assert expected == first.end
    assert second.end is None


def test_error_after_created_ends_nothing() -> None:
    log = Log()
    log.create("[q1]")
    log.say("response.created", response={"id": "resp_1"})
    log.say("error", error={"code": "unknown_event_type"})

    assert [None] == [attempt.end for attempt in log.attempts()]


@pytest.mark.parametrize("end", ["dropped", "closed 1001", "left"])
def test_connection_takes_its_attempts_with_it(end: str) -> None:
    log = Log()
    log.create("[q1]")
    log.create("[q2]", connection=1)
    log.note(end)
    first, second = log.attempts()

    assert (LOST, 2, 2.0) == (first.end, first.end_place, first.ended_at)
    assert second.end is None


def test_frames_that_answer_nothing_are_passed_over() -> None:
    log = Log()
    log.say("response.created", response={"id": "resp_1"})
    log.say("response.output_text.delta", delta="nobody's")
    log.raw("not JSON")
    log.entries.append(LogEntry(3.0, 0, "in", "{}", {"type": "response.cancel", "response_id": "resp_1"}))

    assert [] == log.attempts()
