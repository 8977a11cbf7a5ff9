"""examples/tool_agent.py, as its owner would run it: a program of its own against a server."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

import trio

from harness.tool_turns import calling, outputs_of
from rejoinder.testing import Answer, ModelServer, Text, scripted
from rejoinder.testing.simulator import serve

EXAMPLE: Final = Path(__file__).parents[2] / "examples" / "tool_agent.py"
ANSWERS: Final = (
    calling(
        ("opening_hours", '{"day": "Saturday"}', "hours"), ("opening_hours", '{"day": "Sunday"}', "sunday"), say="Let me look. "
    ),
    calling(("difference", '{"minuend": 16, "subtrahend": 10}', "difference")),
    Answer([Text("From 10 to 16: 6 hours.")]),
)


async def test_the_agent_answers_with_what_its_functions_return() -> None:
    server = ModelServer(answer=scripted(ANSWERS))
    async with serve(server) as simulator:
        command = [sys.executable, "-W", "error", str(EXAMPLE), "When does it open?", simulator.url]
        with trio.fail_after(60):
            done = await trio.run_process(command, capture_stdout=True, capture_stderr=True, check=False)
    creates = [entry.body for entry in server.log if entry.type == "response.create"]
    lines = done.stdout.decode().splitlines()

    assert (0, "") == (done.returncode, done.stderr.decode())
    assert "Let me look. [calls opening_hours: {'day': 'Saturday'}]" == lines[0]
    assert {
        "[opening_hours returned {'opens': 10, 'closes': 16}]",
        "[opening_hours returned closed all day]",
    } <= set(lines)
    assert "[difference returned 6.0]" in lines
    assert "From 10 to 16: 6 hours." == lines[-1]
    assert {"hours": '{"opens":10,"closes":16}', "sunday": "closed all day"} == outputs_of(creates[1])
    assert {"difference": "6.0"} == outputs_of(creates[2])
    assert "The day of the week." == creates[0]["tools"][0]["parameters"]["properties"]["day"]["description"]


def test_the_example_runs_without_arguments_up_to_the_missing_key() -> None:
    done = subprocess.run([sys.executable, str(EXAMPLE)], capture_output=True, encoding="utf-8", env={}, check=False)

    assert "OPENAI_API_KEY" in done.stderr
