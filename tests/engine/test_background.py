"""Responses in the background: begun, followed over losses, left, taken up elsewhere, stopped."""

from __future__ import annotations

import gc
import json
from contextlib import nullcontext
from functools import partial
from typing import Any

import pytest
import trio
import trio.testing

from harness.loopback import HOST, free_port, listen
from harness.over_http import KEY, OverHttp, open_over_http
from rejoinder.engine import (
    BackgroundResponse,
    ConnectionFailed,
    DeadlineExceeded,
    Deadlines,
    Endpoint,
    Interrupted,
    InvalidRequest,
    Policy,
    ResponseCancelled,
    ResponseFailed,
    SessionClosed,
    Settings,
    open_session,
)
from rejoinder.testing import Answer, ModelServer, Stall, Text, scripted
from rejoinder.testing.fault_proxy import Break, Direction, ProxyPlan
from rejoinder.testing.script import ErrorFrame

QUICK = Policy(retry_pause=0.0)
STORY = Answer([Text("one two three", pieces=["one ", "two ", "three"], interval=1.0)])


def server(*answers: Answer) -> ModelServer:
    return ModelServer(answer=scripted(answers or [STORY]))


def requests(http: OverHttp) -> int:
    return len(http.simulator.http_requests)


async def test_it_is_followed_to_its_end(loopback_clock: trio.testing.MockClock) -> None:
    async with open_over_http(server(), transport="websocket") as http:
        background = await http.session.start_background("Tell me")
        assert ("resp_1", "in_progress") == (background.id, background.status)
        assert "<BackgroundResponse 'resp_1' in_progress>" == repr(background)
        events = [event async for event in background]
        result = await background.result()

    assert ["response.created", "response.queued", "response.in_progress"] == [event.type for event in events[:3]]
    assert list(range(len(events))) == [event.sequence_number for event in events]
    assert ("one two three", "completed") == (result.text, background.status)
    assert (len(events) - 1, 0) == (background.sequence_number, background.resumed)
    (create,) = http.creates
    assert (True, True, True) == (create["background"], create["stream"], create["store"])
    assert 1 == requests(http)


@pytest.mark.parametrize("how", [Break.RESET, Break.CLOSE])
@pytest.mark.parametrize("cut", range(600, 4000, 425))
async def test_a_stream_that_breaks_is_taken_up_behind_its_last_event(
    how: Break, cut: int, loopback_clock: trio.testing.MockClock
) -> None:
    async with open_over_http(server(), policy=QUICK) as http:
        http.simulator.proxy.plans.append(ProxyPlan(break_after=cut, direction=Direction.TO_CLIENT, how=how))
        try:
            background = await http.session.start_background("Tell me")
        except Interrupted:
            assert cut < 1500
            return
        events = [event async for event in background]

    assert list(range(len(events))) == [event.sequence_number for event in events]
    assert "response.completed" == events[-1].type
    assert 1 == background.resumed
    assert 1 == len(http.creates)


async def test_it_goes_on_without_anybody_and_is_found_again_elsewhere(loopback_clock: trio.testing.MockClock) -> None:
    async with open_over_http(server()) as http:
        background = await http.session.start_background("Tell me")
        first = await anext(background)
        background.close()
        await trio.sleep(10)
        async with open_session(Endpoint(http.simulator.url, KEY)) as other:
            found = other.background_response(background.id, starting_after=first.sequence_number)
            types = [event.type async for event in found]
            result = await found.retrieve()
            whole = await other.background_response(background.id).result()

    assert ["response.queued", "response.completed"] == [types[0], types[-1]]
    assert "one two three" == result.text == whole.text
    assert 1 == len(http.creates)


async def test_iteration_goes_on_after_it_was_left(loopback_clock: trio.testing.MockClock) -> None:
    async with open_over_http(server(), policy=QUICK) as http:
        background = await http.session.start_background("Tell me")
        numbers: list[int | None] = []
        async for event in background:
            numbers.append(event.sequence_number)
            if event.type == "response.output_text.delta":
                break
        with trio.move_on_after(0.5):
            await anext(background)
        background.close()
        numbers += [event.sequence_number async for event in background]

    assert list(range(len(numbers))) == numbers


async def test_it_can_be_heard_again_from_anywhere(loopback_clock: trio.testing.MockClock) -> None:
    async with open_over_http(server()) as http:
        background = await http.session.start_background("Tell me")
        heard = [event.sequence_number async for event in background]
        background.resume(starting_after=3)
        again = [event.sequence_number async for event in background]
        background.resume()
        whole = [event.sequence_number async for event in background]

    assert (heard[4:], heard) == (again, whole)


