"""The fast wire by itself: one read at a time, whoever reads; pieces made whole; compression within its bounds.

What both wires do is in ``test_websocket_wire.py``.
"""

import struct
import zlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import cast

import pytest
import trio
import trio.testing
from websockets.client import ClientProtocol
from websockets.protocol import State
from websockets.uri import WebSocketURI

from harness.loopback import HOST, Handler, answer, listen, read_head, upgraded
from harness.pair import KEY
from rejoinder.engine import Endpoint, HandshakeFailed, Settings, WireClosed
from rejoinder.engine.dialling import TcpStream
from rejoinder.engine.websockets_wire import OWED_AT_MOST, WebsocketsWire, open_websockets_wire

TEXT, BINARY, MORE, CLOSE, PING, PONG = 1, 2, 0, 8, 9, 10
DEFLATE = "Sec-WebSocket-Extensions: permessage-deflate"
EMPTY_BLOCK = b"\x00\x00\xff\xff"
"""What a compressed message ends in, and what is left out of it (RFC 7692, 7.2.1)."""


def frame(opcode: int, data: bytes = b"", *, last: bool = True, compressed: bool = False) -> bytes:
    """A frame as servers send it."""
    size = len(data)
    head = bytes([(0x80 if last else 0) | (0x40 if compressed else 0) | opcode])
    if size < 126:
        return head + bytes([size]) + data
    return head + (b"\x7e" + struct.pack("!H", size) if size < 2**16 else b"\x7f" + struct.pack("!Q", size)) + data


def deflated(data: bytes) -> bytes:
    """What ``data`` becomes in a compressed message."""
    packer = zlib.compressobj(wbits=-15)
    return (packer.compress(data) + packer.flush(zlib.Z_SYNC_FLUSH)).removesuffix(EMPTY_BLOCK)


def unmasked(data: bytes) -> tuple[int, bool, bytes, bytes]:
    """The first frame of a client: opcode, whether it is compressed, what it says, and what follows."""
    size, at = data[1] & 0x7F, 2
    if size == 126:
        size, at = struct.unpack("!H", data[2:4])[0], 4
    mask, said = data[at : at + 4], data[at + 4 : at + 4 + size]
    return data[0] & 15, bool(data[0] & 0x40), bytes(byte ^ mask[i % 4] for i, byte in enumerate(said)), data[at + 4 + size :]


class Memory:
    """A wire over a stream in memory, and the server's end of that."""

    def __init__(self, frame_limit: int = 2**20) -> None:
        ours, self.server = trio.testing.memory_stream_pair()
        uri = WebSocketURI(secure=False, host="localhost", port=80, path="/", query="")
        protocol = ClientProtocol(uri, state=State.OPEN, max_size=frame_limit)
        self.wire = WebsocketsWire(cast("TcpStream", ours), protocol)
        self._sends = ours.send_stream
        self._pump = ours.send_stream.send_all_hook
        self._read = b""

    def hold(self) -> trio.Event:
        """Let nothing leave until the event is set: the peer does not read."""
        gate = trio.Event()

        async def wait() -> None:
            await gate.wait()
            assert self._pump is not None
            await self._pump()

        self._sends.send_all_hook = wait
        return gate

    def left(self) -> bytes:
        """What has left and was held."""
        return bytes(self._sends.get_data_nowait())

    async def heard(self) -> tuple[int, bytes]:
        """The next frame that the server hears."""
        while not self._read:
            self._read += await self.server.receive_some()
        opcode, _, said, self._read = unmasked(self._read)
        return opcode, said


async def end_of(wait: Callable[[], Awaitable[object]]) -> tuple[int | None, str]:
    """How a wire has ended, by what it raises."""
    with pytest.raises(WireClosed) as caught:
        await wait()
    return caught.value.code, caught.value.reason


# One read at a time.


async def test_all_frames_of_one_read_come_at_once(autojump_clock: trio.testing.MockClock) -> None:
    memory = Memory()
    await memory.server.send_all(frame(TEXT, b"one") + frame(BINARY, b"\xff") + frame(TEXT, b"two") + frame(TEXT, b"three")[:3])
    first = await memory.wire.receive()
    await memory.server.send_all(frame(TEXT, b"three")[3:])

    assert ["one", b"\xff", "two"] == list(first)
    assert ["three"] == list(await memory.wire.receive())


