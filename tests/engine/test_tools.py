"""The registry: what is offered to the model, what is found, and what cannot be registered."""

from __future__ import annotations

import math
import subprocess
import sys
from typing import Any

import pytest
import trio

from rejoinder.engine import InvalidSetting, InvalidTool, RejoinderError, ToolCall, Tools, UnknownTool


async def look(place: str) -> str:
    """Look around."""
    await trio.lowlevel.checkpoint()
    return place


def anything(call: ToolCall) -> str:
    """Take anything."""
    return call.name


def undocumented(**given: object) -> object:
    return given


def nothing() -> None:
    """Take nothing."""


LOOK = {
    "type": "function",
    "name": "look",
    "description": "Look around.",
    "parameters": {
        "type": "object",
        "properties": {"place": {"type": "string"}},
        "required": ["place"],
        "additionalProperties": False,
    },
    "strict": None,
}


# -- what is offered --------------------------------------------------------------------------------------------------------


def test_a_function_is_offered_with_name_description_and_schema() -> None:
    tools = Tools()

    assert look is tools.add(look)
    assert [LOOK] == tools.definitions


@pytest.mark.parametrize("strict", [None, True, False])
def test_name_description_and_strictness_can_be_given(*, strict: bool | None) -> None:
    tools = Tools()

    @tools.add(name="see", description="See.", strict=strict)
    async def it(place: str) -> None:
        """Another text."""
        await trio.lowlevel.checkpoint()

    assert [{**LOOK, "name": "see", "description": "See.", "strict": strict}] == tools.definitions


def test_a_schema_can_be_given() -> None:
    tools = Tools()
    schema = {"type": "object", "properties": {"x": {"type": "string"}}}
    tools.add(anything, parameters=schema)

    assert schema == tools.definitions[0]["parameters"]


def test_a_function_without_docstring_has_no_description() -> None:
    tools = Tools()
    tools.add(lambda: None, name="it")
    tools.add_custom(undocumented, name="custom")

    assert not any("description" in definition for definition in tools.definitions)


def test_a_custom_tool_is_offered_as_one() -> None:
    tools = Tools()
    grammar = {"type": "grammar", "syntax": "regex", "definition": "a+"}

    @tools.add_custom(format=grammar)
    def write(input: str) -> str:
        """Write."""
        return input

    tools.add_custom(anything, name="other", description="Other.")
    grammar["definition"] = "changed"

    assert [
        {"type": "custom", "name": "write", "description": "Write.", "format": {**grammar, "definition": "a+"}},
        {"type": "custom", "name": "other", "description": "Other."},
    ] == tools.definitions


def test_raw_definitions_pass_through_after_the_functions() -> None:
    hosted = {"type": "web_search", "filters": {"allowed_domains": ["example.org"]}}
    tools = Tools().raw(hosted).raw({"type": "function", "name": "theirs"})
    tools.add(look)
    hosted["filters"] = {}

    assert [
        LOOK,
        {"type": "web_search", "filters": {"allowed_domains": ["example.org"]}},
        {"type": "function", "name": "theirs"},
    ] == tools.definitions


def test_the_catch_all_is_not_offered() -> None:
    tools = Tools()
    tools.catch_all(anything)

    assert [] == tools.definitions


# -- what is found ------------------------------------------------------------------------------------------------------------


@pytest.mark.original("B126")
def test_the_last_registration_wins_and_keeps_its_place() -> None:
    tools = Tools()
    tools.add(nothing, name="look")
    tools.add(anything)
    tools.add(look)
    found = tools.find("look")

    assert found is not None
    assert look is found.handler
    assert ["look", "anything"] == [definition["name"] for definition in tools.definitions]


@pytest.mark.original("B126")
def test_a_name_is_there_if_a_call_of_it_would_run_something() -> None:
    tools = Tools()
    tools.add(look)
    before = ("look" in tools, "other" in tools)
    tools.catch_all(anything)
    with_catch_all = ("look" in tools, "other" in tools, 3 in tools)
    tools.remove_catch_all()
    after = ("look" in tools, "other" in tools)

    assert (True, False) == before
    assert (True, True, False) == with_catch_all
    assert (True, False) == after


@pytest.mark.original("B126")
def test_removing_what_is_not_there_is_an_error_with_a_sentence() -> None:
    tools = Tools()
    tools.add(look)
    with pytest.raises(KeyError) as unknown:
        tools.remove("other")
    tools.remove("look")
    with pytest.raises(UnknownTool, match="There are: none"):
        tools.remove("look")
    with pytest.raises(UnknownTool, match="No catch-all is registered"):
        tools.remove_catch_all()

    assert isinstance(unknown.value, RejoinderError)
    assert "No tool is registered under the name 'other'. There are: look." == str(unknown.value)
    assert [] == tools.definitions


