"""One link: its reader never waits, its writer has a deadline, its pings prove that somebody is there."""

import math
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any, final

import pytest
import trio
import trio.testing

from harness.pair import KEY, open_pair
from rejoinder.engine import (
    CancelPolicy,
    Deadlines,
    Endpoint,
    Interrupted,
    Moved,
    Observation,
    Policy,
    ReplayPolicy,
    ResponseFailed,
    Sent,
    Settings,
    Wire,
    open_session,
)
from rejoinder.testing import AZURE, Answer, Call, LinkPlan, ModelServer, Pause, Text, scripted
from rejoinder.testing.outgoing import Message

SLOW = Answer([Text("one two three", interval=1.0)])


@final
class Jammed:
    """A wire whose peer sends and never reads: a server's answer comes in, no frame after the first goes out."""

    def __init__(self) -> None:
        self.server = ModelServer(AZURE, scripted([Answer([Text("a b c d e f", interval=1.0)])]))
        self.connection = self.server.connect(trio.current_time())
        self.sent: list[str] = []
        self.given_up: list[float] = []
        self.wake = trio.Event()

    async def send(self, text: str) -> None:
        await trio.lowlevel.checkpoint()
        if self.sent:
            try:
                await trio.sleep_forever()
            finally:
                self.given_up.append(trio.current_time())
        self.sent.append(text)
        self.server.receive(self.connection, text, trio.current_time())
        self.wake.set()

    async def receive(self) -> Sequence[str | bytes]:
        while True:
            frames = [each.data for each in self.server.poll(trio.current_time()) if isinstance(each, Message)]
            if frames:
                return frames
            with trio.move_on_at(self.server.next_deadline() or math.inf):
                await self.wake.wait()
                self.wake = trio.Event()

    async def ping(self) -> None:
        await trio.lowlevel.checkpoint()


async def test_a_frame_that_does_not_leave_ends_the_link_and_the_reader_went_on(autojump_clock: trio.testing.MockClock) -> None:
    wires: list[Jammed] = []

    @asynccontextmanager
    async def connect(endpoint: Endpoint, settings: Settings) -> AsyncGenerator[Wire]:
        wires.append(Jammed())
        yield wires[-1]

    endpoint = Endpoint("ws://localhost/", api_key=KEY)
    settings = Settings(send_deadline=3.5, policy=Policy(signal=True, replay=ReplayPolicy.NEVER))
    async with open_session(endpoint, settings, connector=connect) as session:
        moves: list[Any] = []
        session.observe(moves.append)
        async with session.respond("Hi") as response:
            async for event in response:
                if event.type == "response.output_text.delta":
                    break
        # The cancel is stuck from now on; the frames of the abandoned response still come in.
        await trio.sleep(3.2)
        draining = session.statistics().counts["response draining Content"]
        await trio.sleep(1)
        links = session.statistics().links

    assert 3 == draining
    assert {} == links
    assert [4.5] == wires[0].given_up


async def test_the_loss_says_that_a_frame_did_not_leave(autojump_clock: trio.testing.MockClock) -> None:
    class Stuck:
        async def send(self, text: str) -> None:
            await trio.sleep_forever()

        async def receive(self) -> Sequence[str | bytes]:
            await trio.sleep_forever()
            raise AssertionError  # pragma: no cover

        async def ping(self) -> None:
            await trio.lowlevel.checkpoint()

    @asynccontextmanager
    async def connect(endpoint: Endpoint, settings: Settings) -> AsyncGenerator[Wire]:
        yield Stuck()

    settings = Settings(send_deadline=3.5, policy=Policy(replay=ReplayPolicy.NEVER))
    async with (
        open_session(Endpoint("ws://localhost/", api_key=KEY), settings, connector=connect) as session,
        session.respond("Hi") as response,
    ):
        with pytest.raises(Interrupted, match=r"^The connection was lost\. "):
            await response.text()

    assert 3.5 == trio.current_time()


@pytest.mark.original("B054")
async def test_a_link_without_pongs_is_lost_within_interval_and_deadline(autojump_clock: trio.testing.MockClock) -> None:
    settings = Settings(ping_interval=20.0, policy=Policy(deadlines=Deadlines(ping=5.0)))
    server = ModelServer(AZURE, scripted([Answer([Text("a"), Pause(200.0), Text("b")])]))
    async with open_pair(server, settings=settings) as pair, pair.session.respond("Hi") as response:
        await pair.deltas(response, 1)
        pair.network.links[0].freeze()
        with pytest.raises(Interrupted, match="The connection was lost"):
            await response.text()

    assert 25.0 == trio.current_time()


async def test_a_silent_server_that_answers_pings_is_waited_for(autojump_clock: trio.testing.MockClock) -> None:
    server = ModelServer(AZURE, scripted([Answer([Text("a"), Pause(290.0), Text("b")])]))
    async with open_pair(server, default=LinkPlan(latency=1.0)) as pair:
        assert "ab" == await pair.ask("Hi")

    assert 1 == pair.network.dials


