"""Responses over real HTTP: what is asked, what is heard, what ends it, and that a connection serves again afterwards."""

from __future__ import annotations

import json
import ssl
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any

import attrs
import httpx
import pytest
import trio
import trio.testing

from harness.loopback import HOST, free_port, listen
from harness.over_http import KEY, open_over_http
from rejoinder.engine import (
    ConnectionFailed,
    Conversation,
    DeadlineExceeded,
    Deadlines,
    Endpoint,
    HandshakeFailed,
    Interrupted,
    InvalidRequest,
    Policy,
    ReplayPolicy,
    ResponseFailed,
    Session,
    Settings,
    open_session,
)
from rejoinder.engine.http_client import AnswerTooLarge, body_of
from rejoinder.engine.http_wire import Bounded, told_by, why_unreachable
from rejoinder.states.profiles import CancelPolicy
from rejoinder.states.verdicts import Cause
from rejoinder.testing import Answer, ModelServer, Pause, Raw, Stall, Text, scripted
from rejoinder.testing.script import ErrorFrame, LoseConnection
from rejoinder.testing.server_faults import ServerFaults

QUICK = Policy(retry_pause=0.0, backoff_first=0.0)
NEVER = Policy(replay=ReplayPolicy.NEVER)


@pytest.mark.original("B079", "B150", "C6:test_real_sdk_events_are_read_from_the_right_fields")
async def test_a_conversation_over_http(loopback_clock: trio.testing.MockClock) -> None:
    async with open_over_http() as http:
        async with http.session.respond("Hello") as response:
            types = [event.type async for event in response]
            first = await response.result()
        items = [{"role": "user", "content": "Hello"}, *first.output, {"role": "user", "content": "And?"}]
        async with http.session.respond(items) as response:
            assert "You said: And?" == await response.text()
        statistics = http.session.statistics()

    assert ["response.created", "response.in_progress"] == types[:2]
    assert "response.completed" == types[-1]
    assert "You said: Hello" == first.text
    assert [{"stream": True, "model": "gpt-4.1"}] * 2 == [
        {name: value for name, value in create.items() if name in {"stream", "model", "previous_response_id"}}
        for create in http.creates
    ]
    assert [1, 3] == [len(create["input"]) for create in http.creates]
    assert (2, 0) == (statistics.creates, statistics.reused)


async def test_a_conversation_that_keeps_itself_goes_over_http_too(loopback_clock: trio.testing.MockClock) -> None:
    conversation = Conversation("Hello")
    async with open_over_http() as http:
        async with http.session.respond(conversation) as response:
            first = await response.text()
        conversation.user("Again")
        async with http.session.converse(conversation) as turn:
            second = await turn.text()
        inferred = await http.session.infer(conversation)

    assert ("You said: Hello", "You said: Again", "You said: Again") == (first, second, inferred.text)
    assert [1, 3, 4] == [len(create["input"]) for create in http.creates]


async def test_one_connection_serves_one_response_after_the_other(loopback_clock: trio.testing.MockClock) -> None:
    async with open_over_http() as http:
        for number in range(5):
            assert f"You said: {number}" == await http.ask(str(number))
            await trio.testing.wait_all_tasks_blocked(0.01)
        connections = http.simulator.proxy.connections

        assert 1 == len(connections)


async def test_responses_run_at_once(loopback_clock: trio.testing.MockClock) -> None:
    server = ModelServer(answer=lambda received: Answer([Pause(1.0), Text(received.text)]))
    heard: list[str] = []
    async with open_over_http(server) as http:
        began = trio.current_time()
        async with trio.open_nursery() as nursery:
            for number in range(5):

                async def ask(text: str) -> None:
                    heard.append(await http.ask(text))

                nursery.start_soon(ask, str(number))
        took = trio.current_time() - began

    assert ["0", "1", "2", "3", "4"] == sorted(heard)
    assert took < 2


@pytest.mark.original("B002", "B005")
async def test_every_header_goes_along(loopback_clock: trio.testing.MockClock) -> None:
    endpoint = {"organization": "org_1", "project": "proj_1", "headers": {"X-Team": "blue"}}
    async with open_over_http(endpoint=endpoint) as http:
        await http.ask("Hi")
        headers = http.simulator.http_requests[0]

    assert ("org_1", "proj_1", "blue") == tuple(headers[name] for name in ("openai-organization", "openai-project", "x-team"))
    assert ("***", "text/event-stream", "application/json") == tuple(
        headers[name] for name in ("authorization", "accept", "content-type")
    )


