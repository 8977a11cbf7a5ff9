"""The rows of the original's measured scenarios for its HTTP variant, over real HTTP on loopback.

The correct behaviour: usage without details is usage; failed, incomplete, an error event and a body that just ends are each told
as what they are, and none is a success; half a function call is never run; a loss is told and nothing is said twice; silence is
bounded; leaving closes the request; 429 and 500 are asked three times.
"""

from __future__ import annotations

import pytest
import trio
import trio.testing

from harness.over_http import open_over_http
from rejoinder.engine import DeadlineExceeded, Deadlines, Interrupted, Policy, ReplayPolicy, ResponseFailed, Result
from rejoinder.states.verdicts import Cause
from rejoinder.testing import Answer, Call, ModelServer, Reasoning, Stall, Text, scripted
from rejoinder.testing.script import ErrorFrame, LoseConnection


def saying(*answers: Answer) -> ModelServer:
    """A server with these answers, and plain ones afterwards."""
    return ModelServer(answer=scripted(answers))


def finished(result: Result) -> list[tuple[str, str]]:
    """The calls that may be run: name and arguments."""
    return [(call["name"], call["arguments"]) for call in result.calls if call["status"] == "completed"]


@pytest.mark.row("http ok")
async def test_ok(loopback_clock: trio.testing.MockClock) -> None:
    async with open_over_http() as http, http.session.respond("Hello") as response:
        result = await response.result()

    assert ("You said: Hello", "completed") == (result.text, result.status)
    assert result.usage is not None
    assert {"input_tokens_details", "output_tokens_details", "total_tokens"} < set(result.usage)


@pytest.mark.row("http usage without details")
@pytest.mark.original("B154")
@pytest.mark.parametrize(
    "usage",
    [
        pytest.param(
            {
                "input_tokens": 3,
                "input_tokens_details": {"cached_tokens": 1},
                "output_tokens": 2,
                "output_tokens_details": {"reasoning_tokens": 0},
                "total_tokens": 5,
            },
            id="with details",
            marks=pytest.mark.original("C6:test_token_usage_with_details"),
        ),
        pytest.param(
            {"input_tokens": 3, "output_tokens": 2, "total_tokens": 5},
            id="without",
            marks=pytest.mark.original("C6:test_token_usage_with_missing_details"),
        ),
        pytest.param(
            {"input_tokens": 3, "input_tokens_details": {}, "output_tokens": 2, "output_tokens_details": {}, "total_tokens": 5},
            id="empty",
            marks=pytest.mark.original("C6:test_token_usage_with_empty_details"),
        ),
        pytest.param(
            {"input_tokens_details": None},
            id="nothing",
            marks=pytest.mark.original("C6:test_token_usage_with_missing_top_level_counts"),
        ),
    ],
)
async def test_usage_is_what_the_server_told(usage: dict[str, object], loopback_clock: trio.testing.MockClock) -> None:
    async with open_over_http(saying(Answer([Text("Yes")], usage=usage))) as http, http.session.respond("Hi") as response:
        result = await response.result()

    assert ("completed", "Yes", usage) == (result.status, result.text, result.usage)
    assert usage == response.usage


@pytest.mark.row("http failed")
@pytest.mark.original("B153", "C6:test_response_failed_reaches_pipeline_as_error_frame")
@pytest.mark.parametrize(
    "error, words",
    [
        pytest.param(
            {"code": "server_error", "message": "It broke."},
            "It broke.",
            id="told",
            marks=pytest.mark.original("C6:test_response_failed_pushes_error"),
        ),
        pytest.param(
            {},
            "The response failed and the server gave no reason.",
            id="without details",
            marks=pytest.mark.original("C6:test_response_failed_without_error_details"),
        ),
        pytest.param(
            {"code": "server_error", "message": ""},
            "The response failed and the server gave no reason.",
            id="without words",
            marks=pytest.mark.original("C6:test_response_failed_with_empty_error_message"),
        ),
    ],
)
async def test_failed(error: dict[str, str], words: str, loopback_clock: trio.testing.MockClock) -> None:
    fields = {"error": error or None}
    async with open_over_http(saying(Answer([Text("Half")], terminal="failed", fields=fields))) as http:
        with pytest.raises(ResponseFailed) as caught:
            await http.ask("Hi")

    assert str(caught.value).startswith(words)
    assert "Half" == caught.value.partial.text
    assert 1 == len(http.creates)


