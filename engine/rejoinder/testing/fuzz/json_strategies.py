"""Hypothesis strategies for what may come over a wire: any JSON value, any frame, any event of a known type.

Rules of this file
* ``json_values`` and ``frames`` promise nothing: a client must survive all of them.
* ``events`` are what the codec's own table says of each type, read from it, so that no type can be forgotten.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from hypothesis import strategies as st

from rejoinder.states.event_types import EVENT_TYPES, SHAPES, FieldShape

__all__ = ["events", "frames", "json_values"]

Body = dict[str, Any]

NUMBERS: Final = st.floats(allow_nan=False, allow_infinity=False)
TEXTS: Final = st.text(st.characters(codec=None, exclude_categories=()), max_size=20)
"""Any characters, lone surrogates too: JSON can carry them as escapes."""
IDS: Final = st.text("abc_123", min_size=1, max_size=8)
SCALARS: Final = st.none() | st.booleans() | st.integers() | NUMBERS | TEXTS


def json_values(max_leaves: int = 8) -> st.SearchStrategy[Any]:
    """Any JSON value, as Python has it, of at most so many scalars."""
    return st.recursive(
        SCALARS,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
        max_leaves=max_leaves,
    )


def _object_with_id(more: Body, name: str) -> Body:
    return {**more, "id": name}


OBJECTS: Final[st.SearchStrategy[Body]] = st.dictionaries(TEXTS, json_values(4), max_size=3)

BY_TYPE: Final[Mapping[type, st.SearchStrategy[Any]]] = {
    str: TEXTS,
    int: st.integers(0, 100),
    dict: st.builds(_object_with_id, OBJECTS, IDS),
    list: st.lists(json_values(2), max_size=3),
}

ERRORS: Final[st.SearchStrategy[Body]] = st.one_of(
    # The three shapes that exist, and the one of row 18b of the original's measured scenarios.
    st.fixed_dictionaries(
        {"error": st.fixed_dictionaries({}, optional={"code": IDS, "message": TEXTS, "param": IDS | st.none(), "type": IDS})},
        optional={"status": st.sampled_from([400, 429, 500])},
    ),
    st.fixed_dictionaries({"code": IDS, "message": TEXTS, "param": st.none() | IDS}),
    st.fixed_dictionaries({"error": TEXTS}),
)


def events(*types: str) -> st.SearchStrategy[Body]:
    """An event of one of ``types`` (of any known type, if none is given) that has what its type must have, as a JSON object."""
    return st.sampled_from(types or tuple(EVENT_TYPES)).flatmap(_event)


@cache
def _event(name: str) -> st.SearchStrategy[Body]:
    fields: dict[str, st.SearchStrategy[Any]] = {"type": st.just(name)}
    optional: dict[str, st.SearchStrategy[Any]] = {
        "sequence_number": st.integers(0, 100) | st.none(),
        "stream_id": IDS | st.none(),
        "item_id": IDS,
        "output_index": st.integers(0, 5),
    }
    shape = SHAPES.get(name)
    if shape is None:
        return st.builds(_merged, st.fixed_dictionaries(fields, optional=optional), ERRORS)
    for field in shape.fields:
        (fields if field.required else optional)[field.name] = _values(field)
    return st.fixed_dictionaries(fields, optional=optional)


def _values(field: FieldShape) -> st.SearchStrategy[Any]:
    # In the order of their names: a set has none of its own, and the same choices must give the same event.
    kinds: list[type] = sorted(field.allowed, key=lambda kind: kind.__name__)
    return st.one_of(*[BY_TYPE[kind] for kind in kinds])


def _merged(event: Body, error: Body) -> Body:
    return {**event, **error}


def frames() -> st.SearchStrategy[str | bytes]:
    """Any frame at all, text or bytes: right events, damaged ones, other JSON, and no JSON."""
    right: st.SearchStrategy[str] = events().map(json.dumps)
    texts: st.SearchStrategy[str] = st.one_of(
        right,
        st.builds(_damaged, events(), st.sampled_from(DAMAGE), json_values(2)),
        st.builds(_torn, right, st.integers(0, 9), st.integers(-9, -1)),
        json_values().map(json.dumps),
        TEXTS,
    )
    return st.one_of(texts, texts.map(_in_bytes), st.binary(max_size=40))


DAMAGE: Final = ("type", "response", "item", "delta", "sequence_number", "stream_id", "item_id", "error", "code", "status", "part")


def _damaged(event: Body, field: str, value: object) -> str:
    """The text of an event with any value in one field."""
    return json.dumps({**event, field: value})


def _torn(text: str, start: int, end: int) -> str:
    return text[start:end]


def _in_bytes(text: str) -> bytes:
    return text.encode(errors="surrogatepass")
