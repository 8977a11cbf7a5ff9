"""What a turn makes is freed when it is let go of: no search for garbage has to find it, so a server may put those off."""

from __future__ import annotations

import gc
from collections.abc import Generator
from contextlib import contextmanager

import pytest

from rejoinder.engine import Endpoint, Session, open_session
from rejoinder.states.profiles import OPENAI
from rejoinder.testing.model_server import ModelServer
from rejoinder.testing.simulator import serve


@contextmanager
def kept_garbage() -> Generator[list[object]]:
    """What of ours a search finds that was let go of in the block; none is made meanwhile."""
    found: list[object] = []
    gc.collect()
    gc.disable()
    try:
        yield found
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        found += [each for each in gc.garbage if type(each).__module__.startswith("rejoinder.")]
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


def test_what_only_a_search_would_free_is_found() -> None:
    with kept_garbage() as found:
        ring = Endpoint("ws://localhost", api_key="none")
        held: list[object] = [ring]
        held.append(held)
        del ring, held

    assert [Endpoint] == [type(each) for each in found]
