"""Every public call of the engine that can wait, found by looking.

Rules of this file
* A call is public if its name is, and if it belongs to what ``rejoinder.engine`` exports, or to something that a public member of
  that hands out (its annotation says so). ``async for`` and ``async with`` call: ``__anext__``, ``__aenter__``, ``__aexit__``.
* A protocol has no calls of ours: whoever implements it has.
* Functions are known by their code, so that a checkpoint can be attributed to whatever public calls are on the stack.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable, Mapping
from types import CodeType
from typing import Any, Final

import rejoinder.engine

__all__ = ["code_of", "public_calls"]

AWAITED: Final = frozenset({"__aenter__", "__aexit__", "__anext__"})
WORD: Final = re.compile(r"[A-Za-z_]\w*")


def public_calls() -> Mapping[CodeType, str]:
    """The name of each public call that can wait, by its code: ``Session.respond``, ``open_session`` and so on."""
    exported = {name: getattr(rejoinder.engine, name) for name in rejoinder.engine.__all__}
    calls = {code_of(value): name for name, value in exported.items() if can_wait(value)}
    classes = _classes_of_the_engine()
    left = [value for value in exported.values() if inspect.isclass(value)]
    seen: set[type] = set()
    while left:
        each = left.pop()
        if each in seen or getattr(each, "_is_protocol", False):
            continue
        seen.add(each)
        for name in dir(each):
            if name.startswith("_") and name not in AWAITED:
                continue
            member: Any = inspect.getattr_static(each, name)
            function: Any = member.fget if isinstance(member, property) else getattr(member, "__func__", member)
            if can_wait(function):
                calls[code_of(function)] = f"{each.__name__}.{name}"
            annotations: Mapping[str, Any] = getattr(function, "__annotations__", {})
            handed_out = WORD.findall(str(annotations.get("return", "")))
            left.extend(classes[word] for word in handed_out if word in classes)
    return calls


def can_wait(function: object) -> bool:
    """Whether calling it, or entering what it returns, can wait."""
    inner: Any = getattr(function, "__wrapped__", function)
    return inspect.iscoroutinefunction(inner) or inspect.isasyncgenfunction(inner)


def code_of(function: Callable[..., Any]) -> CodeType:
    """The code that runs while the function waits."""
    inner: Any = inspect.unwrap(function)
    code: CodeType = inner.__code__
    return code


def _classes_of_the_engine() -> Mapping[str, type]:
    package = rejoinder.engine
    modules = [importlib.import_module(found.name) for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}.")]
    return {
        name: value
        for module in modules
        for name, value in vars(module).items()
        if inspect.isclass(value) and value.__module__ == module.__name__ and not name.startswith("_")
    }
