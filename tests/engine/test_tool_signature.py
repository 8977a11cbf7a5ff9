"""From signatures to schemas, and from arguments to what a handler is given."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import attrs
import pydantic
import pytest

from rejoinder.engine import InvalidTool, ToolCall
from rejoinder.engine.tool_call import ArgumentsRefused
from rejoinder.engine.tool_signature import derived_parameters, given_parameters, read_signature, to_json
from rejoinder.states.json_values import NotSerialisable

Parameters = dict[str, Any]


class Place(pydantic.BaseModel):
    """A place."""

    name: str
    height: int


class Loose(pydantic.BaseModel):
    """A place that may have no height."""

    name: str
    height: int = 0


class Named(pydantic.BaseModel):
    """Something with a title."""

    title: str


def weather(
    city: str, unit: Literal["C", "F"] = "C", *, days: Annotated[int, pydantic.Field(ge=1, description="How many.")] = 1
) -> None:
    """Tell the weather.

    Of any place, for some days.

    Args:
        city: Where.
        unit: Celsius or
            Fahrenheit.
        days: Not used, because the type says it.
        nobody: No such parameter.
    """


def of(handler: Any, *, strict: bool = False) -> Parameters:  # noqa: ANN401 - any handler
    """The schema of a handler."""
    return derived_parameters(read_signature(handler, "it"), "it", strict=strict)[0]


def collected(handler: Any, arguments: Parameters, *, strict: bool = False) -> Parameters:  # noqa: ANN401 - any handler
    """What a handler is given."""
    return derived_parameters(read_signature(handler, "it"), "it", strict=strict)[1](arguments)


# -- signatures -------------------------------------------------------------------------------------------------------------


@pytest.mark.original("B127")
def test_a_signature_with_hints_and_docstring_says_everything() -> None:
    signature = read_signature(weather, "weather")

    assert "Tell the weather.\n\nOf any place, for some days." == signature.description
    assert {
        "type": "object",
        "properties": {
            "city": {"type": "string", "description": "Where."},
            "unit": {"type": "string", "enum": ["C", "F"], "default": "C", "description": "Celsius or\nFahrenheit."},
            "days": {"type": "integer", "minimum": 1, "default": 1, "description": "How many."},
        },
        "required": ["city"],
        "additionalProperties": False,
    } == of(weather)


def numpy_style(city: str) -> None:
    """Tell the weather.

    Parameters
    ----------
    city : str
        Where.
    """


def rest_style(city: str) -> None:
    """Tell the weather.

    :param city: Where.
    """


@pytest.mark.parametrize("handler", [numpy_style, rest_style])
def test_every_docstring_style_is_read(handler: Any) -> None:  # noqa: ANN401 - a handler
    assert {"type": "string", "description": "Where."} == of(handler)["properties"]["city"]


def test_the_call_is_no_parameter() -> None:
    def handler(first: int, call: ToolCall, other: ToolCall | None = None, third: Annotated[ToolCall, "x"] = None) -> None:  # type: ignore[assignment] # pyright: ignore[reportArgumentType]
        pass

    signature = read_signature(handler, "it")

    assert ("call", "other", "third") == signature.calls
    assert ["first"] == list(of(handler)["properties"])


def test_nested_types_keep_names_that_look_like_titles() -> None:
    def handler(title: str, named: Named, places: list[Place]) -> None:
        pass

    schema = of(handler)

    assert ["title", "named", "places"] == list(schema["properties"])
    assert ["title"] == list(schema["$defs"]["Named"]["properties"])
    assert "title" not in schema["$defs"]["Place"]


def test_a_handler_without_hints_takes_anything() -> None:
    def handler(x: Any, **more: Any) -> None:  # noqa: ANN401 - they are taken away
        pass

    handler.__annotations__.clear()

    assert {"x": [1], "y": 2} == collected(handler, {"x": [1], "y": 2})
    assert {} == of(handler)["properties"]["x"]


def positional(x: int, /) -> None:
    """Cannot be called by name."""


def variable(*x: int) -> None:
    """Neither can this."""


@pytest.mark.parametrize(
    "handler, sentence",
    [
        pytest.param(positional, "The parameter 'x' of the tool 'it' cannot be given by name", id="positional"),
        pytest.param(variable, "The parameter 'x' of the tool 'it' cannot be given by name", id="any number"),
        pytest.param(dict, "The signature of the tool 'it' cannot be read", id="no signature"),
    ],
)
def test_what_cannot_be_called_by_name_is_refused(handler: Any, sentence: str) -> None:  # noqa: ANN401 - a handler
    with pytest.raises(InvalidTool, match=sentence):
        read_signature(handler, "it")


def test_a_hint_that_cannot_be_resolved_is_refused_with_the_way_out() -> None:
    class Local:
        """Unknown to the module."""

    def handler(x: Local) -> None:
        pass

    with pytest.raises(InvalidTool, match=r"name 'Local' is not defined\. Annotate its parameters with types of its module"):
        read_signature(handler, "it")


def test_a_type_without_a_schema_is_refused() -> None:
    def handler(x: InvalidTool) -> None:
        pass

    with pytest.raises(InvalidTool, match=r"The parameters of the tool 'it' have no JSON schema"):
        of(handler)


# -- arguments --------------------------------------------------------------------------------------------------------------


def test_arguments_are_converted_and_defaults_filled_in() -> None:
    assert {"city": "Oslo", "unit": "C", "days": 3} == collected(weather, {"city": "Oslo", "days": "3"})


def test_everything_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(ArgumentsRefused) as refused:
        collected(weather, {"unit": "K", "days": 0, "colour": "red"})

    assert (
        "city: Missing required argument; unit: Input should be 'C' or 'F'; days: Input should be greater than or equal to 1;"
        " colour: Unexpected argument"
    ) == str(refused.value)


def test_a_nested_fault_is_placed() -> None:
    def handler(places: list[Place]) -> None:
        pass

    with pytest.raises(ArgumentsRefused, match=r"places\.0\.height: Field required"):
        collected(handler, {"places": [{"name": "x"}]})


# -- strict -------------------------------------------------------------------------------------------------------------------


def test_a_strict_schema_requires_everything_and_null_means_the_default() -> None:
    schema = of(weather, strict=True)

    assert ["city", "unit", "days"] == schema["required"]
    assert {
        "anyOf": [{"enum": ["C", "F"], "type": "string"}, {"type": "null"}],
        "description": "Celsius or\nFahrenheit.",
    } == schema["properties"]["unit"]
    assert {"city": "Oslo", "unit": "C", "days": 1} == collected(weather, {"city": "Oslo", "unit": None, "days": None}, strict=True)
    with pytest.raises(ArgumentsRefused, match="city: Input should be a valid string"):
        collected(weather, {"city": None}, strict=True)


def test_null_is_null_where_the_type_has_it() -> None:
    def handler(x: int | None = 5, y: None = None) -> None:
        pass

    schema = of(handler, strict=True)

    assert [{"type": "integer"}, {"type": "null"}] == schema["properties"]["x"]["anyOf"]
    assert {"x": None, "y": None} == collected(handler, {"x": None, "y": None}, strict=True)


def test_a_strict_schema_of_an_undocumented_default() -> None:
    def handler(x: int = 5) -> None:
        pass

    assert {"anyOf": [{"type": "integer"}, {"type": "null"}]} == of(handler, strict=True)["properties"]["x"]
    assert {"x": 5} == collected(handler, {"x": None}, strict=True)


def test_a_strict_schema_closes_every_object() -> None:
    def handler(places: list[Place]) -> None:
        pass

    assert of(handler, strict=True)["$defs"]["Place"]["additionalProperties"] is False


@pytest.mark.parametrize(
    "hint, place",
    [
        pytest.param(Loose, "Loose.height has a default", id="an optional field inside"),
        pytest.param(dict[str, int], "x takes any key", id="any key"),
    ],
)
def test_what_strict_mode_turns_down_is_refused_when_it_is_registered(hint: Any, place: str) -> None:  # noqa: ANN401 - a type
    def handler(x: object) -> None:
        pass

    handler.__annotations__ = {"x": hint}
    with pytest.raises(InvalidTool, match=f"The tool 'it' cannot be strict: {place}"):
        of(handler, strict=True)


def test_a_handler_that_takes_any_keyword_cannot_be_strict() -> None:
    def handler(**x: int) -> None:
        pass

    with pytest.raises(InvalidTool, match="the arguments takes any key"):
        of(handler, strict=True)


# -- schemas written by hand ------------------------------------------------------------------------------------------------

SCHEMA: Final[Parameters] = {
    "type": "object",
    "properties": {"city": {"type": "string", "maxLength": 5}, "days": {"type": "integer"}},
    "required": ["city"],
}


def given(handler: Any, schema: Any = SCHEMA) -> Any:  # noqa: ANN401 - anything
    """What judges arguments by a schema."""
    return given_parameters(read_signature(handler, "it"), "it", schema)


def takes_both(city: str, days: int = 1) -> None:
    """Takes what the schema has."""


def takes_call(call: ToolCall) -> None:
    """Finds everything in the call."""


def takes_all(**arguments: object) -> None:
    """Takes anything."""


def test_a_schema_is_sent_as_it_is_and_copied() -> None:
    schema: Parameters = {"type": "object", "properties": {"city": {}, "days": {}}}
    kept, _ = given(takes_both, schema)
    schema["properties"] = {}

    assert {"type": "object", "properties": {"city": {}, "days": {}}} == kept


def test_arguments_that_fit_a_schema_are_given_as_they_are() -> None:
    arguments = {"city": "Oslo"}

    assert arguments == given(takes_both)[1](arguments)
    assert {} == given(takes_call)[1](arguments)
    assert {**arguments, "x": 1} == given(takes_all)[1]({**arguments, "x": 1})


@pytest.mark.parametrize(
    "arguments, sentence",
    [
        ({}, "arguments: 'city' is a required property"),
        ({"city": "Lillehammer", "days": "x"}, "city: 'Lillehammer' is too long; days: 'x' is not of type 'integer'"),
        ({"city": "Oslo", "x": 1}, "x: is unexpected"),
    ],
)
def test_arguments_that_do_not_fit_a_schema_are_refused(arguments: Parameters, sentence: str) -> None:
    with pytest.raises(ArgumentsRefused) as refused:
        given(takes_both)[1](arguments)

    assert sentence == str(refused.value)


def test_what_the_handler_needs_and_the_schema_does_not_is_missed() -> None:
    with pytest.raises(ArgumentsRefused, match="city: is required"):
        given(takes_both, {"type": "object", "properties": {"city": {}}})[1]({})


@pytest.mark.parametrize("schema", [{}, {"type": "string"}, [], "object", {"properties": {}}], ids=repr)
def test_a_schema_that_is_no_object_is_refused(schema: object) -> None:
    with pytest.raises(InvalidTool, match=r"are not the schema of an object\. Give a mapping such as"):
        given(takes_all, schema)


def test_a_schema_that_is_none_is_refused() -> None:
    with pytest.raises(InvalidTool, match=r"are no valid JSON schema: .* at \$\.properties\.x\.type\. Correct the schema"):
        given(takes_all, {"type": "object", "properties": {"x": {"type": "colour"}}})
    with pytest.raises(InvalidTool, match="are no JSON schema"):
        given(takes_all, {"type": "object", "properties": {"x": object()}})


def test_a_schema_for_another_handler_is_refused() -> None:
    with pytest.raises(InvalidTool, match="does not take 'colour', which its schema has"):
        given(takes_both, {"type": "object", "properties": {"colour": {}}})


# -- results ------------------------------------------------------------------------------------------------------------------


def test_attrs_inside_anything_is_written() -> None:
    @attrs.frozen
    class Box:
        """A box."""

        inside: Any

    assert [{"inside": {"inside": [1]}}] == to_json([Box(Box((1,)))])


@pytest.mark.parametrize(
    "value", [object(), [object()], float("inf"), {"x": b"\xff"}], ids=["object", "object in a list", "inf", "bytes"]
)
def test_what_json_cannot_carry_is_named_and_not_quoted(value: object) -> None:
    with pytest.raises(NotSerialisable) as refused:
        to_json(value)

    assert "0x" not in str(refused.value)
