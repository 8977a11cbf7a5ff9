"""Servers that are none: each gives one error that helps, in its time, leaves nothing behind, and the session goes on."""

import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest
import trio
import trio.testing
import trustme

from harness.loopback import HOST, Handler, Listener, answer, forward, free_port, http, listen, open_sockets, reset, tasks
from harness.pair import KEY
from rejoinder.engine import (
    ConnectionFailed,
    Deadlines,
    Endpoint,
    Policy,
    ResponseFailed,
    Session,
    Settings,
    open_session,
)
from rejoinder.states.verdicts import Cause
from rejoinder.testing import ModelServer
from rejoinder.testing.simulator import serve

pytestmark = pytest.mark.usefixtures("each_wire")

UPGRADE = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: no\r\n\r\n"
WITHOUT = b"HTTP/1.1 101 Switching Protocols\r\n\r\n"
URL = "Check the URL: this server does not speak WebSocket there."
RUNS = "Check that the server runs and that its address is right."
LATER = "Try again later: the server is busy or down."
NO_ANSWER = "did not answer as a WebSocket server does. " + RUNS
HUNG_UP = "hung up without an answer. " + RUNS
BACKOFFS = 0.5 + 1.0
"""The pauses between three dials, at their longest."""


async def hang_up_at_once(stream: trio.SocketStream) -> None:
    """Say nothing, read nothing."""


@asynccontextmanager
async def open_bad(handler: Handler, settings: Settings | None = None) -> AsyncGenerator[tuple[Session, Listener]]:
    """A session to a server that behaves badly until it is healed; nothing of either is left afterwards."""
    before, sockets = tasks(), open_sockets()
    async with serve(ModelServer()) as simulator, trio.open_nursery() as nursery:
        listener = await listen(nursery, handler)
        listening = open_sockets()
        async with open_session(Endpoint(listener.url, api_key=KEY), settings) as session:
            yield session, listener
            listener.handler = forward(simulator.port)
            async with session.respond("Still there?") as response:
                assert "You said: Still there?" == await response.text()
        await trio.testing.wait_all_tasks_blocked(0.01)
        assert open_sockets() <= listening
        nursery.cancel_scope.cancel()
    assert before == tasks()
    assert open_sockets() <= sockets


async def failure(session: Session) -> ConnectionFailed:
    async with session.respond("Hi") as response:
        with pytest.raises(ConnectionFailed) as caught:
            await response.text()
    error = caught.value
    assert error.failure is not None
    assert error.verdict is not None
    assert Cause.DIAL is error.failure.cause
    assert ("waiting", False, False, False, True) == (
        error.verdict.stage,
        error.verdict.sent,
        error.verdict.acknowledged,
        error.verdict.output_begun,
        error.verdict.replay_safe,
    )
    assert "" == error.partial.text
    assert KEY not in str(error)
    return error


@pytest.mark.parametrize(
    "status, advice, dials",
    [
        (401, "Check the API key: the server does not accept it.", 1),
        (403, "Check what the API key may do: the server forbids this endpoint.", 1),
        (404, URL, 1),
        (426, URL, 1),
        (200, URL, 1),
        (204, URL, 1),
        (302, URL, 1),
        (400, "Check the URL, the headers and the key.", 1),
        (408, LATER, 3),
        (429, LATER, 3),
        (500, LATER, 3),
        (503, LATER, 3),
        (999, RUNS, 3),
    ],
)
async def test_a_refusal(status: int, advice: str, dials: int, loopback_clock: trio.testing.MockClock) -> None:
    async with open_bad(answer(http(status, "Content-Type: text/html", body=b"<html>No.</html>"))) as (session, listener):
        error = await failure(session)
        assert dials == listener.connections

    assert f"{HOST} refused the connection with HTTP status {status}. {advice}" == str(error)
    assert error.failure is not None
    assert status == error.failure.status


