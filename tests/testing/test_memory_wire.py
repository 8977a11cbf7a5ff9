"""The in-memory wire behaves as the engine's wire must: same values, same errors, no socket."""

from __future__ import annotations

import pytest
import trio.testing

from rejoinder.engine import Endpoint, HandshakeFailed, Settings, WireClosed
from rejoinder.states.profiles import AZURE
from rejoinder.testing import AZURE as AZURE_SERVER
from rejoinder.testing import LinkPlan, MemoryNetwork, ModelServer
from rejoinder.testing.memory_wire import MemoryWire, memory_connector

ENDPOINT = Endpoint("ws://localhost/v1/responses", api_key="key", profile=AZURE)
CREATE = '{"type":"response.create","model":"gpt-4.1","input":"Hello"}'


def network(*plans: LinkPlan) -> MemoryNetwork:
    """A network to a server that says something sensible."""
    return MemoryNetwork(ModelServer(AZURE_SERVER), plans)


async def test_frames_go_both_ways(autojump_clock: trio.testing.MockClock) -> None:
    del autojump_clock
    async with memory_connector(network())(ENDPOINT, Settings()) as wire:
        await wire.send(CREATE)
        first = (await wire.receive())[0]
        await wire.ping()

    assert '"response.created"' in str(first)


async def test_the_key_is_shown_to_the_server() -> None:
    server = network()
    async with memory_connector(server)(ENDPOINT, Settings()):
        pass

    assert "Bearer key" == server.links[0].headers["Authorization"]


async def test_leaving_the_block_is_seen_by_the_server() -> None:
    server = network()
    async with memory_connector(server)(ENDPOINT, Settings()):
        assert server.server.is_open(server.links[0].connection)

    assert not server.server.is_open(server.links[0].connection)


async def test_the_end_of_a_link_is_told_each_time() -> None:
    async with memory_connector(network())(ENDPOINT, Settings()) as wire:
        assert isinstance(wire, MemoryWire)
        wire.link.cut()
        codes: list[int | None] = []
        for _ in range(2):
            with pytest.raises(WireClosed) as received:
                await wire.receive()
            codes.append(received.value.code)
            with pytest.raises(WireClosed):
                await wire.send(CREATE)
            with pytest.raises(WireClosed):
                await wire.ping()

    assert [1006, 1006] == codes


async def test_a_refused_handshake_says_status_and_pause() -> None:
    refusal = LinkPlan(refuse_status=503, refuse_headers={"retry-after": "2"})
    with pytest.raises(HandshakeFailed) as caught:
        async with memory_connector(network(refusal))(ENDPOINT, Settings()):
            pytest.fail("the block was entered")

    assert (503, 2.0) == (caught.value.status, caught.value.retry_after)


async def test_a_refusal_without_a_pause_names_none() -> None:
    with pytest.raises(HandshakeFailed) as caught:
        async with memory_connector(network(LinkPlan(refuse_status=401)))(ENDPOINT, Settings()):
            pytest.fail("the block was entered")

    assert (401, None) == (caught.value.status, caught.value.retry_after)


async def test_an_unreachable_server_is_a_failed_handshake() -> None:
    with pytest.raises(HandshakeFailed) as caught:
        async with memory_connector(network(LinkPlan(unreachable=True)))(ENDPOINT, Settings()):
            pytest.fail("the block was entered")

    assert caught.value.status is None
