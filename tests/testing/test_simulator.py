"""The simulator is a real server on loopback: these tests dial it. They wait for events, never for time to pass."""

import json
import time
from collections.abc import Sequence

import attrs
import httpx
import pytest
import trio
import trio.lowlevel
from trio_websocket import ConnectionRejected

from rejoinder.testing import (
    OPENAI,
    Answer,
    ErrorFrame,
    LoseConnection,
    ModelServer,
    Raw,
    Received,
    ServerFaults,
    Stall,
    Text,
    scripted,
)
from rejoinder.testing.fault_proxy import Break, Direction
from rejoinder.testing.outgoing import Outgoing
from rejoinder.testing.simulator import Simulator, serve
from testing.dialling import dial, read_to_the_end, read_until
from testing.exchange import cancel, create

WORDS = ["created", "in_progress", "output_item.added", "content_part.added", "output_text.delta"]


async def test_a_conversation() -> None:
    async with serve(ModelServer()) as simulator, dial(simulator.url) as socket:
        await socket.send_message(create("x", stream_id="a"))
        seen = await read_until(socket, "completed")
        await socket.send_message(create("y", stream_id="a", previous_response_id="resp_1"))
        await read_until(socket, "completed")

    assert WORDS == seen[:5]
    assert ["x", "y"] == [body["input"] for body in simulator.server.creates()]
    assert simulator.url == f"ws://127.0.0.1:{simulator.port}/v1/responses"


async def test_an_address_of_colons_stands_in_brackets() -> None:
    simulator = Simulator(ModelServer(), host="::1", port=8765)

    assert "ws://[::1]:8765/v1/responses" == simulator.url
    assert "http://[::1]:8765/v1/responses" == simulator.http_url


async def test_nobody_else_on_the_network_can_reach_it_unless_it_is_told_so() -> None:
    async with serve(ModelServer()) as simulator, serve(ModelServer(), host="0.0.0.0") as open_to_all:  # noqa: S104 - that is the point
        bound = [simulator.proxy.host, open_to_all.proxy.host]

    assert ["127.0.0.1", "0.0.0.0"] == bound  # noqa: S104


async def test_frames_come_when_they_are_due() -> None:
    answer = Answer([Text("a b c", interval=0.01)])
    async with serve(ModelServer(answer=scripted([answer]))) as simulator, dial(simulator.url) as socket:
        await socket.send_message(create())
        await read_until(socket, "completed")
    times = [entry.at for entry in simulator.server.log if entry.type == "response.output_text.delta"]

    assert [pytest.approx(0.01), pytest.approx(0.01)] == [times[1] - times[0], times[2] - times[1]]
    assert 0.0 <= times[0] < 5.0


async def test_lanes_of_several_connections_are_kept_apart() -> None:
    async with (
        serve(ModelServer(cancel_delay=0.0, answer=scripted([Answer([Stall()])]))) as simulator,
        dial(simulator.url) as stalled,
        dial(simulator.url) as lively,
    ):
        await stalled.send_message(create())
        await read_until(stalled, "in_progress")
        await lively.send_message(create())
        await read_until(lively, "completed")
        await stalled.send_message(cancel("resp_1"))

        assert ["incomplete"] == await read_until(stalled, "incomplete")


async def test_binary_frames_go_both_ways() -> None:
    answer = scripted([Answer([Raw(b"\x00\xff")])])
    async with serve(ModelServer(answer=answer)) as simulator, dial(simulator.url) as socket:
        await socket.send_message(b"\x00")
        await read_until(socket, "error")
        await socket.send_message(create())
        frames = [await socket.get_message() for _ in range(4)]

    assert frames[2] == b"\x00\xff"


async def test_a_large_frame_fits() -> None:
    answer = scripted([Answer(fields={"instructions": "x" * 900_000})])
    async with serve(ModelServer(answer=answer)) as simulator, dial(simulator.url) as socket:
        await socket.send_message(create("y" * 3_000_000))

        assert ["created", "in_progress", "completed"] == await read_until(socket, "completed")


