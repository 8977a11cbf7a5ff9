"""What programs have found, told as short as it can be: each story broke a promise once.

Rule of this file: a story is told with the rules of a program, so that it is judged as the program was.
"""

from __future__ import annotations

import pytest

from rejoinder.states.verdicts import OutcomeKind
from rejoinder.testing.fuzz.manners import PLAIN, Late, Manner, Rejection, Trouble
from rejoinder.testing.fuzz.program import Program, Wish
from rejoinder.testing.fuzz.setups import Setup


def begin(provider: str) -> Program:
    program = Program()
    program.start(Setup(provider=provider))
    return program


def ask(program: Program, manner: Manner = PLAIN, *, leave: bool = False) -> None:
    program.ask(Wish.NEW, 0, manner, 0, leave=leave)
    program.promises_hold()


def flow(program: Program, seconds: float) -> None:
    program.everything_flows(seconds)
    program.promises_hold()


def outcomes(program: Program) -> list[OutcomeKind]:
    return [caller.outcomes[0].kind for caller in program.pair.callers.values()]


def test_late_refusal_of_a_quarantined_create_is_not_the_next_ones() -> None:
    """It was blamed on r3, whose lane was called clean; r4 was sent there and heard the answer to r3."""
    program = begin("lanes")
    ask(program)
    flow(program, 0.0)
    ask(program, Manner(reject=Rejection.RATE, created_after=7.0), leave=True)
    flow(program, 6.0)
    ask(program, Manner(created_after=2.0))
    flow(program, 1.0)
    ask(program)
    flow(program, 8.0)

    assert 1 == program.pair.session.counts["UnattributedError"]
    assert [OutcomeKind.COMPLETED, OutcomeKind.CANCELLED, OutcomeKind.COMPLETED, OutcomeKind.COMPLETED] == outcomes(program)


def test_second_created_uses_up_its_number() -> None:
    """What followed it seemed to come after a gap: the link was retired, and on a tainted lane the whole answer was lost."""
    program = begin("serial")
    ask(program, Manner(created=2, in_progress=False))
    flow(program, 0.0)

    assert 1 == program.pair.session.counts["RepeatCreated"]
    assert 0 == program.pair.session.counts["SequenceGap"]
    assert "<1> word <1> word " == program.pair.callers[1].text


@pytest.mark.parametrize("trouble", [Trouble.FAULT, Trouble.FAULT_ALONE])
def test_numbered_error_without_a_created_does_not_clean_the_lane(trouble: Trouble) -> None:
    """It ended the request and the lane was called clean, while a response without a ``created`` went on there."""
    program = begin("serial")
    ask(program, Manner(created=0, trouble=trouble))
    ask(program)
    flow(program, 8.0)

    assert [OutcomeKind.FAILED, OutcomeKind.COMPLETED] == outcomes(program)


def test_late_numbered_error_is_not_an_answer_to_the_next_create() -> None:
    program = begin("serial")
    ask(program, Manner(late=(Late.NUMBERED_ERROR,)))
    ask(program)
    flow(program, 0.0)
    ask(program)
    flow(program, 8.0)

    assert OutcomeKind.COMPLETED == outcomes(program)[2]
