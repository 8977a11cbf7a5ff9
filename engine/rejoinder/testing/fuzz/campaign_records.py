"""What a fuzz campaign is told, and what it tells: values only."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from rejoinder.states.trace import Fed, Header
from rejoinder.testing.fuzz.engine_program import EngineProgram
from rejoinder.testing.fuzz.program import Program

__all__ = ["ENGINE", "LIFECYCLE", "Figures", "Finding", "Limits", "Outcome", "Target"]


@attrs.frozen
class Target:
    """What is fuzzed."""

    name: str
    """What it is called in reports, and in the names of files."""
    program: type[Program | EngineProgram]
    """The programs to run."""
    key: str = ""
    """Under what its failing examples are kept, beside the source of the programs; empty: as pytest keeps them."""

    @property
    def whole_engine(self) -> bool:
        """Whether the programs run on the whole engine, or else on the pure lifecycle."""
        return issubclass(self.program, EngineProgram)


LIFECYCLE = Target("lifecycle", Program)
"""The pure lifecycle, by itself."""
ENGINE = Target("engine", EngineProgram)
"""The whole engine, with a caller that only iterates."""


@attrs.frozen
class Limits:
    """When a campaign is over: at the first of these; at least one must be given."""

    seconds: float | None = None
    """Seconds."""
    programs: int | None = None
    """Programs that were run."""
    steps: int | None = None
    """Steps of all programs together."""


@attrs.frozen
class Figures:
    """How far a campaign has come."""

    seconds: float
    """Since it began."""
    processor_seconds: float
    """Seconds of processor time since it began."""
    programs: int
    """Programs that were run, those of shrinking included."""
    steps: int
    """Steps that they took."""
    events: int
    """Events that were fed to sessions."""
    rows: int
    """Rows of the tables that were taken, classification included."""
    pairs: int
    """Pairs of rows that were taken one after the other."""
    failures: int
    """Distinct failures."""


@attrs.frozen
class Finding:
    """A distinct failure: its kind, the promise that broke, or else the line that raised, are like no other's."""

    what: str
    """What was raised, in a sentence."""
    kind: str
    """The type of what was raised."""
    promise: int | None
    """The number of the promise that broke, a key of ``PROMISES``; None for any other error."""
    place: str
    """The file, by its last name, and the line that raised it."""
    shrunk: bool
    """Whether this is the smallest program that Hypothesis could find, or else one that failed."""
    story: Sequence[str]
    """What happened, line by line."""
    program: Sequence[str]
    """The program as Hypothesis prints it, or what runs the plot again."""
    header: Header | None
    """The settings of the session that was fed; None if it failed before there was one."""
    feds: Sequence[Fed]
    """What was fed until it failed, and what came back."""
    seen: int = 1
    """In how many programs it was met, those of shrinking left out."""


@attrs.frozen
class Outcome:
    """What came of a campaign."""

    figures: Figures
    """How far it came."""
    rows: frozenset[str]
    """The rows of the tables that were taken, as ``testing.explore.ROWS`` names them."""
    findings: Sequence[Finding]
    """Distinct failures, in the order in which they were found."""
    interrupted: bool = False
    """Whether Ctrl-C ended it."""
    exhausted: bool = False
    """Whether it ended because there are as many distinct failures as anybody reads."""
