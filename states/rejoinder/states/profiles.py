"""What each provider can do, and what this client does about it: profiles, policies and deadlines, all of them data.

A ``Profile`` states facts about a server, a ``Policy`` states choices of the user, ``Deadlines`` states how long anything may
take. Nothing here decides; the session reads these values when it classifies and places.

Sources of the limits: OpenAI WebSocket guide (60 minutes, 16 responses in flight, 32 named lanes), xAI WebSocket page
(25 minutes, serial), Azure WebSocket page (60 minutes, serial). The inbound limit of 16 MiB is *reported* (measured by others
against the ChatGPT backend), not documented.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from enum import StrEnum, unique
from typing import Final

import attrs

from .refusals import InvalidSetting, check_number, check_type, chosen_of
from .verdicts import ERRORS, ErrorRule

__all__ = [
    "AZURE",
    "GENERIC",
    "HTTP",
    "OPENAI",
    "PROFILES",
    "XAI",
    "AfterCancel",
    "CancelPolicy",
    "ContinuationPolicy",
    "DeadlineKind",
    "Deadlines",
    "Fallback",
    "Policy",
    "Profile",
    "ReplayPolicy",
]


@unique
class DeadlineKind(StrEnum):
    """Why something stops waiting. Every phase that is not at rest names one of these."""

    CONNECT = "connect"
    """From the first dial until a link is open."""
    BACKOFF = "backoff"
    """The pause between two dials."""
    AGE = "age"
    """Until the successor of an ageing link is dialled."""
    PING = "ping"
    """One ping round trip."""
    RETIRE = "retire"
    """How long a retiring link may still serve what is in flight."""
    CREATED = "created"
    """From the create to ``response.created``."""
    GRACE = "grace"
    """The short wait that tells whose error it was, or for the terminal behind a fault."""
    FIRST_OUTPUT = "first_output"
    """From ``response.created`` to the first output."""
    GAP = "gap"
    """Between two frames of a response that is streaming."""
    DRAIN = "drain"
    """From the cancel to the abandoned response's terminal, in all."""
    PAUSE = "pause"
    """Until a request that the server refused for now may be sent again."""
    QUEUE = "queue"
    """How long a request may wait to be sent."""
    TURN = "turn"
    """A request from creation to outcome, whatever happens."""
    TOOL = "tool"
    """The handler of one tool call."""


@unique
class CancelPolicy(StrEnum):
    """What the next request does while an abandoned response still occupies its lane.

    On a link that multiplexes there are other lanes, and a free one is taken under every policy: nobody waits for a response that
    is in nobody's way.
    """

    LANE = "lane"
    """Take a fresh lane at once. Needs a link that multiplexes; until that is proven, ``HEDGE`` applies."""
    HEDGE = "hedge"
    """Wait for ``hedge_delay``, then dial a successor as well; whichever is ready first takes the request."""
    DRAIN = "drain"
    """Wait for the terminal, at most the drain deadline; then the link retires."""
    RETIRE = "retire"
    """Drop the socket at once and dial another."""


@unique
class AfterCancel(StrEnum):
    """What a request that follows an unclean end on its lane sends."""

    FULL = "full"
    """The whole input: no vendor documents whether the parent of a cancelled response may still be named."""
    REUSE = "reuse"
    """Name the parent of the cancelled response, on the same lane; a miss then costs one round trip."""


@unique
class ContinuationPolicy(StrEnum):
    """Which completed responses a request may continue."""

    LINK = "link"
    """The latest of its lane, on the link where it completed: what the server has in memory. Works with ``store: false``."""
    STORED = "stored"
    """That one first; else any that the server was to store, on any link, also a new one. What says ``store: false`` is not stored,
    and what a session sends says so unless it is told otherwise (``Settings.store``). Loading it is slower, and a server that does
    not have it any more costs one round trip, after which everything is sent."""


@unique
class ReplayPolicy(StrEnum):
    """Whether a request that got no output may be sent again."""

    UNCOMMITTED = "uncommitted"
    """While nothing of its output reached the caller: once per cause, twice in all."""
    NEVER = "never"
    """Never: for requests whose hosted tools bill for each run."""


