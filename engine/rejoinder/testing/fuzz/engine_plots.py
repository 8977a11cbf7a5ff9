"""What happens to the whole engine in one program: a plot. It is data; what comes of it is ``engine_program.py``'s affair.

Rules of this file
* A plot is there whole before anything runs: a program that draws while trio runs would need Hypothesis inside of tasks, in an
  order that the scheduler decides. So a plot can be printed, shrunk, kept and run again, by itself.
* What a step is done to is chosen by index, from the latest; a step that finds nothing to be done to does nothing. So a step can be
  left out, and the rest is still a plot.
* Each step says in words what it is: that is what a story is made of.
"""

from __future__ import annotations

from enum import StrEnum, unique
from typing import Any, Final

import attrs

from rejoinder.testing.fuzz.brevity import Brief
from rejoinder.testing.fuzz.manners import PLAIN, Manner, Trouble
from rejoinder.testing.fuzz.setups import Setup
from rejoinder.testing.fuzz.wishes import Wish
from rejoinder.testing.memory_network import LinkPlan

__all__ = [
    "Ask",
    "Closing",
    "Cut",
    "End",
    "Exit",
    "Freeze",
    "Interrupt",
    "Leaving",
    "Moment",
    "Plot",
    "Say",
    "Settle",
    "Step",
    "Stray",
    "Wait",
    "WarmUp",
    "Way",
]


@unique
class Way(StrEnum):
    """What a caller does with its response."""

    HANDLE = "handles it"
    """It gives it to the handler that is tested."""
    WHOLE = "waits for the whole"
    """It asks for ``text()``."""
    WALK = "walks away"
    """It iterates some events by itself and leaves the block."""


@unique
class Exit(StrEnum):
    """How a response is broken off from outside of its handler."""

    CANCEL = "somebody cancels it"
    """``response.cancel()``, from another task or from an observer: iteration ends as if the response were over."""
    TASK = "its task is cancelled"
    """The scope around the caller is cancelled: the handler gets ``trio.Cancelled`` where it waits."""


@unique
class Moment(StrEnum):
    """What a count of ``Leaving`` counts."""

    TAKEN = "events taken"
    """When the caller has taken so many events, and asks for one more."""
    COME = "events come"
    """When so many events have come, before the caller can take the last of them."""
    SECONDS = "seconds"
    """So many seconds after it asked."""


@attrs.frozen(repr=False)
class Leaving(Brief):
    """When and how a response is broken off."""

    when: Moment = Moment.TAKEN
    """What is counted."""
    count: float = 0.0
    """How many."""
    how: Exit = Exit.CANCEL
    """How."""

    def __str__(self) -> str:
        return f"{self.how} after {self.count:g} {self.when}"


@attrs.frozen(repr=False)
class Ask(Brief):
    """Somebody asks, in a task of its own."""

    wish: Wish = Wish.NEW
    """What."""
    index: int = 0
    """Of which earlier caller, for all but ``Wish.NEW``."""
    manner: Manner = PLAIN
    """How the server answers the next create that it comes to."""
    way: Way = Way.HANDLE
    """What the caller does with it."""
    events: int = 0
    """How many events it takes before it leaves, for ``Way.WALK``."""
    pace: float = 0.0
    """Seconds that it needs for each event."""
    leaving: Leaving | None = None
    """When it is broken off from outside; None if it is not."""

    def __str__(self) -> str:
        told = f"somebody asks ({self.wish}" + (f", {self.index})" if self.wish in {Wish.GO_ON, Wish.AGAIN} else ")")
        told += f" and {self.way}" + (f" after {self.events} events" if self.way is Way.WALK else "")
        told += f", {self.pace:g} s an event" if self.pace else ""
        told += f"; {self.leaving}" if self.leaving is not None else ""
        return f"{told}; the next answer: {_told(self.manner)}"


@attrs.frozen(repr=False)
class WarmUp(Brief):
    """Somebody warms the session up, in a task of its own."""

    def __str__(self) -> str:
        return "somebody warms the session up"


@attrs.frozen(repr=False)
class Interrupt(Brief):
    """A caller that is not over yet is broken off now."""

    index: int = 0
    """Which, from the latest."""
    how: Exit = Exit.CANCEL
    """How."""

    def __str__(self) -> str:
        return f"of the callers that are there, number {self.index} from the latest is broken off: {self.how}"


