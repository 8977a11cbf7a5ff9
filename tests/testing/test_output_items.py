"""Each item comes with the events that were recorded around such an item, in their order."""

from typing import Any

import pytest

from rejoinder.testing import Call, Reasoning, Refusal, Text
from rejoinder.testing.output_items import ItemStep, SpokenItem, cut, speak
from rejoinder.testing.script import Pieces


def say(step: ItemStep) -> SpokenItem:
    return speak(step, "item_1", "call_1", 2)


def kinds(spoken: SpokenItem) -> list[str]:
    return [event["type"].removeprefix("response.") for _, event in spoken.events]


def events(spoken: SpokenItem, kind: str) -> list[Any]:
    return [event for _, event in spoken.events if event["type"] == f"response.{kind}"]


@pytest.mark.parametrize(
    "text, pieces, expected",
    [
        ("one two  three ", None, ["one", " two", "  three "]),
        (" lead", None, [" lead"]),
        ("", None, []),
        ("  ", None, ["  "]),
        ("abcdef", 3, ["ab", "cd", "ef"]),
        ("abcde", 2, ["ab", "cde"]),
        ("ab", 5, ["a", "b"]),
        ("ab", 0, ["ab"]),
        ("", 3, []),
        ("abc", ["a", "", "bc"], ["a", "", "bc"]),
    ],
)
def test_text_is_cut_into_pieces(text: str, pieces: Pieces, expected: list[str]) -> None:
    assert expected == list(cut(text, pieces))


def test_a_message_has_the_recorded_events() -> None:
    spoken = say(Text("plain fixture", interval=0.5, phase="commentary"))
    expected = [
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "output_item.done",
    ]

    assert expected == kinds(spoken)
    assert [0.0, 0.0, 0.5, 0.5, 0.0, 0.0, 0.0] == [silence for silence, _ in spoken.events]
    assert spoken.item["content"] == [{"type": "output_text", "annotations": [], "logprobs": [], "text": "plain fixture"}]
    assert (spoken.item["status"], spoken.item["phase"], spoken.item["id"]) == ("completed", "commentary", "item_1")
    assert spoken.item == events(spoken, "output_item.done")[0]["item"]
    assert spoken.length == 13


def test_every_event_names_its_place() -> None:
    for step in (Text("a"), Call("f", "{}"), Reasoning("a"), Refusal("a")):
        for _, event in say(step).events:
            identifier = event["item"]["id"] if "item" in event else event["item_id"]

            assert (identifier, event["output_index"]) == ("item_1", 2)


def test_a_message_without_a_phase_has_no_such_field() -> None:
    assert "phase" not in say(Text("a")).item


def test_a_cut_message_stays_unfinished() -> None:
    spoken = say(Text("abcd", pieces=["a", "b"], cut=True))

    assert ["output_item.added", "content_part.added", "output_text.delta", "output_text.delta"] == kinds(spoken)
    assert (spoken.item["status"], spoken.item["content"][0]["text"]) == ("incomplete", "ab")


def test_a_refusal_has_its_own_events() -> None:
    spoken = say(Refusal("I will not", pieces=1))
    expected = ["output_item.added", "content_part.added", "refusal.delta", "refusal.done", "content_part.done"]

    assert [*expected, "output_item.done"] == kinds(spoken)
    assert spoken.item["content"] == [{"type": "refusal", "refusal": "I will not"}]
    assert events(spoken, "refusal.done")[0]["refusal"] == "I will not"


def test_a_call_has_the_recorded_events() -> None:
    spoken = say(Call("f", '{"a":1}', interval=0.1))
    expected = ["output_item.added", *["function_call_arguments.delta"] * 2, "function_call_arguments.done"]

    assert [*expected, "output_item.done"] == kinds(spoken)
    assert (spoken.item["name"], spoken.item["arguments"], spoken.item["call_id"]) == ("f", '{"a":1}', "call_1")
    assert events(spoken, "output_item.added")[0]["item"]["arguments"] == ""
    assert "name" not in events(spoken, "function_call_arguments.done")[0]


def test_a_call_may_bring_its_own_id() -> None:
    assert say(Call("f", "{}", call_id="mine")).item["call_id"] == "mine"


def test_a_cut_call_stays_unfinished() -> None:
    spoken = say(Call("f", '{"a":1}', pieces=['{"a'], cut=True))

    assert ["output_item.added", "function_call_arguments.delta"] == kinds(spoken)
    assert (spoken.item["status"], spoken.item["arguments"]) == ("incomplete", '{"a')


def test_the_encrypted_blob_of_added_is_not_that_of_done() -> None:
    spoken = say(Reasoning(encrypted="BLOB"))

    assert ["output_item.added", "output_item.done"] == kinds(spoken)
    assert spoken.item["encrypted_content"] == "BLOB"
    assert events(spoken, "output_item.added")[0]["item"]["encrypted_content"] != "BLOB"


def test_a_summary_has_its_own_events() -> None:
    spoken = say(Reasoning("so it is", interval=0.2))
    text = "reasoning_summary_text"
    part = "reasoning_summary_part"
    expected = [f"{part}.added", *[f"{text}.delta"] * 3, f"{text}.done", f"{part}.done"]

    assert ["output_item.added", *expected, "output_item.done"] == kinds(spoken)
    assert spoken.item["summary"] == [{"type": "summary_text", "text": "so it is"}]
    assert "encrypted_content" not in spoken.item
