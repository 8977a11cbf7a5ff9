"""``rejoinder replay``: whether the machine of today decides as a trace says that it did.

Rules of this file
* A trace is read and compared line by line: its length costs time and no memory.
* The exit status is 0 if everything that could be compared is the same, 1 at the first step that is not, 2 for what is no trace.
* What could not be compared is said: a last line that broke off, and everything behind a gap.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

if TYPE_CHECKING:
    from rejoinder.states.effects import Effect
    from rejoinder.states.trace import Difference, Reading

__all__ = ["TEST", "replay", "tell_difference"]

TEST: Final = '''\
"""What the session of {name} decided, it still decides. Written by rejoinder replay --to-test; it reads {trace}."""

from pathlib import Path

from rejoinder.states.trace import read_lines, replay


def test_the_session_decides_as_it_did() -> None:
    with Path(__file__).with_name({trace!r}).open(encoding="ascii") as lines:
        assert replay(read_lines(lines)) is None
'''
"""The test that is written."""


def replay(
    trace: Annotated[Path, typer.Argument(metavar="TRACE", help="A trace file.")],
    test: Annotated[
        Path | None,
        typer.Option("--to-test", metavar="FILE", help="Write a pytest file that replays it, and a copy of the trace beside it."),
    ] = None,
) -> None:
    """Feed a recorded session to the machine that is installed now.

    Says at which step it decides otherwise, what it decided then, and what it decides now. Status 1 if it does.
    """
    from .refusals import CannotDo, Refusal, refuse
    from .trace_file import open_trace

    try:
        if test is not None:
            _check_test(test, trace)
        with open_trace(trace) as reading:
            same = _compare(trace, reading)
        if test is not None and same:
            _write_test(test, trace)
    except CannotDo as error:
        refuse(Refusal(error.status, str(error)))
    if test is not None and not same:
        refuse(Refusal(1, "No test was written: it would fail."))
    raise typer.Exit(0 if same else 1)


def _compare(trace: Path, reading: Reading) -> bool:
    """Say what came of it; returns whether everything was the same."""
    from importlib.metadata import version

    from rejoinder.states.phrases import counted
    from rejoinder.states.trace import Gap, Replay, TraceError

    from .printable import printable
    from .refusals import CannotDo

    if not reading.header.whole:
        raise CannotDo(
            f"{str(trace)!r} began when its session was under way, so it cannot be replayed. Record one from its beginning;"
            " rejoinder view can show this one.",
            2,
        )
    replaying = Replay(reading.header)
    began: float | None = None
    try:
        for line, entry in reading:
            if isinstance(entry, Gap):
                missing = counted(entry.dropped, "feed")
                typer.echo(f"{missing} went missing behind step {replaying.steps}: nothing from there on can be compared.")
                break
            began = entry.at if began is None else began
            difference = replaying.step(line, entry)
            if difference is not None:
                for told in tell_difference(difference, began):
                    typer.echo(told)
                return False
    except TraceError:
        typer.echo(f"{replaying.steps} steps before the fault are decided as they were.")
        raise
    if reading.torn:
        typer.echo("The last line broke off and was left out.")
    typer.echo(
        f"{replaying.steps} steps are decided as they were: recorded by {printable(reading.header.rejoinder)}, replayed by"
        f" {version('rejoinder')}."
    )
    return True


def tell_difference(difference: Difference, began: float) -> Iterator[str]:
    """What was fed, what was decided then and what is decided now, line by line; ``began`` is when the trace did, in seconds."""
    from rejoinder.states.phrases import happened
    from rejoinder.states.trace_lines import to_plain

    def told(effects: tuple[Effect, ...]) -> list[str]:
        return [json.dumps(to_plain(effect), default=dict) for effect in effects]

    was, now = told(difference.expected), told(difference.got)
    yield (
        f"Step {difference.line - 1} (line {difference.line}, after {difference.at - began:.3f} s) is decided otherwise:"
        f" {happened(difference.event)}."
    )
    yield f"  event: {json.dumps(to_plain(difference.event), default=dict)}"
    for name, own, other in (("was", was, now), ("now", now, was)):
        for effect in own or ["nothing"]:
            yield f"  {name}: {effect}{'' if effect in other else '   <-'}"


def _check_test(test: Path, trace: Path) -> None:
    """Raise ``CannotDo`` if the test cannot be written there, or would be written over something."""
    from .files import check_place
    from .refusals import CannotDo

    if not test.name:
        raise CannotDo(f"--to-test {str(test)!r} is no name of a file. Name one that is not there, such as test_trace.py.", 2)
    copy = test.with_suffix(".jsonl")
    if test == copy:
        raise CannotDo(
            f"--to-test {str(test)!r} has the name of the trace's copy. Name a file that ends in .py: {test.with_suffix('.py')}.", 2
        )
    if test.is_dir():
        raise CannotDo(f"{str(test)!r} is a folder. Name a file in it, such as {test / 'test_trace.py'}.", 2)
    for path in (test, copy):
        if os.path.lexists(path) and not (path == copy and copy.exists() and copy.samefile(trace)):
            raise CannotDo(f"{str(path)!r} exists, and is not overwritten. Name another file with --to-test, or remove that.", 2)
    check_place(test)


def _write_test(test: Path, trace: Path) -> None:
    from .files import write_file
    from .refusals import CannotDo

    copy = test.with_suffix(".jsonl")
    if not copy.exists():
        try:
            shutil.copyfile(trace, copy)
        except OSError as error:
            raise CannotDo(f"{str(copy)!r} cannot be written ({error.strerror}). Name another file with --to-test.", 2) from None
    write_file(test, TEST.format(name=trace.name, trace=copy.name))
    typer.echo(f"{test} replays {copy}.")
