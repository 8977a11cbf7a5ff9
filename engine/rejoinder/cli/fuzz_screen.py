"""What is shown while a campaign runs: a line that changes on a terminal, a line now and then in a pipe.

Rule: a screen is told how far it has come, and decides nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Final, Protocol, Self, TextIO, final

from .fuzz_report import progress_line

if TYPE_CHECKING:
    from rich.console import Console

    from rejoinder.testing.fuzz.campaign_records import Figures

__all__ = ["FuzzScreen", "LiveFuzzScreen", "PlainFuzzScreen", "fuzz_screen_for"]

EVERY: Final = 10.0
"""Seconds between two lines in a pipe."""


class FuzzScreen(Protocol):
    """Shows how far a campaign has come."""

    def __enter__(self) -> Self: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /) -> None: ...

    def progress(self, figures: Figures) -> None:
        """It has come so far."""
        ...


@final
class PlainFuzzScreen:
    """Prints a line now and then."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._next = EVERY

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /) -> None:
        """Leave."""

    def progress(self, figures: Figures) -> None:
        """Print it, if it is time."""
        if figures.seconds >= self._next:
            self._next = figures.seconds + EVERY
            self._write(f"   {progress_line(figures)}")


@final
class LiveFuzzScreen:
    """Shows one line that changes, and takes it away in the end."""

    def __init__(self, console: Console) -> None:
        from rich.live import Live

        self._live = Live(console=console, auto_refresh=False, transient=True)

    def __enter__(self) -> Self:
        self._live.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /) -> None:
        """Take the line away."""
        self._live.__exit__(kind, error, trace)

    def progress(self, figures: Figures) -> None:
        """Show it."""
        from rich.text import Text

        style = "red" if figures.failures else "green"
        self._live.update(Text(f"   {progress_line(figures)}", style=style), refresh=True)


def fuzz_screen_for(stream: TextIO, write: Callable[[str], None]) -> FuzzScreen:
    """What is right for ``stream``; ``write`` prints a line there."""
    if not stream.isatty() or os.environ.get("TERM") == "dumb":
        return PlainFuzzScreen(write)
    from rich.console import Console

    return LiveFuzzScreen(Console(file=stream))
