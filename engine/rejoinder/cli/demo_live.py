"""The demo on a terminal that moves: the conversation scrolls, and below it every machine shows the phase it is in.

Rule: the only file here that needs rich; it is imported when there is a terminal to show it on.
"""

from __future__ import annotations

from types import TracebackType
from typing import Final, Self, final

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from rejoinder.engine import Moved, Note, Observation, Sent

from .demo_screen import label
from .machines import ORDER, Machines
from .printable import printable
from .wording import note_in_words, sent_in_words

__all__ = ["LiveScreen"]

STYLES: Final = {
    "asks": "bold",
    "stops": "yellow",
    "sends": "cyan",
    "hears": "green",
    "notes": "dim",
}
PHASE_STYLES: Final = {
    "open": "green",
    "streaming": "green",
    "acknowledged": "green",
    "sent": "green",
    "awaiting_created": "cyan",
    "connecting": "cyan",
    "waiting": "cyan",
    "cancel_pending": "yellow",
    "draining": "yellow",
    "retiring": "yellow",
    "reconnecting": "yellow",
    "failed": "red",
    "quarantined": "red",
}
"""Green for what is live, blue for what waits, yellow for what is cleaned up, red for what is given up."""


@final
class LiveScreen:
    """A conversation that scrolls above a table of machines."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._machines = Machines()
        self._piece = ""
        self._live = Live(console=console, auto_refresh=False, transient=True, get_renderable=self.render)

    def __enter__(self) -> Self:
        self._live.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /) -> None:
        """Take the table away; the conversation stays."""
        self._live.__exit__(kind, error, trace)

    def heading(self, text: str) -> None:
        """A turn begins."""
        self._console.print(Text(f"\n{text}", style="bold magenta"))

    def line(self, name: str, text: str) -> None:
        """Something happened."""
        self._console.print(Text(label(name, text), style=STYLES.get(name, "")), soft_wrap=True)

    def piece(self, text: str) -> None:
        """A piece of text was heard."""
        self._piece += printable(text)
        self._live.refresh()

    def heard(self, text: str) -> None:
        """All that was heard of an answer."""
        self._piece = ""
        if text:
            self.line("hears", printable(text))

    def observed(self, observation: Observation, given: int) -> None:
        """Show where each machine is now."""
        if isinstance(observation, Moved):
            self._machines.move(observation)
            self._live.refresh()
        elif isinstance(observation, Sent):
            self.line("sends", sent_in_words(observation, given))
        elif isinstance(observation, Note):
            self.line("notes", note_in_words(observation))

    def turn_over(self) -> None:
        """Forget machines that have ended."""
        self._machines.take_paths()
        self._live.refresh()

    def render(self) -> RenderableType:
        """The table of machines, and the answer that is being heard."""
        table = Table(box=None, padding=(0, 2, 0, 3))
        for kind in ORDER:
            table.add_column(f"{kind}s", style="bold")
            table.add_column("phase")
        columns = [[(name, phase) for (of, name), phase in self._machines.phases.items() if of == kind] for kind in ORDER]
        for row in range(max(map(len, columns))):
            cells: list[Text] = []
            for column in columns:
                name, phase = column[row] if row < len(column) else ("", "")
                cells += [Text(name), Text(phase, style=PHASE_STYLES.get(phase, "dim"))]
            table.add_row(*cells)
        heard = Text(label("hears", self._piece) if self._piece else "", style="green")
        return Group(heard, Text(""), table)
