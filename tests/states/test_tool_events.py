"""Events of what tools do: each carries what the wire said, under the wire's own names."""

import attrs
import pytest

from harness.wire_frames import FRAMES, changed, lacking, text
from rejoinder.states import tool_events
from rejoinder.states.codec import EVENT_TYPES, decode

OURS = [name for name, event in EVENT_TYPES.items() if event.__module__ == tool_events.__name__]


@pytest.mark.parametrize("wire_type", OURS)
def test_every_field_of_the_class_holds_what_the_wire_said(wire_type: str) -> None:
    frame = FRAMES[wire_type]
    known = {name: value for name, value in attrs.asdict(decode(text(frame))).items() if name in frame}

    assert frame == known


@pytest.mark.parametrize("wire_type", ["response.shell_call_command.delta", "response.audio.delta"])
def test_some_deltas_name_no_item(wire_type: str) -> None:
    event = decode(text(FRAMES[wire_type]))

    assert isinstance(event, tool_events.ToolTextDelta)
    assert (None, FRAMES[wire_type]["delta"]) == (event.item_id, event.delta)


@pytest.mark.parametrize("delta", [{"stdout": "a", "stderr": "b"}, {}, "plain text"])
def test_output_of_a_shell_comes_as_an_object_or_as_text(delta: object) -> None:
    event = decode(changed("response.shell_call_output_content.delta", delta=delta))

    assert isinstance(event, tool_events.ShellCallOutputContentDelta)
    assert delta == event.delta


def test_a_patch_may_end_without_being_repeated() -> None:
    event = decode(lacking("response.apply_patch_call_operation_diff.done", "diff"))

    assert isinstance(event, tool_events.ApplyPatchCallOperationDiffDone)
    assert event.diff is None


def test_public_names_are_the_classes_of_the_module() -> None:
    classes = {event.__name__ for event in EVENT_TYPES.values() if event.__module__ == tool_events.__name__}

    assert sorted(tool_events.__all__) == tool_events.__all__
    assert classes | {"ToolEvent", "ToolTextDelta"} == set(tool_events.__all__)
