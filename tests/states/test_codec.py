"""Frames to events and requests to text: every type, every fault, every shape of an error, and any text at all."""

import json
from typing import Any

import attrs
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from harness.wire_frames import FRAMES, REQUIRED, changed, lacking, text
from rejoinder.states.codec import (
    EVENT_TYPES,
    MAXIMUM_DEPTH,
    NotSerialisable,
    decode,
    encode_cancel,
    encode_create,
    encode_post,
    encode_steer,
)
from rejoinder.states.frozen_json import freeze_object
from rejoinder.states.item_history import ItemHistory
from rejoinder.states.stream_events import (
    ErrorEvent,
    ErrorShape,
    FrameKind,
    Garbage,
    StreamEvent,
    UnknownEvent,
    Violation,
)

pytestmark = pytest.mark.usefixtures("each_reader")

steady = settings(deadline=None, derandomize=True)


def json_values(numbers: st.SearchStrategy[float]) -> st.SearchStrategy[object]:
    return st.recursive(
        st.none() | st.booleans() | st.integers() | numbers | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=8,
    )


LABELS = ("sequence_number", "stream_id", "response_id", "item_id")
RESPONSE_TYPES = [name for name, frame in FRAMES.items() if "response" in frame]
ITEM_TYPES = [name for name, frame in FRAMES.items() if "item" in frame]
QUICK_TYPES = ["response.output_text.delta", "response.refusal.delta", "response.function_call_arguments.delta"]


def garbage(data: str | bytes) -> Garbage:
    event = decode(data)
    assert isinstance(event, Garbage)
    return event


def unknown(data: str) -> UnknownEvent:
    event = decode(data)
    assert isinstance(event, UnknownEvent)
    return event


def error(frame: dict[str, Any]) -> ErrorEvent:
    event = decode(text({"type": "error", **frame}))
    assert isinstance(event, ErrorEvent)
    return event


# Good frames.


@pytest.mark.parametrize("wire_type", FRAMES)
def test_a_good_frame_becomes_an_event_of_its_class(wire_type: str) -> None:
    event = decode(text(FRAMES[wire_type]))

    assert EVENT_TYPES[wire_type] is type(event)
    assert FRAMES[wire_type] == event.raw
    assert (wire_type, 7, "lane-1") == (event.type, event.sequence_number, event.stream_id)
    assert FRAMES[wire_type].get("output_index") == event.output_index
    assert not event.binary


@pytest.mark.parametrize("wire_type", FRAMES)
def test_unknown_fields_do_no_harm_and_are_kept(wire_type: str) -> None:
    event = decode(changed(wire_type, obfuscation="xyz", a_new_field=[{}]))

    assert decode(text(FRAMES[wire_type])) == event
    assert ("xyz", [{}]) == (event.raw["obfuscation"], event.raw["a_new_field"])


@pytest.mark.parametrize("wire_type", FRAMES)
def test_every_optional_field_may_be_missing_null_or_odd(wire_type: str) -> None:
    needed = {"type", *LABELS, *(field for name, field in REQUIRED if name == wire_type)}
    optional = [name for name in FRAMES[wire_type] if name not in needed | {"error"}]
    for name in optional:
        odd: object = 0.5
        events = [decode(data) for data in (lacking(wire_type, name), changed(wire_type, **{name: None}))]
        events.append(decode(changed(wire_type, **{name: odd})))

        assert [EVENT_TYPES[wire_type]] * 3 == list(map(type, events))
        assert [None] * 3 == [getattr(event, name) for event in events]
        assert odd == events[2].raw[name]


@pytest.mark.parametrize("wire_type", FRAMES)
@pytest.mark.parametrize("label", LABELS)
def test_a_label_may_be_missing_or_null(wire_type: str, label: str) -> None:
    absent, null = decode(lacking(wire_type, label)), decode(changed(wire_type, **{label: None}))

    assert EVENT_TYPES[wire_type] is type(absent)
    assert absent == null


@pytest.mark.parametrize("wire_type", FRAMES)
@pytest.mark.parametrize("label", ["stream_id", "response_id", "item_id"])
def test_an_empty_label_is_no_label(wire_type: str, label: str) -> None:
    assert decode(lacking(wire_type, label)) == decode(changed(wire_type, **{label: ""}))


