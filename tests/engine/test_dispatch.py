"""A driver and a pool of drivers are the same to a session."""

from __future__ import annotations

import inspect

import pytest
import trio.testing

from harness.pair import open_pair
from rejoinder.engine import Asked, Finished, InvalidRequest
from rejoinder.engine.dispatch import Dispatch
from rejoinder.engine.drive import Driver
from rejoinder.engine.pool_driver import PoolDriver
from rejoinder.testing import AZURE, ModelServer

PERFORMERS: list[type[Dispatch]] = [Driver, PoolDriver]
"""That both are, the type checkers say."""
ASKED_FOR = {name: value for name, value in vars(Dispatch).items() if not name.startswith("_")}


@pytest.mark.parametrize("performer", PERFORMERS, ids=lambda performer: performer.__name__)
def test_each_operation_is_there_with_the_same_arguments(performer: type[Dispatch]) -> None:
    for name, wanted in ASKED_FOR.items():
        if not isinstance(wanted, property):
            assert list(inspect.signature(wanted).parameters) == list(inspect.signature(getattr(performer, name)).parameters)


@pytest.mark.parametrize("pool", [None, {"size": 2, "spares": 0}], ids=["session", "pool"])
async def test_the_same_turn_looks_the_same(pool: dict[str, int] | None, autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(ModelServer(AZURE), pool=pool) as pair:
        text = await pair.ask("Hi")
        with pytest.raises(InvalidRequest):
            await pair.ask([])
        state, statistics = pair.session.state, pair.session.statistics()

    assert "You said: Hi" == text
    assert [1] == list(state.links) == list(statistics.links)
    assert ({"completed": 1}, 1) == (statistics.outcomes, statistics.creates)
    assert [1, 1] == [seen.request for seen in pair.seen if isinstance(seen, Asked | Finished)]
    assert (True, {}) == (pair.session.state.closing, pair.session.state.requests)
