"""Faults planted by hand: what goes beyond one response, words that are added to it and responses that a server stores.

Rules of this file
* Each is a slip that somebody might make in a rule or a look-up, written as that slip, and says which promise it must break.
"""

from __future__ import annotations

from typing import Final

import pytest

from quality.mutants.mutant import Kind, Mutant
from rejoinder.states import placement, request_rules
from rejoinder.states.continuation import Continuation, Decision
from rejoinder.states.records import Request
from rejoinder.states.session import Session

__all__ = ["PLANTED_BEYOND"]


def _words_end_with_nobody(patch: pytest.MonkeyPatch) -> None:
    def forgotten(session: Session, request: Request) -> None:
        del session
        request.held = ()

    patch.setattr(request_rules, "abandon", forgotten)


def _oldest_is_continued(patch: pytest.MonkeyPatch) -> None:
    right = placement.__dict__["_or_stored"]

    def looking(session: Session, decision: Decision, request: Request) -> Decision:
        kept = session.stored
        session.stored = dict[str, Continuation](reversed(kept.items()))
        found: Decision = right(session, decision, request)
        session.stored = kept
        return found

    patch.setattr(placement, "_or_stored", looking)


PLANTED_BEYOND: Final = (
    Mutant("words are forgotten with their request", Kind.PLANTED, _words_end_with_nobody, "18", rows=("steering",)),
    Mutant("the oldest of what was stored is continued", Kind.PLANTED, _oldest_is_continued, "4", rows=("serial-stored",)),
)
"""Each is found, or named among the equivalent ones."""
