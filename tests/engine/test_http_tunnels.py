"""HTTP through a proxy: the same tunnels as for the WebSocket, connections that are kept, and nothing left of those that failed."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx
import pytest
import trio
import trio.testing

from harness.loopback import HOST, Handler, answer, free_port, listen, open_sockets
from harness.pair import KEY
from harness.proxies import ConnectProxy, SocksProxy
from harness.ways import NO_WAYS, NoWay
from rejoinder.engine import ConnectionFailed, Endpoint, Policy, ReplayPolicy, Session, Settings, open_session
from rejoinder.engine.http_client import HttpClient
from rejoinder.engine.http_tunnels import TunnelBackend
from rejoinder.engine.proxy import proxy_of
from rejoinder.testing import ModelServer
from rejoinder.testing.simulator import serve

ONCE = Policy(replay=ReplayPolicy.NEVER)
PROXIES = {"http": ConnectProxy, "socks5": SocksProxy}


@asynccontextmanager
async def through(proxy: str, url: str, policy: Policy | None = None) -> AsyncGenerator[Session]:
    """A session over HTTP through a proxy."""
    settings = Settings(proxy=proxy, policy=policy or Policy())
    async with open_session(Endpoint(url, api_key=KEY), settings, transport="http") as session:
        yield session


@pytest.mark.parametrize("scheme", PROXIES)
async def test_one_connection_serves_one_request_after_the_other(
    scheme: str, nursery: trio.Nursery, loopback_clock: trio.testing.MockClock
) -> None:
    proxy = PROXIES[scheme]()
    listener = await listen(nursery, proxy)
    async with (
        serve(ModelServer()) as simulator,
        through(f"{scheme}://{HOST}:{listener.port}", simulator.url) as session,
    ):
        for number in range(3):
            assert f"You said: {number}" == (await session.infer(f"{number}")).text
        async with session.respond("streamed") as response:
            assert "You said: streamed" == await response.text()

    assert 1 == len(proxy.asked)


@pytest.mark.parametrize("no_way", NO_WAYS, ids=lambda no_way: f"{no_way.scheme}, {no_way.name}")
async def test_no_way(no_way: NoWay, nursery: trio.Nursery, loopback_clock: trio.testing.MockClock) -> None:
    listener = await listen(nursery, no_way.serve())
    before = open_sockets()
    address = f"{no_way.scheme}://{no_way.credentials}{HOST}:{listener.port}"
    async with through(address, "wss://no.such.host.invalid/") as session, session.respond("Hi") as response:
        with pytest.raises(ConnectionFailed) as caught:
            await response.text()
    await trio.testing.wait_all_tasks_blocked(0.01)

    assert str(caught.value).startswith(f"The proxy {HOST} port {listener.port} {no_way.said} Check ")
    assert (3 if no_way.code == "proxy" else 1) == listener.connections
    assert open_sockets() <= before


async def test_a_proxy_that_is_not_there(loopback_clock: trio.testing.MockClock) -> None:
    address = f"http://{HOST}:{free_port()}"
    async with through(address, "wss://no.such.host.invalid/", policy=ONCE) as session, session.respond("Hi") as response:
        with pytest.raises(ConnectionFailed, match="Connection refused"):
            await response.text()


@pytest.mark.parametrize(
    "handler", [answer(b"", stay=True), answer(b"", stay=True, listen_first=False)], ids=["reads", "reads not"]
)
async def test_a_silent_proxy_takes_the_connect_deadline(
    handler: Handler, nursery: trio.Nursery, loopback_clock: trio.testing.MockClock
) -> None:
    listener = await listen(nursery, handler)
    before = open_sockets()
    address = f"http://{HOST}:{listener.port}"
    async with through(address, "wss://no.such.host.invalid/", policy=ONCE) as session, session.respond("Hi") as response:
        with pytest.raises(ConnectionFailed, match="in time"):
            await response.text()
    await trio.testing.wait_all_tasks_blocked(0.01)

    assert 10.0 == trio.current_time()
    assert open_sockets() <= before


async def test_whoever_leaves_while_the_way_is_asked_for_leaves_nothing(
    nursery: trio.Nursery, loopback_clock: trio.testing.MockClock
) -> None:
    listener = await listen(nursery, answer(b"", stay=True))
    before = open_sockets()
    async with through(f"http://{HOST}:{listener.port}", "wss://no.such.host.invalid/") as session:
        with trio.move_on_after(1.0):
            await session.infer("Hi")
        await trio.testing.wait_all_tasks_blocked(0.01)

        assert open_sockets() <= before
    assert 1.0 == trio.current_time()


async def test_a_client_or_options_of_the_callers_come_first(nursery: trio.Nursery, loopback_clock: trio.testing.MockClock) -> None:
    proxy, other = ConnectProxy(), ConnectProxy()
    listener, another = await listen(nursery, proxy), await listen(nursery, other)
    settings = Settings(proxy=f"http://{HOST}:{listener.port}")
    async with serve(ModelServer()) as simulator, httpx.AsyncClient() as client:
        endpoint = Endpoint(simulator.url, api_key=KEY)
        async with open_session(endpoint, settings, transport="http", http_client=client) as session:
            assert "You said: mine" == (await session.infer("mine")).text
        theirs = HttpClient(endpoint, settings, None, {"proxy": f"http://{HOST}:{another.port}"})
        await theirs.aclose()

    assert [] == proxy.asked


async def test_retries_of_httpx_wait_on_the_same_clock(autojump_clock: trio.testing.MockClock) -> None:

    await TunnelBackend(proxy_of("http://localhost")).sleep(2.0)

    assert 2.0 == trio.current_time()
