"""What is checked, by name: what must always hold, what must happen sometimes, and where everything must end.

Rules of this file
* *Always* and *eventually* are the promises, by number; a fault that breaks one begins with its number. The first nine are those of
  the design; 10 is a handler's own and not explored here; the others are duties that users notice when they are neglected.
* *Sometimes* keeps the rest honest: where nothing was ever reused, no reuse was ever wrong. One never reached fails a run.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum, unique
from typing import Final

import attrs

__all__ = ["PROPERTIES", "Property", "PropertyKind", "promise_of"]


@unique
class PropertyKind(StrEnum):
    """How a property is checked."""

    ALWAYS = "always"
    """In every state and at every step."""
    EVENTUALLY = "eventually"
    """From every state, by time alone."""
    SOMETIMES = "sometimes"
    """In at least one of all explorations."""


@attrs.frozen
class Property:
    """Something that is checked."""

    kind: PropertyKind
    """How."""
    name: str
    """Its name in reports."""
    about: str
    """What it says, in one sentence."""
    promise: int | None = None
    """The number of the promise; None for *sometimes*."""
    sign: str = ""
    """What shows that it happened: a row that was taken, or something that the judge saw. For *sometimes*."""

    def is_seen(self, signs: Collection[str]) -> bool:
        """Whether it happened, where it only has to happen."""
        return self.sign in signs


def promise_of(broken: str) -> int | None:
    """The number of the promise that a fault breaks; None if it names none."""
    head = broken.partition(":")[0]
    number = head.removeprefix("promise ")
    return int(number) if head != number and number.isdecimal() else None


_A: Final = PropertyKind.ALWAYS
_E: Final = PropertyKind.EVENTUALLY
_S: Final = PropertyKind.SOMETIMES

PROPERTIES: Final = (
    Property(_A, "no leaks", "Nobody is delivered what belongs to another request, or to nobody.", 1),
    Property(_A, "silence", "After a caller has left, it is delivered nothing more.", 2),
    Property(_A, "one outcome", "Every request ends in exactly one outcome.", 3),
    Property(_A, "the right memory", "A response is continued only on the link where it completed, as the latest of its lane.", 4),
    Property(_A, "no words twice", "No request is sent after its output began, or twice for one cause, or three times again.", 5),
    Property(_A, "limits", "Never two responses where one may run, never more in flight or more lane names than allowed.", 6),
    Property(_A, "violations are harmless", "What a server does wrong is named, costs one answer at most, and is never raised.", 7),
    Property(
        _A, "nothing is lost silently", "Each frame has one account: delivered, an end, a move, or a note of its right name.", 11
    ),
    Property(_A, "the server is told", "Who leaves a response that has an id has it cancelled, once, where that is wanted.", 12),
    Property(_A, "unsent costs nothing", "A create that nobody waits for any more is taken back, if it has not left.", 13),
    Property(_A, "sockets are accounted for", "What is dialled, open and waited for is what the session believes.", 14),
    Property(_A, "each wait has its instant", "Nothing is due before its time, or after it, in any phase that waits.", 15),
    Property(_A, "outcomes tell the truth", "How a request ended, why, and how far it had come, is so.", 16),
    Property(_A, "no avoidable wait", "What can go now goes now, in the shortest right form; a failed dial pauses.", 17),
    Property(
        _A,
        "one status",
        "Words go out once their response has an id, and have one final status, with their request at the latest.",
        18,
    ),
    Property(_E, "everything ends", "Time alone brings every caller an outcome and every lane to rest.", 8),
    Property(_E, "the next request", "Behind abandoned responses alone, it goes out within the bound of the cancel policy.", 9),
    Property(_S, "reuse", "A request continues the one before.", sign="a continuation"),
    Property(_S, "replay", "A request is sent again.", sign="request sent Replay"),
    Property(_S, "pause", "A request is sent again after the pause that the server asked for.", sign="request paused RetryDue"),
    Property(_S, "drained", "An abandoned response ends with its terminal.", sign="response draining Completed"),
    Property(_S, "drain overdue", "An abandoned response does not end in time.", sign="response draining Expired"),
    Property(
        _S, "hedge", "A request that waits for an abandoned response has a second link dialled.", sign="request waiting HedgeDue"
    ),
    Property(_S, "make before break", "A link is replaced while a response runs on it.", sign="replaced while a response runs"),
    Property(_S, "doubt resolved", "An error that might have been the create's was the cancel's.", sign="response doubted Created"),
    Property(_S, "doubt unresolved", "Nobody says whose an error was.", sign="response doubted ExpiredReplayable"),
    Property(_S, "cache miss", "The server has forgotten what a request continues.", sign="response awaiting_created CacheMiss"),
    Property(_S, "back from quarantine", "A lane that was given up ends after all.", sign="response quarantined Completed"),
    Property(_S, "partial output", "A caller is interrupted in the middle of its answer.", sign="response streaming Lost"),
    Property(
        _S, "two at once", "A response runs on one lane while an abandoned one drains on another.", sign="runs beside a drain"
    ),
    Property(_S, "another transport", "A request that this transport cannot serve goes over another.", sign="handed over"),
    Property(_S, "proof of life", "A link that was idle for long answers before it is used.", sign="link proving Alive"),
)
"""All of them, the promises first."""
