"""Decisions and observations in words."""

from typing import get_args

import pytest

from rejoinder.cli.wording import REASONS, decision_in_words, lane_in_words, note_in_words, sent_in_words
from rejoinder.engine import Note, Sent
from rejoinder.states.continuation import (
    CallerChain,
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
    Reuse,
    Shorter,
)
from rejoinder.states.verdicts import Cause

FULL = Full(NoPrevious())


def test_every_reason_has_words() -> None:
    assert set(get_args(Reason)) == set(REASONS)


@pytest.mark.parametrize(
    "reason, expected",
    [
        (NoPrevious(), "there is nothing to continue yet"),
        (NewLink(), "the link is new, and a server forgets with the link"),
        (LaneDirty(), "the answer before it did not complete"),
        (Evicted(), "the server has dropped what it would continue"),
        (Disabled(), "continuing is switched off"),
        (CallerChain(), "the caller names what it continues"),
        (Replayed(Cause.LOST), "it is sent again (connection lost)"),
        (Shorter(), "it adds nothing to what was said before"),
        (PrefixChanged(3), "item 3 of the conversation has changed"),
        (OutputMismatch(1), "item 1 of the last answer is not in the conversation as it was given"),
        (PendingToolCalls(("call_1", "call\x1b")), r"tool calls have no output yet (call_1, call\x1b)"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_reason_in_words(reason: Reason, expected: str) -> None:
    assert f"in full, because {expected}" == decision_in_words(Full(reason))


def test_continuation_names_its_response_harmlessly() -> None:
    assert r"continues resp\x1b" == decision_in_words(Reuse("resp\x1b", ({},), 3))


@pytest.mark.parametrize("lane, expected", [(None, "link 2"), ("lane-1", "link 2, lane-1")])
def test_lane_in_words(lane: str | None, expected: str) -> None:
    assert expected == lane_in_words(2, lane)


@pytest.mark.parametrize(
    "items, given, expected",
    [(1, 1, "1 item, 90 bytes"), (2, 2, "2 items, 90 bytes"), (1, 5, "1 of 5 items, 90 bytes")],
)
def test_sent_in_words(items: int, given: int, expected: str) -> None:
    sent = Sent(1, 2, None, FULL, items, 90)

    assert f"{expected}, on link 2: in full, because there is nothing to continue yet" == sent_in_words(sent, given)


@pytest.mark.parametrize(
    "note, expected",
    [(Note("Replay"), "Replay"), (Note("Replay", detail="request 1: \x1b"), r"Replay: request 1: \x1b")],
    ids=["bare", "detailed"],
)
def test_note_in_words(note: Note, expected: str) -> None:
    assert expected == note_in_words(note)
