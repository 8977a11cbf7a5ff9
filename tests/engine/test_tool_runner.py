"""One call: what its handler is given, what becomes of what it returns, and what a thread may still say."""

from __future__ import annotations

import datetime as dt
import enum
import functools
import re
import threading
from typing import Any, Final

import attrs
import pydantic
import pytest
import trio

from harness.pair import open_pair
from harness.tool_turns import FINE, call_events, calling, outputs_of, take_turn
from rejoinder.engine import (
    CallFailed,
    CallFinished,
    CallProgress,
    CallRefused,
    CallsStarted,
    Conversation,
    InvalidSetting,
    ToolCall,
    ToolResult,
    Tools,
)
from rejoinder.engine.call_desk import THREADS
from rejoinder.states.json_values import NotSerialisable
from rejoinder.testing import Answer, Event, ModelServer, Text, scripted

GO: Final = "Go"


class Colour(enum.Enum):
    """A colour."""

    RED = "red"


@attrs.frozen
class Box:
    """An attrs class."""

    size: int
    made: dt.date


class Model(pydantic.BaseModel):
    """A pydantic model."""

    colour: Colour
    box: Any = None


def server(*answers: Answer) -> ModelServer:
    """A server that says these, in order."""
    return ModelServer(answer=scripted(answers))


def custom(name: str, text: str) -> Answer:
    """An answer that calls a custom tool."""
    item = {"type": "custom_tool_call", "id": "ctc_1", "call_id": "a", "name": name, "input": text, "status": "completed"}
    added = Event({"type": "response.output_item.added", "output_index": 0, "item": {**item, "input": "", "status": "in_progress"}})
    done = Event({"type": "response.output_item.done", "output_index": 0, "item": item})
    return Answer([added, done], output=(item,))


# -- what a handler is given -------------------------------------------------------------------------------------------------


@pytest.mark.original("B128", "C8:reaches handler and direct function", "C8:holds a reference")
async def test_a_handler_that_asks_for_the_call_is_given_it(autojump_clock: object) -> None:
    given: list[ToolCall] = []
    resources = {"database": object()}
    tools = Tools()
    conversation = Conversation(GO)

    @tools.add
    async def look(place: str, call: ToolCall) -> str:
        await trio.lowlevel.checkpoint()
        given.append(call)
        return place

    async with open_pair(server(calling(("look", '{"place": "here"}')), FINE)) as pair:
        await take_turn(pair.session, conversation, tools, resources=resources)
    (call,) = given

    assert ("look", "a", {"place": "here"}, None) == (call.name, call.call_id, call.arguments, call.input)
    assert "function_call" == call.item["type"]
    assert conversation is call.conversation
    assert pair.session is call.session
    assert resources is call.resources
    assert ["place"] == list(pair.creates[0]["tools"][0]["parameters"]["properties"])
    assert "here" not in repr(call)


@pytest.mark.original("C8:default None")
async def test_without_resources_there_are_none(autojump_clock: object) -> None:
    given: list[object] = []
    tools = Tools()

    @tools.add
    async def look(call: ToolCall) -> None:
        await trio.lowlevel.checkpoint()
        given.append(call.resources)

    async with open_pair(server(calling(("look", "{}")), FINE)) as pair:
        await take_turn(pair.session, Conversation(GO), tools)

    assert [None] == given


async def test_arguments_are_converted(autojump_clock: object) -> None:
    given: list[object] = []
    tools = Tools()

    @tools.add
    async def book(day: dt.date, colours: set[Colour], times: int = 2) -> None:
        await trio.lowlevel.checkpoint()
        given.append((day, colours, times))

    async with open_pair(server(calling(("book", '{"day": "2026-11-28", "colours": ["red", "red"]}')), FINE)) as pair:
        await take_turn(pair.session, Conversation(GO), tools)

    assert [(dt.date(2026, 11, 28), {Colour.RED}, 2)] == given