async def test_what_came_before_the_end_is_handed_over_before_it(autojump_clock: trio.testing.MockClock) -> None:
    memory = Memory()
    await memory.server.send_all(frame(TEXT, b"one") + b"\xff" * 20)

    assert ["one"] == list(await memory.wire.receive())
    assert (1002, "invalid opcode") == await end_of(memory.wire.receive)


async def test_an_end_without_a_word(autojump_clock: trio.testing.MockClock) -> None:
    memory = Memory()
    await memory.server.send_all(frame(TEXT, b"one") + frame(TEXT, b"two")[:2])
    await memory.server.send_eof()

    assert ["one"] == list(await memory.wire.receive())
    assert (1006, "") == await end_of(memory.wire.receive)
    assert (1006, "") == await end_of(lambda: memory.wire.send("{}"))


async def test_an_end_without_a_code(autojump_clock: trio.testing.MockClock) -> None:
    memory = Memory()
    await memory.server.send_all(frame(CLOSE))

    assert (1005, "") == await end_of(memory.wire.receive)


# Messages in pieces.


async def test_a_message_in_pieces_is_one(autojump_clock: trio.testing.MockClock) -> None:
    memory = Memory()
    said = "Grüße".encode()
    await memory.server.send_all(frame(TEXT, said[:3], last=False) + frame(PING, b"?") + frame(MORE, said[3:], last=False))
    await memory.server.send_all(frame(MORE) + frame(BINARY, b"\x00", last=False) + frame(MORE, b"\xff"))

    assert ["Grüße", b"\x00\xff"] == list(await memory.wire.receive())
    assert (PONG, b"?") == await memory.heard()


@pytest.mark.parametrize(
    "frames",
    [
        pytest.param([frame(TEXT, b"\xff")], id="at once"),
        pytest.param([frame(TEXT, b"\xc3", last=False), frame(MORE, b"\x28")], id="in pieces"),
    ],
)
async def test_a_text_that_is_none(frames: list[bytes], autojump_clock: trio.testing.MockClock) -> None:
    memory = Memory()
    await memory.server.send_all(b"".join(frames) + frame(TEXT, b"after"))

    assert (1007, "a text frame is not UTF-8") == await end_of(memory.wire.receive)
    assert (1007, "a text frame is not UTF-8") == await end_of(memory.wire.receive)


async def test_pieces_count_together(autojump_clock: trio.testing.MockClock) -> None:
    memory = Memory(frame_limit=1000)
    await memory.server.send_all(frame(TEXT, b"x" * 1000) + frame(TEXT, b"x" * 600, last=False))
    assert ["x" * 1000] == list(await memory.wire.receive())
    await memory.server.send_all(frame(MORE, b"x" * 401)[:4])

    code, reason = await end_of(memory.wire.receive)
    assert 1009 == code
    assert "1000 bytes" in reason


# Pings and pongs.


async def test_a_ping_reads_by_itself_and_loses_nothing(autojump_clock: trio.testing.MockClock) -> None:
    memory = Memory()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(memory.wire.ping)
        opcode, said = await memory.heard()
        await memory.server.send_all(frame(TEXT, b"one") + frame(PONG, said) + frame(TEXT, b"two"))

    assert PING == opcode
    assert ["one", "two"] == list(await memory.wire.receive())


async def test_a_ping_while_somebody_else_reads(autojump_clock: trio.testing.MockClock) -> None:
    memory = Memory()
    received: list[str | bytes] = []

    async def receive() -> None:
        while len(received) < 2:
            received.extend(await memory.wire.receive())

    async with trio.open_nursery() as nursery:
        nursery.start_soon(receive)
        await trio.testing.wait_all_tasks_blocked()
        nursery.start_soon(memory.wire.ping)
        _, said = await memory.heard()
        await memory.server.send_all(frame(TEXT, b"one"))
        await trio.testing.wait_all_tasks_blocked()
        await memory.server.send_all(frame(PONG, said) + frame(TEXT, b"two"))

    assert ["one", "two"] == received


