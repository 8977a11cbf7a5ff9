"""``rejoinder sequence``: a trace, or a part of it, as a sequence diagram.

Rule: at most ``MOST_STEPS`` steps are held; whoever wants others names the part.
"""

from __future__ import annotations

import sys
from itertools import islice
from pathlib import Path
from typing import Annotated, Final

import typer

__all__ = ["MOST_STEPS", "sequence"]

MOST_STEPS: Final = 20_000
"""How many steps are drawn, before what does not fit into a picture is left out of it."""
FORMS: Final = ("mermaid", "svg")


def sequence(
    trace: Annotated[Path, typer.Argument(metavar="TRACE", help="A trace file.")],
    form: Annotated[
        str | None, typer.Option("--format", metavar="mermaid|svg", help="How; else as the file's name ends, else Mermaid.")
    ] = None,
    first: Annotated[int, typer.Option("--from", metavar="STEP", help="The first step to draw.", min=1)] = 1,
    last: Annotated[int | None, typer.Option("--to", metavar="STEP", help="The last step to draw.", min=1)] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write to this file instead of printing.")
    ] = None,
) -> None:
    """Draw what went on between callers, client and servers.

    What is too long for a picture is shortened in its first part, and says so: name a part with --from and --to.
    """
    from .files import keep_apart, write_file
    from .refusals import CannotDo, Refusal, refuse

    try:
        if form is None:
            form = "mermaid" if output is None else _form_of(output)
        if form not in FORMS:
            refuse(Refusal(2, f"There is no format {form!r} of a sequence. Name {' or '.join(FORMS)}."))
        keep_apart({"--output": output}, trace)
        text = _draw(trace, form, first, last).encode()
        if output is None:
            typer.echo(text, nl=False)
        else:
            write_file(output, text)
    except CannotDo as error:
        refuse(Refusal(error.status, str(error)))


def _form_of(output: Path) -> str:
    """The form that a file's name asks for. Raises ``CannotDo`` if it asks for one that there is not."""
    from .files import check_ending

    if output.suffix.lower() == ".svg":
        return "svg"
    check_ending(output, "svg or mmd")
    return "mermaid"


def _draw(trace: Path, form: str, first: int, last: int | None) -> str:
    from rejoinder.diagrams.sequence import sequence as draw_mermaid
    from rejoinder.diagrams.sequence_svg import draw_sequence_svg
    from rejoinder.states.trace import Fed

    from .refusals import CannotDo
    from .trace_file import entries_of, open_trace

    with open_trace(trace) as reading:
        wanted = islice(entries_of(reading), min(first - 1, sys.maxsize), None if last is None else min(last, sys.maxsize))
        feds = list(islice((entry for entry in wanted if isinstance(entry, Fed)), MOST_STEPS + 1))
    if not feds:
        raise CannotDo(f"{str(trace)!r} has no steps there. Name others with --from and --to.", 2)
    if len(feds) > MOST_STEPS:
        raise CannotDo(f"There are more than {MOST_STEPS} steps. Name a part of them with --from and --to.", 2)
    return draw_sequence_svg(feds, trace.name, first) if form == "svg" else draw_mermaid(feds, trace.name)
