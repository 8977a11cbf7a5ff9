"""What a scenario is: data that says what a server does, what a caller does, and what must come of it.

Rules of this file:

* A `Scenario` is one row: everything that is right is written in it, and nothing about how it is run.
* Numbers of turns count from 1, in the order of asking; connections count from 0, as in a server's log.
* Seconds are real ones. Where the original was seen to wait for the whole of something, that something is shorter here, and still
  twice as long as what counts as prompt.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum, unique
from typing import Any, Final

import attrs

from rejoinder.engine.settings import Settings
from rejoinder.states.profiles import Deadlines, Policy
from rejoinder.testing.scenarios.acts import Act
from rejoinder.testing.script import Answer, ErrorShape
from rejoinder.testing.server_cancels import CancelMode
from rejoinder.testing.server_faults import ServerFaults

__all__ = [
    "Figure",
    "FigureKind",
    "Kind",
    "Original",
    "OriginalVerdict",
    "Scenario",
    "Server",
    "ended",
    "sent",
    "settings_with",
    "size",
]


@unique
class Kind(StrEnum):
    """What a server can do at once, or that it is spoken to over HTTP."""

    LANES = "lanes"
    """Responses run beside each other on named lanes of one connection."""
    SERIAL = "serial"
    """One response at a time on a connection."""
    HTTP = "http"
    """Each response is a request of its own."""


@unique
class OriginalVerdict(StrEnum):
    """How the system that this one re-creates fared."""

    RIGHT = "right"
    """It did what is correct."""
    WASTEFUL = "wasteful"
    """Correct in the end, at the cost of bytes, a round trip or a dial."""
    WRONG = "wrong"
    """A wrong result, or seconds of silence."""
    CORRUPT = "corrupt"
    """The user heard words that were not the answer, or client and server disagree about the conversation."""


@attrs.frozen
class Original:
    """The row as it was measured on the system that this one re-creates."""

    verdict: OriginalVerdict
    """How it fared."""
    measured: str
    """What was seen, in a few words."""


@attrs.frozen
class Server:
    """What the server does."""

    answers: Sequence[Answer] = attrs.field(default=(), converter=tuple[Answer, ...])
    """What it says to each create it starts on, frame by frame; afterwards it repeats what the user says."""
    to: Mapping[str, Answer] = attrs.field(factory=dict[str, Answer])
    """What it says to these words of a user, whenever they come; goes before `answers`."""
    keeps_parent: bool = False
    """Whether the parent of a response that was cancelled can still be continued."""
    cancel_mode: CancelMode = CancelMode.HONOUR
    """What it does with a `response.cancel`."""
    cancel_delay: float = 0.0
    """Seconds until it does that."""
    cancel_stream_goes_on: bool = True
    """Whether a response goes on whose cancel is answered by an error."""
    faults: ServerFaults = attrs.field(factory=ServerFaults)
    """What is wrong with it as a whole."""
    error_shape: ErrorShape = "wrapped"
    """The shape of the errors it makes by itself."""
    handshakes: Sequence[float] = ()
    """Seconds that each handshake takes, in order; those that are not named take none."""


@unique
class FigureKind(StrEnum):
    """What is measured in a run."""

    SENT = "sent"
    """Seconds from asking to the arrival of the create at the server; of the last one, where it was sent again."""
    ENDED = "ended"
    """Seconds from asking to the end."""
    SIZE = "size"
    """Bytes of the create."""
    CREATES = "creates"
    """How many creates reached the server."""
    CONNECTIONS = "connections"
    """How many connections were opened."""
    HANDSHAKES = "handshakes"
    """How often a connection was asked for."""
    STOP = "stop"
    """Seconds that the end of the session took."""


@attrs.frozen
class Figure:
    """One thing that is measured and told."""

    kind: FigureKind
    """What."""
    turn: int = 0
    """Of which turn; 0 where it is about all."""


def sent(turn: int) -> Figure:
    """How long the create of a turn took to reach the server."""
    return Figure(FigureKind.SENT, turn)


def ended(turn: int) -> Figure:
    """How long a turn took in all."""
    return Figure(FigureKind.ENDED, turn)


def size(turn: int) -> Figure:
    """How large the create of a turn was."""
    return Figure(FigureKind.SIZE, turn)


QUICK: Final = Deadlines(connect=3.0, created=3.0, first_output=3.0, gap=3.0, drain=3.0, grace=0.6, ping=3.0, queue=5.0, turn=10.0)
"""Deadlines under which nothing takes long, and no scenario runs into one that it does not mean to."""

LIKE_THE_ORIGINAL: Final = Settings(policy=Policy(deadlines=QUICK, signal=True, backoff_first=0.1, retry_pause=0.1))
"""Settings under which a cancel is signalled, as the original does, on servers of either kind."""


def settings_with(*, deadlines: dict[str, float] | None = None, **policy: Any) -> Settings:  # noqa: ANN401 (fields of a policy)
    """Settings of every scenario, with some of the policy changed."""
    usual = LIKE_THE_ORIGINAL.policy
    changed: Policy = attrs.evolve(usual, deadlines=attrs.evolve(usual.deadlines, **(deadlines or {})), **policy)
    return attrs.evolve(LIKE_THE_ORIGINAL, policy=changed)


@attrs.frozen(kw_only=True)
class Scenario:
    """One row."""

    name: str
    """Its name, that of the row of the original's measurements."""
    title: str
    """What happens."""
    correct: str
    """What is correct then."""
    original: Original
    """How the original fared."""
    server: Server
    """What the server does."""
    acts: Sequence[Act] = attrs.field(converter=tuple[Act, ...])
    """What the caller does, and what each turn must come to."""
    lanes: str = ""
    """Every frame, both ways, on a server with lanes, in the notation of `rejoinder.testing.scenarios.traffic`."""
    serial: str | None = None
    """The same on a serial server; None where it is the same but for the lane's name."""
    http: str | None = None
    """The same over HTTP; a scenario that has this runs over HTTP alone."""
    settings: Settings = LIKE_THE_ORIGINAL
    """Settings of the client."""
    with_conversation: bool = False
    """Whether the caller keeps a `Conversation`, or else plain items."""
    figures: Sequence[Figure] = ()
    """What is told of a run, beside its verdict."""
    bound: float = 6.0
    """Seconds that a run takes at most, from the first act until the session is closed."""
    stops_within: float = 1.0
    """Seconds that closing the session takes at most."""
    without: Mapping[Kind, str] = attrs.field(factory=dict[Kind, str])
    """The kinds of server that the row says nothing about, each with the reason."""

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds of server it is run against."""
        if self.http is not None:
            return (Kind.HTTP,)
        return tuple(kind for kind in (Kind.LANES, Kind.SERIAL) if kind not in self.without)

    def traffic(self, kind: Kind) -> str:
        """The frames that must be seen on a server of a kind, as written."""
        if kind is Kind.HTTP:
            return self.http or ""
        if kind is Kind.LANES:
            return self.lanes
        if self.serial is not None:
            return self.serial
        return self.lanes.replace("create lane-1", "create").replace("< lane-1:", "<")
