"""The classification table: which event a frame is, given the few facts that tell frames apart.

Rules of this file
* A frame is classified before any table is asked; half of the safety argument is here. What tells frames apart, strongest
  first: the lane's name, the response id, what ``created`` echoes, the item id announced since this ``created``, the sequence
  number.
* Each kind of frame asks a fixed list of facts, each fact has a small fixed domain. The table is read from top to bottom, the
  first row that agrees wins; a fact that a row does not name may be anything.
* Building fails if some combination of facts has no row, or a row can never win: the table is total and has no dead rows.

Theory of operation: ``intake.py`` reads the facts of a frame on its lane (``facts.py``) and looks their tuple up in
``CLASSIFIED[kind]``: one dict look-up. Which lane a frame belongs to is settled before (``placement.py``); frames that belong to
no lane never get here.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum, unique
from itertools import product
from types import MappingProxyType
from typing import Final

import attrs

from .stream_events import FrameKind
from .triggers import ResponseEvent as E

__all__ = [
    "CLASSIFICATION",
    "CLASSIFIED",
    "FACTS",
    "Certainty",
    "Classification",
    "ClassificationError",
    "Debt",
    "Echo",
    "Fate",
    "Foreign",
    "History",
    "Identity",
    "Item",
    "Sequence",
    "Stage",
    "Status",
    "SteerNews",
    "Steering",
    "Subject",
    "compile_classification",
]


class ClassificationError(ValueError):
    """The classification table leaves a combination of facts open, or has a row that never wins."""


@unique
class Stage(StrEnum):
    """Whether the lane's response has an id yet."""

    BEGUN = "begun"
    """``response.created`` was seen, and the terminal was not."""
    NOT_BEGUN = "not begun"
    """It was not, or there is no response."""


@unique
class Identity(StrEnum):
    """The response id of the frame against the lane's."""

    SAME = "same"
    """It is the lane's."""
    OTHER = "other"
    """The lane has another."""
    UNKNOWN = "unknown"
    """The lane has none to compare with."""


@unique
class Echo(StrEnum):
    """What ``created.response`` echoes of the create (recorded for ``previous_response_id``)."""

    AGREES = "agrees"
    """The same as was sent, or nothing at all: a missing echo is no mismatch."""
    DIFFERS = "differs"
    """Another value than was sent."""


@unique
class Fate(StrEnum):
    """What becomes of the request if its response ends here without a word: the replay rule's answer."""

    REPLAYABLE = "replayable"
    """It may be sent again."""
    FINAL = "final"
    """It may not, or there is no request."""


@unique
class Item(StrEnum):
    """The item that a frame of output names."""

    ANNOUNCED = "announced"
    """Announced since this ``created``."""
    ADOPTABLE = "adoptable"
    """Not announced, on a provider that need not announce, and not of an earlier response."""
    EARLIER = "earlier"
    """Announced by the response before on this lane."""
    UNANNOUNCED = "unannounced"
    """Not announced."""
    ANONYMOUS = "anonymous"
    """The frame names no item."""


@unique
class Sequence(StrEnum):
    """The sequence number, which rises by one from 0 in each response (recorded)."""

    NEXT = "next"
    """The one that was due."""
    GAP = "gap"
    """Later than due."""
    REPEATED = "repeated"
    """Seen already."""
    ABSENT = "absent"
    """The frame, or every frame of this response so far, has none."""


@unique
class History(StrEnum):
    """Whether stale frames are to be expected on this lane."""

    CLEAN = "clean"
    """Nothing was abandoned on it and nothing came late."""
    TAINTED = "tainted"
    """Something was, or did."""


@unique
class Status(StrEnum):
    """Which terminal it is."""

    COMPLETED = "completed"
    """``response.completed``."""
    FAILED = "failed"
    """``response.failed``."""
    INCOMPLETE = "incomplete"
    """``response.incomplete``."""


@unique
class Steering(StrEnum):
    """Whether words that were added to the lane's response are not settled."""

    SETTLED = "settled"
    """None were added, or the server has said what becomes of all."""
    OPEN = "open"
    """Of some it has not: a successor may follow the terminal."""


