"""Processes that are spoken to in lines of JSON: the contenders and the load generator, each on a core of its own."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, final

import trio

from .clients.serving import CPU_VARIABLE

__all__ = ["REPOSITORY", "Cores", "ProcessFailed", "Speaker", "cores", "start_process"]

REPOSITORY: Final = Path(__file__).parents[1]
"""Where modules are found: each process has this first in its path."""
LINGER: Final = 5.0
"""Seconds that a process may take to end when its input has ended."""

Cores = tuple[int | None, int | None]
"""The core of the contenders and that of the load generator; None where the system decides."""


class ProcessFailed(Exception):
    """A process ended, or did not answer; says how in one line."""


def cores() -> Cores:
    """One core each where there are two and the system lets us choose."""
    if not hasattr(os, "sched_getaffinity"):
        return None, None
    available = sorted(os.sched_getaffinity(0))
    return (available[0], available[1]) if len(available) > 1 else (None, None)


@final
class Speaker:
    """A process that answers lines with lines."""

    def __init__(self, process: trio.Process, complaints: Path) -> None:
        self._process = process
        self._complaints = complaints
        self._received = b""

    async def hear(self, seconds: float) -> Any:  # noqa: ANN401 - any JSON
        """The next line it says. Raises ``ProcessFailed`` if it ends first, or takes longer."""
        output = self._process.stdout
        assert output is not None  # noqa: S101 - it was started with a pipe
        with trio.move_on_after(seconds):
            while b"\n" not in self._received:
                more = await output.receive_some()
                if not more:
                    raise ProcessFailed(self._last_words())
                self._received += more
            line, _, self._received = self._received.partition(b"\n")
            return json.loads(line)
        raise ProcessFailed(f"no answer within {seconds:.0f} s")

    async def ask(self, question: Mapping[str, Any], seconds: float) -> Any:  # noqa: ANN401 - any JSON
        """Say a line, and hear the answer. Raises ``ProcessFailed``."""
        entry = self._process.stdin
        assert entry is not None  # noqa: S101 - it was started with a pipe
        try:
            await entry.send_all(json.dumps(question).encode() + b"\n")
        except trio.BrokenResourceError as error:
            raise ProcessFailed(self._last_words()) from error
        return await self.hear(seconds)

    def _last_words(self) -> str:
        lines = [line.strip() for line in self._complaints.read_text("utf-8", "replace").splitlines()]
        return next((line.lstrip("| ") for line in reversed(lines) if line.strip("+-| ")), "it ended without a word")


@asynccontextmanager
async def start_process(
    command: Sequence[str], core: int | None, complaints: Path, further: Mapping[str, str] | None = None
) -> AsyncGenerator[Speaker]:
    """Run a process for the length of a block; what it writes to standard error goes to the file ``complaints``."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("COV", "VIRTUAL_ENV"))}
    environment |= {"PYTHONPATH": str(REPOSITORY), "PYTHONDONTWRITEBYTECODE": "", **(further or {})}
    if core is not None:
        environment[CPU_VARIABLE] = str(core)
    # Opened here for the child alone; a file of a few lines needs no thread.
    with complaints.open("wb") as errors:
        process = await trio.lowlevel.open_process(
            list(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, env=environment, cwd=complaints.parent
        )
    try:
        yield Speaker(process, complaints)
    finally:
        with trio.CancelScope(shield=True):
            if process.stdin is not None:
                await process.stdin.aclose()
            with trio.move_on_after(LINGER):
                await process.wait()
            if process.returncode is None:
                process.kill()
                await process.wait()
            if process.stdout is not None:
                await process.stdout.aclose()
