"""The way through a proxy: a stream to the server, or one sentence on why there is none, and no socket left."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
import trio
import trio.testing

from harness.loopback import HOST, Handler, Listener, answer, free_port, listen, open_sockets, reset
from harness.proxies import ConnectProxy, SocksProxy
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


def says(*answers: bytes, stay: bool = True) -> Handler:
    """A proxy that says one thing after another, each to something it was sent, and stays or hangs up."""

    async def handler(stream: trio.SocketStream) -> None:
        for each in answers:
            await stream.receive_some()
            await stream.send_all(each)
        while stay and await stream.receive_some():
            pass

    return handler


HUNG_UP = "hung up without an answer."
NO_HTTP = "did not answer as an HTTP proxy does."
NO_SOCKS = "did not answer as a SOCKS proxy does."
TO = "opens no way to no.such.host.invalid: "


@pytest.mark.parametrize(
    "scheme, handler, credentials, code, words",
    [
        pytest.param("http", ConnectProxy("ada:x"), "", "proxy_authentication", TO + "HTTP status 407.", id="none given"),
        pytest.param("http", ConnectProxy("ada:x"), "ada:y@", "proxy_authentication", TO + "HTTP status 407.", id="others given"),
        pytest.param("http", says(b"HTTP/1.1 403 No\r\n\r\n"), "", "proxy_refused", TO + "HTTP status 403.", id="403"),
        pytest.param(
            "http", says(b"HTTP/1.1 302 No\r\nLocation: /\r\n\r\n"), "", "proxy_refused", TO + "HTTP status 302.", id="302"
        ),
        pytest.param("http", says(b"HTTP/1.1 503 No\r\n\r\n"), "", "proxy", TO + "HTTP status 503.", id="503"),
        pytest.param("http", says(b"HTTP/1.1 429 No\r\n\r\n"), "", "proxy", TO + "HTTP status 429.", id="429"),
        pytest.param("http", answer(b""), "", "proxy", HUNG_UP, id="hangs up"),
        pytest.param("http", reset, "", "proxy", HUNG_UP, id="resets"),
        pytest.param("http", says(b"SSH-2.0-OpenSSH_9.6"), "", "proxy", NO_HTTP, id="another protocol"),
        pytest.param("http", says(b"HTTP/1.1 \x00\r\n\r\n"), "", "proxy", NO_HTTP, id="garbage after the version"),
        pytest.param("http", says(b"HTTP/1.1 200 x\r\n" + b"x" * 70_000), "", "proxy", NO_HTTP, id="a head without end"),
        pytest.param(
            "http", says(b"HTTP/1.1 200 x\r\n\r\nhello"), "", "proxy", "spoke before the server could.", id="speaks too soon"
        ),
        pytest.param("socks5", SocksProxy("ada:x"), "", "proxy_authentication", "wants other credentials.", id="wants some"),
        pytest.param("socks5", SocksProxy("ada:x"), "ada:y@", "proxy_authentication", "does not take the credentials.", id="wrong"),
        pytest.param("socks5", says(b"\x05\x02"), "", "proxy_authentication", "wants other credentials.", id="wants unasked"),
        pytest.param("socks5", says(b"\x05\x01"), "", "proxy_authentication", "wants other credentials.", id="GSSAPI"),
        pytest.param("socks5", says(b"\x05\x09"), "", "proxy", NO_SOCKS, id="an unknown method"),
        pytest.param(
            "socks5", says(b"\x05\x00", b"\x05\x02\x00\x01"), "", "proxy_refused", TO + "its rules do not allow it.", id="rules"
        ),
        pytest.param("socks5", says(b"\x05\x00", b"\x05\x01\x00\x01"), "", "proxy", TO + "it failed.", id="failure"),
        pytest.param("socks5", says(b"\x05\x00", b"\x05\x04\x00\x01"), "", "proxy", TO + "it does not reach the host.", id="host"),
        pytest.param(
            "socks5", says(b"\x05\x00", b"\x05\x05\x00\x01"), "", "proxy", TO + "the host refused the connection.", id="port"
        ),
        pytest.param("socks5", says(b"\x05\x00", b"\x05\x63\x00\x01"), "", "proxy", NO_SOCKS, id="an unknown answer"),
        pytest.param("socks5", says(b"\x05\x00", b"\x05\x00\x00\x09"), "", "proxy", NO_SOCKS, id="an unknown address"),
        pytest.param("socks5", says(b"\x05\x00", b"HTTP"), "", "proxy", NO_SOCKS, id="another protocol, late"),
        pytest.param("socks5", answer(b"", listen_first=False), "", "proxy", HUNG_UP, id="hangs up, SOCKS"),
        pytest.param(
            "socks5", says(b"\x05\x00", b"\x05\x00\x00\x01\x7f", stay=False), "", "proxy", HUNG_UP, id="hangs up in the middle"
        ),
    ],
)
async def test_no_way(
    scheme: str,
    handler: Handler,
    credentials: str,
    code: str,
    words: str,
    nursery: trio.Nursery,
    loopback_clock: trio.testing.MockClock,
) -> None:
    proxy = await listen(nursery, handler)
    before = open_sockets()
    with pytest.raises(HandshakeFailed) as caught:
        await open_tunnel(proxy_of(f"{scheme}://{credentials}{HOST}:{proxy.port}"), "no.such.host.invalid", 443)
    await trio.testing.wait_all_tasks_blocked(0.01)

    assert f"The proxy {HOST} port {proxy.port} {words}" == caught.value.message
    assert (code, None) == (caught.value.code, caught.value.status)
    assert before == open_sockets()


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
    assert before == open_sockets()
