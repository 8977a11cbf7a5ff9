"""Whatever callers, networks and servers do, and in whatever order: the promises hold."""

from __future__ import annotations

from typing import Final

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from rejoinder.testing.fuzz.program import Program

FEW: Final = settings(max_examples=3 * settings().max_examples, stateful_step_count=40)
MANY: Final = settings(max_examples=15 * settings().max_examples, stateful_step_count=40)

SOMETIMES: Final = (
    "reuse",
    "note: Replay",
    "response: draining Completed",
    "response: draining Incomplete",
    "response: draining Expired",
    "response: cancel_pending Rejected",
    "response: awaiting_created Doubtful",
    "response: awaiting_created CacheMiss",
    "response: quarantined Completed",
    "request: waiting HedgeDue",
    "link: proving Alive",
    "link: proving Expired",
    "an older link serves on while its successor is open",
    "outcome: completed",
    "outcome: failed",
    "outcome: incomplete",
    "outcome: interrupted",
    "outcome: cancelled",
)
"""What must happen in some program, or the promises were kept by doing nothing."""


def test_promises_hold_in_every_program() -> None:
    run_state_machine_as_test(Program, settings=FEW)


@pytest.mark.long
def test_promises_hold_in_many_programs_and_were_put_to_the_test() -> None:
    Program.sometimes.clear()

    run_state_machine_as_test(Program, settings=MANY)

    assert [] == [name for name in SOMETIMES if not Program.sometimes[name]]
