"""What a caller holds: events, text, output, one outcome; and after a cancel nothing at all."""

from typing import Any

import pytest
import trio
import trio.testing

from harness.pair import message, open_pair, user
from rejoinder.engine import (
    ConsumerTooSlow,
    Interrupted,
    Moved,
    Observation,
    Response,
    ResponseCancelled,
    ResponseFailed,
    ResponseRefused,
    Settings,
)
from rejoinder.states.content_events import OutputTextDelta
from rejoinder.states.verdicts import Cause
from rejoinder.testing import (
    AZURE,
    Answer,
    Call,
    ErrorFrame,
    LinkPlan,
    LoseConnection,
    ModelServer,
    Pause,
    Raw,
    Reasoning,
    Refusal,
    Stall,
    Step,
    Text,
    scripted,
)

USAGE = {"input_tokens": 5, "output_tokens": 2, "total_tokens": 7}


def says(*steps: Step, **fields: Any) -> ModelServer:  # noqa: ANN401 - further fields of the answer
    return ModelServer(answer=scripted([Answer(list(steps), **fields)]))


async def hear(response: Response, way: str, seen: list[str]) -> None:
    """Listen to the end, in one of the ways there are; ``seen`` has what came, also if it ends badly."""
    if way == "iterate":
        async for event in response:
            seen += [event.type]
    elif way == "deltas":
        async for piece in response.text_deltas():
            seen += [piece]
    elif way == "text":
        seen.append(await response.text())
    else:
        seen.append(str((await response.result()).incomplete_reason))


