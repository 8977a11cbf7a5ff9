"""Where a story of the cancellation tests plays: a session on some transport, in some situation, ready for a call.

Rules of this file
* A transport says how sessions are opened; a situation says what is under way when the call begins. Everything else is the story's.
* In memory time is virtual and exact. On sockets it is virtual as well, but how bytes are cut into reads is not
  ours to say.
* What the server says depends on what it was asked, and on nothing that was asked before: a word in the wrong ear is seen.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Final, cast, final

import attrs
import trio

from harness.pair import KEY
from rejoinder.engine import CancelPolicy, Conversation, Endpoint, Policy, Session, Settings, open_session
from rejoinder.engine.wire_choice import WireName
from rejoinder.states.profiles import PROFILES, Profile
from rejoinder.testing import (
    AZURE,
    GENERIC,
    OPENAI,
    Answer,
    Call,
    CancelMode,
    LinkPlan,
    MemoryNetwork,
    ModelServer,
    Received,
    ServerProfile,
    Text,
)
from rejoinder.testing.fault_proxy import ProxyPlan
from rejoinder.testing.memory_wire import memory_connector
from rejoinder.testing.simulator import Simulator, serve

__all__ = ["HTTP", "MEMORY", "SITUATIONS", "WORDS", "Opener", "Place", "Situation", "Stage", "open_place", "rests"]

WORDS: Final = "its own words"
"""What is said to the call under test."""
MEMORY: Final = "memory"
HTTP: Final = "http"
NETWORK: Final = LinkPlan(handshake_delay=0.04, latency=0.01)
REFUSED: Final = LinkPlan(handshake_delay=0.04, refuse_status=503)
IN_THE_HANDSHAKE: Final = ProxyPlan(break_after=60)
ROTATES_AFTER: Final = 10.0
"""Seconds after which a link of the rotating situation dials its successor."""
RESTS_AFTER: Final = 8.0
"""Seconds after which nothing of a call is under way any more, cancelled or not: longer than any drain."""


def answer(received: Received) -> Answer:
    """What the server says."""
    text = received.text
    if received.tool_output is not None:
        return Answer([Text(WORDS)])
    if text == "tools":
        return Answer([Call("look", "{}", call_id="a"), Call("watch", "{}", call_id="b")])
    if text == "turn":
        return Answer([Text(WORDS, interval=0.02)], created_after=0.02)
    if text == "long":
        return Answer([Text("never for anybody else " * 4, interval=0.1)])
    if text == "Shorter.":
        return Answer([Text(WORDS)])
    return Answer([Text(f"to {text}")])


Opener = Callable[..., AbstractAsyncContextManager[Session]]
"""``open_session``, or ``open_pool``."""


@attrs.frozen
class Situation:
    """What is under way when the call begins."""

    name: str
    """Its name in the table of points."""
    server: ServerProfile = OPENAI
    """The server."""
    policy: Policy = attrs.field(factory=Policy)
    """What the session does."""
    warm: bool = False
    """Whether a turn went before, so that a link is open."""
    left: bool = False
    """Whether another caller has just left a response that still runs."""
    aged: bool = False
    """Whether the link is about to dial its successor."""
    refused: bool = False
    """Whether the first dial fails."""
    cancel_mode: CancelMode = CancelMode.HONOUR
    """What the server does with a cancel."""

    @property
    def client(self) -> Profile:
        """What the client knows of the server."""
        profile = PROFILES[self.server.name]
        return attrs.evolve(profile, max_age=2 * ROTATES_AFTER) if self.aged else profile

    def make_server(self) -> ModelServer:
        """The server, new."""
        return ModelServer(self.server, answer, self.cancel_mode, cancel_delay=0.02)


SITUATIONS: Final = (
    Situation("first dial", OPENAI),
    Situation("second dial", AZURE, refused=True),
    Situation("lanes, idle", OPENAI, warm=True),
    Situation("lanes, one left", OPENAI, warm=True, left=True, cancel_mode=CancelMode.ERROR),
    Situation("serial, idle", AZURE, warm=True),
    Situation("drain", AZURE, policy=Policy(then=CancelPolicy.DRAIN), warm=True, left=True),
    Situation("hedge", GENERIC, policy=Policy(then=CancelPolicy.HEDGE), warm=True, left=True),
    Situation("retire", GENERIC, policy=Policy(then=CancelPolicy.RETIRE), warm=True, left=True),
    Situation("signalled", AZURE, policy=Policy(signal=True), warm=True, left=True, cancel_mode=CancelMode.LATE_ERROR),
    Situation("rotation", AZURE, policy=Policy(rotate_before=ROTATES_AFTER), warm=True, aged=True),
)
"""Dial, drain, hedge, rotation, and the quiet between them."""


@final
@attrs.define(eq=False)
class Stage:
    """One run of a story."""

    session: Session
    """The session that is called."""
    situation: Situation
    """What is under way."""
    open: Callable[[Opener], AbstractAsyncContextManager[Session]] = attrs.field(repr=False)
    """Opens another session to the same server, with ``open_session`` or ``open_pool``."""
    folder: Path
    """Where files may be written."""
    server: ModelServer = attrs.field(repr=False)
    """What is talked to."""
    conversation: Conversation | None = None
    """The conversation of the story, if it has one: whoever is cancelled leaves it fit to be sent."""

    async def ask(self, text: str) -> str:
        """Ask, and wait for the whole text."""
        async with self.session.respond(text) as response:
            return await response.text()

    async def prepare(self) -> None:
        """Bring the situation about."""
        begun = trio.current_time()
        if self.situation.warm:
            assert "to warm" == await self.ask("warm")
        if self.situation.left:
            async with self.session.respond("long") as response:
                async for _ in response.text_deltas():
                    break
        if self.situation.aged:
            await trio.sleep_until(begun + ROTATES_AFTER + 0.02)


@final
@attrs.frozen
class Place:
    """A server, and how sessions to it are opened: one for all runs of a story in one situation."""

    situation: Situation
    """The situation of every run."""
    servers: trio.Nursery = attrs.field(repr=False)
    """Whose tasks are the server's."""
    new_stage: Callable[[], AbstractAsyncContextManager[Stage]] = attrs.field(repr=False)
    """Opens the stage of a run; the session's end is its end."""


