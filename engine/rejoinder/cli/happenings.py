"""What the demo claims to show, looked up in the two logs: without it, keeping a promise would be no art.

Rule: as in ``judge.py``, pure functions over the server's log and the callers' log.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from rejoinder.testing.outgoing import LogEntry

from .attempts import LOST, MISS, read_attempts
from .caller_log import CallerEntry
from .judge import Case, Terms

__all__ = ["Happening", "look_up"]


@attrs.frozen
class Happening:
    """One thing that the demo shows."""

    name: str
    """Its name, for programs."""
    title: str
    """Its name, for people."""
    tags: tuple[str, ...]
    """The requests that it happened to; empty if it did not happen."""

    @property
    def happened(self) -> bool:
        """Whether it did."""
        return bool(self.tags)


def look_up(server: Sequence[LogEntry], caller: Sequence[CallerEntry], terms: Terms) -> list[Happening]:
    """Everything that the demo is to show, with the requests that it happened to."""
    case = Case(read_attempts(server), caller, terms)
    return [
        Happening("continued", "a turn that sends only what is new", continued(case)),
        Happening("tool-call", "a tool call, answered", answered_calls(case)),
        Happening("cancelled-early", "an interruption before the response was created", cancelled_early(case)),
        Happening("cancelled-late", "an interruption while text was streaming", cancelled_late(case)),
        Happening("lost-unnoticed", "a connection lost before the answer began, which nobody noticed", lost_unnoticed(case)),
        Happening("lost-mid-answer", "a connection lost in the middle of an answer", lost_mid_answer(case)),
        Happening("cache-miss", "a previous response that the server had forgotten, which nobody noticed", missed(case)),
    ]


def continued(case: Case) -> tuple[str, ...]:
    """Requests that continued another and completed."""
    told = _told_completed(case)
    return tuple(
        attempt.tag for attempt in case.attempts if attempt.previous is not None and attempt.completed and attempt.tag in told
    )


def answered_calls(case: Case) -> tuple[str, ...]:
    """Requests that brought the output of a call which the server had made."""
    called = {call_id for attempt in case.attempts for call_id in attempt.call_ids}
    return tuple(
        attempt.tag
        for attempt in case.attempts
        if attempt.completed
        and any(item.get("type") == "function_call_output" and item.get("call_id") in called for item in attempt.items[-1:])
    )


def cancelled_early(case: Case) -> tuple[str, ...]:
    """Requests that were cancelled between their arrival at the server and ``response.created``."""
    return tuple(
        attempt.tag
        for entry in case.entries("cancelled")
        for attempt in case.of(entry.tag)
        if attempt.at <= entry.at and (attempt.created_at is None or attempt.created_at > entry.at)
    )


def cancelled_late(case: Case) -> tuple[str, ...]:
    """Requests that were cancelled after the first piece of text and before the answer ended."""
    return tuple(
        attempt.tag
        for entry in case.entries("cancelled")
        for attempt in case.of(entry.tag)
        if any(piece.at <= entry.at for piece in case.pieces(entry.tag))
        and (attempt.ended_at is None or attempt.ended_at >= entry.at)
    )


def lost_unnoticed(case: Case) -> tuple[str, ...]:
    """Requests whose connection was lost, and that completed all the same."""
    return _survived(case, LOST)


def lost_mid_answer(case: Case) -> tuple[str, ...]:
    """Requests whose connection was lost after a part of the answer had been delivered, and that were told so."""
    return tuple(
        attempt.tag
        for attempt in case.attempts
        if attempt.end == LOST
        and case.pieces(attempt.tag)
        and any(entry.kind == "interrupted" for entry in case.entries("ended", attempt.tag))
    )


def missed(case: Case) -> tuple[str, ...]:
    """Requests that named a forgotten response, and that completed all the same."""
    return _survived(case, MISS)


def _survived(case: Case, end: str) -> tuple[str, ...]:
    told = _told_completed(case)
    return tuple(attempt.tag for attempt in case.attempts if attempt.end == end and attempt.tag in told)


def _told_completed(case: Case) -> set[str]:
    return {entry.tag for entry in case.entries("ended") if entry.kind == "completed"}
