"""Calls in one piece: what is asked, what comes back, what is tried again, and that nothing else notices."""

from __future__ import annotations

from functools import partial
from typing import Any

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
    Interrupted,
    InvalidRequest,
    Policy,
    ReplayPolicy,
    ResponseFailed,
    Session,
    SessionClosed,
    Settings,
    open_session,
)
from rejoinder.states.verdicts import Cause
from rejoinder.testing import Answer, ModelServer, Stall, Text, scripted
from rejoinder.testing.script import ErrorFrame, LoseConnection

TRANSPORTS = pytest.mark.parametrize("transport", ["websocket", "http", "auto"])
QUICK = Policy(retry_pause=0.0)


def fields_of(create: dict[str, Any]) -> dict[str, Any]:
    """What was asked, without what the simulator adds."""
    return {name: value for name, value in create.items() if name != "type"}


@TRANSPORTS
async def test_a_conversation_is_an_input_like_any_other(transport: str, loopback_clock: trio.testing.MockClock) -> None:
    conversation = Conversation("Hello")
    async with open_over_http(transport=transport) as http:
        inferred = await http.session.infer(conversation)
        counted = await http.session.count_input_tokens(conversation)
        async with http.session.respond(conversation) as response:
            said = await response.text()
        listed = await http.session.infer(list(conversation.items))

    assert ("You said: Hello", "You said: Hello") == (inferred.text, said)
    assert counted > 0
    assert "completed" == listed.status


@TRANSPORTS
@pytest.mark.original(
    "B144",
    "C4:with_llm_context",
)
async def test_with_everything(transport: str, loopback_clock: trio.testing.MockClock) -> None:
    settings = {"instructions": "Be brief.", "temperature": 0.5, "max_output_tokens": 50}
    async with open_over_http(transport=transport, settings=settings) as http:
        result = await http.session.infer([{"role": "user", "content": "Hello"}])

    assert ("You said: Hello", "completed") == (result.text, result.status)
    assert [
        {
            "stream": False,
            "model": "gpt-4.1",
            "instructions": "Be brief.",
            "temperature": 0.5,
            "max_output_tokens": 50,
            "store": False,
            "input": [{"role": "user", "content": "Hello"}],
        }
    ] == [fields_of(create) for create in http.creates]
    assert "req_1" == result.request_id
    assert "resp_1" == result.id


@TRANSPORTS
@pytest.mark.original(
    "B144",
    "C4:system_instruction_overrides",
    "C4:max_tokens_override",
)
async def test_arguments_beat_the_settings(transport: str, loopback_clock: trio.testing.MockClock) -> None:
    settings = {"instructions": "Be brief.", "max_output_tokens": 50}
    async with open_over_http(transport=transport, settings=settings) as http:
        await http.session.infer("Hello", instructions="Be long.", max_output_tokens=500, model="other")

    (create,) = http.creates
    assert ("Be long.", 500, "other") == (create["instructions"], create["max_output_tokens"], create["model"])


@TRANSPORTS
@pytest.mark.parametrize("given", ["settings", "argument"])
@pytest.mark.original(
    "C4:empty_context_with_instruction",
    "C4:system_instruction_param_with_empty_context",
)
async def test_without_any_input_the_instructions_are_what_is_answered(
    transport: str, given: str, loopback_clock: trio.testing.MockClock
) -> None:
    settings = {"instructions": "Greet."} if given == "settings" else {"instructions": "Something else."}
    argument = None if given == "settings" else "Greet."
    async with open_over_http(transport=transport, settings=settings) as http:
        await http.session.infer([], instructions=argument)

    (create,) = http.creates
    assert [{"role": "developer", "content": "Greet."}] == create["input"]
    assert "instructions" not in create


@TRANSPORTS
@pytest.mark.original(
    "B144",
    "C4:client_exception",
)
async def test_what_goes_wrong_is_raised(transport: str, loopback_clock: trio.testing.MockClock) -> None:
    refused = Answer(reject=ErrorFrame(status=400, message="No such model.", code="model_not_found", param="model"))
    async with open_over_http(ModelServer(answer=scripted([refused])), transport=transport) as http:
        with pytest.raises(ResponseFailed, match="No such model") as caught:
            await http.session.infer("Hello")
        assert "You said: next" == (await http.session.infer("next")).text

    failure, verdict = caught.value.failure, caught.value.verdict
    assert failure is not None
    assert verdict is not None
    assert ("model_not_found", "model", 400) == (failure.code, failure.param, failure.status)
    assert ("one-shot", True, False, True) == (verdict.stage, verdict.sent, verdict.acknowledged, verdict.replay_safe)
    assert "req_1" == caught.value.request_id


async def test_it_is_out_of_band(loopback_clock: trio.testing.MockClock) -> None:
    """A turn runs on the socket meanwhile; the next one continues it as if nothing had been."""
    async with open_over_http(transport="websocket") as both:
        async with both.session.respond("first") as response:
            assert "You said: aside" == (await both.session.infer("aside")).text
            first = await response.result()
        before = both.session.statistics()
        await both.session.infer("aside again")
        assert before == both.session.statistics()
        items = [{"type": "message", "role": "user", "content": "first"}, *first.output, {"role": "user", "content": "second"}]
        async with both.session.respond(items) as response:
            await response.result()

        assert 1 == both.session.statistics().reused