@asynccontextmanager
async def open_place(transport: str, situation: Situation, folder: Path, nursery: trio.Nursery) -> AsyncGenerator[Place]:
    """Open a place for the length of the block; ``transport`` is ``MEMORY``, ``HTTP``, or the name of a wire.

    The server's tasks are those of ``nursery``, so that those of the caller are only its own.
    """
    if transport == MEMORY:
        yield Place(situation, nursery, lambda: _in_memory(situation, folder))
        return
    simulator: Simulator = await nursery.start(_serve, situation.make_server())
    over_http = transport == HTTP
    settings = Settings(policy=situation.policy, wire="auto" if over_http else cast("WireName", transport))

    @asynccontextmanager
    async def opened(open_it: Opener = open_session) -> AsyncGenerator[Session]:
        endpoint = Endpoint(simulator.url, api_key=KEY, profile=situation.client)
        async with open_it(endpoint, settings, transport="http" if over_http else "websocket") as session:
            yield session

    @asynccontextmanager
    async def on_sockets() -> AsyncGenerator[Stage]:
        if situation.refused:
            simulator.proxy.plans.append(IN_THE_HANDSHAKE)
        async with opened() as session:
            stage = Stage(session, situation, opened, folder, simulator.server)
            await stage.prepare()
            yield stage
        simulator.proxy.plans.clear()

    yield Place(situation, nursery, on_sockets)
    nursery.cancel_scope.cancel()


async def _serve(server: ModelServer, task_status: trio.TaskStatus[Simulator]) -> None:
    async with serve(server) as simulator:
        task_status.started(simulator)
        await trio.sleep_forever()


@asynccontextmanager
async def _in_memory(situation: Situation, folder: Path) -> AsyncGenerator[Stage]:
    server = situation.make_server()
    network = MemoryNetwork(server, [REFUSED] if situation.refused else [], NETWORK)
    endpoint = Endpoint("ws://localhost/v1/responses", api_key=KEY, profile=situation.client)

    @asynccontextmanager
    async def opened(open_it: Opener = open_session) -> AsyncGenerator[Session]:
        async with open_it(endpoint, Settings(policy=situation.policy), connector=memory_connector(network)) as session:
            yield session

    async with opened() as session:
        stage = Stage(session, situation, opened, folder, server)
        await stage.prepare()
        yield stage


async def rests(stage: Stage) -> None:
    """The session is as good as new: the next two turns hear their own words, and then nothing is under way."""
    with trio.fail_after(RESTS_AFTER):
        assert "to next" == await stage.ask("next")
        if stage.conversation is not None:
            assert [] == list(stage.conversation.pending_calls)
            stage.conversation.add({"role": "user", "content": "after that"})
            async with stage.session.respond(stage.conversation) as response:
                assert "to after that" == await response.text()
        assert "to the one after" == await stage.ask("the one after")
    await trio.sleep(RESTS_AFTER)
    statistics = stage.session.statistics()
    links = list(statistics.links.values())

    assert {} == statistics.requests
    assert 1 == links.count("open")
    assert {"open"} >= set(links) or stage.situation.aged
    assert {"idle", "quarantined"} >= set(statistics.lanes.values())
    assert "Illegal" not in statistics.counts
