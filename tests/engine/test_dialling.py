"""A stream to the server, in the clear or under TLS: what fails is told in one sentence, and no socket is left behind."""

import ssl
from typing import Any, cast

import pytest
import trio
import trio.testing
import trustme

from harness.loopback import HOST, answer, free_port, listen, open_sockets
from harness.pair import KEY
from rejoinder.engine import Endpoint, HandshakeFailed, Settings
from rejoinder.engine.dialling import open_stream


async def repeat(stream: trio.SocketStream) -> None:
    await stream.send_all(await stream.receive_some())


async def test_a_stream_goes_both_ways_and_is_closed_at_the_end(
    nursery: trio.Nursery, loopback_clock: trio.testing.MockClock
) -> None:
    listener = await listen(nursery, repeat)
    before = open_sockets()
    async with open_stream(Endpoint(listener.url, api_key=KEY), Settings()) as stream:
        await stream.send_all(b"hi")
        assert b"hi" == await stream.receive_some()
    await trio.testing.wait_all_tasks_blocked(0.01)

    assert open_sockets() <= before


async def test_tls_is_agreed_on_before_the_block_begins(nursery: trio.Nursery, loopback_clock: trio.testing.MockClock) -> None:
    authority = trustme.CA()
    serving, trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    cast("Any", authority.issue_cert(HOST)).configure_cert(serving)  # its annotation is incomplete
    cast("Any", authority).configure_trust(trusting)  # its annotation is incomplete

    async def repeat_secretly(stream: trio.SocketStream) -> None:
        encrypted: Any = trio.SSLStream(stream, serving, server_side=True, https_compatible=True)
        await repeat(encrypted)

    listener = await listen(nursery, repeat_secretly)
    endpoint = Endpoint(f"wss://{HOST}:{listener.port}/", api_key=KEY)
    async with open_stream(endpoint, Settings(ssl_context=trusting)) as stream:
        assert isinstance(stream, trio.SSLStream)
        await stream.send_all(b"hi")
        assert b"hi" == await stream.receive_some()


async def test_a_certificate_that_nobody_trusts_is_permanent(nursery: trio.Nursery, loopback_clock: trio.testing.MockClock) -> None:
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    cast("Any", trustme.CA().issue_cert(HOST)).configure_cert(serving)  # its annotation is incomplete

    async def agree(stream: trio.SocketStream) -> None:
        encrypted: Any = trio.SSLStream(stream, serving, server_side=True, https_compatible=True)
        await encrypted.do_handshake()

    listener = await listen(nursery, agree)
    before = open_sockets()
    with pytest.raises(HandshakeFailed) as caught:
        await open_and_leave(Endpoint(f"wss://{HOST}:{listener.port}/", api_key=KEY))
    await trio.testing.wait_all_tasks_blocked(0.01)

    assert caught.value.permanent
    assert caught.value.message.startswith(f"The certificate of {HOST} is not trusted: ")
    assert open_sockets() <= before


async def open_and_leave(endpoint: Endpoint) -> None:
    async with open_stream(endpoint, Settings()):
        pass


async def test_what_does_not_speak_tls_may_pass(nursery: trio.Nursery, loopback_clock: trio.testing.MockClock) -> None:
    listener = await listen(nursery, answer(b"HTTP/1.1 400 Bad Request\r\n\r\n", listen_first=False))
    with pytest.raises(HandshakeFailed) as caught:
        await open_and_leave(Endpoint(f"wss://{HOST}:{listener.port}/", api_key=KEY))

    assert f"{HOST} port {listener.port} does not speak TLS as expected." == caught.value.message
    assert not caught.value.permanent


async def test_a_port_on_which_nobody_listens(loopback_clock: trio.testing.MockClock) -> None:
    port = free_port()
    with pytest.raises(HandshakeFailed) as caught:
        await open_and_leave(Endpoint(f"ws://{HOST}:{port}/", api_key=KEY))

    assert f"No connection to {HOST} port {port}: Connection refused." == caught.value.message
