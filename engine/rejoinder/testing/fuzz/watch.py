"""What somebody who runs many programs sees of them: the rows that they take, how much there was, and what failed.

Rules of this file
* A watch changes nothing that a program, a handler or the engine could notice, but for ``Session.sighted``, which is for observers.
* Rows are counted as ``rejoinder check`` counts them (``testing/explore/rows.py``).
* A pair is a row and the row that the same session took next, whichever machine it was. Of one feed, rows that moved a machine come
  first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final, final
from unittest.mock import patch

import attrs

from rejoinder.states.effects import Effect
from rejoinder.states.events import Event
from rejoinder.states.facts import Facts
from rejoinder.states.session import Session
from rejoinder.states.stream_events import FrameKind
from rejoinder.states.trace import Fed
from rejoinder.testing.explore.rows import rows_of
from rejoinder.testing.explore.run import ROWS, rows_taken
from rejoinder.testing.pure_pair import Drive

__all__ = ["Failing", "Watch", "tables_of"]

OF_TABLES: Final = frozenset(row for row in ROWS if not row.startswith("classification "))
"""The rows of the three machines."""


@attrs.frozen(eq=False)
class Failing:
    """A program that failed, as it is when it ends."""

    session: Session | None
    """The session that was fed, for its settings; None if there was none yet."""
    feds: Sequence[Fed]
    """What was fed until then, and what came back."""
    error: BaseException
    """What was raised."""


@final
@attrs.define(eq=False)
class Watch:
    """Watches the programs of one class, one after the other: set it as the class's ``watch``."""

    counted: Counter[str] = attrs.field(factory=Counter[str])
    """How many ``steps`` of programs, and ``events`` fed to sessions, there were."""
    pairs: set[tuple[str, str]] = attrs.field(factory=set[tuple[str, str]])
    """Rows of the machines that were taken one after the other."""
    failing: Failing | None = None
    """The latest program that failed."""
    _rows: set[str] = attrs.field(factory=set[str])
    _sighted: set[tuple[FrameKind, Facts]] = attrs.field(factory=set[tuple[FrameKind, Facts]])
    _latest: str | None = None

    def begin(self) -> None:
        """Another program begins."""
        self.failing = None
        self._latest = None

    def around(self, session: Session, drive: Drive) -> Drive:
        """What feeds ``session`` as ``drive`` does, and is watched."""

        def watched(event: Event, now: float) -> Sequence[Effect]:
            before = self.before(session)
            effects = drive(event, now)
            self.fed(session, effects, before)
            return effects

        return watched

    def before(self, session: Session) -> Mapping[str, int]:
        """Call it before a feed; give ``fed`` what it returns."""
        session.sighted = None
        return dict(session.counts)

    def fed(self, session: Session, effects: Sequence[Effect], before: Mapping[str, int]) -> None:
        """Take in one feed."""
        self.counted["events"] += 1
        if session.sighted is not None:
            self._sighted.add(session.sighted)
        counts = session.counts
        counted = [] if counts == before else [name for name, count in counts.items() if before.get(name) != count]
        for row in rows_of(counted, effects):
            if row in OF_TABLES:
                self._rows.add(row)
                if self._latest is not None:
                    self.pairs.add((self._latest, row))
                self._latest = row

    def rows(self) -> frozenset[str]:
        """The rows of all tables that were taken, as ``ROWS`` names them."""
        return frozenset({*self._rows, *rows_taken(self._sighted)}) if self._rows else frozenset()

    @contextmanager
    def overhearing(self) -> Generator[list[Fed]]:
        """Watch whatever session is fed within the block, wherever it is; gives what was fed, in order.

        For a session that cannot be reached, as the engine's own.
        """
        feds: list[Fed] = []
        feed = Session.feed

        def overheard(session: Session, event: Event, now: float) -> Sequence[Effect]:
            before = self.before(session)
            effects = feed(session, event, now)
            self.fed(session, effects, before)
            feds.append(Fed(now, event, tuple(effects)))
            return effects

        with patch.object(Session, "feed", overheard):
            yield feds


def tables_of(rows: frozenset[str]) -> Mapping[str, tuple[int, int]]:
    """For each table by its name, how many of its rows are among ``rows``, and how many there are."""
    tables: dict[str, tuple[int, int]] = {}
    for row in ROWS:
        name = row.partition(" ")[0]
        taken, there = tables.get(name, (0, 0))
        tables[name] = (taken + (row in rows), there + 1)
    return tables
