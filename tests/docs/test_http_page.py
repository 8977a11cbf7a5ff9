"""The table of errors in docs/http.md is what happens, on each transport, against a server that refuses.

Rule: a row is read from the page, and each of its statuses is tried.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest
import trio.testing

from harness.loopback import HOST, free_port
from harness.over_http import OverHttp, open_over_http
from rejoinder.engine import ConnectionFailed, Endpoint, Policy, ResponseError, Settings, Transport, open_session
from rejoinder.testing import Answer, ModelServer
from rejoinder.testing.script import ErrorFrame
from rejoinder.testing.server_faults import ServerFaults

PAGE: Final = (Path(__file__).parents[2] / "docs" / "http.md").read_text("utf-8")
ROWS: Final = re.findall(r"^\| ([45][\dx, ]+) \| (.*) \| (.*) \| (.*) \|$", PAGE, re.MULTILINE)
STATUSES: Final = [
    (status, *cells) for statuses, *cells in ROWS for status in map(int, statuses.replace("5xx", "500, 503").split(", "))
]
POLICY: Final = Policy(dial_attempts=3)


@pytest.fixture
def loopback_clock() -> trio.testing.MockClock:
    """Virtual time over real sockets."""
    return trio.testing.MockClock(autojump_threshold=0.01)


async def ended(both: OverHttp) -> str:
    """The error that asking ends with; that of an answer is empty."""
    try:
        await both.ask("Hi")
    except ResponseError as error:
        return type(error).__name__
    return ""


def test_the_table_was_read() -> None:
    assert {400, 401, 403, 404, 408, 409, 426, 429, 500, 503} == {status for status, *_ in STATUSES}


@pytest.mark.parametrize("status, told", [(status, cells[0]) for status, *cells in STATUSES])
async def test_on_a_websocket(status: int, told: str, loopback_clock: trio.testing.MockClock) -> None:
    server = ModelServer(faults=ServerFaults(refuse_status=status))
    async with open_over_http(server, transport="websocket", policy=POLICY) as both:
        error = await ended(both)

    assert f"`{error}`" in told
    assert ("dialled again" in told) == (len(both.simulator.upgrades) == 3)
    assert [] == both.creates


@pytest.mark.parametrize("status, told", [(status, cells[1]) for status, *cells in STATUSES])
async def test_over_http(status: int, told: str, loopback_clock: trio.testing.MockClock) -> None:
    server = ModelServer(answer=lambda _: Answer(reject=ErrorFrame(status=status, message="Not that.")))
    async with open_over_http(server, policy=POLICY) as both:
        error = await ended(both)

    assert f"`{error}`" in told
    assert (3 if "sent again, twice" in told else 1) == len(both.simulator.http_requests)


@pytest.mark.parametrize("status, told", [(status, cells[2]) for status, *cells in STATUSES])
async def test_with_both(status: int, told: str, loopback_clock: trio.testing.MockClock) -> None:
    server = ModelServer(faults=ServerFaults(refuse_status=status))
    async with open_over_http(server, transport="auto", policy=POLICY) as both:
        error = await ended(both)

    assert (f"`{error}`" if error else "asked over HTTP") in told
    assert ("dialled again" in told) == (len(both.simulator.upgrades) == 3)


@pytest.mark.parametrize(
    "transport, error, code", [("websocket", "ConnectionFailed", None), ("http", "ResponseFailed", "invalid_api_key")]
)
async def test_a_wrong_key(transport: str, error: str, code: str | None, loopback_clock: trio.testing.MockClock) -> None:
    async with open_over_http(transport=transport, endpoint={"headers": {"Authorization": "Bearer wrong"}}) as both:
        with pytest.raises(ResponseError) as caught:
            await both.ask("Hi")

    assert error == type(caught.value).__name__
    assert caught.value.failure is not None
    assert (401, code) == (caught.value.failure.status, caught.value.failure.code)


@pytest.mark.parametrize("transport", ["websocket", "http", "auto"])
async def test_nobody_there(transport: Transport, loopback_clock: trio.testing.MockClock) -> None:
    (told,) = re.findall(r"^\| nothing: .*$", PAGE, re.MULTILINE)
    endpoint = Endpoint(f"ws://{HOST}:{free_port()}/v1/responses", "none")
    async with open_session(endpoint, Settings(policy=POLICY), transport=transport) as session:
        with pytest.raises(ConnectionFailed):
            async with session.respond("Hi") as response:
                await response.text()

    assert 3 == told.count("`ConnectionFailed`")
