"""The judge sees each promise broken in a diary that shows it, and nothing in one that does not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from rejoinder.engine import Moved, Note, Sent
from rejoinder.states.codec import decode
from rejoinder.states.continuation import Full, NoPrevious
from rejoinder.states.phases import LinkPhase
from rejoinder.states.profiles import ReplayPolicy
from rejoinder.states.triggers import LinkEvent
from rejoinder.states.verdicts import Cause, Failure, Outcome, OutcomeKind
from rejoinder.testing.fuzz.engine_diary import (
    Began,
    Broken,
    Came,
    Diary,
    Ended,
    Given,
    Happening,
    Left,
    Line,
    Observed,
    Took,
    Wired,
)
from rejoinder.testing.fuzz.engine_judge import Judge
from rejoinder.testing.outgoing import encoded

COMPLETED = Outcome(OutcomeKind.COMPLETED)
LOST = Outcome(OutcomeKind.INTERRUPTED, Failure(Cause.LOST, "The connection was lost."))
FULL_BUFFER = Outcome(OutcomeKind.INTERRUPTED, Failure(Cause.OVERFLOW, "The buffer is full."))
SENT = Observed(Sent(7, 1, None, Full(NoPrevious()), 1, 100))


def delta(words: str) -> str:
    body: dict[str, Any] = {"type": "response.output_text.delta", "item_id": "item", "output_index": 0, "content_index": 0}
    return encoded({**body, "delta": words})


def came(words: str, caller: int = 1) -> Came:
    return Came(caller, decode(delta(words)))


def took(words: str) -> Took:
    return Took(1, decode(delta(words)))


def judged(*happenings: Happening, replay: ReplayPolicy = ReplayPolicy.UNCOMMITTED, right: bool = True) -> Sequence[str]:
    diary = Diary([Line(0.0, what) for what in (Began(1, 7), *happenings)])
    return [str(broken) for broken in Judge(diary, replay, right).read()]


def on_lane(words: str, lane: str | None) -> str:
    body: dict[str, Any] = {**json.loads(delta(words)), "stream_id": lane}
    return encoded({name: value for name, value in body.items() if value is not None})


def opened(socket: int, link: int) -> list[Happening]:
    """A socket opens, and the engine says which link that is."""
    return [Wired(socket, "opened"), Observed(Moved("link", LinkPhase.CONNECTING, LinkEvent.OPENED, LinkPhase.OPEN, link))]


@pytest.mark.parametrize(
    "socket, lane, owed",
    [(1, "lane-1", False), (1, "lane-2", True), (1, None, True), (2, "lane-2", False), (3, "lane-2", True)],
    ids=["another lane", "its lane", "no lane", "another link", "a socket that nobody named"],
)
def test_what_an_attempt_says_that_was_given_up_is_not_owed(socket: int, lane: str | None, owed: bool) -> None:  # noqa: FBT001
    again = Observed(Sent(7, 4, "lane-2", Full(NoPrevious()), 1, 1))
    given = Given(socket, on_lane("<1> word ", lane))
    told = judged(*opened(1, 4), *opened(2, 5), SENT, again, given, Ended(1, LOST))

    assert owed == bool(told)


@pytest.mark.parametrize(
    "happenings, promise",
    [
        ([came("<2> word ")], "promise 1: caller 1 was delivered what belongs to [2]"),
        (
            [Ended(1, Outcome(OutcomeKind.COMPLETED, response={"output": "<2>"}))],
            "promise 1: the outcome of caller 1 is that of [2]",
        ),
        ([Left(1, "cancelled"), came("<1> word ")], "promise 2: response.output_text.delta came to caller 1"),
        ([came("<1> word "), Left(1, "cancelled"), took("<1> word ")], "promise 2: caller 1 took response.output_text.delta"),
        ([Ended(1, COMPLETED), came("<1> word ")], "promise 3: response.output_text.delta came to caller 1, who had its outcome"),
        ([Ended(1, COMPLETED), Ended(1, COMPLETED)], "promise 3: caller 1 was given a second outcome"),
        ([Ended(1, COMPLETED), SENT], "promise 3: caller 1 was sent after its outcome"),
        ([SENT, came("<1> word "), SENT], "promise 5: caller 1 was sent again after output"),
        ([SENT, SENT, SENT, SENT], "promise 5: caller 1 was sent 4 times"),
        (
            [Observed(Note("Replay", detail="request 7: deadline"))] * 2,
            "promise 5: caller 1 was sent again twice because of deadline",
        ),
        ([Observed(Note("Illegal", detail="link: Opened in open"))], "promise 7: there is no row for link: Opened in open"),
        ([Broken(8, "it does not end")], "promise 8: it does not end"),
        (
            [SENT, Given(1, delta("<1> word ")), Ended(1, COMPLETED)],
            "promise 10: the engine was given ['<1> word '] for caller 1, and did not deliver it (completed)",
        ),
        (
            [SENT, Given(1, delta("<1> word ")), Ended(1, LOST)],
            "promise 10: the engine was given ['<1> word '] for caller 1, and did not deliver it (interrupted)",
        ),
    ],
)
def test_a_broken_promise_is_told(happenings: Sequence[Happening], promise: str) -> None:
    (told,) = judged(*happenings)

    assert told.startswith(promise)


@pytest.mark.parametrize(
    "happenings",
    [
        [SENT, Given(1, delta("<1> word ")), came("<1> word "), took("<1> word "), Ended(1, COMPLETED), Left(1, "over")],
        [SENT, Given(1, delta("<1> word ")), Left(1, "cancelled"), Ended(1, Outcome(OutcomeKind.CANCELLED))],
        [SENT, Given(1, delta("<1> word ")), Ended(1, FULL_BUFFER)],
        [SENT, Ended(1, COMPLETED), Given(1, delta("<1> late "))],
        [SENT, Observed(Note("Replay", detail="request 7: deadline")), SENT, Observed(Note("Replay", detail="request 7: x")), SENT],
        [Observed(Note("Replay", detail="request 8: deadline"))] * 3,
        [Given(1, "{broken response.output_text.delta"), Given(1, b"bytes")],
        [Observed(Moved("link", "closed", "Needed", "connecting", 1))],
    ],
)
def test_what_keeps_the_promises_is_passed(happenings: Sequence[Happening]) -> None:
    assert [] == judged(*happenings)


def test_who_never_replays_sends_once() -> None:
    assert ["promise 5: caller 1 was sent 2 times"] == judged(SENT, SENT, replay=ReplayPolicy.NEVER)


def test_words_of_an_unruly_server_need_not_come() -> None:
    assert [] == judged(SENT, Given(1, delta("<1> word ")), Ended(1, COMPLETED), right=False)


def test_what_happened_is_counted() -> None:
    judge = Judge(Diary([Line(0.0, Ended(1, COMPLETED)), Line(0.0, SENT)]), ReplayPolicy.NEVER, right=True)
    judge.read()

    assert {"outcome: completed": 1} == judge.sometimes
