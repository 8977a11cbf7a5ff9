"""A link of streams, with a wire that is driven by hand: what is begun, what is ended, and what news is still news."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, final

import attrs
import pytest
import trio
import trio.testing

from rejoinder.engine import Endpoint, Interrupted, Moved, Note, Observation, Session, Settings, WireClosed
from rejoinder.engine.drive import Driver
from rejoinder.engine.http_client import HttpClient
from rejoinder.engine.nurseries import open_inner_nursery
from rejoinder.engine.wire import StreamBegun, StreamFrame, StreamNews, StreamOver, StreamWire
from rejoinder.states.profiles import HTTP


@final
class HandWire:
    """A wire of streams that says what a test tells it to say."""

    def __init__(self) -> None:
        self.begun: list[tuple[str | None, dict[str, Any]]] = []
        self.ended: list[tuple[str | None, bool]] = []
        self._send, self._receive = trio.open_memory_channel[StreamNews | Exception](100)

    def begin_stream(self, lane: str | None, text: str) -> None:
        self.begun.append((lane, json.loads(text)))

    def end_stream(self, lane: str | None, *, abandoned: bool) -> None:
        self.ended.append((lane, abandoned))

    async def receive_news(self) -> StreamNews:
        news = await self._receive.receive()
        if isinstance(news, Exception):
            raise news
        return news

    def say(self, news: StreamNews | Exception) -> None:
        self._send.send_nowait(news)

    def event(self, lane: str, kind: str, number: int, **fields: Any) -> None:  # noqa: ANN401 - JSON
        self.say(StreamFrame(lane, json.dumps({"type": kind, "sequence_number": number, **fields})))


@final
@attrs.define(eq=False)
class Hands:
    """A session over a wire that is driven by hand."""

    session: Session
    wire: HandWire
    seen: list[Observation] = attrs.field(factory=list[Observation])


@asynccontextmanager
async def open_hands() -> AsyncGenerator[Hands]:
    wire = HandWire()

    @asynccontextmanager
    async def connect(endpoint: Endpoint, settings: Settings) -> AsyncGenerator[StreamWire]:
        del endpoint, settings
        await trio.lowlevel.checkpoint()
        yield wire

    endpoint, settings = Endpoint("ws://localhost/v1/responses", "k"), Settings()
    async with open_inner_nursery() as nursery:
        driver = Driver(endpoint, settings, connect, nursery, profile=HTTP)
        session = Session(driver, HttpClient(endpoint, settings), nursery)
        nursery.start_soon(driver.keep_time)
        hands = Hands(session, wire)
        session.observe(hands.seen.append)
        yield hands
        session.close()
        nursery.cancel_scope.cancel()


def begin(wire: HandWire, response: str = "resp_1", lane: str = "lane-1") -> None:
    wire.say(StreamBegun(lane, f"req of {response}"))
    wire.event(lane, "response.created", 0, response={"id": response})


def complete(wire: HandWire, response: str = "resp_1", lane: str = "lane-1") -> None:
    wire.event(lane, "response.completed", 1, response={"id": response, "status": "completed", "output": []})


async def test_a_response_from_its_create_to_its_end(autojump_clock: trio.testing.MockClock) -> None:
    async with open_hands() as hands, hands.session.respond("Hi") as response:
        await trio.testing.wait_all_tasks_blocked()
        begin(hands.wire)
        complete(hands.wire)
        result = await response.result()

        assert ("completed", "req of resp_1") == (result.status, result.request_id)
        assert [
            (
                "lane-1",
                {"stream": True, **response.content.fields, "input": response.content.items and list(response.content.items)},
            )
        ] == (hands.wire.begun)
        assert [("lane-1", False)] == hands.wire.ended


async def test_a_create_that_has_not_left_is_taken_back(autojump_clock: trio.testing.MockClock) -> None:
    async with open_hands() as hands:
        async with hands.session.respond("warm"):
            await trio.testing.wait_all_tasks_blocked()
        async with hands.session.respond("Hi"):
            pass
        await trio.testing.wait_all_tasks_blocked()

        assert ["warm"] == [body["input"][0]["content"] for _, body in hands.wire.begun]
        assert [("lane-1", True)] == hands.wire.ended


async def test_news_of_a_lane_that_nobody_has_is_counted(autojump_clock: trio.testing.MockClock) -> None:
    async with open_hands() as hands, hands.session.respond("Hi") as response:
        await trio.testing.wait_all_tasks_blocked()
        hands.wire.say(StreamBegun("lane-9", "req_9"))
        hands.wire.say(StreamOver("lane-9"))
        hands.wire.event("lane-9", "response.created", 0, response={"id": "resp_9"})
        begin(hands.wire)
        complete(hands.wire)
        await response.result()

        assert ["Late", "UnknownLane"] == [note.name for note in hands.seen if isinstance(note, Note)]


@pytest.mark.parametrize("error", [WireClosed(None, "it broke"), ValueError("a fault of the wire's own")])
async def test_a_wire_that_ends_is_the_end_of_its_responses(error: Exception, autojump_clock: trio.testing.MockClock) -> None:
    async with open_hands() as hands:
        async with hands.session.respond("Hi") as response:
            await trio.testing.wait_all_tasks_blocked()
            begin(hands.wire)
            hands.wire.event("lane-1", "response.output_item.added", 1, output_index=0, item={"id": "msg_1", "type": "message"})
            hands.wire.say(error)
            with pytest.raises(Interrupted, match="The connection was lost"):
                await response.result()
        assert ("open", "Lost", "closed") in [
            (move.source, move.event, move.target) for move in hands.seen if isinstance(move, Moved) and move.machine == "link"
        ]


async def test_news_of_a_link_that_was_closed_meanwhile_is_nobodys(autojump_clock: trio.testing.MockClock) -> None:
    async with open_hands() as hands:
        async with hands.session.respond("Hi") as response:
            await trio.testing.wait_all_tasks_blocked()
            begin(hands.wire)
            hands.wire.say(StreamOver("lane-1", "it broke"))
            hands.session.close()
            assert "interrupted" == response.status
        await trio.testing.wait_all_tasks_blocked()

        assert 0 == hands.session.statistics().frames_received