@attrs.frozen(repr=False)
class Settle(Brief):
    """Everything that can happen at this instant happens."""

    def __str__(self) -> str:
        return "all that can happen now happens"


@attrs.frozen(repr=False)
class Wait(Brief):
    """Time passes; 0 lets every task take one step."""

    seconds: float = 0.0
    """How much."""

    def __str__(self) -> str:
        return f"{self.seconds:g} s pass"


@attrs.frozen(repr=False)
class Cut(Brief):
    """A socket is lost, and both sides learn it."""

    index: int = 0
    """Which, from the latest."""

    def __str__(self) -> str:
        return f"of the open sockets, number {self.index} from the latest is lost"


@attrs.frozen(repr=False)
class Freeze(Brief):
    """A socket becomes a black hole, and neither side learns it."""

    index: int = 0
    """Which, from the latest."""

    def __str__(self) -> str:
        return f"of the open sockets, number {self.index} from the latest becomes a black hole"


@unique
class Stray(StrEnum):
    """What a server says that is no part of any answer."""

    GARBAGE = "text that is not JSON"
    """It names nothing, so it harms nothing but what runs on the link."""
    BINARY = "a binary frame"
    """The same."""
    KEEPALIVE = "a keepalive"
    """Recorded."""
    STRANGER = "that a response has completed that nobody asked for"
    """Its id tells."""
    CLOSE = "that it closes the socket (1001)"
    """With a close frame."""


@attrs.frozen(repr=False)
class Say(Brief):
    """The server says something on its own."""

    what: Stray = Stray.GARBAGE
    """What."""
    index: int = 0
    """On which open socket, from the latest."""

    def __str__(self) -> str:
        return f"on socket number {self.index} from the latest the server says {self.what}"


@unique
class Closing(StrEnum):
    """How the block of ``open_session`` is left."""

    LEAVE = "is left"
    """The end of the block is reached."""
    CANCEL = "is cancelled"
    """The scope around it is cancelled."""
    ERROR = "is left by an error"
    """The user's code raises inside of it."""


@attrs.frozen(repr=False)
class End(Brief):
    """The session's block is left, whoever still asks."""

    how: Closing = Closing.LEAVE
    """How."""

    def __str__(self) -> str:
        return f"the block of the session {self.how}"


Step = Ask | WarmUp | Interrupt | Settle | Wait | Cut | Freeze | Say | End
"""One thing that happens, in the order of the plot."""


PLAINEST: Final = Setup()


@attrs.frozen(repr=False)
class Plot(Brief):
    """One program: what there is, and what happens."""

    setup: Setup = PLAINEST
    """The provider, the policies, and what the server does with a cancel."""
    steps: tuple[Step, ...] = ()
    """What happens; then everything is left to itself until all is over."""
    plans: tuple[LinkPlan, ...] = ()
    """How the dials go, first one first; later ones go well."""
    latency: float = 0.0
    """Seconds that a frame takes, in either direction, where no plan says."""
    buffer_limit: int = 16 * 1024 * 1024
    """``Settings.buffer_limit``, for programs that do not choose their settings themselves."""
    preconnect: bool = False
    """``Settings.preconnect``, likewise."""
    schedule: int = 0
    """In which order trio lets tasks run that could run at the same time: a seed."""

    @property
    def right(self) -> bool:
        """Whether the server says nothing but what a right server may say, whatever the network does."""
        stray = (Stray.GARBAGE, Stray.BINARY, Stray.STRANGER)
        for step in self.steps:
            if isinstance(step, Say) and step.what in stray:
                return False
            if isinstance(step, Ask) and (step.manner.created != 1 or step.manner.late or step.manner.trouble is Trouble.GARBAGE):
                return False
        return True


def _told(manner: Manner) -> str:
    """A manner in words: what differs from the plainest."""
    given: dict[str, Any] = attrs.asdict(manner)
    plain: dict[str, Any] = attrs.asdict(PLAIN)
    return ", ".join(f"{name} {value}" for name, value in given.items() if value != plain[name]) or "plain"
