"""``rejoinder view``: a trace as one page for a browser.

Rules of this file
* The page is made in ``rejoinder.diagrams``; here it is decided where it goes and how a mistake is told.
* What could be read of a damaged trace is shown; the page says so, and so does the status, 1.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, NoReturn

import typer

__all__ = ["DEMO", "view"]

DEMO: Final = "demo"
"""What ``--live`` names if it is no trace."""


def view(
    trace: Annotated[Path | None, typer.Argument(metavar="[TRACE]", help="A trace file.")] = None,
    *,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="The page; else the trace's name, and .html, here.")
    ] = None,
    first: Annotated[int, typer.Option("--from", metavar="STEP", help="The first step to show.", min=1)] = 1,
    last: Annotated[int | None, typer.Option("--to", metavar="STEP", help="The last step to show.", min=1)] = None,
    show: Annotated[bool, typer.Option("--open", help="Open it in a browser, too.")] = False,
    live: Annotated[
        str | None,
        typer.Option("--live", metavar="TRACE|demo", help="Follow a trace while it is written, or the demo, on a local page."),
    ] = None,
    port: Annotated[int, typer.Option(help="Where the local page is served; 0 takes a free port.", min=0, max=65535)] = 0,
) -> None:
    """Make a page of a trace, to step through it in a browser.

    The page is one file that needs no network. #step=7 behind its address leads to step 7. With --live it is served on this machine
    instead, and follows a session that is under way.
    """
    from .files import keep_apart
    from .refusals import CannotDo, Refusal, refuse

    if (trace is None) == (live is None):
        refuse(Refusal(2, "Name one trace: a file that is there, or with --live one that is being written, or demo."))
    if trace is None:
        if output is not None or first != 1 or last is not None or show:
            refuse(Refusal(2, "--live serves the whole trace and writes no file. Leave out --output, --from, --to and --open."))
        _follow(str(live), port)
    page = Path(f"{trace.stem}.html") if output is None else output
    try:
        keep_apart({"The page" if output is None else "--output": page}, trace)
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

    from .files import write_file
    from .refusals import CannotDo
    from .trace_file import open_trace

    with open_trace(trace) as reading:
        data = page_data(reading, first, last)
    if not data["steps"] and (first > 1 or last is not None) and not data["notice"].startswith("Line "):
        raise CannotDo(f"{str(trace)!r} has no steps there. Name others with --from and --to.", 2)
    try:
        text = build_page(trace.name, data)
    except GraphvizError as error:
        raise CannotDo(str(error), 2) from None
    write_file(page, text)
    return len(data["steps"]), data["notice"]


def _open(page: Path) -> None:
    import webbrowser

    if not webbrowser.open(page.absolute().as_uri()):
        typer.echo("No browser could be opened. Open the page yourself.", err=True)


def _follow(live: str, port: int) -> NoReturn:
    """Serve the page of a trace that is being written."""
    from tempfile import TemporaryDirectory

    from .demo_run import Plan, run_demo
    from .demo_screen import PlainScreen
    from .refusals import Refusal, refuse
    from .running import run
    from .view_live import follow

    if live != DEMO and Path(live).is_dir():
        refuse(Refusal(2, f"--live {live!r} is a folder. Name the trace, which may come later."))

    async def command() -> int:
        if live != DEMO:
            await follow(Path(live), port, typer.echo, None)
            return 0
        with TemporaryDirectory() as folder:
            trace = Path(folder, "demo.trace.jsonl")

            async def hold_conversation() -> None:
                await run_demo(Plan(trace=trace), PlainScreen(typer.echo))
                typer.echo("The demo has ended. Its page stays until Ctrl-C.")

            await follow(trace, port, typer.echo, hold_conversation)
        return 0

    run(command)
