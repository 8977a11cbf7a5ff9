"""One registered function: how it is called, and within which limits. Beside it, the one that is built in."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, cast, final

import attrs
import trio

from .call_texts import no_background_call
from .errors import InvalidTool
from .tool_call import ToolCall

__all__ = ["BUILT_IN", "CANCEL_TOOL", "Handler", "Options", "Tool", "checked_name"]

Handler = Callable[..., Any]
"""A function or async function of the application."""

CANCEL_TOOL: Final = "cancel_background_call"
"""The name of the built-in function with which the model can stop a background call."""

_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


@attrs.frozen
class Options:
    """How the calls of a function are run."""

    timeout: float | None = None
    """Seconds it may take; None leaves it to the registry."""
    cancel_on_interruption: bool = True
    """Whether it ends with the turn that called it; False makes each call a background call."""
    run_again: bool = True
    """Whether the model is asked again with its result."""


def _is_asynchronous(tool: Tool) -> bool:
    """Look at the handler, at what a partial calls, or at what calling an object calls."""
    handler = tool.handler
    function = handler if inspect.isroutine(handler) else getattr(handler, "func", type(handler).__call__)
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise InvalidTool(
            f"The tool {tool.name or 'catch-all'!r} is a generator. Return the result, and tell how far it is with"
            " ToolCall.progress."
        )
    return inspect.iscoroutinefunction(handler) or inspect.iscoroutinefunction(function)


@final
@attrs.frozen(eq=False)
class Tool:
    """One registered function, made by ``Tools.add``, ``add_custom`` or ``catch_all``."""

    name: str
    """What the model calls it; empty for the catch-all."""
    handler: Handler = attrs.field(repr=False)
    """The function."""
    definition: Mapping[str, Any] | None = attrs.field(repr=False)
    """What the model is told of it; None for the catch-all, of which it knows nothing."""
    collect: Callable[[Mapping[str, Any]], dict[str, Any]] = attrs.field(repr=False)
    """From the model's arguments to keyword arguments; raises ``ArgumentsRefused``."""
    calls: tuple[str, ...] = attrs.field(repr=False)
    """The parameters that are given the ``ToolCall``."""
    options: Options
    """How its calls are run."""
    asynchronous: bool = attrs.field(init=False, default=attrs.Factory(_is_asynchronous, takes_self=True))
    """Whether it is an async function; others run in a worker thread."""

    def __attrs_post_init__(self) -> None:
        timeout = cast("object", self.options.timeout)
        if timeout is not None and (isinstance(timeout, bool) or not isinstance(timeout, int | float) or not timeout > 0):
            raise InvalidTool(
                f"The timeout of the tool {self.name or 'catch-all'!r} is {timeout!r}. Give seconds above 0, or math.inf for"
                " no limit."
            )


def checked_name(handler: Handler, name: str | None) -> str:
    """What the model calls a function: ``name``, or its own; raises ``InvalidTool`` if that cannot be."""
    if not callable(handler):
        raise InvalidTool(f"A {type(handler).__name__} cannot be called. Register a function or an async function.")
    chosen = name if name is not None else getattr(handler, "__name__", type(handler).__name__)
    if not _NAME.fullmatch(chosen):
        raise InvalidTool(
            f"A tool cannot be named {chosen!r}: letters, digits, _ and - are allowed, at most 64. Give another with name=."
        )
    if chosen == CANCEL_TOOL:
        raise InvalidTool(f"The name {CANCEL_TOOL!r} is that of the built-in tool. Give another with name=.")
    return chosen


async def _cancel(call: ToolCall, call_id: str) -> object:
    """Stop a background call of this conversation."""
    await trio.lowlevel.checkpoint()
    cancelled = call.session.background_calls.cancel(call.conversation, call_id)
    return {"cancelled": call_id} if cancelled else no_background_call(call_id)


BUILT_IN: Final = Tool(
    CANCEL_TOOL,
    _cancel,
    {
        "type": "function",
        "name": CANCEL_TOOL,
        "description": (
            "Stop a call that runs in the background, when its result is not wanted any more. call_id is what the output of that"
            " call names."
        ),
        "parameters": {
            "type": "object",
            "properties": {"call_id": {"type": "string"}},
            "required": ["call_id"],
            "additionalProperties": False,
        },
        "strict": None,
    },
    lambda given: {"call_id": str(given.get("call_id", ""))},
    ("call",),
    Options(),
)
"""The built-in function to stop background calls."""
