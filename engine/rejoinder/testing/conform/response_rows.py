"""Promises about one response: its first frame, its numbers, its items, its end.

Rules of this file: every judgement but one is on the same conversation, a question and its answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from rejoinder.states.content_events import OutputItemDone
from rejoinder.states.stream_events import FrameKind, Garbage
from rejoinder.testing.conform import conversations
from rejoinder.testing.conform.judging import (
    Settled,
    amount,
    answered,
    broken,
    completed,
    created,
    kept,
    not_applicable,
    objects,
    refused,
    texts,
    undecided,
)
from rejoinder.testing.conform.records import End, Exchange, Finding, Frame, Need, Row, Source, Transcript

__all__ = ["RESPONSE_ROWS", "deltas", "numbers_in_order"]

Place: TypeAlias = tuple[str, str | None, object]
"""The kind of text, its item, and the part of that."""

WHOLE_TEXTS: Final = ("text", "refusal", "arguments", "input", "code", "transcript")
"""What a done event may call the whole of its deltas."""


def created_first(transcript: Transcript) -> Finding:
    exchange = answered(transcript, whole=False)
    of_response = [frame for frame in exchange.frames if frame.kind not in {FrameKind.OTHER, FrameKind.KEEPALIVE, FrameKind.ERROR}]
    starts = exchange.of_kind(FrameKind.CREATED)
    if not of_response or of_response[0].kind is not FrameKind.CREATED:
        return broken("the response begins with something else", of_response[:1] or exchange.frames[:1])
    if len(starts) > 1:
        return broken(f"response.created came {len(starts)} times", starts)
    return kept("response.created came first, and once")


def metadata_echoed(transcript: Transcript) -> Finding:
    frame, response = created(transcript)
    if response.get("metadata") != conversations.METADATA:
        return broken("the request's metadata are not in the response", [*transcript.sent()[:1], frame])
    return kept("the request's metadata came back")


def numbers_rise(transcript: Transcript) -> Finding:
    return numbers_in_order(answered(transcript, whole=False))


def numbers_in_order(exchange: Exchange) -> Finding:
    """Whether the sequence numbers of a response are 0, 1, 2 and so on."""
    expected = 0
    # What comes before the first frame of this response is left over from another.
    start = next((index for index, frame in enumerate(exchange.frames) if frame.kind is FrameKind.CREATED), 0)
    for frame in exchange.frames[start:]:
        event = frame.event
        if event is None or (event.sequence_number is None and event.kind in {FrameKind.ERROR, FrameKind.OTHER, FrameKind.GARBAGE}):
            continue
        if event.sequence_number != expected:
            said = "no number" if event.sequence_number is None else f"number {event.sequence_number}"
            return broken(f"{said} stands where {expected} belongs", [frame])
        expected += 1
    return kept(f"{amount(expected, 'frame')}, numbered from 0")


def items_announced(transcript: Transcript) -> Finding:
    exchange = answered(transcript, whole=False)
    announced: set[str | None] = set()
    named = 0
    for frame in exchange.frames:
        if frame.event is None or frame.event.item_id is None:
            continue
        if frame.kind is FrameKind.ITEM_ADDED:
            announced.add(frame.event.item_id)
        elif frame.event.item_id not in announced:
            return broken("an item is named that was not announced", [frame])
        named += 1
    return kept(f"{amount(len(announced), 'item')} announced") if named else undecided("no frame names an item")


def deltas_join(transcript: Transcript) -> Finding:
    exchange = answered(transcript, whole=False)
    pieces = deltas(exchange)
    compared = 0
    for frame in exchange.frames:
        if frame.event is None or not frame.event.type.endswith(".done"):
            continue
        place, whole = _place(frame), _whole(frame.event.raw)
        if whole is None or place not in pieces:
            continue
        joined = "".join(piece for piece, _ in pieces[place])
        if joined != whole:
            return broken("the deltas do not join to the done text", [*(each for _, each in pieces[place]), frame])
        compared += 1
    return kept(amount(compared, "text")) if compared else undecided("no text came both in deltas and whole")


def deltas(exchange: Exchange) -> dict[Place, list[tuple[str, Frame]]]:
    """The pieces of each text, with their frames. What follows the terminal event is another row's matter."""
    pieces: dict[Place, list[tuple[str, Frame]]] = {}
    for frame in exchange.frames:
        if frame.kind is FrameKind.TERMINAL:
            break
        if frame.event is not None and frame.event.type.endswith(".delta"):
            piece = frame.event.raw.get("delta")
            if isinstance(piece, str):
                pieces.setdefault(_place(frame), []).append((piece, frame))
    return pieces


def output_agrees(transcript: Transcript) -> Finding:
    exchange, terminal = completed(transcript)
    ends = exchange.of_kind(FrameKind.TERMINAL)[:1]
    output = objects(terminal.response.get("output"))
    items = [frame for frame in exchange.frames if isinstance(frame.event, OutputItemDone)]
    if not output:
        return not_applicable("the terminal lists no output, as some servers do", ends)
    listed = [_short(item) for item in output]
    said = sorted(
        (frame.event.output_index or 0, *_short(frame.event.item)) for frame in items if isinstance(frame.event, OutputItemDone)
    )
    if items and listed != [short for _, *short in said]:
        return broken("the terminal's output is not what the items were when they were done", [*items, *ends])
    spoken = "".join(piece for place in deltas(exchange).values() for piece, _ in place)
    if not items and spoken and spoken != "".join(text for _, _, text in listed):
        return broken("the terminal's output is not what the deltas said", ends)
    return kept(amount(len(listed), "item"))


