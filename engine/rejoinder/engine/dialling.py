"""From an address to a stream: TCP, by way of a proxy if there is one, and TLS over it where the endpoint wants it.

Rules of this file
* What goes wrong is ``HandshakeFailed``, in one sentence and without the key; whatever ends the block, the socket is closed.
* It knows nothing of WebSockets, and is the same for every wire. How a proxy is asked for the way is in ``tunnels.py``.
* A key never leaves this machine in the clear unless its owner said so; a proxy that runs elsewhere is elsewhere.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import trio

from rejoinder.states.refusals import shown_value

from .endpoint import Endpoint
from .errors import InvalidEndpoint, InvalidSetting
from .network_errors import reason_of
from .proxy import proxy_of
from .settings import Settings
from .tunnels import open_tunnel
from .wire import HandshakeFailed

__all__ = ["TcpStream", "check_way", "open_stream"]

TcpStream = trio.SocketStream | trio.SSLStream[trio.SocketStream]


def check_way(endpoint: Endpoint, settings: Settings) -> None:
    """Raise ``InvalidEndpoint`` if the key would go to a proxy on another machine in clear text.

    Whoever has no type checker learns here what each of them has to be: raises ``InvalidEndpoint`` or ``InvalidSetting``.
    """
    _check_given(endpoint, settings)
    proxy = None if settings.proxy is None else proxy_of(settings.proxy)
    if proxy is not None and not (proxy.is_local or endpoint.secure or endpoint.allow_plaintext):
        raise InvalidEndpoint(
            f"An address with ws:// would send the key to the proxy {proxy.shown!r} in clear text. Use wss://, or say"
            " allow_plaintext=True."
        )


def _check_given(endpoint: object, settings: object) -> None:
    if not isinstance(endpoint, Endpoint):
        # Never quoted: an address may have a secret in it.
        raise InvalidEndpoint(
            f"The endpoint is {shown_value(endpoint)}. Give an Endpoint, as Endpoint('wss://…') makes one of an address, and"
            " settings behind it or by name, as settings=Settings(…)."
        )
    if not isinstance(settings, Settings):
        raise InvalidSetting(
            f"The settings are {shown_value(settings)}. Give Settings, as Settings(model='…'); of a mapping Settings.from_mapping"
            " makes them."
        )


@asynccontextmanager
async def open_stream(endpoint: Endpoint, settings: Settings) -> AsyncGenerator[TcpStream]:
    """Open a stream to the endpoint for the length of the block, TLS agreed on where it is ``wss://``.

    Raises ``HandshakeFailed`` on entering. Leaving closes the socket at once: a closing handshake is the business of who uses it.
    """
    stream = await _connect(endpoint, settings)
    try:
        if isinstance(stream, trio.SSLStream):
            await _agree_on_tls(stream, endpoint)
        yield stream
    finally:
        await trio.aclose_forcefully(stream)


async def _connect(endpoint: Endpoint, settings: Settings) -> TcpStream:
    if settings.proxy is not None:
        stream = await open_tunnel(proxy_of(settings.proxy), endpoint.host, endpoint.port)
    else:
        try:
            stream = await trio.open_tcp_stream(endpoint.host, endpoint.port)
        except OSError as error:
            raise HandshakeFailed(f"No connection to {endpoint.host} port {endpoint.port}: {reason_of(error)}.") from error
    if not endpoint.secure:
        return stream
    context = settings.ssl_context or ssl.create_default_context()
    return trio.SSLStream(stream, context, server_hostname=endpoint.host, https_compatible=True)


async def _agree_on_tls(stream: trio.SSLStream[trio.SocketStream], endpoint: Endpoint) -> None:
    try:
        await stream.do_handshake()
    except trio.BrokenResourceError as error:
        cause = error.__cause__
        if isinstance(cause, ssl.SSLCertVerificationError):
            raise HandshakeFailed(
                f"The certificate of {endpoint.host} is not trusted: {cause.verify_message.rstrip('.')}.",
                permanent=True,
                code="certificate_not_trusted",
            ) from error
        raise HandshakeFailed(f"{endpoint.host} port {endpoint.port} does not speak TLS as expected.") from error
