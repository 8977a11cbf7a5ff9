"""docs/reference/events.md: what it says is in `rejoinder.engine` is there, and its modules hold every event there is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import rejoinder.engine
from rejoinder.engine import ResponseFailedEvent, StreamEvent, ToolEvent
from rejoinder.states import content_events, stream_events, tool_events
from rejoinder.states.codec import EVENT_TYPES

PAGE: Final = (Path(__file__).parents[2] / "docs" / "reference" / "events.md").read_text("utf-8")
BASES: Final = {"OutputItemEvent", "PartEvent"}
"""Classes that nothing is made of."""


def test_everything_that_a_model_says_is_in_the_engine() -> None:
    assert set() == set(content_events.__all__) - BASES - set(rejoinder.engine.__all__)


def test_the_rest_is_the_progress_of_tools_and_what_is_rare() -> None:
    exported = {kind for name in rejoinder.engine.__all__ if isinstance(kind := getattr(rejoinder.engine, name), type)}
    rest = {kind for kind in EVENT_TYPES.values() if kind not in exported and not issubclass(kind, ToolEvent)}

    assert {"InjectCreated", "InjectFailed", "Keepalive", "SteerAccepted", "SteerFailed", "SteerPending"} == {
        kind.__name__ for kind in rest
    }


def test_every_event_is_in_a_module_that_the_page_lists() -> None:
    listed = set(re.findall(r"^\.\. automodule:: (\S+)$", PAGE, re.MULTILINE))

    assert {module.__name__ for module in (content_events, stream_events, tool_events)} == listed
    assert {kind.__module__ for kind in EVENT_TYPES.values()} <= listed


def test_the_event_of_a_failure_is_no_exception() -> None:
    assert ResponseFailedEvent is stream_events.ResponseFailed
    assert issubclass(ResponseFailedEvent, StreamEvent)
    assert issubclass(rejoinder.engine.ResponseFailed, Exception)
