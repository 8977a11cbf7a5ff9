"""In a trace, a turn of a conversation costs what is new in it, and everything is read again as it was."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import frames
from harness.watching import Watched, watching
from rejoinder.states.continuation import RequestContent
from rejoinder.states.events import Create
from rejoinder.states.frozen_json import freeze_object
from rejoinder.states.item_history import ItemHistory
from rejoinder.states.profiles import AZURE, Policy
from rejoinder.states.trace import Fed, Header, TraceError, entry_line, read_lines, veiled, write_lines
from rejoinder.states.trace_inputs import KEPT, After, Missing, ReadInputs, WrittenInputs
from rejoinder.states.withheld import Veil

HEADER = Header("1.2.3", AZURE, Policy())


def create(request: int, items: Iterable[Any]) -> Create:
    return Create(request, RequestContent(items if isinstance(items, ItemHistory | list) else list(items)))


def history(*texts: str) -> ItemHistory:
    return ItemHistory(freeze_object(frames.user(text)) for text in texts)


def grown(earlier: ItemHistory, *texts: str) -> ItemHistory:
    return earlier.grown(history(*texts))


def written(*events: Create, payloads: bool = True) -> list[dict[str, Any]]:
    """The contents of the creates as they are written, without their other fields."""
    lines = list(write_lines(attrs.evolve(HEADER, payloads=payloads), [Fed(0.0, event, ()) for event in events]))
    contents = [json.loads(line)["event"]["content"] for line in lines[1:]]
    return [{name: content[name] for name in ("items", "after") if name in content} for content in contents]


def read(*contents: dict[str, Any]) -> list[list[Any]]:
    """The items of creates with these contents, for requests 1, 2 and so on."""
    feeds: list[dict[str, Any]] = [
        {"at": 0.0, "event": {"is": "Create", "request": number, "content": content}, "effects": []}
        for number, content in enumerate(contents, 1)
    ]
    trace = read_lines([*write_lines(HEADER, []), *(json.dumps(feed) + "\n" for feed in feeds)])
    return [list(fed.event.content.items) for fed in trace.feds if isinstance(fed.event, Create)]


@pytest.mark.parametrize("payloads", [True, False])
def test_only_what_is_new_is_written_and_all_of_it_is_read(*, payloads: bool) -> None:
    first = history("one")
    second = grown(first, "two", "three")
    third = grown(second, "four")
    contents = written(create(1, first), create(2, second), create(3, third), payloads=payloads)

    assert [1, 2, 1] == [len(content["items"]) for content in contents]
    assert [None, {"request": 1, "items": 1}, {"request": 2, "items": 3}] == [content.get("after") for content in contents]
    assert [1, 3, 4] == [len(items) for items in read(*contents)]
    assert not payloads or [list(first), list(second), list(third)] == read(*contents)


@pytest.mark.parametrize("payloads", [True, False])
def test_a_line_costs_what_is_new_in_it(*, payloads: bool) -> None:
    def looked_at(length: int) -> tuple[Watched, int]:
        veil, inputs = Veil(), WrittenInputs()
        first = history(*map(str, range(length)))
        second = grown(first, "turn")

        def line_of(number: int, items: ItemHistory) -> str:
            fed = Fed(0.0, create(number, items), ())
            return entry_line(fed if payloads else veiled(fed, veil), inputs)

        line_of(1, first)
        line_of(2, second)
        with watching() as watched:
            line = line_of(3, grown(second, "another turn"))
        return watched, len(line.replace(str(length + 1), "many"))

    (short, short_line), (long, long_line) = looked_at(20), looked_at(2000)

    assert 0 < len(short.items) == len(long.items) <= 2
    assert (short.walked, short.calls) == (long.walked, long.calls)
    assert abs(short_line - long_line) <= 2  # the digits of a mark


def test_what_is_asked_again_is_all_there() -> None:
    items = history("one", "two")

    assert [{"items": [], "after": {"request": 1, "items": 2}}] == written(create(1, items), create(2, items))[1:]


def test_a_list_is_written_whole() -> None:
    items = [frames.user("one")]

    assert [{"items": items}, {"items": [*items, *items]}] == written(create(1, items), create(2, [*items, *items]))


def test_a_fork_names_where_it_parted() -> None:
    trunk = history("one", "two")
    left, right = grown(trunk, "left"), grown(trunk, "right")
    contents = written(create(1, trunk), create(2, left), create(3, right), create(4, grown(right, "more")))

    assert [{"request": 1, "items": 2}, {"request": 1, "items": 2}, {"request": 3, "items": 3}] == [
        content["after"] for content in contents[1:]
    ]
    assert [list(trunk), list(left), list(right), [*right, frames.user("more")]] == read(*contents)


def test_a_history_without_an_item_is_named_by_nobody() -> None:
    empty = ItemHistory()
    contents = written(create(1, empty), create(2, grown(empty, "one")))

    assert [{"items": []}, {"items": [frames.user("one")]}] == contents


def test_what_is_named_grows_as_it_is_read() -> None:
    reading = ReadInputs()
    first = reading.whole(create(1, [frames.user("one")]), None)
    second = reading.whole(create(2, [frames.user("two")]), After(1, 1))
    third = reading.whole(create(3, [frames.user("three")]), After(2, 2))

    assert isinstance(first.content.items, list)
    assert isinstance(second.content.items, ItemHistory)
    assert isinstance(third.content.items, ItemHistory)
    assert third.content.items.grew_from(second.content.items)


@pytest.mark.parametrize("after", [After(2, 1), After(1, 2), After(1, 0), After(1, -1)])
def test_what_is_not_there_cannot_be_named(after: After) -> None:
    reading = ReadInputs()
    reading.whole(create(1, [frames.user("one")]), None)

    with pytest.raises(Missing):
        reading.whole(create(3, []), after)


def test_the_latest_are_kept_by_both() -> None:
    writing, reading = WrittenInputs(), ReadInputs()
    first = history("one")
    for number in range(1, KEPT + 2):
        event = create(number, first if number == 1 else [])
        writing.wrote(event)
        reading.whole(event, None)
        if number == KEPT:
            assert After(1, 1) == writing.shortened(create(0, grown(first, "two")))[1]

    assert writing.shortened(create(0, grown(first, "two")))[1] is None
    with pytest.raises(Missing):
        reading.whole(create(0, []), After(1, 1))


@pytest.mark.parametrize(
    "content, said",
    [
        ({"items": [], "after": {"request": 7, "items": 1}}, "It goes on from a create that is not before it. Read the whole file"),
        ({"items": [], "after": {"request": 1}}, "event.content.after.items is missing"),
        ({"items": [], "after": None}, "event.content.after is not an object"),
        ({"items": [], "after": {"request": "1", "items": 1}}, "event.content.after.request is not an integer"),
    ],
)
def test_a_line_that_names_nothing_is_refused(content: dict[str, Any], said: str) -> None:
    with pytest.raises(TraceError, match=f"^Line 3: {said}"):
        read({"items": [frames.user("one")]}, content)


def test_an_item_that_is_no_item_is_refused() -> None:
    deep: Any = "deep"
    for _ in range(300):
        deep = [deep]

    with pytest.raises(TraceError, match=r"^Line 3: It has an item that is nested too deeply"):
        read({"items": [{"role": "user", "content": deep}]}, {"items": [], "after": {"request": 1, "items": 1}})


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 4), st.lists(st.sampled_from("abc"), max_size=3)), max_size=8))
def test_whatever_grows_from_whatever_is_read_as_it_was(moves: list[tuple[int, int, list[str]]]) -> None:
    histories = [history("root")]
    for place, length, texts in moves:
        histories.append(grown(histories[place % len(histories)].first(length), *texts))
    events = [create(number, items) for number, items in enumerate(histories, 1)]

    assert [list(items) for items in histories] == read(*written(*events))
    assert [len(items) for items in histories] == [len(items) for items in read(*written(*events, payloads=False))]
