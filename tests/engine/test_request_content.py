"""What a caller gives becomes the content of a request: checked, copied, and completed with what the API needs."""

from __future__ import annotations

import json
from typing import Any

import pytest
from trio.testing import MockClock

from harness.pair import open_pair, user
from rejoinder.engine import (
    NOT_GIVEN,
    Conversation,
    InvalidRequest,
    InvalidSetting,
    Reasoning,
    Settings,
    TextOptions,
    ToolChoice,
)
from rejoinder.engine.known_lists import KnownLists
from rejoinder.engine.request_content import input_of, merged_fields, request_content
from rejoinder.testing import AZURE, ModelServer

TOOL = {"type": "function", "name": "weather", "parameters": {"type": "object"}}


def fields_sent(**fields: Any) -> dict[str, Any]:  # noqa: ANN401 - the wire's names
    return dict(request_content([user("Hi")], fields, generate=True).fields)


# -- what is sent ------------------------------------------------------------------------------------------------------------


@pytest.mark.original("B021", "B028")
async def test_a_create_is_one_flat_object_that_stores_nothing_and_says_no_stream(autojump_clock: MockClock) -> None:
    async with open_pair(ModelServer(AZURE)) as pair:
        await pair.ask([user("Grüße")])
        (entry,) = pair.log("in")

    assert {"type": "response.create", "model": "gpt-4.1", "store": False, "input": [user("Grüße")]} == json.loads(str(entry.data))
    # Compact, and in UTF-8 rather than in escapes.
    assert '{"type":"response.create","model":"gpt-4.1","store":false,"input":[{"role":"user","content":"Grüße"}]}' == entry.data


@pytest.mark.original("B023", "B024", "B026")
async def test_what_is_set_is_sent_and_the_callers_word_is_the_last(autojump_clock: MockClock) -> None:
    settings = Settings(
        temperature=0.5, top_p=0.9, max_output_tokens=100, service_tier="flex", extra={"temperature": 0.7, "prompt_cache_key": "k"}
    )
    async with open_pair(ModelServer(AZURE), settings=settings) as pair:
        await pair.ask([user("Hi")], top_p=1, store=True, reasoning=Reasoning("low"), text=TextOptions(verbosity="low"))
        await pair.ask([user("Hi")], service_tier=None, temperature=NOT_GIVEN)

    common = {"type": "response.create", "model": "gpt-4.1", "max_output_tokens": 100, "temperature": 0.7, "prompt_cache_key": "k"}
    assert {
        **common,
        "top_p": 1,
        "service_tier": "flex",
        "store": True,
        "reasoning": {"effort": "low"},
        "text": {"verbosity": "low"},
        "input": [user("Hi")],
    } == pair.creates[0]
    assert {**common, "top_p": 0.9, "store": False, "input": [user("Hi")]} == pair.creates[1]


@pytest.mark.original("B029")
async def test_everything_but_the_input_is_sent_again_each_turn(autojump_clock: MockClock) -> None:
    conversation = Conversation("Hi", tools=[TOOL])
    async with open_pair(ModelServer(AZURE), settings=Settings(instructions="Be brief.", temperature=0.5)) as pair:
        await pair.ask(conversation)
        conversation.user("Go on")
        await pair.ask(conversation)

    first, second = pair.creates
    assert "resp_1" == second.pop("previous_response_id")
    assert [user("Go on")] == second.pop("input")
    assert [user("Hi")] == first.pop("input")
    assert first == second


@pytest.mark.original("B023", "B014")
@pytest.mark.parametrize(
    "fields, said",
    [
        ({"temperature": True}, "temperature is True (bool). Give a number from 0 to 2; None leaves it out."),
        ({"top_p": "1"}, "top_p is a str. Give a number from 0 to 1; None leaves it out."),
        ({"max_output_tokens": 0}, "max_output_tokens is 0 (int). Give a whole number of at least 1; None leaves it out."),
        ({"tools": {"type": "function"}}, "tools is a dict. Give a list of tools; None leaves it out."),
        ({"tools": [{**TOOL, "parameters": "{}"}]}, "tools[0].parameters, of the tool 'weather', is no schema of an object."),
        ({"tool_choice": "weather"}, "tool_choice is 'weather'. Give one of auto, none, required"),
    ],
)
async def test_a_field_that_cannot_be_is_refused_before_anything_is_sent(
    fields: dict[str, Any], said: str, autojump_clock: MockClock
) -> None:
    async with open_pair(ModelServer()) as pair:
        with pytest.raises(InvalidSetting) as caught:
            await pair.ask("Hi", **fields)

        assert str(caught.value).startswith(said)
        assert [] == pair.client_frames()


