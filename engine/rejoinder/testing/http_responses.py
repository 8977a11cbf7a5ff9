"""The HTTP side of the simulator: `POST /v1/responses`, streamed or whole, and what can be asked of a response that is kept.

Rules of this file:

* The brain is the same `ModelServer`: a request is a connection with one create, and what the brain says on it is written down as
  it comes (`Recording`). Whoever asks, now or later, reads the recording.
* An error before anything else is a status with its headers, as `Answer.reject` says; the loss of the connection is a reset; an
  answer without a terminal is a body that just ends.
* A response is kept unless `store` is false. One in the background goes on when its client has left, every other one ends.
* Endings by `DELETE` and the cancel endpoint, paging and the shape of small answers follow openai-python 3.54.
"""

import json
import math
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, cast, final

import attrs
import trio
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from rejoinder.testing.outgoing import Drop, Message, Outgoing, encoded
from rejoinder.testing.response_object import EPOCH, count_tokens
from rejoinder.testing.script import JsonObject

if TYPE_CHECKING:
    from rejoinder.testing.simulator import Simulator

LINE_END: Final = re.compile(r"\r\n|\r|\n")
"""What ends a line of a stream of events, and nothing else does."""
TERMINALS: Final = frozenset({"response.completed", "response.failed", "response.incomplete"})


@final
@attrs.define(eq=False)
class Recording:
    """What the brain said to one request, and how it ended."""

    connection: int
    """The brain's number for the request."""
    body: JsonObject
    """What was asked."""
    said: list[Message] = attrs.field(factory=list[Message])
    """The events so far."""
    response: dict[str, Any] | None = None
    """The response object as it was told last."""
    ended: bool = False
    """Whether nothing more follows."""
    dropped: bool = False
    """Whether it ended by the loss of its connection."""
    changed: trio.Event = attrs.field(factory=trio.Event)
    """Set with the next event, or the end."""

    @property
    def background(self) -> bool:
        """Whether it goes on without a client."""
        return self.body.get("background") is True

    def take(self, each: Outgoing) -> None:
        """Write down what the brain says."""
        if isinstance(each, Message):
            self.said.append(each)
            told: object = _fields_of(each).get("response")
            if isinstance(told, dict):
                self.response = cast("dict[str, Any]", told)
            self._wake()
        else:
            self.dropped = isinstance(each, Drop)
            self.end()

    def end(self) -> None:
        """Nothing more follows."""
        self.ended = True
        self._wake()

    async def event(self, position: int) -> Message | None:
        """The event at a position, once it is there; None behind the last."""
        while position >= len(self.said):
            if self.ended:
                return None
            await self.changed.wait()
        return self.said[position]

    def refusal(self) -> JsonObject | None:
        """The error that came instead of a response, if one did."""
        first = self.said[0].body if self.said else None
        refused = isinstance(first, dict) and cast("JsonObject", first).get("type") == "error" and "status" in first
        return cast("JsonObject", first) if refused else None

    @property
    def terminal(self) -> JsonObject | None:
        """The response object of the terminal event, if there was one."""
        return next((cast("JsonObject", each.body["response"]) for each in self.said if each.type in TERMINALS), None)

    def _wake(self) -> None:
        self.changed.set()
        self.changed = trio.Event()


