"""From a handler to what the model is told about it, and from the model's arguments to what the handler is given.

Three libraries do the work. *pydantic* makes the schema of a signature and converts arguments: it is what authors of tools know,
reports every fault of the arguments at once (the model can correct them in one go), is typed and released monthly, and is in every
installation anyway, because typer needs it. msgspec would be lighter to import, but stops at the first fault and knows no
pydantic models. *docstring-parser* reads the three docstring styles; griffe reads them too, and parses whole packages beside
that. *jsonschema* judges arguments against a schema written by hand: the reference implementation, where jsonschema-rs weighs
15 MB and fastjsonschema stops at draft 7. The registry it is given is empty, so a schema never makes it fetch anything.

Rules of this file
* It is imported when the first tool is registered and not before: pydantic takes a while to load.
* Arguments are converted before a handler runs, or it does not run.
* What is wrong with arguments is said in sentences for the model; they quote nothing of the application's.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Annotated, Any, Final, cast, get_args, get_origin, get_type_hints

import attrs
import docstring_parser
import jsonschema
import jsonschema.validators
import pydantic
import pydantic_core
import referencing

from rejoinder.states.json_values import NotSerialisable, frozen_copy, write

from .errors import InvalidTool
from .tool_call import ArgumentsRefused, ToolCall

__all__ = ["DATA", "Signature", "derived_parameters", "given_parameters", "read_signature", "to_json", "without_titles"]

Collect = Callable[[Mapping[str, Any]], dict[str, Any]]
"""From the model's arguments to keyword arguments for the handler; raises ``ArgumentsRefused``."""

DATA: Final = frozenset({"default", "enum", "const", "examples"})
"""Keywords whose values are data and no schemas."""


@attrs.frozen
class Signature:
    """What a handler takes."""

    parameters: Mapping[str, inspect.Parameter]
    """Everything but the parameters for the call, annotations resolved."""
    calls: tuple[str, ...]
    """The parameters that are given the ``ToolCall``."""
    open: bool
    """Whether it takes any keyword."""
    description: str
    """What its docstring says about it; empty if it has none."""
    documented: Mapping[str, str]
    """What its docstring says about each parameter."""


def read_signature(handler: Callable[..., Any], name: str) -> Signature:
    """Read signature, hints and docstring; raises ``InvalidTool`` for what cannot be called by keyword."""
    function: Any = handler
    while isinstance(function, partial):
        function = function.func
    if not inspect.isroutine(function) and not inspect.isclass(function):
        function = type(function).__call__
    try:
        signature = inspect.signature(handler)
        hints = get_type_hints(function, include_extras=True)
    except (NameError, TypeError, ValueError) as error:
        raise InvalidTool(
            f"The signature of the tool {name!r} cannot be read: {error}. Annotate its parameters with types of its module, or"
            " give parameters= as a JSON schema."
        ) from error
    parameters: dict[str, inspect.Parameter] = {}
    calls: list[str] = []
    is_open = False
    for parameter in signature.parameters.values():
        if parameter.kind in {parameter.POSITIONAL_ONLY, parameter.VAR_POSITIONAL}:
            raise InvalidTool(
                f"The parameter {parameter.name!r} of the tool {name!r} cannot be given by name, and the model gives all arguments"
                " by name. Make it an ordinary or keyword-only parameter."
            )
        hint = hints.get(parameter.name, Any)
        if _is_call(hint):
            calls.append(parameter.name)
            continue
        is_open = is_open or parameter.kind is parameter.VAR_KEYWORD
        kind = parameter.kind if parameter.kind is parameter.VAR_KEYWORD else parameter.KEYWORD_ONLY
        parameters[parameter.name] = parameter.replace(annotation=hint, kind=kind)
    documentation = docstring_parser.parse(inspect.getdoc(handler if inspect.isroutine(handler) else function) or "")
    description = "\n\n".join(filter(None, (documentation.short_description, documentation.long_description)))
    documented = {entry.arg_name: entry.description for entry in documentation.params if entry.description}
    return Signature(parameters, tuple(calls), is_open, description, documented)


