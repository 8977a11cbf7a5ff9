"""The whole engine and a model server, joined in memory on trio's virtual clock.

A test opens a pair, talks through ``pair.session``, and looks at what went over the wire in ``pair.client_frames`` and
``pair.server_frames``: exact frames, both ways, with their times. Nothing sleeps in real time (pytest-trio's ``autojump_clock``).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, final

import attrs

from rejoinder.engine import (
    Conversation,
    Endpoint,
    Moved,
    Note,
    Observation,
    Response,
    Sent,
    Session,
    Settings,
    open_pool,
    open_session,
)
from rejoinder.states.profiles import PROFILES, Policy, Profile
from rejoinder.testing import LinkPlan, LogEntry, MemoryNetwork, ModelServer
from rejoinder.testing.memory_wire import memory_connector

__all__ = ["KEY", "Pair", "message", "open_pair", "user"]

KEY = "test-key-that-must-never-be-shown"
"""The key of every pair: tests look for it in what is shown."""


def user(text: str) -> dict[str, Any]:
    """A user's message as an input item."""
    return {"role": "user", "content": text}


def message(text: str) -> dict[str, Any]:
    """An assistant's message as a caller echoes it."""
    return {"role": "assistant", "content": text}


@final
@attrs.define(eq=False)
class Pair:
    """An engine and a server, and everything that was seen between them."""

    session: Session
    server: ModelServer
    network: MemoryNetwork
    seen: list[Observation] = attrs.field(factory=list[Observation])
    """Everything observers are told."""

    @property
    def creates(self) -> list[dict[str, Any]]:
        """The bodies of all creates that reached the server, in order, over all connections."""
        return [frame for frame in self.client_frames() if frame["type"] == "response.create"]

    @property
    def cancels(self) -> list[dict[str, Any]]:
        """The bodies of all cancels that reached the server."""
        return [frame for frame in self.client_frames() if frame["type"] == "response.cancel"]

    def log(self, direction: str, connection: int | None = None) -> list[LogEntry]:
        """The server's log lines of one direction: ``in``, ``out`` or ``note``."""
        return [entry for entry in self.server.log if entry.direction == direction and connection in {None, entry.connection}]

    def client_frames(self, connection: int | None = None) -> list[dict[str, Any]]:
        """The bodies of all frames that reached the server."""
        return [entry.body for entry in self.log("in", connection)]

    def server_frames(self, connection: int | None = None) -> list[Any]:
        """The bodies of all frames that the server sent; None for what is not JSON."""
        return [entry.body for entry in self.log("out", connection)]

    def times(self, kind: str) -> list[float]:
        """When frames of a type reached or left the server."""
        return [entry.at for entry in self.server.log if entry.type == kind]

    def moves(self, machine: str) -> list[tuple[str, str, str]]:
        """The moves of a machine: (source, event, target)."""
        return [
            (str(move.source), str(move.event), str(move.target))
            for move in self.seen
            if isinstance(move, Moved) and move.machine == machine
        ]

    def notes(self) -> list[str]:
        """The names of all notes, in order."""
        return [note.name for note in self.seen if isinstance(note, Note)]

    def sent(self) -> list[Sent]:
        """Every create with its decision, items and bytes."""
        return [sent for sent in self.seen if isinstance(sent, Sent)]

    async def ask(self, items: str | list[dict[str, Any]] | Conversation, **fields: Any) -> str:  # noqa: ANN401 - the wire's names
        """Ask and wait for the whole text."""
        async with self.session.respond(items, **fields) as response:
            return await response.text()

    async def deltas(self, response: Response, count: int) -> str:
        """Iterate until ``count`` text deltas came; their text."""
        text = ""
        async for event in response:
            if event.type == "response.output_text.delta":
                text += str(event.raw["delta"])
                count -= 1
                if count == 0:
                    break
        return text


@asynccontextmanager
async def open_pair(
    server: ModelServer,
    *,
    policy: Policy | None = None,
    plans: Iterable[LinkPlan] = (),
    default: LinkPlan | None = None,
    settings: Settings | None = None,
    profile: str | None = None,
    client: Profile | None = None,
    pool: Mapping[str, Any] | None = None,
) -> AsyncGenerator[Pair]:
    """A session over an in-memory network to ``server``; the client profile is the server's unless one is given.

    With ``pool`` it is a pool, opened with what is in there.
    """
    network = MemoryNetwork(server, plans, default)
    endpoint = Endpoint("ws://localhost/v1/responses", api_key=KEY, profile=client or PROFILES[profile or server.profile.name])
    chosen = settings or Settings(policy=policy or Policy())
    opener: Callable[..., AbstractAsyncContextManager[Session]] = open_session if pool is None else open_pool
    async with opener(endpoint, chosen, connector=memory_connector(network), **(pool or {})) as session:
        pair = Pair(session, server, network)
        session.observe(pair.seen.append)
        yield pair
