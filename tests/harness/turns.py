"""Turns of a conversation as a caller sees them, and what a create must look like: the vocabulary of the scenario tests.

Rules of this file
* A ``Turn`` is what one caller was handed, in virtual time: every delta in order, and the one error or none.
* ``create_body`` writes a create out whole, so that a test compares frames and not fields.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import attrs
import pytest
import trio

from harness.pair import Pair, message, user
from rejoinder.engine import Response, ResponseError, Session
from rejoinder.states.content_events import OutputTextDelta
from rejoinder.states.stream_events import StreamEvent
from rejoinder.testing import AZURE, GENERIC, OPENAI, LinkPlan, ServerProfile, Text

__all__ = [
    "DIAL",
    "EACH_PROFILE",
    "LATENCY",
    "LINK",
    "PROMPT",
    "Turn",
    "create_body",
    "create_times",
    "dialogue",
    "say",
    "take_turn",
    "words",
]

Items = Sequence[Mapping[str, Any]]

PROMPT: Final = 0.05
"""Seconds between submitting a turn and its create reaching the server, where a scenario says "prompt"."""
LATENCY: Final = 0.01
"""Seconds that each frame takes, in either direction."""
DIAL: Final = 0.1
"""Seconds that a handshake takes."""
LINK: Final = LinkPlan(handshake_delay=DIAL, latency=LATENCY)
"""A network with the two."""

EACH_PROFILE: Final = pytest.mark.parametrize("profile", [OPENAI, AZURE, GENERIC], ids=lambda profile: profile.name)
"""With lanes, serial, and serial without promises."""


@attrs.frozen(eq=False)
class Turn:
    """What one caller was handed."""

    response: Response
    """What it held."""
    events: tuple[StreamEvent, ...]
    """Every event it iterated."""
    error: ResponseError | None
    """What iterating raised; None if it ended normally."""
    asked: float
    """When it asked."""
    ended: float
    """When iterating ended."""

    @property
    def text(self) -> str:
        """All words it was handed, in order."""
        return "".join(event.delta for event in self.events if isinstance(event, OutputTextDelta))

    @property
    def waited(self) -> float:
        """Seconds from asking to the end."""
        return self.ended - self.asked

    @property
    def failed(self) -> ResponseError:
        """The error, in a test that expects one."""
        assert self.error is not None, f"no error was raised; the text was {self.text!r}"
        return self.error


async def take_turn(session: Session, items: str | Items, *, pace: float = 0.0, leave_after: int | None = None) -> Turn:
    """Ask and iterate to the end, ``pace`` seconds for each event; or leave after so many text deltas."""
    asked = trio.current_time()
    events: list[StreamEvent] = []
    error: ResponseError | None = None
    async with session.respond(items) as response:
        try:
            async for event in response:
                events.append(event)
                if leave_after is not None and sum(isinstance(seen, OutputTextDelta) for seen in events) == leave_after:
                    break
                if pace:
                    await trio.sleep(pace)
        except ResponseError as failure:
            error = failure
    return Turn(response, tuple(events), error, asked, trio.current_time())


def words(number: int, count: int = 8, start: int = 0) -> list[str]:
    """The words of an answer, each of which says whose it is, as ``r1d0``."""
    return [f"r{number}d{index} " for index in range(start, count)]


def say(number: int, count: int = 8, *, interval: float = 0.02, start: int = 0, cut: bool = False) -> Text:
    """An answer of such words, a delta for each."""
    pieces = words(number, count, start)
    return Text("".join(pieces), pieces, interval, cut=cut)


def dialogue(*said: str) -> list[dict[str, Any]]:
    """A conversation as input items: the user's words and the assistant's in turn, the user's first."""
    return [message(text) if index % 2 else user(text) for index, text in enumerate(said)]


def create_body(profile: ServerProfile, items: Items, *, previous: str | None = None, lane: int = 1) -> dict[str, Any]:
    """A whole ``response.create`` as it must reach the server."""
    body: dict[str, Any] = {"type": "response.create", "model": "gpt-4.1", "store": False, "input": list(items)}
    if previous is not None:
        body["previous_response_id"] = previous
    if profile.lanes:
        body["stream_id"] = f"lane-{lane}"
    return body


def create_times(pair: Pair) -> list[float]:
    """When each create reached the server."""
    return pair.times("response.create")
