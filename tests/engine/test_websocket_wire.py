"""The wire on real sockets, each library in turn: frames both ways, ends with their codes, and a way out that is never long."""

import math
from collections.abc import Awaitable, Callable
from typing import final

import pytest
import trio
import trio.testing

from harness.loopback import HOST, answer, http, listen, open_sockets, read_head, tasks, upgraded
from harness.pair import KEY
from rejoinder.engine import (
    Deadlines,
    Endpoint,
    HandshakeFailed,
    Interrupted,
    Policy,
    Settings,
    WireClosed,
    open_session,
)
from rejoinder.engine.wire import Identified, Wire
from rejoinder.engine.wire_choice import open_chosen_wire
from rejoinder.testing import AZURE, Answer, LoseConnection, ModelServer, Pause, Text, scripted
from rejoinder.testing.simulator import serve

pytestmark = pytest.mark.usefixtures("each_wire")

PLAIN = Settings()
CLOSE_AWAY = b"\x88\x06\x03\xe9away"
"""A close frame: 1001, away."""


async def read_all(stream: trio.SocketStream) -> None:
    """Read, say nothing, and go when the client goes."""
    while await stream.receive_some():
        pass


async def read_nothing(stream: trio.SocketStream) -> None:
    await trio.sleep_forever()


def at(port: int) -> Endpoint:
    return Endpoint(f"ws://{HOST}:{port}/v1/responses", api_key=KEY)


async def test_frames_go_both_ways_whatever_their_size(loopback_clock: trio.testing.MockClock) -> None:
    async with serve(ModelServer()) as simulator:
        async with open_session(Endpoint(simulator.url, api_key=KEY)) as session:
            for text in ("", "Grüße, 世界 🌍", "\ud800", "x" * 2_000_000):
                async with session.respond([{"role": "user", "content": text or "?"}]) as response:
                    assert f"You said: {text or '?'}" == await response.text()
            received = session.statistics().frames_received
        await trio.testing.wait_all_tasks_blocked(0.01)
        assert len([entry for entry in simulator.server.log if entry.direction == "out"]) == received
        assert ["opened", "left"] == [entry.data for entry in simulator.server.log if entry.direction == "note"]
        assert 1 == len(simulator.upgrades)

    assert 0.0 == trio.current_time()


@pytest.mark.parametrize(
    "url, host, resource",
    [
        ("ws://{}:{}/v1/responses?api-version=1", "{}:{}", "/v1/responses?api-version=1"),
        ("ws://{}:{}", "{}:{}", "/"),
    ],
)
async def test_the_upgrade_request(
    url: str, host: str, resource: str, nursery: trio.Nursery, loopback_clock: trio.testing.MockClock
) -> None:
    heads: list[bytes] = []

    async def note(stream: trio.SocketStream) -> None:
        heads.append(await read_head(stream))

    listener = await listen(nursery, note)
    endpoint = Endpoint(url.format(HOST, listener.port), api_key=KEY, organization="org", project="pro", headers={"X-More": "1"})
    with pytest.raises(HandshakeFailed):
        await use(endpoint)
    first, *lines = heads[0].decode().removesuffix("\r\n\r\n").split("\r\n")

    assert f"GET {resource} HTTP/1.1" == first
    assert f"Host: {host.format(HOST, listener.port)}" in lines
    assert {f"Authorization: Bearer {KEY}", "OpenAI-Organization: org", "OpenAI-Project: pro", "X-More: 1"} <= set(lines)
    assert not [line for line in lines if line.lower().startswith("sec-websocket-extensions")]


async def use(endpoint: Endpoint, settings: Settings = PLAIN) -> None:
    """Open a wire and leave it again."""
    async with open_chosen_wire(endpoint, settings):
        pass


