"""What a user holds: a session over one endpoint.

``async with open_session(endpoint) as session`` runs everything a session needs in one nursery and ends it, bounded, when the
block is left; no task outlives it. ``session.respond(...)`` is one request; as many as you like may run at once.
"""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Final, final
from weakref import WeakSet

import httpx
import trio

from rejoinder.states.codec import encode_post
from rejoinder.states.continuation import RequestContent
from rejoinder.states.snapshot import SessionState

from .advice import Advice
from .background import BackgroundResponse
from .call_desk import BackgroundCalls
from .conversation import Conversation
from .dialling import check_way
from .dispatch import Dispatch
from .drive import Driver
from .endpoint import Endpoint
from .errors import SESSION_CLOSED, InvalidRequest, SessionClosed
from .http_client import HttpClient
from .http_wire import HttpWire
from .known_lists import KnownLists
from .nurseries import open_inner_nursery
from .observations import Observer, Statistics, check_observer
from .one_shot import OneShot
from .out_of_band import counted_in, items_in, named_by
from .recorder import Recording, close_all, record_if_asked
from .request_content import input_of, merged_fields, request_content
from .response import Response
from .result import Result
from .settings import Settings
from .settings_update import SettingsUpdate
from .steering import Steering, Words, checked_words
from .tools import Tools
from .transports import Transport, drivers
from .turn import Turn, open_turn
from .wire import Connector
from .wire_choice import open_chosen_wire

__all__ = ["Session", "open_session", "run_session"]

Input = str | Sequence[Mapping[str, Any]] | Conversation
"""What may be given as input: a string, Responses input items, or a conversation."""