async def test_methods_partials_and_callable_objects_are_handlers(autojump_clock: object) -> None:
    class Shop:
        """A shop."""

        async def __call__(self, item: str) -> str:
            """Buy."""
            await trio.lowlevel.checkpoint()
            return f"bought {item}"

        async def sell(self, item: str) -> str:
            """Sell."""
            await trio.lowlevel.checkpoint()
            return f"sold {item}"

    tools = Tools()
    shop = Shop()
    tools.add(shop, name="buy")
    tools.add(shop.sell)
    tools.add(functools.partial(shop.sell, item="it"), name="sell_it")
    calls = calling(("buy", '{"item": "x"}'), ("sell", '{"item": "y"}'), ("sell_it", "{}"))
    async with open_pair(server(calls, FINE)) as pair:
        await take_turn(pair.session, Conversation(GO), tools)

    assert {"a": "bought x", "b": "sold y", "c": "sold it"} == outputs_of(pair.creates[1])


async def test_a_custom_tool_is_given_its_input_and_answered_as_one(autojump_clock: object) -> None:
    tools = Tools()
    given: list[object] = []

    async def execute(input: str, call: ToolCall) -> str:
        """Execute code."""
        await trio.lowlevel.checkpoint()
        given.append((input, call.input, call.arguments))
        return "done"

    tools.add_custom(execute, format={"type": "text"})
    async with open_pair(server(custom("execute", "1 + {"), FINE)) as pair:
        taken = await take_turn(pair.session, Conversation(GO), tools)

    assert [("1 + {", "1 + {", None)] == given
    assert {"type": "custom", "name": "execute", "description": "Execute code.", "format": {"type": "text"}} == pair.creates[0][
        "tools"
    ][0]
    assert [{"type": "custom_tool_call_output", "call_id": "a", "output": "done"}] == pair.creates[1]["input"]
    assert "Fine." == taken.text


async def test_a_function_is_not_run_by_a_custom_call_nor_the_other_way_round(autojump_clock: object) -> None:
    tools = Tools()
    ran: list[object] = []

    async def run(input: str) -> None:
        await trio.lowlevel.checkpoint()
        ran.append(input)

    tools.add(run, name="function")
    tools.add_custom(run, name="custom")
    async with open_pair(server(custom("function", "x"), calling(("custom", '{"input": "x"}', "b")), FINE)) as pair:
        await take_turn(pair.session, Conversation(GO), tools)

    assert [] == ran
    assert "Error: function 'function' is not registered." == outputs_of(pair.creates[1])["a"]
    assert "Error: function 'custom' is not registered." == outputs_of(pair.creates[2])["b"]


@pytest.mark.original("B126")
async def test_the_catch_all_is_given_what_nobody_else_takes(autojump_clock: object) -> None:
    tools = Tools()
    given: list[object] = []

    @tools.add
    async def known() -> str:
        await trio.lowlevel.checkpoint()
        return "known"

    @tools.catch_all
    async def anything(call: ToolCall, **arguments: object) -> str:
        await trio.lowlevel.checkpoint()
        given.append((call.name, arguments))
        return "caught"

    calls = calling(("known", "{}"), ("other", '{"x": 1}'), ("third", "[]"))
    async with open_pair(server(calls, custom("fourth", "y"), FINE)) as pair:
        await take_turn(pair.session, Conversation(GO), tools)
    outputs = outputs_of(pair.creates[1])

    assert [("other", {"x": 1}), ("fourth", {"input": "y"})] == given
    assert ("known", "caught") == (outputs["a"], outputs["b"])
    assert "they are not a JSON object" in outputs["c"]
    assert ["known"] == [tool["name"] for tool in pair.creates[0]["tools"]]


# -- which handler -----------------------------------------------------------------------------------------------------------


