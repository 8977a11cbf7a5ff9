"""What all worlds of one exploration share."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from types import MappingProxyType
from typing import Final, final

import attrs

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
@attrs.define(eq=False)
class Watch:
    """What they look at, who judges them, and what is known already."""

    configuration: Final[Configuration]
    """What is explored."""
    judge: Final[Judge]
    """Who judges."""
    endings: Final[Endings]
    """Who knows which sessions come to an end by themselves."""
    diary: list[Fed] | None = None
    """Where to write down what is fed; None where nobody reads it."""
    sessions: Final[KnownSessions] = attrs.field(
        default=attrs.Factory(lambda watch: KnownSessions(clocks=watch.diary is not None), takes_self=True), init=False
    )
    """The sessions that were met, and what they did."""
    server: Final[KnownServer] = attrs.field(
        default=attrs.Factory(lambda watch: KnownServer(watch.configuration), takes_self=True), init=False
    )
    """The server's side, as far as it was met."""
    budgets: Final[dict[tuple[int, ...], Mapping[str, int]]] = attrs.field(
        factory=dict[tuple[int, ...], Mapping[str, int]], init=False
    )
    """What may be left of everything: one mapping for one content."""
    exact: Final[dict[Hashable, int]] = attrs.field(factory=dict[Hashable, int], init=False)
    """A number for each world that was met, word by word: worlds with equal keys have equal numbers."""
    canonical: Final[dict[Hashable, int]] = attrs.field(factory=dict[Hashable, int], init=False)
    """A number for each key."""

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