@final
class Session:
    """A session: requests in, responses out, over links that come and go. Made by ``open_session`` or ``open_pool``.

    It belongs to the ``trio.run`` that opened it, and is used in that run and its thread alone, by any number of tasks.
    """

    def __init__(self, driver: Dispatch, client: HttpClient, nursery: trio.Nursery) -> None:
        self._driver: Final = driver
        self.background_calls: Final = BackgroundCalls(driver.start_soon, driver.tell)
        """The calls of tools that outlive their turns."""
        self._settings = driver.settings
        self._advice: Final = Advice()
        self._known_lists: Final = KnownLists()
        self._calls: Final = OneShot(client)
        self._client: Final = client
        self._nursery: Final = nursery
        self._background_wires: Final[WeakSet[HttpWire]] = WeakSet()
        self._requests = 0
        self._steerings = 0
        self._closed = False

    def __repr__(self) -> str:
        return f"<rejoinder.engine.Session {self._driver.describe()}>"

    @asynccontextmanager
    async def respond(self, input: Input, /, **fields: Any) -> AsyncGenerator[Response]:  # noqa: ANN401 - the wire's names
        """Ask for a response: ``async with session.respond("Hello") as response``.

        ``input`` is a string, a list of Responses input items or a ``Conversation``, *the whole conversation each time*: what the
        server still has is not sent again. A conversation is read as it is now, and what the response says is appended to it before
        anybody is told that it ended; see ``Conversation``. ``fields`` are further fields of ``response.create`` (``model``,
        ``tools``, ``temperature`` …); they override the settings, and None leaves a field out. Returns once the request is queued.

        Leaving the block early, or being cancelled inside it, is the cancel: it takes effect at once and never waits for the
        server. Raises ``InvalidRequest`` if the request cannot be sent as JSON, or if a response to the conversation is running;
        ``SessionClosed`` after the session's end; nothing is sent then. What goes wrong later is raised by the response.
        """
        content = self._content(input, fields, generate=True)
        # Before the create: a caller that is cancelled already asks for nothing, and one that leaves at once takes it back.
        await trio.lowlevel.checkpoint()
        response = self._create(content, warm_up=False, conversation=input if isinstance(input, Conversation) else None)
        try:
            yield response
        finally:
            if response.outcome is None:
                response.cancel()

    @asynccontextmanager
    async def converse(
        self,
        conversation: Conversation,
        /,
        *,
        tools: Tools | None = None,
        rounds: int = 10,
        resources: Any = None,  # noqa: ANN401 - the application's own
        **fields: Any,  # noqa: ANN401 - the wire's names
    ) -> AsyncGenerator[Turn]:
        """Let the model answer and call tools until it calls nothing more: ``async with session.converse(…) as turn``.

        Each response and the outputs of its calls are added to ``conversation`` as they come, so the next turn can be asked at any
        time, however this one ends. Calls that it holds without an output are run first. At most ``rounds`` responses are asked
        for. ``resources`` is handed to each handler, by reference. ``fields`` are those of ``respond``; a ``tool_choice`` that
        forces a call holds for the first response of the turn.

        Leaving the block, or being cancelled inside it, is an interruption: the response and the handlers are cancelled and their
        calls answered as cancelled; background calls go on, bounded by the session. Leaving waits for handlers that take time to be
        cancelled, never for the server. Raises ``InvalidRequest`` for arguments that cannot be used, or if another turn of the
        conversation is open. What goes wrong later is raised by the turn.
        """
        async with open_turn(self, conversation, tools=tools, rounds=rounds, resources=resources, fields=fields) as turn:
            yield turn

    async def warm_up(self, input: Input = (), /, **fields: Any) -> Result:  # noqa: ANN401 - the wire's names
        """Let the server read ``input``, instructions and tools ahead of time (``generate: false``), and wait until it has.

        The next request that begins with the same input continues from there and sends only the rest. Costs a round trip, and
        may cost input tokens. Raises as ``Response.result``; a warm-up is never sent again by itself. Being cancelled leaves it
        running. Over HTTP alone there is nothing to warm up: raises ``InvalidRequest``.
        """
        if self._driver.profile.streams:
            raise InvalidRequest("Over HTTP no connection remembers anything, so there is nothing to warm up. Leave it out.")
        return await self._create(self._content(input, fields, generate=False), warm_up=True).result()

    @property
    def settings(self) -> Settings:
        """The settings that the next request is made with."""
        return self._settings

    def update_settings(self, update: SettingsUpdate | None = None, /, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - as in SettingsUpdate
        """Change what is sent with every request from the next on; a response that runs is not touched.

        ``changes`` are the arguments of ``SettingsUpdate``: ``session.update_settings(temperature=0.2)``. It takes effect at once,
        so no interruption can lose it. Returns what has changed, each field with its previous value; what is equal has not changed.
        Raises ``InvalidSetting`` for a field that cannot be; then nothing has changed.
        """
        previous, self._settings = self._settings, self._settings.updated(update, **changes)
        return self._settings.changed_from(previous)

    # -- over HTTP, beside the links -----------------------------------------------------------------------------------------

    async def infer(
        self,
        input: Input,
        /,
        *,
        instructions: str | None = None,
        max_output_tokens: int | None = None,
        **fields: Any,  # noqa: ANN401 - the wire's names
    ) -> Result:
        """Ask for a response in one piece: one ``POST /responses`` that does not stream, whatever the session's transport.

        It is out of band: no link, no lane and no continuation is touched, so it may run beside anything. ``instructions``,
        ``max_output_tokens`` and ``fields`` override the settings; with an empty input the instructions become a developer message,
        because the API wants something to answer. Returns what came, completed or incomplete (see ``Result.incomplete_reason``).

        It is sent again, at most twice, after 408, 409, 429, 5xx and connection errors. Raises ``ResponseFailed`` if the server
        says so, ``ConnectionFailed``, ``DeadlineExceeded`` or ``Interrupted`` if it does not answer; ``InvalidRequest`` and
        ``SessionClosed`` as ``respond``.
        """
        overriding = {"instructions": instructions, "max_output_tokens": max_output_tokens}
        given = {**{name: value for name, value in overriding.items() if value is not None}, **fields}
        content = self._content(input, given, generate=True)
        body = encode_post(content.fields, content.items, stream=False, previous_response_id=named_by(content))
        self._check_open()
        return self._calls.raise_unless_good(await self._calls.response("POST", body=body))

    async def count_input_tokens(self, input: Input, /, **fields: Any) -> int:  # noqa: ANN401 - the wire's names
        """How many tokens the input of such a request would have, by ``POST /responses/input_tokens``. Raises as ``infer``."""
        content = self._content(input, fields, generate=True)
        body = encode_post(content.fields, content.items, stream=None, previous_response_id=named_by(content))
        self._check_open()
        answered = await self._calls.call("POST", "/input_tokens", body=body)
        return counted_in(answered.body)

    async def compact(self, input: Input, /, **fields: Any) -> Sequence[Mapping[str, Any]]:  # noqa: ANN401 - the wire's names
        """A shorter input that stands for this one, by ``POST /responses/compact``: the whole input of a new chain.

        Raises as ``infer``.
        """
        content = self._content(input, fields, generate=True)
        body = encode_post(content.fields, content.items, stream=None, previous_response_id=named_by(content))
        self._check_open()
        answered = await self._calls.call("POST", "/compact", body=body)
        return items_in(answered.body)

    async def start_background(self, input: Input, /, **fields: Any) -> BackgroundResponse:  # noqa: ANN401 - the wire's names
        """Begin a response that runs on the server, whether or not anybody listens (``background: true``, over HTTP).

        Returns as soon as the server has accepted it. Iterate what is returned, ask for its ``result()``, or note its ``id`` and
        come back to it later with ``background_response``. Such responses are stored, so ``store`` must not be false. Raises as
        ``infer``, but nothing is sent twice once it may have been accepted.
        """
        content = self._content(input, {"store": True, **fields}, generate=True)
        if content.fields.get("store") is False:
            raise InvalidRequest(
                "A background response is kept on the server until it is fetched. Leave store out, or set it to true."
            )
        self._check_open()
        background = self._background()
        await background.start({**content.fields, "background": True}, content.items, named_by(content))
        return background

    def background_response(self, response_id: str, *, starting_after: int | None = None) -> BackgroundResponse:
        """A response that was begun in the background, here or elsewhere, by its id.

        Iterating it begins behind the event with the sequence number ``starting_after``, or with its first event.
        """
        self._check_open()
        background = self._background(response_id)
        background.resume(starting_after=starting_after)
        return background

    def _background(self, response_id: str | None = None) -> BackgroundResponse:
        settings = self._client.settings
        wire = HttpWire(self._client, self._nursery, settings.buffer_limit)
        self._background_wires.add(wire)
        return BackgroundResponse(wire, self._calls, settings, response_id)

    def observe(self, observer: Observer) -> Callable[[], None]:
        """Call ``observer`` with every observation from now on; returns a function that ends it.

        They are ``Asked``, ``Sent``, ``Finished`` and ``Settled`` of each request, and every ``Moved`` and ``Note``. Raises
        ``InvalidRequest`` for what cannot be called, and for an async function, which nobody would await.
        """
        check_observer(observer)
        self._driver.observers.append(observer)

        def stop() -> None:
            if observer in self._driver.observers:
                self._driver.observers.remove(observer)

        return stop

    def record(self, path: str | os.PathLike[str], *, payloads: bool = False) -> Recording:
        """Write everything that happens from now on into a trace at ``path``, until the session ends.

        What is there is overwritten. ``payloads`` says whether what callers and models say is in it; a key never is. A trace of the
        whole session, that is one that begins before the first request, can be replayed: ``rejoinder replay``. The result may be
        closed before the session ends, or be the context manager of an ``async with``. With ``transport="auto"`` it holds what goes
        over the WebSocket; what was handed over is another lifecycle, and ``REJOINDER_TRACE`` records both. Raises
        ``RecordingFailed`` if the file cannot be written, and of a pool, each of whose links has a lifecycle of its own;
        ``SessionClosed`` after the session's end.
        """
        if self._closed:
            raise SessionClosed("The session is closed. Record one that is open.")
        return self._driver.record(path, payloads=payloads, whole=not self._requests)

    def statistics(self) -> Statistics:
        """The session's counters and the phases of its machines, as they are now."""
        return self._driver.statistics()

    @property
    def state(self) -> SessionState:
        """Every link, lane and request as it is now: its phase, since when (trio's clock), and what it waits for."""
        return self._driver.state()

    @property
    def endpoint(self) -> Endpoint:
        """Where the server is."""
        return self._driver.endpoint

    def _create(self, content: RequestContent, *, warm_up: bool, conversation: Conversation | None = None) -> Response:
        self._check_open()
        if conversation is not None:
            conversation.check_free()
        self._requests += 1
        number = self._requests
        driver = self._driver
        settings, at_end = driver.settings, None if conversation is None else conversation.end
        cancel, steer = partial(driver.cancel, number), partial(self._steer, number, content)
        limit, output_limit = settings.buffer_limit, settings.output_limit
        response = Response(number, content, limit, cancel, output_limit=output_limit, at_end=at_end, steer=steer)
        if conversation is not None:
            conversation.begin(response)
        driver.ask(response, warm_up=warm_up)
        return response

    def _check_open(self) -> None:
        if self._closed:
            raise SessionClosed(SESSION_CLOSED)

    def _steer(self, number: int, content: RequestContent, words: Words) -> Steering:
        """Add words to the response of a request; raises ``InvalidRequest`` where that can never work."""
        driver = self._driver
        words = checked_words(words, driver.profile, content)
        self._steerings += 1
        steering = Steering(self._steerings, words)
        driver.steer(number, steering)
        return steering

    def _content(self, given: Input, fields: Mapping[str, Any], *, generate: bool) -> RequestContent:
        items = input_of(given, self._known_lists)
        merged = merged_fields(self._settings.request_fields(), given, fields)
        if merged.get("background") is not None:
            raise InvalidRequest(
                "The field 'background' cannot be set here: what streams has somebody who listens. Use session.start_background()."
            )
        unsupported = [name for name in ("stream", "stream_id", "input", "type", "generate") if merged.get(name) is not None]
        if unsupported:
            raise InvalidRequest(
                f"The field {unsupported[0]!r} cannot be set for a request. Leave it out: the session sets what is needed."
            )
        content = request_content(items, merged, generate=generate)
        self._advice.about(given, content.fields)
        return content

    def close(self) -> None:
        """Refuse new requests and end the running ones; called when the block of ``open_session`` is left."""
        if not self._closed:
            self._closed = True
            self.background_calls.cancel_all()
            self._driver.shut_down()
            for wire in self._background_wires:
                wire.close()


@asynccontextmanager
async def open_session(
    endpoint: Endpoint | None = None,
    settings: Settings | None = None,
    *,
    transport: Transport = "websocket",
    sticky: bool = False,
    connector: Connector = open_chosen_wire,
    http_client: httpx.AsyncClient | None = None,
    http_options: Mapping[str, Any] | None = None,
) -> AsyncGenerator[Session]:
    """Run a session for the length of a block; ``async with`` gives the ``Session``.

    ``endpoint`` defaults to OpenAI with the key from ``OPENAI_API_KEY``. Nothing is dialled until the first request, unless
    ``settings.preconnect``. Leaving the block ends every request and closes every link within ``settings.close_deadline``
    seconds. Raises ``InvalidEndpoint`` for an address or key that cannot work; what goes wrong with a connection later is raised
    by the response that needed it. ``settings.wire`` says which library carries a WebSocket's frames; ``connector`` replaces it, as
    tests do.

    ``transport`` says how responses travel:

    * ``"websocket"``, over one long-lived connection.
    * ``"http"``, each by a ``POST`` of its own that streams (SSE), to the same address with ``https://``; always the whole input.
    * ``"auto"``, over the WebSocket, and over HTTP where that cannot serve a request: the upgrade was refused (426, or any status
      that is not about the key), or the request is larger than a socket takes. Each time it is noted (``HandedOver``) and counted.
      The next request tries the WebSocket again; with ``sticky`` a refused upgrade makes the session stay with HTTP.

    HTTP is also what ``infer``, ``count_input_tokens`` and background responses use, whatever the transport. It is httpx:
    ``http_client`` is a client of yours, which stays open; ``http_options`` are options of ``httpx.AsyncClient`` (``proxy``,
    ``verify``, ``trust_env`` …) for the session's own, which trusts what ``settings.ssl_context`` trusts and goes through
    ``settings.proxy``, or takes proxies from the environment as httpx does. Raises ``InvalidEndpoint`` for options that it does not
    take, and for an ``endpoint`` that is none; ``InvalidSetting`` for no transport, for ``settings``, a ``connector`` or an
    ``http_client`` that are none, and for options beside a client of yours.
    """
    endpoint = Endpoint() if endpoint is None else endpoint
    settings = Settings() if settings is None else settings
    check_way(endpoint, settings)
    client = HttpClient(endpoint, settings, http_client, http_options)

    def drive(nursery: trio.Nursery) -> Driver:
        driver = drivers(transport, client, connector, nursery, sticky=sticky)
        for each in driver.transports:
            each.recordings.extend(record_if_asked(each.lifecycle))
        return driver

    async with run_session(client, drive) as session:
        yield session


@asynccontextmanager
async def run_session(client: HttpClient, drive: Callable[[trio.Nursery], Dispatch]) -> AsyncGenerator[Session]:
    """Run a session over whatever ``drive`` makes; ``client`` is closed at the end, if it is our own."""
    try:
        async with open_inner_nursery() as nursery:
            driver = drive(nursery)
            session = Session(driver, client, nursery)
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
                if client.settings.preconnect:
                    driver.preconnect()
                yield session
            finally:
                session.close()
                clock.cancel()
                await close_all(driver.all_recordings)
    finally:
        await client.aclose()
