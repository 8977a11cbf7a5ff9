"""What a hostile server may send, and what comes of it: the rows of docs/hostile-input.md.

Rules of this file
* A row is data. ``tests/engine/test_hostile_input.py`` plays each of them against the whole engine and compares; the page is
  made of the same rows: ``python -m harness.hostile_input`` (with ``tests`` on the path) prints its tables.
* What is sent comes in the middle of an answer, between the words "one" and "two", to a session that has talked already.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import attrs

from rejoinder.testing import ITEM_ID, Call, Event, Raw, Stall, Step, Text

__all__ = ["FRAMES", "LIMIT", "WIRES", "Frame", "Wire", "tables"]

LIMIT: Final = 20_000
"""``Settings.output_limit`` where rows are played, in characters, so that an endless answer is a short test."""
WHOLE: Final = "completed"
UNREADABLE: Final = "`Interrupted`: unreadable frame"
TOO_LARGE: Final = "`OutputTooLarge`: output too large"
DROPPED: Final = "the frame is dropped, the response goes on"


def _delta(text: str) -> Event:
    fields: dict[str, Any] = {"item_id": ITEM_ID, "output_index": 0, "content_index": 0, "delta": text}
    return Event({"type": "response.output_text.delta", **fields})


def _added(number: int) -> Event:
    item: dict[str, Any] = {"type": "message", "id": f"item-{number}", "role": "assistant", "content": [], "status": "in_progress"}
    return Event({"type": "response.output_item.added", "output_index": number, "item": item})


@attrs.frozen
class Frame:
    """Something that is sent over a link."""

    what: str
    """It, in words."""
    steps: Sequence[Step] = attrs.field(repr=False)
    """It."""
    outcome: str
    """How the response ends for its caller."""
    counted: str | None = None
    """The note under which it is counted, if it is; None if the outcome says it all."""
    bound: str = "`frame_limit`"
    """What bounds the memory that it takes."""


FRAMES: Final[Sequence[Frame]] = (
    Frame("an answer without end", [Text("word " * 2000), Stall()], TOO_LARGE, bound="`output_limit`, and one frame"),
    Frame(
        "arguments of a call without end",
        [Call("f", "9" * 50_000, pieces=500), Stall()],
        TOO_LARGE,
        bound="`output_limit`, and one frame",
    ),
    Frame("items without end", [*map(_added, range(1000)), Stall()], TOO_LARGE, bound="`output_limit`, and one frame"),
    Frame(
        "events of a kind that nobody knows, without end",
        [Event({"type": "x"})] * 2000,
        TOO_LARGE,
        bound="`output_limit`, and one frame",
    ),
    Frame("what is not JSON", [Raw('{"type": resp')], UNREADABLE),
    Frame("nothing, as a frame", [Raw("")], UNREADABLE),
    Frame("JSON that is no object", [Raw("[]")], UNREADABLE),
    Frame("JSON 100,000 levels deep", [Raw('{"a":' + "[" * 100_000 + "]" * 100_000 + "}")], UNREADABLE, bound="200 levels"),
    Frame(
        "an integer of 5,000 digits", [Raw('{"type":"x","sequence_number":' + "9" * 5000 + "}")], UNREADABLE, bound="4,300 digits"
    ),
    Frame("a number too large for a float", [Raw('{"type":"x","a":1e999}')], UNREADABLE),
    Frame("`NaN`", [Raw('{"type":"x","a":NaN}')], UNREADABLE),
    Frame("a binary frame that is no text", [Raw(b"\xff\xfe")], UNREADABLE),
    Frame("a label of the wrong type", [Raw('{"type":"response.output_text.delta","item_id":[],"delta":"x"}')], UNREADABLE),
    Frame("a type that is none", [Raw('{"type":[]}')], f"{WHOLE}; {DROPPED}", "UnlabelledFrame"),
    Frame("no type", [Raw("{}")], f"{WHOLE}; {DROPPED}", "UnlabelledFrame"),
    Frame(
        "an object with 1,000 keys",
        [Raw("{" + ",".join(f'"{n}":1' for n in range(1000)) + "}")],
        f"{WHOLE}; {DROPPED}",
        "UnlabelledFrame",
    ),
    Frame(
        "words for a lane that nobody opened",
        [
            Raw(
                '{"type":"response.output_text.delta","item_id":"a","delta":"x","stream_id":"nobody","sequence_number":9,"output_index":0}'
            )
        ],
        f"{WHOLE}; {DROPPED}",
        "UnknownLane",
    ),
    Frame("NUL in the text", [_delta("a\0b")], f"{WHOLE}; delivered as it is"),
    Frame("half a surrogate pair in the text", [_delta("\ud800")], f"{WHOLE}; delivered as it is"),
    Frame(
        "characters that terminals obey, in the text",
        [_delta("\x1b[2J\x07\u202e")],
        f"{WHOLE}; delivered as it is, and escaped by the command",
    ),
)
"""What is sent over a link, row by row."""


@attrs.frozen
class Wire:
    """Something that a server does below the frames, and the test that shows what comes of it."""

    what: str
    """It, in words."""
    outcome: str
    """What comes of it."""
    bound: str
    """What bounds the memory, or the time, that it takes."""
    test: str
    """The test, in tests/engine/test_hostile_input.py."""


WIRES: Final[Sequence[Wire]] = (
    Wire(
        "a frame larger than `frame_limit`",
        "the link is closed with 1009, `Interrupted`",
        "`frame_limit` (64 MiB)",
        "test_a_frame_that_is_too_large_closes_the_link",
    ),
    Wire("the head of a handshake without end", "`ConnectionFailed`", "64 KiB", "test_a_head_without_end_is_no_handshake"),
    Wire(
        "a redirect of the handshake to another host",
        "`ConnectionFailed`: status 302; nobody is dialled",
        "one request",
        "test_a_redirect_of_the_handshake_is_a_refusal",
    ),
    Wire(
        "a redirect of a request over HTTP to another host",
        "`ResponseFailed`: status 307; nobody is dialled, whatever the client's own settings",
        "one request",
        "test_a_redirect_over_http_is_a_refusal_also_for_a_client_that_follows",
    ),
    Wire("an event without end, over HTTP", "`Interrupted`", "`frame_limit`", "test_an_event_without_end_over_http"),
    Wire(
        "an answer in one piece without end, over HTTP",
        "`OutputTooLarge`",
        "`frame_limit`",
        "test_an_answer_in_one_piece_without_end",
    ),
    Wire(
        "an answer that is small on the wire and huge when it is inflated, over HTTP",
        "`OutputTooLarge`, or `Interrupted` in a stream",
        "`frame_limit`, and what one read of 64 KiB inflates to (64 MiB at most)",
        "test_a_compressed_answer_is_bounded_by_what_comes_out",
    ),
    Wire(
        "a response id that is a path, or holds a query or a line break",
        "it is encoded: the request goes to the one place below the address, `ResponseFailed` if nothing is there",
        "one request",
        "test_an_id_is_no_path",
    ),
    Wire("a background response without end", "`OutputTooLarge`", "`output_limit`", "test_a_background_response_without_end"),
    Wire(
        "a response that goes on for ever after its caller has left",
        "discarded; its link or lane is given up",
        "the drain deadline (5 s); the names of 10,000 items, of 256 characters at most",
        "test_what_is_abandoned_is_not_kept",
    ),
    Wire(
        "frames without end while nobody asks for anything",
        "each is counted, none is kept",
        "nothing",
        "test_frames_that_nobody_asked_for_are_not_kept",
    ),
    Wire(
        "an answer that is not read by its caller",
        "`ConsumerTooSlow`",
        "`buffer_limit` (16 MiB)",
        "test_what_is_not_read_is_bounded",
    ),
    Wire(
        "a `retry-after` of years",
        "the pause is no longer than the connect deadline allows",
        "time: `Deadlines(connect=…)`",
        "test_a_pause_of_years_is_not_kept",
    ),
    Wire(
        "line breaks and terminal sequences in codes, ids and close reasons",
        "escaped in the log; the key is in none of it",
        "100 characters each",
        "test_what_a_server_says_cannot_forge_a_line_of_the_log",
    ),
)
"""What a server does below the frames, row by row."""


def tables() -> Iterator[str]:
    """Yield the two tables of the page, in Markdown, line by line."""
    yield "| what is sent | how the response ends | counted as | what bounds its memory |"
    yield "| --- | --- | --- | --- |"
    for row in FRAMES:
        yield f"| {row.what} | {row.outcome} | {f'`{row.counted}`' if row.counted else ''} | {row.bound} |"
    yield ""
    yield "| what the server does | what comes of it | bound |"
    yield "| --- | --- | --- |"
    for wire in WIRES:
        yield f"| {wire.what} | {wire.outcome} | {wire.bound} |"


if __name__ == "__main__":
    print("\n".join(tables()))  # noqa: T201 - it is asked to
