"""What a response came to: collected while it streams, handed out at its end.

The terminal's ``output`` is the truth where there is one; servers may leave it empty (openai-agents, the Codex backend), and a
response that was interrupted has no terminal, so finished items and pieces of text are collected on the way. Nothing is joined
before somebody asks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar, cast, final

import attrs

from rejoinder.states.content_events import OutputItemAdded, OutputItemDone, OutputTextDelta, RefusalDelta
from rejoinder.states.stream_events import ResponseCompleted, ResponseCreated, ResponseIncomplete, StreamEvent

from .given import type_of
from .metrics import NO_USAGE, Usage, usage_from

__all__ = ["Collector", "Result", "result_of"]

Value = TypeVar("Value")
"""What the text of an answer is parsed as."""


@attrs.frozen
class Result:
    """What a response came to, in whole or in part."""

    id: str | None
    """The response id; None if it was never acknowledged."""
    status: str
    """``completed``, ``incomplete``, ``failed``, ``cancelled``, ``interrupted``; ``in_progress`` while it runs."""
    output: Sequence[Mapping[str, Any]] = attrs.field(repr=False)
    """The output items, as the server gave them; of an unfinished message, what had come of it."""
    usage: Mapping[str, Any] | None
    """Token counts, where the server gave them."""
    incomplete_reason: str | None = None
    """``incomplete_details.reason`` of an incomplete response."""
    response: Mapping[str, Any] | None = attrs.field(default=None, repr=False)
    """The whole response object of the terminal, where there was one."""
    earlier: Sequence[Mapping[str, Any]] = attrs.field(default=(), repr=False)
    """The response objects that came before ``response``, where the response was steered: its output is theirs and its own."""
    request_id: str | None = None
    """``x-request-id`` of the connection it was sent on: what the provider's support asks for. None where the server gave none."""
    steered: Sequence[tuple[int, Mapping[str, Any]]] = attrs.field(default=(), repr=False)
    """The user's messages that were added while it ran and that the server took up, each with how many items of ``output`` came
    before it."""

    @property
    def tokens(self) -> Usage | None:
        """``usage`` as numbers, with those of the ``earlier`` ones; None where the server gave none."""
        told = [usage_from(response.get("usage")) for response in self.earlier]
        counted = [usage for usage in (*told, usage_from(self.usage)) if usage is not None]
        return sum(counted, NO_USAGE) if counted else None

    @property
    def service_tier(self) -> str | None:
        """The tier that served it, which may differ from the one asked for; None where the server does not say."""
        tier = None if self.response is None else self.response.get("service_tier")
        return tier if isinstance(tier, str) else None

    @property
    def text(self) -> str:
        """All text of all messages, joined."""
        return "".join(_parts(self.output, "output_text", "text"))

    def parsed(self, kind: type[Value]) -> Value:
        """The text as a ``kind``: what ``TextFormat.of(kind)`` made the model answer with, checked and converted by pydantic.

        Raises ``InvalidOutput`` if the text does not fit, with everything that is wrong: the model declined, the response is not
        whole, or a provider did not keep to the schema. Raises ``InvalidSetting`` for a type that pydantic does not know.
        """
        from .structured_output import parse  # noqa: PLC0415 - pydantic takes a while to load

        return parse(self, kind)

    @property
    def refusal(self) -> str:
        """What the model said instead of answering; empty if it did not decline."""
        return "".join(_parts(self.output, "refusal", "refusal"))

    @property
    def calls(self) -> Sequence[Mapping[str, Any]]:
        """The function calls and custom tool calls among the output items. Run those alone whose ``status`` is ``completed``."""
        return [item for item in self.output if type_of(item) in {"function_call", "custom_tool_call"}]


