"""Which wire type is which class: the whole table, against the literal one of the tests."""

from harness.wire_frames import FRAMES, REQUIRED
from rejoinder.states.event_types import EVENT_TYPES, SHAPES
from rejoinder.states.stream_events import FrameKind

HTTP_STREAM_TYPES = 59


def test_every_wire_type_has_a_class_and_a_good_frame() -> None:
    assert set(FRAMES) == set(EVENT_TYPES)


def test_the_table_holds_the_types_of_an_http_stream_and_eight_more() -> None:
    more = [
        name
        for name in EVENT_TYPES
        if name == "keepalive" or name.startswith(("response.steer.", "response.inject.", "response.apply_patch"))
    ]

    assert (HTTP_STREAM_TYPES, 8) == (len(EVENT_TYPES) - len(more), len(more))


def test_no_two_types_share_a_class() -> None:
    assert len(EVENT_TYPES) == len(set(EVENT_TYPES.values()))


def test_a_class_is_named_after_its_type() -> None:
    for wire_type, event in EVENT_TYPES.items():
        expected = "".join(word.capitalize() for word in wire_type.replace(".", "_").split("_"))

        assert event.__name__ in {expected, expected.removeprefix("Response"), f"{expected}Event"}


def test_the_fields_a_frame_must_have_are_those_without_which_it_cannot_be_right() -> None:
    required = {(name, field.name) for name, shape in SHAPES.items() for field in shape.fields if field.required}

    assert set(REQUIRED) == required


def test_only_deltas_of_plain_text_take_the_quick_way() -> None:
    quick = {name for name, shape in SHAPES.items() if shape.quick}

    assert {name for name in FRAMES if name.endswith(".delta") and name != "response.shell_call_output_content.delta"} == quick


def test_the_kind_of_a_type_says_what_it_does_to_its_response() -> None:
    kinds = {name: event.kind for name, event in EVENT_TYPES.items() if event.kind is not FrameKind.CONTENT}

    assert {
        "response.created": FrameKind.CREATED,
        "response.queued": FrameKind.PROGRESS,
        "response.in_progress": FrameKind.PROGRESS,
        "response.completed": FrameKind.TERMINAL,
        "response.failed": FrameKind.TERMINAL,
        "response.incomplete": FrameKind.TERMINAL,
        "response.output_item.added": FrameKind.ITEM_ADDED,
        "error": FrameKind.ERROR,
        "keepalive": FrameKind.KEEPALIVE,
        "response.steer.accepted": FrameKind.STEER,
        "response.steer.pending": FrameKind.STEER,
        "response.steer.failed": FrameKind.STEER,
        "response.inject.created": FrameKind.OTHER,
        "response.inject.failed": FrameKind.OTHER,
    } == kinds
