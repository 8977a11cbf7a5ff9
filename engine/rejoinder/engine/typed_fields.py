"""Fields of a request that have parts, as typed values; each writes itself as the wire has it.

Whoever prefers the wire's own mappings may give those instead, in every place where one of these may stand.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

__all__ = ["Reasoning", "TextFormat", "TextOptions", "ToolChoice", "wire_value"]


def _without_none(value: attrs.AttrsInstance) -> dict[str, Any]:
    return attrs.asdict(value, recurse=False, filter=lambda _, field: field is not None)


@attrs.frozen
class Reasoning:
    """``reasoning`` of a request. With nothing in it, it is not sent."""

    effort: str | None = None
    """How much the model reasons: ``none``, ``minimal``, ``low``, ``medium``, ``high``, and whatever a model adds."""
    summary: str | None = None
    """Whether it tells what it thought: ``auto``, ``concise``, ``detailed``."""

    def to_wire(self) -> dict[str, Any]:
        """The object that is sent."""
        return _without_none(self)


@attrs.frozen
class TextFormat:
    """Structured output: the text of the answer is JSON that follows a schema."""

    name: str
    """The name of the schema."""
    schema: Mapping[str, Any] = attrs.field(repr=False)
    """The JSON schema of the answer."""
    strict: bool | None = None
    """Whether the model is held to the schema; None leaves that to the server."""
    description: str | None = None
    """What the answer is for."""

    def to_wire(self) -> dict[str, Any]:
        """The object that is sent."""
        return {"type": "json_schema", **_without_none(self)}


@attrs.frozen
class TextOptions:
    """``text`` of a request. With nothing in it, it is not sent."""

    format: TextFormat | Mapping[str, Any] | None = None
    """A ``TextFormat``, or any format as the API writes it: ``{"type": "json_object"}``."""
    verbosity: str | None = None
    """How long the answer is: ``low``, ``medium``, ``high``."""

    def to_wire(self) -> dict[str, Any]:
        """The object that is sent."""
        return {name: wire_value(value) for name, value in _without_none(self).items()}


@attrs.frozen
class ToolChoice:
    """``tool_choice`` of a request, where it names one tool that the model has to call."""

    name: str
    """The tool."""
    type: str = "function"
    """What it is: ``function`` or ``custom``."""

    def to_wire(self) -> dict[str, Any]:
        """The object that is sent."""
        return _without_none(self)


def wire_value(value: object) -> object:
    """Return a typed value as the wire has it; any other as it is. What is empty is None: it is not sent."""
    if isinstance(value, Reasoning | TextFormat | TextOptions | ToolChoice):
        return value.to_wire() or None
    return value
