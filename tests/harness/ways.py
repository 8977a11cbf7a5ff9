"""What stands between a session and its server, and what comes of it: the data of the tests and of ``docs/robustness.md``.

Rules of this file
* As in ``hostile.py``: a case says what is in the way, and in words what its caller gets; tests compare, the page prints.
* ``{host}``, ``{port}`` and the like stand for where a test listens.
"""

from __future__ import annotations

import socket
import ssl
import struct
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast

import attrs
import trio
import trustme

from harness.loopback import HOST, Handler, answer, http, reset
from harness.proxies import ConnectProxy, SocksProxy
from rejoinder.engine import Deadlines, Policy, ReplayPolicy
from rejoinder.testing.fault_proxy import Break, Direction, ProxyPlan

__all__ = ["NETWORKS", "NO_WAYS", "TLS_FAULTS", "Network", "NoWay", "TlsFault", "agreeing", "serving", "trusting"]

DAY: Final = timedelta(days=1)


# -- TLS ---------------------------------------------------------------------------------------------------------------------


@attrs.frozen
class TlsFault:
    """A server with which TLS cannot be agreed on."""

    name: str
    """What is wrong."""
    serve: Callable[[trustme.CA], Handler] = attrs.field(repr=False)
    """The server, given the authority that the client trusts."""
    said: str
    """What the caller is told, before the advice."""
    dials: int = 1
    """How often it is tried."""
    advice: str = "Check the host in the address, and this machine's clock; give a private authority as Settings(ssl_context=…)."
    """What the caller is told to do."""


