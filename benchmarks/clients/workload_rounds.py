"""How a round of each workload goes, and what is measured of it.

Rules of this file
* The standard library only: contenders run in environments of their own.
* What is measured is the CPU time of this process (``time.process_time``), or time by the clock that all processes of a machine
  share (``time.monotonic``). Connecting, a first turn and a collection of garbage come before the measured part.
* Each round checks that the text was delivered whole, piece by piece, in order; one that was not raises ``NotWhole``.
"""

from __future__ import annotations

import cProfile
import gc
import itertools
import json
import os
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar, Self

from .client import Client, Job, Measured, Talk

__all__ = ["WORKLOADS", "NotWhole", "Stretch", "check_stamped", "check_whole"]

CYCLE = 97
"""After so many pieces the text begins again, as the load generator has it."""
MICRO = 1e6
MILLI = 1e3
BREATH = 0.02
"""Seconds between two deltas of an answer whose delays are measured, or that is going to be interrupted."""
REMAINING = 300
"""Deltas of such an answer: six seconds of speech."""
THRESHOLDS = 50_000, 20, 100
"""How seldom garbage is looked for."""
HEARD = 5
"""Deltas that are heard of it."""
MEMORY_BASE = 20
"""Sessions that are open before memory is measured: what a process needs once is not counted."""
TURNS = 3
"""Turns that are measured in one round of a history."""


class NotWhole(Exception):
    """The delivered text is not what the server said: the measurement is void."""


class Stretch:
    """The measured part of a round: ``with Stretch() as stretch``. What comes before and after it does not count."""

    profiler: ClassVar[cProfile.Profile | None] = None
    """Runs in the stretches alone, if there is one."""

    def __init__(self) -> None:
        self.cpu = 0.0
        """CPU seconds of this process."""
        self.clock = 0.0
        """Seconds."""

    def __enter__(self) -> Self:
        if self.profiler is not None:
            self.profiler.enable()
        self.cpu, self.clock = time.process_time(), time.monotonic()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.cpu, self.clock = time.process_time() - self.cpu, time.monotonic() - self.clock
        if self.profiler is not None:
            self.profiler.disable()


def command(deltas: int = 1, **fields: object) -> str:
    """The text that asks the load generator for such an answer."""
    return json.dumps({"deltas": deltas, **fields})


def check_whole(pieces: Sequence[str], deltas: int) -> None:
    """Raise ``NotWhole`` unless these are the pieces of an answer of so many deltas, or their concatenation."""
    expected = "".join(f" word{number % CYCLE}" for number in range(deltas))
    if "".join(pieces) != expected:
        raise NotWhole(f"{len(pieces)} pieces came of {deltas}, or not the right ones: the measurement is void.")


def check_stamped(pieces: Sequence[float], deltas: int) -> None:
    """Raise ``NotWhole`` unless so many instants came, in order."""
    if len(pieces) != deltas or any(earlier > later for earlier, later in itertools.pairwise(pieces)):
        raise NotWhole(f"{len(pieces)} pieces came of {deltas}, or not in order: the measurement is void.")


async def warm(client: Client, talks: Sequence[Talk]) -> None:
    """A short turn on each connection: whatever is prepared, proved or imported at the first turn is not measured."""

    async def first(talk: Talk) -> None:
        pieces: list[str] = []
        await talk.say(command(3), pieces.append)
        check_whole(pieces, 3)

    # Not a thousand handshakes at once: the queue of a listening socket is not what is measured.
    for start in range(0, len(talks), 50):
        await client.together([partial(first, talk) for talk in talks[start : start + 50]])
    # As any server should that holds many connections: what stays is not to be looked through for garbage again and again.
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)


async def flood(client: Client, job: Job) -> Measured:
    """One answer whose deltas are all sent at once: CPU time for each."""
    measured: Measured = {}
    for deltas in job.sizes:
        async with client.talks(job.url) as (talk,):
            await warm(client, [talk])
            pieces: list[str] = []
            with Stretch() as stretch:
                await talk.say(command(deltas), pieces.append)
            check_whole(pieces, deltas)
        measured[f"{deltas:,} deltas"] = {"cpu": stretch.cpu / deltas * MICRO}
    return measured


