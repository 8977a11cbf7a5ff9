"""The names that docs/coming-from-pipecat.md gives are those of the code.

Rule: what is read is the right column of its table, where each piece of code is ours.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

import rejoinder.engine
import rejoinder.engine.tracing
from rejoinder.engine import Response, Session, Tools

PAGE: Final = (Path(__file__).parents[2] / "docs" / "coming-from-pipecat.md").read_text("utf-8")
OURS: Final = re.findall(r"^\| .* \| (?P<ours>.*) \|$", PAGE, re.MULTILINE)[1:]
CODE: Final = " ".join(code for cell in OURS for code in re.findall(r"`([^`]+)`", cell))
HOLDERS: Final[Mapping[str, type[object]]] = {"session": Session, "response": Response, "tools": Tools}
ATTRIBUTES: Final = sorted(set(re.findall(r"\b(session|response|tools)\.(\w+)", CODE)))
CALLS: Final = re.findall(r"\b(\w+)\(([^()]*…[^()]*|transport=[^()]*)", CODE)
ARGUMENTS: Final = sorted({(name, keyword) for name, given in CALLS for keyword in re.findall(r"(\w+)=", given)})


def test_every_class_is_public() -> None:
    names = set(re.findall(r"\b[A-Z]\w+\b", CODE))

    assert {"Endpoint", "Settings", "Conversation", "Tools"} <= names
    assert set() == names - set(rejoinder.engine.__all__)


@pytest.mark.parametrize("holder, attribute", ATTRIBUTES)
def test_every_attribute_is_there(holder: str, attribute: str) -> None:
    assert hasattr(HOLDERS[holder], attribute)


@pytest.mark.parametrize("name, keyword", ARGUMENTS)
def test_every_keyword_is_taken(name: str, keyword: str) -> None:
    assert keyword in inspect.signature(getattr(rejoinder.engine, name)).parameters


def test_the_table_was_read() -> None:
    assert {("session", "respond"), ("response", "timings"), ("tools", "add")} <= set(ATTRIBUTES)
    assert {("Endpoint", "headers"), ("Tools", "group_results"), ("open_session", "transport")} <= set(ARGUMENTS)


def test_the_tracer_is_where_the_page_says() -> None:
    assert "`trace_session(session)` of `rejoinder.engine.tracing`" in PAGE
    assert ["session"] == list(inspect.signature(rejoinder.engine.tracing.trace_session).parameters)[:1]
