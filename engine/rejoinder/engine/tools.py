"""The registry of functions that the model may call.

```python
tools = Tools(timeout=30)

@tools.add
async def weather(city: str, unit: Literal["C", "F"] = "C") -> dict[str, float]:
    \"\"\"Tell the weather.

Args:
        city: Where.
    \"\"\"
```

Rules of this file
* It registers and looks up; ``tool_runner`` runs. A registry may serve any number of sessions and turns at once.
* What the model is told (name, description, schema) is fixed when a function is registered, and wrong when it is registered if
  at all: a request never fails because of a tool.
* A later registration under a name takes the place of the earlier one.
"""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, Self, TypeVar, cast, final, overload

import attrs
import trio

from rejoinder.states.json_values import NotSerialisable, frozen_copy
from rejoinder.states.profiles import check_number

from .call_texts import no_background_call
from .errors import InvalidTool, UnknownTool
from .tool_call import ToolCall

__all__ = ["CANCEL_TOOL", "Tool", "Tools"]

Handler = Callable[..., Any]
AnyHandler = TypeVar("AnyHandler", bound=Handler)

CANCEL_TOOL: Final = "cancel_background_call"
"""The name of the built-in function with which the model can stop a background call."""

_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_CANCEL_DEFINITION: Final[Mapping[str, Any]] = {
    "type": "function",
    "name": CANCEL_TOOL,
    "description": (
        "Stop a call that runs in the background, when its result is not wanted any more. call_id is what the output of that call"
        " names."
    ),
    "parameters": {
        "type": "object",
        "properties": {"call_id": {"type": "string"}},
        "required": ["call_id"],
        "additionalProperties": False,
    },
    "strict": None,
}


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
    asynchronous: bool
    """Whether it is an async function; others run in a worker thread."""
    timeout: float | None
    """Seconds it may take; None leaves it to the registry."""
    cancel_on_interruption: bool
    """Whether it ends with the turn that called it; False makes each call a background call."""
    run_again: bool
    """Whether the model is asked again with its result."""


