"""The cache rule: when may the next request send only its new items?

After a completed response the server holds, for each lane of this connection, that response and all it was built from. A request
whose items begin with the previous request's items, followed by the previous output, may name the id and send only the rest.
``decide`` says whether, and if not, why not, as data that is shown to users.

Rules of this file

* Nothing is trusted: the comparison is structural, against a private copy (``RequestContent`` holds one), so a list that its
  owner changed in place is caught. Only of items that cannot be changed (``ItemHistory``) is lineage enough.
* Output that callers do not echo (reasoning, hosted tool calls) may be absent from the new items, and must agree by id where it is
  present. Messages agree by role and text, refusals by text, calls by ``call_id`` and name, wherever they stand: what joins a
  call and its output is the ``call_id``, not the order (parallel calls are echoed call, result, call, result).
* Every call must be answered in the new items.
* A ``compaction`` item stands for all that came before it. A request that begins with the one of the previous output begins anew
  there, and the server has all the same what is before it (Responses compaction guide). Then only what comes behind it is compared.
* ``instructions``, ``tools`` and sampling settings are sent with every request and are not inherited (OpenAI WebSocket guide), so
  they do not block reuse.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import eq
from typing import Any, Final, cast

import attrs

from .item_history import ItemHistory
from .verdicts import Cause

__all__ = [
    "CallerChain",
    "Continuation",
    "Decision",
    "Disabled",
    "Evicted",
    "Full",
    "LaneDirty",
    "NewLink",
    "NoPrevious",
    "OutputMismatch",
    "PendingToolCalls",
    "PrefixChanged",
    "Reason",
    "Replayed",
    "RequestContent",
    "Reuse",
    "Shorter",
    "Stateless",
    "Steered",
    "decide",
    "names_its_chain",
]

Items = Sequence[Mapping[str, Any]]

ECHOED: Final = frozenset({"message", "function_call", "custom_tool_call"})
"""Output item types that a caller sends back as part of the conversation."""
CALLS: Final = frozenset({"function_call", "custom_tool_call"})
"""Output item types that a caller has to answer."""


@attrs.frozen(eq=False)
class RequestContent:
    """What a request says: opaque to the machines, compared by the cache rule, encoded by the codec.

    Compared by identity: two requests are two, whatever they say.
    """

    items: Items
    """``input`` as items, a private copy that nobody changes."""
    fields: Mapping[str, Any] = attrs.field(factory=dict[str, Any], repr=False)
    """All other fields of the create."""
    generate: bool = True
    """False for a warm-up: the server reads everything and says nothing."""


@attrs.frozen(eq=False)
class Continuation:
    """The latest response of a lane, as far as the next request needs it."""

    response_id: str
    """What ``previous_response_id`` may name."""
    items: Items
    """The items of the request it answered."""
    output: Items = attrs.field(repr=False)
    """Its output items, as the server gave them."""


@attrs.frozen
class NoPrevious:
    """No response has completed on this lane."""


@attrs.frozen
class NewLink:
    """The link is new: the cache lives and dies with its connection."""


@attrs.frozen
class LaneDirty:
    """The lane's latest response was cancelled or ended without success; what it left in the cache is documented nowhere."""


@attrs.frozen
class Evicted:
    """The server dropped it: a continuation that is refused with 4xx or 5xx evicts the response it named."""


@attrs.frozen
class Disabled:
    """The policy switches reuse off."""


@attrs.frozen
class Stateless:
    """The transport keeps nothing between two requests: over HTTP there is no connection to remember a response."""


@attrs.frozen
class CallerChain:
    """The caller names a ``previous_response_id`` or a ``conversation`` itself."""


@attrs.frozen
class Steered:
    """The lane's latest response took up words that came by steering; what a caller gives cannot be compared with them."""


@attrs.frozen
class Replayed:
    """It is sent again, and a replay is always in full."""

    cause: Cause
    """Why it is sent again."""


@attrs.frozen
class Shorter:
    """The new input has nothing beyond the previous request and its output."""


@attrs.frozen
class PrefixChanged:
    """The new input does not begin with the previous one."""

    index: int
    """The first item that differs."""


@attrs.frozen
class OutputMismatch:
    """The items that follow the previous input are not the previous output."""

    index: int
    """The output item that was not found."""


@attrs.frozen
class PendingToolCalls:
    """Calls of the previous output have no output among the new items."""

    call_ids: tuple[str, ...]
    """Which."""


Reason = (
    NoPrevious
    | NewLink
    | LaneDirty
    | Evicted
    | Disabled
    | Stateless
    | CallerChain
    | Steered
    | Replayed
    | Shorter
    | PrefixChanged
    | OutputMismatch
    | PendingToolCalls
)
"""Why a request is sent in full."""


@attrs.frozen
class Reuse:
    """Name ``response_id`` and send only ``items``."""

    response_id: str
    """The previous response."""
    items: Items = attrs.field(eq=False, repr=False)
    """The new items, in order; never empty."""
    saved: int
    """How many items of the input need not be sent."""
    stored: bool = attrs.field(default=False, repr=False)
    """Whether the server has to load it from its storage: it is not the latest of its lane on this link."""