@pytest.mark.parametrize("wire_type", QUICK_TYPES)
def test_the_quick_way_and_the_careful_way_agree(wire_type: str) -> None:
    quick = decode(text(FRAMES[wire_type]))
    careful = decode(changed(wire_type, response_id=None))

    assert quick == careful
    assert decode(lacking(wire_type, "stream_id")) == decode(changed(wire_type, stream_id="", response_id=None))


def test_a_delta_may_name_its_response() -> None:
    assert decode(changed("response.output_text.delta", response_id="resp_9")).response_id == "resp_9"


def test_an_empty_delta_is_a_delta() -> None:
    assert decode(changed("response.output_text.delta", delta="")).kind is FrameKind.CONTENT


@pytest.mark.parametrize("logprobs", [None, [], [{"token": "a", "logprob": -0.5}]])
def test_a_delta_carries_its_log_probabilities(logprobs: object) -> None:
    event = decode(changed("response.output_text.delta", logprobs=logprobs))

    assert logprobs == getattr(event, "logprobs", "missing")


# Faults.


@pytest.mark.parametrize("wire_type, field", REQUIRED)
def test_a_required_field_must_be_there(wire_type: str, field: str) -> None:
    event = garbage(lacking(wire_type, field))

    assert event.violation is Violation.MISSING_FIELD
    assert event.detail.startswith(f"{field} is missing, where ")


@pytest.mark.row("12e")
@pytest.mark.parametrize("wire_type, field", REQUIRED)
def test_a_required_field_must_not_be_null(wire_type: str, field: str) -> None:
    event = garbage(changed(wire_type, **{field: None}))

    assert event.violation is Violation.NULL_FIELD
    assert event.detail.startswith(f"{field} is null, where ")
    assert (wire_type, 7, "lane-1") == (event.type, event.sequence_number, event.stream_id)


@pytest.mark.parametrize("wire_type, field", REQUIRED)
def test_a_required_field_must_be_of_its_type(wire_type: str, field: str) -> None:
    proper: set[type] = {type(FRAMES[wire_type][field])}
    if wire_type == "response.shell_call_output_content.delta":
        proper.add(str)
    values: tuple[Any, ...] = (1, True, 0.5, [], {}, "SECRET")
    for value in values:
        if type(value) not in proper:
            event = garbage(changed(wire_type, **{field: value}))

            assert event.violation is Violation.WRONG_TYPE
            assert event.detail.startswith(f"{field} is a")
            assert "SECRET" not in event.detail
            assert event.stream_id == "lane-1"


@pytest.mark.parametrize("wire_type", FRAMES)
@pytest.mark.parametrize("value", [True, 1.0, "7", [], {}])
def test_a_sequence_number_must_be_an_integer(wire_type: str, value: object) -> None:
    event = garbage(changed(wire_type, sequence_number=value))

    assert (Violation.WRONG_TYPE, None, "lane-1") == (event.violation, event.sequence_number, event.stream_id)
    assert event.detail.startswith("sequence_number is a")
    assert event.detail.endswith(", where an integer belongs.")


@pytest.mark.parametrize("wire_type", FRAMES)
@pytest.mark.parametrize("value", [True, 1, [], {}])
def test_a_lane_must_be_a_string(wire_type: str, value: object) -> None:
    event = garbage(changed(wire_type, stream_id=value))

    assert (Violation.WRONG_TYPE, 7, None) == (event.violation, event.sequence_number, event.stream_id)
    assert event.detail.endswith(", where a string belongs.")


@pytest.mark.parametrize("wire_type", [name for name in FRAMES if name != "error"])
@pytest.mark.parametrize("label", ["response_id", "item_id"])
def test_an_id_must_be_a_string(wire_type: str, label: str) -> None:
    event = garbage(changed(wire_type, **{label: 5}))

    assert event.violation is Violation.WRONG_TYPE
    assert event.detail == f"{label} is an integer, where a string belongs."


@pytest.mark.parametrize("wire_type", RESPONSE_TYPES)
@pytest.mark.parametrize("response", [{}, {"id": None}, {"id": ""}])
def test_a_response_must_have_an_id(wire_type: str, response: object) -> None:
    assert garbage(changed(wire_type, response=response)).violation is Violation.MISSING_FIELD


@pytest.mark.parametrize("wire_type", RESPONSE_TYPES)
@pytest.mark.parametrize("value", [5, True, ["resp_1"]])
def test_the_id_of_a_response_must_be_a_string(wire_type: str, value: object) -> None:
    event = garbage(changed(wire_type, response={"id": value}))

    assert event.violation is Violation.WRONG_TYPE
    assert event.detail.startswith("response.id is a")


