"""Frozen values, made at the price of others.

A frozen attrs class fills itself in through ``object.__setattr__``, once for each field, and so a delta of a stream would cost
more to make than to read. A draft is the same value while nobody has it yet: a subclass that can be written to, whose last act is
to become the frozen class. What is handed out is an instance of that class and of nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import attrs

__all__ = ["draft_of"]

T = TypeVar("T", bound=attrs.AttrsInstance)


def draft_of(kind: type[T]) -> Callable[..., T]:
    """Return what makes instances of ``kind``, a frozen class with slots, of the same arguments as ``kind`` itself.

    Raises ``TypeError`` if a field has a converter or a validator, or if something is to run when all fields are there: that would
    be passed over.
    """
    fields = attrs.fields(kind)
    if hasattr(kind, "__attrs_post_init__") or any(field.converter or field.validator or not field.init for field in fields):
        raise TypeError(f"{kind.__name__} does more than to take its fields, so it must be made by itself.")

    def become_frozen(self: object) -> None:
        self.__class__ = kind

    # Only its constructor is wanted: plain assignments, one for each field.
    written = attrs.make_class(
        kind.__name__,
        {field.name: attrs.field(default=field.default, kw_only=field.kw_only) for field in fields},
        class_body={"__attrs_post_init__": become_frozen},
        slots=True,
    )
    draft = type(
        kind.__name__,
        (kind,),
        {
            "__slots__": (),
            "__init__": vars(written)["__init__"],
            # Both: where either is a function in Python, the interpreter asks it for every assignment.
            "__setattr__": object.__setattr__,
            "__delattr__": object.__delattr__,
            "__attrs_post_init__": become_frozen,
        },
    )
    return cast("Callable[..., T]", draft)
