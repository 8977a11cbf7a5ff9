"""What a connector says of its end, and that anybody's wire will do."""

from collections import deque
from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import final

import pytest
import trio

from harness.pair import KEY
from rejoinder.engine import ConnectionFailed, Endpoint, HandshakeFailed, Settings, Wire, WireClosed, open_session
from rejoinder.testing import ModelServer
from rejoinder.testing.outgoing import Message


@final
class Loop:
    """A wire of a few lines: a server in the same task."""

    def __init__(self) -> None:
        self.server = ModelServer()
        self.connection = self.server.connect(0.0)
        self.frames: deque[str | bytes] = deque()
        self.came = trio.Event()

    async def send(self, text: str) -> None:
        self.server.receive(self.connection, text, 0.0)
        self.frames.extend(each.data for each in self.server.poll(0.0) if isinstance(each, Message))
        self.came.set()

    async def receive(self) -> Sequence[str | bytes]:
        await self.came.wait()
        self.came = trio.Event()
        frames = list(self.frames)
        self.frames.clear()
        return frames

    async def ping(self) -> None:
        await trio.lowlevel.checkpoint()


@final
class Collapsed:
    """A connector that never connects."""

    async def __aenter__(self) -> Wire:
        raise HandshakeFailed("The tunnel has collapsed.", status=403, retry_after=3.0, permanent=True)

    async def __aexit__(self, *_: object) -> None:
        """Nothing was entered."""


async def test_anybodys_wire_will_do() -> None:
    @asynccontextmanager
    async def connect(endpoint: Endpoint, settings: Settings) -> AsyncGenerator[Wire]:
        assert "localhost" == endpoint.host
        assert 7 == settings.queue
        yield Loop()

    async with (
        open_session(Endpoint("ws://localhost/", api_key=KEY), Settings(queue=7), connector=connect) as session,
        session.respond("Hello") as response,
    ):
        assert "You said: Hello" == await response.text()


async def test_what_a_connector_says_of_its_failure_reaches_the_caller() -> None:
    def connect(endpoint: Endpoint, settings: Settings) -> AbstractAsyncContextManager[Wire]:
        return Collapsed()

    async with (
        open_session(Endpoint("ws://localhost/", api_key=KEY), connector=connect) as session,
        session.respond("Hello") as response,
    ):
        with pytest.raises(ConnectionFailed, match=r"^The tunnel has collapsed\. Check what the API key may do") as caught:
            await response.text()

    assert caught.value.failure is not None
    assert (403, 3.0) == (caught.value.failure.status, caught.value.failure.retry_after)


def test_the_end_of_a_wire_has_a_code_where_one_was_seen() -> None:
    assert (None, "") == (WireClosed().code, WireClosed().reason)
    assert (1001, "going away") == (WireClosed(1001, "going away").code, WireClosed(1001, "going away").reason)


def test_a_failed_handshake_may_pass_unless_it_is_said_otherwise() -> None:
    failed = HandshakeFailed("No.")

    assert ("No.", None, None, False) == (failed.message, failed.status, failed.retry_after, failed.permanent)
