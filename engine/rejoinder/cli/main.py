"""The entry point of the `rejoinder` command.

Rules of this file
* Commands are declared here and do their work elsewhere; what they need is imported when they run, so that `--help` is quick.
* Help and complaints are plain text: they read the same in a pipe, and cost no import of their own.
"""

import io
import sys
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

__all__ = ["application", "main"]

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


def main() -> None:
    """Run the command line."""
    for stream in (sys.stdout, sys.stderr):
        # An old terminal shows what it cannot encode as an escape, and does not end the program.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    application(prog_name="rejoinder")
