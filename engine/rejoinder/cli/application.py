"""The `rejoinder` command: every command under its name.

Rules of this file
* Commands are declared here and do their work elsewhere; what they need is imported when they run, so that `--help` is quick.
* Help and complaints are plain text: they read the same in a pipe, and cost no import of their own.
"""

from importlib.metadata import version
from typing import Annotated

import typer

from .chat import chat
from .check import check
from .conform import conform
from .demo import demo
from .draw import draw
from .fuzz import fuzz
from .replay import replay
from .scenarios import scenarios
from .sequence import sequence
from .serve import serve
from .view import view

__all__ = ["application"]

application = typer.Typer(name="rejoinder", no_args_is_help=True, add_completion=False, rich_markup_mode=None)


def print_version(requested: bool) -> None:
    """Print the installed version and stop, when `--version` was given."""
    if requested:
        typer.echo(version("rejoinder"))
        raise typer.Exit


@application.callback()
def rejoinder(
    _version: Annotated[
        bool, typer.Option("--version", callback=print_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Drive the OpenAI Responses API over one WebSocket, with every lifecycle in an explicit state machine.

    Begin with `rejoinder demo`: it needs no key and no network.

    Every command ends with status 0 if all is well, 1 if something is not, 2 if it cannot do what it is asked for, 130 at Ctrl-C,
    and 141 if nobody reads what it prints.
    """


application.command()(demo)
application.command()(chat)
application.command()(serve)
application.command()(draw)
application.command()(replay)
application.command()(sequence)
application.command()(view)
application.command()(check)
application.command()(fuzz)
application.command()(conform)
application.command()(scenarios)
