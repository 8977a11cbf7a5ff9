"""From what a caller gives to the content of a request: checked, copied, and completed with what the API needs.

Rules of this file
* What is given is read once, here: whatever its owner changes later changes nothing.
* The caller's word is the last: the session's settings come first, then the conversation's own fields, then those of the request.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, cast

from rejoinder.states.continuation import RequestContent
from rejoinder.states.frozen_json import FrozenObject, freeze_object
from rejoinder.states.json_values import NotSerialisable, frozen_copy

from .conversation import Conversation
from .errors import InvalidRequest
from .field_checks import check_fields
from .flat_tools import flat_choice, flat_tools
from .given import NOT_GIVEN, fields_of, shown_type
from .known_lists import KnownLists
from .reasoning_models import with_encrypted_reasoning
from .typed_fields import wire_value

__all__ = ["input_of", "merged_fields", "request_content"]

Items = Sequence[Mapping[str, Any]]

ELSEWHERE: Final = ("previous_response_id", "conversation", "prompt")
"""Fields that give the server something to answer, without any input."""


def input_of(given: object, known: KnownLists) -> Items:
    """Return what was given as input, as items that nobody changes; ``known`` are the lists that were given before.

    Raises ``InvalidRequest`` if it is neither a string, nor a conversation, nor items.
    """
    if isinstance(given, Conversation):
        return given.items
    if isinstance(given, str):
        return ({"type": "message", "role": "user", "content": given},)
    if isinstance(given, bytes) or fields_of(given) is not None or not isinstance(given, Iterable):
        raise InvalidRequest(
            f"The input is {shown_type(given)}. Give a string, a conversation, or a list of input items such as"
            " {'role': 'user', 'content': 'Hello'}."
        )
    return known.history_of(list(cast("Iterable[object]", given)), _frozen_item)


def _frozen_item(item: object, index: int) -> FrozenObject:
    name = f"input[{index}]"
    if not isinstance(item, dict) and fields_of(item) is None:
        _copy(item, name)
        raise InvalidRequest(
            f"{name} is {shown_type(item)}. Each input item is a mapping such as {{'role': 'user', 'content': 'Hello'}}."
        )
    try:
        return freeze_object(cast("Mapping[str, Any]", item), name)
    except NotSerialisable as error:
        raise InvalidRequest(f"The request cannot be written as JSON: {error}") from error


def merged_fields(settings: Mapping[str, Any], given: object, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a request: ``settings``, over them those of the conversation, over them those of the request."""
    own = given.fields if isinstance(given, Conversation) else {}
    return {**settings, **own, **{name: value for name, value in fields.items() if value is not NOT_GIVEN}}


def request_content(items: Items, fields: Mapping[str, Any], *, generate: bool) -> RequestContent:
    """Return the content of a request.

    Without any input, instructions become a developer message: the API answers an input, and takes instructions beside one only.

    Raises ``InvalidRequest`` if it cannot be sent: a field that cannot be, a value that is no JSON, nothing to answer.
    """
    check_fields(fields)
    written = {name: wire_value(value) for name, value in fields.items()}
    written["tools"] = flat_tools(written.get("tools"))
    written["tool_choice"] = flat_choice(written.get("tool_choice"))
    present = {name: value for name, value in written.items() if value is not None}
    if generate and not items:
        items, present = _with_input(present)
    copied = {name: _copy(value, name) for name, value in with_encrypted_reasoning(present).items()}
    return RequestContent(items, copied, generate)


def _with_input(fields: dict[str, Any]) -> tuple[Items, dict[str, Any]]:
    if any(name in fields for name in ELSEWHERE):
        return (), fields
    instructions = fields.pop("instructions", None)
    if not instructions:
        raise InvalidRequest("The input is empty, and there are no instructions: the server has nothing to answer. Give either.")
    return ({"role": "developer", "content": instructions},), fields


def _copy(value: Any, name: str) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, FrozenObject) or name == "tools":
        # Nobody can change it.
        return cast("Any", value)
    try:
        return frozen_copy(value, name)
    except NotSerialisable as error:
        raise InvalidRequest(f"The request cannot be written as JSON: {error}") from error
