"""The entry point of the `rejoinder` command. Rule: commands are declared here and do their work elsewhere."""

from importlib.metadata import version
from typing import Annotated

import typer

application = typer.Typer(name="rejoinder", no_args_is_help=True, add_completion=False)


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
    """Drive the OpenAI Responses API over one WebSocket, with every lifecycle in an explicit state machine."""


def main() -> None:
    """Run the command line."""
    application()