@pytest.mark.original("B002", "B005")
async def test_the_same_headers_go_along_with_the_handshake(loopback_clock: trio.testing.MockClock) -> None:
    endpoint = {"organization": "org_1", "project": "proj_1", "headers": {"X-Team": "blue"}}
    async with open_over_http(endpoint=endpoint, transport="websocket") as socket:
        await socket.ask("Hi")
        headers = socket.simulator.upgrades[0]

    assert ("org_1", "proj_1", "blue") == tuple(headers[name] for name in ("openai-organization", "openai-project", "x-team"))


async def test_the_servers_name_for_the_exchange_is_kept(loopback_clock: trio.testing.MockClock) -> None:
    refused = Answer(reject=ErrorFrame(status=400, message="No."))
    async with open_over_http(ModelServer(answer=scripted([Answer([Text("Yes")]), refused]))) as http:
        async with http.session.respond("Hi") as response:
            result = await response.result()
        with pytest.raises(ResponseFailed) as caught:
            await http.ask("Hi")

    assert ("req_1", "req_1") == (response.request_id, result.request_id)
    assert "req_2" == caught.value.request_id


async def test_a_done_marker_is_accepted(loopback_clock: trio.testing.MockClock) -> None:
    async with open_over_http(ModelServer(faults=ServerFaults(done_marker=True))) as http:
        assert ["You said: 1", "You said: 2"] == [await http.ask(text) for text in "12"]
        statistics = http.session.statistics()

    assert {} == {name: count for name, count in statistics.counts.items() if "Garbage" in name or name == "Illegal"}


async def test_letters_that_break_lines_elsewhere_do_not_break_events(loopback_clock: trio.testing.MockClock) -> None:
    odd = "a\u2028b\u2029c\x85d\x0be\x1cf 😀"
    async with open_over_http(ModelServer(answer=scripted([Answer([Text(odd, pieces=[odd])])]))) as http:
        assert odd == await http.ask("Hi")


# -- refusals ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [408, 409, 429, 500, 503])
@pytest.mark.original("B151")
async def test_what_passes_is_asked_three_times(status: int, loopback_clock: trio.testing.MockClock) -> None:
    server = ModelServer(answer=lambda _: Answer(reject=ErrorFrame(status=status, type=None, message="Not now.")))
    async with open_over_http(server, policy=QUICK) as http:
        with pytest.raises(ResponseFailed, match="Not now") as caught:
            await http.ask("Hi")

    assert 3 == len(http.creates)
    assert status == getattr(caught.value.failure, "status", None)
    assert (Cause.REJECTED, Cause.REJECTED) == getattr(caught.value.verdict, "replays", None)


async def test_what_does_not_pass_is_asked_once(loopback_clock: trio.testing.MockClock) -> None:
    server = ModelServer(answer=lambda _: Answer(reject=ErrorFrame(status=400, param="model", code="model_not_found")))
    async with open_over_http(server) as http:
        with pytest.raises(ResponseFailed) as caught:
            await http.ask("Hi")

    assert 1 == len(http.creates)
    assert ("model_not_found", "model") == (getattr(caught.value.failure, "code", 0), getattr(caught.value.failure, "param", 0))


@pytest.mark.parametrize(
    "headers, seconds",
    [
        ({"retry-after-ms": "1500"}, 1.5),
        ({"retry-after": "3"}, 3.0),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:05 GMT", "date": "Wed, 21 Oct 2026 07:28:00 GMT"}, 5.0),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
    ],
)
async def test_the_server_says_when(headers: dict[str, str], seconds: float, loopback_clock: trio.testing.MockClock) -> None:
    answers = [Answer(reject=ErrorFrame(status=429, type=None, headers=headers)), Answer([Text("Now.")])]
    async with open_over_http(ModelServer(answer=scripted(answers))) as http:
        began = trio.current_time()
        assert "Now." == await http.ask("Hi")
        took = trio.current_time() - began

    assert seconds <= took < seconds + 0.4


@pytest.mark.parametrize("headers", [{"retry-after": "3600"}, {"x-should-retry": "false"}])
async def test_the_server_says_that_there_is_no_point(headers: dict[str, str], loopback_clock: trio.testing.MockClock) -> None:
    server = ModelServer(answer=lambda _: Answer(reject=ErrorFrame(status=503, type=None, headers=headers)))
    async with open_over_http(server) as http:
        with pytest.raises(ResponseFailed):
            await http.ask("Hi")

    assert 1 == len(http.creates)


