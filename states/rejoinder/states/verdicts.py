"""The error table, and the verdict on a failure.

``ERRORS`` says what to do about an error, given where it came (at the handshake, instead of ``created``, inside a response, as
the close of a connection), its code and its status; the status of a close is its close code. It is data: a user's policy may put
rows of its own in front. A ``Verdict`` says how far a request had come when it ended without success, so that the caller can decide
about a retry without parsing messages.

Sources: status classes that pass are those the official SDKs retry (openai-python 3.54: 408, 409, 429, 5xx; ``x-should-retry``
overrides). Codes are those of the OpenAI WebSocket guide; ``insufficient_quota`` is recorded. Close codes: RFC 6455, 7.4.1, and
IANA's registry. The SDKs reconnect after 1001, 1005, 1006, 1011, 1012, 1013 and 1015 and not after 1000, 1008 and 1009; here 1000
passes, because a server that closes an idle connection has not read the create that crosses its close.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum, unique
from typing import Any, Final

import attrs

__all__ = [
    "ERRORS",
    "Cause",
    "ErrorRule",
    "Excess",
    "Failure",
    "Outcome",
    "OutcomeKind",
    "Reaction",
    "SteerStatus",
    "Verdict",
    "Where",
    "react",
]


@unique
class Where(StrEnum):
    """Where an error was met."""

    HANDSHAKE = "handshake"
    """The HTTP answer to the upgrade, or a transport fault before it."""
    CREATE = "create"
    """An ``error`` frame instead of ``response.created``."""
    CLOSE = "close"
    """The close of a connection; the status is its close code."""


@unique
class Reaction(StrEnum):
    """What to do about an error."""

    PASSING = "passing"
    """It may pass: try again while that repeats nothing."""
    PERMANENT = "permanent"
    """The same request will fail again: tell the caller."""
    CACHE_MISS = "cache miss"
    """Forget the continuation and send in full."""
    LINK_LIMIT = "link limit"
    """The connection has reached its age limit: another link."""
    LANE_LIMIT = "lane limit"
    """The connection takes no further lane names: another link."""


@unique
class Cause(StrEnum):
    """Why a request was sent again, or ended without success."""

    CACHE_MISS = "cache miss"
    """The server did not know the previous response."""
    REJECTED = "rejected"
    """The server answered the create with an error."""
    LIMIT = "connection limit"
    """The connection reached its age limit."""
    LANE_LIMIT = "lane limit"
    """The connection took no further lane name."""
    LOST = "connection lost"
    """The socket went away."""
    OVERDUE = "deadline"
    """The server was silent for longer than allowed."""
    DOUBT = "unattributable error"
    """An error came that may have been for this request or for an old cancel."""
    FOREIGN = "foreign response"
    """Another response spoke where this one's was due."""
    DAMAGED = "unreadable frame"
    """A frame could not be read."""
    FAILED = "response failed"
    """``response.failed``."""
    FAULT = "fault"
    """An ``error`` inside the response."""
    DIAL = "connection failed"
    """No link could be opened."""
    QUEUE = "queue deadline"
    """It was never sent: the lane did not become free in time."""
    TURN = "turn deadline"
    """It took longer than a request may take in all."""
    UNSENDABLE = "request too large"
    """The frame is larger than the server takes."""
    STEERING = "steering refused"
    """Words that were added to a running response were not taken. Never the end of a request."""
    OVERFLOW = "consumer too slow"
    """The caller did not read, and its buffer is full."""
    OUTPUT = "output too large"
    """The response has said more than the caller allows one to say."""
    CLOSED = "session closed"
    """The session was closed."""


@unique
class Excess(StrEnum):
    """What there was too much of for a caller."""

    UNREAD = "unread"
    """What it had not read: its buffer is full."""
    OUTPUT = "output"
    """What one response said, read or not."""


@unique
class OutcomeKind(StrEnum):
    """How a request ended; every request ends in exactly one of these."""

    COMPLETED = "completed"
    """``response.completed`` arrived."""
    FAILED = "failed"
    """The server said that it failed, or refused the create."""
    INCOMPLETE = "incomplete"
    """``response.incomplete`` arrived; the reason is on the response."""
    INTERRUPTED = "interrupted"
    """It ended for a reason outside the response: a loss, a deadline, a violation."""
    CANCELLED = "cancelled"
    """The caller left."""