async def test_the_host_of_a_default_port_and_of_an_address_in_brackets(
    monkeypatch: pytest.MonkeyPatch, nursery: trio.Nursery, loopback_clock: trio.testing.MockClock
) -> None:
    heads: list[bytes] = []
    asked: list[tuple[str, int]] = []

    async def note(stream: trio.SocketStream) -> None:
        heads.append(await read_head(stream))

    listener = await listen(nursery, note)
    dial = trio.open_tcp_stream

    async def elsewhere(host: str, port: int) -> trio.SocketStream:
        asked.append((host, port))
        return await dial(HOST, listener.port)

    monkeypatch.setattr(trio, "open_tcp_stream", elsewhere)
    for url in ("ws://localhost/", "ws://[::1]/", "ws://[::1]:8080/"):
        with pytest.raises(HandshakeFailed):
            await use(Endpoint(url, api_key=KEY))

    assert [("localhost", 80), ("::1", 80), ("::1", 8080)] == asked
    assert [b"Host: localhost\r\n", b"Host: [::1]\r\n", b"Host: [::1]:8080\r\n"] == [
        head[head.index(b"Host") :].partition(b"\n")[0] + b"\n" for head in heads
    ]


@pytest.mark.parametrize(
    "header, request_id",
    [
        (["X-Request-Id: req_1"], "req_1"),
        ([], None),
        (["x-request-id: not an id"], None),
        ([f"x-request-id: {'a' * 129}"], None),
    ],
    ids=["one", "none", "odd", "long"],
)
async def test_a_wire_knows_how_the_server_calls_it(
    header: list[str], request_id: str | None, nursery: trio.Nursery, loopback_clock: trio.testing.MockClock
) -> None:
    listener = await listen(nursery, upgraded(read_all, *header))
    async with open_chosen_wire(at(listener.port), PLAIN) as wire:
        assert isinstance(wire, Identified)
        assert request_id == wire.request_id


async def test_a_refusal_keeps_how_the_server_calls_it(nursery: trio.Nursery, loopback_clock: trio.testing.MockClock) -> None:
    listener = await listen(nursery, answer(http(401, "x-request-id: req_2")))
    with pytest.raises(HandshakeFailed) as caught:
        await use(at(listener.port))

    assert "req_2" == caught.value.request_id


async def test_the_close_of_a_server_has_its_code_each_time(nursery: trio.Nursery, loopback_clock: trio.testing.MockClock) -> None:
    async def close(stream: trio.SocketStream) -> None:
        await stream.send_all(b"\x81\x02{}" + CLOSE_AWAY)
        await read_all(stream)

    listener = await listen(nursery, upgraded(close))
    async with open_chosen_wire(at(listener.port), PLAIN) as wire:
        assert ["{}"] == list(await wire.receive())
        for use_it in (wire.receive, wire.receive, lambda: wire.send("{}"), wire.ping):
            with pytest.raises(WireClosed) as caught:
                await use_it()
            assert (1001, "away") == (caught.value.code, caught.value.reason)

    assert 0.0 == trio.current_time()


FLOOD = [f"{number:0100}" for number in range(300)]


def frames(texts: list[str]) -> bytes:
    return b"".join(bytes([0x81, len(text)]) + text.encode() for text in texts)


async def receive_all(wire: Wire, count: int) -> list[list[str | bytes]]:
    """Receive until there are as many frames; returns them as they were handed over."""
    batches: list[list[str | bytes]] = []
    while sum(map(len, batches)) < count:
        batches.append(list(await wire.receive()))
    return batches


async def test_a_flood_is_handed_over_in_batches(nursery: trio.Nursery, loopback_clock: trio.testing.MockClock) -> None:
    async def say(stream: trio.SocketStream) -> None:
        await stream.send_all(frames(FLOOD) + CLOSE_AWAY)
        await read_all(stream)

    listener = await listen(nursery, upgraded(say))
    async with open_chosen_wire(at(listener.port), PLAIN) as wire:
        batches = await receive_all(wire, len(FLOOD))
        with pytest.raises(WireClosed):
            await wire.receive()

    assert FLOOD == [text for batch in batches for text in batch]
    assert len(batches) < 30