@pytest.mark.parametrize("status", [408, 409, 429, 500, 503])
async def test_what_passes_is_asked_three_times(status: int, loopback_clock: trio.testing.MockClock) -> None:
    server = ModelServer(answer=lambda _: Answer(reject=ErrorFrame(status=status, type=None)))
    async with open_over_http(server, policy=QUICK) as http:
        with pytest.raises(ResponseFailed) as caught:
            await http.session.infer("Hello")

    assert 3 == len(http.creates)
    assert (Cause.REJECTED, Cause.REJECTED) == getattr(caught.value.verdict, "replays", None)


async def test_the_pause_is_the_servers(loopback_clock: trio.testing.MockClock) -> None:
    refused = Answer(reject=ErrorFrame(status=429, type=None, headers={"retry-after": "30"}))
    async with open_over_http(ModelServer(answer=scripted([refused]))) as http:
        began = trio.current_time()
        await http.session.infer("Hello")
        took = trio.current_time() - began

    assert 30 <= took < 31


async def test_a_loss_is_asked_again_and_then_told(loopback_clock: trio.testing.MockClock) -> None:
    server = ModelServer(answer=lambda _: Answer([LoseConnection()]))
    async with open_over_http(server, policy=QUICK) as http:
        with pytest.raises(Interrupted, match="The connection was lost before the answer was complete") as caught:
            await http.session.infer("Hello")

    assert 3 == len(http.creates)
    assert Cause.LOST == getattr(caught.value.failure, "cause", None)


async def test_no_connection(loopback_clock: trio.testing.MockClock) -> None:
    port = free_port()
    settings = Settings(policy=QUICK)
    async with open_session(Endpoint(f"ws://{HOST}:{port}/v1/responses", KEY), settings) as session:
        with pytest.raises(ConnectionFailed, match=r"Connection refused\. Check the server's address") as caught:
            await session.infer("Hello")

    verdict = caught.value.verdict
    assert verdict is not None
    assert (True, (Cause.DIAL, Cause.DIAL)) == (verdict.sent, verdict.replays)


async def test_silence_is_bounded(loopback_clock: trio.testing.MockClock) -> None:
    policy = Policy(deadlines=Deadlines(first_output=2, gap=3))
    async with open_over_http(ModelServer(answer=scripted([Answer([Stall()])])), policy=policy) as http:
        with pytest.raises(DeadlineExceeded, match="did not answer within 5 s"):
            await http.session.infer("Hello")
        await trio.testing.wait_all_tasks_blocked(0.02)
        assert not http.simulator.server.is_open(0)
        assert "You said: next" == (await http.session.infer("next")).text

    assert 2 == len(http.creates)


async def test_a_response_that_failed_is_raised_and_one_that_is_incomplete_is_not(loopback_clock: trio.testing.MockClock) -> None:
    answers = [Answer([Text("Half")], terminal="incomplete"), Answer(terminal="failed"), Answer([Text("x")], terminal=None)]
    async with open_over_http(ModelServer(answer=scripted(answers)), policy=Policy(replay=ReplayPolicy.NEVER)) as http:
        half = await http.session.infer("Hello")
        with pytest.raises(ResponseFailed, match="The model failed to generate a response") as caught:
            await http.session.infer("Hello")
        with pytest.raises(ResponseFailed, match="did not come to an end"):
            await http.session.infer("Hello")

    assert ("incomplete", "max_output_tokens", "Half") == (half.status, half.incomplete_reason, half.text)
    assert "server_error" == getattr(caught.value.failure, "code", None)
    assert "resp_2" == caught.value.partial.id


async def answers(body: bytes, stream: trio.SocketStream) -> None:
    await stream.receive_some()
    await stream.send_all(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body))


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"7", b"", b"[" * 5000])
async def test_what_is_no_json_object(body: bytes, loopback_clock: trio.testing.MockClock) -> None:
    async with trio.open_nursery() as nursery:
        listener = await listen(nursery, partial(answers, body))
        async with open_session(Endpoint(listener.url, KEY)) as session:
            if body:
                with pytest.raises(Interrupted, match="it is no JSON object"):
                    await session.infer("Hello")
            else:
                assert "" == (await session.infer("Hello")).text
        nursery.cancel_scope.cancel()


async def test_tokens_are_counted(loopback_clock: trio.testing.MockClock) -> None:
    async with open_over_http(transport="websocket") as http:
        short = await http.session.count_input_tokens("Hello")
        long = await http.session.count_input_tokens("Hello " * 100, tools=[])

    assert 0 < short < long
    assert [] == http.creates


async def test_a_long_input_becomes_a_short_one(loopback_clock: trio.testing.MockClock) -> None:
    async with open_over_http(transport="websocket") as http:
        window = await http.session.compact([{"role": "user", "content": str(number)} for number in range(30)])

    assert ["compaction"] == [item["type"] for item in window]


CALLS = [
    pytest.param(Session.infer, id="infer"),
    pytest.param(Session.count_input_tokens, id="count"),
    pytest.param(Session.compact, id="compact"),
    pytest.param(Session.start_background, id="background"),
]


@pytest.mark.parametrize("call", CALLS)
async def test_what_cannot_be_asked(call: Any, loopback_clock: trio.testing.MockClock) -> None:  # noqa: ANN401
    async with open_over_http() as http:
        with pytest.raises(InvalidRequest, match="The input is a int"):
            await call(http.session, 7)
        with pytest.raises(InvalidRequest, match="'background'"):
            await call(http.session, "Hi", background=True)
    with pytest.raises(SessionClosed):
        await call(http.session, "Hi")

    assert [] == http.simulator.http_requests
