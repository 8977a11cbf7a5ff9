"""The server does what the documents say, frame by frame."""

import json
from collections.abc import Callable

import attrs
import pytest

from rejoinder.testing import (
    AZURE,
    GENERIC,
    OPENAI,
    SERVER_PROFILES,
    XAI,
    Answer,
    Close,
    Drop,
    ErrorFrame,
    Event,
    HandshakeRefused,
    LoseConnection,
    ModelServer,
    Pause,
    Raw,
    Received,
    ServerProfile,
    Stall,
    Text,
    scripted,
)
from rejoinder.testing.script import ErrorShape
from rejoinder.testing.server_faults import ServerFaults
from testing.exchange import ask, bodies, code, create, error, final, kinds, settle

SLOW = Answer([Text("one two three", interval=1.0)])
MISSED = "previous_response_not_found"


def slow(_: Received) -> Answer:
    return SLOW


# A response


def test_a_response_has_the_recorded_events() -> None:
    server = ModelServer()
    said = ask(server, server.connect(0.0), create("x"), 0.0)
    expected = ["created", "in_progress", "output_item.added", "content_part.added", *["output_text.delta"] * 3]

    assert [*expected, "output_text.done", "content_part.done", "output_item.done", "completed"] == kinds(said)
    assert list(range(11)) == [body["sequence_number"] for body in bodies(said)]
    assert final(said)["output"][0]["content"][0]["text"] == "You said: x"


def test_sequence_numbers_restart_with_each_response() -> None:
    server = ModelServer()
    link = server.connect(0.0)
    ask(server, link, create(), 0.0)

    assert bodies(ask(server, link, create(), 1.0))[0]["sequence_number"] == 0


def test_created_echoes_what_it_continues_and_its_metadata() -> None:
    server = ModelServer()
    link = server.connect(0.0)
    first = bodies(ask(server, link, create(), 0.0))[0]["response"]
    second = bodies(ask(server, link, create(previous_response_id="resp_1", metadata={"turn": "2"}), 1.0))[0]["response"]

    assert (first["previous_response_id"], first["metadata"]) == (None, {})
    assert (second["previous_response_id"], second["metadata"]) == ("resp_1", {"turn": "2"})


def test_frames_come_when_they_are_due() -> None:
    server = ModelServer(answer=slow)
    link = server.connect(0.0)

    assert kinds(ask(server, link, create(), 10.0))[-1] == "content_part.added"
    assert server.next_deadline() == 11.0
    assert server.poll(10.9) == []
    assert ["output_text.delta"] == kinds(server.poll(11.0))
    assert [12.0, 13.0, 13.0, 13.0, 13.0, 13.0] == [each.at for each in server.poll(100.0)]


def test_the_same_calls_give_the_same_frames() -> None:
    def play() -> list[str | bytes]:
        server = ModelServer(answer=slow)
        link = server.connect(0.0)
        server.receive(link, create("a", stream_id="a"), 0.0)
        server.receive(link, create("b", stream_id="b"), 0.5)
        settle(server, 100.0)
        return [entry.data for entry in server.log]

    assert play() == play()


def test_an_events_own_fields_win() -> None:
    odd = Event({"type": "odd", "sequence_number": 77, "stream_id": "other"})
    server = ModelServer(answer=scripted([Answer([odd])]))
    said = bodies(ask(server, server.connect(0.0), create(stream_id="a"), 0.0))

    assert {"type": "odd", "sequence_number": 77, "stream_id": "other"} == said[2]
    assert said[3]["sequence_number"] == 2


def test_raw_frames_go_out_untouched() -> None:
    server = ModelServer(answer=scripted([Answer([Raw("{not json"), Raw(b"\xff")])]))
    said = ask(server, server.connect(0.0), create(stream_id="a"), 0.0)

    assert ["{not json", b"\xff"] == [getattr(each, "data", None) for each in said[2:4]]
    assert bodies(said)[4]["sequence_number"] == 2


