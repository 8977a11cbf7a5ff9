"""What a client could have seen of each lane: kept apart from the session, from the diary alone.

Rules of this file
* It follows only what tells frames apart on the wire: labels, response ids, item ids, numbers. It decides nothing and checks
  nothing; ``faults.py`` speaks in its voice, ``exclusions.py`` asks it what could be told.
* Frames that carry no label belong to the one lane of their link; with several lanes they belong to none.
"""

from __future__ import annotations

from typing import final

import attrs

from rejoinder.states.effects import Close, Effect, Finish, Send, SendCancel
from rejoinder.states.events import Cancel, Lost, Opened, Received, Unsendable, Withdrawn
from rejoinder.states.stream_events import ErrorEvent, FrameKind, StreamEvent
from rejoinder.states.trace import Fed
from rejoinder.testing.fuzz.manners import NOBODY, REJECTED
from rejoinder.testing.fuzz.setups import nonces_in

__all__ = ["LaneSeen", "LinkSeen", "Sightings"]


@final
@attrs.define(eq=False)
class LaneSeen:
    """One lane, as its frames show it."""

    name: str | None
    """The name that creates gave it."""
    asking: int | None = None
    """The request whose create no ``created`` has answered."""
    latest: int | None = None
    """The request whose create was the latest here."""
    response: str | None = None
    """The response that runs: from its ``created`` to its terminal."""
    sequence: int | None = None
    """The highest number of a frame that a right server sent."""
    highest: int | None = None
    """The highest number of any frame."""
    faulty: set[int] = attrs.field(factory=set[int])
    """The numbers of faulty frames that came after ``sequence``: each of them may have counted, or not."""
    items: set[str] = attrs.field(factory=set[str])
    """The items it has announced."""
    earlier: set[str] = attrs.field(factory=set[str])
    """The items of the response before."""
    tainted: bool = False
    """Whether something was abandoned here, or came out of place, since the last response that went well."""
    abandoned: bool = False
    """Whether the caller of the latest create has left."""
    signalled: bool = False
    """Whether a cancel was sent for some response here."""
    late: bool = False
    """Whether something came out of place during the response that runs."""
    begun: int = 0
    """How many responses began here."""
    ended: str | None = None
    """The response whose terminal was the latest here."""

    def due(self, number: int | None) -> bool:
        """Whether a frame with this number is the next of the response that runs, or may be."""
        if number is None or self.sequence is None:
            return True
        return number == self.sequence + 1 or (number > self.sequence and number - 1 in self.faulty)


@final
@attrs.define(eq=False)
class LinkSeen:
    """One socket."""

    lanes: dict[str | None, LaneSeen] = attrs.field(factory=dict[str | None, LaneSeen])
    """Its lanes by the name that creates gave them."""
    owed: int = 0
    """Cancels that were sent and that an error has yet to answer."""

    def lane_of(self, frame: StreamEvent) -> LaneSeen | None:
        """The lane that a frame belongs to."""
        if frame.stream_id is not None and frame.stream_id in self.lanes:
            return self.lanes[frame.stream_id]
        return next(iter(self.lanes.values())) if len(self.lanes) == 1 else None


@final
@attrs.define(eq=False)
class Sightings:
    """Every open socket, as the client sees it."""

    errors_answer_cancels: bool
    """Whether this server answers a cancel with an error."""
    links: dict[int, LinkSeen] = attrs.field(factory=dict[int, LinkSeen])

    def follow(self, fed: Fed) -> None:
        """Take in one line of the diary."""
        event = fed.event
        if isinstance(event, Opened):
            self.links[event.link] = LinkSeen()
        elif isinstance(event, Lost):
            self.links.pop(event.link, None)
        elif isinstance(event, Received | Withdrawn | Unsendable) and event.link in self.links:
            link = self.links[event.link]
            if isinstance(event, Received):
                _hear(link, event.frame)
            else:
                _take_back(link, event.request)
        for effect in fed.effects:
            if isinstance(effect, Finish) and isinstance(event, Cancel):
                self._abandon(effect.request)
            else:
                self._obey(effect)

    def _obey(self, effect: Effect) -> None:
        if isinstance(effect, Send):
            lane = self.links[effect.link].lanes.setdefault(effect.lane, LaneSeen(effect.lane))
            lane.asking = lane.latest = effect.request
            lane.abandoned = False
        elif isinstance(effect, SendCancel):
            self._signal(self.links[effect.link], effect.response_id)
        elif isinstance(effect, Close):
            self.links.pop(effect.link, None)

    def _signal(self, link: LinkSeen, response: str) -> None:
        link.owed += self.errors_answer_cancels
        for lane in link.lanes.values():
            lane.signalled = lane.signalled or lane.response == response

    def _abandon(self, request: int) -> None:
        for link in self.links.values():
            for lane in link.lanes.values():
                lane.abandoned = lane.abandoned or lane.latest == request
                lane.tainted = lane.tainted or lane.abandoned