@unique
class SteerNews(StrEnum):
    """What a frame about steering says."""

    ACCEPTED = "accepted"
    """Words of the lane's own are queued."""
    SOME = "some"
    """Words of the lane's own are settled; others are not, or their response goes on."""
    LAST = "last"
    """The last words of the lane's own are settled, and their response has ended."""
    STRAY = "stray"
    """It is about no words of the lane's own."""


@unique
class Foreign(StrEnum):
    """Whether somebody else's frame was seen on the lane since it drains."""

    NONE = "none"
    """Not yet."""
    SEEN = "seen"
    """One was."""


@unique
class Certainty(StrEnum):
    """Whether an error certainly answers the create."""

    CERTAIN = "certain"
    """It carries a code that only a create can get, or a ``param`` that is a field of the create."""
    UNCERTAIN = "uncertain"
    """Nothing in it says so."""


@unique
class Debt(StrEnum):
    """Whether answers to cancels are owed: on the lane that the error names, or on the link if it names none."""

    NONE = "none"
    """None is owed: so the error is about the lane's own response."""
    OWED = "owed"
    """A cancel was sent and no error has answered it."""


@unique
class Subject(StrEnum):
    """What an error is about."""

    CONTINUATION = "continuation"
    """``previous_response_not_found``, and the create did name an id."""
    FAULT = "fault"
    """It carries a sequence number above 0: part of a response that has begun."""
    OTHER = "other"
    """Anything else."""


@attrs.frozen
class Classification:
    """One row: frames of ``kind`` with these facts are ``event``, because of ``reason``."""

    kind: FrameKind
    """The kind of frame."""
    facts: tuple[StrEnum, ...]
    """The facts the row asks for, at most one of each domain; others may be anything."""
    event: E
    """The event."""
    reason: str
    """Why."""


FACTS: Final[Mapping[FrameKind, tuple[type[StrEnum], ...]]] = MappingProxyType(
    {
        FrameKind.CREATED: (Identity, Echo, Fate),
        FrameKind.PROGRESS: (Identity,),
        FrameKind.ITEM_ADDED: (Stage, Item, Sequence, History),
        FrameKind.CONTENT: (Stage, Item, Sequence),
        FrameKind.TERMINAL: (Identity, Status, Foreign, Steering),
        FrameKind.STEER: (SteerNews,),
        FrameKind.ERROR: (Stage, Subject, Certainty, Debt, Fate),
        FrameKind.KEEPALIVE: (),
        FrameKind.OTHER: (Stage, Item, Sequence),
        FrameKind.GARBAGE: (Fate,),
    }
)
"""The facts that each kind of frame asks for, in the order of the look-up."""

K = FrameKind


def _row(kind: FrameKind, *facts: StrEnum, event: E, reason: str) -> Classification:
    return Classification(kind, facts, event, reason)


