"""The engine talks to the server of a memory pair, by its profile and its plans, on a virtual clock."""

from __future__ import annotations

import trio
from trio.testing import MockClock

from rejoinder.engine import Settings, open_session
from rejoinder.testing import AZURE, LinkPlan, ModelServer
from rejoinder.testing.memory_pair import MemoryPair


async def test_engine_is_answered(autojump_clock: MockClock) -> None:
    pair = MemoryPair()
    async with pair.open_session() as session, session.respond("Hi") as response:
        text = await response.text()

    assert "You said: Hi" == text
    assert "openai" == pair.endpoint.profile.name


async def test_profile_and_settings_are_those_that_are_given(autojump_clock: MockClock) -> None:
    pair = MemoryPair(ModelServer(AZURE))
    async with pair.open_session(Settings(model="deployed")) as session, session.respond("Hi") as response:
        await response.text()

    assert "azure" == pair.endpoint.profile.name
    assert ["deployed"] == [create["model"] for create in pair.server.creates()]


async def test_plans_say_what_becomes_of_a_dial(autojump_clock: MockClock) -> None:
    pair = MemoryPair()
    pair.network.plans.append(LinkPlan(handshake_delay=3.0))
    async with open_session(pair.endpoint, connector=pair.connector) as session, session.respond("Hi") as response:
        await response.text()

    assert trio.current_time() >= 3.0
    assert 1 == pair.network.dials