@final
class Collector:
    """Collects a response while its frames are delivered."""

    def __init__(self) -> None:
        self.response_id: str | None = None
        self.terminal: Mapping[str, Any] | None = None
        self._ended: Mapping[str, Any] | None = None
        """The terminal that was delivered last: unless a successor follows, the same as ``terminal``."""
        self._earlier: list[Mapping[str, Any]] = []
        self._output: list[Mapping[str, Any]] = []
        """The output of the responses before a successor."""
        self._words: list[Mapping[str, Any]] = []
        """Messages that a successor is about to take up."""
        self._steered: list[tuple[int, Mapping[str, Any]]] = []
        self._items: dict[str, Mapping[str, Any]] = {}
        self._pieces: dict[tuple[str, str], list[str]] = {}
        self._latest: tuple[str | None, list[str]] | None = None
        """The item of the latest piece of text, and its pieces: the next piece is most likely one more of them."""

    def take(self, frame: StreamEvent) -> None:
        """Take note of a frame that is being delivered."""
        if type(frame) is OutputTextDelta:
            latest = self._latest
            if latest is None or latest[0] != frame.item_id:
                latest = self._latest = frame.item_id, self._pieces_of(frame.item_id, "output_text")
            latest[1].append(frame.delta)
        elif type(frame) is RefusalDelta:
            self._pieces_of(frame.item_id, "refusal").append(frame.delta)
        elif isinstance(frame, OutputItemAdded | OutputItemDone):
            self._items[frame.item_id or f"#{frame.output_index}"] = frame.item
            if isinstance(frame, OutputItemDone) and frame.item_id is not None:
                self._latest = None
                self._pieces.pop((frame.item_id, "output_text"), None)
                self._pieces.pop((frame.item_id, "refusal"), None)
        elif type(frame) is ResponseCreated:
            if self._ended is not None:
                self._go_on(self._ended)
            self.response_id = frame.response_id
        elif isinstance(frame, ResponseCompleted | ResponseIncomplete):
            self._ended = frame.response

    def steer(self, messages: Sequence[Mapping[str, Any]]) -> None:
        """The successor that begins next has taken up these messages of the user."""
        self._words += messages

    def result(self, status: str, request_id: str | None = None) -> Result:
        """What has come so far, or in the end."""
        response = self.terminal or {}
        output = [*self._output, *(_mappings(response.get("output")) or self._collected())]
        reason = (_mapping(response.get("incomplete_details")) or {}).get("reason")
        usage = _mapping(response.get("usage"))
        return Result(
            self.response_id, status, output, usage, reason, self.terminal, tuple(self._earlier), request_id, tuple(self._steered)
        )

    def _go_on(self, ended: Mapping[str, Any]) -> None:
        """A successor begins: what came so far is kept before what it says."""
        self._earlier.append(ended)
        self._output += _mappings(ended.get("output")) or self._collected()
        self._steered += [(len(self._output), message) for message in self._words]
        self._words.clear()
        self._items.clear()
        self._pieces.clear()
        self._latest = None
        self._ended = None

    def _pieces_of(self, item_id: str | None, kind: str) -> list[str]:
        return self._pieces.setdefault((item_id or "", kind), [])

    def _collected(self) -> Iterator[Mapping[str, Any]]:
        """Finished items as they came; of unfinished messages, the text so far."""
        names = [*self._items, *(item for item, _ in self._pieces if item not in self._items)]
        for name in dict.fromkeys(names):
            item = self._items.get(name, {"type": "message", "role": "assistant", "id": name, "status": "in_progress"})
            parts = [
                {"type": kind, "refusal" if kind == "refusal" else "text": "".join(pieces)}
                for (item_id, kind), pieces in self._pieces.items()
                if item_id == name
            ]
            yield {**item, "content": parts} if parts else item


def result_of(response: Mapping[str, Any], request_id: str | None = None) -> Result:
    """What a response object says that came in one piece."""
    collector = Collector()
    collector.response_id = str(response["id"]) if isinstance(response.get("id"), str) else None
    collector.terminal = response
    return collector.result(str(response.get("status") or "completed"), request_id)


def _mapping(value: object) -> Mapping[str, Any] | None:
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else None


def _mappings(output: object) -> Sequence[Mapping[str, Any]]:
    """The items of a terminal's output; what is none, no client could use."""
    items = cast("list[object]", output) if isinstance(output, list) else []
    return [item for item in map(_mapping, items) if item is not None]


def _parts(output: Sequence[Mapping[str, Any]], kind: str, field: str) -> Iterator[str]:
    for item in output:
        content = item.get("content")
        if item.get("type", "message") != "message" or not isinstance(content, list):
            continue
        for part in cast("list[object]", content):
            if isinstance(part, Mapping):
                fields = cast("Mapping[str, Any]", part)
                if fields.get("type") == kind:
                    yield str(fields.get(field) or "")
