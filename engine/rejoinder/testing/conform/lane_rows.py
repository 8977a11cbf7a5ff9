"""Promises about several creates on one connection: in a row without lanes, beside each other on lanes."""

from __future__ import annotations

from typing import Final

from rejoinder.states.stream_events import ErrorEvent, FrameKind
from rejoinder.testing.conform import conversations
from rejoinder.testing.conform.judging import (
    NO_ANSWER,
    answered,
    broken,
    closing_in_words,
    error_in_words,
    is_busy,
    kept,
    refused,
    undecided,
)
from rejoinder.testing.conform.records import Finding, Frame, Need, Row, Source, Transcript

__all__ = ["LANE_ROWS"]

TOO_QUICK: Final = 0.1
"""Seconds: an answer that takes less may be over before the server has read the second create."""
UNLABELLED: Final = frozenset({FrameKind.KEEPALIVE, FrameKind.OTHER, FrameKind.GARBAGE})
"""Frames that may belong to no lane."""


def one_after_the_other(transcript: Transcript) -> Finding:
    if not transcript.received():
        return broken(_unanswered(transcript), transcript.sent())
    running: Frame | None = None
    ended = 0
    for frame in transcript.received():
        if isinstance(frame.event, ErrorEvent):
            if is_busy(frame.event):
                return undecided(f"a create was refused: {error_in_words(frame.event)}", [frame])
            return broken(f"a create on a busy connection was answered by {error_in_words(frame.event)}", [frame])
        if frame.kind is FrameKind.CREATED:
            if running is not None:
                return broken("the second response began before the first had ended", [running, frame])
            running = frame
        elif frame.kind is FrameKind.TERMINAL:
            running = None
            ended += 1
    if ended == len(transcript.sent()):
        return kept("the second began when the first had ended")
    text = f"{ended} of 2 creates were answered {_until(transcript)}"
    # One that has begun may only be slow.
    return broken(text, transcript.received()[-1:]) if ended and running is None else undecided(text)


def frames_name_their_lane(transcript: Transcript) -> Finding:
    errors = _errors(transcript)
    if errors:
        return undecided(f"a create was refused: {error_in_words(errors[0][1])}", [errors[0][0]])
    if not transcript.received():
        return broken(_unanswered(transcript), transcript.sent())
    lanes = {conversations.FIRST_LANE, conversations.SECOND_LANE}
    frames = [frame for frame in transcript.received() if frame.kind not in UNLABELLED]
    for frame in frames:
        if frame.event is None or frame.event.stream_id not in lanes:
            return broken("a frame does not name its lane", [frame])
    starts = [frame for frame in frames if frame.kind is FrameKind.CREATED]
    if len(starts) > 1 and len({frame.event.stream_id for frame in starts if frame.event is not None}) == 1:
        return broken("two responses name one lane", starts)
    return kept(f"{len(frames)} frames on two lanes")


def lanes_run_beside_each_other(transcript: Transcript) -> Finding:
    errors = _errors(transcript)
    if errors:
        return undecided(f"a create was refused: {error_in_words(errors[0][1])}", [errors[0][0]])
    starts = [frame for frame in transcript.received() if frame.kind is FrameKind.CREATED]
    ends = [frame for frame in transcript.received() if frame.kind is FrameKind.TERMINAL]
    if not ends:
        return undecided(f"no response ended {_until(transcript)}")
    before = transcript.received()[: transcript.received().index(ends[0])]
    if len([frame for frame in before if frame.kind is FrameKind.CREATED]) > 1:
        return kept("the second began while the first was running")
    if len(starts) < len(transcript.sent()) and len(ends) > len(starts):
        return undecided("the responses do not say when they begin", ends[:1])
    if not starts or ends[0].at - starts[0].at < TOO_QUICK:
        return undecided("the first answer was over too soon to tell")
    return broken("the second waited for the first to end", [*starts[:1], *ends[:1], *starts[1:2]])


def bad_name_refused(transcript: Transcript) -> Finding:
    if not refused(transcript, 0):
        answered(transcript)
        return broken("the create was accepted", [*transcript.sent()[:1], *transcript.received()[:1]])
    exchange = transcript.exchanges[0]
    if exchange.error is None or exchange.error.code != "invalid_stream_id":
        return broken(f"the refusal was {error_in_words(exchange.error)}", [*transcript.sent()[:1], *exchange.frames])
    return kept("invalid_stream_id")


def too_many_names_refused(transcript: Transcript) -> Finding:
    errors = _errors(transcript)
    limit = [frame for frame, error in errors if error.code == "websocket_stream_limit_reached"]
    ends = [frame for frame in transcript.received() if frame.kind is FrameKind.TERMINAL]
    if len(errors) > len(limit):
        other = next(frame for frame, error in errors if error.code != "websocket_stream_limit_reached")
        return undecided("a create was refused for another reason", [other])
    if not limit:
        if len(ends) > conversations.LANE_NAMES:
            return broken(f"{len(ends)} lanes were accepted", transcript.sent()[-1:])
        return undecided(f"{len(ends)} creates were over {_until(transcript)}")
    last = transcript.exchanges[-1].asked.get("stream_id")
    if len(limit) > 1 or limit[0].event is None or limit[0].event.stream_id != last:
        return broken("the limit was not met by the 33rd name alone, or the error does not name that", limit)
    return kept(f"{len(ends)} lanes, and the next one refused")


def _errors(transcript: Transcript) -> list[tuple[Frame, ErrorEvent]]:
    return [(frame, frame.event) for frame in transcript.received() if isinstance(frame.event, ErrorEvent)]


def _until(transcript: Transcript) -> str:
    if transcript.closings:
        return f"before {closing_in_words(transcript.closings[-1])}"
    return f"within {transcript.timeout:g} s"


def _unanswered(transcript: Transcript) -> str:
    return f"{NO_ANSWER} {_until(transcript)}"


WITH_LANES: Final = frozenset({Need.LANES})

LANE_ROWS: Final = (
    Row(
        "one-after-the-other",
        "Without lanes a second create waits until the first is over; it is no error.",
        Source.DOCUMENTED,
        conversations.two_at_once,
        one_after_the_other,
    ),
    Row(
        "lane-named",
        "Every frame of a response on a lane carries the lane's stream_id.",
        Source.DOCUMENTED,
        conversations.two_lanes,
        frames_name_their_lane,
        needs=WITH_LANES,
    ),
    Row(
        "lanes-concurrent",
        "Responses on two lanes run beside each other.",
        Source.DOCUMENTED,
        conversations.two_lanes,
        lanes_run_beside_each_other,
        needs=WITH_LANES,
    ),
    Row(
        "lane-name-refused",
        "A stream_id with characters that none may have is refused with invalid_stream_id.",
        Source.DOCUMENTED,
        conversations.bad_lane,
        bad_name_refused,
        needs=WITH_LANES,
    ),
    Row(
        "lane-limit",
        "The 33rd lane name of a connection is refused with websocket_stream_limit_reached, and the error names the lane.",
        Source.DOCUMENTED,
        conversations.many_lanes,
        too_many_names_refused,
        needs=WITH_LANES,
    ),
)
"""The rows of this file."""
