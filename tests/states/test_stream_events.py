"""The base of wire events, the life of a response, errors and garbage: what each answers, and what a repr shows."""

from typing import cast

import attrs
import pytest

from harness.wire_frames import FRAMES, changed, text
from rejoinder.states import stream_events
from rejoinder.states.codec import EVENT_TYPES, decode
from rejoinder.states.stream_events import ErrorEvent, Garbage, StreamEvent, UnknownEvent

OURS = [name for name, event in EVENT_TYPES.items() if event.__module__ == stream_events.__name__ and event is not ErrorEvent]


@pytest.mark.parametrize("wire_type", OURS)
def test_every_field_of_the_class_holds_what_the_wire_said(wire_type: str) -> None:
    frame = FRAMES[wire_type]
    known = {name: value for name, value in attrs.asdict(decode(text(frame))).items() if name in frame}

    assert frame == known


@pytest.mark.parametrize("wire_type", [name for name in OURS if name != "keepalive"])
def test_frames_about_a_response_name_it(wire_type: str) -> None:
    assert decode(text(FRAMES[wire_type])).response_id == "resp_1"


@pytest.mark.parametrize("steer", [None, {}, {"previous_response_id": None}, "words"])
def test_steering_may_leave_out_what_it_is_about(steer: object) -> None:
    event = decode(changed("response.steer.accepted", steer=steer))

    assert isinstance(event, stream_events.SteerAccepted)
    assert event.response_id is None


@pytest.mark.parametrize("wire_type", EVENT_TYPES)
def test_every_event_answers_every_question(wire_type: str) -> None:
    event = decode(text({"type": wire_type, **FRAMES[wire_type], "sequence_number": None, "stream_id": None}))

    assert EVENT_TYPES[wire_type] is type(event)
    assert (wire_type, None, None, False) == (event.type, event.sequence_number, event.stream_id, event.binary)


@pytest.mark.parametrize("wire_type", EVENT_TYPES)
def test_events_are_values(wire_type: str) -> None:
    event, again = decode(text(FRAMES[wire_type])), decode(text(FRAMES[wire_type]))

    assert event == again
    assert hash(event) == hash(again)
    assert event != decode(changed(wire_type, sequence_number=8))
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        event.type = "other"  # type: ignore[misc] # pyright: ignore[reportAttributeAccessIssue]


def test_an_event_has_no_room_for_more_attributes() -> None:
    for event in EVENT_TYPES.values():
        assert not hasattr(decode(text(FRAMES["keepalive"])), "__dict__")
        assert "__slots__" in vars(event)


SECRET = "SECRET-WORDS"


def hide(value: object) -> object:
    """Put secret words wherever a frame carries what somebody said."""
    if isinstance(value, dict):
        kept = {"id", "previous_response_id", "code"}
        fields = cast("dict[str, object]", value)
        return {name: inner if name in kept else hide(inner) for name, inner in fields.items()}
    if isinstance(value, list):
        return [hide(inner) for inner in cast("list[object]", value)]
    return SECRET if isinstance(value, str) else value


LABELS = {"type", "stream_id", "item_id", "response_id"}
HIDDEN = {
    wire_type: {name: value if name in LABELS else hide(value) for name, value in frame.items()}
    for wire_type, frame in FRAMES.items()
}


@pytest.mark.parametrize("wire_type", [name for name, frame in HIDDEN.items() if SECRET in text(frame)])
def test_a_repr_shows_who_and_never_what(wire_type: str) -> None:
    event = decode(text(HIDDEN[wire_type]))
    shown = repr(event)

    assert EVENT_TYPES[wire_type] is type(event)
    assert SECRET not in shown
    assert shown.startswith(f"<{type(event).__name__} '{wire_type}' ")
    assert "sequence_number=7 stream_id='lane-1'" in shown


def test_a_repr_of_each_sort() -> None:
    assert [
        "<OutputTextDelta 'response.output_text.delta' item_id='it_1' sequence_number=7 stream_id='lane-1'>",
        "<ResponseCreated 'response.created' response_id='resp_1' sequence_number=7 stream_id='lane-1'>",
        "<ErrorEvent 'error' sequence_number=7 stream_id='lane-1' shape=sequenced code='boom'>",
        "<Garbage '' violation=not_json>",
        "<UnknownEvent 'codex.rate_limits'>",
    ] == [
        repr(event)
        for event in (
            decode(text(FRAMES["response.output_text.delta"])),
            decode(text(FRAMES["response.created"])),
            decode(text(FRAMES["error"])),
            decode(SECRET),
            decode('{"type":"codex.rate_limits"}'),
        )
    ]


def test_a_repr_stays_short_whatever_the_server_calls_itself() -> None:
    shown = repr(decode(text({"type": "x" * 10_000, "stream_id": "y" * 10_000})))

    assert len(shown) < 250
    assert "…" in shown


# What an error says about trying again.


def error(headers: dict[str, object]) -> ErrorEvent:
    event = decode(text({"type": "error", "error": {"code": "rate_limit_exceeded"}, "headers": headers}))
    assert isinstance(event, ErrorEvent)
    return event


@pytest.mark.parametrize(
    "headers, seconds",
    [
        ({}, None),
        ({"retry-after": "3"}, 3.0),
        ({"Retry-After": 2.5}, 2.5),
        ({"retry-after-ms": "1500"}, 1.5),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after-ms": "soon", "retry-after": "9"}, 9.0),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}, None),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": ""}, None),
    ],
)
def test_the_wait_that_a_server_asks_for(headers: dict[str, object], seconds: float | None) -> None:
    assert seconds == error(headers).retry_after


@pytest.mark.parametrize(
    "value, expected",
    [("true", True), ("false", False), (True, True), (False, False), (" True ", True), ("perhaps", None), (None, None)],
)
def test_a_server_may_say_whether_to_try_again(value: object, expected: bool | None) -> None:  # noqa: FBT001
    assert error({"X-Should-Retry": value}).should_retry is expected


def test_public_names_are_sorted_and_there() -> None:
    assert sorted(stream_events.__all__) == stream_events.__all__
    assert all(hasattr(stream_events, name) for name in stream_events.__all__)


def test_garbage_and_unknown_events_are_events() -> None:
    assert issubclass(Garbage, StreamEvent)
    assert issubclass(UnknownEvent, StreamEvent)