@pytest.mark.parametrize("wire_type", ITEM_TYPES)
def test_the_id_of_an_item_must_be_a_string(wire_type: str) -> None:
    event = garbage(changed(wire_type, item={"id": 5}))

    assert (Violation.WRONG_TYPE, None) == (event.violation, event.item_id)
    assert event.detail == "item.id is an integer, where a string belongs."


def test_the_id_in_a_steering_must_be_a_string() -> None:
    event = garbage(changed("response.steer.failed", steer={"previous_response_id": 5}))

    assert event.detail == "steer.previous_response_id is an integer, where a string belongs."


def test_garbage_keeps_what_can_be_read_of_it() -> None:
    in_item = garbage(changed("response.output_item.added", sequence_number="x"))
    in_response = garbage(changed("response.completed", stream_id=3))
    in_frame = garbage(changed("response.output_text.delta", delta=None, response_id="resp_3"))

    assert ("msg_1", 2) == (in_item.item_id, in_item.output_index)
    assert ("resp_1", 7) == (in_response.response_id, in_response.sequence_number)
    assert ("resp_3", "it_1") == (in_frame.response_id, in_frame.item_id)
    assert in_frame.raw["delta"] is None


@pytest.mark.row("12c")
@pytest.mark.parametrize(
    "data, word", [("[]", "an array"), ("null", "null"), ("true", "a boolean"), ("3", "an integer"), ('"x"', "a string")]
)
def test_a_value_that_is_no_object_is_garbage(data: str, word: str) -> None:
    event = garbage(data)

    assert event.violation is Violation.NOT_AN_OBJECT
    assert event.detail == f"The frame is {word}, where an object belongs."
    assert event.raw == {}


@pytest.mark.row("12")
def test_text_that_is_not_json_is_garbage() -> None:
    event = garbage('{"type":"response.output_text.delta","delta":"SECR')

    assert (Violation.NOT_JSON, "", None) == (event.violation, event.type, event.stream_id)
    assert "SECR" not in event.detail + repr(event)


# Binary frames.


@pytest.mark.parametrize("wire_type", FRAMES)
def test_a_binary_frame_of_text_is_read_like_text(wire_type: str) -> None:
    event = decode(text(FRAMES[wire_type]).encode())

    assert decode(text(FRAMES[wire_type])) == event
    assert event.binary


@pytest.mark.row("12b")
@pytest.mark.parametrize("data", [b"\xff", b'{"type":"\x80"}', '{"type":"é"}'.encode("latin-1"), b"\xed\xa0\x80"])
def test_bytes_that_are_not_utf8_are_garbage(data: bytes) -> None:
    event = garbage(data)

    assert (Violation.NOT_UTF8, True) == (event.violation, event.binary)


def test_a_binary_frame_may_be_garbage_in_other_ways() -> None:
    event = garbage('{"type":"keepalive"}'.encode("utf-16-le"))

    assert (Violation.NOT_JSON, True) == (event.violation, event.binary)


# Objects that we do not know.


@pytest.mark.row("12d")
@pytest.mark.parametrize("wire_type", ["codex.rate_limits", "response.done", "response.new.delta", "", "x" * 9999])
def test_an_unknown_type_passes_untouched(wire_type: str) -> None:
    frame = {"type": wire_type, "sequence_number": 3, "stream_id": "a", "delta": None, "response": {"id": "resp_1"}}
    event = unknown(text(frame))

    assert frame == event.raw
    assert (wire_type, 3, "a", "resp_1") == (event.type, event.sequence_number, event.stream_id, event.response_id)


@pytest.mark.row("12d")
@pytest.mark.parametrize("value", [None, 5, True, [], {}, ["error"], {"type": "error"}])
def test_a_type_that_is_no_string_is_no_type(value: object) -> None:
    assert unknown(text({"type": value})).type == ""


def test_an_object_without_a_type_is_unknown() -> None:
    assert (unknown("{}").type, unknown("{}").raw) == ("", {})


def test_an_unknown_event_promises_nothing_about_its_fields() -> None:
    event = unknown('{"sequence_number":"x","stream_id":5,"item_id":[],"response_id":{},"output_index":true,"item":[]}')

    assert (None, None, None, None, None) == (
        event.sequence_number,
        event.stream_id,
        event.item_id,
        event.response_id,
        event.output_index,
    )


# Errors.