async def paced(client: Client, job: Job) -> Measured:
    """Many sessions at 100 deltas a second each: CPU time for each delta."""
    measured: Measured = {}
    deltas = int(job.seconds * 100)
    for count in job.sizes:
        async with client.talks(job.url, count) as talks:
            spent = await _in_step(client, talks, deltas)
        measured[f"{count} sessions"] = {"cpu": spent / deltas / count * MICRO}
    return measured


async def lanes(client: Client, job: Job) -> Measured:
    """The same number of responses on lanes of one connection, and on connections of their own: CPU time for each delta."""
    measured: Measured = {}
    deltas = int(job.seconds * 100)
    for count in job.sizes:
        for shared, case in ((False, "sockets"), (True, "lanes")):
            async with client.talks(job.url, count, shared=shared) as talks:
                spent = await _in_step(client, talks, deltas)
            measured[f"{count} {case}"] = {"cpu": spent / deltas / count * MICRO}
    return measured


async def _in_step(client: Client, talks: Sequence[Talk], deltas: int) -> float:
    """CPU seconds of one paced answer to each of the talks."""
    await warm(client, talks)

    async def listen(talk: Talk) -> None:
        pieces: list[str] = []
        await talk.say(command(deltas, every=0.01), pieces.append)
        check_whole(pieces, deltas)

    with Stretch() as stretch:
        await client.together([partial(listen, talk) for talk in talks])
    return stretch.cpu


