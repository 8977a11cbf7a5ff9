"""Sessions that are known, and what each did when something was fed to it.

Rules of this file
* A session is a value, and ``feed`` a function of it, the event and the instant, and of nothing else. So the code that runs is
  asked once for each session and event, and what it answered is remembered; nothing here decides anything in its place.
* Two sessions are one and the same here if they have equal keys, the same names in the same places, and the same number for the
  link that is made next: then they answer alike, word by word, up to a shift of the clock. So the clock of a world may be set back,
  or forth, to that of a session that was met before; where a story is told (``clocks``) it is not, and the instant counts as well.
  (Worlds that are alike *up to* names are told by their keys alone, in ``world_key.py``.)
* A session that is known is never fed: a copy is.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from types import MappingProxyType
from typing import Final, final

from rejoinder.states.canonical import Names, Remembered, key
from rejoinder.states.continuation import Continuation
from rejoinder.states.effects import Effect, Finish, Moved
from rejoinder.states.events import Event, Expired, Received
from rejoinder.states.facts import Facts
from rejoinder.states.phases import ResponsePhase
from rejoinder.states.session import Session
from rejoinder.states.stream_events import FrameKind, StreamEvent
from rejoinder.states.triggers import LinkEvent, ResponseEvent
from rejoinder.states.verdicts import OutcomeKind

from .accounts import accounts_of, noted_for_nothing
from .bookkeeping import handed_over_in_silence, unexplained
from .exact import exact
from .promptness import dialled_too_soon
from .rows import rows_of

__all__ = ["KnownSession", "KnownSessions", "Reaction"]


@final
class KnownSession:
    """A session at an instant."""

    __slots__ = ("due", "names", "now", "number", "reactions", "session")

    def __init__(self, session: Session, now: float, number: int, names: Names, due: float | None) -> None:
        # Nobody feeds it.
        self.session = session
        # In seconds; ``due`` is its next deadline, None if nothing will happen by itself.
        self.now = now
        self.due = due
        # A number for its key, equal where the keys are equal, and the names in it, in the order of its key.
        self.number = number
        self.names = names
        # What it did, by what was fed.
        self.reactions: dict[object, Reaction] = {}


@final
class Reaction:
    """What a session did when something was fed to it."""

    __slots__ = (
        "accounts",
        "after",
        "at",
        "counts",
        "effects",
        "event",
        "names",
        "orders",
        "raised",
        "rows",
        "sighted",
        "spoilt",
        "wrong",
    )

    def __init__(self, event: Event, at: float, after: KnownSession, raised: Exception | None = None) -> None:
        # What was fed, and when, in seconds.
        self.event = event
        self.at = at
        # The session afterwards; the one before, if something was raised, which must not be.
        self.after = after
        self.raised = raised
        # What it ordered, and the same without those moves of machines that nobody has to look at.
        self.effects: tuple[Effect, ...] = ()
        self.orders: tuple[Effect, ...] = ()
        # The rows that were taken and move nothing, and what was noted, each with how often; and all rows that were taken.
        self.counts: Mapping[str, int] = NOTHING
        self.rows: Sequence[str] = ()
        # What the frame was classified by, if it was classified.
        self.sighted: tuple[FrameKind, Facts] | None = None
        # What was done with a frame, as ``accounts.py`` calls it, and the notes among that.
        self.accounts: frozenset[str] = frozenset()
        self.names: frozenset[str] = frozenset()
        # How many requests ended otherwise than completed.
        self.spoilt = 0
        # What is wrong with it in any world.
        self.wrong: str | None = None


NOTHING: Final[Mapping[str, int]] = MappingProxyType({})


@final
class KnownSessions:
    """All sessions that one exploration has met."""

    def __init__(self, *, clocks: bool = False) -> None:
        # Whether sessions at different instants are different.
        self.clocks: Final = clocks
        # By key, names, next link and, where it counts, instant; and by what ``exact`` tells.
        self.known: Final[dict[Hashable, KnownSession]] = {}
        self.told: Final[dict[Hashable, KnownSession]] = {}
        # A number for each key.
        self.numbers: Final[dict[Hashable, int]] = {}
        # What continuations are told by in keys.
        self.continuations: Final[dict[Continuation, Remembered]] = {}
        # What was received, by link and by the frame's identity: one event for one frame on one link.
        self.received: Final[dict[tuple[int, int], Received]] = {}

    def met(self, session: Session, now: float) -> KnownSession:
        """The session that is known for ``session`` at ``now``, by its own clock; nobody may feed that one from here on."""
        words = exact(session)
        if words is None:
            return self._alike(session, now)
        name = (now, words)
        known = self.told.get(name)
        if known is None:
            known = self.told[name] = self._alike(session, now)
        return known

    def number_of(self, session: Session, now: float, names: Names | None = None) -> int:
        """A number for the key of ``session`` at ``now``: equal where the keys are equal. ``names`` gets the names in it."""
        return self.numbers.setdefault(key(session, now, names, self.continuations), len(self.numbers))

    def _alike(self, session: Session, now: float) -> KnownSession:
        names = Names()
        number = self.number_of(session, now, names)
        name = (
            number,
            now if self.clocks else None,
            session.links_made,
            tuple([(kind, *met) for kind, met in names.kinds.items()]),
        )
        known = self.known.get(name)
        if known is None:
            session.counts.clear()
            session.sighted = None
            known = self.known[name] = KnownSession(session, now, number, names, session.next_deadline())
        return known

    def forget(self) -> None:
        """Let go of everything: sessions know what they became, so none would be freed before a search for cycles found it."""
        for known in self.told.values():
            known.reactions.clear()
        for known in self.known.values():
            known.reactions.clear()

    def of_frame(self, link: int, frame: StreamEvent) -> Received:
        """The event of receiving ``frame``: the same each time for one frame."""
        name = (link, id(frame))
        event = self.received.get(name)
        if event is None:
            event = self.received[name] = Received(link, frame)
        return event

    def fed(self, known: KnownSession, event: Event) -> Reaction:
        """What ``known`` does when it is fed ``event`` now; the clock's event is fed when its next deadline has come.

        ``Received`` is known by identity, so it must come from ``of_frame``.
        """
        name = id(event) if type(event) is Received else event
        reaction = known.reactions.get(name)
        if reaction is None:
            reaction = known.reactions[name] = self.react(known, event)
        return reaction

    def react(self, known: KnownSession, event: Event) -> Reaction:
        """Ask the code that runs: feed ``event`` to a copy of ``known``."""
        now = known.now
        if isinstance(event, Expired) and known.due is not None:
            now = max(now, known.due)
        twin = known.session.copy()
        try:
            effects = tuple(twin.feed(event, now))
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not be raised
            return Reaction(event, now, known, error)
        counts, sighted = dict(twin.counts), twin.sighted
        reaction = Reaction(event, now, self.met(twin, now))
        reaction.effects = effects
        reaction.orders = tuple([effect for effect in effects if type(effect) is not Moved or _matters(effect)])
        reaction.counts = counts
        reaction.rows = rows_of(counts, effects)
        reaction.sighted = sighted
        reaction.accounts, reaction.names = accounts_of(effects, counts)
        reaction.spoilt = sum([type(effect) is Finish and effect.outcome.kind is not OutcomeKind.COMPLETED for effect in effects])
        reaction.wrong = (
            dialled_too_soon(event, effects)
            or unexplained(twin, event, effects)
            or handed_over_in_silence(effects, reaction.names)
            or noted_for_nothing(event, effects)
        )
        return reaction


def _matters(moved: Moved) -> bool:
    """Whether somebody who judges has to see that a machine moved."""
    return moved.target in SEEN_TARGETS or moved.event in SEEN_EVENTS


SEEN_TARGETS: Final = frozenset({ResponsePhase.QUARANTINED, ResponsePhase.STREAMING})
SEEN_EVENTS: Final = frozenset({ResponseEvent.DOUBTFUL, LinkEvent.SUCCESSOR_OPEN})
"""What ``Judge.saw`` looks at."""
