"""What faults planted by hand are made of: rows that are exchanged several at a time.

Rule of this file: a change is undone by the patch that it was made with.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from quality.mutants.mutant import ROWS, Row
from rejoinder.states import session as session_module

__all__ = ["changed_rows", "rows_of"]


def rows_of(machine: str) -> Mapping[str, Mapping[str, Row]]:
    """The rows of a machine that run now."""
    rows: Mapping[str, Mapping[str, Row]] = vars(session_module)[ROWS[machine]]
    return rows


def changed_rows(patch: pytest.MonkeyPatch, machine: str, changes: Mapping[tuple[str, str], Row | None]) -> None:
    """Let other rows run in place of some (phase, event); None lets none run."""
    rows = {phase: dict(row_of_phase) for phase, row_of_phase in rows_of(machine).items()}
    for (phase, event), row in changes.items():
        rows[phase].pop(event, None)
        if row is not None:
            rows[phase][event] = row
    patch.setattr(session_module, ROWS[machine], rows)
