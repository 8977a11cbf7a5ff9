"""A list that was given before is recognised; whatever its owner changed in it is noticed."""

from __future__ import annotations

import copy
import enum
import gc
from collections import UserString
from collections.abc import Callable, Sequence
from types import MappingProxyType
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.pair import message, user
from rejoinder.engine.known_lists import HELD, MOST, KnownLists
from rejoinder.states.codec import encode_create
from rejoinder.states.frozen_json import FrozenObject, freeze_object
from rejoinder.states.item_history import ItemHistory


class Copies:
    """Known lists, and which items were copied anew with each."""

    def __init__(self) -> None:
        self.known = KnownLists()
        self.copied: list[int] = []

    def of(self, items: Sequence[object]) -> ItemHistory:
        def freeze(item: object, index: int) -> FrozenObject:
            self.copied.append(index)
            return freeze_object(cast("dict[str, Any]", item))

        self.copied = []
        return self.known.history_of(items, freeze)


def talk(length: int) -> list[dict[str, Any]]:
    return [user(f"question {index}") if index % 2 == 0 else message(f"answer {index}") for index in range(length)]


def test_what_was_given_before_is_shared_and_only_what_is_new_is_copied() -> None:
    copies, items = Copies(), talk(3)
    first = copies.of(items)
    items += [message("answer"), user("more")]
    second = copies.of(items)

    assert [3, 4] == copies.copied
    assert second.grew_from(first)
    assert items == second
    assert first[0] is second[0]


@pytest.mark.parametrize("index", [0, 1, 4])
def test_an_item_that_its_owner_changed_in_place_is_noticed(index: int) -> None:
    copies, items = Copies(), talk(5)
    first = copies.of(items)
    items[index]["content"] = "something else"
    items.append(user("more"))
    second = copies.of(items)

    assert list(range(index, 6)) == copies.copied
    assert not second.grew_from(first)
    assert items == second
    assert "something else" not in str(list(first))


def test_a_change_deep_inside_is_noticed() -> None:
    copies = Copies()
    items = [{"role": "user", "content": [{"type": "input_text", "text": "one"}]}, user("two")]
    copies.of(items)
    cast("Any", items)[0]["content"][0]["text"] = "three"

    assert items == copies.of(items)
    assert [0, 1] == copies.copied


def test_a_list_whose_end_was_taken_back_shares_the_rest() -> None:
    copies, items = Copies(), talk(6)
    copies.of(items)
    shorter = copies.of(items[:4])
    none_copied = copies.copied
    other = copies.of([*items[:5], user("another way")])

    assert [] == none_copied
    assert items[:4] == list(shorter)
    assert [4, 5] == copies.copied
    assert 6 == len(other)


def test_of_several_the_one_with_most_in_common_is_taken() -> None:
    copies = Copies()
    trunk = talk(4)
    copies.of([*trunk, user("left")])
    kept = copies.of([*trunk, user("right"), message("yes")])
    copies.of(talk(2))
    both = copies.of([*trunk, user("right"), message("yes"), user("more")])

    assert [6] == copies.copied
    assert both.grew_from(kept)


class Number(enum.IntEnum):
    ONE = 1


def bare(value: object) -> object:
    return value


def in_an_array(value: object) -> object:
    return [value]


def deep_inside(value: object) -> object:
    return {"deep": [value]}


@pytest.mark.parametrize("before, after", [(1, True), (True, 1), (1, 1.0), (0.0, False), (1, Number.ONE)])
@pytest.mark.parametrize("wrap", [bare, in_an_array, deep_inside])
def test_numbers_that_python_finds_equal_and_json_does_not(before: object, after: object, wrap: Callable[[object], object]) -> None:
    copies = Copies()
    items: list[dict[str, Any]] = [user("one"), {"type": "x", "value": wrap(before)}, user("two")]
    copies.of(items)
    unchanged = copies.of(copy.deepcopy(items))
    none_copied = copies.copied
    items[1]["value"] = wrap(after)
    items.append(user("three"))
    changed = copies.of(items)

    assert [] == none_copied
    assert encode_create({}, unchanged) != encode_create({}, changed)
    assert encode_create({}, items) == encode_create({}, changed)
    assert [1, 2, 3] == copies.copied


def test_words_of_another_type_are_the_same_words() -> None:
    copies = Copies()
    copies.of([user("one")])
    copies.of([{"role": "user", "content": UserString("one")}, MappingProxyType({"a": 1})])

    assert [1] == copies.copied


class Stubborn:
    """Something that cannot be compared, as arrays of some libraries."""

    def __eq__(self, other: object) -> bool:
        raise ValueError("The truth value is ambiguous.")

    def __hash__(self) -> int:
        return 0


@pytest.mark.parametrize("place", [0, 1])
def test_what_cannot_be_compared_was_not_given_before(place: int) -> None:
    copies, items = Copies(), talk(2)
    copies.of(items)
    cast("Any", items)[place]["content"] = Stubborn()

    with pytest.raises(TypeError, match="Stubborn"):
        copies.of(items)


def test_the_latest_few_are_kept_and_others_as_long_as_somebody_needs_them() -> None:
    copies = Copies()
    needed = copies.of([user("needed")])
    copies.of([user("forgotten")])
    for number in range(HELD):
        copies.of([user(str(number))])
    gc.collect()

    for text, expected in (("needed", []), ("forgotten", [0]), (str(HELD - 1), [])):
        copies.of([user(text)])
        assert expected == copies.copied
    assert needed is copies.of([user("needed")])


def test_it_is_bounded() -> None:
    copies = Copies()
    kept = [copies.of([user(str(number))]) for number in range(MOST + 10)]
    copies.of([user("9")])
    oldest = copies.copied
    copies.of([user(str(MOST))])

    assert MOST + 10 == len(kept)
    assert ([0], []) == (oldest, copies.copied)


def test_no_items_are_remembered_as_nothing() -> None:
    copies = Copies()

    assert 0 == len(copies.of([]))
    assert 1 == len(copies.of([user("Hi")]))


ITEM = st.fixed_dictionaries({"content": st.sampled_from(["a", "b", 1, True, 1.0, None, ["a"], [1], [True]])})


@given(st.lists(st.lists(ITEM, max_size=6), max_size=6))
def test_it_is_always_a_copy_of_what_was_given(lists: list[list[dict[str, Any]]]) -> None:
    known = KnownLists()
    for items in lists:
        history = known.history_of(items, lambda item, _: freeze_object(cast("dict[str, Any]", item)))

        assert encode_create({}, items) == encode_create({}, history)
