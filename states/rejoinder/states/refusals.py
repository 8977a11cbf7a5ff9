"""What refuses a value where it is written: the errors that say so, and the checks that raise them.

Rules of this file
* The engine's errors begin here, because a policy and its deadlines are refused like any other setting: by one error, whoever
  checks. ``rejoinder.engine.errors`` has all of them; take them from there.
* A message names the field, what was given (a number itself, of anything else the type) and what to give.
"""

from __future__ import annotations

import math
from enum import StrEnum
from typing import TypeVar

__all__ = ["InvalidRequest", "InvalidSetting", "RejoinderError", "check_number", "check_type", "chosen_of", "shown_value"]

E = TypeVar("E", bound=StrEnum)


class RejoinderError(Exception):
    """The base of all errors of this library."""

    @property
    def response_id(self) -> str | None:
        """The response it is about; None if it is about none, or none was acknowledged."""
        return None

    @property
    def request_id(self) -> str | None:
        """``x-request-id`` of the connection it is about, which the provider's support asks for; None if there is none."""
        return None


class InvalidRequest(RejoinderError, TypeError):
    """The request cannot be sent as it is. Nothing was sent and the session is untouched; correct the request."""


class InvalidSetting(InvalidRequest, ValueError):
    """A setting is out of range or of the wrong type; the message names it, what it may be, and the fix. Nothing has changed."""


def check_number(
    owner: object, name: str, *, least: float = 0.0, above: bool = True, endless: bool = False, whole: bool = False
) -> None:
    """Refuse a setting that is no number above ``least`` (or equal to it, unless ``above``).

    ``endless`` allows infinity, ``whole`` whole numbers alone. Raises ``InvalidSetting``, which names the setting.
    """
    value: object = getattr(owner, name)
    where = f"{type(owner).__name__}({name}=…)"
    bound = f"{'above' if above else 'of at least'} {least:g}"
    number = "whole number" if whole else "number"
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidSetting(f"{where} is {shown_value(value)}. Give a {number} {bound}.")
    enough = value > least if above else value >= least
    if not enough or (math.isinf(value) and not endless):
        raise InvalidSetting(f"{where} is {value!r}. Give a finite {number} {bound}.")
    if whole and not isinstance(value, int):
        raise InvalidSetting(f"{where} is {value!r}. Give a whole number {bound}.")


def check_type(owner: object, name: str, kind: type | tuple[type, ...], words: str) -> None:
    """Refuse a setting that is no ``kind``; ``words`` say what to give. Raises ``InvalidSetting``, which names the setting."""
    value: object = getattr(owner, name)
    if not isinstance(value, kind):
        raise InvalidSetting(f"{type(owner).__name__}({name}=…) is {shown_value(value)}. Give {words}.")


def chosen_of(kind: type[E], value: str, where: str) -> E:
    """The member of ``kind`` that ``value`` is, or is the value of. Raises ``InvalidSetting``, which says ``where``."""
    try:
        return kind(value)
    except ValueError:
        names = " or ".join(repr(each.value) for each in kind)
    raise InvalidSetting(f"{where} is {value!r}. Give {names}.")


def shown_value(value: object) -> str:
    """How a message shows what was given: a number itself, of anything else the type."""
    if value is None:
        return "None"
    if isinstance(value, bool | int | float):
        return f"{value!r} ({type(value).__name__})"
    return f"a {type(value).__name__}"