@final
class HttpResponses:
    """The routes, and the responses that are kept."""

    def __init__(self, simulator: "Simulator") -> None:
        self._simulator = simulator
        self._running: dict[int, Recording] = {}
        self._kept: dict[str, Recording] = {}
        self._asked = 0
        self.requests: list[dict[str, str]] = []
        """The headers of each request, in order, the authorization masked."""

    def routes(self, path: str) -> list[Route]:
        """The routes below the address of the Responses API."""
        served: list[tuple[str, str, Callable[[Request], Any]]] = [
            ("POST", path, self._create),
            ("POST", f"{path}/input_tokens", self._count),
            ("POST", f"{path}/compact", self._compact),
            ("GET", f"{path}/{{id}}", self._retrieve),
            ("DELETE", f"{path}/{{id}}", self._delete),
            ("POST", f"{path}/{{id}}/cancel", self._cancel),
            ("GET", f"{path}/{{id}}/input_items", self._input_items),
        ]
        return [Route(where, self._guarded(serve), methods=[method]) for method, where, serve in served]

    def settle(self) -> None:
        """End the recordings on which the brain has nothing more to say."""
        for recording in list(self._running.values()):
            if (recording.said and not self._simulator.server.is_busy(recording.connection)) or recording.ended:
                self._finish(recording)

    def _finish(self, recording: Recording) -> None:
        recording.end()
        if self._running.pop(recording.connection, None) is not None:
            self._simulator.detach(recording.connection)

    def _guarded(self, serve: Callable[[Request], Any]) -> Callable[[Request], Any]:
        async def guarded(request: Request) -> Response:
            self.requests.append(masked(request.headers))
            self._asked += 1
            response: Response = await serve(request) if self._simulator.admits(request.headers) else wrong_key()
            response.headers["x-request-id"] = f"req_{self._asked}"
            return response

        return guarded

    # Creating

    async def _create(self, request: Request) -> Response:
        body = await _object_in(request)
        if body is None:
            return JSONResponse(api_error("We could not parse the JSON body of your request.", None, "invalid_request_error"), 400)
        recording = self._begin(body)
        port = None if request.client is None else request.client.port
        if body.get("stream") is True:
            return await self._streamed(request, recording, port)
        return await self._whole(request, recording, port)

    def _begin(self, body: dict[str, Any]) -> Recording:
        simulator = self._simulator
        recording = Recording(simulator.server.begin_request(simulator.now()), body)
        self._running[recording.connection] = recording
        simulator.attach(recording.connection, recording.take)
        try:
            simulator.receive(recording.connection, encoded({**body, "type": "response.create"}))
        except Exception as failure:  # noqa: BLE001 (carried over to the pump, which raises it to the owner)
            recording.dropped = True
            self._finish(recording)
            simulator.fail(failure)
        return recording

    async def _streamed(self, request: Request, recording: Recording, port: int | None) -> Response:
        await self._wait(request, recording, lambda: bool(recording.said))
        refusal = recording.refusal()
        if refusal is not None:
            return _status_of(refusal)
        self._keep(recording)
        return EventStream(self, recording, None, port)

    async def _whole(self, request: Request, recording: Recording, port: int | None) -> Response:
        await self._wait(request, recording, lambda: recording.background and recording.response is not None)
        refusal = recording.refusal()
        if refusal is not None:
            return _status_of(refusal)
        self._keep(recording)
        if recording.dropped:
            self._simulator.reset(port)
        told = recording.response if recording.background else recording.terminal
        if told is None:
            return JSONResponse(api_error("The response did not come to an end.", "server_error", "server_error"), 500)
        return JSONResponse(told)

    async def _wait(self, request: Request, recording: Recording, enough: Callable[[], bool]) -> None:
        """Wait for enough, or for its end. What nobody waits for any more is ended."""
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(_cancel_when_left, request.receive, nursery.cancel_scope)
                while not recording.ended and not enough():
                    await recording.changed.wait()
                nursery.cancel_scope.cancel()
        finally:
            if not recording.ended and not enough():
                self._finish(recording)

    async def say(self, recording: Recording, starting_after: int | None, send: Callable[[str], Awaitable[None]]) -> None:
        """Send the events of a recording behind a sequence number, as they come, until it ends."""
        position = 0
        while (each := await recording.event(position)) is not None:
            position += 1
            number: object = _fields_of(each).get("sequence_number")
            if starting_after is None or not isinstance(number, int) or number > starting_after:
                await send(_as_sse(each))
        if not recording.dropped and self._simulator.server.faults.done_marker:
            await send("data: [DONE]\n\n")

    def left(self, recording: Recording, port: int | None) -> None:
        """A stream is over, on whichever side: so is its connection, if that is lost, and its response, unless it goes on."""
        if recording.dropped:
            self._simulator.reset(port)
        if not recording.background:
            self._finish(recording)

    def _keep(self, recording: Recording) -> None:
        if recording.response is not None and recording.body.get("store") is not False:
            self._kept[str(recording.response["id"])] = recording

    # Afterwards

    async def _retrieve(self, request: Request) -> Response:
        recording = self._found(request)
        if recording is None:
            return _unknown(request)
        if request.query_params.get("stream") != "true":
            return JSONResponse(recording.response)
        if not (recording.ended or recording.background):
            return _unknown(request)
        text = request.query_params.get("starting_after")
        port = None if request.client is None else request.client.port
        return EventStream(self, recording, int(text) if text is not None and text.isdigit() else None, port)

    async def _cancel(self, request: Request) -> Response:
        recording = self._found(request)
        if recording is None or recording.response is None:
            return _unknown(request)
        if not recording.background:
            return JSONResponse(api_error("Cannot cancel a synchronous response.", None, "invalid_request_error"), 400)
        if not recording.ended:
            recording.response = {**recording.response, "status": "cancelled"}
            self._finish(recording)
        return JSONResponse(recording.response)

    async def _delete(self, request: Request) -> Response:
        recording = self._found(request)
        if recording is None:
            return _unknown(request)
        del self._kept[request.path_params["id"]]
        self._finish(recording)
        return JSONResponse({"id": request.path_params["id"], "object": "response.deleted", "deleted": True})

    async def _input_items(self, request: Request) -> Response:
        recording = self._found(request)
        if recording is None:
            return _unknown(request)
        items = [{"id": f"item_{number}", **item} for number, item in enumerate(_items_of(recording.body), 1)]
        ends = {"first_id": items[0]["id"] if items else None, "last_id": items[-1]["id"] if items else None}
        return JSONResponse({"object": "list", "data": items, **ends, "has_more": False})

    def _found(self, request: Request) -> Recording | None:
        return self._kept.get(request.path_params["id"])

    # Beside responses

    async def _count(self, request: Request) -> Response:
        size = len(await request.body())
        return JSONResponse({"object": "response.input_tokens", "input_tokens": count_tokens(size)})

    async def _compact(self, request: Request) -> Response:
        body = await _object_in(request)
        items = _items_of({} if body is None else body)
        if not items:
            return JSONResponse(
                api_error("There is no input.", "missing_required_parameter", "invalid_request_error", "input"), 400
            )
        compaction = {"type": "compaction", "id": "cmp_1", "encrypted_content": f"{len(items)} items"}
        tokens = count_tokens(len(json.dumps(items)))
        usage = {"input_tokens": tokens, "output_tokens": 1, "total_tokens": tokens + 1}
        created = EPOCH + math.floor(self._simulator.now())
        told = {"id": "resp_compacted", "object": "response.compaction", "created_at": created, "output": [compaction]}
        return JSONResponse({**told, "usage": usage})


