"""``rejoinder demo``: a conversation with a simulated server on this machine, and a judgement on it.

Rule: here the command line becomes a plan and a screen, and the report becomes output and a status. The rest has files of its own,
which are imported when the command runs.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .choices import CancelPolicyName, ProfileName

if TYPE_CHECKING:
    from .demo_run import Plan
    from .demo_screen import Screen

__all__ = ["demo", "screen_for"]


def demo(
    *,
    profile: Annotated[ProfileName, typer.Option(help="The provider to imitate.")] = ProfileName.OPENAI,
    signal: Annotated[
        bool | None,
        typer.Option(
            "--signal/--no-signal", help="Whether an interruption is also told to the server.", show_default="as the provider"
        ),
    ] = None,
    then: Annotated[
        CancelPolicyName | None,
        typer.Option(help="What the next question does while an interrupted answer still runs.", show_default="as the provider"),
    ] = None,
    plain: Annotated[bool, typer.Option("--plain", help="Print line after line, on a terminal too.")] = False,
    fast: Annotated[bool, typer.Option("--fast", help="Do not wait for anybody to watch.")] = False,
    report: Annotated[
        str | None, typer.Option("--json", metavar="FILE", help="Write the report as JSON; - prints it and nothing else.")
    ] = None,
    trace: Annotated[
        Path | None, typer.Option("--trace", metavar="FILE", help="Record the session, to be replayed, drawn and viewed.")
    ] = None,
) -> None:
    """Hold a conversation in which a lot goes wrong.

    The server is simulated, on this machine: no key, no network. The conversation calls a tool, is interrupted twice, loses its
    connection twice and is forgotten once. Then it is judged, by the server's log and by what the caller was given, whether every
    promise was kept; status 1 if one was not.
    """
    from rejoinder.engine import CancelPolicy

    from .demo_run import Plan
    from .files import check_report, keep_apart, write_report
    from .running import run

    plan = Plan(profile.value, signal, None if then is None else CancelPolicy(then.value), fast, trace)

    async def command() -> int:
        keep_apart({"--trace": trace, "--json": None if report in {None, "-"} else Path(str(report))})
        check_report(report)  # a report that cannot be written is noticed before it is made
        succeeded, text = await _perform(plan, silent=report == "-", plain=plain)
        if report is not None:
            write_report(report, text)
        return 0 if succeeded else 1

    run(command)


async def _perform(plan: Plan, *, silent: bool, plain: bool) -> tuple[bool, str]:
    from .demo_run import run_demo

    with screen_for(silent=silent, plain=plain) as screen:
        report = await run_demo(plan, screen)
    if not silent:
        for line in report.lines():
            typer.echo(line)
    return report.succeeded, json.dumps(report.as_json(), indent=2) + "\n"


def screen_for(*, silent: bool, plain: bool) -> Screen:
    """What the conversation is shown on."""
    from .demo_screen import PlainScreen, SilentScreen

    if silent:
        return SilentScreen()
    if plain or not sys.stdout.isatty() or os.environ.get("TERM") == "dumb":
        return PlainScreen(typer.echo)
    from rich.console import Console

    from .demo_live import LiveScreen

    return LiveScreen(Console())