async def test_who_waits_reads_on_when_the_reader_is_cancelled(autojump_clock: trio.testing.MockClock) -> None:
    memory = Memory()
    async with trio.open_nursery() as nursery:
        reader = trio.CancelScope()

        async def receive() -> None:
            with reader:
                await memory.wire.receive()

        nursery.start_soon(receive)
        await trio.testing.wait_all_tasks_blocked()
        nursery.start_soon(memory.wire.ping)
        _, said = await memory.heard()
        await trio.testing.wait_all_tasks_blocked()
        reader.cancel()
        await memory.server.send_all(frame(PONG, said))

    assert reader.cancelled_caught


async def test_a_pong_answers_the_pings_before_it_and_others_answer_none(autojump_clock: trio.testing.MockClock) -> None:
    memory = Memory()
    answered: list[int] = []

    async def ping(number: int) -> None:
        await memory.wire.ping()
        answered.append(number)

    async with trio.open_nursery() as nursery:
        said: list[bytes] = []
        for number in range(3):
            nursery.start_soon(ping, number)
            said.append((await memory.heard())[1])
        await memory.server.send_all(frame(PONG) + frame(PONG, b"1"))
        await trio.testing.wait_all_tasks_blocked()
        assert [] == answered
        await memory.server.send_all(frame(PONG, said[1]))
        await trio.testing.wait_all_tasks_blocked()
        assert [0, 1] == sorted(answered)
        await memory.server.send_all(frame(PONG, said[0]) + frame(PONG, said[2]))

    assert [0, 1, 2] == sorted(answered)


async def test_an_end_while_a_pong_is_awaited(autojump_clock: trio.testing.MockClock) -> None:
    memory = Memory()

    async def close() -> None:
        await memory.heard()
        await memory.server.send_all(frame(CLOSE, b"\x03\xe9away"))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(close)
        assert (1001, "away") == await end_of(memory.wire.ping)


async def test_a_ping_that_comes_with_the_agreement_is_answered(
    nursery: trio.Nursery, loopback_clock: trio.testing.MockClock
) -> None:
    answers: list[tuple[int, bytes]] = []

    async def note(stream: trio.SocketStream) -> None:
        opcode, _, said, _ = unmasked(bytes(await stream.receive_some()))
        answers.append((opcode, said))

    def agree(stream: trio.SocketStream) -> Awaitable[None]:
        send = stream.send_all

        async def with_ping(data: bytes) -> None:
            await send(data + frame(PING, b"hi") + frame(TEXT, b"{}"))

        stream.send_all = with_ping  # type: ignore[assignment, method-assign] # pyright: ignore[reportAttributeAccessIssue]
        return upgraded(note)(stream)

    listener = await listen(nursery, agree)
    async with open_wire(listener.port) as wire:
        received = list(await wire.receive())
        await trio.testing.wait_all_tasks_blocked(0.01)

    assert ["{}"] == received
    assert [(PONG, b"hi")] == answers


# Writers and readers.


async def test_a_reader_does_not_wait_for_a_writer(autojump_clock: trio.testing.MockClock) -> None:
    memory = Memory()
    gate = memory.hold()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(memory.wire.send, "a large one")
        await trio.testing.wait_all_tasks_blocked()
        await memory.server.send_all(frame(PING, b"?") + frame(TEXT, b"one"))
        assert ["one"] == list(await memory.wire.receive())
        gate.set()

    # Who was sending has sent the pong as well.
    assert [(TEXT, b"a large one"), (PONG, b"?")] == [await memory.heard(), await memory.heard()]


async def test_a_peer_that_pings_and_never_reads_is_heard_no_further(autojump_clock: trio.testing.MockClock) -> None:
    memory = Memory()
    memory.hold()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(memory.wire.send, "a large one")
        await trio.testing.wait_all_tasks_blocked()
        await memory.server.send_all(frame(PING) * (OWED_AT_MOST + 1) + frame(TEXT, b"one"))
        with trio.move_on_after(1.0) as scope:
            await memory.wire.receive()
        nursery.cancel_scope.cancel()

    assert scope.cancelled_caught


async def test_bytes_make_a_binary_frame(autojump_clock: trio.testing.MockClock) -> None:
    memory = Memory()
    await memory.wire.send(b"\xff")

    assert (BINARY, b"\xff") == await memory.heard()


