"""The simulator over HTTP, asked as any client would: status, headers, events, and what is kept."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, final

import attrs
import httpx
import pytest
import trio
import trio.testing

from rejoinder.testing import Answer, ModelServer, Raw, Stall, Text, scripted
from rejoinder.testing.faults import ServerSetup, with_faults
from rejoinder.testing.script import ErrorFrame, LoseConnection, Received
from rejoinder.testing.simulator import Simulator, serve


@pytest.fixture
def loopback_clock() -> trio.testing.MockClock:
    """Virtual time over real sockets."""
    return trio.testing.MockClock(autojump_threshold=0.01)


@final
@attrs.define(eq=False)
class Site:
    """A simulator and a client of it."""

    simulator: Simulator
    client: httpx.AsyncClient

    async def post(self, path: str = "", **body: Any) -> httpx.Response:  # noqa: ANN401 - JSON
        return await self.client.post(f"/v1/responses{path}", json={"model": "m", "input": "Hi", **body})

    async def get(self, path: str, **query: str) -> httpx.Response:
        return await self.client.get(f"/v1/responses{path}", params=query)


@asynccontextmanager
async def open_site(*answers: Answer, faults: tuple[str, ...] = (), **options: Any) -> AsyncGenerator[Site]:  # noqa: ANN401
    setup = with_faults(ServerSetup(answer=scripted(answers)), faults)
    async with serve(setup.build(), **options) as simulator:
        base = f"http://127.0.0.1:{simulator.port}"
        async with httpx.AsyncClient(base_url=base, timeout=60) as client:
            yield Site(simulator, client)


def events_in(reply: httpx.Response) -> list[dict[str, Any]]:
    """The events of a stream, each checked to be named as its data says."""
    events: list[dict[str, Any]] = []
    for block in reply.text.split("\n\n")[:-1]:
        name, data = block.split("\n")
        event = json.loads(data.removeprefix("data: "))
        assert f"event: {event['type']}" == name
        events.append(event)
    return events


async def test_a_stream(loopback_clock: trio.testing.MockClock) -> None:
    async with open_site() as site:
        reply = await site.post(stream=True)

    assert (200, "text/event-stream; charset=utf-8", "req_1") == (
        reply.status_code,
        reply.headers["content-type"],
        reply.headers["x-request-id"],
    )
    events = events_in(reply)
    assert ("response.created", "response.completed") == (events[0]["type"], events[-1]["type"])
    assert list(range(len(events))) == [event["sequence_number"] for event in events]
    assert "stream_id" not in events[0]


async def test_in_one_piece(loopback_clock: trio.testing.MockClock) -> None:
    async with open_site() as site:
        reply = await site.post()

    assert ("completed", "You said: Hi") == (reply.json()["status"], reply.json()["output"][0]["content"][0]["text"])


@pytest.mark.parametrize("stream", [True, False])
async def test_a_refusal_is_a_status_with_its_headers(stream: bool, loopback_clock: trio.testing.MockClock) -> None:  # noqa: FBT001
    refused = Answer(reject=ErrorFrame(status=429, code="slow_down", message="Slowly.", headers={"retry-after": "3"}))
    async with open_site(refused) as site:
        reply = await site.post(stream=stream)

    assert (429, "3") == (reply.status_code, reply.headers["retry-after"])
    assert {"type": "invalid_request_error", "code": "slow_down", "message": "Slowly.", "param": None} == reply.json()["error"]


async def test_what_cannot_be_read(loopback_clock: trio.testing.MockClock) -> None:
    async with open_site() as site:
        replies = [await site.client.post("/v1/responses", content=content) for content in (b"{", b"[]", b"\xff")]
        no_model = await site.client.post("/v1/responses", json={"input": "Hi"})
        nothing = await site.client.post("/v1/responses/compact", json={})

    assert [400] * 3 == [reply.status_code for reply in replies]
    assert (400, "model") == (no_model.status_code, no_model.json()["error"]["param"])
    assert (400, "input") == (nothing.status_code, nothing.json()["error"]["param"])


async def test_a_wrong_key(loopback_clock: trio.testing.MockClock) -> None:
    async with open_site(key="right") as site:
        reply = await site.client.post("/v1/responses", json={}, headers={"authorization": "Bearer wrong"})

    assert (401, "invalid_api_key") == (reply.status_code, reply.json()["error"]["code"])
    assert "***" == site.simulator.http_requests[0]["authorization"]


@pytest.mark.parametrize("stream", [True, False])
async def test_a_loss_is_a_reset(stream: bool, loopback_clock: trio.testing.MockClock) -> None:  # noqa: FBT001
    async with open_site(Answer([Text("one"), LoseConnection()])) as site:
        with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
            await site.post(stream=stream)


async def test_a_close_is_the_end_of_the_body(loopback_clock: trio.testing.MockClock) -> None:
    async with open_site(Answer([Text("one"), LoseConnection(1001)])) as site:
        events = events_in(await site.post(stream=True))

    assert "response.output_item.done" == events[-1]["type"]


async def test_no_terminal_is_the_end_of_the_body(loopback_clock: trio.testing.MockClock) -> None:
    async with open_site(Answer([Text("one")], terminal=None), Answer([Text("one")], terminal=None)) as site:
        events = events_in(await site.post(stream=True))
        whole = await site.post()

    assert "response.output_item.done" == events[-1]["type"]
    assert (500, "server_error") == (whole.status_code, whole.json()["error"]["code"])


@pytest.mark.parametrize("stream", [True, False])
async def test_a_client_that_leaves_ends_its_response(stream: bool, loopback_clock: trio.testing.MockClock) -> None:  # noqa: FBT001
    async with open_site(Answer([Text("one"), Stall()]), Answer([Stall()], created=0, in_progress=False)) as site:
        for number in range(2):
            with trio.move_on_after(1):
                await site.post(stream=stream)
            await trio.testing.wait_all_tasks_blocked(0.02)
            assert not site.simulator.server.is_open(number)


async def test_a_server_whose_answer_fails_says_so_to_its_owner(loopback_clock: trio.testing.MockClock) -> None:
    def fails(_: Received) -> Answer:
        raise LookupError("no answer")

    async def ask() -> None:
        async with serve(ModelServer(answer=fails)) as simulator, httpx.AsyncClient() as client:
            await client.post(f"http://127.0.0.1:{simulator.port}/v1/responses", json={"model": "m", "input": "Hi"})
            await trio.sleep(1)

    with pytest.raises(LookupError, match="no answer"):
        await ask()


@pytest.mark.parametrize(
    "fault, expected",
    [
        ("status:503", (503, None)),
        ("done-marker", (200, "data: [DONE]\n\n")),
        ("no-terminal", (200, '"type":"response.output_item.done"')),
        ("bare-usage", (200, '"usage":{"input_tokens":3,"output_tokens":2,"total_tokens":5}')),
        ("half-call", (200, '"reason":"max_output_tokens"')),
    ],
)
async def test_faults_by_name(fault: str, expected: tuple[int, str | None], loopback_clock: trio.testing.MockClock) -> None:
    async with open_site(faults=(fault,)) as site:
        reply = await site.post(stream=True)

    status, words = expected
    assert status == reply.status_code
    assert words is None or words in "".join(reply.text.splitlines(keepends=True)[-3:])


async def test_a_connection_that_is_lost_by_name(loopback_clock: trio.testing.MockClock) -> None:
    async with open_site(faults=("lose:3",)) as site:
        with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
            await site.post(stream=True)


async def test_bytes_and_lines_in_a_frame_do_not_break_the_stream(loopback_clock: trio.testing.MockClock) -> None:
    async with open_site(Answer([Raw(b"\xff{}"), Raw("a\r\nb\nc")])) as site:
        reply = await site.post(stream=True)

    assert "data: \ufffd{}\n\n" in reply.text
    assert "data: a\ndata: b\ndata: c\n\n" in reply.text


# -- what is kept ------------------------------------------------------------------------------------------------------------


async def test_what_is_kept_can_be_fetched_and_removed(loopback_clock: trio.testing.MockClock) -> None:
    async with open_site() as site:
        made = await site.post()
        name = made.json()["id"]
        found, items = await site.get(f"/{name}"), await site.get(f"/{name}/input_items")
        removed = await site.client.delete(f"/v1/responses/{name}")
        gone = [
            await site.get(f"/{name}"),
            await site.get(f"/{name}/input_items"),
            await site.client.delete(f"/v1/responses/{name}"),
        ]

    assert made.json() == found.json()
    assert [{"id": "item_1", "type": "message", "role": "user", "content": "Hi"}] == items.json()["data"]
    assert {"id": name, "object": "response.deleted", "deleted": True} == removed.json()
    assert [404] * 3 == [reply.status_code for reply in gone]


async def test_what_is_not_to_be_stored_is_not(loopback_clock: trio.testing.MockClock) -> None:
    async with open_site() as site:
        made = await site.post(store=False)
        found = await site.get(f"/{made.json()['id']}")
        next_one = await site.post(previous_response_id=made.json()["id"])

    assert (404, 400) == (found.status_code, next_one.status_code)
    assert "previous_response_not_found" == next_one.json()["error"]["code"]


async def test_a_stored_response_can_be_continued(loopback_clock: trio.testing.MockClock) -> None:
    async with open_site() as site:
        made = await site.post()
        after = await site.post(input="And?", previous_response_id=made.json()["id"])

    assert (200, made.json()["id"]) == (after.status_code, after.json()["previous_response_id"])


async def test_a_stream_is_taken_up_behind_a_number(loopback_clock: trio.testing.MockClock) -> None:
    async with open_site() as site:
        whole = events_in(await site.post(stream=True, background=True))
        name = whole[0]["response"]["id"]
        rest = events_in(await site.get(f"/{name}", stream="true", starting_after="2"))
        again = events_in(await site.get(f"/{name}", stream="true"))

    assert (whole[3:], whole) == (rest, again)
    assert "response.queued" == whole[1]["type"]
    assert whole[0]["response"]["background"]


async def test_one_that_is_not_in_the_background_cannot_be_followed_while_it_runs(loopback_clock: trio.testing.MockClock) -> None:
    async with (
        open_site(Answer([Text("one"), Stall()])) as site,
        site.client.stream("POST", "/v1/responses", json={"model": "m", "input": "Hi", "stream": True}) as reply,
    ):
        await trio.testing.wait_all_tasks_blocked(0.02)
        plain, stream = await site.get("/resp_1"), await site.get("/resp_1", stream="true")
        cancelled = await site.client.post("/v1/responses/resp_1/cancel")

        assert (200, 200, 404, 400) == (reply.status_code, plain.status_code, stream.status_code, cancelled.status_code)
        assert "in_progress" == plain.json()["status"]
        assert "Cannot cancel a synchronous response." == cancelled.json()["error"]["message"]
        with trio.move_on_after(1):
            await reply.aread()


async def test_a_background_response_in_one_piece_is_told_at_once_and_cancelled_once(
    loopback_clock: trio.testing.MockClock,
) -> None:
    async with open_site(Answer([Text("one"), Stall()])) as site:
        made = await site.post(background=True)
        name = made.json()["id"]
        cancelled = [await site.client.post(f"/v1/responses/{name}/cancel") for _ in range(2)]
        unknown = await site.client.post("/v1/responses/resp_9/cancel")

    assert "in_progress" == made.json()["status"]
    assert ["cancelled", "cancelled"] == [reply.json()["status"] for reply in cancelled]
    assert 404 == unknown.status_code


async def test_tokens_and_compaction(loopback_clock: trio.testing.MockClock) -> None:
    async with open_site() as site:
        count, short = await site.post("/input_tokens"), await site.post("/compact")

    assert (True, "response.input_tokens") == (count.json()["input_tokens"] > 0, count.json()["object"])
    assert ("response.compaction", "compaction") == (short.json()["object"], short.json()["output"][0]["type"])
