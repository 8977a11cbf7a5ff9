"""From a type to the format that is asked for, and from the text of an answer to a value of that type.

Rules of this file
* It is imported when the first type is given and not before: pydantic takes a while to load.
* A strict schema is what strict mode takes: objects name each of their keys, require all of them and allow no other (a default
  would never be used, so there is none), alternatives are ``anyOf``, and a reference stands alone.
* What else a provider's strict mode turns down, the provider says: what is allowed there grows.
* An error names what is wrong with a text, and quotes nothing of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import pydantic

from .errors import InvalidOutput, InvalidSetting
from .tool_signature import DATA, without_titles

if TYPE_CHECKING:
    from .result import Result

__all__ = ["parse", "schema_of"]

Value = TypeVar("Value")
Schema = Mapping[str, Any]

NAMED: Final = frozenset({"properties", "$defs"})
"""Keywords whose keys are names, and whose values are schemas."""
LEFT_OUT: Final = frozenset({"default", "discriminator"})
"""Keywords that strict mode does not take, and that change nothing where every field is required."""
DEFINITIONS: Final = "#/$defs/"
UNKNOWN: Final = (pydantic.errors.PydanticUserError, pydantic.errors.PydanticUndefinedAnnotation)
"""What pydantic raises for a type that it can do nothing with."""


def schema_of(kind: type[object], *, strict: bool) -> dict[str, Any]:
    """The JSON schema of a type, for strict mode or as it is; raises ``InvalidSetting`` where none can be asked for."""
    shown = _name(kind)
    try:
        schema = cast("dict[str, Any]", without_titles(pydantic.TypeAdapter(kind).json_schema()))
    except UNKNOWN as error:
        raise _unknown(shown, error) from error
    # A type that holds itself is a reference to one of its own definitions, and the outermost schema must be none.
    reference = schema.pop("$ref", None)
    if isinstance(reference, str):
        schema = {**schema, **schema["$defs"][reference.removeprefix(DEFINITIONS)]}
    if schema.get("type") != "object":
        raise InvalidSetting(
            f"The type {shown} is no object in JSON, and structured output is one. Make it a field of a dataclass or of a model."
        )
    return _strict(schema, shown, "") if strict else schema


def parse(result: Result, kind: type[Value]) -> Value:
    """What ``Result.parsed`` does."""
    try:
        return pydantic.TypeAdapter(kind).validate_json(result.text.encode("utf-8", "surrogatepass"))
    except pydantic.ValidationError as error:
        faults = _faults(error)
    except UNKNOWN as error:
        raise _unknown(_name(kind), error) from error
    # Not chained: pydantic's error holds the text.
    raise InvalidOutput(_sentence(result, _name(kind), faults), result, faults)


def _unknown(shown: str, error: pydantic.errors.PydanticErrorMixin) -> InvalidSetting:
    undefined = error.code in {"class-not-fully-defined", "undefined-annotation"}
    message = "it names a type that its module does not have" if undefined else error.message.partition("\n")[0].rstrip(".")
    return InvalidSetting(
        f"The type {shown} has no JSON schema: {message}. Give a dataclass, a pydantic model or a TypedDict whose fields JSON can"
        " carry, or a schema of your own: TextFormat(name, schema)."
    )


def _name(kind: object) -> str:
    return str(getattr(kind, "__name__", kind))


def _strict(schema: Schema, kind: str, path: str) -> dict[str, Any]:
    """The same schema as strict mode takes it; raises ``InvalidSetting`` where an object takes any key."""
    fields: dict[str, Any] = {}
    for key, value in schema.items():
        if key in NAMED:
            fields[key] = {name: _strict(each, kind, f"{path}.{name}".removeprefix(".")) for name, each in value.items()}
        elif key not in LEFT_OUT:
            fields["anyOf" if key == "oneOf" else key] = value if key in DATA else _strict_parts(value, kind, path)
    if fields.get("type") == "object":
        if fields.get("additionalProperties", False) is not False:
            raise InvalidSetting(
                f"The type {kind} cannot be strict: {path or 'it'} takes any key, and strict mode wants to know them all. Use a"
                " list of pairs, or TextFormat.of(…, strict=False)."
            )
        properties: Schema = fields.setdefault("properties", {})
        fields |= {"required": list(properties), "additionalProperties": False}
    if "$ref" in fields and len(fields) > 1:
        return {"anyOf": [{"$ref": fields.pop("$ref")}], **fields}
    return fields


def _strict_parts(value: object, kind: str, path: str) -> object:
    if isinstance(value, dict):
        return _strict(cast("Schema", value), kind, path)
    if isinstance(value, list):
        return [_strict_parts(each, kind, path) for each in cast("list[object]", value)]
    return value


def _faults(error: pydantic.ValidationError) -> list[str]:
    told = error.errors(include_url=False, include_input=False, include_context=False)
    return [": ".join(filter(None, (".".join(map(str, fault["loc"])), fault["msg"]))) for fault in told]


def _sentence(result: Result, kind: str, faults: Sequence[str]) -> str:
    if result.refusal:
        return f"The model declined, so there is no {kind}. Read result.refusal, and rephrase the request."
    if result.status == "incomplete":
        reason = result.incomplete_reason or "the server does not say why"
        return f"The answer was cut short ({reason}), so it is no whole {kind}. Allow more, or ask for less."
    if result.status != "completed":
        return f"The response is {result.status}, so its text is no whole {kind}. Ask again."
    return (
        f"The text of the answer is no {kind}: {'; '.join(faults)}. Ask again;"
        " text=TextOptions(TextFormat.of(…)) tells the model what is wanted, and a provider with strict mode holds it to that."
    )
