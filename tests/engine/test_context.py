"""The universal chat form as Responses input items: nothing is lost, and what cannot be sent is named."""

from __future__ import annotations

from typing import Any, Final

import pytest

from rejoinder.engine import InvalidRequest, ProviderItem, input_items
from rejoinder.engine.context import OPENAI_RESPONSES, message_list, tool_output_text

CALL: Final = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"place": "Ulm"}'}}
CALL_ITEM: Final = {"type": "function_call", "call_id": "call_1", "name": "weather", "arguments": '{"place": "Ulm"}'}
OTHER_CALL: Final = {"id": "call_2", "type": "function", "function": {"name": "time", "arguments": "{}"}}
OTHER_ITEM: Final = {"type": "function_call", "call_id": "call_2", "name": "time", "arguments": "{}"}
IMAGE: Final = "https://example.com/cat.png"


def turned(*messages: Any) -> list[Any]:  # noqa: ANN401 - any message
    return list(input_items(messages))


# -- roles -------------------------------------------------------------------------------------------------------------------


@pytest.mark.original("B030", "B031", "C3:test_simple_user_assistant_messages")
def test_roles_and_strings_pass_through() -> None:
    messages = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]

    assert messages == turned(*messages)


@pytest.mark.original(
    "B030",
    "C3:test_system_role_converted_to_developer",
    "C3:test_developer_role_kept_as_developer",
    "C3:test_non_initial_system_message_no_warning",
)
@pytest.mark.parametrize("role", ["system", "developer"])
@pytest.mark.parametrize("place", [0, 1])
def test_system_and_developer_are_developer_wherever_they_stand(role: str, place: int) -> None:
    messages = [{"role": "user", "content": "Hi"}]
    messages.insert(place, {"role": role, "content": "Be brief."})

    assert {"role": "developer", "content": "Be brief."} == turned(*messages)[place]


@pytest.mark.original("C3:test_empty_messages")
def test_no_messages_are_no_items() -> None:
    assert [] == turned()


