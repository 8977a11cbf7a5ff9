"""The whole engine and the simulator, joined by a real socket on loopback.

For what only bytes on a socket can show: frame sizes, closes, pings. Nothing here waits for time to pass: a test waits for the
frame or the move that it needs, and ``moved`` raises ``trio.TooSlowError`` where it does not come.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final, final

import attrs
import trio

from harness.pair import KEY
from rejoinder.engine import Endpoint, Moved, Observation, Session, Settings, open_session
from rejoinder.states.profiles import PROFILES
from rejoinder.testing import ModelServer
from rejoinder.testing.simulator import Simulator, serve

__all__ = ["LIMIT", "SocketPair", "open_socket_pair"]

LIMIT: Final = 20.0
"""Seconds after which a real exchange counts as stuck: far above what any takes."""


@final
@attrs.define(eq=False)
class SocketPair:
    """An engine and a simulator."""

    session: Session
    simulator: Simulator
    seen: list[Observation] = attrs.field(factory=list[Observation])
    """Everything observers are told."""
    _changed: trio.Event = attrs.field(factory=trio.Event)

    @property
    def server(self) -> ModelServer:
        """The brain of the simulator, with its log."""
        return self.simulator.server

    def note(self, observation: Observation) -> None:
        """Take note of an observation."""
        self.seen.append(observation)
        self._changed.set()
        self._changed = trio.Event()

    async def moved(self, machine: str, target: str) -> None:
        """Wait until a machine has moved to ``target``, now or before."""
        with trio.fail_after(LIMIT):
            while not any(isinstance(move, Moved) and (machine, target) == (move.machine, move.target) for move in self.seen):
                await self._changed.wait()


@asynccontextmanager
async def open_socket_pair(server: ModelServer, settings: Settings | None = None) -> AsyncGenerator[SocketPair]:
    """A session over a real socket to ``server``, with the client profile of the server's name."""
    async with serve(server) as simulator:
        endpoint = Endpoint(simulator.url, api_key=KEY, profile=PROFILES[server.profile.name])
        async with open_session(endpoint, settings) as session:
            pair = SocketPair(session, simulator)
            session.observe(pair.note)
            with trio.fail_after(LIMIT):
                yield pair
