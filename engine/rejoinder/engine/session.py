"""What a user holds: a session over one endpoint.

``async with open_session(endpoint) as session`` runs everything a session needs in one nursery and ends it, bounded, when the
block is left; no task outlives it. ``session.respond(...)`` is one request; as many as you like may run at once.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Final, final

import trio

from rejoinder.states import events as happening
from rejoinder.states.continuation import RequestContent
from rejoinder.states.json_values import NotSerialisable, frozen_copy
from rejoinder.states.snapshot import SessionState, snapshot

from .drive import Driver
from .endpoint import Endpoint
from .errors import InvalidRequest, SessionClosed
from .nurseries import open_inner_nursery
from .observations import Observer, Statistics
from .response import Response
from .result import Result
from .settings import Settings
from .steering import Steering, Words, checked_words
from .websocket_wire import open_websocket_wire
from .wire import Connector

__all__ = ["Session", "open_session"]

Input = str | Sequence[Mapping[str, Any]]
"""What may be given as input: a string, or Responses input items."""


@final
class Session:
    """A session: requests in, responses out, over links that come and go. Made by ``open_session``."""

    def __init__(self, driver: Driver) -> None:
        self._driver: Final = driver
        self._requests = 0
        self._steerings = 0
        self._closed = False

    def __repr__(self) -> str:
        return repr(self._driver.lifecycle).replace("<Session", "<rejoinder.engine.Session")

    @asynccontextmanager
    async def respond(self, input: Input, /, **fields: Any) -> AsyncGenerator[Response]:  # noqa: ANN401 - the wire's names
        """Ask for a response: ``async with session.respond("Hello") as response``.

        ``input`` is a string or a list of Responses input items, *the whole conversation each time*: what the server still has
        is not sent again. ``fields`` are further fields of ``response.create`` (``model``, ``tools``, ``temperature`` …); they
        override the settings, and None leaves a field out. Returns once the request is queued.

        Leaving the block early, or being cancelled inside it, is the cancel: it takes effect at once and never waits for the
        server. Raises ``InvalidRequest`` if the request cannot be sent as JSON, ``SessionClosed`` after the session's end;
        nothing is sent then. What goes wrong later is raised by the response.
        """
        content = self._content(input, fields, generate=True)
        # Before the create: a caller that is cancelled already asks for nothing, and one that leaves at once takes it back.
        await trio.lowlevel.checkpoint()
        response = self._create(content, warm_up=False)
        try:
            yield response
        finally:
            if response.outcome is None:
                response.cancel()

    async def warm_up(self, input: Input = (), /, **fields: Any) -> Result:  # noqa: ANN401 - the wire's names
        """Let the server read ``input``, instructions and tools ahead of time (``generate: false``), and wait until it has.

        The next request that begins with the same input continues from there and sends only the rest. Costs a round trip, and
        may cost input tokens. Raises as ``Response.result``; a warm-up is never sent again by itself. Being cancelled leaves it
        running.
        """
        return await self._create(self._content(input, fields, generate=False), warm_up=True).result()

    def observe(self, observer: Observer) -> Callable[[], None]:
        """Call ``observer`` with every observation from now on; returns a function that ends it.

        They are ``Asked``, ``Sent``, ``Finished`` and ``Settled`` of each request, and every ``Moved`` and ``Note``.
        """
        self._driver.observers.append(observer)

        def stop() -> None:
            if observer in self._driver.observers:
                self._driver.observers.remove(observer)

        return stop

    def statistics(self) -> Statistics:
        """The session's counters and the phases of its machines, as they are now."""
        return self._driver.meter.read(self._driver.lifecycle)

    @property
    def state(self) -> SessionState:
        """Every link, lane and request as it is now: its phase, since when (trio's clock), and what it waits for."""
        return snapshot(self._driver.lifecycle)

    @property
    def endpoint(self) -> Endpoint:
        """Where the server is."""
        return self._driver.endpoint

    def _create(self, content: RequestContent, *, warm_up: bool) -> Response:
        if self._closed:
            raise SessionClosed("The session is closed. Open another with open_session, or keep this one open longer.")
        self._requests += 1
        number = self._requests
        driver = self._driver
        response = Response(
            number,
            content,
            driver.settings.buffer_limit,
            lambda: driver.feed(happening.Cancel(number)),
            partial(self._steer, number, content),
        )
        driver.ask(response, warm_up=warm_up)
        return response

    def _steer(self, number: int, content: RequestContent, words: Words) -> Steering:
        """Add words to the response of a request; raises ``InvalidRequest`` where that can never work."""
        driver = self._driver
        words = checked_words(words, driver.endpoint.profile, content)
        self._steerings += 1
        steering = Steering(self._steerings, words)
        driver.steerings[steering.number] = steering
        driver.feed(happening.Steer(number, steering.number))
        return steering

    def _content(self, given: Input, fields: Mapping[str, Any], *, generate: bool) -> RequestContent:
        settings = self._driver.settings
        if isinstance(given, str):
            items: Any = [{"type": "message", "role": "user", "content": given}]
        elif isinstance(given, Mapping | bytes) or not hasattr(given, "__iter__"):
            raise InvalidRequest(
                f"The input is a {type(given).__name__}. Give a string, or a list of input items such as"
                " {'role': 'user', 'content': 'Hello'}."
            )
        else:
            items = list(given)
        merged = {"model": settings.model, "instructions": settings.instructions, **settings.fields, **fields}
        unsupported = [
            name for name in ("stream", "background", "stream_id", "input", "type", "generate") if merged.get(name) is not None
        ]
        if unsupported:
            raise InvalidRequest(
                f"The field {unsupported[0]!r} cannot be set for a request over WebSocket. Leave it out: the session sets what is"
                " needed."
            )
        try:
            items = frozen_copy(items, "input")
            present = {name: frozen_copy(value, name) for name, value in merged.items() if value is not None}
        except NotSerialisable as error:
            raise InvalidRequest(f"The request cannot be written as JSON: {error}") from error
        for index, item in enumerate(items):
            if not isinstance(item, dict):
                raise InvalidRequest(
                    f"input[{index}] is a {type(item).__name__}. Each input item is a mapping such as"
                    " {'role': 'user', 'content': 'Hello'}."
                )
        return RequestContent(tuple(items), present, generate)

    def close(self) -> None:
        """Refuse new requests and end the running ones; called when the block of ``open_session`` is left."""
        if not self._closed:
            self._closed = True
            self._driver.feed(happening.Shutdown())