@pytest.mark.parametrize("shape, number, following", [("wrapped", None, 2), ("wrapped_in_sequence", 2, 3), ("flat", 2, 3)])
def test_an_error_inside_a_response_may_take_a_number(shape: ErrorShape, number: int | None, following: int) -> None:
    answer = Answer([ErrorFrame(shape=shape)], terminal="failed")
    server = ModelServer(answer=scripted([answer]))
    fault, failed = bodies(ask(server, server.connect(0.0), create(stream_id="a"), 0.0))[2:]

    assert number == fault.get("sequence_number")
    assert fault["stream_id"] == "a"
    assert (following, "response.failed") == (failed["sequence_number"], failed["type"])


@pytest.mark.parametrize("lose, expected", [(LoseConnection(), Drop(0)), (LoseConnection(1011), Close(0, 1011))])
def test_a_connection_can_be_lost_in_the_middle(lose: LoseConnection, expected: Close | Drop) -> None:
    server = ModelServer(answer=scripted([Answer([Text("one", cut=True), lose, Text("never")])]))
    link = server.connect(0.0)
    server.receive(link, create(stream_id="b"), 0.0)
    said = settle(server, 10.0)

    assert expected == said[-1]
    assert len(said) == 6
    assert not server.is_open(link)


def test_late_frames_do_not_hold_the_lane() -> None:
    late = Answer(late=[Raw("late 1"), Pause(1.0), Raw("late 2")])
    server = ModelServer(GENERIC, scripted([late, Answer([Pause(5.0)])]))
    link = server.connect(0.0)
    server.receive(link, create(), 0.0)
    said = ask(server, link, create(), 0.0, 10.0)
    expected = ["created", "in_progress", "completed", "(raw)", "created", "in_progress", "(raw)", "completed"]

    assert expected == kinds(said)


def test_an_answer_without_a_terminal_frees_the_lane() -> None:
    server = ModelServer(answer=scripted([Answer(terminal=None)]))
    link = server.connect(0.0)

    assert ["created", "in_progress"] == kinds(ask(server, link, create(), 0.0))
    assert kinds(ask(server, link, create(), 0.0))[-1] == "completed"


def test_the_answer_function_is_told_everything() -> None:
    heard: list[Received] = []

    def answer(received: Received) -> Answer:
        heard.append(received)
        return Answer([Text("yes")])

    server = ModelServer(answer=answer)
    link = server.connect(0.0)
    ask(server, link, create("one", stream_id="a"), 0.0)
    ask(server, link, create("lost", stream_id="a", previous_response_id="resp_0"), 1.0)
    ask(server, link, create("warm", generate=False, stream_id="b"), 2.0)
    ask(server, link, create("two", stream_id="c", previous_response_id="resp_1"), 3.0)
    first, second = heard

    assert (0, "a", None) == (first.index, first.lane, first.previous_response_id)
    assert (1, "c", "resp_1") == (second.index, second.lane, second.previous_response_id)
    assert ["one", None, "two"] == [item["content"] if item["role"] == "user" else None for item in second.items]
    assert second.items[1]["content"][0]["text"] == "yes"
    assert second.body["input"] == "two"


def test_usage_counts_what_the_previous_response_knew_as_cached() -> None:
    server = ModelServer()
    link = server.connect(0.0)
    first = final(ask(server, link, create("a long story"), 0.0))["usage"]
    second = final(ask(server, link, create("more", previous_response_id="resp_1"), 1.0))["usage"]

    assert first["input_tokens_details"]["cached_tokens"] == 0
    assert second["input_tokens_details"]["cached_tokens"] == first["total_tokens"]
    assert second["input_tokens"] > first["total_tokens"]


# Warm-up


def test_a_warm_up_completes_without_output_and_can_be_continued() -> None:
    server = ModelServer()
    link = server.connect(0.0)
    said = ask(server, link, create("be kind", generate=False), 0.0)

    assert ["created", "in_progress", "completed"] == kinds(said)
    assert (final(said)["output"], final(said)["usage"]["output_tokens"]) == ([], 0)
    assert kinds(ask(server, link, create(previous_response_id="resp_1"), 1.0))[-1] == "completed"


# Lanes


