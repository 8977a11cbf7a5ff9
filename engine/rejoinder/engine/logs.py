"""What a session writes to the log, under the logger ``rejoinder``: facts, and nothing that anybody said.

Rules of this file
* ``INFO`` is for the life of connections, and for requests that are sent again. ``WARNING`` is for what a person may have to look
  into: failures, and a server that breaks the protocol. ``DEBUG`` is for every move, in an arrow language: ``>`` out, ``=`` moves.
* Phases, numbers, ids and codes are written. Messages of servers may quote what was said, so they are not; they are in the error
  that the caller gets. No key can be here, because none reaches this file.
* A server that breaks the protocol may do so with every frame: of each kind the first on a link is a warning, the others are
  for ``DEBUG`` and for the statistics.
* Nothing is formatted unless somebody reads it, and nothing is printed unless a program sets up logging.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, final

from rejoinder.states.continuation import Reuse
from rejoinder.states.effects import Moved, Note, Steered
from rejoinder.states.phases import LinkPhase
from rejoinder.states.phrases import name, place

from .call_events import CallEvent, CallsStarted, CallTimedOut
from .observations import Asked, Finished, Observation, Sent, Settled, TakenBack

__all__ = ["Log"]

logger = logging.getLogger("rejoinder")
logger.addHandler(logging.NullHandler())

EXPECTED: Final = frozenset({"AbandonedRejected", "CancelRefused", "Late", "LateCreated"})
"""Notes of what happens where callers leave, and means nothing."""


@final
class Log:
    """The log of one session."""

    def __init__(self) -> None:
        self._warned: set[tuple[int | None, str]] = set()

    def tell(self, observation: Observation) -> None:
        """Write an observation down."""
        TELL.get(type(observation), Log.called)(self, observation)

    def asked(self, asked: Asked) -> None:
        """A request begins."""
        kind = "warm-up" if asked.warm_up else "request"
        logger.debug("request %d: asked, a %s of %d items", asked.request, kind, len(asked.content.items))

    def sent(self, sent: Sent) -> None:
        """A create goes out."""
        if logger.isEnabledFor(logging.DEBUG):
            reuse = sent.decision.response_id if isinstance(sent.decision, Reuse) else type(sent.decision.reason).__name__
            facts = place(sent.link, sent.lane), sent.items, sent.size, name(reuse)
            logger.debug("> request %d: create on %s, %d items, %d bytes, %s", sent.request, *facts)

    def moved(self, moved: Moved) -> None:
        """A machine moves."""
        if moved.machine == "link" and moved.target == LinkPhase.RETIRING and moved.source != LinkPhase.RETIRING:
            logger.info("link %d: takes no further requests (%s)", moved.link, moved.event)
        elif moved.event in {"Replay", "ReplayLater"}:
            logger.info("request %d: is sent again", moved.request)
        if logger.isEnabledFor(logging.DEBUG):
            where = f"request {moved.request}" if moved.link is None else place(moved.link, moved.lane)
            logger.debug("= %s %s: %s -> %s (%s)", moved.machine, where, moved.source, moved.target, moved.event)

    def noted(self, note: Note) -> None:
        """Something is out of place."""
        key = note.link, note.name
        first = note.name not in EXPECTED and key not in self._warned
        if first:
            self._warned.add(key)
        level = logging.WARNING if first and note.name != "Replay" else logging.DEBUG
        logger.log(level, "link %s: %s", "none" if note.link is None else note.link, note.name)

    def finished(self, finished: Finished) -> None:
        """A request ends."""
        failure, result = finished.outcome.failure, finished.result
        if failure is None:
            logger.debug("request %d: %s in %.3f s", finished.request, finished.outcome.kind, finished.timings.total)
        else:
            logger.warning(
                "request %d: %s (%s, code %s, response %s, x-request-id %s)",
                finished.request,
                finished.outcome.kind,
                failure.cause,
                name(failure.code),
                name(result.id),
                result.request_id or "none",
            )

    def taken_back(self, taken_back: TakenBack) -> None:
        """A create is taken back."""
        logger.debug("> %s: request %d is taken back", place(taken_back.link, taken_back.lane), taken_back.request)

    def steered(self, steered: Steered) -> None:
        """Words that were added to a response have news."""
        logger.debug("request %d: steering %d is %s", steered.request, steered.steer, steered.status)

    def settled(self, settled: Settled) -> None:
        """An abandoned response ends."""
        logger.debug("request %d: its response ended %.3f s later, %s", settled.request, settled.drained, settled.kind)

    def called(self, event: CallEvent) -> None:
        """Something became of calls of the model's. What a handler raised is in the log already, with its traceback."""
        what = event.type.removeprefix("rejoinder.")
        for call in event.calls if isinstance(event, CallsStarted) else (event.call,):
            level = logging.WARNING if isinstance(event, CallTimedOut) else logging.DEBUG
            logger.log(level, "%s: %s %s", what, name(call.name), name(call.call_id))


TELL: Final[Mapping[type, Callable[[Log, Any], None]]] = MappingProxyType(
    {
        Asked: Log.asked,
        Finished: Log.finished,
        Moved: Log.moved,
        Note: Log.noted,
        Sent: Log.sent,
        Settled: Log.settled,
        Steered: Log.steered,
        TakenBack: Log.taken_back,
    }
)
"""What is written about each kind of observation; all others are of calls."""