async def test_refusals_pass_with_pauses_that_double(loopback_clock: trio.testing.MockClock) -> None:
    async with open_bad(answer(http(503))) as (session, _):
        await failure(session)
        assert 0.75 * BACKOFFS <= trio.current_time() <= BACKOFFS


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>", id="body until the end"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n<html>", id="body that never comes"),
        pytest.param(b"HTTP/1.0 200 OK\r\n\r\n", id="an old version"),
        pytest.param(b"HTTP/1.1 200\r\n\r\n", id="no reason"),
    ],
)
async def test_a_web_page_is_not_waited_for(data: bytes, loopback_clock: trio.testing.MockClock) -> None:
    async with open_bad(answer(data, stay=True)) as (session, listener):
        error = await failure(session)
        assert 0.0 == trio.current_time()
        assert 1 == listener.connections

    assert f"{HOST} refused the connection with HTTP status 200. {URL}" == str(error)


@pytest.mark.parametrize(
    "handler, words",
    [
        pytest.param(hang_up_at_once, HUNG_UP, id="hangs up at once"),
        pytest.param(answer(b""), HUNG_UP, id="hangs up after the request"),
        pytest.param(reset, HUNG_UP, id="resets"),
        pytest.param(answer(b"HTTP/1.1 101 Swit"), HUNG_UP, id="hangs up in the middle"),
        pytest.param(answer(b"SSH-2.0-OpenSSH_9.6\r\n", stay=True, listen_first=False), NO_ANSWER, id="another protocol"),
        pytest.param(answer(b"\x15\x03\x01\x00\x02\x02\x50", stay=True), NO_ANSWER, id="TLS"),
        pytest.param(answer(b"HTTP/1.1 \x00\xff\r\n\r\n"), NO_ANSWER, id="garbage after the version"),
        pytest.param(answer(b"HTTP/1.1 \xc2\xb2\xc2\xb9\xc2\xb3 x\r\n\r\n"), NO_ANSWER, id="digits of another kind"),
        pytest.param(answer(b"HTTP/1.1 101 x\r\n" + b"x" * 70_000, stay=True), NO_ANSWER, id="a head without end"),
        pytest.param(answer(UPGRADE, stay=True), NO_ANSWER, id="the wrong accept"),
        pytest.param(answer(WITHOUT, stay=True), NO_ANSWER, id="an upgrade to nothing"),
    ],
)
async def test_what_is_no_websocket_server(handler: Handler, words: str, loopback_clock: trio.testing.MockClock) -> None:
    async with open_bad(handler) as (session, listener):
        error = await failure(session)
        assert 3 == listener.connections
        assert trio.current_time() <= BACKOFFS

    assert f"{HOST} port {listener.port} {words}" == str(error)
    assert error.failure is not None
    assert error.failure.status is None


@pytest.mark.parametrize(
    "handler",
    [
        pytest.param(answer(b"", stay=True), id="nothing"),
        pytest.param(answer(b"", stay=True, listen_first=False), id="nothing, and reads nothing"),
        pytest.param(answer(b"HTTP/1.1 101 Switching", stay=True), id="half an answer"),
    ],
)
async def test_a_silent_server_takes_the_connect_deadline(handler: Handler, loopback_clock: trio.testing.MockClock) -> None:
    async with open_bad(handler) as (session, listener):
        error = await failure(session)
        assert 10.0 == trio.current_time()
        assert 1 == listener.connections

    assert " within 10 s. Check the server's address and the network, or allow more time with Deadlines(connect=…)." in str(error)


async def test_the_connect_deadline_is_the_callers(loopback_clock: trio.testing.MockClock) -> None:
    settings = Settings(policy=Policy(deadlines=Deadlines(connect=0.25)))
    async with open_bad(answer(b"", stay=True), settings) as (session, _):
        await failure(session)
        assert 0.25 == trio.current_time()


async def test_a_pause_that_the_server_asks_for(loopback_clock: trio.testing.MockClock) -> None:
    async with open_bad(answer(http(503, "Retry-After: 2"))) as (session, listener):
        error = await failure(session)
        assert 4.0 == trio.current_time()
        assert 3 == listener.connections

    assert error.verdict is not None
    assert 2.0 == error.verdict.retry_after