async def test_what_is_there_does_not_wait_for_what_is_not(nursery: trio.Nursery, loopback_clock: trio.testing.MockClock) -> None:
    """The last frame of the read is not whole, and a ping stands behind the last that is."""

    async def say(stream: trio.SocketStream) -> None:
        await stream.send_all(frames(FLOOD[:30]) + b"\x89\x00" + frames(FLOOD[30:31])[:50])
        await trio.sleep(100.0)
        await stream.send_all(frames(FLOOD[30:31])[50:])
        await read_all(stream)

    listener = await listen(nursery, upgraded(say))
    async with open_chosen_wire(at(listener.port), PLAIN) as wire:
        first = await receive_all(wire, 30)
        begun = trio.current_time()
        second = await wire.receive()
        ended = trio.current_time()

    assert FLOOD[:30] == [text for batch in first for text in batch]
    assert FLOOD[30:31] == list(second)
    assert (0.0, 100.0) == (begun, ended)


async def test_a_receive_that_is_cancelled_at_any_step_loses_nothing(
    each_wire: str, nursery: trio.Nursery, loopback_clock: trio.testing.MockClock
) -> None:
    async def say(stream: trio.SocketStream) -> None:
        await stream.send_all(frames(FLOOD))
        await read_all(stream)

    listener = await listen(nursery, upgraded(say))
    cancelled = 0
    for number in range(1, 20):
        async with open_chosen_wire(at(listener.port), Settings(close_deadline=0.01)) as wire:
            received: list[str | bytes] = []
            scope = trio.CancelScope()
            steps = Steps(trio.lowlevel.current_task(), number, scope)
            trio.lowlevel.add_instrument(steps)
            with scope:
                received += await wire.receive()
            trio.lowlevel.remove_instrument(steps)
            cancelled += scope.cancelled_caught
            for batch in await receive_all(wire, len(FLOOD) - len(received)):
                received += batch

        assert FLOOD == received, f"after step {number}"

    # The fast one reads in one step, and has no middle to be cancelled in.
    assert cancelled or each_wire == "websockets"


async def test_a_binary_frame_stays_binary(nursery: trio.Nursery, loopback_clock: trio.testing.MockClock) -> None:
    async def say(stream: trio.SocketStream) -> None:
        await stream.send_all(b"\x82\x03\x00\xff\xfe" + CLOSE_AWAY)
        await read_all(stream)

    listener = await listen(nursery, upgraded(say))
    async with open_chosen_wire(at(listener.port), PLAIN) as wire:
        assert [b"\x00\xff\xfe"] == list(await wire.receive())


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\xff" * 20, id="no frame"),
        pytest.param(b"\x81\x02\xff\xff", id="no text"),
        pytest.param(b"\xc1\x02{}", id="compressed without having asked"),
        pytest.param(b"\x80\x02{}", id="continues nothing"),
        pytest.param(b"\x88\x01\x03", id="half a code"),
    ],
)
async def test_what_is_no_websocket_frame_is_the_end_and_nothing_worse(
    data: bytes, nursery: trio.Nursery, loopback_clock: trio.testing.MockClock
) -> None:
    async def say(stream: trio.SocketStream) -> None:
        await stream.send_all(data)
        await read_all(stream)

    listener = await listen(nursery, upgraded(say))
    async with open_chosen_wire(at(listener.port), PLAIN) as wire:
        for use_it in (wire.receive, lambda: wire.send("{}"), wire.ping, wire.receive):
            with pytest.raises(WireClosed):
                await use_it()

    assert 0.0 == trio.current_time()


async def test_garbage_in_place_of_the_answer_to_a_close(nursery: trio.Nursery, loopback_clock: trio.testing.MockClock) -> None:
    async def say(stream: trio.SocketStream) -> None:
        await stream.receive_some()
        await stream.send_all(b"\xff" * 20)
        await read_all(stream)

    listener = await listen(nursery, upgraded(say))
    before = open_sockets()
    await use(at(listener.port))
    await trio.testing.wait_all_tasks_blocked(0.01)

    assert open_sockets() <= before
    assert trio.current_time() <= 2.0


async def test_a_ping_that_crosses_our_close_is_nobodys_error(
    nursery: trio.Nursery, loopback_clock: trio.testing.MockClock
) -> None:
    """The library cannot answer it any more and says so in its own task."""

    async def say(stream: trio.SocketStream) -> None:
        await stream.receive_some()
        await stream.send_all(b"\x89\x00" + b"\x88\x02\x03\xe8")
        await read_all(stream)

    listener = await listen(nursery, upgraded(say))
    await use(at(listener.port))

    assert trio.current_time() <= 2.0


