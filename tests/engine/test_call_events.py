"""The events of calls: told from the wire's by their type, and without a payload in their repr."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from rejoinder.engine import CallEvent, CallFailed, CallFinished, CallProgress, CallRefused, ToolCall

NOBODY: Any = None
CALL = ToolCall("look", "call_1", {}, {}, None, NOBODY, NOBODY, None, print)
SECRET = "swordfish"


def test_each_event_has_a_type_of_its_own() -> None:
    types = [kind.type for kind in get_args(CallEvent)]

    assert len(set(types)) == len(types) == 8
    assert all(each.startswith("rejoinder.call") for each in types)


@pytest.mark.parametrize(
    "event",
    [
        CallProgress(CALL, SECRET),
        CallFinished(CALL, SECRET, 1.0),
        CallRefused(CALL, SECRET),
        CallFailed(CALL, RuntimeError(SECRET), 1.0),
    ],
    ids=lambda event: type(event).__name__,
)
def test_no_payload_shows(event: CallEvent) -> None:
    assert SECRET not in repr(event)
    assert "call_1" in repr(event)