async def test_a_send_that_is_cancelled_before_its_turn_leaves_nothing(autojump_clock: trio.testing.MockClock) -> None:
    memory = Memory()
    gate = memory.hold()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(memory.wire.send, "first")
        await trio.testing.wait_all_tasks_blocked()
        with trio.move_on_after(1.0):
            await memory.wire.send("second")
        gate.set()
        await trio.testing.wait_all_tasks_blocked()
        await memory.wire.send("third")

    assert [(TEXT, b"first"), (TEXT, b"third")] == [await memory.heard(), await memory.heard()]


async def test_nothing_follows_a_frame_that_left_in_part(autojump_clock: trio.testing.MockClock) -> None:
    memory = Memory()
    gate = memory.hold()
    with trio.move_on_after(1.0):
        await memory.wire.send("first")
    gate.set()

    assert (1006, "") == await end_of(lambda: memory.wire.send("second"))
    assert (1006, "") == await end_of(memory.wire.receive)
    await memory.wire.close()
    # A close behind half a frame would be read as a part of it.
    assert (TEXT, False, b"first", b"") == unmasked(memory.left())


async def test_a_connection_that_is_gone_while_sending(autojump_clock: trio.testing.MockClock) -> None:
    memory = Memory()
    await memory.server.aclose()

    assert (1006, "") == await end_of(lambda: memory.wire.send("{}"))
    assert (1006, "") == await end_of(memory.wire.receive)


async def test_a_pong_that_cannot_be_sent_takes_no_message_along(autojump_clock: trio.testing.MockClock) -> None:
    memory = Memory()
    await memory.server.send_all(frame(PING) + frame(TEXT, b"one"))
    await memory.server.receive_stream.aclose()

    assert ["one"] == list(await memory.wire.receive())
    assert (1006, "") == await end_of(memory.wire.receive)


# The end.


async def test_closing_waits_for_the_answer_and_passes_over_what_comes_before_it(autojump_clock: trio.testing.MockClock) -> None:
    memory = Memory()

    async def answer_late() -> None:
        opcode, _ = await memory.heard()
        assert CLOSE == opcode
        await memory.server.send_all(frame(TEXT, b"late") * 3)
        await trio.sleep(1.5)
        await memory.server.send_all(frame(CLOSE, b"\x03\xe8"))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(answer_late)
        await memory.wire.close()

    assert 1.5 == trio.current_time()
    assert (1000, "") == await end_of(memory.wire.receive)


async def test_closing_what_the_server_has_closed_only_answers(autojump_clock: trio.testing.MockClock) -> None:
    memory = Memory()
    await memory.server.send_all(frame(CLOSE, b"\x03\xe9away"))
    assert (1001, "away") == await end_of(memory.wire.receive)
    await memory.wire.close()

    assert (CLOSE, b"\x03\xe9away") == await memory.heard()


async def test_closing_says_what_was_wrong(autojump_clock: trio.testing.MockClock) -> None:
    memory = Memory(frame_limit=10)
    await memory.server.send_all(frame(TEXT, b"x" * 11))
    assert 1009 == (await end_of(memory.wire.receive))[0]
    await memory.wire.close()
    opcode, said = await memory.heard()

    assert (CLOSE, b"\x03\xf1") == (opcode, said[:2])


# Opening and compression.


@asynccontextmanager
async def open_wire(port: int, settings: Settings | None = None) -> AsyncGenerator[WebsocketsWire]:
    async with open_websockets_wire(
        Endpoint(f"ws://{HOST}:{port}/", api_key=KEY), settings or Settings(close_deadline=0.01)
    ) as wire:
        yield cast("WebsocketsWire", wire)


COMPRESSING = Settings(compression=True, close_deadline=0.01)


def saying(*frames: bytes) -> Handler:
    """What a server does after the upgrade: say it all, and listen until the client goes."""

    async def handler(stream: trio.SocketStream) -> None:
        await stream.send_all(b"".join(frames))
        while await stream.receive_some():
            pass

    return handler


async def test_compression_is_offered_where_it_was_asked_for(nursery: trio.Nursery, loopback_clock: trio.testing.MockClock) -> None:
    heads: list[bytes] = []

    async def note(stream: trio.SocketStream) -> None:
        heads.append(await read_head(stream))

    listener = await listen(nursery, note)
    for settings in (COMPRESSING, Settings()):
        with pytest.raises(HandshakeFailed):
            await open_and_leave(listener.port, settings)

    assert [True, False] == [b"permessage-deflate" in head for head in heads]


