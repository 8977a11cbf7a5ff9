"""Fuzzing: programs, the promises they are judged by, and what a server can do wrong. Needs the extra ``rejoinder[testing]``.

Point ``LifecycleProgram`` at a handler of your own (docs/fuzz-your-handler.md); ``strategies`` has what it is made of.
"""

from rejoinder.testing.fuzz.broken_promise import PROMISES, BrokenPromise
from rejoinder.testing.fuzz.lifecycle_program import LifecycleProgram
from rejoinder.testing.fuzz.setups import SETUPS, Setup

__all__ = ["PROMISES", "SETUPS", "BrokenPromise", "LifecycleProgram", "Setup"]
