"""``docs/root-causes.md``: each of the seven is planted, found, and told in a story that a reader can follow."""

from __future__ import annotations

import pytest

from quality.mutants.root_causes import ROOT_CAUSES
from quality.root_causes_page import CAUSES, MOST, PAGE, RAISED, Cause, page, shortest


def test_all_seven_are_told() -> None:
    assert [mutant.name for mutant in ROOT_CAUSES] == [f"root cause: {cause.mutant}" for cause in CAUSES]


@pytest.mark.slow
def test_page_is_what_runs() -> None:
    """Anew: ``python tests/quality/root_causes_page.py``."""
    assert page() == PAGE.read_text("utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.mutant)
def test_story_is_short(cause: Cause) -> None:
    report, diagram, lines = shortest(cause)

    assert report.broken is not None
    assert RAISED not in report.broken
    assert len(report.steps) <= MOST
    assert lines[0].startswith("1. ")
    assert diagram.startswith("sequenceDiagram")
