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
* Schemas are read only when something is registered (``tool_signature`` loads pydantic).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, Self, TypedDict, TypeVar, Unpack, cast, final, overload

import attrs

from rejoinder.states.json_values import NotSerialisable, frozen_copy
from rejoinder.states.refusals import check_number

from .errors import InvalidSetting, InvalidTool, UnknownTool
from .tool import BUILT_IN, CANCEL_TOOL, Handler, Options, Tool, checked_name

__all__ = ["Tools"]

AnyHandler = TypeVar("AnyHandler", bound=Handler)


class CallOptions(TypedDict, total=False):
    """How the calls of a function are run: keyword arguments of every way to register one."""

    timeout: float | None
    """Seconds it may take; None takes the registry's, ``math.inf`` has no limit."""
    cancel_on_interruption: bool
    """False makes each call a background call: the model is told at once that it runs, the conversation goes on, an interruption
    leaves it alone, and its result is reported in a message. The end of the session ends it."""
    run_again: bool
    """False if the model need not be asked again with the result; ``ToolResult`` can say so for one result."""


class FunctionOptions(CallOptions, total=False):
    """What can be said about a function beside its options: keyword arguments of ``Tools.add``."""

    name: str | None
    """What the model calls it; its own name by default."""
    description: str | None
    """What the model is told; the text of its docstring by default."""
    parameters: Mapping[str, Any] | None
    """A JSON schema of type ``object``; by default it is made from the signature, the hints and the docstring."""
    strict: bool | None
    """Whether the provider makes the model keep to the schema. With True a schema made from the signature is made one that strict
    mode accepts. None is sent as null and leaves it to the provider."""


