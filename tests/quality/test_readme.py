"""The README's example runs as it stands, against the simulator."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import trio

import rejoinder.engine.session
from rejoinder.engine import Endpoint
from rejoinder.states.profiles import OPENAI
from rejoinder.testing import OPENAI as OPENAI_SERVER
from rejoinder.testing import Answer, ModelServer, Text, scripted
from rejoinder.testing.simulator import serve

README = Path(__file__).parents[2] / "README.md"
INTERRUPTED = "with trio.move_on_after(2):"


async def run_the_example(server: ModelServer, monkeypatch: pytest.MonkeyPatch, *, scope: str = INTERRUPTED) -> None:
    """Run it against ``server``: as it stands, or with another scope around its second request."""
    found = re.search(r"<!-- example:embed -->\n```python\n(.*?)```\n<!-- /example:embed -->", README.read_text("utf-8"), re.DOTALL)
    assert found is not None
    async with serve(server) as simulator:
        endpoint = Endpoint(simulator.url, api_key="key", profile=OPENAI)
        monkeypatch.setattr(rejoinder.engine.session, "Endpoint", lambda: endpoint)
        assert INTERRUPTED in found[1]
        code = compile(found[1].replace(INTERRUPTED, scope), str(README), "exec")
        # The example calls trio.run, so it gets a thread of its own.
        await trio.to_thread.run_sync(exec, code, {"__name__": "__main__"})


async def test_the_embedding_example_runs_as_it_stands(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    server = ModelServer(OPENAI_SERVER, scripted([Answer([Text("Trees grow.")]), Answer([Text("They grow slowly.")])]))

    await run_the_example(server, monkeypatch)

    assert "Trees grow.They grow slowly.\ncompleted\n" == capsys.readouterr().out
    first, second = (entry.body for entry in server.log if entry.type == "response.create")
    assert [{"role": "user", "content": "Tell me about trees."}] == first["input"]
    assert [{"role": "user", "content": "And now the long version, please."}] == second["input"]
    assert "resp_1" == second["previous_response_id"]


async def test_the_example_says_so_if_it_was_interrupted_before_it_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    server = ModelServer(OPENAI_SERVER, scripted([Answer([Text("Trees grow.")])]))

    await run_the_example(server, monkeypatch, scope="with trio.move_on_at(0):")

    assert "Trees grow.not asked\n" == capsys.readouterr().out
    assert 1 == len(server.creates())
