"""A server in a thread of its own serves any client, ends when it is told to, and says what failed in it."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Generator

import httpx
import pytest
import trio

from rejoinder.engine import Endpoint, open_session
from rejoinder.testing import Answer, ModelServer, Received
from rejoinder.testing.background_server import BackgroundServer


@pytest.fixture
def running() -> Generator[BackgroundServer]:
    server = BackgroundServer()
    server.start()
    yield server
    server.stop()


async def ask(url: str) -> str:
    async with open_session(Endpoint(url, api_key="any")) as session, session.respond("Hi") as response:
        return await response.text()


def test_engine_in_another_run_is_answered(running: BackgroundServer) -> None:
    assert "You said: Hi" == trio.run(ask, running.url)
    assert 1 == len(running.server.creates())


def test_answer_may_be_set_while_it_runs(running: BackgroundServer) -> None:
    def say_nothing(received: Received) -> Answer:
        return Answer(terminal="incomplete")

    running.server.answer = say_nothing

    assert not trio.run(ask, running.url)


def test_client_without_trio_is_answered(running: BackgroundServer) -> None:
    async def dial() -> None:
        _, writer = await asyncio.open_connection(running.host, running.port)
        writer.close()
        await writer.wait_closed()

    asyncio.run(dial())

    assert httpx.get(running.http_url).status_code >= 400


def test_nothing_is_left_when_it_has_stopped() -> None:
    before = set(threading.enumerate())
    server = BackgroundServer(ModelServer())
    server.start()
    server.stop()

    assert before == set(threading.enumerate())
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((server.host, server.port))


def test_stopping_twice_does_no_harm(running: BackgroundServer) -> None:
    running.stop()
    running.stop()


def test_failing_answer_is_raised_at_the_end() -> None:
    def fail(received: Received) -> Answer:
        raise ZeroDivisionError(received.text)

    server = BackgroundServer(ModelServer(answer=fail))
    server.start()

    async def ask_in_vain() -> None:
        with trio.move_on_after(0.5):
            async with open_session(Endpoint(server.url, api_key="any")) as session, session.respond("Hi"):
                await trio.sleep_forever()

    trio.run(ask_in_vain)

    with pytest.raises(BaseExceptionGroup) as caught:
        server.stop()
    assert caught.group_contains(ZeroDivisionError)


def test_port_that_is_taken_is_said_by_start(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(*args: object, **settings: object) -> None:
        raise OSError("in use")

    monkeypatch.setattr(trio, "open_tcp_listeners", refuse)

    with pytest.raises(OSError, match="in use"):
        BackgroundServer().start()
