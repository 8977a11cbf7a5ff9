"""A server that means harm: each row of docs/hostile-input.md, played against the whole engine.

What is played over a link is data (``harness.hostile_input``); what needs a socket of its own has a test here, which the row names.
"""

from __future__ import annotations

import gzip
import logging
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import attrs
import httpx
import pytest
import trio
import trio.testing

from harness.hostile_input import DROPPED, FRAMES, LIMIT, WHOLE, WIRES, Frame, tables
from harness.loopback import HOST, Handler, answer, http, listen, read_head, upgraded
from harness.pair import KEY, open_pair
from rejoinder.engine import (
    ConnectionFailed,
    ConsumerTooSlow,
    Endpoint,
    OutputTooLarge,
    Policy,
    ResponseError,
    ResponseFailed,
    Session,
    Settings,
    open_session,
)
from rejoinder.engine.drive import Driver
from rejoinder.engine.transports import Transport
from rejoinder.states import Deadlines
from rejoinder.states.intake import LONGEST_ITEM, MOST_ITEMS
from rejoinder.states.profiles import ReplayPolicy
from rejoinder.states.records import Lane
from rejoinder.testing import (
    AZURE,
    ITEM_ID,
    OPENAI,
    Answer,
    CancelMode,
    ErrorFrame,
    Event,
    ModelServer,
    Pause,
    Stall,
    Step,
    Text,
    scripted,
)
from rejoinder.testing.server_profiles import ServerProfile
from rejoinder.testing.simulator import serve

PAGE: Final = (Path(__file__).parents[2] / "docs" / "hostile-input.md").read_text()
HEAD: Final = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
STORY: Final = [Text("one"), Text("two")]


async def ending(session: Session, text: str = "Go on.", **fields: Any) -> tuple[str, str]:  # noqa: ANN401 - the wire's names
    """How a response ends for its caller, in the words of the page, and its text."""
    async with session.respond(text, **fields) as response:
        try:
            async for _ in response:
                pass
        except ResponseError as error:
            return f"`{type(error).__name__}`: {'' if error.failure is None else error.failure.cause}", error.partial.text
        return response.status, response.partial.text


# -- over a link -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", [OPENAI, AZURE], ids=["lanes", "serial"])
@pytest.mark.parametrize("row", FRAMES, ids=[row.what for row in FRAMES])
async def test_what_is_sent_over_a_link(row: Frame, profile: ServerProfile, autojump_clock: trio.testing.MockClock) -> None:
    steps: list[Step] = [Text("one"), *row.steps, Text("two")]
    server = ModelServer(profile, scripted([Answer([Text("Hello.")]), Answer(steps)]))
    async with open_pair(server, settings=Settings(output_limit=LIMIT)) as pair:
        await pair.ask("Hello?")
        outcome, text = await ending(pair.session)
        assert "You said: Still there?" == await pair.ask("Still there?")
        counts = pair.session.statistics().counts

    expected, _, rest = row.outcome.partition("; ")
    assert expected == outcome
    assert text.startswith("one")
    assert (expected == WHOLE) == text.endswith("two")
    if profile is OPENAI and row.counted is not None:
        assert (DROPPED, 1) == (rest, counts[row.counted])
    assert 0 == counts.get("Illegal", 0)


@pytest.mark.parametrize("row", FRAMES, ids=[row.what for row in FRAMES])
async def test_what_is_sent_while_nobody_asks(row: Frame, autojump_clock: trio.testing.MockClock) -> None:
    late = [step for step in row.steps if not isinstance(step, Stall)]
    server = ModelServer(AZURE, scripted([Answer([Text("Hello.")], late=late)]))
    async with open_pair(server) as pair:
        assert "Hello." == await pair.ask("Hello?")
        await trio.sleep(1)
        assert "You said: Still there?" == await pair.ask("Still there?")
        assert 0 == pair.session.statistics().counts.get("Illegal", 0)


async def test_the_limit_counts_all_that_came_and_the_session_goes_on(autojump_clock: trio.testing.MockClock) -> None:
    endless = Answer([Text("word " * 2000), Stall()])
    async with open_pair(ModelServer(answer=scripted([endless])), settings=Settings(output_limit=LIMIT)) as pair:
        async with pair.session.respond("Go on.") as response:
            with pytest.raises(OutputTooLarge, match=r"allow more with Settings\(output_limit=…\)\.$") as caught:
                # Nothing is buffered for one who waits for the whole, and all of it is kept.
                await response.text()
        assert "You said: And now?" == await pair.ask("And now?")

    assert 0 < len(caught.value.partial.text) < LIMIT
    assert caught.value.verdict is not None
    assert not caught.value.verdict.replay_safe


