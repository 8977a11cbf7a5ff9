"""What the wire makes indistinguishable, by name: the faults that no client could tell from the right thing.

Rules of this file
* Only a frame that is marked as faulty can be excluded, and only at the instant at which it would arrive: the same frame at another
  instant, with another number or on another lane is a test like any other.
* Each exclusion has a name and a sentence that says why nothing on the wire tells. A program that meets one goes on as if the
  server had not sent that frame, and counts it.
* What an exclusion does not cover, the session has to get right.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import attrs

from rejoinder.states.profiles import Profile
from rejoinder.states.stream_events import ErrorEvent, FrameKind, StreamEvent
from rejoinder.testing.fuzz.manners import NOBODY
from rejoinder.testing.fuzz.sightings import LaneSeen, LinkSeen

__all__ = ["EXCLUDED_ERRORS", "EXCLUDED_FRAMES", "Arrival", "excluded"]


@attrs.frozen(eq=False)
class Arrival:
    """A faulty frame at the instant at which it would arrive."""

    frame: StreamEvent
    """The frame."""
    link: LinkSeen
    """The socket."""
    lane: LaneSeen
    """The lane it belongs to."""
    profile: Profile
    """What the client believes of the provider."""


def excluded(frame: StreamEvent, link: LinkSeen, profile: Profile) -> str | None:
    """The name of the exclusion under which a frame falls if it arrives now; None if the session has to cope."""
    if isinstance(frame, ErrorEvent):
        candidates, faulty = EXCLUDED_ERRORS, frame.message == NOBODY
    else:
        candidates, faulty = EXCLUDED_FRAMES, "fault" in frame.raw
    if not faulty:
        return None
    lane = link.lane_of(frame)
    if lane is None:
        # Nobody's lane: only an error can still do harm there.
        lane = LaneSeen(None)
    at = Arrival(frame, link, lane, profile)
    return next((name for name, applies in candidates.items() if applies(at)), None)


def _created_where_one_is_awaited(at: Arrival) -> bool:
    """A stranger's ``created`` while ours is due: its id is as new to us as ours will be, and it echoes nothing that differs."""
    return at.frame.kind is FrameKind.CREATED and at.lane.asking is not None and "elsewhere" not in str(at.frame.raw)


def _item_whose_number_fits(at: Arrival) -> bool:
    """An item is announced in the middle of a response: its id is new by nature, so that only the number could tell.

    On a lane where nothing was abandoned and nothing came late, a gap means missing frames, because that is what gaps mean.
    """
    if at.frame.kind is not FrameKind.ITEM_ADDED or at.lane.response is None:
        return False
    later = at.frame.sequence_number is not None and at.lane.sequence is not None and at.frame.sequence_number > at.lane.sequence
    return at.lane.due(at.frame.sequence_number) or (later and not at.lane.tainted)


def _words_that_name_no_item(at: Arrival) -> bool:
    """Output (or an event of an unknown type) that names no item and has no number, or the one that is due."""
    anonymous = at.frame.kind in {FrameKind.CONTENT, FrameKind.OTHER} and at.frame.item_id is None
    return anonymous and at.lane.response is not None and at.lane.due(at.frame.sequence_number)


def _item_of_a_lax_server(at: Arrival) -> bool:
    """Words of an item that was not announced, where a server need not announce: an item we never heard of may be ours."""
    unheard = at.frame.item_id is not None and at.frame.item_id not in at.lane.earlier | at.lane.items
    lax = at.frame.kind is FrameKind.CONTENT and not at.profile.announces_items
    return lax and unheard and at.lane.response is not None and at.lane.due(at.frame.sequence_number)


def _error_while_a_create_is_unanswered(at: Arrival) -> bool:
    """An error for nobody while a create waits for its first answer: an error is a proper answer to a create.

    Not if it carries a number above 0: such an error is part of a response that has begun.
    """
    asking = [other for other in at.link.lanes.values() if other.asking is not None]
    answers = at.lane.asking is not None if at.frame.stream_id is not None else bool(asking)
    return answers and not at.frame.sequence_number


def _error_while_a_cancel_is_owed_an_answer(at: Arrival) -> bool:
    """An error for nobody while a cancel is owed one: it pays the debt, and the true answer then blames somebody else."""
    owed = bool(at.link.owed) and (at.frame.stream_id is None or at.lane.signalled)
    return owed and not at.frame.sequence_number


Exclusion = Callable[[Arrival], bool]

EXCLUDED_FRAMES: Final[Mapping[str, Exclusion]] = MappingProxyType(
    {
        "a created where one is awaited": _created_where_one_is_awaited,
        "an item whose number fits": _item_whose_number_fits,
        "words that name no item": _words_that_name_no_item,
        "an item of a lax server": _item_of_a_lax_server,
    }
)
"""Exclusions of frames that carry a field ``fault``."""

EXCLUDED_ERRORS: Final[Mapping[str, Exclusion]] = MappingProxyType(
    {
        "an error while a create is unanswered": _error_while_a_create_is_unanswered,
        "an error while a cancel is owed an answer": _error_while_a_cancel_is_owed_an_answer,
    }
)
"""Exclusions of errors with the message ``NOBODY``."""
