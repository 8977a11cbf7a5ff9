"""Tools and the choice among them, turned from how callers write them into the API's flat form.

| written | sent |
|---|---|
| ``{"type": "function", "function": {"name": …, "parameters": …}}`` (chat completions) | flat, ``strict`` null unless it is set |
| ``{"type": "function", "name": …, "parameters": …}`` | as it is |
| a mapping with any other ``type``: a tool of the provider's own | as it is |
| ``ProviderItem`` | its item, if it is for the Responses API; for another provider, nothing |
| no tools at all, or an empty list | nothing: the field is left out |

Rule of this file: a schema that no server takes is refused here, by its place and its name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from rejoinder.states.frozen_json import FrozenObject, freeze_object
from rejoinder.states.json_values import NotSerialisable

from .context import OPENAI_RESPONSES, ProviderItem
from .errors import InvalidRequest
from .given import fields_of, listed, shown_type

__all__ = ["flat_choice", "flat_tools"]

CHOICES: Final = ("auto", "none", "required")
EXAMPLE: Final = "{'type': 'function', 'name': 'weather', 'parameters': {'type': 'object', 'properties': {…}}}"


def flat_tools(tools: object, where: str = "tools") -> Sequence[FrozenObject] | None:
    """Return ``tools`` as the API takes them, frozen; None if there are none.

    Raises:
        InvalidRequest: they are no list, or one of them is no tool, or its schema is no object.
    """
    if tools is None:
        return None
    given = listed(tools)
    if given is None:
        raise InvalidRequest(f"{where} is {shown_type(tools)}. Give a list of tools such as [{EXAMPLE}], or None.")
    flat: list[FrozenObject] = []
    for index, tool in enumerate(given):
        place = f"{where}[{index}]"
        if isinstance(tool, ProviderItem):
            if tool.provider != OPENAI_RESPONSES:
                continue
            tool = tool.item  # noqa: PLW2901 - what it stands for
        try:
            flat.append(freeze_object(_flat_tool(tool, place), place))
        except NotSerialisable as error:
            raise InvalidRequest(f"The request cannot be written as JSON: {error}") from error
    return tuple(flat) or None


def flat_choice(choice: object) -> str | Mapping[str, Any] | None:
    """Return a ``tool_choice`` as the API takes it: ``auto``, ``none``, ``required``, or a mapping that names one.

    Raises:
        InvalidRequest: it is something else.
    """
    if choice is None or (isinstance(choice, str) and choice in CHOICES):
        return choice
    fields = fields_of(choice) or {}
    if not isinstance(fields.get("type"), str):
        shown = repr(choice[:40]) if isinstance(choice, str) else shown_type(choice)
        raise InvalidRequest(
            f"tool_choice is {shown}. Give one of {', '.join(CHOICES)}, or name a tool: {{'type': 'function', 'name': 'weather'}}."
        )
    function = fields_of(fields.get("function"))
    if fields["type"] == "function" and function is not None:
        fields = {"type": "function", "name": function.get("name")}
    try:
        return freeze_object(fields, "tool_choice")
    except NotSerialisable as error:
        raise InvalidRequest(f"The request cannot be written as JSON: {error}") from error


def _flat_tool(tool: object, where: str) -> Mapping[str, Any]:
    fields = fields_of(tool)
    if fields is None or not isinstance(fields.get("type"), str):
        shown = shown_type(tool) if fields is None else "a mapping without a type"
        raise InvalidRequest(f"{where} is {shown}. Write a tool as {EXAMPLE}.")
    if fields["type"] != "function":
        return fields
    inner = fields_of(fields.get("function"))
    if inner is not None:
        told = {"description": inner["description"]} if inner.get("description") is not None else {}
        given = {name: inner.get(name) for name in ("name", "parameters", "strict")}
        fields = {"type": "function", **given, **told}
    name, parameters = fields.get("name"), fields.get("parameters")
    if not isinstance(name, str) or not name:
        raise InvalidRequest(f"{where} has no name. Write a tool as {EXAMPLE}.")
    if parameters is not None and (fields_of(parameters) or {}).get("type") != "object":
        raise InvalidRequest(
            f"{where}.parameters, of the tool {name[:64]!r}, is no schema of an object. Write"
            " {'type': 'object', 'properties': {…}}, or leave it out for a tool without arguments."
        )
    return fields
