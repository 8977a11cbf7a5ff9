"""A bare loop on trio: the sans-I/O layer of ``websockets`` on a socket, ``json.loads``, and nothing else."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import trio
from websockets.client import ClientProtocol
from websockets.frames import Frame
from websockets.uri import parse_uri

from .bare import create_of
from .serving import serve_rounds
from .trio_client import TrioClient


class BareTalk:
    """A talk on one connection."""

    def __init__(self, url: str, stream: trio.SocketStream) -> None:
        self._protocol = ClientProtocol(parse_uri(url), max_size=None)
        self._stream = stream

    async def shake_hands(self) -> None:
        """Ask for the upgrade, and wait until it is there."""
        self._protocol.send_request(self._protocol.connect())
        await self._flush()
        while not self._protocol.events_received():
            self._protocol.receive_data(await self._stream.receive_some())

    async def ask(self, text: str) -> None:
        """Send a create."""
        self._protocol.send_text(create_of(text).encode())
        await self._flush()

    async def say(self, text: str, hear: Callable[[str], object]) -> None:
        """Send a create, and hear its answer to the end."""
        await self.ask(text)
        while True:
            self._protocol.receive_data(await self._stream.receive_some())
            for frame in self._protocol.events_received():
                if not isinstance(frame, Frame):
                    continue
                event = json.loads(str(frame.data, "utf-8"))
                kind = event["type"]
                if kind == "response.output_text.delta":
                    hear(event["delta"])
                elif kind == "response.completed":
                    return

    async def interrupt(self, text: str, after: int) -> float:
        """Not measured of this contender."""
        raise NotImplementedError

    async def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            await self._stream.send_all(data)


class BareSansIO(TrioClient):
    """The contender."""

    name = "bare loop: trio, websockets without its I/O, json.loads"
    settings = "all frames of a read at once, no limit on sizes, reads as large as trio makes them"
    packages = ("trio", "websockets")

    def talk_on(self, url: str, stream: trio.SocketStream) -> BareTalk:
        """A talk on a connection."""
        return BareTalk(url, stream)

    @asynccontextmanager
    async def talks(
        self, url: str, count: int = 1, *, history: Sequence[dict[str, Any]] = (), shared: bool = False
    ) -> AsyncGenerator[Sequence[Any]]:
        """Connect so many times."""
        del history, shared
        address = parse_uri(url)
        async with AsyncExitStack() as stack:
            talks: list[Any] = []
            for _ in range(count):
                stream = await stack.enter_async_context(await trio.open_tcp_stream(address.host, address.port))
                talks.append(self.talk_on(url, stream))
                await talks[-1].shake_hands()
            yield talks


if __name__ == "__main__":
    serve_rounds(BareSansIO())
