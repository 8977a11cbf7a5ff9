"""What is frozen stays what it was, whoever holds it, and can be written, compared and copied as any JSON value."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from typing import Any, Final

import pytest

from rejoinder.states import frozen_json
from rejoinder.states.frozen_json import FEW, REMEMBERED, FrozenArray, FrozenObject, freeze_object, write_array
from rejoinder.states.json_values import NotSerialisable, write

PLAIN: Final[dict[str, Any]] = {"role": "user", "content": [{"type": "text", "text": "Hi"}], "n": 1}


def frozen() -> FrozenObject:
    return freeze_object(PLAIN)


OBJECT_CHANGES: Final[dict[str, Callable[[Any], object]]] = {
    "set": lambda item: item.__setitem__("role", "assistant"),
    "delete": lambda item: item.__delitem__("role"),
    "merge": lambda item: item.__ior__({"role": "assistant"}),
    "clear": lambda item: item.clear(),
    "pop": lambda item: item.pop("role"),
    "popitem": lambda item: item.popitem(),
    "setdefault": lambda item: item.setdefault("name", "x"),
    "update": lambda item: item.update(role="assistant"),
}
ARRAY_CHANGES: Final[dict[str, Callable[[Any], object]]] = {
    "set": lambda parts: parts.__setitem__(0, "x"),
    "delete": lambda parts: parts.__delitem__(0),
    "extend in place": lambda parts: parts.__iadd__(["x"]),
    "repeat in place": lambda parts: parts.__imul__(2),
    "append": lambda parts: parts.append("x"),
    "clear": lambda parts: parts.clear(),
    "extend": lambda parts: parts.extend(["x"]),
    "insert": lambda parts: parts.insert(0, "x"),
    "pop": lambda parts: parts.pop(),
    "remove": lambda parts: parts.remove(parts[0]),
    "reverse": lambda parts: parts.reverse(),
    "sort": lambda parts: parts.sort(key=str),
}


@pytest.mark.parametrize("change", OBJECT_CHANGES.values(), ids=OBJECT_CHANGES)
def test_an_object_cannot_be_changed(change: Callable[[Any], object]) -> None:
    item = frozen()

    with pytest.raises(TypeError, match=r"cannot be changed\. Change a copy"):
        change(item)
    assert PLAIN == item


@pytest.mark.parametrize("change", ARRAY_CHANGES.values(), ids=ARRAY_CHANGES)
def test_an_array_cannot_be_changed(change: Callable[[Any], object]) -> None:
    item = frozen()

    with pytest.raises(TypeError, match=r"cannot be changed\. Change a copy"):
        change(item["content"])
    assert PLAIN == item


def test_all_methods_that_change_a_dict_or_a_list_are_refused() -> None:
    changing_dict = {name for name in dir(dict) if name not in dir(FrozenArray)} - {"fromkeys", "get", "items", "keys", "values"}
    reading = {"__or__", "__ror__", "__reversed__"}

    assert changing_dict - reading <= set(vars(FrozenObject))
    assert {"append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort"} <= set(vars(FrozenArray))


def pickled(item: FrozenObject) -> Any:  # noqa: ANN401 - whatever comes back
    return pickle.loads(pickle.dumps(item))  # noqa: S301 - its own


DUPLICATES: Final[dict[str, Callable[[FrozenObject], Any]]] = {
    "copy": copy.copy,
    "deep": copy.deepcopy,
    "dict": dict,
    "pickle": pickled,
}


@pytest.mark.parametrize("duplicate", DUPLICATES.values(), ids=DUPLICATES)
def test_a_copy_may_be_changed(duplicate: Callable[[FrozenObject], dict[str, Any]]) -> None:
    item = frozen()
    twin = duplicate(item)
    twin["role"] = "assistant"

    assert dict is type(twin)
    assert "user" == item["role"]


def test_a_deep_copy_is_plain_all_through() -> None:
    twin = copy.deepcopy(frozen())
    twin["content"].append("more")

    assert (list, dict) == (type(twin["content"]), type(twin["content"][0]))


def test_what_is_frozen_is_written_as_what_it_is() -> None:
    assert json.dumps(PLAIN) == json.dumps(frozen())
    assert repr(PLAIN) == repr(frozen())


def test_it_is_a_private_copy() -> None:
    parts = [{"type": "text", "text": "before"}]
    item = freeze_object({"role": "user", "content": parts})
    parts[0]["text"] = "after"
    parts.clear()

    assert [{"type": "text", "text": "before"}] == item["content"]


def test_what_is_frozen_already_is_shared() -> None:
    item = frozen()

    assert item is freeze_object(item)


def test_what_json_cannot_carry_is_named() -> None:
    with pytest.raises(NotSerialisable, match=r"^messages\[0\]\.content is of type"):
        freeze_object({"content": b"bytes"}, "messages[0]")


@pytest.mark.parametrize("text", ["Hi", "\ud800", "x" * REMEMBERED])
def test_an_object_is_written_as_any_other(text: str) -> None:
    item = freeze_object({"role": "user", "content": text})

    assert write({"role": "user", "content": text}) == item.written() == item.written()
    assert f"[{item.written()},{item.written()}]" == write_array([item, item])
    assert "[]" == write_array([])


def test_many_at_once_are_written_in_one_go_and_those_that_remember_are_not_written_again(monkeypatch: pytest.MonkeyPatch) -> None:
    items = [freeze_object({"content": f"item {number}", "text": "\ud800"}) for number in range(3 * FEW)]
    plain = write([dict(item) for item in items])
    written: list[object] = []

    def note(value: object) -> str:
        written.append(value)
        return write(value)

    for item in items[FEW : FEW + 2]:
        item.written()
    monkeypatch.setattr(frozen_json, "write", note)

    assert plain == write_array(items) == write_array(items)
    # The first few by themselves, once; the last many together, each time.
    assert FEW == len([each for each in written if isinstance(each, FrozenObject)])
    assert [items[FEW + 2 :]] * 2 == [each for each in written if isinstance(each, list)]


def test_an_object_is_written_once_unless_it_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    small, large = freeze_object({"content": "Hi"}), freeze_object({"content": "x" * REMEMBERED})
    written: list[object] = []

    def note(value: object) -> str:
        written.append(value)
        return write(value)

    monkeypatch.setattr(frozen_json, "write", note)
    for item in (small, large, small, large):
        item.written()

    assert [small, large, large] == written
