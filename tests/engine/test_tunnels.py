"""The way through a proxy: a stream to the server, or one sentence on why there is none, and no socket left."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
import trio
import trio.testing

from harness.loopback import HOST, Handler, Listener, answer, free_port, listen, open_sockets
from harness.proxies import ConnectProxy, SocksProxy
from harness.ways import NO_WAYS, NoWay
from rejoinder.engine import HandshakeFailed
from rejoinder.engine.proxy import proxy_of
from rejoinder.engine.tunnels import open_tunnel

SECRET = "hunter2"
SCHEMES = {"http": ConnectProxy, "socks5": SocksProxy, "socks5h": SocksProxy}


async def repeat(stream: trio.SocketStream) -> None:
    await stream.send_all(await stream.receive_some())


@asynccontextmanager
async def tunnel(
    nursery: trio.Nursery, scheme: str, handler: Handler, host: str = "no.such.host.invalid", credentials: str = ""
) -> AsyncGenerator[tuple[trio.SocketStream, Listener]]:
    """A tunnel to a server that repeats, through a proxy that does what ``handler`` does."""
    server = await listen(nursery, repeat)
    proxy = await listen(nursery, handler)
    address = f"{scheme}://{credentials}{HOST}:{proxy.port}"
    stream = await open_tunnel(proxy_of(address), host, server.port)
    async with stream:
        yield stream, server


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(
    "host, asked",
    [
        ("no.such.host.invalid", "no.such.host.invalid:{}"),
        ("bücher.invalid", "xn--bcher-kva.invalid:{}"),
        (HOST, "127.0.0.1:{}"),
        ("::1", "[::1]:{}"),
    ],
    ids=["a name", "a name in other letters", "an address", "an address in brackets"],
)
async def test_a_way_is_opened_and_the_proxy_finds_the_address(
    scheme: str, host: str, asked: str, nursery: trio.Nursery, loopback_clock: trio.testing.MockClock
) -> None:
    proxy = SCHEMES[scheme]()
    in_numbers = {HOST: "7f000001:{}", "::1": "00000000000000000000000000000001:{}"}
    expected = asked if scheme == "http" else in_numbers.get(host, asked)
    async with tunnel(nursery, scheme, proxy, host) as (stream, server):
        await stream.send_all(b"hi")
        assert b"hi" == await stream.receive_some()

    assert [expected.format(server.port)] == proxy.asked


@pytest.mark.parametrize("bound", [b"\x01\x7f\x00\x00\x01\x00\x07", b"\x03\x01a\x00\x07", b"\x04" + bytes(18)])
async def test_what_address_the_proxy_names_does_not_matter(
    bound: bytes, nursery: trio.Nursery, loopback_clock: trio.testing.MockClock
) -> None:
    async with tunnel(nursery, "socks5", SocksProxy(bound=bound)) as (stream, _):
        await stream.send_all(b"hi")
        assert b"hi" == await stream.receive_some()


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_credentials(scheme: str, nursery: trio.Nursery, loopback_clock: trio.testing.MockClock) -> None:
    proxy = SCHEMES[scheme](credentials=f"ada:{SECRET}:")
    async with tunnel(nursery, scheme, proxy, credentials=f"ada:{SECRET}%3A@") as (stream, _):
        await stream.send_all(b"hi")
        assert b"hi" == await stream.receive_some()


async def test_credentials_that_a_proxy_does_not_ask_for(nursery: trio.Nursery, loopback_clock: trio.testing.MockClock) -> None:
    async with tunnel(nursery, "socks5", SocksProxy(), credentials="ada:lovelace@") as (stream, _):
        await stream.send_all(b"hi")
        assert b"hi" == await stream.receive_some()


@pytest.mark.parametrize("no_way", NO_WAYS, ids=lambda no_way: f"{no_way.scheme}, {no_way.name}")
async def test_no_way(no_way: NoWay, nursery: trio.Nursery, loopback_clock: trio.testing.MockClock) -> None:
    proxy = await listen(nursery, no_way.serve())
    before = open_sockets()
    with pytest.raises(HandshakeFailed) as caught:
        await open_tunnel(proxy_of(f"{no_way.scheme}://{no_way.credentials}{HOST}:{proxy.port}"), "no.such.host.invalid", 443)
    await trio.testing.wait_all_tasks_blocked(0.01)

    assert f"The proxy {HOST} port {proxy.port} {no_way.said}" == caught.value.message
    assert (no_way.code, None) == (caught.value.code, caught.value.status)
    assert open_sockets() <= before


async def test_a_proxy_that_is_not_there(loopback_clock: trio.testing.MockClock) -> None:
    port = free_port()
    with pytest.raises(HandshakeFailed) as caught:
        await open_tunnel(proxy_of(f"http://ada:{SECRET}@{HOST}:{port}"), "no.such.host.invalid", 443)

    assert f"No connection to the proxy {HOST} port {port}: Connection refused." == caught.value.message
    assert "proxy" == caught.value.code


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_a_silent_proxy_is_left_by_being_cancelled(
    scheme: str, nursery: trio.Nursery, loopback_clock: trio.testing.MockClock
) -> None:
    proxy = await listen(nursery, answer(b"", stay=True, listen_first=False))
    before = open_sockets()
    with trio.move_on_after(3.0) as scope:
        await open_tunnel(proxy_of(f"{scheme}://{HOST}:{proxy.port}"), "no.such.host.invalid", 443)
    await trio.testing.wait_all_tasks_blocked(0.01)

    assert scope.cancelled_caught
    assert open_sockets() <= before
