# ruff: noqa: RUF001 - phase times event, as the names of mutants have it
"""Mutants that nothing can find, because they change nothing that anybody could see: each with its argument.

Rules of this file
* A reason is an argument about the code or the wire, never "it was not found".
* A name may be a pattern: ``*`` stands for anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import Final

from quality.mutants.mutant import Mutant

__all__ = ["EQUIVALENT", "reason_for"]

LOST: Final = "The lanes of a lost link are thrown away in the same breath, and until then nobody looks at their phases."
EMPTY: Final = "The rule does nothing: the row is there for its target."
NO_ID: Final = "Before its created a response has no id that a cancel could name, so none is ordered there."
HAS_LEFT: Final = "Its created has come, so the create has left the outbox and there is nothing to take back."
NOBODY: Final = "Nobody is live on a link that is dropped: requests end before a session closes, and policies drop no live link."
CLOSING: Final = (
    "It is dropped because the session closes, or because its request went out on another link: nobody dials it again either way,"
    " and what it remembers is shown to nobody."
)
GOING: Final = "Its link retires with it and takes no request, and neither an idle lane nor a quarantined one keeps a link open."
ONE_CODE: Final = (
    "Only `previous_response_not_found` is about a continuation, and that code is certain: the rows behind it say the same of it."
)
ONE_WAY: Final = "Links and requests have no frame in hand: their staying rows do the same, whichever constant they name."

NOBODYS_WORDS: Final = (
    "Whoever added the words has left: `abandon` or `take_back` has made them nobody's, and `orphan` has emptied the delivery."
)
FORGOTTEN: Final = "The lane comes to rest, and forgets the words with its response."
ENDED: Final = "A stream of its own that nobody listens to is ended at once, and its lane is idle in the same breath."

EQUIVALENT: Final[Mapping[str, str]] = MappingProxyType(
    {
        "link *: count instead of ignore": ONE_WAY,
        "request *: count instead of ignore": ONE_WAY,
        "response draining×*: deliver instead of discard": "Nobody listens: `orphan` has emptied what would be delivered.",
        "response quarantined×*: deliver instead of discard": "Nobody listens: `orphan` has emptied what would be delivered.",
        "response draining×Steer*: drops *": NOBODYS_WORDS,
        "response quarantined×Steer*: drops *": NOBODYS_WORDS,
        "response successor_pending×Steer*: drops *": NOBODYS_WORDS,
        "response *×Lost: stays *": LOST,
        "response *×Lost: goes to *": LOST,
        "response *×LostReplayable: stays *": LOST,
        "response *×LostReplayable: goes to *": LOST,
        "response cancel_pending×Lost: rule skipped": EMPTY,
        "response draining×Lost: rule skipped": EMPTY,
        "response quarantined×Lost: rule skipped": EMPTY,
        "response successor_pending×Lost: rule skipped": EMPTY,
        "response successor_pending×SteerSettled: rule skipped": FORGOTTEN,
        "response quarantined×SteerSettled: rule skipped": FORGOTTEN,
        "link reconnecting×Drop: rule skipped": EMPTY,
        "link open×SuccessorOpen: rule skipped": EMPTY,
        "link open×LaneUnclean: rule skipped": EMPTY,
        "link open×Suspect: rule skipped": EMPTY,
        "link open×Retire: rule skipped": EMPTY,
        "link proving×SuccessorOpen: rule skipped": EMPTY,
        "request paused×RetryDue: rule skipped": EMPTY,
        "link *×Lost: rule skipped": "Its lanes were thrown away when they were told, and a closed link is forgotten at once.",
        "link proving×Alive: rule skipped": "Whoever tells of a frame or a pong has noted when it came before the row is taken.",
        "response draining×Completed: rule skipped": "It marks the lane as tainted, which it is since it was abandoned.",
        "response quarantined×Completed: rule skipped": "It marks the lane as tainted, which it is since it was abandoned.",
        "response awaiting_created×*: drops SendCancel": NO_ID,
        "response doubted×*: drops SendCancel": NO_ID,
        "response acknowledged×*: drops Withdraw": HAS_LEFT,
        "response streaming×*: drops Withdraw": HAS_LEFT,
        "link failed×Drop: goes to closed": CLOSING,
        "link reconnecting×Drop: goes to failed": CLOSING,
        "response idle×LinkDoomed: goes to quarantined": GOING,
        "response awaiting_created×Unreachable*: goes to quarantined": ENDED,
        "response doubted×Expired: goes to idle": GOING,
        "response doubted×ExpiredReplayable: goes to idle": GOING,
        "response quarantined×ForeignCreated: goes to idle": GOING,
        "classify error (continuation): removed": ONE_CODE,
        "link *×Drop: drops Finish": NOBODY,
        "link retiring×Vacant: drops Finish": "A link is vacant when nothing is owed on it, so nobody is left to be told.",
    }
)
"""From a mutant's name, or a pattern of names, to the argument."""


def reason_for(mutant: Mutant) -> str | None:
    """Why nothing can find a mutant; None if something should."""
    return mutant.alike or next((why for pattern, why in EQUIVALENT.items() if fnmatchcase(mutant.name, pattern)), None)
