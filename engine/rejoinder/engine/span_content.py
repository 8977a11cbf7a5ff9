"""Conversations as the GenAI semantic conventions write them on spans: for those who asked for content.

Rules of this file
* Messages are ``{"role": …, "parts": […]}`` with parts ``text``, ``tool_call``, ``tool_call_response``; whatever has no form there
  keeps its own ``type`` and says nothing more, so that no image and no encrypted reasoning ends up in a trace.
* All of it is payload. Nothing here is called unless ``capture_content`` was asked for.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, cast

__all__ = ["instructions_of", "messages_of", "tools_of"]

TEXTS: Final = {"input_text": "text", "output_text": "text", "text": "text", "refusal": "refusal"}
"""Types of parts that are text, and the field that holds it."""
CALLS: Final = {"function_call": "arguments", "custom_tool_call": "input"}
"""Item types that are calls, and the field that holds what is called with."""
RESULTS: Final = frozenset({"function_call_output", "custom_tool_call_output"})

Item = Mapping[str, Any]


def messages_of(items: Sequence[Item]) -> str:
    """Items of either direction as JSON: an array of messages."""
    return json.dumps([_message(item) for item in items], default=str)


def instructions_of(text: str) -> str:
    """``instructions`` as JSON: an array of parts."""
    return json.dumps([{"type": "text", "content": text}])


def tools_of(tools: Sequence[object]) -> str:
    """``tools`` as JSON: they are written as they were sent."""
    return json.dumps(list(tools), default=str)


def _message(item: Item) -> dict[str, Any]:
    kind = str(item.get("type", "message"))
    if kind == "message":
        return {"role": item.get("role", "assistant"), "parts": list(_parts(item.get("content")))}
    if kind in CALLS:
        call = {"type": "tool_call", "id": item.get("call_id"), "name": item.get("name"), "arguments": item.get(CALLS[kind])}
        return {"role": "assistant", "parts": [call]}
    if kind in RESULTS:
        return {
            "role": "tool",
            "parts": [{"type": "tool_call_response", "id": item.get("call_id"), "response": item.get("output")}],
        }
    return {"role": "assistant", "parts": [{"type": kind}]}


def _parts(content: object) -> Iterator[dict[str, Any]]:
    if isinstance(content, str):
        yield {"type": "text", "content": content}
    elif isinstance(content, list | tuple):
        for part in cast("Sequence[object]", content):
            fields: Item = cast("Item", part) if isinstance(part, Mapping) else {}
            kind = str(fields.get("type", "unknown"))
            yield {"type": "text", "content": fields.get(TEXTS[kind])} if kind in TEXTS else {"type": kind}
