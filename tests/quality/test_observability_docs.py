"""The examples of docs/observability.md run as they stand, against the simulator, and it names what there is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import attrs
import pytest
import trio

import rejoinder.engine.session
from rejoinder.engine import Endpoint, Timings
from rejoinder.states.profiles import OPENAI
from rejoinder.testing import OPENAI as OPENAI_SERVER
from rejoinder.testing import Answer, ModelServer, Text, scripted
from rejoinder.testing.simulator import serve

PAGE: Final = Path(__file__).parents[2] / "docs" / "observability.md"
TEXT: Final = PAGE.read_text("utf-8")


async def run(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run an example as it stands."""
    found = re.search(rf"<!-- example:{name} -->\n```python\n(.*?)```\n<!-- /example:{name} -->", TEXT, re.DOTALL)
    assert found is not None
    server = ModelServer(OPENAI_SERVER, scripted([Answer([Text("Trees grow.")])]))
    async with serve(server) as simulator:
        endpoint = Endpoint(simulator.url, api_key="key", profile=OPENAI)
        monkeypatch.setattr(rejoinder.engine.session, "Endpoint", lambda: endpoint)
        code = compile(found[1], str(PAGE), "exec")
        # The example calls trio.run, so it gets a thread of its own.
        await trio.to_thread.run_sync(exec, code, {"__name__": "__main__"})


async def test_the_example_of_figures(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    await run("figures", monkeypatch)
    lines = capsys.readouterr().out.splitlines()

    assert lines[0].startswith("request 1: completed, waited 0.")
    assert "Trees grow." == lines[1]
    assert "0.0 0 0 {'NoPrevious': 1}" == lines[3]
    assert lines[4].startswith("Usage(input_tokens=")
    assert "1 open ['idle']" == lines[5]


async def test_the_example_of_tracing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    await run("tracing", monkeypatch)

    assert "Trees grow.\n" == capsys.readouterr().out


def test_every_figure_is_explained() -> None:
    for field in attrs.fields(Timings):
        assert f"`{field.name}`" in TEXT