@pytest.mark.original("B025", "B044")
@pytest.mark.parametrize("tools", [[], None, ()])
def test_an_empty_list_of_tools_is_not_sent(tools: Any) -> None:  # noqa: ANN401
    assert "tools" not in fields_sent(tools=tools)


@pytest.mark.original("B027")
def test_a_choice_is_sent_flat() -> None:
    assert {"type": "function", "name": "weather"} == fields_sent(tool_choice=ToolChoice("weather"))["tool_choice"]
    assert {"type": "function", "name": "weather"} == fields_sent(
        tool_choice={"type": "function", "function": {"name": "weather"}}
    )["tool_choice"]


def test_fields_are_copied() -> None:
    metadata = {"k": "before"}
    sent = fields_sent(metadata=metadata)
    metadata["k"] = "after"

    assert {"k": "before"} == sent["metadata"]


def test_a_field_that_is_no_json_is_named() -> None:
    with pytest.raises(InvalidRequest, match=r"^The request cannot be written as JSON: anything\.new is of type builtins\.bytes"):
        fields_sent(anything={"new": b"bytes"})


# -- without an input --------------------------------------------------------------------------------------------------------


@pytest.mark.original("B022", "B039", "C3:test_system_instruction_with_empty_input_becomes_developer_message")
def test_instructions_alone_become_a_developer_message() -> None:
    content = request_content((), {"model": "m", "instructions": "Greet."}, generate=True)

    assert [{"role": "developer", "content": "Greet."}] == list(content.items)
    assert {"model": "m"} == content.fields


@pytest.mark.original("C3:test_no_system_instruction_omits_instructions")
def test_without_instructions_none_are_sent() -> None:
    assert "instructions" not in fields_sent(instructions=None)


@pytest.mark.original("B040")
@pytest.mark.parametrize("given", [(), [], Conversation()])
async def test_nothing_at_all_is_refused(given: Any, autojump_clock: MockClock) -> None:  # noqa: ANN401
    async with open_pair(ModelServer()) as pair:
        with pytest.raises(InvalidRequest, match=r"^The input is empty, and there are no instructions.*Give either\."):
            await pair.ask(given)


@pytest.mark.parametrize("field", ["previous_response_id", "conversation", "prompt"])
def test_what_the_server_holds_may_be_answered_without_an_input(field: str) -> None:
    value: Any = {"id": "x"} if field == "prompt" else "x"
    content = request_content((), {field: value, "instructions": "Greet."}, generate=True)

    assert ((), {field: value, "instructions": "Greet."}) == (content.items, content.fields)


def test_a_warm_up_may_be_of_instructions_alone() -> None:
    content = request_content((), {"instructions": "Greet."}, generate=False)

    assert ((), {"instructions": "Greet."}) == (content.items, content.fields)


# -- merging -----------------------------------------------------------------------------------------------------------------


def test_the_request_overrides_the_conversation_and_that_the_settings() -> None:
    conversation = Conversation("Hi", instructions="conversation", tool_choice="none")
    settings = {"instructions": "settings", "tool_choice": "auto", "model": "m"}

    assert {"instructions": "conversation", "tool_choice": "required", "model": "m"} == merged_fields(
        settings, conversation, {"tool_choice": "required", "model": NOT_GIVEN}
    )
    assert {"instructions": None, "tool_choice": "auto", "model": "m"} == merged_fields(settings, "Hi", {"instructions": None})


def test_a_conversation_is_handed_over_as_it_is() -> None:
    conversation = Conversation("Hi")

    assert conversation.items is input_of(conversation, KnownLists())
