"""A talk over a pair, told turn by turn, with what each turn heard and how long it waited.

Rules of this file
* Every turn has a user message of its own, which no other turn has: by it the turn's create is found in the server's log.
* What a turn heard is its text, as it was delivered; or in parentheses the name of the error it got, or both texts where the
  deltas and the final output differ. What goes wrong is compared, not raised.
* Waiting is the time from submitting a turn to its create reaching the server, on the virtual clock.
"""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, cast, final

import attrs
import trio

from harness.pair import Pair, message, open_pair, user
from rejoinder.engine import CancelPolicy, Policy, ResponseError
from rejoinder.testing import LinkPlan, LogEntry, ModelServer, Text
from rejoinder.testing.script import text_of

__all__ = [
    "DIAL",
    "HEDGED",
    "LATENCY",
    "NETWORK",
    "PROMPT",
    "ROUND_TRIP",
    "SLACK",
    "Talk",
    "open_talk",
    "promised",
    "shared_lanes",
    "story",
]

LATENCY: Final = 0.01
"""Seconds that each frame takes, in either direction."""
ROUND_TRIP: Final = 2 * LATENCY
DIAL: Final = 0.04
"""Seconds that a handshake takes."""
NETWORK: Final = LinkPlan(latency=LATENCY, handshake_delay=DIAL)
PROMPT: Final = 0.05
"""What "prompt", "immediate" and "no stall" mean: the longest wait in seconds."""
HEDGED: Final = 0.25 + DIAL + LATENCY
"""The longest wait where an abandoned response is in the way: the hedge, one dial, and the way of the create itself."""
TERMINALS: Final = frozenset({"response.completed", "response.failed", "response.incomplete"})
SLACK: Final = 1e-6
"""Room for sums of floating point numbers."""


def promised(then: CancelPolicy, *, lanes: bool) -> float:
    """The longest that the turn after a cancel may wait under a policy, whatever the server does (default deadlines)."""
    bounds = {
        CancelPolicy.LANE: PROMPT if lanes else HEDGED,
        CancelPolicy.HEDGE: HEDGED,
        CancelPolicy.RETIRE: DIAL + LATENCY,
        CancelPolicy.DRAIN: 5.0 + DIAL + LATENCY,
    }
    return bounds[then] + SLACK


def story(name: str, pieces: int = 400, interval: float = 0.1) -> Text:
    """What takes forty seconds to tell, in pieces that can be told from those of any other: ``a0 a1 a2 …``."""
    told = [f"{name}{number} " for number in range(pieces)]
    return Text("".join(told), pieces=told, interval=interval)


@final
@attrs.define(eq=False)
class Talk:
    """One conversation of a caller who sends the whole of it each time."""

    pair: Pair
    """The engine and the server it talks over."""
    items: list[dict[str, Any]] = attrs.field(factory=list[dict[str, Any]])
    """The conversation as the caller keeps it."""
    heard: list[str] = attrs.field(factory=list[str])
    """What each turn heard, in order."""
    asked: dict[str, float] = attrs.field(factory=dict[str, float])
    """When each turn was submitted."""

    async def say(self, text: str) -> str:
        """Take a turn and hear it out."""
        self._submit(text)
        async with self.pair.session.respond(self.items) as response:
            try:
                heard = "".join([delta async for delta in response.text_deltas()])
                if heard != response.partial.text:
                    heard = f"({heard!r}, and in the end {response.partial.text!r})"
            except ResponseError as error:
                heard = f"({type(error).__name__})"
        return self._keep(heard)

    async def interrupt(self, text: str, *, deltas: int = 0, after: float = 0.0) -> str:
        """Take a turn, hear ``deltas`` pieces of text, let ``after`` seconds pass, and leave."""
        self._submit(text)
        async with self.pair.session.respond(self.items) as response:
            heard = await self.pair.deltas(response, deltas) if deltas else ""
            await trio.sleep(after)
        return self._keep(heard)

    def entry(self, text: str) -> LogEntry:
        """The log line of the turn's latest create; fails if none reached the server."""
        creates = [entry for entry in self.pair.log("in") if entry.type == "response.create"]
        mine = [entry for entry in creates if text_of(entry.body["input"][-1].get("content")) == text]
        assert mine, f"no create of the turn {text!r} reached the server"
        return mine[-1]

    def waited(self, text: str) -> float:
        """Seconds from submitting the turn to its (latest) create reaching the server."""
        return self.entry(text).at - self.asked[text]

    def said(self, kind: str, response_id: str) -> LogEntry:
        """The log line of the one frame of a type about a response: the server's own, or a cancel that reached it."""
        found = [entry for entry in self.pair.server.log if entry.type == kind and response_id == _response_named_by(entry.body)]
        assert len(found) == 1, f"{len(found)} frames {kind!r} of {response_id!r}"
        return found[0]

    def left(self, connection: int) -> float:
        """When the client left a connection; for ever after if it did not."""
        return next((entry.at for entry in self.pair.log("note", connection) if entry.data == "left"), math.inf)

    def _submit(self, text: str) -> None:
        assert text not in self.asked, "each turn needs words of its own"
        self.items.append(user(text))
        self.asked[text] = trio.current_time()

    def _keep(self, heard: str) -> str:
        self.heard.append(heard)
        if heard and not heard.startswith("("):
            self.items.append(message(heard))
        return heard


@asynccontextmanager
async def open_talk(server: ModelServer, policy: Policy | None = None, plans: Sequence[LinkPlan] = ()) -> AsyncGenerator[Talk]:
    """A pair whose network takes time, and a talk over it that ends, with an error, after ten virtual minutes."""
    with trio.fail_after(600):
        async with open_pair(server, policy=policy, plans=plans, default=NETWORK) as pair:
            yield Talk(pair)


def _response_named_by(body: Mapping[str, Any]) -> object:
    """The response id in a frame of either direction."""
    return _fields(body.get("response")).get("id", body.get("response_id"))


def _fields(body: object) -> Mapping[str, Any]:
    """What is in a decoded frame, or nothing where that is no object."""
    return cast("Mapping[str, Any]", body) if isinstance(body, dict) else {}


def shared_lanes(pair: Pair) -> list[str]:
    """Where a create was sent on a lane whose earlier response might still speak: there must be no such place.

    On a serial server the lane is the connection. A response may speak from its create to its terminal, or to the error that
    refused it.
    """
    busy: set[tuple[int, str | None]] = set()
    found: list[str] = []
    for entry in pair.server.log:
        lane = entry.connection, _fields(entry.body).get("stream_id")
        if entry.type == "response.create":
            if lane in busy:
                found.append(f"{entry.at:g} s: connection {lane[0]}, lane {lane[1]}")
            busy.add(lane)
        elif entry.type in TERMINALS or "previous_response_not_found" in str(entry.data):
            busy.discard(lane)
    return found
