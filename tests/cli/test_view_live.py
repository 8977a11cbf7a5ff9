"""`rejoinder view --live` serves the page of a trace that is being written, to this machine alone, and sends what is new.

Rule: virtual time over real sockets; both ends live in this process. The command itself runs in one of its own.
"""

from __future__ import annotations

import json
import signal
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import trio
from trio.testing import MockClock

from cli.processes import Process
from harness.telling import interrupted
from rejoinder.cli import view_live
from rejoinder.cli.refusals import CannotDo
from rejoinder.cli.view_live import new_steps, serve_page
from rejoinder.diagrams.viewer import page_data
from rejoinder.states.profiles import AZURE, CancelPolicy, Policy
from rejoinder.states.trace import Header, Reading, write_lines

LINES = list(write_lines(Header("1.2.3", AZURE, Policy(then=CancelPolicy.DRAIN)), interrupted()))


@pytest.fixture
def loopback_clock() -> MockClock:
    return MockClock(autojump_threshold=0.01)


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    return tmp_path / "a.trace.jsonl"


def add(trace: Path, *lines: str) -> None:
    with trace.open("a", encoding="ascii") as file:
        file.writelines(lines)


async def everything(trace: Path) -> list[dict[str, Any]]:
    """What a page is sent until the end."""
    async with aclosing(new_steps(trace)) as news:
        return [each async for each in news]


async def first_bytes(address: str, path: str, end: bytes) -> bytes:
    """What is answered until ``end`` comes; then the connection is dropped, as a browser does that leaves."""
    host, _, port = address.removeprefix("http://").rstrip("/").partition(":")
    answer = b""
    async with await trio.open_tcp_stream(host, int(port)) as stream:
        await stream.send_all(f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
        while not answer.endswith(end + b"\r\n"):
            answer += await stream.receive_some()
    return answer


@asynccontextmanager
async def news_of(trace: Path) -> AsyncGenerator[trio.MemoryReceiveChannel[dict[str, Any]]]:
    """What a page would be sent, as it comes."""
    sending, receiving = trio.open_memory_channel[dict[str, Any]](100)

    async def pass_on() -> None:
        async with sending, aclosing(new_steps(trace)) as all_news:
            async for news in all_news:
                await sending.send(news)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(pass_on)
        yield receiving
        nursery.cancel_scope.cancel()


async def test_lines_are_sent_as_they_are_written(trace: Path, autojump_clock: MockClock) -> None:
    async with news_of(trace) as news:
        await trio.sleep(5)  # there is no such file yet
        add(trace, *LINES[:3])
        first = await news.receive()
        add(trace, LINES[3][:20])
        await trio.sleep(5)
        nothing = news.statistics().current_buffer_used
        add(trace, LINES[3][20:], *LINES[4:])
        second = await news.receive()
    whole = page_data(Reading(LINES))

    assert (whole["about"], "") == (first["about"], first["notice"])
    assert 0 == nothing
    assert "about" not in second
    assert whole["steps"] == first["steps"] + second["steps"]
    assert whole["machines"] == first["machines"] + second["machines"]


@pytest.mark.parametrize(
    "lines, notice",
    [
        (("no trace\n",), "Line 1: The first line is not JSON"),
        ((*LINES[:2], "{\n", *LINES[2:]), "Line 3: It is not JSON"),
    ],
    ids=["other", "damaged"],
)
async def test_what_cannot_be_read_is_the_end(lines: tuple[str, ...], notice: str, trace: Path) -> None:
    add(trace, *lines)
    told = await everything(trace)

    assert told[-1]["end"]
    assert told[-1]["notice"].startswith(notice)
    assert max(0, len(lines) - len(LINES)) == sum(len(news["steps"]) for news in told)


async def test_a_page_that_is_full_is_the_end(trace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view_live, "MOST_STEPS", 3)
    add(trace, *LINES)
    (news,) = await everything(trace)

    assert (3, "Only 3 steps have room here.", True) == (len(news["steps"]), news["notice"], news["end"])


async def test_a_line_that_never_ends_is_the_end(trace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view_live, "LONGEST", 100)
    add(trace, LINES[0], "x" * 200)
    told = await everything(trace)

    assert told[-1]["notice"].startswith("Line 2: It is not JSON")


async def test_the_page_and_its_steps_are_served(trace: Path, loopback_clock: MockClock) -> None:
    add(trace, *LINES)
    async with serve_page(trace) as address, httpx.AsyncClient(trust_env=False) as client:
        page = await client.get(address)
        events = await first_bytes(address, "/events", b"\n\n")

    assert address.startswith("http://127.0.0.1:")
    assert (200, "text/html; charset=utf-8", "no-store") == (
        page.status_code,
        page.headers["content-type"],
        page.headers["cache-control"],
    )
    assert "connect-src &#x27;self&#x27;" in page.text
    head, _, body = events.partition(b"\r\n\r\n")
    data = body[body.index(b"data: ") + 6 : body.rindex(b"}") + 1]

    assert b"content-type: text/event-stream" in head.lower()
    assert len(interrupted()) == len(json.loads(data)["steps"])


async def test_other_names_are_not_answered(trace: Path, loopback_clock: MockClock) -> None:
    """A page from elsewhere whose name leads here would bring its own name along."""
    async with serve_page(trace) as address, httpx.AsyncClient(trust_env=False) as client:
        answers = [await client.get(address + path, headers={"Host": "elsewhere.example"}) for path in ("", "events")]

    assert [400, 400] == [answer.status_code for answer in answers]


async def test_a_port_that_is_taken_is_told(trace: Path, loopback_clock: MockClock) -> None:
    async with serve_page(trace) as address:
        port = int(address.rstrip("/").rpartition(":")[2])
        with pytest.raises(
            CannotDo, match=rf"^Nothing can listen on 127\.0\.0\.1 port {port} \(Address already in use\)\. .*--port\.$"
        ):
            async with serve_page(trace, port):
                pytest.fail("It must not begin.")  # pragma: no cover


def test_the_command_follows_until_it_is_stopped(trace: Path) -> None:
    add(trace, *LINES)
    with Process("view", "--live", str(trace)) as process:
        process.wait_for("Ctrl-C stops it.")
        process.signal(signal.SIGINT)
        status = process.wait()

    assert 0 == status
    assert process.output.endswith("Stopped.\n")


@pytest.mark.slow
def test_the_demo_is_followed() -> None:
    with Process("view", "--live", "demo") as process:
        process.wait_for("Ctrl-C stops it.")
        process.wait_for("The first turn")
        process.signal(signal.SIGTERM)
        status = process.wait()

    assert 0 == status
    assert process.output.endswith("Stopped.\n")