DETAILS = {"type": "invalid_request_error", "code": "previous_response_not_found", "message": "m", "param": "p"}


def facts(event: ErrorEvent) -> tuple[object, ...]:
    return event.shape, event.status, event.error_type, event.code, event.message, event.param


def test_a_wrapped_error() -> None:
    event = error({"status": 400, "stream_id": "a", "error": DETAILS})

    assert (ErrorShape.WRAPPED, 400, *DETAILS.values()) == facts(event)
    assert (None, "a") == (event.sequence_number, event.stream_id)


def test_an_error_with_a_sequence_number_is_a_fault_inside_a_response() -> None:
    event = error({"sequence_number": 2, "error": DETAILS})

    assert (ErrorShape.SEQUENCED, None, *DETAILS.values()) == facts(event)
    assert event.sequence_number == 2


def test_the_sequence_number_decides_even_beside_a_status() -> None:
    assert error({"sequence_number": 0, "status": 500, "error": DETAILS}).shape is ErrorShape.SEQUENCED


@pytest.mark.row("17b")
@pytest.mark.parametrize("extra", [{}, {"error": None}])
def test_a_flat_error(extra: dict[str, object]) -> None:
    event = error({"code": "c", "message": "m", "param": None, "sequence_number": 4, **extra})

    assert (ErrorShape.FLAT, None, None, "c", "m", None) == facts(event)
    assert event.sequence_number == 4


@pytest.mark.row("18b")
def test_an_error_that_is_only_words() -> None:
    assert (ErrorShape.BARE, None, None, None, "overloaded", None) == facts(error({"error": "overloaded"}))
    assert (ErrorShape.BARE, 503, None, "c", "words", None) == facts(
        error({"error": "words", "message": "other words", "code": "c", "status": 503})
    )


def test_an_error_that_says_nothing_is_still_an_error() -> None:
    assert (ErrorShape.FLAT, None, None, None, None, None) == facts(error({}))
    assert (ErrorShape.WRAPPED, None, None, None, None, None) == facts(error({"error": {}}))


def test_what_is_missing_inside_is_taken_from_beside() -> None:
    event = error({"error": {"message": "in", "code": None}, "code": "out", "message": "out", "param": "out"})

    assert ("out", "in", "out") == (event.code, event.message, event.param)


@pytest.mark.parametrize("odd", [5.5, True, [], {}, None, ""])
def test_an_odd_field_of_an_error_reads_as_absent(odd: object) -> None:
    event = error({"error": dict.fromkeys(("type", "code", "message", "param", "status", "headers"), odd)})

    assert (ErrorShape.WRAPPED, None, None, None, None, None) == facts(event)
    assert event.headers == {}


@pytest.mark.parametrize(
    "frame, status",
    [
        ({"status": 429, "error": {}}, 429),
        ({"status_code": 429, "error": {}}, 429),
        ({"status": None, "status_code": 429}, 429),
        ({"status": "429"}, 429),
        ({"error": {"status": 503}}, 503),
        ({"error": {"status_code": "503"}}, 503),
        ({"status": 400, "error": {"status": 503}}, 400),
        ({"error": {"code": 429}}, 429),
        ({"error": {"code": 7}}, None),
        ({"status": True}, None),
        ({"status": "4290"}, None),
        ({"status": "²²²"}, None),
        ({"status": "x" * 9999}, None),
        ({"status": 400.0}, None),
    ],
)
def test_a_status_is_found_wherever_it_is(frame: dict[str, object], status: int | None) -> None:
    assert status == error(frame).status


def test_a_code_that_is_a_number_becomes_its_digits() -> None:
    assert ("429", "7") == (error({"error": {"code": 429}}).code, error({"code": 7}).code)


@pytest.mark.parametrize("value", [[], [{"message": "SECRET"}], 5, True])
def test_an_error_must_be_an_object_or_words(value: object) -> None:
    event = garbage(text({"type": "error", "error": value}))

    assert event.violation is Violation.WRONG_TYPE
    assert event.detail.endswith(", where a string or an object belongs.")


def test_headers_of_an_error_are_found_inside_and_beside_it() -> None:
    event = error(
        {
            "error": {"headers": {"X-Request-Id": "req_1", "retry-after": "9", "both": "inside"}},
            "headers": {
                "Retry-After": 3,
                "x-should-retry": False,
                "ratio": 0.5,
                "both": "beside",
                "x-many": ["a", 2],
                "x-null": None,
                "x-object": {},
            },
        }
    )

    assert {
        "x-request-id": "req_1",
        "retry-after": "3",
        "both": "beside",
        "x-should-retry": "false",
        "ratio": "0.5",
        "x-many": "a, 2",
    } == event.headers
    assert (3.0, False) == (event.retry_after, event.should_retry)


