"""A `ModelServer` behind a real WebSocket and real HTTP on loopback: an ASGI application served by hypercorn on trio.

Rules of this file:

* The brain is `ModelServer`; this file carries its frames and keeps its clock, which starts at 0 with the simulator.
* One pump task moves the brain on and hands frames to the connections; each WebSocket has one reader and one writer. What is
  served over HTTP, at the same address, is in `http_responses.py`.
* An ASGI application cannot lose a connection without a close frame, and a server that writes to a client which does
  not read cannot be stopped. So clients come in through a `FaultProxy`: the simulator drops a connection by a reset
  there, ends within two seconds whatever its clients do, and can be made to break bytes as well.
* permessage-deflate is never agreed on: as recorded, api.openai.com does not either.
* Nothing is printed. A failure of the answer function is raised out of the `async with` block.
"""

import math
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Final, cast, final
from urllib.parse import urlsplit

import attrs
import hypercorn.trio
import trio
from hypercorn.config import Config
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from rejoinder.engine.nurseries import open_inner_nursery
from rejoinder.testing.fault_proxy import FaultProxy, fault_proxy
from rejoinder.testing.http_responses import HttpResponses, api_error, masked, wrong_key
from rejoinder.testing.model_server import ModelServer
from rejoinder.testing.outgoing import Close, Drop, HandshakeRefused, Message, Outgoing

PATH: Final = "/v1/responses"
"""Where the Responses API lives."""

_GRACE: Final = 0.5
_SHUTDOWN_TIMEOUT: Final = 2.0
_LARGEST_MESSAGE: Final = 256 * 1024 * 1024


@final
@attrs.define(eq=False)
class Simulator:
    """A running simulator. `async with serve(...)` makes one."""

    server: ModelServer = attrs.field(repr=False)
    """The brain, with its log."""
    key: str | None = attrs.field(default=None, repr=False)
    """The API key that clients must show, or None for any or none."""
    host: str = "127.0.0.1"
    """The address clients dial."""
    port: int = 0
    """The port clients dial; 0 before it serves."""
    close_timeout: float = 1.0
    """Seconds that a client has to answer a close frame before its connection is dropped."""
    upgrades: list[dict[str, str]] = attrs.field(factory=list[dict[str, str]], repr=False)
    """The headers of each handshake, in order, the authorization masked."""
    _started: float = attrs.field(factory=trio.current_time)
    _proxy: FaultProxy | None = None
    _changed: trio.Event = attrs.field(factory=trio.Event)
    _failure: Exception | None = None
    _outboxes: dict[int, Callable[[Outgoing], None]] = attrs.field(factory=dict[int, Callable[[Outgoing], None]])
    _http: HttpResponses = attrs.field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        self._http = HttpResponses(self)

    @property
    def url(self) -> str:
        """The address of the WebSocket."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"ws://{host}:{self.port}{PATH}"

    @property
    def http_url(self) -> str:
        """The same address for HTTP; without its last part, the `base_url` of other clients."""
        return self.url.replace("ws:", "http:", 1)

    @property
    def proxy(self) -> FaultProxy:
        """The proxy through which clients come in: for cuts in the middle of a frame, resets and black holes."""
        if self._proxy is None:
            message = "The simulator does not serve yet. Enter `async with serve(...)` first."
            raise RuntimeError(message)
        return self._proxy

    def listen_behind(self, proxy: FaultProxy) -> None:
        """Take note of the proxy through which clients come in; for `serve`."""
        self._proxy = proxy
        self.port = proxy.port

    def now(self) -> float:
        """Seconds since the simulator was made: the clock of the server and of its log."""
        return trio.current_time() - self._started

    @property
    def http_requests(self) -> list[dict[str, str]]:
        """The headers of each HTTP request, in order, the authorization masked."""
        return self._http.requests

    def admits(self, headers: Mapping[str, str]) -> bool:
        """Whether a client with these headers has the right key."""
        return self.key is None or headers.get("authorization") == f"Bearer {self.key}"

    def attach(self, connection: int, outbox: Callable[[Outgoing], None]) -> None:
        """Hand what the brain says on a connection to `outbox`, from now on."""
        self._outboxes[connection] = outbox
        self._changed.set()  # its age limit, or its answer, may be the next thing due

    def receive(self, connection: int, data: str | bytes) -> None:
        """Let the brain have what a client sent. Raises what its answer function raises."""
        self.server.receive(connection, data, self.now())
        self._changed.set()

    def detach(self, connection: int) -> None:
        """The client of a connection is gone."""
        self._outboxes.pop(connection, None)
        self.server.disconnect(connection, self.now())
        self._changed.set()

    def fail(self, failure: Exception) -> None:
        """Something of the server's own failed: `pump` raises it."""
        self._failure = failure
        self._changed.set()

    def reset(self, port: int | None) -> None:
        """Break the connection of the client that comes from this port, as the server sees it."""
        for connection in list(self.proxy.connections):
            if connection.server_side_port == port:
                connection.reset()

    def application(self) -> Starlette:
        """The ASGI application. `pump` must run beside it."""
        everything = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"]
        return Starlette(
            routes=[
                WebSocketRoute(PATH, self._converse),
                *self._http.routes(PATH),
                Route(PATH, _no_upgrade, methods=everything),
                Route("/{path:path}", _not_found, methods=everything),
                WebSocketRoute("/{path:path}", _refuse_path),
            ]
        )

    async def pump(self) -> None:
        """Move the brain on, for ever, and hand out what it says. Raises what its answer function raised."""
        now = self.now()
        while self._failure is None:
            for each in self.server.poll(now):
                outbox = self._outboxes.get(each.connection)
                if outbox is not None:
                    outbox(each)
            self._http.settle()
            deadline = self.server.next_deadline()
            with trio.move_on_at(math.inf if deadline is None else deadline + self._started) as waiting:
                await self._changed.wait()
            self._changed = trio.Event()
            # What was waited for is due, however the sum of the two instants was rounded.
            now = max(self.now(), deadline) if waiting.cancelled_caught and deadline is not None else self.now()
        raise self._failure

    async def _converse(self, socket: WebSocket) -> None:
        self.upgrades.append(masked(socket.headers))
        if not self.admits(socket.headers):
            await socket.send_denial_response(wrong_key())
            return
        try:
            connection = self.server.connect(self.now())
        except HandshakeRefused as refused:
            error = api_error("The server refuses the connection.", "refused", "server_error")
            await socket.send_denial_response(JSONResponse(error, refused.status, dict(refused.headers)))
            return
        outbox, frames = trio.open_memory_channel[Outgoing](math.inf)
        self.attach(connection, outbox.send_nowait)
        try:
            # As recorded on the 101.
            await socket.accept(headers=[(b"x-request-id", f"req_{connection}".encode())])
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._write, socket, frames, nursery.cancel_scope)
                await self._read(socket, connection)
                nursery.cancel_scope.cancel()
        except Exception as failure:  # noqa: BLE001 (carried over to the pump, which raises it to the owner)
            self.fail(failure)
        finally:
            self.detach(connection)

    async def _read(self, socket: WebSocket, connection: int) -> None:
        while (message := await socket.receive())["type"] != "websocket.disconnect":
            data = message.get("text")
            self.receive(connection, message["bytes"] if data is None else data)

    async def _write(self, socket: WebSocket, frames: trio.MemoryReceiveChannel[Outgoing], scope: trio.CancelScope) -> None:
        async for each in frames:
            if isinstance(each, Drop):
                self.reset(None if socket.client is None else socket.client.port)
            elif isinstance(each, Close):
                await socket.close(each.code, each.reason)
                scope.deadline = trio.current_time() + self.close_timeout  # for a client that never answers the close
            else:
                await _send(socket, each)