@unique
class SteerStatus(StrEnum):
    """What became of words that were added to a running response."""

    QUEUED = "queued"
    """They wait to be sent, or the server has not answered yet."""
    ACCEPTED = "accepted"
    """The server has queued them and not applied them yet."""
    APPLIED = "applied"
    """The server has begun the successor that takes them into account. Final."""
    PENDING = "pending"
    """The server keeps them for the next create, which has to bring what it waits for: tool outputs. Final."""
    FAILED = "failed"
    """They were not taken. Final."""
    UNKNOWN = "unknown"
    """The response ended, or the connection was lost, before the server had said. Final."""


@attrs.frozen
class Failure:
    """What went wrong, as data."""

    cause: Cause
    """The kind of failure."""
    message: str
    """One sentence on what happened, the server's own where there is one."""
    code: str | None = None
    """``error.code``."""
    status: int | None = None
    """``status`` of the error frame, or of the refused handshake."""
    param: str | None = None
    """``error.param``."""
    error_type: str | None = None
    """``error.type``."""
    retry_after: float | None = None
    """Seconds that the server asked to wait."""


@attrs.frozen
class Verdict:
    """How far a request had come when it ended without success."""

    stage: str
    """The phase it was in: ``waiting``, or a phase of the response machine."""
    sent: bool
    """Whether a create went to the outbox and was not taken back, in this attempt or an earlier one."""
    acknowledged: bool
    """Whether ``response.created`` was seen, in this attempt or an earlier one."""
    output_begun: bool
    """Whether output reached the caller."""
    replay_safe: bool
    """Whether asking again repeats no output. It may still run twice: ``sent`` without a rejection means that the server may have
    begun, and whether it bills for that is its own affair."""
    retry_after: float | None = None
    """Seconds that the server asked to wait before a retry."""
    replays: tuple[Cause, ...] = ()
    """Why it was sent again before, in order."""


@attrs.frozen
class Outcome:
    """The one outcome of a request."""

    kind: OutcomeKind
    """Which of the five."""
    failure: Failure | None = None
    """What went wrong; None for completed and incomplete."""
    verdict: Verdict | None = None
    """How far it had come; None for completed and incomplete."""
    response: Mapping[str, Any] | None = attrs.field(default=None, repr=False, eq=False)
    """The response object of the terminal, where one came."""


@attrs.frozen
class ErrorRule:
    """One row of the error table; None and the empty tuple match anything."""

    where: Where
    """Where the error was met."""
    codes: tuple[str, ...]
    """``error.code`` or ``error.type`` is one of these; empty matches any. For what no server said there are codes of our own:
    ``certificate_not_trusted``, ``proxy_authentication``, ``proxy_refused``, ``proxy``; ``violation`` where this side closed."""
    statuses: tuple[range, ...]
    """The status lies in one of these; empty matches any, an absent one included."""
    reaction: Reaction
    """What to do."""
    advice: str
    """One sentence for the user."""
    elsewhere: bool = False
    """Whether another transport of the same server may serve what this one refused: a refusal of the upgrade itself."""


HTTP_PASSING: Final = (range(408, 410), range(425, 426), range(429, 430), range(500, 600))

