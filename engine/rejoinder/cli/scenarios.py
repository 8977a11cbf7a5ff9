"""``rejoinder scenarios``: every scenario in which the original was measured, run here and now.

Rule: here the command line becomes a choice of runs, and the results become output and a status. The scenarios, and what runs and
judges them, are in ``rejoinder.testing.scenarios``; what they need is imported when the command runs.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from .choices import ServerKindName

if TYPE_CHECKING:
    from rejoinder.testing.scenarios import Result, Scenario, Setting

__all__ = ["scenarios"]


def scenarios(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="Which to run, also as a pattern ('12*', 'http*'); else all.")
    ] = None,
    *,
    wire: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Run over this wire only. May be given again; else all there are.")
    ] = None,
    profile: Annotated[
        ServerKindName, typer.Option(help="Against servers with lanes, serial ones, or both.")
    ] = ServerKindName.BOTH,
    at_once: Annotated[int, typer.Option(metavar="N", help="How many runs go on at the same time.", min=1, max=64)] = 4,
    report: Annotated[
        str | None, typer.Option("--json", metavar="FILE", help="Write verdicts, figures and frames as JSON; - prints that alone.")
    ] = None,
    listing: Annotated[bool, typer.Option("--list", help="List the scenarios, and stop.")] = False,
) -> None:
    """Run every scenario that the original was measured in.

    Each runs over a real socket on this machine, on every wire and against both kinds of server: no key, no network. It is right if
    each turn heard exactly its words, ended as it should and in time, and every frame, both ways, is the expected one. Printed is a
    table beside the original's. Status 1 if any is not right.
    """
    from rejoinder.testing.scenarios import SCENARIOS, UnknownScenario, select

    from .files import check_report
    from .refusals import Refusal, refuse
    from .running import run
    from .scenarios_report import listed

    try:
        chosen = select(names or ())
    except UnknownScenario as error:
        refuse(Refusal(2, str(error)))
    if listing:
        for line in listed(chosen if names else SCENARIOS):
            typer.echo(line)
        return

    async def command() -> int:
        check_report(report)  # a report that cannot be written is noticed before it is made
        planned = _planned(chosen, wire, profile)
        return await _run(planned, at_once, report)

    run(command)


def _planned(chosen: Sequence[Scenario], wires: Sequence[str] | None, profile: ServerKindName) -> list[tuple[Scenario, Setting]]:
    """Every run that was asked for. Raises ``CannotDo`` if a wire is unknown, or nothing is left to run."""
    from rejoinder.testing.scenarios import WIRES, Kind, settings_of

    from .refusals import CannotDo

    for name in wires or ():
        if name not in WIRES:
            raise CannotDo(f"There is no wire named {name!r} here. Wires are {', '.join(WIRES)}.", 2)
    kinds = [Kind.LANES, Kind.SERIAL] if profile is ServerKindName.BOTH else [Kind(profile.value)]
    planned = [(scenario, setting) for scenario in chosen for setting in settings_of(scenario, wires or list(WIRES), kinds)]
    if not planned:
        reasons = [f"{kind}: {reason}" for scenario in chosen for kind, reason in scenario.without.items()]
        raise CannotDo(f"There is nothing to run ({'; '.join(reasons)}). Choose another --profile.", 2)
    return planned


async def _run(planned: Sequence[tuple[Scenario, Setting]], at_once: int, report: str | None) -> int:
    import trio

    from rejoinder.testing.scenarios import run_all

    from .files import write_report
    from .scenarios_report import as_json, lines

    began = trio.current_time()
    results = await run_all(planned, at_once=at_once, over=_progress(len(planned)))
    seconds = trio.current_time() - began
    if report is not None:
        write_report(report, json.dumps(as_json(results, seconds), indent=1) + "\n")
    if report != "-":
        for line in lines(results, seconds):
            typer.echo(line)
    return 0 if all(result.right for result in results) else 1


def _progress(count: int) -> Callable[[Result], object] | None:
    """What tells a person at a terminal how far it is."""
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        return None
    over: list[bool] = []

    def tell(result: Result) -> None:
        over.append(result.right)
        wrong = over.count(False)
        last = "\n" if len(over) == count else ""
        shown = f"{len(over)} of {count}: {result.scenario.name}" + (f" ({wrong} wrong)" if wrong else "")
        typer.echo(f"\r\x1b[K   {shown}{last}", err=True, nl=False)

    return tell
