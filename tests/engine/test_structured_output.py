"""A type makes the format of an answer, and the answer's text a value of that type."""

from __future__ import annotations

import enum
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, make_dataclass
from typing import Annotated, Any, Generic, Literal, NotRequired, TypeVar

import pydantic
import pytest
from typing_extensions import TypedDict

from harness.pair import open_pair
from rejoinder.engine import InvalidOutput, InvalidSetting, RejoinderError, Result, Settings, TextFormat, TextOptions
from rejoinder.testing import Answer, ModelServer, Refusal, Text, scripted

Item = TypeVar("Item")


class Scale(enum.Enum):
    """An enum."""

    CELSIUS = "C"
    FAHRENHEIT = "F"


@dataclass
class Place:
    """Where."""

    city: str
    title: str = "no title"


class Rain(pydantic.BaseModel):
    """One of two."""

    kind: Literal["rain"]
    millimetres: Annotated[float, pydantic.Field(ge=0)]


class Sun(pydantic.BaseModel):
    """The other."""

    kind: Literal["sun"]


class Forecast(pydantic.BaseModel):
    """What it will be like."""

    place: Annotated[Place, pydantic.Field(description="Where it holds.")]
    sky: Annotated[Rain | Sun, pydantic.Field(discriminator="kind")]
    scale: Scale = Scale.CELSIUS
    low: int | None = None
    default: list[str] = []


class Tree(pydantic.BaseModel):
    """It holds itself."""

    name: str
    branches: list[Tree]


class Loose(TypedDict):
    """A mapping."""

    first: int
    second: NotRequired[Place]


@dataclass
class Box(Generic[Item]):
    """Holds something."""

    item: Item


@dataclass
class Empty:
    """Holds nothing."""


@dataclass
class Counts:
    """Holds any keys."""

    places: list[Place] = field(default_factory=list[Place])
    counts: dict[str, int] = field(default_factory=dict[str, int])


class Odd:
    """A class that pydantic does not know."""


@dataclass
class Calls:
    """Holds what JSON cannot carry."""

    call: Callable[[], None]


LATE = make_dataclass("Late", [("first", "Nowhere")])


class Open(pydantic.BaseModel, extra="allow"):
    """Takes more."""

    first: int


def of(kind: Any, **options: Any) -> dict[str, Any]:  # noqa: ANN401 - any type, and options of TextFormat.of
    """The schema that is sent."""
    schema: dict[str, Any] = TextFormat.of(kind, **options).to_wire()["schema"]
    return schema


def result(text: str, status: str = "completed", **fields: Any) -> Result:  # noqa: ANN401 - fields of a result
    """A result with this text."""
    output = [{"type": "message", "content": [{"type": "output_text", "text": text}]}]
    return Result("resp_1", status, output, None, request_id="req_1", **fields)


# -- from a type to the format --------------------------------------------------------------------------------------------------


def test_every_field_is_required_and_no_other_key_allowed() -> None:
    place = {
        "type": "object",
        "description": "Where.",
        "properties": {"city": {"type": "string"}, "title": {"type": "string"}},
        "required": ["city", "title"],
        "additionalProperties": False,
    }

    assert place == of(Place)
    assert place == of(Forecast)["$defs"]["Place"]
    assert {"first", "second"} == set(of(Loose)["required"])
    assert ([], {}, False) == tuple(of(Empty)[name] for name in ("required", "properties", "additionalProperties"))


def test_what_strict_mode_does_not_take_is_said_otherwise() -> None:
    properties = of(Forecast)["properties"]

    assert {"anyOf": [{"$ref": "#/$defs/Place"}], "description": "Where it holds."} == properties["place"]
    assert {"anyOf": [{"$ref": "#/$defs/Rain"}, {"$ref": "#/$defs/Sun"}]} == properties["sky"]
    assert {"$ref": "#/$defs/Scale"} == properties["scale"]
    assert {"anyOf": [{"type": "integer"}, {"type": "null"}]} == properties["low"]
    assert {"type": "array", "items": {"type": "string"}} == properties["default"]
    assert ["C", "F"] == of(Forecast)["$defs"]["Scale"]["enum"]


def test_a_type_that_holds_itself() -> None:
    schema = of(Tree)

    assert "$ref" not in schema
    assert {"type": "array", "items": {"$ref": "#/$defs/Tree"}} == schema["properties"]["branches"]
    assert schema["properties"] == schema["$defs"]["Tree"]["properties"]
    assert "object" == of(Tree, strict=False)["type"]


def test_who_wants_it_not_strict_has_the_schema_of_the_type() -> None:
    schema = of(Counts, strict=False)

    assert {"type": "object", "additionalProperties": {"type": "integer"}} == schema["properties"]["counts"]
    assert "required" not in schema
    assert ["city"] == schema["$defs"]["Place"]["required"]
    assert "no title" == schema["$defs"]["Place"]["properties"]["title"]["default"]
    assert schema == of(Counts, strict=None)
    assert (False, None) == tuple(TextFormat.of(Counts, strict=strict).to_wire().get("strict") for strict in (False, None))


