"""The machines of a session as an observer sees them: where each is now, and which way it came.

Rule: built from what ``Session.observe`` tells, as anybody's program could.
"""

from __future__ import annotations

from typing import Final, final

from rejoinder.engine import Moved

from .wording import lane_in_words

__all__ = ["ORDER", "Machines"]

GONE: Final = frozenset({"closed", "ended"})
"""Phases of machines that are not shown any more once they have been told."""
ORDER: Final = ("link", "lane", "request")
"""The kinds of machines, in the order in which they are told."""

Name = tuple[str, str]
"""The kind of a machine, and its name for people."""


@final
class Machines:
    """Every machine's phase, and the phases since they were last told."""

    def __init__(self) -> None:
        self.phases: dict[Name, str] = {}
        self._paths: dict[Name, list[str]] = {}

    def move(self, moved: Moved) -> None:
        """Take note of a move."""
        name = _name(moved)
        self.phases[name] = moved.target
        path = self._paths.setdefault(name, [moved.source])
        if path[-1] != moved.target:
            path.append(moved.target)
        if moved.machine == "link" and moved.target == "closed":
            # The lanes go with their link.
            lanes = [other for other in self.phases if other[0] == "lane" and other[1].split(",")[0] == name[1]]
            for lane in lanes:
                del self.phases[lane]

    def take_paths(self) -> list[str]:
        """Which way each machine went since this was last asked, a line each."""
        moved = sorted(self._paths.items(), key=lambda each: ORDER.index(each[0][0]))
        lines = [f"{name}: {' -> '.join(path)}" for (_, name), path in moved if len(path) > 1]
        self._paths.clear()
        for name in [name for name, phase in self.phases.items() if phase in GONE]:
            del self.phases[name]
        return lines


def _name(moved: Moved) -> Name:
    if moved.machine == "request":
        return "request", f"request {moved.request}"
    if moved.machine == "link" or moved.link is None:
        return "link", f"link {moved.link}"
    return "lane", f"{lane_in_words(moved.link, moved.lane)}{'' if moved.lane else ', its one lane'}"
