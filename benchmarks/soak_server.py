"""The servers of a soak, in a process of their own: ``python -m benchmarks.soak_server SEED``.

It prints their ports as one line of JSON, serves until its input ends, and prints what their logs say as another. The logs are
judged while they are written, line by line (promises 4 and 6), and nothing of them is kept: so memory tells what leaks, and not
what is logged.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from contextlib import AsyncExitStack
from typing import Final, SupportsIndex, final

import trio

from rejoinder.testing import LogEntry
from rejoinder.testing.fuzz.broken_promise import BrokenPromise
from rejoinder.testing.fuzz.log_judge import LogJudge
from rejoinder.testing.simulator import Simulator, serve

from .soak_stations import STATIONS, Station

__all__ = ["JudgedLog"]

TIDY: Final = 5.0
"""Seconds after which what the simulators keep for tests is thrown away."""


@final
class JudgedLog(list[LogEntry]):
    """The log of a server that keeps no line: each is judged when it is written."""

    def __init__(self, station: Station) -> None:
        super().__init__()
        self.counts: Counter[str] = Counter()
        """Frames, creates and connections."""
        self.sometimes: Counter[str] = Counter()
        self.broken: list[str] = []
        """What was broken, in words."""
        self._station = station
        self._judge = LogJudge(station.setup, station.setup.profile, self.sometimes)
        self._given_up: set[int] = set()

    def append(self, entry: LogEntry, /) -> None:
        """Judge a line. Of a connection on which a promise was broken the rest means nothing, and is not judged."""
        self.counts[f"frames {entry.direction}" if entry.direction != "note" else f"connections {str(entry.data).split()[0]}"] += 1
        if entry.direction == "in":
            self.counts[str(entry.type)] += 1
        if entry.connection in self._given_up:
            return
        try:
            self._judge.judge(entry)
        except BrokenPromise as found:
            self.broken.append(f"{self._station.name}: {found}")
            self._given_up.add(entry.connection)

    def insert(self, index: SupportsIndex, entry: LogEntry, /) -> None:
        """As ``append``: a log only grows at its end."""
        del index
        self.append(entry)


async def main(seed: int) -> None:
    """Serve every station until the input ends."""
    logs: list[JudgedLog] = []
    async with AsyncExitStack() as stack:
        simulators: list[Simulator] = []
        for station in STATIONS:
            log = JudgedLog(station)
            server = station.server(seed)
            server.log = log
            logs.append(log)
            simulators.append(await stack.enter_async_context(serve(server)))
        sys.stdout.write(json.dumps([simulator.port for simulator in simulators]) + "\n")
        sys.stdout.flush()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_tidy_up, simulators)
            await trio.to_thread.run_sync(sys.stdin.read)
            nursery.cancel_scope.cancel()
    told = {
        "counts": dict(sum((log.counts for log in logs), Counter[str]())),
        "sometimes": dict(sum((log.sometimes for log in logs), Counter[str]())),
        "broken": [line for log in logs for line in log.broken],
    }
    sys.stdout.write(json.dumps(told) + "\n")


async def _tidy_up(simulators: list[Simulator]) -> None:
    while True:
        await trio.sleep(TIDY)
        for simulator in simulators:
            simulator.upgrades.clear()


if __name__ == "__main__":
    trio.run(main, int(sys.argv[1]))
