"""Stored chains over the wire: what goes out on a new connection, and what a server that has forgotten costs."""

from typing import Any

import attrs
import pytest
import trio
import trio.testing

from harness.pair import Pair, message, open_pair, user
from rejoinder.engine import ContinuationPolicy, Policy, Settings
from rejoinder.testing import AZURE, OPENAI, ModelServer, ServerProfile

STORED = Settings(policy=Policy(continuation=ContinuationPolicy.STORED), store=True)
EACH_PROFILE = pytest.mark.parametrize("profile", [OPENAI, AZURE], ids=lambda profile: profile.name)


async def two_turns(pair: Pair, **fields: Any) -> str:  # noqa: ANN401 - fields of a create
    """A turn, the loss of the connection, and the turn that goes on from there."""
    talk = [user("one")]
    talk += [message(await pair.ask(talk, **fields)), user("two")]
    pair.network.links[-1].cut()
    await trio.sleep(1)
    return await pair.ask(talk, **fields)


@EACH_PROFILE
async def test_a_new_connection_goes_on_from_what_is_stored(autojump_clock: trio.testing.MockClock, profile: ServerProfile) -> None:
    async with open_pair(ModelServer(attrs.evolve(profile, remembers_stored=True)), settings=STORED) as pair:
        assert "You said: two" == await two_turns(pair)
        statistics = pair.session.statistics()

    first, second = pair.creates
    assert "previous_response_id" not in first
    assert ("resp_1", [user("two")]) == (second["previous_response_id"], second["input"])
    assert [0, 1] == [entry.connection for entry in pair.log("in")]
    assert (1, 2) == (statistics.reused, statistics.items_saved)


@EACH_PROFILE
async def test_what_is_gone_costs_a_round_trip_and_is_sent_in_full(
    autojump_clock: trio.testing.MockClock, profile: ServerProfile
) -> None:
    async with open_pair(ModelServer(profile), settings=STORED) as pair:
        assert "You said: two" == await two_turns(pair)

    _, named, whole = pair.creates
    assert "resp_1" == named["previous_response_id"]
    assert "previous_response_id" not in whole
    assert 3 == len(whole["input"])


async def test_without_storage_the_new_connection_is_told_everything(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(ModelServer(attrs.evolve(AZURE, remembers_stored=True)), settings=STORED) as pair:
        await two_turns(pair, store=False)
        statistics = pair.session.statistics()

    assert {"NoPrevious": 1, "NewLink": 1} == statistics.full
