"""The whole engine and a model server in memory, ready for a test: no socket, and no real time under trio's virtual clock.

async def test_mine(memory_pair: MemoryPair, autojump_clock: MockClock) -> None:
    async with memory_pair.open_session() as session, session.respond("Hi") as response:
        assert await response.text() == "You said: Hi"
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Final, final

from rejoinder.engine.endpoint import Endpoint
from rejoinder.engine.session import Session, open_session
from rejoinder.engine.settings import Settings
from rejoinder.engine.wire import Connector
from rejoinder.states.profiles import PROFILES
from rejoinder.testing.memory_network import MemoryNetwork
from rejoinder.testing.memory_wire import memory_connector
from rejoinder.testing.model_server import ModelServer

__all__ = ["MemoryPair"]


@final
class MemoryPair:
    """A model server and a network to it; ``open_session`` puts an engine at the other end. Use it inside one trio run."""

    server: Final[ModelServer]
    """The server: its ``answer``, its ``faults``, its ``log``."""
    network: Final[MemoryNetwork]
    """The network: its ``plans`` say what becomes of the next dials."""
    endpoint: Endpoint
    """What the session is told of the server; the profile is the server's own."""
    connector: Final[Connector]
    """What ``open_session`` dials with, for tests that call it themselves."""

    def __init__(self, server: ModelServer | None = None) -> None:
        self.server = ModelServer() if server is None else server
        self.network = MemoryNetwork(self.server)
        profile = PROFILES[self.server.profile.name]
        self.endpoint = Endpoint("ws://localhost/v1/responses", api_key="any key will do", profile=profile)
        self.connector = memory_connector(self.network)

    def open_session(self, settings: Settings | None = None) -> AbstractAsyncContextManager[Session]:
        """Run a session over this network for the length of an ``async with`` block."""
        return open_session(self.endpoint, settings, connector=self.connector)
