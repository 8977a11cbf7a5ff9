"""Each promise: a good log keeps it, a doctored log breaks it, and an empty one shows nothing.

The good logs are those of a real conversation (``held.py``). Each test changes them the way a broken engine would have, and only
that promise, or the ones that hang together with it, may be called broken.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import attrs
import pytest

from cli.held import Held, hold
from rejoinder.cli.attempts import TEXT_DELTA
from rejoinder.cli.caller_log import CallerEntry
from rejoinder.cli.demo_run import Plan
from rejoinder.cli.judge import PROMISES, Terms, judge
from rejoinder.engine import CancelPolicy
from rejoinder.testing import LogEntry

NAMES = [
    "words-stay-yours",
    "cancelled-is-cancelled",
    "one-outcome",
    "no-stale-memory",
    "no-word-twice",
    "within-limits",
    "next-at-once",
]


def doctored(held: Held, change: Callable[[CallerEntry], Iterable[CallerEntry]]) -> Held:
    """The conversation with another log of the callers."""
    return attrs.evolve(held, caller=tuple(new for old in held.caller for new in change(old)))


def with_creates(held: Held, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Held:
    """The conversation with other creates in the server's log."""

    def changed(entry: LogEntry) -> LogEntry:
        return attrs.evolve(entry, body=change(entry.body)) if entry.type == "response.create" else entry

    return attrs.evolve(held, server=tuple(changed(entry) for entry in held.server))


@pytest.mark.parametrize("profile", ["openai", "azure", "xai", "generic"])
@pytest.mark.parametrize("then", CancelPolicy)
@pytest.mark.parametrize("signal", [True, False], ids=["signal", "silent"])
def test_good_logs_keep_every_promise(profile: str, then: CancelPolicy, signal: bool) -> None:  # noqa: FBT001
    held = hold(Plan(profile, signal, then))

    assert {} == held.broken()
    assert NAMES == list(held.judged())
    assert held.report.succeeded


def test_empty_logs_show_nothing() -> None:
    findings = judge((), (), Terms(1, 1.0))

    assert NAMES == [finding.name for finding in findings]
    assert len(PROMISES) * [False] == [finding.kept for finding in findings]
    assert all(violation.startswith("Nothing was shown: ") for finding in findings for violation in finding.violations)


def test_evidence_counts_what_was_there(held: Held) -> None:
    evidence = {name: finding.evidence for name, finding in held.judged().items()}

    assert "2 requests were cancelled" in evidence["cancelled-is-cancelled"]
    assert "2 cancelled, 9 completed, 1 interrupted" in evidence["one-outcome"]
    assert "2 requests were sent again (connection lost, cache miss)" in evidence["no-word-twice"]
    assert "8 of 14 creates" in evidence["no-stale-memory"]
    assert "after 5 ms and 5 ms; with the policy 'lane' it may take 500 ms" in evidence["next-at-once"]


# Words stay yours


def test_words_of_another_request_are_found_by_their_tag(held: Held) -> None:
    stray = next(entry for entry in held.caller if entry.tag == "[q7]" and entry.kind == TEXT_DELTA)

    def leak(entry: CallerEntry) -> Iterator[CallerEntry]:
        yield entry
        if entry.tag == "[q8]" and entry.what == "asked":
            yield attrs.evolve(stray, tag="[q8]")

    broken = doctored(held, leak).broken()

    assert ("[q8] was given words of [q7]: '[q7] one, '.",) == broken["words-stay-yours"]
    # What was told with the outcome is not what was heard, either.
    assert {"words-stay-yours", "one-outcome"} == set(broken)


def test_words_of_another_request_are_found_by_their_item(held: Held) -> None:
    stray = next(entry for entry in held.caller if entry.tag == "[q7]" and entry.kind == TEXT_DELTA)

    def leak(entry: CallerEntry) -> Iterator[CallerEntry]:
        yield entry
        if entry.tag == "[q8]" and entry.what == "asked":
            yield attrs.evolve(stray, tag="[q8]", text="no tag", kind="response.content_part.added")

    assert {"words-stay-yours": ("[q8] was given words of [q7]: 'no tag'.",)} == doctored(held, leak).broken()


