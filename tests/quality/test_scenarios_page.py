"""docs/scenarios.md shows the scenarios as they are, and a run in which every one was right."""

from __future__ import annotations

import re
from typing import Final

import pytest

from quality.scenarios_page import PAGE, STILL, part, table_without_figures
from rejoinder.testing.scenarios import SCENARIOS, markdown_table

TEXT: Final = PAGE.read_text("utf-8")


@pytest.mark.parametrize("name", STILL)
def test_part_is_what_runs(name: str) -> None:
    assert STILL[name] == part(TEXT, name)


def test_table_has_every_scenario_and_all_were_right() -> None:
    expected = markdown_table({each.name: ("", "right") for each in SCENARIOS})
    shown = part(TEXT, "table")

    assert table_without_figures(expected) == table_without_figures(shown)
    assert all(re.search(r"\d+ (ms|s|bytes?|connections?|creates?|handshakes?)\b", line) for line in shown.splitlines()[2:])


def test_run_ended_well() -> None:
    shown = part(TEXT, "run")

    assert re.search(rf"^{len(SCENARIOS)} scenarios, \d+ runs in \d+\.\d s: {len(SCENARIOS)} right, 0 wrong\.", shown, re.MULTILINE)
    assert "The original, measured in the same ones: 25 right, 9 wasteful, 34 wrong, 13 corrupt.\n" in shown