async def test_a_wrong_key(loopback_clock: trio.testing.MockClock) -> None:
    async with open_over_http() as http, open_session(Endpoint(http.simulator.url, "wrong"), transport="http") as session:
        with pytest.raises(ResponseFailed, match="Incorrect API key") as caught:
            async with session.respond("Hi") as response:
                await response.text()

    assert 401 == getattr(caught.value.failure, "status", None)
    assert "wrong" not in str(caught.value)


# -- ends --------------------------------------------------------------------------------------------------------------------


async def test_no_connection(loopback_clock: trio.testing.MockClock) -> None:
    port = free_port()
    async with open_session(Endpoint(f"ws://{HOST}:{port}/v1/responses", KEY), Settings(policy=QUICK), transport="http") as session:
        with pytest.raises(ConnectionFailed, match=f"No connection to {HOST} port {port}: Connection refused") as caught:
            async with session.respond("Hi") as response:
                await response.text()

    verdict = caught.value.verdict
    assert verdict is not None
    assert (Cause.DIAL, Cause.DIAL) == verdict.replays


async def silence(stream: trio.SocketStream) -> None:
    await stream.receive_some()
    await trio.sleep_forever()


async def says(data: bytes, stream: trio.SocketStream) -> None:
    await stream.receive_some()
    await stream.send_all(data)


Handler = Callable[[trio.SocketStream], object]
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"


