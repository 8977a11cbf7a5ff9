"""The pure lifecycle, without I/O: what a delta costs in it, and what exploring and fuzzing it cost, beside ``json.loads``."""

from __future__ import annotations

import json
import os
import sys

from benchmarks.delta import measure_delta
from benchmarks.proof import measure_proof
from rejoinder.states import session

from .serving import settle_on


def main() -> None:
    """Say who this is, and do a round for each line on standard input."""
    settle_on()
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    compiled = not str(session.__file__).endswith(".py")
    description = {
        "name": f"the pure lifecycle{', compiled by mypyc' if compiled else ''}, and json.loads beside it",
        "settings": "worlds serial-failures and lanes-limits for the explorer; 30 programs for the fuzzer",
        "versions": {"Python": ".".join(map(str, sys.version_info[:3]))},
    }
    answers.write(json.dumps(description) + "\n")
    answers.flush()
    for _ in sys.stdin:
        figures = [*measure_delta(3), *measure_proof(1)]
        answers.write(json.dumps({figure.name: {"step": figure.median} for figure in figures}) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