async def width(client: Client, job: Job) -> Measured:
    """Sessions at 50 deltas a second each: how late deltas come, and how much of a core that takes.

    Each session asks twice, one answer after the other. They begin evenly spread over the time of one answer, and what is measured
    is the time of the next: everybody speaks, and turns end and begin all the while.
    """
    measured: Measured = {}
    deltas = int(job.seconds / BREATH)
    async with client.talks(job.url, max(job.sizes)) as talks:
        await warm(client, talks)
        for count in job.sizes:
            window = Window(job.seconds)
            talkers = [
                partial(window.talk_on, client, talk, job.seconds * place / count) for place, talk in enumerate(talks[:count])
            ]
            await client.together([partial(window.measure, client), *talkers])
            delays = window.delays()
            measured[f"{count:,} sessions"] = {
                "p50": delays[len(delays) // 2] * MILLI,
                "p99": delays[int(len(delays) * 0.99)] * MILLI,
                "core": window.stretch.cpu / window.stretch.clock * 100,
                "lost": max(0.0, 1 - (deltas - 1) * BREATH / statistics.median(window.spans)) * 100,
            }
    return measured


class Window:
    """The time of the second of three answers' times, in which everybody speaks."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        """How long an answer takes."""
        self.stretch = Stretch()
        """What was measured in it."""
        self.begun = 0.0
        """When it began, by the clock that all processes share."""
        self.heard: list[tuple[float, float]] = []
        """When each delta was said, and when it was heard; those before and after as well."""
        self.spans: list[float] = []
        """How long the load generator took to say each answer."""

    async def measure(self, client: Client) -> None:
        """Wait for it, and for its end."""
        await client.sleep(self.seconds)
        self.begun = time.monotonic()
        with self.stretch:
            await client.sleep(self.seconds)

    async def talk_on(self, client: Client, talk: Talk, later: float) -> None:
        """Ask twice, beginning so many seconds later."""
        await client.sleep(later)
        deltas = int(self.seconds / BREATH)
        for _ in range(2):
            said: list[float] = []

            def hear(piece: str, said: list[float] = said) -> None:
                now, instant = time.monotonic(), float(piece[1:])
                said.append(instant)
                self.heard.append((instant, now))

            await talk.say(command(deltas, every=BREATH, stamp="sent"), hear)
            check_stamped(said, deltas)
            self.spans.append(said[-1] - said[0])

    def delays(self) -> list[float]:
        """How late the deltas of this time came, in seconds, in order of size."""
        end = self.begun + self.seconds
        return sorted(heard - said for said, heard in self.heard if self.begun <= said < end)


async def history(client: Client, job: Job) -> Measured:
    """A turn behind a long history: CPU time of the whole turn, its answer being one delta."""
    measured: Measured = {}
    for size in job.sizes:
        roles = ("user", "assistant")
        items = [
            {"role": roles[number % 2], "content": f"What was said in place {number}, in a sentence."} for number in range(size)
        ]
        async with client.talks(job.url, history=items) as (talk,):
            await warm(client, [talk])
            times: list[float] = []
            for _ in range(TURNS):
                pieces: list[str] = []
                with Stretch() as stretch:
                    await talk.say(command(), pieces.append)
                times.append(stretch.cpu)
                check_whole(pieces, 1)
        measured[f"{size:,} items"] = {"turn": statistics.median(times) * MILLI}
    return measured


async def interruption(client: Client, job: Job) -> Measured:
    """From the interruption of an answer to the next create, as the server sees it."""
    measured: Measured = {}

    async def measure(mode: str) -> None:
        async with client.talks(job.url) as (talk,):
            await warm(client, [talk])
            begun = await talk.interrupt(command(REMAINING, every=BREATH, cancel=mode), HEARD)
            received: list[str] = []
            await talk.say(command(stamp="received"), received.append)
            stamps = [piece for piece in received if piece.startswith("@")]
            if len(stamps) != 1:
                raise NotWhole(f"{len(stamps)} answers came after the interruption ({mode}): the measurement is void.")
            measured[mode.replace("_", " ")] = {"silence": (float(stamps[0][1:]) - begun) * MILLI}

    if getattr(client, "waits", False):
        # What is measured is seconds of waiting; there is no need to wait one after the other.
        await client.together([partial(measure, mode) for mode in job.cancels])
    else:
        for mode in job.cancels:
            await measure(mode)
    return {mode.replace("_", " "): measured[mode.replace("_", " ")] for mode in job.cancels}


async def memory(client: Client, job: Job) -> Measured:
    """Memory of a session that is open, and of one whose answer is coming in."""
    measured: Measured = {}
    (step,) = job.sizes

    async def speak(talk: Talk) -> None:
        pieces: list[str] = []
        deltas = int(job.seconds * 100)
        await talk.say(command(deltas, every=0.02), pieces.append)
        check_whole(pieces, deltas)

    async def look() -> None:
        await client.sleep(job.seconds * 1.5)
        gc.collect()
        busy = resident()
        measured["busy"] = {"memory": idle + (busy - more) / (MEMORY_BASE + step) / 1024}

    async with client.talks(job.url, MEMORY_BASE) as first:
        await warm(client, first)
        few = resident()
        async with client.talks(job.url, step) as others:
            await warm(client, others)
            more = resident()
            idle = (more - few) / step / 1024
            measured["idle"] = {"memory": idle}
            await client.together([look, *(partial(speak, talk) for talk in (*first, *others))])
    return measured


async def tls(client: Client, job: Job) -> Measured:
    """From nothing to the first delta, over TLS."""
    times: list[float] = []
    for _ in range(job.sizes[0]):
        first: list[float] = []

        def hear(_: str, first: list[float] = first) -> None:
            first.append(time.monotonic())

        begun = time.monotonic()
        async with client.talks(job.secure_url) as (talk,):
            await talk.say(command(), hear)
        times.append(first[0] - begun)
    return {"first delta": {"first": statistics.median(times) * MILLI}}


WORKLOADS: dict[str, Callable[[Client, Job], Awaitable[Measured]]] = {
    "flood": flood,
    "history": history,
    "interruption": interruption,
    "lanes": lanes,
    "memory": memory,
    "paced": paced,
    "tls": tls,
    "width": width,
}
"""How a round of each workload goes."""


def resident() -> int:
    """Bytes of memory that this process has now. Linux only: raises ``OSError`` elsewhere."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