@pytest.mark.parametrize("headers", [None, [], "x", 5])
def test_headers_that_are_no_object_are_none(headers: object) -> None:
    assert error({"headers": headers, "error": {"headers": headers}}).headers == {}


# Anything at all.


def check_is_an_event(data: str | bytes) -> None:
    event = decode(data)

    assert isinstance(event, StreamEvent)
    assert isinstance(event.binary, bool)
    assert event.kind in FrameKind
    hash(event)
    assert len(repr(event)) < 700
    assert attrs.has(type(event))


@steady
@given(st.text(st.characters(codec=None, exclude_categories=())))
@example("\ufeff")
@example("[" * 100_000)
@example('{"type":"error","error":' * 5_000)
@example('{"type":' + "9" * 5_000 + "}")
@example('{"type":"response.output_text.delta","delta":1e999}')
@example('{"type":"\\ud800","stream_id":"\\ud800\x00"}')
def test_any_text_is_an_event(data: str) -> None:
    check_is_an_event(data)


@steady
@given(st.binary())
def test_any_bytes_are_an_event(data: bytes) -> None:
    check_is_an_event(data)


@steady
@given(json_values(st.floats()))
def test_any_json_is_an_event(value: object) -> None:
    check_is_an_event(json.dumps(value))


@steady
@given(wire_type=st.sampled_from(sorted(FRAMES)), data=st.data())
def test_any_change_to_a_good_frame_is_an_event(wire_type: str, data: st.DataObject) -> None:
    frame = dict(FRAMES[wire_type])
    values = json_values(st.floats(allow_nan=False, allow_infinity=False))
    names = st.sampled_from(sorted({*frame, *LABELS, "headers", "status", "response", "item", "steer", "error"} - {"type"}))
    for name in data.draw(st.lists(names, max_size=3)):
        frame[name] = data.draw(values)
    line = json.dumps(frame)
    check_is_an_event(line)
    event = decode(line)

    assert event.type == wire_type
    assert type(event) in {EVENT_TYPES[wire_type], Garbage}
    assert decode(line.encode()) == event


@steady
@given(wire_type=st.sampled_from(sorted(FRAMES)), cut=st.integers(min_value=0, max_value=400))
def test_a_frame_cut_short_is_garbage(wire_type: str, cut: int) -> None:
    line = text(FRAMES[wire_type])

    assert garbage(line[: min(cut, len(line) - 1)]).violation is Violation.NOT_JSON


@pytest.mark.parametrize("wire_type", FRAMES)
def test_a_frame_may_hold_something_as_deep_as_allowed_and_no_deeper(wire_type: str) -> None:
    deep = json.loads("[" * (MAXIMUM_DEPTH - 1) + "]" * (MAXIMUM_DEPTH - 1))

    assert EVENT_TYPES[wire_type] is type(decode(changed(wire_type, extra=deep)))
    assert garbage(changed(wire_type, extra=[deep])).violation is Violation.TOO_DEEP


# Encoding.


def test_a_create_is_flat_and_compact() -> None:
    written = encode_create(
        {"model": "m", "instructions": "Sei höflich", "tools": [], "store": False},
        [{"role": "user", "content": "hi"}],
        previous_response_id="resp_1",
        stream_id="lane-1",
        generate=None,
    )

    assert (
        '{"type":"response.create","previous_response_id":"resp_1","stream_id":"lane-1","model":"m",'
        '"instructions":"Sei höflich","tools":[],"store":false,"input":[{"role":"user","content":"hi"}]}'
    ) == written


def test_a_first_create_names_neither_a_response_nor_a_lane() -> None:
    assert '{"type":"response.create","model":"m","input":[]}' == encode_create(
        {"model": "m"}, (), previous_response_id=None, stream_id=None, generate=None
    )


@pytest.mark.parametrize("generate", [False, True])
def test_a_warm_up_says_so(generate: bool) -> None:  # noqa: FBT001
    frame = json.loads(encode_create({}, [], previous_response_id=None, stream_id=None, generate=generate))

    assert {"type": "response.create", "generate": generate, "input": []} == frame