@attrs.frozen
class Odd:
    """A server that is odd, and what becomes of a request to it."""

    handler: Handler
    error: type[Exception]
    words: str


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param(Odd(silence, DeadlineExceeded, "did not acknowledge"), id="silence"),
        pytest.param(Odd(partial(says, b""), Interrupted, "the connection broke"), id="hangs up"),
        pytest.param(Odd(partial(says, b"SSH-2.0-OpenSSH\r\n"), Interrupted, "the connection broke"), id="no HTTP"),
        pytest.param(
            Odd(
                partial(says, b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 2\r\n\r\nHi"),
                Interrupted,
                "no stream",
            ),
            id="a page",
        ),
        pytest.param(Odd(partial(says, HEAD), Interrupted, "ended before the answer"), id="no events"),
        pytest.param(Odd(partial(says, HEAD + b"data: {}\n\n"), Interrupted, "ended before the answer"), id="an odd event"),
        pytest.param(Odd(partial(says, HEAD + b"data: {"), Interrupted, "ended before the answer"), id="half an event"),
        pytest.param(
            Odd(partial(says, HEAD + b"data: " + b"x" * 5000), Interrupted, "an event has more than 1000 characters"),
            id="a huge event",
        ),
        pytest.param(
            Odd(partial(says, b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 6\r\n\r\n<html>"), ResponseFailed, "HTTP status 502"),
            id="a gateway",
        ),
        pytest.param(
            Odd(partial(says, b'HTTP/1.1 418 No\r\ncontent-length: 15\r\n\r\n{"error":"tea"}'), ResponseFailed, "tea"),
            id="plain words",
        ),
        pytest.param(
            Odd(partial(says, b"HTTP/1.1 307 Go\r\nlocation: /else\r\ncontent-length: 0\r\n\r\n"), ResponseFailed, "status 307"),
            id="elsewhere",
        ),
    ],
)
async def test_odd_servers(odd: Odd, loopback_clock: trio.testing.MockClock) -> None:
    async with trio.open_nursery() as nursery:
        listener = await listen(nursery, odd.handler)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        settings = Settings(policy=NEVER, frame_limit=1000)
        async with open_session(Endpoint(listener.url, KEY), settings, transport="http") as session:
            with pytest.raises(odd.error, match=odd.words):
                async with session.respond("Hi") as response:
                    await response.text()
        nursery.cancel_scope.cancel()


async def test_a_stream_that_is_cut_in_the_middle_keeps_what_came(loopback_clock: trio.testing.MockClock) -> None:
    story = Answer([Text("one two three four", pieces=["one ", "two "]), LoseConnection()])
    async with open_over_http(ModelServer(answer=scripted([story]))) as http:
        with pytest.raises(Interrupted, match="The stream ended before the answer was complete") as caught:
            await http.ask("Hi")
        assert "You said: next" == await http.ask("next")

    assert caught.value.partial.text.startswith("one ")
    assert 2 == len(http.creates)


async def test_a_loss_before_any_output_is_invisible(loopback_clock: trio.testing.MockClock) -> None:
    async with open_over_http(ModelServer(answer=scripted([Answer([LoseConnection()])]))) as http:
        assert "You said: Hi" == await http.ask("Hi")

    assert 2 == len(http.creates)


@pytest.mark.parametrize("then", CancelPolicy)
async def test_leaving_closes_the_request_and_the_next_goes_out_at_once(
    then: CancelPolicy, loopback_clock: trio.testing.MockClock
) -> None:
    server = ModelServer(answer=scripted([Answer([Text("one"), Stall()])]))
    async with open_over_http(server, policy=Policy(then=then)) as http:
        async with http.session.respond("Hi") as response:
            async for _ in response:
                break
        began = trio.current_time()
        assert "You said: next" == await http.ask("next")
        took = trio.current_time() - began
        await trio.testing.wait_all_tasks_blocked(0.02)

        assert not http.simulator.server.is_open(0)
    assert took < 0.3
    assert "cancelled" == response.status


@pytest.mark.parametrize(
    "deadline, steps, words",
    [
        ("created", None, "did not acknowledge the request within 2 s"),
        ("first_output", [Stall()], "acknowledged the request and said nothing more within 2 s"),
        ("gap", [Text("one"), Stall()], "stopped in the middle of its answer within 2 s"),
    ],
)
async def test_silence_is_bounded(
    deadline: str, steps: list[Text | Stall] | None, words: str, loopback_clock: trio.testing.MockClock
) -> None:
    answer = Answer([Stall()], created=0, in_progress=False) if steps is None else Answer(steps)
    policy = Policy(replay=ReplayPolicy.NEVER, deadlines=Deadlines(**{deadline: 2}))
    async with open_over_http(ModelServer(answer=scripted([answer])), policy=policy) as http:
        with pytest.raises(DeadlineExceeded, match=words):
            await http.ask("Hi")
        assert "You said: next" == await http.ask("next")


async def test_garbage_costs_one_response(loopback_clock: trio.testing.MockClock) -> None:
    async with open_over_http(ModelServer(answer=scripted([Answer([Text("one"), Raw("{{{")])]))) as http:
        with pytest.raises(Interrupted, match="cannot be read"):
            await http.ask("Hi")
        assert "You said: next" == await http.ask("next")
        assert {1: "open"} == dict(http.session.statistics().links)


async def test_there_is_nothing_to_warm_up(loopback_clock: trio.testing.MockClock) -> None:
    async with open_over_http() as http:
        with pytest.raises(InvalidRequest, match="nothing to warm up"):
            await http.session.warm_up("Hi")

    assert [] == http.creates


async def test_an_idle_session_answers_its_own_pings(loopback_clock: trio.testing.MockClock) -> None:
    async with open_over_http() as http:
        await http.ask("Hi")
        await trio.sleep(3600)
        assert "You said: again" == await http.ask("again")

    assert ("open", "Stale", "proving") in http.moves("link")


async def test_preconnecting_costs_nothing(loopback_clock: trio.testing.MockClock) -> None:
    async with open_over_http(settings={"preconnect": True}) as http:
        await trio.testing.wait_all_tasks_blocked()
        assert {1: "open"} == dict(http.session.statistics().links)

    assert [] == http.simulator.http_requests


# -- the client --------------------------------------------------------------------------------------------------------------


@pytest.mark.original("B007")
async def test_a_client_of_the_callers_stays_open_and_our_own_does_not(loopback_clock: trio.testing.MockClock) -> None:
    async with httpx.AsyncClient() as client:
        async with open_over_http(http_client=client) as http:
            await http.ask("Hi")
        assert not client.is_closed

    class Watched(httpx.AsyncHTTPTransport):
        closed = False

        async def aclose(self) -> None:
            Watched.closed = True
            await super().aclose()

    async with open_over_http(http_options={"transport": Watched()}) as http:
        await http.ask("Hi")
        assert not Watched.closed
    assert Watched.closed


async def test_a_client_that_is_closed_already(loopback_clock: trio.testing.MockClock) -> None:
    client = httpx.AsyncClient()
    await client.aclose()
    async with open_over_http(http_client=client) as http:
        with pytest.raises(ConnectionFailed, match="The HTTP client that the session was given is closed") as caught:
            await http.ask("Hi")

    assert caught.value.verdict is not None
    assert not caught.value.verdict.sent


# -- words -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error, words, permanent",
    [
        (httpx.ConnectTimeout("x"), "No connection to example.org port 443 in time.", False),
        (httpx.PoolTimeout("x"), "No connection to example.org port 443 in time.", False),
        (httpx.ProxyError("407 Proxy Authentication Required"), "The proxy on the way to example.org port 443 refused: 407", False),
        (httpx.UnsupportedProtocol("x"), "The HTTP client does not speak the protocol of the address.", True),
        (httpx.ConnectError("x"), "No connection to example.org port 443: ConnectError.", False),
    ],
)
def test_why_nothing_could_be_sent(error: httpx.HTTPError, words: str, permanent: bool) -> None:  # noqa: FBT001
    said, final = why_unreachable(error, Endpoint("wss://example.org/v1/responses", KEY))

    assert said.startswith(words)
    assert permanent == final


