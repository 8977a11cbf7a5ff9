"""Hours of hundreds of sessions under fire, in real time: ``uv run python -m benchmarks.soak --minutes 30``.

Simulated servers in a process of their own, a proxy before each of them that breaks connections, and sessions here that open, talk,
are interrupted and close. The promises are judged from both ends: from what each socket gave to the engine and what its callers
got, and from the servers' logs. Exit status 1 if one is broken, if a task is left over, or if memory goes on growing. docs/soak.md
says more.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections import Counter
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final, final

import attrs
import trio
import typer

from rejoinder.testing.fault_proxy import Break, Direction, FaultProxy, ProxiedConnection, ProxyPlan, fault_proxy

from .soak_sessions import Crowd
from .soak_stations import DEADLINES, STATIONS
from .soak_tally import Tally

__all__ = ["Account", "Moment", "Soak", "violations"]

HOST: Final = "127.0.0.1"
LIFE: Final = (10.0, 120.0)
"""Seconds that a session lives, at least and at most."""
STRIKE: Final = 0.25
"""Seconds between two faults of the network, on average."""
GROWTH: Final = 96.0
"""MiB by which memory may grow between the middle and the end."""


@attrs.frozen
class Moment:
    """What there is at one moment."""

    seconds: float
    """When, since the beginning."""
    tasks: int
    """Tasks of this process, in trio's count."""
    client_mib: float | None
    """Resident memory of this process, in MiB; None where the system does not tell."""
    server_mib: float | None
    """Resident memory of the servers' process."""


@attrs.frozen
class Account:
    """What a soak came to."""

    minutes: float
    """How long sessions came."""
    sessions: int
    """Sessions at once."""
    seed: int
    """The seed: the same seed makes the same choices, though not the same moments."""
    tally: Tally
    """What came of the sessions."""
    faults: Counter[str]
    """What was done to connections."""
    server: dict[str, Any]
    """What the servers' logs say."""
    behind: float
    """Seconds by which the sessions' process fell behind in all, because the machine had other work."""
    moments: dict[str, Moment]
    """``before`` any session, at the ``start``, in the ``middle``, at the ``end``, and ``after`` the last session."""


def violations(account: Account) -> list[str]:
    """What should not be, in words; empty if all is well."""
    found = [*account.tally.broken, *(f"server: {line}" for line in account.server["broken"])]
    before, after = account.moments["before"], account.moments["after"]
    if after.tasks != before.tasks:
        found.append(f"{after.tasks - before.tasks} tasks are left over")
    middle, end = account.moments["middle"], account.moments["end"]
    for name in ("client_mib", "server_mib"):
        was, is_now = getattr(middle, name), getattr(end, name)
        if was is not None and is_now is not None and is_now - was > GROWTH:
            found.append(f"{name} grew from {was:.0f} to {is_now:.0f} in the second half")
    if not account.tally.counts["outcomes: completed"]:
        found.append("nothing was ever completed: there was nothing to judge")
    return found


