"""A contender's process: it says what it is, and does a round whenever it is told to.

Rules of this file
* The standard library only: contenders run in environments of their own.
"""

from __future__ import annotations

import cProfile
import json
import os
import pstats
import resource
import sys
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TextIO

from .client import Client, Job
from .workload_rounds import WORKLOADS, Stretch

__all__ = ["CPU_VARIABLE", "PROFILE_VARIABLE", "serve_rounds", "settle_on"]

CPU_VARIABLE = "REJOINDER_BENCHMARK_CPU"
"""The environment variable that names the core of a process."""
PROFILE_VARIABLE = "REJOINDER_BENCHMARK_PROFILE"
"""The one that names the file for its profile."""
PROFILED = 60
"""Functions that a profile lists."""


def settle_on() -> None:
    """Stay on the core that this process was given, if it was given one, and be allowed as many sockets as the system gives."""
    cpu = os.environ.get(CPU_VARIABLE)
    if cpu and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {int(cpu)})
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def serve_rounds(client: Client) -> None:
    """Say what this contender is, then do a round for each line of JSON on standard input, and print what came of it.

    Whatever else is printed goes to standard error: libraries are talkative.
    """
    settle_on()
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    _tell(answers, describe(client))
    profile = os.environ.get(PROFILE_VARIABLE)
    profiler = Stretch.profiler = cProfile.Profile() if profile else None
    for line in sys.stdin:
        job = Job(**json.loads(line))
        _tell(answers, client.run(partial(WORKLOADS[job.workload], client, job)))
    if profile and profiler is not None:
        with Path(profile).open("w", encoding="utf-8") as file:
            pstats.Stats(profiler, stream=file).strip_dirs().sort_stats("tottime").print_stats(PROFILED)


def describe(client: Client) -> dict[str, object]:
    """The name of a contender, how it was tuned, and the versions of what it consists of."""
    python = ".".join(map(str, sys.version_info[:3]))
    return {
        "name": client.name,
        "settings": client.settings,
        "versions": {"Python": python, **{name: version(name) for name in client.packages}},
    }


def _tell(answers: TextIO, what: object) -> None:
    answers.write(json.dumps(what) + "\n")
    answers.flush()