@pytest.mark.original("B036")
@pytest.mark.parametrize(
    "message, said",
    [
        pytest.param({"role": "narrator", "content": "Hi"}, "the role 'narrator'", id="unknown"),
        pytest.param({"role": "function", "content": "Hi"}, "the role 'function'", id="legacy"),
        pytest.param({"content": "Hi"}, "no role", id="none"),
        pytest.param({"role": 7, "content": "Hi"}, "a int for a role", id="number"),
        pytest.param({"type": "message", "role": "narrator"}, "the role 'narrator'", id="item"),
    ],
)
def test_an_unknown_role_is_refused_by_its_place(message: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        turned({"role": "user", "content": "Hi"}, message)

    assert str(caught.value).startswith(f"messages[1] has {said}. Use one of system, developer, user, assistant, tool;")


# -- parts -------------------------------------------------------------------------------------------------------------------


@pytest.mark.original("B032", "C3:test_multimodal_text_conversion", "C3:test_multimodal_image_conversion")
def test_parts_of_a_user_become_the_apis_own() -> None:
    content = [{"type": "text", "text": "What is it?"}, {"type": "image_url", "image_url": {"url": IMAGE}}]

    assert [
        {
            "role": "user",
            "content": [
                {"type": "input_text", "text": "What is it?"},
                {"type": "input_image", "image_url": IMAGE, "detail": "auto"},
            ],
        }
    ] == turned({"role": "user", "content": content})


@pytest.mark.original("B033")
def test_parts_of_an_assistant_are_output() -> None:
    content = [{"type": "text", "text": "A cat."}, {"type": "output_text", "text": "Two."}]

    assert [
        {"role": "assistant", "content": [{"type": "output_text", "text": "A cat."}, {"type": "output_text", "text": "Two."}]}
    ] == turned({"role": "assistant", "content": content})


def test_a_refusal_of_an_assistant_is_kept() -> None:
    refusal = {"type": "refusal", "refusal": "I cannot."}

    assert [{"role": "assistant", "content": [refusal]}] == turned({"role": "assistant", "content": None, "refusal": "I cannot."})
    assert [{"role": "assistant", "content": [refusal]}] == turned({"role": "assistant", "content": [refusal]})
    assert [{"role": "assistant", "content": [{"type": "output_text", "text": "No."}, refusal]}] == turned(
        {"role": "assistant", "content": "No.", "refusal": "I cannot."}
    )
    assert [{"role": "assistant", "content": [{"type": "output_text", "text": "No."}, refusal]}] == turned(
        {"role": "assistant", "content": [{"type": "text", "text": "No."}], "refusal": "I cannot."}
    )


@pytest.mark.parametrize(
    "content, said",
    [
        pytest.param(None, "messages[0].content is missing. Write a string, or a list of parts", id="none"),
        pytest.param(7, "messages[0].content is a int.", id="number"),
        pytest.param(["Hi"], "messages[0].content[0] is a str. Write each part as a mapping", id="bare string"),
    ],
)
@pytest.mark.parametrize("role", ["user", "assistant", "developer"])
def test_content_that_is_none_is_named(role: str, content: Any, said: str) -> None:  # noqa: ANN401
    with pytest.raises(InvalidRequest) as caught:
        turned({"role": role, "content": content})

    assert said in str(caught.value)


# -- calls and their outputs -------------------------------------------------------------------------------------------------


@pytest.mark.original("B034", "C3:test_assistant_tool_calls_to_function_call", "C3:test_multiple_tool_calls")
def test_calls_become_items_in_their_order() -> None:
    assert [CALL_ITEM, OTHER_ITEM] == turned({"role": "assistant", "content": None, "tool_calls": [CALL, OTHER_CALL]})
    assert [CALL_ITEM] == turned({"role": "assistant", "content": "", "tool_calls": [CALL]})


@pytest.mark.original("B034")
def test_what_is_said_beside_calls_comes_first() -> None:
    assert [{"role": "assistant", "content": "Let me see."}, CALL_ITEM] == turned(
        {"role": "assistant", "content": "Let me see.", "tool_calls": [CALL]}
    )


def test_calls_of_custom_tools_and_their_answers() -> None:
    call = {"id": "call_3", "type": "custom", "custom": {"name": "sql", "input": "SELECT 1"}}

    assert [
        {"type": "custom_tool_call", "call_id": "call_3", "name": "sql", "input": "SELECT 1"},
        {"type": "custom_tool_call_output", "call_id": "call_3", "output": "1"},
    ] == turned({"role": "assistant", "tool_calls": [call]}, {"role": "tool", "tool_call_id": "call_3", "content": "1"})


@pytest.mark.parametrize(
    "arguments, expected", [(None, "{}"), ({"place": "Ulm"}, '{"place":"Ulm"}'), ("", ""), ("{broken", "{broken")]
)
def test_arguments_are_kept_as_they_are_or_written_as_json(arguments: Any, expected: str) -> None:  # noqa: ANN401
    call = {"id": "call_1", "function": {"name": "weather", "arguments": arguments}}

    assert expected == turned({"role": "assistant", "tool_calls": [call]})[0]["arguments"]


@pytest.mark.parametrize("calls", [["call_1"], [{"id": "call_1"}], [{"function": {"name": "weather"}}], [{"id": 1, "function": 2}]])
def test_a_call_that_is_none_is_named(calls: list[Any]) -> None:
    with pytest.raises(InvalidRequest, match=r"messages\[0\]\.tool_calls\[0\] is no call\. Write it as"):
        turned({"role": "assistant", "tool_calls": calls})


def test_calls_that_are_no_list_are_named() -> None:
    with pytest.raises(InvalidRequest, match=r"messages\[0\]\.tool_calls is a dict\. Write a list of calls"):
        turned({"role": "assistant", "tool_calls": CALL})


@pytest.mark.original("B035", "C3:test_tool_message_to_function_call_output")
def test_a_tools_string_is_its_output() -> None:
    assert [{"type": "function_call_output", "call_id": "call_1", "output": "sunny"}] == turned(
        {"role": "tool", "tool_call_id": "call_1", "content": "sunny"}
    )


@pytest.mark.original("B035")
@pytest.mark.parametrize(
    "content, output",
    [
        ({"sunny": True, "wind": None}, '{"sunny":true,"wind":null}'),
        ([1, 2], "[1,2]"),
        ([], "[]"),
        ({}, "{}"),
        (0, "0"),
        (False, "false"),
        (None, "null"),
        ("", ""),
        ("\ud800", "\ud800"),
    ],
)
def test_structured_output_is_json_and_what_is_falsy_is_an_output(content: Any, output: str) -> None:  # noqa: ANN401
    assert output == turned({"role": "tool", "tool_call_id": "call_1", "content": content})[0]["output"]


def test_parts_of_a_tool_are_parts_of_the_output() -> None:
    content = [{"type": "text", "text": "Here:"}, {"type": "image_url", "image_url": IMAGE}]

    assert [
        {"type": "input_text", "text": "Here:"},
        {"type": "input_image", "image_url": IMAGE, "detail": "auto"},
    ] == turned({"role": "tool", "tool_call_id": "call_1", "content": content})[0]["output"]


def test_an_output_without_its_call_is_refused() -> None:
    with pytest.raises(InvalidRequest, match=r"messages\[0\] has no tool_call_id\. Name the call that it answers"):
        turned({"role": "tool", "content": "sunny"})


def test_an_output_that_json_cannot_carry_is_refused() -> None:
    with pytest.raises(InvalidRequest, match=r"^messages\[0\]\.content cannot be written as JSON: sky is of type builtins\.bytes"):
        turned({"role": "tool", "tool_call_id": "call_1", "content": {"sky": b"blue"}})


@pytest.mark.original("C3:test_mixed_conversation")
def test_a_whole_conversation_keeps_its_order() -> None:
    assert [
        {"role": "user", "content": "Weather?"},
        CALL_ITEM,
        {"type": "function_call_output", "call_id": "call_1", "output": "sunny"},
        {"role": "assistant", "content": "It is sunny."},
    ] == turned(
        {"role": "user", "content": "Weather?"},
        {"role": "assistant", "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "call_1", "content": "sunny"},
        {"role": "assistant", "content": "It is sunny."},
    )


# -- what only one provider understands ----------------------------------------------------------------------------------------


@pytest.mark.original("B037", "B149", "C3:test_llm_specific_message_passthrough", "C3:test_id_for_llm_specific_messages")
def test_an_item_of_this_provider_passes_raw_and_others_are_left_out() -> None:
    item: dict[str, Any] = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "x"}

    assert "openai_responses" == OPENAI_RESPONSES
    assert [item] == turned(ProviderItem("openai_responses", item), ProviderItem("anthropic", {"type": "thinking"}))


@pytest.mark.original("C3:test_reasoning_message_becomes_reasoning_item", "C3:test_reasoning_precedes_assistant_message")
def test_responses_items_pass_as_they_are() -> None:
    items: list[dict[str, Any]] = [
        {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "x"},
        {
            "type": "message",
            "role": "assistant",
            "id": "msg_1",
            "content": [{"type": "output_text", "text": "Hi", "annotations": []}],
        },
        {"type": "item_reference", "id": "msg_2"},
        {"type": "message", "role": "system", "content": "Be brief."},
    ]

    assert items == turned(*items)


def test_a_provider_item_does_not_show_what_it_holds() -> None:
    assert "ProviderItem(provider='anthropic')" == repr(ProviderItem("anthropic", {"secret": 1}))


# -- what is no list of messages ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "given, name", [("Hi", "str"), (b"Hi", "bytes"), (None, "NoneType"), ({"role": "user"}, "dict"), (7, "int")]
)
def test_what_is_no_list_is_refused(given: Any, name: str) -> None:  # noqa: ANN401
    with pytest.raises(InvalidRequest, match=rf"^messages is a {name}\. Give a list of messages such as"):
        input_items(given)


@pytest.mark.parametrize("message", ["Hi", None, 7])
def test_a_message_that_is_no_mapping_is_refused(message: Any) -> None:  # noqa: ANN401
    with pytest.raises(InvalidRequest, match=r"^messages\[0\] is a \w+\. Each message is a mapping such as"):
        turned(message)


def test_a_value_that_json_cannot_carry_is_named() -> None:
    with pytest.raises(InvalidRequest, match=r"JSON: messages\[0\]\.content\[0\]\.extra is of type builtins\.bytes"):
        turned({"role": "user", "content": [{"type": "input_text", "text": "Hi", "extra": b"x"}]})


def test_the_list_is_called_what_its_owner_calls_it() -> None:
    with pytest.raises(InvalidRequest, match=r"^history\[0\] has no role"):
        input_items([{}], "history")


def test_any_iterable_is_a_list() -> None:
    assert [1, 2] == message_list(iter([1, 2]))


def test_tool_output_as_text() -> None:
    assert ("sunny", '{"a":[]}') == (tool_output_text("sunny"), tool_output_text({"a": ()}))
    with pytest.raises(InvalidRequest, match="output cannot be written as JSON"):
        tool_output_text(object())
