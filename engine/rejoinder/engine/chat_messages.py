"""Responses items back to the universal chat form, for other providers and for what an application keeps.

What the universal form cannot say (reasoning, hosted tool calls, compaction) comes back as a ``ProviderItem`` of this API, so that
``input_items(chat_messages(items))`` says to the model what ``items`` say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from .context import OPENAI_RESPONSES, Message, ProviderItem
from .given import fields_of, listed

__all__ = ["chat_messages"]

ROLES: Final = frozenset({"system", "developer", "user", "assistant"})
OUTPUTS: Final = frozenset({"function_call_output", "custom_tool_call_output"})


def chat_messages(items: Iterable[Mapping[str, Any]]) -> list[Message]:
    """Return the messages that ``items`` stand for; the calls that follow an assistant's message become its ``tool_calls``."""
    messages: list[Message] = []
    calling: dict[str, Any] | None = None
    for item in items:
        kind = item.get("type", "message")
        if kind in {"function_call", "custom_tool_call"}:
            if calling is None:
                calling = {"role": "assistant", "content": None}
                messages.append(calling)
            calling.setdefault("tool_calls", []).append(_call(item))
            continue
        message = _message(item)
        calling = message if isinstance(message, dict) and message.get("role") == "assistant" else None
        messages.append(message)
    return messages


def _message(item: Mapping[str, Any]) -> dict[str, Any] | ProviderItem:
    kind = item.get("type", "message")
    if kind == "message" and item.get("role") in ROLES:
        return _said(item)
    if kind in OUTPUTS and isinstance(item.get("call_id"), str):
        parts = listed(item.get("output"))
        output = item.get("output") if parts is None else [_part(part) for part in parts]
        return {"role": "tool", "tool_call_id": item["call_id"], "content": output}
    return ProviderItem(OPENAI_RESPONSES, item)


def _said(item: Mapping[str, Any]) -> dict[str, Any]:
    message: dict[str, Any] = {"role": item["role"], "content": item.get("content")}
    parts = listed(item.get("content"))
    if parts is None:
        return message
    turned = [_part(part) for part in parts]
    kinds = [(fields_of(part) or {}).get("type") for part in turned]
    if item["role"] == "assistant" and "refusal" in kinds:
        message["refusal"] = "".join(str((fields_of(part) or {}).get("refusal") or "") for part in turned)
        turned = [part for part, kind in zip(turned, kinds, strict=True) if kind != "refusal"]
    alone = fields_of(turned[0]) if len(turned) == 1 else None
    message["content"] = alone.get("text") if alone and alone.get("type") == "text" else turned or None
    return message


def _part(part: object) -> dict[str, Any] | object:
    fields = fields_of(part) or {}
    kind = fields.get("type")
    if kind in {"input_text", "output_text"}:
        return {"type": "text", "text": fields.get("text")}
    if kind == "input_image" and isinstance(fields.get("image_url"), str):
        return {"type": "image_url", "image_url": {"url": fields["image_url"], "detail": fields.get("detail") or "auto"}}
    if kind == "input_file":
        return {"type": "file", "file": {name: value for name, value in fields.items() if name != "type"}}
    return dict(fields) if fields else part


def _call(item: Mapping[str, Any]) -> dict[str, Any]:
    if item.get("type") == "custom_tool_call":
        return {"id": item.get("call_id"), "type": "custom", "custom": {"name": item.get("name"), "input": item.get("input")}}
    function = {"name": item.get("name"), "arguments": item.get("arguments")}
    return {"id": item.get("call_id"), "type": "function", "function": function}