def test_the_name_is_that_of_the_class() -> None:
    named = pydantic.create_model("N" * 70 + "[", first=(int, ...))

    assert ("Forecast", True, None) == (TextFormat.of(Forecast).name, TextFormat.of(Forecast).strict, None)
    assert ("Other", "What for.") == (
        TextFormat.of(Place, name="Other").name,
        TextFormat.of(Place, description="What for.").description,
    )
    assert "N" * 64 == TextFormat.of(named).name
    assert "Box" == TextFormat.of(Box[int]).name
    assert "integer" == of(Box[int])["properties"]["item"]["type"]


@pytest.mark.parametrize(
    "kind, told",
    [
        (Counts, "The type Counts cannot be strict: counts takes any key"),
        (Open, "The type Open cannot be strict: it takes any key"),
        (list[int], "The type list is no object in JSON"),
        (Scale, "The type Scale is no object in JSON"),
        (Odd, "The type Odd has no JSON schema: Unable to generate"),
        (Calls, "The type Calls has no JSON schema: Cannot generate"),
        (LATE, "The type Late has no JSON schema: it names a type that its module does not have. Give"),
    ],
)
def test_a_type_that_cannot_be_asked_for_is_refused(kind: Any, told: str) -> None:  # noqa: ANN401 - any type
    with pytest.raises(InvalidSetting) as caught:
        TextFormat.of(kind)

    assert str(caught.value).startswith(told)
    assert "\n" not in str(caught.value)


# -- from the text to a value ---------------------------------------------------------------------------------------------------


def test_the_text_becomes_a_value() -> None:
    text = '{"place": {"city": "Oslo"}, "sky": {"kind": "rain", "millimetres": 3}, "scale": "F", "low": null}'
    forecast = result(text).parsed(Forecast)
    loose: Loose = result('{"first": 1}').parsed(Loose)

    assert (Place("Oslo"), Rain(kind="rain", millimetres=3), Scale.FAHRENHEIT) == (forecast.place, forecast.sky, forecast.scale)
    assert {"first": 1} == loose
    assert Box(3) == result('{"item": 3}').parsed(Box[int])
    assert [1, 2] == result("[1, 2]").parsed(list[int])


def test_an_incomplete_response_whose_text_fits_is_a_value() -> None:
    assert Place("Oslo") == result('{"city": "Oslo"}', "incomplete").parsed(Place)


SECRET = "what-the-model-said"


@pytest.mark.parametrize(
    "given, told",
    [
        (result(f'{{"city": 7, "title": ["{SECRET}"]}}'), "no Place: city: Input should be a valid string; title: Input should be"),
        (result(f"{SECRET}"), "no Place: Invalid JSON: expected value at line 1 column 1"),
        (result("\ud800"), "no Place: Invalid JSON"),
        (result(""), "no Place: Invalid JSON"),
        (result(f'{{"city": "{SECRET}', "incomplete", incomplete_reason="max_output_tokens"), "cut short (max_output_tokens)"),
        (result("", "incomplete"), "cut short (the server does not say why)"),
        (result(f'{{"city": "{SECRET}', "cancelled"), "The response is cancelled"),
        (
            Result("resp_1", "completed", [{"content": [{"type": "refusal", "refusal": SECRET}]}], None, request_id="req_1"),
            "The model declined, so there is no Place.",
        ),
    ],
)
def test_a_text_that_does_not_fit_is_an_error_that_quotes_nothing(given: Result, told: str) -> None:
    with pytest.raises(InvalidOutput) as caught:
        given.parsed(Place)
    error = caught.value

    assert told in str(error)
    assert SECRET not in f"{error} {error.faults}"
    assert given is error.result
    assert ("resp_1", "req_1") == (error.response_id, error.request_id)
    assert error.faults
    assert (None, None) == (error.__cause__, error.__context__)
    assert isinstance(error, ValueError)
    assert isinstance(error, RejoinderError)


@pytest.mark.parametrize("kind", [Odd, LATE])
def test_a_type_that_nobody_knows_is_no_fault_of_the_text(kind: type[object]) -> None:
    with pytest.raises(InvalidSetting, match="has no JSON schema"):
        result("{}").parsed(kind)


# -- on the wire ----------------------------------------------------------------------------------------------------------------


async def test_the_model_is_asked_for_it_and_its_answer_is_one(autojump_clock: object) -> None:
    text = '{"city": "Oslo", "title": "Capital"}'
    answers = [Answer([Text(text)]), Answer([Refusal("No.")])]
    settings = Settings(text=TextOptions(TextFormat.of(Place)))
    async with open_pair(ModelServer(answer=scripted(answers)), settings=settings) as pair:
        async with pair.session.respond("Where?") as response:
            place = (await response.result()).parsed(Place)
        async with pair.session.respond("And where else?") as response:
            refused = await response.result()

    assert Place("Oslo", "Capital") == place
    assert {"format": {"type": "json_schema", "name": "Place", "schema": of(Place), "strict": True}} == pair.creates[0]["text"]
    with pytest.raises(InvalidOutput, match="declined"):
        refused.parsed(Place)


def test_who_gives_no_type_does_not_load_pydantic() -> None:
    code = "import sys, rejoinder.engine as engine; engine.TextFormat('a', {}).to_wire(); print('pydantic' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)

    assert "False" == done.stdout.strip()