def test_a_certificate_that_is_not_trusted() -> None:
    error = httpx.ConnectError("x")
    error.__cause__ = ssl.SSLCertVerificationError(1, "refused")
    error.__cause__.verify_message = "self-signed certificate"
    said, final = why_unreachable(error, Endpoint("wss://example.org/v1/responses", KEY))

    assert ("The certificate of example.org is not trusted: self-signed certificate.", True) == (said, final)


@pytest.mark.parametrize(
    "error, words",
    [
        (httpx.ReadError("secret"), "the connection broke"),
        (httpx.WriteTimeout("secret"), "the request did not leave in time"),
        (httpx.RemoteProtocolError("secret"), "the connection broke"),
        (httpx.DecodingError("secret"), "the connection broke"),
    ],
)
def test_how_a_stream_broke(error: httpx.HTTPError, words: str) -> None:
    assert words == told_by(error)


async def test_a_key_that_cannot_be_had_is_a_stream_that_cannot_be_opened(
    loopback_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Endpoint) -> dict[str, str]:
        raise HandshakeFailed("There is no key.", permanent=True)

    async with open_over_http() as http:
        monkeypatch.setattr(Endpoint, "handshake_headers", refuse)
        with pytest.raises(ConnectionFailed, match="There is no key"):
            await http.ask("Hi")
        monkeypatch.undo()
        assert "You said: Hi" == await http.ask("Hi")


async def test_a_key_that_is_renewed_is_asked_for_each_time(loopback_clock: trio.testing.MockClock) -> None:
    given: list[str] = []

    async def provider() -> str:
        await trio.lowlevel.checkpoint()
        given.append(KEY)
        return KEY

    async def fails() -> str:
        await trio.lowlevel.checkpoint()
        raise LookupError(KEY)

    async with open_over_http() as http:
        url = http.simulator.url
        async with open_session(Endpoint(url, provider), transport="http") as session:
            before = len(given)
            for _ in range(2):
                async with session.respond("Hi") as response:
                    assert "You said: Hi" == await response.text()
            assert "You said: Hi" == (await session.infer("Hi")).text
            assert len(given) >= before + 3
        async with open_session(Endpoint(url, fails), Settings(policy=QUICK)) as session:
            with pytest.raises(ConnectionFailed, match="The key provider raised LookupError") as caught:
                await session.infer("Hi")
            with pytest.raises(ConnectionFailed, match="The key provider raised LookupError"):
                await session.start_background("Hi")

    assert KEY not in str(caught.value)


async def test_a_conversation_goes_over_http_as_over_a_socket(loopback_clock: trio.testing.MockClock) -> None:
    conversation = Conversation("Hi")
    async with open_over_http() as http:
        async with http.session.respond(conversation) as response:
            assert "You said: Hi" == await response.text()
        conversation.add({"role": "user", "content": "Ho"})
        async with http.session.respond(conversation) as response:
            assert "You said: Ho" == await response.text()
        assert "You said: Ho" == (await http.session.infer(conversation.items)).text

    assert [1, 3, 4] == [len(create["input"]) for create in http.creates]


# -- clients of others -----------------------------------------------------------------------------------------------------------