async def test_no_interval_no_pings(autojump_clock: trio.testing.MockClock) -> None:
    settings = Settings(ping_interval=math.inf, policy=Policy(deadlines=Deadlines(gap=100.0)))
    async with (
        open_pair(ModelServer(AZURE, scripted([Answer([Text("a"), Pause(200.0)])])), settings=settings) as pair,
        pair.session.respond("Hi") as response,
    ):
        await pair.deltas(response, 1)
        pair.network.links[0].freeze()
        with pytest.raises(Interrupted, match="stopped in the middle"):
            await response.text()

    assert 100.0 == trio.current_time()


async def test_a_wire_that_ends_while_it_is_pinged(autojump_clock: trio.testing.MockClock) -> None:
    server = ModelServer(AZURE, scripted([Answer([Text("a"), Pause(200.0)])]))
    async with (
        open_pair(server, settings=Settings(ping_interval=10.0), default=LinkPlan(latency=2.0)) as pair,
        pair.session.respond("Hi") as response,
    ):
        await pair.deltas(response, 1)
        await trio.sleep_until(11.0)
        pair.network.links[0].cut()
        with pytest.raises(Interrupted, match=r"close code 1006"):
            await response.text()

    assert 11.0 == trio.current_time()


async def test_the_outbox_keeps_the_order_of_creates_and_cancels(autojump_clock: trio.testing.MockClock) -> None:
    answers = [Answer([Text("warm")]), SLOW, SLOW, Answer([Text("end")])]
    async with open_pair(ModelServer(answer=scripted(answers)), default=LinkPlan(latency=0.01)) as pair:
        await pair.ask("zero")
        async with pair.session.respond("one") as one, pair.session.respond("two") as two:
            await anext(one)
            await anext(two)
            one.cancel()
            two.cancel()
            assert "end" == await pair.ask("three")

    frames = [frame.get("response_id") or frame["input"][0]["content"] for frame in pair.client_frames()]
    assert ["zero", "one", "two", "resp_2", "resp_3", "three"] == frames


@pytest.mark.parametrize("number", [2, 3])
async def test_a_create_that_is_taken_back_leaves_the_others(number: int, autojump_clock: trio.testing.MockClock) -> None:
    """The second and the third wait until the first has proven the lanes, and go into the outbox at the same moment."""
    async with (
        open_pair(ModelServer(), default=LinkPlan(handshake_delay=1.0)) as pair,
        pair.session.respond("1") as one,
        pair.session.respond("2") as two,
        pair.session.respond("3") as three,
    ):
        responses = {1: one, 2: two, 3: three}

        def cancel(observation: Observation) -> None:
            if isinstance(observation, Sent) and observation.request == 3:
                responses[number].cancel()

        pair.session.observe(cancel)
        left = [response for response in responses.values() if response is not responses[number]]
        texts = [await response.text() for response in left]

    assert [f"You said: {response.number}" for response in left] == texts
    assert [str(response.number) for response in left] == [create["input"][0]["content"] for create in pair.creates]
    assert "cancelled" == responses[number].status
    assert [] == pair.cancels
    assert ("response", "Withdrawn") in [(move.machine, move.event) for move in pair.seen if isinstance(move, Moved)]


async def test_what_came_in_the_same_batch_as_the_reason_to_close_is_left(autojump_clock: trio.testing.MockClock) -> None:
    """The observer leaves with the first word, and by this policy the link goes with it: nobody hears the other frames."""
    server = ModelServer(AZURE, scripted([Answer([Text("a b c d")])]))
    async with open_pair(server, policy=Policy(then=CancelPolicy.RETIRE)) as pair:

        def leave(observation: Observation) -> None:
            if isinstance(observation, Moved) and observation.target == "streaming":
                response.cancel()

        stop = pair.session.observe(leave)
        async with pair.session.respond("Hi") as response:
            await trio.sleep(1)
        stop()
        statistics = pair.session.statistics()
        assert "You said: Ho" == await pair.ask("Ho")

    assert "cancelled" == response.status
    assert 2 == pair.network.dials
    assert len(pair.server_frames(0)) == statistics.frames_received
    assert "Late" not in statistics.counts
    assert "Illegal" not in statistics.counts


async def test_frames_larger_than_the_server_takes_are_never_sent(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(ModelServer()) as pair:
        async with pair.session.respond("x" * (16 * 2**20)) as response:
            with pytest.raises(ResponseFailed, match=r"and this server takes 16777216; it was not sent\. Send less") as caught:
                await response.text()
        assert "You said: less" == await pair.ask("less")

    assert caught.value.verdict is not None
    assert not caught.value.verdict.sent
    assert ["less"] == [create["input"][0]["content"] for create in pair.creates]
    assert 1 == pair.network.dials
    assert len(pair.log("in")[0].data) == pair.session.statistics().bytes_sent


async def test_a_burst_larger_than_one_look_is_whole(autojump_clock: trio.testing.MockClock) -> None:
    answer = Answer([Text("x" * 500, pieces=500), Call("look", "{}")])
    async with open_pair(ModelServer(answer=scripted([answer]))) as pair, pair.session.respond("Hi") as response:
        kinds = [event.type async for event in response]

    assert 500 == kinds.count("response.output_text.delta")
    assert len(pair.server_frames()) == len(kinds)
