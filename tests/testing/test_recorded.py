"""Recordings are read whole and replayed word for word."""

import json
from pathlib import Path

import pytest

from rejoinder.testing import GENERIC, Message, ModelServer
from rejoinder.testing.recorded import (
    RecordedResponse,
    RecordingError,
    parse_recording,
    read_recording,
    read_sse,
    replay,
)
from testing.exchange import ask, bodies, code, create, kinds, settle

RECORDINGS = Path(__file__).parents[1] / "recordings"
FILES = sorted(RECORDINGS.glob("*.jsonl"), key=lambda path: path.name)
COUNTS = {
    "http-openai-tool-calls-3turn.jsonl": [14, 24, 20],
    "http-openai-two-turn-text-gpt4o.jsonl": [9, 10],
    "sse-openai-background-starting-after.jsonl": [17, 16],
    "sse-openai-code-interpreter.jsonl": [393],
    "sse-openai-error-then-failed.jsonl": [4],
    "sse-openai-mcp-approval-1.jsonl": [11],
    "sse-openai-mcp-approval-2.jsonl": [123],
    "sse-openai-phase.jsonl": [17],
    "sse-openai-reasoning-encrypted.jsonl": [56, 19, 19, 16],
    "sse-openai-web-search.jsonl": [185],
    "sse-xai-text-store-false.jsonl": [655],
    "ws-openai-function-tool-gpt4o.jsonl": [12, 10],
}
by_name = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)


def test_every_recording_is_counted() -> None:
    assert COUNTS == {path.name: [len(response.events) for response in read_recording(path)] for path in FILES}


@by_name
def test_every_event_has_a_type(path: Path) -> None:
    for response in read_recording(path):
        assert len(response.events) == len(response.bodies)
        assert all(isinstance(body["type"], str) for body in response.bodies)


@by_name
def test_every_response_ends(path: Path) -> None:
    for response in read_recording(path):
        expected = "failed" if "error-then-failed" in path.name else "completed"

        assert expected == response.terminal
        assert response.final is not None
        assert (expected, response.response_id) == (response.final["status"], response.final["id"])


@by_name
def test_sequence_numbers_restart_and_never_repeat(path: Path) -> None:
    for response in read_recording(path):
        numbers = [body["sequence_number"] for body in response.bodies]
        resumed = response.bodies[0]["type"] == "response.queued"

        assert numbers == sorted(set(numbers))
        assert numbers[0] == (1 if resumed else 0)


@by_name
def test_a_replay_is_word_for_word(path: Path) -> None:
    responses = read_recording(path)
    server = ModelServer(GENERIC, replay(responses))
    link = server.connect(0.0)
    for turn, response in enumerate(responses):
        said = ask(server, link, create(), float(turn))

        assert list(response.events) == [each.data for each in said if isinstance(each, Message)]


def test_a_replayed_response_can_be_continued() -> None:
    first, second = read_recording(RECORDINGS / "ws-openai-function-tool-gpt4o.jsonl")
    server = ModelServer(GENERIC, replay([first, second]))
    link = server.connect(0.0)
    assert second.request is not None
    previous = second.request["previous_response_id"]
    ask(server, link, create(), 0.0)

    assert previous == first.response_id
    assert kinds(ask(server, link, json.dumps(second.request), 1.0))[-1] == "completed"


def test_requests_are_kept() -> None:
    requests = [response.request for response in read_recording(RECORDINGS / "http-openai-two-turn-text-gpt4o.jsonl")]

    assert [True, True] == [request is not None and request["stream"] for request in requests]


def test_a_used_up_replay_says_so() -> None:
    server = ModelServer(GENERIC, replay([RecordedResponse(('{"type":"response.completed"}',))]))
    link = server.connect(0.0)
    ask(server, link, create(), 0.0)

    assert code(ask(server, link, create(), 1.0)) == "recording_used_up"


def test_a_replay_can_take_its_time() -> None:
    (response,) = parse_recording('{"type":"response.created"}\n{"type":"response.completed","response":{}}')
    server = ModelServer(GENERIC, replay([response], interval=2.0))
    server.receive(server.connect(0.0), create(), 0.0)

    assert [2.0, 4.0] == [each.at for each in settle(server, 100.0)]


def test_a_recording_without_a_terminal_frees_the_lane() -> None:
    server = ModelServer(GENERIC, replay([RecordedResponse(('{"type":"response.created","response":null}',))] * 2))
    link = server.connect(0.0)
    server.receive(link, create(), 0.0)

    assert ["created", "created"] == kinds(ask(server, link, create(), 0.0))
    assert RecordedResponse(("7", "{")).bodies == []
    assert RecordedResponse(("{}",)).final is None
    assert RecordedResponse(("{}",)).response_id is None


def test_sse_is_read_with_every_line_end_and_comments() -> None:
    body = ': hello\nevent: a\ndata: {"n":1}\n\ndata: {"n":2}\r\n\r\ndata: {\rdata: "n":3}\r\rdata: [DONE]\n\n'

    assert ['{"n":1}', '{"n":2}', '{\n"n":3}'] == read_sse(body)


def test_the_marks_of_a_recorder_are_left_out() -> None:
    lines = [
        {"dir": "client", "turn": 0, "body": None},
        {"dir": "server", "turn": 0, "frame": '{"type":"response.completed"}'},
        {"dir": "server", "turn": 0, "frame": "data: [DONE]"},
        {"dir": "server", "turn": 0, "frame": "[DONE]"},
    ]
    text = "\r\n".join(json.dumps(line) for line in lines) + "\r\n\r\n"

    assert (RecordedResponse(('{"type":"response.completed"}',), {}),) == parse_recording(text)


def test_events_before_any_created_are_a_response_too() -> None:
    text = '{"type":"response.queued"}\n{"type":"response.created"}'

    assert [1, 1] == [len(response.events) for response in parse_recording(text)]


@pytest.mark.parametrize(
    "content, why",
    [
        (b"", "it holds no event"),
        (b'{"dir":"client","body":{}}', "it holds no event"),
        (b'{"type":"a"}\nnonsense', "line 2 is not a JSON object"),
        (b"[1]", "line 1 is not a JSON object"),
        (b"\xff\xfe", "utf-8"),
    ],
)
def test_what_is_no_recording_is_one_line(tmp_path: Path, content: bytes, why: str) -> None:
    path = tmp_path / "odd.jsonl"
    path.write_bytes(content)
    with pytest.raises(RecordingError, match=why) as refused:
        read_recording(path)

    assert str(refused.value).startswith("odd.jsonl is not a recording: ")
    assert "\n" not in str(refused.value)


def test_a_missing_file_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_recording(tmp_path / "none.jsonl")


def test_the_licences_are_beside_the_recordings() -> None:
    readme = (RECORDINGS / "README.md").read_text()

    assert all(path.name in readme for path in FILES)
    assert "Apache License" in (RECORDINGS / "LICENSE-APACHE-2.0").read_text()
    assert "MIT License" in (RECORDINGS / "LICENSE-MIT").read_text()


def test_an_error_with_a_number_comes_before_failed() -> None:
    (response,) = read_recording(RECORDINGS / "sse-openai-error-then-failed.jsonl")
    server = ModelServer(GENERIC, replay([response]))
    said = ask(server, server.connect(0.0), create(), 0.0)

    assert ["created", "in_progress", "error", "failed"] == kinds(said)
    assert bodies(said)[2]["sequence_number"] == 2