async def open_and_leave(port: int, settings: Settings) -> None:
    async with open_wire(port, settings):
        pass


async def test_compressed_frames_are_inflated_and_ours_are_compressed(
    nursery: trio.Nursery, loopback_clock: trio.testing.MockClock
) -> None:
    said = b'{"type":"keepalive"}' * 200
    heard: list[tuple[int, bool, bytes]] = []

    async def talk(stream: trio.SocketStream) -> None:
        await stream.send_all(frame(TEXT, deflated(said), compressed=True) + frame(TEXT, b"plain"))
        opcode, compressed, packed, _ = unmasked(bytes(await stream.receive_some()))
        heard.append((opcode, compressed, zlib.decompressobj(wbits=-15).decompress(packed + EMPTY_BLOCK)))

    listener = await listen(nursery, upgraded(talk, DEFLATE))
    async with open_wire(listener.port, COMPRESSING) as wire:
        received = list(await wire.receive())
        await wire.send("x" * 10_000)
        await trio.testing.wait_all_tasks_blocked(0.01)

    assert [said.decode(), "plain"] == received
    assert [(TEXT, True, b"x" * 10_000)] == heard


BOMB = deflated(b"x" * 50_000_000)


@pytest.mark.parametrize(
    "frames",
    [
        pytest.param([frame(TEXT, BOMB, compressed=True)], id="at once"),
        pytest.param(
            [frame(TEXT, BOMB[:1000], compressed=True, last=False), frame(MORE, BOMB[1000:])],
            id="in pieces",
        ),
        pytest.param(
            [frame(TEXT, deflated(b"x" * 100_000) + EMPTY_BLOCK, compressed=True, last=False), frame(MORE, BOMB)],
            id="behind what fits exactly",
        ),
    ],
)
async def test_a_bomb_ends_the_link_before_it_goes_off(
    frames: list[bytes], nursery: trio.Nursery, loopback_clock: trio.testing.MockClock
) -> None:
    """Fifty million characters in fifty thousand bytes, where a hundred thousand are allowed."""
    listener = await listen(nursery, upgraded(saying(*frames), DEFLATE))
    async with open_wire(listener.port, Settings(compression=True, frame_limit=100_000, close_deadline=0.01)) as wire:
        code, reason = await end_of(wire.receive)

    assert all(len(each) < 100_000 for each in frames)
    assert 1009 == code
    assert "100000 bytes" in reason


async def test_what_cannot_be_inflated_is_the_end(nursery: trio.Nursery, loopback_clock: trio.testing.MockClock) -> None:
    listener = await listen(nursery, upgraded(saying(frame(TEXT, b"\xff" * 50, compressed=True)), DEFLATE))
    async with open_wire(listener.port, COMPRESSING) as wire:
        assert (1002, "decompression failed") == await end_of(wire.receive)


@pytest.mark.parametrize(
    "headers",
    [[DEFLATE], ["Sec-WebSocket-Protocol: other"], ["Sec-WebSocket-Extensions: x-webkit-deflate-frame"]],
    ids=["compression", "a protocol", "another extension"],
)
async def test_a_server_that_agrees_to_what_nobody_asked_for(
    headers: list[str], nursery: trio.Nursery, loopback_clock: trio.testing.MockClock
) -> None:
    listener = await listen(nursery, upgraded(saying(), *headers))
    with pytest.raises(HandshakeFailed, match=r"did not answer as a WebSocket server does\.$"):
        await open_and_leave(listener.port, Settings())


async def test_a_connection_that_is_gone_before_the_request(
    monkeypatch: pytest.MonkeyPatch, nursery: trio.Nursery, loopback_clock: trio.testing.MockClock
) -> None:
    async def gone(self: trio.SocketStream, data: bytes) -> None:
        raise trio.BrokenResourceError

    listener = await listen(nursery, answer(b""))
    monkeypatch.setattr(trio.SocketStream, "send_all", gone)
    with pytest.raises(HandshakeFailed, match=r"hung up without an answer\.$"):
        await open_and_leave(listener.port, Settings())