@pytest.mark.original("B130", "C8:test_function_unregistered_between_queue_and_execute")
async def test_a_function_that_is_unregistered_before_it_begins_is_not_run(autojump_clock: object) -> None:
    tools = Tools(parallel=False)
    ran: list[str] = []

    @tools.add
    async def first() -> None:
        await trio.lowlevel.checkpoint()
        tools.remove("third")
        ran.append("first")

    @tools.add
    async def second() -> None:
        await trio.lowlevel.checkpoint()
        ran.append("second")

    tools.add(second, name="third")
    calls = calling(("first", "{}"), ("second", "{}"), ("third", "{}"))
    async with open_pair(server(calls, FINE)) as pair, pair.session.converse(Conversation(GO), tools=tools) as turn:
        async for event in turn:
            if isinstance(event, CallsStarted):
                tools.remove("second")

    assert ["first"] == ran
    assert {
        "a": "null",
        "b": "Error: function 'second' is not registered.",
        "c": "Error: function 'third' is not registered.",
    } == outputs_of(pair.creates[1])


@pytest.mark.original("B126")
async def test_the_last_registration_of_a_name_runs(autojump_clock: object) -> None:
    tools = Tools()
    for number in range(3):

        async def say(number: int = number) -> int:
            await trio.lowlevel.checkpoint()
            return number

        tools.add(say)
    async with open_pair(server(calling(("say", "{}")), FINE)) as pair:
        await take_turn(pair.session, Conversation(GO), tools)

    assert {"a": "2"} == outputs_of(pair.creates[1])
    assert 1 == len(pair.creates[0]["tools"])


# -- what it returns ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "result, output",
    [
        ("plain “text”", "plain “text”"),
        ({"ü": [1, 2.5, True]}, '{"ü":[1,2.5,true]}'),
        (Box(3, dt.date(2026, 11, 28)), '{"size":3,"made":"2026-11-28"}'),
        (Model(colour=Colour.RED, box=Box(1, dt.date(2026, 1, 2))), '{"colour":"red","box":{"size":1,"made":"2026-01-02"}}'),
        ((1, {2}), "[1,[2]]"),
        (ToolResult({"a": None}), '{"a":null}'),
    ],
    ids=["text", "json", "attrs", "pydantic", "collections", "result"],
)
async def test_a_result_is_json_unless_it_is_text(autojump_clock: object, result: object, output: str) -> None:
    tools = Tools()

    @tools.add
    async def make() -> Any:  # noqa: ANN401 - any result
        await trio.lowlevel.checkpoint()
        return result

    async with open_pair(server(calling(("make", "{}")), FINE)) as pair:
        await take_turn(pair.session, Conversation(GO), tools)

    assert {"a": output} == outputs_of(pair.creates[1])


@pytest.mark.parametrize(
    "result",
    [object(), {"x": [object()]}, float("nan"), {1: object()}, b"\xff"],
    ids=["object", "deep object", "nan", "key of a number", "bytes"],
)
async def test_what_json_cannot_carry_is_a_failure_of_the_tool(autojump_clock: object, result: object) -> None:
    tools = Tools()

    @tools.add
    async def make() -> Any:  # noqa: ANN401 - any result
        await trio.lowlevel.checkpoint()
        return result

    async with open_pair(server(calling(("make", "{}")), FINE)) as pair:
        taken = await take_turn(pair.session, Conversation(GO), tools)

    assert {"a": "Error: function 'make' failed."} == outputs_of(pair.creates[1])
    assert [NotSerialisable] == [type(event.error) for event in taken.events if isinstance(event, CallFailed)]
    assert "Fine." == taken.text


async def test_parts_are_sent_as_they_are(autojump_clock: object) -> None:
    tools = Tools()
    parts = [{"type": "input_text", "text": "see"}, {"type": "input_image", "image_url": "data:image/png;base64,AA=="}]

    @tools.add
    async def draw() -> ToolResult:
        await trio.lowlevel.checkpoint()
        return ToolResult(parts, as_parts=True)

    async with open_pair(server(calling(("draw", "{}")), FINE)) as pair:
        await take_turn(pair.session, Conversation(GO), tools)

    assert {"a": parts} == outputs_of(pair.creates[1])