@unique
class Fallback(StrEnum):
    """Whether a request that the WebSocket cannot serve goes over HTTP.

    It cannot where the upgrade is refused (426, or any other answer that is not about the key), and where the frame is larger than
    the server takes.
    """

    NEVER = "never"
    """It fails, and says why."""
    EACH = "each"
    """That request goes over HTTP; the next one tries the WebSocket again."""
    STICKY = "sticky"
    """After a refused upgrade all requests of the session go over HTTP. One that was too large decides for itself alone."""


@attrs.frozen
class Deadlines:
    """How long each thing may take, in seconds. Every one can be set, none can be absent. Raises ``InvalidSetting``."""

    connect: float = 10.0
    """From the first dial until a link is open, the pauses between attempts included."""
    ping: float = 20.0
    """One ping round trip, when an idle socket has to prove itself before it is reused."""
    retire: float = 300.0
    """How long a retiring link may still carry what is in flight."""
    created: float = 30.0
    """From the create to ``response.created``; also what notices a reused socket that is dead."""
    grace: float = 2.0
    """Waiting for the frame that tells whose error an error was."""
    first_output: float = 120.0
    """From ``response.created`` to the first output."""
    gap: float = 300.0
    """Between two frames while streaming: live responses have been silent for minutes while pings went on (reported)."""
    drain: float = 5.0
    """From the cancel to the abandoned response's terminal, in all, not for each frame."""
    queue: float = 600.0
    """How long a request may wait to be sent."""
    turn: float = 3600.0
    """A request from creation to outcome."""

    def __attrs_post_init__(self) -> None:
        for field in attrs.fields(Deadlines):
            check_number(self, field.name)


@attrs.frozen
class Profile:
    """What one provider's endpoint can do."""

    name: str
    """The name that ``--profile`` and settings use."""
    lanes: bool
    """Whether responses run concurrently on named lanes (``stream_id``)."""
    max_age: float
    """Seconds after which the server closes a connection."""
    in_flight: int
    """Responses in flight on one connection, over all lanes."""
    names: int
    """Distinct lane names in the life of one connection."""
    inbound_limit: int = 16 * 1024 * 1024
    """Bytes of the largest message that the server takes; a larger one is never put on the socket."""
    announces_items: bool = True
    """Whether ``response.output_item.added`` precedes every frame that names an item. Where it need not, an unknown item id
    is taken for this response's own as long as the sequence number fits."""
    signal: bool = False
    """Whether to send ``response.cancel``. No vendor documents it for this API."""
    then: CancelPolicy = CancelPolicy.HEDGE
    """The default cancel policy."""
    streams: bool = False
    """Whether each create has a stream of its own (HTTP): lanes need no proof, nothing is remembered between two responses, and
    ending the stream ends the response."""
    repeats: int = 1
    """How often the same cause may make a request be sent again; twice in all, whatever the causes."""
    steering: bool = False
    """Whether words can be added to a running response (``response.steer``); which models take them is the server's affair."""


def _then(value: CancelPolicy | str | None) -> CancelPolicy | None:
    return None if value is None else chosen_of(CancelPolicy, value, "Policy(then=…)")


def _after_cancel(value: AfterCancel | str) -> AfterCancel:
    return chosen_of(AfterCancel, value, "Policy(after_cancel=…)")


def _replay(value: ReplayPolicy | str) -> ReplayPolicy:
    return chosen_of(ReplayPolicy, value, "Policy(replay=…)")


def _continuation(value: ContinuationPolicy | str) -> ContinuationPolicy:
    return chosen_of(ContinuationPolicy, value, "Policy(continuation=…)")


def _fallback(value: Fallback | str) -> Fallback:
    return chosen_of(Fallback, value, "Policy(fallback=…)")


def _errors(value: Iterable[ErrorRule]) -> tuple[ErrorRule, ...]:
    given: object = value
    rules = tuple(value) if isinstance(given, list | tuple) else None
    if rules is None or not all(isinstance(rule, ErrorRule) for rule in rules):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise InvalidSetting(
            "Policy(errors=…) is no table of errors. Give a tuple of ErrorRule, such as (*rules_of_mine, *ERRORS)."
        )
    return rules


