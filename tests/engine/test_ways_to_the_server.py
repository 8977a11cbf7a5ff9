"""TLS, proxies and networks on the way to the server: each does what ``docs/robustness.md`` says, on each wire."""

from __future__ import annotations

import logging
import traceback
from base64 import b64encode
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import attrs
import pytest
import trio
import trio.testing
import trustme

from harness.hostile import outcome_of
from harness.loopback import HOST, Handler, answer, forward, listen, open_sockets
from harness.pair import KEY
from harness.proxies import ConnectProxy, SocksProxy
from harness.ways import NETWORKS, NO_WAYS, TLS_FAULTS, Network, NoWay, TlsFault, agreeing, serving, trusting
from harness.wires import WIRES
from rejoinder.engine import (
    ConnectionFailed,
    Endpoint,
    Interrupted,
    InvalidEndpoint,
    Moved,
    ResponseError,
    Session,
    Settings,
    open_session,
)
from rejoinder.engine.wire_choice import WireName
from rejoinder.states.profiles import AZURE as PROFILE
from rejoinder.states.verdicts import ERRORS, Cause, Reaction, Where, react
from rejoinder.testing import AZURE, Answer, ModelServer, Received, Text
from rejoinder.testing.simulator import serve

each_wire = pytest.mark.parametrize("wire", WIRES)
SECRET = "hunter2"
PROXIES = {"http": ConnectProxy, "socks5": SocksProxy}


async def failure_of(session: Session) -> ConnectionFailed:
    async with session.respond("Hi") as response:
        with pytest.raises(ConnectionFailed) as caught:
            await response.text()
    assert caught.value.failure is not None
    assert Cause.DIAL is caught.value.failure.cause
    assert KEY not in str(caught.value)
    return caught.value


def behind_tls(authority: trustme.CA, port: int) -> Handler:
    """A server behind TLS that is a wire to another port."""
    context = serving(authority.issue_cert(HOST))

    async def handler(stream: trio.SocketStream) -> None:
        encrypted: Any = trio.SSLStream(stream, context, server_side=True, https_compatible=True)
        await forward(port)(encrypted)

    return handler


# -- TLS ---------------------------------------------------------------------------------------------------------------------


@each_wire
@pytest.mark.parametrize("fault", TLS_FAULTS, ids=lambda fault: fault.name)
async def test_tls(fault: TlsFault, wire: WireName, nursery: trio.Nursery, loopback_clock: trio.testing.MockClock) -> None:
    authority = trustme.CA()
    listener = await listen(nursery, fault.serve(authority))
    before = open_sockets()
    endpoint = Endpoint(f"wss://{HOST}:{listener.port}/v1/responses", api_key=KEY)
    async with open_session(endpoint, Settings(wire=wire, ssl_context=trusting(authority))) as session:
        error = await failure_of(session)
    await trio.testing.wait_all_tasks_blocked(0.01)

    assert f"{fault.said.format(host=HOST, port=listener.port)} {fault.advice}" == str(error)
    assert fault.dials == listener.connections
    assert open_sockets() <= before


# -- proxies -----------------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def through(
    proxy: Handler,
    scheme: str,
    nursery: trio.Nursery,
    credentials: str = "",
    **options: Any,  # noqa: ANN401 - settings
) -> AsyncGenerator[tuple[Session, ModelServer]]:
    """A session to a server under TLS, through a proxy; no socket of it is left afterwards."""
    authority = trustme.CA()
    transport: Any = options.pop("transport", "websocket")
    async with serve(ModelServer()) as simulator:
        server = await listen(nursery, behind_tls(authority, simulator.port))
        listening = await listen(nursery, proxy)
        address = f"{scheme}://{credentials}{HOST}:{listening.port}"
        before = open_sockets()
        settings = Settings(proxy=address, ssl_context=trusting(authority), **options)
        endpoint = Endpoint(f"wss://{HOST}:{server.port}/v1/responses", api_key=KEY)
        async with open_session(endpoint, settings, transport=transport) as session:
            yield session, simulator.server
        # The simulator's HTTP server looks after clients that have gone every five seconds.
        await trio.sleep(6.0)
        assert open_sockets() <= before


