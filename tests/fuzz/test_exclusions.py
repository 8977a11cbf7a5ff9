"""Each exclusion is needed, and excludes no more than it says.

Rules of this file
* A story leads a program to where a faulty frame cannot be told from a right one. With the exclusion, the frame never arrives and
  the promises hold; without it, one breaks.
* The same frame where something tells is not excluded, and the session copes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import pytest

from rejoinder.states.profiles import CancelPolicy
from rejoinder.testing import CancelMode
from rejoinder.testing.fuzz import exclusions
from rejoinder.testing.fuzz.exclusions import EXCLUDED_ERRORS, EXCLUDED_FRAMES
from rejoinder.testing.fuzz.faults import Fault, Number
from rejoinder.testing.fuzz.manners import PLAIN
from rejoinder.testing.fuzz.program import SUCCESS, Program, Wish
from rejoinder.testing.fuzz.setups import Setup

SETUPS: Final = {
    "an item of a lax server": Setup(provider="serial and lax"),
    "an error while a cancel is owed an answer": Setup(signal=True, then=CancelPolicy.DRAIN, cancel_mode=CancelMode.LATE_ERROR),
}
"""Where a story happens, if not between the plainest client and server."""


def ask(program: Program, *, frames: int, leave: bool = False) -> None:
    """Somebody asks; so many frames come back, or, where that is negative, nothing travels at all."""
    program.ask(Wish.NEW, 0, PLAIN, frames, leave=leave)


def ask_and_dial(program: Program) -> None:
    """Somebody asks, the link opens, and the create waits in the outbox."""
    ask(program, frames=-1)
    program.answer(0, SUCCESS, None)


def misbehave(program: Program, fault: Fault, number: Number) -> None:
    """The server goes wrong, and the frame arrives at once."""
    program.misbehave(0, 0, fault, number, ahead=True)


def meet_a_created(program: Program) -> None:
    ask_and_dial(program)
    misbehave(program, Fault.CREATED, Number.NONE)


def meet_an_item(program: Program) -> None:
    ask(program, frames=1)
    misbehave(program, Fault.ITEM, Number.DUE)


def meet_anonymous_words(program: Program) -> None:
    ask(program, frames=1)
    misbehave(program, Fault.ANONYMOUS, Number.DUE)


def meet_words_of_an_unknown_item(program: Program) -> None:
    ask(program, frames=1)
    misbehave(program, Fault.STRAY_DELTA, Number.DUE)


def meet_an_error(program: Program) -> None:
    """The create seems to be refused, its lane is called clean, and the next request hears the answer to the first."""
    ask_and_dial(program)
    misbehave(program, Fault.ERROR, Number.NONE)
    ask(program, frames=-1)
    program.everything_flows(0.0)


def meet_an_error_for_a_cancel(program: Program) -> None:
    """It pays for the cancel, whose true answer then seems to refuse the second request; the third hears the answer to that."""
    ask(program, frames=3, leave=True)
    misbehave(program, Fault.ERROR, Number.NONE)
    ask(program, frames=-1)
    ask(program, frames=-1)
    program.everything_flows(0.0)


STORIES: Final[Mapping[str, Callable[[Program], None]]] = {
    "a created where one is awaited": meet_a_created,
    "an item whose number fits": meet_an_item,
    "words that name no item": meet_anonymous_words,
    "an item of a lax server": meet_words_of_an_unknown_item,
    "an error while a create is unanswered": meet_an_error,
    "an error while a cancel is owed an answer": meet_an_error_for_a_cancel,
}


def play(name: str) -> Program:
    """Play the story of an exclusion, and judge it."""
    program = Program()
    program.start(SETUPS.get(name, Setup()))
    STORIES[name](program)
    program.promises_hold()
    return program


def test_every_exclusion_has_a_story() -> None:
    assert {*EXCLUDED_FRAMES, *EXCLUDED_ERRORS} == set(STORIES)


@pytest.mark.parametrize("name", STORIES)
def test_promises_hold_with_the_exclusion(name: str) -> None:
    before = Program.sometimes[f"excluded: {name}"]

    play(name)

    assert before + 1 == Program.sometimes[f"excluded: {name}"]


@pytest.mark.parametrize("name", STORIES)
def test_promise_breaks_without_the_exclusion(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for table in ("EXCLUDED_FRAMES", "EXCLUDED_ERRORS"):
        known: Mapping[str, object] = vars(exclusions)[table]
        monkeypatch.setattr(exclusions, table, {other: applies for other, applies in known.items() if other != name})

    with pytest.raises(AssertionError, match="promise 1"):
        play(name)


@pytest.mark.parametrize(
    "fault, number",
    [
        (Fault.CREATED_ELSEWHERE, Number.NONE),
        (Fault.ITEM, Number.AGAIN),
        (Fault.ANONYMOUS, Number.LATER),
        (Fault.STRAY_DELTA, Number.DUE),
        (Fault.NUMBERED_ERROR, Number.LATER),
        (Fault.FOREIGN_TERMINAL, Number.DUE),
    ],
    ids=str,
)
@pytest.mark.parametrize("frames", [0, 1, 4])
def test_fault_that_something_tells_is_not_excluded(fault: Fault, number: Number, frames: int) -> None:
    program = Program()
    program.start(Setup())
    ask(program, frames=frames)
    before = program.sometimes.copy()

    misbehave(program, fault, number)
    ask(program, frames=-1)
    program.everything_flows(8.0)
    program.promises_hold()

    assert [] == [name for name in program.sometimes - before if name.startswith("excluded")]
