"""A history is a value: growing one changes no other, and lineage says no more than is true."""

from __future__ import annotations

from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rejoinder.states.frozen_json import FrozenObject, freeze_object
from rejoinder.states.item_history import ItemHistory


def items(*names: str) -> list[FrozenObject]:
    return [freeze_object({"id": name}) for name in names]


def names(history: ItemHistory) -> str:
    return "".join(item["id"] for item in history)


def test_growing_leaves_what_it_grew_from() -> None:
    first = ItemHistory(items("a", "b"))
    second = first.grown(items("c"))

    assert ("ab", "abc") == (names(first), names(second))
    assert second.grew_from(first)
    assert not first.grew_from(second)
    assert first.grew_from(first)


def test_growing_by_nothing_is_the_same() -> None:
    first = ItemHistory(items("a"))

    assert first is first.grown([])


def test_a_fork_goes_on_by_itself() -> None:
    trunk = ItemHistory(items("a", "b"))
    one = trunk.grown(items("c"))
    other = trunk.grown(items("x"))

    assert ("abc", "abx") == (names(one), names(other))
    assert one.grew_from(trunk)
    assert other.grew_from(trunk)
    assert not other.grew_from(one)
    assert not one.grew_from(other)


def test_a_fork_of_a_fork_remembers_where_both_parted() -> None:
    trunk = ItemHistory(items("a", "b", "c"))
    trunk.grown(items("x"))
    fork = trunk.first(2).grown(items("d", "e"))
    fork.grown(items("y"))
    twig = fork.first(1).grown(items("z"))

    assert "az" == names(twig)
    assert twig.grew_from(trunk.first(1))
    assert twig.grew_from(fork.first(1))
    # It has the list of neither beyond the place where it parted.
    assert not twig.grew_from(trunk.first(2))
    assert not twig.grew_from(fork.first(2))


def test_equal_items_without_a_common_origin_are_equal_but_not_grown() -> None:
    one, other = ItemHistory(items("a")), ItemHistory(items("a"))

    assert one == other
    assert not other.grew_from(one)


@pytest.mark.parametrize("other", [[{"id": "a"}], ({"id": "a"},)])
def test_it_equals_a_list_of_equal_items(other: Any) -> None:  # noqa: ANN401
    assert ItemHistory(items("a")) == other
    assert ItemHistory(items("b")) != other
    assert ItemHistory(items("a", "a")) != other


def test_it_equals_nothing_else() -> None:
    assert ItemHistory() != "ab"
    assert ItemHistory(items("a")) != ItemHistory(items("b"))


def test_it_is_read_as_a_sequence() -> None:
    history = ItemHistory(items("a", "b", "c")).first(2)

    assert ("a", "b", "b") == (history[0]["id"], history[1]["id"], history[-1]["id"])
    assert [{"id": "b"}] == history[1:]
    assert [{"id": "b"}, {"id": "a"}] == history[::-1]
    assert 2 == len(history.first(9))
    assert "<ItemHistory of 2 items>" == repr(history)
    for index in (2, -3):
        with pytest.raises(IndexError, match="There is no item"):
            history[index]


MOVES: Final = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 4), st.integers(0, 2)), max_size=20)


@given(MOVES)
def test_lineage_says_only_what_is_true(moves: list[tuple[int, int, int]]) -> None:
    known: list[tuple[ItemHistory, list[str]]] = [(ItemHistory(), [])]
    fresh = iter(str(number) for number in range(1000))
    for which, cut, growth in moves:
        history, contents = known[which % len(known)]
        kept = max(len(contents) - cut, 0)
        new = [next(fresh) for _ in range(growth)]
        known.append((history.first(kept).grown(items(*new)), [*contents[:kept], *new]))

    for history, contents in known:
        assert contents == [item["id"] for item in history]
        for earlier, before in known:
            if history.grew_from(earlier):
                assert contents[: len(before)] == before
