"""Every value that a trace can hold goes through JSON and comes back; whatever else is there is named, and never an exception."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping, Sequence
from enum import StrEnum
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.frames import garbage
from harness.wire_frames import FRAMES, changed, text
from rejoinder.states.codec import decode
from rejoinder.states.continuation import Decision, Full, PendingToolCalls, Reason, RequestContent, Reuse
from rejoinder.states.effects import Effect, Finish, Moved, Note, Send
from rejoinder.states.events import Create, DialFailed, Event, Expired, Lost, Received
from rejoinder.states.frozen_json import freeze_object
from rejoinder.states.item_history import ItemHistory
from rejoinder.states.profiles import OPENAI, XAI, Deadlines, Policy, Profile
from rejoinder.states.stream_events import StreamEvent, Violation
from rejoinder.states.trace_lines import Unfit, from_plain, to_plain
from rejoinder.states.verdicts import Cause, ErrorRule, Failure, Outcome, OutcomeKind, Reaction, Verdict, Where

EVENTS: tuple[type[Any], ...] = get_args(Event)
EFFECTS: tuple[type[Any], ...] = get_args(Effect)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
OBJECTS = st.dictionaries(st.text(), JSON, max_size=3)
UNREADABLE: tuple[str | bytes, ...] = ("{broken", b"\xff", "[]", "[" * 300 + "]" * 300, '{"a": 1e999}')
FRAME_EVENTS = st.sampled_from([*(decode(text(frame)) for frame in FRAMES.values()), *map(decode, UNREADABLE)])
PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    int: st.integers(),
    float: st.floats(allow_nan=False),
    str: st.text(),
    bool: st.booleans(),
    NoneType: st.none(),
    StreamEvent: FRAME_EVENTS,
    RequestContent: st.builds(RequestContent, st.lists(OBJECTS), OBJECTS, st.booleans()),
    Reuse: st.builds(Reuse, st.text(), st.lists(OBJECTS), st.integers(), st.booleans()),
}


def any_of(declared: Any) -> st.SearchStrategy[Any]:  # noqa: ANN401 - a type, as written in an annotation
    """Any value of a declared type, with nothing left to its default."""
    if declared in PLAIN:
        return PLAIN[declared]
    if get_origin(declared) is tuple:
        return st.lists(any_of(get_args(declared)[0]), max_size=3).map(tuple)
    if get_origin(declared) in {Mapping, Sequence}:
        return OBJECTS
    if get_args(declared):
        return st.one_of([any_of(member) for member in get_args(declared)])
    if issubclass(declared, StrEnum):
        return st.sampled_from(declared)
    hints = get_type_hints(declared)
    return st.builds(declared, **{field.name: any_of(hints[field.name]) for field in attrs.fields(declared)})


def through_json(plain: object) -> object:
    return json.loads(json.dumps(plain, allow_nan=False))


def members(declared: object) -> Any:  # noqa: ANN401 - a union, as ``from_plain`` takes it
    return declared


@pytest.mark.parametrize("cls", [cls for cls in EVENTS if cls is not Create])
@given(data=st.data())
def test_every_event_comes_back(cls: type[Any], data: st.DataObject) -> None:
    event = data.draw(any_of(cls))
    back = from_plain(through_json(to_plain(event)), Event, "event")

    assert event == back
    assert cls is type(back)


@given(event=any_of(Create))
def test_every_create_comes_back(event: Create) -> None:
    back = from_plain(through_json(to_plain(event)), Event, "event")

    assert (event.request, event.warm_up) == (back.request, back.warm_up)
    assert (list(event.content.items), event.content.fields) == (back.content.items, back.content.fields)
    assert event.content.generate is back.content.generate


@pytest.mark.parametrize("cls", EFFECTS)
@given(data=st.data())
def test_every_effect_comes_back(cls: type[Any], data: st.DataObject) -> None:
    effect = data.draw(any_of(cls))
    plain = to_plain(effect)
    back = from_plain(through_json(plain), Effect, "effect")

    assert effect == back
    assert cls is type(back)
    assert plain == to_plain(back)


@pytest.mark.parametrize("cls", get_args(Decision) + get_args(Reason))
@given(data=st.data())
def test_every_decision_and_reason_comes_back(cls: type[Any], data: st.DataObject) -> None:
    value = data.draw(any_of(cls))

    assert value == from_plain(through_json(to_plain(value)), members(Decision | Reason), "decision")


@pytest.mark.parametrize("frame", FRAMES.values(), ids=list(FRAMES))
def test_frames_are_the_objects_that_the_codec_read(frame: Mapping[str, Any]) -> None:
    event = decode(text(frame))
    plain = to_plain(event)
    back = from_plain(through_json(plain), StreamEvent, "frame")

    assert {"raw": frame} == plain
    assert event == back
    assert event.raw == back.raw


@pytest.mark.parametrize("data", UNREADABLE)
def test_frames_that_were_no_object_keep_what_was_wrong(data: str | bytes) -> None:
    event = decode(data)
    back = from_plain(through_json(to_plain(event)), StreamEvent, "frame")

    assert event == back
    assert event.binary is back.binary


@pytest.mark.parametrize("data", [text(FRAMES["response.created"]), "{{{", "[]"])
def test_frames_of_a_stream_keep_the_lane_that_the_stream_says(data: str) -> None:
    event = attrs.evolve(decode(data), stream_id="lane-7")
    plain: Any = through_json(to_plain(event))
    back = from_plain(plain, StreamEvent, "frame")

    assert "lane-7" == plain["lane"] == back.stream_id
    assert event == back


def test_binary_frames_stay_binary() -> None:
    event = decode(text(FRAMES["response.created"]).encode())

    assert from_plain(through_json(to_plain(event)), StreamEvent, "frame").binary


def test_damaged_objects_are_damaged_again() -> None:
    event = decode(changed("response.created", response=None))

    assert event == from_plain(to_plain(event), StreamEvent, "frame")


def test_a_history_is_the_array_that_it_is() -> None:
    items = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]

    assert to_plain(RequestContent(items)) == to_plain(RequestContent(ItemHistory(map(freeze_object, items))))


def test_settings_are_written_whole() -> None:
    rule = ErrorRule(Where.CREATE, ("odd",), (range(500, 600, 2),), Reaction.PASSING, "Try again.")
    policy = Policy(deadlines=Deadlines(drain=7.0), errors=(rule,), prove_after=float("inf"))
    plain = to_plain(policy, whole=True)

    assert {field.name for field in attrs.fields(Policy)} == set(plain)
    assert {field.name for field in attrs.fields(Deadlines)} == set(plain["deadlines"])
    assert (None, "inf", [500, 600, 2]) == (plain["then"], plain["prove_after"], plain["errors"][0]["statuses"][0])
    assert policy == from_plain(through_json(plain), Policy, "policy")
    assert OPENAI == from_plain(through_json(to_plain(OPENAI, whole=True)), Profile, "profile")


@pytest.mark.parametrize(
    "value, plain",
    [
        (Expired(), {"is": "Expired"}),
        (Lost(1), {"is": "Lost", "link": 1}),
        (DialFailed(2, "no", 503), {"is": "DialFailed", "link": 2, "message": "no", "status": 503, "jitter": 1.0}),
        (Note("Late"), {"is": "Note", "name": "Late"}),
        (
            Moved("link", "open", "Lost", "closed", 1),
            {"is": "Moved", "machine": "link", "source": "open", "event": "Lost", "target": "closed", "link": 1},
        ),
        (
            Send(1, 2, None, Reuse("resp_1", [{}, {}], 3)),
            {
                "is": "Send",
                "link": 1,
                "request": 2,
                "lane": None,
                "decision": {"is": "Reuse", "response_id": "resp_1", "items": 2, "saved": 3},
            },
        ),
        (
            Send(1, 2, "lane-1", Full(PendingToolCalls(("call_1",)))),
            {
                "is": "Send",
                "link": 1,
                "request": 2,
                "lane": "lane-1",
                "decision": {"is": "Full", "reason": {"is": "PendingToolCalls", "call_ids": ["call_1"]}},
            },
        ),
        (
            Finish(
                1,
                Outcome(
                    OutcomeKind.INTERRUPTED,
                    Failure(Cause.LOST, "It is gone."),
                    Verdict("streaming", sent=True, acknowledged=True, output_begun=True, replay_safe=False),
                    {"id": "resp_1"},
                ),
            ),
            {
                "is": "Finish",
                "request": 1,
                "outcome": {
                    "kind": "interrupted",
                    "failure": {"cause": "connection lost", "message": "It is gone."},
                    "verdict": {
                        "stage": "streaming",
                        "sent": True,
                        "acknowledged": True,
                        "output_begun": True,
                        "replay_safe": False,
                    },
                },
            },
        ),
        (
            Received(1, garbage()),
            {
                "is": "Received",
                "link": 1,
                "frame": {"garbage": "not_json", "detail": "The frame is not JSON: it breaks off at character 1."},
            },
        ),
    ],
)
def test_lines_are_short_and_plain(value: object, plain: object) -> None:
    assert plain == to_plain(value)


@pytest.mark.parametrize(
    "plain, declared, words",
    [
        (5, Event, "it is not an object"),
        ({}, Event, "it is of a kind that this version does not know"),
        ({"is": "Sneezed"}, Event, "it is of a kind that this version does not know"),
        ({"is": ["Cancel"]}, Event, "it is of a kind that this version does not know"),
        ({"is": "Cancel"}, Event, "it.request is missing"),
        ({"is": "Cancel", "request": "1"}, Event, "it.request is not an integer"),
        ({"is": "Cancel", "request": True}, Event, "it.request is not an integer"),
        ({"is": "Cancel", "request": 1, "how": 2}, Event, "it has a field that this version does not know"),
        ({"is": "Received", "link": 1, "frame": {}}, Event, "it.frame has neither raw nor garbage and detail, or more than that"),
        ({"is": "Received", "link": 1, "frame": {"raw": 5}}, Event, "it.frame.raw is not an object"),
        ({"is": "Received", "link": 1, "frame": {"raw": {}, "lane": 1}}, Event, "it.frame.lane is not a string"),
        ({"is": "Received", "link": 1, "frame": {"raw": {}, "binary": 1}}, Event, "it.frame.binary is not true or false"),
        ({"garbage": "rude", "detail": ""}, StreamEvent, "it.garbage is no Violation that this version knows"),
        ({"garbage": [], "detail": ""}, StreamEvent, "it.garbage is no Violation that this version knows"),
        ({"items": 5}, RequestContent, "it.items is not an array"),
        ({"items": [5]}, RequestContent, "it.items[0] is not an object"),
        ({"is": "Reuse"}, Decision, "it does not have the fields of a Reuse"),
        ({"is": "Reuse", "response_id": "r", "items": -1, "saved": 1}, Decision, "it.items is no number of items"),
        ({"is": "Reuse", "response_id": "r", "items": 10**12, "saved": 1}, Decision, "it.items is no number of items"),
        ([1, 2], range, "it is not a start, a stop and a step"),
        ([1, 2, 0], range, "it is not a start, a stop and a step"),
        ([1, 2, "3"], range, "it is not an integer"),
        ("5", float, "it is not a number"),
        (10**400, float, "it is not a number"),
        (True, float, "it is not a number"),
        ([], float, "it is not a number"),
        ({"drain": -1}, Deadlines, "it is refused: Deadlines(drain=…) is -1.0. Give a finite number above 0"),
        ("maybe", str | None, None),
    ],
)
def test_what_does_not_fit_is_named(plain: object, declared: Any, words: str | None) -> None:  # noqa: ANN401 - a type
    if words is None:
        assert plain == from_plain(plain, declared, "it")
    else:
        with pytest.raises(Unfit) as refused:
            from_plain(plain, declared, "it")

        assert words == str(refused.value)


def test_a_field_that_came_later_has_its_default() -> None:
    plain = to_plain(XAI, whole=True)
    del plain["announces_items"]

    assert XAI == from_plain(plain, Profile, "profile")


@given(plain=JSON, declared=st.sampled_from([*EVENTS, *EFFECTS, Policy, StreamEvent, Violation, Outcome]), data=st.data())
def test_any_json_is_a_value_or_is_named(plain: object, declared: Any, data: st.DataObject) -> None:  # noqa: ANN401 - a type
    if isinstance(declared, type) and attrs.has(declared):
        names = [field.name for field in attrs.fields(declared)]
        plain = data.draw(st.one_of(st.just(plain), st.fixed_dictionaries({}, optional=dict.fromkeys(names, JSON))))
    with contextlib.suppress(Unfit):
        value = from_plain(plain, declared, "it")

        assert to_plain(value) == to_plain(from_plain(to_plain(value), declared, "it"))
