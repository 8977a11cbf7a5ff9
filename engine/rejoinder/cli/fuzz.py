"""``rejoinder fuzz``: programs of callers, networks, clocks and servers, against the lifecycle or a handler of yours.

Rule of this file: it reads the command line; what is fuzzed, how long, and what is told of it are in ``fuzz_*.py``.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

import typer

from .choices import ProfileName

__all__ = ["fuzz"]


def fuzz(
    *,
    target: Annotated[
        str | None,
        typer.Option(metavar="MODULE:NAME", help="Programs, or what makes a handler; else the lifecycle.", show_default=False),
    ] = None,
    engine: Annotated[
        bool, typer.Option("--engine", help="Fuzz the whole engine on a virtual clock, instead of the pure lifecycle.")
    ] = False,
    profile: Annotated[ProfileName | None, typer.Option(help="Servers of this kind only.", show_default="every kind")] = None,
    minutes: Annotated[float | None, typer.Option(metavar="N", help="How long.", show_default="1, if nothing else ends it")] = None,
    examples: Annotated[int | None, typer.Option(metavar="N", help="How many programs.", min=1)] = None,
    steps_total: Annotated[int | None, typer.Option(metavar="N", help="How many steps of programs, in all.", min=1)] = None,
    steps: Annotated[
        int | None, typer.Option(metavar="N", help="The most steps of a program.", min=1, show_default="50; 10 with --engine")
    ] = None,
    seed: Annotated[int | None, typer.Option(metavar="N", help="Draw as an earlier run has.", show_default="another")] = None,
    database: Annotated[
        str | None,
        typer.Option(metavar="DIRECTORY|redis://…", help="Keep what fails here, and try what is there first.", show_default=False),
    ] = None,
    report: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write everything as JSON; - prints that alone.", show_default=False)
    ] = None,
    traces: Annotated[
        Path | None,
        typer.Option(metavar="DIRECTORY", help="Where to write what failed.", show_default="beside the report, or here"),
    ] = None,
) -> None:
    """Run random programs, and tell the smallest that fail.

    A program is any order of what callers, the network, the clock and a server that may be wrong can do. After each step every
    promise is judged, and what your handler took down is compared with what was delivered. Ends at the first of --minutes,
    --examples and --steps-total. The exit status is 1 if anything failed.
    """
    from .fuzz_run import Order, run_fuzz
    from .refusals import Refusal, refuse

    if minutes is not None and not 0 < minutes < math.inf:
        refuse(Refusal(2, f"--minutes {minutes:g} is not a number of minutes above 0. Leave it out for one minute."))
    seconds = None if minutes is None else 60 * minutes
    if minutes is None and examples is None and steps_total is None:
        seconds = 60.0
    order = Order(
        target=target,
        engine=engine,
        profile=None if profile is None else profile.value,
        seconds=seconds,
        examples=examples,
        steps_total=steps_total,
        steps=steps,
        seed=seed,
        database=database,
        report=report,
        traces=traces,
    )
    raise typer.Exit(run_fuzz(order))
