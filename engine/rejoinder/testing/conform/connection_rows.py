"""Promises about the connection, whatever is said on it; and what a cancel does, about which nobody promises anything."""

from __future__ import annotations

from typing import Final

from rejoinder.states.stream_events import FrameKind, ResponseCompleted
from rejoinder.testing.conform import conversations
from rejoinder.testing.conform.judging import (
    answered,
    broken,
    closing_in_words,
    error_in_words,
    found,
    kept,
    seconds,
    undecided,
)
from rejoinder.testing.conform.records import End, Exchange, Finding, Frame, Row, Source, Transcript, Verdict

__all__ = ["CONNECTION_ROWS"]

TOO_BIG: Final = 1009
"""The close code for a message above the limit."""


def cancel_in_practice(transcript: Transcript) -> Finding:
    exchange = answered(transcript, whole=False)
    cancels = transcript.sent()[1:2]
    if not cancels or exchange.end is End.ERROR:
        return undecided("the response was over before it could be cancelled", exchange.frames[-1:])
    since = exchange.frames[_cut(exchange) :]
    if exchange.end is None:
        text = f"neither the response nor the connection ended within {transcript.timeout:g} s"
        return broken(text, [*cancels, *since[:1], *since[-1:]])
    errors = [frame for frame in since if frame.kind is FrameKind.ERROR]
    if exchange.end is End.CLOSED:
        return found(f"closes: {closing_in_words(transcript.closings[-1])}", [*cancels, *since[-1:]])
    terminal = exchange.of_kind(FrameKind.TERMINAL)[:1]
    evidence = [*cancels, *errors, *terminal]
    kind = "nothing" if exchange.terminal is None else exchange.terminal.type
    after = seconds(terminal[0].at - cancels[0].at)
    if errors:
        late = exchange.frames.index(errors[0]) > exchange.frames.index(terminal[0])
        when = "after the terminal event" if late else "at once"
        error = error_in_words(exchange.error)
        what = f"error: answered {when} by {error}; the response ended in {kind} {after} after the cancel"
    elif isinstance(exchange.terminal, ResponseCompleted):
        pieces = len([frame for frame in since if frame.kind is FrameKind.CONTENT])
        what = f"ignored: {pieces} more frames of output, and {kind} {after} after the cancel"
    else:
        what = f"honoured: {kind} {after} after the cancel"
    return _with_next(transcript, what, evidence)


def odd_frame_refused(transcript: Transcript) -> Finding:
    finding = _odd_frame(transcript, may_close=False)
    if finding.verdict is not Verdict.KEPT:
        return finding
    if transcript.closings:
        return broken(f"an error, and then {closing_in_words(transcript.closings[-1])}", finding.evidence)
    answered(transcript)
    return finding


def odd_frame_noticed(transcript: Transcript) -> Finding:
    return _odd_frame(transcript, may_close=True)


def ping_answered(transcript: Transcript) -> Finding:
    if transcript.pong_after is not None:
        return kept(f"after {seconds(transcript.pong_after)}")
    if transcript.closings:
        return broken(closing_in_words(transcript.closings[-1]))
    return broken(f"no pong came within {transcript.timeout:g} s")


def close_answered(transcript: Transcript) -> Finding:
    if transcript.closed_after is None:
        return undecided("nothing was closed")
    if transcript.closed_after >= transcript.close_deadline:
        return broken(f"the close was not answered within {transcript.close_deadline:g} s")
    return kept(f"after {seconds(transcript.closed_after)}")


def too_large_closes(transcript: Transcript) -> Finding:
    if not transcript.closings:
        got = transcript.received()[:1]
        return broken("the message was taken" if got else "the connection did not end", got)
    if transcript.received():
        return broken("an event came before the close", transcript.received())
    closing = transcript.closings[-1]
    # Sending so much may still be under way when the server leaves; then its close frame is not always seen.
    return kept("closed with 1009") if closing.code == TOO_BIG else undecided(closing_in_words(closing))


def _odd_frame(transcript: Transcript, *, may_close: bool) -> Finding:
    """Whether the first frame that was sent got an error, or an end of the connection, before anything else was said."""
    odd, following = transcript.sent()[:1], transcript.sent()[1:2]
    # What comes after the next create was sent may be the answer to that.
    until = transcript.frames.index(following[0]) if following else len(transcript.frames)
    meanwhile = transcript.frames[1:until]
    errors = [frame for frame in meanwhile if frame.kind is FrameKind.ERROR]
    if errors:
        return kept("an error frame", [*odd, *errors[:1]])
    if transcript.closings and (not following or transcript.closings[-1].at <= following[0].at):
        ending = closing_in_words(transcript.closings[-1])
        return kept(ending) if may_close else broken(ending, odd)
    return broken("the frame was passed over in silence", [*odd, *meanwhile[:1]])


def _cut(exchange: Exchange) -> int:
    """Frames up to the first piece of output, which was waited for before the cancel."""
    return 1 + next(index for index, frame in enumerate(exchange.frames) if frame.kind is FrameKind.CONTENT)


def _with_next(transcript: Transcript, what: str, evidence: list[Frame]) -> Finding:
    """The finding, and what became of the create that followed."""
    following = transcript.exchanges[1] if transcript.exchanges[1:] else None
    if following is None or following.end is not End.TERMINAL:
        return found(f"{what}; the next create was not answered", evidence)
    return found(what, evidence)


CONNECTION_ROWS: Final = (
    Row(
        "cancel",
        "Nobody documents response.cancel: this says what it does. Whatever it does, the response or the connection must end.",
        Source.REPORTED,
        conversations.cancel,
        cancel_in_practice,
    ),
    Row(
        "unknown-type",
        "A frame of an unknown type is answered by an error, and the connection lives on.",
        Source.REPORTED,
        conversations.unknown_type,
        odd_frame_refused,
    ),
    Row(
        "broken-json",
        "A frame that is not JSON is answered by an error or by a close, not by silence.",
        Source.REPORTED,
        conversations.broken_json,
        odd_frame_noticed,
    ),
    Row(
        "binary-frame",
        "A binary frame that is no text is answered by an error or by a close, not by silence.",
        Source.REPORTED,
        conversations.binary,
        odd_frame_noticed,
    ),
    Row("ping", "A ping is answered by a pong.", Source.DOCUMENTED, conversations.ping, ping_answered),
    Row("close", "A close is answered by the server's own.", Source.RECORDED, conversations.close, close_answered),
    Row(
        "too-large",
        "A message above 16 MiB closes the connection with 1009, without an event.",
        Source.REPORTED,
        conversations.too_large,
        too_large_closes,
        by_name_only=True,
    ),
)
"""The rows of this file."""