def one_terminal(transcript: Transcript) -> Finding:
    try:
        answered(transcript)
    except Settled:
        if not transcript.exchanges or transcript.exchanges[0].end not in {None, End.CLOSED}:
            raise
    exchange = transcript.exchanges[0]
    ends = exchange.of_kind(FrameKind.TERMINAL)
    if not ends:
        how = "the connection ended first" if exchange.end is End.CLOSED else f"none came within {transcript.timeout:g} s"
        return broken(f"the response has no terminal event: {how}", exchange.frames[-1:])
    if len(ends) > 1:
        return broken(f"the response ended {len(ends)} times", ends)
    return kept("one" if exchange.terminal is None else exchange.terminal.type)


def identifiers_agree(transcript: Transcript) -> Finding:
    exchange = answered(transcript, whole=False)
    named = [frame for frame in exchange.frames if frame.event is not None and frame.event.response_id is not None]
    names = dict.fromkeys(frame.event.response_id for frame in named if frame.event is not None)
    if len(names) > 1:
        odd = [frame for frame in named if frame.event is not None and frame.event.response_id != next(iter(names))]
        return broken(f"one response has {len(names)} identifiers", [*named[:1], *odd[:1]])
    return kept(f"the same in {amount(len(named), 'frame')}") if named else undecided("no frame names a response")


def silent_after_the_end(transcript: Transcript) -> Finding:
    exchange = answered(transcript)
    end = next(index for index, frame in enumerate(exchange.frames) if frame.kind is FrameKind.TERMINAL)
    of_response = {FrameKind.CREATED, FrameKind.PROGRESS, FrameKind.ITEM_ADDED, FrameKind.CONTENT}
    late = [frame for frame in exchange.frames[end + 1 :] if frame.kind in of_response]
    return broken("more came after the terminal event", [exchange.frames[end], *late]) if late else kept("nothing came after it")


def frames_are_events(transcript: Transcript) -> Finding:
    exchange = answered(transcript, whole=False)
    for frame in exchange.frames:
        if isinstance(frame.event, Garbage):
            return broken(frame.event.detail, [frame])
        if frame.event is not None and frame.event.binary:
            return broken("a frame is binary", [frame])
    return kept(amount(len(exchange.frames), "frame"))


def default_lane_unlabelled(transcript: Transcript) -> Finding:
    exchange = answered(transcript, whole=False)
    labelled = [frame for frame in exchange.frames if frame.event is not None and frame.event.stream_id is not None]
    return broken("a frame carries a stream_id that nobody gave", labelled[:1]) if labelled else kept("no frame carries one")


def stream_accepted(transcript: Transcript) -> Finding:
    if refused(transcript, 0):
        return broken("the create was refused", [*transcript.sent()[:1], *transcript.exchanges[0].frames])
    completed(transcript)
    return kept("the create was answered")


def _place(frame: Frame) -> Place:
    event = frame.event
    if event is None:
        return "", None, None
    raw = event.raw
    part = raw.get("content_index", raw.get("summary_index", raw.get("command_index")))
    return event.type.rpartition(".")[0], event.item_id, part if isinstance(part, int) else None


def _whole(raw: Mapping[str, Any]) -> str | None:
    return next((value for name in WHOLE_TEXTS if isinstance(value := raw.get(name), str)), None)


def _short(item: Mapping[str, Any]) -> list[str]:
    return [str(item.get("type")), str(item.get("id")), texts(item)]


DOCUMENTED, RECORDED = Source.DOCUMENTED, Source.RECORDED
PLAIN = conversations.plain

RESPONSE_ROWS: Final = (
    Row("created-first", "A response begins with response.created, and has one.", RECORDED, PLAIN, created_first),
    Row("metadata", "response.created repeats the metadata of the request.", DOCUMENTED, PLAIN, metadata_echoed),
    Row("sequence", "Sequence numbers begin at 0 and rise by 1.", RECORDED, PLAIN, numbers_rise),
    Row(
        "items-announced",
        "response.output_item.added comes before any frame that names the item.",
        RECORDED,
        PLAIN,
        items_announced,
        needs=frozenset({Need.ANNOUNCED_ITEMS}),
    ),
    Row("deltas-join", "The deltas of a text join to the text of its done event.", RECORDED, PLAIN, deltas_join),
    Row("output-agrees", "The terminal event lists the items as they were when they were done.", RECORDED, PLAIN, output_agrees),
    Row("one-terminal", "A response ends in one of completed, failed and incomplete, once.", DOCUMENTED, PLAIN, one_terminal),
    Row("identifiers-agree", "Every frame that names the response names the same one.", RECORDED, PLAIN, identifiers_agree),
    Row("silent-after-end", "No output follows the terminal event.", RECORDED, PLAIN, silent_after_the_end),
    Row(
        "frames-are-events", "Every frame is text, and an event with the fields of its type.", DOCUMENTED, PLAIN, frames_are_events
    ),
    Row(
        "default-lane", "Without a stream_id in the create there is none in the answer.", DOCUMENTED, PLAIN, default_lane_unlabelled
    ),
    Row(
        "stream-accepted",
        "A create may carry stream: true, which real clients send.",
        Source.REPORTED,
        conversations.stream_field,
        stream_accepted,
    ),
)
"""The rows of this file."""
