"""``docs/robustness.md`` says what the tests show."""

from __future__ import annotations

import pytest

from quality.robustness_page import PAGE, page, points_in


def test_page_is_what_the_tests_show() -> None:
    """Anew: ``python tests/quality/robustness_page.py``."""
    text = PAGE.read_text("utf-8")

    assert page(text) == text


def test_a_part_that_is_missing_is_named() -> None:
    with pytest.raises(LookupError, match=r"<!-- robustness:closes --> … <!-- /robustness:closes --> is not there"):
        page("")


def test_points_are_read_from_the_table() -> None:
    rows = "| call | in memory | a | b | HTTP |\n|---|--:|--:|--:|--:|\n| `f` | 1 | 2 | 0 | 3 |\n| all | 1 | 2 | 0 | 3 |\n"
    stated = points_in(f"<!-- robustness:points -->\n{rows}<!-- /robustness:points -->\n")

    assert [("f", [1, 2, 0, 3])] == [(call, list(counts.values())) for call, counts in stated.items()]
