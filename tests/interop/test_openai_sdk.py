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

from rejoinder.testing import OPENAI, ModelServer
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
        seen = await run_client("openai_sdk_two_turns.py", simulator.url.replace("ws:", "http:").removesuffix("/responses"))

    first, second = seen["turns"]
    assert ("You said: first turn", "You said: first turn") == (first["text"], first["final"])
    assert ("You said: second turn", "You said: second turn") == (second["text"], second["final"])
    creates = [entry.body for entry in server.log if entry.type == "response.create"]
    assert [None, first["id"]] == [create.get("previous_response_id") for create in creates]
    assert 1 == len({entry.connection for entry in server.log if entry.direction == "in"})