async def test_what_is_read_in_time_counts_as_well(autojump_clock: trio.testing.MockClock) -> None:
    endless = Answer([Text("word " * 2000, interval=0.01)])
    settings = Settings(output_limit=LIMIT, buffer_limit=5000)
    async with open_pair(ModelServer(answer=scripted([endless])), settings=settings) as pair:
        assert "`OutputTooLarge`: output too large" == (await ending(pair.session))[0]


async def test_what_fits_is_not_touched(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(
        ModelServer(answer=scripted([Answer([Text("word " * 20)])])), settings=Settings(output_limit=LIMIT)
    ) as pair:
        assert (WHOLE, "word " * 20) == await ending(pair.session)


async def test_what_is_not_read_is_bounded(autojump_clock: trio.testing.MockClock) -> None:
    endless = Answer([Text("word " * 2000, interval=0.01)])
    async with (
        open_pair(ModelServer(answer=scripted([endless])), settings=Settings(buffer_limit=LIMIT)) as pair,
        pair.session.respond("Go on.") as response,
    ):
        await trio.sleep(100)
        assert len(response._buffer) < LIMIT / 100  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
        with pytest.raises(ConsumerTooSlow):
            async for _ in response:
                pass


def lanes(session: Session) -> list[Lane]:
    """What the session remembers of each lane."""
    driver = session._driver  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
    assert isinstance(driver, Driver)
    links = driver.lifecycle.links.values()
    return [lane for link in links for lane in link.lanes.values()]


def added(number: int, what: str) -> Event:
    """An item of an endless response."""
    item: dict[str, Any] = {"type": "message", "id": f"item-{number}", "role": "assistant", "content": [], "status": "completed"}
    return Event({"type": f"response.output_item.{what}", "output_index": number, "item": item})


async def test_what_is_abandoned_is_not_kept(autojump_clock: trio.testing.MockClock) -> None:
    items = [step for number in range(MOST_ITEMS + 500) for step in (added(number, "added"), added(number, "done"))]
    items.insert(0, added(10 ** (LONGEST_ITEM + 1), "added"))
    answers = [Answer([Text("Hello.")]), Answer([Text("one"), Pause(0.5), *items, Stall()])]
    server = ModelServer(OPENAI, scripted(answers), CancelMode.IGNORE)
    async with open_pair(server) as pair:
        await pair.ask("Hello?")
        async with pair.session.respond("Go on.") as response:
            await anext(response)
        await trio.sleep(1)
        kept = max((len(lane.items), len(lane.output), max(map(len, lane.items), default=0)) for lane in lanes(pair.session))
        await trio.sleep(10)
        assert "You said: Still there?" == await pair.ask("Still there?")

    assert MOST_ITEMS == kept[0]
    assert kept[1] <= 1
    assert kept[2] <= LONGEST_ITEM


async def test_frames_that_nobody_asked_for_are_not_kept(autojump_clock: trio.testing.MockClock) -> None:
    late = [
        Event({"type": "response.output_text.delta", "item_id": ITEM_ID, "output_index": 0, "content_index": 0, "delta": "x"})
    ] * 3000
    async with open_pair(ModelServer(AZURE, scripted([Answer([Text("Hello.")], late=late)]))) as pair:
        await pair.ask("Hello?")
        await trio.sleep(1)
        counts = pair.session.statistics().counts
        kept = [(lane.output, lane.name) for lane in lanes(pair.session)]

    assert 3000 == counts["StrayContent"]
    assert [([], None)] == kept


# -- below the frames ------------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def open_to(
    handler: Handler, settings: Settings | None = None, transport: Transport = "websocket", client: httpx.AsyncClient | None = None
) -> AsyncGenerator[Session]:
    """A session to a server that does what ``handler`` does."""
    async with trio.open_nursery() as nursery:
        listener = await listen(nursery, handler)
        async with open_session(Endpoint(listener.url, api_key=KEY), settings, transport=transport, http_client=client) as session:
            yield session
        nursery.cancel_scope.cancel()