@pytest.mark.row("http incomplete")
@pytest.mark.original("B153")
@pytest.mark.parametrize(
    "details, reason",
    [
        pytest.param(
            {"reason": "content_filter"},
            "content_filter",
            id="told",
            marks=pytest.mark.original("C6:test_response_incomplete_pushes_error"),
        ),
        pytest.param(None, None, id="not told", marks=pytest.mark.original("C6:test_response_incomplete_without_details")),
    ],
)
async def test_incomplete(details: dict[str, str] | None, reason: str | None, loopback_clock: trio.testing.MockClock) -> None:
    answer = Answer([Text("Half")], terminal="incomplete", fields={"incomplete_details": details})
    async with open_over_http(saying(answer)) as http, http.session.respond("Hi") as response:
        result = await response.result()

    assert ("incomplete", reason, "Half") == (result.status, result.incomplete_reason, result.text)
    assert (response.status, response.incomplete_reason) == (result.status, reason)


@pytest.mark.row("http error event")
@pytest.mark.original("B153", "C6:test_error_event_pushes_error", "C6:test_terminal_error_stops_consuming_the_stream")
async def test_error_event(loopback_clock: trio.testing.MockClock) -> None:
    error = ErrorFrame(code="server_error", message="It broke.", shape="flat")
    answer = Answer([Text("one"), error, Text("never said")], terminal=None)
    async with open_over_http(saying(answer)) as http:
        with pytest.raises(ResponseFailed, match="It broke") as caught:
            await http.ask("Hi")
        assert "You said: next" == await http.ask("next")

    assert "server_error" == getattr(caught.value.failure, "code", None)


@pytest.mark.row("http error event")
async def test_error_event_before_anything_else(loopback_clock: trio.testing.MockClock) -> None:
    error = ErrorFrame(code="invalid_prompt", message="Not that.", shape="flat")
    answer = Answer([error], created=0, in_progress=False, terminal=None)
    async with open_over_http(saying(answer)) as http:
        with pytest.raises(ResponseFailed, match="Not that"):
            await http.ask("Hi")


@pytest.mark.row("http half function call")
@pytest.mark.original("B155", "C6:test_terminal_error_does_not_run_announced_function_call")
@pytest.mark.parametrize("terminal", ["incomplete", "failed", None])
async def test_half_a_function_call_is_none(terminal: str | None, loopback_clock: trio.testing.MockClock) -> None:
    call = Call("weather", '{"city": "Oslo"}', cut=True)
    answer = Answer([call], terminal=terminal)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    policy = Policy(replay=ReplayPolicy.NEVER)
    async with open_over_http(saying(answer), policy=policy) as http, http.session.respond("Hi") as response:
        if terminal == "incomplete":
            result = await response.result()
        else:
            with pytest.raises((ResponseFailed, Interrupted)) as caught:
                await response.result()
            result = caught.value.partial

    assert ["weather"] == [call["name"] for call in result.calls]
    assert [] == finished(result)
    assert ["{}"] != [call["arguments"] for call in result.calls]


@pytest.mark.original("C6:test_terminal_error_still_runs_completed_function_calls")
async def test_a_whole_call_before_the_failure_is_one(loopback_clock: trio.testing.MockClock) -> None:
    answer = Answer([Call("weather", '{"city": "Oslo"}'), Call("news", "{}", cut=True)], terminal="failed")
    async with open_over_http(saying(answer)) as http, http.session.respond("Hi") as response:
        with pytest.raises(ResponseFailed) as caught:
            await response.result()

    assert [("weather", '{"city": "Oslo"}')] == finished(caught.value.partial)


@pytest.mark.row("http TCP drop")
async def test_drop(loopback_clock: trio.testing.MockClock) -> None:
    async with open_over_http(saying(Answer([Text("one two", pieces=["one ", "two"]), LoseConnection()]))) as http:
        heard: list[str] = []
        with pytest.raises(Interrupted) as caught:
            async with http.session.respond("Hi") as response:
                heard.extend([piece async for piece in response.text_deltas()])

    assert Cause.LOST == getattr(caught.value.failure, "cause", None)
    assert 1 == len(http.creates)
    assert "one two".startswith(caught.value.partial.text)