class Failing(httpx.AsyncByteStream):
    """An answer that begins, and fails as no answer of httpx does."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b'data: {"type":"response.created","response":{"id":"resp_1"},"sequence_number":0}\n\n'
        raise KeyError(3)


def failing_late(_: httpx.Request) -> httpx.Response:
    return httpx.Response(200, headers={"content-type": "text/event-stream"}, stream=Failing())


def failing_early(request: httpx.Request) -> httpx.Response:
    raise KeyError(len(request.content))


@pytest.mark.parametrize(
    "handler",
    [failing_late, failing_early],
    ids=["behind_created", "before_any_answer"],
)
async def test_a_client_that_fails_as_none_should_is_a_broken_stream(
    handler: Callable[[httpx.Request], httpx.Response],
    autojump_clock: trio.testing.MockClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    client = httpx.AsyncClient(transport=httpx.MockTransport(handler))
    settings = Settings(policy=QUICK)
    async with open_session(Endpoint("ws://localhost/", KEY), settings, transport="http", http_client=client) as session:
        with pytest.raises(Interrupted, match="reason is in the log") as caught:
            async with session.respond("Hi") as response:
                await response.result()
        assert trio.current_time() < 60

    assert caught.value.verdict is not None
    assert caught.value.verdict.sent
    assert "an HTTP client raised what it should not" in caplog.text


async def test_many_events_whose_empty_lines_come_in_pieces_are_none_too_large() -> None:
    class Split(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            for number in range(60):
                for piece in (b'data: {"n":%d}' % number, b"\r", b"\n", b"\r\n" if number % 2 else b"\n"):
                    yield piece

    response = httpx.Response(200, headers={"content-type": "text/event-stream"}, stream=Split())
    text = "".join([piece async for piece in Bounded(response, 100).aiter_text()])

    assert 60 == text.count("data: ")


async def test_an_event_that_is_too_large_is_noticed_in_pieces_too() -> None:
    class Large(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield b"data: x\n\n"
            for _ in range(100):
                yield b"data: x\n"

    response = httpx.Response(200, headers={"content-type": "text/event-stream"}, stream=Large())
    with pytest.raises(AnswerTooLarge):
        async for _ in Bounded(response, 100).aiter_text():
            pass


class Slow(httpx.AsyncByteStream):
    """An answer that comes slowly, and whose connection takes its time to close."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            await trio.sleep(0.1)
            yield b"x" * 100

    async def aclose(self) -> None:
        await trio.sleep(5)


async def test_whoever_is_cancelled_at_the_limit_is_cancelled(autojump_clock: trio.testing.MockClock) -> None:
    async def read_text() -> None:
        async for _ in Bounded(httpx.Response(200, stream=Slow()), 150).aiter_text():
            pass

    for read in (partial(body_of, httpx.Response(200, stream=Slow()), 150), read_text):
        with trio.move_on_after(1) as scope:
            await read()

        assert scope.cancelled_caught


# -- keys ------------------------------------------------------------------------------------------------------------------------


def quoting(request: httpx.Request) -> httpx.Response:
    """A server that quotes the key in what it says of its failure."""
    said = {"code": "server_error", "message": f"The call with {request.headers['authorization']} failed"}
    failed: dict[str, Any] = {"id": "resp_1", "status": "failed", "output": [], "error": said}
    if b'"stream":true' not in request.content:
        return httpx.Response(200, json=failed)
    events: list[dict[str, Any]] = [
        {"type": "response.created", "response": {"id": "resp_1", "status": "in_progress", "output": []}, "sequence_number": 0},
        {"type": "response.failed", "response": failed, "sequence_number": 1},
    ]
    content = "".join(f"data: {json.dumps(event)}\n\n" for event in events)
    return httpx.Response(200, headers={"content-type": "text/event-stream"}, content=content.encode())


async def test_a_key_that_a_server_quotes_is_shown_nowhere(autojump_clock: trio.testing.MockClock) -> None:
    keys: list[str] = []

    async def renew() -> str:
        keys.append(f"{KEY}-number-{len(keys)}")
        return keys[-1]

    async def respond(session: Session) -> None:
        async with session.respond("Hi") as response:
            await response.result()

    async def infer(session: Session) -> None:
        await session.infer("Hi")

    async def follow(session: Session) -> None:
        await (await session.start_background("Hi")).result()

    client = httpx.AsyncClient(transport=httpx.MockTransport(quoting))
    endpoint = Endpoint("ws://localhost/v1/responses", renew)
    async with open_session(endpoint, Settings(policy=QUICK), transport="http", http_client=client) as session:
        for ask in (respond, infer, follow):
            with pytest.raises(ResponseFailed, match=r"The call with Bearer \*\*\*") as caught:
                await ask(session)

            assert KEY not in str(caught.value) + repr(caught.value.partial) + repr(caught.value.outcome)