def derived_parameters(signature: Signature, name: str, *, strict: bool) -> tuple[dict[str, Any], Collect]:
    """The JSON schema of a signature, and what converts arguments to it.

    With ``strict`` the schema is one that strict mode accepts: every property is required, a parameter with a default may be null,
    and null then means the default. Raises ``InvalidTool`` if a type has no schema, or none that strict mode accepts.
    """

    def collect(**arguments: Any) -> dict[str, Any]:  # noqa: ANN401 - whatever the handler's own hints say
        return arguments

    collect.__signature__ = inspect.Signature(list(signature.parameters.values()))  # type: ignore[attr-defined]
    collect.__annotations__ = {each.name: each.annotation for each in signature.parameters.values()}
    try:
        adapter = pydantic.TypeAdapter(cast("Any", collect))
        schema = cast("dict[str, Any]", without_titles(adapter.json_schema()))
    except pydantic.errors.PydanticUserError as error:
        raise InvalidTool(
            f"The parameters of the tool {name!r} have no JSON schema: {error.message.rstrip('.')}. Annotate them with types that"
            " JSON can carry, or give parameters= as a JSON schema."
        ) from error
    properties = schema.setdefault("properties", {})
    for parameter, text in signature.documented.items():
        if parameter in properties:
            properties[parameter].setdefault("description", text)
    nullable: frozenset[str] = _make_strict(schema, name) if strict else frozenset()

    def convert(arguments: Mapping[str, Any]) -> dict[str, Any]:
        given = {key: value for key, value in arguments.items() if value is not None or key not in nullable}
        try:
            return cast("dict[str, Any]", adapter.validate_json(write(given)))
        except pydantic.ValidationError as error:
            raise ArgumentsRefused(_sentence(_faults(error))) from error

    return schema, convert


def given_parameters(signature: Signature, name: str, parameters: object) -> tuple[dict[str, Any], Collect]:
    """A schema written by hand, and what judges arguments by it; raises ``InvalidTool`` if it is none, or not for the handler."""
    try:
        schema = frozen_copy(parameters, "parameters")
    except NotSerialisable as error:
        raise InvalidTool(f"The parameters of the tool {name!r} are no JSON schema: {error}") from error
    if not isinstance(schema, dict) or cast("dict[str, Any]", schema).get("type") != "object":
        raise InvalidTool(
            f"The parameters of the tool {name!r} are not the schema of an object. Give a mapping such as"
            " {'type': 'object', 'properties': {'city': {'type': 'string'}}, 'required': ['city']}."
        )
    checked = cast("dict[str, Any]", schema)
    kind = jsonschema.validators.validator_for(checked, default=jsonschema.Draft202012Validator)
    try:
        kind.check_schema(checked)
    except jsonschema.SchemaError as error:
        raise InvalidTool(
            f"The parameters of the tool {name!r} are no valid JSON schema: {error.message} at {error.json_path}. Correct"
            " the schema."
        ) from error
    foreign = [each for each in cast("Mapping[str, Any]", checked.get("properties", {})) if not _takes(signature, each)]
    if foreign:
        raise InvalidTool(
            f"The handler of the tool {name!r} does not take {foreign[0]!r}, which its schema has. Add the parameter, or one that"
            " is annotated with ToolCall, whose arguments hold everything."
        )
    # An empty registry: what a $ref names outside the schema is never fetched.
    validator: Any = kind(checked, registry=referencing.Registry())

    def check(arguments: Mapping[str, Any]) -> dict[str, Any]:
        faults = sorted(validator.iter_errors(arguments), key=lambda fault: str(fault.json_path))
        missing = [
            each.name
            for each in signature.parameters.values()
            if each.default is each.empty and each.kind is not each.VAR_KEYWORD and each.name not in arguments
        ]
        told = [f"{fault.json_path.removeprefix('$').removeprefix('.') or 'arguments'}: {fault.message}" for fault in faults]
        told += [f"{each}: is required" for each in missing if not faults]
        told += [f"{each}: is unexpected" for each in arguments if not faults and not _takes(signature, each)]
        if told:
            raise ArgumentsRefused(_sentence(told))
        return {key: value for key, value in arguments.items() if signature.open or key in signature.parameters}

    return checked, check