ERRORS: Final = (
    ErrorRule(
        Where.HANDSHAKE,
        ("certificate_not_trusted",),
        (),
        Reaction.PERMANENT,
        "Check the host in the address, and this machine's clock; give a private authority as Settings(ssl_context=…).",
    ),
    ErrorRule(
        Where.HANDSHAKE,
        ("proxy_authentication",),
        (),
        Reaction.PERMANENT,
        "Check the credentials in Settings(proxy=…).",
    ),
    ErrorRule(
        Where.HANDSHAKE,
        ("proxy_refused",),
        (),
        Reaction.PERMANENT,
        "Check where the proxy lets its users connect to, and whether Settings(proxy=…) names the right one.",
    ),
    ErrorRule(
        Where.HANDSHAKE,
        ("proxy",),
        (),
        Reaction.PASSING,
        "Check that the proxy runs and that Settings(proxy=…) names it rightly.",
    ),
    ErrorRule(
        Where.HANDSHAKE,
        (),
        (range(401, 402),),
        Reaction.PERMANENT,
        "Check the API key: the server does not accept it.",
    ),
    ErrorRule(
        Where.HANDSHAKE,
        (),
        (range(403, 404),),
        Reaction.PERMANENT,
        "Check what the API key may do: the server forbids this endpoint.",
    ),
    ErrorRule(
        Where.HANDSHAKE,
        (),
        (range(200, 400), range(404, 405), range(426, 427)),
        Reaction.PERMANENT,
        "Check the URL: this server does not speak WebSocket there.",
        elsewhere=True,
    ),
    ErrorRule(Where.HANDSHAKE, (), HTTP_PASSING, Reaction.PASSING, "Try again later: the server is busy or down.", elsewhere=True),
    ErrorRule(
        Where.HANDSHAKE, (), (range(400, 500),), Reaction.PERMANENT, "Check the URL, the headers and the key.", elsewhere=True
    ),
    ErrorRule(Where.HANDSHAKE, (), (), Reaction.PASSING, "Check that the server runs and that its address is right."),
    ErrorRule(
        Where.CREATE,
        ("previous_response_not_found",),
        (),
        Reaction.CACHE_MISS,
        "Send the whole conversation: the server has forgotten the response it continues.",
    ),
    ErrorRule(
        Where.CREATE,
        ("websocket_connection_limit_reached",),
        (),
        Reaction.LINK_LIMIT,
        "Send it again: the connection had reached its age limit.",
    ),
    ErrorRule(
        Where.CREATE,
        ("websocket_stream_limit_reached",),
        (),
        Reaction.LANE_LIMIT,
        "Send it again on another connection: this one takes no further lanes.",
    ),
    ErrorRule(
        Where.CREATE,
        ("insufficient_quota", "usage_limit_reached", "invalid_api_key"),
        (),
        Reaction.PERMANENT,
        "Check the account's quota and key.",
    ),
    ErrorRule(
        Where.CREATE,
        ("model_not_found",),
        (),
        Reaction.PERMANENT,
        "Check the model's name and that the key may use it.",
    ),
    ErrorRule(
        Where.CREATE,
        ("server_error", "server_is_overloaded", "rate_limit_exceeded"),
        (),
        Reaction.PASSING,
        "Try again later: the server is busy.",
    ),
    ErrorRule(Where.CREATE, (), HTTP_PASSING, Reaction.PASSING, "Try again later: the server is busy."),
    ErrorRule(Where.CREATE, (), (), Reaction.PERMANENT, "Read the message: the server refused the request as it is."),
    ErrorRule(
        Where.CLOSE,
        ("violation",),
        (range(1009, 1010),),
        Reaction.PASSING,
        "Allow larger frames with Settings(frame_limit=…), or ask for less at once.",
    ),
    ErrorRule(
        Where.CLOSE,
        ("violation",),
        (),
        Reaction.PASSING,
        "Ask again; if it happens again, the server or something on the way to it breaks the rules of WebSocket.",
    ),
    ErrorRule(
        Where.CLOSE,
        (),
        (range(1009, 1010),),
        Reaction.PERMANENT,
        "Send less at once: the server takes no frame of that size.",
    ),
    ErrorRule(
        Where.CLOSE,
        (),
        (range(1008, 1009), range(3000, 3001), range(3003, 3004)),
        Reaction.PERMANENT,
        "Check the key and what it may do: the server closed the connection on account of its rules.",
    ),
    ErrorRule(
        Where.CLOSE,
        (),
        (range(1002, 1004), range(1007, 1008), range(1010, 1011)),
        Reaction.PERMANENT,
        "Check that the address is that of a Responses server: it does not take what it was sent.",
    ),
    ErrorRule(Where.CLOSE, (), (), Reaction.PASSING, "What came so far is attached; ask again for the rest."),
)
"""The error table, first match wins; the last row of each place matches everything."""


def react(table: tuple[ErrorRule, ...], where: Where, code: str | None, error_type: str | None, status: int | None) -> ErrorRule:
    """The first row of ``table`` that matches; a table without a final row falls back to ``ERRORS``."""
    for rule in (*table, *ERRORS):
        if rule.where is not where:
            continue
        if rule.codes and code not in rule.codes and error_type not in rule.codes:
            continue
        if rule.statuses and not any(status in span for span in rule.statuses if status is not None):
            continue
        return rule
    raise AssertionError("ERRORS ends with a row for every place")  # pragma: no cover
