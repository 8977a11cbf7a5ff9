"""Events of what a model says: each carries what the wire said, under the wire's own names."""

import attrs
import pytest

from harness.wire_frames import FRAMES, text
from rejoinder.states import content_events
from rejoinder.states.codec import EVENT_TYPES, decode

OURS = [name for name, event in EVENT_TYPES.items() if event.__module__ == content_events.__name__]


@pytest.mark.parametrize("wire_type", OURS)
def test_every_field_of_the_class_holds_what_the_wire_said(wire_type: str) -> None:
    frame = FRAMES[wire_type]
    event = decode(text(frame))
    known = {name: value for name, value in attrs.asdict(event).items() if name in frame}

    assert {**frame, "binary": False} == {**known, "binary": event.binary}


def test_an_item_gives_its_own_id() -> None:
    assert decode(text(FRAMES["response.output_item.done"])).item_id == "msg_1"


@pytest.mark.parametrize("item", [{}, {"id": None}, {"id": ""}])
def test_an_item_may_have_no_id(item: dict[str, object]) -> None:
    event = decode(text({**FRAMES["response.output_item.added"], "item": item}))

    assert isinstance(event, content_events.OutputItemAdded)
    assert event.item_id is None
    assert item == event.item


def test_an_item_is_echoed_as_it_came() -> None:
    item = {"id": "rs_1", "type": "reasoning", "encrypted_content": "…", "a_new_field": [1, {"deep": None}]}
    event = decode(text({**FRAMES["response.output_item.done"], "item": item}))

    assert isinstance(event, content_events.OutputItemDone)
    assert item == event.item
    assert event.item is event.raw["item"]


def test_public_names_are_the_classes_of_the_module() -> None:
    classes = {event.__name__ for event in EVENT_TYPES.values() if event.__module__ == content_events.__name__}

    assert sorted(content_events.__all__) == content_events.__all__
    assert classes | {"OutputItemEvent", "PartEvent"} == set(content_events.__all__)