@asynccontextmanager
async def open_session(
    endpoint: Endpoint | None = None,
    settings: Settings | None = None,
    *,
    connector: Connector = open_websocket_wire,
) -> AsyncGenerator[Session]:
    """Run a session for the length of a block; ``async with`` gives the ``Session``.

    ``endpoint`` defaults to OpenAI with the key from ``OPENAI_API_KEY``. Nothing is dialled until the first request, unless
    ``settings.preconnect``. Leaving the block ends every request and closes every link within ``settings.close_deadline``
    seconds. Raises ``InvalidEndpoint`` for an address or key that cannot work; what goes wrong with a connection later is raised
    by the response that needed it. ``connector`` replaces the WebSocket, as tests do.
    """
    endpoint = Endpoint() if endpoint is None else endpoint
    settings = Settings() if settings is None else settings
    async with open_inner_nursery() as nursery:
        driver = Driver(endpoint, settings, connector, nursery)
        session = Session(driver)
        clock = trio.CancelScope()

        async def keep_time() -> None:
            try:
                with clock:
                    await driver.keep_time()
            finally:
                # Cancelled from outside: the links are going, so nobody may wait for them any more, shielded or not.
                session.close()

        nursery.start_soon(keep_time)
        try:
            if settings.preconnect:
                driver.feed(happening.Preconnect())
            yield session
        finally:
            session.close()
            clock.cancel()