def _take_back(link: LinkSeen, request: int) -> None:
    for lane in link.lanes.values():
        if lane.asking == request:
            lane.asking = None


def _hear(link: LinkSeen, frame: StreamEvent) -> None:
    if isinstance(frame, ErrorEvent):
        _hear_error(link, frame)
    lane = link.lane_of(frame)
    if lane is None:
        return
    if frame.kind is FrameKind.CREATED and frame.response_id is not None:
        _begin(lane, frame, frame.response_id)
    elif frame.kind is FrameKind.TERMINAL:
        if frame.response_id == lane.response:
            _end(lane, well=frame.type == "response.completed" and not lane.abandoned)
    elif lane.response is not None:
        _count(lane, frame)
    if frame.kind is FrameKind.ITEM_ADDED and frame.item_id is not None and lane.response is not None:
        lane.items.add(frame.item_id)
    if "fault" in frame.raw and frame.kind in {FrameKind.ITEM_ADDED, FrameKind.CONTENT, FrameKind.TERMINAL}:
        lane.tainted = lane.late = True


def _count(lane: LaneSeen, frame: StreamEvent) -> None:
    """Take in the number of a frame inside the response that runs.

    A faulty frame whose number is later than any of a right one may have been taken for one of this response, so that the number
    behind it is due as well. One that was used already moves nothing.
    """
    number = frame.sequence_number
    if number is None:
        return
    lane.highest = max(number, lane.highest or 0)
    # An error has no field ``fault`` where the model server made it; its message says the same.
    said = frame.message if isinstance(frame, ErrorEvent) else None
    if "fault" not in frame.raw and said != NOBODY:
        lane.sequence = max(number, lane.sequence or 0)
    elif lane.sequence is None or number > lane.sequence:
        lane.faulty.add(number)


def _begin(lane: LaneSeen, frame: StreamEvent, response: str) -> None:
    if response == lane.response:
        # The same id once more begins nothing: it is one more frame of that response, and uses up a number.
        _count(lane, frame)
        return
    lane.asking, lane.response, lane.items, lane.faulty = None, response, set(), set()
    lane.sequence = lane.highest = frame.sequence_number
    lane.begun += 1


def _end(lane: LaneSeen, *, well: bool) -> None:
    lane.ended, lane.response, lane.sequence, lane.highest = lane.response, None, None, None
    lane.earlier, lane.items = lane.items or lane.earlier, set()
    if well:
        lane.tainted = lane.late
    lane.late = False


def _hear_error(link: LinkSeen, error: ErrorEvent) -> None:
    said = error.message or ""
    if said.startswith(REJECTED):
        asking = [lane for lane in link.lanes.values() if lane.asking is not None]
        for lane in asking:
            if lane.asking in nonces_in(said) and _is_told(link, asking, error):
                lane.asking = None
    elif said != NOBODY and error.sequence_number is None and error.code == "unknown_event_type":
        link.owed = max(link.owed - 1, 0)


def _is_told(link: LinkSeen, asking: list[LaneSeen], error: ErrorEvent) -> bool:
    """Whether the wire says which create an error answers; if not, that create is unanswered for all that a client can know.

    Without a label it may answer any create that has no answer yet; and where a cancel went out, on that lane if the error names
    one, it may answer the cancel, unless only a create can get such an error (its code, or the field of the create that it names).
    """
    lanes = [lane for lane in link.lanes.values() if error.stream_id in {None, lane.name}]
    certain = error.code == "rate_limit_exceeded" or error.param is not None or not any(lane.signalled for lane in lanes)
    return (error.stream_id is not None or len(asking) == 1) and certain
