"""Turns and sessions are freed when they are let go of: no search for garbage has to find them, so a server may put those off.

From Python 3.12 on that holds for turns alone. There the frames that an exception came through know those that they were called by,
and so, where it came through a context manager made of a generator, themselves: each closed connection leaves some.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractAsyncContextManager, contextmanager, suppress
from functools import partial
from typing import Final

import pytest
import trio

from harness.tool_turns import FINE, calling, take_turn
from rejoinder.engine import Conversation, Endpoint, ResponseFailed, Session, Tools, open_pool, open_session
from rejoinder.engine.http_client import Body
from rejoinder.states.profiles import OPENAI
from rejoinder.testing import Answer, ModelServer, Text, scripted
from rejoinder.testing.simulator import serve

knows_callers = pytest.mark.skipif(sys.version_info >= (3, 12), reason="frames of exceptions know their callers: see above")

WAYS: Final[Mapping[str, Callable[[Endpoint], AbstractAsyncContextManager[Session]]]] = {
    "a_session": open_session,
    "over_http": partial(open_session, transport="http"),
    "one_way_or_the_other": partial(open_session, transport="auto"),
    "a_pool": partial(open_pool, size=2, spares=1),
}


@contextmanager
def kept_garbage() -> Generator[list[object]]:
    """What of ours a search finds that was let go of in the block; none is made meanwhile.

    An answer over HTTP and httpx' own object for it hold each other, and with them the body of the request.
    """
    found: list[object] = []
    gc.collect()
    gc.disable()
    try:
        yield found
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        found += [each for each in gc.garbage if type(each).__module__.startswith("rejoinder.") and type(each) is not Body]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


async def turns(session: Session, *, heard: int) -> None:
    for number in range(5):
        async with session.respond(f"question {number}") as response:
            left = heard
            async for _ in response:
                left -= 1
                if not left:
                    break


@pytest.mark.parametrize("heard", [-1, 2], ids=["heard_to_the_end", "left_in_the_middle"])
async def test_turns_leave_nothing_that_only_a_search_would_free(heard: int) -> None:
    async with (
        serve(ModelServer()) as simulator,
        open_session(Endpoint(simulator.url, api_key="none", profile=OPENAI)) as session,
    ):
        await turns(session, heard=heard)
        with kept_garbage() as found:
            await turns(session, heard=heard)

    assert [] == found


async def fail(session: Session) -> None:
    for _ in range(3):
        with pytest.raises(ResponseFailed):
            async with session.respond("question") as response:
                await response.text()
        with pytest.raises(ResponseFailed):
            async with session.respond("question") as response:
                await response.result()


@pytest.mark.parametrize("heard", [-1, 1], ids=["heard_to_the_end", "left_at_once"])
async def test_turns_of_conversations_that_fail_leave_nothing_that_only_a_search_would_free(heard: int) -> None:
    async def fail(session: Session) -> None:
        with suppress(ResponseFailed):
            async with session.converse(Conversation("question")) as turn:
                left = heard
                async for _ in turn:
                    left -= 1
                    if not left:
                        break

    async with (
        serve(ModelServer(answer=lambda _: Answer([Text("So far")], terminal="failed"))) as simulator,
        open_session(Endpoint(simulator.url, api_key="none", profile=OPENAI)) as session,
    ):
        await fail(session)
        with kept_garbage() as found:
            await fail(session)

    assert [] == found


async def test_turns_that_fail_leave_nothing_that_only_a_search_would_free() -> None:
    async with (
        serve(ModelServer(answer=lambda _: Answer([Text("So far")], terminal="failed"))) as simulator,
        open_session(Endpoint(simulator.url, api_key="none", profile=OPENAI)) as session,
    ):
        await fail(session)
        with kept_garbage() as found:
            await fail(session)

    assert [] == found


@knows_callers
async def test_a_session_whose_block_raises_leaves_nothing_that_only_a_search_would_free() -> None:
    async with serve(ModelServer()) as simulator:

        async def live() -> None:
            with pytest.raises(ZeroDivisionError):  # noqa: PT012 - the block is what raises
                async with (
                    open_session(Endpoint(simulator.url, api_key="none", profile=OPENAI)) as session,
                    session.respond("question") as response,
                ):
                    await anext(response)
                    raise ZeroDivisionError

        await live()
        with kept_garbage() as found:
            await live()

    assert [] == found


@knows_callers
async def test_a_session_that_is_cancelled_leaves_nothing_that_only_a_search_would_free() -> None:
    async with serve(ModelServer()) as simulator:

        async def live() -> None:
            with trio.CancelScope() as scope:
                async with (
                    open_session(Endpoint(simulator.url, api_key="none", profile=OPENAI)) as session,
                    session.respond("question") as response,
                ):
                    await anext(response)
                    scope.cancel()
                    await response.text()

        await live()
        with kept_garbage() as found:
            await live()

    assert [] == found


@knows_callers
@pytest.mark.parametrize("way", WAYS)
async def test_sessions_that_have_ended_leave_nothing_that_only_a_search_would_free(way: str) -> None:
    async with serve(ModelServer()) as simulator:

        async def live() -> None:
            async with WAYS[way](Endpoint(simulator.url, api_key="none", profile=OPENAI)) as session:
                await turns(session, heard=-1)
                await turns(session, heard=2)
                await session.infer("question")

        await live()
        with kept_garbage() as found:
            await live()

    assert [] == found


@knows_callers
async def test_a_turn_with_tools_and_its_session_leave_nothing_that_only_a_search_would_free() -> None:
    tools = Tools()

    @tools.add
    async def weather(city: str) -> str:
        """Tell the weather."""
        return f"Rain in {city}."

    async with serve(ModelServer(answer=scripted([calling(("weather", '{"city": "Bergen"}')), FINE] * 2))) as simulator:

        async def live() -> None:
            conversation = Conversation()
            conversation.user("And the weather?")
            async with open_session(Endpoint(simulator.url, api_key="none", profile=OPENAI)) as session:
                assert "Fine." == (await take_turn(session, conversation, tools)).text

        await live()
        with kept_garbage() as found:
            await live()

    assert [] == found


def test_what_only_a_search_would_free_is_found() -> None:
    with kept_garbage() as found:
        ring = Endpoint("ws://localhost", api_key="none")
        held: list[object] = [ring]
        held.append(held)
        del ring, held

    assert [Endpoint] == [type(each) for each in found]
