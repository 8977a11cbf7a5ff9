"""``rejoinder draw``: print the machines as they run, as pictures or as tables.

Rule: drawing is done in ``rejoinder.diagrams``. Here it is decided where the text goes, and how a mistake is told: one line on the
error stream and status 2.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["draw"]


def draw(
    name: Annotated[
        str,
        typer.Argument(metavar="link|response|request|classification|all", help="One machine, the classification, or all."),
    ] = "all",
    form: Annotated[
        str | None,
        typer.Option("--format", metavar="mermaid|table", help="Mermaid, for whatever has it, unless you say table."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write to this file instead of printing.")
    ] = None,
) -> None:
    """Draw the machines from the tables that run."""
    from rejoinder.diagrams import UnknownPictureError, draw_picture

    try:
        text = draw_picture(name, form)
    except UnknownPictureError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    # Bytes, because the signs in the pictures are beyond what some terminals' encodings can say.
    if output is None:
        typer.echo(text.encode(), nl=False)
        return
    try:
        output.write_bytes(text.encode())
    except OSError as error:
        typer.echo(f"{str(output)!r} cannot be written ({error.strerror}). Name a file that can.", err=True)
        raise typer.Exit(2) from None
