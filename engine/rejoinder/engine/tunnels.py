"""Tunnels through a proxy, by HTTP CONNECT or SOCKS 5: a stream that is the server's from its first byte.

Rules of this file
* The proxy is told the name of the server and finds its address itself. What goes through the tunnel it cannot read where TLS
  protects it: that is agreed on with the server, behind the tunnel.
* Credentials are in the bytes that the proxy needs, and nowhere else.
* What goes wrong is ``HandshakeFailed`` with a code of the error table, in one sentence that names the proxy.
* Not one byte is received beyond what the proxy says: all that follows is the server's.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, Protocol

import h11
import trio

from .network_errors import reason_of
from .proxy import Proxy
from .wire import HandshakeFailed

__all__ = ["Talk", "ask_for_way", "open_tunnel"]

LARGEST_ANSWER: Final = 64 * 1024
"""Bytes of the head of the answer to a CONNECT."""
PASSING_STATUSES: Final = (range(408, 409), range(429, 430), range(500, 600))
"""Answers to a CONNECT that may be another one later: the proxy is busy, or did not reach the server."""
WRONG_CREDENTIALS: Final = 407

SOCKS_VERSION: Final = b"\x05"
SOCKS_GRANTED: Final = b"\x00"
SOCKS_DENIED: Final = b"\x02"
"""Connection not allowed by ruleset (RFC 1928, 6)."""
SOCKS_REPLIES: Final[Mapping[bytes, str]] = MappingProxyType(
    {
        b"\x01": "it failed",
        SOCKS_DENIED: "its rules do not allow it",
        b"\x03": "it does not reach the network",
        b"\x04": "it does not reach the host",
        b"\x05": "the host refused the connection",
        b"\x06": "the way is too long",
        b"\x07": "it takes no such command",
        b"\x08": "it takes no such address",
    }
)
"""What a proxy says when it opens no way (RFC 1928, 6)."""
SOCKS_ADDRESS_SIZES: Final[Mapping[bytes, int]] = MappingProxyType({b"\x01": 4, b"\x04": 16})
"""Bytes of the address in an answer, by its type; that of a name (3) says its own length."""
SOCKS_NAME: Final = b"\x03"


class Talk(Protocol):
    """What is needed of a stream: bytes both ways. Both raise ``trio.BrokenResourceError`` when it breaks."""

    async def send_all(self, data: bytes, /) -> None:
        """Send all of it."""
        ...

    async def receive_some(self, max_bytes: int, /) -> bytes | bytearray:
        """Some bytes, at most so many; none at the end."""
        ...


async def open_tunnel(proxy: Proxy, host: str, port: int) -> trio.SocketStream:
    """Connect to the proxy and ask it for the way to ``host``; what is returned is a stream to the server.

    Raises ``HandshakeFailed``; nothing is open then. It waits as long as the proxy does: bound it.
    """
    try:
        stream = await trio.open_tcp_stream(proxy.host, proxy.port)
    except OSError as error:
        raise HandshakeFailed(f"No connection to {proxy.place}: {reason_of(error)}.", code="proxy") from error
    try:
        await ask_for_way(stream, proxy, host, port)
    except BaseException:
        await trio.aclose_forcefully(stream)
        raise
    return stream


async def ask_for_way(stream: Talk, proxy: Proxy, host: str, port: int) -> None:
    """Ask a proxy, at the other end of ``stream``, for the way to ``host``: then the server is at the other end.

    Raises ``HandshakeFailed``; the stream is of no use then. It waits as long as the proxy does: bound it.
    """
    try:
        await ASK[proxy.scheme](stream, proxy, host.encode("idna").decode(), port)
    except trio.BrokenResourceError as error:
        raise _hung_up(proxy) from error


async def _ask_by_connect(stream: Talk, proxy: Proxy, host: str, port: int) -> None:
    """HTTP CONNECT (RFC 9110, 9.3.6)."""
    target = f"{_in_brackets(host)}:{port}"
    headers = [("Host", target)]
    if proxy.username is not None:
        given = b64encode(f"{proxy.username}:{proxy.password}".encode()).decode()
        headers.append(("Proxy-Authorization", f"Basic {given}"))
    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=LARGEST_ANSWER)
    await stream.send_all(connection.send(h11.Request(method="CONNECT", target=target, headers=headers)) or b"")
    try:
        answer = await _answer_to_connect(stream, proxy, connection)
    except h11.RemoteProtocolError as error:
        raise _refused(proxy, "did not answer as an HTTP proxy does") from error
    if 200 <= answer.status_code < 300:  # noqa: PLR2004 - a class of statuses
        if connection.trailing_data[0]:
            raise _refused(proxy, "spoke before the server could")
        return
    code = "proxy_refused"
    if answer.status_code == WRONG_CREDENTIALS:
        code = "proxy_authentication"
    elif any(answer.status_code in span for span in PASSING_STATUSES):
        code = "proxy"
    raise _refused(proxy, f"opens no way to {host}: HTTP status {answer.status_code}", code)


async def _answer_to_connect(stream: Talk, proxy: Proxy, connection: h11.Connection) -> h11.Response:
    connection.send(h11.EndOfMessage())
    while True:
        event = connection.next_event()
        if isinstance(event, h11.Response):
            return event
        if event is h11.NEED_DATA:
            data = await stream.receive_some(LARGEST_ANSWER)
            if not data:
                raise _hung_up(proxy)
            connection.receive_data(bytes(data))
            begun = connection.trailing_data[0]
            if not begun.startswith(b"HTTP/"[: len(begun)]):
                # No line may ever end in what is not HTTP.
                raise h11.RemoteProtocolError("no HTTP")


async def _ask_by_socks(stream: Talk, proxy: Proxy, host: str, port: int) -> None:
    """SOCKS 5 (RFC 1928), with a user name and password where there are some (RFC 1929)."""
    import socksio  # noqa: PLC0415 - an extra

    connection: Any = socksio.SOCKS5Connection()  # it dispatches on what it is sent
    methods = [socksio.SOCKS5AuthMethod.NO_AUTH_REQUIRED]
    if proxy.username is not None:
        methods.append(socksio.SOCKS5AuthMethod.USERNAME_PASSWORD)

    async def exchange(request: Any, size: int) -> Any:  # noqa: ANN401 - socksio dispatches on it
        connection.send(request)
        await stream.send_all(connection.data_to_send())
        return connection.receive_data(await _receive_exactly(stream, proxy, size))

    try:
        reply = await exchange(socksio.SOCKS5AuthMethodsRequest(methods), 2)
        if reply.method is socksio.SOCKS5AuthMethod.USERNAME_PASSWORD and proxy.username is not None:
            given = socksio.SOCKS5UsernamePasswordRequest(proxy.username.encode(), proxy.password.encode())
            if not (await exchange(given, 2)).success:
                raise _refused(proxy, "does not take the credentials", "proxy_authentication")
        elif reply.method is not socksio.SOCKS5AuthMethod.NO_AUTH_REQUIRED:
            raise _refused(proxy, "wants other credentials", "proxy_authentication")
        connection.send(socksio.SOCKS5CommandRequest.from_address(socksio.SOCKS5Command.CONNECT, (host, port)))
        await stream.send_all(connection.data_to_send())
        await _take_socks_answer(stream, proxy, host)
    except socksio.ProtocolError as error:
        raise _no_socks(proxy) from error


async def _take_socks_answer(stream: Talk, proxy: Proxy, host: str) -> None:
    """Take the answer to the command, whose end depends on its beginning. What address it names does not matter."""
    version, reply, _, kind = (bytes([each]) for each in await _receive_exactly(stream, proxy, 4))
    if version != SOCKS_VERSION:
        raise _no_socks(proxy)
    if reply != SOCKS_GRANTED:
        if reply not in SOCKS_REPLIES:
            raise _no_socks(proxy)
        code = "proxy_refused" if reply == SOCKS_DENIED else "proxy"
        raise _refused(proxy, f"opens no way to {host}: {SOCKS_REPLIES[reply]}", code)
    if kind == SOCKS_NAME:
        size = (await _receive_exactly(stream, proxy, 1))[0]
    elif kind in SOCKS_ADDRESS_SIZES:
        size = SOCKS_ADDRESS_SIZES[kind]
    else:
        raise _no_socks(proxy)
    await _receive_exactly(stream, proxy, size + 2)


async def _receive_exactly(stream: Talk, proxy: Proxy, size: int) -> bytes:
    """So many bytes and not one more: what follows is the server's."""
    data = b""
    while len(data) < size:
        more = await stream.receive_some(size - len(data))
        if not more:
            raise _hung_up(proxy)
        data += more
    return data


def _refused(proxy: Proxy, what: str, code: str = "proxy") -> HandshakeFailed:
    """What a proxy did, in a sentence; whether another attempt may go better follows from the code."""
    return HandshakeFailed(f"{proxy.place[0].upper()}{proxy.place[1:]} {what}.", permanent=code != "proxy", code=code)


def _hung_up(proxy: Proxy) -> HandshakeFailed:
    return _refused(proxy, "hung up without an answer")


def _no_socks(proxy: Proxy) -> HandshakeFailed:
    return _refused(proxy, "did not answer as a SOCKS proxy does")


def _in_brackets(host: str) -> str:
    return f"[{host}]" if ":" in host else host


ASK: Final[Mapping[str, Callable[[Talk, Proxy, str, int], Awaitable[None]]]] = MappingProxyType(
    {"http": _ask_by_connect, "socks5": _ask_by_socks, "socks5h": _ask_by_socks}
)
"""How each scheme is spoken."""