def text_frame(payload: bytes) -> bytes:
    """A frame of text, as a server sends it."""
    return b"\x81\x7f" + len(payload).to_bytes(8, "big") + payload


async def test_a_frame_that_is_too_large_closes_the_link(loopback_clock: trio.testing.MockClock) -> None:
    async def sends(stream: trio.SocketStream) -> None:
        await stream.receive_some()
        # It announces a terabyte, and goes on until nobody listens.
        await stream.send_all(b"\x81\x7f" + (2**40).to_bytes(8, "big"))
        while True:
            await stream.send_all(b" " * 65536)

    settings = Settings(frame_limit=100_000, policy=Policy(replay=ReplayPolicy.NEVER))
    async with open_to(upgraded(sends), settings) as session:
        outcome, _ = await ending(session)

    assert "`Interrupted`: connection lost" == outcome


async def test_a_head_without_end_is_no_handshake(loopback_clock: trio.testing.MockClock) -> None:
    sent = 0

    async def talks(stream: trio.SocketStream) -> None:
        nonlocal sent
        await read_head(stream)
        await stream.send_all(b"HTTP/1.1 101 Switching Protocols\r\nX: ")
        while True:
            await stream.send_all(b"x" * 4096)
            sent += 4096

    async with open_to(talks) as session:
        with pytest.raises(ConnectionFailed, match="did not answer as a WebSocket server does"):
            async with session.respond("Hi") as response:
                await response.text()

    # What is not read fills the buffers of the system, and no more.
    assert sent < 64 * 1024 * 1024


@asynccontextmanager
async def elsewhere() -> AsyncGenerator[tuple[str, list[bytes]]]:
    """Another server, to which nobody may be led: its address, and what it was told."""
    told: list[bytes] = []

    async def hears(stream: trio.SocketStream) -> None:
        told.append(await read_head(stream))

    async with trio.open_nursery() as nursery:
        listener = await listen(nursery, hears)
        yield f"{HOST}:{listener.port}/v1/responses", told
        nursery.cancel_scope.cancel()


async def test_a_redirect_of_the_handshake_is_a_refusal(loopback_clock: trio.testing.MockClock) -> None:
    async with elsewhere() as (other, told), open_to(answer(http(302, f"Location: ws://{other}"))) as session:
        with pytest.raises(ConnectionFailed, match="refused the connection with HTTP status 302"):
            async with session.respond("Hi") as response:
                await response.text()

    assert [] == told


async def test_a_redirect_over_http_is_a_refusal_also_for_a_client_that_follows(loopback_clock: trio.testing.MockClock) -> None:
    async with elsewhere() as (other, told), httpx.AsyncClient(follow_redirects=True) as client:
        moved = answer(http(307, f"Location: http://{other}"))
        async with open_to(moved, transport="http", client=client) as session:
            assert ("`ResponseFailed`: rejected", "") == await ending(session)
            with pytest.raises(ResponseFailed, match="HTTP status 307"):
                await session.infer("Hi")

    assert [] == told


async def endless(stream: trio.SocketStream, head: bytes, body: bytes) -> None:
    """Answer, and never stop."""
    await read_head(stream)
    await stream.send_all(head)
    while True:
        await stream.send_all(body)


async def test_an_event_without_end_over_http(loopback_clock: trio.testing.MockClock) -> None:
    settings = Settings(frame_limit=100_000, policy=Policy(replay=ReplayPolicy.NEVER))
    async with open_to(lambda stream: endless(stream, HEAD + b"data: ", b"x" * 4096), settings, "http") as session:
        assert "`Interrupted`: connection lost" == (await ending(session))[0]


