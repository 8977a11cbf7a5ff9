"""A conversation in the universal chat form, turned into Responses input items.

The universal form is that of chat completions, which most programs keep: messages with a role of ``system``, ``developer``,
``user``, ``assistant`` or ``tool``. Responses items are taken as well, and pass as they are, so that both may stand in one list.

| message | items |
|---|---|
| system, developer | a developer message, wherever it stands |
| user | a user message; parts become ``input_text``, ``input_image``, ``input_file`` |
| assistant | an assistant message; parts become ``output_text``. Its ``tool_calls`` follow it, a ``function_call`` each |
| tool | a ``function_call_output``; what is no string and no list of parts is written as JSON |
| a mapping with a ``type`` | is a Responses item, and passes as it is |
| ``ProviderItem`` | its item if it is for the Responses API; of another provider, nothing |

Rules of this file
* Nothing is dropped in silence: a role that nobody knows is refused, by its place in the list.
* What is given is read at once and never kept: the items are frozen copies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, cast

import attrs

from rejoinder.states.frozen_json import FrozenObject, freeze_object
from rejoinder.states.json_values import NotSerialisable, write

from .errors import InvalidRequest
from .given import fields_of, listed, shown_type, type_of
from .message_parts import CHAT_PARTS, input_part

__all__ = ["OPENAI_RESPONSES", "Message", "ProviderItem", "input_items", "message_list", "tool_output_text"]

OPENAI_RESPONSES: Final = "openai_responses"
"""The provider whose ``ProviderItem`` is sent."""

EXAMPLE: Final = "{'role': 'user', 'content': 'Hello'}"


@attrs.frozen
class ProviderItem:
    """An item that only one provider understands, kept in a conversation that may go to others as well."""

    provider: str
    """Whose it is; ``openai_responses`` is sent raw, any other is left out."""
    item: Mapping[str, Any] = attrs.field(repr=False)
    """The item as that provider takes it."""


Message = Mapping[str, Any] | ProviderItem
"""A message in the universal chat form, or a Responses item, or what one provider alone understands."""

Items = list[Mapping[str, Any]]


def input_items(
    messages: Iterable[Message | object], where: str = "messages", *, custom_calls: Iterable[str] = ()
) -> list[FrozenObject]:
    """Return the Responses input items that ``messages`` stand for; they are frozen.

    Args:
        messages: messages in the universal chat form, Responses items, and ``ProviderItem``, in any mixture.
        where: what the caller calls the list, for the place in an error.
        custom_calls: ids of earlier calls of custom tools, so that their answers become ``custom_tool_call_output``.

    Raises:
        InvalidRequest: with the place of the first message that cannot be sent, and how to write it. Nothing was kept.
    """
    items: list[FrozenObject] = []
    custom = set(custom_calls)
    for index, message in enumerate(message_list(messages, where)):
        place = f"{where}[{index}]"
        try:
            new = [freeze_object(item, place) for item in _items_of(message, place)]
        except NotSerialisable as error:
            raise InvalidRequest(f"The message cannot be written as JSON: {error}") from error
        custom |= {str(item["call_id"]) for item in new if item.get("type") == "custom_tool_call" and "call_id" in item}
        items += [_answer_to_custom(item) if item.get("call_id") in custom else item for item in new]
    return items


def tool_output_text(output: object, where: str = "output") -> str:
    """Return what a tool gave as the text that the model is told: a string as it is, anything else as JSON, also what is falsy.

    Raises:
        InvalidRequest: JSON cannot carry it. Return strings, numbers, lists and mappings from tools.
    """
    if isinstance(output, str):
        return output
    try:
        return write(output)
    except NotSerialisable as error:
        raise InvalidRequest(f"{where} cannot be written as JSON: {error}") from error


def message_list(messages: object, where: str = "messages") -> list[object]:
    """Return ``messages`` as a list, whatever is in it; raise ``InvalidRequest`` if they are none."""
    if isinstance(messages, str | bytes | ProviderItem) or fields_of(messages) is not None or not isinstance(messages, Iterable):
        raise InvalidRequest(f"{where} is {shown_type(messages)}. Give a list of messages such as [{EXAMPLE}].")
    return list(cast("Iterable[object]", messages))


def _answer_to_custom(item: FrozenObject) -> FrozenObject:
    """A custom tool's answer has a type of its own, which the universal form does not tell."""
    return freeze_object({**item, "type": "custom_tool_call_output"}) if item.get("type") == "function_call_output" else item


