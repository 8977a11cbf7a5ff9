"""Typed values write themselves as the wire has them, and say nothing where nothing is set."""

from __future__ import annotations

from typing import Any

import pytest

from rejoinder.engine import Reasoning, TextFormat, TextOptions, ToolChoice
from rejoinder.engine.typed_fields import wire_value

SCHEMA: dict[str, Any] = {"type": "object", "properties": {}}


@pytest.mark.original("C2:test_config_accepts_object", "C2:test_config_forward_compat_effort")
@pytest.mark.parametrize(
    "value, written",
    [
        (Reasoning("low", "auto"), {"effort": "low", "summary": "auto"}),
        (Reasoning(effort="newer than this"), {"effort": "newer than this"}),
        (ToolChoice("weather"), {"type": "function", "name": "weather"}),
        (ToolChoice("sql", "custom"), {"type": "custom", "name": "sql"}),
        (TextOptions(verbosity="low"), {"verbosity": "low"}),
        (TextOptions({"type": "json_object"}), {"format": {"type": "json_object"}}),
        (
            TextOptions(TextFormat("answer", SCHEMA, strict=True, description="An answer.")),
            {"format": {"type": "json_schema", "name": "answer", "schema": SCHEMA, "strict": True, "description": "An answer."}},
        ),
        (TextFormat("answer", SCHEMA), {"type": "json_schema", "name": "answer", "schema": SCHEMA}),
    ],
)
def test_as_the_wire_has_it(value: Any, written: dict[str, Any]) -> None:  # noqa: ANN401
    assert written == wire_value(value)


@pytest.mark.original("C2:test_empty_reasoning_config_falls_back_to_default")
@pytest.mark.parametrize("value", [Reasoning(), TextOptions()])
def test_what_is_empty_is_not_sent(value: Any) -> None:  # noqa: ANN401
    assert wire_value(value) is None


@pytest.mark.parametrize("value", ["auto", 7, None, {"effort": "low"}])
def test_anything_else_is_what_it_is(value: Any) -> None:  # noqa: ANN401
    assert value == wire_value(value)