async def test_iteration_gives_every_event_in_order(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(says(Text("Hello you"))) as pair, pair.session.respond("Hi") as response:
        kinds = [event.type async for event in response]

    assert [frame["type"] for frame in pair.server_frames()] == kinds
    assert "response.created" == kinds[0]
    assert "response.completed" == kinds[-1]
    assert 2 == kinds.count("response.output_text.delta")


@pytest.mark.original("B081")
async def test_iteration_after_the_end_ends_again(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(says(Text("Hello"))) as pair, pair.session.respond("Hi") as response:
        first = [event async for event in response]
        second = [event async for event in response]

    assert first
    assert [] == second


@pytest.mark.original("B090", "C1:test_text_deltas_pushed")
async def test_text_deltas_are_the_text(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(says(Text("one two three"), Text("four"))) as pair, pair.session.respond("Hi") as response:
        assert ["one", " two", " three", "four"] == [piece async for piece in response.text_deltas()]


@pytest.mark.original("B093", "C1:test_response_completed_stores_state")
async def test_text_and_result_and_what_is_on_the_response(autojump_clock: trio.testing.MockClock) -> None:
    async with (
        open_pair(says(Reasoning("hm"), Text("Hello"), Call("look", "{}", call_id="call_7"), usage=USAGE)) as pair,
        pair.session.respond("Hi") as response,
    ):
        before = (response.id, response.status, list(response.output), response.usage, response.incomplete_reason, response.outcome)
        text = await response.text()
        result = await response.result()

    assert (None, "in_progress", [], None, None, None) == before
    assert "Hello" == text == result.text == response.partial.text
    assert "resp_1" == response.id == result.id
    assert "completed" == response.status == result.status
    assert USAGE == response.usage == result.usage
    assert ["reasoning", "message", "function_call"] == [item["type"] for item in response.output]
    assert ["call_7"] == [call["call_id"] for call in result.calls]
    assert response.incomplete_reason is None
    assert 1 == response.number


async def test_result_passes_over_what_was_not_iterated(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(says(Text("one two three"))) as pair, pair.session.respond("Hi") as response:
        first = await pair.deltas(response, 1)
        text = await response.text()
        rest = [event async for event in response]

    assert ("one", "one two three", []) == (first, text, rest)


async def test_output_is_collected_where_the_terminal_has_none(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(says(Text("Hello"), Call("look", "{}"), output=())) as pair, pair.session.respond("Hi") as response:
        result = await response.result()

    assert [] == pair.server_frames()[-1]["response"]["output"]
    assert "Hello" == result.text
    assert ["look"] == [call["name"] for call in result.calls]


@pytest.mark.parametrize("way", ["text", "deltas"])
@pytest.mark.original("B097")
async def test_a_refusal_is_never_hidden(way: str, autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(says(Refusal("I would rather not."))) as pair, pair.session.respond("Hi") as response:
        with pytest.raises(ResponseRefused, match="The model declined: I would rather not") as caught:
            await hear(response, way, [])
        result = await response.result()

    assert "I would rather not." == caught.value.refusal == result.refusal
    assert "completed" == result.status


async def test_a_refusal_after_a_cancel_is_not_delivered(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(says(Refusal("I would rather not.", interval=1.0))) as pair, pair.session.respond("Hi") as response:
        with trio.move_on_after(2.5):
            await response.result()
        response.cancel()
        assert "I would" == response.partial.refusal
        assert [] == [piece async for piece in response.text_deltas()]


@pytest.mark.parametrize("way", ["iterate", "text", "result", "deltas"])
async def test_an_incomplete_response_ends_normally(way: str, autojump_clock: trio.testing.MockClock) -> None:
    server = says(Text("half an ans", cut=True), terminal="incomplete", incomplete_reason="max_output_tokens")
    async with open_pair(server) as pair, pair.session.respond("Hi") as response:
        seen: list[str] = []
        await hear(response, way, seen)

    assert {"iterate": "response.incomplete", "text": "half an ans", "result": "max_output_tokens", "deltas": " ans"}[way] == seen[
        -1
    ]
    assert ("incomplete", "max_output_tokens") == (response.status, response.incomplete_reason)


@pytest.mark.parametrize("way", ["iterate", "text", "result", "deltas"])
async def test_a_failed_response_raises_with_its_code(way: str, autojump_clock: trio.testing.MockClock) -> None:
    error = {"code": "server_error", "message": "The model has tripped"}
    async with open_pair(says(Text("One moment"), terminal="failed", error=error)) as pair, pair.session.respond("Hi") as response:
        with pytest.raises(ResponseFailed, match=r"^The model has tripped\. Try again later") as caught:
            await hear(response, way, [])
        with pytest.raises(ResponseFailed):
            await response.result()

    assert caught.value.failure is not None
    assert ("server_error", Cause.FAILED) == (caught.value.failure.code, caught.value.failure.cause)
    assert "One moment" == caught.value.partial.text
    assert "failed" == response.status == caught.value.partial.status
    assert caught.value.verdict is not None
    assert (True, True, True, False) == (
        caught.value.verdict.sent,
        caught.value.verdict.acknowledged,
        caught.value.verdict.output_begun,
        caught.value.verdict.replay_safe,
    )


async def test_events_before_a_failure_are_delivered_first(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(says(Text("One moment"), terminal="failed")) as pair, pair.session.respond("Hi") as response:
        seen: list[str] = []
        with pytest.raises(ResponseFailed):
            await hear(response, "iterate", seen)

    assert ["response.created", "response.failed"] == [seen[0], seen[-1]]
    assert 2 == seen.count("response.output_text.delta")


async def test_an_interrupted_response_has_what_had_come(autojump_clock: trio.testing.MockClock) -> None:
    async with (
        open_pair(says(Text("Once upon"), Text("a ti", cut=True), LoseConnection(1011))) as pair,
        pair.session.respond("Hi") as response,
    ):
        with pytest.raises(Interrupted, match=r"^The connection was lost \(close code 1011\)\. ") as caught:
            await response.text()

    assert "Once upona ti" == caught.value.partial.text
    assert ["completed", "in_progress"] == [item["status"] for item in caught.value.partial.output]
    assert ("interrupted", "resp_1", None) == (caught.value.partial.status, caught.value.partial.id, caught.value.partial.usage)


async def test_a_rejected_request_was_never_acknowledged(autojump_clock: trio.testing.MockClock) -> None:
    reject = ErrorFrame(code="invalid_value", message="No such voice", param="voice")
    async with open_pair(says(reject=reject)) as pair, pair.session.respond("Hi") as response:
        with pytest.raises(ResponseFailed, match=r"^No such voice\. Read the message") as caught:
            await response.text()

    assert caught.value.failure is not None
    assert caught.value.verdict is not None
    assert ("voice", 400) == (caught.value.failure.param, caught.value.failure.status)
    assert (True, False) == (caught.value.verdict.sent, caught.value.verdict.acknowledged)


async def test_after_a_cancel_nothing_is_delivered(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(says(Text("one two three", interval=1.0))) as pair, pair.session.respond("Hi") as response:
        assert "one" == await pair.deltas(response, 1)
        await trio.sleep(1.5)
        response.cancel()
        seen = [event async for event in response]
        pieces = [piece async for piece in response.text_deltas()]
        await trio.sleep(10)
        seen += [event async for event in response]

    assert [] == seen
    assert [] == pieces
    assert "cancelled" == response.status


async def test_after_a_cancel_what_had_come_is_not_delivered_either(autojump_clock: trio.testing.MockClock) -> None:
    """The server may be long done while its words are still being spoken: whoever interrupts then wants silence, too."""
    async with open_pair(says(Text("one two three", interval=1.0))) as pair, pair.session.respond("Hi") as response:
        assert "one" == await pair.deltas(response, 1)
        await trio.sleep(10)
        assert "completed" == response.status
        response.cancel()
        seen = [event async for event in response]

    assert [] == seen
    assert "completed" == response.status
    assert "one two three" == response.partial.text


async def test_who_cancels_when_told_of_the_end_hears_nothing_more(autojump_clock: trio.testing.MockClock) -> None:
    """Observers are told of the terminal before it is delivered."""
    async with open_pair(says(Text("one"))) as pair:

        def at_the_end(seen: Observation) -> None:
            if isinstance(seen, Moved) and seen.event == "Completed":
                response.cancel()

        pair.session.observe(at_the_end)
        async with pair.session.respond("Hi") as response:
            await trio.sleep(1)
            heard = [event async for event in response]

    assert [] == heard
    assert "completed" == response.status


async def test_what_came_can_be_read_behind_the_block(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(says(Text("one"))) as pair:
        async with pair.session.respond("Hi") as response:
            await trio.sleep(1)
        heard = [piece async for piece in response.text_deltas()]

    assert ["one"] == heard


@pytest.mark.parametrize("way", ["text", "result"])
async def test_a_cancelled_response_has_no_result(way: str, autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(says(Text("one two three", interval=1.0))) as pair, pair.session.respond("Hi") as response:
        assert "one" == await pair.deltas(response, 1)
        response.cancel()
        with pytest.raises(ResponseCancelled) as caught:
            await getattr(response, way)()

    assert "one" == caught.value.partial.text
    assert caught.value.failure is None


async def test_a_cancel_wakes_who_waits(autojump_clock: trio.testing.MockClock) -> None:
    seen: list[Any] = []

    async def iterate() -> None:
        seen.extend([event.type async for event in response])
        seen.append("end")

    async with open_pair(says(Stall())) as pair, pair.session.respond("Hi") as response, trio.open_nursery() as nursery:
        nursery.start_soon(iterate)
        await trio.testing.wait_all_tasks_blocked()
        response.cancel()

    assert ["response.created", "response.in_progress", "end"] == seen


async def test_a_result_that_was_not_waited_for_leaves_the_events(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(says(Text("one two three", interval=1.0))) as pair, pair.session.respond("Hi") as response:
        with trio.move_on_after(1.5) as scope:
            await response.result()
        pieces = [piece async for piece in response.text_deltas()]

    assert scope.cancelled_caught
    assert [" two", " three"] == pieces
    assert "one two three" == response.partial.text


async def test_two_may_listen_and_each_event_goes_to_one(autojump_clock: trio.testing.MockClock) -> None:
    seen: list[str] = []

    async def iterate() -> None:
        async for event in response:
            seen.append(event.type)
            await trio.lowlevel.checkpoint()

    async with (
        open_pair(says(Text("one two three", interval=1.0))) as pair,
        pair.session.respond("Hi") as response,
        trio.open_nursery() as nursery,
    ):
        nursery.start_soon(iterate)
        nursery.start_soon(iterate)

    assert sorted(frame["type"] for frame in pair.server_frames()) == sorted(seen)


async def test_cancelling_again_and_after_the_end_costs_nothing(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(says(Text("Hello"))) as pair:
        async with pair.session.respond("Hi") as response:
            text = await response.text()
            response.cancel()
            response.cancel()
            again = await response.text()
        response.cancel()

    assert "Hello" == text == again
    assert "completed" == response.status
    assert [] == pair.cancels


async def test_a_slow_consumer_costs_its_own_response_only(autojump_clock: trio.testing.MockClock) -> None:
    long = Answer([Text("x" * 4000, pieces=40, interval=0.01)])
    server = ModelServer(answer=scripted([Answer([Text("warm")]), long, Answer([Text("quick")])]))
    async with open_pair(server, settings=Settings(buffer_limit=3000)) as pair:
        assert "warm" == await pair.ask("Hi")
        async with pair.session.respond("Talk") as slow, pair.session.respond("Short") as quick:
            assert "quick" == await quick.text()
            await trio.sleep(1)
            with pytest.raises(ConsumerTooSlow, match=r"Read faster, or allow a larger buffer\.") as caught:
                await hear(slow, "iterate", [])
        assert "You said: Then" == await pair.ask("Then")

    assert caught.value.verdict is not None
    assert caught.value.verdict.output_begun
    assert "interrupted" == slow.status
    assert 0 < len(caught.value.partial.text) < 4000
    assert 1 == pair.network.dials


async def test_a_buffer_that_is_read_never_overflows(autojump_clock: trio.testing.MockClock) -> None:
    # A hundred deltas are half as much again as the buffer holds; what follows the last one fits.
    long = Answer([Text("x" * 4000, pieces=100, interval=0.01)])
    async with (
        open_pair(ModelServer(answer=scripted([long])), settings=Settings(buffer_limit=20_000)) as pair,
        pair.session.respond("Talk") as response,
    ):
        pieces = [event.delta async for event in response if isinstance(event, OutputTextDelta)]

    assert 100 == len(pieces)


async def test_waiting_for_the_result_never_overflows(autojump_clock: trio.testing.MockClock) -> None:
    long = Answer([Text("x" * 4000, pieces=40, interval=0.01)])
    async with open_pair(ModelServer(answer=scripted([long])), settings=Settings(buffer_limit=1000)) as pair:
        assert "x" * 4000 == await pair.ask("Talk")


async def test_the_repr_shows_no_payload(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(says(Text("secret words"))) as pair, pair.session.respond("a secret question") as response:
        before = repr(response)
        await response.text()

    assert "<Response 1 in_progress id=None>" == before
    assert "<Response 1 completed id='resp_1'>" == repr(response)


async def test_the_decision_says_what_was_sent(autojump_clock: trio.testing.MockClock) -> None:
    async with open_pair(ModelServer(AZURE)) as pair:
        async with pair.session.respond([user("one")]) as first:
            assert first.decision is None
            text = await first.text()
        async with pair.session.respond([user("one"), message(text), user("two")]) as second:
            await second.text()

    assert "Full(reason=NoPrevious())" == repr(first.decision)
    assert "Reuse(response_id='resp_1', saved=2)" == repr(second.decision)
    assert [{"role": "user", "content": "one"}] == list(first.content.items)


async def test_a_malformed_terminal_raises_nothing(autojump_clock: trio.testing.MockClock) -> None:
    response_object = '{"id":"resp_1","output":"Hello","usage":7,"incomplete_details":1}'
    odd = f'{{"type":"response.completed","sequence_number":2,"response":{response_object}}}'
    server = says(Raw(odd), terminal=None)
    async with open_pair(server, profile="generic") as pair, pair.session.respond("Hi") as response:
        result = await response.result()

    assert ("completed", [], None, None) == (result.status, result.output, result.usage, result.incomplete_reason)


@pytest.mark.original("B082", "B097")
async def test_an_event_nobody_knows_is_passed_on_untouched(autojump_clock: trio.testing.MockClock) -> None:
    raw = '{"type":"response.sparkle","sequence_number":2,"stream_id":"lane-1","colour":"green"}'
    async with (
        open_pair(says(Raw(raw), Pause(0.1), Stall()), default=LinkPlan(latency=0.01)) as pair,
        pair.session.respond("Hi") as response,
    ):
        async for event in response:
            if event.type == "response.sparkle":
                assert "green" == event.raw["colour"]
                break
        else:
            pytest.fail("It was not passed on.")  # pragma: no cover