CLASSIFICATION: Final = (
    # -- created ---------------------------------------------------------------------------------------------------------
    _row(K.CREATED, Identity.SAME, event=E.REPEAT_CREATED, reason="the id the lane has already"),
    _row(
        K.CREATED,
        Identity.OTHER,
        Fate.REPLAYABLE,
        event=E.FOREIGN_CREATED_REPLAYABLE,
        reason="another id while ours runs: responses of a lane do not overlap",
    ),
    _row(K.CREATED, Identity.OTHER, event=E.FOREIGN_CREATED, reason="another id while ours runs"),
    _row(
        K.CREATED,
        Echo.DIFFERS,
        Fate.REPLAYABLE,
        event=E.FOREIGN_CREATED_REPLAYABLE,
        reason="it continues another response than the create named",
    ),
    _row(K.CREATED, Echo.DIFFERS, event=E.FOREIGN_CREATED, reason="it continues another response than the create named"),
    _row(K.CREATED, event=E.CREATED, reason="the lane waits for one, or nobody asked"),
    # -- queued, in_progress ---------------------------------------------------------------------------------------------
    _row(K.PROGRESS, Identity.SAME, event=E.PROGRESS, reason="ours by id"),
    _row(K.PROGRESS, event=E.STRAY_CONTENT, reason="not ours, or before created"),
    # -- output_item.added -----------------------------------------------------------------------------------------------
    _row(K.ITEM_ADDED, Stage.NOT_BEGUN, event=E.STRAY_CONTENT, reason="output before created"),
    _row(K.ITEM_ADDED, Item.EARLIER, event=E.STRAY_CONTENT, reason="an item of the response before, announced once more"),
    _row(K.ITEM_ADDED, Sequence.NEXT, event=E.CONTENT, reason="announces an item of this response"),
    _row(K.ITEM_ADDED, Sequence.ABSENT, event=E.CONTENT, reason="servers without sequence numbers exist (run)"),
    _row(
        K.ITEM_ADDED,
        Sequence.GAP,
        History.CLEAN,
        event=E.CONTENT_AFTER_GAP,
        reason="nothing stale can be here: frames are missing",
    ),
    _row(K.ITEM_ADDED, event=E.STRAY_CONTENT, reason="nothing ties a new item with a broken sequence to this response"),
    # -- other output ----------------------------------------------------------------------------------------------------
    _row(K.CONTENT, Stage.NOT_BEGUN, event=E.STRAY_CONTENT, reason="output before created"),
    _row(K.CONTENT, Item.ANNOUNCED, Sequence.NEXT, event=E.CONTENT, reason="ours by item and sequence"),
    _row(K.CONTENT, Item.ANNOUNCED, Sequence.ABSENT, event=E.CONTENT, reason="ours by item"),
    _row(K.CONTENT, Item.ANNOUNCED, Sequence.GAP, event=E.CONTENT_AFTER_GAP, reason="ours by item; frames are missing"),
    _row(K.CONTENT, Item.ANNOUNCED, Sequence.REPEATED, event=E.CONTENT_REPEATED, reason="ours, and delivered already"),
    _row(K.CONTENT, Item.EARLIER, event=E.STRAY_CONTENT, reason="an item of the response before: a frame after a terminal"),
    _row(K.CONTENT, Item.UNANNOUNCED, event=E.STRAY_CONTENT, reason="catches frames after a terminal, sequence or not"),
    _row(K.CONTENT, Sequence.NEXT, event=E.CONTENT, reason="no item to compare; the sequence fits"),
    _row(K.CONTENT, Sequence.ABSENT, event=E.CONTENT, reason="nothing to compare: named in the docs as indistinguishable"),
    _row(K.CONTENT, event=E.STRAY_CONTENT, reason="no item to compare and the sequence is broken"),
    # -- terminals -------------------------------------------------------------------------------------------------------
    _row(K.TERMINAL, Identity.SAME, Status.FAILED, event=E.FAILED, reason="ours by id; nothing follows a failure"),
    _row(
        K.TERMINAL,
        Identity.SAME,
        Steering.OPEN,
        event=E.ENDED_STEERED,
        reason="ours by id, and a successor that nobody creates may follow (steering guide): no terminal cleans such a lane",
    ),
    _row(K.TERMINAL, Identity.SAME, Status.COMPLETED, event=E.COMPLETED, reason="ours by id"),
    _row(K.TERMINAL, Identity.SAME, Status.INCOMPLETE, event=E.INCOMPLETE, reason="ours by id"),
    _row(K.TERMINAL, Foreign.SEEN, event=E.FOREIGN_TERMINAL_AGAIN, reason="the second one for somebody else"),
    _row(K.TERMINAL, event=E.FOREIGN_TERMINAL, reason="for somebody else, or for nobody"),
    # -- steering --------------------------------------------------------------------------------------------------------
    _row(K.STEER, SteerNews.ACCEPTED, event=E.STEER_ACCEPTED, reason="response.steer.accepted for what was sent here"),
    _row(K.STEER, SteerNews.SOME, event=E.STEER_ANSWERED, reason="pending or failed; that settles nothing else"),
    _row(K.STEER, SteerNews.LAST, event=E.STEER_SETTLED, reason="the same, and the terminal was the last word"),
    _row(K.STEER, event=E.STRAY_STEER, reason="about another response, or about nothing that was sent"),
    # -- errors ----------------------------------------------------------------------------------------------------------
    _row(K.ERROR, Stage.BEGUN, Subject.FAULT, event=E.FAULT, reason="a sequence number: inside the running response"),
    _row(K.ERROR, Stage.BEGUN, Debt.OWED, event=E.DOUBTFUL, reason="it may answer the cancel that is owed an answer"),
    _row(K.ERROR, Stage.BEGUN, event=E.FAULT, reason="no cancel is owed an answer, so it is about what runs"),
    _row(
        K.ERROR,
        Subject.CONTINUATION,
        Fate.REPLAYABLE,
        event=E.CACHE_MISS,
        reason="previous_response_not_found for the id that was named",
    ),
    _row(K.ERROR, Subject.CONTINUATION, event=E.REJECTED, reason="the same, and the replay is spent or nobody waits"),
    _row(
        K.ERROR,
        Subject.FAULT,
        event=E.REJECTED_UNCLEAN,
        reason="its number says that it is part of a response; it may be a late one of the response before",
    ),
    _row(K.ERROR, Certainty.UNCERTAIN, Debt.OWED, event=E.DOUBTFUL, reason="it may answer the cancel just as well"),
    _row(K.ERROR, Fate.REPLAYABLE, event=E.REJECTED_REPLAYABLE, reason="it answers the create, and the fault may pass"),
    _row(K.ERROR, event=E.REJECTED, reason="it answers the create"),
    # -- the rest --------------------------------------------------------------------------------------------------------
    _row(K.KEEPALIVE, event=E.KEEPALIVE, reason="reported: broke four SDKs that did not know it"),
    _row(K.OTHER, Stage.NOT_BEGUN, event=E.OTHER, reason="an unknown type where no response runs"),
    _row(K.OTHER, Item.EARLIER, event=E.STRAY_CONTENT, reason="it names an item of the response before"),
    _row(
        K.OTHER,
        Item.UNANNOUNCED,
        Sequence.NEXT,
        event=E.OTHER,
        reason="its number is due: an unknown type may name an item that nobody announced, and silence no word (row 12d)",
    ),
    _row(K.OTHER, Item.UNANNOUNCED, event=E.STRAY_CONTENT, reason="it names an item of somebody else"),
    _row(K.OTHER, Sequence.GAP, event=E.STRAY_CONTENT, reason="its number does not fit this response"),
    _row(K.OTHER, Sequence.REPEATED, event=E.STRAY_CONTENT, reason="its number does not fit this response"),
    _row(K.OTHER, event=E.OTHER, reason="a type this version does not know, for the response that runs"),
    _row(K.GARBAGE, Fate.REPLAYABLE, event=E.GARBAGE_REPLAYABLE, reason="unreadable, and nothing was delivered yet"),
    _row(K.GARBAGE, event=E.GARBAGE, reason="unreadable"),
)


