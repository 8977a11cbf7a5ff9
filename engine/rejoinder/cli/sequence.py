"""``rejoinder sequence``: a trace, or a part of it, as a sequence diagram.

Rule: at most ``MOST_STEPS`` steps are held; whoever wants others names the part.
"""

from __future__ import annotations

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
    from .running import CannotDo, Refusal, refuse

    if form is None:
        form = "svg" if output is not None and output.suffix.lower() == ".svg" else "mermaid"
    if form not in FORMS:
        refuse(Refusal(2, f"There is no format {form!r} of a sequence. Name {' or '.join(FORMS)}."))
    try:
        text = _draw(trace, form, first, last).encode()
        if output is None:
            typer.echo(text, nl=False)
        else:
            output.write_bytes(text)
    except CannotDo as error:
        refuse(Refusal(error.status, str(error)))
    except OSError as error:
        refuse(Refusal(2, f"{str(output)!r} cannot be written ({error.strerror}). Name a file that can."))


def _draw(trace: Path, form: str, first: int, last: int | None) -> str:
    from rejoinder.diagrams.sequence import sequence as draw_mermaid
    from rejoinder.diagrams.sequence_svg import draw_sequence_svg
    from rejoinder.states.trace import Fed

    from .running import CannotDo
    from .trace_file import entries_of, open_trace

    with open_trace(trace) as reading:
        wanted = islice(entries_of(reading), first - 1, last)
        feds = list(islice((entry for entry in wanted if isinstance(entry, Fed)), MOST_STEPS + 1))
    if not feds:
        raise CannotDo(f"{str(trace)!r} has no steps there. Name others with --from and --to.", 2)
    if len(feds) > MOST_STEPS:
        raise CannotDo(f"There are more than {MOST_STEPS} steps. Name a part of them with --from and --to.", 2)
    return draw_sequence_svg(feds, trace.name, first) if form == "svg" else draw_mermaid(feds, trace.name)
