"""The bare loop on trio, in two tasks: one reads, the other hears, and may leave in the middle without leaving anything unread."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import trio
from websockets.frames import Frame

from .bare_sans_io import BareSansIO, BareTalk
from .serving import serve_rounds


class HandedTalk(BareTalk):
    """A talk on one connection, whose frames are read by a task of its own and handed over as cheaply as trio can."""

    def __init__(self, url: str, stream: trio.SocketStream) -> None:
        super().__init__(url, stream)
        self._events: deque[dict[str, Any]] = deque()
        self._waiting: trio.lowlevel.Task | None = None

    async def read(self) -> None:
        """Read frames for as long as the connection is there, and hand them over."""
        while True:
            self._protocol.receive_data(await self._stream.receive_some())
            for frame in self._protocol.events_received():
                if isinstance(frame, Frame):
                    self._events.append(json.loads(str(frame.data, "utf-8")))
            if self._waiting is not None:
                trio.lowlevel.reschedule(self._waiting)
                self._waiting = None

    async def say(self, text: str, hear: Callable[[str], object]) -> None:
        """Send a create, and hear its answer to the end."""
        await self.ask(text)
        while True:
            while not self._events:
                self._waiting = trio.lowlevel.current_task()
                await trio.lowlevel.wait_task_rescheduled(self._forget)
            event = self._events.popleft()
            kind = event["type"]
            if kind == "response.output_text.delta":
                hear(event["delta"])
            elif kind == "response.completed":
                return

    def _forget(self, raise_cancel: object) -> trio.lowlevel.Abort:
        del raise_cancel
        self._waiting = None
        return trio.lowlevel.Abort.SUCCEEDED


class BareTwoTasks(BareSansIO):
    """The contender."""

    name = "bare loop: the same in two tasks, one that reads and one that hears"

    def talk_on(self, url: str, stream: trio.SocketStream) -> HandedTalk:
        """A talk on a connection."""
        return HandedTalk(url, stream)

    @asynccontextmanager
    async def talks(
        self, url: str, count: int = 1, *, history: Sequence[dict[str, Any]] = (), shared: bool = False
    ) -> AsyncGenerator[Sequence[HandedTalk]]:
        """Connect so many times."""
        async with super().talks(url, count, history=history, shared=shared) as talks, trio.open_nursery() as readers:
            for talk in talks:
                readers.start_soon(talk.read)
            yield talks
            readers.cancel_scope.cancel()


if __name__ == "__main__":
    serve_rounds(BareTwoTasks())