def test_what_is_removed_falls_to_the_catch_all() -> None:
    tools = Tools()
    tools.add(look)
    tools.catch_all(nothing_but_all)
    tools.remove("look")
    found = tools.find("look")

    assert found is not None
    assert ("", None) == (found.name, found.definition)


def nothing_but_all(**arguments: object) -> None:
    """Take everything."""


@pytest.mark.original("B141")
def test_the_built_in_function_is_there_while_a_function_may_run_in_the_background() -> None:
    tools = Tools(cancel_tool=True)
    names: list[list[str]] = []

    def note() -> None:
        names.append([definition["name"] for definition in tools.definitions])

    tools.add(look)
    note()
    tools.catch_all(anything, cancel_on_interruption=False)
    note()
    tools.remove_catch_all()
    note()
    tools.add(look, name="slow", cancel_on_interruption=False)
    note()
    tools.remove("slow")
    note()

    built_in = "cancel_background_call"
    assert [["look"], ["look", built_in], ["look"], ["look", "slow", built_in], ["look"]] == names


@pytest.mark.original("B043")
def test_the_built_in_function_needs_no_other_beside_it() -> None:
    tools = Tools(cancel_tool=True)
    tools.catch_all(anything, cancel_on_interruption=False)

    assert ["cancel_background_call"] == [definition["name"] for definition in tools.definitions]


def test_a_registry_shows_its_names() -> None:
    tools = Tools()
    empty = repr(tools)
    tools.add(look)
    tools.catch_all(anything)

    assert "<Tools none>" == empty
    assert "<Tools look and a catch-all>" == repr(tools)


# -- what cannot be registered ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("timeout", [0, -1, math.nan, "3", True])
def test_a_time_limit_that_is_none_is_refused(timeout: Any) -> None:  # noqa: ANN401 - anything
    with pytest.raises(InvalidSetting, match=r"Tools\(timeout=…\) is "):
        Tools(timeout=timeout)
    with pytest.raises(InvalidTool, match=r"The timeout of the tool 'look' is .*\. Give seconds above 0, or math\.inf"):
        Tools().add(look, timeout=timeout)


def test_another_role_is_refused() -> None:
    role: Any = "assistant"

    with pytest.raises(InvalidSetting, match=r"report_role=…\) is 'assistant'\. Give 'developer'"):
        Tools(report_role=role)


@pytest.mark.parametrize("name", ["", "a b", "x" * 65, "ü", "<lambda>"])
def test_a_name_that_no_provider_takes_is_refused(name: str) -> None:
    with pytest.raises(InvalidTool, match="A tool cannot be named"):
        Tools().add(look, name=name)


@pytest.mark.original("B126")
def test_the_name_of_the_built_in_function_is_refused() -> None:
    with pytest.raises(ValueError, match="'cancel_background_call' is that of the built-in tool"):
        Tools().add(look, name="cancel_background_call")


def test_what_cannot_be_called_is_refused() -> None:
    handler: Any = "look"

    with pytest.raises(InvalidTool, match="A str cannot be called"):
        Tools().add(handler)


@pytest.mark.parametrize("definition", [{}, {"type": 3}, [], "web_search"], ids=repr)
def test_a_raw_definition_without_a_type_is_refused(definition: Any) -> None:  # noqa: ANN401 - anything
    with pytest.raises(InvalidTool, match="The definition of a raw tool has no type"):
        Tools().raw(definition)


def test_what_json_cannot_carry_is_refused() -> None:
    with pytest.raises(InvalidTool, match="The definition of a raw tool cannot be written as JSON"):
        Tools().raw({"type": "x", "y": object()})
    with pytest.raises(InvalidTool, match="The format of the custom tool 'anything' cannot be written as JSON"):
        Tools().add_custom(anything, format={"x": object()})


def test_handlers_that_do_not_take_what_they_get_are_refused() -> None:
    with pytest.raises(InvalidTool, match="The catch-all does not take every call"):
        Tools().catch_all(look)
    with pytest.raises(InvalidTool, match="custom tool 'look' does not take its input"):
        Tools().add_custom(look)


@pytest.mark.parametrize("kind", ["plain", "async"])
def test_a_generator_is_refused(kind: str) -> None:
    def plain() -> Any:  # noqa: ANN401 - a generator
        yield 1

    async def asynchronous() -> Any:  # noqa: ANN401 - a generator
        yield 1

    with pytest.raises(InvalidTool, match=r"is a generator\. Return the result"):
        Tools().add(plain if kind == "plain" else asynchronous)


def test_nothing_is_registered_if_something_is_wrong() -> None:
    tools = Tools()
    tools.add(look)
    with pytest.raises(InvalidTool):
        tools.add(nothing, name="look", timeout=0)
    found = tools.find("look")

    assert found is not None
    assert look is found.handler


def test_who_registers_no_tool_does_not_load_pydantic() -> None:
    code = "import sys, rejoinder.engine as engine; engine.Tools(); print('pydantic' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)

    assert "False" == done.stdout.strip()
