"""Every event and every effect in words, and what gets through into them."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.frames import created, delta, error, garbage, item_added, keepalive, unknown
from harness.telling import HOSTILE, asks, hostile_frame
from rejoinder.states import phrases
from rejoinder.states.codec import decode
from rejoinder.states.continuation import (
    CallerChain,
    Decision,
    Disabled,
    Evicted,
    Full,
    LaneDirty,
    NewLink,
    NoPrevious,
    OutputMismatch,
    PendingToolCalls,
    PrefixChanged,
    Reason,
    Replayed,
    RequestContent,
    Reuse,
    Shorter,
    Stateless,
)
from rejoinder.states.effects import (
    Close,
    Deliver,
    Dial,
    Effect,
    EndStream,
    Finish,
    HandOver,
    Moved,
    Note,
    Ping,
    Send,
    SendCancel,
    SendSteer,
    Settled,
    Steered,
    Withdraw,
)
from rejoinder.states.events import (
    Cancel,
    Create,
    DialFailed,
    Event,
    Expired,
    Lost,
    Opened,
    Overflow,
    Pong,
    Preconnect,
    Received,
    Shutdown,
    Steer,
    StreamEnded,
    StreamFailed,
    Unsendable,
    Withdrawn,
)
from rejoinder.states.stream_events import StreamEvent
from rejoinder.states.verdicts import Cause, Excess, Failure, Outcome, OutcomeKind, SteerStatus

EVENTS: list[tuple[Event, str]] = [
    (asks(1), "r1 asks (1 item)"),
    (Create(1, RequestContent([{}, {}]), warm_up=True), "the session warms up as r1 (2 items)"),
    (Cancel(2), "r2 leaves"),
    (Steer(2, 3), "r2 steers (s3)"),
    (Overflow(2), "r2 reads too slowly: its buffer is full"),
    (Overflow(2, Excess.OUTPUT), "r2 is told more than one answer may say"),
    (Preconnect(), "a link is wanted ahead of time"),
    (Shutdown(), "the session closes"),
    (Opened(3), "L3 opens"),
    (DialFailed(3, "a secret"), "the dial of L3 fails"),
    (DialFailed(3, "a secret", 401, permanent=True), "the dial of L3 fails (status 401, for good)"),
    (DialFailed(3, "a secret", code="proxy_refused"), "the dial of L3 fails (proxy_refused)"),
    (Received(3, created(lane="lane-1")), "the server says response.created of resp_1 on L3/lane-1"),
    (Received(3, delta("a secret")), "the server says delta on L3"),
    (Lost(3, reason="a secret"), "L3 is lost"),
    (Lost(3, 1006), "L3 is lost (1006)"),
    (StreamEnded(3, "lane-1"), "the stream of L3/lane-1 ends"),
    (StreamEnded(3, "lane-1", "reset"), "the stream of L3/lane-1 ends (reset)"),
    (StreamFailed(3, "lane-1", "a secret"), "no stream can be opened for L3/lane-1"),
    (StreamFailed(3, "lane-1", "a secret", permanent=True), "no stream can be opened for L3/lane-1 (for good)"),
    (Pong(3), "L3 answers the ping"),
    (Unsendable(3, 2, None, 99), "the create of r2 is too large for L3 (99 bytes)"),
    (Withdrawn(3, 2, "lane-1"), "the create of r2 for L3/lane-1 had not left and is taken back"),
    (Expired(), "a deadline passes"),
]
EFFECTS: list[tuple[Effect, str | None]] = [
    (Dial(1), "the client dials L1"),
    (Close(1), "the client closes L1"),
    (Ping(1), "the client pings L1"),
    (Send(1, 2, "lane-1", Full(NewLink())), "the client sends r2 on L1/lane-1, in full: the link is new"),
    (SendCancel(1, "resp_1"), "the client cancels resp_1 on L1"),
    (EndStream(1, "lane-1", abandoned=True), "the client closes the stream of L1/lane-1"),
    (EndStream(1, "lane-1", abandoned=False), "the client is done with the stream of L1/lane-1"),
    (HandOver(2, Cause.UNSENDABLE), "r2 goes over another transport: request too large"),
    (Withdraw(1, 2, None), "the client takes the create of r2 for L1 back, if it has not left"),
    (Deliver(2), "r2 gets it"),
    (Finish(2, Outcome(OutcomeKind.COMPLETED)), "r2 ends: completed"),
    (Finish(2, Outcome(OutcomeKind.CANCELLED)), "r2 ends: cancelled"),
    (Finish(2, Outcome(OutcomeKind.FAILED, Failure(Cause.FAULT, "a secret", "odd"))), "r2 ends: failed (fault, code odd)"),
    (Finish(2, Outcome(OutcomeKind.INTERRUPTED, Failure(Cause.LOST, "a secret"))), "r2 ends: interrupted (connection lost)"),
    (SendSteer(1, 2, 3, "resp_1"), "the client steers resp_1 on L1 (s3)"),
    (Steered(2, 3, SteerStatus.APPLIED), "s3 of r2 is applied"),
    (Settled(2, "resp_1", OutcomeKind.COMPLETED, 1.5, {"output": ["a secret"]}), None),
    (Note("Late"), "noted: Late"),
    (Note("Late", 1, None, "news of link 1"), "noted: Late: news of link 1"),
    (Moved("link", "closed", "Needed", "connecting", 1), None),
    (Moved("link", "open", "AgeNear", "open", 1), None),
    (Moved("link", "open", "Suspect", "retiring", 1), "L1 is retiring"),
    (Moved("response", "idle", "Send", "awaiting_created", 1, None, 2), None),
    (Moved("response", "streaming", "Completed", "idle", 1, None, 2), None),
    (Moved("response", "draining", "Completed", "idle", 1, None), "the lane of L1 is idle again"),
    (Moved("response", "streaming", "Cancel", "draining", 1, "lane-2", 2), "lane-2 of L1 is draining"),
    (Moved("response", "awaiting_created", "Created", "acknowledged", 1, None, 2), "r2 is acknowledged"),
    (Moved("response", "idle", "Created", "streaming", 1, None), "the lane of L1 is streaming"),
    (Moved("response", "awaiting_created", "Cancel", "cancel_pending", 1, None, 2), "the lane of L1 is cancel pending"),
    (Moved("request", "waiting", "LaneFree", "sent", request=2), None),
    (Moved("request", "sent", "Replay", "asleep", request=2), "r2 is asleep"),
]


@pytest.mark.parametrize("event, words", EVENTS)
def test_every_event_has_words(event: Event, words: str) -> None:
    assert words == phrases.happened(event)


@pytest.mark.parametrize("effect, words", EFFECTS)
def test_every_effect_has_words_or_is_obvious(effect: Effect, words: str | None) -> None:
    assert words == phrases.done(effect)


def test_no_event_and_no_effect_is_left_out() -> None:
    assert set(get_args(Event)) == {type(event) for event, _ in EVENTS}
    assert set(get_args(Effect)) == {type(effect) for effect, _ in EFFECTS}


@pytest.mark.parametrize(
    "decision, words",
    [
        (Reuse("resp_1", [{}], 2), "continuing resp_1 with 1 new item, 2 saved"),
        (Reuse("resp_1", [{}], 2, stored=True), "continuing stored resp_1 with 1 new item, 2 saved"),
        (Reuse("resp_1", [{}, {}], 0), "continuing resp_1 with 2 new items, 0 saved"),
        (Full(NoPrevious()), "in full: there is nothing to continue yet"),
        (Full(LaneDirty()), "in full: the response before it did not complete"),
        (Full(Evicted()), "in full: the server has dropped what it would continue"),
        (Full(Disabled()), "in full: continuing is switched off"),
        (Full(Stateless()), "in full: over HTTP nothing is remembered"),
        (Full(CallerChain()), "in full: the caller names what it continues"),
        (Full(Replayed(Cause.LOST)), "in full: it is sent again (connection lost)"),
        (Full(Shorter()), "in full: it adds nothing"),
        (Full(PrefixChanged(3)), "in full: item 3 has changed"),
        (Full(OutputMismatch(3)), "in full: output item 3 is not in it"),
        (Full(PendingToolCalls(("a", "b"))), "in full: 2 calls without an output"),
    ],
)
def test_every_decision_has_words(decision: Decision, words: str) -> None:
    assert words == phrases.decided(decision)


@pytest.mark.parametrize("reason", get_args(Reason))
def test_no_reason_is_left_out(reason: type[Any]) -> None:
    assert reason in phrases.REASONS


@pytest.mark.parametrize(
    "frames, words",
    [
        ([error("odd", status=400, sequence=2)], "error (code odd, status 400, sequence number 2)"),
        ([error()], "error"),
        ([garbage()], "something that is no event (not_json)"),
        ([decode("{}")], "a frame without a type"),
        ([unknown()], "response.brand_new"),
        ([item_added(), delta(), delta(), item_added()], "output_item.added, 2 x delta, output_item.added"),
        (
            [item_added(), delta(), item_added(), delta(), item_added(), delta(), keepalive(), keepalive()],
            "output_item.added, delta, output_item.added, delta, output_item.added, delta, 2 more",
        ),
    ],
)
def test_frames_in_words(frames: list[StreamEvent], words: str) -> None:
    assert words == phrases.heard(frames)


@pytest.mark.parametrize(
    "seconds, words",
    [
        (0.0, "0 ms"),
        (0.2504, "250 ms"),
        (0.9996, "1 s"),
        (1.0, "1 s"),
        (2.54, "2.5 s"),
        (3600.0, "3600 s"),
        (9876543.2, "9876543.2 s"),
    ],
)
def test_durations(seconds: float, words: str) -> None:
    assert words == phrases.duration(seconds)


@pytest.mark.parametrize(
    "text, shown",
    [
        ("resp_1", "resp_1"),
        ("response.output_text.delta", "response.output_text.delta"),
        ("two words", "'two words'"),
        ("", "''"),
        (None, "none"),
        ("x" * 81, f"'{'x' * 80}…'"),
        ("resp_1\n", "'resp_1\\n'"),
        ("\x1b[2J", "'\\x1b[2J'"),
    ],
)
def test_names_that_look_like_none_are_quoted(text: str | None, shown: str) -> None:
    assert shown == phrases.name(text)


@given(text=st.text(st.characters()))
def test_nothing_unprintable_gets_through(text: str) -> None:
    assert phrases.printable(text).isprintable()
    assert phrases.name(text).isprintable()


@pytest.mark.parametrize(
    "words",
    [
        phrases.happened(Received(1, hostile_frame())),
        phrases.done(Note(HOSTILE, 1, HOSTILE, HOSTILE)),
        phrases.done(SendCancel(1, HOSTILE)),
        phrases.done(Send(1, 1, HOSTILE, Reuse(HOSTILE, [{}], 1))),
        phrases.done(Finish(1, Outcome(OutcomeKind.FAILED, Failure(Cause.FAULT, HOSTILE, HOSTILE)))),
        phrases.done(Moved("link", "open", HOSTILE, HOSTILE, 1)),
        phrases.done(Moved("response", "open", HOSTILE, "draining", 1, HOSTILE)),
        phrases.happened(Received(1, error(HOSTILE))),
    ],
)
def test_no_phrase_can_be_made_to_move_a_cursor(words: str | None) -> None:
    assert words is not None
    assert words.isprintable()
