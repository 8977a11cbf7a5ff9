"""The meter: counts what a session sends, saves, and is told about cost.

Rules of this file
* It is told what happened and decides nothing; without it a session would do the same.
* What a continuation saved is counted without encoding it: the saved items are the previous request's, whose bytes are known, and
  what the caller echoes of the previous output, which is short. Only where the previous request is not remembered any more are
  they encoded, to be counted.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, final

import attrs

from rejoinder.states.continuation import Full
from rejoinder.states.json_values import write
from rejoinder.states.session import Session as Lifecycle
from rejoinder.states.verdicts import Outcome, OutcomeKind

from .metrics import NO_USAGE, Usage
from .observations import Sent, Statistics

__all__ = ["CreateShare", "Meter"]

REMEMBERED: Final = 256
"""Responses whose request is remembered by its size: more than all lanes of all links can continue."""

Items = Sequence[Mapping[str, Any]]


@attrs.frozen
class CreateShare:
    """What a create adds to the counters."""

    reason: str | None
    """Why it was sent in full; None if it continues a response."""
    items: int
    """How many items its request has."""
    bytes: int
    """Their bytes, whether sent or saved."""
    items_sent: int
    """How many of them were sent."""
    bytes_sent: int
    """Bytes of the whole create."""
    bytes_saved: int
    """Bytes of items that were not sent."""


@final
class Meter:
    """The counters of one session."""

    def __init__(self) -> None:
        self.frames_received = 0
        self._creates = self._reused = self._items_sent = self._items_saved = self._bytes_sent = self._bytes_saved = 0
        self._full: Counter[str] = Counter()
        self._outcomes: Counter[str] = Counter()
        self._settled: Counter[str] = Counter()
        self._calls: Counter[str] = Counter()
        self._usage = self._abandoned_usage = NO_USAGE
        self._asked: dict[int, CreateShare] = {}
        """What each request that is on its way has added last."""
        self._answered: OrderedDict[str, tuple[int, int]] = OrderedDict()
        """The same for each completed response."""

    def create_sent(self, sending: Sent, whole: Items, sent: Items, encode: Callable[[Items], str]) -> CreateShare:
        """A create is on its way: of the request's ``whole`` items, those in ``sent``. Returns what it has added."""
        decision, size = sending.decision, sending.size
        if isinstance(decision, Full):
            reason = type(decision.reason).__name__
            share = CreateShare(reason, len(whole), size - len(encode(()).encode()) + 1, len(sent), size, 0)
        else:
            count, known = self._answered.get(decision.response_id, (0, 0))
            in_all = known + _size(whole[count:])
            share = CreateShare(None, len(whole), in_all, len(sent), size, in_all - _size(sent))
        self._asked[sending.request] = share
        self._add(share, 1)
        return share

    def withdrawn(self, share: CreateShare) -> None:
        """A create was taken back before it had left: it is as if it had never been written."""
        self._add(share, -1)

    def handed_over(self, request: int) -> None:
        """Another transport has the request now."""
        self._asked.pop(request, None)

    def _add(self, share: CreateShare, times: int) -> None:
        self._creates += times
        self._items_sent += times * share.items_sent
        self._items_saved += times * (share.items - share.items_sent)
        self._bytes_sent += times * share.bytes_sent
        self._bytes_saved += times * share.bytes_saved
        if share.reason is None:
            self._reused += times
            return
        self._full[share.reason] += times
        if not self._full[share.reason]:
            del self._full[share.reason]

    def frame_sent(self, size: int) -> None:
        """Another frame is on its way."""
        self._bytes_sent += size

    def ended(self, request: int, outcome: Outcome, usage: Usage | None) -> None:
        """A request has its outcome."""
        self._outcomes[outcome.kind] += 1
        asked = self._asked.pop(request, None)
        if usage is not None:
            self._usage += usage
        if asked is not None and outcome.response is not None and outcome.kind is OutcomeKind.COMPLETED:
            self._answered[outcome.response["id"]] = asked.items, asked.bytes
            if len(self._answered) > REMEMBERED:
                self._answered.popitem(last=False)

    def settled(self, kind: OutcomeKind, usage: Usage | None) -> None:
        """A response that nobody listened to has ended."""
        self._settled[kind] += 1
        if usage is not None:
            self._usage += usage
            self._abandoned_usage += usage

    def call_seen(self, event: str) -> None:
        """Something became of a call of the model's; ``event`` is the type of the event that says so."""
        self._calls[event] += 1

    def read(self, lifecycle: Lifecycle) -> Statistics:
        """The counters as they are now, and the phases of the machines."""
        links = lifecycle.links.values()
        return Statistics(
            links={link.number: str(link.phase) for link in links},
            requests={request.number: str(request.phase) for request in lifecycle.requests.values()},
            lanes={(link.number, lane.name): str(lane.phase) for link in links for lane in link.lanes.values()},
            creates=self._creates,
            reused=self._reused,
            full=dict(self._full),
            items_sent=self._items_sent,
            items_saved=self._items_saved,
            bytes_sent=self._bytes_sent,
            bytes_saved=self._bytes_saved,
            frames_received=self.frames_received,
            outcomes=dict(self._outcomes),
            settled=dict(self._settled),
            usage=self._usage,
            abandoned_usage=self._abandoned_usage,
            counts={**lifecycle.counts, **self._calls},
        )


def _size(items: Items) -> int:
    """Bytes of items in a frame, each with the comma that parts it from the next."""
    return len(write({"": list(items)}).encode()) - len('{"":[]}') + 1 if items else 0