@attrs.frozen
class Policy:
    """What the user chose. ``None`` takes the profile's default.

    A choice may be given by its name, as ``replay="never"``. Raises ``InvalidSetting`` for what cannot be.
    """

    deadlines: Deadlines = attrs.field(factory=Deadlines)
    """All time limits."""
    signal: bool | None = None
    """Whether a cancel is also sent to the server as ``response.cancel``."""
    then: CancelPolicy | None = attrs.field(default=None, converter=_then)
    """What the next request does while an abandoned response still runs."""
    after_cancel: AfterCancel = attrs.field(default=AfterCancel.FULL, converter=_after_cancel)
    """Whether the parent of an abandoned response may be named again."""
    replay: ReplayPolicy = attrs.field(default=ReplayPolicy.UNCOMMITTED, converter=_replay)
    """Whether requests without output may be sent again."""
    errors: tuple[ErrorRule, ...] = attrs.field(default=ERRORS, converter=_errors)
    """The error table; put rows of your own in front of ``ERRORS``."""
    reuse: bool = True
    """Whether ``previous_response_id`` is used at all."""
    continuation: ContinuationPolicy = attrs.field(default=ContinuationPolicy.LINK, converter=_continuation)
    """Which completed responses may be continued: ``link`` or ``stored``."""
    dial_attempts: int = 3
    """Dials before a link is given up."""
    backoff_first: float = 0.5
    """Seconds before the second dial; doubles with each attempt."""
    backoff_limit: float = 8.0
    """Seconds that a pause between two dials never exceeds, unless the server asked for more."""
    hedge_delay: float = 0.25
    """Seconds a request waits for an abandoned response before a successor is dialled."""
    prove_after: float = 30.0
    """Seconds without a frame after which an idle socket must answer a ping before it is reused."""
    rotate_before: float = 300.0
    """Seconds before the age limit at which the successor is dialled."""
    successor_pause: float = 30.0
    """Seconds before a rotation that failed is tried again."""
    retry_after_limit: float = 60.0
    """The longest pause a server can ask for and still get an automatic replay, in seconds."""
    retry_pause: float = 0.5
    """The pause before a rejected request goes out again where the server names none, in seconds."""
    fallback: Fallback = attrs.field(default=Fallback.NEVER, converter=_fallback)
    """Whether what the WebSocket cannot serve goes over HTTP; set by ``open_session(transport="auto")``."""
    sockets: int = 3
    """Sockets at one time: the active one, its successor, and retiring ones."""

    def __attrs_post_init__(self) -> None:
        check_type(self, "deadlines", Deadlines, "Deadlines, such as Deadlines(created=10.0)")
        check_type(self, "signal", (bool, type(None)), "True or False, or None for what suits the provider")
        check_type(self, "reuse", bool, "True or False")
        check_number(self, "successor_pause")
        for name in ("backoff_first", "backoff_limit", "hedge_delay", "rotate_before", "retry_after_limit", "retry_pause"):
            check_number(self, name, above=False)
        for name in ("dial_attempts", "sockets"):
            check_number(self, name, least=1, above=False, whole=True)
        check_number(self, "prove_after", above=False, endless=True)


OPENAI: Final = Profile(
    name="openai", lanes=True, max_age=3600.0, in_flight=16, names=32, signal=True, then=CancelPolicy.LANE, steering=True
)
"""api.openai.com: lanes. ``signal`` is on because the system this one re-creates sends it and named lanes make it harmless."""

AZURE: Final = Profile(name="azure", lanes=False, max_age=3600.0, in_flight=1, names=0)
"""Azure OpenAI: one response at a time on a connection."""

XAI: Final = Profile(name="xai", lanes=False, max_age=1500.0, in_flight=1, names=0)
"""api.x.ai: one response at a time, 25 minutes."""

GENERIC: Final = Profile(name="generic", lanes=False, max_age=1500.0, in_flight=1, names=0, announces_items=False)
"""Any other server: the cautious common denominator."""

HTTP: Final = Profile(
    name="http",
    lanes=True,
    max_age=math.inf,
    in_flight=100,
    names=100,
    inbound_limit=2**63 - 1,
    announces_items=False,
    then=CancelPolicy.LANE,
    streams=True,
    repeats=2,
)
"""Any server over HTTP: each response is a POST of its own, answered by a stream of events. No limit on its size is documented;
clients retry twice (openai-python 3.54). 100 at a time are as many as httpx keeps connections for."""

PROFILES: Final = {profile.name: profile for profile in (OPENAI, AZURE, XAI, GENERIC)}
"""The profiles by name."""
