"""Recorded streams of real servers: every frame is an event that we know, and the sequence numbers are as described."""

import itertools
import json
from pathlib import Path

import pytest

from rejoinder.states.codec import decode
from rejoinder.states.stream_events import (
    ErrorEvent,
    ErrorShape,
    FrameKind,
    Garbage,
    ResponseCompleted,
    ResponseEvent,
    UnknownEvent,
)
from rejoinder.testing.recorded import read_recording

pytestmark = pytest.mark.usefixtures("each_reader")

FOLDER = Path(__file__).parents[1] / "recordings"
GAPS = {
    # Shortened by those who recorded it.
    "sse-openai-phase.jsonl": [(5, 41), (43, 49), (52, 126)],
}
FIRST = {
    # The second reply resumes the first after its event 0.
    ("sse-openai-background-starting-after.jsonl", 1): 1,
}
REPLIES = {
    "http-openai-tool-calls-3turn.jsonl": [14, 24, 20],
    "http-openai-two-turn-text-gpt4o.jsonl": [9, 10],
    "sse-openai-background-starting-after.jsonl": [17, 16],
    "sse-openai-code-interpreter.jsonl": [393],
    "sse-openai-error-then-failed.jsonl": [4],
    "sse-openai-mcp-approval-1.jsonl": [11],
    "sse-openai-mcp-approval-2.jsonl": [123],
    "sse-openai-phase.jsonl": [17],
    "sse-openai-reasoning-encrypted.jsonl": [56, 19, 19, 16],
    "sse-openai-web-search.jsonl": [185],
    "sse-xai-text-store-false.jsonl": [655],
    "ws-openai-function-tool-gpt4o.jsonl": [12, 10],
}
"""Every recording, with the number of frames in each reply of the server."""


def frames(name: str) -> list[tuple[str, ...]]:
    """Return the frames of a recording, those of each reply by themselves."""
    return [response.events for response in read_recording(FOLDER / name)]


def test_every_recording_is_checked() -> None:
    recordings = sorted(path.name for path in FOLDER.glob("*.jsonl"))

    assert {name: [len(reply) for reply in frames(name)] for name in recordings} == REPLIES


@pytest.mark.parametrize("name", REPLIES)
def test_every_frame_is_an_event_we_know(name: str) -> None:
    for frame in itertools.chain(*frames(name)):
        event = decode(frame)

        assert not isinstance(event, (Garbage, UnknownEvent))
        assert json.loads(frame) == event.raw
        assert event == decode(frame.encode())


@pytest.mark.parametrize("name", REPLIES)
def test_sequence_numbers_rise_by_one_from_nought_in_each_response(name: str) -> None:
    gaps: list[tuple[int | None, int | None]] = []
    for number, reply in enumerate(frames(name)):
        numbers = [decode(frame).sequence_number for frame in reply]
        gaps += [(one, two) for one, two in itertools.pairwise(numbers) if one is None or two != one + 1]

        assert FIRST.get((name, number), 0) == numbers[0]

    assert GAPS.get(name, []) == gaps


@pytest.mark.parametrize("name", REPLIES)
def test_each_reply_is_one_response_from_created_to_its_terminal(name: str) -> None:
    for number, reply in enumerate(frames(name)):
        events = [decode(frame) for frame in reply]
        kinds = [event.kind for event in events]
        ids = {event.response_id for event in events if isinstance(event, ResponseEvent)}
        begins = [FrameKind.PROGRESS] if (name, number) in FIRST else [FrameKind.CREATED]

        assert begins == kinds[:1]
        assert [len(kinds) - 1] == [place for place, kind in enumerate(kinds) if kind is FrameKind.TERMINAL]
        assert len(ids) == 1


@pytest.mark.parametrize("name", REPLIES)
def test_content_names_an_item_that_was_announced(name: str) -> None:
    for reply in frames(name):
        announced: set[str | None] = set()
        for event in map(decode, reply):
            if event.kind is FrameKind.ITEM_ADDED:
                announced.add(event.item_id)
            elif event.kind is FrameKind.CONTENT:
                assert event.item_id in announced

        assert None not in announced


def test_a_fault_comes_before_the_terminal_of_its_response() -> None:
    (reply,) = frames("sse-openai-error-then-failed.jsonl")
    fault = decode(reply[2])

    assert isinstance(fault, ErrorEvent)
    assert (ErrorShape.SEQUENCED, "insufficient_quota", None, 2) == (
        fault.shape,
        fault.code,
        fault.status,
        fault.sequence_number,
    )
    assert decode(reply[3]).kind is FrameKind.TERMINAL


def test_a_response_on_the_socket_echoes_the_one_it_continues() -> None:
    first, second = frames("ws-openai-function-tool-gpt4o.jsonl")
    completed, created = decode(first[-1]), decode(second[0])

    assert isinstance(completed, ResponseCompleted)
    assert created.raw["response"]["previous_response_id"] == completed.response_id
