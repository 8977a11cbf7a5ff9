"""Turns: the loop, its bound, its interruptions, and the conversation they leave."""

from __future__ import annotations

from typing import Any, Final

import pytest
import trio
import trio.testing

from harness.pair import open_pair, user
from harness.tool_turns import FINE, call_events, calling, outputs_of, take_turn
from rejoinder.engine import (
    CallsStarted,
    CallTimedOut,
    Conversation,
    InvalidRequest,
    ResponseCancelled,
    ResponseFailed,
    ResponseRefused,
    SessionClosed,
    ToolResult,
    Tools,
    TooManyRounds,
)
from rejoinder.states.content_events import OutputTextDelta
from rejoinder.states.stream_events import ResponseCompleted, ResponseCreated
from rejoinder.testing import Answer, Call, LinkPlan, ModelServer, Refusal, Text, scripted

CANCELLED: Final = "Cancelled: function 'wait' was stopped before it finished."


class Desk:
    """A registry with a function that waits, and what became of it."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - options of Tools
        self.tools = Tools(**options)
        self.begun: list[float] = []
        self.stopped: list[float] = []
        self.tools.add(self.wait)

    async def wait(self, seconds: float) -> str:
        """Wait."""
        self.begun.append(seconds)
        try:
            await trio.sleep(seconds)
        except trio.Cancelled:
            self.stopped.append(seconds)
            raise
        return f"waited {seconds:g}"


def waiting(*seconds: float, say: str = "") -> Answer:
    """An answer that calls ``wait`` for each."""
    return calling(*(("wait", f'{{"seconds": {each:g}}}') for each in seconds), say=say)


def server(*answers: Answer) -> ModelServer:
    """A server that says these, in order."""
    return ModelServer(answer=scripted(answers))


# -- the loop ----------------------------------------------------------------------------------------------------------------


@pytest.mark.original("B129", "B131")
async def test_events_of_responses_and_calls_come_in_order(autojump_clock: object) -> None:
    desk = Desk()
    async with open_pair(server(waiting(2, 1, say="One moment. "), FINE)) as pair:
        taken = await take_turn(pair.session, Conversation("Go"), desk.tools)
    kinds = (ResponseCreated, ResponseCompleted, OutputTextDelta)
    shown = [type(event).__name__ for event in taken.events if isinstance(event, kinds) or event.type.startswith("rejoinder.")]

    assert [
        *["ResponseCreated", "OutputTextDelta", "OutputTextDelta", "ResponseCompleted"],
        *["CallsStarted", "CallFinished", "CallFinished"],
        *["ResponseCreated", "OutputTextDelta", "ResponseCompleted"],
    ] == shown
    assert ["started a b", "finished b", "finished a"] == taken.told == call_events(pair)
    assert 2 == taken.turn.rounds
    counts = pair.session.statistics().counts
    assert (1, 2) == (counts["rejoinder.calls.started"], counts["rejoinder.call.finished"])


@pytest.mark.original("B129")
async def test_all_calls_are_announced_before_any_runs(autojump_clock: object) -> None:
    desk = Desk()
    async with open_pair(server(waiting(2, 1), FINE)) as pair, pair.session.converse(Conversation("Go"), tools=desk.tools) as turn:
        async for event in turn:
            if isinstance(event, CallsStarted):
                await trio.sleep(10)

                assert ["a", "b"] == [call.call_id for call in event.calls]
                assert ["a", "b"] == turn.running
                assert [] == desk.begun

    assert {1.0, 2.0} == set(desk.begun)
    assert [] == turn.running


@pytest.mark.original("B129")
async def test_a_turn_without_calls_tells_of_none(autojump_clock: object) -> None:
    async with open_pair(server(FINE)) as pair:
        taken = await take_turn(pair.session, Conversation("Go"), Desk().tools)

    assert ("Fine.", []) == (taken.text, taken.told)
    assert [] == call_events(pair)


async def test_text_is_that_of_the_last_response_and_deltas_are_those_of_all(autojump_clock: object) -> None:
    conversation = Conversation("Go")
    async with open_pair(server(waiting(1, say="One moment. "), FINE, waiting(1, say="Again. "), FINE)) as pair:
        async with pair.session.converse(conversation, tools=Desk().tools) as turn:
            text = await turn.text()
        conversation.user("Again")
        async with pair.session.converse(conversation, tools=Desk().tools) as turn:
            deltas = [delta async for delta in turn.text_deltas()]
            result = await turn.result()

    assert "Fine." == text
    assert "Again. Fine." == "".join(deltas)
    assert ("resp_4", "completed", "Fine.") == (result.id, result.status, result.text)


async def test_a_refusal_is_raised_by_text_and_by_deltas(autojump_clock: object) -> None:
    async with open_pair(server(Answer([Refusal("I will not.")]), Answer([Refusal("I will not.")]))) as pair:
        async with pair.session.converse(Conversation("Go")) as turn:
            with pytest.raises(ResponseRefused, match=r"I will not\."):
                await turn.text()
        async with pair.session.converse(Conversation("Go")) as turn:
            with pytest.raises(ResponseRefused):
                [delta async for delta in turn.text_deltas()]


async def test_a_response_that_fails_in_a_later_round_leaves_what_was_done(autojump_clock: object) -> None:
    conversation = Conversation("Go")
    async with open_pair(server(waiting(1), Answer([Text("Oh")], terminal="failed"), FINE)) as pair:
        failed = await take_turn(pair.session, conversation, Desk().tools)
        with pytest.raises(ResponseFailed):
            await anext(failed.turn)
        following = await take_turn(pair.session, conversation, Desk().tools)

    assert isinstance(failed.error, ResponseFailed)
    assert ["message", "function_call", "function_call_output", "message"] == [
        item.get("type", "message") for item in conversation.items
    ]
    assert {"a": "waited 1"} == outputs_of(pair.creates[2])
    assert "Fine." == following.text


async def test_calls_that_the_conversation_owes_an_answer_are_run_first(autojump_clock: object) -> None:
    desk = Desk()
    call = {"type": "function_call", "call_id": "old", "name": "wait", "arguments": '{"seconds": 3}'}
    conversation = Conversation([user("Go"), call])
    async with open_pair(server(FINE)) as pair:
        taken = await take_turn(pair.session, conversation, desk.tools)

    assert [3.0] == desk.begun
    assert ["started old", "finished old"] == taken.told
    assert {"old": "waited 3"} == outputs_of(pair.creates[0])
    assert "Fine." == taken.text


# -- asking again ------------------------------------------------------------------------------------------------------------


@pytest.mark.original("B134")
@pytest.mark.parametrize(
    "tool_says, result_says, again",
    [(True, None, True), (False, None, False), (True, False, False), (False, True, True)],
)
async def test_a_tool_and_its_result_decide_whether_the_model_is_asked_again(
    autojump_clock: object, *, tool_says: bool, result_says: bool | None, again: bool
) -> None:
    tools = Tools()
    conversation = Conversation("Go")

    @tools.add(run_again=tool_says)
    async def show() -> ToolResult:
        await trio.lowlevel.checkpoint()
        return ToolResult("shown", run_again=result_says)

    async with open_pair(server(calling(("show", "{}")), FINE)) as pair:
        taken = await take_turn(pair.session, conversation, tools)

    assert ("Fine." if again else "") == taken.text
    assert () == conversation.pending_calls
    assert (2 if again else 1) == len(pair.creates)


@pytest.mark.original("B133")
async def test_one_result_of_a_group_is_enough_to_ask_again(autojump_clock: object) -> None:
    desk = Desk()

    @desk.tools.add(run_again=False)
    async def show() -> None:
        await trio.lowlevel.checkpoint()

    async with open_pair(server(calling(("show", "{}"), ("wait", '{"seconds": 1}')), FINE)) as pair:
        taken = await take_turn(pair.session, Conversation("Go"), desk.tools)

    assert "Fine." == taken.text
    assert {"a": "null", "b": "waited 1"} == outputs_of(pair.creates[1])


@pytest.mark.original("B133", "C8:deferred results are delivered")
async def test_without_grouping_the_model_is_asked_after_each_result(autojump_clock: object) -> None:
    desk = Desk(group_results=False)
    answers = [waiting(1, 5), Answer([Text("One is there.")]), Answer([Text("Both are there.")])]
    async with open_pair(server(*answers)) as pair:
        taken = await take_turn(pair.session, Conversation("Go"), desk.tools)
    outputs = outputs_of(pair.creates[1])

    assert "One is there.Both are there." == taken.text
    assert "waited 1" == outputs["a"]
    assert outputs["b"].startswith('{"status": "running", "call_id": "b"} ')
    (report,) = pair.creates[2]["input"]
    assert "developer" == report["role"]
    assert "The call b of function 'wait' has ended. What it returned, as JSON: \"waited 5\"" == report["content"]
    assert ["started a b", "finished a", "finished b"] == taken.told
    assert [] == desk.stopped


async def test_in_order_and_without_grouping_a_call_may_begin_after_the_model_was_told_that_it_runs(autojump_clock: object) -> None:
    desk = Desk(group_results=False, parallel=False)
    async with open_pair(server(waiting(1, 2), Answer([Text("One. ")]), FINE)) as pair:
        taken = await take_turn(pair.session, Conversation("Go"), desk.tools)

    assert "One. Fine." == taken.text
    assert [1.0, 2.0] == desk.begun
    assert "waited 1" == outputs_of(pair.creates[1])["a"]
    assert "is running" in outputs_of(pair.creates[1])["b"]
    assert "waited 2" in pair.creates[2]["input"][0]["content"]
    assert ["started a b", "finished a", "finished b"] == taken.told


async def test_a_function_that_is_registered_in_the_middle_of_a_turn_is_offered_next(autojump_clock: object) -> None:
    desk = Desk()

    @desk.tools.add
    async def learn() -> None:
        await trio.lowlevel.checkpoint()
        desk.tools.add(desk.wait, name="new")

    async with open_pair(server(calling(("learn", "{}")), FINE)) as pair:
        await take_turn(pair.session, Conversation("Go"), desk.tools)

    assert [["wait", "learn"], ["wait", "learn", "new"]] == [[tool["name"] for tool in create["tools"]] for create in pair.creates]


async def test_without_tools_the_conversation_says_which_there_are(autojump_clock: object) -> None:
    hosted = {"type": "web_search"}
    async with open_pair(server(FINE)) as pair:
        await take_turn(pair.session, Conversation("Go", tools=[hosted]), None)

    assert [hosted] == pair.creates[0]["tools"]


async def test_without_grouping_an_interruption_cancels_what_the_model_does_not_wait_for(autojump_clock: object) -> None:
    desk = Desk(group_results=False)
    conversation = Conversation("Go")
    async with open_pair(server(waiting(1, 60), FINE, FINE)) as pair:
        with trio.move_on_after(5):
            await take_turn(pair.session, conversation, desk.tools)
        conversation.user("Stop")
        taken = await take_turn(pair.session, conversation, desk.tools)

    assert [60.0] == desk.stopped
    assert ["developer", "user"] == [item.get("role") for item in pair.creates[2]["input"]]
    assert "was stopped before it finished" in pair.creates[2]["input"][0]["content"]
    assert "Fine." == taken.text


@pytest.mark.parametrize(
    "choice, later",
    [
        ("required", "auto"),
        ({"type": "function", "name": "wait"}, "auto"),
        ("auto", "auto"),
        ("none", "none"),
        (
            {"type": "allowed_tools", "mode": "required", "tools": [{"type": "function", "name": "wait"}]},
            {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function", "name": "wait"}]},
        ),
    ],
)
async def test_a_choice_that_forces_a_call_holds_for_the_first_response(
    autojump_clock: object, choice: object, later: object
) -> None:
    async with open_pair(server(waiting(1), FINE)) as pair:
        await take_turn(pair.session, Conversation("Go"), Desk().tools, tool_choice=choice)

    assert [choice, later] == [create["tool_choice"] for create in pair.creates]


# -- the bound ---------------------------------------------------------------------------------------------------------------


async def test_too_many_rounds_leave_a_conversation_that_goes_on(autojump_clock: object) -> None:
    desk = Desk()
    conversation = Conversation("Go")
    answers = [waiting(number) for number in (1, 2, 3)]
    distinct = [Answer([Call("wait", '{"seconds": 1}', call_id=f"call_{number}")]) for number, _ in enumerate(answers)]
    async with open_pair(server(*distinct, FINE)) as pair:
        stopped = await take_turn(pair.session, conversation, desk.tools, rounds=2)
        with pytest.raises(TooManyRounds):
            await stopped.turn.result()
        following = await take_turn(pair.session, conversation, desk.tools, rounds=2)
    error = stopped.error

    assert isinstance(error, TooManyRounds)
    assert (2, "resp_2") == (error.rounds, error.result.id)
    assert "after 2 responses" in str(error)
    assert {"call_1": "waited 1"} == outputs_of(pair.creates[2])
    assert "Fine." == following.text
    assert 3 == len(desk.begun)


async def test_the_last_round_may_call_if_nobody_has_to_be_asked_again(autojump_clock: object) -> None:
    tools = Tools()

    @tools.add(run_again=False)
    async def show() -> None:
        await trio.lowlevel.checkpoint()

    async with open_pair(server(calling(("show", "{}")))) as pair:
        taken = await take_turn(pair.session, Conversation("Go"), tools, rounds=1)

    assert taken.error is None
    assert ["started a", "finished a"] == taken.told


# -- interruptions -----------------------------------------------------------------------------------------------------------


async def test_leaving_while_the_model_speaks_cancels_the_response_and_keeps_nothing_of_it(autojump_clock: object) -> None:
    conversation = Conversation("Go")
    async with open_pair(server(Answer([Text("one two three", interval=1)]), FINE)) as pair:
        async with pair.session.converse(conversation) as turn:
            async for event in turn:
                if isinstance(event, OutputTextDelta):
                    break
        response = turn.response
        assert response is not None
        conversation.heard(response, "one")
        conversation.user("Stop")
        taken = await take_turn(pair.session, conversation, None)

    assert "cancelled" == response.status
    assert 1 == len(pair.cancels)
    assert ["Go", "one", "Stop"] == [_text(item) for item in pair.creates[1]["input"]]
    assert "Fine." == taken.text


def _text(item: dict[str, Any]) -> str:
    content = item["content"]
    return str(content if isinstance(content, str) else content[0]["text"])


@pytest.mark.original("B139", "B142", "C8:interruption and LLM-requested cancel do not")
@pytest.mark.parametrize(
    "until, begun",
    [
        pytest.param(ResponseCompleted, [], id="before the calls are announced"),
        pytest.param(CallsStarted, [], id="before they begin"),
        pytest.param(CallTimedOut, [0.5, 60.0], id="while they run"),
    ],
)
async def test_leaving_at_any_point_answers_every_call(autojump_clock: object, until: type[object], begun: list[float]) -> None:
    desk = Desk()
    desk.tools.add(desk.wait, name="short", timeout=0.1)
    conversation = Conversation("Go")
    async with open_pair(server(calling(("short", '{"seconds": 0.5}'), ("wait", '{"seconds": 60}')), FINE)) as pair:
        async with pair.session.converse(conversation, tools=desk.tools) as turn:
            async for event in turn:
                if isinstance(event, until):
                    break
        assert () == conversation.pending_calls
        conversation.user("Stop")
        taken = await take_turn(pair.session, conversation, desk.tools)

    assert begun == sorted(desk.begun) == sorted(desk.stopped)  # in parallel, so in any order
    assert {"a", "b"} == set(outputs_of(pair.creates[1]))
    assert outputs_of(pair.creates[1])["b"].startswith("Cancelled: ")
    assert "Fine." == taken.text


async def test_in_order_calls_that_never_began_are_answered_too(autojump_clock: object) -> None:
    desk = Desk(parallel=False)
    conversation = Conversation("Go")
    async with open_pair(server(waiting(60, 61), FINE)) as pair:
        with trio.move_on_after(5):
            await take_turn(pair.session, conversation, desk.tools)
        conversation.user("Stop")
        await take_turn(pair.session, conversation, desk.tools)

    assert [60.0] == desk.begun == desk.stopped
    assert {"a": CANCELLED, "b": CANCELLED} == outputs_of(pair.creates[1])
    assert ["started a b", "cancelled a", "cancelled b"] == call_events(pair)


async def test_a_failure_in_the_block_cancels_the_tools_and_comes_out_as_itself(autojump_clock: object) -> None:
    desk = Desk()
    conversation = Conversation("Go")
    async with open_pair(server(waiting(60))) as pair:

        async def fail() -> None:
            async with pair.session.converse(conversation, tools=desk.tools) as turn:
                with trio.move_on_after(5):
                    await turn.result()
                raise LookupError("mine")

        with pytest.raises(LookupError, match="mine"):
            await fail()

    assert [60.0] == desk.stopped
    assert () == conversation.pending_calls


async def test_cancelling_a_turn_delivers_nothing_more(autojump_clock: object) -> None:
    desk = Desk()
    conversation = Conversation("Go")
    async with open_pair(server(waiting(60))) as pair, pair.session.converse(conversation, tools=desk.tools) as turn:
        async for event in turn:
            if isinstance(event, CallsStarted):
                break
        with trio.move_on_after(5):
            await anext(turn)
        turn.cancel()
        turn.cancel()
        rest = [event async for event in turn]
        with pytest.raises(ResponseCancelled):
            await turn.result()
        await trio.testing.wait_all_tasks_blocked()

        assert [] == rest
        assert [60.0] == desk.stopped
        assert () == conversation.pending_calls
    assert ["started a", "cancelled a"] == call_events(pair)


@pytest.mark.parametrize("steps", range(20))
async def test_another_task_may_cancel_at_any_time(autojump_clock: object, steps: int) -> None:
    desk = Desk()
    conversation = Conversation("Go")
    failing = Answer([Text("Oh")], terminal="failed")
    async with open_pair(server(waiting(1, say="Hm. "), failing), default=LinkPlan(latency=0.3)) as pair:
        async with pair.session.converse(conversation, tools=desk.tools) as turn, trio.open_nursery() as nursery:

            async def iterate() -> None:
                async for _ in turn:
                    pass

            nursery.start_soon(iterate)
            if steps < 5:
                for _ in range(steps):
                    await trio.lowlevel.checkpoint()
            else:
                await trio.sleep(0.1 * steps)
            turn.cancel()
        with pytest.raises(ResponseCancelled):
            await turn.result()

    assert () == conversation.pending_calls
    assert desk.begun == desk.stopped or "waited 1" in str(list(conversation.items))


async def test_cancelling_before_the_first_response(autojump_clock: object) -> None:
    async with open_pair(server(FINE)) as pair, pair.session.converse(Conversation("Go")) as turn:
        turn.cancel()
        with pytest.raises(ResponseCancelled):
            await turn.result()

    assert [] == pair.creates
    assert "<Turn ended, 0 responses>" == repr(turn)


async def test_cancelling_the_response_ends_the_turn(autojump_clock: object) -> None:
    answer = Answer([Text("one two", interval=1)])
    async with open_pair(server(answer)) as pair, pair.session.converse(Conversation("Go")) as turn:
        async for _ in turn.text_deltas():
            assert turn.response is not None
            turn.response.cancel()
        with pytest.raises(ResponseCancelled):
            await turn.result()


async def test_cancelling_after_the_end_changes_nothing(autojump_clock: object) -> None:
    async with open_pair(server(FINE)) as pair, pair.session.converse(Conversation("Go")) as turn:
        before = await turn.result()
        turn.cancel()
        after = await turn.result()

    assert before == after


async def test_each_step_can_be_cancelled_and_taken_again(autojump_clock: object) -> None:
    desk = Desk()
    text = ""
    attempts = 0
    answers = [Answer([Text("Wait. ", interval=1), Call("wait", '{"seconds": 2}')]), FINE]
    async with open_pair(server(*answers)) as pair, pair.session.converse(Conversation("Go"), tools=desk.tools) as turn:
        ended = False
        while not ended:
            attempts += 1
            with trio.move_on_after(0.3):
                try:
                    event = await anext(turn)
                except StopAsyncIteration:
                    ended = True
                else:
                    text += event.delta if isinstance(event, OutputTextDelta) else ""

    assert "Wait. Fine." == text
    assert attempts > 8
    assert 2 == len(pair.creates)
    assert [2.0] == desk.begun
    assert [] == desk.stopped


# -- what cannot be ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "conversation, options, sentence",
    [
        ("Go", {}, r"The conversation is a str\. Give a Conversation"),
        (Conversation("Go"), {"tools": [{"type": "function"}]}, r"tools is a list\. Give a Tools"),
        (Conversation("Go"), {"rounds": 0}, r"rounds is 0\. Give the largest number"),
        (Conversation("Go"), {"rounds": True}, r"rounds is True\."),
    ],
)
async def test_arguments_that_cannot_be_are_refused(conversation: Any, options: Any, sentence: str) -> None:  # noqa: ANN401
    async with open_pair(server()) as pair:
        with pytest.raises(InvalidRequest, match=sentence):
            async with pair.session.converse(conversation, **options):
                pytest.fail("the block was entered")


async def test_a_second_turn_of_a_conversation_is_refused_and_a_fork_is_not(autojump_clock: object) -> None:
    conversation = Conversation("Go")
    async with open_pair(server(FINE, FINE)) as pair, pair.session.converse(conversation) as turn:
        with pytest.raises(InvalidRequest, match=r"A turn of this conversation is open\."):
            async with pair.session.converse(conversation):
                pytest.fail("the block was entered")
        beside = await take_turn(pair.session, conversation.copy(), None)
        text = await turn.text()

    assert ("Fine.", "Fine.") == (beside.text, text)


async def test_a_request_that_cannot_be_made_ends_the_turn(autojump_clock: object) -> None:
    conversation = Conversation("Go")
    async with open_pair(server(FINE)) as pair:
        with pytest.raises(InvalidRequest, match="cannot be written as JSON"):
            async with pair.session.converse(conversation, anything={"x": object()}) as turn:
                await turn.text()
        pair.session.close()
        with pytest.raises(SessionClosed):
            async with pair.session.converse(conversation) as turn:
                await turn.text()

    assert [] == pair.creates