def test_a_create_never_says_what_the_socket_does_not_know_or_the_arguments_say() -> None:
    fields: dict[str, Any] = dict.fromkeys(
        ("type", "stream", "background", "input", "previous_response_id", "stream_id", "generate"), "SECRET"
    )

    assert '{"type":"response.create","input":[]}' == encode_create(
        fields, [], previous_response_id=None, stream_id=None, generate=None
    )


def test_null_fields_of_a_request_are_sent() -> None:
    assert '"service_tier":null' in encode_create({"service_tier": None}, [])


def test_what_cannot_be_sent_is_named() -> None:
    with pytest.raises(NotSerialisable, match=r"^input\[1\]\.image is of type builtins\.bytes"):
        encode_create({}, [{}, {"image": b""}])


@pytest.mark.parametrize("texts", [(), ("Hi",), ("Hi", "\ud800")])
def test_frozen_items_are_written_as_any_others(texts: tuple[str, ...]) -> None:
    items = [{"role": "user", "content": text} for text in texts]
    history = ItemHistory([freeze_object(item) for item in items])

    assert (
        encode_create({"model": "m"}, items) == encode_create({"model": "m"}, history) == encode_create({"model": "m"}, history[:])
    )
    assert encode_create({"model": "m"}, [*items, {}]) == encode_create({"model": "m"}, [*history, {}])


@pytest.mark.parametrize("fields", [{"model": "m"}, {}])
@pytest.mark.parametrize("stream", [True, None])
def test_frozen_items_are_written_as_any_others_over_http_too(fields: dict[str, Any], stream: bool | None) -> None:  # noqa: FBT001
    items = [{"role": "user", "content": "Hi"}, {"role": "user", "content": "Ho"}]
    history = ItemHistory([freeze_object(item) for item in items])

    assert encode_post(fields, items, stream=stream) == encode_post(fields, history, stream=stream)
    assert items == json.loads(encode_post(fields, history, stream=stream))["input"]


def test_a_request_always_encodes_as_utf8() -> None:
    written = encode_create({"instructions": "\ud83d"}, [])

    assert {"instructions": "\ud83d"}.items() <= json.loads(written.encode()).items()


def test_an_item_that_was_decoded_can_be_sent_back() -> None:
    item = {"id": "rs_1", "odd": "\ud800\x00", "big": 10**4299, "deep": json.loads("[" * 190 + "]" * 190)}
    event = decode(changed("response.output_item.done", item=item))
    sent = json.loads(encode_create({}, [event.raw["item"]]).encode())

    assert [item] == sent["input"]


def test_a_cancel_names_the_response() -> None:
    assert '{"type":"response.cancel","response_id":"resp_1"}' == encode_cancel("resp_1")


# -- over HTTP ---------------------------------------------------------------------------------------------------------------


def test_post_says_what_a_create_says_as_http_says_it() -> None:
    fields = {"model": "m", "background": True, "stream": False, "stream_id": "lane-1", "generate": False, "type": "x"}
    body = json.loads(encode_post(fields, [{"role": "user", "content": "Hi"}], previous_response_id="resp_1"))

    assert {
        "stream": True,
        "previous_response_id": "resp_1",
        "model": "m",
        "background": True,
        "input": [{"role": "user", "content": "Hi"}],
    } == body


@pytest.mark.parametrize("fields, stream", [({"model": "m"}, True), ({}, None)])
def test_post_of_a_history_is_the_same_text(fields: dict[str, object], stream: bool | None) -> None:  # noqa: FBT001
    items: list[dict[str, Any]] = [
        {"role": "user", "content": "Hi"},
        {"role": "user", "content": [{"type": "input_text", "text": "\ud800"}]},
    ]
    history = ItemHistory(freeze_object(item) for item in items)

    assert encode_post(fields, items, stream=stream) == encode_post(fields, history, stream=stream)
    assert encode_create(fields, items) == encode_create(fields, history)


@pytest.mark.parametrize("stream, expected", [(False, {"stream": False, "input": []}), (None, {"input": []})])
def test_post_that_does_not_stream(stream: bool | None, expected: dict[str, object]) -> None:  # noqa: FBT001
    assert expected == json.loads(encode_post({}, [], stream=stream))


def test_a_steering_names_its_response_and_no_lane() -> None:
    assert '{"type":"response.steer","previous_response_id":"resp_1","input":"Stop"}' == encode_steer("resp_1", "Stop")
