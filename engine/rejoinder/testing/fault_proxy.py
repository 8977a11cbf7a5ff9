"""A TCP proxy on loopback that breaks connections on purpose.

Rules of this file:

* It knows bytes and no protocol: a cut may fall into the middle of a frame, a handshake, or a multi-byte character.
* What goes wrong is a `ProxyPlan`. The plan for the next connection is taken from `FaultProxy.plans`, else it is
  `FaultProxy.default`; the methods of the proxy change the default, those of a connection act at once.
* Everything ends with the `async with` block. No socket outlives it.
"""

import enum
import math
import socket
import struct
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Final, final

import attrs
import trio

from rejoinder.engine.nurseries import open_inner_nursery

_CHUNK: Final = 64 * 1024
_MOMENT: Final = 0.05
"""Seconds of a throttled stream that are passed on at a time."""
_HEAD_END: Final = b"\r\n\r\n"
_UPGRADE: Final = b"\r\nupgrade:"
_RESET_ON_CLOSE: Final = struct.pack("ii", 1, 0)


class Direction(enum.Enum):
    """Which way bytes flow."""

    TO_SERVER = "to server"
    """From the client that dialled the proxy."""
    TO_CLIENT = "to client"
    """From the server behind the proxy."""


class Break(enum.Enum):
    """What happens once so many bytes have passed."""

    CLOSE = "close"
    """Both sides see an orderly end of the stream."""
    RESET = "reset"
    """Both sides see a reset (RST)."""
    HALF_OPEN = "half open"
    """Bytes in that direction vanish from then on; nobody is told."""
    PARTITION = "partition"
    """Bytes in both directions vanish from then on; nobody is told."""


@attrs.frozen
class ProxyPlan:
    """What becomes of one connection. The default is to forward everything."""

    black_hole: bool = False
    """Accept and say nothing: the server is never dialled, what the client sends is never read."""
    break_after: int | None = None
    """Bytes that still pass in `direction` before the break, or None for no break."""
    direction: Direction = Direction.TO_CLIENT
    """Whose bytes are counted."""
    how: Break = Break.CLOSE
    """What the break is."""
    delay: float = 0.0
    """Seconds that each chunk is held back, in either direction."""
    bytes_per_second: float = math.inf
    """How fast bytes pass, in each direction."""
    duplicate: bool = False
    """Dial the server twice, and send it on both connections what the client sends; what it says on the second is dropped."""


@final
@attrs.define(eq=False)
class ProxiedConnection:
    """One connection through the proxy."""

    plan: ProxyPlan
    """What was planned for it."""
    client: trio.SocketStream = attrs.field(repr=False)
    """The side of the client."""
    server: trio.SocketStream | None = attrs.field(default=None, repr=False)
    """The side of the server; None before the server was dialled."""
    double: trio.SocketStream | None = attrs.field(default=None, repr=False)
    """The second connection to the server, where the plan has one."""
    passed: dict[Direction, int] = attrs.field(factory=lambda: dict.fromkeys(Direction, 0))
    """Bytes forwarded in each direction."""
    silent: set[Direction] = attrs.field(factory=set[Direction])
    """Directions in which bytes vanish."""
    answered: trio.Event = attrs.field(factory=trio.Event, repr=False)
    """Set once the server has said something."""

    closed: trio.Event = attrs.field(factory=trio.Event, repr=False)
    """Set once it is closed from here: a black hole ends with that."""

    @property
    def server_side_port(self) -> int | None:
        """The port from which the server sees this connection come, or None before it was dialled."""
        if self.server is None or self.server.socket.fileno() < 0:
            return None
        return int(self.server.socket.getsockname()[1])

    def reset(self) -> None:
        """Break the connection at once; both sides see a reset."""
        for stream in self._streams():
            if stream.socket.fileno() >= 0:
                stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self.close()

    def close(self) -> None:
        """End the connection at once; both sides see the end of the stream."""
        self.closed.set()
        for stream in self._streams():
            stream.socket.close()

    def go_silent(self, direction: Direction) -> None:
        """Let bytes in that direction vanish from now on."""
        self.silent.add(direction)

    def _streams(self) -> list[trio.SocketStream]:
        return [stream for stream in (self.client, self.server, self.double) if stream is not None]


@final
@attrs.define(eq=False)
class FaultProxy:
    """A running proxy. `async with fault_proxy(...)` makes one."""

    host: str
    """The address it listens on."""
    port: int
    """The port it listens on."""
    plans: deque[ProxyPlan] = attrs.field(factory=deque[ProxyPlan])
    """The plans of the next connections, first one first."""
    default: ProxyPlan = ProxyPlan()
    """The plan of a connection for which none is left."""
    connections: list[ProxiedConnection] = attrs.field(factory=list[ProxiedConnection])
    """The connections that are up, oldest first."""

    def cut_after(self, count: int, direction: Direction, how: Break = Break.CLOSE) -> None:
        """Break each further connection after so many bytes in one direction."""
        self.default = attrs.evolve(self.default, break_after=count, direction=direction, how=how)

    def black_hole(self) -> None:
        """Accept each further connection and say nothing."""
        self.default = attrs.evolve(self.default, black_hole=True)

    def delay(self, seconds: float) -> None:
        """Hold each chunk of each further connection back for so many seconds."""
        self.default = attrs.evolve(self.default, delay=seconds)

    def throttle(self, bytes_per_second: float) -> None:
        """Let bytes of each further connection pass no faster than this, in each direction."""
        self.default = attrs.evolve(self.default, bytes_per_second=bytes_per_second)

    def duplicate(self) -> None:
        """Let the server have each further connection twice."""
        self.default = attrs.evolve(self.default, duplicate=True)

    def heal(self) -> None:
        """Forward everything on each further connection."""
        self.default = ProxyPlan()

    def next_plan(self) -> ProxyPlan:
        """The plan of the connection that is accepted now; for the proxy itself."""
        return self.plans.popleft() if self.plans else self.default


