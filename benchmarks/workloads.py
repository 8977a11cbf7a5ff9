"""What is measured, of whom, and against what.

A ratio is always that of a contender to the baseline of the same case in the same round, so that whatever else the computer does
meanwhile hits both.
"""

from __future__ import annotations

import math
from typing import Any, Final

import attrs

__all__ = ["CANCELS", "MEASURES", "WORKLOADS", "Measure", "Workload"]


@attrs.frozen
class Measure:
    """Something that is measured; less of it is better."""

    title: str
    """What the tables call it."""
    unit: str
    """Its unit."""
    slack: float = 1.0
    """How many times the tolerance its ratios are allowed when runs are compared: waiting is less steady than work."""


MEASURES: Final = {
    "core": Measure("Core used", "%", slack=4),
    "cpu": Measure("CPU for a delta", "µs"),
    "first": Measure("Time to the first delta", "ms", slack=8),
    "lost": Measure("Pace that the load generator lost", "%", slack=math.inf),
    "memory": Measure("Memory of a session", "KiB"),
    "p50": Measure("Delay, median", "ms", slack=8),
    "p99": Measure("Delay, 99 of 100", "ms", slack=20),
    "silence": Measure("Until the next create", "ms", slack=8),
    "step": Measure("CPU for one", "µs"),
    "turn": Measure("CPU for a turn", "ms"),
}
"""All measures by name."""

CANCELS: Final = ("honour", "ignore", "error", "late_error", "slow")
"""What a server may do with a ``response.cancel``."""

BARE: Final = ("bare asyncio", "bare trio-websocket", "bare sans-I/O")
TWO_TASKS: Final = "bare sans-I/O, two tasks"
OURS: Final = ("rejoinder", "rejoinder[fast]")
SERIAL: Final = ("rejoinder, serial", "rejoinder, serial, retire", "rejoinder, serial, spare link")
PIPECAT: Final = ("pipecat 1.1.0", "pipecat, newest, trimmed")
CLIENTS: Final = ("openai SDK", "openai-agents")
DELTAS: Final = (*BARE, *OURS, *CLIENTS, "pipecat 1.1.0", "pipecat 1.1.0, trimmed", "pipecat, newest, trimmed")
"""Who is measured for each delta; elsewhere a trimmed pipeline differs from a whole one by little."""


@attrs.frozen
class Workload:
    """One thing that is measured."""

    name: str
    """What ``--only`` calls it."""
    title: str
    """What it is, as the heading of its table."""
    baseline: str
    """The contender that the others are divided by; empty if each case is divided by another of the same contender."""
    contenders: tuple[str, ...]
    """Who takes part."""
    job: dict[str, Any]
    """The fields of each round's job."""
    quick: dict[str, Any] = attrs.field(factory=dict[str, Any])
    """What is different in a quick run."""
    baseline_cases: dict[str, str] = attrs.field(factory=dict[str, str])
    """From a case to the case that it is divided by, where that is not the same case of the baseline."""
    fresh: bool = False
    """Whether each round has a new process: memory that was used once is not given back."""
    smaller: dict[str, dict[str, Any]] = attrs.field(factory=dict[str, dict[str, Any]])
    """What is different for a contender that is measured in fewer cases."""

    def job_for(self, contender: str, *, quick: bool) -> dict[str, Any]:
        """The job of one round, without addresses."""
        return {"workload": self.name, **self.job, **self.smaller.get(contender, {}), **(self.quick if quick else {})}

    def baseline_of(self, contender: str, case: str) -> tuple[str, str]:
        """The contender and the case that this one's figures are divided by."""
        return self.baseline or contender, self.baseline_cases.get(case, case)


WORKLOADS: Final = {
    workload.name: workload
    for workload in (
        Workload(
            "flood",
            "A flood: 20,000 deltas as fast as they can be read",
            "bare asyncio",
            DELTAS,
            {"sizes": [20_000]},
        ),
        Workload(
            "paced",
            "Paced: 50 sessions at 100 deltas a second each",
            "bare asyncio",
            (*BARE, TWO_TASKS, *DELTAS[len(BARE) :]),
            {"sizes": [50], "seconds": 4.0},
            quick={"seconds": 0.3},
        ),
        Workload(
            "history",
            "A turn behind a history of so many items",
            "rejoinder",
            ("rejoinder", "rejoinder, own list", *CLIENTS, *PIPECAT),
            {"sizes": [50, 500, 5_000, 50_000]},
            # At 50,000 items each of its turns takes longer than the whole run should.
            smaller={"openai SDK": {"sizes": [50, 500, 5_000]}},
        ),
        Workload(
            "interruption",
            "An interruption: from the caller's decision to the next create, as the server sees it",
            "bare asyncio",
            ("bare asyncio", *OURS, *SERIAL, "openai-agents", *PIPECAT),
            {"cancels": list(CANCELS)},
            quick={"cancels": ["honour", "ignore", "error"]},
        ),
        Workload(
            "width",
            "Wide: sessions at 50 deltas a second each",
            "bare asyncio",
            ("bare asyncio", "bare sans-I/O", TWO_TASKS, *OURS),
            {"sizes": [1, 100, 1_000], "seconds": 2.0},
            quick={"sizes": [50], "seconds": 0.3},
            # Where the limit is, for the one that is to reach the most; the default wire is known to reach less.
            smaller={
                TWO_TASKS: {"sizes": [1_000]},
                "rejoinder": {"sizes": [1, 100, 200]},
                "rejoinder[fast]": {"sizes": [1, 100, 200, 300, 400, 500, 700, 1_000]},
            },
        ),
        Workload(
            "lanes",
            "16 responses at 100 deltas a second each: lanes of one connection against connections of their own",
            "",
            OURS,
            {"sizes": [16], "seconds": 1.0},
            quick={"seconds": 0.3},
            baseline_cases={"16 lanes": "16 sockets"},
        ),
        Workload(
            "memory",
            "Memory of each of many sessions",
            "bare asyncio",
            (*BARE, *OURS),
            {"sizes": [200], "seconds": 0.5},
            quick={"sizes": [60], "seconds": 0.2},
            fresh=True,
        ),
        Workload(
            "tls",
            "From nothing to the first delta over TLS",
            "bare asyncio",
            ("bare asyncio", "bare trio-websocket", *OURS, "openai SDK", "openai-agents"),
            {"sizes": [5]},
            quick={"sizes": [3]},
        ),
        Workload(
            "machine",
            "The pure lifecycle, without I/O",
            "",
            ("the machine", "the machine, compiled"),
            {},
            baseline_cases={
                "decode (lanes)": "json.loads (lanes)",
                "decode (serial)": "json.loads (serial)",
                "explorer, a new state (lanes)": "json.loads (serial)",
                "explorer, a new state (serial)": "json.loads (serial)",
                "explorer, a step (lanes)": "json.loads (serial)",
                "explorer, a step (serial)": "json.loads (serial)",
                "feed (lanes)": "json.loads (lanes)",
                "feed (serial)": "json.loads (serial)",
                "fuzzer, a step of a program": "json.loads (serial)",
            },
        ),
    )
}
"""All workloads by name, in the order in which they run."""