@pytest.mark.row("http EOF without terminal")
@pytest.mark.original("B156")
async def test_end_of_the_body_without_a_terminal(loopback_clock: trio.testing.MockClock) -> None:
    async with open_over_http(saying(Answer([Text("one")], terminal=None))) as http:
        with pytest.raises(Interrupted, match="The stream ended before the answer was complete") as caught:
            await http.ask("Hi")
        assert "You said: next" == await http.ask("next")

    verdict = caught.value.verdict
    assert verdict is not None
    assert (True, False) == (verdict.output_begun, verdict.replay_safe)
    assert "one" == caught.value.partial.text


@pytest.mark.row("http stall")
@pytest.mark.original("B151")
async def test_stall(loopback_clock: trio.testing.MockClock) -> None:
    policy = Policy(deadlines=Deadlines(gap=12))
    async with open_over_http(saying(Answer([Text("one"), Stall()])), policy=policy) as http:
        began = trio.current_time()
        with pytest.raises(DeadlineExceeded, match="stopped in the middle of its answer within 12 s"):
            await http.ask("Hi")

        assert 12 <= trio.current_time() - began < 13


@pytest.mark.row("http barge-in")
@pytest.mark.original("B114", "B152")
async def test_barge_in(loopback_clock: trio.testing.MockClock) -> None:
    async with open_over_http(saying(Answer([Text("one"), Stall()]))) as http:
        async with http.session.respond("Hi") as response:
            async for _ in response:
                break
        began = trio.current_time()
        await trio.testing.wait_all_tasks_blocked(0.02)
        assert not http.simulator.server.is_open(0)
        assert "You said: next" == await http.ask("next")

        assert trio.current_time() - began < 1
    assert [] == [note for note in http.notes() if note != "Replay"]


@pytest.mark.row("http 429/500")
@pytest.mark.original("B151")
@pytest.mark.parametrize("status", [429, 500])
async def test_busy(status: int, loopback_clock: trio.testing.MockClock) -> None:
    busy = Answer(reject=ErrorFrame(status=status, type=None, message="Busy."))
    async with open_over_http(ModelServer(answer=lambda _: busy)) as http:
        began = trio.current_time()
        with pytest.raises(ResponseFailed, match="Busy"):
            await http.ask("Hi")
        took = trio.current_time() - began

    assert 3 == len(http.creates)
    assert 1.5 <= took < 2


async def test_a_silent_response_is_not_asked_again_where_that_is_not_wanted(loopback_clock: trio.testing.MockClock) -> None:
    policy = Policy(replay=ReplayPolicy.NEVER)
    silent = Answer([Stall()], created=0, in_progress=False)
    async with open_over_http(ModelServer(answer=lambda _: silent), policy=policy) as http:
        with pytest.raises(DeadlineExceeded):
            await http.ask("Hi")

    assert 1 == len(http.creates)


@pytest.mark.original("C6:test_reissues_request_on_timeout", "C6:test_api_timeout_error_also_retries")
async def test_a_silent_response_is_asked_again(loopback_clock: trio.testing.MockClock) -> None:
    silent = Answer([Stall()], created=0, in_progress=False)
    async with open_over_http(saying(silent, silent)) as http:
        assert "You said: Hi" == await http.ask("Hi")

    assert 3 == len(http.creates)


async def test_but_not_for_ever(loopback_clock: trio.testing.MockClock) -> None:
    silent = Answer([Stall()], created=0, in_progress=False)
    async with open_over_http(ModelServer(answer=lambda _: silent)) as http:
        with pytest.raises(DeadlineExceeded):
            await http.ask("Hi")

    assert 3 == len(http.creates)


@pytest.mark.original("C6:test_summary_streamed_and_reasoning_item_persisted")
async def test_a_reasoning_item_comes_whole(loopback_clock: trio.testing.MockClock) -> None:
    answer = Answer([Reasoning("I think.", encrypted="blob"), Text("Yes")])
    async with open_over_http(saying(answer)) as http, http.session.respond("Hi") as response:
        types = [event.type async for event in response]
        result = await response.result()

    assert "response.reasoning_summary_text.delta" in types
    assert ("reasoning", "blob") == (result.output[0]["type"], result.output[0]["encrypted_content"])
