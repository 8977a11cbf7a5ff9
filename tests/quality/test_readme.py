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


async def test_the_embedding_example_runs_as_it_stands(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    found = re.search(r"<!-- example:embed -->\n```python\n(.*?)```\n<!-- /example:embed -->", README.read_text("utf-8"), re.DOTALL)
    assert found is not None
    server = ModelServer(OPENAI_SERVER, scripted([Answer([Text("Trees grow.")]), Answer([Text("They grow slowly.")])]))

    async with serve(server) as simulator:
        endpoint = Endpoint(simulator.url, api_key="key", profile=OPENAI)
        monkeypatch.setattr(rejoinder.engine.session, "Endpoint", lambda: endpoint)
        code = compile(found[1], str(README), "exec")
        # The example calls trio.run, so it gets a thread of its own.
        await trio.to_thread.run_sync(exec, code, {"__name__": "__main__"})

    assert "Trees grow.They grow slowly.\ncompleted\n" == capsys.readouterr().out
    first, second = (entry.body for entry in server.log if entry.type == "response.create")
    assert [{"role": "user", "content": "Tell me about trees."}] == first["input"]
    assert [{"role": "user", "content": "And now the long version, please."}] == second["input"]
    assert "resp_1" == second["previous_response_id"]
