"""``rejoinder check``: every promise, in every state that can be reached.

Rule of this file: it reads the command line; exploring and telling are in ``check_run.py``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["check"]


def check(
    names: Annotated[list[str] | None, typer.Argument(metavar="[CONFIGURATION]...", help="What to explore; else all.")] = None,
    *,
    deep: Annotated[bool, typer.Option("--deep", help="One thing more of something in each: several times the states.")] = False,
    workers: Annotated[int | None, typer.Option(metavar="N", help="Processes; as many as processors by default.", min=1)] = None,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="DIRECTORY",
            help="Where to write the sequence diagram (NAME.mmd) and the trace (NAME.jsonl) of a fault.",
            file_okay=False,
        ),
    ] = Path(".rejoinder"),
    show: Annotated[bool, typer.Option("--list", help="List the configurations and stop.")] = False,
) -> None:
    """Judge every promise in every state there is.

    Callers, network, clock and a server that may say anything, in every order; each configuration is exhausted. A fault is told as
    the shortest story that leads to it, drawn, and written as a trace to replay. The exit status is 1 if a promise is broken, a
    row of a table was never taken, or something that must happen sometimes never did.
    """
    from .check_run import chosen, listing, run_checks

    configurations = chosen(names or [], deep=deep)
    if show:
        typer.echo("\n".join(listing(configurations)))
        return
    whole = not names
    raise typer.Exit(run_checks(configurations, workers, output, typer.echo, whole=whole))
