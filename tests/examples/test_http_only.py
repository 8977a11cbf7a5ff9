"""The example of a conversation over HTTP, run as its reader runs it, against the simulator."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import trio

from rejoinder.testing import Answer, ModelServer, Text, scripted
from rejoinder.testing.script import ErrorFrame, LoseConnection
from rejoinder.testing.simulator import serve

EXAMPLE = Path(__file__).parents[2] / "examples" / "http_only.py"


async def run(url: str, *questions: str) -> tuple[int, str]:
    environment = {**os.environ, "RESPONSES_URL": url, "OPENAI_API_KEY": "none"}
    command = [sys.executable, "-W", "error", str(EXAMPLE), *questions]
    done = await trio.run_process(command, capture_stdout=True, capture_stderr=True, check=False, env=environment)
    assert "" == done.stderr.decode()
    return done.returncode, done.stdout.decode()


async def test_a_conversation() -> None:
    server = ModelServer()
    async with serve(server) as simulator:
        told = await run(simulator.url, "First", "Second")

    assert (0, "You said: First\nYou said: Second\n") == told
    assert [1, 3] == [len(create["input"]) for create in server.creates()]
    assert [] == simulator.upgrades


async def test_what_goes_wrong_is_said() -> None:
    answers = [
        Answer([Text("Half")], terminal="incomplete"),
        Answer([Text("Half"), LoseConnection()]),
        Answer(reject=ErrorFrame(status=400, message="Not that.")),
    ]
    async with serve(ModelServer(answer=scripted(answers))) as simulator:
        cut, lost, refused = [await run(simulator.url, "Hi") for _ in answers]
        url = simulator.url
    gone = await run(url, "Hi")

    assert (0, "Half\n(cut short: max_output_tokens)\n") == cut
    assert (1, True) == (lost[0], "Interrupted: The stream ended" in lost[1])
    assert (1, True) == (refused[0], "The server refused: Not that." in refused[1])
    assert (1, True) == (gone[0], gone[1].startswith("There is no server: No connection to 127.0.0.1"))
