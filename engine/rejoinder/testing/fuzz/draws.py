"""What the rules of a program draw: the arguments of each, and how likely they are.

Rule of this file: what things are done to is an index, so that a failing program shrinks to a few small numbers; what is likelier
is listed more often.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Final, TypeVar, cast

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from rejoinder.testing.fuzz.faults import FAULTS, NUMBERS
from rejoinder.testing.fuzz.manners import MANNERS
from rejoinder.testing.fuzz.wishes import WISHES

__all__ = [
    "ANSWER",
    "ASK",
    "EVERYTHING_FLOWS",
    "FIRST",
    "LEAVE",
    "LOSE",
    "MEDDLE",
    "MISBEHAVE",
    "TRAVEL",
    "WAIT",
    "beginning",
    "drawing",
]

INDEX: Final = st.integers(0, 7)
COUNT: Final = st.one_of(st.none(), st.integers(1, 4))
SECONDS: Final = st.sampled_from([None, None, None, 0.3, 0.3, 1.0, 2.0, 2.0, 5.0, 31.0, 120.0])

FIRST_WORD: Final = 5
"""With so many frames of a plain answer, its first word has come. What failed in the middle of an answer shrinks to this: one
number, in place of the steps that led there."""

Drawn = Mapping[str, Any]
"""The arguments of a rule: a strategy for each."""

ASK: Final[Drawn] = {
    "wish": WISHES,
    "index": INDEX,
    "manner": MANNERS,
    "frames": st.sampled_from([*range(FIRST_WORD, 9), *range(FIRST_WORD - 1, -4, -1)]),
    "leave": st.sampled_from([False, False, True]),
}
FIRST: Final = st.one_of(st.none(), *[st.fixed_dictionaries(ASK) for _ in range(7)])
"""The first ``ASK``, or none: if a later one does, it is dropped."""
LEAVE: Final[Drawn] = {"index": INDEX, "how": st.sampled_from(["cancel", "cancel", "cancel", "overflow"])}
ANSWER: Final[Drawn] = {
    "index": INDEX,
    "status": st.sampled_from([200, 200, 200, 200, None, 503, 401]),
    "pause": st.sampled_from([None, 2.0, 20.0]),
}
TRAVEL: Final[Drawn] = {"index": INDEX, "sent": COUNT, "received": COUNT}
EVERYTHING_FLOWS: Final[Drawn] = {"seconds": st.sampled_from([0.0, 0.0, 0.3, 1.0, 3.0, 8.0])}
LOSE: Final[Drawn] = {"index": INDEX, "read": st.integers(0, 2), "received": st.integers(0, 4)}
WAIT: Final[Drawn] = {"seconds": SECONDS}
MISBEHAVE: Final[Drawn] = {"index": INDEX, "lane": INDEX, "fault": FAULTS, "number": NUMBERS, "ahead": st.booleans()}
MEDDLE: Final[Drawn] = {"index": INDEX, "place": INDEX, "twice": st.booleans()}

Rule = TypeVar("Rule", bound=Callable[..., None])
Possible = Callable[[Any], bool]
"""Says of a program whether a rule can change anything."""


def drawing(arguments: Drawn, possible: Possible) -> Callable[[Rule], Rule]:
    """Make a method a rule that draws ``arguments`` and is chosen where it is ``possible``.

    Before anybody has asked, little is possible; there each rule may be chosen, and does nothing. So a failing program can lose
    the request that it begins with, and then, step by step, what was done to it.
    """

    def decorate(method: Rule) -> Rule:
        @wraps(method)
        def taken(program: Any, /, *given: Any, **drawn: Any) -> None:  # noqa: ANN401 - whatever the rule takes
            if program.pair.callers or possible(program):
                method(program, *given, **drawn)

        # A function with a name: Hypothesis prints what it asks each time, and a partial or a lambda costs more than all the rest.
        def possible_here(program: Any) -> bool:  # noqa: ANN401 - a program
            return not program.pair.callers or possible(program)

        made = cast("Callable[..., None]", rule(**arguments)(taken))
        return cast("Rule", precondition(possible_here)(made))

    return decorate


def beginning(arguments: Drawn) -> Callable[[Rule], Rule]:
    """Make a method the one rule that comes first, and draws ``arguments``."""
    return cast("Callable[[Rule], Rule]", initialize(**arguments))
