"""Promises about continuing a response, about what cannot be continued, about warm-ups and about calls of functions."""

from __future__ import annotations

from typing import Any, Final

from rejoinder.states.content_events import OutputItemDone
from rejoinder.states.json_values import Unreadable, read
from rejoinder.states.stream_events import ErrorShape, FrameKind
from rejoinder.testing.conform import conversations
from rejoinder.testing.conform.judging import (
    amount,
    answered,
    broken,
    completed,
    created,
    error_in_words,
    kept,
    not_applicable,
    refused,
    texts,
    undecided,
)
from rejoinder.testing.conform.records import Exchange, Finding, Frame, Need, Row, Source, Transcript
from rejoinder.testing.conform.response_rows import deltas, numbers_in_order

__all__ = ["CHAIN_ROWS"]

NOT_FOUND: Final = "previous_response_not_found"
KNOWN_SHAPES: Final = frozenset({ErrorShape.WRAPPED, ErrorShape.SEQUENCED, ErrorShape.FLAT})


def context_kept(transcript: Transcript) -> Finding:
    completed(transcript)
    if refused(transcript, 1):
        return broken(
            f"the continuation was refused: {error_in_words(transcript.exchanges[1].error)}", _asked_and_got(transcript, 1)
        )
    exchange, _ = completed(transcript, 1)
    if conversations.WORD in _text(exchange).lower():
        return kept("the answer holds the word that was said before")
    return undecided("the answer does not hold the word; a model may put it otherwise", exchange.of_kind(FrameKind.TERMINAL))


def previous_echoed(transcript: Transcript) -> Finding:
    first, first_response = created(transcript)
    if first_response.get("previous_response_id") is not None:
        return broken("the first response names one before it", [first])
    answered(transcript)
    second, response = created(transcript, 1)
    named = transcript.exchanges[1].asked.get("previous_response_id")
    if response.get("previous_response_id") != named:
        return broken("the response does not name the one that it continues", [*transcript.sent()[1:2], second])
    return kept("null at first, then the response that was named")


def numbers_begin_again(transcript: Transcript) -> Finding:
    answered(transcript)
    return numbers_in_order(answered(transcript, 1, whole=False))


def unknown_refused(transcript: Transcript) -> Finding:
    return _not_found(transcript, 0)


def connection_lives(transcript: Transcript) -> Finding:
    if not refused(transcript, 0):
        answered(transcript)
        return undecided("nothing was refused")
    if transcript.closings and not transcript.exchanges[-1].begun:
        return broken("the connection ended with the refusal", _asked_and_got(transcript, 0))
    completed(transcript, 1)
    return kept("the next create was answered")


def error_readable(transcript: Transcript) -> Finding:
    if not transcript.exchanges or transcript.exchanges[0].error is None:
        answered(transcript)
        return undecided("there was no error to read")
    exchange = transcript.exchanges[0]
    error = exchange.error
    frames = exchange.of_kind(FrameKind.ERROR)
    if error is None or error.shape not in KNOWN_SHAPES:
        return broken("the error has none of the three known shapes", frames)
    if not (error.code or error.error_type) or not error.message:
        return broken("the error has no code, or no message", frames)
    return kept(f"{error.shape.value}, with code and message")


def failure_evicts(transcript: Transcript) -> Finding:
    completed(transcript)
    if not refused(transcript, 1):
        answered(transcript, 1)
        return not_applicable("the server accepts the continuation that was meant to fail", _asked_and_got(transcript, 1))
    if transcript.closings and not transcript.exchanges[-1].frames:
        return undecided("the connection ended with the failure", _asked_and_got(transcript, 1))
    return _not_found(transcript, 2)


def forgotten_elsewhere(transcript: Transcript) -> Finding:
    completed(transcript)
    return _not_found(transcript, 1)


def warm_up_is_silent(transcript: Transcript) -> Finding:
    if refused(transcript, 0):
        return broken("the warm-up was refused", _asked_and_got(transcript, 0))
    exchange, _ = completed(transcript)
    output = exchange.of_kind(FrameKind.CONTENT, FrameKind.ITEM_ADDED)
    if output:
        return broken("the warm-up has output", [*transcript.sent()[:1], *output])
    if refused(transcript, 1):
        return broken("the warm-up could not be continued", _asked_and_got(transcript, 1))
    completed(transcript, 1)
    return kept("no output, and it was continued")