@each_wire
@pytest.mark.parametrize("credentials", ["", f"ada:{SECRET}"], ids=["open", "with credentials"])
@pytest.mark.parametrize("scheme", PROXIES)
async def test_a_session_through_a_proxy(
    scheme: str, credentials: str, wire: WireName, nursery: trio.Nursery, loopback_clock: trio.testing.MockClock
) -> None:
    proxy = PROXIES[scheme](credentials or None)
    shown = f"{credentials}@" if credentials else ""
    async with through(proxy, scheme, nursery, shown, wire=wire) as (session, server):
        for number in range(2):
            async with session.respond(f"{number}") as response:
                assert f"You said: {number}" == await response.text()
        assert 2 == len(server.creates())
        assert SECRET not in repr(session)

    assert 1 == len(proxy.asked)


@pytest.mark.parametrize("scheme", PROXIES)
async def test_http_goes_through_the_same_proxy(scheme: str, nursery: trio.Nursery, loopback_clock: trio.testing.MockClock) -> None:
    proxy = PROXIES[scheme](f"ada:{SECRET}")
    async with through(proxy, scheme, nursery, f"ada:{SECRET}@", transport="http") as (session, _):
        async with session.respond("streamed") as response:
            assert "You said: streamed" == await response.text()
        assert "You said: at once" == (await session.infer("at once")).text

    assert proxy.asked


@each_wire
@pytest.mark.parametrize("no_way", [NO_WAYS[1], NO_WAYS[2], NO_WAYS[5], NO_WAYS[-1]], ids=lambda no_way: no_way.name)
async def test_a_proxy_that_opens_no_way(
    no_way: NoWay, wire: WireName, nursery: trio.Nursery, loopback_clock: trio.testing.MockClock
) -> None:
    listener = await listen(nursery, no_way.serve())
    settings = Settings(wire=wire, proxy=f"{no_way.scheme}://{no_way.credentials}{HOST}:{listener.port}")
    async with open_session(Endpoint("wss://no.such.host.invalid/", api_key=KEY), settings) as session:
        error = await failure_of(session)
    rule = react(ERRORS, Where.HANDSHAKE, no_way.code, None, None)

    assert f"The proxy {HOST} port {listener.port} {no_way.said} {rule.advice}" == str(error)
    assert (3 if rule.reaction is Reaction.PASSING else 1) == listener.connections
    assert error.failure is not None
    assert no_way.code == error.failure.code


@pytest.mark.parametrize("transport", ["websocket", "http"])
@pytest.mark.parametrize("wanted", [f"ada:{SECRET}", "ada:another"], ids=["taken", "refused"])
@pytest.mark.parametrize("scheme", PROXIES)
async def test_credentials_of_a_proxy_are_shown_to_nobody_else(  # noqa: PLR0917 - parameters and fixtures
    scheme: str,
    wanted: str,
    transport: str,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
    nursery: trio.Nursery,
    loopback_clock: trio.testing.MockClock,
) -> None:
    proxy = PROXIES[scheme](wanted)
    shown: list[object] = []
    with caplog.at_level(logging.DEBUG, ""):
        async with through(proxy, scheme, nursery, f"ada:{SECRET}@", transport=transport) as (session, _):
            session.observe(shown.append)
            async with session.record(tmp_path / "trace.jsonl", payloads=True), session.respond("Hi") as response:
                try:
                    shown.append(await response.text())
                except ConnectionFailed as error:
                    shown += [error, *traceback.format_exception(error), error.failure, error.verdict]
            shown += [session, session.settings, session.state, session.statistics()]
    everything = "".join(map(repr, shown)) + caplog.text + (tmp_path / "trace.jsonl").read_text("utf-8")

    assert "Hi" in everything
    assert [] == [secret for secret in (SECRET, b64encode(f"ada:{SECRET}".encode()).decode()) if secret in everything]