async def test_too_large_a_frame_closes_with_1009() -> None:
    server = ModelServer(attrs.evolve(OPENAI, inbound_limit=1000))
    async with serve(server) as simulator, dial(simulator.url) as socket:
        await socket.send_message(create("y" * 1000))

        assert ([], 1009) == await read_to_the_end(socket)


async def test_the_server_closes_with_a_code() -> None:
    answer = scripted([Answer([LoseConnection(1011)])])
    async with serve(ModelServer(answer=answer)) as simulator, dial(simulator.url) as socket:
        await socket.send_message(create())

        assert (["created", "in_progress"], 1011) == await read_to_the_end(socket)


async def test_the_server_drops_without_a_close() -> None:
    answer = scripted([Answer([Text("a", cut=True), LoseConnection()])])
    async with serve(ModelServer(answer=answer)) as simulator, dial(simulator.url) as other:
        async with dial(simulator.url) as socket:
            await socket.send_message(create())
            seen, code = await read_to_the_end(socket)
        await other.send_message(create())
        await read_until(other, "completed")

    assert code == 1006
    assert seen == WORDS[: len(seen)]


async def test_a_client_that_leaves_is_noticed() -> None:
    async with serve(ModelServer()) as simulator:
        async with dial(simulator.url) as socket:
            await socket.aclose(1000)
        async with dial(simulator.url) as socket:
            await socket.ping()
        while [entry.data for entry in simulator.server.log].count("left") < 2:
            await trio.lowlevel.checkpoint()


async def test_the_age_limit_ends_an_idle_connection() -> None:
    server = ModelServer(attrs.evolve(OPENAI, max_age=0.02))
    server.connect(0.0)  # a connection of somebody else, whose end is nobody's here
    async with serve(server) as simulator, dial(simulator.url) as socket:
        assert (["error"], 1001) == await read_to_the_end(socket)


async def test_a_client_that_never_answers_the_close_is_let_go() -> None:
    server = ModelServer(answer=scripted([Answer([LoseConnection(1000)])]))
    async with serve(server, close_timeout=0.02) as simulator:
        stream = await trio.open_tcp_stream("127.0.0.1", simulator.port)
        async with stream:
            await stream.send_all(raw_upgrade(simulator.port) + raw_text(create()))
            data = b""
            with trio.fail_after(10.0):
                while chunk := await stream.receive_some():
                    data += chunk

    assert data.endswith(b"\x88\x02\x03\xe8")


@pytest.mark.parametrize("status", [401, 426, 503])
async def test_a_handshake_can_be_refused(status: int) -> None:
    faults = ServerFaults(refuse_status=status, refuse_count=1, refuse_headers=(("retry-after", "7"),))
    async with serve(ModelServer(faults=faults)) as simulator:
        refused = await refusal(simulator.url)
        async with dial(simulator.url) as socket:
            await socket.ping()

    assert (refused.status_code, dict(refused.headers or [])[b"retry-after"]) == (status, b"7")
    assert json.loads(refused.body or b"")["error"]["code"] == "refused"


async def test_the_key_is_checked_and_never_kept() -> None:
    async with serve(ModelServer(), key="sk-right") as simulator:
        missing = await refusal(simulator.url)
        wrong = await refusal(simulator.url, [(b"authorization", b"Bearer sk-wrong")])
        async with dial(simulator.url, [(b"authorization", b"Bearer sk-right")]) as socket:
            await socket.ping()

    assert [401, 401] == [missing.status_code, wrong.status_code]
    assert json.loads(wrong.body or b"")["error"]["code"] == "invalid_api_key"
    assert [None, "***", "***"] == [headers.get("authorization") for headers in simulator.upgrades]
    assert "sk-" not in repr(simulator)