def test_lanes_run_beside_each_other_and_say_their_name() -> None:
    server = ModelServer(answer=slow)
    link = server.connect(0.0)
    server.receive(link, create(stream_id="a"), 0.0)
    server.receive(link, create(stream_id="b"), 0.5)
    server.receive(link, create(), 0.7)
    said = bodies(settle(server, 100.0))
    words = [body.get("stream_id") for body in said if body["type"] == "response.output_text.delta"]

    assert ["a", "b", None] * 3 == words
    for name in ("a", "b"):
        assert len([body for body in said if body.get("stream_id") == name]) == 11


def test_a_busy_lane_queues() -> None:
    server = ModelServer(answer=slow)
    link = server.connect(0.0)
    server.receive(link, create(stream_id="a", metadata={"n": "1"}), 0.0)
    server.receive(link, create(stream_id="a", metadata={"n": "2"}), 0.0)
    said = settle(server, 100.0)
    created = [(each.at, body) for each, body in zip(said, bodies(said), strict=True) if "created" in body["type"]]

    assert [(0.0, {"n": "1"}), (3.0, {"n": "2"})] == [(at, body["response"]["metadata"]) for at, body in created]


def test_sixteen_run_at_once_and_the_next_waits() -> None:
    server = ModelServer(answer=slow)
    link = server.connect(0.0)
    for number in range(17):
        server.receive(link, create(stream_id=f"lane-{number}"), 0.0)

    assert kinds(settle(server, 0.0)).count("created") == 16
    assert kinds(settle(server, 3.0)).count("created") == 1


def test_the_thirty_third_lane_name_is_refused() -> None:
    server = ModelServer()
    link = server.connect(0.0)
    for number in range(32):
        ask(server, link, create(stream_id=f"lane-{number}"), 0.0)
    body = error(ask(server, link, create(stream_id="one-more"), 0.0))

    assert (body["error"]["code"], body["stream_id"]) == ("websocket_stream_limit_reached", "one-more")
    assert kinds(ask(server, link, create(stream_id="lane-3"), 0.0))[-1] == "completed"
    assert kinds(ask(server, link, create(), 0.0))[-1] == "completed"
    assert kinds(ask(server, server.connect(0.0), create(stream_id="one-more"), 0.0))[-1] == "completed"


def test_a_bad_lane_name_is_refused_without_its_echo() -> None:
    server = ModelServer()
    body = error(ask(server, server.connect(0.0), create(stream_id="no good"), 0.0))

    assert (body["error"]["code"], body["error"]["param"]) == ("invalid_stream_id", "stream_id")
    assert "stream_id" not in body


@pytest.mark.parametrize("profile", [AZURE, XAI, GENERIC])
def test_a_serial_server_runs_one_at_a_time_and_never_echoes(profile: ServerProfile) -> None:
    server = ModelServer(profile, slow)
    link = server.connect(0.0)
    server.receive(link, create(stream_id="a"), 0.0)
    said = ask(server, link, create(stream_id="b"), 0.0, 100.0)

    assert kinds(said)[10:12] == ["completed", "created"]
    assert not any("stream_id" in body for body in bodies(said))


# The cache


def test_the_latest_response_of_each_lane_can_be_continued() -> None:
    server = ModelServer()
    link = server.connect(0.0)
    ask(server, link, create(stream_id="a"), 0.0)
    ask(server, link, create(stream_id="b"), 0.0)
    for lane, parent in (("a", "resp_1"), ("c", "resp_2")):
        assert kinds(ask(server, link, create(stream_id=lane, previous_response_id=parent), 1.0))[-1] == "completed"
    assert code(ask(server, link, create(stream_id="d", previous_response_id="resp_1"), 2.0)) == MISSED


