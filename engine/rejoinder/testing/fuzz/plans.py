"""Programs as data: drawn whole, run on any ``Program``, printed in a few lines.

A ``RuleBasedStateMachine`` draws each step when the last one has run, which shrinks best: prefer it. A plan is for tests of the
plain ``@given`` kind, and for programs that are to be kept or counted.

Rule of this file: a step that is not possible where a plan has come to (nobody has asked yet, nothing is in flight) is passed over,
exactly where Hypothesis would not have chosen it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

import attrs
from hypothesis import strategies as st

from rejoinder.testing.fuzz import draws
from rejoinder.testing.fuzz.program import Program
from rejoinder.testing.fuzz.setups import SETUPS, Setup

__all__ = ["Plan", "PlanStep", "programs"]

Ready = Callable[[Program], bool]

STRETCH: Final = 8
"""Steps that are drawn and dropped together: a list alone would be short for the most part."""


RULES: Final[Mapping[str, tuple[Ready, Mapping[str, Any]]]] = MappingProxyType(
    {
        "ask": (Program.has_room, draws.ASK),
        "leave": (Program.has_requests, draws.LEAVE),
        "answer": (Program.has_questions, draws.ANSWER),
        "travel": (Program.has_flying, draws.TRAVEL),
        "everything_flows": (Program.has_business, draws.EVERYTHING_FLOWS),
        "lose": (Program.can_be_spoilt, draws.LOSE),
        "wait": (Program.has_business, draws.WAIT),
        "misbehave": (Program.can_be_spoilt, draws.MISBEHAVE),
        "meddle": (Program.can_be_meddled_with, draws.MEDDLE),
    }
)
"""For each rule of ``Program``: when it is possible, and what it draws."""


@attrs.frozen
class PlanStep:
    """One step."""

    rule: str
    """The name of a rule of ``Program``."""
    drawn: Mapping[str, Any]
    """Its arguments."""


@attrs.frozen
class Plan:
    """A whole program."""

    setup: Setup
    """What it starts with."""
    steps: tuple[PlanStep, ...]
    """What happens, in order."""

    def run(self, program: Program) -> int:
        """Run this on a new program, judged after each step and at the end; returns how many steps were possible.

        Raises ``BrokenPromise``.
        """
        taken = 0
        program.start(self.setup)
        program.promises_hold()
        for step in self.steps:
            ready, _ = RULES[step.rule]
            if ready(program):
                getattr(program, step.rule)(**step.drawn)
                program.promises_hold()
                taken += 1
        program.teardown()
        return taken


def _step(name: str) -> st.SearchStrategy[PlanStep]:
    return st.builds(PlanStep, st.just(name), st.fixed_dictionaries(dict(RULES[name][1])))


def programs(most: int = 40, setups: st.SearchStrategy[Setup] = SETUPS) -> st.SearchStrategy[Plan]:
    """Whole programs of at most so many steps in any of ``setups``. Somebody asks first."""
    stretch = st.lists(st.one_of(*[_step(name) for name in RULES]), min_size=1, max_size=STRETCH)
    stretches = st.lists(stretch, max_size=max(most // STRETCH, 1))
    return st.builds(_joined, setups, _step("ask"), stretches)


def _joined(setup: Setup, first: PlanStep, stretches: list[list[PlanStep]]) -> Plan:
    return Plan(setup, (first, *(step for stretch in stretches for step in stretch)))
