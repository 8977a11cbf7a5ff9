"""A conversation grows as responses finish, in the order of the talk, and nothing that it holds can be changed."""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Iterator
from typing import Any, Final, cast

import pytest
import trio
from trio.testing import MockClock

from harness.pair import Pair, open_pair, user
from rejoinder.engine import Conversation, InvalidRequest, ProviderItem, Response, ResponseFailed, Settings, image_part
from rejoinder.engine.result import result_of
from rejoinder.states.continuation import Full, LaneDirty, OutputMismatch, PrefixChanged, Reuse
from rejoinder.states.item_history import ItemHistory
from rejoinder.testing import Answer, Call, ErrorFrame, Event, LinkPlan, ModelServer, Text, scripted
from rejoinder.testing import Reasoning as Thoughts

SLOW: Final = Text("One, two, three.", interval=1.0)
WEATHER: Final = Call("weather", "{}", "call_1")


def server(*answers: Answer) -> ModelServer:
    return ModelServer(answer=scripted(answers))


def said(conversation: Conversation) -> list[str]:
    """Each item in a word or two: who spoke, and what."""
    words: list[str] = []
    for item in conversation.items:
        content = item.get("content")
        text = content if isinstance(content, str) else "".join(part.get("text", "?") for part in content or ())
        words.append(f"{item['role']}: {text}" if "role" in item else item["type"])
    return words


def decisions(pair: Pair) -> list[Any]:
    return [sent.decision for sent in pair.sent()]


# -- what it takes -----------------------------------------------------------------------------------------------------------


def test_it_begins_with_a_string_or_with_messages() -> None:
    assert [user("Hi")] == Conversation("Hi").items
    assert [user("Hi")] == Conversation([user("Hi")]).items
    assert [user("Hi")] == Conversation(iter([user("Hi")])).items
    assert [] == Conversation().items


def test_it_is_added_to_by_whoever_speaks() -> None:
    conversation = Conversation()
    conversation.developer("Be brief.")
    conversation.user("Hi")
    conversation.assistant("Hello")
    conversation.user([{"type": "text", "text": "Go on"}])
    conversation.add({"role": "user", "content": "And"}, {"type": "item_reference", "id": "msg_1"})

    assert ["developer: Be brief.", "user: Hi", "assistant: Hello", "user: Go on", "user: And", "item_reference"] == said(
        conversation
    )
    assert 6 == len(conversation)
    assert "<Conversation of 6 items>" == repr(conversation)


def test_all_or_none_is_added() -> None:
    conversation = Conversation("Hi")

    with pytest.raises(InvalidRequest, match=r"messages\[1\] has the role 'narrator'"):
        conversation.add(user("Go on"), {"role": "narrator", "content": "Meanwhile"})
    assert [user("Hi")] == conversation.items


@pytest.mark.parametrize("given", [7, None, {"role": "user"}])
def test_what_is_no_list_of_messages_is_refused(given: Any) -> None:  # noqa: ANN401
    with pytest.raises(InvalidRequest, match="messages is a"):
        Conversation(given)


def test_what_it_holds_is_a_copy_that_nobody_can_change() -> None:
    parts = [{"type": "text", "text": "before"}]
    conversation = Conversation([{"role": "user", "content": parts}])
    parts[0]["text"] = "after"

    with pytest.raises(TypeError, match="cannot be changed"):
        conversation.items[0]["content"] = "after"
    with pytest.raises(TypeError, match="cannot be changed"):
        conversation.items[0]["content"][0]["text"] = "after"
    assert ["user: before"] == said(conversation)


def test_items_are_a_value() -> None:
    conversation = Conversation("Hi")
    before = conversation.items
    conversation.user("Go on")

    assert (1, 2) == (len(before), len(conversation.items))


@pytest.mark.original("B037")
def test_what_is_for_another_provider_is_seen_to_be_left_out() -> None:
    other = ProviderItem("anthropic", {"type": "thinking"})
    conversation = Conversation([other, user("Hi")])
    conversation.add(ProviderItem("openai_responses", {"type": "item_reference", "id": "msg_1"}))

    assert ["user: Hi", "item_reference"] == said(conversation)
    assert (other,) == conversation.left_out == conversation.copy().left_out


