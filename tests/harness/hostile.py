"""What networks and servers do below the protocol, and what comes of it: the data of the tests and of ``docs/robustness.md``.

Rules of this file
* A case says what happens and, in ``outcome``, what its caller gets: a test plays it on each wire and compares the words, and the
  page prints them. There is no other place where they are written.
* A wire that differs says so in ``differs``.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Any, Final

import attrs

from harness.server_frames import BINARY, CLOSE, MORE, PING, PONG, TEXT, Transform, close_frame, frame

__all__ = ["CLOSES", "HARMLESS", "LIMIT", "VIOLATIONS", "Close", "Harmless", "Violation", "outcome_of"]

ANSWERED: Final = "answered"
AGAIN: Final = "sent again on a new connection, and answered"
VIOLATION: Final = "counted as `WireViolation`; "
LIMIT: Final = 100_000
"""``Settings.frame_limit`` of the tests."""


def outcome_of(error: Exception | None, connections: int, counts: Mapping[str, int]) -> str:
    """What a caller got, in the words of the tables."""
    told = ["counted as `WireViolation`"] if counts.get("WireViolation") else []
    if error is not None:
        # What happened is in the other columns; what to do is the last sentence.
        told.append(f"`{type(error).__name__}`: {str(error).partition('). ')[2]}")
    else:
        told.append(ANSWERED if connections == 1 else AGAIN)
    return "; ".join(told)


@attrs.frozen
class Close:
    """A close frame instead of an answer."""

    code: int | None
    """Its code; None for a frame without one."""
    meaning: str
    """What the registry calls it."""
    outcome: str
    """What the caller of an unanswered request gets."""
    differs: Mapping[str, str] = attrs.field(factory=dict[str, str])
    """What it gets on a wire that is different."""

    @property
    def data(self) -> bytes:
        """The frame."""
        return close_frame(self.code)


TOO_LARGE: Final = "`Interrupted`: Send less at once: the server takes no frame of that size."
RULES: Final = "`Interrupted`: Check the key and what it may do: the server closed the connection on account of its rules."
NOT_TAKEN: Final = "`Interrupted`: Check that the address is that of a Responses server: it does not take what it was sent."

CLOSES: Final = (
    Close(None, "no code (1005)", AGAIN),
    Close(999, "below the range", VIOLATION + AGAIN),
    Close(1000, "normal closure", AGAIN),
    Close(1001, "going away", AGAIN),
    Close(1002, "protocol error", NOT_TAKEN),
    Close(1003, "unsupported data", NOT_TAKEN),
    Close(1004, "reserved", VIOLATION + AGAIN),
    Close(1005, "reserved: stands for no code", VIOLATION + AGAIN),
    Close(1006, "reserved: stands for no close", VIOLATION + AGAIN),
    Close(1007, "invalid data", NOT_TAKEN),
    Close(1008, "policy violation", RULES),
    Close(1009, "message too big", TOO_LARGE),
    Close(1010, "mandatory extension", NOT_TAKEN),
    Close(1011, "internal error", AGAIN),
    Close(1012, "service restart", AGAIN),
    Close(1013, "try again later", AGAIN),
    Close(1014, "bad gateway", AGAIN, {"trio-websocket": VIOLATION + AGAIN}),
    Close(1015, "reserved: stands for TLS", VIOLATION + AGAIN),
    Close(1016, "not assigned", VIOLATION + AGAIN),
    Close(2999, "not assigned", VIOLATION + AGAIN),
    Close(3000, "unauthorized", RULES),
    Close(3003, "forbidden", RULES),
    Close(3008, "timeout", AGAIN),
    Close(4000, "the server's own", AGAIN),
    Close(4999, "the server's own", AGAIN),
    Close(5000, "above the range", VIOLATION + AGAIN),
)
"""Close codes (RFC 6455, 7.4, and IANA's registry)."""


@attrs.frozen
class Violation:
    """Bytes instead of an answer that no WebSocket server may send."""

    name: str
    """What is wrong."""
    writes: Sequence[bytes] = attrs.field(repr=False)
    """The bytes."""
    code: int
    """The code that this side closes with."""
    outcome: str = VIOLATION + AGAIN
    """What the caller of an unanswered request gets."""


VIOLATIONS: Final = (
    Violation("a reserved bit", [frame(TEXT, b"{}", reserved=0x20)], 1002),
    Violation("compressed without having been asked", [frame(TEXT, b"{}", reserved=0x40)], 1002),
    Violation("an unknown opcode", [frame(3, b"{}")], 1002),
    Violation("an unknown control opcode", [frame(11)], 1002),
    Violation("a masked frame", [b"\x81\x82\x00\x00\x00\x00{}"], 1002),
    Violation("a ping in pieces", [frame(PING, b"a", last=False), frame(MORE, b"b")], 1002),
    Violation("a ping of 126 bytes", [frame(PING, b"x" * 126)], 1002),
    Violation("a piece of nothing", [frame(MORE, b"{}")], 1002),
    Violation("a new message in the middle of another", [frame(TEXT, b"{", last=False), frame(TEXT, b"{}")], 1002),
    Violation("text that is not UTF-8", [frame(TEXT, b"\xff\xfe")], 1007),
    Violation("text that is not UTF-8, in pieces", [frame(TEXT, b"\xe2\x82", last=False), frame(MORE, b"\x28")], 1007),
    Violation("a frame above `frame_limit`", [frame(TEXT, b"x" * (LIMIT + 1))], 1009),
    Violation("pieces above `frame_limit` together", [frame(TEXT, b"x" * LIMIT, last=False), frame(MORE, b"x")], 1009),
    Violation("half a close code", [frame(CLOSE, b"\x03")], 1002),
    Violation("a close reason that is not UTF-8", [frame(CLOSE, struct.pack("!H", 1001) + b"\xff")], 1007),
)
"""Frames that break RFC 6455, or a limit of ours."""


@attrs.frozen
class Harmless:
    """Something unusual that a server may do with what it says."""

    name: str
    """What it does."""
    transform: Transform = attrs.field(repr=False)
    """What is sent of each text."""
    outcome: str = ANSWERED
    """What the caller gets."""


def _whole(text: str) -> list[bytes]:
    return [frame(TEXT, text.encode())]


def _pieces(text: str, between: bytes = b"") -> list[bytes]:
    data = text.encode()
    parts = [data[place : place + 7] for place in range(0, len(data), 7)]
    frames = [frame(MORE if place else TEXT, part, last=place == len(parts) - 1) for place, part in enumerate(parts)]
    return [between.join(frames)]


HARMLESS: Final = (
    Harmless("each byte by itself", lambda text: [bytes([byte]) for byte in frame(TEXT, text.encode())]),
    Harmless("messages in pieces of 7 bytes, characters cut", _pieces),
    Harmless("a ping between the pieces", lambda text: _pieces(text, frame(PING, b"between"))),
    Harmless("a pong between the pieces that nobody asked for", lambda text: _pieces(text, frame(PONG, b"between"))),
    Harmless(
        "a thousand empty pieces",
        lambda text: [frame(TEXT, b"", last=False) + frame(MORE, b"", last=False) * 1000 + frame(MORE, text.encode())],
    ),
    Harmless("a ping of 125 bytes before each message", lambda text: [frame(PING, b"x" * 125), *_whole(text)]),
    Harmless("a thousand pings before each message", lambda text: [frame(PING, b"flood") * 1000, *_whole(text)]),
    Harmless("a thousand pongs before each message", lambda text: [frame(PONG, b"flood") * 1000, *_whole(text)]),
)
"""What RFC 6455 allows, and no ordinary server does."""

DAMAGED: Final = (
    Violation("an empty text", [frame(TEXT)], 0, AGAIN),
    Violation("a text that is not JSON", [frame(TEXT, b"{")], 0, AGAIN),
    Violation("a binary frame", [frame(BINARY, b"\x00\xff")], 0, AGAIN),
)
"""Good frames with nothing of the protocol in them."""


def facts(case: Any) -> str:  # noqa: ANN401 - any case
    """The name of a case in the list of tests."""
    return str(getattr(case, "name", None) or f"{case.code} {case.meaning}")
