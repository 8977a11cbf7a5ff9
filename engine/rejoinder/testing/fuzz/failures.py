"""How a failing program is shown: as a story on the exception, and as a trace file to replay.

Rules of this file
* Only the last run of a failure is told: the smallest program that Hypothesis found.
* Trace files go into the folder that the environment variable ``REJOINDER_TRACES`` names, else into ``.rejoinder`` in the current
  folder. Under pytest the plugin names a folder of pytest's cache. A file is named after its program, and the next failure replaces
  it.
* A trace that cannot be written is said so, and never hides the failure.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Final

import attrs
from hypothesis.control import current_build_context
from hypothesis.errors import InvalidArgument

from rejoinder.states.session import Session
from rejoinder.states.story import story
from rejoinder.states.trace import Fed, Header, write_lines

__all__ = ["TRACES", "Failure", "is_final", "tell", "trace_folder"]

TRACES: Final = "REJOINDER_TRACES"
"""The environment variable that names the folder of trace files."""


@attrs.frozen
class Failure:
    """A program that broke a promise."""

    error: BaseException
    """What was raised."""
    feds: Sequence[Fed]
    """What was fed until then, and what came back."""
    story: Sequence[str]
    """The same in words, line by line."""
    trace: Path | None
    """The file to replay; None if it could not be written."""


def is_final() -> bool:
    """Whether Hypothesis runs the smallest failing program for the last time, to show it."""
    try:
        return current_build_context().is_final
    except InvalidArgument:
        return False


def trace_folder() -> Path:
    """The folder of trace files, which need not exist."""
    return Path(os.environ.get(TRACES) or ".rejoinder")


def tell(name: str, session: Session, feds: Sequence[Fed], error: BaseException) -> Failure:
    """Add the story to ``error``, write the trace of the program called ``name``, and return both."""
    told = story(feds)
    trace = trace_folder() / f"{name}.jsonl"
    header = Header(version("rejoinder"), session.profile, session.policy)
    try:
        trace.parent.mkdir(parents=True, exist_ok=True)
        with trace.open("w", encoding="utf-8") as file:
            file.writelines(write_lines(header, feds))
    except OSError as fault:
        where = f"No trace was written: {fault}. Name a folder that can be written in {TRACES}."
        written = None
    else:
        where = f"The trace is {trace}."
        written = trace
    error.add_note("\n".join(["What happened:", *told, where]))
    return Failure(error, feds, told, written)
