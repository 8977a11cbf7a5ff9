"""Running scenarios: each against a simulator of its own on loopback, several at once.

Rules of this file:

* A run is a scenario in a setting: over which wire, against which kind of server. Nothing is shared between two runs.
* What runs is a client as its user opens it. `opener` opens it, so any client with the same calls can be put to the test; a
  client that must fail is how the scenarios themselves are tested.
* What a client raises where nobody asked is a difference like any other; other runs go on.
* No run outlives its bound: what is not over then is cancelled and is a difference.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial
from types import MappingProxyType
from typing import Final, TypeAlias, cast

import attrs
import trio

from rejoinder.engine.endpoint import Endpoint
from rejoinder.engine.nurseries import open_inner_nursery
from rejoinder.engine.session import Session, open_session
from rejoinder.engine.settings import Settings
from rejoinder.engine.wire_choice import WireName, available_wires
from rejoinder.states.profiles import PROFILES
from rejoinder.testing.fault_proxy import ProxiedConnection, ProxyPlan
from rejoinder.testing.model_server import ModelServer
from rejoinder.testing.scenarios.acts import Handler
from rejoinder.testing.scenarios.caller import Caller
from rejoinder.testing.scenarios.handlers import Clerk
from rejoinder.testing.scenarios.judging import Happened, differences, figures
from rejoinder.testing.scenarios.records import Kind, Scenario, Server
from rejoinder.testing.script import Answer, AnswerFunction, Received, scripted
from rejoinder.testing.server_profiles import AZURE, OPENAI, ServerProfile
from rejoinder.testing.simulator import Simulator, serve

__all__ = ["AT_ONCE", "HTTP", "WIRES", "Opener", "Result", "Setting", "open_client", "run_all", "run_scenario", "settings_of"]

WIRES: Final = available_wires()
"""What carries frames over a WebSocket here, by name."""
HTTP: Final = "http"
"""The wire of the scenarios over HTTP."""
AT_ONCE: Final = 4
"""How many runs go on at the same time, unless somebody says otherwise."""
KEY: Final = "none-is-asked-for"
LOOKING: Final = 0.05
"""Seconds between two looks at whether a slow handshake has begun."""
SERVERS: Final[Mapping[Kind, ServerProfile]] = MappingProxyType({Kind.LANES: OPENAI, Kind.SERIAL: AZURE, Kind.HTTP: OPENAI})
"""Which provider each kind of server imitates."""

Opener: TypeAlias = Callable[[Endpoint, Settings, str], AbstractAsyncContextManager[Session]]
"""Opens the client: for an endpoint, with settings, over the wire of a name."""


@attrs.frozen
class Setting:
    """Where a scenario is run."""

    wire: str
    """The name of the wire, of `WIRES` or `HTTP`."""
    kind: Kind
    """The kind of server."""

    def __str__(self) -> str:
        return self.wire if self.kind is Kind.HTTP else f"{self.wire}, {self.kind}"


@attrs.frozen(eq=False)
class Result:
    """What a run came to."""

    scenario: Scenario
    """What was run."""
    setting: Setting
    """Where."""
    happened: Happened
    """What was seen."""
    differences: tuple[str, ...]
    """What is not as the scenario says."""
    figures: Mapping[str, float]
    """What was measured: seconds, bytes or counts, by name."""

    @property
    def right(self) -> bool:
        """Whether everything is as the scenario says."""
        return not self.differences


def open_client(endpoint: Endpoint, settings: Settings, wire: str) -> AbstractAsyncContextManager[Session]:
    """The client under test: a session of the engine."""
    if wire == HTTP:
        return open_session(endpoint, settings, transport="http")
    return open_session(endpoint, attrs.evolve(settings, wire=cast("WireName", wire)))


def settings_of(scenario: Scenario, wires: Sequence[str], kinds: Sequence[Kind]) -> list[Setting]:
    """Where a scenario is run, of these wires and these kinds of server. HTTP is neither, and always among them."""
    if scenario.kinds == (Kind.HTTP,):
        return [Setting(HTTP, Kind.HTTP)]
    return [Setting(wire, kind) for wire in wires for kind in scenario.kinds if kind in kinds]


async def run_all(
    runs: Iterable[tuple[Scenario, Setting]],
    *,
    at_once: int = AT_ONCE,
    over: Callable[[Result], object] | None = None,
    opener: Opener = open_client,
) -> list[Result]:
    """Run everything, at most `at_once` at a time; `over` is told of each result as it comes. In the order of `runs`."""
    planned = list(runs)
    Clerk().tools([Handler("look_up")])  # reading a signature loads what reads signatures: not while somebody is timed
    results: dict[int, Result] = {}
    limit = trio.CapacityLimiter(at_once)

    async def run(number: int, scenario: Scenario, setting: Setting) -> None:
        async with limit:
            results[number] = await run_scenario(scenario, setting, opener)
        if over is not None:
            over(results[number])

    async with open_inner_nursery() as nursery:
        for number, (scenario, setting) in enumerate(planned):
            nursery.start_soon(run, number, scenario, setting)
    return [results[number] for number in range(len(planned))]


async def run_scenario(scenario: Scenario, setting: Setting, opener: Opener = open_client) -> Result:
    """Run one scenario, and judge it."""
    happened = Happened()
    began = trio.current_time()
    server = _server(scenario.server, SERVERS[setting.kind])
    with trio.move_on_after(scenario.bound) as scope:
        async with serve(server) as simulator:
            happened.started, happened.log = trio.current_time() - simulator.now(), server.log
            try:
                await _talk(scenario, setting, opener, simulator, happened)
            except Exception as error:  # noqa: BLE001 (a client that raises out of its own block is wrong, and ends no other run)
                happened.raised = "".join(traceback.format_exception_only(error)).strip()
    happened.seconds, happened.cut_off = trio.current_time() - began, scope.cancelled_caught
    found = tuple(differences(scenario, setting.kind, happened))
    return Result(scenario, setting, happened, found, figures(scenario, happened))


async def _talk(scenario: Scenario, setting: Setting, opener: Opener, simulator: Simulator, happened: Happened) -> None:
    endpoint = Endpoint(simulator.url, KEY, PROFILES[SERVERS[setting.kind].name])
    async with open_inner_nursery() as proxying:
        proxying.start_soon(_take_time, simulator, scenario.server.handshakes)
        # Turns in the background live longer than the session: how they end when it is closed is theirs to tell.
        async with open_inner_nursery() as nursery:
            async with opener(endpoint, scenario.settings, setting.wire) as session:
                caller = Caller(session, simulator.server, nursery, scenario.with_conversation, happened.turns)
                await caller.act(scenario.acts)
                stopped = trio.current_time()
            happened.stop = trio.current_time() - stopped
        proxying.cancel_scope.cancel()


async def _take_time(simulator: Simulator, handshakes: Sequence[float]) -> None:
    """Let each handshake take its time, and nothing after it: the request passes at once, the answer is held back."""
    proxy = simulator.proxy
    proxy.plans.extend(ProxyPlan(delay=seconds) for seconds in handshakes)
    seen: list[ProxiedConnection] = []
    while len(seen) < len(handshakes):
        for connection in [each for each in proxy.connections if each not in seen]:
            seen.append(connection)
            if connection.plan.delay:
                await connection.answered.wait()
                connection.plan = ProxyPlan()
        await trio.sleep(LOOKING)


def _server(server: Server, profile: ServerProfile) -> ModelServer:
    return ModelServer(
        attrs.evolve(profile, error_shape=server.error_shape, keeps_parent=server.keeps_parent, max_age=None),
        partial(_answer, server, scripted(server.answers)),
        server.cancel_mode,
        faults=server.faults,
        cancel_delay=server.cancel_delay,
        cancel_stream_goes_on=server.cancel_stream_goes_on,
    )


def _answer(server: Server, otherwise: AnswerFunction, received: Received) -> Answer:
    return server.to[received.text] if received.text in server.to else otherwise(received)
