"""What of a response goes back to the server as part of the conversation.

All of it, as the server gave it, so that the next request continues it whatever it says (white space, refusals, parallel calls,
text beside calls); but for what no server takes back:

* a call that was not received whole: its arguments end somewhere, so it must be neither run nor sent;
* reasoning without ``encrypted_content`` of a response that was not stored: the server cannot read it any more. What followed it
  then goes without its ``id``, because servers ask for the reasoning that belongs to an id;
* reasoning that nothing follows, and of an incomplete response a message in which nothing was said.

Words of the user that steered it stand where the server took them up.

Rules of this file: pure; a server's item of any shape is no reason to fail.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from rejoinder.states.json_values import Unreadable, read

from .given import fields_of, listed, type_of
from .result import Result

__all__ = ["CALLS", "echo_of", "heard_of", "is_whole", "text_of"]

CALLS: Final = frozenset({"function_call", "custom_tool_call"})
"""Items that a caller has to answer."""

Items = Sequence[Mapping[str, Any]]


def echo_of(result: Result) -> list[Mapping[str, Any]]:
    """Return what of a completed or incomplete ``result`` belongs into the next request, in order."""
    echoed: list[Mapping[str, Any]] = []
    done = 0
    for place, words in result.steered:
        echoed += [*_echo_of(result, result.output[done:place]), words]
        done = place
    return echoed + _echo_of(result, result.output[done:])


def _echo_of(result: Result, output: Items) -> list[Mapping[str, Any]]:
    """The same of a part of its output, which the user's words or its end follow."""
    items = [item for item in output if is_whole(item, result.status)]
    if result.status != "completed":
        items = [item for item in items if not _is_empty(item)]
    stored = result.response is not None and result.response.get("store") is True
    if not stored and not all(item.get("encrypted_content") for item in items if item.get("type") == "reasoning"):
        items = [_without_id(item) for item in items if item.get("type") != "reasoning"]
    while items and items[-1].get("type") == "reasoning":
        items.pop()
    return items


def heard_of(output: Items, text: str) -> list[Mapping[str, Any]]:
    """Return what is left of ``output`` if ``text`` is all that was heard of its messages: one message in their place, or none."""
    left: list[Mapping[str, Any]] = []
    thoughts: list[Mapping[str, Any]] = []
    said = text
    for item in output:
        if item.get("type") == "reasoning":
            thoughts.append(item)
        elif _is_answer(item):
            # What led to a message that was changed is not its reasoning any more.
            thoughts.clear()
            left += [_message(said)] if said else []
            said = ""
        else:
            left += [*thoughts, item]
            thoughts.clear()
    return [*left, _message(said)] if said else left


def text_of(output: Items) -> str:
    """Return all that the messages in ``output`` say, refusals included."""
    return "".join(_text(item.get("content")) for item in output if _is_answer(item))


def _is_answer(item: Mapping[str, Any]) -> bool:
    """Whether it is a message, and not one of the user's that steered the response."""
    return item.get("type") == "message" and item.get("role") != "user"


def _text(content: object) -> str:
    if isinstance(content, str):
        return content
    parts = [fields_of(part) or {} for part in listed(content) or ()]
    return "".join(str(part.get("text") or part.get("refusal") or "") for part in parts)


def is_whole(item: Mapping[str, Any], status: str) -> bool:
    """Whether an output item of a response that ended with ``status`` was received to its end, if it is a call; others are."""
    if type_of(item) not in CALLS:
        return True
    if isinstance(item.get("status"), str):
        return str(item["status"]) == "completed"
    return status == "completed" or _is_json(item.get("arguments"))


def _is_json(arguments: object) -> bool:
    try:
        return isinstance(arguments, str) and isinstance(read(arguments), dict)
    except Unreadable:
        return False


def _is_empty(item: Mapping[str, Any]) -> bool:
    """Whether nothing was said in a message."""
    if item.get("type") != "message":
        return False
    parts = listed(item.get("content"))
    return not any(map(_says_something, parts)) if parts is not None else not item.get("content")


def _says_something(part: object) -> bool:
    fields = fields_of(part) or {}
    return bool(fields.get("text") or fields.get("refusal")) or type_of(fields) not in {"output_text", "refusal"}


def _without_id(item: Mapping[str, Any]) -> Mapping[str, Any]:
    if item.get("type") != "message" and type_of(item) not in CALLS:
        return item
    return {name: value for name, value in item.items() if name != "id"}


def _message(text: str) -> Mapping[str, Any]:
    return {"type": "message", "role": "assistant", "content": text}
