"""The server of `rejoinder serve`: made to order, and told about line by line."""

from pathlib import Path

import pytest
import trio

from rejoinder.cli.refusals import CannotDo
from rejoinder.cli.serve_run import Journal, Order, build_server, lines_about, serve_until_stopped
from rejoinder.testing import CancelMode, FaultError, LogEntry, ModelServer, Received
from rejoinder.testing.script import Answer, Pause, Text

RECORDINGS = Path(__file__).parents[1] / "recordings"
RECORDING = RECORDINGS / "ws-openai-function-tool-gpt4o.jsonl"


def nobody(line: str) -> None:
    raise AssertionError(line)


def build(order: Order | None = None) -> ModelServer:
    return build_server(order or Order(), nobody, verbose=False)


def answer_of(server: ModelServer) -> Answer:
    return server.answer(Received({}, 0, 0, ({"role": "user", "content": "Hello there"},)))


def test_plain_order_gives_a_plain_server() -> None:
    server = build()

    assert ("openai", CancelMode.HONOUR, None) == (server.profile.name, server.cancel_mode, server.known_models)
    assert [Text("You said: Hello there")] == list(answer_of(server).steps)


def test_order_is_followed() -> None:
    order = Order("xai", "late-error", ("duplicate-created", "drop-after:7"), pace=4.0, models=frozenset({"m"}))
    server = build(order)
    answer = answer_of(server)
    (text,) = answer.steps

    assert ("xai", CancelMode.LATE_ERROR) == (server.profile.name, server.cancel_mode)
    assert (7, frozenset({"m"})) == (server.faults.drop_after_frames, server.known_models)
    assert 2 == answer.created
    assert Text("You said: Hello there", interval=0.25) == text


def test_recording_is_played_by_a_server_without_lanes() -> None:
    server = build(Order(recordings=(RECORDING,), pace=10.0))
    pause, raw = answer_of(server).steps[:2]

    assert "generic" == server.profile.name
    assert Pause(0.1) == pause
    assert '"response.created"' in str(raw)
    assert "azure" == build(Order("azure", recordings=(RECORDING,))).profile.name


def test_unknown_fault_is_refused() -> None:
    with pytest.raises(FaultError, match="no fault named 'nonsense'"):
        build(Order(faults=("nonsense",)))


def test_file_that_is_no_recording_is_refused(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.jsonl"
    wrong.write_text("not JSON\n", "utf-8")

    with pytest.raises(CannotDo, match=r"wrong\.jsonl is not a recording: line 1 is not a JSON object"):
        build(Order(recordings=(wrong,)))


def test_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CannotDo, match=r"cannot be read \(Is a directory\)"):
        build(Order(recordings=(tmp_path,)))


def create(**fields: object) -> LogEntry:
    return LogEntry(1.5, 3, "in", '{"secret"}', {"type": "response.create", "input": "secret", **fields})


HEAD = "    1.500 s  connection 3: "


@pytest.mark.parametrize(
    "entry, expected",
    [
        (create(), "create, 1 item, in full"),
        (create(input=["a", "b"]), "create, 2 items, in full"),
        (create(stream_id="a", previous_response_id="resp_1"), "create, 1 item, lane a, continues resp_1"),
        (create(stream_id="\x1b[2J"), r"create, 1 item, lane \x1b[2J, in full"),
        (LogEntry(1.5, 3, "in", "", {"type": "response.cancel", "response_id": "resp_1"}), "cancel of resp_1"),
        (LogEntry(1.5, 3, "in", "", {"type": "response.steer"}), "a frame of type response.steer"),
        (LogEntry(1.5, 3, "in", "junk"), "a frame of type None"),
        (LogEntry(1.5, 3, "note", "closed 1001"), "closed 1001"),
    ],
)
def test_entry_is_a_line_without_payload(entry: LogEntry, expected: str) -> None:
    assert [HEAD + expected] == list(lines_about(entry, verbose=False))


def test_refused_handshake_has_no_connection() -> None:
    assert ["    1.500 s  handshake refused 503"] == list(lines_about(LogEntry(1.5, -1, "note", "refused 503"), verbose=False))


def test_answer_is_not_worth_a_line() -> None:
    assert [] == list(lines_about(LogEntry(1.5, 3, "out", "{}", {"type": "response.created"}), verbose=False))


@pytest.mark.parametrize(
    "entry, expected",
    [
        (create(), '<- {"secret"}'),
        (LogEntry(1.5, 3, "out", '{"a":"\x9b"}'), r'-> {"a":"\x9b"}'),
        (LogEntry(1.5, 3, "out", b"\x00"), r"-> b'\x00'"),
        (LogEntry(1.5, 3, "note", "opened"), "opened"),
    ],
    ids=["in", "out", "binary", "note"],
)
def test_verbose_shows_every_frame_harmlessly(entry: LogEntry, expected: str) -> None:
    assert [HEAD + expected] == list(lines_about(entry, verbose=True))


def test_journal_writes_and_keeps_nothing() -> None:
    lines: list[str] = []
    journal = Journal(lines.append, verbose=False)
    server = ModelServer(log=journal)
    server.disconnect(server.connect(1.0), 2.0)

    assert ["    1.000 s  connection 0: opened", "    2.000 s  connection 0: left"] == lines
    assert [] == journal


async def test_taken_port_is_said_in_a_sentence() -> None:
    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    port = listener.socket.getsockname()[1]
    async with listener:
        with pytest.raises(CannotDo) as caught:
            await serve_until_stopped(ModelServer(), "127.0.0.1", port, None, nobody)
    said = str(caught.value)

    assert f"Nothing can listen on 127.0.0.1 port {port}: " in said
    assert "in use" in said
    assert said.endswith("Choose another with --host or --port.")


async def test_failure_while_serving_is_not_called_a_taken_port() -> None:
    def fail(line: str) -> None:
        raise BrokenPipeError(line)

    with pytest.RaisesGroup(BrokenPipeError, flatten_subgroups=True):
        await serve_until_stopped(ModelServer(), "127.0.0.1", 0, None, fail)