# Cancelled is cancelled


def test_delivery_after_a_cancel_is_found(held: Held) -> None:
    def go_on(entry: CallerEntry) -> Iterator[CallerEntry]:
        yield entry
        if entry.what == "cancelled" and entry.tag == "[q5]":
            yield attrs.evolve(entry, what="delivered", kind="response.in_progress")

    broken = doctored(held, go_on).broken()

    assert {"cancelled-is-cancelled": ("[q5] was given response.in_progress after it was cancelled.",)} == broken


# One outcome each


def test_missing_outcome_is_found(held: Held) -> None:
    broken = doctored(held, lambda entry: [] if (entry.what, entry.tag) == ("ended", "[q2]") else [entry]).broken()

    assert {"one-outcome": ("[q2] was told no outcome.",)} == broken


def test_two_outcomes_are_found(held: Held) -> None:
    def change_mind(entry: CallerEntry) -> Iterator[CallerEntry]:
        yield entry
        if entry.what == "ended" and entry.tag == "[q2]":
            yield attrs.evolve(entry, kind="interrupted")

    broken = doctored(held, change_mind).broken()

    assert {"one-outcome": ("[q2] was told different outcomes: completed and interrupted.",)} == broken


@pytest.mark.parametrize(
    "outcome, violation",
    [
        ("no outcome", "[q2] was told no outcome but 'no outcome'."),
        ("cancelled", "[q2] was told that it is cancelled, which nobody had asked for."),
    ],
    ids=["unknown", "unasked"],
)
def test_untrue_outcome_is_found(held: Held, outcome: str, violation: str) -> None:
    def lie(entry: CallerEntry) -> Iterator[CallerEntry]:
        yield attrs.evolve(entry, kind=outcome) if entry.what == "ended" and entry.tag == "[q2]" else entry

    assert {"one-outcome": (violation,)} == doctored(held, lie).broken()


def test_completed_without_all_words_is_found(held: Held) -> None:
    last = [entry for entry in held.caller if entry.tag == "[q2]" and entry.kind == TEXT_DELTA][-1]
    broken = doctored(held, lambda entry: [] if entry is last else [entry]).broken()

    assert {"one-outcome": ("[q2] was told that it is completed, without having been given all that the server said.",)} == broken


# No stale memory


def continuing(held: Held, tag: str, named: str) -> Held:
    """The conversation with the create of ``tag`` continuing ``named``."""

    def change(body: dict[str, Any]) -> dict[str, Any]:
        last = body["input"][-1]
        return {**body, "previous_response_id": named} if str(last.get("content")).endswith(tag) else body

    return with_creates(held, change)


def test_continuation_over_a_lost_link_is_found(held: Held) -> None:
    broken = continuing(held, "[q11]", "resp_10").broken()

    assert {"no-stale-memory": ("[q11] continues resp_10, which its connection has never seen.",)} == broken


def test_continuation_of_an_interrupted_response_is_found(held: Held) -> None:
    broken = continuing(held, "[q8]", "resp_7").broken()

    assert {"no-stale-memory": ("[q8] continues resp_7, which had not completed.",)} == broken


def test_continuation_of_an_older_response_is_found(held: Held) -> None:
    broken = continuing(held, "[q3]", "resp_1").broken()

    assert {"no-stale-memory": ("[q3] continues resp_1, which is not the latest of its lane.",)} == broken


def test_continuation_from_another_lane_is_found(held: Held) -> None:
    broken = continuing(held, "[q8]", "resp_6").broken()

    assert {"no-stale-memory": ("[q8] continues resp_6, which is not the latest of its lane.",)} == broken


# No word twice


