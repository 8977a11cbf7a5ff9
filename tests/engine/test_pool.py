"""A session over several links: what callers, observers and the server see of a pool."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing

from harness.pair import Pair, message, open_pair, user
from rejoinder.engine import (
    Conversation,
    InvalidRequest,
    InvalidSetting,
    Tools,
    open_pool,
)
from rejoinder.engine.pool import pool_limits
from rejoinder.states.pool import PoolLimits
from rejoinder.states.profiles import AZURE as SERIAL
from rejoinder.states.profiles import OPENAI, Profile
from rejoinder.testing import AZURE, Answer, Call, LinkPlan, ModelServer, Received, Stall, Text

SLOW = LinkPlan(handshake_delay=0.3, latency=0.01)


def paced(received: Received) -> Answer:
    """Says what it heard, in two seconds; to "stall" it says nothing more."""
    if received.text == "stall":
        return Answer([Text("one", interval=0.1), Stall()])
    return Answer([Text(f"heard {received.text}", interval=1.0)])


def files_in(folder: Path) -> dict[str, str]:
    """The texts of all files, by name."""
    return {path.name: path.read_text("ascii") for path in folder.iterdir()}


def by_link(pair: Pair) -> list[tuple[int, str]]:
    """The connection and the last words of each create."""
    return [(entry.connection, entry.body["input"][-1]["content"]) for entry in pair.log("in") if entry.type == "response.create"]


# -- it is a session -------------------------------------------------------------------------------------------------------------


async def test_it_is_used_as_a_session(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(ModelServer(AZURE), pool={"size": 2}) as pair:
        conversation = Conversation("one")
        first = await pair.ask(conversation)
        conversation.user("two")
        async with pair.session.converse(conversation) as turn:
            second = await turn.text()
        pair.session.update_settings(temperature=0.5)
        await pair.session.warm_up("three")
        third = await pair.ask([{"type": "message", "role": "user", "content": "three"}, user("four")])

    assert ["You said: one", "You said: two", "You said: four"] == [first, second, third]
    assert [None, "resp_1", None, "resp_3"] == [create.get("previous_response_id") for create in pair.creates]
    assert [None, None, 0.5, 0.5] == [create.get("temperature") for create in pair.creates]


async def test_tools_and_background_calls_work_as_in_a_session(autojump_clock: trio.testing.MockClock) -> None:
    def answer(received: Received) -> Answer:
        called = any(item.get("type") == "function_call_output" for item in received.items)
        return Answer([Text("It rains.")] if called else [Call("weather", "{}")])

    tools = Tools()

    @tools.add
    async def weather() -> str:
        """Tell the weather."""
        await trio.sleep(1.0)
        return "rain"

    async with open_pair(ModelServer(AZURE, answer), pool={"size": 3}) as pair:
        conversation = Conversation("Is it wet?")
        async with pair.session.converse(conversation, tools=tools) as turn:
            assert "It rains." == await turn.text()

    assert {0} == {entry.connection for entry in pair.log("in")}
    assert "resp_1" == pair.creates[1]["previous_response_id"]


async def test_a_background_call_goes_on_after_its_turn_and_ends_with_the_pool(autojump_clock: trio.testing.MockClock) -> None:
    ended: list[str] = []
    tools = Tools()

    @tools.add(cancel_on_interruption=False)
    async def watch() -> str:
        """Watch the door."""
        try:
            await trio.sleep(1000.0)
        finally:
            ended.append("watch")
        return "nobody"

    def answer(received: Received) -> Answer:
        called = any(item.get("type") == "function_call_output" for item in received.items)
        return Answer([Text("I watch.")] if called else [Call("watch", "{}")])

    async with open_pair(ModelServer(AZURE, answer), pool={"size": 2}) as pair:
        conversation = Conversation("Watch the door.")
        async with pair.session.converse(conversation, tools=tools) as turn:
            await turn.text()
        during = [call.name for call in pair.session.background_calls.running(conversation)]

    assert (["watch"], ["watch"]) == (during, ended)


async def test_of_conversations_at_once_each_stays_with_its_link(autojump_clock: trio.testing.MockClock) -> None:
    async def talk(pair: Pair, name: str) -> None:
        conversation = Conversation(f"{name} 1")
        await pair.ask(conversation)
        for turn in range(2, 5):
            conversation.user(f"{name} {turn}")
            await pair.ask(conversation)

    async with open_pair(ModelServer(AZURE, paced), pool={"size": 3, "spares": 0}, default=SLOW) as pair:
        async with trio.open_nursery() as nursery:
            for name in ("ash", "oak", "elm"):
                nursery.start_soon(talk, pair, name)
        statistics = pair.session.statistics()

    assert 3 == pair.network.dials
    assert (12, 9) == (statistics.creates, statistics.reused)
    for connection in range(3):
        names = {text.split()[0] for number, text in by_link(pair) if number == connection}
        assert 1 == len(names)


async def test_the_repr_shows_phases_and_nothing_else(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(ModelServer(AZURE, paced), pool={"size": 2, "spares": 1}) as pair:
        before = repr(pair.session)
        async with pair.session.respond("stall") as response:
            await pair.deltas(response, 1)
            during = repr(pair.session)

    assert "<rejoinder.engine.Session pool of 1, azure links [] requests []>" == before
    assert "<rejoinder.engine.Session pool of 2, azure links [1:open, 1000001:open] requests [1:sent]>" == during


# -- what cannot be ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "given, said",
    [
        ({"size": 0}, "size is 0. Give the largest number of links of the pool, 1 or more."),
        ({"size": True}, "size is True."),
        ({"size": 2.5}, "size is 2.5."),
        ({"spares": 4}, "spares is 4. Give how many of the 4 links are kept free, 0 to 3."),
        ({"spares": -1}, "spares is -1."),
        ({"spares": 0.5}, "spares is 0.5."),
        ({"idle_limit": 0}, "idle_limit is 0. Give seconds above 0, or math.inf to keep every link."),
        ({"idle_limit": math.nan}, "idle_limit is nan."),
        ({"idle_limit": "long"}, "idle_limit is 'long'."),
    ],
    ids=str,
)
async def test_limits_that_cannot_be(given: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidSetting, match=f"^{re.escape(said)}"):
        async with open_pair(ModelServer(AZURE), pool=given):
            pytest.fail("It must not open.")  # pragma: no cover


@pytest.mark.parametrize("profile, size, spares", [(SERIAL, 4, 1), (SERIAL, 1, 0), (OPENAI, 4, 0)], ids=str)
def test_a_spare_link_is_kept_where_links_are_serial(profile: Profile, size: int, spares: int) -> None:
    assert PoolLimits(size, spares, 300.0) == pool_limits(profile, size, None, 300)


async def test_an_input_that_cannot_be_is_refused_before_anything_happens(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(ModelServer(AZURE), pool={"size": 2}) as pair:
        with pytest.raises(InvalidRequest):
            async with pair.session.respond([message("Hi"), 7]):  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
                pytest.fail("It must not begin.")  # pragma: no cover

    assert 0 == pair.network.dials


async def test_without_an_endpoint_it_is_openai_with_the_key_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "a-key")
    async with open_pool(size=1) as session:
        assert "api.openai.com" == session.endpoint.host
