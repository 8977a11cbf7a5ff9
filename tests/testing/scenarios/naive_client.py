"""A client that makes the natural mistakes, those of the original: what the scenarios must find out.

Its mistakes, each of which looks harmless where it is made
* The id of the running response is set by ``created`` and never cleared; a cancel names whatever it holds.
* Frames are read by the turn that waits for them, so nobody reads between turns.
* After a cancel the next turn throws frames away until a terminal, or until nothing comes for a while; then the socket is used on.
* No frame is asked whose it is. What cannot be read ends the turn, and the socket is used on.
* A lost connection is dialled again and the request sent again, whatever has been heard.
* Frames may have 1 MiB.

It serves plain turns only: that is enough for the rows that the original got wrong in words.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any, Final, Self, cast

import attrs
import trio

from rejoinder.engine import Endpoint, Session, Settings
from rejoinder.engine.websocket_wire import open_websocket_wire
from rejoinder.engine.wire import Wire, WireClosed

__all__ = ["open_naive_client"]

TERMINALS: Final = {"response.completed", "response.failed", "response.incomplete"}


class Failed(Exception):
    """A turn failed."""


class NaiveClient:
    """As much of a session as a plain turn needs."""

    def __init__(self, endpoint: Endpoint, settings: Settings, nursery: trio.Nursery) -> None:
        self.endpoint = endpoint
        self.settings = attrs.evolve(settings, frame_limit=2**20, queue=16)
        self.nursery = nursery
        self.wire: Wire | None = None
        self.leave = trio.Event()
        self.read: deque[str | bytes] = deque()
        self.current_id: str | None = None
        self.cancel_when_created = False
        self.drain_first = False
        self.chain: tuple[str, list[Any], list[Any]] | None = None

    @asynccontextmanager
    async def respond(self, items: Sequence[Any]) -> AsyncGenerator[NaiveResponse]:
        response = NaiveResponse(self, list(items))
        try:
            if self.drain_first:
                await self.drain()
            await response.send(full=False)
            yield response
        finally:
            if response.status == "in_progress":
                response.status = "cancelled"
                with trio.CancelScope(shield=True):
                    await self.cancel()

    async def dial(self) -> None:
        self.leave.set()
        self.leave, self.read, self.chain = trio.Event(), deque(), None
        self.wire = cast("Wire", await self.nursery.start(self.hold, self.leave))

    async def hold(self, leave: trio.Event, task_status: trio.TaskStatus[Wire]) -> None:
        async with open_websocket_wire(self.endpoint, self.settings) as wire:
            task_status.started(wire)
            await leave.wait()

    async def put(self, body: dict[str, Any]) -> None:
        if self.wire is None:
            await self.dial()
        assert self.wire is not None
        await self.wire.send(json.dumps(body))

    async def next(self) -> Any:  # noqa: ANN401 - whatever comes
        assert self.wire is not None
        while not self.read:
            self.read.extend(await self.wire.receive())
        return json.loads(self.read.popleft())

    async def cancel(self) -> None:
        if self.current_id is None:
            self.cancel_when_created = True
        else:
            await self.put({"type": "response.cancel", "response_id": self.current_id})
        self.current_id, self.drain_first = None, True

    async def drain(self) -> None:
        while True:
            event = None
            with trio.move_on_after(self.settings.policy.deadlines.drain):
                event = await self.next()
            if event is None or event.get("type") in TERMINALS:
                break
            if event.get("type") == "response.created" and self.cancel_when_created:
                self.cancel_when_created = False
                await self.put({"type": "response.cancel", "response_id": event["response"]["id"]})
        self.drain_first = self.cancel_when_created = False


class NaiveResponse:
    """One turn."""

    def __init__(self, client: NaiveClient, items: list[Any]) -> None:
        self.client = client
        self.items = items
        self.words = ""
        self.status = "in_progress"
        self.incomplete_reason: str | None = None
        self.usage: Any = None
        self.retried = False

    @property
    def partial(self) -> SimpleNamespace:
        return SimpleNamespace(text=self.words)

    async def text(self) -> str:
        await trio.lowlevel.checkpoint()
        return self.words

    async def send(self, *, full: bool) -> None:
        body: dict[str, Any] = {"type": "response.create", "model": "gpt-4.1", "store": False, "input": self.items}
        if self.client.chain is not None and not full:
            response_id, known, output = self.client.chain
            new = self.items[len(known) + len(output) :]
            if self.items[: len(known)] == known and new:
                body |= {"input": new, "previous_response_id": response_id}
        try:
            await self.client.put(body)
        except WireClosed:
            await self.client.dial()
            await self.client.put({**body, "input": self.items, "previous_response_id": None})

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> SimpleNamespace:
        if self.status != "in_progress":
            raise StopAsyncIteration
        try:
            event = await self.client.next()
            kind = event.get("type")
        except WireClosed:
            await self.send_again()
            return await self.__anext__()
        except (AttributeError, ValueError):
            self.status = "failed"
            raise
        return await self.take(kind, event)

    async def send_again(self) -> None:
        await self.client.dial()
        if self.retried:
            self.status = "failed"
            raise Failed
        self.retried = True
        await self.send(full=True)

    async def take(self, kind: str, event: Any) -> SimpleNamespace:  # noqa: ANN401 - whatever comes
        if kind == "response.created":
            self.client.current_id = event["response"]["id"]
        elif kind == "response.output_text.delta":
            self.words += str(event.get("delta"))
            if event.get("delta") is None:
                self.status = "failed"
                raise Failed("a text that is None")
        elif kind == "response.completed":
            self.status, self.usage = "completed", event["response"]["usage"]
            self.client.chain = (event["response"]["id"], self.items, event["response"]["output"])
        elif kind in TERMINALS:
            self.status = "failed"
            raise Failed(f"Response {kind}")
        elif kind == "error":
            await self.fail(event["error"])
        return SimpleNamespace(type=kind, raw=event, delta=event.get("delta"))

    async def fail(self, error: Any) -> None:  # noqa: ANN401 - whatever comes
        try:
            code = error.get("code")
        except AttributeError:
            self.status = "failed"
            raise
        if code == "previous_response_not_found" and not self.retried:
            self.retried, self.client.chain = True, None
            await self.send(full=True)
            return
        self.status, self.client.chain = "failed", None
        raise Failed(f"WebSocket API error: {error.get('message')}")


@asynccontextmanager
async def open_naive_client(endpoint: Endpoint, settings: Settings, wire: str) -> AsyncGenerator[Session]:
    """What the runner opens in place of a session."""
    async with trio.open_nursery() as nursery:
        client = NaiveClient(endpoint, settings, nursery)
        yield cast("Session", client)
        nursery.cancel_scope.cancel()