def serving(certificate: trustme.LeafCert) -> ssl.SSLContext:
    """What a server presents itself with."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    cast("Any", certificate).configure_cert(context)  # its annotation is incomplete
    return context


def trusting(authority: trustme.CA) -> ssl.SSLContext:
    """What a client trusts that knows one authority."""
    context = ssl.create_default_context()
    cast("Any", authority).configure_trust(context)  # its annotation is incomplete
    return context


async def reset_at_once(stream: trio.SocketStream) -> None:
    """A server that reads something and resets."""
    await stream.receive_some()
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def agreeing(context: ssl.SSLContext) -> Handler:
    """A server that agrees on TLS and says nothing more."""

    async def handler(stream: trio.SocketStream) -> None:
        encrypted = trio.SSLStream(stream, context, server_side=True, https_compatible=True)
        await encrypted.do_handshake()
        await encrypted.receive_some()

    return handler


def _issued(**options: Any) -> Callable[[trustme.CA], Handler]:  # noqa: ANN401 - options of issue_cert
    return lambda authority: agreeing(serving(authority.issue_cert(HOST, **options)))


RUNS: Final = "Check that the server runs and that its address is right."
NOT_TRUSTED: Final = "The certificate of {host} is not trusted: "
NO_TLS: Final = "{host} port {port} does not speak TLS as expected."

TLS_FAULTS: Final = (
    TlsFault(
        "the certificate has expired",
        _issued(not_before=datetime.now(UTC) - 20 * DAY, not_after=datetime.now(UTC) - 10 * DAY),
        NOT_TRUSTED + "certificate has expired.",
    ),
    TlsFault(
        "the certificate is not valid yet",
        _issued(not_before=datetime.now(UTC) + 10 * DAY, not_after=datetime.now(UTC) + 20 * DAY),
        NOT_TRUSTED + "certificate is not yet valid.",
    ),
    TlsFault(
        "the certificate is another host's",
        lambda authority: agreeing(serving(authority.issue_cert("example.org"))),
        NOT_TRUSTED + "IP address mismatch, certificate is not valid for '{host}'.",
    ),
    TlsFault(
        "the certificate is of an authority nobody trusts",
        lambda _: agreeing(serving(trustme.CA().issue_cert(HOST))),
        NOT_TRUSTED + "unable to get local issuer certificate.",
    ),
    TlsFault("plain HTTP", lambda _: answer(http(400), listen_first=False), NO_TLS, 3, RUNS),
    TlsFault("it hangs up", lambda _: answer(b"", listen_first=False), NO_TLS, 3, RUNS),
    TlsFault("it resets", lambda _: reset_at_once, NO_TLS, 3, RUNS),
    TlsFault(
        "silence",
        lambda _: answer(b"", stay=True, listen_first=False),
        "No connection could be opened within 10 s.",
        1,
        "Check the server's address and the network, or allow more time with Deadlines(connect=…).",
    ),
)
"""TLS on the way to the server, through a proxy or not."""


# -- proxies -----------------------------------------------------------------------------------------------------------------


@attrs.frozen
class NoWay:
    """A proxy that opens no way to the server."""

    scheme: str
    """How it is spoken to."""
    name: str
    """What it does."""
    serve: Callable[[], Handler] = attrs.field(repr=False)
    """The proxy."""
    code: str
    """The code of the error table."""
    said: str
    """What is said behind ``The proxy {host} port {port}``."""
    credentials: str = ""
    """What the client shows, with an ``@`` behind it."""


def says(*answers: bytes, stay: bool = True) -> Callable[[], Handler]:
    """A proxy that says one thing after another, each to something it was sent, and stays or hangs up."""

    async def handler(stream: trio.SocketStream) -> None:
        for each in answers:
            await stream.receive_some()
            await stream.send_all(each)
        while stay and await stream.receive_some():
            pass

    return lambda: handler


HUNG_UP: Final = "hung up without an answer."
NO_HTTP: Final = "did not answer as an HTTP proxy does."
NO_SOCKS: Final = "did not answer as a SOCKS proxy does."
TO: Final = "opens no way to no.such.host.invalid: "
CONNECT: Final = "http"
SOCKS: Final = "socks5"
GREETED: Final = b"\x05\x00"

NO_WAYS: Final = (
    NoWay(CONNECT, "wants credentials", lambda: ConnectProxy("ada:x"), "proxy_authentication", TO + "HTTP status 407."),
    NoWay(
        CONNECT, "wants other credentials", lambda: ConnectProxy("ada:x"), "proxy_authentication", TO + "HTTP status 407.", "ada:y@"
    ),
    NoWay(CONNECT, "403", says(b"HTTP/1.1 403 No\r\n\r\n"), "proxy_refused", TO + "HTTP status 403."),
    NoWay(CONNECT, "a redirect", says(b"HTTP/1.1 302 No\r\nLocation: /\r\n\r\n"), "proxy_refused", TO + "HTTP status 302."),
    NoWay(CONNECT, "429", says(b"HTTP/1.1 429 No\r\n\r\n"), "proxy", TO + "HTTP status 429."),
    NoWay(CONNECT, "503", says(b"HTTP/1.1 503 No\r\n\r\n"), "proxy", TO + "HTTP status 503."),
    NoWay(CONNECT, "hangs up", lambda: answer(b""), "proxy", HUNG_UP),
    NoWay(CONNECT, "resets", lambda: reset, "proxy", HUNG_UP),
    NoWay(CONNECT, "another protocol", says(b"SSH-2.0-OpenSSH_9.6"), "proxy", NO_HTTP),
    NoWay(CONNECT, "garbage behind the version", says(b"HTTP/1.1 \x00\r\n\r\n"), "proxy", NO_HTTP),
    NoWay(CONNECT, "a head without end", says(b"HTTP/1.1 200 x\r\n" + b"x" * 70_000), "proxy", NO_HTTP),
    NoWay(CONNECT, "speaks for the server", says(b"HTTP/1.1 200 x\r\n\r\nhello"), "proxy", "spoke before the server could."),
    NoWay(SOCKS, "wants credentials", lambda: SocksProxy("ada:x"), "proxy_authentication", "wants other credentials."),
    NoWay(
        SOCKS,
        "wants other credentials",
        lambda: SocksProxy("ada:x"),
        "proxy_authentication",
        "does not take the credentials.",
        "ada:y@",
    ),
    NoWay(SOCKS, "wants what was not offered", says(b"\x05\x02"), "proxy_authentication", "wants other credentials."),
    NoWay(SOCKS, "wants Kerberos", says(b"\x05\x01"), "proxy_authentication", "wants other credentials."),
    NoWay(SOCKS, "an unknown method", says(b"\x05\x09"), "proxy", NO_SOCKS),
    NoWay(SOCKS, "its rules", says(GREETED, b"\x05\x02\x00\x01"), "proxy_refused", TO + "its rules do not allow it."),
    NoWay(SOCKS, "a failure of its own", says(GREETED, b"\x05\x01\x00\x01"), "proxy", TO + "it failed."),
    NoWay(SOCKS, "no way to the network", says(GREETED, b"\x05\x03\x00\x01"), "proxy", TO + "it does not reach the network."),
    NoWay(SOCKS, "no way to the host", says(GREETED, b"\x05\x04\x00\x01"), "proxy", TO + "it does not reach the host."),
    NoWay(SOCKS, "nobody listens there", says(GREETED, b"\x05\x05\x00\x01"), "proxy", TO + "the host refused the connection."),
    NoWay(SOCKS, "an unknown answer", says(GREETED, b"\x05\x63\x00\x01"), "proxy", NO_SOCKS),
    NoWay(SOCKS, "an unknown kind of address", says(GREETED, b"\x05\x00\x00\x09"), "proxy", NO_SOCKS),
    NoWay(SOCKS, "another protocol in the middle", says(GREETED, b"HTTP"), "proxy", NO_SOCKS),
    NoWay(SOCKS, "hangs up", lambda: answer(b"", listen_first=False), "proxy", HUNG_UP),
    NoWay(SOCKS, "hangs up in the middle", says(GREETED, b"\x05\x00\x00\x01\x7f", stay=False), "proxy", HUNG_UP),
)
"""Proxies that do not do what they are asked."""


# -- networks ----------------------------------------------------------------------------------------------------------------


@attrs.frozen
class Network:
    """A network that does something to the first connection through it."""

    name: str
    """What it does."""
    plan: ProxyPlan
    """How."""
    outcome: str
    """What the caller gets."""
    seconds: tuple[float, float]
    """When, at the soonest and at the latest, after asking."""
    size: int = 2
    """Characters of the request."""
    policy: Policy = attrs.field(factory=Policy)
    """What the session does."""


PREAMBLE: Final = 900
"""Bytes to the client after which the upgrade is complete and the first frame is not."""
WORDS: Final = 3200
"""Bytes to the client that end in the middle of a delta."""
TO_SERVER: Final = Direction.TO_SERVER
AGAIN: Final = "sent again on a new connection, and answered"
PARTIAL: Final = "`Interrupted`, with what had come"
SPOKEN: Final = 3.5
"""Seconds within which all words are said."""
NEVER: Final = Policy(replay=ReplayPolicy.NEVER)
SOON: Final = Policy(deadlines=Deadlines(created=6.0))

NETWORKS: Final = (
    Network("nothing", ProxyPlan(), "answered", (3.0, SPOKEN)),
    Network("0.2 s for each piece", ProxyPlan(delay=0.2), "answered", (3.0, 20.0)),
    Network("2,000 bytes a second", ProxyPlan(bytes_per_second=2000.0), "answered", (3.0, 20.0)),
    Network("the server has the connection twice", ProxyPlan(duplicate=True), "answered", (3.0, SPOKEN)),
    Network("an end in the handshake", ProxyPlan(break_after=60), AGAIN, (3.3, 1.0 + SPOKEN)),
    Network("a reset in the handshake", ProxyPlan(break_after=60, how=Break.RESET), AGAIN, (3.3, 1.0 + SPOKEN)),
    Network("a black hole", ProxyPlan(black_hole=True), "`ConnectionFailed`", (10.0, 10.0)),
    Network("an end in the request", ProxyPlan(break_after=20_000, direction=TO_SERVER), AGAIN, (3.5, 1.0 + SPOKEN), 100_000),
    Network(
        "a reset in the request",
        ProxyPlan(break_after=20_000, direction=TO_SERVER, how=Break.RESET),
        AGAIN,
        (3.5, 1.0 + SPOKEN),
        100_000,
    ),
    Network(
        "the request vanishes",
        ProxyPlan(break_after=10_000, direction=TO_SERVER, how=Break.HALF_OPEN),
        AGAIN,
        (9.0, 6.0 + SPOKEN),
        20_000,
        SOON,
    ),
    Network("an end before the first word", ProxyPlan(break_after=PREAMBLE), AGAIN, (3.0, SPOKEN)),
    Network("an end before the first word, nothing sent again", ProxyPlan(break_after=PREAMBLE), PARTIAL, (0.0, 0.5), 2, NEVER),
    Network("an end in the middle of a word", ProxyPlan(break_after=WORDS), PARTIAL, (0.1, SPOKEN)),
    Network("a reset in the middle of a word", ProxyPlan(break_after=WORDS, how=Break.RESET), PARTIAL, (0.1, SPOKEN)),
    Network("silence in the middle of a word", ProxyPlan(break_after=WORDS, how=Break.HALF_OPEN), PARTIAL, (20.0, 40.0)),
    Network("a partition in the middle of a word", ProxyPlan(break_after=WORDS, how=Break.PARTITION), PARTIAL, (20.0, 40.0)),
)
"""Networks between the client and the server, which says thirty words in three seconds."""