async def test_another_path_is_refused() -> None:
    async with serve(ModelServer()) as simulator:
        refused = await refusal(simulator.url + "/other")

    assert refused.status_code == 404


@pytest.mark.parametrize(
    "method, path, status, code",
    [
        ("GET", "/v1/responses", 426, "upgrade_required"),
        ("PUT", "/v1/responses", 426, "upgrade_required"),
        ("GET", "/", 404, "not_found"),
        ("POST", "/", 404, "not_found"),
    ],
)
async def test_plain_http_gets_a_json_error(method: str, path: str, status: int, code: str) -> None:
    async with serve(ModelServer()) as simulator, httpx.AsyncClient() as client:
        reply = await client.request(method, f"http://127.0.0.1:{simulator.port}{path}")

    assert (status, code) == (reply.status_code, reply.json()["error"]["code"])


async def test_compression_is_never_agreed_on() -> None:
    async with serve(ModelServer()) as simulator:
        stream = await trio.open_tcp_stream("127.0.0.1", simulator.port)
        async with stream:
            offer = b"Sec-WebSocket-Extensions: permessage-deflate\r\n"
            await stream.send_all(raw_upgrade(simulator.port, offer))
            reply = await stream.receive_some()

    assert reply.startswith(b"HTTP/1.1 101")
    assert b"extensions" not in reply.lower()


async def test_leaving_is_quick_while_a_client_neither_reads_nor_closes() -> None:
    answer = scripted([Answer([Text("x" * 1_000_000)] * 30)])
    async with serve(ModelServer(answer=answer)) as simulator:
        stream = await trio.open_tcp_stream("127.0.0.1", simulator.port)
        await stream.send_all(raw_upgrade(simulator.port) + raw_text(create()))
        while not any(entry.type == "response.completed" for entry in simulator.server.log):
            await trio.lowlevel.checkpoint()
        began = time.monotonic()
    await stream.aclose()

    assert time.monotonic() - began < 2.5


async def test_nothing_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    async with serve(ModelServer()) as simulator:
        await refusal(simulator.url + "/other")
        async with dial(simulator.url) as socket:
            await socket.send_message(create())
            await read_until(socket, "completed")

    assert ("", "") == capsys.readouterr()


class BadScriptError(Exception):
    pass


async def test_a_failing_answer_function_is_loud() -> None:
    def fail(_: Received) -> Answer:
        raise BadScriptError

    async def provoke() -> None:
        async with serve(ModelServer(answer=fail)) as simulator, dial(simulator.url) as socket:
            await socket.send_message(create())
            await trio.sleep_forever()

    with pytest.raises(ExceptionGroup) as failed:
        await provoke()

    assert failed.value.split(BadScriptError)[0] is not None


async def test_a_taken_port_is_an_os_error() -> None:
    async with serve(ModelServer()) as simulator:
        with pytest.raises(OSError, match="in use"):
            async with serve(ModelServer(), port=simulator.port):
                pass  # pragma: no cover


async def test_the_simulators_proxy_can_break_bytes() -> None:
    async with serve(ModelServer()) as simulator:
        simulator.proxy.cut_after(600, Direction.TO_CLIENT, Break.RESET)
        async with dial(simulator.url) as socket:
            await socket.send_message(create("hello"))
            seen, code = await read_to_the_end(socket)

    assert (code, len(seen) < 3) == (1006, True)


async def test_the_proxy_exists_only_while_serving() -> None:
    with pytest.raises(RuntimeError, match="serve"):
        _ = Simulator(ModelServer()).proxy


async def test_an_error_script_reaches_the_client() -> None:
    answer = scripted([Answer(reject=ErrorFrame(code="rate_limit_exceeded", status=429))])
    async with serve(ModelServer(answer=answer)) as simulator, dial(simulator.url) as socket:
        await socket.send_message(create())
        body = json.loads(await socket.get_message())

    assert (body["status"], body["error"]["code"]) == (429, "rate_limit_exceeded")


