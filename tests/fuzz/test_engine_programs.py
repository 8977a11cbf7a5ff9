"""The whole engine in programs: the promises hold, and a handler that loses a word is found."""

from __future__ import annotations

from hypothesis import settings

from rejoinder.testing.fuzz.engine_program import EngineProgram, program_test

test_promises_hold_in_every_program = program_test(EngineProgram, examples=2 * settings().max_examples)