async def test_it_is_stopped_on_the_server(loopback_clock: trio.testing.MockClock) -> None:
    async with open_over_http(server(Answer([Text("one"), Stall()]))) as http:
        background = await http.session.start_background("Tell me")
        first = await background.cancel()
        second = await background.cancel()
        with pytest.raises(ResponseCancelled):
            await background.result()
        with pytest.raises(ResponseFailed, match="not found"):
            await http.session.background_response("resp_9").cancel()
        assert not http.simulator.server.is_open(0)

    assert ("cancelled", "cancelled", "cancelled") == (first.status, second.status, background.status)


async def test_it_is_stopped_by_somebody_else_while_it_is_followed(loopback_clock: trio.testing.MockClock) -> None:
    types: list[str] = []
    async with open_over_http(server(Answer([Text("one"), Stall()])), policy=QUICK) as http:
        background = await http.session.start_background("Tell me")

        async def follow() -> None:
            types.extend([event.type async for event in background])

        async with trio.open_nursery() as nursery:
            nursery.start_soon(follow)
            await trio.sleep(1)
            await http.session.background_response(background.id).cancel()

    assert "response.output_item.done" == types[-1]
    assert "cancelled" == background.status


async def test_it_is_removed_from_the_server(loopback_clock: trio.testing.MockClock) -> None:
    async with open_over_http(server()) as http:
        background = await http.session.start_background("Tell me")
        await background.result()
        await background.delete()
        with pytest.raises(ResponseFailed, match="not found"):
            await background.retrieve()


async def test_one_that_fails_says_so_at_its_end(loopback_clock: trio.testing.MockClock) -> None:
    async with open_over_http(server(Answer([Text("one")], terminal="failed"))) as http:
        background = await http.session.start_background("Tell me")
        with pytest.raises(ResponseFailed, match="The model failed"):
            await background.result()

    assert "failed" == background.status


async def test_a_refusal_that_passes_is_asked_again_and_one_that_does_not_is_not(loopback_clock: trio.testing.MockClock) -> None:
    busy, bad = (Answer(reject=ErrorFrame(status=status, type=None, message=f"It is {status}.")) for status in (503, 400))
    async with open_over_http(server(busy, STORY, bad), policy=QUICK) as http:
        assert "one two three" == (await (await http.session.start_background("Tell me")).result()).text
        with pytest.raises(ResponseFailed, match=r"It is 400\.") as caught:
            await http.session.start_background("Tell me")

    assert 3 == len(http.creates)
    assert getattr(caught.value.verdict, "replay_safe", False)
    assert "req_3" == caught.value.request_id


async def test_a_server_that_cannot_be_reached(loopback_clock: trio.testing.MockClock) -> None:
    port = free_port()
    async with open_session(Endpoint(f"ws://{HOST}:{port}/v1/responses", KEY), Settings(policy=QUICK)) as session:
        with pytest.raises(ConnectionFailed, match="Connection refused"):
            await session.start_background("Tell me")
        with pytest.raises(ConnectionFailed):
            await anext(session.background_response("resp_1"))


async def test_silence_is_bounded_and_leaves_it_where_it_is(loopback_clock: trio.testing.MockClock) -> None:
    policy = Policy(retry_pause=0.0, deadlines=Deadlines(created=1, first_output=2, gap=3))
    async with open_over_http(server(Answer([Text("one"), Stall()])), policy=policy) as http:
        background = await http.session.start_background("Tell me")
        with pytest.raises(DeadlineExceeded, match="It goes on on the server: iterate again, or retrieve") as caught:
            await background.result()
        assert "in_progress" == (await background.retrieve()).status

    verdict = caught.value.verdict
    assert verdict is not None
    assert (True, True, False) == (verdict.acknowledged, verdict.output_begun, verdict.replay_safe)


async def silence(stream: trio.SocketStream) -> None:
    await stream.receive_some()
    await trio.sleep_forever()


async def test_what_may_have_been_accepted_is_not_sent_twice(loopback_clock: trio.testing.MockClock) -> None:
    policy = Policy(retry_pause=0.0, deadlines=Deadlines(created=1, first_output=1))
    async with trio.open_nursery() as nursery:
        listener = await listen(nursery, silence)
        async with open_session(Endpoint(listener.url, KEY), Settings(policy=policy)) as session:
            with pytest.raises(DeadlineExceeded, match="Whether the server began it is unknown"):
                await session.start_background("Tell me")
        nursery.cancel_scope.cancel()

    assert 1 == listener.connections


HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"


async def test_a_first_event_without_an_id(loopback_clock: trio.testing.MockClock) -> None:
    async def odd(stream: trio.SocketStream) -> None:
        await stream.receive_some()
        await stream.send_all(HEAD + b'data: {"type":"response.odd"}\n\n')

    async with trio.open_nursery() as nursery:
        listener = await listen(nursery, odd)
        async with open_session(Endpoint(listener.url, KEY)) as session:
            with pytest.raises(Interrupted, match="its first event has no id"):
                await session.start_background("Tell me")
        nursery.cancel_scope.cancel()

    assert 1 == listener.connections


def event_of(number: int) -> bytes:
    frame = {"type": "response.in_progress", "sequence_number": number, "response": {"id": "resp_1", "status": "in_progress"}}
    return f"data: {json.dumps({**frame, 'padding': 'x' * 1000})}\n\n".encode()


async def test_what_nobody_takes_is_left_on_the_server_and_fetched_later(loopback_clock: trio.testing.MockClock) -> None:
    """The server would say twenty thousand characters at once; a buffer of three thousand holds no more than it must."""
    asked: list[bytes] = []

    async def tells(stream: trio.SocketStream) -> None:
        head = bytes(await stream.receive_some())
        asked.append(head.split(b" ")[1])
        after = int(asked[-1].rpartition(b"=")[2]) if b"starting_after" in asked[-1] else -1
        rest = [event_of(number) for number in range(after + 1, 20)]
        terminal = {"type": "response.completed", "sequence_number": 20, "response": {"id": "resp_1", "status": "completed"}}
        await stream.send_all(HEAD + b"".join(rest) + f"data: {json.dumps(terminal)}\n\n".encode())

    async with trio.open_nursery() as nursery:
        listener = await listen(nursery, tells)
        settings = Settings(policy=QUICK, buffer_limit=3000)
        async with open_session(Endpoint(listener.url, KEY), settings) as session:
            background = await session.start_background("Tell me")
            await trio.testing.wait_all_tasks_blocked(0.02)
            numbers = [event.sequence_number async for event in background]
        nursery.cancel_scope.cancel()

    assert list(range(21)) == numbers
    assert background.resumed > 3
    assert b"/v1/responses/resp_1?stream=true&starting_after=2" in asked


async def test_what_cannot_be_kept_cannot_run_in_the_background(loopback_clock: trio.testing.MockClock) -> None:
    async with open_over_http() as http:
        with pytest.raises(InvalidRequest, match="kept on the server"):
            await http.session.start_background("Tell me", store=False)
    with pytest.raises(SessionClosed):
        http.session.background_response("resp_1")

    assert 0 == requests(http)


async def test_the_end_of_the_session_is_the_end_of_listening(loopback_clock: trio.testing.MockClock) -> None:
    async with open_over_http(server(Answer([Text("one"), Stall()]))) as http:
        async with open_session(Endpoint(http.simulator.url, KEY)) as session:
            background = await session.start_background("Tell me")
        await trio.testing.wait_all_tasks_blocked(0.02)
        assert http.simulator.server.is_open(0)

    assert "resp_1" == background.id


async def test_whoever_follows_it_is_told_when_the_session_ends(loopback_clock: trio.testing.MockClock) -> None:
    told: list[str] = []

    async def follow(background: BackgroundResponse) -> None:
        with pytest.raises(SessionClosed, match="come back to it with background_response"):
            await background.result()
        told.append("closed")

    story = Answer([Text("one two", pieces=["one ", "two"], interval=2000.0)])
    async with trio.open_nursery() as nursery, open_over_http(server(story)) as http:
        background = await http.session.start_background("Tell me")
        nursery.start_soon(follow, background)
        await trio.sleep(1)
    for ask in (background.retrieve, background.cancel, background.delete, partial(follow, background)):
        with nullcontext() if isinstance(ask, partial) else pytest.raises(SessionClosed):
            await ask()

    assert ["closed", "closed"] == told


async def test_wires_of_responses_that_are_let_go_of_are_not_kept(loopback_clock: trio.testing.MockClock) -> None:
    async with open_over_http(server()) as http:
        for number in range(20):
            http.session.background_response(f"resp_{number}").close()
        gc.collect()
        session: Any = http.session
        kept = len(session._background_wires)  # noqa: SLF001 - nobody else can count them

    assert kept <= 1
