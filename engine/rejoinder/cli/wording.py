"""Decisions and observations in words, for people.

Rule: a sentence says what happened and why, in the words of the README, and never shows payload.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from rejoinder.engine import Note, Sent
from rejoinder.states.continuation import (
    CallerChain,
    Decision,
    Disabled,
    Evicted,
    LaneDirty,
    NewLink,
    NoPrevious,
    OutputMismatch,
    PendingToolCalls,
    PrefixChanged,
    Reason,
    Replayed,
    Reuse,
    Shorter,
    Stateless,
    Steered,
)

from .printable import printable

__all__ = ["decision_in_words", "lane_in_words", "note_in_words", "sent_in_words"]


def sent_in_words(sent: Sent, given: int) -> str:
    """What was sent, of ``given`` input items, and why so much."""
    items = f"{sent.items} item{'' if sent.items == 1 else 's'}"
    share = items if sent.items == given else f"{sent.items} of {given} items"
    place = f"on {lane_in_words(sent.link, sent.lane)}"
    return f"{share}, {sent.size} bytes, {place}: {decision_in_words(sent.decision)}"


def lane_in_words(link: int, lane: str | None) -> str:
    """A lane and its link, or the link alone where it has one lane without a name."""
    return f"link {link}" if lane is None else f"link {link}, {lane}"


def decision_in_words(decision: Decision) -> str:
    """Whether a create continues a response, and why not."""
    if isinstance(decision, Reuse):
        return f"continues {printable(decision.response_id)}"
    return f"in full, because {reason_in_words(decision.reason)}"


def reason_in_words(reason: Reason) -> str:
    """Why a create was sent in full."""
    return REASONS[type(reason)](reason)


def note_in_words(note: Note) -> str:
    """Something out of place that the engine has counted."""
    return printable(f"{note.name}: {note.detail}" if note.detail else note.name)


REASONS: Final[Mapping[type, Callable[[Any], str]]] = {
    NoPrevious: lambda _: "there is nothing to continue yet",
    NewLink: lambda _: "the link is new, and a server forgets with the link",
    LaneDirty: lambda _: "the answer before it did not complete",
    Evicted: lambda _: "the server has dropped what it would continue",
    Disabled: lambda _: "continuing is switched off",
    Steered: lambda _: "words were added to the answer before it, and no input can be compared with that",
    Stateless: lambda _: "this transport remembers nothing from one request to the next",
    CallerChain: lambda _: "the caller names what it continues",
    Replayed: lambda reason: f"it is sent again ({reason.cause})",
    Shorter: lambda _: "it adds nothing to what was said before",
    PrefixChanged: lambda reason: f"item {reason.index} of the conversation has changed",
    OutputMismatch: lambda reason: f"item {reason.index} of the last answer is not in the conversation as it was given",
    PendingToolCalls: lambda reason: f"tool calls have no output yet ({printable(', '.join(reason.call_ids))})",
}
"""A clause for each reason."""
