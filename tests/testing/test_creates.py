"""A frame is a create, a cancel, or refused with the error that fits."""

import json
from typing import Any

import pytest

from rejoinder.testing import OPENAI, XAI
from rejoinder.testing.creates import Cancel, Create, Refused, Steer, inspect
from testing.exchange import cancel, create


def read(frame: str | bytes, models: frozenset[str] | None = None) -> Create | Cancel | Steer | Refused:
    return inspect(frame, OPENAI, models)


def refusal(frame: str | bytes, models: frozenset[str] | None = None) -> tuple[str | None, str | None]:
    refused = read(frame, models)
    assert isinstance(refused, Refused)
    assert refused.error.status == 400
    return refused.error.code, refused.error.param


def test_a_create_is_read() -> None:
    text = create("hi", stream_id="a", previous_response_id="resp_1")
    read_create = read(text)
    assert isinstance(read_create, Create)

    assert ("a", "resp_1", len(text)) == (read_create.lane, read_create.previous_response_id, read_create.size)
    assert ({"type": "message", "role": "user", "content": "hi"},) == read_create.items
    assert json.loads(text) == read_create.body


@pytest.mark.parametrize("extra", [{"stream": True}, {"client_metadata": {"a": 1}}, {"future_field": [1]}])
def test_fields_that_real_clients_add_are_accepted(extra: dict[str, Any]) -> None:
    assert isinstance(read(create(**extra)), Create)


def test_items_are_taken_as_they_are() -> None:
    items = [{"role": "user", "content": "hi"}, {"type": "function_call_output", "call_id": "c", "output": "1"}]
    read_create = read(create(items))
    assert isinstance(read_create, Create)

    assert tuple(items) == read_create.items


def test_input_may_be_left_out() -> None:
    read_create = read('{"type":"response.create","model":"m"}')
    assert isinstance(read_create, Create)

    assert read_create.items == ()


@pytest.mark.parametrize("generate, expected", [(None, False), (True, False), (False, True)])
def test_a_warm_up_says_generate_false(generate: bool | None, expected: bool) -> None:  # noqa: FBT001 (a table's column)
    read_create = read(create(generate=generate))
    assert isinstance(read_create, Create)

    assert expected is read_create.warm_up


@pytest.mark.parametrize("store, expected", [(None, True), (True, True), (False, False)])
def test_store_is_on_by_default(store: bool | None, expected: bool) -> None:  # noqa: FBT001 (a table's column)
    read_create = read(create(store=store))
    assert isinstance(read_create, Create)

    assert expected is read_create.stored


def test_a_cancel_is_read_whatever_it_names() -> None:
    assert Cancel("resp_1") == read(cancel("resp_1"))
    assert Cancel(None) == read('{"type":"response.cancel"}')


@pytest.mark.parametrize("frame", ["", "{", "[]", "7", '{"type":NaN}', b'{"type":"response.create"}', b"\xff"])
def test_what_is_no_json_object_in_text_is_refused(frame: str | bytes) -> None:
    assert refusal(frame) == ("invalid_json", None)


@pytest.mark.parametrize("frame", ["{}", '{"type":null}', '{"type":"response.inject"}', '{"type":["response.create"]}'])
def test_an_unknown_type_is_refused(frame: str) -> None:
    assert refusal(frame) == ("unknown_event_type", "type")


@pytest.mark.parametrize("model", [None, "", 7])
def test_a_create_needs_a_model(model: object) -> None:
    assert refusal(create(model=model)) == ("missing_required_parameter", "model")


def test_an_unknown_model_is_refused_where_models_are_known() -> None:
    assert refusal(create(), frozenset({"other"})) == ("model_not_found", "model")
    assert isinstance(read(create(), frozenset({"m"})), Create)


@pytest.mark.parametrize(
    "fields, code, param",
    [
        ({"input": 7}, "invalid_type", "input"),
        ({"input": ["text"]}, "invalid_type", "input"),
        ({"previous_response_id": 7}, "invalid_type", "previous_response_id"),
        ({"background": True}, "unsupported_parameter", "background"),
    ],
)
def test_a_wrong_field_is_named(fields: dict[str, Any], code: str, param: str) -> None:
    body = {"type": "response.create", "model": "m", "input": "hi", **fields}

    assert (code, param) == refusal(json.dumps(body))


def test_a_refusal_knows_lane_and_parent() -> None:
    refused = read(create(model=None, stream_id="a", previous_response_id="resp_1"))
    assert isinstance(refused, Refused)

    assert (refused.lane, refused.previous_response_id) == ("a", "resp_1")


@pytest.mark.parametrize("name", ["a", "A.b_c-9", "x" * 256])
def test_a_good_lane_name_is_accepted(name: str) -> None:
    assert isinstance(read(create(stream_id=name)), Create)


@pytest.mark.parametrize("name", ["", "x" * 257, "a b", "ä", "a\n", 7, ["a"]])
def test_a_bad_lane_name_is_refused_without_its_echo(name: object) -> None:
    refused = read(create(stream_id=name))
    assert isinstance(refused, Refused)

    assert ("invalid_stream_id", "stream_id") == (refused.error.code, refused.error.param)
    assert refused.lane is None


def test_a_serial_server_does_not_look_at_lane_names() -> None:
    read_create = inspect(create(stream_id="a b"), XAI, None)
    assert isinstance(read_create, Create)

    assert read_create.lane is None