async def test_an_answer_in_one_piece_without_end(loopback_clock: trio.testing.MockClock) -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n{"
    async with open_to(lambda stream: endless(stream, head, b" " * 4096), Settings(frame_limit=100_000), "http") as session:
        with pytest.raises(OutputTooLarge, match="more than 100000 bytes"):
            await session.infer("Hi")


async def test_a_compressed_answer_is_bounded_by_what_comes_out(loopback_clock: trio.testing.MockClock) -> None:
    bomb = gzip.compress(b"data: " + b" " * 30_000_000)
    head = f"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {len(bomb)}\r\ncontent-type: {{}}\r\n\r\n"
    settings = Settings(frame_limit=100_000, policy=Policy(replay=ReplayPolicy.NEVER))
    async with open_to(answer(head.format("application/json").encode() + bomb), settings, "http") as session:
        with pytest.raises(OutputTooLarge, match="more than 100000 bytes"):
            await session.infer("Hi")
    async with open_to(answer(head.format("text/event-stream").encode() + bomb), settings, "http") as session:
        assert "`Interrupted`: connection lost" == (await ending(session))[0]


@pytest.mark.parametrize(
    "name, sent",
    [
        ("../../v1/files/x", b"%2E%2E%2F%2E%2E%2Fv1%2Ffiles%2Fx"),
        ("..", b"%2E%2E"),
        ("a?b=c#d", b"a%3Fb%3Dc%23d"),
        ("a\r\nX-Evil: 1", b"a%0D%0AX-Evil%3A%201"),
        ("\ud800", b"%3F"),
    ],
)
async def test_an_id_is_no_path(name: str, sent: bytes, loopback_clock: trio.testing.MockClock) -> None:
    asked: list[bytes] = []

    async def refuses(stream: trio.SocketStream) -> None:
        asked.append((await read_head(stream)).split(b"\r\n")[0])
        await stream.send_all(http(404))

    async with open_to(refuses) as session:
        background = session.background_response(name)
        for call in (background.retrieve, background.cancel, background.delete, background.result):
            with pytest.raises(ResponseFailed, match="HTTP status 404"):
                await call()

    place = b"/v1/responses/" + sent
    assert [b"GET " + place, b"POST " + place + b"/cancel", b"DELETE " + place, b"GET " + place + b"?stream=true"] == [
        line.removesuffix(b" HTTP/1.1") for line in asked
    ]


async def test_a_background_response_without_end(loopback_clock: trio.testing.MockClock) -> None:
    server = ModelServer(answer=scripted([Answer([Text("word " * 2000), Stall()])]))
    async with serve(server) as simulator:
        endpoint = Endpoint(simulator.url, api_key=KEY)
        async with open_session(endpoint, Settings(store=True, output_limit=LIMIT)) as session:
            background = await session.start_background("Go on.")
            with pytest.raises(OutputTooLarge, match="Cancel it, or allow more"):
                await background.result()
            assert "cancelled" == (await background.cancel()).status


async def test_a_pause_of_years_is_not_kept(loopback_clock: trio.testing.MockClock) -> None:
    refusal = answer(http(503, "Retry-After: 99999999999"))
    async with open_to(refusal, Settings(policy=Policy(deadlines=Deadlines(connect=5)))) as session:
        with pytest.raises(ConnectionFailed):
            async with session.respond("Hi") as response:
                await response.text()
        assert trio.current_time() <= 5


async def test_what_a_server_says_cannot_forge_a_line_of_the_log(
    autojump_clock: trio.testing.MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "rejoinder")
    forged = "x\nWARNING  rejoinder: all is well\x1b[2J\u202e" + "y" * 10_000
    answers = [
        Answer(reject=ErrorFrame(code=forged, message=forged, status=400)),
        Answer([Text("one"), ErrorFrame(code=forged, message=forged, shape="flat")], terminal="failed", response_id=forged),
        Answer([Text("one")], response_id=forged),
    ]
    async with open_pair(ModelServer(AZURE, scripted(answers))) as pair:
        for text in ("first", "second", "third", "fourth"):
            await ending(pair.session, text)

    lines = [record.getMessage() for record in caplog.records]
    assert 10 < len(lines)
    assert [] == [line for line in lines if re.search(r"[\n\x1b\u202e]", line) or len(line) > 1000]
    assert KEY not in caplog.text


# -- the page --------------------------------------------------------------------------------------------------------------------


def test_the_page_has_every_row() -> None:
    assert "\n".join(tables()) in PAGE


def test_each_row_below_the_frames_is_shown_by_a_test() -> None:
    assert [] == [row.test for row in WIRES if row.test not in globals()]


def test_the_figures_of_the_page_are_the_defaults() -> None:
    defaults = {name: getattr(Settings(), name) for name in ("frame_limit", "buffer_limit", "output_limit")}

    for name, value in defaults.items():
        assert f"| `{name}` | {value // 2**20} MiB |" in PAGE
    assert attrs.fields(Frame).bound.default == "`frame_limit`"
