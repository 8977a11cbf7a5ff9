"""The answer to an upgrade: an agreement with all that came behind it, or an error that keeps what the server said."""

from typing import cast, final

import pytest
import trio
import trio.testing

from harness.loopback import http
from harness.pair import KEY
from rejoinder.engine import Endpoint, HandshakeFailed
from rejoinder.engine.dialling import TcpStream
from rejoinder.engine.nurseries import open_inner_nursery
from rejoinder.engine.upgrade import Agreement, receive_agreement, request_id_in

ENDPOINT = Endpoint("ws://localhost:8000/v1/responses", api_key=KEY)
AGREES = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nX-Request-Id: req_1\r\n\r\n"
FRAME = b"\x81\x02{}"


async def answered(data: bytes, step: int = 1_000_000, *, stay: bool = False) -> Agreement:
    """What comes of ``data``, which arrives in pieces and is followed by the end, unless the server stays."""
    ours, theirs = trio.testing.memory_stream_pair()
    async with open_inner_nursery() as nursery:

        async def say() -> None:
            for start in range(0, len(data), step):
                await theirs.send_all(data[start : start + step])
                await trio.testing.wait_all_tasks_blocked()
            if not stay:
                await theirs.send_eof()

        nursery.start_soon(say)
        agreement = await receive_agreement(cast("TcpStream", ours), ENDPOINT)
        nursery.cancel_scope.cancel()
    return agreement


async def test_an_agreement_has_the_headers_and_what_came_behind_them(autojump_clock: trio.testing.MockClock) -> None:
    agreement = await answered(AGREES + FRAME)

    assert (b"upgrade", b"websocket") in list(agreement.headers)
    assert "req_1" == request_id_in(agreement.headers)
    assert AGREES + FRAME == agreement.received
    assert FRAME == agreement.rest


async def test_an_agreement_byte_by_byte(autojump_clock: trio.testing.MockClock) -> None:
    agreement = await answered(AGREES, 1)

    assert (AGREES, b"") == (agreement.received, agreement.rest)


async def test_a_long_line_is_no_reason_to_refuse(autojump_clock: trio.testing.MockClock) -> None:
    """Longer than the library of the fast wire would take by itself."""
    policy = b"Content-Security-Policy: " + b"x" * 20_000 + b"\r\n"
    agreement = await answered(AGREES.replace(b"Upgrade:", policy + b"Upgrade:"))

    assert "req_1" == request_id_in(agreement.headers)


async def test_a_refusal_keeps_status_pause_and_request_id(autojump_clock: trio.testing.MockClock) -> None:
    with pytest.raises(HandshakeFailed) as caught:
        await answered(http(429, "Retry-After: 3", "X-Request-Id: req_2", body=b"no"), stay=True)
    failed = caught.value

    assert "localhost refused the connection with HTTP status 429." == failed.message
    assert (429, 3.0, "req_2") == (failed.status, failed.retry_after, failed.request_id)


@pytest.mark.parametrize(
    "value, pause",
    [("-1", 0.0), ("1e9", 86_400.0), ("inf", 86_400.0), ("nan", None), ("later", None)],
)
async def test_a_pause_is_a_number_of_seconds_within_reason(
    value: str, pause: float | None, autojump_clock: trio.testing.MockClock
) -> None:
    with pytest.raises(HandshakeFailed) as caught:
        await answered(http(503, f"Retry-After: {value}"))

    assert pause == caught.value.retry_after


@pytest.mark.parametrize(
    "data, words",
    [
        (b"", "hung up without an answer."),
        (AGREES[:40], "hung up without an answer."),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "did not answer as a WebSocket server does."),
        (b"HTTP/1.1 101 x\r\n" + b"x" * 70_000, "did not answer as a WebSocket server does."),
    ],
    ids=["nothing", "half an answer", "another protocol", "a head without end"],
)
async def test_what_is_no_answer(data: bytes, words: str, autojump_clock: trio.testing.MockClock) -> None:
    with pytest.raises(HandshakeFailed) as caught:
        await answered(data)

    assert f"localhost port 8000 {words}" == caught.value.message


@final
class Broken(trio.abc.Stream):
    """A stream that was reset."""

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        raise trio.BrokenResourceError

    async def wait_send_all_might_not_block(self) -> None:
        raise trio.BrokenResourceError

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        raise trio.BrokenResourceError

    async def aclose(self) -> None:
        await trio.lowlevel.checkpoint()


async def test_a_connection_that_is_reset(autojump_clock: trio.testing.MockClock) -> None:
    with pytest.raises(HandshakeFailed, match=r"^localhost port 8000 hung up without an answer\.$"):
        await receive_agreement(cast("TcpStream", Broken()), ENDPOINT)


@pytest.mark.parametrize("step", [1, 1_000_000])
async def test_what_a_server_says_before_its_answer_is_passed_over(autojump_clock: trio.testing.MockClock, step: int) -> None:
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
    head = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    agreement = await answered(hints + hints + head + b"rest", step)

    assert agreement.received.startswith(head)
    assert (head + b"rest").startswith(agreement.received)
    assert agreement.received == head + agreement.rest
