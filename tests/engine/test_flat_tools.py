"""Tools arrive flat, an empty list is none, and a schema that no server takes is refused by its place."""

from __future__ import annotations

from typing import Any, Final

import pytest

from rejoinder.engine import InvalidRequest, ProviderItem
from rejoinder.engine.flat_tools import flat_choice, flat_tools

SCHEMA: Final = {"type": "object", "properties": {"place": {"type": "string"}}, "required": ["place"]}
NESTED: Final = {"type": "function", "function": {"name": "weather", "description": "The weather.", "parameters": SCHEMA}}
FLAT: Final = {"type": "function", "name": "weather", "description": "The weather.", "parameters": SCHEMA, "strict": None}
SEARCH: Final = {"type": "web_search", "search_context_size": "low"}


@pytest.mark.original("B041", "C3:test_tools_schema_flattening", "C5:test_openai_responses_adapter")
def test_a_nested_function_is_flattened_with_strict_null() -> None:
    assert (FLAT,) == flat_tools([NESTED])


@pytest.mark.original("B041")
def test_strict_is_kept_and_a_missing_description_is_left_out() -> None:
    nested = {"type": "function", "function": {"name": "now", "strict": True, "parameters": None}}

    assert ({"type": "function", "name": "now", "parameters": None, "strict": True},) == flat_tools([nested])


def test_a_flat_function_passes_as_it_is() -> None:
    flat = {"type": "function", "name": "now"}

    assert (flat,) == flat_tools((flat,))


@pytest.mark.original("B042", "C5:test_openai_responses_adapter_with_custom_tools")
def test_tools_of_the_providers_own_stand_beside_functions() -> None:
    tools = [NESTED, ProviderItem("openai_responses", SEARCH), ProviderItem("gemini", {"google_search": {}}), {"type": "custom"}]

    assert (FLAT, SEARCH, {"type": "custom"}) == flat_tools(tools)


@pytest.mark.original("B044", "C3:test_tools_absent_yields_openai_sentinel")
@pytest.mark.parametrize("tools", [None, [], (), [ProviderItem("gemini", {})]])
def test_an_empty_list_is_none(tools: Any) -> None:  # noqa: ANN401
    assert flat_tools(tools) is None


@pytest.mark.original("B044")
@pytest.mark.parametrize("tools, name", [("weather", "str"), (NESTED, "dict"), (7, "int"), ({1}, "set")])
def test_what_is_no_list_is_refused(tools: Any, name: str) -> None:  # noqa: ANN401
    with pytest.raises(InvalidRequest, match=rf"^tools is a {name}\. Give a list of tools such as"):
        flat_tools(tools)


@pytest.mark.parametrize(
    "tool, said",
    [
        ("weather", "tools[1] is a str. Write a tool as"),
        ({"name": "weather"}, "tools[1] is a mapping without a type. Write a tool as"),
        ({"type": "function"}, "tools[1] has no name. Write a tool as"),
        ({"type": "function", "function": {"name": ""}}, "tools[1] has no name. Write a tool as"),
        ({"type": "function", "name": "w", "parameters": []}, "tools[1].parameters, of the tool 'w', is no schema of an object."),
        ({"type": "function", "name": "w", "parameters": {"type": "string"}}, "tools[1].parameters, of the tool 'w', is no schema"),
        ({"type": "function", "function": {"name": "w", "parameters": "{}"}}, "tools[1].parameters, of the tool 'w', is no schema"),
        ({"type": "function", "name": "w", "handler": print}, "The request cannot be written as JSON: tools[1].handler is of type"),
    ],
)
def test_a_tool_that_cannot_be_is_named(tool: Any, said: str) -> None:  # noqa: ANN401
    with pytest.raises(InvalidRequest) as caught:
        flat_tools([NESTED, tool])

    assert str(caught.value).startswith(said)


@pytest.mark.original("B027")
@pytest.mark.parametrize(
    "choice, expected",
    [
        (None, None),
        ("auto", "auto"),
        ("none", "none"),
        ("required", "required"),
        ({"type": "function", "function": {"name": "weather"}}, {"type": "function", "name": "weather"}),
        ({"type": "function", "name": "weather"}, {"type": "function", "name": "weather"}),
        ({"type": "file_search"}, {"type": "file_search"}),
    ],
)
def test_choices(choice: Any, expected: Any) -> None:  # noqa: ANN401
    assert expected == flat_choice(choice)


@pytest.mark.parametrize("choice, shown", [("weather", "'weather'"), (7, "a int"), ({"name": "weather"}, "a dict"), ([], "a list")])
def test_a_choice_that_cannot_be_is_named(choice: Any, shown: str) -> None:  # noqa: ANN401
    with pytest.raises(InvalidRequest) as caught:
        flat_choice(choice)

    assert str(caught.value).startswith(f"tool_choice is {shown}. Give one of auto, none, required, or name a tool")


def test_a_choice_that_is_no_json_is_refused() -> None:
    with pytest.raises(InvalidRequest, match=r"JSON: tool_choice\.name is of type"):
        flat_choice({"type": "function", "name": print})