async def test_a_pause_that_outlasts_the_connect_deadline_is_told_at_once(loopback_clock: trio.testing.MockClock) -> None:
    async with open_bad(answer(http(429, "retry-after: 3600"))) as (session, listener):
        error = await failure(session)
        assert 0.0 == trio.current_time()
        assert 1 == listener.connections

    assert error.verdict is not None
    assert 3600.0 == error.verdict.retry_after


@pytest.mark.parametrize("value", ["Wed, 21 Oct 2026 07:28:00 GMT", "soon", "", "nan"])
async def test_a_pause_that_is_no_number_is_none(value: str, loopback_clock: trio.testing.MockClock) -> None:
    async with open_bad(answer(http(503, f"Retry-After: {value}"))) as (session, _):
        error = await failure(session)

    assert error.verdict is not None
    assert error.verdict.retry_after is None


async def test_a_port_on_which_nobody_listens(loopback_clock: trio.testing.MockClock) -> None:
    sockets, port = open_sockets(), free_port()
    async with open_session(Endpoint(f"ws://{HOST}:{port}/v1/responses", api_key=KEY)) as session:
        error = await failure(session)
        async with serve(ModelServer(), port=port), session.respond("Now?") as response:
            assert "You said: Now?" == await response.text()

    assert f"No connection to {HOST} port {port}: Connection refused. {RUNS}" == str(error)
    assert open_sockets() <= sockets


async def test_a_host_that_does_not_exist(monkeypatch: pytest.MonkeyPatch, autojump_clock: trio.testing.MockClock) -> None:
    async def unknown(*_: object, **__: object) -> trio.SocketStream:
        raise OSError(-2, "Name or service not known")

    monkeypatch.setattr(trio, "open_tcp_stream", unknown)
    async with open_session(Endpoint("wss://no.such.host.invalid/", api_key=KEY)) as session:
        error = await failure(session)

    assert f"No connection to no.such.host.invalid port 443: Name or service not known. {RUNS}" == str(error)


async def test_an_error_of_the_system_without_words(
    monkeypatch: pytest.MonkeyPatch, autojump_clock: trio.testing.MockClock
) -> None:
    async def unreachable(*_: object, **__: object) -> trio.SocketStream:
        raise TimeoutError

    monkeypatch.setattr(trio, "open_tcp_stream", unreachable)
    async with open_session(Endpoint("wss://no.such.host.invalid/", api_key=KEY)) as session:
        error = await failure(session)

    assert f"No connection to no.such.host.invalid port 443: TimeoutError. {RUNS}" == str(error)


async def test_a_key_that_the_server_does_not_know(loopback_clock: trio.testing.MockClock) -> None:
    async with (
        serve(ModelServer(), key="another") as simulator,
        open_session(Endpoint(simulator.url, api_key=KEY)) as session,
    ):
        error = await failure(session)

    assert f"{HOST} refused the connection with HTTP status 401. Check the API key: the server does not accept it." == str(error)


async def test_a_path_that_is_not_there(loopback_clock: trio.testing.MockClock) -> None:
    async with (
        serve(ModelServer()) as simulator,
        open_session(Endpoint(simulator.url + "/more", api_key=KEY)) as session,
    ):
        error = await failure(session)

    assert f"{HOST} refused the connection with HTTP status 404. {URL}" == str(error)


async def test_a_model_that_is_not_there(loopback_clock: trio.testing.MockClock) -> None:
    async with (
        serve(ModelServer(known_models=frozenset({"gpt-4.1"}))) as simulator,
        open_session(Endpoint(simulator.url, api_key=KEY)) as session,
    ):
        async with session.respond("Hi", model="gpt-99") as response:
            with pytest.raises(ResponseFailed, match=r"gpt-99.* Check the model's name and that the key may use it\.$") as caught:
                await response.text()
        async with session.respond("Hi") as response:
            assert "You said: Hi" == await response.text()

    assert caught.value.failure is not None
    assert caught.value.verdict is not None
    assert "model_not_found" == caught.value.failure.code
    assert (True, False, True) == (
        caught.value.verdict.sent,
        caught.value.verdict.acknowledged,
        caught.value.verdict.replay_safe,
    )


