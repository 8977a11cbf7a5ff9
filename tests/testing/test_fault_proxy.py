"""The proxy breaks connections exactly as told. These tests use real sockets on loopback and wait for events only."""

import errno
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
import trio
import trio.lowlevel
from trio.testing import MockClock, wait_all_tasks_blocked

from rejoinder.testing.fault_proxy import Break, Direction, FaultProxy, ProxyPlan, fault_proxy


@pytest.fixture
def autojump_clock_on_sockets() -> MockClock:
    """Virtual time: both ends are in this process, so what one has sent has arrived before it jumps."""
    return MockClock(autojump_threshold=0.01)


async def echo(stream: trio.SocketStream) -> None:
    """Send everything back, and end when the client does."""
    async with stream:
        try:
            while data := await stream.receive_some():
                await stream.send_all(data)
        except trio.BrokenResourceError:
            pass  # a reset, which the tests provoke


@asynccontextmanager
async def echoing() -> AsyncGenerator[FaultProxy]:
    """A proxy before a server that echoes."""
    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(trio.serve_tcp, echo, 0)
        port = listeners[0].socket.getsockname()[1]
        async with fault_proxy("127.0.0.1", port) as proxy:
            yield proxy
        nursery.cancel_scope.cancel()


async def dial(proxy: FaultProxy) -> trio.SocketStream:
    return await trio.open_tcp_stream("127.0.0.1", proxy.port)


async def read(stream: trio.SocketStream, count: int) -> bytes:
    """Read exactly so many bytes, or fewer at the end of the stream."""
    data = b""
    with trio.fail_after(10.0):
        while len(data) < count and (chunk := await stream.receive_some()):
            data += chunk
    return data


async def read_all(stream: trio.SocketStream) -> bytes:
    return await read(stream, 10_000_000)


async def is_silent(stream: trio.SocketStream) -> bool:
    """Whether nothing arrives: everybody waits, and the stream has nothing to say."""
    for _ in range(5):
        await wait_all_tasks_blocked(0.005)
    with trio.move_on_after(0) as scope:
        await stream.receive_some()
    return scope.cancelled_caught


async def test_everything_is_forwarded() -> None:
    data = bytes(range(256)) * 4000
    async with echoing() as proxy, await dial(proxy) as stream, trio.open_nursery() as nursery:
        nursery.start_soon(stream.send_all, data)

        assert data == await read(stream, len(data))
        assert [len(data)] * 2 == list(proxy.connections[0].passed.values())


async def test_an_end_of_stream_is_forwarded() -> None:
    async with echoing() as proxy, await dial(proxy) as stream:
        await stream.send_all(b"last words")
        await stream.send_eof()

        assert await read_all(stream) == b"last words"


@pytest.mark.parametrize("count", [0, 1, 5])
async def test_a_cut_to_the_client_is_exact(count: int) -> None:
    async with echoing() as proxy:
        proxy.cut_after(count, Direction.TO_CLIENT)
        async with await dial(proxy) as stream:
            await stream.send_all(b"0123456789")

            assert b"0123456789"[:count] == await read_all(stream)


async def test_a_cut_to_the_server_is_exact() -> None:
    heard: list[bytes] = []
    done = trio.Event()

    async def listen(stream: trio.SocketStream) -> None:
        async with stream:
            heard.append(await read_all(stream))
            done.set()

    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(trio.serve_tcp, listen, 0)
        async with fault_proxy("127.0.0.1", listeners[0].socket.getsockname()[1]) as proxy:
            proxy.cut_after(7, Direction.TO_SERVER)
            async with await dial(proxy) as stream:
                await stream.send_all(b"0123")
                await stream.send_all(b"456789")
                await done.wait()
        nursery.cancel_scope.cancel()

    assert [b"0123456"] == heard


async def test_a_reset_is_a_reset() -> None:
    async with echoing() as proxy:
        proxy.cut_after(4, Direction.TO_CLIENT, Break.RESET)
        async with await dial(proxy) as stream:
            await stream.send_all(b"0123456789")
            with pytest.raises(trio.BrokenResourceError) as broken:
                await read_all(stream)

    assert isinstance(broken.value.__cause__, OSError)
    assert broken.value.__cause__.errno == errno.ECONNRESET


async def test_a_reset_by_hand() -> None:
    async with echoing() as proxy, await dial(proxy) as stream:
        await stream.send_all(b"x")
        await read(stream, 1)
        proxy.connections[0].reset()
        with pytest.raises(trio.BrokenResourceError):
            await read_all(stream)


async def test_a_close_by_hand() -> None:
    async with echoing() as proxy, await dial(proxy) as stream:
        await stream.send_all(b"x")
        await read(stream, 1)
        connection = proxy.connections[0]
        connection.close()

        assert await read_all(stream) == b""
        assert connection.server_side_port is None
        connection.reset()


async def test_half_open_says_nothing_to_anybody() -> None:
    async with echoing() as proxy:
        proxy.cut_after(4, Direction.TO_CLIENT, Break.HALF_OPEN)
        async with await dial(proxy) as stream:
            await stream.send_all(b"0123456789")

            assert await read(stream, 4) == b"0123"
            await stream.send_all(b"more")
            assert await is_silent(stream)
            assert proxy.connections[0].passed[Direction.TO_SERVER] == 14


async def test_silence_by_hand() -> None:
    async with echoing() as proxy, await dial(proxy) as stream:
        await stream.send_all(b"x")
        await read(stream, 1)
        proxy.connections[0].go_silent(Direction.TO_SERVER)
        await stream.send_all(b"y")

        assert await is_silent(stream)


