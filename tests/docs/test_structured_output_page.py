"""docs/structured-output.md: each of its programs runs, asks for what the page says, and prints what the page says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import pytest
import trio

import rejoinder.engine.session
from rejoinder.engine import Endpoint, TextFormat
from rejoinder.states.profiles import OPENAI
from rejoinder.testing import Answer, ModelServer, Text, scripted
from rejoinder.testing.simulator import serve

PAGE: Final = (Path(__file__).parents[2] / "docs" / "structured-output.md").read_text("utf-8")
EXAMPLES: Final = re.findall(r"^```python\n(.*?)^```\n\n```text\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
ANSWERS: Final = (
    ('{"city": "Oslo", "sky": "rain", "high": 9, "warning": null}',),
    ('{"name": "Ada", "age": "unknown"}',),
    ('{"trees": ["oak", "elm"]}', '{"trees": 2}'),
)
"""What the model says in each of them."""


async def run(number: int, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Run a program as a reader would; returns the formats that it asked for."""
    server = ModelServer(answer=scripted([Answer([Text(text)]) for text in ANSWERS[number]]))
    async with serve(server) as simulator:
        endpoint = Endpoint(simulator.url, api_key="key", profile=OPENAI)
        monkeypatch.setattr(rejoinder.engine.session, "Endpoint", lambda: endpoint)
        code = compile(EXAMPLES[number][0], f"structured-output.md, program {number + 1}", "exec", dont_inherit=True)
        # The program calls trio.run, so it gets a thread of its own.
        await trio.to_thread.run_sync(exec, code, {"__name__": "__main__"})
    return [create["text"]["format"] for create in server.creates()]


@pytest.mark.parametrize("number", range(len(ANSWERS)))
async def test_it_prints_what_the_page_says(
    number: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    await run(number, monkeypatch)

    assert EXAMPLES[number][1] == capsys.readouterr().out


async def test_the_format_is_that_of_the_type(monkeypatch: pytest.MonkeyPatch) -> None:
    (asked,) = await run(0, monkeypatch)
    properties = asked["schema"]["properties"]

    assert ("json_schema", "Forecast", True) == (asked["type"], asked["name"], asked["strict"])
    assert list(properties) == asked["schema"]["required"]
    assert {"type": "number", "description": "Degrees Celsius."} == properties["high"]
    assert {"anyOf": [{"type": "string"}, {"type": "null"}]} == properties["warning"]
    assert "The weather of one day." == asked["schema"]["description"]


async def test_a_format_of_ones_own_goes_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = await run(2, monkeypatch)

    assert ("trees", True) == (first["name"], first["strict"])
    assert {"type": "json_object"} == second


def test_every_program_is_run() -> None:
    assert len(ANSWERS) == len(EXAMPLES) == PAGE.count("```python")


def test_the_arguments_are_those_that_there_are() -> None:
    named = re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)

    assert set(named) < set(TextFormat.of.__annotations__)
