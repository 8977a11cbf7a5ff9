"""What is withheld, what stays, and that nothing decides otherwise."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.frames import call, message
from harness.wire_frames import FRAMES, REQUIRED, changed, text
from rejoinder.states.codec import decode
from rejoinder.states.continuation import Continuation, Full, NewLink, PendingToolCalls, RequestContent, Reuse, decide
from rejoinder.states.effects import Deliver, Effect, Finish, Note, Send, SendCancel, SendSteer, Settled, Steered
from rejoinder.states.events import Create, DialFailed, Lost, Opened, Received
from rejoinder.states.stream_events import ErrorEvent, StreamEvent
from rejoinder.states.verdicts import Cause, Failure, Outcome, OutcomeKind, SteerStatus
from rejoinder.states.withheld import WITHHELD, Veil, without_sentences

SECRET = "The launch is on Monday"


def frame_of(veil: Veil, data: str | bytes) -> StreamEvent:
    event = veil.event(Received(1, decode(data)))
    assert isinstance(event, Received)
    return event.frame


def items_of(veil: Veil, *items: Mapping[str, Any], **fields: object) -> tuple[list[Any], Mapping[str, Any]]:
    event = veil.event(Create(1, RequestContent(list(items), fields)))
    assert isinstance(event, Create)
    return list(event.content.items), event.content.fields


def error_of(**fields: object) -> ErrorEvent:
    event = frame_of(Veil(), json.dumps({"type": "error", **fields}))
    assert isinstance(event, ErrorEvent)
    return event


# Frames.


@pytest.mark.parametrize("wire_type", FRAMES)
def test_frames_stay_what_they_are(wire_type: str) -> None:
    event = decode(text(FRAMES[wire_type]))
    veiled = frame_of(Veil(), text(FRAMES[wire_type]))

    assert type(event) is type(veiled)
    for name in ("type", "response_id", "item_id", "sequence_number", "stream_id", "output_index"):
        assert getattr(event, name) == getattr(veiled, name)


@pytest.mark.parametrize("wire_type, field", REQUIRED)
@pytest.mark.parametrize("value", [None, 1, 0.5, True, SECRET, [SECRET], {SECRET: SECRET}])
def test_faults_of_frames_stay(wire_type: str, field: str, value: object) -> None:
    event = decode(changed(wire_type, **{field: value}))
    veiled = frame_of(Veil(), changed(wire_type, **{field: value}))

    assert type(event) is type(veiled)
    assert getattr(event, "violation", None) == getattr(veiled, "violation", None)
    assert SECRET not in json.dumps(veiled.raw)


def test_binary_and_unreadable_frames_stay() -> None:
    assert frame_of(Veil(), text(FRAMES["keepalive"]).encode()).binary
    assert decode("{broken") == frame_of(Veil(), "{broken")


@pytest.mark.parametrize("wire_type", FRAMES)
def test_every_text_of_a_frame_is_withheld(wire_type: str) -> None:
    def fill(value: object) -> object:
        if isinstance(value, dict):
            fields = cast("dict[str, object]", value)
            return {name: field if name in {"id", "type"} else fill(field) for name, field in fields.items()}
        return [SECRET, 3.25, {SECRET: SECRET}] if isinstance(value, list) else SECRET if isinstance(value, str) else value

    kept = {"type", "stream_id", "item_id", "response_id"}
    frame = {name: value if name in kept else fill(value) for name, value in FRAMES[wire_type].items()}
    veiled = frame_of(Veil(), json.dumps({**frame, "obfuscation": SECRET, SECRET: 1}))

    assert SECRET not in json.dumps(veiled.raw)
    assert "3.25" not in json.dumps(veiled.raw)


@given(frame=st.dictionaries(st.text(), st.text() | st.integers() | st.lists(st.text())), wire_type=st.sampled_from(list(FRAMES)))
def test_any_frame_stays_what_it_is(frame: dict[str, Any], wire_type: str) -> None:
    data = json.dumps({**FRAMES[wire_type], **frame, "type": wire_type})

    assert type(decode(data)) is type(frame_of(Veil(), data))


def test_an_error_keeps_what_decides() -> None:
    error = error_of(
        error={"code": "rate_limit_exceeded", "message": SECRET, "param": "input[3].content", "type": "requests"},
        status=429,
        headers={"Retry-After": " 2.5", "x-should-retry": "true", "Set-Cookie": SECRET},
    )

    assert ("rate_limit_exceeded", "input[3].content", "requests", 429) == (error.code, error.param, error.error_type, error.status)
    assert (2.5, True, WITHHELD) == (error.retry_after, error.should_retry, error.message)
    assert {"retry-after", "x-should-retry"} == set(error.headers)


def test_a_name_that_looks_like_none_is_withheld() -> None:
    assert "(1)" == error_of(code=SECRET).code
    assert error_of(code={"a": SECRET}).code is None
    assert WITHHELD == error_of(error=SECRET).message


# Items and the cache rule.


def test_equal_items_stay_equal_and_others_do_not() -> None:
    first: dict[str, Any] = {"role": "user", "content": SECRET, "extra": [1, {"deep": 2}]}
    others: list[dict[str, Any]] = [
        {**first, "content": "Tuesday"},
        {**first, "extra": [1, {"deep": 3}]},
        {**first, "extra": [1, {"deeper": 2}]},
        {**first, "extra": [1, {"deep": 2.5}]},
        {**first, "more": True},
        {**first, "extra": None},
    ]
    items, _ = items_of(Veil(), first, dict(first), {**first, "extra": [1.0, {"deep": 2}]}, *others)

    assert items[0] == items[1] == items[2]
    assert all(items[0] != other for other in items[3:])
    assert SECRET not in json.dumps(items)
    assert "user" == items[0]["role"]


def test_fields_of_a_request_keep_whether_they_name_a_chain() -> None:
    _, fields = items_of(
        Veil(), model="secret-model", metadata={SECRET: SECRET}, conversation="conv_1", previous_response_id="resp_1", odd=1
    )

    assert {"model": WITHHELD, "metadata": {}, "conversation": WITHHELD, "previous_response_id": "resp_1"} == fields


def part(value: object, name: str = "text") -> dict[str, object]:
    return {"type": "output_text", name: value}


def said(*parts: object) -> dict[str, Any]:
    return {"type": "message", "id": "m", "role": "assistant", "content": list(parts)}


OUTPUTS: list[list[dict[str, Any]]] = [
    [message("Hello")],
    [said(part("Hel"), part("lo"))],
    [said(part("Hello"), part("", "refusal"))],
    [said(part("No", "refusal"), part("t now", "refusal"))],
    [said(part(None), part(5))],
    [said("odd", part("Hello"))],
    [said()],
    [call(), call("call_2", "time", "fc_2")],
    [{"type": "reasoning", "id": "rs_1", "summary": []}, message("Hello")],
    [{"id": "x"}],
]
TAILS: list[list[dict[str, Any]]] = [
    [],
    [{"role": "user", "content": "Go on"}],
    [{"role": "assistant", "content": "Hello"}, {"role": "user", "content": "Go on"}],
    [{"role": "assistant", "content": "None5"}, {"role": "user", "content": "Go on"}],
    [{"role": "assistant", "content": ""}, {"role": "user", "content": "Go on"}],
    [{"role": "assistant", "content": [part("Hello")]}, {"role": "user", "content": "Go on"}],
    [{"role": "assistant", "content": [part("H"), part("ello")]}, {"role": "user", "content": "Go on"}],
    [{"role": "assistant", "content": [part("Not now", "refusal")]}, {"role": "user", "content": "Go on"}],
    [{"role": "assistant", "content": "hello"}, {"role": "user", "content": "Go on"}],
    [call(), {"type": "function_call_output", "call_id": "call_1", "output": "1"}, call("call_2", "time")],
    [
        *(call(), call("call_2", "time")),
        *({"type": "function_call_output", "call_id": name, "output": "1"} for name in ("call_1", "call_2")),
    ],
    [call(name="other")],
    [{"type": "reasoning", "id": "rs_2", "summary": []}],
    [{"type": "reasoning", "id": "rs_1"}, {"role": "assistant", "content": "Hello"}, {"role": "user", "content": "Go on"}],
]
ASKED: dict[str, Any] = {"role": "user", "content": "Hi"}


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("tail", TAILS)
def test_the_cache_rule_decides_the_same(output: list[dict[str, Any]], tail: list[dict[str, Any]]) -> None:
    veil = Veil()
    response = {"id": "resp_1", "output": output}
    terminal = frame_of(veil, json.dumps({"type": "response.completed", "response": response}))
    before, _ = items_of(veil, ASKED)
    items, _ = items_of(veil, ASKED, *tail)
    expected = decide(Continuation("resp_1", [ASKED], output), RequestContent([ASKED, *tail]))

    assert expected == decide(Continuation("resp_1", before, terminal.raw["response"]["output"]), RequestContent(items))


def test_an_input_that_begins_anew_is_decided_the_same() -> None:
    veil = Veil()
    output: list[dict[str, Any]] = [{"type": "compaction", "id": "cmp_1", "encrypted_content": "all of it"}, said(part("Hello"))]
    terminal = frame_of(veil, json.dumps({"type": "response.completed", "response": {"id": "resp_1", "output": output}}))
    before, _ = items_of(veil, ASKED)
    tail: list[dict[str, Any]] = [*output, {"role": "user", "content": "Go on"}]
    items, _ = items_of(veil, *tail)
    expected = decide(Continuation("resp_1", [ASKED], output), RequestContent(tail))

    assert isinstance(expected, Reuse)
    assert expected == decide(Continuation("resp_1", before, terminal.raw["response"]["output"]), RequestContent(items))


def test_messages_whose_parts_are_cut_elsewhere_stay_different() -> None:
    items, _ = items_of(Veil(), said(part("ab"), part("c")), said(part("a"), part("bc")), said(part("a"), part("bc")))

    assert items[0] != items[1]
    assert items[1] == items[2]
    assert items[0]["content"][0]["text"] == items[1]["content"][0]["text"]


# Effects, and the other events.


def outcome(message: str, code: str | None) -> Outcome:
    return Outcome(OutcomeKind.FAILED, Failure(Cause.REJECTED, message, code), None, {"id": SECRET})


@pytest.mark.parametrize(
    "effect, veiled",
    [
        (Deliver(1), Deliver(1)),
        (Note("Late", 1, None, SECRET), Note("Late", 1, None, "")),
        (SendCancel(1, "resp_1"), SendCancel(1, "resp_1")),
        (SendCancel(1, SECRET), SendCancel(1, "(1)")),
        (SendSteer(1, 1, 2, SECRET), SendSteer(1, 1, 2, "(1)")),
        (Steered(1, 2, SteerStatus.APPLIED), Steered(1, 2, SteerStatus.APPLIED)),
        (
            Steered(1, 2, SteerStatus.FAILED, Failure(Cause.STEERING, SECRET, SECRET)),
            Steered(1, 2, SteerStatus.FAILED, Failure(Cause.STEERING, WITHHELD, "(1)")),
        ),
        (Settled(1, "resp_1", OutcomeKind.FAILED, 1.5), Settled(1, "resp_1", OutcomeKind.FAILED, 1.5)),
        (Settled(1, SECRET, OutcomeKind.FAILED, 1.5), Settled(1, "(1)", OutcomeKind.FAILED, 1.5)),
        (Send(1, 1, None, Reuse("resp_1", [ASKED], 2)), Send(1, 1, None, Reuse("resp_1", [{}], 2))),
        (Send(1, 1, None, Full(NewLink())), Send(1, 1, None, Full(NewLink()))),
        (
            Send(1, 1, None, Full(PendingToolCalls(("call_1", SECRET)))),
            Send(1, 1, None, Full(PendingToolCalls(("call_1", "(1)")))),
        ),
        (Finish(1, outcome(SECRET, "a_code")), Finish(1, outcome(WITHHELD, "a_code"))),
        (Finish(1, outcome(SECRET, SECRET)), Finish(1, outcome(WITHHELD, "(1)"))),
        (Finish(1, Outcome(OutcomeKind.COMPLETED)), Finish(1, Outcome(OutcomeKind.COMPLETED))),
    ],
)
def test_effects_lose_their_texts_alone(effect: Effect, veiled: Effect) -> None:
    assert veiled == Veil().effect(effect)


def test_payloads_beside_effects_are_withheld() -> None:
    send = Veil().effect(Send(1, 1, None, Reuse("resp_1", [ASKED], 2)))
    finish = Veil().effect(Finish(1, outcome(SECRET, None)))

    assert isinstance(send, Send)
    assert isinstance(send.decision, Reuse)
    assert [{}] == send.decision.items
    assert isinstance(finish, Finish)
    assert finish.outcome.response is None


def test_sentences_alone_can_be_withheld() -> None:
    assert Finish(1, outcome(WITHHELD, SECRET)) == without_sentences(Finish(1, outcome(SECRET, SECRET)))


def test_other_events_lose_their_sentences() -> None:
    veil = Veil()

    assert DialFailed(1, WITHHELD, 503, 2.0) == veil.event(DialFailed(1, SECRET, 503, 2.0))
    assert Lost(1, 1006, WITHHELD) == veil.event(Lost(1, 1006, SECRET))
    assert Lost(1, 1006) == veil.event(Lost(1, 1006))
    assert Opened(1) == veil.event(Opened(1))


def test_a_veil_does_not_show_what_it_remembers() -> None:
    veil = Veil()
    items_of(veil, {"role": "user", "content": SECRET})

    assert SECRET not in repr(veil)
    assert attrs.asdict(veil)["marks"]
