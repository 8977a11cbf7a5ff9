"""What a handler is given and gives back shows no payload."""

from __future__ import annotations

from typing import Any

import pytest

from rejoinder.engine import ToolCall, ToolResult

SECRET = "swordfish"


def test_a_call_shows_its_name_and_id_only() -> None:
    anything: Any = SECRET
    call = ToolCall("look", "call_1", {"x": SECRET}, {"x": SECRET}, SECRET, anything, anything, SECRET, print)

    assert "ToolCall(name='look', call_id='call_1')" == repr(call)


def test_progress_goes_to_the_engine() -> None:
    said: list[object] = []
    nobody: Any = None
    call = ToolCall("look", "call_1", {}, {}, None, nobody, nobody, None, lambda _, value: said.append(value))
    call.progress(0.5)

    assert [0.5] == said


def test_a_result_shows_its_options_only() -> None:
    assert "ToolResult(run_again=False, as_parts=False)" == repr(ToolResult(SECRET, run_again=False))


def test_a_call_cannot_be_changed() -> None:
    nobody: Any = None
    call: Any = ToolCall("look", "call_1", {}, {}, None, nobody, nobody, None, print)

    with pytest.raises(AttributeError):
        call.name = "other"
