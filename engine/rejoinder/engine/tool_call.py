"""What a handler may know about the call it serves, and what it may give back.

A handler asks for the call by annotating a parameter with ``ToolCall``; the model never sees that parameter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, final

import attrs

if TYPE_CHECKING:
    from .conversation import Conversation
    from .session import Session

__all__ = ["ArgumentsRefused", "ToolCall", "ToolResult"]


class ArgumentsRefused(Exception):
    """Arguments do not fit what a handler takes; the message is for the model."""


@final
@attrs.frozen(eq=False)
class ToolCall:
    """One call of a function by the model."""

    name: str
    """The function's name, as the model wrote it."""
    call_id: str
    """What joins the call and its output."""
    item: Mapping[str, Any] = attrs.field(repr=False)
    """The whole output item, as the server gave it: ``function_call`` or ``custom_tool_call``."""
    arguments: Mapping[str, Any] | None = attrs.field(repr=False)
    """The arguments as the model wrote them, decoded; None if they are no JSON object, and for a custom tool."""
    input: str | None = attrs.field(repr=False)
    """The input of a custom tool; None for a function."""
    conversation: Conversation = attrs.field(repr=False)
    """The conversation the call belongs to."""
    session: Session = attrs.field(repr=False)
    """The session that asked the model: a handler may ask for responses of its own."""
    resources: Any = attrs.field(repr=False)
    """What the application passed to ``converse`` as ``resources``, by reference; None if nothing."""
    _progress: Callable[[ToolCall, object], None] = attrs.field(repr=False, alias="progress")

    def progress(self, value: object) -> None:
        """Tell how far the work is; ``value`` is anything JSON can carry. Never waits. From a plain function's thread as well.

        The application gets a ``CallProgress`` event each time. The model is told with the next request if the call does not hold
        it up any more (a background call); while the model waits for the output it can be told nothing else. Raises
        ``NotSerialisable`` if JSON cannot carry the value.
        """
        self._progress(self, value)


@attrs.frozen
class ToolResult:
    """A handler's result with more to say than its value. Returning a plain value means ``ToolResult(value)``."""

    output: Any = attrs.field(repr=False)
    """A string goes to the model as it is, anything else as JSON; dataclasses, attrs classes, pydantic models, dates and enums are
    written as JSON has them. Falsy values are results."""
    run_again: bool | None = None
    """Whether the model is to be asked again with this result; None leaves it to the tool's own ``run_again``."""
    as_parts: bool = False
    """Whether ``output`` is a list of input parts (``input_text``, ``input_image``, ``input_file``), sent as it is."""
