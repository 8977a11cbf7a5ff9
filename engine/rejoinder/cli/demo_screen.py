"""What the demo shows while it runs: plain lines, or a terminal that moves.

Rules of this file
* A screen is told what happens and decides nothing.
* ``PlainScreen`` prints each line once, in order, for pipes, logs and screen readers. ``demo_live.py`` has the moving one.
"""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Final, Protocol, Self, final

from rejoinder.engine import Moved, Note, Observation, Sent

from .machines import Machines
from .printable import printable
from .wording import note_in_words, sent_in_words

__all__ = ["PlainScreen", "Screen", "SilentScreen", "label"]

INDENT: Final = "   "
LABEL_WIDTH: Final = 9


def label(name: str, text: str) -> str:
    """A line with a label in front."""
    return f"{INDENT}{name:<{LABEL_WIDTH}}{text}"


class Screen(Protocol):
    """Shows a conversation."""

    def __enter__(self) -> Self: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /) -> None: ...

    def heading(self, text: str) -> None:
        """A turn begins."""
        ...

    def line(self, name: str, text: str) -> None:
        """Something happened."""
        ...

    def piece(self, text: str) -> None:
        """A piece of text was heard."""
        ...

    def heard(self, text: str) -> None:
        """All that was heard of an answer."""
        ...

    def observed(self, observation: Observation, given: int) -> None:
        """The session moved, or sent something of ``given`` items."""
        ...

    def turn_over(self) -> None:
        """A turn is over."""
        ...


@final
class SilentScreen:
    """Shows nothing: for programs, which read the summary."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /) -> None:
        """Leave."""

    def heading(self, text: str) -> None:
        """Show nothing."""

    def line(self, name: str, text: str) -> None:
        """Show nothing."""

    def piece(self, text: str) -> None:
        """Show nothing."""

    def heard(self, text: str) -> None:
        """Show nothing."""

    def observed(self, observation: Observation, given: int) -> None:
        """Show nothing."""

    def turn_over(self) -> None:
        """Show nothing."""


@final
class PlainScreen:
    """Prints line after line."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._machines = Machines()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /) -> None:
        """Leave."""

    def heading(self, text: str) -> None:
        """A turn begins."""
        self._write(f"\n{text}")

    def line(self, name: str, text: str) -> None:
        """Something happened."""
        self._write(label(name, text))

    def piece(self, text: str) -> None:
        """Wait for the rest."""

    def heard(self, text: str) -> None:
        """All that was heard of an answer."""
        if text:
            self.line("hears", printable(text))

    def observed(self, observation: Observation, given: int) -> None:
        """Collect moves until the turn is over; say the rest at once."""
        if isinstance(observation, Moved):
            self._machines.move(observation)
        elif isinstance(observation, Sent):
            self.line("sends", sent_in_words(observation, given))
        elif isinstance(observation, Note):
            self.line("notes", note_in_words(observation))

    def turn_over(self) -> None:
        """Which way each machine went."""
        for number, path in enumerate(self._machines.take_paths()):
            self.line("" if number else "machines", path)
