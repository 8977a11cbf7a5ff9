"""The official ``openai`` SDK against the simulator, over a real socket, in an environment of its own.

Third-party clients never enter this project's environment (their pins contradict ours); each is a script that declares what it
needs and is run by ``uv run --script``. Where uv or the package registry is out of reach the test is skipped and says so.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
import trio

from rejoinder.testing import OPENAI, Answer, ModelServer, Received, Stall, Text, plain_answer
from rejoinder.testing.script import ErrorFrame
from rejoinder.testing.simulator import serve

CLIENTS = Path(__file__).parent / "clients"
UNREACHABLE = ("Failed to fetch", "No solution found", "error sending request", "dns error")


async def run_client(script: str, base_url: str) -> dict[str, Any]:
    """What a client script printed; skips the test where its environment cannot be made."""
    uv = os.environ.get("UV") or shutil.which("uv")
    if uv is None:
        pytest.skip("uv is not on this machine: third-party clients run in environments that it makes")
    command = [uv, "run", "--no-project", "--script", str(CLIENTS / script), base_url]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("COV", "VIRTUAL_ENV"))}
    done = await trio.run_process(command, capture_stdout=True, capture_stderr=True, check=False, env=environment)
    complaint = done.stderr.decode()
    if done.returncode and any(sign in complaint for sign in UNREACHABLE):
        pytest.skip(f"the package registry is out of reach: {complaint.strip().splitlines()[-1]}")
    assert 0 == done.returncode, complaint
    result: dict[str, Any] = json.loads(done.stdout)
    return result


@pytest.mark.interop
async def test_the_official_sdk_holds_a_two_turn_conversation_with_the_simulator() -> None:
    server = ModelServer(OPENAI)
    async with serve(server) as simulator:
        seen = await run_client("openai_sdk_two_turns.py", simulator.http_url.removesuffix("/responses"))

    first, second = seen["turns"]
    assert ("You said: first turn", "You said: first turn") == (first["text"], first["final"])
    assert ("You said: second turn", "You said: second turn") == (second["text"], second["final"])
    creates = [entry.body for entry in server.log if entry.type == "response.create"]
    assert [None, first["id"]] == [create.get("previous_response_id") for create in creates]
    assert 1 == len({entry.connection for entry in server.log if entry.direction == "in"})


def by_question(received: Received) -> Answer:
    """What is said to the client over HTTP."""
    if received.text == "never ends":
        return Answer([Text("one"), Stall()])
    if received.text == "refuse me":
        return Answer(reject=ErrorFrame(status=429, code="slow_down", type="requests", headers={"retry-after": "3"}))
    return plain_answer(received)


@pytest.mark.interop
async def test_the_official_sdk_over_http_finds_everything_in_its_place() -> None:
    async with serve(ModelServer(OPENAI, by_question)) as simulator:
        seen = await run_client("openai_sdk_http.py", simulator.http_url.removesuffix("/responses"))

    streamed, background = seen["streamed"], seen["background"]
    assert ("You said: streamed", "You said: streamed") == (streamed["text"], streamed["final"])
    assert ("response.created", "response.completed") == (streamed["types"][0], streamed["types"][-1])
    assert ("You said: in one piece", "You said: and then") == (seen["whole"]["text"], seen["whole"]["after"])
    assert seen["whole"]["tokens"] > 0
    assert {"text": "You said: in one piece", "items": 1} == seen["kept"]
    assert 404 == seen["removed"]
    assert (list(range(len(background["numbers"]))), "response.completed") == (background["numbers"], background["last"])
    assert ["cancelled", "cancelled"] == seen["cancelled"]
    assert seen["counted"] > 0
    assert ("slow_down", "3") == (seen["refused"]["code"], seen["refused"]["after"])
    assert seen["refused"]["request_id"].startswith("req_")
