"""A model server that is steered: what it says to words, and when a successor begins."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rejoinder.testing import AZURE, OPENAI, Answer, Call, Message, ModelServer, Pause, SteerMode, Text, scripted
from rejoinder.testing.creates import Steer
from rejoinder.testing.server_steering import is_fit, outstanding_calls
from testing.exchange import create

LONG = Answer([Text("one two", interval=1.0), Text("three", interval=1.0)])
SHORT = Answer([Text("Briefly.")])


def steer(response: str = "resp_1", words: Any = "Shorter.") -> str:  # noqa: ANN401 - any JSON value
    return json.dumps({"type": "response.steer", "previous_response_id": response, "input": words})


def talk(server: ModelServer, *frames: tuple[float, str]) -> list[dict[str, Any]]:
    """Send frames at their times and return everything that the server says within a minute."""
    connection = server.connect(0.0)
    for at, frame in frames:
        server.receive(connection, frame, at)
    return [out.body for out in server.poll(60.0) if isinstance(out, Message)]


def kinds(said: list[dict[str, Any]]) -> list[str]:
    return [body["type"].removeprefix("response.") for body in said if ".delta" not in body["type"] and "_part" not in body["type"]]


def test_it_finishes_the_item_ends_and_goes_on_by_itself() -> None:
    said = talk(ModelServer(OPENAI, scripted([LONG, SHORT])), (0.0, create(stream_id="a")), (1.5, steer()))

    assert [
        "created",
        "in_progress",
        "output_item.added",
        "steer.accepted",
        "output_text.done",
        "output_item.done",
        "incomplete",
        "created",
        "in_progress",
        "output_item.added",
        "output_text.done",
        "output_item.done",
        "completed",
    ] == kinds(said)
    (ended,) = [body["response"] for body in said if body["type"] == "response.incomplete"]
    _, begun = [body["response"] for body in said if body["type"] == "response.created"]
    assert {"reason": "steered"} == ended["incomplete_details"]
    assert ("resp_2", "resp_1") == (begun["id"], begun["previous_response_id"])
    assert {"a"} == {body["stream_id"] for body in said}
    assert {"id": "steer_1", "previous_response_id": "resp_1"} == next(body["steer"] for body in said if "steer" in body)


def test_between_items_it_ends_at_once() -> None:
    paused = Answer([Text("one"), Pause(5.0), Text("two")])
    said = talk(ModelServer(OPENAI, scripted([paused, SHORT])), (0.0, create()), (1.0, steer()))

    assert ["steer.accepted", "incomplete", "created"] == kinds(said)[5:8]


def test_more_words_are_queued_for_the_same_successor() -> None:
    heard: list[int] = []
    more = [{"role": "user", "content": "And in French."}]

    def answer(received: Any) -> Answer:  # noqa: ANN401 - what the server understood
        heard.append(len(received.items))
        return LONG if len(heard) == 1 else SHORT

    talk(
        ModelServer(OPENAI, answer),
        (0.0, create()),
        (1.2, steer()),
        (1.4, steer(words=more)),
    )

    # The question; then the question, what was said, and both words.
    assert [1, 4] == heard


def test_it_may_complete_first() -> None:
    server = ModelServer(OPENAI, scripted([LONG, SHORT]), steer_mode=SteerMode.COMPLETE)
    said = talk(server, (0.0, create()), (1.5, steer()))

    assert ["completed", "created"] == [kind for kind in kinds(said) if kind in {"completed", "incomplete", "created"}][1:3]


def test_what_comes_after_the_end_is_refused_on_the_lane_of_its_response() -> None:
    server = ModelServer(OPENAI, scripted([SHORT]))
    *_, refused = talk(server, (0.0, create(stream_id="a")), (1.0, steer()))

    assert ("response.steer.failed", "a") == (refused["type"], refused["stream_id"])
    assert "response_already_completed" == refused["error"]["code"]


@pytest.mark.parametrize(
    "frame, code",
    [
        (steer("resp_9"), "response_not_found"),
        (steer(words=[{"role": "assistant", "content": "No"}]), "invalid_input"),
        (steer(words=None), "invalid_input"),
    ],
)
def test_words_that_it_cannot_take(frame: str, code: str) -> None:
    said = talk(ModelServer(OPENAI, scripted([LONG])), (0.0, create()), (1.5, frame))

    (refused,) = [body for body in said if body["type"] == "response.steer.failed"]
    assert code == refused["error"]["code"]
    assert "completed" == kinds(said)[-1]


def test_it_may_refuse_all() -> None:
    server = ModelServer(OPENAI, scripted([LONG]), steer_mode=SteerMode.FAIL, steer_code="too_many_pending_steers")
    said = talk(server, (0.0, create()), (1.5, steer()))

    assert ["too_many_pending_steers"] == [body["error"]["code"] for body in said if body.get("error")]


def test_a_server_without_steering_does_not_know_the_event() -> None:
    said = talk(ModelServer(AZURE, scripted([SHORT])), (0.0, steer()))

    assert ["error"] == [body["type"] for body in said]


def test_after_a_call_the_words_wait_for_the_next_create() -> None:
    call = Answer([Call("look", "{}", "call_1", interval=1.0)])
    server = ModelServer(OPENAI, scripted([call, SHORT]), steer_mode=SteerMode.COMPLETE)
    said = talk(server, (0.0, create()), (0.5, steer()))

    *_, completed, pending = said
    assert ("response.completed", "response.steer.pending") == (completed["type"], pending["type"])
    assert [{"type": "function_call_output", "call_id": "call_1"}] == pending["required_input"]


@pytest.mark.parametrize(
    "given, fit",
    [
        ("Stop", True),
        ([{"role": "user", "content": "Stop"}], True),
        ([{"role": "user", "content": [{"type": "input_text", "text": "Stop"}]}], True),
        ([{"role": "user", "content": [{"type": "output_text", "text": "Stop"}]}], False),
        ([{"role": "user", "content": ["Stop"]}], False),
        ([{"role": "user"}], False),
        (["Stop"], False),
        (7, False),
    ],
)
def test_which_words_are_fit(given: object, fit: bool) -> None:  # noqa: FBT001
    assert fit == is_fit(Steer("resp_1", given, ()))


def test_only_calls_of_the_callers_own_functions_are_waited_for() -> None:
    output = [{"type": "message"}, {"type": "custom_tool_call", "call_id": "c"}, {"type": "web_search_call", "id": "w"}]

    assert [{"type": "custom_tool_call_output", "call_id": "c"}] == outstanding_calls(output)