def test_replay_after_output_is_found(held: Held) -> None:
    # The first attempt of [q9] is made to have said what its caller has heard.
    item = next(entry.item_id for entry in held.caller if entry.tag == "[q9]" and entry.kind == TEXT_DELTA)
    lost = next(place for place, entry in enumerate(held.server) if entry.data == "dropped")
    before = held.server[lost - 1]
    body = {
        "type": "response.output_item.added",
        "stream_id": before.body.get("stream_id"),
        "item": {"id": item, "type": "message"},
    }
    server = (*held.server[:lost], attrs.evolve(before, body=body), *held.server[lost:])
    broken = attrs.evolve(held, server=server).broken()

    assert {"no-word-twice": ("[q9] was sent again although output of it had been delivered.",)} == broken


def test_second_replay_for_the_same_cause_is_found(held: Held) -> None:
    # The create that missed, and its error, come twice.
    place = next(index for index, entry in enumerate(held.server) if entry.type == "error")
    twice = (*held.server[: place + 1], held.server[place - 1], held.server[place], *held.server[place + 1 :])
    broken = attrs.evolve(held, server=twice).broken()

    assert ("[q12] was sent again twice for the same cause: cache miss, cache miss.",) == broken["no-word-twice"]


def test_words_heard_twice_are_found(held: Held) -> None:
    first = next(entry for entry in held.caller if entry.tag == "[q10]" and entry.kind == TEXT_DELTA)

    def stammer(entry: CallerEntry) -> Iterator[CallerEntry]:
        yield entry
        if entry is first:
            yield entry

    broken = doctored(held, stammer).broken()

    assert {"no-word-twice": ("[q10] was given words twice, or not in the order of the server's answer.",)} == broken


# Never more than the server takes


def test_second_response_on_a_serial_link_is_found(held_serial: Held) -> None:
    # The terminal of the first answer is moved behind the next create.
    place = next(index for index, entry in enumerate(held_serial.server) if entry.type == "response.completed")
    terminal = held_serial.server[place]
    create = next(index for index, entry in enumerate(held_serial.server) if index > place and entry.type == "response.create")
    without = held_serial.server[:place] + held_serial.server[place + 1 : create + 1]
    broken = attrs.evolve(held_serial, server=(*without, terminal, *held_serial.server[create + 1 :])).broken()

    assert ("[q2] was sent while [q1] ran on its connection.",) == broken["within-limits"]
    # It continues a response that has not completed, too.
    assert {"within-limits", "no-stale-memory"} == set(broken)


def test_second_response_on_a_lane_is_found(held: Held) -> None:
    def to_the_busy_lane(body: dict[str, Any]) -> dict[str, Any]:
        return {**body, "stream_id": "lane-1"} if str(body["input"][-1].get("content")).endswith("[q6]") else body

    broken = with_creates(held, to_the_busy_lane).broken()

    assert ("[q6] was sent on a lane that was not free.",) == broken["within-limits"]


# An interruption delays nobody


def test_late_create_after_an_interruption_is_found(held: Held) -> None:
    def earlier(entry: CallerEntry) -> Iterator[CallerEntry]:
        yield attrs.evolve(entry, at=entry.at - 3.0) if (entry.what, entry.tag) == ("asked", "[q8]") else entry

    broken = doctored(held, earlier).broken()

    assert {"next-at-once": ("[q8] took 3.00 s to reach the server after [q7] was interrupted.",)} == broken


def test_create_that_never_came_after_an_interruption_is_found(held: Held) -> None:
    server = tuple(entry for entry in held.server if not (entry.type == "response.create" and "[q8]" in str(entry.data)[-300:]))
    finding = attrs.evolve(held, server=server).judged()["next-at-once"]

    assert ("[q8], asked after [q7] was interrupted, never reached the server.",) == finding.violations


def test_interruption_at_the_very_end_is_nobody_s_delay(held: Held) -> None:
    last = next(index for index, entry in enumerate(held.caller) if entry.tag == "[q8]")
    finding = attrs.evolve(held, caller=held.caller[:last]).judged()["next-at-once"]

    assert finding.kept
    assert "after 5 ms; with" in finding.evidence