HeadFilter = Callable[[bytes], bytes]
"""Rewrites the head of a client's request, up to and with its empty line."""


@asynccontextmanager
async def fault_proxy(
    server_host: str,
    server_port: int,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    listeners: Sequence[trio.SocketListener] = (),
    head_filter: HeadFilter | None = None,
) -> AsyncGenerator[FaultProxy]:
    """Listen on loopback and forward to a server until the block is left. Port 0 picks a free one.

    `listeners` that are open already are used instead of `host` and `port`, and closed at the end. `head_filter` may
    rewrite the bytes of the head of each connection's first request; what the client sends after the head of an upgrade
    then waits until the server has answered it. Raises OSError when the port is taken.
    """
    listeners = listeners or await trio.open_tcp_listeners(port, host=host)
    proxy = FaultProxy(*listeners[0].socket.getsockname()[:2])
    async with open_inner_nursery() as nursery:
        handler = partial(_serve, proxy, server_host, server_port, head_filter)
        nursery.start_soon(partial(trio.serve_listeners, handler, list(listeners), handler_nursery=nursery))
        try:
            yield proxy
        finally:
            for connection in proxy.connections:
                connection.close()
            nursery.cancel_scope.cancel()


async def _serve(proxy: FaultProxy, host: str, port: int, head_filter: HeadFilter | None, client: trio.SocketStream) -> None:
    connection = ProxiedConnection(proxy.next_plan(), client)
    proxy.connections.append(connection)
    try:
        if connection.plan.black_hole:
            await connection.closed.wait()
        connection.server = await trio.open_tcp_stream(host, port)
        async with trio.open_nursery() as nursery:
            if connection.plan.duplicate:
                connection.double = await trio.open_tcp_stream(host, port)
                nursery.start_soon(_drop_all, connection.double)
            to_server = partial(_forward, connection, client, connection.server, Direction.TO_SERVER)
            nursery.start_soon(partial(to_server, head_filter))
            nursery.start_soon(_forward, connection, connection.server, client, Direction.TO_CLIENT)
    except OSError:
        pass  # the server is not there: the client sees its connection end, as it would without the proxy
    finally:
        connection.close()
        proxy.connections.remove(connection)


async def _forward(
    connection: ProxiedConnection,
    source: trio.SocketStream,
    sink: trio.SocketStream,
    direction: Direction,
    head_filter: HeadFilter | None = None,
) -> None:
    try:
        first = b""
        if head_filter is not None:
            head, first = await _read_head(source)
            await _pass_on(connection, head_filter(head), sink, direction)
            if head.endswith(_HEAD_END) and _UPGRADE in head.lower():
                await connection.answered.wait()
        size = max(1, int(min(_CHUNK, connection.plan.bytes_per_second * _MOMENT)))
        while chunk := first or await source.receive_some(size):
            first = b""
            await trio.sleep(connection.plan.delay + len(chunk) / connection.plan.bytes_per_second)
            await _pass_on(connection, chunk, sink, direction)
            if direction is Direction.TO_CLIENT:
                connection.answered.set()
        await sink.send_eof()
    except (trio.BrokenResourceError, trio.ClosedResourceError):
        connection.close()  # one side is gone, so the other has nobody to talk to


async def _drop_all(stream: trio.SocketStream) -> None:
    """Read to the end of the stream, and forget it."""
    with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
        while await stream.receive_some(_CHUNK):
            pass


async def _read_head(source: trio.SocketStream) -> tuple[bytes, bytes]:
    head = b""
    while _HEAD_END not in head and len(head) < _CHUNK and (chunk := await source.receive_some(_CHUNK)):
        head += chunk
    head, end, rest = head.partition(_HEAD_END)
    return head + end, rest


async def _pass_on(connection: ProxiedConnection, chunk: bytes, sink: trio.SocketStream, direction: Direction) -> None:
    plan = connection.plan
    counted = plan.break_after is not None and plan.direction is direction
    left = (plan.break_after or 0) - connection.passed[direction] if counted else math.inf
    passing = chunk if len(chunk) < left else chunk[: max(0, int(left))]
    if direction in connection.silent:
        return
    if passing:
        connection.passed[direction] += len(passing)
        await sink.send_all(passing)
        if direction is Direction.TO_SERVER and connection.double is not None:
            await connection.double.send_all(passing)
    if len(chunk) >= left:
        if plan.how is Break.HALF_OPEN:
            connection.go_silent(direction)
        elif plan.how is Break.PARTITION:
            for each in Direction:
                connection.go_silent(each)
        elif plan.how is Break.RESET:
            connection.reset()
        else:
            connection.close()