# -- instructions, tools, tool_choice ----------------------------------------------------------------------------------------


@pytest.mark.original("B022", "B025", "B027", "C3:test_system_instruction_with_messages_sets_instructions")
async def test_its_own_fields_are_sent_between_settings_and_request(autojump_clock: MockClock) -> None:
    tools = [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}]
    conversation = Conversation("Hi", instructions="Be brief.", tools=tools, tool_choice="required")
    settings = Settings(instructions="Be long.", tool_choice="auto", temperature=0.5)
    async with open_pair(ModelServer(), settings=settings) as pair:
        await pair.ask(conversation)
        conversation.user("Go on")
        conversation.instructions = conversation.tools = conversation.tool_choice = None
        await pair.ask(conversation, temperature=1)

    first, second = pair.creates
    assert ("Be brief.", "required", 0.5) == (first["instructions"], first["tool_choice"], first["temperature"])
    assert [{"type": "function", "name": "weather", "parameters": {"type": "object"}, "strict": None}] == first["tools"]
    assert ("Be long.", "auto", 1) == (second["instructions"], second["tool_choice"], second["temperature"])
    assert "tools" not in second


@pytest.mark.parametrize(
    "fields, said",
    [
        ({"instructions": 7}, "instructions is a int. Give a string"),
        ({"tools": "weather"}, "tools is a str. Give a list of tools"),
        ({"tools": [{"type": "function", "name": "w", "parameters": "{}"}]}, "tools[0].parameters, of the tool 'w'"),
        ({"tool_choice": "weather"}, "tool_choice is 'weather'. Give one of"),
    ],
)
def test_fields_that_cannot_be(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        Conversation(**fields)

    assert str(caught.value).startswith(said)


# -- how it grows ------------------------------------------------------------------------------------------------------------


async def ask_for_text(response: Response) -> object:
    return await response.text()


async def ask_for_result(response: Response) -> object:
    return await response.result()


async def iterate(response: Response) -> object:
    return [event async for event in response]


async def iterate_text(response: Response) -> object:
    return [text async for text in response.text_deltas()]


@pytest.mark.parametrize("listen", [ask_for_text, ask_for_result, iterate, iterate_text])
async def test_what_was_said_is_there_when_the_end_is_told(listen: Callable[[Response], Any], autojump_clock: MockClock) -> None:
    conversation = Conversation("Hi")
    async with (
        open_pair(server(Answer([Text("Hello")]))) as pair,
        pair.session.respond(conversation) as response,
    ):
        await listen(response)

        assert ["user: Hi", "assistant: Hello"] == said(conversation)


async def test_an_incomplete_answer_is_kept_as_far_as_it_came(autojump_clock: MockClock) -> None:
    conversation = Conversation("Hi")
    async with open_pair(server(Answer([Text("One, two", cut=True)], terminal="incomplete"))) as pair:
        await pair.ask(conversation)

    assert ["user: Hi", "assistant: One, two"] == said(conversation)


async def test_a_terminal_without_output_leaves_what_was_streamed(autojump_clock: MockClock) -> None:
    conversation = Conversation("Hi")
    async with open_pair(server(Answer([Text("Hello")], output=()))) as pair:
        await pair.ask(conversation)

    assert ["user: Hi", "assistant: Hello"] == said(conversation)


@pytest.mark.parametrize("terminal", ["failed", None])
async def test_a_failed_answer_leaves_nothing(terminal: Any, autojump_clock: MockClock) -> None:  # noqa: ANN401
    conversation = Conversation("Hi")
    answer = Answer([Text("Hello")], terminal="failed") if terminal else Answer(reject=ErrorFrame("invalid_prompt"))
    async with open_pair(server(answer)) as pair:
        with pytest.raises(ResponseFailed):
            await pair.ask(conversation)

        assert ["user: Hi"] == said(conversation)
        assert not conversation.is_running


@pytest.mark.original("B049")
async def test_it_is_read_when_it_is_asked(autojump_clock: MockClock) -> None:
    conversation = Conversation("Hi")
    async with (
        open_pair(server(Answer([Text("Hello")])), default=LinkPlan(handshake_delay=1.0)) as pair,
        pair.session.respond(conversation) as response,
    ):
        conversation.user("Anybody?")
        await response.text()

        assert [[user("Hi")]] == [create["input"] for create in pair.creates]


async def test_what_is_added_meanwhile_stands_behind_the_answer(autojump_clock: MockClock) -> None:
    conversation = Conversation("Hi")
    async with open_pair(server(Answer([Text("Hello")]), Answer([Text("Yes")]))) as pair:
        async with pair.session.respond(conversation) as response:
            conversation.user("Anybody?")
            await response.text()
        await pair.ask(conversation)

        assert ["user: Hi", "assistant: Hello", "user: Anybody?", "assistant: Yes"] == said(conversation)
        assert Reuse("resp_1", (), 2) == decisions(pair)[1]
        assert [user("Anybody?")] == pair.creates[1]["input"]


async def test_one_response_at_a_time(autojump_clock: MockClock) -> None:
    conversation = Conversation("Hi")
    async with open_pair(server(Answer([SLOW]), Answer([Text("Beside")]))) as pair:
        async with pair.session.respond(conversation) as response:
            assert conversation.is_running
            assert "<Conversation of 1 items, a response is running>" == repr(conversation)
            with pytest.raises(InvalidRequest, match=r"A response to this conversation is running.*conversation\.copy\(\)"):
                async with pair.session.respond(conversation):
                    pytest.fail("It must not begin.")  # pragma: no cover
            beside = conversation.copy()
            await pair.ask(beside)
            await response.text()

        assert ["user: Hi", "assistant: Beside"] == said(beside)
        assert ["user: Hi", "assistant: One, two, three."] == said(conversation)
        assert 2 == len(pair.creates)


async def test_two_that_ask_at_once_are_one_and_a_refusal(autojump_clock: MockClock) -> None:
    conversation = Conversation("Hi")
    outcomes: list[str] = []

    async def ask(pair: Pair) -> None:
        try:
            outcomes.append(await pair.ask(conversation))
        except InvalidRequest:
            outcomes.append("refused")

    async with open_pair(server(Answer([SLOW]))) as pair, trio.open_nursery() as nursery:
        nursery.start_soon(ask, pair)
        nursery.start_soon(ask, pair)

    assert ["refused", "One, two, three."] == outcomes


async def test_a_cancelled_answer_leaves_nothing_and_frees_it_at_once(autojump_clock: MockClock) -> None:
    conversation = Conversation("Hi")
    async with open_pair(server(Answer([SLOW]), Answer([Text("Yes")]))) as pair:
        async with pair.session.respond(conversation) as response:
            await pair.deltas(response, 1)
            response.cancel()

            assert not conversation.is_running
            assert ["user: Hi"] == said(conversation)
        conversation.user("Stop")
        await pair.ask(conversation)

    assert ["user: Hi", "user: Stop", "assistant: Yes"] == said(conversation)


async def test_a_warm_up_reads_it_and_adds_nothing(autojump_clock: MockClock) -> None:
    conversation = Conversation("Hi")
    async with open_pair(server(Answer([Text("Hello")]))) as pair:
        await pair.session.warm_up(conversation)
        conversation.user("Go on")
        await pair.ask(conversation)

        assert [user("Go on")] == pair.creates[1]["input"]
    assert ["user: Hi", "user: Go on", "assistant: Hello"] == said(conversation)


@pytest.mark.original("B039")
async def test_instructions_alone_are_sent_as_a_message_that_is_not_part_of_it(autojump_clock: MockClock) -> None:
    conversation = Conversation(instructions="Greet the user.")
    async with open_pair(server(Answer([Text("Hello")]), Answer([Text("Yes")]))) as pair:
        async with pair.session.respond(conversation) as response:
            conversation.user("Anybody?")
            await response.text()
        await pair.ask(conversation)

        assert [{"role": "developer", "content": "Greet the user."}] == pair.creates[0]["input"]
        assert "instructions" not in pair.creates[0]
        assert "Greet the user." == pair.creates[1]["instructions"]
    assert ["assistant: Hello", "user: Anybody?", "assistant: Yes"] == said(conversation)


# -- results of other requests -----------------------------------------------------------------------------------------------


async def test_the_result_of_another_request_can_be_added_once(autojump_clock: MockClock) -> None:
    conversation = Conversation("Hi")
    async with open_pair(server(Answer([Text("Hello")]), Answer([Text("Yes")]))) as pair:
        async with pair.session.respond(list(conversation.items)) as response:
            result = await response.result()
        conversation.add_result(result)
        conversation.add_result(response)
        conversation.user("Go on")
        await pair.ask(conversation)

        assert Reuse("resp_1", (), 2) == decisions(pair)[1]
    assert ["user: Hi", "assistant: Hello", "user: Go on", "assistant: Yes"] == said(conversation)


async def test_a_result_that_was_appended_already_changes_nothing(autojump_clock: MockClock) -> None:
    conversation = Conversation("Hi")
    async with open_pair(server(Answer([Text("Hello")]))) as pair, pair.session.respond(conversation) as response:
        conversation.add_result(await response.result())

        assert ["user: Hi", "assistant: Hello"] == said(conversation)


async def test_what_did_not_end_well_is_no_result(autojump_clock: MockClock) -> None:
    async with open_pair(server(Answer([SLOW]))) as pair, pair.session.respond("Hi") as response:
        with pytest.raises(InvalidRequest, match=r"The response is in_progress.*conversation\.assistant\(text\)"):
            Conversation().add_result(response)
        response.cancel()
        with pytest.raises(InvalidRequest, match="The response is cancelled"):
            Conversation().add_result(response.partial)


async def test_a_result_that_is_added_meanwhile_stands_where_it_was_added(autojump_clock: MockClock) -> None:
    conversation = Conversation("Hi")
    async with open_pair(server(Answer([SLOW]), Answer([Text("Beside")]))) as pair:
        async with pair.session.respond(conversation) as response:
            async with pair.session.respond("Else") as other:
                await other.text()
            conversation.add_result(other)
            await response.text()
        conversation.heard(other, "Bes")

    assert ["user: Hi", "assistant: One, two, three.", "assistant: Bes"] == said(conversation)


# -- calls -------------------------------------------------------------------------------------------------------------------


async def test_calls_are_pending_until_they_have_an_output(autojump_clock: MockClock) -> None:
    conversation = Conversation("Hi")
    second = Call("time", "{}", "call_2")
    async with open_pair(server(Answer([WEATHER, second]))) as pair:
        await pair.ask(conversation)

    assert ["call_1", "call_2"] == [call["call_id"] for call in conversation.pending_calls]
    conversation.add_tool_output("call_2", {"time": None})
    assert ["call_1"] == [call["call_id"] for call in conversation.pending_calls]
    conversation.add({"role": "tool", "tool_call_id": "call_1", "content": "sunny"})
    assert () == conversation.pending_calls
    assert [
        {"type": "function_call_output", "call_id": "call_2", "output": '{"time":null}'},
        {"type": "function_call_output", "call_id": "call_1", "output": "sunny"},
    ] == conversation.items[-2:]


@pytest.mark.parametrize("output, text", [(None, "null"), ("", ""), (0, "0"), ([], "[]"), ({}, "{}"), (False, "false"), ("x", "x")])
def test_what_is_falsy_is_an_output(output: object, text: str) -> None:
    conversation = Conversation([{"type": "function_call", "call_id": "call_1", "name": "weather", "arguments": "{}"}])
    conversation.add_tool_output("call_1", output)

    assert text == conversation.items[-1]["output"]
    assert () == conversation.pending_calls


def test_outputs_of_custom_tools_have_a_type_of_their_own() -> None:
    conversation = Conversation(
        [{"type": "custom_tool_call", "call_id": name, "name": "sql", "input": "SELECT"} for name in ("call_1", "call_2")]
    )
    conversation.add_tool_output("call_1", "1")
    conversation.add({"role": "tool", "tool_call_id": "call_2", "content": "2"})

    assert ["custom_tool_call_output"] * 2 == [item["type"] for item in conversation.items[2:]]


def test_an_output_for_no_call_is_refused() -> None:
    conversation = Conversation([{"type": "function_call", "call_id": "call_1", "name": "weather", "arguments": "{}"}])

    with pytest.raises(InvalidRequest, match=r"^No call 'call_9' waits for an output; pending: call_1\. Add each output once"):
        conversation.add_tool_output("call_9", "")
    conversation.add_tool_output("call_1", "")
    with pytest.raises(InvalidRequest, match="pending: none"):
        conversation.add_tool_output("call_1", "")
    assert 2 == len(conversation)


def test_an_output_that_json_cannot_carry_is_refused_and_the_call_still_waits() -> None:
    conversation = Conversation([{"type": "function_call", "call_id": "call_1", "name": "weather", "arguments": "{}"}])

    with pytest.raises(InvalidRequest, match=r"^the output of 'call_1' cannot be written as JSON"):
        conversation.add_tool_output("call_1", {"sky": b"blue"})
    assert 1 == len(conversation.pending_calls)


# -- what was heard ----------------------------------------------------------------------------------------------------------


async def test_what_was_heard_of_a_cancelled_answer(autojump_clock: MockClock) -> None:
    conversation = Conversation("Count")
    async with open_pair(server(Answer([SLOW]), Answer([Text("Yes")]))) as pair:
        async with pair.session.respond(conversation) as response:
            heard = await pair.deltas(response, 2)
        conversation.user("Stop")
        conversation.heard(response, heard)
        await pair.ask(conversation)

        assert ["user: Count", f"assistant: {heard}", "user: Stop", "assistant: Yes"] == said(conversation)
        assert Full(LaneDirty()) == decisions(pair)[1]


async def test_what_was_heard_of_an_answer_that_had_completed(autojump_clock: MockClock) -> None:
    conversation = Conversation("Count")
    async with open_pair(server(Answer([Text("One, two, three."), WEATHER]), Answer([Text("Yes")]))) as pair:
        async with pair.session.respond(conversation) as response:
            await response.result()
        conversation.user("Stop")
        conversation.heard(response, "One, two")
        # The player reports again.
        conversation.heard(response, "One, ")
        conversation.add_tool_output("call_1", "sunny")
        await pair.ask(conversation)

        assert ["user: Count", "assistant: One, ", "function_call", "user: Stop", "function_call_output", "assistant: Yes"] == said(
            conversation
        )
        assert Full(OutputMismatch(0)) == decisions(pair)[1]


async def test_what_was_heard_in_full_is_what_was_said(autojump_clock: MockClock) -> None:
    conversation = Conversation("Count")
    async with open_pair(server(Answer([Text("One. ")]), Answer([Text("Yes")]))) as pair:
        async with pair.session.respond(conversation) as response:
            await response.result()
        conversation.heard(response, "One. ")
        conversation.user("Go on")
        await pair.ask(conversation)

        assert Reuse("resp_1", (), 2) == decisions(pair)[1]


async def test_nothing_was_heard(autojump_clock: MockClock) -> None:
    conversation = Conversation("Count")
    async with open_pair(server(Answer([Text("One.")]), Answer([SLOW]))) as pair:
        async with pair.session.respond(conversation) as response:
            await response.result()
        conversation.heard(response, "")
        async with pair.session.respond(conversation) as cancelled:
            pass
        conversation.heard(cancelled, "")

    assert ["user: Count"] == said(conversation)


async def test_what_was_heard_of_an_earlier_answer_moves_the_later_ones(autojump_clock: MockClock) -> None:
    conversation = Conversation("Count")
    async with open_pair(server(Answer([SLOW]), Answer([Text("Yes")]), Answer([SLOW]))) as pair:
        async with pair.session.respond(conversation) as first:
            await pair.deltas(first, 1)
        async with pair.session.respond(conversation) as second:
            await second.text()
        async with pair.session.respond(conversation) as third:
            conversation.heard(first, "One, ")
            conversation.user("Stop")
            await third.text()
        conversation.heard(second, "Y")

    assert ["user: Count", "assistant: One, ", "assistant: Y", "assistant: One, two, three.", "user: Stop"] == said(conversation)


async def test_what_still_runs_or_is_of_another_talk_was_not_heard(autojump_clock: MockClock) -> None:
    conversation = Conversation("Count")
    async with open_pair(server(Answer([SLOW]))) as pair, pair.session.respond(conversation) as response:
        with pytest.raises(InvalidRequest, match="The response still runs; cancel it first"):
            conversation.heard(response, "One")
        with pytest.raises(InvalidRequest, match="was not asked with this conversation; add a message instead"):
            Conversation().heard(response, "One")


async def test_a_conversation_keeps_no_response_alive(autojump_clock: MockClock) -> None:
    conversation = Conversation("Hi")
    async with open_pair(server(Answer([Text("Hello")]))) as pair:
        await pair.ask(conversation)
    gc.collect()

    assert [] == [each for each in gc.get_objects() if isinstance(each, Response) and each.content.items == [user("Hi")]]


# -- beginning anew, and forks -----------------------------------------------------------------------------------------------

COMPACTION: Final = {"type": "compaction", "id": "cmp_1", "encrypted_content": "all of it"}


def compacting(text: str) -> Answer:
    """An answer in whose middle the server compacts what was said before."""
    message = {"type": "message", "id": "msg_9", "role": "assistant", "content": [{"type": "output_text", "text": text}]}
    events = [
        Event({"type": "response.output_item.added", "output_index": 0, "item": COMPACTION}),
        Event({"type": "response.output_item.done", "output_index": 0, "item": COMPACTION}),
    ]
    return Answer(events, output=(COMPACTION, message))


async def test_a_compaction_begins_the_input_anew_and_is_continued(autojump_clock: MockClock) -> None:
    conversation = Conversation("Hi")
    async with open_pair(server(Answer([Text("Hello")]), compacting("Short"), Answer([Text("Yes")]))) as pair:
        async with pair.session.respond(conversation) as first:
            await first.result()
        conversation.user("Go on")
        async with pair.session.respond(conversation) as second:
            conversation.user("And?")
            await second.result()

        assert ["compaction", "assistant: Short", "user: And?"] == said(conversation)
        await pair.ask(conversation)
        assert Reuse("resp_2", (), 2) == decisions(pair)[2]
        assert [user("And?")] == pair.creates[2]["input"]
        with pytest.raises(InvalidRequest, match="was not asked with this conversation"):
            conversation.heard(first, "Hel")
        conversation.heard(second, "Sh")

    assert ["compaction", "assistant: Sh", "user: And?", "assistant: Yes"] == said(conversation)


async def test_it_can_be_begun_anew(autojump_clock: MockClock) -> None:
    conversation = Conversation([{"type": "function_call", "call_id": "call_1", "name": "weather", "arguments": "{}"}])
    async with open_pair(server(Answer([SLOW]), Answer([Text("Yes")]))) as pair:
        async with pair.session.respond(conversation) as response:
            await pair.deltas(response, 1)
            with pytest.raises(InvalidRequest, match=r"A response to this conversation is running\. Wait"):
                conversation.restart([COMPACTION])
        conversation.restart([COMPACTION, user("Hi")])
        await pair.ask(conversation)

        assert [COMPACTION, user("Hi")] == pair.creates[1]["input"]
    assert ["compaction", "user: Hi", "assistant: Yes"] == said(conversation)
    assert () == conversation.pending_calls


async def test_what_was_added_before_it_began_anew_can_be_added_again(autojump_clock: MockClock) -> None:
    conversation = Conversation("Hi")
    async with open_pair(server(Answer([Text("Hello")]))) as pair, pair.session.respond(conversation) as response:
        result = await response.result()
        conversation.restart([user("Hi again")])
        conversation.add_result(result)
        conversation.add_result(result)

    assert ["user: Hi again", "assistant: Hello"] == said(conversation)


def test_beginning_anew_leaves_nothing_behind_that_was_said_of_the_old_messages() -> None:
    old, new = ProviderItem("gemini", {"old": True}), ProviderItem("gemini", {"new": True})
    system = {"role": "system", "content": "Be brief."}
    conversation = Conversation([system, old])
    conversation.restart([user("Hi"), new])
    plain = (conversation.begins_with_system, conversation.left_out)
    conversation.restart([system])
    instructed = (conversation.begins_with_system, conversation.left_out)
    with pytest.raises(InvalidRequest, match=r"messages\[1\]"):
        conversation.restart([user("Hi"), 7])  # type: ignore[list-item] # pyright: ignore[reportArgumentType]

    assert (False, (new,)) == plain
    assert (True, ()) == instructed == (conversation.begins_with_system, conversation.left_out)
    assert ["developer: Be brief."] == said(conversation)


def test_it_is_handed_on_in_the_universal_form() -> None:
    messages = [user("Hi"), {"role": "assistant", "content": "Hello"}]

    assert messages == Conversation(messages).messages


async def test_it_can_be_saved_and_loaded(autojump_clock: MockClock) -> None:
    conversation = Conversation([user("Hi"), {"role": "user", "content": [image_part("https://host/\ud83d.png")]}])
    first = Answer([Thoughts("Hm.", encrypted="sealed"), Text("Let me see. \ud800"), WEATHER, Call("weather", "{}", "call_2")])
    async with open_pair(server(first)) as pair:
        await pair.ask(conversation)
    conversation.add_tool_output("call_1", {"sky": "clear"})
    saved = json.dumps(list(conversation.items))
    loaded = Conversation(json.loads(saved))

    assert ["reasoning", "message", "function_call", "function_call", "function_call_output"] == [
        item["type"] for item in loaded.items[2:]
    ]
    assert conversation.items == loaded.items
    assert conversation.pending_calls == loaded.pending_calls
    assert ["call_2"] == [call["call_id"] for call in loaded.pending_calls]
    with pytest.raises(TypeError):
        json.dumps(conversation.items)

    loaded.add_tool_output("call_2", "rain")
    async with open_pair(server(Answer([Text("Fine.")]), Answer([Text("Bye.")]))) as pair:
        await pair.ask(loaded)
        loaded.user("Thanks")
        await pair.ask(loaded)

    assert [*json.loads(saved), {"type": "function_call_output", "call_id": "call_2", "output": "rain"}] == pair.creates[0]["input"]
    assert [user("Thanks")] == pair.creates[1]["input"]


def test_it_goes_from_one_run_of_trio_to_the_next() -> None:
    conversation = Conversation("One")

    async def ask() -> None:
        async with open_pair(server(Answer([Text("Fine.")]))) as pair:
            await pair.ask(conversation)

    trio.run(ask)
    conversation.user("Two")
    trio.run(ask)

    assert ["user: One", "assistant: Fine.", "user: Two", "assistant: Fine."] == said(conversation)


async def test_a_fork_goes_on_by_itself(autojump_clock: MockClock) -> None:
    conversation = Conversation("Hi", instructions="Be brief.", tool_choice="none")
    async with open_pair(server(Answer([WEATHER]), Answer([Text("A")]), Answer([Text("B")]))) as pair:
        await pair.ask(conversation)
        fork = conversation.copy()
        conversation.add_tool_output("call_1", "sunny")
        fork.add_tool_output("call_1", "rainy")
        fork.instructions = "Be long."
        await pair.ask(conversation)
        await pair.ask(fork)

        assert Reuse("resp_1", (), 2) == decisions(pair)[1]
        assert isinstance(decisions(pair)[2], Full)
    assert ("Be brief.", "Be long.") == (conversation.instructions, fork.instructions)
    assert ("none", "sunny", "rainy") == (fork.tool_choice, conversation.items[2]["output"], fork.items[2]["output"])
    assert (["assistant: A"], ["assistant: B"]) == (said(conversation)[3:], said(fork)[3:])


async def test_a_rewritten_beginning_is_sent_in_full(autojump_clock: MockClock) -> None:
    conversation = Conversation("Hi")
    async with open_pair(server(Answer([Text("A")]), Answer([Text("B")]), Answer([Text("C")]))) as pair:
        async with pair.session.respond(conversation) as first:
            await first.text()
        conversation.user("Go on")
        await pair.ask(conversation)
        conversation.heard(first, "")
        conversation.user("And?")
        await pair.ask(conversation)

        assert Full(PrefixChanged(1)) == decisions(pair)[2]


# -- what a turn costs -------------------------------------------------------------------------------------------------------


@pytest.mark.row("01L")
@pytest.mark.original("B078")
async def test_a_turn_touches_only_what_is_new(autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch) -> None:
    conversation = Conversation([user(f"{number}") for number in range(5000)])
    read: list[int] = []
    every = ItemHistory.__iter__
    some = cast("Callable[[ItemHistory, Any], Any]", ItemHistory.__getitem__)

    def iterate(history: ItemHistory) -> Iterator[Any]:
        read.append(len(history))
        return every(history)

    def take(history: ItemHistory, index: Any) -> Any:  # noqa: ANN401
        found = some(history, index)
        read.append(len(found) if isinstance(index, slice) else 1)
        return found

    async with open_pair(server(Answer([Text("A")]), Answer([Text("B")]))) as pair:
        await pair.ask(conversation)
        conversation.user("Go on")
        monkeypatch.setattr(ItemHistory, "__iter__", iterate)
        monkeypatch.setattr(ItemHistory, "__getitem__", take)
        await pair.ask(conversation)
        monkeypatch.undo()

        assert [user("Go on")] == pair.creates[1]["input"]
    # The answer that is left out, and the question that is sent.
    assert 2 == max(read)
    assert 5003 == len(conversation)


async def test_an_output_item_whose_type_is_no_name_holds_nobody_up(autojump_clock: MockClock) -> None:
    conversation = Conversation("Hi")
    odd = {"type": ["x"], "id": "i"}
    end = Event({"type": "response.completed", "response": {"id": "resp_1", "status": "completed", "output": [odd]}})
    async with open_pair(ModelServer(answer=scripted([Answer([end], terminal=None), Answer([Text("Fine.")])]))) as pair:
        async with pair.session.respond(conversation) as response:
            assert [odd] == list((await response.result()).output)
        conversation.user("And?")
        async with pair.session.respond(conversation) as response:
            assert "Fine." == await response.text()


async def test_a_conversation_that_cannot_take_what_was_said_holds_nobody_up(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Conversation, "_put", fail)
    async with (
        open_pair(ModelServer()) as pair,
        pair.session.respond(Conversation("Hi")) as response,
        pair.session.respond("Ho") as other,
    ):
        texts = await response.text(), await other.text()

    assert ("You said: Hi", "You said: Ho") == texts
    assert 1 == pair.network.dials
    assert "what response 1 said could not be added to its conversation" in caplog.text


async def test_a_compaction_is_not_added_while_a_response_runs(autojump_clock: MockClock) -> None:
    conversation = Conversation("Hi")
    item = {"type": "compaction", "id": "c", "encrypted_content": "e"}
    window = result_of({"id": "resp_z", "status": "completed", "output": [item]})
    async with open_pair(ModelServer()) as pair:
        async with pair.session.respond(conversation) as response:
            with pytest.raises(InvalidRequest, match="would be replaced by a compaction"):
                conversation.add_result(window)
            await response.result()
        conversation.add_result(window)

    assert [item] == list(conversation.items)
