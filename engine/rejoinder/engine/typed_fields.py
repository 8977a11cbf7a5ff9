"""Fields of a request that have parts, as typed values; each writes itself as the wire has it.

Whoever prefers the wire's own mappings may give those instead, in every place where one of these may stand.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import attrs

__all__ = ["Reasoning", "TextFormat", "TextOptions", "ToolChoice", "wire_value"]

NAME_LENGTH: Final = 64
"""Characters of the longest name of a schema (Responses API reference)."""
NOT_IN_NAMES: Final = re.compile("[^A-Za-z0-9_-]+")
"""What the name of a schema cannot hold."""


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

    @classmethod
    def of(
        cls, kind: type[object], *, name: str | None = None, description: str | None = None, strict: bool | None = True
    ) -> TextFormat:
        """The format of answers that are a ``kind``: a dataclass, a pydantic model, a ``TypedDict``; ``Result.parsed`` gives one.

        The schema is what pydantic makes of it. With ``strict`` it is one that strict mode accepts: every field is required, even
        if it has a default, and no other key is allowed. ``name`` is that of the class unless it is given. Raises
        ``InvalidSetting`` if the type has no schema, if that is not of an object, or if it takes keys that nobody knows.
        """
        from .structured_output import schema_of  # noqa: PLC0415 - pydantic takes a while to load

        schema = schema_of(kind, strict=bool(strict))
        named = NOT_IN_NAMES.sub("_", kind.__name__)[:NAME_LENGTH] if name is None else name
        return cls(named, schema, strict, description)

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