def arguments_are_json(transcript: Transcript) -> Finding:
    exchange, _ = completed(transcript)
    calls = _calls(exchange)
    if not calls:
        return not_applicable("the model called nothing")
    joined = ["".join(piece for piece, _ in pieces) for (kind, _, _), pieces in deltas(exchange).items() if "arguments" in kind]
    for frame, item in calls:
        arguments = item.get("arguments")
        try:
            value = read(arguments) if isinstance(arguments, str) else None
        except Unreadable:
            value = None
        if not isinstance(value, dict):
            return broken("the arguments of a call are no JSON object", [frame])
        if joined and arguments not in joined:
            return broken("the arguments of a call are not what its deltas join to", [frame])
    return kept(amount(len(calls), "call"))


def call_continued(transcript: Transcript) -> Finding:
    exchange, _ = completed(transcript)
    if not _calls(exchange):
        return not_applicable("the model called nothing")
    if refused(transcript, 1):
        return broken("the output of the call was refused", _asked_and_got(transcript, 1))
    completed(transcript, 1)
    return kept("the output of the call was answered")


def _not_found(transcript: Transcript, index: int) -> Finding:
    """Whether the continuation missed, with the code for that."""
    if not refused(transcript, index):
        exchange = answered(transcript, index)
        return broken("the server continued it", [*_asked(transcript, exchange), *exchange.frames[:1]])
    error = transcript.exchanges[index].error
    if error is None or error.code != NOT_FOUND:
        return broken(f"the refusal was {error_in_words(error)}", _asked_and_got(transcript, index))
    return kept(NOT_FOUND)


def _asked(transcript: Transcript, exchange: Exchange) -> list[Frame]:
    """The frame of its create: every frame that is sent in these conversations is one."""
    return transcript.sent()[transcript.exchanges.index(exchange) :][:1]


def _asked_and_got(transcript: Transcript, index: int) -> list[Frame]:
    exchange = transcript.exchanges[index]
    return [*_asked(transcript, exchange), *exchange.frames[-1:]]


def _text(exchange: Exchange) -> str:
    """Everything that was said: by its deltas and, should there be none, by its items."""
    spoken = "".join(piece for pieces in deltas(exchange).values() for piece, _ in pieces)
    return spoken or "".join(texts(frame.event.item) for frame in exchange.frames if isinstance(frame.event, OutputItemDone))


def _calls(exchange: Exchange) -> list[tuple[Frame, Any]]:
    return [
        (frame, frame.event.item)
        for frame in exchange.frames
        if isinstance(frame.event, OutputItemDone) and frame.event.item.get("type") == "function_call"
    ]


DOCUMENTED, RECORDED = Source.DOCUMENTED, Source.RECORDED
TOOLS: Final = frozenset({Need.TOOLS})

CHAIN_ROWS: Final = (
    Row(
        "continuation",
        "A response can be continued on its connection by its id: the server has the context.",
        DOCUMENTED,
        conversations.memory,
        context_kept,
    ),
    Row(
        "previous-echoed",
        "response.created names the response that it continues, and none on a first turn.",
        RECORDED,
        conversations.memory,
        previous_echoed,
    ),
    Row(
        "sequence-restarts",
        "The sequence numbers of the next response on the connection begin at 0 again.",
        RECORDED,
        conversations.memory,
        numbers_begin_again,
    ),
    Row(
        "unknown-previous",
        "A previous_response_id that nobody knows is refused with previous_response_not_found.",
        DOCUMENTED,
        conversations.unknown_response,
        unknown_refused,
    ),
    Row(
        "refusal-spares-connection",
        "After a request was refused the connection answers the next one.",
        DOCUMENTED,
        conversations.unknown_response,
        connection_lives,
    ),
    Row(
        "error-shape",
        "An error frame has one of the three known shapes, with a code and a message.",
        DOCUMENTED,
        conversations.unknown_response,
        error_readable,
    ),
    Row(
        "failure-evicts",
        "A continuation that fails evicts the response it named: to name it again is previous_response_not_found.",
        DOCUMENTED,
        conversations.failed_continuation,
        failure_evicts,
    ),
    Row(
        "lost-with-connection",
        "With store: false a response cannot be continued on another connection.",
        DOCUMENTED,
        conversations.new_connection,
        forgotten_elsewhere,
    ),
    Row(
        "warm-up",
        "A create with generate: false has no output, completes, and can be continued.",
        DOCUMENTED,
        conversations.warm_up,
        warm_up_is_silent,
    ),
    Row(
        "call-arguments",
        "The arguments of a function call are a JSON object, and what their deltas join to.",
        DOCUMENTED,
        conversations.tool_call,
        arguments_are_json,
        needs=TOOLS,
    ),
    Row(
        "call-answered",
        "A function call is continued with the call's output alone.",
        DOCUMENTED,
        conversations.tool_call,
        call_continued,
        needs=TOOLS,
    ),
)
"""The rows of this file."""
