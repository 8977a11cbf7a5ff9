"""Links in memory behave like links, and every wait is on trio's clock."""

import math
from collections.abc import Callable

import attrs
import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from rejoinder.testing import (
    GENERIC,
    Answer,
    HandshakeRefused,
    LinkEnded,
    LinkPlan,
    LoseConnection,
    MemoryLink,
    MemoryNetwork,
    Message,
    ModelServer,
    Pause,
    Received,
    ServerFaults,
    Text,
    scripted,
)
from testing.exchange import create


def slow(_: Received) -> Answer:
    return Answer([Text("one two three", interval=1.0)])


async def collect(link: MemoryLink) -> tuple[list[str], LinkEnded]:
    """Every event type until the end of the link."""
    seen: list[str] = []
    while True:
        try:
            seen += [(Message(0, frame).type or "").removeprefix("response.") for frame in await link.receive()]
        except LinkEnded as ended:
            return seen, ended


async def test_frames_come_in_batches_when_they_are_due(autojump_clock: MockClock) -> None:
    network = MemoryNetwork(ModelServer(answer=slow))
    link = await network.connect()
    began = trio.current_time()
    await link.send(create())
    sizes: list[int] = []
    while sum(sizes) < 11:
        sizes.append(len(await link.receive()))

    assert [4, 1, 1, 5] == sizes
    assert trio.current_time() == pytest.approx(began + 3.0)
    assert (link.sent, link.received) == (1, 11)


async def test_latency_delays_both_ways(autojump_clock: MockClock) -> None:
    network = MemoryNetwork(ModelServer(), default=LinkPlan(latency=0.5, handshake_delay=2.0))
    began = trio.current_time()
    link = await network.connect()

    assert trio.current_time() == pytest.approx(began + 2.0)
    await link.send(create())
    await link.receive()

    assert trio.current_time() == pytest.approx(began + 3.0)
    assert [0.5] == [pytest.approx(entry.at - began - 2.0) for entry in network.server.log if entry.direction == "in"]
    await link.ping()

    assert trio.current_time() == pytest.approx(began + 4.0)


async def test_several_links_wait_beside_each_other(autojump_clock: MockClock) -> None:
    network = MemoryNetwork(ModelServer(answer=slow))
    ends: dict[int, float] = {}

    async def converse(delay: float) -> None:
        await trio.sleep(delay)
        link = await network.connect()
        await link.send(create())
        while link.received < 11:
            await link.receive()
        ends[link.connection] = trio.current_time()

    began = trio.current_time()
    async with trio.open_nursery() as nursery:
        for number in range(3):
            nursery.start_soon(converse, number * 0.25)

    assert [3.0, 3.25, 3.5] == [pytest.approx(ends[number] - began) for number in range(3)]


async def test_unread_frames_on_one_link_do_not_keep_another_awake(autojump_clock: MockClock) -> None:
    network = MemoryNetwork(ModelServer(answer=scripted([Answer([Text("unread")]), Answer(created_after=9.0)])))
    unread, read = await network.connect(), await network.connect()
    await unread.send(create())
    await read.send(create())
    with trio.fail_after(10.0):
        await read.receive()

    assert unread.received == 0
    assert len(await unread.receive()) == 9


async def test_a_frame_wakes_a_waiting_reader(autojump_clock: MockClock) -> None:
    network = MemoryNetwork(ModelServer())
    link = await network.connect()
    got: list[int] = []

    async def read() -> None:
        got.append(len(await link.receive()))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(read)
        await wait_all_tasks_blocked()
        await link.send("{")

    assert [1] == got


async def test_a_dial_can_be_planned(autojump_clock: MockClock) -> None:
    plans = [LinkPlan(unreachable=True), LinkPlan(refuse_status=426, refuse_headers={"upgrade": "x"})]
    network = MemoryNetwork(ModelServer(), plans)
    with pytest.raises(ConnectionRefusedError):
        await network.connect()
    with pytest.raises(HandshakeRefused) as refused:
        await network.connect()
    link = await network.connect({"authorization": "Bearer key"})

    assert (refused.value.status, refused.value.headers) == (426, {"upgrade": "x"})
    assert (network.dials, network.links) == (3, [link])
    assert link.headers == {"authorization": "Bearer key"}
    assert "Bearer" not in repr(link)


async def test_a_dial_can_hang(autojump_clock: MockClock) -> None:
    network = MemoryNetwork(ModelServer(), [LinkPlan(handshake_delay=math.inf)])
    with trio.move_on_after(3600) as scope:
        await network.connect()

    assert scope.cancelled_caught


async def test_the_server_may_refuse_by_itself(autojump_clock: MockClock) -> None:
    network = MemoryNetwork(ModelServer(faults=ServerFaults(refuse_status=503, refuse_count=1)))
    with pytest.raises(HandshakeRefused):
        await network.connect()

    assert (await network.connect()).connection == 0


@pytest.mark.parametrize("lose, code", [(LoseConnection(), 1006), (LoseConnection(1011), 1011)])
async def test_the_server_ends_the_link(autojump_clock: MockClock, lose: LoseConnection, code: int) -> None:
    network = MemoryNetwork(ModelServer(answer=scripted([Answer([Text("a"), lose])])))
    link = await network.connect()
    await link.send(create())
    seen, ended = await collect(link)

    assert (9 - 1, code) == (len(seen), ended.code)
    for call in (lambda: link.send("x"), link.receive, link.ping):
        with pytest.raises(LinkEnded) as again:
            await call()

        assert again.value.code == code