def masked(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers of a request, the authorization masked."""
    return {name: "***" if name == "authorization" else value for name, value in headers.items()}


def wrong_key() -> JSONResponse:
    """The answer to a client without the right key."""
    return JSONResponse(api_error("Incorrect API key provided.", "invalid_api_key", "invalid_request_error"), 401)


def api_error(message: str, code: str | None, kind: str, param: str | None = None) -> dict[str, Any]:
    """The body of a refusal."""
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


async def _object_in(request: Request) -> dict[str, Any] | None:
    try:
        body: object = json.loads(await request.body())
    except ValueError:
        return None
    return cast("dict[str, Any]", body) if isinstance(body, dict) else None


def _items_of(body: JsonObject) -> Sequence[dict[str, Any]]:
    given = body.get("input")
    if isinstance(given, str):
        return [{"type": "message", "role": "user", "content": given}]
    return cast("list[dict[str, Any]]", given) if isinstance(given, list) else []


def _fields_of(each: Message) -> dict[str, Any]:
    body: object = each.body
    return cast("dict[str, Any]", body) if isinstance(body, dict) else {}


def _status_of(refusal: JsonObject) -> JSONResponse:
    """An error frame as HTTP says it."""
    error = {**cast("dict[str, Any]", refusal["error"])}
    headers = {**error.pop("headers", {}), **refusal.get("headers", {})}
    return JSONResponse({"error": error}, refusal["status"], headers)


def _as_sse(each: Message) -> str:
    data = each.data if isinstance(each.data, str) else each.data.decode(errors="replace")
    name = "" if each.type is None else f"event: {each.type}\n"
    return name + "".join(f"data: {line}\n" for line in LINE_END.split(data)) + "\n"


@final
class EventStream(Response):
    """A recording as a stream of events: until it ends, or its client leaves."""

    def __init__(self, responses: HttpResponses, recording: Recording, starting_after: int | None, port: int | None) -> None:
        super().__init__(media_type="text/event-stream")
        del self.headers["content-length"]
        self._responses = responses
        self._recording = recording
        self._starting_after = starting_after
        self._port = port

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, as ASGI has it."""
        del scope
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})

        async def send_text(text: str) -> None:
            await send({"type": "http.response.body", "body": text.encode(), "more_body": True})

        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(_cancel_when_left, receive, nursery.cancel_scope)
                await self._responses.say(self._recording, self._starting_after, send_text)
                nursery.cancel_scope.cancel()
        finally:
            self._responses.left(self._recording, self._port)
        if not self._recording.dropped:
            await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _cancel_when_left(receive: Receive, scope: trio.CancelScope) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    scope.cancel()


def _unknown(request: Request) -> JSONResponse:
    message = f"Response with id '{request.path_params['id']}' not found."
    return JSONResponse(api_error(message, None, "invalid_request_error"), 404)