def compile_classification(table: tuple[Classification, ...]) -> Mapping[FrameKind, Mapping[tuple[StrEnum, ...], E]]:
    """Expand the table to every combination of facts; raises ``ClassificationError`` on a hole or a dead row."""
    compiled: dict[FrameKind, Mapping[tuple[StrEnum, ...], E]] = {}
    winners: set[int] = set()
    for kind, domains in FACTS.items():
        outcomes: dict[tuple[StrEnum, ...], E] = {}
        candidates = [(number, row) for number, row in enumerate(table) if row.kind is kind]
        for combination in product(*domains):
            known = set(zip(domains, combination, strict=True))
            won = next(((number, row) for number, row in candidates if {(type(fact), fact) for fact in row.facts} <= known), None)
            if won is None:
                raise ClassificationError(f"no row for {kind} with {', '.join(combination)}")
            winners.add(won[0])
            outcomes[combination] = won[1].event
        compiled[kind] = MappingProxyType(outcomes)
    for number, row in enumerate(table):
        if number not in winners:
            raise ClassificationError(f"the row for {row.kind} with {', '.join(row.facts)} never wins")
    return MappingProxyType(compiled)


CLASSIFIED: Final = compile_classification(CLASSIFICATION)
"""For each kind of frame, the event of every combination of its facts: the look-up that runs."""
