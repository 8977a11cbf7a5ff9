"""What must always hold on the whole engine, judged from a diary after all is over.

Rules of this file
* It reads what callers got, what observers were told and what sockets gave; nothing here looks into the engine.
* The promises are those of ``broken_promise.py``. For the engine, 6 includes that frames leave in order, 7 that its statistics are
  right and that it logs no error, 8 that no task and no socket outlives the session, 10 that what a socket gave is delivered and
  what is delivered can be taken.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, final

import attrs

from rejoinder.engine.observations import Moved, Note, Sent
from rejoinder.states.content_events import OutputTextDelta
from rejoinder.states.profiles import ReplayPolicy
from rejoinder.states.stream_events import FrameKind
from rejoinder.states.triggers import LinkEvent
from rejoinder.states.verdicts import Cause, Outcome, OutcomeKind
from rejoinder.testing.fuzz.broken_promise import TRANSCRIPT, BrokenPromise
from rejoinder.testing.fuzz.engine_diary import Began, Broken, Came, Diary, Ended, Given, Left, Observed, Took, Wired
from rejoinder.testing.fuzz.setups import nonces_in
from rejoinder.testing.outgoing import decoded

__all__ = ["Judge"]

OUTPUT: Final = frozenset({FrameKind.ITEM_ADDED, FrameKind.CONTENT})
REPLAY: Final = re.compile(r"request (\d+): (.+)")
REPLAYS: Final = 2
DELTA: Final = "response.output_text.delta"
HEARD_TO_THE_END: Final = frozenset({OutcomeKind.COMPLETED, OutcomeKind.INCOMPLETE, OutcomeKind.FAILED})


@final
@attrs.define(eq=False)
class Known:
    """What is known of one caller."""

    left: bool = False
    ended: bool = False
    output: bool = False
    sends: int = 0
    replays: list[str] = attrs.field(factory=list[str])
    place: tuple[int, str | None] | None = None
    """Link and lane of its latest create."""
    owed: Counter[str] = attrs.field(factory=Counter[str])
    """The deltas that sockets gave for it, and that have not come."""


@final
@attrs.define(eq=False)
class Judge:
    """The judge of one diary."""

    diary: Diary
    replay: ReplayPolicy
    """How often a request may be sent."""
    right: bool
    """Whether the server said nothing wrong, so that every word it said has to come."""
    sometimes: Counter[str] = attrs.field(factory=Counter[str])
    """What happened: a check that never had anything to check is no check."""
    broken: list[BrokenPromise] = attrs.field(factory=list[BrokenPromise])
    """What was broken, in order."""
    callers: dict[int, Known] = attrs.field(factory=dict[int, Known])
    requests: dict[int, int] = attrs.field(factory=dict[int, int])
    """The callers by the engine's numbers of their requests."""
    links: dict[int, int] = attrs.field(factory=dict[int, int])
    """The engine's numbers of links, by socket."""
    opening: int | None = None
    """The socket that opened last: the engine says next which link that is."""

    def read(self) -> Sequence[BrokenPromise]:
        """Read the diary; returns what was broken, in order."""
        for line in self.diary.lines:
            if isinstance(line.what, Began):
                self.requests[line.what.request] = line.what.caller
        for line in self.diary.lines:
            judge = JUDGES.get(type(line.what))
            if judge is not None:
                judge(self, line.what)
        return self.broken

    def say(self, promise: int, what: str) -> None:
        """Something was broken."""
        self.broken.append(BrokenPromise(promise, what))

    def known(self, caller: int) -> Known:
        """What is known of a caller."""
        return self.callers.setdefault(caller, Known())

    # -- callers -----------------------------------------------------------------------------------------------------------

    def came(self, line: Came) -> None:
        """Judge an event that was delivered."""
        known, event = self.known(line.caller), line.event
        strangers = nonces_in(json.dumps(event.raw)) - {line.caller}
        if strangers:
            self.say(1, f"caller {line.caller} was delivered what belongs to {sorted(strangers)}: {event.type}")
        if known.left:
            self.say(2, f"{event.type} came to caller {line.caller}, who had left")
        if known.ended:
            self.say(3, f"{event.type} came to caller {line.caller}, who had its outcome")
        known.output = known.output or event.kind in OUTPUT
        if type(event) is OutputTextDelta:
            known.owed[event.delta] -= 1

    def took(self, line: Took) -> None:
        """Judge an event that a caller has in hand."""
        if self.known(line.caller).left:
            self.say(2, f"caller {line.caller} took {line.event.type} after it had cancelled")

    def ended(self, line: Ended) -> None:
        """Judge an outcome."""
        known, outcome = self.known(line.caller), line.outcome
        if known.ended:
            self.say(3, f"caller {line.caller} was given a second outcome: {outcome.kind}")
        known.ended = True
        self.sometimes[f"outcome: {outcome.kind}"] += 1
        strangers = nonces_in(json.dumps(outcome.response)) - {line.caller}
        if strangers:
            self.say(1, f"the outcome of caller {line.caller} is that of {sorted(strangers)}")
        missing = [words for words, count in known.owed.items() if count > 0]
        if missing and self.right and _heard_to_the_end(outcome):
            self.say(
                TRANSCRIPT, f"the engine was given {missing} for caller {line.caller}, and did not deliver it ({outcome.kind})"
            )

    def left(self, line: Left) -> None:
        """Remember who has cancelled."""
        known = self.known(line.caller)
        known.left = known.left or line.how == "cancelled"

    # -- observers and sockets -----------------------------------------------------------------------------------------------

    def observed(self, line: Observed) -> None:
        """Judge what an observer was told."""
        what = line.what
        if isinstance(what, Sent):
            self.sent(what)
        elif isinstance(what, Note):
            self.noted(what)
        elif isinstance(what, Moved):
            self.moved(what)

    def sent(self, sent: Sent) -> None:
        """Judge a create."""
        caller = self.requests.get(sent.request)
        if caller is None:
            # A warm-up, or somebody who was cancelled on the way in.
            return
        known = self.known(caller)
        if known.output:
            self.say(5, f"caller {caller} was sent again after output had come to it")
        if known.ended:
            self.say(3, f"caller {caller} was sent after its outcome")
        known.sends += 1
        known.place = sent.link, sent.lane
        limit = 1 if self.replay is ReplayPolicy.NEVER else 1 + REPLAYS
        if known.sends > limit:
            self.say(5, f"caller {caller} was sent {known.sends} times")
        known.owed.clear()

    def noted(self, note: Note) -> None:
        """Judge a note."""
        self.sometimes[f"note: {note.name}"] += 1
        if note.name == "Illegal":
            self.say(7, f"there is no row for {note.detail}")
        found = REPLAY.fullmatch(note.detail) if note.name == "Replay" else None
        caller = None if found is None else self.requests.get(int(found[1]))
        if found is not None and caller is not None:
            replays = self.known(caller).replays
            if found[2] in replays:
                self.say(5, f"caller {caller} was sent again twice because of {found[2]}")
            replays.append(found[2])

    def moved(self, moved: Moved) -> None:
        """Count a move."""
        if moved.event == LinkEvent.OPENED and moved.link is not None and self.opening is not None:
            self.links[self.opening], self.opening = moved.link, None
        self.sometimes[f"{moved.machine}: {moved.source} {moved.event}"] += 1

    def given(self, line: Given) -> None:
        """Remember the words that a socket gave, until they come."""
        if isinstance(line.data, str) and DELTA in line.data:
            body: dict[str, Any] = decoded(line.data) or {}
            for caller in nonces_in(str(body.get("delta", ""))):
                known = self.known(caller)
                # What an attempt says that was given up is nobody's any more, also if another one is under way.
                given_up = known.place is not None and not self._is_at(line.socket, body.get("stream_id"), known.place)
                if not (known.left or known.ended or given_up):
                    known.owed[body["delta"]] += 1

    def _is_at(self, socket: int, lane: object, place: tuple[int, str | None]) -> bool:
        """Whether a frame came where a create went. A socket that nobody named may be any, a frame without a lane on any of it."""
        return self.links.get(socket, place[0]) == place[0] and lane in {None, place[1]}

    def wired(self, line: Wired) -> None:
        """Remember which socket opened last."""
        if line.what == "opened":
            self.opening = line.socket

    def seen(self, line: Broken) -> None:
        """Say what was seen while it was so."""
        self.say(line.promise, line.what)


def _heard_to_the_end(outcome: Outcome) -> bool:
    """Whether everything that the sockets gave before such an outcome must have come."""
    lost = outcome.failure is not None and outcome.failure.cause in {Cause.LOST, Cause.OVERDUE}
    return outcome.kind in HEARD_TO_THE_END or (outcome.kind is OutcomeKind.INTERRUPTED and lost)


JUDGES: Final[Mapping[type, Callable[[Judge, Any], None]]] = MappingProxyType(
    {
        Broken: Judge.seen,
        Came: Judge.came,
        Ended: Judge.ended,
        Given: Judge.given,
        Left: Judge.left,
        Observed: Judge.observed,
        Took: Judge.took,
        Wired: Judge.wired,
    }
)