@each_wire
async def test_a_silent_proxy_takes_the_connect_deadline(
    wire: WireName, nursery: trio.Nursery, loopback_clock: trio.testing.MockClock
) -> None:
    listener = await listen(nursery, answer(b"", stay=True))
    settings = Settings(wire=wire, proxy=f"http://{HOST}:{listener.port}")
    async with open_session(Endpoint("wss://no.such.host.invalid/", api_key=KEY), settings) as session:
        await failure_of(session)

    assert 10.0 == trio.current_time()


async def test_the_certificate_is_the_servers_and_not_the_proxys(
    nursery: trio.Nursery, loopback_clock: trio.testing.MockClock
) -> None:
    authority = trustme.CA()
    server = await listen(nursery, agreeing(serving(authority.issue_cert(HOST))))
    proxy = await listen(nursery, ConnectProxy())
    settings = Settings(proxy=f"http://{HOST}:{proxy.port}", ssl_context=trusting(authority))
    async with open_session(Endpoint(f"wss://elsewhere.invalid:{server.port}/", api_key=KEY), settings) as session:
        error = await failure_of(session)

    assert str(error).startswith("The certificate of elsewhere.invalid is not trusted: Hostname mismatch, ")


async def test_a_key_goes_to_no_other_machine_in_the_clear() -> None:
    endpoint = Endpoint("ws://localhost/v1/responses", api_key=KEY)
    with pytest.raises(
        InvalidEndpoint, match=r"would send the key to the proxy 'http://proxy\.example:3128' in clear text"
    ) as caught:
        async with open_session(endpoint, Settings(proxy=f"http://ada:{SECRET}@proxy.example:3128")):
            pass

    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    "url, options, proxy",
    [
        ("wss://localhost/", {}, "http://proxy.example"),
        ("ws://localhost/", {"allow_plaintext": True}, "http://proxy.example"),
        ("ws://localhost/", {}, "http://127.0.0.1:3128"),
    ],
)
async def test_what_may_go_through_a_proxy(url: str, options: dict[str, Any], proxy: str) -> None:
    async with open_session(Endpoint(url, api_key=KEY, **options), Settings(proxy=proxy)) as session:
        assert {} == session.statistics().links


# -- networks ----------------------------------------------------------------------------------------------------------------

SPEECH = "".join(f"word{number} " for number in range(30))


def speech(received: Received) -> Answer:
    return Answer([Text(SPEECH, interval=0.1)])


@attrs.define(eq=False)
class Heard:
    """What came of a request."""

    text: str = ""
    error: ResponseError | None = None


@pytest.mark.long
@each_wire
@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network.name)
async def test_a_network(network: Network, wire: WireName, loopback_clock: trio.testing.MockClock) -> None:
    heard = Heard()
    dials: list[Moved] = []
    sockets = open_sockets()
    async with serve(ModelServer(AZURE, speech)) as simulator:
        simulator.proxy.plans.append(network.plan)
        settings = Settings(wire=wire, policy=network.policy)
        async with open_session(Endpoint(simulator.url, api_key=KEY, profile=PROFILE), settings) as session:
            session.observe(lambda seen: dials.append(seen) if isinstance(seen, Moved) and seen.target == "connecting" else None)
            async with session.respond("x" * network.size) as response:
                try:
                    heard.text = await response.text()
                except ResponseError as error:
                    heard.error, heard.text = error, error.partial.text
            took = trio.current_time()
            made = len(dials)
            async with session.respond("Still there?") as response:
                assert SPEECH == await response.text()

    told = outcome_of(heard.error, made, {})
    if isinstance(heard.error, Interrupted):
        told = f"`{type(heard.error).__name__}`" + ("" if isinstance(heard.error, ConnectionFailed) else ", with what had come")
    assert network.outcome == told
    assert SPEECH.startswith(heard.text)
    assert heard.error is not None or SPEECH == heard.text
    assert network.seconds[0] <= round(took, 6) <= network.seconds[1]
    assert open_sockets() <= sockets