async def test_a_frame_above_the_limit_ends_the_link_with_its_code(loopback_clock: trio.testing.MockClock) -> None:
    server = ModelServer(AZURE, scripted([Answer([Text("small"), Pause(1.0), Text("x" * 20_000, pieces=1)])]))
    async with (
        serve(server) as simulator,
        open_session(Endpoint(simulator.url, api_key=KEY), Settings(frame_limit=10_000)) as session,
    ):
        async with session.respond("Hi") as response:
            with pytest.raises(Interrupted, match=r"^The connection was lost \(close code 1009: [^)]* 10000 bytes\)\.") as caught:
                await response.text()
        async with session.respond("Hi again") as response:
            assert "You said: Hi again" == await response.text()

    assert "small" == caught.value.partial.text
    assert 2 == len(simulator.upgrades)


async def test_pings_are_answered(nursery: trio.Nursery, loopback_clock: trio.testing.MockClock) -> None:
    async with serve(ModelServer()) as simulator, open_chosen_wire(Endpoint(simulator.url, api_key=KEY), PLAIN) as wire:
        await wire.ping()
        await wire.ping()

    assert 0.0 == trio.current_time()


async def test_the_servers_pings_are_answered_while_nobody_asks_for_anything(
    nursery: trio.Nursery, loopback_clock: trio.testing.MockClock
) -> None:
    answers: list[bytes] = []
    answered = trio.Event()

    async def ping(stream: trio.SocketStream) -> None:
        await stream.send_all(b"\x89\x02hi")
        answers.append(bytes(await stream.receive_some()))
        answered.set()
        await read_all(stream)

    listener = await listen(nursery, upgraded(ping))
    async with open_session(at(listener.port), Settings(preconnect=True)):
        await answered.wait()

    # A pong from a client is masked: two bytes of head, four of mask, two of payload.
    assert [(0x8A, 0x82, 8)] == [(answer[0], answer[1], len(answer)) for answer in answers]


@pytest.mark.parametrize("behave", [read_all, read_nothing], ids=["reads and is silent", "reads nothing"])
@pytest.mark.parametrize("deadline", [2.0, 0.5])
@pytest.mark.original("B053", "C8:close-timeout overrides", "C8:bounded close")
async def test_leaving_a_server_that_never_answers_the_close(
    behave: Callable[[trio.SocketStream], Awaitable[None]],
    deadline: float,
    nursery: trio.Nursery,
    loopback_clock: trio.testing.MockClock,
) -> None:
    listener = await listen(nursery, upgraded(behave))
    async with open_session(at(listener.port), Settings(preconnect=True, close_deadline=deadline)) as session:
        while session.statistics().links != {1: "open"}:
            await trio.testing.wait_all_tasks_blocked()

    assert deadline == trio.current_time()


async def test_leaving_is_bounded_when_cancelled_too(nursery: trio.Nursery, loopback_clock: trio.testing.MockClock) -> None:
    listener = await listen(nursery, upgraded(read_all))
    with trio.move_on_after(5.0) as scope:
        async with open_session(at(listener.port), Settings(preconnect=True)):
            await trio.sleep_forever()

    assert scope.cancelled_caught
    assert 7.0 == trio.current_time()


async def test_leaving_a_peer_that_does_not_read_what_is_being_sent(
    each_wire: str, nursery: trio.Nursery, loopback_clock: trio.testing.MockClock
) -> None:
    listener = await listen(nursery, upgraded(read_nothing))
    async with open_session(at(listener.port)) as session, session.respond("x" * 15_000_000):
        await trio.testing.wait_all_tasks_blocked(0.01)
        begun = trio.current_time()

    # Behind half a frame nothing can be said: the one wire knows that, the other tries to.
    assert begun + {"trio-websocket": 2.0, "websockets": 0.0}[each_wire] == trio.current_time()