@asynccontextmanager
async def serve(
    server: ModelServer,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    key: str | None = None,
    close_timeout: float = 1.0,
) -> AsyncGenerator[Simulator]:
    """Serve a model server until the block is left, which takes at most two seconds. Port 0 picks a free one.

    `key` is what clients must show as their API key; `close_timeout` is the seconds they have to answer a close frame.
    Raises OSError when the port is taken.
    """
    simulator = Simulator(server, key, host, close_timeout=close_timeout)
    stop = trio.Event()
    listeners = await trio.open_tcp_listeners(port, host=host)
    async with open_inner_nursery() as nursery:
        inner_port = await nursery.start(_run_hypercorn, simulator, stop)
        try:
            async with fault_proxy("127.0.0.1", inner_port, listeners=listeners, head_filter=_offer_nothing) as proxy:
                simulator.listen_behind(proxy)
                async with open_inner_nursery() as pumping:
                    pumping.start_soon(simulator.pump)
                    try:
                        yield simulator
                    finally:
                        pumping.cancel_scope.cancel()
        finally:
            stop.set()
            nursery.cancel_scope.deadline = trio.current_time() + _SHUTDOWN_TIMEOUT


async def _run_hypercorn(
    simulator: Simulator, stop: trio.Event, task_status: trio.TaskStatus[int] = trio.TASK_STATUS_IGNORED
) -> None:
    config = Config()
    config.bind = ["127.0.0.1:0"]
    config.accesslog = config.errorlog = None
    config.graceful_timeout = _GRACE
    # Too large a message is the brain's to judge: it closes with 1009 and writes that into its log.
    config.websocket_max_message_size = _LARGEST_MESSAGE
    async with trio.open_nursery() as nursery:
        serve_asgi: Any = cast("Any", hypercorn.trio).serve  # its annotations are incomplete
        run = partial(serve_asgi, shutdown_trigger=stop.wait, mode="asgi")
        binds: list[str] = await nursery.start(run, simulator.application(), config)
        task_status.started(urlsplit(binds[0]).port or 0)


async def _send(socket: WebSocket, message: Message) -> None:
    if isinstance(message.data, str):
        await socket.send_text(message.data)
    else:
        await socket.send_bytes(message.data)


async def _no_upgrade(_request: Request) -> JSONResponse:
    message = "Open a WebSocket to this address, or POST to it."
    return JSONResponse(api_error(message, "upgrade_required", "invalid_request_error"), 426, {"upgrade": "websocket"})


async def _not_found(request: Request) -> JSONResponse:
    message = f"Unknown path {request.url.path}. The Responses API is at {PATH}."
    return JSONResponse(api_error(message, "not_found", "invalid_request_error"), 404)


async def _refuse_path(socket: WebSocket) -> None:
    message = f"Unknown path {socket.url.path}. The Responses API is at {PATH}."
    await socket.send_denial_response(JSONResponse(api_error(message, "not_found", "invalid_request_error"), 404))


def _offer_nothing(head: bytes) -> bytes:
    """Take the offer of extensions out of an upgrade request."""
    request, separator, rest = head.partition(b"\r\n\r\n")
    lines = request.split(b"\r\n")
    kept = [line for line in lines if not line.lower().startswith(b"sec-websocket-extensions:")]
    return b"\r\n".join(kept) + separator + rest
