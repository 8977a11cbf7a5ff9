"""A run: workload by workload, round by round, the contenders taking turns within each round.

Whatever else the computer does meanwhile hits all of a round alike, so their ratio is worth more than their times. The order
changes from round to round, so that nobody always comes first.
"""

from __future__ import annotations

import json
import os
import platform
import re
import sys
import tempfile
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final, final

import attrs
import trio
import trustme

from .clients.serving import PROFILE_VARIABLE
from .contenders import CONTENDERS, Contender
from .environments import CannotMakeEnvironment, environment_for
from .processes import ProcessFailed, Speaker, cores, start_process
from .results import Description, Figure, Results, Skipped
from .workloads import Workload

__all__ = ["Run", "computer", "measure"]

START_LIMIT: Final = 120.0
"""Seconds that a contender may take to import what it needs."""
ROUND_LIMIT: Final = 180.0
"""Seconds that one round of one contender may take."""


@final
@attrs.define(eq=False)
class Run:
    """What is known while a run goes on."""

    rounds: int
    """How often each figure is measured."""
    quick: bool
    """Whether little is measured, and nothing of other vendors."""
    cache: Path
    """Where environments are kept."""
    say: Callable[[str], None]
    """Told what is being done."""
    anew: bool = False
    """Whether the environments of other vendors are made anew."""
    profile: Path | None = None
    """The folder for a profile of each contender in each workload; the figures of such a run are void."""
    figures: dict[tuple[str, str, str, str], list[float]] = attrs.field(factory=dict[tuple[str, str, str, str], list[float]])
    """The values so far, by workload, case, contender and measure."""
    descriptions: dict[str, Description] = attrs.field(factory=dict[str, Description])
    """What contenders said of themselves."""
    skipped: list[Skipped] = attrs.field(factory=list[Skipped])
    """What is not measured."""
    pythons: dict[str, str] = attrs.field(factory=dict[str, str])
    """The Python of each contender that can run."""

    async def prepare(self, workloads: Iterable[Workload]) -> None:
        """Make the environments that are needed."""
        wanted = {name: CONTENDERS[name] for workload in workloads for name in workload.contenders}
        for contender in wanted.values():
            if not contender.is_apart:
                self.pythons[contender.name] = sys.executable
            elif self.quick:
                self.skipped.append(Skipped(contender.name, "", "a quick run makes no environments"))
            else:
                self.say(f"an environment for {contender.name}")
                try:
                    self.pythons[contender.name] = str(await environment_for(contender, self.cache, anew=self.anew))
                except CannotMakeEnvironment as error:
                    self.skipped.append(Skipped(contender.name, "", str(error)))

    async def run(self, workload: Workload, folder: Path, addresses: dict[str, str]) -> None:
        """All rounds of one workload."""
        taking_part = [CONTENDERS[name] for name in workload.contenders if name in self.pythons]
        async with AsyncExitStack() as everybody:
            speakers: dict[str, Speaker] = {}
            ends: dict[str, AsyncExitStack] = {}
            for number in range(self.rounds):
                self.say(f"{workload.name}, round {number + 1} of {self.rounds}")
                for contender in rotated(taking_part, number):
                    name = contender.name
                    job = {**workload.job_for(name, quick=self.quick), **addresses}
                    if name not in ends:
                        ends[name] = await everybody.enter_async_context(AsyncExitStack())
                    try:
                        if name not in speakers:
                            speakers[name] = await self.start(workload, contender, folder, ends[name])
                        self.note(workload, contender, await speakers[name].ask(job, ROUND_LIMIT))
                    except ProcessFailed as error:
                        self.drop(workload, contender, str(error))
                        taking_part.remove(contender)
                    if workload.fresh or contender not in taking_part:
                        # One that hangs must not take the core from the others.
                        await ends.pop(name).aclose()
                        speakers.pop(name, None)

    async def start(self, workload: Workload, contender: Contender, folder: Path, end: AsyncExitStack) -> Speaker:
        """Start the process of a contender, which ends with ``end``. Raises ``ProcessFailed``."""
        options = [] if contender.options is None else [json.dumps(contender.options)]
        command = [self.pythons[contender.name], "-m", contender.module, *options]
        further = {"SSL_CERT_FILE": str(folder / "authority.pem"), **self.profiling(workload, contender)}
        core, _ = cores()
        complaints = folder / f"{file_name(contender.name)}.txt"
        started = await end.enter_async_context(start_process(command, core, complaints, further))
        self.descriptions[contender.name] = Description(contender.name, **await started.hear(START_LIMIT))
        return started

    def profiling(self, workload: Workload, contender: Contender) -> dict[str, str]:
        """What tells a process to profile itself, if it is to."""
        if self.profile is None:
            return {}
        name = file_name(f"{workload.name} {contender.name}")
        return {PROFILE_VARIABLE: str(self.profile.resolve() / f"{name}.txt")}

    def note(self, workload: Workload, contender: Contender, answer: dict[str, dict[str, float]]) -> None:
        """Keep what one round of one contender measured."""
        for case, measures in answer.items():
            for measure, value in measures.items():
                self.figures.setdefault((workload.name, case, contender.name, measure), []).append(value)

    def drop(self, workload: Workload, contender: Contender, reason: str) -> None:
        """A contender failed: what it did in the rounds before counts for nothing."""
        self.say(f"{contender.name} is out: {reason}")
        self.skipped.append(Skipped(contender.name, workload.name, reason))
        for key in [key for key in self.figures if (key[0], key[2]) == (workload.name, contender.name)]:
            del self.figures[key]

    def results(self) -> Results:
        """What was measured."""
        return Results(
            computer(),
            self.rounds,
            self.quick,
            tuple(Figure(*key, tuple(values)) for key, values in self.figures.items()),
            tuple(self.descriptions.values()),
            tuple(self.skipped),
        )