@final
class Tools:
    """Functions for the model, with names, schemas and options. Give it to ``Session.converse``."""

    def __init__(
        self,
        *,
        timeout: float = math.inf,
        parallel: bool = True,
        group_results: bool = True,
        cancel_tool: bool = False,
        report_role: Literal["developer", "system", "user"] = "developer",
    ) -> None:
        """Make an empty registry.

        Args:
            timeout: seconds that a handler may take unless its own ``timeout`` says otherwise; endless by default. At the limit it
                is cancelled, and the model is told.
            parallel: whether the calls of one response run at the same time; otherwise in the order in which the model made them.
                Background calls always run beside the others.
            group_results: whether the model is asked again once, after the last result of a group. Otherwise after each: the model
                is told that the others are running, and gets their results in messages.
            cancel_tool: whether the model gets a function (``CANCEL_TOOL``) to stop background calls, as long as there is a
                function that may run in the background.
            report_role: who reports the results of background calls. The model trusts a ``developer`` message; take ``user`` if
                tools return text from strangers.

        Raises:
            ValueError: ``timeout`` is not a number of seconds above 0.
        """
        self.timeout: Final = timeout
        self.parallel: Final = parallel
        self.group_results: Final = group_results
        self.cancel_tool: Final = cancel_tool
        self.report_role: Final = report_role
        check_number(self, "timeout", endless=True)
        if report_role not in {"developer", "system", "user"}:
            raise ValueError(f"report_role is {report_role!r}. Give 'developer', 'system' or 'user'.")
        self._tools: dict[str, Tool] = {}
        self._raw: list[Mapping[str, Any]] = []
        self._catch_all: Tool | None = None

    def __repr__(self) -> str:
        return f"<Tools {', '.join(self._tools) or 'none'}{' and a catch-all' if self._catch_all else ''}>"

    @overload
    def add(self, handler: AnyHandler, /) -> AnyHandler: ...
    @overload
    def add(
        self,
        handler: AnyHandler,
        /,
        *,
        name: str | None = ...,
        description: str | None = ...,
        parameters: Mapping[str, Any] | None = ...,
        strict: bool | None = ...,
        timeout: float | None = ...,
        cancel_on_interruption: bool = ...,
        run_again: bool = ...,
    ) -> AnyHandler: ...
    @overload
    def add(
        self,
        *,
        name: str | None = ...,
        description: str | None = ...,
        parameters: Mapping[str, Any] | None = ...,
        strict: bool | None = ...,
        timeout: float | None = ...,
        cancel_on_interruption: bool = ...,
        run_again: bool = ...,
    ) -> Callable[[AnyHandler], AnyHandler]: ...
    def add(
        self,
        handler: Handler | None = None,
        /,
        *,
        name: str | None = None,
        description: str | None = None,
        parameters: Mapping[str, Any] | None = None,
        strict: bool | None = None,
        timeout: float | None = None,
        cancel_on_interruption: bool = True,
        run_again: bool = True,
    ) -> Any:
        """Register a function: ``tools.add(weather)``, or as a decorator, with options or without. Returns the function.

        An async function runs in the turn's nursery. Any other runs in a worker thread; a thread cannot be stopped, so at a time
        limit or an interruption it is abandoned: it goes on, and what it returns is dropped, seen by observers.
        A parameter annotated with ``ToolCall`` is given the call; the model does not know of it.

        Args:
            handler: the function.
            name: what the model calls it; its own name by default.
            description: what the model is told; the text of its docstring by default.
            parameters: a JSON schema of type ``object``; by default it is made from the signature, the hints and the docstring.
            strict: whether the provider makes the model keep to the schema. With True a schema made from the signature is made one
                that strict mode accepts. None is sent as null and leaves it to the provider.
            timeout: seconds it may take; None takes the registry's, ``math.inf`` has no limit.
            cancel_on_interruption: False makes each call a background call: the model is told at once that it runs, the
                conversation goes on, an interruption leaves it alone, and its result is reported in a message. The session ends it.
            run_again: False if the model need not be asked again with the result; ``ToolResult`` can say so for one result.

        Raises:
            InvalidTool: the name, the signature, the schema or the time limit cannot be used; the message says what to change.
        """

        def register(function: AnyHandler) -> AnyHandler:
            self._add(function, name, description, parameters, strict=strict, options=(timeout, cancel_on_interruption, run_again))
            return function

        return register if handler is None else register(handler)

    def add_custom(
        self,
        handler: AnyHandler,
        /,
        *,
        name: str | None = None,
        description: str | None = None,
        format: Mapping[str, Any] | None = None,
        timeout: float | None = None,
        cancel_on_interruption: bool = True,
        run_again: bool = True,
    ) -> AnyHandler:
        """Register a custom tool, whose input is one text instead of arguments; it is given as ``input``, or in the ``ToolCall``.

        ``format`` is the wire's: ``{"type": "text"}``, or a grammar. The other options are those of ``add``; raises ``InvalidTool``.
        """
        from .tool_schema import read_signature  # noqa: PLC0415 - pydantic takes a while to load

        name = self._name(handler, name)
        signature = read_signature(handler, name)
        if not signature.calls and not signature.open and "input" not in signature.parameters:
            raise InvalidTool(
                f"The handler of the custom tool {name!r} does not take its input. Give it a parameter named input, or one that is"
                " annotated with ToolCall."
            )
        definition: dict[str, Any] = {"type": "custom", "name": name}
        description = description or signature.description
        if description:
            definition["description"] = description
        if format is not None:
            definition["format"] = _copied(format, f"The format of the custom tool {name!r}")
        takes = signature.open or "input" in signature.parameters
        self._tools[name] = self._tool(
            name,
            handler,
            definition,
            lambda given: dict(given) if takes else {},
            signature.calls,
            (timeout, cancel_on_interruption, run_again),
        )
        return handler

    def catch_all(
        self,
        handler: AnyHandler,
        /,
        *,
        timeout: float | None = None,
        cancel_on_interruption: bool = True,
        run_again: bool = True,
    ) -> AnyHandler:
        """Register what runs when the model calls a function that nobody registered, as one of a ``raw`` definition.

        It takes a ``ToolCall``, or any keyword. Its options hold for the calls that come to it. Raises ``InvalidTool``.
        """
        from .tool_schema import read_signature  # noqa: PLC0415 - pydantic takes a while to load

        signature = read_signature(handler, "catch-all")
        if not signature.calls and not signature.open:
            raise InvalidTool(
                "The catch-all does not take every call. Give it a parameter annotated with ToolCall, or **arguments."
            )
        needed = signature.open
        self._catch_all = self._tool(
            "",
            handler,
            None,
            lambda given: dict(given) if needed else {},
            signature.calls,
            (timeout, cancel_on_interruption, run_again),
        )
        return handler

    def raw(self, definition: Mapping[str, Any], /) -> Self:
        """Offer the model a tool as it is: a hosted tool, as ``{"type": "web_search"}``, or any other definition of the wire's.

        Raises ``InvalidTool`` if it is no mapping with a ``type``, or JSON cannot carry it.
        """
        copy = _copied(definition, "The definition of a raw tool")
        if not isinstance(copy, dict) or not isinstance(cast("dict[str, Any]", copy).get("type"), str):
            raise InvalidTool("The definition of a raw tool has no type. Give a mapping such as {'type': 'web_search'}.")
        self._raw.append(cast("dict[str, Any]", copy))
        return self

    def remove(self, name: str, /) -> None:
        """Unregister a function. A call of it that runs goes on; one that has not begun is refused. Raises ``UnknownTool``."""
        if name not in self._tools:
            raise UnknownTool(f"No tool is registered under the name {name!r}. There are: {', '.join(self._tools) or 'none'}.")
        del self._tools[name]

    def remove_catch_all(self) -> None:
        """Unregister the catch-all. Raises ``UnknownTool`` if there is none."""
        if self._catch_all is None:
            raise UnknownTool("No catch-all is registered. Register one with catch_all first.")
        self._catch_all = None

    def find(self, name: str) -> Tool | None:
        """What a call of ``name`` runs: the function of that name, else the catch-all, else nothing."""
        if name == CANCEL_TOOL and self.offers_cancelling:
            return _CANCEL
        return self._tools.get(name, self._catch_all)

    def __contains__(self, name: object) -> bool:
        """Whether a call of ``name`` would run something; with a catch-all every call does."""
        return name in self._tools or (self._catch_all is not None and isinstance(name, str))

    @property
    def offers_cancelling(self) -> bool:
        """Whether the model has the built-in function to stop background calls."""
        entries = [*self._tools.values(), *((self._catch_all,) if self._catch_all else ())]
        return self.cancel_tool and any(not tool.cancel_on_interruption for tool in entries)

    @property
    def definitions(self) -> list[Mapping[str, Any]]:
        """``tools`` of the next request: the functions in the order of their names' first registration, then the raw ones."""
        functions = [tool.definition for tool in self._tools.values() if tool.definition is not None]
        return [*functions, *self._raw, *((_CANCEL_DEFINITION,) if self.offers_cancelling else ())]

    def _add(
        self,
        handler: Handler,
        name: str | None,
        description: str | None,
        parameters: Mapping[str, Any] | None,
        *,
        strict: bool | None,
        options: tuple[float | None, bool, bool],
    ) -> None:
        from .tool_schema import derived_parameters, given_parameters, read_signature  # noqa: PLC0415 - pydantic takes a while

        name = self._name(handler, name)
        signature = read_signature(handler, name)
        if parameters is None:
            schema, collect = derived_parameters(signature, name, strict=strict is True)
        else:
            schema, collect = given_parameters(signature, name, parameters)
        definition: dict[str, Any] = {"type": "function", "name": name, "parameters": schema, "strict": strict}
        description = description or signature.description
        if description:
            definition["description"] = description
        self._tools[name] = self._tool(name, handler, definition, collect, signature.calls, options)

    def _name(self, handler: Handler, name: str | None) -> str:
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

    def _tool(
        self,
        name: str,
        handler: Handler,
        definition: Mapping[str, Any] | None,
        collect: Callable[[Mapping[str, Any]], dict[str, Any]],
        calls: tuple[str, ...],
        options: tuple[float | None, bool, bool],
    ) -> Tool:
        timeout, cancel_on_interruption, run_again = options
        if timeout is not None and not (isinstance(cast("object", timeout), int | float) and timeout > 0):
            raise InvalidTool(f"The timeout of the tool {name or 'catch-all'!r} is {timeout!r}. Give seconds above 0, or math.inf.")
        function = handler if inspect.isroutine(handler) else getattr(handler, "func", type(handler).__call__)
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise InvalidTool(
                f"The tool {name or 'catch-all'!r} is a generator. Return the result, and tell how far it is with ToolCall.progress."
            )
        asynchronous = inspect.iscoroutinefunction(handler) or inspect.iscoroutinefunction(function)
        return Tool(name, handler, definition, collect, calls, asynchronous, timeout, cancel_on_interruption, run_again)


async def _cancel(call: ToolCall, call_id: str = "") -> object:
    """The built-in function: stop a background call of this conversation."""
    await trio.lowlevel.checkpoint()
    if call.session.background.cancel(call.conversation, call_id):
        return {"cancelled": call_id}
    return no_background_call(call_id)


_CANCEL: Final = Tool(
    name=CANCEL_TOOL,
    handler=_cancel,
    definition=_CANCEL_DEFINITION,
    collect=lambda given: {"call_id": str(given.get("call_id", ""))},
    calls=("call",),
    asynchronous=True,
    timeout=None,
    cancel_on_interruption=True,
    run_again=True,
)


def _copied(value: object, what: str) -> Any:  # noqa: ANN401 - any JSON value
    try:
        return frozen_copy(value)
    except NotSerialisable as error:
        raise InvalidTool(f"{what} cannot be written as JSON: {error}") from error
