"""A key that is renewed: asked for at each dial, within the connect deadline, and never shown."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from harness import over_http
from harness.pair import KEY
from rejoinder.engine import ConnectionFailed, Endpoint, HandshakeFailed, Policy, Session, Settings, open_session
from rejoinder.engine.key_provider import with_key
from rejoinder.states.profiles import OPENAI, Deadlines
from rejoinder.testing import MemoryNetwork, ModelServer
from rejoinder.testing.memory_wire import memory_connector

ONCE = Settings(policy=Policy(dial_attempts=1, deadlines=Deadlines(connect=3.0)))


def endpoint(provider: Callable[[], Awaitable[str]]) -> Endpoint:
    return Endpoint("ws://localhost/v1/responses", api_key=provider, profile=OPENAI)


class Keys:
    """Gives another key each time."""

    def __init__(self) -> None:
        self.asked = 0

    async def __call__(self) -> str:
        await trio.lowlevel.checkpoint()
        self.asked += 1
        return f"{KEY}-{self.asked}"


class Listening:
    """A network that notes the headers of each handshake."""

    def __init__(self) -> None:
        self.network = MemoryNetwork(ModelServer())
        self.seen: list[str] = []

    def __call__(self, endpoint: Endpoint, settings: Settings) -> Any:  # noqa: ANN401 - a connector
        self.seen.append(endpoint.handshake_headers()["Authorization"])
        return memory_connector(self.network)(endpoint, settings)


async def ask(session: Session) -> str:
    async with session.respond("Hi") as response:
        return await response.text()


@pytest.mark.original("B006")
async def test_the_key_is_asked_for_at_each_dial(autojump_clock: MockClock) -> None:
    keys, wires = Keys(), Listening()
    async with open_session(endpoint(keys), connector=wires) as session:
        await ask(session)
        await ask(session)
        for link in wires.network.links:
            link.cut()
        await trio.sleep(1)
        await ask(session)

    assert [f"Bearer {KEY}-1", f"Bearer {KEY}-2"] == wires.seen


async def test_over_http_the_key_is_asked_for_once_for_each_request(loopback_clock: MockClock) -> None:
    asked: list[str] = []

    async def give_key() -> str:
        await trio.lowlevel.checkpoint()
        asked.append(over_http.KEY)
        return over_http.KEY

    async with over_http.open_over_http(endpoint={"api_key": give_key}) as http:
        before = len(asked)
        await http.ask("Hi")
        await http.ask("Hi")

    assert (0, 2) == (before, len(asked))


async def failing() -> str:
    raise RuntimeError(f"the vault said {KEY}")


async def hanging() -> str:
    await trio.sleep_forever()
    raise AssertionError


async def empty() -> str:
    return " "


async def number() -> Any:  # noqa: ANN401
    return 7


async def broken() -> str:
    return f"{KEY}\n"


def not_async() -> Any:  # noqa: ANN401
    return None


@pytest.mark.parametrize(
    "provider, said, permanent",
    [
        (failing, "The key provider raised RuntimeError, so there is no key to connect with. Correct what api_key calls.", False),
        (empty, "The key provider gave an empty string. It has to give the key as a string.", True),
        (number, "The key provider gave a int. It has to give the key as a string.", True),
        (not_async, "The key provider gave a NoneType. It has to give the key as a string.", True),
        (broken, "The key provider gave a key that cannot be sent. The header 'Authorization' contains a line break", True),
    ],
)
async def test_what_is_no_key_is_a_refused_dial_in_clear_words(provider: Any, said: str, permanent: bool) -> None:  # noqa: ANN401, FBT001
    with pytest.raises(HandshakeFailed) as caught:
        await with_key(endpoint(provider))

    assert caught.value.message.startswith(said)
    assert permanent is caught.value.permanent
    assert KEY not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("provider", [failing, hanging, empty, broken])
async def test_the_caller_is_told_and_the_key_is_not_shown(
    provider: Callable[[], Awaitable[str]], autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    wires = Listening()
    async with open_session(endpoint(provider), ONCE, connector=wires) as session:
        with pytest.raises(ConnectionFailed) as caught:
            await ask(session)

    assert 3.0 >= trio.current_time()
    assert [] == wires.seen
    assert ("key provider" in str(caught.value)) is (provider is not hanging)
    assert KEY not in "".join(traceback.format_exception(caught.value)) + caplog.text + repr(session)


async def test_a_provider_that_fails_once_is_asked_again(autojump_clock: MockClock) -> None:
    keys, wires = Keys(), Listening()

    async def at_second_attempt() -> str:
        key = await keys()
        if keys.asked == 1:
            raise OSError
        return key

    async with open_session(endpoint(at_second_attempt), connector=wires) as session:
        assert "You said: Hi" == await ask(session)

    assert [f"Bearer {KEY}-2"] == wires.seen


async def test_a_key_that_is_given_is_not_asked_for() -> None:
    given = Endpoint("ws://localhost/v1/responses", api_key=KEY)

    assert given is await with_key(given)


def test_an_endpoint_with_a_provider_shows_no_key_and_sends_none() -> None:
    asked = endpoint(failing)

    assert "" == asked.key
    assert {} == asked.handshake_headers()
    assert "api_key" not in repr(asked)
