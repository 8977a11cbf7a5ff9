"""Background calls: what they outlive, what ends them, and how the model hears of them."""

from __future__ import annotations

import gc
import weakref
from typing import Annotated, Any

import pydantic
import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from harness.loopback import tasks
from harness.pair import Pair, open_pair, user
from harness.tool_turns import FINE, call_events, calling, messages_of, outputs_of, take_turn
from rejoinder.engine import CallCancelled, Conversation, SessionClosed, ToolCall, ToolResult, Tools
from rejoinder.testing import Answer, ModelServer, Pause, Text, scripted


class Office:
    """A registry with a background function, and what became of it."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - options of Tools
        self.tools = Tools(**options)
        self.stopped: list[str] = []
        self.tools.add(self.research, cancel_on_interruption=False)

    async def research(self, topic: str, call: ToolCall, seconds: float = 30, steps: int = 0) -> ToolResult:
        """Find out."""
        try:
            for step in range(steps):
                await trio.sleep(seconds)
                call.progress(f"step {step}")
            await trio.sleep(seconds)
        except trio.Cancelled:
            self.stopped.append(topic)
            raise
        return ToolResult(f"all about {topic}")


class FreeOnce:
    """Judges a place: it is free the first time only."""

    judged = 0

    def __call__(self, place: str) -> str:
        self.judged += 1
        if self.judged > 1:
            raise ValueError("it was taken meanwhile")
        return place


def server(*answers: Answer) -> ModelServer:
    """A server that says these, in order."""
    return ModelServer(answer=scripted(answers))


OWLS = calling(("research", '{"topic": "owls"}'))
SHORT = calling(("research", '{"topic": "owls", "seconds": 1}'))
REPORT = "The call a of function 'research' has ended. What it returned, as JSON: "


async def test_a_result_that_comes_while_the_model_speaks_is_told_in_the_same_turn(autojump_clock: object) -> None:
    office = Office()
    conversation = Conversation("Go")
    async with open_pair(server(SHORT, Answer([Text("On it. "), Pause(5)]), FINE)) as pair:
        taken = await take_turn(pair.session, conversation, office.tools)
        still = pair.session.background_calls.running(conversation)

    assert "On it. Fine." == taken.text
    assert [{"role": "developer", "content": REPORT + '"all about owls"'}] == pair.creates[2]["input"]
    assert "resp_2" == pair.creates[2]["previous_response_id"]  # the message did not come between the answer's items
    assert ["started a", "finished a"] == taken.told
    assert [] == still


async def test_a_result_that_comes_later_stands_in_the_conversation_and_wakes_who_waits(autojump_clock: object) -> None:
    office = Office()
    conversation = Conversation("Go")
    async with open_pair(server(OWLS, Answer([Text("On it.")]), FINE)) as pair:
        await take_turn(pair.session, conversation, office.tools)
        asked = trio.current_time()
        await pair.session.background_calls.wait(conversation)
        waited = trio.current_time() - asked
        await pair.session.background_calls.wait(conversation)  # still news
        taken = await take_turn(pair.session, conversation, office.tools)
        with trio.move_on_after(100) as scope:
            await pair.session.background_calls.wait(conversation)

    assert 29 < waited <= 30
    assert [REPORT + '"all about owls"'] == messages_of(pair.creates[2])
    assert "Fine." == taken.text
    assert scope.cancelled_caught  # the model has seen it


async def test_a_result_that_need_not_be_told_wakes_nobody(autojump_clock: object) -> None:
    tools = Tools()
    conversation = Conversation("Go")

    @tools.add(cancel_on_interruption=False, run_again=False)
    async def note() -> str:
        await trio.sleep(1)
        return "noted"

    async with open_pair(server(calling(("note", "{}")), FINE)) as pair:
        first = await take_turn(pair.session, conversation, tools)
        with trio.move_on_after(100) as scope:
            await pair.session.background_calls.wait(conversation)
        conversation.user("And?")
        await take_turn(pair.session, conversation, tools)

    assert scope.cancelled_caught
    assert "" == first.text  # nobody had to be asked again, not even to say that it runs
    assert ["note" in text for text in messages_of(pair.creates[1])] == [True]


@pytest.mark.original("B135")
async def test_progress_of_a_background_call_is_told_to_the_model_with_the_next_request(autojump_clock: object) -> None:
    office = Office()
    conversation = Conversation("Go")
    begin = calling(("research", '{"topic": "owls", "seconds": 10, "steps": 1}'))
    async with open_pair(server(begin, Answer([Text("On it.")]), FINE)) as pair:
        await take_turn(pair.session, conversation, office.tools)
        await trio.sleep(15)
        conversation.user("How far is it?")
        await take_turn(pair.session, conversation, office.tools)

    assert ["The call a of function 'research' is still running. How far it is, as JSON: \"step 0\""] == messages_of(
        pair.creates[2]
    )
    assert ["started a", "progress a", "cancelled a"] == call_events(pair)


@pytest.mark.original("B139")
async def test_an_interruption_leaves_background_calls_alone_also_those_of_a_catch_all(autojump_clock: object) -> None:
    office = Office()
    conversation = Conversation("Go")

    @office.tools.catch_all(cancel_on_interruption=False)
    async def anything(call: ToolCall) -> str:
        await trio.sleep(30)
        return call.name

    @office.tools.add
    async def wait() -> None:
        await trio.sleep(60)

    answers = [calling(("research", '{"topic": "owls"}'), ("other", "{}"), ("wait", "{}")), FINE]
    async with open_pair(server(*answers)) as pair:
        with trio.move_on_after(5):
            await take_turn(pair.session, conversation, office.tools)
        running = {call.name for call in pair.session.background_calls.running(conversation)}
        outputs = {item["call_id"]: item["output"] for item in conversation.items if item.get("type") == "function_call_output"}
        await trio.sleep(60)

    assert {"research", "other"} == running
    assert "Cancelled: function 'wait' was stopped before it finished." == outputs["c"]
    assert {"finished a", "finished b", "cancelled c"} == set(call_events(pair)) - {"started a b c"}
    assert [] == office.stopped


@pytest.mark.original("B143")
async def test_the_end_of_the_session_cancels_background_calls_and_says_so_in_the_conversation(autojump_clock: object) -> None:
    office = Office()
    conversation = Conversation("Go")
    before = tasks()
    async with open_pair(server(OWLS, FINE)) as pair:
        await take_turn(pair.session, conversation, office.tools)
        assert "<BackgroundCalls 1 running>" == repr(pair.session.background_calls)

    assert ["owls"] == office.stopped
    assert before == tasks()
    assert "was stopped before it finished" in conversation.items[-1]["content"]
    assert ["started a", "cancelled a"] == call_events(pair)


async def test_a_background_call_that_begins_while_the_session_closes_is_cancelled(autojump_clock: object) -> None:
    office = Office()
    conversation = Conversation("Go")
    async with open_pair(server(OWLS)) as pair, pair.session.converse(conversation, tools=office.tools) as turn:
        async for event in turn:
            if event.type == "rejoinder.calls.started":
                pair.session.close()
                break
        with pytest.raises(SessionClosed):
            await turn.result()

    assert () == conversation.pending_calls
    assert ["started a", "cancelled a"] == call_events(pair)
    assert [] == office.stopped  # its handler never began


async def test_a_background_call_ends_with_a_cancelled_session(autojump_clock: object) -> None:
    office = Office()
    conversation = Conversation("Go")
    with trio.move_on_after(10):
        async with open_pair(server(OWLS, FINE)) as pair:
            await take_turn(pair.session, conversation, office.tools)
            await trio.sleep_forever()

    assert ["owls"] == office.stopped


async def test_a_background_call_with_arguments_that_do_not_fit_is_refused_at_once(autojump_clock: object) -> None:
    office = Office()
    conversation = Conversation("Go")
    async with open_pair(server(calling(("research", "{}")), FINE)) as pair:
        taken = await take_turn(pair.session, conversation, office.tools)
        running = pair.session.background_calls.running(conversation)

    assert ["started a", "refused a"] == taken.told
    assert "topic: Missing required argument" in outputs_of(pair.creates[1])["a"]
    assert [] == running


async def test_a_background_call_whose_arguments_fit_no_more_when_it_begins_is_reported(autojump_clock: object) -> None:
    tools = Tools()

    @tools.add(cancel_on_interruption=False)
    async def sit(place: Annotated[str, pydantic.AfterValidator(FreeOnce())]) -> None:
        pytest.fail(f"{place} was taken")

    conversation = Conversation("Go")
    async with open_pair(server(calling(("sit", '{"place": "here"}')), Answer([Text("On it. "), Pause(5)]), FINE)) as pair:
        taken = await take_turn(pair.session, conversation, tools)

    assert ["started a", "refused a"] == call_events(pair)
    assert ["it was taken meanwhile" in message for create in pair.creates for message in messages_of(create)] == [True]
    assert "On it. Fine." == taken.text


@pytest.mark.original("B136")
async def test_a_background_call_has_its_time_limit_too(autojump_clock: object) -> None:
    office = Office(timeout=5)
    conversation = Conversation("Go")
    async with open_pair(server(OWLS, Answer([Text("On it.")]), FINE)) as pair:
        await take_turn(pair.session, conversation, office.tools)
        await pair.session.background_calls.wait(conversation)
        await take_turn(pair.session, conversation, office.tools)

    assert ["owls"] == office.stopped
    assert "did not finish within 5 seconds" in messages_of(pair.creates[2])[0]
    assert ["started a", "timed_out a"] == call_events(pair)


@pytest.mark.original("C8:interruption and LLM-requested cancel do not")
async def test_the_application_can_cancel_a_background_call_and_nobody_is_asked_because_of_it(autojump_clock: object) -> None:
    office = Office()
    conversation = Conversation("Go")
    async with open_pair(server(OWLS, FINE)) as pair:
        background = pair.session.background_calls
        missing = background.cancel(conversation, "a")
        await take_turn(pair.session, conversation, office.tools)
        other = background.cancel(conversation, "b")
        done = background.cancel(conversation, "a")
        await wait_all_tasks_blocked()
        again = background.cancel(conversation, "a")
        with trio.move_on_after(100) as scope:
            await background.wait(conversation)

    assert scope.cancelled_caught
    assert (False, False, True, False) == (missing, other, done, again)
    assert "was stopped before it finished" in conversation.items[-1]["content"]


@pytest.mark.original("C8:cached at set-up")
async def test_a_background_call_keeps_the_resources_of_its_turn(autojump_clock: object) -> None:
    tools = Tools()
    conversation = Conversation("Go")
    first, second = object(), object()
    seen: list[object] = []

    @tools.add(cancel_on_interruption=False)
    async def look(call: ToolCall) -> None:
        seen.append(call.resources)
        await trio.sleep(10)
        seen.append(call.resources)

    async with open_pair(server(calling(("look", "{}")), Answer([Text("On it.")]), FINE)) as pair:
        await take_turn(pair.session, conversation, tools, resources=first)
        await take_turn(pair.session, conversation, tools, resources=second)
        await pair.session.background_calls.wait(conversation)

    assert [first, first] == seen


async def test_two_background_calls_of_one_id_harm_nobody(autojump_clock: object) -> None:
    """No server should give an id twice; one that does costs nobody the session."""
    office = Office()
    conversation = Conversation("Go")
    async with open_pair(server(SHORT, FINE, OWLS, FINE, FINE, FINE)) as pair:
        await take_turn(pair.session, conversation, office.tools)
        conversation.user("Again")
        await take_turn(pair.session, conversation, office.tools)
        both = len(pair.session.background_calls.running(conversation))
        await trio.sleep(60)

    assert 2 == both
    assert 2 == call_events(pair).count("finished a")


# -- the built-in function -------------------------------------------------------------------------------------------------


@pytest.mark.original("B141", "C8:per-tool cancel tools")
async def test_the_model_can_stop_a_background_call_and_the_application_sees_no_more_than_that(autojump_clock: object) -> None:
    office = Office(cancel_tool=True)
    conversation = Conversation("Go")
    stop = calling(("cancel_background_call", '{"call_id": "a"}', "stop"), ("cancel_background_call", '{"call_id": "z"}', "none"))
    async with open_pair(server(OWLS, Answer([Text("On it.")]), stop, FINE)) as pair:
        await take_turn(pair.session, conversation, office.tools)
        conversation.user("Never mind the owls")
        taken = await take_turn(pair.session, conversation, office.tools)
    outputs = outputs_of(pair.creates[3])

    assert ["research", "cancel_background_call"] == [tool["name"] for tool in pair.creates[0]["tools"]]
    assert ["owls"] == office.stopped
    assert '{"cancelled":"a"}' == outputs["stop"]
    assert "Error: no call 'z' is running in the background." == outputs["none"]
    assert "Fine." == taken.text
    assert ["started a", "cancelled a"] == call_events(pair)
    assert ["cancelled a"] == taken.told
    assert [True] == [isinstance(event, CallCancelled) for event in taken.events if event.type.startswith("rejoinder.")]


@pytest.mark.original("B141")
async def test_without_background_functions_there_is_nothing_to_stop(autojump_clock: object) -> None:
    office = Office(cancel_tool=True)
    stop = calling(("cancel_background_call", '{"call_id": "a"}'))
    async with open_pair(server(FINE, stop, FINE)) as pair:
        await take_turn(pair.session, Conversation("Go"), office.tools)
        office.tools.remove("research")
        await take_turn(pair.session, Conversation("Go"), office.tools)

    assert ["research", "cancel_background_call"] == [tool["name"] for tool in pair.creates[0]["tools"]]
    assert "tools" not in pair.creates[1]
    assert {"a": "Error: function 'cancel_background_call' is not registered."} == outputs_of(pair.creates[2])


# -- reports -------------------------------------------------------------------------------------------------------------------


async def test_who_reports_can_be_chosen(autojump_clock: object) -> None:
    office = Office(report_role="user")
    conversation = Conversation("Go")
    async with open_pair(server(OWLS, Answer([Text("On it.")]))) as pair:
        await take_turn(pair.session, conversation, office.tools)
        await pair.session.background_calls.wait(conversation)

    assert user(REPORT + '"all about owls"') == conversation.items[-1]


async def test_parts_of_a_background_result_are_sent_as_they_are(autojump_clock: object) -> None:
    tools = Tools()
    conversation = Conversation("Go")
    picture = {"type": "input_image", "image_url": "data:image/png;base64,AA=="}

    @tools.add(cancel_on_interruption=False)
    async def draw() -> ToolResult:
        await trio.sleep(5)
        return ToolResult([picture], as_parts=True)

    async with open_pair(server(calling(("draw", "{}")), Answer([Text("On it.")]))) as pair:
        await take_turn(pair.session, conversation, tools)
        await pair.session.background_calls.wait(conversation)
    content = conversation.items[-1]["content"]

    assert ["input_text", "input_image"] == [part["type"] for part in content]
    assert picture["image_url"] == content[1]["image_url"]


async def test_an_output_for_a_conversation_that_began_anew_is_dropped_and_seen(
    autojump_clock: object, caplog: pytest.LogCaptureFixture
) -> None:
    tools = Tools()
    conversation = Conversation("Go")

    @tools.add
    async def begin_anew(call: ToolCall) -> str:
        await trio.lowlevel.checkpoint()
        call.conversation.restart([user("Anew")])
        return "done"

    async with open_pair(server(calling(("begin_anew", "{}")), FINE)) as pair:
        taken = await take_turn(pair.session, conversation, tools)

    assert [user("Anew")] == conversation.items
    assert ["started a", "dropped a", "finished a"] == taken.told
    assert "the conversation does not hold the call of 'begin_anew' any more; its output was dropped" in caplog.messages


async def test_a_session_keeps_no_conversation_that_nobody_talks_in(autojump_clock: object) -> None:
    office = Office()
    async with open_pair(server(OWLS, FINE, FINE)) as pair:
        conversation = Conversation("Go")
        await take_turn(pair.session, conversation, office.tools)
        await pair.session.background_calls.wait(conversation)
        await take_turn(pair.session, conversation, office.tools)
        pair.seen.clear()
        forgotten = weakref.ref(conversation)
        del conversation
        gc.collect()

        assert forgotten() is None


async def test_waiting_for_background_results_ends_with_the_session(autojump_clock: object) -> None:
    ended: list[str] = []

    async def wait(pair: Pair, conversation: Conversation) -> None:
        with pytest.raises(SessionClosed, match="no background call runs any more"):
            await pair.session.background_calls.wait(conversation)
        ended.append("told")

    async with trio.open_nursery() as nursery, open_pair(ModelServer()) as pair:
        nursery.start_soon(wait, pair, Conversation("Go"))
        await wait_all_tasks_blocked()
    await wait(pair, Conversation("Go"))

    assert ["told", "told"] == ended
