"""Servers that break one promise: a model server whose frames are altered on their way, in memory and on trio's clock."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Final, TypeAlias, cast, final

import attrs
import trio

from rejoinder.engine import Endpoint, Settings
from rejoinder.engine.wire import Connector, Wire, WireClosed
from rejoinder.states.profiles import PROFILES
from rejoinder.testing import MemoryNetwork, ModelServer, ServerSetup, with_faults
from rejoinder.testing.conform import ROWS, Finding, Report, Row, Target, Verdict, examine, obliging_answer
from rejoinder.testing.memory_wire import memory_connector
from rejoinder.testing.server_profiles import SERVER_PROFILES

__all__ = [
    "Alteration",
    "altered",
    "as_frames",
    "finding_on",
    "obliging_server",
    "report_on",
    "row_named",
    "target",
    "verdicts",
]

ADDRESS: Final = "ws://127.0.0.1:1/v1/responses"

Passing: TypeAlias = Callable[[Any], Sequence[Any]]
"""From the JSON value in a frame (or the frame itself, if it holds none) to what passes on instead: values, or raw frames, or an
exception to raise from then on."""


def unchanged(body: object) -> Sequence[Any]:
    """Pass it on as it is."""
    return [body]


@attrs.frozen
class Alteration:
    """What becomes of a connection's frames. Make a new one for each connection if it counts."""

    sent: Passing = unchanged
    """What becomes of what the client sends."""
    received: Passing = unchanged
    """What becomes of what the server sends."""
    pongs: bool = True
    """Whether pings are answered."""
    closes: bool = True
    """Whether the close is answered."""


@final
class AlteredWire:
    """A wire that alters what it carries."""

    def __init__(self, wire: Wire, alteration: Alteration) -> None:
        self._wire = wire
        self._alteration = alteration
        self._ready: deque[Any] = deque()

    async def send(self, text: str) -> None:
        """Send what becomes of it."""
        await trio.lowlevel.checkpoint()
        for each in self._alteration.sent(as_value(text)):
            await self._wire.send(cast("str", as_frame(each)))

    async def receive(self) -> Sequence[str | bytes]:
        """Receive what becomes of it."""
        while not self._ready:
            for frame in await self._wire.receive():
                self._ready.extend(self._alteration.received(as_value(frame)))
        each = self._ready.popleft()
        if isinstance(each, WireClosed):
            self._ready.appendleft(each)
            raise each
        return [as_frame(each)]

    async def ping(self) -> None:
        """Be answered, or not."""
        if not self._alteration.pongs:
            await trio.sleep_forever()
        await self._wire.ping()


def as_value(frame: str | bytes) -> object:
    """The JSON value of a frame, or the frame."""
    try:
        return json.loads(frame)
    except ValueError:
        return frame


def as_frame(value: object) -> str | bytes:
    """A raw frame, or the JSON text of a value."""
    return value if isinstance(value, str | bytes) else json.dumps(value)


def as_frames(change: Callable[[dict[str, Any]], object]) -> Passing:
    """Change each JSON object in place."""

    def passing(body: object) -> Sequence[Any]:
        if isinstance(body, dict):
            change(cast("dict[str, Any]", body))
        return [body]

    return passing


def altered(connector: Connector, make: Callable[[], Alteration]) -> Connector:
    """A connector each of whose wires is altered."""

    @asynccontextmanager
    async def connect(endpoint: Endpoint, settings: Settings) -> AsyncGenerator[Wire]:
        alteration = make()
        async with connector(endpoint, settings) as wire:
            yield AlteredWire(wire, alteration)
            if not alteration.closes:
                await trio.sleep(settings.close_deadline)

    def open_wire(endpoint: Endpoint, settings: Settings) -> AbstractAsyncContextManager[Wire]:
        return connect(endpoint, settings)

    return open_wire


def obliging_server(*faults: str, profile: str = "openai", **settings: Any) -> ModelServer:  # noqa: ANN401 (passed on)
    """A server that does what the conversations ask for, with faults."""
    return with_faults(ServerSetup(SERVER_PROFILES[profile], obliging_answer), faults).build(**settings)


def target(server: ModelServer, make: Callable[[], Alteration] = Alteration) -> Target:
    """The server as something to examine."""
    endpoint = Endpoint(ADDRESS, "any", PROFILES[server.profile.name])
    return Target(endpoint, connector=altered(memory_connector(MemoryNetwork(server)), make))


async def report_on(server: ModelServer, *names: str, make: Callable[[], Alteration] = Alteration) -> Report:
    """Examine the rows of these names, or all."""
    rows = [row for row in ROWS if row.name in names or not names]
    return await examine(target(server, make), rows)


async def finding_on(name: str, server: ModelServer, make: Callable[[], Alteration] = Alteration) -> Finding:
    """What is found in one row."""
    (result,) = (await report_on(server, name, make=make)).results
    return result.finding


def verdicts(report: Report) -> dict[str, Verdict]:
    """The verdict on each row."""
    return {result.row.name: result.finding.verdict for result in report.results}


def row_named(name: str) -> Row:
    """The row of that name."""
    (row,) = (row for row in ROWS if row.name == name)
    return row