def test_a_miss_names_the_parameter_and_the_lane() -> None:
    server = ModelServer()
    body = error(ask(server, server.connect(0.0), create(stream_id="a", previous_response_id="resp_x"), 0.0))

    assert (400, "a") == (body["status"], body["stream_id"])
    assert (MISSED, "previous_response_id") == (body["error"]["code"], body["error"]["param"])
    assert body["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize("profile", [AZURE, XAI])
def test_some_errors_have_no_type(profile: ServerProfile) -> None:
    server = ModelServer(profile)

    assert "type" not in error(ask(server, server.connect(0.0), create(previous_response_id="resp_x"), 0.0))["error"]


@pytest.mark.parametrize("shape, key", [("wrapped", "status"), ("wrapped_in_sequence", "sequence_number"), ("flat", "code")])
def test_the_shape_of_errors_can_be_set(shape: ErrorShape, key: str) -> None:
    server = ModelServer(attrs.evolve(OPENAI, error_shape=shape))

    assert key in error(ask(server, server.connect(0.0), create(previous_response_id="resp_x"), 0.0))


def test_the_cache_ends_with_the_connection() -> None:
    server = ModelServer()
    ask(server, server.connect(0.0), create(), 0.0)

    assert code(ask(server, server.connect(1.0), create(previous_response_id="resp_1"), 1.0)) == MISSED


@pytest.mark.parametrize("store, found", [(None, True), (True, True), (False, False)])
def test_stored_responses_outlive_the_connection_where_the_profile_says_so(store: object, found: bool) -> None:  # noqa: FBT001 (a table's column)
    server = ModelServer(attrs.evolve(OPENAI, remembers_stored=True))
    ask(server, server.connect(0.0), create(store=store), 0.0)
    said = ask(server, server.connect(1.0), create(previous_response_id="resp_1"), 1.0)

    assert found is (kinds(said)[-1] == "completed")


def refused(server: ModelServer, link: int, lane: str) -> None:
    """A continuation of resp_1 that ends with 4xx."""
    body = error(ask(server, link, create(model=None, stream_id=lane, previous_response_id="resp_1"), 1.0))

    assert body["stream_id"] == lane


def rejected(server: ModelServer, link: int, lane: str) -> None:
    """A continuation of resp_1 that the model rejects."""
    said = ask(server, link, create(stream_id=lane, previous_response_id="resp_1"), 1.0)

    assert code(said) == "rate_limit_exceeded"


def rejecting(received: Received) -> Answer:
    """Reject each continuation but those on the lane named other."""
    if received.previous_response_id is None or received.lane == "other":
        return Answer()
    return Answer(reject=ErrorFrame(code="rate_limit_exceeded", status=429))


@pytest.mark.parametrize("fail", [refused, rejected])
@pytest.mark.parametrize("lane, found", [("a", False), ("fork", True)])
def test_a_failed_continuation_evicts_its_parent_on_the_same_lane_only(
    fail: Callable[[ModelServer, int, str], None],
    lane: str,
    found: bool,  # noqa: FBT001 (a table's column)
) -> None:
    server = ModelServer(answer=rejecting)
    link = server.connect(0.0)
    ask(server, link, create(stream_id="a"), 0.0)
    fail(server, link, lane)
    said = ask(server, link, create(stream_id="other", previous_response_id="resp_1"), 2.0)

    assert found is (kinds(said)[-1] == "completed")


@pytest.mark.parametrize(
    "answer",
    [
        Answer(terminal="failed"),
        Answer(terminal="incomplete"),
        Answer(terminal=None),
        Answer([ErrorFrame()], terminal=None),
    ],
)
@pytest.mark.parametrize("keeps", [False, True])
def test_an_unclean_response_leaves_nothing(answer: Answer, keeps: bool) -> None:  # noqa: FBT001 (a table's column)
    server = ModelServer(attrs.evolve(OPENAI, keeps_parent=keeps), scripted([Answer(), answer]))
    link = server.connect(0.0)
    ask(server, link, create(), 0.0)
    ask(server, link, create(previous_response_id="resp_1"), 1.0)
    failed = answer.terminal == "failed" or answer.steps

    assert code(ask(server, link, create(previous_response_id="resp_2"), 2.0)) == MISSED
    parent = ask(server, link, create(stream_id="fork", previous_response_id="resp_1"), 3.0)

    assert (keeps and not failed) is (kinds(parent)[-1] == "completed")


def test_the_cache_is_looked_up_when_the_create_starts() -> None:
    server = ModelServer(answer=scripted([SLOW]))
    link = server.connect(0.0)
    server.receive(link, create(), 0.0)
    said = ask(server, link, create(previous_response_id="resp_1"), 0.0, 100.0)

    assert kinds(said).count("completed") == 2


# Frames that are refused


@pytest.mark.parametrize("frame", ["{", b"{}", "[]", '{"type":"response.inject"}', create(model=None)])
def test_a_bad_frame_is_an_error_and_the_connection_lives(frame: str | bytes) -> None:
    server = ModelServer()
    link = server.connect(0.0)

    assert error(ask(server, link, frame, 0.0))["status"] == 400
    assert kinds(ask(server, link, create(), 0.0))[-1] == "completed"


def test_an_unknown_model_is_refused() -> None:
    server = ModelServer(known_models=frozenset({"other"}))

    assert code(ask(server, server.connect(0.0), create(), 0.0)) == "model_not_found"


@pytest.mark.parametrize("text, fits", [("x" * 100, True), ("x" * 200, False), ("ä" * 90, False), ("ä" * 20, True)])
def test_too_large_a_message_closes_with_1009_and_no_event(text: str, fits: bool) -> None:  # noqa: FBT001 (a table's column)
    frame = json.dumps({"type": "response.create", "model": "m", "input": text}, ensure_ascii=False)
    server = ModelServer(attrs.evolve(OPENAI, inbound_limit=170))
    said = kinds(ask(server, server.connect(0.0), frame, 0.0))

    assert fits is (said != ["(1009)"])


# Age


@pytest.mark.parametrize("profile", SERVER_PROFILES.values(), ids=list(SERVER_PROFILES))
def test_an_idle_connection_ends_at_the_age_limit(profile: ServerProfile) -> None:
    server = ModelServer(profile)
    link = server.connect(5.0)
    deadline = server.next_deadline()
    said = settle(server)

    assert deadline == 5.0 + (profile.max_age or 0)
    assert ["error", "(1001)"] == kinds(said)
    assert bodies(said)[0]["error"]["code"] == "websocket_connection_limit_reached"
    assert not server.is_open(link)
    assert server.next_deadline() is None


def test_a_busy_connection_ends_at_the_age_limit_too() -> None:
    server = ModelServer(attrs.evolve(OPENAI, max_age=2.5), slow)
    said = ask(server, server.connect(0.0), create(stream_id="a"), 0.0, 100.0)

    assert ["output_text.delta", "error", "(1001)"] == kinds(said)[-3:]
    assert "stream_id" not in bodies(said)[-1]


def test_a_server_may_have_no_age_limit() -> None:
    server = ModelServer(attrs.evolve(OPENAI, max_age=None))
    server.connect(0.0)

    assert server.next_deadline() is None


# Connections, log, copies


def test_a_gone_client_hears_nothing() -> None:
    server = ModelServer(answer=slow)
    link, other = server.connect(0.0), server.connect(0.0)
    server.receive(link, create(), 0.0)
    server.receive(other, create(), 0.0)
    server.disconnect(link, 0.5)
    server.disconnect(link, 0.5)
    server.receive(link, create(), 0.6)

    assert {other} == {each.connection for each in settle(server, 100.0)}


def test_the_log_tells_everything_in_order() -> None:
    server = ModelServer(answer=scripted([Answer([LoseConnection(1011)])]))
    link = server.connect(1.0)
    server.receive(link, create(), 2.0)
    settle(server, 3.0)
    other = server.connect(4.0)
    server.receive(other, "{", 5.0)
    server.disconnect(other, 6.0)
    told = [(entry.at, entry.connection, entry.direction, entry.type or entry.data) for entry in server.log]

    assert told == [
        (1.0, 0, "note", "opened"),
        (2.0, 0, "in", "response.create"),
        (2.0, 0, "out", "response.created"),
        (2.0, 0, "out", "response.in_progress"),
        (2.0, 0, "note", "closed 1011"),
        (4.0, 1, "note", "opened"),
        (5.0, 1, "in", "{"),
        (5.0, 1, "out", "error"),
        (6.0, 1, "note", "left"),
    ]


def test_the_log_can_be_left_out() -> None:
    server = ModelServer(keep_log=False)
    ask(server, server.connect(0.0), create(), 0.0)

    assert server.log == []


def test_creates_are_listed_by_connection() -> None:
    server = ModelServer()
    first, second = server.connect(0.0), server.connect(0.0)
    ask(server, first, create("a"), 0.0)
    ask(server, second, create("b"), 0.0)
    ask(server, second, "{", 0.0)

    assert ["a", "b"] == [body["input"] for body in server.creates()]
    assert ["b"] == [body["input"] for body in server.creates(second)]


def test_a_copy_goes_its_own_way() -> None:
    server = ModelServer(answer=slow)
    link = server.connect(0.0)
    server.receive(link, create(stream_id="a"), 0.0)
    settle(server, 1.5)
    twin = server.copy()
    ahead = settle(twin, 100.0)
    twin.disconnect(link, 100.0)

    assert server.is_open(link)
    assert ahead == settle(server, 100.0)
    assert len(server.log) == len(twin.log) - 1


def test_a_copy_has_what_was_not_fetched_yet() -> None:
    server = ModelServer()
    server.receive(server.connect(0.0), create(), 0.0)
    twin = server.copy()

    assert server.next_deadline() == twin.next_deadline() == 0.0
    assert server.poll(0.0) == twin.poll(0.0)


def test_a_stalled_response_waits_for_the_client() -> None:
    server = ModelServer(attrs.evolve(OPENAI, max_age=None), scripted([Answer([Stall()])]))
    link = server.connect(0.0)
    ask(server, link, create(), 0.0)
    server.receive(link, create(), 1.0)

    assert server.next_deadline() is None


# Over HTTP


def test_a_request_over_http_has_no_age_no_size_and_no_lanes() -> None:
    server = ModelServer(attrs.evolve(OPENAI, max_age=5.0, inbound_limit=100))
    link = server.begin_request(0.0)
    said = ask(server, link, create("x" * 1000, stream_id="no name at all, and that is fine"), 0.0)
    server.poll(1000.0)

    assert "completed" == kinds(said)[-1]
    assert "stream_id" not in bodies(said)[0]
    assert server.is_open(link)
    assert server.next_deadline() is None


def test_it_says_when_there_is_nothing_more_to_come() -> None:
    server = ModelServer(answer=scripted([SLOW, Answer([Stall()])]))
    link, stuck = server.begin_request(0.0), server.begin_request(0.0)
    assert not server.is_busy(link)

    server.receive(link, create("x"), 0.0)
    server.receive(stuck, create("x"), 0.0)
    assert (True, True, False) == (server.is_busy(link), server.is_busy(stuck), server.is_busy(99))
    server.poll(10.0)
    assert (False, True) == (server.is_busy(link), server.is_busy(stuck))


def test_a_handshake_that_is_refused_refuses_no_request() -> None:
    server = ModelServer(faults=ServerFaults(refuse_status=426))
    with pytest.raises(HandshakeRefused):
        server.connect(0.0)

    assert "completed" == kinds(ask(server, server.begin_request(0.0), create("x"), 0.0))[-1]


def test_a_background_response_is_queued_first_and_only_over_http() -> None:
    server = ModelServer()
    said = ask(server, server.begin_request(0.0), create("x", background=True), 0.0)

    assert ["created", "queued", "in_progress"] == kinds(said)[:3]
    assert bodies(said)[0]["response"]["background"]
    assert "unsupported_parameter" == code(ask(server, server.connect(0.0), create("x", background=True), 0.0))


def test_what_was_stored_over_http_can_be_continued_from_anywhere() -> None:
    server = ModelServer()
    kept = final(ask(server, server.begin_request(0.0), create("x"), 0.0))["id"]
    lost = final(ask(server, server.begin_request(0.0), create("x", store=False), 0.0))["id"]

    assert "completed" == kinds(ask(server, server.begin_request(0.0), create("y", previous_response_id=kept), 0.0))[-1]
    assert MISSED == code(ask(server, server.begin_request(0.0), create("y", previous_response_id=lost), 0.0))