# TLS.


def secure(certificate: trustme.LeafCert, inner: Handler) -> Handler:
    """The same server behind TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    cast("Any", certificate).configure_cert(context)  # its annotation is incomplete

    async def handler(stream: trio.SocketStream) -> None:
        encrypted: Any = trio.SSLStream(stream, context, server_side=True, https_compatible=True)
        await inner(encrypted)

    return handler


@asynccontextmanager
async def open_secure(handler: Handler, authority: trustme.CA) -> AsyncGenerator[tuple[Session, Listener]]:
    """A session over TLS that trusts one authority; no socket is left afterwards."""
    trusting = ssl.create_default_context()
    cast("Any", authority).configure_trust(trusting)  # its annotation is incomplete
    sockets = open_sockets()
    async with trio.open_nursery() as nursery:
        listener = await listen(nursery, handler)
        endpoint = Endpoint(f"wss://{HOST}:{listener.port}/v1/responses", api_key=KEY)
        async with open_session(endpoint, Settings(ssl_context=trusting)) as session:
            yield session, listener
        nursery.cancel_scope.cancel()
    assert open_sockets() <= sockets


async def test_a_certificate_of_an_authority_nobody_trusts(loopback_clock: trio.testing.MockClock) -> None:
    handler = secure(trustme.CA().issue_cert(HOST), answer(b"", stay=True))
    async with open_secure(handler, trustme.CA()) as (session, listener):
        error = await failure(session)
        assert 1 == listener.connections

    assert str(error).startswith(f"The certificate of {HOST} is not trusted: ")
    assert 0.0 == trio.current_time()


async def test_a_certificate_of_another_host(loopback_clock: trio.testing.MockClock) -> None:
    authority = trustme.CA()
    handler = secure(authority.issue_cert("example.org"), answer(b"", stay=True))
    async with open_secure(handler, authority) as (session, listener):
        error = await failure(session)
        assert 1 == listener.connections

    assert f"The certificate of {HOST} is not trusted: IP address mismatch" in str(error)


async def test_the_systems_authorities_do_not_know_ours(loopback_clock: trio.testing.MockClock) -> None:
    handler = secure(trustme.CA().issue_cert(HOST), answer(b"", stay=True))
    async with trio.open_nursery() as nursery:
        listener = await listen(nursery, handler)
        async with open_session(Endpoint(f"wss://{HOST}:{listener.port}/", api_key=KEY)) as session:
            error = await failure(session)
        nursery.cancel_scope.cancel()

    assert "is not trusted" in str(error)


@pytest.mark.parametrize("handler", [hang_up_at_once, answer(http(400), listen_first=False)], ids=["hangs up", "speaks HTTP"])
async def test_a_server_without_tls(handler: Handler, loopback_clock: trio.testing.MockClock) -> None:
    async with open_secure(handler, trustme.CA()) as (session, listener):
        error = await failure(session)
        assert 3 == listener.connections

    assert f"{HOST} port {listener.port} does not speak TLS as expected. {RUNS}" == str(error)


async def test_a_silent_server_under_tls(loopback_clock: trio.testing.MockClock) -> None:
    async with open_secure(answer(b"", stay=True, listen_first=False), trustme.CA()) as (session, listener):
        await failure(session)
        assert 10.0 == trio.current_time()
        assert 1 == listener.connections


async def test_a_refusal_under_tls(loopback_clock: trio.testing.MockClock) -> None:
    authority = trustme.CA()
    handler = secure(authority.issue_cert(HOST), answer(http(401)))
    async with open_secure(handler, authority) as (session, _):
        error = await failure(session)

    assert "HTTP status 401" in str(error)


async def test_all_is_well_under_tls(loopback_clock: trio.testing.MockClock) -> None:
    authority = trustme.CA()
    async with serve(ModelServer()) as simulator:
        handler = secure(authority.issue_cert(HOST), forward(simulator.port))
        async with open_secure(handler, authority) as (session, listener):
            for number in range(3):
                async with session.respond(f"{number}") as response:
                    assert f"You said: {number}" == await response.text()
            assert 1 == listener.connections