class CustomOptions(CallOptions, total=False):
    """What can be said about a custom tool beside its options: keyword arguments of ``Tools.add_custom``."""

    name: str | None
    """What the model calls it; the function's name by default."""
    description: str | None
    """What the model is told; the text of its docstring by default."""
    format: Mapping[str, Any] | None
    """What the input looks like, as the wire has it: ``{"type": "text"}``, or a grammar."""


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
            cancel_tool: whether the model gets a function, ``cancel_background_call``, to stop background calls, as long as there
                is a function that runs in the background.
            report_role: who reports the results of background calls. The model trusts a ``developer`` message; take ``user`` if
                tools return text from strangers.

        Raises:
            InvalidSetting: ``timeout`` is no number above 0, or ``report_role`` is another.
        """
        self.timeout: Final = timeout
        self.parallel: Final = parallel
        self.group_results: Final = group_results
        self.cancel_tool: Final = cancel_tool
        self.report_role: Final = report_role
        check_number(self, "timeout", endless=True)
        if report_role not in {"developer", "system", "user"}:
            raise InvalidSetting(f"Tools(report_role=…) is {report_role!r}. Give 'developer', 'system' or 'user'.")
        self._tools: dict[str, Tool] = {}
        self._raw: list[Mapping[str, Any]] = []
        self._catch_all: Tool | None = None

    def __repr__(self) -> str:
        return f"<Tools {', '.join(self._tools) or 'none'}{' and a catch-all' if self._catch_all else ''}>"

    def __contains__(self, name: object) -> bool:
        """Whether a call of ``name`` would run something; with a catch-all every call does."""
        return isinstance(name, str) and self.find(name) is not None

    @overload
    def add(self, handler: AnyHandler, /, **options: Unpack[FunctionOptions]) -> AnyHandler: ...
    @overload
    def add(self, handler: None = None, /, **options: Unpack[FunctionOptions]) -> Callable[[AnyHandler], AnyHandler]: ...
    def add(
        self, handler: AnyHandler | None = None, /, **options: Unpack[FunctionOptions]
    ) -> AnyHandler | Callable[[AnyHandler], AnyHandler]:
        """Register a function: ``tools.add(weather)``, or as a decorator, with options or without. Returns the function.

        An async function runs in the turn's nursery. Any other runs in a worker thread; a thread cannot be stopped, so at a time
        limit or an interruption it is abandoned: it goes on, and what it returns is dropped, which observers see. A parameter
        annotated with ``ToolCall`` is given the call; the model does not know of it. For the options see ``FunctionOptions`` and
        ``CallOptions``.

        Raises ``InvalidTool`` if name, signature, schema or time limit cannot be used; the message says what to change.
        """

        def register(function: AnyHandler) -> AnyHandler:
            self._add(function, options)
            return function

        return register if handler is None else register(handler)

    @overload
    def add_custom(self, handler: AnyHandler, /, **options: Unpack[CustomOptions]) -> AnyHandler: ...
    @overload
    def add_custom(self, handler: None = None, /, **options: Unpack[CustomOptions]) -> Callable[[AnyHandler], AnyHandler]: ...
    def add_custom(
        self, handler: AnyHandler | None = None, /, **options: Unpack[CustomOptions]
    ) -> AnyHandler | Callable[[AnyHandler], AnyHandler]:
        """Register a custom tool, whose input is one text instead of arguments: its parameter ``input``, or in the ``ToolCall``.

        Used as ``add``; for the options see ``CustomOptions`` and ``CallOptions``. Raises ``InvalidTool``.
        """

        def register(function: AnyHandler) -> AnyHandler:
            self._add_custom(function, options)
            return function

        return register if handler is None else register(handler)

    @overload
    def catch_all(self, handler: AnyHandler, /, **options: Unpack[CallOptions]) -> AnyHandler: ...
    @overload
    def catch_all(self, handler: None = None, /, **options: Unpack[CallOptions]) -> Callable[[AnyHandler], AnyHandler]: ...
    def catch_all(
        self, handler: AnyHandler | None = None, /, **options: Unpack[CallOptions]
    ) -> AnyHandler | Callable[[AnyHandler], AnyHandler]:
        """Register what runs when the model calls a function that nobody registered, as one of a ``raw`` definition.

        It takes a ``ToolCall``, or any keyword. Used as ``add``; its options hold for the calls that come to it. Raises
        ``InvalidTool``.
        """

        def register(function: AnyHandler) -> AnyHandler:
            self._set_catch_all(function, options)
            return function

        return register if handler is None else register(handler)

    def raw(self, definition: Mapping[str, Any], /) -> Self:
        """Offer the model a tool as it is: a hosted tool, as ``{"type": "web_search"}``, or any other definition of the wire's.

        Raises ``InvalidTool`` if it is no mapping with a ``type``, or JSON cannot carry it. Returns the registry.
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

    # -- for turns ---------------------------------------------------------------------------------------------------------

    def find(self, name: str) -> Tool | None:
        """What a call of ``name`` runs: the function of that name, else the catch-all, else nothing."""
        if name == CANCEL_TOOL and self._offers_cancelling:
            return BUILT_IN
        return self._tools.get(name, self._catch_all)

    @property
    def definitions(self) -> list[Mapping[str, Any]]:
        """``tools`` of the next request: the functions in the order of their first registration, then the raw ones."""
        functions = [tool.definition for tool in self._tools.values() if tool.definition is not None]
        built_in = [BUILT_IN.definition] if self._offers_cancelling and BUILT_IN.definition is not None else []
        return [*functions, *self._raw, *built_in]

    @property
    def _offers_cancelling(self) -> bool:
        """Whether the model has the built-in function to stop background calls."""
        registered = [*self._tools.values(), *([] if self._catch_all is None else [self._catch_all])]
        return self.cancel_tool and any(not tool.options.cancel_on_interruption for tool in registered)

    def _add(self, handler: Handler, options: FunctionOptions) -> None:
        from .tool_signature import derived_parameters, given_parameters, read_signature  # noqa: PLC0415 - see the rules

        name = checked_name(handler, options.get("name"))
        signature = read_signature(handler, name)
        parameters, strict = options.get("parameters"), options.get("strict")
        if parameters is None:
            schema, collect = derived_parameters(signature, name, strict=strict is True)
        else:
            schema, collect = given_parameters(signature, name, parameters)
        definition: dict[str, Any] = {"type": "function", "name": name, "parameters": schema, "strict": strict}
        description = options.get("description") or signature.description
        if description:
            definition["description"] = description
        self._tools[name] = Tool(name, handler, definition, collect, signature.calls, _limits(options))

    def _add_custom(self, handler: Handler, options: CustomOptions) -> None:
        from .tool_signature import read_signature  # noqa: PLC0415 - see the rules

        name = checked_name(handler, options.get("name"))
        signature = read_signature(handler, name)
        takes = signature.open or "input" in signature.parameters
        if not takes and not signature.calls:
            raise InvalidTool(
                f"The handler of the custom tool {name!r} does not take its input. Give it a parameter named input, or one that is"
                " annotated with ToolCall."
            )
        definition: dict[str, Any] = {"type": "custom", "name": name}
        description = options.get("description") or signature.description
        if description:
            definition["description"] = description
        if options.get("format") is not None:
            definition["format"] = _copied(options.get("format"), f"The format of the custom tool {name!r}")
        self._tools[name] = Tool(name, handler, definition, _all_if(takes), signature.calls, _limits(options))

    def _set_catch_all(self, handler: Handler, options: CallOptions) -> None:
        from .tool_signature import read_signature  # noqa: PLC0415 - see the rules

        signature = read_signature(handler, "catch-all")
        if not signature.calls and not signature.open:
            raise InvalidTool(
                "The catch-all does not take every call. Give it a parameter annotated with ToolCall, or **arguments."
            )
        self._catch_all = Tool("", handler, None, _all_if(signature.open), signature.calls, _limits(options))


def _limits(options: CallOptions) -> Options:
    """What the options say about the calls themselves."""
    named = {field.name for field in attrs.fields(Options)}
    return Options(**cast("dict[str, Any]", {name: value for name, value in options.items() if name in named}))


def _all_if(takes: bool) -> Callable[[Mapping[str, Any]], dict[str, Any]]:  # noqa: FBT001 - a function of one argument
    """Every argument, if the handler takes them by keyword; otherwise it finds them in its ``ToolCall``."""
    return dict[str, Any] if takes else (lambda _given: {})


def _copied(value: object, what: str) -> Any:  # noqa: ANN401 - any JSON value
    try:
        return frozen_copy(value)
    except NotSerialisable as error:
        raise InvalidTool(f"{what} cannot be written as JSON: {error}") from error
