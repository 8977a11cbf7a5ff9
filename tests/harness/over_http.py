"""A session over real HTTP on loopback, and what was seen of it.

Rules of this file
* The server is the simulator, on a port that was free; the clock is virtual (``loopback_clock``), so silences cost nothing.
* One ``httpx.AsyncClient`` may outlive several sessions: pass it, and it is not closed.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Final, final

import attrs

from rejoinder.engine import Endpoint, Moved, Note, Observation, Session, Settings, open_pool, open_session
from rejoinder.states.profiles import Policy
from rejoinder.testing import ModelServer
from rejoinder.testing.simulator import Simulator, serve

__all__ = ["KEY", "OverHttp", "open_over_http"]

KEY: Final = "test-key-that-must-never-be-shown"
"""The key of every session here."""


@final
@attrs.define(eq=False)
class OverHttp:
    """A session, a simulator, and everything that observers were told."""

    session: Session
    """The session."""
    simulator: Simulator
    """What it talks to."""
    seen: list[Observation] = attrs.field(factory=list[Observation])
    """What observers were told."""

    @property
    def creates(self) -> list[dict[str, Any]]:
        """The bodies of all requests for a response, in order."""
        return self.simulator.server.creates()

    def notes(self) -> list[str]:
        """The names of everything that was noted."""
        return [note.name for note in self.seen if isinstance(note, Note)]

    def moves(self, machine: str) -> list[tuple[str, str, str]]:
        """The moves of one machine: phase, event, phase."""
        return [(move.source, move.event, move.target) for move in self.seen if isinstance(move, Moved) and move.machine == machine]

    async def ask(self, text: str, **fields: Any) -> str:  # noqa: ANN401 - fields of a create
        """Ask, and return the text of the answer."""
        async with self.session.respond(text, **fields) as response:
            return await response.text()


@asynccontextmanager
async def open_over_http(
    server: ModelServer | None = None,
    *,
    policy: Policy | None = None,
    endpoint: dict[str, Any] | None = None,
    settings: dict[str, Any] | None = None,
    pool: dict[str, Any] | None = None,
    **options: Any,  # noqa: ANN401 - options of open_session
) -> AsyncGenerator[OverHttp]:
    """A session over HTTP (or what ``transport`` says) with a simulator of its own; a pool, if there are options for one."""
    chosen = Settings(policy=Policy() if policy is None else policy, **(settings or {}))
    async with serve(ModelServer() if server is None else server, key=KEY) as simulator:
        fields: dict[str, Any] = {"api_key": KEY, **(endpoint or {})}
        place = Endpoint(simulator.url, **fields)
        given: dict[str, Any] = {"transport": "http", **options}
        opener: Callable[..., AbstractAsyncContextManager[Session]] = open_session if pool is None else open_pool
        async with opener(place, chosen, **given, **(pool or {})) as session:
            both = OverHttp(session, simulator)
            session.observe(both.seen.append)
            yield both