@final
@attrs.define(eq=False)
class Soak:
    """A soak on its way."""

    minutes: float
    sessions: int
    seed: int
    pause: float
    faults: Counter[str] = attrs.field(factory=Counter[str])
    moments: dict[str, Moment] = attrs.field(factory=dict[str, Moment])
    _began: float = 0.0

    async def run(self) -> Account:
        """Run it, to the end."""
        command = [sys.executable, "-m", "benchmarks.soak_server", str(self.seed)]
        async with trio.open_nursery() as nursery:
            start: Any = partial(trio.run_process, command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            server: trio.Process = await nursery.start(start)
            assert server.stdin is not None  # noqa: S101 - it was asked for
            assert server.stdout is not None  # noqa: S101
            told = Lines(server.stdout)
            ports: list[int] = json.loads(await told.next())
            async with AsyncExitStack() as stack:
                proxies = [await stack.enter_async_context(fault_proxy(HOST, port)) for port in ports]
                crowd = Crowd(self.seed, [(station, proxy.port) for station, proxy in zip(STATIONS, proxies, strict=True)])
                await self._gather(crowd, proxies, server.pid)
            await server.stdin.aclose()
            account = json.loads(await told.next())
        return Account(self.minutes, self.sessions, self.seed, crowd.tally, self.faults, account, crowd.pulse.behind, self.moments)

    async def _gather(self, crowd: Crowd, proxies: list[FaultProxy], server: int) -> None:
        """Let the crowd come for as long as it may, and take the measure of it on the way."""
        await trio.sleep(0.5)
        seconds = self.minutes * 60
        self._began = trio.current_time()
        self._look("before", server)
        async with trio.open_nursery() as faults:
            faults.start_soon(self._break_things, proxies)
            faults.start_soon(self._let_go, proxies)
            faults.start_soon(crowd.pulse.beat)
            async with trio.open_nursery() as places:
                for place in range(self.sessions):
                    places.start_soon(crowd.keep_coming, place, self._began + seconds, LIFE, self.pause)
                for name, share in (("start", 0.1), ("middle", 0.5), ("end", 0.97)):
                    await trio.sleep_until(self._began + share * seconds)
                    self._look(name, server)
            faults.cancel_scope.cancel()
        for proxy in proxies:
            proxy.heal()
        # The proxies' own tasks for the connections that were just left end with them, in their time.
        with trio.move_on_after(20):
            while trio.lowlevel.current_statistics().tasks_living > self.moments["before"].tasks:
                for proxy in proxies:
                    for connection in list(proxy.connections):
                        connection.close()
                await trio.sleep(0.1)
        self._look("after", server)

    def _look(self, name: str, server: int) -> None:
        tasks = trio.lowlevel.current_statistics().tasks_living
        self.moments[name] = Moment(trio.current_time() - self._began, tasks, _mib("self"), _mib(str(server)))

    async def _let_go(self, proxies: list[FaultProxy]) -> None:
        """Close black holes whose clients have given up: nothing else ends them."""
        seen: dict[ProxiedConnection, float] = {}
        while True:
            await trio.sleep(1)
            there = [each for proxy in proxies for each in proxy.connections if each.plan.black_hole]
            now = trio.current_time()
            seen = {each: seen.get(each, now) for each in there}
            for each, since in seen.items():
                if now - since > DEADLINES.connect + 1:
                    each.close()

    async def _break_things(self, proxies: list[FaultProxy]) -> None:
        """Break connections, and let the next ones break later, for ever."""
        lots = random.Random(f"{self.seed} faults")  # noqa: S311 - chance that can be had again
        while True:
            await trio.sleep(lots.expovariate(1 / STRIKE))
            proxy = lots.choice(proxies)
            luck = lots.random()
            if luck < 0.5 and proxy.connections:  # noqa: PLR2004 - shares
                connection = lots.choice(proxy.connections)
                what = lots.choice(["reset", "close", "silent to client", "silent to server"])
                self.faults[f"{what}, now"] += 1
                if what == "reset":
                    connection.reset()
                elif what == "close":
                    connection.close()
                else:
                    connection.go_silent(Direction(what.removeprefix("silent ")))
            elif len(proxy.plans) < 3:  # noqa: PLR2004 - a short list
                plan = _plan(lots)
                kind = "black hole" if plan.black_hole else f"{plan.how.value} after some bytes {plan.direction.value}"
                self.faults["delay" if plan.delay else kind] += 1
                proxy.plans.append(plan)


def _plan(lots: random.Random) -> ProxyPlan:
    luck = lots.random()
    if luck < 0.1:  # noqa: PLR2004 - shares
        return ProxyPlan(black_hole=True)
    if luck < 0.3:  # noqa: PLR2004
        return ProxyPlan(delay=lots.uniform(0.001, 0.05))
    return ProxyPlan(break_after=lots.randint(0, 20_000), direction=lots.choice(list(Direction)), how=lots.choice(list(Break)))


@final
class Lines:
    """The lines that another process prints."""

    def __init__(self, stream: trio.abc.ReceiveStream) -> None:
        self._stream = stream
        self._held = b""

    async def next(self) -> str:
        """The next line."""
        while b"\n" not in self._held:
            more = await self._stream.receive_some()
            if not more:
                raise EOFError("The servers of the soak have ended. What they said is above.")
            self._held += more
        line, _, self._held = self._held.partition(b"\n")
        return line.decode()


def _mib(process: str) -> float | None:
    """Resident memory of a process, where the system tells (Linux)."""
    status = Path("/proc", process, "status")
    if not status.exists():
        return None
    found = [line for line in status.read_text("ascii").splitlines() if line.startswith("VmRSS:")]
    return round(int(found[0].split()[1]) / 1024, 1) if found else None


def figures(account: Account) -> dict[str, Any]:
    """The account as JSON values."""
    tally = account.tally
    seen: Counter[str] = tally.sometimes + Counter[str](account.server["sometimes"])
    return {
        "minutes": account.minutes,
        "sessions": account.sessions,
        "seed": account.seed,
        "counts": dict(sorted(tally.counts.items())),
        "texts": {"lost": tally.lost, "duplicated": tally.duplicated, "crossed": tally.crossed},
        "faults": dict(sorted(account.faults.items())),
        "server": account.server["counts"],
        "seen": dict(sorted(seen.items())),
        "behind": {"seconds": round(account.behind, 1)},
        "moments": {name: attrs.asdict(moment) for name, moment in account.moments.items()},
        "violations": violations(account),
        "diaries": tally.diaries,
    }


def main(
    minutes: Annotated[float, typer.Option(help="How long.", min=0.01)] = 30.0,
    sessions: Annotated[int, typer.Option(help="Sessions at once.", min=1)] = 200,
    seed: Annotated[int | None, typer.Option(help="The seed of every choice; a new one if none is given.")] = None,
    pause: Annotated[float, typer.Option(help="Seconds between two turns of a session, on average.", min=0.001)] = 2.0,
    json_file: Annotated[Path | None, typer.Option("--json", help="Also write everything that was counted to this file.")] = None,
) -> None:
    """Let hundreds of sessions live under fire, and judge every promise from both ends."""
    chosen = random.SystemRandom().randrange(2**32) if seed is None else seed
    account = trio.run(Soak(minutes, sessions, chosen, pause).run)
    told = figures(account)
    if json_file is not None:
        json_file.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    for heading in ("counts", "faults", "server", "texts", "behind", "moments"):
        typer.echo(f"{heading}:")
        for name, value in told[heading].items():
            typer.echo(f"  {name}: {value}")
    typer.echo(f"violations: {len(told['violations'])} (seed {chosen})")
    for line in told["violations"][:20]:
        typer.echo(f"  {line}")
    raise typer.Exit(1 if told["violations"] else 0)


if __name__ == "__main__":
    typer.run(main)
