"""``rejoinder view``: a trace as one page for a browser.

Rules of this file
* The page is made in ``rejoinder.diagrams``; here it is decided where it goes and how a mistake is told.
* What could be read of a damaged trace is shown; the page says so, and so does the status, 1.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["view"]


def view(
    trace: Annotated[Path, typer.Argument(metavar="TRACE", help="A trace file.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="The page; else the trace's name, and .html, here.")
    ] = None,
    first: Annotated[int, typer.Option("--from", metavar="STEP", help="The first step to show.", min=1)] = 1,
    last: Annotated[int | None, typer.Option("--to", metavar="STEP", help="The last step to show.", min=1)] = None,
    show: Annotated[bool, typer.Option("--open", help="Open it in a browser, too.")] = False,
) -> None:
    """Make a page of a trace: step through it, with every machine, over time.

    The page is one file that needs no network. #step=7 behind its address leads to step 7.
    """
    from .running import CannotDo, Refusal, refuse

    page = Path(f"{trace.stem}.html") if output is None else output
    try:
        steps, notice = _make(trace, page, first, last)
    except CannotDo as error:
        refuse(Refusal(error.status, str(error)))
    typer.echo(f"{page} shows {steps} steps.{f' {notice}' if notice else ''}")
    if show:
        _open(page)
    raise typer.Exit(1 if notice.startswith("Line ") else 0)


def _make(trace: Path, page: Path, first: int, last: int | None) -> tuple[int, str]:
    """Write the page; returns how many steps it shows, and what has to be said about them."""
    from rejoinder.diagrams import GraphvizError
    from rejoinder.diagrams.viewer import build_page, page_data

    from .running import CannotDo
    from .trace_file import open_trace

    with open_trace(trace) as reading:
        data = page_data(reading, first, last)
    try:
        page.write_text(build_page(trace.name, data), "utf-8")
    except GraphvizError as error:
        raise CannotDo(str(error), 2) from None
    except OSError as error:
        raise CannotDo(f"{str(page)!r} cannot be written ({error.strerror}). Name a file that can.", 2) from None
    return len(data["steps"]), data["notice"]


def _open(page: Path) -> None:
    import webbrowser

    if not webbrowser.open(page.absolute().as_uri()):
        typer.echo("No browser could be opened. Open the page yourself.", err=True)
