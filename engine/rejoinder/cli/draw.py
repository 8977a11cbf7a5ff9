"""``rejoinder draw``: print the machines as they run, as pictures or as tables.

Rule: drawing is done in ``rejoinder.diagrams``. Here it is decided where the text goes, and how a mistake is told: one line on the
error stream and status 2.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rejoinder.diagrams import Paths

__all__ = ["draw"]


def draw(
    name: Annotated[
        str,
        typer.Argument(metavar="link|response|request|classification|all", help="One machine, the classification, or all."),
    ] = "all",
    form: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="svg|png|mermaid|dot|table|scxml|json",
            help="How; else as the file's name ends, else Mermaid for whatever has it.",
        ),
    ] = None,
    highlight: Annotated[
        Path | None,
        typer.Option("--highlight", metavar="TRACE", help="Show what this trace went through (svg, png, dot)."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write to this file; for all in svg, png or scxml, to this folder."),
    ] = None,
) -> None:
    """Draw the machines from the tables that run.

    A PNG is drawn by Graphviz, which has to be installed; everything else needs nothing.
    """
    from rejoinder.diagrams import CHARTS, SEPARATE, SUFFIXES, GraphvizError, UnknownPictureError

    from .files import check_ending, keep_apart, write_file
    from .refusals import CannotDo, Refusal, refuse

    try:
        if form is None and output is not None:
            form = SUFFIXES.get(output.suffix.lower())
            if form is None:
                check_ending(output, "svg, png, mmd, dot, md, scxml or json")
        paths = None if highlight is None else _paths(highlight)
        if name == "all" and form in SEPARATE and output is not None:
            pictures = {output / f"{machine}.{form}": _picture(machine, form, paths) for machine in CHARTS}
            keep_apart({f"{machine}.{form} in --output": path for machine, path in zip(CHARTS, pictures, strict=True)}, highlight)
            _make_folder(output)
            for path, drawn in pictures.items():
                write_file(path, drawn)
        else:
            picture = _picture(name, form, paths)
            if output is None:
                _print(picture, form)
            else:
                keep_apart({"--output": output}, highlight)
                write_file(output, picture)
    except CannotDo as error:
        refuse(Refusal(error.status, str(error)))
    except (UnknownPictureError, GraphvizError) as error:
        refuse(Refusal(2, str(error)))


def _picture(name: str, form: str | None, paths: Paths | None) -> bytes:
    """Bytes, because the signs in the pictures are beyond what some terminals' encodings can say."""
    from rejoinder.diagrams import draw_picture, draw_png

    return draw_png(name, paths) if form == "png" else draw_picture(name, form, paths).encode()


def _paths(trace: Path) -> Paths:
    from rejoinder.diagrams import follow

    from .trace_file import entries_of, open_trace

    with open_trace(trace) as reading:
        return follow(entries_of(reading))


def _print(picture: bytes, form: str | None) -> None:
    from .refusals import CannotDo

    if form == "png" and sys.stdout.isatty():
        raise CannotDo("A PNG cannot be shown on a terminal. Name a file with -o.", 2)
    typer.echo(picture, nl=False)


def _make_folder(folder: Path) -> None:
    from .refusals import CannotDo

    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise CannotDo(f"{str(folder)!r} cannot be written ({error.strerror}). Name a file that can.", 2) from None