async def test_a_peer_that_does_not_read_is_given_up_and_what_it_says_is_heard(
    nursery: trio.Nursery, loopback_clock: trio.testing.MockClock
) -> None:
    async def talk(stream: trio.SocketStream) -> None:
        for _ in range(5):
            await trio.sleep(1.0)
            await stream.send_all(b'\x81\x14{"type":"keepalive"}')
        await trio.sleep_forever()

    listener = await listen(nursery, upgraded(talk))
    settings = Settings(send_deadline=10.0, ping_interval=math.inf, policy=Policy(deadlines=Deadlines(created=100.0)))
    async with open_session(at(listener.port), settings) as session, session.respond("x" * 15_000_000):
        await trio.sleep_until(9.9)
        heard = session.statistics().frames_received
        connections = listener.connections
        await trio.sleep_until(13.0)
        again = listener.connections

    assert (5, 1, 2) == (heard, connections, again)


async def test_leaving_well_takes_no_time(loopback_clock: trio.testing.MockClock) -> None:
    async with serve(ModelServer()) as simulator:
        before = open_sockets()
        await use(Endpoint(simulator.url, api_key=KEY))
        await trio.testing.wait_all_tasks_blocked(0.01)

        assert open_sockets() <= before
        assert ["opened", "left"] == [entry.data for entry in simulator.server.log]
    assert 0.0 == trio.current_time()


async def test_leaving_by_an_error_closes_just_as_well(loopback_clock: trio.testing.MockClock) -> None:
    async def fail(endpoint: Endpoint) -> None:
        async with open_chosen_wire(endpoint, PLAIN):
            raise ValueError("mine")

    async with serve(ModelServer()) as simulator:
        with pytest.raises(ValueError, match="mine"):
            await fail(Endpoint(simulator.url, api_key=KEY))
        await trio.testing.wait_all_tasks_blocked(0.01)

        assert ["opened", "left"] == [entry.data for entry in simulator.server.log]


async def test_a_session_that_is_cancelled_closes_properly(loopback_clock: trio.testing.MockClock) -> None:
    async with serve(ModelServer()) as simulator:
        with trio.move_on_after(1.0):
            async with open_session(Endpoint(simulator.url, api_key=KEY), Settings(preconnect=True)):
                await trio.sleep_forever()

        assert 1.0 == trio.current_time()
        await trio.testing.wait_all_tasks_blocked(0.01)
        assert ["opened", "left"] == [entry.data for entry in simulator.server.log]


async def test_a_loss_in_the_middle_of_a_response(loopback_clock: trio.testing.MockClock) -> None:
    server = ModelServer(AZURE, scripted([Answer([Text("some words"), LoseConnection()])]))
    async with (
        serve(server) as simulator,
        open_session(Endpoint(simulator.url, api_key=KEY)) as session,
        session.respond("Hi") as response,
    ):
        with pytest.raises(Interrupted, match=r"^The connection was lost \(close code 1006\)\.") as caught:
            await response.text()

    assert "some words" == caught.value.partial.text


@final
class Steps(trio.abc.Instrument):
    """Cancels a scope when a task, or a child of it, is about to take a certain step."""

    def __init__(self, task: trio.lowlevel.Task, number: int, scope: trio.CancelScope) -> None:
        self.task, self.left, self.scope = task, number, scope

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        if self.task in {task, None if task.parent_nursery is None else task.parent_nursery.parent_task}:
            self.left -= 1
            if self.left == 0:
                self.scope.cancel()


async def test_cancelling_at_any_step_of_opening_leaves_nothing_behind(
    nursery: trio.Nursery, loopback_clock: trio.testing.MockClock
) -> None:
    opened = 0
    listener = await listen(nursery, upgraded(read_all))
    await trio.testing.wait_all_tasks_blocked(0.001)
    before, sockets = tasks(), open_sockets()
    for number in range(1, 100):
        scope = trio.CancelScope()
        steps = Steps(trio.lowlevel.current_task(), number, scope)
        trio.lowlevel.add_instrument(steps)
        with scope:
            async with open_chosen_wire(at(listener.port), Settings(close_deadline=0.01)):
                opened += 1
                await trio.lowlevel.checkpoint()
        trio.lowlevel.remove_instrument(steps)
        await trio.testing.wait_all_tasks_blocked(0.001)

        assert open_sockets() <= sockets, f"after step {number}"
        assert before == tasks(), f"after step {number}"
        if steps.left > 0:
            break
    else:
        pytest.fail("It takes more steps than expected.")  # pragma: no cover

    assert 1 < opened < number
