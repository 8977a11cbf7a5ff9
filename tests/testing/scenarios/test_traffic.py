"""The notation of frames: what it says, and that nothing a client sends can change without changing it."""

from __future__ import annotations

from typing import Any

import pytest

from rejoinder.testing import LogEntry
from rejoinder.testing.scenarios.traffic import client_frame, lines_of, seen, shortened

CREATE: dict[str, Any] = {
    "type": "response.create",
    "model": "gpt-4.1",
    "store": False,
    "input": [{"role": "user", "content": "Hi"}],
}


@pytest.mark.parametrize(
    "change, expected",
    [
        ({"store": False}, "create: user 'Hi'"),
        ({"stream_id": "lane-1"}, "create lane-1: user 'Hi'"),
        ({"previous_response_id": "resp_1"}, "create after resp_1: user 'Hi'"),
        ({"store": True}, "create: user 'Hi'; store true"),
        ({"model": "m"}, "create: user 'Hi'; model \"m\""),
        ({"temperature": 0.2, "stream": True}, "create: user 'Hi'; stream true; temperature 0.2"),
        ({"input": []}, "create: "),
        ({"input": "Hi"}, '{"type":"response.create","model":"gpt-4.1","store":false,"input":"Hi"}'),
        ({"input": [{"role": "user", "content": "Hi", "x": 1}]}, 'create: {"role":"user","content":"Hi","x":1}'),
        ({"input": [{"type": "function_call_output", "call_id": "a", "output": "b"}]}, 'create: output a "b"'),
        (
            {"input": [{"type": "function_call", "id": "fc_1", "call_id": "a", "name": "f", "arguments": "{}"}]},
            "create: call a f {}",
        ),
        (
            {"input": [{"id": "msg_1", "type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "x"}]}]},
            "create: assistant 'x' as msg_1",
        ),
        (
            {"tools": [{"name": "f", "parameters": {"properties": {"a": 1, "b": 2}}}, {"name": "g"}]},
            "create: user 'Hi'; tools f(a b) g()",
        ),
    ],
)
def test_a_create_is_written_with_everything_that_is_unusual_in_it(change: dict[str, Any], expected: str) -> None:
    assert expected == client_frame(CREATE | change)


@pytest.mark.parametrize("field", ["model", "store"])
def test_what_is_missing_in_a_create_is_written_too(field: str) -> None:
    body = {name: value for name, value in CREATE.items() if name != field}

    assert f"create: user 'Hi'; {field} null" == client_frame(body)


@pytest.mark.parametrize(
    "frame, expected",
    [
        ({"type": "response.cancel", "response_id": "resp_1"}, "cancel resp_1"),
        ({"type": "response.cancel", "response_id": "resp_1", "x": 1}, "cancel resp_1; x 1"),
        ({"type": "response.steer", "input": "x"}, '{"type":"response.steer","input":"x"}'),
        (None, "null"),
    ],
)
def test_other_frames_of_a_client(frame: object, expected: str) -> None:
    assert expected == client_frame(frame)


def test_a_long_input_is_written_by_its_ends() -> None:
    items = [{"role": "user", "content": str(number)} for number in range(12)]

    assert "create: user '0', user '1', ... 8 more, user '10', user '11'" == client_frame({**CREATE, "input": items})


def said(body: object, *, connection: int = 0, data: str | bytes = "{}") -> LogEntry:
    return LogEntry(0.0, connection, "out", data, body)


def delta(text: str, **fields: object) -> LogEntry:
    return said({"type": "response.output_text.delta", "delta": text, **fields})


@pytest.mark.parametrize(
    "body, expected",
    [
        ({"type": "response.created", "response": {"id": "r", "previous_response_id": None}}, "created r"),
        ({"type": "response.created", "response": {"id": "r", "previous_response_id": "p"}}, "created r after p"),
        ({"type": "response.completed", "response": {"id": "r"}}, "completed r"),
        ({"type": "response.failed", "response": {"id": "r", "error": {"code": "c"}}}, "failed r (c)"),
        ({"type": "response.incomplete", "response": {"id": "r", "incomplete_details": {"reason": "c"}}}, "incomplete r (c)"),
        ({"type": "response.output_item.added", "item": {"type": "message"}}, "item message"),
        ({"type": "response.output_item.added", "item": None}, "item None"),
        ({"type": "response.output_text.delta", "delta": None}, "delta None"),
        ({"type": "response.refusal.delta", "delta": "no"}, "refusal 'no'"),
        ({"type": "response.function_call_arguments.delta", "delta": "{"}, "arguments '{'"),
        ({"type": "error", "status": 400, "error": {"code": "c"}}, "error 400 c"),
        ({"type": "error", "sequence_number": 3, "error": {"code": "c"}}, "error c in sequence"),
        ({"type": "error", "code": "c"}, "error c flat"),
        ({"type": "error", "error": "words"}, "error 'words'"),
        ({"type": "codex.rate_limits", "plan": 1, "sequence_number": 4}, 'codex.rate_limits {"plan":1}'),
        ({"type": "keepalive", "sequence_number": 4}, "keepalive"),
        ({"hello": "world"}, '{"hello":"world"}'),
        ({}, "{}"),
        ([1], "[1]"),
    ],
)
def test_a_frame_of_the_server_is_written_by_what_tells_it_apart(body: object, expected: str) -> None:
    assert [f"0 < {expected}"] == seen([said(body)])


def test_what_is_no_json_is_written_as_it_is() -> None:
    assert ["0 < not JSON '{x', bytes ff"] == seen([said(None, data="{x"), said(None, data=b"\xff")])


def test_pieces_of_text_are_written_one_by_one_or_counted() -> None:
    assert ["0 < 'a', 'b'"] == seen([delta("a"), delta("b")])
    assert ["0 < 20 deltas 'aaaaaaaaaaaaaaaaaaaa'"] == seen([delta("a")] * 20)
    assert ["0 < 1 deltas 'aaaaaaaaaaaaaaaa'...'aaaaaaaaaaaaaaaa' (100 characters)"] == seen([delta("a" * 100)])


def test_connections_and_lanes_are_kept_apart() -> None:
    log = [
        LogEntry(0.0, -1, "note", "refused 503"),
        LogEntry(0.0, 0, "note", "opened"),
        delta("b", stream_id="lane-2"),
        delta("a", stream_id="lane-1"),
        delta("c"),
        LogEntry(0.0, 0, "in", "{}", CREATE),
        LogEntry(0.0, 0, "note", "dropped"),
        LogEntry(0.0, 1, "note", "opened"),
        LogEntry(0.0, 1, "note", "left"),
    ]

    assert [
        "- refused 503",
        "0 > create: user 'Hi'",
        "0 < lane-1: 'a'",
        "0 < lane-2: 'b'",
        "0 < 'c'",
        "0 dropped",
        "1 nothing",
    ] == seen(log)


def test_what_is_written_on_several_lines_is_one() -> None:
    written = """
    0 > create: user 'a b',
       user 'c'

    0 < 'x'
    """

    assert ["0 > create: user 'a b', user 'c'", "0 < 'x'"] == lines_of(written)


def test_a_long_text_is_written_by_its_ends_and_its_length() -> None:
    assert "'short'" == shortened("short")
    assert f"{'a' * 16!r}...{'b' * 16!r} (200 characters)" == shortened("a" * 100 + "b" * 100)
