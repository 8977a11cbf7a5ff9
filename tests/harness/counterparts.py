"""Third-party clients and servers, each in an environment of its own, and the conversation that is held with all of them.

Rules of this file
* Nothing here is imported by the project or installed into its environment: Python clients are scripts that uv runs, node servers
  live in a folder that npm makes.
* Where a tool or a registry is out of reach the test is skipped and says why. Every other failure is one.
* The numbers of versions are those of docs/interop.md; another one is another row there.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, final

import attrs
import pytest
import trio

from rejoinder.testing import Answer, Call, Received, Stall, Text, plain_answer

__all__ = [
    "AFTER",
    "ANSWERS",
    "CLIENTS",
    "HEARD",
    "NODE",
    "QUESTION",
    "STORY",
    "NodeServer",
    "documented",
    "node_server",
    "run_client",
    "teller",
]

INTEROP: Final = Path(__file__).parents[1] / "interop"
CLIENTS: Final = INTEROP / "clients"
NODE: Final = INTEROP / "aimock"
PAGE: Final = Path(__file__).parents[2] / "docs" / "interop.md"
UNREACHABLE: Final = ("Failed to fetch", "error sending request", "dns error", "Failed to download", "tcp connect error")
"""How uv says that it cannot reach a registry."""
NPM_UNREACHABLE: Final = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ERR_SOCKET_TIMEOUT")
"""How npm says it."""
PATIENCE: Final = 300.0
"""Seconds that a counterpart may take, its environment included; a bound against hanging, not a measure."""

QUESTION: Final = "What time is it in Oslo?"
STORY: Final = "Tell me a long story."
AFTER: Final = "Are you there?"
HEARD: Final = "Once upon a time there was"
"""What is told of the story; the rest never comes, so that it can only end by an interruption."""
ANSWERS: Final = ["It is noon in Oslo.", HEARD, f"You said: {AFTER}"]
"""What each client hears, the interrupted story included."""


def teller(received: Received) -> Answer:
    """What the simulator says to the clients: a call of their tool, a story without end, or what they said."""
    if received.tool_output is not None:
        # Pipecat sends the JSON of a result, quotes included.
        return Answer([Text("It is {}.".format(received.tool_output.strip('"')))])
    if received.text == QUESTION:
        return Answer([Call("clock", '{"city": "Oslo"}')])
    if received.text == STORY:
        return Answer([Text(HEARD, pieces=3), Stall()])
    return plain_answer(received)


async def run_client(script: str, base_url: str) -> dict[str, Any]:
    """What a client script printed; skips the test where its environment cannot be made."""
    uv = os.environ.get("UV") or shutil.which("uv")
    if uv is None:
        pytest.skip("uv is not on this machine: third-party clients run in environments that it makes")
    command = [uv, "run", "--no-project", "--script", str(CLIENTS / script), base_url]
    with trio.fail_after(PATIENCE):
        done = await trio.run_process(command, capture_stdout=True, capture_stderr=True, check=False, env=_environment())
    complaint = done.stderr.decode()
    if done.returncode:
        _skip_if_unreachable(complaint, UNREACHABLE)
    assert 0 == done.returncode, complaint
    result: dict[str, Any] = json.loads(done.stdout)
    return result


@final
@attrs.define(eq=False)
class NodeServer:
    """A node server that runs."""

    url: str
    """Where it listens, over HTTP."""
    version: str
    """The version of its package."""
    requests: list[dict[str, Any]] = attrs.field(factory=list[dict[str, Any]])
    """The requests it had, once the block is left."""


@asynccontextmanager
async def node_server(source: Path, folder: Path) -> AsyncGenerator[NodeServer]:
    """Run the ``serve.mjs`` of ``source`` in ``folder``, with the packages that it names, until the block is left."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        pytest.skip("node and npm are not on this machine: the node servers need them")
    shutil.copytree(source, folder, dirs_exist_ok=True)
    install = [npm, "install", "--no-fund", "--no-audit", "--loglevel=error", "--prefix", str(folder)]
    with trio.fail_after(PATIENCE):
        installed = await trio.run_process(install, capture_stdout=True, capture_stderr=True, check=False, env=_environment())
    complaint = installed.stderr.decode()
    if installed.returncode:
        _skip_if_unreachable(complaint, NPM_UNREACHABLE)
    assert 0 == installed.returncode, complaint
    async with trio.open_nursery() as nursery:
        command = [node, str(folder / "serve.mjs")]
        process: trio.Process = await nursery.start(_run, command)
        assert process.stdin is not None
        assert process.stdout is not None
        lines = _lines(process.stdout)
        with trio.fail_after(PATIENCE):
            server = NodeServer(**json.loads(await anext(lines)))
        try:
            yield server
        finally:
            with trio.fail_after(PATIENCE):
                await process.stdin.aclose()
                server.requests.extend(json.loads(await anext(lines)))
                await lines.aclose()
                await process.wait()


async def _run(command: list[str], task_status: trio.TaskStatus[trio.Process] = trio.TASK_STATUS_IGNORED) -> None:
    # A process of its own, that dies with the nursery.
    run: Any = trio.run_process
    await run(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=_environment(), task_status=task_status)


async def _lines(stream: trio.abc.ReceiveStream) -> AsyncGenerator[bytes]:
    held = b""
    async for chunk in stream:
        held += chunk
        *whole, held = held.split(b"\n")
        for line in whole:
            yield line


def _environment() -> dict[str, str]:
    """The environment of a counterpart: without coverage, which would start in it, and without the one that tests run in."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("COV", "VIRTUAL_ENV"))}


def _skip_if_unreachable(complaint: str, signs: tuple[str, ...]) -> None:
    if any(sign in complaint for sign in signs):
        pytest.skip(f"the package registry is out of reach: {complaint.strip().splitlines()[-1]}")


def documented(seen: dict[str, Any], script: str) -> bool:
    """Whether docs/interop.md has this package, this version and these calls in the row of this script."""
    calls = ", ".join(f"`{call}`" for call in seen["calls"])
    return f"| `{seen['package']}` {seen['version']} | {calls} | `{script}` |" in PAGE.read_text().replace(" |\n", " |")