async def test_the_age_limit_ends_an_idle_link_with_a_reason(autojump_clock: MockClock) -> None:
    network = MemoryNetwork(ModelServer(attrs.evolve(GENERIC, max_age=60.0)))
    link = await network.connect()
    seen, ended = await collect(link)

    assert ["error"] == seen
    assert (ended.code, ended.reason) == (1001, "connection limit reached")
    assert str(ended) == "the link ended with code 1001: connection limit reached"


async def test_the_end_comes_after_the_latency(autojump_clock: MockClock) -> None:
    network = MemoryNetwork(ModelServer(answer=scripted([Answer([LoseConnection()])])), [LinkPlan(latency=1.0)])
    link = await network.connect()
    began = trio.current_time()
    await link.send(create())
    with pytest.raises(LinkEnded):
        await link.ping()

    assert trio.current_time() == pytest.approx(began + 2.0)


@pytest.mark.parametrize("frames", [1, 4, 7])
async def test_a_cut_after_frames_given_to_the_client(autojump_clock: MockClock, frames: int) -> None:
    network = MemoryNetwork(ModelServer(answer=slow), [LinkPlan(cut_after_received=frames)])
    link = await network.connect()
    await link.send(create())
    seen, ended = await collect(link)

    assert (frames, 1006) == (len(seen), ended.code)
    assert network.server.log[-1].data == "left"


@pytest.mark.parametrize("latency", [0.0, 1.0])
async def test_a_cut_after_frames_from_the_client(autojump_clock: MockClock, latency: float) -> None:
    network = MemoryNetwork(ModelServer(answer=slow), [LinkPlan(cut_after_sent=2, latency=latency)])
    link = await network.connect()
    await link.send(create("one"))
    await trio.sleep(latency)
    await link.send(create("two"))

    assert ["one", "two"] == [body["input"] for body in network.server.creates()]
    assert not network.server.is_open(0)
    with pytest.raises(LinkEnded):
        await link.send(create("three"))


async def test_what_arrived_before_a_cut_can_be_read(autojump_clock: MockClock) -> None:
    network = MemoryNetwork(ModelServer(answer=slow))
    link = await network.connect()
    await link.send(create())
    await trio.sleep(1.0)
    link.cut()
    link.cut()
    seen, ended = await collect(link)

    assert (5, 1006) == (len(seen), ended.code)


async def test_what_was_under_way_at_a_cut_is_lost(autojump_clock: MockClock) -> None:
    network = MemoryNetwork(ModelServer(), [LinkPlan(latency=1.0)])
    link = await network.connect()
    await link.send(create())
    await trio.sleep(1.5)
    link.cut()
    seen, ended = await collect(link)

    assert ([], 1006) == (seen, ended.code)


async def test_a_cut_wakes_a_waiting_reader(autojump_clock: MockClock) -> None:
    network = MemoryNetwork(ModelServer())
    link = await network.connect()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(collect, link)
        await wait_all_tasks_blocked()
        link.cut()


@pytest.mark.parametrize("freeze", ["plan", "hand"])
async def test_a_frozen_link_is_a_black_hole(autojump_clock: MockClock, freeze: str) -> None:
    plan = LinkPlan(freeze_after_received=4) if freeze == "plan" else LinkPlan()
    network = MemoryNetwork(ModelServer(answer=slow), [plan])
    link = await network.connect()
    await link.send(create())

    assert len(await link.receive()) == 4
    if freeze == "hand":
        link.freeze()
    await link.send(create("vanishes"))
    calls: list[Callable[[], object]] = [link.receive, link.ping]
    for call in calls:
        with trio.move_on_after(7200) as scope:
            await call()  # type: ignore[misc] # pyright: ignore[reportGeneralTypeIssues]

        assert scope.cancelled_caught
    assert link.ended is None
    assert len(network.server.creates()) == 1


async def test_closing_a_frozen_link_is_not_heard(autojump_clock: MockClock) -> None:
    network = MemoryNetwork(ModelServer())
    link = await network.connect()
    link.freeze()
    await link.aclose()

    assert network.server.is_open(link.connection)


async def test_closing_tells_the_server_and_ends_the_link(autojump_clock: MockClock) -> None:
    network = MemoryNetwork(ModelServer(answer=slow))
    link = await network.connect()
    await link.send(create())
    await link.aclose(1001)
    await link.aclose(1000)
    with pytest.raises(LinkEnded) as ended:
        await link.receive()

    assert ended.value.code == 1001
    assert ["opened", "left"] == [entry.data for entry in network.server.log if entry.direction == "note"]


async def test_a_cancelled_receive_loses_nothing(autojump_clock: MockClock) -> None:
    network = MemoryNetwork(ModelServer(answer=scripted([Answer([Pause(5.0)])])))
    link = await network.connect()
    await link.send(create())
    await link.receive()
    with trio.move_on_after(4.0):
        await link.receive()
    with trio.move_on_after(0.0):
        await trio.sleep(1.0)
    (frame,) = await link.receive()

    assert Message(0, frame).type == "response.completed"


async def test_frames_for_a_closed_link_are_dropped(autojump_clock: MockClock) -> None:
    network = MemoryNetwork(ModelServer(answer=slow))
    gone, stays = await network.connect(), await network.connect()
    await gone.send(create())
    await stays.send(create())
    await gone.aclose()
    while stays.received < 11:
        await stays.receive()

    assert gone.received == 0


async def test_what_the_server_says_to_nobody_is_dropped(autojump_clock: MockClock) -> None:
    server = ModelServer(attrs.evolve(GENERIC, max_age=1.0))
    server.connect(trio.current_time())
    network = MemoryNetwork(server)
    link = await network.connect()
    seen, _ = await collect(link)

    assert ["error"] == seen