async def test_a_black_hole_accepts_and_says_nothing() -> None:
    async with echoing() as proxy:
        proxy.black_hole()
        async with await dial(proxy) as stream:
            await stream.send_all(b"anybody?")

            assert await is_silent(stream)
            assert proxy.connections[0].server_side_port is None


async def test_chunks_are_held_back() -> None:
    async with echoing() as proxy:
        proxy.delay(0.02)
        async with await dial(proxy) as stream:
            began = trio.current_time()
            await stream.send_all(b"x")
            await read(stream, 1)

            assert trio.current_time() - began >= 0.04


async def test_plans_come_first_and_a_proxy_heals() -> None:
    async with echoing() as proxy:
        proxy.cut_after(2, Direction.TO_CLIENT)
        proxy.plans.append(ProxyPlan(break_after=1))
        lengths: list[int] = []
        for _ in range(3):
            async with await dial(proxy) as stream:
                await stream.send_all(b"0123")
                await stream.send_eof()
                lengths.append(len(await read_all(stream)))
            proxy.heal() if len(lengths) == 2 else None

    assert [1, 2, 4] == lengths


async def test_a_missing_server_ends_the_connection() -> None:
    listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
    port = listeners[0].socket.getsockname()[1]
    await listeners[0].aclose()
    async with fault_proxy("127.0.0.1", port) as proxy, await dial(proxy) as stream:
        assert await read_all(stream) == b""


async def test_a_client_that_resets_takes_the_server_side_with_it() -> None:
    async with echoing() as proxy:
        async with fault_proxy("127.0.0.1", proxy.port) as outer, await dial(outer) as stream:
            await stream.send_all(b"x")
            await read(stream, 1)
            outer.connections[0].reset()
        while proxy.connections:
            await trio.lowlevel.checkpoint()

    assert proxy.connections == []


async def test_leaving_closes_what_is_open() -> None:
    async with echoing() as proxy:
        stream = await dial(proxy)
        await stream.send_all(b"x")
        await read(stream, 1)
    with pytest.raises(OSError, match="connect"):
        await dial(proxy)

    assert await read_all(stream) == b""
    await stream.aclose()


async def test_the_head_of_a_request_can_be_rewritten() -> None:
    def rename(head: bytes) -> bytes:
        return head.replace(b"one", b"two")

    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(trio.serve_tcp, echo, 0)
        port = listeners[0].socket.getsockname()[1]
        async with fault_proxy("127.0.0.1", port, head_filter=rename) as proxy, await dial(proxy) as stream:
            await stream.send_all(b"one\r\n")
            await stream.send_all(b"\r\none")
            await stream.send_eof()

            assert await read_all(stream) == b"two\r\n\r\none"
        nursery.cancel_scope.cancel()


async def test_a_throttled_stream_is_as_slow_as_told(autojump_clock_on_sockets: MockClock) -> None:
    async with echoing() as proxy:
        proxy.throttle(1000.0)
        async with await dial(proxy) as stream, trio.open_nursery() as nursery:
            nursery.start_soon(stream.send_all, bytes(2000))

            assert bytes(2000) == await read(stream, 2000)
        took = trio.current_time()

    # Each way takes two seconds, and the one begins while the other goes on.
    assert 2.0 < took < 2.2


async def test_a_stream_that_is_slower_than_a_byte_at_a_time(autojump_clock_on_sockets: MockClock) -> None:
    async with echoing() as proxy:
        proxy.throttle(1.0)
        async with await dial(proxy) as stream:
            await stream.send_all(b"ab")

            assert b"ab" == await read(stream, 2)
        assert 3.0 == trio.current_time()


async def test_a_duplicate_reaches_the_server_and_its_words_reach_nobody(autojump_clock_on_sockets: MockClock) -> None:
    heard: list[bytes] = []

    async def note(stream: trio.SocketStream) -> None:
        async with stream:
            heard.append(await read(stream, 3))
            await stream.send_all(b"and?")
            await read_all(stream)

    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(trio.serve_tcp, note, 0)
        async with fault_proxy("127.0.0.1", listeners[0].socket.getsockname()[1]) as proxy:
            proxy.duplicate()
            async with await dial(proxy) as stream:
                await stream.send_all(b"one")
                assert b"and?" == await read(stream, 4)
                await wait_all_tasks_blocked(0.01)
                assert await is_silent(stream)
        nursery.cancel_scope.cancel()

    assert [b"one", b"one"] == heard


async def test_a_duplicate_of_a_connection_that_resets(autojump_clock_on_sockets: MockClock) -> None:
    async with echoing() as proxy:
        proxy.default = ProxyPlan(duplicate=True, break_after=3, how=Break.RESET)
        async with await dial(proxy) as stream:
            await stream.send_all(b"12345")
            with pytest.raises(trio.BrokenResourceError):
                await read_all(stream)


async def test_a_partition_swallows_both_ways(autojump_clock_on_sockets: MockClock) -> None:
    async with echoing() as proxy:
        proxy.cut_after(4, Direction.TO_CLIENT, Break.PARTITION)
        async with await dial(proxy) as stream:
            await stream.send_all(b"0123456789")

            assert await read(stream, 4) == b"0123"
            await stream.send_all(b"more")
            assert await is_silent(stream)
            assert proxy.connections[0].passed[Direction.TO_SERVER] == 10
