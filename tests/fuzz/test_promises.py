from fuzz.program import Program
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test


def test_promises_hold_in_any_program() -> None:
    run_state_machine_as_test(Program, settings=settings(max_examples=300, stateful_step_count=40))