def _items_of(message: object, where: str) -> Items:
    if isinstance(message, ProviderItem):
        return [message.item] if message.provider == OPENAI_RESPONSES else []
    fields = fields_of(message)
    if fields is None:
        raise InvalidRequest(f"{where} is {shown_type(message)}. Each message is a mapping such as {EXAMPLE}.")
    kind, role = fields.get("type"), fields.get("role")
    if kind is not None and kind != "message":
        return [fields]
    convert = ROLES.get(role) if isinstance(role, str) else None
    if convert is None:
        shown = (
            "no role" if role is None else f"the role {role[:40]!r}" if isinstance(role, str) else f"{shown_type(role)} for a role"
        )
        raise InvalidRequest(
            f"{where} has {shown}. Use one of {', '.join(ROLES)}; or give a Responses item, which has a 'type'; or wrap what only"
            " one provider understands in ProviderItem."
        )
    return [fields] if kind == "message" else convert(fields, where)


def _said(role: str) -> Callable[[Mapping[str, Any], str], Items]:
    def convert(message: Mapping[str, Any], where: str) -> Items:
        return [{"role": role, "content": _content(message.get("content"), f"{where}.content")}]

    return convert


def _content(content: object, where: str, *, assistant: bool = False) -> str | Items:
    if isinstance(content, str):
        return content
    parts = listed(content)
    if parts is None:
        kind = "missing" if content is None else shown_type(content)
        raise InvalidRequest(
            f"{where} is {kind}. Write a string, or a list of parts such as [{{'type': 'text', 'text': 'Hello'}}]."
        )
    return [input_part(part, f"{where}[{index}]", assistant=assistant) for index, part in enumerate(parts)]


def _assistant(message: Mapping[str, Any], where: str) -> Items:
    calls = listed(message.get("tool_calls") or ())
    if calls is None:
        raise InvalidRequest(f"{where}.tool_calls is {shown_type(message['tool_calls'])}. Write a list of calls, or leave it out.")
    content, refusal = message.get("content"), message.get("refusal")
    said = _content(content, f"{where}.content", assistant=True) if content or not (calls or refusal) else []
    if refusal:
        parts: Items = [{"type": "output_text", "text": said}] if isinstance(said, str) else said
        said = [*parts, {"type": "refusal", "refusal": refusal}]
    spoken: Items = [] if calls and not said else [{"role": "assistant", "content": said}]
    return [*spoken, *(_call(call, f"{where}.tool_calls[{index}]") for index, call in enumerate(calls))]


def _call(call: object, where: str) -> Mapping[str, Any]:
    fields = fields_of(call) or {}
    kind = "custom" if fields.get("type") == "custom" else "function"
    named = fields_of(fields.get(kind)) or {}
    if not (isinstance(fields.get("id"), str) and isinstance(named.get("name"), str)):
        raise InvalidRequest(
            f"{where} is no call. Write it as"
            " {'id': 'call_1', 'type': 'function', 'function': {'name': 'weather', 'arguments': '{}'}}."
        )
    if kind == "custom":
        return {"type": "custom_tool_call", "call_id": fields["id"], "name": named["name"], "input": named.get("input") or ""}
    given = named.get("arguments")
    arguments = tool_output_text("{}" if given is None else given, f"{where}.function.arguments")
    return {"type": "function_call", "call_id": fields["id"], "name": named["name"], "arguments": arguments}


def _tool(message: Mapping[str, Any], where: str) -> Items:
    call_id, content = message.get("tool_call_id"), message.get("content")
    if not isinstance(call_id, str):
        raise InvalidRequest(f"{where} has no tool_call_id. Name the call that it answers, as 'tool_call_id': 'call_1'.")
    parts = listed(content)
    if parts and all(type_of(fields_of(part) or {}) in CHAT_PARTS for part in parts):
        output: str | Items = _content(parts, f"{where}.content")
    else:
        output = tool_output_text(content, f"{where}.content")
    return [{"type": "function_call_output", "call_id": call_id, "output": output}]


ROLES: Final[Mapping[str, Callable[[Mapping[str, Any], str], Items]]] = {
    "system": _said("developer"),
    "developer": _said("developer"),
    "user": _said("user"),
    "assistant": _assistant,
    "tool": _tool,
}
"""How a message of each role is turned."""