@pytest.mark.parametrize("output", ["text", [], [1], [{"text": "no type"}], {"type": "input_text"}], ids=repr)
async def test_parts_that_no_server_takes_are_a_failure_of_the_tool(autojump_clock: object, output: object) -> None:
    tools = Tools()

    @tools.add
    async def draw() -> ToolResult:
        await trio.lowlevel.checkpoint()
        return ToolResult(output, as_parts=True)

    async with open_pair(server(calling(("draw", "{}")), FINE)) as pair:
        taken = await take_turn(pair.session, Conversation(GO), tools)

    (failed,) = [event.error for event in taken.events if isinstance(event, CallFailed)]

    assert {"a": "Error: function 'draw' failed."} == outputs_of(pair.creates[1])
    assert isinstance(failed, InvalidSetting)
    assert re.match(r"The output of ToolResult\(as_parts=True\) is no list of input parts\. Give one", str(failed))
    assert "Fine." == taken.text


async def test_an_async_function_behind_a_plain_decorator_is_awaited() -> None:
    tools = Tools()

    async def wait(word: str) -> str:
        await trio.lowlevel.checkpoint()
        return word

    @functools.wraps(wait)
    def decorated(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - as decorators are
        return wait(*arguments, **named)

    tools.add(decorated)
    async with open_pair(server(calling(("wait", '{"word": "x"}')), FINE)) as pair:
        await take_turn(pair.session, Conversation(GO), tools)

    assert {"a": "x"} == outputs_of(pair.creates[1])


@pytest.mark.original("B135")
async def test_progress_is_told_to_the_application_while_the_model_waits(autojump_clock: object) -> None:
    tools = Tools()

    @tools.add
    async def dig(call: ToolCall) -> str:
        for depth in (1, 2):
            await trio.sleep(1)
            call.progress({"depth": depth})
        return "found"

    async with open_pair(server(calling(("dig", "{}")), FINE)) as pair:
        taken = await take_turn(pair.session, Conversation(GO), tools)

    assert ["started a", "progress a", "progress a", "finished a"] == taken.told
    assert [{"depth": 1}, {"depth": 2}] == [event.value for event in taken.events if isinstance(event, CallProgress)]
    assert [2.0] == [event.seconds for event in taken.events if isinstance(event, CallFinished)]
    assert [{"type": "function_call_output", "call_id": "a", "output": "found"}] == pair.creates[1]["input"]


# -- failures ----------------------------------------------------------------------------------------------------------------


async def test_arguments_that_cannot_be_checked_run_nothing(autojump_clock: object, caplog: pytest.LogCaptureFixture) -> None:
    ran: list[object] = []
    tools = Tools()

    async def look(x: object) -> None:
        await trio.lowlevel.checkpoint()
        ran.append(x)

    tools.add(look, parameters={"type": "object", "properties": {"x": {"$ref": "https://nowhere.invalid/schema"}}})
    async with open_pair(server(calling(("look", '{"x": 1}')), FINE)) as pair:
        taken = await take_turn(pair.session, Conversation(GO), tools)

    assert [] == ran
    assert "they could not be checked" in outputs_of(pair.creates[1])["a"]
    assert [CallRefused] == [type(event) for event in taken.events if isinstance(event, CallRefused)]
    assert "the arguments of the tool 'look' could not be checked" in caplog.messages


async def test_what_ends_programs_is_not_taken_for_a_failure(autojump_clock: object) -> None:
    tools = Tools()
    conversation = Conversation(GO)

    @tools.add
    async def leave() -> None:
        await trio.lowlevel.checkpoint()
        raise SystemExit(3)

    with pytest.raises(SystemExit) as leaving:
        async with open_pair(server(calling(("leave", "{}")))) as pair:
            await take_turn(pair.session, conversation, tools)

    assert 3 == leaving.value.code
    assert () == conversation.pending_calls


# -- threads -----------------------------------------------------------------------------------------------------------------


async def test_a_plain_function_runs_in_a_thread() -> None:
    tools = Tools()
    threads: list[int] = []

    @tools.add
    def where() -> str:
        threads.append(threading.get_ident())
        return "there"

    async with open_pair(server(calling(("where", "{}")), FINE)) as pair:
        await take_turn(pair.session, Conversation(GO), tools)

    assert {"a": "there"} == outputs_of(pair.creates[1])
    assert threading.get_ident() not in threads


async def test_a_plain_function_that_raises_is_a_failure_like_any_other() -> None:
    tools = Tools()

    @tools.add
    def explode() -> None:
        raise RuntimeError("bang")

    async with open_pair(server(calling(("explode", "{}")), FINE)) as pair:
        taken = await take_turn(pair.session, Conversation(GO), tools)

    assert {"a": "Error: function 'explode' failed."} == outputs_of(pair.creates[1])
    assert ["started a", "failed a"] == taken.told


async def test_a_plain_function_that_takes_too_long_is_abandoned_and_the_model_is_told(autojump_clock: object) -> None:
    tools = Tools(timeout=5)
    go_on = threading.Event()

    @tools.add
    def block() -> str:
        go_on.wait(20)
        return "too late"

    dropped = trio.Event()
    async with open_pair(server(calling(("block", "{}")), FINE)) as pair:
        pair.session.observe(lambda observation: dropped.set() if getattr(observation, "type", "").endswith("dropped") else None)
        taken = await take_turn(pair.session, Conversation(GO), tools)
        go_on.set()
        await dropped.wait()

    assert {"a": "Error: function 'block' did not finish within 5 seconds and was stopped."} == outputs_of(pair.creates[1])
    assert ["started a", "timed_out a"] == taken.told
    assert "dropped a" == call_events(pair)[-1]


@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.original("C8:late results after time-out or interruption are rejected")
async def test_what_an_abandoned_thread_says_is_dropped_and_seen(*, fails: bool, caplog: pytest.LogCaptureFixture) -> None:
    tools = Tools()
    begun, go_on = threading.Event(), threading.Event()
    conversation = Conversation(GO)

    @tools.add
    def block() -> str:
        begun.set()
        go_on.wait(20)
        if fails:
            raise RuntimeError("too late")
        return "too late"

    dropped = trio.Event()
    async with open_pair(server(calling(("block", "{}")), FINE)) as pair:
        pair.session.observe(lambda observation: dropped.set() if getattr(observation, "type", "").endswith("dropped") else None)
        async with pair.session.converse(conversation, tools=tools) as turn:
            async for event in turn:
                if isinstance(event, CallsStarted):
                    break
            with trio.CancelScope() as scope:
                async with trio.open_nursery() as nursery:

                    async def interrupt() -> None:
                        await trio.to_thread.run_sync(begun.wait, 20)
                        scope.cancel()

                    nursery.start_soon(interrupt)
                    await anext(turn)
        outputs = [item.get("output") for item in conversation.items if item.get("type") == "function_call_output"]
        go_on.set()
        with trio.fail_after(20):
            await dropped.wait()

    assert ["Cancelled: function 'block' was stopped before it finished."] == outputs
    assert ["started a", "cancelled a", "dropped a"] == call_events(pair)
    assert 1 == pair.session.statistics().counts["rejoinder.call.dropped"]
    assert ("the tool 'block' failed after its call was over" in caplog.messages) is fails


async def test_progress_after_the_end_is_dropped(autojump_clock: object) -> None:
    tools = Tools()
    calls: list[ToolCall] = []

    @tools.add
    async def keep(call: ToolCall) -> None:
        await trio.lowlevel.checkpoint()
        calls.append(call)

    async with open_pair(server(calling(("keep", "{}")), FINE)) as pair:
        await take_turn(pair.session, Conversation(GO), tools)
        calls[0].progress("more")

    assert ["started a", "finished a", "dropped a"] == call_events(pair)
    with pytest.raises(NotSerialisable):
        calls[0].progress(object())


def unruly(**options: Any) -> Tools:  # noqa: ANN401 - those of a tool
    """A tool that fails in a task of its own while it is being stopped."""
    tools = Tools()

    @tools.add(**options)
    async def work() -> str:
        async def fail_late() -> None:
            try:
                await trio.sleep_forever()
            finally:
                raise ValueError("cleaning up failed")

        async with trio.open_nursery() as nursery:
            nursery.start_soon(fail_late)
            nursery.start_soon(trio.sleep_forever)
        return "never"

    return tools


async def test_a_handler_that_fails_while_its_time_is_up_has_timed_out(
    autojump_clock: object, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_pair(server(calling(("work", "{}")), FINE)) as pair:
        taken = await take_turn(pair.session, Conversation("Go"), unruly(timeout=1.0))

    assert (["started a", "timed_out a"], "Fine.", None) == (taken.told, taken.text, taken.error)
    assert "the tool 'work' failed while it was being stopped" in caplog.text
    assert "cleaning up failed" in caplog.text


async def test_a_background_handler_that_fails_while_its_time_is_up_ends_nothing_else(autojump_clock: object) -> None:
    slow = Answer([Text("a b", pieces=["a ", "b"], interval=5.0)])
    tools = unruly(timeout=1.0, cancel_on_interruption=False)
    async with open_pair(server(calling(("work", "{}")), FINE, slow)) as pair:
        taken = await take_turn(pair.session, Conversation("Go"), tools)
        async with pair.session.respond("somebody else") as response:
            text = await response.text()

    assert ("Fine.", "a b") == (taken.text, text)
    assert ["started a", "timed_out a"] == call_events(pair)


async def test_an_interruption_is_one_though_a_handler_fails_meanwhile(
    autojump_clock: object, caplog: pytest.LogCaptureFixture
) -> None:
    conversation = Conversation("Go")
    async with open_pair(server(calling(("work", "{}")), FINE)) as pair:
        with trio.move_on_after(3) as scope:
            await take_turn(pair.session, conversation, unruly())
        following = await take_turn(pair.session, conversation, None)

    assert scope.cancelled_caught
    assert "Fine." == following.text
    assert ["started a", "cancelled a"] == call_events(pair)
    assert "the tool 'work' failed while it was being stopped" in caplog.text


async def test_a_session_ends_though_a_handler_fails_meanwhile(autojump_clock: object, caplog: pytest.LogCaptureFixture) -> None:
    async with open_pair(server(calling(("work", "{}")), FINE)) as pair:
        await take_turn(pair.session, Conversation("Go"), unruly(cancel_on_interruption=False))

    assert "the tool 'work' failed while it was being stopped" in caplog.text


async def test_a_plain_function_says_how_far_it_is_from_its_thread() -> None:
    tools = Tools(timeout=30)
    threads: list[int] = []

    @tools.add
    def work(call: ToolCall) -> str:
        threads.append(threading.get_ident())
        call.progress("half")
        with pytest.raises(NotSerialisable):
            call.progress(object())
        return "done"

    async with open_pair(server(calling(("work", "{}")), FINE)) as pair:
        taken = await take_turn(pair.session, Conversation("Go"), tools)

    assert (["started a", "progress a", "finished a"], "Fine.") == (taken.told, taken.text)
    assert threading.get_ident() not in threads


async def test_what_a_thread_says_after_the_program_has_ended_is_for_nobody() -> None:
    release, said = threading.Event(), threading.Event()
    tools = Tools()

    @tools.add(timeout=0.01)
    def work(call: ToolCall) -> str:
        release.wait(30)
        call.progress("late")
        said.set()
        return "late"

    def program() -> None:
        async def main() -> None:
            async with open_pair(server(calling(("work", "{}")), FINE)) as pair:
                await take_turn(pair.session, Conversation("Go"), tools)

        trio.run(main)

    await trio.to_thread.run_sync(program)
    release.set()

    assert await trio.to_thread.run_sync(said.wait, 30)


async def test_functions_that_do_not_return_keep_no_thread_that_others_need() -> None:
    release = threading.Event()
    tools = Tools(timeout=0.05)

    @tools.add
    def work() -> str:
        release.wait(30)
        return "late"

    calls = [("work", "{}", f"call_{number}") for number in range(THREADS + 2)]
    async with open_pair(server(calling(*calls), FINE)) as pair:
        taken = await take_turn(pair.session, Conversation("Go"), tools)
        free = trio.to_thread.current_default_thread_limiter().available_tokens
        release.set()

    assert free > 0
    assert "Fine." == taken.text
    assert THREADS + 2 == sum(told.startswith("timed_out") for told in taken.told)
