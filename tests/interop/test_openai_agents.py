"""The Agents SDK on its WebSocket model against the simulator, in an environment of its own."""

from __future__ import annotations

import pytest

from harness.counterparts import ANSWERS, documented, run_client, teller
from rejoinder.testing import OPENAI, ModelServer
from rejoinder.testing.simulator import serve


@pytest.mark.interop
async def test_an_agent_with_a_tool_is_interrupted_and_goes_on() -> None:
    server = ModelServer(OPENAI, teller)
    async with serve(server) as simulator:
        seen = await run_client("openai_agents.py", simulator.http_url.removesuffix("/responses"))

    assert seen["answers"] == ANSWERS
    assert [0, 0, 0, 1] == [entry.connection for entry in server.log if entry.type == "response.create"]
    assert [True] * 4 == [create["stream"] for create in server.creates()]
    assert [] == [entry for entry in server.log if entry.direction == "out" and entry.type == "error"]
    assert documented(seen, "openai_agents.py")
