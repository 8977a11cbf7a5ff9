"""``docs/check.md`` says what runs."""

from __future__ import annotations

import pytest

from quality.check_page import PAGE, PARTS, page
from rejoinder.testing.explore import PROPERTIES, QUICK


def test_page_is_what_runs() -> None:
    """Anew: ``python tests/quality/check_page.py``."""
    text = PAGE.read_text("utf-8")

    assert page(text) == text


def test_each_configuration_and_each_property_is_on_it() -> None:
    text = PAGE.read_text("utf-8")

    assert [] == [one.name for one in QUICK if f"| `{one.name}` | {one.about} |" not in text]
    assert [] == [one.name for one in PROPERTIES if f"| {one.kind} | {one.name} | {one.about} |" not in text]


def test_what_is_outside_the_marks_stays() -> None:
    marks = "".join(f"<!-- check:{name} -->\nstale line\n<!-- /check:{name} -->\n" for name in PARTS)
    made = page(f"before\n{marks}after\n")

    assert made.startswith("before\n")
    assert made.endswith("after\n")
    assert "stale line" not in made


def test_missing_mark_is_said() -> None:
    with pytest.raises(LookupError, match="check:configurations"):
        page("nothing")
