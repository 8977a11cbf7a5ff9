"""One link: its dial, its reader, its writer, its pings.

Rules of this file
* The reader runs for the whole life of the link, also while nobody asks for anything: it takes, decodes, feeds, and never waits
  for a consumer or for the writer. (A reader that stops stops answering pings, and servers close such sockets.)
* The writer sends what is in the outbox, in order; each frame has a deadline.
* A task says ``Opened`` or ``DialFailed`` once, and ``Lost`` once if it was opened, unless the lifecycle closed it first. Then
  it is silent.
* On a wire of streams (HTTP) there is nothing to write and no socket to keep alive: creates begin streams, and their news is fed.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar, cast, final

import attrs
import trio

from rejoinder.states import events as happening
from rejoinder.states.codec import decode

from .key_provider import with_key
from .masking import REPORTS, masked, secrets_in, without_secrets
from .meter import CreateShare
from .nurseries import open_inner_nursery
from .wire import HandshakeFailed, Identified, StreamBegun, StreamFrame, StreamNews, StreamOver, StreamWire, Wire, WireClosed

if TYPE_CHECKING:
    from .drive import Driver

__all__ = ["LinkTask", "Outgoing"]

logger = logging.getLogger("rejoinder")

T = TypeVar("T")
W = TypeVar("W")

Create = tuple[int, str | None]
"""A create in the outbox: its request and its lane. A request that was sent again may have two on one link."""


@attrs.frozen(eq=False)
class Outgoing:
    """A frame in the outbox."""

    text: str = attrs.field(repr=False)
    """What is sent."""
    create: Create | None = None
    """Whose create it is, and for which lane; None for other frames."""
    share: CreateShare | None = None
    """What the create has added to the counters."""


@final
class LinkTask:
    """The task behind one link number, from its dial to its end."""

    def __init__(self, driver: Driver, number: int) -> None:
        self.number = number
        self.request_id: str | None = None
        """``x-request-id`` of the answer to the upgrade, once the link is open and where the wire knows it."""
        self._driver = driver
        self._scope = trio.CancelScope()
        self._outbox: deque[Outgoing] = deque()
        self._wake = trio.Event()
        self._pings = trio.Event()
        self._lost: WireClosed | None = None
        self._streams: StreamWire | None = None
        self.secrets: tuple[str, ...] = ()
        """What must not be shown of its handshake, once it dials."""

    @property
    def _shown(self) -> int:
        """Its number where links of several drivers are shown, as in the log."""
        return self.number + self._driver.links_from

    def put(self, text: str, *, create: Create | None = None, share: CreateShare | None = None) -> None:
        """Append a frame to the outbox; ``create`` says whose create it is, and for which lane, ``share`` what it counts."""
        self._outbox.append(Outgoing(text, create, share))
        self._wake.set()

    def take_back(self, create: Create) -> Outgoing | None:
        """Remove a create from the outbox, and return it; None if it has left."""
        waiting = next((each for each in self._outbox if each.create == create), None)
        if waiting is not None:
            self._outbox.remove(waiting)
        return waiting

    def end_stream(self, lane: str | None, *, abandoned: bool) -> Outgoing | None:
        """End the stream of a lane; or take its create back if it has not left, and return it."""
        waiting = next((each for each in self._outbox if each.create is not None and each.create[1] == lane), None)
        if waiting is not None:
            self._outbox.remove(waiting)
        elif self._streams is not None:
            self._streams.end_stream(lane, abandoned=abandoned)
        return waiting

    def ask_for_ping(self) -> None:
        """Ping now rather than when the next one is due."""
        self._pings.set()

    def close(self) -> None:
        """End, and say nothing more: the lifecycle has forgotten this link."""
        self._scope.cancel()

    async def run(self) -> None:
        """Dial, serve, and report how it ended."""
        driver = self._driver
        opened = False
        with self._scope:
            try:
                # A link of streams sends nothing itself: there each request asks for the key.
                endpoint = driver.endpoint if driver.profile.streams else await with_key(driver.endpoint)
                self.secrets = secrets_in(endpoint.handshake_headers())
                async with driver.connector(endpoint, driver.settings) as wire:
                    opened = True
                    self.request_id = wire.request_id if isinstance(wire, Identified) else None
                    logger.info("link %d: connected (x-request-id %s)", self._shown, self.request_id or "none")
                    self._report(happening.Opened(self.number))
                    await self._serve(wire)
                    # Now, and not after the closing handshake: whoever waits may dial at once.
                    self._report_lost()
            except Exception as error:  # noqa: BLE001 - it is reported and logged, and the session goes on
                self._report_broken(error, opened=opened)
        driver.forget(self)

    def _report_broken(self, error: Exception, *, opened: bool) -> None:
        """A connector raised: a refusal while it dialled, or what is not in its contract and must not take the session along."""
        refusal = _refusal_in(error)
        if refusal is None or opened:
            logger.error("a connector raised what it should not; the link is given up", exc_info=error)
        if opened:
            self._lost = self._lost or WireClosed(None, "the connection failed; the reason is in the log")
            self._report_lost()
        else:
            self._report_failure(refusal or HandshakeFailed("The connection failed for a reason that is in the log."))

    def _report_lost(self) -> None:
        lost = self._lost or WireClosed()
        logger.info("link %d: lost (close code %s)", self._shown, "none" if lost.code is None else lost.code)
        self._report(happening.Lost(self.number, lost.code, masked(lost.reason, self.secrets), ours=lost.ours))

    def _report(self, event: happening.Opened | happening.Lost | happening.DialFailed | happening.Pong) -> None:
        if self._driver.is_current(self):
            if isinstance(event, happening.Lost | happening.DialFailed):
                # Forgotten first: what the lifecycle does next may dial under the same number.
                self._driver.forget(self)
            self._driver.feed(event)

    def _report_failure(self, error: HandshakeFailed) -> None:
        status, request_id = "none" if error.status is None else error.status, error.request_id or "none"
        logger.warning("link %d: no connection (HTTP status %s, x-request-id %s)", self._shown, status, request_id)
        self._driver.refused_id = error.request_id
        self._report(
            happening.DialFailed(
                self.number,
                error.message,
                status=error.status,
                retry_after=error.retry_after,
                permanent=error.permanent,
                jitter=self._driver.jitter(),
                code=error.code,
            )
        )

    async def _serve(self, wire: Wire | StreamWire) -> None:
        """Run reader, writer and pings until the wire ends; then ``_lost`` says how."""
        async with open_inner_nursery() as nursery:
            if isinstance(wire, StreamWire):
                self._streams = wire
                for part in (self._read_news, self._begin_streams, self._answer_pings):
                    nursery.start_soon(self._guard, part, wire, nursery.cancel_scope)
                return
            for each in (self._read, self._write, self._keep_alive):
                nursery.start_soon(self._guard, each, wire, nursery.cancel_scope)

    async def _guard(self, part: Callable[[W], Awaitable[None]], wire: W, scope: trio.CancelScope) -> None:
        """Whichever part sees the end first ends the others."""
        try:
            await part(wire)
        except WireClosed as end:
            self._lost = self._lost or end
            scope.cancel()

    async def _ask_wire(self, operation: Awaitable[T]) -> T:
        """Await an operation of the wire; whatever it raises is the end of the wire, and of nothing else."""
        try:
            return await operation
        except WireClosed:
            raise
        except Exception as error:
            raise _broken(error) from error

    async def _read(self, wire: Wire) -> None:
        receive, hear = wire.receive, self._driver.hear
        while True:
            # As `_ask_wire`, which would cost another coroutine for each read.
            try:
                messages = await receive()
            except WireClosed:
                raise
            except Exception as error:
                raise _broken(error) from error
            hear(self, messages)

    async def _read_news(self, wire: StreamWire) -> None:
        while True:
            self._take(await self._ask_wire(wire.receive_news()))

    def _take(self, news: StreamNews) -> None:
        """Feed a piece of news of a stream."""
        driver, number, lane = self._driver, self.number, news.lane
        if not driver.is_current(self):
            return
        if isinstance(news, StreamFrame):
            driver.meter.frames_received += 1
            # The stream itself is the label.
            event = decode(news.data)
            if type(event) in REPORTS:
                # Each request has a key of its own, where keys are renewed.
                event = without_secrets(event, news.data, news.secrets)
            frame = attrs.evolve(event, stream_id=lane)
            driver.feed(happening.Received(number, frame), frame, len(news.data))
        elif isinstance(news, StreamBegun):
            driver.stream_begun(number, lane, news.request_id)
        elif isinstance(news, StreamOver):
            driver.feed(happening.StreamEnded(number, lane, news.reason))
        else:
            driver.feed(happening.StreamFailed(number, lane, news.message, permanent=news.permanent, jitter=driver.jitter()))

    async def _begin_streams(self, wire: StreamWire) -> None:
        while True:
            while self._outbox:
                out = self._outbox.popleft()
                if out.create is not None:
                    wire.begin_stream(out.create[1], out.text)
            await self._wake.wait()
            self._wake = trio.Event()

    async def _answer_pings(self, wire: StreamWire) -> None:
        """There is no socket that could be dead: a link that should prove itself is alive."""
        del wire
        while True:
            await self._pings.wait()
            self._pings = trio.Event()
            self._report(happening.Pong(self.number))

    async def _write(self, wire: Wire) -> None:
        deadline = self._driver.settings.send_deadline
        while True:
            while self._outbox:
                text = self._outbox.popleft().text
                with trio.move_on_after(deadline) as scope:
                    await self._ask_wire(wire.send(text))
                if scope.cancelled_caught:
                    raise WireClosed(None, f"a frame did not leave within {deadline:g} s")
            await self._wake.wait()
            self._wake = trio.Event()

    async def _keep_alive(self, wire: Wire) -> None:
        settings = self._driver.settings
        deadline = settings.policy.deadlines.ping
        while True:
            with trio.move_on_after(settings.ping_interval):
                await self._pings.wait()
            self._pings = trio.Event()
            with trio.move_on_after(deadline) as scope:
                await self._ask_wire(wire.ping())
                self._report(happening.Pong(self.number))
            if scope.cancelled_caught:
                raise WireClosed(None, f"no pong within {deadline:g} s")


def _broken(error: Exception) -> WireClosed:
    """What an operation of a wire has raised is the end of the wire, and of nothing else."""
    logger.error("a wire raised something other than WireClosed; the link is lost", exc_info=error)
    return WireClosed(None, "the wire failed; the reason is in the log")


def _refusal_in(error: BaseException) -> HandshakeFailed | None:
    """The refusal that ``error`` is, or that a connector's own nursery has wrapped."""
    if isinstance(error, HandshakeFailed):
        return error
    if isinstance(error, BaseExceptionGroup):
        alone, *others = cast("BaseExceptionGroup[BaseException]", error).exceptions
        return None if others else _refusal_in(alone)
    return None