RUDE = {
    "no request": b"hello\r\n\r\n",
    "transport security": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "another protocol": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "half a head": b"GET",
    "no key": b"GET /v1/responses HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
}


@pytest.mark.parametrize("data", RUDE.values(), ids=RUDE)
async def test_a_rude_client_harms_nobody(data: bytes) -> None:
    async with serve(ModelServer()) as simulator:
        await send_and_leave(simulator.port, data)
        async with dial(simulator.url) as socket:
            await socket.ping()


FRAMES = {
    "not masked": b"\x81\x02\x00\x00",
    "not UTF-8": b"\x81\x82\x00\x00\x00\x00\xff\xff",
    "reserved bits": b"\xf1\x80\x00\x00\x00\x00",
    "after a close": b"\x88\x80\x00\x00\x00\x00\x81\x81\x00\x00\x00\x00{",
    "many at once": b"\x81\x81\x00\x00\x00\x00{" * 100,
}


@pytest.mark.parametrize("data", FRAMES.values(), ids=FRAMES)
async def test_a_rude_frame_harms_nobody(data: bytes) -> None:
    async with serve(ModelServer()) as simulator:
        await send_and_leave(simulator.port, raw_upgrade(simulator.port) + data)
        async with dial(simulator.url) as socket:
            await socket.ping()


async def send_and_leave(port: int, data: bytes) -> None:
    """Send bytes, and read until the server ends the connection."""
    stream = await trio.open_tcp_stream("127.0.0.1", port)
    async with stream:
        await stream.send_all(data)
        await stream.send_eof()
        with trio.fail_after(10.0):
            while await stream.receive_some():
                pass


async def refusal(url: str, headers: list[tuple[bytes, bytes]] | None = None) -> ConnectionRejected:
    """Dial, expecting to be refused."""
    with pytest.raises(ExceptionGroup) as group:
        async with dial(url, headers):
            pass  # pragma: no cover
    matching, rest = group.value.split(ConnectionRejected)
    assert rest is None
    assert matching is not None
    (rejected,) = matching.exceptions
    assert isinstance(rejected, ConnectionRejected)
    return rejected


def raw_upgrade(port: int, extra: bytes = b"") -> bytes:
    """An upgrade request as bytes."""
    return (
        b"GET /v1/responses HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n%b\r\n" % (port, extra)
    )


def raw_text(text: str) -> bytes:
    """A masked text frame as bytes; the mask is zero."""
    payload = text.encode()
    assert len(payload) < 126
    return bytes([0x81, 0x80 | len(payload), 0, 0, 0, 0]) + payload


async def test_what_is_due_is_said_however_instants_are_rounded(
    monkeypatch: pytest.MonkeyPatch, autojump_clock: trio.testing.MockClock
) -> None:
    """The simulator's clock begins with it, so each instant is a difference; one that is rounded down is not waited for again."""
    polls: list[float] = []
    said: list[Outgoing] = []
    poll = ModelServer.poll

    def counted(self: ModelServer, now: float) -> Sequence[Outgoing]:
        polls.append(now)
        assert len(polls) < 10_000
        return poll(self, now)

    monkeypatch.setattr(ModelServer, "poll", counted)
    answer = Answer([Text("one two three four", interval=0.02)], created_after=0.02)
    for place in range(20):
        await trio.sleep(0.1 * place)
        simulator = Simulator(ModelServer(answer=scripted([answer])))
        async with trio.open_nursery() as nursery:
            nursery.start_soon(simulator.pump)
            connection = simulator.server.connect(simulator.now())
            simulator.attach(connection, said.append)
            simulator.receive(connection, json.dumps({"type": "response.create", "model": "m", "input": "Hi"}))
            await trio.sleep(1.0)
            nursery.cancel_scope.cancel()

        assert "response.completed" == simulator.server.log[-1].type
