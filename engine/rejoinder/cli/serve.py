"""``rejoinder serve``: the simulated server, for whatever client wants to be tried against it.

Rules of this file
* One line for each create, cancel and end; what was said only with ``--verbose``, and never so that a terminal obeys it.
* A server that runs for long keeps no log: each entry is shown and forgotten.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .choices import CancelModeName, ProfileName

if TYPE_CHECKING:
    from rejoinder.testing import ModelServer

__all__ = ["serve"]

SMALLEST_PACE = 0.01
HELP = "help"
"""What ``--fault`` names to list the faults."""


def serve(
    *,
    host: Annotated[str, typer.Option(metavar="HOST", help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(metavar="PORT", help="The port to listen on; 0 picks a free one.", min=0, max=65535)] = 8765,
    profile: Annotated[
        ProfileName | None, typer.Option(help="The provider to imitate.", show_default="openai; generic with --replay")
    ] = None,
    cancel_mode: Annotated[
        CancelModeName, typer.Option(help="What to do with a response.cancel, which no provider documents.")
    ] = CancelModeName.HONOUR,
    fault: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME[:ARGUMENT][@ANSWER]", help="Something that goes wrong; --fault help lists what can. May be given again."
        ),
    ] = None,
    replay: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE", exists=True, dir_okay=False, readable=True, help="Answer with a recording. May be given again."
        ),
    ] = None,
    pace: Annotated[
        float | None, typer.Option(metavar="PIECES", help="Pieces of text to say each second.", min=SMALLEST_PACE)
    ] = None,
    model: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="A model that there is; any, if none is named. May be given again.")
    ] = None,
    key: Annotated[str | None, typer.Option(metavar="KEY", help="The API key to ask for; any will do if none is given.")] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show every frame.")] = False,
) -> None:
    """Simulate a Responses server on this machine, faults included.

    Prints its address, then a line for each create, each cancel and each end of a connection. Ctrl-C stops it.
    """
    from .running import run
    from .serve_run import Order, build_server, faults, serve_until_stopped

    if HELP in (fault or ()):
        for line in faults():
            typer.echo(line)
        return

    async def command() -> int:
        order = Order(
            profile=None if profile is None else profile.value,
            cancel_mode=cancel_mode.value,
            faults=tuple(fault or ()),
            recordings=tuple(replay or ()),
            pace=pace,
            models=frozenset(model) if model else None,
        )
        server: ModelServer = build_server(order, typer.echo, verbose=verbose)
        await serve_until_stopped(server, host, port, key, typer.echo)
        return 0

    run(command)