def file_name(words: str) -> str:
    """The words as a name that every file system takes."""
    return re.sub(r"[^\w.\[\]]+", "-", words)


def rotated(contenders: list[Contender], number: int) -> list[Contender]:
    """The contenders, beginning with another one in each round."""
    start = number % len(contenders) if contenders else 0
    return [*contenders[start:], *contenders[:start]]


async def measure(run: Run, workloads: Iterable[Workload]) -> Results:
    """Measure workloads one after the other."""
    chosen = tuple(workloads)
    await run.prepare(chosen)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(folder / "authority.pem"))
        authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
        for workload in chosen:
            # A generator of its own for each: what it keeps ready for one workload is memory that is not read in the next.
            async with _load_generator(folder) as addresses:
                await run.run(workload, folder, addresses)
    return run.results()


@asynccontextmanager
async def _load_generator(folder: Path) -> AsyncGenerator[dict[str, str]]:
    """A load generator on the other core; the value is where it is."""
    _, core = cores()
    command = [sys.executable, "-m", "benchmarks.load", str(folder / "server.pem")]
    async with start_process(command, core, folder / "load-complaints.txt") as load:
        ports: dict[str, Any] = await load.hear(START_LIMIT)
        path = "v1/responses"
        yield {"url": f"ws://127.0.0.1:{ports['port']}/{path}", "secure_url": f"wss://127.0.0.1:{ports['secure_port']}/{path}"}


def computer() -> dict[str, str]:
    """What this runs on, in words."""
    processor = platform.processor() or platform.machine()
    described = Path("/proc/cpuinfo")
    if described.exists():
        names = [
            line.partition(":")[2].strip() for line in described.read_text("utf-8").splitlines() if line.startswith("model name")
        ]
        processor = names[0] if names else processor
    apart = "the contenders on one core, the load generator on another" if cores()[0] is not None else "cores as the system likes"
    return {
        "processor": processor,
        "cores": f"{os.cpu_count()}, {apart}",
        "system": f"{platform.system()} {platform.release()}",
        "Python": platform.python_version(),
        "trio": trio.__version__,
    }
