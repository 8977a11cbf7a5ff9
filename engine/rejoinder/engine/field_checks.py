"""What each field of a request may be: one table, against which settings, updates of settings and ``respond`` all check.

Rules of this file
* What the API may still add is let through: unknown strings where the vendors keep adding values, mappings for what is not typed,
  fields that are not in the table.
* An error names the field, what was given (a number itself, of anything else the type) and what to give.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Final, cast

import attrs

from rejoinder.states.refusals import shown_value

from .errors import InvalidRequest, InvalidSetting
from .flat_tools import flat_choice, flat_tools
from .given import NOT_GIVEN, fields_of, listed, shown_type
from .typed_fields import Reasoning, TextOptions, ToolChoice, wire_value

__all__ = ["CHECKS", "check_extra", "check_fields"]


@attrs.frozen
class Check:
    """What a field may be."""

    words: str
    """In words, after "Give"."""
    holds: Callable[[Any], bool]
    """Whether a value is that."""


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _number(least: float, most: float) -> Check:
    return Check(f"a number from {least:g} to {most:g}", lambda value: _is_number(value) and least <= value <= most)


def _whole(least: int, most: int | None = None) -> Check:
    words = f"a whole number of at least {least}" if most is None else f"a whole number from {least} to {most}"
    return Check(words, lambda value: _is_int(value) and least <= value and (most is None or value <= most))


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _one_of(*names: str) -> Check:
    return Check(" or ".join(repr(name) for name in names), lambda value: isinstance(value, str) and value in names)


def _typed(kind: type, example: str) -> Check:
    return Check(
        f"a {kind.__name__}, or a mapping such as {example}",
        lambda value: isinstance(value, kind) or fields_of(value) is not None,
    )


def _strings(value: object) -> bool:
    given = listed(value)
    return given is not None and all(isinstance(each, str) for each in given)


def _mappings(value: object) -> bool:
    given = listed(value)
    return given is not None and all(fields_of(each) is not None for each in given)


PAIRS: Final = 16
KEY_LENGTH: Final = 64
VALUE_LENGTH: Final = 512


def _metadata(value: object) -> bool:
    pairs = fields_of(value)
    return (
        pairs is not None
        and len(pairs) <= PAIRS
        and all(
            _text(key, KEY_LENGTH) and _text(text, VALUE_LENGTH) for key, text in cast("Mapping[object, object]", pairs).items()
        )
    )


def _text(value: object, length: int) -> bool:
    return isinstance(value, str) and len(value) <= length


STRING: Final = Check("a string", lambda value: isinstance(value, str))
NAME: Final = Check("a string that is not empty", lambda value: isinstance(value, str) and bool(value))
FLAG: Final = Check("True or False", lambda value: isinstance(value, bool))
MAPPING: Final = Check("a mapping", lambda value: fields_of(value) is not None)

CHECKS: Final[Mapping[str, Check]] = {
    "model": NAME,
    "instructions": STRING,
    "temperature": _number(0, 2),
    "top_p": _number(0, 1),
    "max_output_tokens": _whole(1),
    "max_tool_calls": _whole(1),
    "top_logprobs": _whole(0, 20),
    "reasoning": _typed(Reasoning, "{'effort': 'low'}"),
    "text": _typed(TextOptions, "{'verbosity': 'low'}"),
    "tools": Check("a list of tools", lambda value: listed(value) is not None),
    "tool_choice": Check(
        "'auto', 'none', 'required', a ToolChoice, or a mapping that names a tool",
        lambda value: isinstance(value, str | ToolChoice) or fields_of(value) is not None,
    ),
    "parallel_tool_calls": FLAG,
    "include": Check("a list of strings", _strings),
    "store": FLAG,
    "truncation": _one_of("auto", "disabled"),
    "service_tier": NAME,
    "metadata": Check(
        f"a mapping of at most {PAIRS} strings, keys of at most {KEY_LENGTH} characters and values of at most {VALUE_LENGTH}",
        _metadata,
    ),
    "prompt": MAPPING,
    "prompt_cache_key": NAME,
    "prompt_cache_retention": NAME,
    "safety_identifier": NAME,
    "user": NAME,
    "context_management": Check("a list of mappings", _mappings),
    "stream_options": MAPPING,
}
"""What each typed field may be (Responses API reference). None takes any of them out; fields that are not here are not checked."""


def check_fields(fields: Mapping[str, object], owner: str = "") -> None:
    """Raise ``InvalidSetting`` for the first of ``fields`` that cannot be; ``owner`` is where they were given, for the message."""
    for name, value in fields.items():
        check = CHECKS.get(name)
        if check is None or value is None or value is NOT_GIVEN:
            continue
        where = f"{owner}({name}=…)" if owner else name
        if not check.holds(value):
            raise InvalidSetting(f"{where} is {_shown(value)}. Give {check.words}; None leaves it out.")
        try:
            if name == "tools":
                flat_tools(value)
            elif name == "tool_choice":
                flat_choice(wire_value(value))
        except InvalidRequest as error:
            raise InvalidSetting(f"{owner}: {error}" if owner else str(error)) from error


def check_extra(extra: object, owner: str) -> None:
    """Raise ``InvalidSetting`` if ``extra`` is no mapping, or names a field that is in the table and cannot be."""
    fields = fields_of(extra)
    if fields is None:
        raise InvalidSetting(f"{owner}(extra=…) is {shown_type(extra)}. Give a mapping of field names to values.")
    check_fields(fields, f"{owner}.extra")


def _shown(value: object) -> str:
    return f"an empty {type(value).__name__}" if isinstance(value, str) and not value else shown_value(value)
