"""What all worlds of one exploration share."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from types import MappingProxyType
from typing import Final, final

from rejoinder.states.session import Session
from rejoinder.states.trace import Fed

from .configuration import Configuration
from .endings import Endings
from .judge import Judge
from .known_server import KnownServer
from .known_sessions import KnownSession, KnownSessions

__all__ = ["BUDGETS", "Watch"]

BUDGETS: Final = (
    "requests",
    "cancels",
    "steers",
    "overflows",
    "losses",
    "refusals",
    "expiries",
    "idles",
    "misbehaviours",
    "preconnect",
    "shutdown",
)
"""What can be used up: fields of a configuration."""


@final
class Watch:
    """What they look at, who judges them, and what is known already."""

    def __init__(self, configuration: Configuration, judge: Judge, endings: Endings, diary: list[Fed] | None = None) -> None:
        self.configuration: Final = configuration
        self.judge: Final = judge
        # Who knows which sessions come to an end by themselves.
        self.endings: Final = endings
        # Where to write down what is fed; None where nobody reads it.
        self.diary: Final = diary
        # The sessions that were met, and what they did; and the server's side, as far as it was met.
        self.sessions: Final = KnownSessions(clocks=diary is not None)
        self.server: Final = KnownServer(configuration)
        # What may be left of everything: one mapping for one content.
        self.budgets: Final[dict[tuple[int, ...], Mapping[str, int]]] = {}
        # A number for each world that was met, word by word, and for each key: worlds with equal keys have equal numbers.
        self.exact: Final[dict[Hashable, int]] = {}
        self.canonical: Final[dict[Hashable, int]] = {}

    def beginning(self) -> KnownSession:
        """The session with which everything begins."""
        return self.sessions.met(Session(self.configuration.profile, self.configuration.policy), 0.0)

    def budget(self) -> Mapping[str, int]:
        """What is there when everything begins."""
        return self._one({name: int(getattr(self.configuration, name)) for name in BUDGETS})

    def less(self, left: Mapping[str, int], name: str) -> Mapping[str, int]:
        """What is left when one of ``name`` was used up."""
        return self._one({**left, name: left[name] - 1})

    def _one(self, left: dict[str, int]) -> Mapping[str, int]:
        return self.budgets.setdefault(tuple(left.values()), MappingProxyType(left))
