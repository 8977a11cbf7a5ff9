"""Pipecat's own Responses service, in a pipeline, against the simulator, in an environment of its own."""

from __future__ import annotations

import pytest

from harness.counterparts import ANSWERS, documented, run_client, teller
from rejoinder.testing import OPENAI, ModelServer
from rejoinder.testing.simulator import serve


@pytest.mark.interop
async def test_a_pipeline_with_a_tool_is_interrupted_and_goes_on() -> None:
    server = ModelServer(OPENAI, teller)
    async with serve(server) as simulator:
        seen = await run_client("pipecat_service.py", simulator.http_url.removesuffix("/responses"))

    assert seen["answers"] == ANSWERS
    assert [] == seen["errors"]
    assert 1 == len(simulator.upgrades)
    creates = [create.get("previous_response_id") for create in server.creates()]
    assert [None, "resp_1", "resp_2", "resp_2", None] == creates
    cancels = [entry.body["response_id"] for entry in server.log if entry.type == "response.cancel"]
    assert ["resp_3"] == cancels
    refused = [entry.body["error"]["code"] for entry in server.log if entry.direction == "out" and entry.type == "error"]
    assert ["previous_response_not_found"] == refused
    assert documented(seen, "pipecat_service.py")