@attrs.frozen
class Full:
    """Send everything."""

    reason: Reason
    """Why."""


Decision = Reuse | Full


def names_its_chain(content: RequestContent) -> bool:
    """Whether the caller says itself what its request continues."""
    return any(content.fields.get(name) is not None for name in ("previous_response_id", "conversation"))


def decide(previous: Continuation, content: RequestContent) -> Decision:
    """Whether ``content`` may continue ``previous``: the rule at the top of this file."""
    items = content.items
    begin = 0 if _begins_with(items, previous.items) else _restart(previous.output, items)
    if begin is None:
        return Full(PrefixChanged(_first_difference(previous.items, items)))
    tail = list(items[1:] if begin else items[len(previous.items) :])
    for index, output in enumerate(previous.output[begin:], begin):
        if not _is_output(output):
            return Full(OutputMismatch(index))
        place = _find(output, tail)
        if place is not None:
            del tail[place]
        elif output.get("type") in ECHOED or _claims_id(output, tail):
            return Full(OutputMismatch(index))
    answered = [item.get("call_id") for item in tail if str(item.get("type", "")).endswith("_output")]
    calls = [output for output in previous.output[begin:] if output.get("type") in CALLS]
    pending = tuple(str(output["call_id"]) for output in calls if output["call_id"] not in answered)
    if pending:
        return Full(PendingToolCalls(pending))
    if not tail:
        return Full(Shorter())
    return Reuse(previous.response_id, tail, len(items) - len(tail))


def _is_output(output: object) -> bool:
    """Whether a server's output item has the shape that the rule relies on; what has not, no caller can have echoed."""
    if not isinstance(output, Mapping):
        return False
    item = cast("Mapping[str, Any]", output)
    return isinstance(item.get("type"), str) and (item["type"] not in CALLS or isinstance(item.get("call_id"), str))


def _begins_with(items: Items, previous: Items) -> bool:
    """Whether ``items`` begin with ``previous``."""
    if isinstance(items, ItemHistory) and isinstance(previous, ItemHistory) and items.grew_from(previous):
        return True
    # Most others differ in their first item: nothing is copied to see that.
    return len(items) >= len(previous) and all(map(eq, items, previous))


def _restart(output: Items, items: Items) -> int | None:
    """Behind which of the previous output ``items`` go on, if they begin with one of its compaction items; None if they do not."""
    if not items or items[0].get("type") != "compaction":
        return None
    places = [place for place, item in enumerate(output, 1) if _is_output(item) and _same_compaction(item, items[0])]
    return places[-1] if places else None


def _same_compaction(output: Mapping[str, Any], item: Mapping[str, Any]) -> bool:
    """Whether both stand for the same: by what is encrypted, and by id where the caller gives one."""
    content = item.get("encrypted_content")
    same = output.get("type") == "compaction" and content is not None and output.get("encrypted_content") == content
    return same and item.get("id", output.get("id")) == output.get("id")


def _first_difference(previous: Items, items: Items) -> int:
    """The index of the first item that differs, or where the shorter list ends."""
    for index, (old, new) in enumerate(zip(previous, items, strict=False)):
        if old != new:
            return index
    return min(len(previous), len(items))


def _find(output: Mapping[str, Any], tail: list[Mapping[str, Any]]) -> int | None:
    """Where in ``tail`` the caller echoes ``output``; None if nowhere."""
    kind = output.get("type")
    for place, item in enumerate(tail):
        if kind == "message":
            # Messages keep their order, and only calls and their outputs may stand between them.
            if _is_message(item):
                return place if _same_message(output, item) else None
        elif kind in CALLS:
            if item.get("type") == kind and item.get("call_id") == output.get("call_id"):
                return place if item.get("name", output.get("name")) == output.get("name") else None
        elif item.get("type") == kind and item.get("id") is not None and item.get("id") == output.get("id"):
            return place
    return None


def _claims_id(output: Mapping[str, Any], tail: list[Mapping[str, Any]]) -> bool:
    """Whether the caller echoes an item of this type under another id, or under none, before anything new of its own."""
    for item in tail:
        if item.get("type") == output.get("type"):
            return True
        if _is_message(item) and item.get("role") != "assistant":
            return False
    return False


def _is_message(item: Mapping[str, Any]) -> bool:
    return item.get("type", "message") == "message" and "role" in item


def _same_message(output: Mapping[str, Any], item: Mapping[str, Any]) -> bool:
    return output.get("role", "assistant") == item.get("role") and _text(output) == _text(item)


def _text(message: Mapping[str, Any]) -> tuple[str, str]:
    """The text and the refusal of a message, whichever way its content is written."""
    content = message.get("content")
    if isinstance(content, str):
        return content, ""
    text: list[str] = []
    refusal: list[str] = []
    parts = cast("list[object]", content) if isinstance(content, list) else []
    for part in parts:
        if isinstance(part, Mapping):
            fields = cast("Mapping[str, Any]", part)
            text.append(str(fields.get("text", "")))
            refusal.append(str(fields.get("refusal", "")))
    return "".join(text), "".join(refusal)
