"""What the proof costs: a state of the explorer, a step of the fuzzer, beside one ``json.loads`` of a delta in the same round.

A ratio says how many deltas could be parsed meanwhile. Each round asserts that nothing was found wrong: a search that stops early
would be a quick one.
"""

from __future__ import annotations

import json
import statistics
from time import process_time

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from rejoinder.testing.explore import QUICK, explore_configuration
from rejoinder.testing.fuzz.program import Program

from .delta import DELTAS, Figure, delta_texts

__all__ = ["measure_proof"]

SERIAL = "serial-failures"
LANES = "lanes-limits"
PROGRAMS = 30


def measure_proof(repetitions: int) -> list[Figure]:
    """Microseconds for each new state and each step of the explorer, serial and with lanes, and for each step of a program."""
    known = {configuration.name: configuration for configuration in QUICK}
    texts = delta_texts(None)
    times: dict[str, list[float]] = {}
    bases: list[float] = []
    for _ in range(repetitions):
        bases.append(_parsed(texts))
        for kind, name in (("serial", SERIAL), ("lanes", LANES)):
            begun = process_time()
            report = explore_configuration(known[name])
            took = (process_time() - begun) * 1e6
            if not report.exhausted:
                raise RuntimeError(f"{name} was not exhausted: the measurement is void")
            times.setdefault(f"explorer, a new state ({kind})", []).append(took / report.states)
            times.setdefault(f"explorer, a step ({kind})", []).append(took / report.transitions)
        begun = process_time()
        steps = _fuzzed()
        times.setdefault("fuzzer, a step of a program", []).append((process_time() - begun) / steps * 1e6)
    return [
        Figure(
            name,
            statistics.median(measured),
            min(measured),
            max(measured),
            statistics.median(mine / base for mine, base in zip(measured, bases, strict=True)),
        )
        for name, measured in times.items()
    ]


def _parsed(texts: list[str]) -> float:
    begun = process_time()
    for text in texts:
        json.loads(text)
    return (process_time() - begun) / DELTAS * 1e6


def _fuzzed() -> int:
    """Run some programs, the same in each round, and return how many steps they had."""
    before = Program.counted["steps"]
    run_state_machine_as_test(
        Program,
        settings=settings(
            max_examples=PROGRAMS,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            # Slow it may be: that is what is measured.
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
        ),
    )
    return Program.counted["steps"] - before
