"""What ``rejoinder conform`` says in the end, for people and for programs.

Rules of this file
* A line for each row; under a broken one the frames that show it, each cut to a line. The JSON has every frame, whole.
* What a server said is printed so that no terminal obeys it. The address is shown without its query, which may be secret.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from rejoinder.testing.conform.judging import amount
from rejoinder.testing.conform.records import Frame, Row, Transcript, Verdict
from rejoinder.testing.conform.rows import needs_in_words

from .printable import printable

if TYPE_CHECKING:
    from rejoinder.testing.conform.runner import Report, Result, Target

__all__ = ["as_json", "lines", "listed"]

INDENT: Final = "   "
WIDEST_FRAME: Final = 160
"""Characters of a frame that are shown: both ends of it, for type and identifiers stand at either."""
FRAMES_SHOWN: Final = 6
"""Frames of evidence that are shown: the first ones and the last ones."""
WIDEST_TEXT: Final = 200
"""Characters of a finding, which may repeat what a server said at length."""


def lines(target: Target, report: Report) -> Iterator[str]:
    """The report for people, line by line."""
    yield f"{_address(target)}, profile {target.endpoint.profile.name}, model {printable(target.model)}"
    yield ""
    width = max(len(result.row.name) for result in report.results) + 2
    for result in report.results:
        verdict = result.finding.verdict
        shown = verdict.value.upper() if verdict is Verdict.BROKEN else verdict.value
        yield f"{INDENT}{shown:<16}{result.row.name:<{width}}{_one_line(result.finding.text, WIDEST_TEXT)}"
        if verdict is Verdict.BROKEN:
            yield f"{INDENT}{'':16}promised: {result.row.promise} ({result.row.source.value})"
            yield from (f"{INDENT}{'':16}{line}" for line in _evidence(result.finding.evidence))
    yield ""
    counts = [f"{len(report.of(verdict))} {verdict.value}" for verdict in Verdict if report.of(verdict)]
    yield f"{amount(len(report.results), 'row')} in {report.seconds:.1f} s: {', '.join(counts)}."
    if report.stopped:
        yield f"The run ended early. {_one_line(report.stopped, WIDEST_TEXT)} Try again later, or with a longer --timeout."


def listed(rows: Iterable[Row]) -> Iterator[str]:
    """The rows, without judgement."""
    for row in rows:
        yield f"{row.name} ({row.source.value}{'' if needs_in_words(row) == '-' else '; needs ' + needs_in_words(row)})"
        yield f"{INDENT}{row.promise}"


def as_json(target: Target, report: Report) -> dict[str, Any]:
    """The report for programs. ``evidence`` counts into the frames of the row's conversation."""
    held = {result.row.conversation: result.transcript for result in report.results if result.transcript is not None}
    return {
        "succeeded": report.succeeded,
        "stopped": report.stopped or None,
        "url": _address(target),
        "profile": target.endpoint.profile.name,
        "model": target.model,
        "seconds": round(report.seconds, 3),
        "counts": {verdict.value: len(report.of(verdict)) for verdict in Verdict},
        "rows": [_row_as_json(result) for result in report.results],
        "conversations": {_name(conversation): _transcript_as_json(transcript) for conversation, transcript in held.items()},
    }


def _row_as_json(result: Result) -> dict[str, Any]:
    frames = () if result.transcript is None else result.transcript.frames
    shown = {id(frame) for frame in result.finding.evidence}
    return {
        "name": result.row.name,
        "promise": result.row.promise,
        "source": result.row.source.value,
        "verdict": result.finding.verdict.value,
        "finding": result.finding.text,
        "conversation": _name(result.row.conversation),
        "evidence": [index for index, frame in enumerate(frames) if id(frame) in shown],
    }


def _transcript_as_json(transcript: Transcript) -> dict[str, Any]:
    return {
        "timed_out": transcript.timed_out,
        "pong_after": transcript.pong_after,
        "closed_after": transcript.closed_after,
        "closings": [
            {"at": round(each.at, 6), "connection": each.connection, "code": each.code, "reason": each.reason}
            for each in transcript.closings
        ],
        "frames": [_frame_as_json(frame) for frame in transcript.frames],
    }


def _frame_as_json(frame: Frame) -> dict[str, Any]:
    facts: dict[str, Any] = {"at": round(frame.at, 6), "connection": frame.connection, "direction": frame.direction.value}
    if isinstance(frame.data, str):
        return {**facts, "text": frame.data}
    return {**facts, "base64": base64.b64encode(frame.data).decode()}


def _evidence(frames: Sequence[Frame]) -> Iterator[str]:
    half = FRAMES_SHOWN // 2
    left_out = len(frames) - FRAMES_SHOWN
    for frame in frames[:half] if left_out > 0 else frames:
        yield _frame_in_a_line(frame)
    if left_out > 0:
        yield f"... {left_out} more"
        for frame in frames[-half:]:
            yield _frame_in_a_line(frame)


def _frame_in_a_line(frame: Frame) -> str:
    text = frame.data if isinstance(frame.data, str) else f"binary {frame.data!r}"
    return f"{frame.at:8.3f} s  {frame.direction.value:<9} {_one_line(text, WIDEST_FRAME)}"


def _one_line(text: str, widest: int) -> str:
    # Cut before it is made printable, as that may take long for a frame of megabytes; and once more, as escapes are longer.
    return _cut(printable(_cut(text, widest)).replace("\n", "\\n").replace("\t", "\\t"), widest)


def _cut(text: str, widest: int) -> str:
    if len(text) <= widest:
        return text
    tail = widest // 3
    return f"{text[: widest - tail - 5]} ... {text[-tail:]}"


def _address(target: Target) -> str:
    endpoint = target.endpoint
    host = f"[{endpoint.host}]" if ":" in endpoint.host else endpoint.host
    path = endpoint.resource.partition("?")[0]
    return f"{'wss' if endpoint.secure else 'ws'}://{host}:{endpoint.port}{path}"


def _name(conversation: object) -> str:
    return str(getattr(conversation, "__name__", conversation))