def to_json(value: object) -> Any:  # noqa: ANN401 - any JSON value
    """``value`` as JSON has it; raises ``NotSerialisable`` if JSON cannot carry it."""
    try:
        plain = pydantic_core.to_jsonable_python(value, fallback=_attributes, inf_nan_mode="constants")
    except (pydantic_core.PydanticSerializationError, ValueError) as error:
        kind = type(value)
        raise NotSerialisable("", f"is a {kind.__qualname__}, or holds something, that JSON cannot carry") from error
    return frozen_copy(plain)


def _attributes(value: object) -> Any:  # noqa: ANN401 - any value
    """What pydantic does not know by itself: attrs classes."""
    if attrs.has(type(value)):
        return attrs.asdict(cast("attrs.AttrsInstance", value), recurse=False)
    raise NotSerialisable("", f"holds a {type(value).__qualname__}, which JSON cannot carry")


def _is_call(hint: object) -> bool:
    return hint is ToolCall or ToolCall in get_args(hint) or (get_origin(hint) is Annotated and _is_call(get_args(hint)[0]))


def _takes(signature: Signature, name: str) -> bool:
    return signature.open or name in signature.parameters or bool(signature.calls)


def without_titles(schema: object, *, names: bool = False) -> object:
    """The schema without the titles that pydantic makes of names. ``names``: the keys are names and no keywords."""
    if isinstance(schema, list):
        return [without_titles(each) for each in cast("list[object]", schema)]
    if not isinstance(schema, dict):
        return schema
    return {
        key: value if key in DATA and not names else without_titles(value, names=not names and key in {"properties", "$defs"})
        for key, value in cast("dict[str, object]", schema).items()
        if names or key != "title"
    }


def _make_strict(schema: dict[str, Any], name: str) -> frozenset[str]:
    """Change the schema of a signature into one for strict mode; returns the parameters for which null means the default."""
    properties = cast("dict[str, dict[str, Any]]", schema["properties"])
    optional = [each for each in properties if each not in schema.get("required", ())]
    nullable: set[str] = set()
    for each in optional:
        properties[each].pop("default", None)
        if not _admits_null(properties[each]):
            description = properties[each].pop("description", None)
            properties[each] = {"anyOf": [properties[each], {"type": "null"}]}
            if description is not None:
                properties[each]["description"] = description
            nullable.add(each)
    schema["required"] = list(properties)
    _check_strict(schema, name, "")
    return frozenset(nullable)


def _admits_null(schema: Mapping[str, Any]) -> bool:
    return schema.get("type") == "null" or any(_admits_null(each) for each in schema.get("anyOf", ()))


def _check_strict(schema: object, name: str, path: str) -> None:
    """Close every object; raises ``InvalidTool`` where strict mode would turn the schema down."""
    if isinstance(schema, list):
        for each in cast("list[object]", schema):
            _check_strict(each, name, path)
        return
    if not isinstance(schema, dict):
        return
    fields = cast("dict[str, Any]", schema)
    if fields.get("type") == "object":
        properties = fields.get("properties", {})
        optional = [each for each in properties if each not in fields.get("required", ())]
        if optional or fields.setdefault("additionalProperties", False) is not False:
            place = f"{path}.{optional[0]}".removeprefix(".") if optional else path or "the arguments"
            raise InvalidTool(
                f"The tool {name!r} cannot be strict: {place} {'has a default' if optional else 'takes any key'}, which strict mode"
                " does not allow inside the parameters. Change the type, or leave strict out."
            )
    for key, value in fields.items():
        if key in {"properties", "$defs"}:
            for inner, each in cast("dict[str, object]", value).items():
                _check_strict(each, name, f"{path}.{inner}".removeprefix("."))
        elif key not in DATA:
            _check_strict(value, name, path)


def _faults(error: pydantic.ValidationError) -> list[str]:
    return [
        f"{'.'.join(map(str, fault['loc'])) or 'arguments'}: {_plain(fault['msg'])}"
        for fault in error.errors(include_url=False, include_input=False, include_context=False)
    ]


def _plain(message: str) -> str:
    """Pydantic speaks of Python's keyword arguments, which the model does not know."""
    return re.sub(r" keyword(?: only)? argument", " argument", message)


def _sentence(faults: Sequence[str]) -> str:
    return "; ".join(faults)
